"""The large database is what it says, and the table of the pages' times tells which bound is missed."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import filling, pages
from benchmarks.filling import DATABASE, Filling
from benchmarks.pages import Cost, Statement, bounds
from benchmarks.seasons import Quote, Seasons
from schema.database import connect, hang_up
from schema.markets import MARKETS
from schema.prices import payout, published_style
from tests.schema.laid import lay
from tests.services.mariadb import MariaDB

UNTIL = datetime(2026, 11, 27, 19)
ROWS = 4_000


@pytest.fixture(scope="module")
def seasons() -> Seasons:
    return Seasons(ROWS, UNTIL)


@pytest.fixture(scope="module")
def quotes(seasons: Seasons) -> list[Quote]:
    return list(seasons.quotes())


@pytest.mark.slow
class TestSeasons:
    def test_there_are_about_as_many_prices_as_were_asked_for(self, seasons: Seasons, quotes: list[Quote]) -> None:
        assert sum(len(quote.prices) for quote in quotes) == seasons.prices
        assert ROWS * 0.5 < seasons.prices < ROWS * 2

    def test_they_come_in_the_order_of_time_and_none_from_the_future(self, quotes: list[Quote]) -> None:
        assert all(one.seen_at <= other.seen_at for one, other in pairwise(quotes))
        assert quotes[-1].seen_at < UNTIL.replace(tzinfo=UTC).timestamp()
        assert quotes[0].seen_at < quotes[-1].seen_at - 300 * 24 * 3600

    def test_the_same_again_is_the_same(self, quotes: list[Quote]) -> None:
        assert list(Seasons(ROWS, UNTIL).quotes()) == quotes
        assert list(Seasons(ROWS, UNTIL, seed=2).quotes()) != quotes

    def test_a_trj_is_that_of_its_prices(self, quotes: list[Quote]) -> None:
        for quote in quotes[:300]:
            exact = published_style(payout(map(Decimal, quote.prices), MARKETS[quote.market].winners))
            assert exact is not None
            assert abs(exact - Decimal(quote.trj)) <= Decimal("0.01")

    def test_ten_million_are_there(self) -> None:
        assert 9_900_000 < Seasons(10_000_000, UNTIL).prices < 10_300_000


@pytest.mark.server
class TestFilling:
    def test_the_tables_say_what_was_made(self, mariadb: MariaDB, seasons: Seasons, tmp_path: Path) -> None:
        mariadb.execute(f"CREATE DATABASE {DATABASE}")
        database = connect(mariadb.url(DATABASE), tmp_path)
        lay(database)
        Filling(mariadb, Seasons(ROWS, UNTIL)).everything()

        def one(sql: str) -> int:
            return int(database.execute_sql(sql).fetchone()[0])

        assert one("SELECT COUNT(*) FROM Odds") == seasons.prices
        newest = (
            "SELECT COUNT(*) FROM LatestOdds l JOIN Odds o USING (match_id, market_id, line, bookmaker_id, outcome) "
            "WHERE o.scraped_at > l.scraped_at"
        )
        same = "SELECT COUNT(*) FROM LatestOdds l JOIN Odds o USING (match_id, market_id, line, bookmaker_id, outcome)"
        keys = "SELECT COUNT(DISTINCT match_id, market_id, line, bookmaker_id, outcome) FROM Odds"
        assert one(newest) == 0
        assert one(f"{same} WHERE o.scraped_at = l.scraped_at AND o.odd_value = l.odd_value") == one(keys)
        assert one("SELECT SUM(prices) FROM Runs") == seasons.prices
        assert one("SELECT COUNT(*) FROM Odds o LEFT JOIN Pages p ON p.id = o.page_id WHERE p.id IS NULL") == 0
        assert (
            one("SELECT COUNT(*) FROM Matches m JOIN Teams t ON t.id = m.home_team_id WHERE t.league_id <> m.league_id")
            == 0
        )
        hang_up(database)
        mariadb.execute(f"DROP DATABASE {DATABASE}")

    def test_another_folder_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("mine")
        with pytest.raises(ValueError, match="not empty"), filling.large(ROWS, tmp_path):
            pass


def cost(**how: object) -> Cost:
    given = {"address": "/a/", "seconds": [0.03], "statements": [Statement("SELECT 1", ())], "size": 1, "bare": [0.01]}
    return Cost(**(given | how))  # type: ignore[arg-type]


class TestBounds:
    def test_what_holds(self) -> None:
        told = bounds([cost(seconds=[0.06], bare=[0.03], stock=[1.8], stock_queries=9), cost(stock=[1.9])])
        assert [line.split()[0] for line in told] == ["held"] * 4
        assert "30.0 times faster than stock, /a/" in told[3]

    def test_what_is_missed(self) -> None:
        slow = cost(seconds=[0.5, 0.6, 0.5], statements=[Statement("SELECT 1", ())] * 8, stock=[2.0])
        told = bounds([cost(), slow])
        assert [line.split()[0] for line in told] == ["MISSED"] * 4

    def test_a_page_that_is_small_is_held_to_them_too(self) -> None:
        told = bounds([cost(seconds=[0.02], bare=[0.002], stock=[0.03])])
        assert [line.split()[0] for line in told] == ["held", "held", "MISSED", "MISSED"]

    def test_the_figures_of_a_cost(self) -> None:
        found = cost(seconds=[0.01 * number for number in range(1, 21)], bare=[0.01, 0.02], stock=[1.05])
        assert (found.median, round(found.p95, 3)) == (pytest.approx(0.105), 0.19)
        assert found.times_sql == pytest.approx(3.5)
        assert found.times_stock == pytest.approx(10)
        assert pages._cells(found)[:6] == ["`/a/`", "105.0", "190.0", "0", "1", "30.0"]
