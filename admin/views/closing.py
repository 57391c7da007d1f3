"""How close the last price came to the kick-off, by league, of the last day and of the last week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from peewee import Database

from admin import formats
from admin.words import spoken
from analytics.closing import LeagueGap, by_league, observed_gaps
from schema.models import now

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """One league. ``day`` is ``None`` where none of its matches kicked off in the last 24 hours."""

    league: str
    sport: str
    day: LeagueGap | None
    week: LeagueGap


def lately(database: Database) -> Sequence[Row]:
    """Each league that played within a week, the widest gap first. Four queries; it may take a second."""
    until = now()
    with database.connection_context():
        week = by_league(observed_gaps(until - WEEK, until))
        day = {(each.league, each.sport): each for each in by_league(observed_gaps(until - DAY, until))}
    return [Row(each.league, each.sport, day.get((each.league, each.sport)), each) for each in week]


def median(gap: LeagueGap | None) -> str:
    """How old the last price was, half of the markets being no older."""
    return formats.DASH if gap is None else formats.lasting(gap.median_seconds, spoken())


def unpriced(gap: LeagueGap | None) -> str:
    """Which share of the matches had no price before their kick-off, of how many."""
    if gap is None:
        return formats.DASH
    return f"{formats.share(gap.unpriced / gap.matches, spoken())} ({gap.unpriced} / {gap.matches})"
