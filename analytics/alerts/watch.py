"""The watch list: the coming matches of what a person follows, with what is offered on each, and their names.

Three queries, whatever is followed: the matches, their prices, and the names of what is followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import Value

from analytics.finding import Glance, Meeting, Wanted, glances, meetings
from schema.alerts import BOOKMAKER, LEAGUE, MATCH, TEAM
from schema.models import Bookmakers, Leagues, Matches, Teams

MOST_MATCHES = 60
NAMED: Mapping[str, Any] = {TEAM: Teams, LEAGUE: Leagues, BOOKMAKER: Bookmakers}
RECENT = timedelta(hours=3)
"""So long after its kick-off a match is still shown."""


@dataclass(frozen=True, slots=True)
class Watched:
    """``names``: of what is followed, by kind and number; ``more``: there are more matches than these."""

    matches: tuple[Meeting, ...]
    glances: Mapping[int, Glance]
    names: Mapping[str, Mapping[int, str]]
    more: bool


def watched(followed: Mapping[str, set[int]], now: datetime) -> Watched:
    """The matches from ``now`` (naive UTC) on, by kick-off."""
    matches, teams, leagues = (sorted(followed.get(kind, ())) for kind in (MATCH, TEAM, LEAGUE))
    wanted = Wanted(since=now - RECENT)
    concerns = (
        Matches.id.in_(matches)
        | Matches.home_team.in_(teams)
        | Matches.away_team.in_(teams)
        | Matches.league.in_(leagues)
    )
    found = meetings(wanted, MOST_MATCHES + 1, named=concerns) if matches or teams or leagues else []
    shown = found[:MOST_MATCHES]
    counted = glances(shown) if shown else {}
    return Watched(tuple(shown), counted, _names(followed), more=len(found) > len(shown))


def _names(followed: Mapping[str, set[int]]) -> dict[str, dict[int, str]]:
    """By kind and number. One query."""
    found: dict[str, dict[int, str]] = {kind: {} for kind in NAMED}
    wanted: Any = None
    for kind, table in NAMED.items():
        numbers = sorted(followed.get(kind, ()))
        one = table.select(Value(kind), table.id, table.name).where(table.id.in_(numbers))
        wanted = one if wanted is None else wanted.union_all(one)
    for kind, number, name in sorted(wanted.tuples().execute(), key=lambda row: row[2]):
        found[kind][number] = name
    return found
