from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peewee import Database

from schema.ledger import Gap, Missing, balance
from schema.models import Runs
from schema.store import Store
from tests.schema.letters import REPORT, letters, quote


@dataclass(frozen=True)
class Counts:
    state: str | None = "finished"
    discovered: int = 9
    fetched: int = 9
    parsed: int = 9
    yielded: int = 90
    published: int = 90
    stored: int = 90
    refused: int = 0


WHOLE = Counts()


def test_a_whole_account_adds_up() -> None:
    found = balance(WHOLE)
    assert (found.adds_up, found.missing, found.waiting, found.sentence) == (True, (), 0, "the account adds up")


def test_what_is_refused_is_accounted_for() -> None:
    assert balance(replace(WHOLE, stored=83, refused=7)).adds_up


@pytest.mark.parametrize(
    ("changes", "missing", "sentence"),
    [
        ({"stored": 87}, (Gap.ON_THEIR_WAY, 3), "on their way: 3; they are in the queue, the spool or an outbox"),
        ({"stored": 80, "refused": 7}, (Gap.ON_THEIR_WAY, 3), "on their way: 3"),
        ({"published": 88, "stored": 88}, (Gap.NOT_PUBLISHED, 2), "could not be made durable: 2"),
        ({"fetched": 8, "parsed": 8}, (Gap.NOT_REACHED, 1), "matches that were not reached: 1"),
        ({"parsed": 5}, (Gap.NOT_READ, 4), "fetched and not read: 4"),
        ({"fetched": 0, "parsed": 8}, (Gap.NOT_REACHED, 1), "not reached: 1"),  # of the list alone
        ({"refused": 1}, (Gap.TOO_MANY, 1), "beyond the quotes that were published: 1"),
    ],
)
def test_what_is_missing_is_named_with_its_place(
    changes: dict[str, int], missing: tuple[Gap, int], sentence: str
) -> None:
    found = balance(replace(WHOLE, **changes))
    assert found.missing == (Missing(*missing),)
    assert not found.adds_up
    assert sentence in found.sentence


def test_several_things_are_named_in_the_order_of_the_way() -> None:
    found = balance(replace(WHOLE, fetched=8, parsed=7, published=80, stored=60, refused=5))
    assert [(each.gap, each.count) for each in found.missing] == [
        (Gap.NOT_REACHED, 1),
        (Gap.NOT_READ, 1),
        (Gap.NOT_PUBLISHED, 10),
        (Gap.ON_THEIR_WAY, 15),
    ]
    assert found.sentence.count("; ") == 3 + 4
    assert found.waiting == 15


@pytest.mark.parametrize("state", ["queued", "scheduled", "cancelled", "failed"])
def test_a_run_that_did_not_begin_has_nothing_to_account_for(state: str) -> None:
    found = balance(Counts(state, 0, 0, 0, 0, 0, 0))
    assert [each.gap for each in found.missing] == [Gap.NOT_BEGUN]
    assert found.sentence == "it has not begun: there is nothing to account for"
    assert found.waiting is None
    [early] = balance(Counts(state, 0, 0, 0, 0, 0, stored=3)).missing  # quotes came before the first report
    assert early.gap is Gap.NOT_REPORTED


@pytest.mark.parametrize("state", [None, "running", "lost"])
def test_a_run_that_has_not_reported_its_end_has_no_account_yet(state: str | None) -> None:
    found = balance(replace(WHOLE, state=state, published=0))
    assert [each.gap for each in found.missing] == [Gap.NOT_REPORTED]
    assert found.waiting is None


COUNT = st.integers(0, 20)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.builds(Counts, st.just("finished"), *[COUNT] * 7))
def test_nothing_disappears(counts: Counts) -> None:
    """A quote that was yielded is not published, or on its way, or stored, or refused: no fifth."""
    found = balance(counts)
    missing = {each.gap: each.count for each in found.missing}
    assert all(count > 0 for count in missing.values())
    published = max(counts.yielded, counts.published) - missing.get(Gap.NOT_PUBLISHED, 0)
    assert published == counts.published
    arrived = counts.stored + counts.refused - missing.get(Gap.TOO_MANY, 0)
    assert published == arrived + missing.get(Gap.ON_THEIR_WAY, 0)
    assert found.waiting == missing.get(Gap.ON_THEIR_WAY, 0)


def test_a_row_of_the_tables_is_an_account(database: Database, store: Store) -> None:
    counts = {"discovered": 1, "fetched": 1, "parsed": 1, "yielded": 3, "published": 3}
    ended = replace(REPORT, state="finished", counts=counts)
    refused = b'{"schema_version": 1, "run_id": "run-1"}'

    def account() -> Runs:
        [row] = Runs.select().execute(database)
        return row

    store.store(letters(ended, quote()))
    assert balance(account()).sentence == Gap.ON_THEIR_WAY.value.format(count=2)
    store.store(letters(refused, refused, quote(1), quote(1)))
    assert balance(account()).adds_up
