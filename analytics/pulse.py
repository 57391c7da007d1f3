"""How much is seen: prices by the hour, and when each bookmaker was seen last, as the tally counted (OddsHours)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import fn

from schema.models import Bookmakers, Odds, OddsHours

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pulse:
    """``hours``: prices seen in each hour from ``begin`` (naive UTC, a whole hour) on; the last is not over."""

    begin: datetime
    hours: tuple[int, ...]

    @property
    def day(self) -> int:
        """Prices of the last 24 hours, the one that goes on among them."""
        return sum(self.hours[-24:])

    @property
    def day_before(self) -> int:
        """Prices of the 24 hours before these."""
        return sum(self.hours[-48:-24])

    @property
    def change(self) -> float | None:
        """By which share the day has more than the one before; ``None`` where that had none."""
        return self.day / self.day_before - 1 if self.day_before else None

    @property
    def instants(self) -> list[datetime]:
        """The beginning of each hour."""
        return [self.begin + number * HOUR for number in range(len(self.hours))]


class SeenBookmaker(NamedTuple):
    """A bookmaker that was seen within the week; ``last_hour``: naive UTC, the beginning of the last such hour."""

    bookmaker_id: int
    name: str
    last_hour: datetime


def pulse(now: datetime, hours: int = 48) -> Pulse:
    """Of the last so many hours; one query, of a row for each hour, league, market and bookmaker."""
    begin = now.replace(minute=0, second=0, microsecond=0) - (hours - 1) * HOUR
    query = OddsHours.select(OddsHours.hour, fn.SUM(OddsHours.prices)).where(OddsHours.hour >= begin)
    found = dict(query.group_by(OddsHours.hour).tuples().execute())
    return Pulse(begin, tuple(int(found.get(begin + number * HOUR) or 0) for number in range(hours)))


def seen_bookmakers(now: datetime) -> tuple[list[SeenBookmaker], Mapping[tuple[int, int], datetime]]:
    """The bookmakers of the last week, by name, and by league and bookmaker the last hour; one query."""
    last = fn.MAX(OddsHours.hour).converter(OddsHours.hour.python_value)
    query = OddsHours.select(OddsHours.league, OddsHours.bookmaker, Bookmakers.name, last).join(Bookmakers)
    query = query.where(OddsHours.hour >= now - WEEK).group_by(OddsHours.league, OddsHours.bookmaker, Bookmakers.name)
    by_league: dict[tuple[int, int], datetime] = {}
    found: dict[int, SeenBookmaker] = {}
    for league, bookmaker, name, hour in query.tuples().execute():
        by_league[league, bookmaker] = hour
        known = found.get(bookmaker)
        found[bookmaker] = SeenBookmaker(bookmaker, name, max(hour, known.last_hour if known else hour))
    return sorted(found.values(), key=lambda each: each.name.casefold()), by_league


def newest_price() -> datetime | None:
    """When the newest price was seen, naive UTC; one query, of an index."""
    newest: datetime | None = Odds.select(fn.MAX(Odds.scraped_at)).scalar()
    return newest
