"""The board of a run: every match it read, the best price of each outcome, who offers it, and what moved.

What moved is told against the previous observation: what the last earlier run saw of the same market of the same match.
A match that nobody had seen before has none.

A price in doubt (:mod:`analytics.suspects`) is no best price, neither now nor before; the row says which it left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import ModelSelect, fn

from analytics.payout import Best, best_prices, market_trj
from analytics.suspects import doubted
from schema.markets import MARKETS, Market
from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Runs, Teams
from schema.names import name_key


@dataclass(frozen=True, slots=True)
class Offer:
    """The best price of one outcome now, and the best at the previous observation (``None``: there was none)."""

    best: Best
    before: Decimal | None

    @property
    def moved(self) -> bool:
        """Whether it is another price than before."""
        return self.before is not None and self.before != self.best.price


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is in doubt of one bookmaker's quote: prices by outcome, in the market's order, and the rule they break."""

    bookmaker: str
    rule: str
    prices: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One market of one match.

    :ivar title: the market as people call it; :ivar kickoff: naive UTC, ``None`` where nobody said.
    :ivar line: handicap or total, 0 in markets without one.
    :ivar offers: by outcome, in the market's order; an outcome nobody prices is absent.
    :ivar trj: market TRJ in percent, unrounded; ``None`` while an outcome has no price.
    :ivar bookmakers: how many price it; ``None`` where only a list was read, which names those with a best price.
    :ivar left_out: the quotes with a price in doubt, which is not among the best, by name of the bookmaker.
    """

    match_id: int
    league: str
    home: str
    away: str
    kickoff: datetime | None
    market: Market
    title: str
    line: Decimal
    offers: Mapping[str, Offer]
    trj: Decimal | None
    bookmakers: int | None
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """The rows by market, then kick-off; ``since``: naive UTC, the newest of the previous observations."""

    rows: tuple[Row, ...]
    since: datetime | None

    @property
    def compared(self) -> int:
        """How many best prices have one before."""
        return sum(offer.before is not None for row in self.rows for offer in row.offers.values())

    @property
    def left_out(self) -> int:
        """How many quotes have a price that is in doubt."""
        return sum(len(row.left_out) for row in self.rows)

    @property
    def moved(self) -> int:
        """How many of these are another price now."""
        return sum(offer.moved for row in self.rows for offer in row.offers.values())


class _Observed(NamedTuple):
    """What a run sees: a market of a match."""

    match_id: int
    market: str
    line: Decimal


class _Price(NamedTuple):
    """One row of Odds, with the names of all it refers to."""

    match_id: int
    market: str
    title: str
    line: Decimal
    bookmaker: str
    outcome: str
    price: Decimal
    partial: bool
    scraped_at: datetime
    suspect: str | None
    doubted: int
    league: str
    home: str
    away: str
    kickoff: datetime | None


def board(run: Runs, *, complete_only: bool = False) -> Board:
    """The board of a run: two queries.

    :param complete_only: leave out bookmakers that do not price every outcome, see :mod:`analytics.payout`.
    """
    found = list(_read(_prices().where(Odds.run == run)))
    if not found:
        return Board((), None)
    now = _last_seen(found)
    started = min(price.scraped_at for price in found)
    before = _last_seen(_read(_prices_before(started, {observed.match_id for observed in now})))
    rows = [_row(prices, before.get(observed, ()), complete_only=complete_only) for observed, prices in now.items()]
    former = (price for observed, prices in before.items() if observed in now for price in prices)
    since = max((price.scraped_at for price in former), default=None)
    return Board(tuple(sorted(rows, key=_order)), since)


NEWEST_FIRST = (Runs.started_at.desc(), Runs.id.desc())
"""The order of runs. Their ids tell little of it: of runs that were first met in one batch the ids follow no time.

A run that has not reported yet, of which nobody knows when it started, comes last on both kinds of database.
"""


def newest_run(league: Leagues) -> Runs | None:
    """The run that saw a match of ``league`` last; ``None`` where no run has.

    The matches are asked one by one, the last seen first: those seen before the newest price so far cannot have a newer
    one, so that a long history is not read. Prices of no run may have come since: they are another producer's.
    """
    matches = Matches.select().where(Matches.league == league).order_by(Matches.seen_at.desc())
    newest: Odds | None = None
    for match in matches:
        if newest is not None and match.seen_at <= newest.scraped_at:
            break
        prices = Odds.select(Odds.run, Odds.scraped_at).where(Odds.match == match, Odds.run.is_null(False))
        found = prices.order_by(Odds.scraped_at.desc()).first()
        if found is not None and (newest is None or found.scraped_at > newest.scraped_at):
            newest = found
    return None if newest is None else newest.run


def _row(now: Sequence[_Price], before: Sequence[_Price], *, complete_only: bool) -> Row:
    seen, market = now[0], MARKETS[now[0].market]
    best = best_prices(_books(_undoubted(now)), market, complete_only=complete_only)
    earlier = best_prices(_books(_undoubted(before)), market, complete_only=complete_only)
    return Row(
        match_id=seen.match_id,
        league=seen.league,
        home=seen.home,
        away=seen.away,
        kickoff=seen.kickoff,
        market=market,
        title=seen.title,
        line=seen.line,
        offers={
            outcome: Offer(found, earlier[outcome].price if outcome in earlier else None)
            for outcome, found in best.items()
        },
        trj=market_trj(best, market),
        bookmakers=None if all(price.partial for price in now) else len(_books(now)),
        left_out=tuple(_left_out(now, market)),
    )


def _undoubted(prices: Iterable[_Price]) -> list[_Price]:
    return [price for price in prices if not price.doubted]


def _left_out(prices: Iterable[_Price], market: Market) -> Iterator[LeftOut]:
    by_bookmaker: defaultdict[str, dict[str, _Price]] = defaultdict(dict)
    for price in prices:
        if price.doubted:
            by_bookmaker[price.bookmaker][price.outcome] = price
    for bookmaker in sorted(by_bookmaker, key=name_key):
        found = by_bookmaker[bookmaker]
        rule = next(price.suspect or "" for price in found.values())
        in_order = {outcome: found[outcome].price for outcome in market.outcomes if outcome in found}
        yield LeftOut(bookmaker, rule, in_order)


def _order(row: Row) -> tuple[Any, ...]:
    return list(MARKETS).index(row.market.code), row.kickoff or datetime.max, row.home, row.match_id, row.line  # noqa: DTZ901


def _books(prices: Iterable[_Price]) -> dict[str, dict[str, Decimal | None]]:
    books: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
    for price in prices:
        books[price.bookmaker][price.outcome] = price.price
    return books


def _last_seen(prices: Iterable[_Price]) -> dict[_Observed, list[_Price]]:
    """Of each market of each match what a run saw last."""
    seen: defaultdict[_Observed, list[_Price]] = defaultdict(list)
    for price in prices:
        seen[_Observed(price.match_id, price.market, price.line)].append(price)
    return {observed: _standing(found) for observed, found in seen.items()}


def _standing(prices: Sequence[_Price]) -> list[_Price]:
    """Each bookmaker's newest book; what the newest list shows, of bookmakers without any.

    A list says nothing of the prices it does not show, and bookmakers need not be read at one instant: neither takes
    another bookmaker's book off the board.
    """
    books: dict[str, datetime] = {}
    for price in prices:
        if not price.partial:
            books[price.bookmaker] = max(price.scraped_at, books.get(price.bookmaker, price.scraped_at))
    listed = max((price.scraped_at for price in prices if price.partial), default=None)
    return [
        price
        for price in prices
        if price.scraped_at == books.get(price.bookmaker, listed) and price.partial == (price.bookmaker not in books)
    ]


# -- what the database is asked ----------------------------------------------------------------------------------------


def _prices() -> "ModelSelect[Odds]":
    """Every price, its columns those of :class:`_Price`."""
    home, away = Teams.alias(), Teams.alias()
    columns = (
        Odds.match,
        MarketNames.code,
        MarketNames.name,
        Odds.line,
        Bookmakers.name,
        Odds.outcome,
        Odds.odd_value,
        Odds.partial,
        Odds.scraped_at,
        Odds.suspect,
        doubted(),
        Leagues.name,
        home.name,
        away.name,
        Matches.match_date,
    )
    return (
        Odds.select(*columns)
        .join_from(Odds, MarketNames)
        .join_from(Odds, Bookmakers)
        .join_from(Odds, Matches)
        .join_from(Matches, Leagues)
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
    )


def _prices_before(started: datetime, matches: Collection[int]) -> "ModelSelect[Odds]":
    """The prices that the last run before ``started`` saw of each market of these matches.

    Prices of no run are left out: such messages come one by one, and one bookmaker's is no observation of a market.
    """
    last = _last_run_before(started, matches)
    same = (
        (Odds.match == last.c.match_id)
        & (Odds.market == last.c.market_id)
        & (Odds.line == last.c.line)
        & (Odds.run == last.c.run_id)
    )
    return _prices().join_from(Odds, last, on=same).where(Odds.scraped_at < started)


def _last_run_before(started: datetime, matches: Collection[int]) -> "ModelSelect[Odds]":
    """Each market of these matches with the run that saw it last before ``started``."""
    earlier = Odds.alias()
    last = (
        earlier.select(earlier.match, earlier.market, earlier.line, fn.MAX(earlier.scraped_at).alias("seen_at"))
        .where(earlier.match.in_(matches), earlier.scraped_at < started, earlier.run.is_null(False))
        .group_by(earlier.match, earlier.market, earlier.line)
        .alias("last")
    )
    seen = Odds.alias()
    same = (
        (seen.match == last.c.match_id)
        & (seen.market == last.c.market_id)
        & (seen.line == last.c.line)
        & (seen.scraped_at == last.c.seen_at)
    )
    runs = seen.select(seen.match, seen.market, seen.line, seen.run).join(last, on=same)
    return runs.where(seen.run.is_null(False)).distinct().alias("last_run")


def _read(query: "ModelSelect[Odds]") -> Iterable[_Price]:
    return (_Price(*row) for row in query.tuples().execute())
