"""Changed prices as programs are told of them: on a stream, and by webhooks."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from admin.api import slugs
from admin.api.answers import instant
from analytics import changes


class Change(NamedTuple):
    """A price. ``match``, ``league``, ``bookmaker``: the numbers it is wanted by; ``text``: what is told, as JSON."""

    id: int
    match: int
    league: int
    bookmaker: int
    text: str


class Wanted(NamedTuple):
    """Numbers of leagues, matches and bookmakers, each empty where any will do."""

    leagues: frozenset[int] = frozenset()
    matches: frozenset[int] = frozenset()
    bookmakers: frozenset[int] = frozenset()

    def among(self, found: Sequence[Change]) -> list[Change]:
        """Those that are wanted."""
        return [
            one
            for one in found
            if (not self.leagues or one.league in self.leagues)
            and (not self.matches or one.match in self.matches)
            and (not self.bookmakers or one.bookmaker in self.bookmakers)
        ]


def of(ids: Sequence[int]) -> list[Change]:
    """These rows of Odds. One query for each thousand."""
    return _written(changes.of(ids))


def after(number: int, most: int, *, until: int | None = None) -> list[Change]:
    """The rows after one, at most so many, the first ones. One query."""
    return _written(changes.after(number, most, until=until))


def _written(rows: Sequence[Any]) -> list[Change]:
    leagues: dict[int, str] = {}
    markets: dict[int, str] = {}
    bookmakers: dict[int, str] = {}
    found = []
    for row in rows:
        match = row.match
        league = leagues.get(match.league_id) or leagues.setdefault(match.league_id, slugs.of_league(match.league))
        market = markets.get(row.market_id) or markets.setdefault(row.market_id, slugs.of_market(row.market))
        bookmaker = bookmakers.get(row.bookmaker_id)
        bookmaker = bookmaker or bookmakers.setdefault(row.bookmaker_id, slugs.of_bookmaker(row.bookmaker))
        told: dict[str, Any] = {
            "id": row.id,
            "match": row.match_id,
            "home": match.home_team.name,
            "away": match.away_team.name,
            "kickoff": instant(match.match_date),
            "league": league,
            "market": market,
            "line": _plain(row.line) if row.line else None,
            "outcome": row.outcome,
            "bookmaker": bookmaker,
            "price": _price(row.odd_value),
            "trj": None if row.trj is None else f"{row.trj:.2f}",
            "scraped_at": instant(row.scraped_at),
            "partial": bool(row.partial),
            "suspect": row.suspect,
        }
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        found.append(Change(row.id, row.match_id, match.league_id, row.bookmaker_id, text))
    return found


def _price(value: Decimal) -> str:
    return f"{value:.3f}".removesuffix("0")


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
