"""Surebets: markets whose best prices over the bookmakers pay back more than the stakes, whatever happens.

That is a market TRJ above 100 % (:mod:`analytics.payout`). Only prices count that can be had together: read about when
their match was seen last, not taken back by a newer book (:func:`analytics.grid.standing`), not suspect, of matches to
come. One bookmaker alone above 100 % is nearly always read wrongly: such a quote is marked suspect, and so left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import Case, ModelSelect, fn

from analytics.coverage import TOGETHER
from analytics.grid import Observation, standing
from analytics.payout import Best, best_prices, market_trj
from schema.markets import MARKETS, Market
from schema.models import Bookmakers, LatestOdds, Leagues, MarketNames, Matches, Odds, Teams

MOST = 100
"""Surebets that are looked into at once; more would be a fault of reading."""
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Surebet:
    """``best``: by outcome, in the market's order; ``trj``: market TRJ, percent, unrounded; ``seen_at``: of the oldest
    of these prices, naive UTC; ``line``: 0 in markets without one.
    """

    match_id: int
    sport_id: int
    league_id: int
    league: str
    home: str
    away: str
    kickoff: datetime
    market: Market
    market_name: str
    line: Decimal
    best: Mapping[str, Best]
    trj: Decimal
    seen_at: datetime


class _Price(NamedTuple):
    match_id: int
    market: str
    line: Decimal
    outcome: str
    bookmaker: str
    price: Decimal
    scraped_at: datetime
    partial: bool
    suspect: str | None
    sport_id: int
    league_id: int
    league: str
    home: str
    away: str
    kickoff: datetime
    market_name: str
    match_seen_at: datetime


def surebets(at: datetime) -> list[Surebet]:
    """Those of matches that kick off after ``at`` (naive UTC), the best first; two queries at most."""
    found = list(_candidates(at).tuples().execute())
    if not found:
        return []
    wanted = {(match, market, line) for match, market, line in found}
    markets: defaultdict[tuple[int, str, Decimal], list[_Price]] = defaultdict(list)
    for row in _prices({match for match, _, _ in found}, at).tuples().execute():
        price = _Price(*row)
        if (price.match_id, price.market, price.line) in wanted:
            markets[price.match_id, price.market, price.line].append(price)
    those = (_surebet(prices) for prices in markets.values())
    return sorted((each for each in those if each is not None), key=lambda each: -each.trj)


def confirmed(found: Sequence[Surebet]) -> set[int]:
    """The places of those that were there already when each of their prices was seen the time before: one query.

    What a page shows wrongly for a moment is rarely wrong twice; a price that was never seen before confirms nothing.
    """
    if not found:
        return set()
    before: dict[tuple[int, str, Decimal, str, str], Decimal] = {}
    for match, market, line, bookmaker, outcome, price in _before({each.match_id for each in found}).tuples().execute():
        if price is not None:
            before[match, market, line, bookmaker, outcome] = price
    told: set[int] = set()
    for place, each in enumerate(found):
        books: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
        for outcome, best in each.best.items():
            for name in best.bookmakers:
                books[name][outcome] = before.get((each.match_id, each.market.code, each.line, name, outcome))
        trj = market_trj(best_prices(books, each.market), each.market)
        if trj is not None and trj > HUNDRED:
            told.add(place)
    return told


def _surebet(prices: Iterable[_Price]) -> Surebet | None:
    prices = list(prices)
    first, market = prices[0], MARKETS[prices[0].market]
    offered = [
        price
        for price in standing([_observation(price) for price in prices])
        if not price.doubted and first.match_seen_at - price.scraped_at <= TOGETHER
    ]
    books: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
    for price in offered:
        books[price.bookmaker][price.outcome] = price.price
    best = best_prices(books, market)
    trj = market_trj(best, market)
    if trj is None or trj <= HUNDRED:
        return None
    taken = [price.scraped_at for price in offered if price.price == best[price.outcome].price]
    return Surebet(
        match_id=first.match_id,
        sport_id=first.sport_id,
        league_id=first.league_id,
        league=first.league,
        home=first.home,
        away=first.away,
        kickoff=first.kickoff,
        market=market,
        market_name=first.market_name,
        line=first.line,
        best=best,
        trj=trj,
        seen_at=min(taken),
    )


def _observation(price: _Price) -> Observation:
    suspect = price.suspect
    return Observation(
        *(0, price.bookmaker, price.outcome, price.price, price.scraped_at, bool(price.partial), suspect),
        doubted=suspect is not None,
        run=None,
    )


# -- what the database is asked ----------------------------------------------------------------------------------------


def _coming(at: datetime) -> Any:
    return (Matches.match_date > at) & (Matches.status != "postponed")


def _together() -> Any:
    """Read about when their match was seen last, to the second."""
    seconds_of = LatestOdds._meta.database.to_timestamp  # noqa: SLF001 - each kind of database has its own
    apart = seconds_of(Matches.seen_at) - seconds_of(LatestOdds.scraped_at)
    return LatestOdds.suspect.is_null() & (apart <= TOGETHER.total_seconds() + 1)


def _candidates(at: datetime) -> "ModelSelect[MarketNames]":
    """Markets whose highest prices of late pay back more than the stakes: their match, code and line."""
    best = (
        LatestOdds.select(
            LatestOdds.match.alias("match_key"),
            LatestOdds.market.alias("market_key"),
            LatestOdds.line.alias("line_key"),
            (1.0 / fn.MAX(LatestOdds.odd_value)).alias("implied"),
        )
        .join(Matches)
        .where(_coming(at), _together())
        .group_by(LatestOdds.match, LatestOdds.market, LatestOdds.line, LatestOdds.outcome)
        .alias("best")
    )
    whole = Case(MarketNames.code, [(code, len(market.outcomes)) for code, market in MARKETS.items()], 0)
    winners = Case(MarketNames.code, [(code, market.winners) for code, market in MARKETS.items()], 0)
    line = best.c.line_key.converter(LatestOdds.line.python_value)
    return (
        MarketNames.select(best.c.match_key, MarketNames.code, line)
        .join(best, on=(best.c.market_key == MarketNames.id))
        .group_by(best.c.match_key, MarketNames.code, best.c.line_key)
        .having((fn.COUNT(best.c.implied) == whole) & (fn.SUM(best.c.implied) < winners))
        .limit(MOST)
    )


def _prices(matches: Iterable[int], at: datetime) -> "ModelSelect[LatestOdds]":
    home, away = Teams.alias(), Teams.alias()
    columns = (
        *(LatestOdds.match, MarketNames.code, LatestOdds.line, LatestOdds.outcome, Bookmakers.name),
        *(
            LatestOdds.odd_value,
            LatestOdds.scraped_at,
            LatestOdds.partial,
            LatestOdds.suspect,
            Leagues.sport,
            Leagues.id,
            Leagues.name,
        ),
        *(home.name, away.name, Matches.match_date, MarketNames.name, Matches.seen_at),
    )
    return (
        LatestOdds.select(*columns)
        .join_from(LatestOdds, MarketNames)
        .join_from(LatestOdds, Bookmakers)
        .join_from(LatestOdds, Matches)
        .join_from(Matches, Leagues)
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
        .where(LatestOdds.match.in_(list(matches)), _coming(at))
    )


def _before(matches: Collection[int]) -> "ModelSelect[LatestOdds]":
    """The price before the newest of each outcome, by the unique index of Odds."""
    odds = Odds.alias()
    same = (
        (odds.match == LatestOdds.match)
        & (odds.market == LatestOdds.market)
        & (odds.line == LatestOdds.line)
        & (odds.bookmaker == LatestOdds.bookmaker)
        & (odds.outcome == LatestOdds.outcome)
    )
    earlier = odds.select(odds.odd_value).where(same, odds.scraped_at < LatestOdds.scraped_at, odds.suspect.is_null())
    price = fn.COALESCE(earlier.order_by(odds.scraped_at.desc()).limit(1), None).converter(Odds.odd_value.python_value)
    columns = (LatestOdds.match, MarketNames.code, LatestOdds.line, Bookmakers.name, LatestOdds.outcome, price)
    query = LatestOdds.select(*columns).join_from(LatestOdds, MarketNames).join_from(LatestOdds, Bookmakers)
    return query.where(LatestOdds.match.in_(sorted(matches)))
