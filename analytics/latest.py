"""The latest prices of some matches, now or as they were known at an instant; what is best among them.

A *sheet* is one market and line of one match: every bookmaker's newest prices. Its period is how long its crawls lie
apart (:mod:`analytics.freshness`), a price is *stale* when older than twice that, and *withdrawn* when a newer book of
the same bookmaker has no such price any more (:func:`analytics.grid.standing`). A price is the best of its outcome
unless it is withdrawn, in doubt (:mod:`analytics.suspects`), or was left behind: stale already when the sheet's newest
price was seen.

*As of* an instant means what was known then: seen by then, and stored by then (:func:`schema.doubt.known`). Doubts are
judged by what was known then, too. Of what was replaced since, :class:`schema.models.ReplacedOdds` tells.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from peewee import JOIN, Case, Expression, Value, fn

from analytics.freshness import is_stale, period_of_gaps
from analytics.grid import standing
from analytics.payout import best_prices, market_trj
from schema.database import is_embedded
from schema.doubt import doubted, known
from schema.markets import MARKETS, Market
from schema.models import LatestOdds, Matches, Odds, Pages, ReplacedOdds

KEY = ("match", "market", "line", "bookmaker", "outcome")
FIRST_OUTCOMES = sorted({market.outcomes[0] for market in MARKETS.values()})

AT_ONCE = timedelta(minutes=2)
"""No transaction that stores takes longer."""

Position = tuple[int, int, Decimal, int, str]
"""What makes a price this one: match, market, line, bookmaker, outcome."""


class Price(NamedTuple):
    """One price. ``match``, ``market``, ``bookmaker``: ids; ``page``: the address it came from; ``stored_at``: since
    when it is known here, ``None`` where that was not kept yet.

    ``before``: when the bookmaker's price was seen the time before; of the first outcome of a market only, for a quote
    is seen whole. ``opening``: the first price that is known of it, where it was asked for. ``replaced``: another price
    of the same instant has taken its place since.
    """

    match: int
    market: int
    line: Decimal
    bookmaker: int
    outcome: str
    price: Decimal
    trj: Decimal | None
    published_trj: Decimal | None
    partial: bool
    scraped_at: datetime
    suspect: str | None
    doubted: bool
    page: str | None
    stored_at: datetime | None
    before: datetime | None
    opening: Decimal | None
    replaced: bool = False

    @property
    def position(self) -> Position:
        return self.match, self.market, self.line, self.bookmaker, self.outcome


@dataclass(frozen=True, slots=True)
class BestOffer:
    """The best price of one outcome. ``bookmakers``: ids; ``opening``: the best that those that count opened with;
    ``seen_at``: of the oldest of these prices, naive UTC.
    """

    outcome: str
    price: Decimal
    bookmakers: tuple[int, ...]
    seen_at: datetime
    opening: Decimal | None

    @property
    def alone(self) -> bool:
        return len(self.bookmakers) == 1

    @property
    def change(self) -> Decimal | None:
        """In percent of the opening, unrounded."""
        return None if self.opening is None else 100 * (self.price / self.opening - 1)


@dataclass(frozen=True)
class Sheet:
    """One market and line of one match. ``market_of``: what the market is; ``None``: nobody knows it any more."""

    match: int
    market: int
    line: Decimal
    prices: tuple[Price, ...]
    market_of: Market | None

    @cached_property
    def period(self) -> timedelta:
        """How long its crawls lie apart."""
        return period_of_gaps(price.scraped_at - price.before for price in self.prices if price.before is not None)

    @cached_property
    def standing(self) -> tuple[Price, ...]:
        """The prices that still hold."""
        return tuple(standing(self.prices))

    @cached_property
    def newest(self) -> datetime:
        return max(price.scraped_at for price in self.prices)

    def is_stale(self, price: Price, now: datetime) -> bool:
        return is_stale(price.scraped_at, now, self.period)

    @cached_property
    def counting(self) -> tuple[Price, ...]:
        """The prices that may be best."""
        return tuple(price for price in self.standing if not price.doubted and not self.is_stale(price, self.newest))

    @cached_property
    def best(self) -> dict[str, BestOffer]:
        """By outcome, in the market's order; one without any price is absent."""
        if self.market_of is None:
            return {}
        by_outcome: defaultdict[str, list[Price]] = defaultdict(list)
        for price in self.counting:
            by_outcome[price.outcome].append(price)
        return {outcome: _best(by_outcome[outcome]) for outcome in self.market_of.outcomes if outcome in by_outcome}

    @cached_property
    def trj(self) -> Decimal | None:
        """Market TRJ, percent, unrounded; ``None`` while an outcome has no price."""
        if self.market_of is None:
            return None
        books: defaultdict[str, dict[str, Decimal | None]] = defaultdict(dict)
        for price in self.counting:
            books[str(price.bookmaker)][price.outcome] = price.price
        return market_trj(best_prices(books, self.market_of), self.market_of)


def _best(prices: Sequence[Price]) -> BestOffer:
    highest = max(price.price for price in prices)
    those = [price for price in prices if price.price == highest]
    return BestOffer(
        outcome=those[0].outcome,
        price=highest,
        bookmakers=tuple(sorted({price.bookmaker for price in those})),
        seen_at=min(price.scraped_at for price in those),
        opening=max((price.opening for price in prices if price.opening is not None), default=None),
    )


def sheets(prices: Iterable[Price], markets: Mapping[int, Market]) -> Iterator[Sheet]:
    """All prices of some matches by match, market and line. :param markets: what is known of them, by id."""
    ordered = sorted(prices, key=attrgetter("match", "market", "line"))
    for (match, market, line), those in groupby(ordered, key=attrgetter("match", "market", "line")):
        yield Sheet(match, market, line, tuple(those), markets.get(market))


# -- what the database is asked ----------------------------------------------------------------------------------------


def latest(
    matches: Collection[int],
    *,
    markets: Collection[int] = (),
    line: Decimal | None = None,
    as_of: datetime | None = None,
    openings: bool = False,
) -> list[Price]:
    """The newest price of each outcome at each bookmaker, by :attr:`Price.position`.

    One query. It takes as long as these matches have prices: some hundred each.

    :param markets: ids; of all where there is none. :param as_of: naive UTC. :param openings: tell those, too.
    """
    if not matches:
        return []
    if as_of is None:
        return _prices(*_now(matches, markets, line, openings=openings))
    narrow = _narrow(matches, markets, line)
    both = _then(narrow, as_of, openings=openings) + _replaced(matches, markets, line, as_of)
    found: dict[Position, Price] = {}
    for price in sorted(_read(both), key=lambda each: (each.replaced, each.scraped_at, -each.price)):
        other = found.get(price.position)
        if not price.replaced:
            found[price.position] = price
        elif other is None or other.scraped_at < price.scraped_at:
            found[price.position] = price._replace(
                before=other and other.before, opening=(other and other.opening) or (price.price if openings else None)
            )
    return [found[position] for position in sorted(found)]


def _narrow(matches: Collection[int], markets: Collection[int], line: Decimal | None) -> list[Expression]:
    narrow = [LatestOdds.match.in_(sorted(matches))]
    if markets:
        narrow.append(LatestOdds.market.in_(sorted(markets)))
    if line is not None:
        narrow.append(LatestOdds.line == line)
    return narrow


def _read(query: Any) -> list[Price]:
    return _prices(*query.bind(_database()).sql())


def _prices(statement: str, values: Sequence[Any]) -> list[Price]:
    """Past Peewee's own reading of rows, which takes longer than the database."""
    rows = _database().execute_sql(statement, values).fetchall()
    if not rows or isinstance(rows[0][9], datetime):
        return [Price(*row) for row in rows]
    return [Price(*(read(value) for read, value in zip(_READERS, row, strict=False))) for row in rows]


def _number(value: Any) -> Any:
    return value


_PRICE, _CENTS, _INSTANT = Odds.odd_value.python_value, Odds.trj.python_value, Odds.scraped_at.python_value
_READERS: Sequence[Any] = (
    *(_number, _number, _CENTS, _number, _number, _PRICE, _CENTS, _CENTS, bool),
    *(_INSTANT, _number, bool, _number, _INSTANT, _INSTANT, _PRICE, bool),
)
"""SQLite has text for instants, and numbers for decimals."""


def _database() -> Any:
    return Odds._meta.database.obj  # noqa: SLF001 - Peewee has no other word for it


def _now(
    matches: Collection[int], markets: Collection[int], line: Decimal | None, *, openings: bool
) -> tuple[str, Sequence[Any]]:
    """The statement and its values."""
    shape = (len(matches), len(markets), line is not None, openings)
    statement, values = _written(is_embedded(_database()), *shape)
    narrow = [*sorted(matches), *sorted(markets), *(() if line is None else (LatestOdds.line.db_value(line),))]
    return statement, [*values, *narrow]


@lru_cache(maxsize=500)
def _written(_embedded: bool, matches: int, markets: int, lined: bool, openings: bool) -> tuple[str, Sequence[Any]]:
    """The statement for so many of each, and the values before those that narrow it, which stand last.

    To write one takes Peewee as long as it takes a server to answer it.
    """
    query = _latest_of(_narrow(range(matches), range(markets), Decimal(0) if lined else None), openings=openings)
    statement, values = query.bind(_database()).sql()
    return statement, values[: len(values) - matches - markets - lined]


def _latest_of(narrow: Sequence[Expression], *, openings: bool) -> Any:
    query = LatestOdds.select(
        *(*_columns(LatestOdds), doubted(LatestOdds), Pages.url, LatestOdds.stored_at),
        *_ends(LatestOdds, None, openings=openings),
    )
    query = query.join_from(LatestOdds, Pages, JOIN.LEFT_OUTER, on=(Pages.id == LatestOdds.page))
    return query.where(*narrow).order_by(*_position(LatestOdds))


def _then(narrow: Sequence[Expression], at: datetime, *, openings: bool) -> Any:
    """By the series that LatestOdds has, which are all there ever were: each one's newest that was known."""
    odds, price = Odds.alias("then"), Odds.alias("price")
    newest = odds.select(odds.id).where(_same(odds, LatestOdds), known(odds, at))
    newest = newest.order_by(odds.scraped_at.desc()).limit(1)
    query = LatestOdds.select(
        *(*_columns(price), doubted(price, known_at=at), Pages.url, price.stored_at),
        *(*_ends(price, at, openings=openings), Value(0)),
    )
    query = query.join_from(LatestOdds, price, JOIN.INNER, on=(price.id == newest))
    query = query.join_from(price, Pages, JOIN.LEFT_OUTER, on=(Pages.id == price.page))
    return query.where(*narrow)


def _replaced(matches: Collection[int], markets: Collection[int], line: Decimal | None, at: datetime) -> Any:
    one = ReplacedOdds
    query = one.select(*_columns(one), doubted(one, known_at=at), Pages.url, one.stored_at, None, None, Value(1))
    query = query.join_from(one, Pages, JOIN.LEFT_OUTER, on=(Pages.id == one.page))
    query = query.where(one.match.in_(sorted(matches)), known(one, at))
    if markets:
        query = query.where(one.market.in_(sorted(markets)))
    if line is not None:
        query = query.where(one.line == line)
    return query.order_by(one.scraped_at, one.odd_value.desc(), one.partial)  # of one instant the first stays


def _columns(table: Any) -> Sequence[Any]:
    return (
        *(getattr(table, name) for name in KEY),
        *(table.odd_value, table.trj, table.published_trj, table.partial, table.scraped_at, table.suspect),
    )


def _ends(table: Any, at: datetime | None, *, openings: bool) -> Sequence[Any]:
    """When the time before was, and the opening price, each by the unique index of Odds."""
    odds = Odds.alias("end")
    seen = odds.select(odds.scraped_at).where(_same(odds, table), odds.scraped_at < table.scraped_at)
    first = odds.select(odds.odd_value).where(_same(odds, table), odds.suspect.is_null())
    if at is not None:
        seen, first = seen.where(known(odds, at)), first.where(known(odds, at))
    before = Case(None, ((table.outcome.in_(FIRST_OUTCOMES), seen.order_by(odds.scraped_at.desc()).limit(1)),), None)
    return before, first.order_by(odds.scraped_at).limit(1) if openings else None


def _same(odds: Any, table: Any) -> Expression:
    same: Expression = (odds.match == table.match) & (odds.market == table.market)
    for name in KEY[2:]:
        same &= getattr(odds, name) == getattr(table, name)
    return same


def _position(table: Any) -> Sequence[Any]:
    return [getattr(table, name) for name in KEY]


# -- what has changed --------------------------------------------------------------------------------------------------


def first_stored(since: datetime) -> int:
    """An id of Odds before which nothing was stored at ``since`` (naive UTC) or later, and not long before.

    Ids rise as rows are stored: two thousand of them, evenly apart, are looked at in one query. What two writers store
    at once may be out of order, hence :data:`AT_ONCE`; and an id that is gone tells nothing, which does no harm.
    """
    found = (
        _database()
        .execute_sql(
            f"""
        WITH RECURSIVE
            few (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM few WHERE k < 63),
            ends (low, high) AS (SELECT MIN(id), MAX(id) FROM Odds)
        SELECT COALESCE(MAX(o.id), 0)
        FROM ends CROSS JOIN few a CROSS JOIN few b
        JOIN Odds o ON o.id = ends.low + (((ends.high - ends.low) * (a.k * 32 + b.k)) >> 11)
        WHERE b.k < 32 AND COALESCE(o.stored_at, o.scraped_at) < {_database().param}
        """,  # noqa: S608 - names of our own
            (str(since - AT_ONCE),),
        )
        .fetchone()
    )
    return int(found[0])


def stored_from(first: int) -> Expression:
    """Whether anything was stored of a match since that row of Odds: a condition on Matches."""
    those = Odds.select(Odds.match.alias("match_key")).where(Odds.id >= first).distinct().alias("stored")
    some: Expression = Matches.id.in_(those.select_from(those.c.match_key))  # found once, not anew for each match
    return some


def first_known(matches: Collection[int]) -> datetime | None:
    """When the first price of these matches was known, naive UTC; ``None``: there is none. One query."""
    when = Case(None, ((Odds.stored_at > Odds.scraped_at, Odds.stored_at),), Odds.scraped_at)
    first = fn.MIN(when).converter(Odds.scraped_at.python_value)
    found: datetime | None = Odds.select(first).where(Odds.match.in_(sorted(matches))).scalar()
    return found
