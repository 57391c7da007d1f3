"""Dates as the French write them: ``lundi 10 novembre 2025 à 20h45``, in Paris."""

import re
import unicodedata
from datetime import datetime

from schema.instants import from_paris

_FRENCH = re.compile(
    r"(?<![0-9])([0-9]{1,2})(?:er)? ([a-z]{3,9})\.?(?: ([0-9]{4}))?,? a ([0-9]{1,2}) ?[:h] ?([0-9]{2})(?![0-9])"
)
_MONTHS = (
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
)


def from_french(text: str, now: datetime) -> datetime | None:
    """``17 octobre 2025 à 20:45`` in Paris, months in full or cut (``févr.``); without its year, nearest to ``now``."""
    found = _FRENCH.search(_plain(text))
    if not found or (month := _month(found[2])) is None:
        return None
    day, hour, minute = int(found[1]), int(found[4]), int(found[5])
    if found[3] is None:
        return nearest(month, day, hour, minute, now)
    return _paris(int(found[3]), month, day, hour, minute)


def _plain(text: str) -> str:
    """Lower case, single-spaced, without accents."""
    decomposed = unicodedata.normalize("NFKD", " ".join(text.split()).lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _month(name: str) -> int | None:
    """1 to 12; ``None`` for what begins no month or two (``jui``)."""
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name)]
    return found[0] if len(found) == 1 else None


def nearest(month: int, day: int, hour: int, minute: int, now: datetime) -> datetime | None:
    """In Paris, in the year that brings it nearest to ``now``; ``None`` where no year around has such a day."""
    around = (_paris(year, month, day, hour, minute) for year in (now.year - 1, now.year, now.year + 1))
    return min((instant for instant in around if instant), key=lambda instant: abs(instant - now), default=None)


def _paris(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    try:
        # The zone is given by from_paris.
        return believable(from_paris(datetime(year, month, day, hour, minute)))  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None


def believable(instant: datetime) -> datetime | None:
    """The bounds messages keep: what lies beyond is a placeholder, not a kick-off."""
    return instant if 2000 <= instant.year <= 2100 else None
