"""A dead letter that was replayed and is refused again, on either database."""

from datetime import timedelta

from peewee import Database

from schema.models import DeadLetters, Runs, now
from schema.store import Store
from tests.schema.letters import NOON, Letter

BODY = b'{"schema_version": 1, "run_id": "run-1"}'


def letter(database: Database) -> DeadLetters:
    [only] = DeadLetters.select().execute(database)
    return only


def refused(database: Database) -> int:
    [run] = Runs.select().execute(database)
    return run.refused


def replay(database: Database) -> None:
    """As :mod:`gigscrapy.deadletters` enters it."""
    DeadLetters.update(replayed_at=now(), replays=DeadLetters.replays + 1).execute(database)
    Runs.update(refused=Runs.refused - 1).execute(database)


def test_it_counts_again_once(database: Database, store: Store) -> None:
    other = Store(database)
    store.store([Letter(BODY), Letter(BODY)])
    assert (letter(database).times, refused(database)) == (2, 1)
    replay(database)
    assert refused(database) == 0
    for consumer in (store, other, store):
        consumer.store([Letter(BODY), Letter(BODY)])
        assert refused(database) == 1
    assert letter(database).times == 8


def test_it_was_never_seen_before_it_was_replayed(database: Database, store: Store) -> None:
    """Its date is that of its first receipt, or of a clock that is slow: it must not pass for settled."""
    store.store([Letter(BODY)])
    assert letter(database).last_seen == NOON.replace(tzinfo=None)
    replay(database)
    assert letter(database).last_seen < letter(database).replayed_at
    before = now()
    store.store([Letter(BODY)])
    assert letter(database).last_seen >= before, "it is seen when it comes back"
    came_back = letter(database).last_seen
    store.store([Letter(BODY)])
    assert letter(database).last_seen == came_back, "and delivered again, it has not come back once more"
    replayed_by_a_fast_clock = now() + timedelta(hours=2)
    DeadLetters.update(replayed_at=replayed_by_a_fast_clock).execute(database)
    store.store([Letter(BODY)])
    assert letter(database).last_seen == letter(database).replayed_at
    store.store([Letter(BODY, NOON + timedelta(days=4000))])
    assert letter(database).last_seen > letter(database).replayed_at
    assert letter(database).first_seen == NOON.replace(tzinfo=None)


def test_the_reason_of_today_holds_once_it_was_replayed(database: Database, store: Store) -> None:
    [first, second] = ["database", "poison"]
    store.refuse(Letter(BODY), first, "detail 1")
    store.refuse(Letter(BODY), second, "detail 2")
    assert (letter(database).reason, letter(database).detail) == (first, "detail 1")
    replay(database)
    store.refuse(Letter(BODY), second, "detail 2")
    assert (letter(database).reason, letter(database).detail) == (second, "detail 2")
