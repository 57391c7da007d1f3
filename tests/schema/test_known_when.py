"""When a price was stored, and what was known before another of its instant took its place."""

from datetime import datetime
from decimal import Decimal

import pytest
from peewee import Database

from schema.models import LatestOdds, Odds, ReplacedOdds, now, use
from schema.store import Store
from tests.schema.letters import letters, prices, quote


def store(database: Database, *quotes) -> datetime:
    """Stored in one batch; the instant after it."""
    Store(database).store(letters(*quotes))
    return now()


@pytest.fixture(autouse=True)
def these_tables(database: Database) -> None:
    use(database)


def known(table) -> dict[tuple[str, str], tuple]:
    rows = table.select(table.outcome, table.scraped_at, table.odd_value, table.stored_at)
    return {(row.outcome, str(row.scraped_at)): (row.odd_value, row.stored_at) for row in rows}


def test_every_price_says_since_when_it_is_known(database: Database) -> None:
    before = now()
    after = store(database, quote())
    for table in (Odds, LatestOdds):
        assert len(known(table)) == 3
        assert all(before <= stored <= after for _, stored in known(table).values())


def test_the_same_again_is_known_since_the_first_time(database: Database) -> None:
    store(database, quote())
    first = known(Odds)
    store(database, quote(run_id="another-run"))
    assert known(Odds) == first and not known(ReplacedOdds)


def test_what_another_price_of_its_instant_replaces_is_set_aside(database: Database) -> None:
    store(database, quote(prices=prices("2.0", "3.4", "3.8")), quote(60, prices=prices("2.0", "3.4", "3.8")))
    first, first_trj = known(Odds), Odds.select(Odds.trj).limit(1).scalar()
    after = store(database, quote(prices=prices("2.1", "3.3", "3.8")), quote(90))
    replaced = {row.outcome: row for row in ReplacedOdds.select()}
    key = ("1", "2025-10-17 12:00:00")
    assert replaced["1"].odd_value == Decimal("2.0") and "X" not in replaced
    assert replaced["1"].stored_at == first[key][1] < replaced["1"].replaced_at <= after
    assert known(Odds)[key] == (Decimal("2.1"), replaced["1"].replaced_at)
    # The price of the second is the same, but the quote it is of pays back more.
    assert (replaced["2"].odd_value, replaced["2"].trj) == (Decimal("3.8"), first_trj)
    assert all(known(Odds)[each] == first[each] for each in first if each[0] == "X" or "12:01" in each[1])


def test_what_one_batch_contradicts_was_never_known(database: Database) -> None:
    store(database, quote(prices=prices("2.0", "3.4", "3.8")), quote(prices=prices("2.1", "3.4", "3.8"), run_id="b"))
    assert known(Odds)["1", "2025-10-17 12:00:00"][0] == Decimal("2.1")
    assert not known(ReplacedOdds)


def test_prices_from_before_are_set_aside_too(database: Database) -> None:
    store(database, quote(prices=prices("2.0", "3.4", "3.8")))
    Odds.update(stored_at=None).execute()
    store(database, quote(prices=prices("2.1", "3.4", "3.8")))
    replaced = {row.outcome: (row.odd_value, row.stored_at) for row in ReplacedOdds.select()}
    assert replaced["1"] == (Decimal("2.0"), None)
    assert known(Odds)["1", "2025-10-17 12:00:00"][1] is not None
