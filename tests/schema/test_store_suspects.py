"""Which mark a quote has in the tables."""

import json
from pathlib import Path

import pytest
from peewee import Database

from schema.store import Store
from tests.schema.letters import NOON, Letter, letters, prices, quote
from tests.schema.tables import found

BARE = json.loads((Path(__file__).parent / "golden" / "gig-benchmark.json").read_bytes())


def bare(*cotes: float) -> Letter:
    body = {**BARE, "cotes": dict(zip(("cote_1", "cote_N", "cote_2"), cotes, strict=True))}
    return Letter(json.dumps(body).encode(), NOON)


def marks(database: Database) -> set[tuple[str | None, ...]]:
    return {row for table in ("Odds", "LatestOdds") for row in found(database, f"SELECT outcome, suspect FROM {table}")}


@pytest.mark.parametrize(
    ("cotes", "mark"),
    [((7, 4.75, 1.42), None), ((70, 4.75, 1.42), "pays-too-much"), ((3, 3, 1.2), "pays-too-little")],
)
def test_a_bare_message_is_judged_by_its_own_prices(
    store: Store, database: Database, cotes: tuple[float, ...], mark: str | None
) -> None:
    store.store([bare(*cotes)])
    store.store([bare(*cotes)])
    assert marks(database) == {(outcome, mark) for outcome in "1X2"}


def test_a_crawl_s_quote_has_the_mark_the_crawl_gave_it(store: Store, database: Database) -> None:
    """It saw the whole panel; what it found in order, or for a reason in doubt, stays so."""
    store.store(letters(quote(prices=prices("70", "4.75", "1.42"), suspect="far-from-panel")))
    assert marks(database) == {(outcome, "far-from-panel") for outcome in "1X2"}
    store.store(letters(quote(after=1, prices=prices("70", "4.75", "1.42"))))
    assert found(database, "SELECT DISTINCT suspect FROM LatestOdds") == [(None,)]
