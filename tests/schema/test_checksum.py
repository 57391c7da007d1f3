from pathlib import Path

import pytest
from peewee import Database

from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import REPORT, letters, prices, quote
from tests.schema.tables import count

MESSAGES = (*(quote(after=n, match_id=str(n % 3)) for n in range(5)), REPORT, b"{")


def test_is_the_same_on_both_databases_and_in_any_order(store: Store, database: Database, tmp_path: Path) -> None:
    for message in reversed(MESSAGES):
        store.store(letters(message))
    other = connect(None, tmp_path / "other")
    lay(other)
    Store(other).store(letters(*MESSAGES))
    told = checksum(database)
    assert told == checksum(other)
    hang_up(other)
    assert {table: said.rows for table, said in told.items()} == {
        "Leagues": 1,
        "Teams": 2,
        "Bookmakers": 20,
        "Matches": 3,
        "Runs": 1,
        "Odds": 15,
        "LatestOdds": 9,
        "Messages": 6,
        "DeadLetters": 1,
    }


def test_what_was_known_in_between_depends_on_the_order_and_is_left_out(
    store: Store, database: Database, tmp_path: Path
) -> None:
    low, high = quote(prices=prices("2.0", "3.4", "3.8")), quote(prices=prices("2.1", "3.4", "3.8"), run_id="run-2")
    other = connect(None, tmp_path / "other")
    lay(other)
    for message in (low, high):
        store.store(letters(message))
    for message in (high, low):
        Store(other).store(letters(message))
    assert checksum(database) == checksum(other)
    assert [count(one, "ReplacedOdds") > 0 for one in (database, other)] == [True, False]
    hang_up(other)


@pytest.mark.parametrize(
    "table, sql",
    [
        (
            "Odds",
            "UPDATE Odds SET odd_value = odd_value + 0.001 WHERE outcome = 'X' AND scraped_at < '2025-10-17 12:00:01'",
        ),
        ("Odds", "DELETE FROM Odds WHERE outcome = 'X'"),
        ("Odds", "UPDATE Odds SET scraped_at = '2025-10-17 11:59:59.999999' WHERE scraped_at = '2025-10-17 12:00:00'"),
        ("LatestOdds", "UPDATE LatestOdds SET trj = NULL WHERE outcome = '1'"),
        ("Matches", "UPDATE Matches SET match_date = NULL"),
        ("Leagues", "UPDATE Leagues SET country = NULL"),
        ("Messages", "UPDATE Messages SET run_id = NULL"),
        ("Runs", "UPDATE Runs SET stored = stored + 1"),
        ("DeadLetters", "UPDATE DeadLetters SET reason = 'another'"),
    ],
)
def test_shows_what_was_changed(table: str, sql: str, store: Store, database: Database) -> None:
    store.store(letters(*MESSAGES))
    before = checksum(database)
    database.execute_sql(sql)
    after = checksum(database)
    assert {name for name in before if before[name] != after[name]} == {table}


def test_does_not_show_what_is_no_part_of_what_was_said(store: Store, database: Database) -> None:
    store.store(letters(*MESSAGES))
    before = checksum(database)
    store.store(letters(*MESSAGES))
    database.execute_sql("UPDATE Teams SET updated_at = '2030-01-01'")
    assert checksum(database) == before
