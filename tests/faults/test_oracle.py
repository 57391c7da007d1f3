"""The judge itself: it must find well what is well, and miss no wrong."""

from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.broker import DEAD_QUEUE, QUEUE
from gigscrapy.broker.queuefile import QueueFile
from gigscrapy.broker.spool import spool_path
from schema.database import connect, hang_up
from schema.messages import encode
from schema.migrations import prepare
from schema.store import Store
from tests.faults.oracle import Oracle, name_of
from tests.schema.letters import REPORT, letters, quote

GOOD = [encode(message) for message in (REPORT, quote(), quote(60), quote(bookmaker="Betclic"))]
BAD = b'{"match": "nobody"}'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where all good messages and one bad are stored, as they should be."""
    database = connect(None, tmp_path)
    prepare(database)
    Store(database).store(letters(*GOOD, BAD))
    hang_up(database)
    return tmp_path


def change(home: Path, *statements: str) -> None:
    database: Database = connect(None, home)
    for sql in statements:
        assert database.execute_sql(sql).rowcount != 0, sql
    hang_up(database)


def wrongs(home: Path, *sent: bytes, bad: bytes = BAD) -> dict[str, list[str]]:
    return Oracle.of(home, sent=sent or (*GOOD, BAD)).wrongs({name_of(bad)})


def put(path: Path, queue: str, body: bytes) -> None:
    with QueueFile(path) as file:
        file.add([(queue, None, body, 0.0)])


def test_all_is_well(home: Path):
    oracle = Oracle.of(home, sent=(*GOOD, BAD))
    oracle.check({name_of(BAD)})
    assert (len(oracle.stored), oracle.parked) == (4, {name_of(BAD)})


def test_a_message_that_is_nowhere_is_lost(home: Path):
    other = encode(quote(120))
    assert wrongs(home, *GOOD, BAD, other) == {"lost": [name_of(other)]}


def test_what_waits_is_not_lost_and_not_through(home: Path):
    others = [encode(quote(120)), encode(quote(180))]
    put(spool_path(home), QUEUE, others[0])
    put(home / "outbox" / "run.sqlite3", QUEUE, others[1])
    oracle = Oracle.of(home, sent=(*GOOD, BAD, *others))
    oracle.check({name_of(BAD)}, drained=False)
    assert oracle.waiting == {name_of(body) for body in others}
    with pytest.raises(AssertionError):
        oracle.check({name_of(BAD)})


def test_what_was_confirmed_may_not_be_on_disk_only(home: Path):
    other = encode(quote(120))
    put(home / "outbox" / "run.sqlite3", QUEUE, other)
    oracle = Oracle.of(home, sent=(*GOOD, BAD, other))
    oracle.confirmed = {name_of(other)}
    assert oracle.wrongs({name_of(BAD)}) == {"confirmed and lost": [name_of(other)]}


def test_an_innocent_that_is_parked(home: Path):
    put(spool_path(home), DEAD_QUEUE, GOOD[1])
    assert wrongs(home) == {"innocent and parked": [name_of(GOOD[1])]}


def test_a_bad_one_that_is_stored(home: Path):
    assert wrongs(home, bad=GOOD[1]) == {
        "innocent and parked": [name_of(BAD)],
        "bad and stored": [name_of(GOOD[1])],
    }


def test_what_nobody_sent(home: Path):
    assert wrongs(home, *GOOD[1:], BAD) == {"unexpected": [name_of(GOOD[0])]}


def test_nothing_sent_proves_nothing(tmp_path: Path):
    with pytest.raises(AssertionError, match="nothing was sent"):
        Oracle.of(tmp_path).check()


@pytest.mark.parametrize(
    ("statements", "what"),
    [
        (["UPDATE Odds SET odd_value = 9.99 WHERE id = 1"], ["Odds is not what it should be"]),
        (["UPDATE Runs SET stored = stored + 1"], ["Runs is not what it should be"]),
        (["DELETE FROM LatestOdds WHERE outcome = 'X'"], ["LatestOdds is not what it should be"]),
        (
            ["UPDATE LatestOdds SET scraped_at = '2001-01-01 00:00:00.000000'"],
            ["9 newer prices than LatestOdds has", "LatestOdds is not what it should be"],
        ),
        (
            [
                "ALTER TABLE Odds RENAME TO Aside",
                "CREATE TABLE Odds AS SELECT * FROM Aside UNION ALL SELECT * FROM Aside",
            ],
            ["9 natural keys are in Odds more than once", "Odds is not what it should be"],
        ),
    ],
    ids=lambda value: value[0].partition(" SET")[0] if isinstance(value, list) else None,
)
def test_tables_that_say_otherwise(home: Path, statements: list[str], what: list[str]):
    change(home, *statements)
    assert wrongs(home) == {"contradictions": sorted(what)}


def test_a_body_is_known_by_what_it_says():
    again = quote()
    assert name_of(encode(again)) == again.message_id
    assert name_of(b"\xff") != name_of(b"\xfe")
