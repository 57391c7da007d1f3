"""The list of matches: find one in two seconds, and see who pays best."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from flask import Blueprint, render_template, request, url_for

from admin.live import newest_row
from admin.pages.finder.asked import DAYS, SORTS, Asked
from admin.pages.finder.choices import Choices
from admin.pages.finder.written import MARKET_LABELS
from admin.words import say
from analytics.finding import Glance, Meeting, glances, meetings
from schema.instants import naive
from schema.markets import MARKETS
from schema.models import Leagues, Matches, TeamAliases, Teams
from schema.names import name_key

PAGE = 50
"""Matches on a page."""
LEAFED = 1000
"""Matches that can be leafed through; whoever wants more says which."""
RANKED = 100
"""Matches whose prices are read to put them in an order other than that of their kick-off or their names."""

WORDS = 6
"""Of a search that count."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of the list: its matches, and what is offered on each.

    :ivar count: matches in all, :data:`LEAFED` + 1 where there are more than that.
    :ivar ranked: whether only the first :data:`RANKED` were put in order.
    """

    matches: Sequence[Meeting]
    glances: Mapping[int, Glance]
    count: int
    pages: int
    number: int
    ranked: bool = False

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The columns: every outcome of what is offered, in the order of the market that has most."""
        markets = [glance.grid.market for glance in self.glances.values()] or [MARKETS["1X2"]]
        return max((market.outcomes for market in markets), key=len)


def add(blueprint: Blueprint) -> None:
    """``/matches/``."""

    @blueprint.get("/")
    def index() -> str:
        now = datetime.now(UTC)
        notes: list[str] = []
        asked = Asked.read(request.args, notes)
        newest = newest_row()
        leaf = leaf_of(asked, now)
        return render_template(
            "finder/matches.html",
            asked=asked,
            leaf=leaf,
            notes=notes,
            choices=(choices := Choices.find()),
            summary=summary(asked, choices),
            newest=newest,
            now=naive(now),
            limit=LEAFED,
            ranked=RANKED,
            days=DAYS,
            sorts=SORTS,
            markets=MARKET_LABELS,
            address=lambda **changes: url_for(".index", **asked.arguments(**changes)),
        )


def leaf_of(asked: Asked, now: datetime) -> Leaf:
    """The page that is asked for: two queries, or three."""
    found = meetings(asked.wanted(now), LEAFED + 1, named=named(asked), newest_first=asked.newest_first)
    pages = max(1, -(-min(len(found), LEAFED) // PAGE))
    number = min(asked.page, pages)
    first = (number - 1) * PAGE
    if asked.sort in _BY_PRICE:
        ordered, offered = _ranked(found[:RANKED], asked)
        ordered += found[RANKED:LEAFED]
        shown = ordered[first : first + PAGE]
        if missing := [match for match in shown if match.id not in offered and first >= RANKED]:
            offered = {**offered, **glances(missing, asked.market, asked.bookmakers)}
        return Leaf(shown, offered, len(found), pages, number, ranked=len(found) > RANKED)
    ordered = found[:LEAFED]
    if asked.sort in _BY_NAME:
        ordered = sorted(ordered, key=_BY_NAME[asked.sort], reverse=asked.desc)
    shown = ordered[first : first + PAGE]
    return Leaf(shown, glances(shown, asked.market, asked.bookmakers), len(found), pages, number)


def named(asked: Asked) -> Any:
    """The condition of the words that are searched: each stands in a team's name, in another of its names, or in the
    league's. ``None`` where there are none.
    """
    words = asked.search.split()[:WORDS]
    return reduce(and_, map(_somewhere, words)) if words else None


def _somewhere(word: str) -> Any:
    teams = Teams.select(Teams.id).where(_called(Teams, word))
    renamed = TeamAliases.select(TeamAliases.team).where(TeamAliases.name_key.contains(name_key(word)))
    leagues = Leagues.select(Leagues.id).where(_called(Leagues, word))
    sides = (side.in_(those) for side in (Matches.home_team, Matches.away_team) for those in (teams, renamed))
    return reduce(or_, sides, Matches.league.in_(leagues))


def _called(model: type[Teams] | type[Leagues], word: str) -> Any:
    """A key is compared byte by byte, so it is asked for in its own spelling."""
    return model.name.contains(word) | model.name_key.contains(name_key(word))


_BY_NAME: Mapping[str, Callable[[Meeting], Any]] = {
    "match": lambda match: (name_key(match.home), name_key(match.away), match.id),
    "league": lambda match: (match.sport, name_key(match.league), match.kickoff or datetime.max, match.id),  # noqa: DTZ901
}
_BY_PRICE: Mapping[str, Callable[[Glance], Any]] = {
    "trj": lambda glance: glance.grid.trj,
    "movement": lambda glance: glance.movement,
}


def _ranked(matches: Sequence[Meeting], asked: Asked) -> tuple[list[Meeting], dict[int, Glance]]:
    """The highest first; what has no such figure comes last either way."""
    offered = glances(matches, asked.market, asked.bookmakers)
    figure = _BY_PRICE[asked.sort]
    figures = {match.id: figure(offered[match.id]) for match in matches if match.id in offered}
    told = [match for match in matches if figures.get(match.id) is not None]
    untold = [match for match in matches if figures.get(match.id) is None]
    return sorted(told, key=lambda match: figures[match.id], reverse=not asked.desc) + untold, offered


def summary(asked: Asked, choices: Choices) -> list[tuple[str, dict[str, Any]]]:
    """What narrows the list, each with the changes that take it away."""
    told: list[tuple[str, dict[str, Any]]] = []
    if asked.search:
        told.append((f"« {asked.search} »", {"search": ""}))
    for kind, attribute in (("sport", "sports"), ("league", "leagues"), ("bookmaker", "bookmakers")):
        ids = getattr(asked, attribute)
        told += [
            (choices.name(kind, number), {attribute: tuple(other for other in ids if other != number)})
            for number in ids
        ]
    if asked.teams:
        told.append((say("une équipe"), {"teams": ()}))
    if asked.market:
        told.append((str(MARKET_LABELS[asked.market]), {"market": None}))
    return told
