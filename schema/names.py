"""Names as people and sites write them, and the key by which two spellings are the same name."""

import unicodedata
from functools import lru_cache

NAME_LENGTH = 100
"""Characters of the longest name a column holds."""


class BadName(ValueError):
    """A name that cannot be kept; the message says why."""


def tidy(name: str) -> str:
    """``name`` with its white space collapsed, composed (NFC), fit for a column.

    :raises BadName: when it is empty, too long, or holds control characters or lone surrogates.
    """
    # The same few thousand names come again and again; what is far too long for one is not remembered.
    return _tidy(name) if len(name) <= 2 * NAME_LENGTH else _tidy.__wrapped__(name)


@lru_cache(maxsize=8192)
def _tidy(name: str) -> str:
    tidied = " ".join(unicodedata.normalize("NFC", name).split())
    if not tidied:
        raise BadName("is empty")
    if len(tidied) > NAME_LENGTH or len(name_key(tidied)) > NAME_LENGTH:
        raise BadName(f"is longer than {NAME_LENGTH} characters")
    for character in tidied:
        # Zs other than the plain space is gone with split(); Cf (joiners, marks of direction) is kept: names use it.
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise BadName(f"holds the character U+{ord(character):04X}, which is no part of a name")
    return tidied


@lru_cache(maxsize=8192)
def name_key(name: str) -> str:
    """What two spellings of one name share: NFKC, lower case, single spaces.

    Accents and ``ß`` are kept: ``Étoile`` and ``Etoile``, ``Straße`` and ``Strasse`` are different names (which is
    why this is ``lower`` and not ``casefold``). Columns holding a key compare by bytes, so no collation merges more.
    """
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())


def on_one_line(text: str) -> str:
    """Somebody else's text with a space for what cannot be printed: it moves no cursor, and breaks no line of a log."""
    return "".join(character if character.isprintable() else " " for character in text)


def spelt_out(text: str, keep: str = "") -> str:
    """The same with what cannot be printed spelt out, but for the characters in ``keep``."""
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode() for each in text
    )


def slug(name: str) -> str:
    """``name`` in lower-case ASCII letters and digits, other characters as single hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(c if c.isalnum() else " " for c in plain.replace("'", "")).split())


def code(name: str) -> str:
    """``name`` as a code in gig-benchmark's style: ``Ligue 1`` is ``LIGUE_1``. Falls back on the name itself."""
    return slug(name).replace("-", "_").upper() or name_key(name).upper()
