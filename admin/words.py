"""What people read: written in French, said in English where English is asked for."""

import re
from typing import Any

from flask_babel import LazyString, get_locale

from admin.english import ENGLISH

LANGUAGES = ("fr", "en")
"""The first is spoken to whoever asks for neither."""

_UNBREAKABLE = re.compile("(?<=«) | (?=[»:;!?])")
"""The spaces at which French breaks no line; the texts are written with usual ones, which are seen."""


def say(text: str, language: str | None = None, /, **values: Any) -> str:
    """``text`` in ``language`` (``None``: the one the browser asks for), its ``{names}`` filled in."""
    said = ENGLISH.get(text, text) if (language or spoken()) == "en" else _UNBREAKABLE.sub("\N{NO-BREAK SPACE}", text)
    return said.format(**values) if values else said


def spoken() -> str:
    """The language of the page that is written now."""
    locale = get_locale()
    return locale.language if locale else LANGUAGES[0]


class Phrase(LazyString):
    """A text that is said only when its page is written, so that one view speaks both languages."""

    def __init__(self, text: str) -> None:
        super().__init__(say, text)
