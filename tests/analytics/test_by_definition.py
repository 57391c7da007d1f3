"""Every figure of a random history, against what plain Odds say: read whole, told the long way, nothing remembered.

Messages come in any order, some twice, with lists, prices in doubt and kick-offs that move; the tally goes on between;
half way two bookmakers and some teams turn out to be one.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

import pytest
from peewee import Database

from analytics import benchmark, gig, layout
from analytics.finding import Wanted, glances, meetings
from analytics.grid import grid, history
from analytics.movements import TOLD, Tick, candidates, movement, verified
from analytics.pulse import pulse
from analytics.surebets import surebets
from schema.database import begin_writing
from schema.instants import naive, to_paris
from schema.markets import MARKETS
from schema.merging import merge_bookmakers, merge_teams
from schema.messages import OddsItem
from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Teams
from schema.tally import Tally
from tests.schema.letters import NOON, prices, quote

Put = Callable[..., None]
BOOKS = ("Alpha", "Alpha Sport", "Winamax", "Unibet", "PMU", "ZEbet")
MARKET = MARKETS["1X2"]
NOW = naive(NOON) + timedelta(hours=3)
SINCE = NOW - timedelta(hours=23)
HOUR = timedelta(hours=1)


class Row(NamedTuple):
    match: int
    bookmaker: str
    outcome: str
    price: Decimal
    at: datetime
    partial: bool
    suspect: str | None
    run: int | None

    @property
    def series(self) -> tuple[int, str, str]:
        return self[:3]


# -- a history ---------------------------------------------------------------------------------------------------------


def told(chance: random.Random) -> Iterator[OddsItem]:
    for number in range(6):
        kickoff = NOON + timedelta(hours=chance.choice((-30, -3, 2, 5, 30, 50)))
        named = chance.random() < 0.3
        for run in range(6):
            for bookmaker in BOOKS:
                if chance.random() < 0.65:
                    yield from _told(chance, number, run, bookmaker, kickoff, named=named)


def _told(
    chance: random.Random, number: int, run: int, bookmaker: str, kickoff: datetime, *, named: bool
) -> Iterator[OddsItem]:
    seconds = 3600 * (run * chance.choice((6, 7, 7)) - 36) + chance.choice((0, 0, 30, 3600))
    partial = chance.random() < 0.15
    said = [
        chance.choice(some) for some in (("1.80", "1.85", "2.00", "2.4"), ("3.2", "3.4", "4.2"), ("3.5", "3.9", "4"))
    ]
    lacks = [chance.random() < (0.6 if partial else 0.04) for _ in said]
    if not all(lacks):
        yield quote(
            seconds,
            bookmaker=bookmaker,
            prices=prices(*(None if missing else price for price, missing in zip(said, lacks, strict=True))),
            partial=partial,
            suspect="far-from-panel" if not partial and chance.random() < 0.06 else None,
            match_id=None if named else str(number),
            home=f"{'HH' if named and chance.random() < 0.2 else 'H'}{number}",
            away=f"A{number}",
            league=("Ligue 1", "Liga")[number % 2],
            kickoff=kickoff if named or chance.random() < 0.9 else kickoff + HOUR,
            run_id=f"run-{run}-{number}",
            published_trj=None,
        )


def live(store: Put, chance: random.Random) -> None:
    database: Database = Odds._meta.database.obj
    messages = list(told(chance))
    chance.shuffle(messages)
    tally, half, start = Tally(database), len(messages) // 2, 0
    while start < len(messages):
        some = messages[start : start + chance.randint(1, 60)]
        store(*some, *chance.sample(messages[:start], min(start, 3)))
        if start < half <= start + len(some):
            merge(database)
        start += len(some)
        if chance.random() < 0.4:
            tally.step()
    tally.run()


def merge(database: Database) -> None:
    books, teams = ({row.name: row.id for row in table.select()} for table in (Bookmakers, Teams))
    with database.transaction(begin_writing(database)):
        merge_bookmakers(database, books["Alpha"], books["Alpha Sport"])
        for name in teams:
            if name.startswith("HH") and name[1:] in teams:
                merge_teams(database, teams[name], teams[name[1:]])


# -- what plain Odds say -----------------------------------------------------------------------------------------------


class World:
    """All rows; ``doubted``: those that are suspect and that no other run confirms; ``standing``: of each match."""

    def __init__(self) -> None:
        columns = (Odds.match, Bookmakers.name, Odds.outcome, Odds.odd_value, Odds.scraped_at, Odds.partial)
        query = Odds.select(*columns, Odds.suspect, Odds.run).join_from(Odds, Bookmakers)
        self.rows = [Row(*row) for row in query.tuples()]
        self.matches = {row.id: row for row in Matches.select()}
        self.names = {row.name: row.id for row in Bookmakers.select()}
        self.series: defaultdict[Any, list[Row]] = defaultdict(list)
        for row in sorted(self.rows, key=lambda row: row.at):
            self.series[row.series].append(row)
        self.doubted = {row for row in self.rows if row.suspect and not self._is_confirmed(row)}
        self.standing = {number: self._standing(number) for number in self.matches}

    def _is_confirmed(self, row: Row) -> bool:
        return any(
            600 <= abs((other.at - row.at).total_seconds()) <= 7 * 86_400
            and other.run != row.run
            and abs(other.price - row.price) * 50 <= row.price
            for other in self.series[row.series]
        )

    def _standing(self, match: int) -> list[Row]:
        newest = [rows[-1] for rows in self.series.values() if rows[0].match == match]
        listed = max((row.at for row in newest if row.partial), default=None)
        since = {row.bookmaker: listed for row in newest}
        for bookmaker in since:
            books = [row.at for row in newest if row.bookmaker == bookmaker and not row.partial]
            since[bookmaker] = max(books, default=listed)
        return [row for row in newest if row.at >= since[row.bookmaker]]

    def seen_at(self, match: int) -> datetime:
        return max(row.at for row in self.rows if row.match == match)

    def books(self, match: int, *, with_doubt: bool, until: datetime | None) -> dict[str, tuple[datetime, dict]]:
        """Of each bookmaker its last book, and the prices of it that are not in doubt."""
        found: defaultdict[str, dict[datetime, dict[str, Decimal]]] = defaultdict(dict)
        for row in self.rows:
            in_time = until is None or row.at <= until
            if row.match == match and not row.partial and in_time and (with_doubt or row not in self.doubted):
                prices = found[row.bookmaker].setdefault(row.at, {})
                if row not in self.doubted:
                    prices[row.outcome] = row.price
        return {name: (max(quotes), quotes[max(quotes)]) for name, quotes in found.items()}


def best_of(rows: list[Row]) -> dict[str, Decimal]:
    return {
        outcome: max(row.price for row in rows if row.outcome == outcome) for outcome in {row.outcome for row in rows}
    }


def trj_of(prices: dict[str, Decimal]) -> Decimal | None:
    return 100 / sum(1 / price for price in prices.values()) if len(prices) == 3 else None


def rounded(trj: Decimal | None) -> Decimal | None:
    return trj and trj.quantize(Decimal("0.01"), ROUND_HALF_UP)


# -- and what the pages are told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", (1, 5, 9))
def test_every_figure_is_that_of_plain_odds(store: Put, seed: int) -> None:
    live(store, random.Random(seed))
    world = World()
    check_matches(world)
    check_layout(world)
    check_surebets(world)
    check_moves(world)
    check_ranking(world)
    hours = defaultdict(int)
    for row in world.rows:
        hours[row.at.replace(minute=0, second=0)] += 1
    found = pulse(NOW, hours=96)
    assert dict(zip(found.instants, found.hours, strict=True)) == {hour: hours.get(hour, 0) for hour in found.instants}


def check_matches(world: World) -> None:
    found = meetings(Wanted(), 99)
    at_a_glance, quotes = glances(found), gig.quotes(found)
    for match in found:
        standing = world.standing[match.id]
        shown: defaultdict[str, dict[str, Decimal]] = defaultdict(dict)
        for row in standing:
            shown[row.bookmaker][row.outcome] = row.price
        for one in (grid(history(match.id, "1X2", Decimal(0)), MARKET), at_a_glance[match.id].grid):
            assert {
                book.bookmaker: {name: cell.price for name, cell in book.cells.items()} for book in one.books
            } == shown
            assert {book.bookmaker: book.trj for book in one.books} == {
                name: trj_of(own) for name, own in shown.items()
            }
            limit = world.seen_at(match.id) - 2 * one.period
            best = best_of([row for row in standing if row not in world.doubted and row.at >= limit])
            assert {outcome: each.price for outcome, each in one.best.items()} == best
            assert rounded(one.trj) == rounded(trj_of(best))
        own = {quote.bookmaker: quote for quote in quotes if quote.match.id == match.id}
        assert {name: dict(quote.prices) for name, quote in own.items()} == shown
        assert {name: quote.trj for name, quote in own.items()} == {
            name: rounded(trj_of(one)) for name, one in shown.items()
        }


def check_layout(world: World) -> None:
    chosen = tuple(world.names[name] for name in {row.bookmaker for row in world.rows})
    leagues = tuple(row.id for row in Leagues.select())
    lines = {line.match: line for line in layout.lines(layout.Layout(MARKET, chosen, leagues, 50), NOW)}
    assert lines.keys() == {number for number, match in world.matches.items() if match.match_date >= NOW}
    for number, line in lines.items():
        books = world.books(number, with_doubt=True, until=None)
        newest = max(at for at, _ in books.values())
        fresh = {name: own for name, (at, own) in books.items() if own and newest - at <= timedelta(days=1)}
        assert line.books == {world.names[name]: own for name, own in fresh.items()}


def check_surebets(world: World) -> None:
    expected = {}
    for number, match in world.matches.items():
        together = match.seen_at - HOUR
        best = best_of([row for row in world.standing[number] if not row.suspect and row.at >= together])
        if match.match_date > NOW and (trj := trj_of(best)) and trj > 100:
            expected[number] = rounded(trj)
    assert {found.match_id: rounded(found.trj) for found in surebets(NOW)} == expected


def check_moves(world: World) -> None:
    found = candidates(SINCE, NOW)
    chunks = (found[start : start + TOLD] for start in range(0, len(found), TOLD))
    moves = {
        (move.what.match_id, move.what.bookmaker, move.what.outcome): replace(move.how, since=NOW)
        for some in chunks
        for move in verified(some, SINCE)
    }
    expected = {}
    for key, rows in world.series.items():
        counted = [row for row in rows if row not in world.doubted]
        ticks = [Tick(row.at, row.price) for row in [row for row in counted if not row.partial] or counted]
        move = movement(ticks, SINCE)
        if move and world.matches[key[0]].match_date > NOW and rows[-1].at > SINCE:
            expected[key] = replace(move, since=NOW)  # which is only told as far back as was read
    assert moves == expected


def check_ranking(world: World) -> None:
    ended: defaultdict[str, list[dict[str, Decimal]]] = defaultdict(list)
    best: defaultdict[str, Fraction] = defaultdict(Fraction)
    alone: defaultdict[str, int] = defaultdict(int)
    for number, match in world.matches.items():
        books = world.books(number, with_doubt=False, until=match.match_date)
        newest = max((at for at, _ in books.values()), default=NOW)
        fresh = {name: own for name, (at, own) in books.items() if newest - at <= timedelta(days=1)}
        for name, own in fresh.items():
            ended[name].append(own)
            for outcome, price in own.items() if len(fresh) > 1 else ():
                offered = [other[outcome] for other in fresh.values() if outcome in other]
                if price == max(offered):
                    best[name] += Fraction(1, offered.count(price))
                    alone[name] += offered.count(price) == 1
    days = [to_paris(match.match_date.replace(tzinfo=UTC)).date() for match in world.matches.values()]
    market = next(row.id for row in MarketNames.select() if row.code == "1X2")
    found = benchmark.ranking(benchmark.facts(benchmark.Scope(market, min(days), max(days))))
    assert {one.bookmaker for one in found} == {world.names[name] for name in ended}
    by_name = {name: next(one for one in found if one.bookmaker == world.names[name]) for name in ended}
    for name, one in by_name.items():
        trj = [rounded(trj_of(own)) for own in ended[name] if len(own) == 3]
        assert (one.sums.matches, one.sums.quotes) == (len(ended[name]), len(trj))
        share = (best[name], Fraction(alone[name]))
        assert [float(each) for each in (one.best, one.alone)] == pytest.approx([s / sum(best.values()) for s in share])
        if trj:
            mean = sum(trj) / len(trj)
            assert one.sums.mean == pytest.approx(mean)
            assert float(one.sums.spread) == pytest.approx(
                sqrt(sum((each - mean) ** 2 for each in trj) / len(trj)), abs=1e-9
            )
