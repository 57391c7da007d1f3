"""gig-benchmark's two tables: average TRJ per bookmaker, and match by bookmaker, each with its evolution.

Of each bookmaker on each match: its newest quote on the winner's market, with that quote's own TRJ. *Previous* is the
TRJ of the quote before. gig-benchmark showed the oldest prices beside the newest TRJ, and a thousand rows at most.
It is that of the prices that stand, as on the grid: where a list came since, which tells some prices and no TRJ, too.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from peewee import Case, ModelSelect

from analytics.finding import WINNER, Meeting
from analytics.grid import Observation, standing
from analytics.suspects import doubted
from schema.markets import MARKETS, Market
from schema.models import Bookmakers, LatestOdds, MarketNames, Odds
from schema.names import name_key
from schema.prices import TRJ_LIMIT, payout, published_style

FIRST = "1"
"""An outcome of both markets of the winner: a quote with a TRJ prices it, and it tells the TRJ before."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest quote of a bookmaker on a match. ``trj``, ``previous``: percent, ``None`` where there is none.

    ``doubtful``: whether one of its prices is in doubt (:mod:`analytics.suspects`).
    """

    match: Meeting
    bookmaker: str
    prices: Mapping[str, Decimal]
    trj: Decimal | None
    previous: Decimal | None
    doubtful: bool = False

    @property
    def evolution(self) -> int:
        """1 where it pays more than before, -1 where less, else 0."""
        return _evolution(self.trj, self.previous)


@dataclass(frozen=True, slots=True)
class Average:
    """The mean TRJ of a bookmaker's quotes, percent, unrounded; ``previous``: of the same ones before.

    A quote that was seen once counts as unchanged; ``previous`` is ``None`` where all were.
    """

    bookmaker: str
    trj: Decimal
    previous: Decimal | None
    quotes: int

    @property
    def evolution(self) -> int:
        return _evolution(self.trj, self.previous)


def _evolution(now: Decimal | None, before: Decimal | None) -> int:
    return 0 if now is None or before is None else (now > before) - (now < before)


def quotes(matches: Sequence[Meeting], bookmakers: Collection[int] = ()) -> list[Quote]:
    """The quotes on these matches, in their order, then by name of the bookmaker. One query."""
    found: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in _rows([match.id for match in matches], bookmakers):
        found[row.match].append(row)
    return [quote for match in matches for quote in _quotes(match, found.get(match.id, ()))]


def averages(told: Iterable[Quote]) -> list[Average]:
    """The bookmakers, the one that pays most first; one whose quotes have no TRJ, or are doubtful, is absent."""
    by_bookmaker: defaultdict[str, list[Quote]] = defaultdict(list)
    for quote in told:
        if quote.trj is not None and not quote.doubtful:
            by_bookmaker[quote.bookmaker].append(quote)
    found = [_average(bookmaker, own) for bookmaker, own in by_bookmaker.items()]
    return sorted(found, key=lambda average: (-average.trj, name_key(average.bookmaker)))


class _Row(NamedTuple):
    match: int
    market: str
    bookmaker: str
    outcome: str
    price: Decimal
    scraped_at: datetime
    partial: bool
    doubted: int
    previous: Decimal | None


def _quotes(match: Meeting, rows: Iterable[_Row]) -> Iterator[Quote]:
    """A bookmaker that offers both markets of the winner shows the one with the draw, as gig-benchmark did."""
    by_market: defaultdict[tuple[str, str], list[_Row]] = defaultdict(list)
    for row in rows:
        by_market[row.bookmaker, row.market].append(row)
    chosen: dict[str, list[_Row]] = {}
    for market in WINNER:
        offered = [row for (_, code), found in by_market.items() if code == market for row in found]
        for row in _standing(offered):
            shown = chosen.setdefault(row.bookmaker, [])
            if not shown or shown[0].market == market:
                shown.append(row)
    for bookmaker in sorted(chosen, key=name_key):
        own = chosen[bookmaker]
        prices = {row.outcome: row.price for row in own}
        previous = next((row.previous for row in own if row.outcome == FIRST), None)
        doubtful = any(row.doubted for row in own)
        trj = _trj(prices, MARKETS[own[0].market])
        yield Quote(match, bookmaker, prices, trj, previous, doubtful)


def _trj(prices: Mapping[str, Decimal], market: Market) -> Decimal | None:
    trj = payout(map(prices.get, market.outcomes), market.winners)
    return None if trj is None or trj >= TRJ_LIMIT else published_style(trj)


def _standing(rows: Sequence[_Row]) -> list[_Row]:
    """As on the grid of the match."""
    observed = {
        Observation(
            number, row.bookmaker, row.outcome, row.price, row.scraped_at, bool(row.partial), None, False, None
        ): row
        for number, row in enumerate(rows)
    }
    return [observed[one] for one in standing(list(observed))]


def _average(bookmaker: str, told: Sequence[Quote]) -> Average:
    now = [quote.trj for quote in told if quote.trj is not None]
    before = [quote.trj if quote.previous is None else quote.previous for quote in told if quote.trj is not None]
    seen_twice = any(quote.previous is not None for quote in told)
    return Average(
        bookmaker, sum(now) / Decimal(len(now)), sum(before) / Decimal(len(now)) if seen_twice else None, len(now)
    )


# -- what the database is asked ----------------------------------------------------------------------------------------


def _rows(matches: Collection[int], bookmakers: Collection[int]) -> Iterator[_Row]:
    to_trj = Odds.trj.python_value
    for found in _query(matches, bookmakers).tuples().execute() if matches else ():
        row = _Row._make(found)
        yield row._replace(previous=to_trj(row.previous))


def _query(matches: Collection[int], bookmakers: Collection[int]) -> "ModelSelect[LatestOdds]":
    earlier = Odds.alias()
    previous = earlier.select(earlier.trj).where(
        (earlier.match == LatestOdds.match)
        & (earlier.market == LatestOdds.market)
        & (earlier.line == LatestOdds.line)
        & (earlier.bookmaker == LatestOdds.bookmaker)
        & (earlier.outcome == LatestOdds.outcome)
        & (earlier.scraped_at < LatestOdds.scraped_at)
        & earlier.trj.is_null(False)
    )
    newest_before = previous.order_by(earlier.scraped_at.desc()).limit(1)
    columns = (
        LatestOdds.match,
        MarketNames.code,
        Bookmakers.name,
        LatestOdds.outcome,
        LatestOdds.odd_value,
        LatestOdds.scraped_at,
        LatestOdds.partial,
        doubted(LatestOdds),
        Case(None, ((LatestOdds.outcome == FIRST, newest_before),)).alias("previous"),
    )
    query = LatestOdds.select(*columns).join_from(LatestOdds, MarketNames).join_from(LatestOdds, Bookmakers)
    query = query.where(LatestOdds.match.in_(list(matches)), MarketNames.code.in_(WINNER), LatestOdds.line == 0)
    return query.where(LatestOdds.bookmaker.in_(list(bookmakers))) if bookmakers else query
