"""Rows 19 to 40: the consumer, what it reads from and what it writes to."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pika
import pytest

from gigscrapy import consumer as consumer_module
from gigscrapy.broker import Delivery, Receiver, receiver
from gigscrapy.consumer import BATCH
from schema import messages as messages_module
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.messages import encode
from schema.names import NAME_LENGTH
from tests.faults.consuming import ANY_QUEUE, RABBITS, SLOW, Way, duplicates, quotes, session, until
from tests.faults.failpoint import EXIT_CODE
from tests.faults.oracle import SAME_EVERYWHERE, drain, name_of
from tests.faults.processes import LONG_SECONDS, Running
from tests.schema.letters import NOON, prices, quote
from tests.services.mariadb import MariaDB
from tests.services.proxy import Proxy
from tests.services.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.server, pytest.mark.slow]

MakeWay = Callable[[str], Way]

HELD = " held for "
"""In the log of a consumer that waits for the database."""


@pytest.fixture
def make_way(request: pytest.FixtureRequest, mariadb: MariaDB, database_url: str, tmp_path: Path) -> Iterator[MakeWay]:
    """A way through a queue of this type. Its account is of the kind an installation has: root may write anywhere."""
    name = database_url.rpartition("/")[2]
    mariadb.execute("CREATE OR REPLACE USER gig@'127.0.0.1' IDENTIFIED BY 's3cret'")
    mariadb.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO gig@'127.0.0.1'")

    def make(queue_type: str) -> Way:
        rabbit_url = None if queue_type == "spool" else request.getfixturevalue("rabbit_url")
        return Way(tmp_path / "home", queue_type, rabbit_url, mariadb.url(name, user="gig", password="s3cret"), [])

    yield make
    mariadb.revive()
    mariadb.execute("SET GLOBAL read_only = 0, GLOBAL max_connections = 151, GLOBAL innodb_lock_wait_timeout = 50")
    mariadb.execute("DROP USER gig@'127.0.0.1'")


@pytest.fixture
def way(make_way: MakeWay) -> Way:
    return make_way("quorum")


def is_at_work(way: Way, consumer: Running, number: int = 1) -> None:
    """Wait until it has stored so many; it has more to do."""
    consumer.until(lambda: way.stored() >= number)


# -- the consumer dies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue_type", RABBITS)
def test_row_19_killed_three_times(make_way: MakeWay, queue_type: str):
    way = make_way(queue_type)
    way.send(quotes(2500))
    for number in (1, 501, 1001):
        with way.consumer(failpoint=SLOW) as consumer:
            is_at_work(way, consumer, number)
            consumer.kill9()
    assert way.stored() < 2500
    way.drain_here()
    way.check()


@pytest.mark.parametrize("queue_type", ANY_QUEUE)
def test_row_20_killed_between_commit_and_acknowledgement(make_way: MakeWay, queue_type: str):
    way = make_way(queue_type)
    way.send(quotes(1200))
    with way.consumer(failpoint=("gigscrapy.consumer:Consumer._answer", "before", "2", "exit")) as consumer:
        assert consumer.wait() == EXIT_CODE
    committed = way.stored()
    assert 0 < committed <= 2 * BATCH
    assert 0 < way.drain_here().duplicates <= committed
    way.check()


def test_killed_just_before_the_commit(way: Way):
    """A queue that had been told too early would have lost them."""
    way.send(quotes(1200))
    with way.consumer(failpoint=("schema.store:Store._write", "after", "2", "exit")) as consumer:
        assert consumer.wait() == EXIT_CODE
    assert 0 < way.stored() <= BATCH
    assert way.drain_here().duplicates == 0
    way.check()


# -- the database is in trouble ----------------------------------------------------------------------------------------


def test_row_21_database_killed(way: Way, mariadb: MariaDB):
    way.send(quotes(2000))
    with way.consumer("--drain", failpoint=SLOW) as consumer:
        is_at_work(way, consumer)
        mariadb.kill9()
        consumer.until(HELD)
        mariadb.start()
        assert consumer.wait() == 0, consumer.log
    way.check()


def test_row_22_database_hangs(way: Way, mariadb: MariaDB):
    way.send(quotes(2000))
    with way.consumer("--drain", failpoint=SLOW) as consumer:
        is_at_work(way, consumer)
        mariadb.pause()
        consumer.until(HELD)
        mariadb.resume()
        assert consumer.wait() == 0, consumer.log
    way.check()


def test_row_23_database_hangs_while_it_is_connected_to(way: Way, mariadb: MariaDB):
    way.send(quotes(200))
    mariadb.pause()
    with way.consumer("--drain") as consumer:
        consumer.until("the start held for ")
        mariadb.resume()
        assert consumer.wait() == 0, consumer.log
    way.check()


class Trouble:
    """What row 24 does to a database, each until the block ends."""

    def __init__(self, mariadb: MariaDB, way: Way) -> None:
        self.mariadb, self.way = mariadb, way

    def read_only(self, stack: ExitStack) -> None:
        self.mariadb.execute("SET GLOBAL read_only = 1")
        stack.callback(self.mariadb.execute, "SET GLOBAL read_only = 0")

    def too_many_connections(self, stack: ExitStack) -> None:
        """Every connection but the one kept for root is taken, and ours is cut."""
        self.mariadb.execute("SET GLOBAL max_connections = 10")
        stack.callback(self.mariadb.execute, "SET GLOBAL max_connections = 151")
        self.killed(stack)
        others = []
        for _ in range(10):
            other = connect(self.way.database_url, self.way.home)
            try:
                other.connect()
            except Exception:  # it is full
                break
            others.append(other)
            stack.callback(hang_up, other)
        assert others

    def killed(self, stack: ExitStack) -> None:
        for (number,) in self.mariadb.execute("SELECT id FROM information_schema.processlist WHERE user = 'gig'"):
            self.mariadb.execute(f"KILL {number}")

    def locked(self, stack: ExitStack) -> None:
        """Somebody holds a row that every batch writes; ours waits a second for it at most."""
        self.mariadb.execute("SET GLOBAL innodb_lock_wait_timeout = 1")
        self.killed(stack)
        cursor = stack.enter_context(session(self.mariadb, self.way.database_url))
        cursor.execute("SELECT id FROM Runs FOR UPDATE")


@pytest.mark.parametrize("trouble", ["read_only", "too_many_connections", "killed", "locked"])
def test_row_24_database_passes_through(way: Way, mariadb: MariaDB, trouble: str):
    way.send(quotes(2500))
    with way.consumer("--drain", failpoint=SLOW) as consumer:
        is_at_work(way, consumer)
        with ExitStack() as stack:
            getattr(Trouble(mariadb, way), trouble)(stack)
            consumer.until(HELD)
        assert consumer.wait() == 0, consumer.log
    way.check()


def test_row_25_consumers_in_each_others_way(way: Way, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch):
    """Four at once write the same rows, and none is a deadlock's victim; then we make one, and it is tried again."""
    monkeypatch.setattr(consumer_module, "BATCH", 60)
    deadlocks = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Innodb_deadlocks'"
    before = mariadb.execute(deadlocks)
    same = quotes(2400, matches=4)  # each batch writes the same 84 rows of LatestOdds
    way.send(same)
    way.send(reversed(same))
    with ThreadPoolExecutor(4) as pool:
        totals = [done.result() for done in [pool.submit(way.drain_here) for _ in range(4)]]
    assert sum(total.stored for total in totals) == 2400
    assert mariadb.execute(deadlocks) == before
    force_a_deadlock(way, mariadb)
    assert mariadb.execute(deadlocks) != before
    way.check()


def force_a_deadlock(way: Way, mariadb: MariaDB) -> None:
    """A transaction that has written much, and so is not made the victim, takes the last row, then wants the first."""
    key = "match_id, market_id, line, bookmaker_id, outcome"
    one = "SELECT * FROM LatestOdds WHERE ({key}) = (%s, %s, %s, %s, %s) FOR UPDATE"
    rows = way.rows(f"SELECT {key} FROM LatestOdds ORDER BY match_id, market_id, line, bookmaker_id")
    mariadb.execute(f"CREATE TABLE {way.database_url.rpartition('/')[2]}.Heavy (n INT)")
    way.send(quotes(400, start=5000, matches=4))
    with session(mariadb, way.database_url) as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")  # which locks what it finds, no more
        cursor.execute("INSERT INTO Heavy SELECT seq FROM seq_1_to_50000")
        cursor.execute(one.format(key=key), rows[-1])
        with way.consumer("--drain", patience=60) as consumer:
            consumer.until(lambda: somebody_waits_for_a_lock(mariadb))
            cursor.execute(one.format(key=key), rows[0])
            consumer.until("Deadlock found")
            cursor.connection.rollback()
            assert consumer.wait() == 0, consumer.log


def somebody_waits_for_a_lock(mariadb: MariaDB) -> bool:
    """The table is a copy that is made anew only if nobody has read it for a tenth of a second."""
    time.sleep(0.3)
    return bool(mariadb.execute("SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))


@pytest.mark.parametrize(
    "breaks, mends, sentence",
    [
        ("RENAME TABLE LatestOdds TO Away", "RENAME TABLE Away TO LatestOdds", "a table is missing"),
        (
            "ALTER TABLE Odds RENAME COLUMN trj TO away",
            "ALTER TABLE Odds RENAME COLUMN away TO trj",
            "a column is missing",
        ),
        ("REVOKE UPDATE ON * FROM gig@'127.0.0.1'", "GRANT UPDATE ON * TO gig@'127.0.0.1'", "lacks a privilege"),
    ],
    ids=["table", "column", "privilege"],
)
def test_row_26_tables_that_do_not_fit(way: Way, mariadb: MariaDB, breaks: str, mends: str, sentence: str):
    way.send([*quotes(300), b"{"])
    with session(mariadb, way.database_url) as cursor:
        cursor.execute(breaks)
        with way.consumer() as consumer:
            assert consumer.wait() == 78
            assert sentence in consumer.log
        cursor.execute(mends)
    assert (way.stored(), way.refused()) == (0, {})
    assert drain(way.rabbit_url or "", "odds.dead") == []
    way.drain_here()
    way.check({name_of(b"{")})


# -- messages are in trouble -------------------------------------------------------------------------------------------


def raw(**changes: Any) -> bytes:
    """A good body with other values in it: text, NaN, Infinity and all that our own encoder would not write."""
    return json.dumps(json.loads(encode(quote(after=7, run_id=None))) | changes).encode()


UNFIT = {
    b"{": "malformed",
    b'["a list"]': "malformed",
    b"\xff\xfe": "malformed",
    b'{"match": 1, "match": 2}': "malformed",
    b"[" * 50_000: "malformed",
    raw(outcomes={"1": float("nan")}): "malformed",
    raw(outcomes={"1": float("inf")}): "malformed",
    raw(outcomes={"1": "1e9"}): "price",
    raw(outcomes={"1": 1e9}): "price",
    raw(outcomes={"1": -1}): "price",
    raw(outcomes={"1": 123}).replace(b"123}", b"1" * 5000 + b"}"): "malformed",
    raw(outcomes={"1": 0, "X": 1, "2": "-"}): "no-price",
    raw(outcomes={"1": True}): "wrong-type",
    raw(outcomes={"7": "2.10"}): "outcome",
    raw(outcomes=None): "missing",
    raw(home=12): "wrong-type",
    raw(home="Paris\x00SG"): "name",
    raw(home="Paris\x07SG"): "name",
    raw(home="\ud800"): "name",
    raw(home="x" * (NAME_LENGTH + 1)): "name",
    raw(home="Paris SG", away="PARIS  SG"): "teams",
    raw(kickoff="2025-02-30T18:45:00Z"): "value",
    raw(kickoff="2025-10-17T25:45:00Z"): "value",
    raw(kickoff="2025-10-17T18:45:00"): "value",
    raw(scraped_at=None): "missing",
    raw(line="NaN"): "value",
    raw(sport="golf"): "sport",
    raw(market="corners"): "market",
    raw(schema_version=True): "version",
    raw(run_id="x" * 65): "value",
}
FIT = [
    raw(outcomes={"1": "2,35", "X": "3.10", "2": 2.5}, home="Comma"),
    raw(kickoff="2025-10-26T02:30:00+02:00", home="The first half past two", match_id="first"),
    raw(kickoff="2025-10-26T02:30:00+01:00", home="The second half past two", match_id="second"),
    raw(home="𝔓aris \U0001f600", away="y" * NAME_LENGTH),
    raw(bookmaker="Nobody has heard of it", bookmaker_id=None),
    raw(outcomes={"1": "9999", "X": "1.00", "2": "0"}, home="Almost nothing"),
]
HUGE = b'{"match": "' + b"x" * 50_000_000 + b'"}'


@pytest.mark.parametrize("queue_type", ("quorum", "spool"))
def test_row_27_unfit_messages_among_good_ones(make_way: MakeWay, queue_type: str):
    way = make_way(queue_type)
    good = quotes(300)
    way.send([*good[:150], *UNFIT, *FIT, HUGE, *good[150:]])
    way.drain_here()
    refused = {body: reason for body, reason in way.refused().items() if not body.startswith(HUGE[:1000])}
    assert refused == UNFIT
    assert way.rows("SELECT reason, size FROM DeadLetters WHERE size > 1000000") == [("too-large", len(HUGE))]
    kickoffs = way.rows(
        "SELECT m.match_date FROM Matches m JOIN Teams t ON t.id = m.home_team_id"
        " WHERE t.name LIKE 'The %%half past two' ORDER BY m.match_date"
    )
    assert kickoffs == [(datetime(2025, 10, 26, 0, 30),), (datetime(2025, 10, 26, 1, 30),)]
    way.check({name_of(body) for body in (*UNFIT, HUGE)})


KILLER = encode(quote(home="Killer", run_id=None))
KILLS = ("schema.store:decode", "before", "has=Killer", "abort")
"""A failpoint: whoever reads that message crashes."""


@pytest.mark.parametrize("queue_type", ANY_QUEUE)
def test_row_28_a_message_that_ends_the_process(make_way: MakeWay, queue_type: str):
    way = make_way(queue_type)
    good = quotes(1500)
    way.send([*good[:700], KILLER, *good[700:]])
    deaths = restart_until_it_is_done(way, KILLS)
    assert 3 <= deaths <= 8
    assert way.refused() == {KILLER: "kills-the-consumer"}
    way.check({name_of(KILLER)})


def restart_until_it_is_done(way: Way, failpoint: tuple[str, ...]) -> int:
    """Be the supervisor. How often the consumer crashed."""
    for deaths in range(20):
        with way.consumer("--drain", failpoint=failpoint) as consumer:
            code = consumer.wait()
            if code == 0:
                return deaths
            assert code == -signal.SIGABRT, consumer.log
    raise AssertionError("it dies for ever")


def test_who_is_killed_from_outside_puts_no_innocent_aside(way: Way):
    """Three die with all in hand. Those that follow are careful, and killed with an innocent on trial, four times."""
    way.send(quotes(300))
    for _ in range(3):
        with way.consumer(failpoint=DIES_WITH_ALL_IN_HAND) as consumer:
            assert consumer.wait() == EXIT_CODE
    for _ in range(4):
        with way.consumer(failpoint=("schema.store:Store._write", "after", "has=", "sleep=0.3")) as consumer:
            is_at_work(way, consumer, way.stored() + 2)
            until(lambda: any(note.read_text() for note in (way.home / "consumers").iterdir()))
            consumer.kill9()
            assert "one message at a time" in consumer.log
    way.drain()
    way.check()


DIES_WITH_ALL_IN_HAND = ("gigscrapy.consumer:Consumer._take", "before", "1", "exit")


def test_row_29_a_consumer_that_restarts_for_ever(way: Way):
    """Each dies with a thousand messages in hand; a limit of deliveries would put all of them aside."""
    way.send(quotes(1000))
    for _ in range(4):
        with way.consumer(failpoint=DIES_WITH_ALL_IN_HAND) as consumer:
            assert consumer.wait() == EXIT_CODE
    assert way.stored() == 0
    way.drain()
    way.check()


@pytest.mark.parametrize("queue_type", ("quorum", "spool"))
def test_row_30_everything_three_times_and_once_backwards(make_way: MakeWay, queue_type: str):
    way = make_way(queue_type)
    every = [*quotes(900), quote(after=1, market="DNB", prices=prices("1.5", "2.5", outcomes="12"))]
    sums = []
    for messages in (every, every[::-1], every):
        way.send(messages)
        totals = way.drain_here()
        sums.append(checksums(way))
    assert sums[0] == sums[1] == sums[2]
    assert (totals.stored, totals.duplicates) == (0, len(every))
    way.check()


def checksums(way: Way) -> dict[str, str]:
    database = connect(way.database_url, way.home)
    try:
        return {
            table: str(found) for table, found in checksum(database).items() if table in {*SAME_EVERYWHERE} - {"Runs"}
        }
    finally:
        hang_up(database)


def test_row_31_an_older_observation_comes_later(way: Way):
    for after, price in ((60, "3.000"), (0, "9.000"), (30, "8.000")):
        way.send([quote(after=after, prices=prices(price, "3.1", "3.2"))])
        way.drain_here()
    latest = way.rows("SELECT odd_value, scraped_at FROM LatestOdds WHERE outcome = '1'")
    assert [(str(price), at) for price, at in latest] == [
        ("3.000", (NOON + timedelta(seconds=60)).replace(tzinfo=None))
    ]
    assert way.rows("SELECT COUNT(*) FROM Odds WHERE outcome = '1'") == [(3,)]
    way.check()


@pytest.mark.parametrize("order", [("2.100", "2.900", "2.500"), ("2.900", "2.500", "2.100")])
def test_row_32_two_prices_at_one_instant(way: Way, order: tuple[str, ...]):
    way.send([quote(prices=prices(price, "3.1", "3.2")) for price in order[:2]])
    way.drain_here()
    way.send([quote(prices=prices(order[2], "3.1", "3.2"))])
    way.drain_here()
    for table in ("Odds", "LatestOdds"):
        assert [str(price) for (price,) in way.rows(f"SELECT odd_value FROM {table} WHERE outcome = '1'")] == ["2.900"]
    assert way.stored() == 3
    way.check()


# -- the broker is in trouble ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue_type", RABBITS)
def test_row_33_broker_killed(make_way: MakeWay, rabbitmq: RabbitMQ, queue_type: str):
    way = make_way(queue_type)
    way.send(quotes(2000))
    with way.consumer("--drain", failpoint=SLOW) as consumer:
        is_at_work(way, consumer)
        rabbitmq.settle()  # the consumer has made a queue too
        rabbitmq.kill9()
        consumer.until(" is away ")
        rabbitmq.start()
        assert consumer.wait() == 0, consumer.log
    way.check()


def test_row_34_queue_deleted(way: Way):
    way.send(quotes(10))
    with way.consumer() as consumer:
        is_at_work(way, consumer, 10)
        with pika.BlockingConnection(pika.URLParameters(way.rabbit_url)) as connection:
            connection.channel().queue_delete("odds")
        assert consumer.wait() == 78
        assert "deleted" in consumer.log
    way.check()


def test_row_35_a_batch_longer_than_a_heartbeat(way: Way):
    """The broker would hang up after two heartbeats that it missed."""
    way.send(quotes(800))
    log = way.drain(failpoint=("schema.store:Store.store", "before", "1", "sleep=7"), rabbit_arguments="?heartbeat=2")
    assert " is away " not in log
    assert duplicates(log) == 0
    way.check()


@pytest.mark.parametrize("queue_type", RABBITS)
def test_row_36_an_acknowledgement_for_a_line_that_is_gone(make_way: MakeWay, rabbitmq: RabbitMQ, queue_type: str):
    """On the new line the same numbers are other messages': the queue would forget what nobody has stored."""
    way = make_way(queue_type)
    way.send(quotes(1200))
    with Proxy(rabbitmq.port) as proxy:
        source = receiver(through(proxy, rabbitmq, way), way.home)
        old = received(source)
        proxy.cut()
        assert len(received(source)) == len(old) == BATCH
        with pytest.raises(ConnectionError):
            source.ack(old)
        with pytest.raises(ConnectionError):
            source.refuse(old[0], "test", "of the old line")
        source.close()
    assert way.drain_here().messages == 1200
    way.check()


def through(proxy: Proxy, rabbitmq: RabbitMQ, way: Way) -> str:
    return rabbitmq.url((way.rabbit_url or "").rpartition("/")[2], port=proxy.port)


def received(source: Receiver) -> Sequence[Delivery]:
    """A full batch; whatever of one comes before the connection is lost is given out again."""
    deadline = time.monotonic() + LONG_SECONDS
    while True:
        assert time.monotonic() < deadline
        with suppress(ConnectionError):
            deliveries = source.receive(BATCH, 5)
            if len(deliveries) == BATCH:
                return deliveries


def test_an_acknowledgement_cut_short(way: Way, rabbitmq: RabbitMQ):
    """All of the batch comes again and is known."""
    way.send(quotes(1200))
    with Proxy(rabbitmq.port) as proxy:
        late = ("gigscrapy.consumer:Consumer._answer", "before", "1", "sleep=3")
        with way.consumer("--drain", failpoint=late, rabbit_url=through(proxy, rabbitmq, way)) as consumer:
            is_at_work(way, consumer)
            proxy.cut()
            consumer.until("before it heard so")
            assert consumer.wait() == 0, consumer.log
            assert duplicates(consumer.log) > 0
    way.check()


# -- what messages say -------------------------------------------------------------------------------------------------


def test_row_37_clocks_and_the_night_the_hour_comes_twice(way: Way):
    def at(instant: datetime | str, home: str) -> bytes:
        return raw(scraped_at=str(instant), home=home, match_id=home)

    now = datetime.now(UTC)
    good = {
        "Behind": at(now - timedelta(days=1), "Behind"),
        "Ahead": at(now + timedelta(hours=23), "Ahead"),
        "Once": at("2025-10-26T02:30:00+02:00", "Once"),
        "Twice": at("2025-10-26T02:30:00+01:00", "Twice"),
    }
    bad = {at(now + timedelta(hours=25), "Future"): "future", at("2025-10-26T02:30:00", "Naive"): "value"}
    way.send([*good.values(), *bad])
    way.drain_here()
    assert way.refused() == bad
    found = way.rows(
        "SELECT DISTINCT t.name, o.scraped_at FROM Odds o JOIN Matches m ON m.id = o.match_id"
        " JOIN Teams t ON t.id = m.home_team_id WHERE t.name IN ('Once', 'Twice') ORDER BY t.name"
    )
    assert found == [("Once", datetime(2025, 10, 26, 0, 30)), ("Twice", datetime(2025, 10, 26, 1, 30))]
    way.check({name_of(body) for body in bad})


SPELLINGS = ["Étoile", "Etoile", "Malmö", "Malmo", "Straße", "Strasse", "فريق", "😀", "😁", "Ł", "L"]
ALIKE = ["Ａlike", "alike ", "ALIKE"]
NO_TEXT = ["\ud83d", "Nul\x00", "Bell\x07"]


def test_row_38_letters_of_all_kinds(way: Way):
    alike = [raw(home=name, scraped_at=f"2025-10-17T12:00:0{second}Z") for second, name in enumerate(ALIKE)]
    way.send([*alike, *(raw(home=name) for name in (*SPELLINGS, *NO_TEXT))])
    way.drain_here()
    names = [name for (name,) in way.rows("SELECT name FROM Teams")]
    assert {*SPELLINGS} <= {*names}
    assert len(names) == len(SPELLINGS) + 2  # one for the three that are alike, one for who they play
    assert way.refused() == {raw(home=name): "name" for name in NO_TEXT}
    way.check({name_of(raw(home=name)) for name in NO_TEXT})


def test_row_39_what_nobody_knows(way: Way):
    kept = [
        raw(bookmaker="Nobody has heard of it", bookmaker_id=None),
        raw(bookmaker="Bookmaker 4711", bookmaker_id=4711),
        raw(league="A league nobody has heard of"),
    ]
    refused = {raw(sport="golf"): "sport", raw(market="corners"): "market"}
    way.send([*kept, *refused])
    way.drain_here()
    unreviewed = way.rows("SELECT name FROM Bookmakers WHERE NOT reviewed ORDER BY name")
    assert unreviewed == [("Bookmaker 4711",), ("Nobody has heard of it",)]
    assert way.rows("SELECT COUNT(*) FROM Leagues WHERE name = 'A league nobody has heard of'") == [(1,)]
    assert way.refused() == refused
    way.check({name_of(body) for body in refused})


def test_row_40_a_later_version(way: Way, monkeypatch: pytest.MonkeyPatch):
    later = raw(schema_version=2)
    way.send([*quotes(10), later])
    way.drain_here()
    assert way.refused() == {later: "version"}
    dead = drain(way.rabbit_url or "", "odds.dead")
    assert dead == [later]
    monkeypatch.setattr(messages_module, "SCHEMA_VERSION", 2)  # the update
    way.send(dead)
    way.drain_here()
    assert way.stored() == 11


# -- memory ------------------------------------------------------------------------------------------------------------


def test_while_the_database_is_away_the_queue_keeps_what_waits(way: Way, mariadb: MariaDB, rabbitmq: RabbitMQ):
    """120 MB of messages: the consumer takes two batches of them, and no more."""
    way.send(quotes(1))
    with way.consumer() as consumer:
        is_at_work(way, consumer)
        before = resident(consumer)
        mariadb.kill9()
        padding = "x" * 20_000
        way.send(
            json.dumps(json.loads(encode(message)) | {"padding": padding}).encode() for message in quotes(6000, 10)
        )
        consumer.until(HELD)
        until(lambda: ready_and_sent_ahead(rabbitmq, way) == (6000 - 2 * BATCH, 2 * BATCH))
        time.sleep(1)
        assert resident(consumer) - before < 70_000_000
        mariadb.start()
        is_at_work(way, consumer, 6001)
        consumer.signal(signal.SIGTERM)
        assert consumer.wait() == 0
    way.check()


def ready_and_sent_ahead(rabbitmq: RabbitMQ, way: Way) -> tuple[int, int]:
    """Messages that ``odds`` holds: those nobody has, and those a consumer has and did not acknowledge."""
    vhost = (way.rabbit_url or "").rpartition("/")[2]
    listed = rabbitmq.ctl("list_queues", "-q", "-p", vhost, "name", "messages_ready", "messages_unacknowledged")
    (line,) = (line.split() for line in listed.splitlines() if line.split()[:1] == ["odds"])
    return int(line[1]), int(line[2])


def resident(consumer: Running) -> int:
    """Bytes of memory that it has taken at most so far."""
    status = Path(f"/proc/{consumer.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])
