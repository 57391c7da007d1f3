"""How a row is called where another row speaks of it: by its teams, not ``Matches object (12)``."""

from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import Model

from admin import formats
from admin.labels import outcome_label
from admin.words import spoken
from schema.models import (
    Bookmakers,
    DeadLetters,
    Firings,
    LatestOdds,
    Leagues,
    MarketNames,
    Matches,
    Odds,
    Pages,
    Runs,
    Schedules,
    Sports,
    Tasks,
    Teams,
    Visits,
)


class Name(NamedTuple):
    """``paths``: the columns a name is made of; ``write`` makes it."""

    paths: tuple[str, ...]
    write: Callable[[Any], str]


def _by_name(row: Any) -> str:
    return row.name


def _of_match(row: Matches) -> str:
    return f"{row.home_team.name} {formats.DASH} {row.away_team.name}"


def _of_run(row: Runs) -> str:
    at = row.started_at or row.requested_at
    return f"{row.spider or row.run_id}, {formats.moment(at, spoken())}" if at else row.run_id


def _of_firing(row: Firings) -> str:
    return f"{row.schedule.name}, {formats.moment(row.due_at, spoken())}"


def _of_visit(row: Visits) -> str:
    return f"{_of_match(row.match)}, {formats.before(row.minutes)}"


def _of_price(row: Odds | LatestOdds) -> str:
    offer = f"{row.bookmaker.name} {formats.price(row.odd_value, spoken())}"
    return " · ".join((_of_match(row.match), row.market.name, outcome_label(row.outcome, spoken()), offer))


_PRICE = ("match.home_team.name", "match.away_team.name", "market.name", "bookmaker.name", "outcome", "odd_value")

NAMES: dict[type[Model], Name] = {
    Sports: Name(("name",), _by_name),
    MarketNames: Name(("name",), _by_name),
    Bookmakers: Name(("name",), _by_name),
    Leagues: Name(("name",), _by_name),
    Teams: Name(("name",), _by_name),
    Matches: Name(("home_team.name", "away_team.name"), _of_match),
    Runs: Name(("spider", "run_id", "started_at", "requested_at"), _of_run),
    Pages: Name(("url",), lambda row: row.url or formats.DASH),
    Odds: Name(_PRICE, _of_price),
    LatestOdds: Name(_PRICE, _of_price),
    Tasks: Name(("said",), lambda row: row.said or row.task_id),
    Schedules: Name(("name",), _by_name),
    Firings: Name(("schedule.name", "due_at"), _of_firing),
    Visits: Name(("match.home_team.name", "match.away_team.name", "minutes"), _of_visit),
    DeadLetters: Name(("reason", "id"), lambda row: f"{row.reason} (n° {row.id})"),
}


def name_of(row: Model) -> str:
    """What people call ``row``."""
    return NAMES[type(row)].write(row)
