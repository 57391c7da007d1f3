"""Kick-offs: each way the site writes one, as an aware UTC instant. A text that holds none gives ``None``.

The way of full French dates is :func:`schema.french.from_french`, for old messages have it too.
"""

import re
from datetime import UTC, datetime

from schema.french import believable, from_french, nearest
from schema.instants import from_paris

__all__ = ["from_day_and_time", "from_french", "from_iso", "from_seconds"]

_DAY_AND_TIME = re.compile(r"(?<![0-9/])([0-9]{1,2})/([0-9]{1,2}) ([0-9]{1,2})[:h]([0-9]{2})(?![0-9])")


def from_iso(text: str) -> datetime | None:
    """``2025-10-17T20:45:00+02:00``; without a zone it is Paris time. A day without a time is no kick-off."""
    if ":" not in text:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
        return believable(from_paris(instant) if instant.tzinfo is None else instant.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def from_seconds(text: str) -> datetime | None:
    """``1760726700``, Unix seconds."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return believable(datetime.fromtimestamp(int(text), UTC))


def from_day_and_time(text: str, now: datetime) -> datetime | None:
    """``17/10 20:45`` in Paris, in the year that brings it nearest to ``now`` (aware).

    A 29 February in no year around ``now`` is no date.
    """
    found = _DAY_AND_TIME.search(text)
    if not found:
        return None
    day, month, hour, minute = map(int, found.groups())
    return nearest(month, day, hour, minute, now)
