"""What gig-benchmark's addresses tell of a random history, against plain Odds, told the long way as it is described."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from peewee import Database

from analytics import gigrows
from analytics.gigrows import Narrowed, Some
from schema.instants import hour_of
from schema.messages import OddsItem
from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Payouts
from schema.tally import Tally
from tests.schema.letters import NOON, prices, quote

Put = Callable[..., None]
BOOKS = ("Winamax", "Unibet", "PMU", "Nouveau")
SPORTS = (("football", "Ligue 1"), ("tennis", "ATP Paris"), ("rugby", "Top 14"))
KICKOFFS = (
    *(NOON + timedelta(hours=hours) for hours in (-30, -3, 2, 30, 400)),
    *(datetime(2025, 10, 25, hour, 30, tzinfo=UTC) for hour in (22, 23)),  # midnight in Paris, and before
    datetime(2025, 10, 26, 0, 30, tzinfo=UTC),  # the hour that comes twice there
    datetime(2025, 10, 26, 23, 0, tzinfo=UTC),
)


class Row(NamedTuple):
    id: int
    match: int
    bookmaker: int
    market: str
    outcome: str
    price: Decimal
    trj: Decimal | None
    at: datetime
    suspect: str | None


# -- a history ---------------------------------------------------------------------------------------------------------


def told(chance: random.Random) -> Iterator[OddsItem]:
    for number in range(8):
        sport, league = chance.choice(SPORTS)
        kickoff = chance.choice((None, None, *KICKOFFS))
        for run in range(6):
            for bookmaker in BOOKS:
                if chance.random() < 0.6:
                    yield quote(
                        3600 * (run * chance.choice((6, 7)) - 36) + chance.choice((0, 0, 30, 1800, 3600)),
                        **_offer(chance, sport),
                        bookmaker=bookmaker,
                        sport=sport,
                        league=league,
                        country=None,
                        partial=chance.random() < 0.1,
                        suspect="far-from-panel" if chance.random() < 0.06 else None,
                        match_id=str(number),
                        home=f"H{number}",
                        away=f"A{number}",
                        kickoff=kickoff,
                        run_id=f"run-{run}",
                        bookmaker_id=None,
                        published_trj=None,
                    )


def _offer(chance: random.Random, sport: str) -> dict[str, Any]:
    if chance.random() < 0.1:
        double = (Decimal("1.3"), Decimal("1.7"), Decimal("1.35"))
        return {"market": "DC", "prices": dict(zip(("1X", "X2", "12"), double, strict=True))}
    one, draw, two = chance.choice(("1.8", "2.0")), chance.choice(("3.2", "3.4", None)), chance.choice(("3.5", "4"))
    if sport == "tennis" or chance.random() < 0.1:
        return {"market": "12", "prices": prices(one, two, outcomes="12")}
    return {"market": "1X2", "prices": prices(one, draw, two)}


# -- as it is described ------------------------------------------------------------------------------------------------


@dataclass
class Plain:
    """All rows, read whole. ``rows``: of the winner, which a bookmaker with the draw has with it."""

    def __init__(self) -> None:
        columns = (Odds.id, Odds.match, Odds.bookmaker, MarketNames.code, Odds.outcome, Odds.odd_value, Odds.trj)
        query = Odds.select(*columns, Odds.scraped_at, Odds.suspect).join(MarketNames)
        self.offered = [row for row in map(Row._make, query.tuples()) if row.market in ("1X2", "12")]
        drawn = {(row.match, row.bookmaker) for row in self.offered if row.market == "1X2"}
        self.rows = [row for row in self.offered if row.market == "1X2" or (row.match, row.bookmaker) not in drawn]
        self.matches = list(Matches.select())
        self.sports = {league.id: league.sport_id for league in Leagues.select()}
        self.names = {one.id: one.name for one in Bookmakers.select()}

    def of(self, narrowed: Narrowed) -> set[int]:
        return {
            match.id
            for match in self.matches
            if narrowed.sport in (None, self.sports[match.league_id])
            and (not narrowed.leagues or match.league_id in narrowed.leagues)
            and narrowed.match in (None, match.id)
            and (narrowed.since is None or (match.match_date and narrowed.since <= match.match_date <= narrowed.until))
        }

    def narrow(self, narrowed: Narrowed, rows: list[Row]) -> list[Row]:
        matches = self.of(narrowed)
        books = narrowed.bookmakers
        return [row for row in rows if row.match in matches and (not books or row.bookmaker in books)]

    def means(self, rows: list[Row]) -> dict[str, Decimal]:
        told = defaultdict(list)
        for row in rows:
            if row.trj is not None and row.suspect is None:
                told[self.names[row.bookmaker]].append(row.trj)
        return {name: sum(own) / len(own) for name, own in told.items()}


def questions(chance: random.Random, plain: Plain) -> Iterator[Narrowed]:
    yield Narrowed()
    kickoffs = [match.match_date for match in plain.matches if match.match_date] or [datetime(2025, 10, 17)]
    books = [row.bookmaker for row in plain.rows]
    for _ in range(40):
        since = until = None
        if chance.random() < 0.5:
            days = chance.choice((timedelta(0), timedelta(days=3), timedelta(days=20)))
            since = chance.choice(kickoffs) + timedelta(seconds=chance.choice((0, 1, -1))) - days
            until = chance.choice(kickoffs) + timedelta(seconds=chance.choice((0, 1, -1))) + days
        yield Narrowed(
            sport=chance.choice((None, None, *plain.sports.values(), 2**62)),
            bookmakers=tuple(chance.sample(books, chance.choice((0, 0, 1, 2)))),
            leagues=tuple(chance.sample(list(plain.sports), chance.choice((0, 0, 1)))),
            match=chance.choice((None, None, None, plain.matches[0].id, -1)),
            since=since,
            until=until,
        )


def leafed(asked: Callable[[Narrowed, Any], Some[Any]], narrowed: Narrowed) -> list[list[Any]]:
    """The pages of an answer."""
    found = asked(narrowed, None)
    pages = [list(found.rows)]
    while found.next is not None:
        found = asked(narrowed, found.next)
        pages.append(list(found.rows))
    return pages


def ids(pages: list[list[Any]]) -> list[int]:
    return [row.id for page in pages for row in page]


@pytest.mark.parametrize("seed", [3, 5])
def test_all_that_is_asked(store: Put, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    messages = list(told(chance))
    chance.shuffle(messages)
    store(*messages)
    database: Database = Odds._meta.database.obj
    Tally(database).run()
    plain = Plain()
    for number, narrowed in enumerate(questions(chance, plain)):
        with monkeypatch.context() as patch:
            if number % 2:
                few = {"ROWS": (3, 7), "EVOLVING": (1, 3), "MATCHES": (1, 2), "NEAR": (0, 2, 1000), "AT_FIRST": (1, 60)}
                for name, sizes in few.items():
                    patch.setattr(gigrows, name, chance.choice(sizes))
            check_rows(plain, narrowed)
            check_averages(plain, narrowed)
            patch.setattr(gigrows, "SLICE", chance.choice((5, 40)))
            assert ids(leafed(gigrows.newest, narrowed)) == newest(plain, narrowed)


def newest(plain: Plain, narrowed: Narrowed) -> list[int]:
    rows = plain.narrow(narrowed, plain.rows)
    return [row.id for row in sorted(rows, key=lambda row: (row.at, row.id), reverse=True)]


def check_rows(plain: Plain, narrowed: Narrowed) -> None:
    assert ids(leafed(gigrows.newest, narrowed)) == newest(plain, narrowed)
    series = defaultdict(list)
    for row in sorted(plain.narrow(narrowed, plain.rows), key=lambda row: row.at):
        series[row.match, row.bookmaker, row.outcome].append(row)
    expected = {
        (last.id, last.price, last.trj, last.at, before and before.trj, before and before.at)
        for *_, before, last in ((None, *rows) for rows in series.values())
    }
    found = [row for page in leafed(gigrows.evolving, narrowed) for row in page]
    assert len(found) == len(expected)
    assert {
        (row.id, row.price, row.trj, row.scraped_at, row.previous_trj, row.previous_at) for row in found
    } == expected
    offered = {row.match for row in plain.narrow(narrowed, plain.offered)}
    dated = {match.id: (match.match_date or datetime.min, match.id) for match in plain.matches if match.id in offered}
    assert ids(leafed(gigrows.offered, narrowed)[::-1]) == sorted(dated, key=dated.__getitem__), narrowed


def check_averages(plain: Plain, narrowed: Narrowed) -> None:
    matches, told = plain.of(narrowed), defaultdict(list)
    for row in Payouts.select().join(MarketNames).where(MarketNames.code.in_(("1X2", "12"))):
        books = narrowed.bookmakers or (row.bookmaker_id,)
        if row.match_id in matches and row.bookmaker_id in books and not row.stale and row.trj is not None:
            told[plain.names[row.bookmaker_id]].append(row.trj)
    assert gigrows.averages(narrowed) == {name: sum(own) / len(own) for name, own in told.items()}, narrowed

    rows = plain.narrow(narrowed, plain.rows)
    hours = sorted({hour_of(row.at) for row in rows}, reverse=True)
    found = gigrows.averages_by_hour(narrowed)
    for said, hour in zip((found.now, found.before), (*hours, None, None), strict=False):
        assert_close(said, plain.means([row for row in rows if hour_of(row.at) == hour]))


def assert_close(found: Mapping[str, Decimal], expected: Mapping[str, Decimal]) -> None:
    """To two decimals."""
    assert found.keys() == expected.keys()
    assert all(abs(found[name] - mean) <= Decimal("0.006") for name, mean in expected.items())
