"""How things stand, as the dashboard sees them: small figures, who prices what, and whether prices come as expected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Database, Select, fn

from analytics.coverage import Cell, Cover, LeagueCover, coverage, offers
from analytics.pulse import DAY, HOUR, Pulse, SeenBookmaker, pulse, seen_bookmakers
from gigscrapy.deadletters import WAITING
from gigscrapy.schedules import period
from schema import runs
from schema.models import AlertEvents, Bookmakers, DeadLetters, Odds, Runs, Schedules, now
from schema.tally import Freshness, freshness

LATE = 2
"""The newest price is late when it is older than so many periods of the schedules."""
LEAGUES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """Small figures, all of one query. ``newest``: when the newest price was seen, naive UTC."""

    newest: datetime | None
    letters: int
    unreviewed: int
    alerts: int
    queued: int
    suspects: int


@dataclass(frozen=True, slots=True)
class Wide:
    """What takes a while: who prices what, who was seen, how much by the hour, and how far the tally has come."""

    leagues: Sequence[LeagueCover]
    bookmakers: Sequence[SeenBookmaker]
    last_hours: Mapping[tuple[int, int], datetime]
    pulse: Pulse
    tally: Freshness


def wide(database: Database) -> Wide:
    """Find it out: four queries."""
    at = now()
    seen, last_hours = seen_bookmakers(at)
    return Wide(coverage(offers(at)), seen, last_hours, pulse(at), freshness(database))


def facts(at: datetime) -> Facts:
    """One query, each part of it of an index or of a small table."""
    columns = (
        Odds.select(fn.MAX(Odds.scraped_at)),
        DeadLetters.select(fn.COUNT(SQL("1"))).where(WAITING),
        Bookmakers.select(fn.COUNT(SQL("1"))).where(Bookmakers.reviewed == False),  # noqa: E712 - SQL
        AlertEvents.select(fn.COUNT(SQL("1"))).where(AlertEvents.open_key.is_null(False)),
        Runs.select(fn.COUNT(SQL("1"))).where(Runs.state == runs.QUEUED),
        Runs.select(fn.COALESCE(fn.SUM(Runs.suspects), 0)).where(Runs.started_at > at - DAY),
    )
    named: list[Any] = [column.alias(f"fact{number}") for number, column in enumerate(columns)]  # type: ignore[attr-defined]
    [(newest, *counts)] = Select(None, named).bind(Odds._meta.database).tuples().execute()  # noqa: SLF001
    return Facts(Odds.scraped_at.python_value(newest), *map(int, counts))


def late_after(found: Sequence[Schedules], at: datetime) -> timedelta | None:
    """How old the newest price may be: two periods of the most frequent schedule; ``None``: nobody expects any."""
    periods = [each for schedule in found if (each := period(schedule, at)) is not None]
    return LATE * min(periods) if periods else None


def is_late(newest: datetime | None, after: timedelta | None, at: datetime) -> bool:
    """Whether prices should have come by now. :param after: as :func:`late_after`."""
    return after is not None and (newest is None or at - newest > after)


def missing_bookmakers(found: Wide, at: datetime) -> list[SeenBookmaker]:
    """Those of the week that were not seen in the last 24 hours."""
    return [each for each in found.bookmakers if at - each.last_hour >= DAY + HOUR]


@dataclass(frozen=True, slots=True)
class Square:
    """One square. ``last``: the last hour it was seen there within a week; ``fault``: it was there, and is not."""

    bookmaker: SeenBookmaker
    cell: Cell
    last: datetime | None

    @property
    def fault(self) -> bool:
        return self.cell.cover is not Cover.FULL and (self.last is not None or self.cell.priced > 0)


def matrix(of: Wide) -> list[tuple[LeagueCover, list[Square]]]:
    """Each league with a square for each bookmaker of the week; those with faults first."""
    found = [
        (
            league,
            [
                Square(each, league.cell(each.bookmaker_id), of.last_hours.get((league.league_id, each.bookmaker_id)))
                for each in of.bookmakers
            ],
        )
        for league in of.leagues
    ]
    return sorted(found, key=lambda row: -faults(*row))[:LEAGUES_SHOWN]


def faults(league: LeagueCover, squares: Sequence[Square]) -> int:
    """How many squares of a league should not be as they are."""
    return 0 if league.listed else sum(square.fault for square in squares)
