"""When a schedule is due: every N minutes, or as a cron expression says in the time of Paris. No clock is looked at.

APScheduler's ``CronTrigger`` reads the expressions and finds their times, on a wall clock that knows no summer. What
the two nights make of those is ours, because its own way fires ``30 2 * * *`` twice in October, and in March loses one
of the two of ``*/30 2``:

* where the hour is ``*``, real time is meant: both of the hour that occurs twice, none of the one that is missing;
* any other expression names a time of day, which each day has once: of the hour that occurs twice it is the first, and
  what falls into the missing hour comes as much after the gap as it was into it: 02:30 at 03:30. Two times that become
  one are one.

An interval counts from the beginning of 1970 in UTC, so it neither drifts nor knows any of this.

Instants are naive UTC, as the tables have them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Protocol

from apscheduler.triggers.cron import CronTrigger

from schema.instants import PARIS, from_paris, naive

LONGEST_MINUTES = 7 * 24 * 60
LONGEST_GRACE = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
FIELDS = ("minute", "hour", "day", "month", "day_of_week")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""As cron counts them; 7 is Sunday, too."""

_NUMBERS = r"(?:\*|[0-9]{1,2}(?:-[0-9]{1,2})?)(?:/[0-9]{1,2})?"
_MONTHS = r"[a-z]{3}(?:-[a-z]{3})?"
_PART_OF = {
    "minute": re.compile(_NUMBERS),
    "hour": re.compile(_NUMBERS),
    "day": re.compile(rf"{_NUMBERS}|last"),
    "month": re.compile(rf"{_NUMBERS}|{_MONTHS}"),
    "day_of_week": re.compile(r"(\*|[0-9]|[a-z]{3})(?:-([0-9]|[a-z]{3}))?(?:/([0-9]))?"),
}
"""What a field holds, with commas between. APScheduler passes over what it does not understand at the end of a name."""

_WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=366), timedelta(days=9 * 366))
"""How far the next time is looked for, step by step: 29 February is eight years off, at most."""


class BadTime(ValueError):
    """It says no time; the message says what could stand there."""


class Timetable(Protocol):
    """When something is due."""

    def due(self, after: datetime, until: datetime) -> list[datetime]:
        """The instants later than ``after`` and not later than ``until``, each once, in order."""

    def next_after(self, instant: datetime) -> datetime:
        """The first instant later than this one."""


def timetable(cron: str | None, every_minutes: int | None) -> Timetable:
    """Of the two, the one that is set. :raises BadTime: when it says no time."""
    if cron is not None:
        return Cron.read(cron)
    return Every.read(every_minutes or 0)


def grace(times: Timetable, due_at: datetime) -> timedelta:
    """How late what was due then may still be done: half of what is left until the next time, a quarter of an hour at
    most. Later it is missed: the next one is nearer.
    """
    return min((times.next_after(due_at) - due_at) / 2, LONGEST_GRACE)


@dataclass(frozen=True, slots=True)
class Every:
    """Every so many minutes of real time."""

    minutes: int

    @classmethod
    def read(cls, minutes: int) -> "Every":
        """:raises BadTime: when nobody could want that."""
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise BadTime(f"every so many minutes is 1 to {LONGEST_MINUTES} (a week), not {minutes}")
        return cls(minutes)

    def due(self, after: datetime, until: datetime) -> list[datetime]:
        first = (after - EPOCH) // self._step + 1
        last = (until - EPOCH) // self._step
        return [EPOCH + number * self._step for number in range(first, last + 1)]

    def next_after(self, instant: datetime) -> datetime:
        return EPOCH + ((instant - EPOCH) // self._step + 1) * self._step

    @property
    def _step(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression; where it names both a day of the month and of the week, either of them will do, as in cron."""

    triggers: tuple[CronTrigger, ...]
    is_real_time: bool

    @classmethod
    @lru_cache(maxsize=256)
    def read(cls, text: str) -> "Cron":
        """:raises BadTime: with what is wrong with it."""
        words = text.lower().split()
        if len(words) != len(FIELDS):
            raise BadTime(
                f"{text!r:.80} has {len(words)} fields; cron has five: minute, hour, day of the month, month, day of "
                "the week, such as 0 */6 * * *"
            )
        fields = dict(zip(FIELDS, words, strict=True))
        for name, said in fields.items():
            if not all(_PART_OF[name].fullmatch(part) for part in said.split(",")):
                raise BadTime(f"{said!r:.40} is no {name.replace('_', ' ')} of cron")
        restricted = [name for name in ("day", "day_of_week") if not fields[name].startswith("*")]
        fields["day_of_week"] = _weekdays(fields["day_of_week"])
        either = [fields | {name: "*"} for name in restricted] if len(restricted) == 2 else [fields]
        try:
            triggers = tuple(CronTrigger(**each, timezone=UTC) for each in either)
        except ValueError as error:
            raise BadTime(f"{text!r:.80} is no cron expression: {error}") from None
        if not any(trigger.get_next_fire_time(None, EPOCH.replace(tzinfo=UTC)) for trigger in triggers):
            raise BadTime(f"{text!r:.80} never comes: no year has that day")
        return cls(triggers, fields["hour"] in ("*", "*/1"))

    def due(self, after: datetime, until: datetime) -> list[datetime]:
        walls = self._walls(_wall_clock(after) - _leap_near(after), _wall_clock(until) + _leap_near(until))
        found = {instant for wall in walls for instant in self._instants(wall) if after < instant <= until}
        return sorted(found)

    def next_after(self, instant: datetime) -> datetime:
        for window in _WINDOWS:
            if found := self.due(instant, instant + window):
                return found[0]
        raise AssertionError("an expression that never comes is not read")

    def _walls(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The times of day it names from ``first`` to ``last``, on a clock that nobody changes."""
        for trigger in self.triggers:
            at = trigger.get_next_fire_time(None, first.replace(tzinfo=UTC))
            while at is not None and (wall := at.replace(tzinfo=None)) <= last:
                yield wall
                at = trigger.get_next_fire_time(None, at + timedelta(minutes=1))

    def _instants(self, wall: datetime) -> Iterator[datetime]:
        """When the clocks of Paris show that."""
        if not self.is_real_time:
            yield naive(from_paris(wall))
            return
        for fold in (0, 1):
            instant = naive(wall.replace(tzinfo=PARIS, fold=fold))
            if _wall_clock(instant) == wall:  # else it is in the hour that is missing
                yield instant


def _wall_clock(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(PARIS).replace(tzinfo=None)


def _leap_near(instant: datetime) -> timedelta:
    """By how much the clocks are changed within two hours of ``instant``."""
    before, after = (_wall_clock(instant + sign * timedelta(hours=2)) for sign in (-1, 1))
    return abs(after - before - timedelta(hours=4))


def _weekdays(said: str) -> str:
    """Days of the week as APScheduler counts them, from those of cron: 0 is Monday there, and Sunday here.

    :raises BadTime: when one of them is no day.
    """
    found: set[int] = set()
    for part in said.split(","):
        match = _PART_OF["day_of_week"].fullmatch(part)
        assert match
        first, last, step = match.groups()
        found.update(_range_of_weekdays(first, last, int(step or 1), part))
    return ",".join(str((day - 1) % 7) for day in sorted(found))


def _range_of_weekdays(first: str, last: str | None, step: int, part: str) -> Iterator[int]:
    if step == 0 or (first == "*" and last):
        raise BadTime(f"{part!r} is no day of week of cron")
    begin = 0 if first == "*" else _weekday(first)
    # A star goes round the week once; a day with a step goes on to its end; fri-mon goes over its end.
    end = 6 if first == "*" or (last is None and step > 1) else begin if last is None else _weekday(last)
    for day in count(begin, step):
        if day > (end if end >= begin else end + 7):
            return
        yield day % 7


def _weekday(said: str) -> int:
    if said.isdigit() and int(said) <= 7:
        return int(said)
    if said in WEEKDAYS:
        return WEEKDAYS.index(said)
    raise BadTime(f"{said!r} is no day of the week: 0 to 7 (both are Sunday), or {', '.join(WEEKDAYS)}")
