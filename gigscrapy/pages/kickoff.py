"""Kick-offs: each way the site writes one, as an aware UTC instant. A text that holds none gives ``None``."""

import re
import unicodedata
from datetime import UTC, datetime

from schema.instants import from_paris

_DAY_AND_TIME = re.compile(r"(?<![0-9/])([0-9]{1,2})/([0-9]{1,2}) ([0-9]{1,2})[:h]([0-9]{2})(?![0-9])")
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


def from_iso(text: str) -> datetime | None:
    """``2025-10-17T20:45:00+02:00``; without a zone it is Paris time. A day without a time is no kick-off."""
    if ":" not in text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
        return _believable(from_paris(instant) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def from_seconds(text: str) -> datetime | None:
    """``1760726700``, Unix seconds."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return _believable(datetime.fromtimestamp(int(text), UTC))


def from_day_and_time(text: str, now: datetime) -> datetime | None:
    """``17/10 20:45`` in Paris, in the year that brings it nearest to ``now`` (aware).

    A 29 February in no year around ``now`` is no date.
    """
    found = _DAY_AND_TIME.search(text)
    if not found:
        return None
    day, month, hour, minute = map(int, found.groups())
    return _nearest(month, day, hour, minute, now)


def from_french(text: str, now: datetime) -> datetime | None:
    """``17 octobre 2025 à 20:45`` in Paris, months in full or cut (``févr.``); without its year, nearest to ``now``."""
    found = _FRENCH.search(_plain(text))
    if not found or (month := _month(found[2])) is None:
        return None
    day, hour, minute = int(found[1]), int(found[4]), int(found[5])
    if found[3] is None:
        return _nearest(month, day, hour, minute, now)
    return _paris(int(found[3]), month, day, hour, minute)


def _plain(text: str) -> str:
    """Lower case, single-spaced, without accents."""
    decomposed = unicodedata.normalize("NFKD", " ".join(text.split()).lower())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _month(name: str) -> int | None:
    """1 to 12; ``None`` for what begins no month or two (``jui``)."""
    found = [number for number, month in enumerate(_MONTHS, 1) if month.startswith(name)]
    return found[0] if len(found) == 1 else None


def _nearest(month: int, day: int, hour: int, minute: int, now: datetime) -> datetime | None:
    around = (_paris(year, month, day, hour, minute) for year in (now.year - 1, now.year, now.year + 1))
    return min((instant for instant in around if instant), key=lambda instant: abs(instant - now), default=None)


def _paris(year: int, month: int, day: int, hour: int, minute: int) -> datetime | None:
    try:
        # The zone is given by from_paris.
        return _believable(from_paris(datetime(year, month, day, hour, minute)))  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None


def _believable(instant: datetime) -> datetime | None:
    """The bounds messages keep: what lies beyond is a placeholder, not a kick-off."""
    return instant if 2000 <= instant.year <= 2100 else None
