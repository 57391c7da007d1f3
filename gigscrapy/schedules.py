"""What a schedule may say: read and checked, for the command and for the admin alike."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from gigscrapy.leagues import League
from gigscrapy.planning import BadOffsets, Manner, read_offsets, write_offsets
from gigscrapy.spiders.base import Wanted
from gigscrapy.tasks import check as check_arguments
from gigscrapy.tasks import said_arguments, select
from gigscrapy.timetable import BadTime, timetable
from schema.instants import PARIS
from schema.messages import Refused
from schema.models import Schedules
from schema.names import BadName, tidy

LONGEST_WHAT, LONGEST_ARGUMENTS = 500, 200


class BadSchedule(ValueError):
    """It cannot be kept. ``field``: the column at fault; the message says what could stand there instead."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Checked:
    """What a schedule says, as its columns have it; one of ``cron``, ``every_minutes`` and ``kickoff`` is set."""

    name: str
    what: str
    cron: str | None
    every_minutes: int | None
    kickoff: str | None
    arguments: str | None

    @property
    def values(self) -> dict[str, Any]:
        """By column, for :mod:`schema.schedules`."""
        return asdict(self)


COLUMNS = tuple(field.name for field in fields(Checked))


def check(
    *,
    name: str,
    what: str,
    cron: str | None = None,
    every_minutes: int | None = None,
    kickoff: str | None = None,
    arguments: str | None = None,
) -> Checked:
    """The schedule that this says. An empty text says nothing, as a form sends it.

    :param what: as :func:`gigscrapy.tasks.select` reads it; :param arguments: of the spider, ``depth=list days=2``.
    :raises BadSchedule: at the first column that cannot stand.
    """
    cron, kickoff, arguments = ((text or "").strip() or None for text in (cron, kickoff, arguments))
    if [cron, every_minutes, kickoff].count(None) != 2:
        told = "say when in one way: by cron, or every so many minutes, or before kick-offs"
        raise BadSchedule("cron", told if cron or kickoff or every_minutes is not None else f"it is never due: {told}")
    leagues = _leagues(what)
    return Checked(
        name=_name(name),
        what=" ".join(what.split()),
        cron=None if cron is None else _cron(cron),
        every_minutes=None if every_minutes is None else _every(every_minutes),
        kickoff=None if kickoff is None else _kickoff(kickoff),
        arguments=_arguments(leagues, arguments, before_kickoff=kickoff is not None),
    )


def problem(schedule: Schedules) -> str | None:
    """Why it cannot be followed, if it cannot: somebody wrote into the table, or a league left the catalogue."""
    return _problem(**{column: getattr(schedule, column) for column in COLUMNS})


@lru_cache(maxsize=256)
def _problem(**said: Any) -> str | None:
    try:
        check(**said)
    except BadSchedule as error:
        return str(error)
    return None


def when(schedule: Schedules) -> str:
    """When a schedule is due, for people: ``0 */6 * * *``, ``every 15 min``, ``24h 6h before kick-off``."""
    if schedule.cron is not None:
        return str(schedule.cron)
    if schedule.every_minutes is not None:
        return f"every {schedule.every_minutes} min"
    return f"{schedule.kickoff} before kick-off"


def next_due(schedule: Schedules, now: datetime) -> datetime | None:
    """When it is due next, naive UTC; ``None`` for one that is off, waits for kick-offs or cannot be followed."""
    if not schedule.enabled or schedule.kickoff is not None or problem(schedule):
        return None
    return timetable(schedule.cron, schedule.every_minutes).next_after(now)


def period(schedule: Schedules, now: datetime) -> timedelta | None:
    """How long it is from its next time to the one after; ``None`` where :func:`next_due` is."""
    first = next_due(schedule, now)
    return None if first is None else timetable(schedule.cron, schedule.every_minutes).next_after(first) - first


def in_paris(instant: datetime) -> str:
    """A naive UTC instant as people in Paris write it: ``2026-11-27 18:00``."""
    return f"{instant.replace(tzinfo=UTC).astimezone(PARIS):%Y-%m-%d %H:%M}"


def manner(leagues: tuple[League, ...], arguments: dict[str, str]) -> Manner:
    """How the crawls of a schedule with these arguments go about it: as its most demanding league does."""
    asked = [(Wanted.read(league, **arguments), league) for league in leagues]
    return Manner(
        markets=max(len(wanted.markets) for wanted, _ in asked),
        reads_matches=any(wanted.visits_matches(league) for wanted, league in asked),
    )


def _leagues(what: str) -> tuple[League, ...]:
    if len(what) > LONGEST_WHAT:
        raise BadSchedule(
            "what", f"what is to be crawled takes {LONGEST_WHAT} characters: name a sport, a country or all"
        )
    try:
        return select(what)
    except Refused as error:
        raise BadSchedule("what", error.detail) from None


def _name(name: str) -> str:
    try:
        return tidy(name)
    except BadName as error:
        raise BadSchedule("name", f"the name {error}") from None


def _cron(text: str) -> str:
    try:
        timetable(text, None)
    except BadTime as error:
        raise BadSchedule("cron", str(error)) from None
    return " ".join(text.lower().split())


def _every(minutes: int) -> int:
    try:
        timetable(None, minutes)
    except BadTime as error:
        raise BadSchedule("every_minutes", str(error)) from None
    return minutes


def _kickoff(text: str) -> str:
    try:
        return write_offsets(read_offsets(text))
    except BadOffsets as error:
        raise BadSchedule("kickoff", str(error)) from None


def _arguments(leagues: tuple[League, ...], text: str | None, *, before_kickoff: bool) -> str | None:
    try:
        said = check_arguments(leagues, said_arguments(text))
    except Refused as error:
        raise BadSchedule("arguments", error.detail) from None
    if before_kickoff and (own := [name for name in ("match", "days") if name in said]):
        raise BadSchedule("arguments", f"{own[0]}= is not for a schedule before kick-offs: it names the matches itself")
    written = " ".join(f"{name}={value}" for name, value in said.items())
    if len(written) > LONGEST_ARGUMENTS:
        raise BadSchedule("arguments", f"arguments take {LONGEST_ARGUMENTS} characters")
    return written or None
