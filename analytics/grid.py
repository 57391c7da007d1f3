"""The grid of one market of one match: what each bookmaker offers for each outcome now, and how it came there.

*Now* is the newest observation. A bookmaker's newest book takes its older prices off the grid, and what only a list
told stands until the next list (as on the board of a run, :mod:`analytics.board`). A price is the best of its outcome
unless it is in doubt (:mod:`analytics.suspects`) or was left behind: older than twice the period of the crawls
(:mod:`analytics.freshness`) when the newest was seen. Both are shown, and said to be so.

A change is the next *other* price of the same bookmaker; a price in doubt is no part of that history.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple, Protocol, TypeVar

from peewee import ModelSelect, fn

from analytics.freshness import is_stale, period_of
from analytics.payout import Best, best_prices, market_trj
from analytics.suspects import doubted
from schema.markets import MARKETS, Market
from schema.models import Bookmakers, LatestOdds, MarketNames, Odds
from schema.names import name_key
from schema.prices import payout

LONGEST_HISTORY = 20_000
"""Observations of one market of one match that are read, the newest: ten times what a busy week leaves."""


class Observation(NamedTuple):
    """One row of Odds, of one market and line of one match. ``run``: its crawl's id, ``None`` for other producers."""

    id: int
    bookmaker: str
    outcome: str
    price: Decimal
    scraped_at: datetime
    partial: bool
    suspect: str | None
    doubted: bool
    run: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A bookmaker's price of one outcome now.

    :ivar id: of its row in Odds; :ivar seen_at: naive UTC.
    :ivar opening: the first price that is known, seen at ``opened_at``.
    :ivar previous: the price before the last change, which was seen at ``changed_at``; ``None``: it never changed.
    :ivar best: whether it is the best of its outcome (others may be too).
    :ivar doubt: the rule it breaks, ``None`` where nothing speaks against it.
    :ivar left_behind: whether crawls since have not seen it.
    """

    id: int
    price: Decimal
    seen_at: datetime
    opening: Decimal
    opened_at: datetime
    previous: Decimal | None
    changed_at: datetime | None
    best: bool = False
    doubt: str | None = None
    left_behind: bool = False

    @property
    def counts(self) -> bool:
        """Whether it may be the best: nothing speaks against it, and it was not left behind."""
        return self.doubt is None and not self.left_behind

    @property
    def change(self) -> Decimal | None:
        """By how much it last changed."""
        return None if self.previous is None else self.price - self.previous


@dataclass(frozen=True, slots=True)
class Book:
    """A bookmaker's cells by outcome. ``trj``: bookmaker TRJ, percent, ``None`` while an outcome has no price."""

    bookmaker: str
    cells: Mapping[str, Cell]
    trj: Decimal | None

    @property
    def seen_at(self) -> datetime:
        """When the newest of its prices was seen."""
        return max(cell.seen_at for cell in self.cells.values())

    @property
    def counts(self) -> bool:
        """Whether all of its prices do."""
        return all(cell.counts for cell in self.cells.values())


@dataclass(frozen=True, slots=True)
class Change:
    """One bookmaker's price of one outcome became another; ``seen_at``: when the new one was first seen."""

    seen_at: datetime
    bookmaker: str
    outcome: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One market of one match.

    :ivar books: by name of the bookmaker; :ivar best: by outcome, one without any price is absent.
    :ivar trj: market TRJ, percent, unrounded; ``None`` while an outcome has no price.
    :ivar changes: the newest first; :ivar period: of the crawls; :ivar crawls: when each of them looked, rising.
    """

    market: Market
    books: tuple[Book, ...]
    best: Mapping[str, Best]
    trj: Decimal | None
    changes: tuple[Change, ...]
    period: timedelta
    crawls: tuple[datetime, ...]

    @property
    def seen_at(self) -> datetime | None:
        """When the newest price was seen; ``None`` where there is none."""
        return max((book.seen_at for book in self.books), default=None)

    def is_stale(self, seen_at: datetime, now: datetime) -> bool:
        """Whether a price seen then should have been seen again by now."""
        return is_stale(seen_at, now, self.period)


def grid(history: Iterable[Observation], market: Market, period: timedelta | None = None) -> Grid:
    """The grid that this history of one market leads to; its order does not matter.

    :param period: of the crawls, where the history is too short to tell.
    """
    rows = sorted(history, key=lambda row: (row.bookmaker, row.outcome, row.scraped_at, row.id))
    lines = {key: list(found) for key, found in groupby(rows, key=lambda row: (row.bookmaker, row.outcome))}
    crawls = _crawls(rows)
    period = period or period_of(crawls)
    newest = max((row.scraped_at for row in rows), default=None)
    books: defaultdict[str, dict[str, Cell]] = defaultdict(dict)
    changes: list[Change] = []
    for now in standing([line[-1] for line in lines.values()]):
        line = lines[now.bookmaker, now.outcome]
        assert newest is not None
        left_behind = is_stale(now.scraped_at, newest, period)
        books[now.bookmaker][now.outcome] = _cell(now, line, left_behind=left_behind)
    for line in lines.values():
        changes += _changes(line)
    return _with_best(books, market, changes, period, crawls)


class Newest(Protocol):
    """What tells whether a price still holds."""

    @property
    def bookmaker(self) -> object: ...
    @property
    def partial(self) -> bool: ...
    @property
    def scraped_at(self) -> datetime: ...


AnyNewest = TypeVar("AnyNewest", bound=Newest)


def standing(newest: Sequence[AnyNewest]) -> list[AnyNewest]:
    """Of the newest observation of each outcome of each bookmaker those that still hold.

    A book of yesterday without a price for the draw says that the older price for the draw is gone.
    """
    books: dict[object, datetime] = {}
    for row in newest:
        if not row.partial:
            books[row.bookmaker] = max(row.scraped_at, books.get(row.bookmaker, row.scraped_at))
    listed = max((row.scraped_at for row in newest if row.partial), default=None)
    since = {row.bookmaker: books.get(row.bookmaker, listed) for row in newest}
    return [row for row in newest if (at := since[row.bookmaker]) is not None and row.scraped_at >= at]


def steps(
    history: Iterable[Observation], outcome: str, *, since: datetime | None = None
) -> tuple[list[datetime], dict[str, list[Decimal | None]]]:
    """The price of one outcome at each bookmaker over time: rising instants, a price for each, ``None``: as before.

    Only instants at which a price changed, the first and the last are kept. What held at ``since`` stands there.
    A price in doubt is left out.
    """
    seen: defaultdict[datetime, dict[str, Decimal]] = defaultdict(dict)
    for row in history:
        if row.outcome == outcome and not row.doubted:
            seen[row.scraped_at][row.bookmaker] = row.price
    names = sorted({name for prices in seen.values() for name in prices}, key=name_key)
    held: dict[str, Decimal] = {}
    kept: list[tuple[datetime, dict[str, Decimal]]] = []
    instants = sorted(seen)
    for at in instants:
        moved = {name: price for name, price in seen[at].items() if held.get(name) != price}
        held |= moved
        if since is not None and at <= since:
            kept = [(since, dict(held))]
        elif moved or at == instants[-1]:
            kept.append((at, moved))
    return [at for at, _ in kept], {name: [moved.get(name) for _, moved in kept] for name in names}


def _crawls(rows: Iterable[Observation]) -> tuple[datetime, ...]:
    """When each crawl first saw this market; what came without one counts by its instant."""
    first: dict[object, datetime] = {}
    for row in rows:
        crawl = row.scraped_at if row.run is None else row.run
        first[crawl] = min(row.scraped_at, first.get(crawl, row.scraped_at))
    return tuple(sorted(set(first.values())))


def _cell(now: Observation, line: Sequence[Observation], *, left_behind: bool) -> Cell:
    undoubted = [row for row in line if not row.doubted or row is now]
    prices = [next(same) for _, same in groupby(undoubted, key=lambda row: row.price)]
    opening, last = prices[0], prices[-1]
    return Cell(
        id=now.id,
        price=now.price,
        seen_at=now.scraped_at,
        opening=opening.price,
        opened_at=opening.scraped_at,
        previous=prices[-2].price if len(prices) > 1 else None,
        changed_at=last.scraped_at if len(prices) > 1 else None,
        doubt=now.suspect if now.doubted else None,
        left_behind=left_behind,
    )


def _changes(line: Sequence[Observation]) -> Iterator[Change]:
    before: Observation | None = None
    for row in line:
        if row.doubted:
            continue
        if before is not None and row.price != before.price:
            yield Change(row.scraped_at, row.bookmaker, row.outcome, before.price, row.price)
        before = row


def _newest_first(changes: Iterable[Change], market: Market) -> list[Change]:
    """Those of one instant by bookmaker, in the market's order."""
    order = {outcome: number for number, outcome in enumerate(market.outcomes)}
    named = sorted(changes, key=lambda change: (name_key(change.bookmaker), order.get(change.outcome, len(order))))
    return sorted(named, key=lambda change: change.seen_at, reverse=True)


def _with_best(
    books: Mapping[str, Mapping[str, Cell]],
    market: Market,
    changes: Sequence[Change],
    period: timedelta,
    crawls: tuple[datetime, ...],
) -> Grid:
    counted = {
        name: {outcome: cell.price if cell.counts else None for outcome, cell in cells.items()}
        for name, cells in books.items()
    }
    best = best_prices(counted, market)
    return Grid(
        market=market,
        books=tuple(_book(name, books[name], market, best) for name in sorted(books, key=name_key)),
        best=best,
        trj=market_trj(best, market),
        changes=tuple(_newest_first(changes, market)),
        period=period,
        crawls=crawls,
    )


def _book(name: str, cells: Mapping[str, Cell], market: Market, best: Mapping[str, Best]) -> Book:
    marked = {
        outcome: replace(cells[outcome], best=True)
        if outcome in best and name in best[outcome].bookmakers
        else cells[outcome]
        for outcome in market.outcomes
        if outcome in cells
    }
    prices = (marked[outcome].price if outcome in marked else None for outcome in market.outcomes)
    return Book(name, marked, payout(prices, market.winners))


# -- what the database is asked ----------------------------------------------------------------------------------------


class Sheet(NamedTuple):
    """One market and line of a match that somebody prices: a tab."""

    market: str
    title: str
    line: Decimal
    bookmakers: int


def sheets(match: int) -> list[Sheet]:
    """The markets and lines of a match, in the order of :data:`schema.markets.MARKETS`, then by line. One query."""
    query = (
        LatestOdds.select(
            MarketNames.code, MarketNames.name, LatestOdds.line, fn.COUNT(LatestOdds.bookmaker.distinct())
        )
        .join(MarketNames)
        .where(LatestOdds.match == match)
        .group_by(MarketNames.code, MarketNames.name, LatestOdds.line)
    )
    found = [Sheet(*row) for row in query.tuples().execute()]
    order = list(MARKETS)
    return sorted(
        (sheet for sheet in found if sheet.market in MARKETS), key=lambda one: (order.index(one.market), one.line)
    )


def history(match: int, market: str, line: Decimal, *, limit: int = LONGEST_HISTORY) -> list[Observation]:
    """The newest ``limit`` observations of one market and line of a match, the newest first. One query."""
    return [
        Observation(number, bookmaker, outcome, price, at, bool(partial), suspect, bool(doubted), run)
        for number, bookmaker, outcome, price, at, partial, suspect, doubted, run in _history(match, market, line)
        .limit(limit)
        .tuples()
        .execute()
    ]


def _history(match: int, market: str, line: Decimal) -> "ModelSelect[Odds]":
    columns = (
        Odds.id,
        Bookmakers.name,
        Odds.outcome,
        Odds.odd_value,
        Odds.scraped_at,
        Odds.partial,
        Odds.suspect,
        doubted(),
        Odds.run,
    )
    query = Odds.select(*columns).join_from(Odds, Bookmakers).join_from(Odds, MarketNames)
    return query.where(Odds.match == match, MarketNames.code == market, Odds.line == line).order_by(
        Odds.scraped_at.desc(), Odds.id.desc()
    )
