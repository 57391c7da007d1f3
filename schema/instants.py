"""Instants: UTC from the edge inwards, Paris only where the site prints it and where people read it."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


class BeyondCalendar(ValueError):
    """An instant of the first of all years, or the last, has no year in UTC."""

    def __init__(self, instant: datetime) -> None:
        super().__init__(f"{instant.isoformat()} is beyond the calendar in UTC")
        self.year = instant.year


def from_paris(local: datetime) -> datetime:
    """A naive Paris wall-clock time as an aware UTC instant.

    The hour that occurs twice in October is its first occurrence; the hour that is skipped in March is read with the
    offset in force before the change.

    :raises ValueError: when it has no year in UTC.
    """
    return _in_utc(local.replace(tzinfo=PARIS, fold=0))


def to_paris(instant: datetime) -> datetime:
    """An aware instant as Paris wall-clock time, still aware."""
    return instant.astimezone(PARIS)


@lru_cache(maxsize=4096)
def iso(instant: datetime) -> str:
    """An aware instant as ISO 8601 in UTC with microseconds: ``2025-10-17T18:45:00.000000Z``."""
    return naive(instant).isoformat(timespec="microseconds") + "Z"


@lru_cache(maxsize=4096)
def read_iso(text: str) -> datetime:
    """ISO 8601 with a zone as an aware UTC instant.

    :raises ValueError: when it does not exist or has no zone.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    return in_utc(instant)


def in_utc(instant: datetime) -> datetime:
    """The same instant, in UTC. :raises ValueError: when it has no year there."""
    return instant if instant.tzinfo is UTC else _in_utc(instant)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # at the first of all years, or the last
        raise BeyondCalendar(instant) from None


def naive(instant: datetime) -> datetime:
    """An aware instant as the naive UTC the database keeps."""
    return in_utc(instant).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def hour_of(instant: datetime) -> datetime:
    """The beginning of its hour."""
    return instant.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=4096)
def text(instant: datetime) -> str:
    """An aware instant as both databases read and compare it: naive UTC, with a fraction only where there is one."""
    return naive(instant).isoformat(" ")
