"""What people read: written in French, said in English where English is asked for."""

import re
from functools import lru_cache
from typing import Any

from flask import g
from flask_babel import LazyString, get_locale
from markupsafe import Markup, escape

from admin.english import ENGLISH

LANGUAGES = ("fr", "en")
"""The first is spoken to whoever asks for neither."""

_UNBREAKABLE = re.compile("(?<=«) | (?=[»:;!?])")
"""The spaces at which French breaks no line; the texts are written with usual ones, which are seen."""


def say(text: str, language: str | None = None, /, **values: Any) -> str:
    """``text`` in ``language`` (``None``: the one the browser asks for), its ``{names}`` filled in."""
    said = ENGLISH.get(text, text) if (language or spoken()) == "en" else _in_french(text)
    return said.format(**values) if values else said


@lru_cache(maxsize=4096)
def _in_french(text: str) -> str:
    return _UNBREAKABLE.sub("\N{NO-BREAK SPACE}", text)


def spoken() -> str:
    """The language of the page that is written now; hundreds of its words ask."""
    try:
        known: str = g.spoken
    except RuntimeError:  # no page is
        return LANGUAGES[0]
    except AttributeError:  # nothing of it has asked yet
        locale = get_locale()
        known = g.spoken = locale.language if locale else LANGUAGES[0]
    return known


class Phrase(LazyString):
    """A text that is said only when its page is written, so that one view speaks both languages."""

    def __init__(self, text: str) -> None:
        super().__init__(say, text)

    def __html__(self) -> Markup:
        """As a page has it. Who had to look for this in the text itself would say it twice more."""
        return escape(str(self))
