"""The analyst's table: the next matches of some leagues, the prices of bookmakers in columns, blanks where none is.

A price stands in it as long as it is of the bookmaker's newest book of that market, is no older than the newest of the
market by more than :data:`schema.payouts.FRESH`, is not in doubt (:mod:`schema.doubt`) and not from a list: where one
was read since, the book stands that was read before. All else is a blank, never a nought: an analyst sees at once who
does not quote what others do.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

from peewee import fn

from analytics.payout import Best, best_prices, market_trj
from schema.doubt import doubted
from schema.markets import Market
from schema.models import LatestOdds, Leagues, MarketNames, Matches, Odds, Teams
from schema.payouts import FRESH
from schema.prices import payout

COLUMNS = ("kickoff", "league", "match", "prices", "trj", "best", "market_trj")
"""What can be shown: of a match, of each bookmaker (prices, bookmaker TRJ), and of all that are shown together."""

MOST_BOOKMAKERS, MOST_LEAGUES, MOST_MATCHES = 40, 40, 50
"""Of one table; and so many matches of each league."""


@dataclass(frozen=True, slots=True)
class Layout:
    """``bookmakers``, ``leagues``: ids, in the order they are shown; ``matches``: so many of each league, the next."""

    market: Market
    bookmakers: tuple[int, ...]
    leagues: tuple[int, ...]
    matches: int
    columns: tuple[str, ...] = COLUMNS


@dataclass(frozen=True, slots=True)
class Line:
    """One match. ``books``: by bookmaker, its prices by outcome; one without any is absent.

    ``best``: of the bookmakers that are shown; ``market_trj``: of these best prices, percent, unrounded.
    """

    match: int
    league: int
    home: str
    away: str
    kickoff: datetime
    books: Mapping[int, Mapping[str, Decimal]]
    best: Mapping[str, Best]
    market_trj: Decimal | None

    def trj(self, bookmaker: int, market: Market) -> Decimal | None:
        """Bookmaker TRJ, percent, unrounded; ``None`` where an outcome has no price."""
        return payout(map(self.books.get(bookmaker, {}).get, market.outcomes), market.winners)


class _Price(NamedTuple):
    match: int
    bookmaker: int
    outcome: str
    price: Decimal
    scraped_at: datetime
    doubted: int


def lines(layout: Layout, now: datetime) -> list[Line]:
    """The table, league by league and by kick-off: three queries at most. :param now: naive UTC."""
    if not layout.leagues or not layout.bookmakers:
        return []
    matches = _next_matches(layout, now)
    prices = _prices(layout, [match[0] for match in matches]) if matches else []
    books = standing(prices)
    order = {league: place for place, league in enumerate(layout.leagues)}
    matches.sort(key=lambda match: (order[match[1]], match[4], match[0]))
    return [_line(match, books.get(match[0], {}), layout) for match in matches]


def standing(prices: Iterable[_Price]) -> dict[int, dict[int, dict[str, Decimal]]]:
    """By match and bookmaker the prices that still stand."""
    seen: defaultdict[int, dict[int, datetime]] = defaultdict(dict)
    prices = list(prices)
    for price in prices:
        of = seen[price.match]
        of[price.bookmaker] = max(price.scraped_at, of.get(price.bookmaker, price.scraped_at))
    books: defaultdict[int, defaultdict[int, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    for price in prices:
        newest = max(seen[price.match].values())
        is_newest_book = price.scraped_at == seen[price.match][price.bookmaker]
        if is_newest_book and newest - price.scraped_at <= FRESH and not price.doubted:
            books[price.match][price.bookmaker][price.outcome] = price.price
    return {match: dict(of) for match, of in books.items()}


def _line(match: Sequence[Any], books: Mapping[int, Mapping[str, Decimal]], layout: Layout) -> Line:
    shown = {bookmaker: books[bookmaker] for bookmaker in layout.bookmakers if bookmaker in books}
    best = best_prices({str(bookmaker): dict(prices) for bookmaker, prices in shown.items()}, layout.market)
    number, league, home, away, kickoff = match
    return Line(number, league, home, away, kickoff, shown, best, market_trj(best, layout.market))


# -- what the database is asked ----------------------------------------------------------------------------------------


def _next_matches(layout: Layout, now: datetime) -> list[tuple[Any, ...]]:
    """The first matches of each league that have not kicked off, by the index of league and kick-off."""
    place = fn.ROW_NUMBER().over(partition_by=[Matches.league], order_by=[Matches.match_date, Matches.id])
    coming = (
        Matches.select(Matches.id, place.alias("place"))
        .where(
            Matches.league.in_(layout.leagues),
            Matches.match_date >= now,
            Matches.status.not_in(("finished", "postponed")),
        )
        .alias("coming")
    )
    home, away = Teams.alias(), Teams.alias()
    query = (
        Matches.select(Matches.id, Matches.league, home.name, away.name, Matches.match_date)
        .join_from(Matches, coming, on=(Matches.id == coming.c.id))
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
        .where(coming.c.place <= layout.matches)
    )
    return list(query.tuples().execute())


def _prices(layout: Layout, matches: Sequence[int]) -> list[_Price]:
    """The newest price of each outcome of a book; where a list has told one since, it is looked up in the history."""
    markets = (
        MarketNames.select(MarketNames.id)
        .join(Leagues, on=(MarketNames.sport == Leagues.sport))
        .where(Leagues.id.in_(layout.leagues), MarketNames.code == layout.market.code)
    )
    these = (LatestOdds.match.in_(matches), LatestOdds.market.in_(markets), LatestOdds.line == 0)
    columns = (LatestOdds.match, LatestOdds.bookmaker, LatestOdds.outcome, LatestOdds.odd_value, LatestOdds.scraped_at)
    query = LatestOdds.select(*columns, doubted(LatestOdds), LatestOdds.partial).where(*these)
    rows = list(query.tuples().execute())
    listed = _behind_lists(these) if any(partial for *_, partial in rows) else []
    return [_Price(*row) for *row, partial in rows if not partial] + listed


def _behind_lists(these: Sequence[Any]) -> list[_Price]:
    """Of each outcome that a list told last the newest price of a book, if there is one: found by the unique index."""
    book = Odds.alias("book")
    same = reduce(
        and_,
        (
            getattr(book, name) == getattr(LatestOdds, name)
            for name in ("match", "market", "line", "bookmaker", "outcome")
        ),
    )
    of_books = book.select(book.id).where(same, book.partial == False)  # noqa: E712 - SQL's
    newest = of_books.order_by(book.scraped_at.desc()).limit(1)
    columns = (Odds.match, Odds.bookmaker, Odds.outcome, Odds.odd_value, Odds.scraped_at)
    query = (
        LatestOdds.select(*columns, doubted())
        .join_from(LatestOdds, Odds, on=(Odds.id == newest))
        .where(*these, LatestOdds.partial == True)  # noqa: E712 - SQL's
    )
    return [_Price(*row) for row in query.tuples().execute()]
