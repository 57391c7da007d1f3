import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pymysql
import pytest
from peewee import Database

from gigscrapy import consumer as consumer_module
from gigscrapy import patience
from gigscrapy.broker import BrokerError, Delivery
from gigscrapy.consumer import BATCH, FRESH, SUSPECT, Consumer
from gigscrapy.deadletters import REPLAYED
from gigscrapy.patience import STRIKES, Halt
from gigscrapy.quarantine import DEATHS, TRIALS, Quarantine
from schema import database as database_module
from schema import store as store_module
from schema.database import connect, hang_up
from schema.messages import Message, encode
from schema.store import Outcome, Store
from tests.gigscrapy.test_quarantine import die
from tests.schema.laid import lay
from tests.schema.letters import NOON, prices, quote
from tests.services.mariadb import MariaDB


class Queue:
    """A broker in memory that keeps the contract of :class:`gigscrapy.broker.Receiver`, and fails when told to."""

    def __init__(self, *messages: Message | bytes) -> None:
        bodies = [m if isinstance(m, bytes) else encode(m) for m in messages]
        self.waiting = [Delivery(n, body, None, NOON) for n, body in enumerate(bodies)]
        self.unsettled: list[Delivery] = []
        self.acknowledged: list[int] = []
        self.dead: list[tuple[int, str, str]] = []
        self.closed = False
        self.limits: list[int] = []
        self.failures: dict[str, list[Exception]] = {"receive": [], "ack": [], "refuse": []}
        self.on_ack: Callable[[], None] = lambda: None

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        self._fail("receive")
        self.limits.append(limit)
        if not self.waiting:
            time.sleep(min(timeout, 0.01))
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        self.unsettled += taken
        return taken

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        self._fail("ack")
        self.on_ack()
        for delivery in deliveries:
            self.unsettled.remove(delivery)
            self.acknowledged.append(delivery.tag)

    def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        self._fail("refuse")
        self.unsettled.remove(delivery)
        self.dead.append((delivery.tag, reason, detail))

    def close(self) -> None:
        self._give_back()
        self.closed = True

    def _fail(self, when: str) -> None:
        if self.failures[when]:
            self._give_back()
            raise self.failures[when].pop(0)

    def _give_back(self) -> None:
        self.waiting = [replace(given, attempts=given.attempts + 1) for given in self.unsettled] + self.waiting
        self.unsettled = []


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.1)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    database = connect(None, tmp_path)
    yield database
    hang_up(database)


@pytest.fixture
def served(mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setitem(database_module._MYSQL_PATIENCE, "read_timeout", 1)
    database = connect(mariadb_url, tmp_path)
    lay(database)
    hang_up(database)
    yield database
    hang_up(database)


def quotes(number: int) -> list[Message]:
    return [quote(after=n) for n in range(number)]


def count(database: Database, table: str) -> int:
    return int(database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


@contextmanager
def running(consumer: Consumer) -> Iterator[Callable[[], None]]:
    """The consumer at work in a thread of its own; the block gets a way to wait for its end."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(consumer.run)

        def finish() -> None:
            consumer.stop()
            future.result(timeout=30)

        try:
            yield finish
        finally:
            consumer.stop()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


class TestWell:
    def test_stores_all_and_returns_when_the_queue_is_empty(self, embedded: Database) -> None:
        queue = Queue(*quotes(1200))
        consumer = Consumer(queue, embedded)
        consumer.run(drain=True)
        assert queue.acknowledged == list(range(1200))
        assert count(embedded, "Odds") == 3600
        assert (consumer.totals.messages, consumer.totals.stored, consumer.totals.prices) == (1200, 1200, 3600)
        assert queue.closed

    def test_tallies_all_of_it_in_the_end(self, embedded: Database) -> None:
        Consumer(Queue(*quotes(3)), embedded).run(drain=True)
        assert (count(embedded, "Payouts"), count(embedded, "OddsHours"), count(embedded, "TouchedMatches")) == (
            1,
            1,
            0,
        )

    def test_tallies_while_nothing_comes(self, embedded: Database, tmp_path: Path) -> None:
        consumer = Consumer(Queue(*quotes(3)), embedded)
        looking = connect(None, tmp_path)
        lay(looking)
        with running(consumer) as finish:
            until(lambda: count(looking, "Payouts") == 1)
            finish()
        hang_up(looking)

    @pytest.mark.parametrize("brings", [(5, "TALLY_AT_LEAST"), (50, "TALLY_SECONDS")], ids=["full", "part-full"])
    def test_tallies_though_something_always_comes(
        self, embedded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brings: tuple[int, str]
    ) -> None:
        """A queue that is never empty does not keep pages from what it brings."""
        full, rest = brings
        monkeypatch.setattr(consumer_module, "BATCH", full)
        monkeypatch.setattr(consumer_module, rest, 0.05)
        queue = Queue(*quotes(5))
        queue.on_ack = lambda: queue.waiting.extend(Queue(*quotes(5)).waiting)
        consumer = Consumer(queue, embedded)
        looking = connect(None, tmp_path)
        lay(looking)
        with running(consumer) as finish:
            until(lambda: count(looking, "Payouts") == 1)
            finish()
        hang_up(looking)

    def test_that_it_cannot_tally_keeps_it_from_nothing(
        self, embedded: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        lay(embedded)
        embedded.execute_sql("DROP TABLE Payouts")
        Consumer(Queue(*quotes(3)), embedded).run(drain=True)
        assert count(embedded, "Odds") == 9
        assert "not tallied, tried again in 60 s: the database says: no such table: Payouts" in caplog.text

    def test_acknowledges_what_is_committed(self, embedded: Database, tmp_path: Path) -> None:
        """Another connection sees it before the queue is told."""
        seen = []

        def look() -> None:
            other = connect(None, tmp_path)
            seen.append(count(other, "Odds"))
            other.close()

        queue = Queue(quote())
        queue.on_ack = look
        Consumer(queue, embedded).run(drain=True)
        assert seen == [3]

    def test_what_cannot_be_kept_is_put_aside_alone(self, embedded: Database) -> None:
        queue = Queue(quote(), b"{", quote(after=1), encode(quote(sport="golf")))
        consumer = Consumer(queue, embedded)
        consumer.run(drain=True)
        assert queue.acknowledged == [0, 2]
        assert [(tag, reason) for tag, reason, _ in queue.dead] == [(1, "malformed"), (3, "sport")]
        assert "golf" in queue.dead[1][2]
        assert consumer.totals.refused == 2
        assert count(embedded, "DeadLetters") == 2

    def test_says_what_it_did(self, embedded: Database, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "gigscrapy.consumer")
        told = []
        again = quote()
        queue = Queue(again, again, b"{", quote(after=1, bookmaker="Nouveau\u202e"))
        Consumer(queue, embedded, watch=lambda totals: told.append((totals.messages, totals.duplicates))).run(
            drain=True
        )
        assert told == [(4, 1)]
        batch, refused, unknown = caplog.messages
        assert batch.startswith("4 messages: 6 prices in 2 quotes, 1 duplicates, 1 refused, ")
        assert refused.startswith("refused (malformed): ")
        assert unknown == "a bookmaker that nobody has reviewed: 'Nouveau\\u202e'"

    def test_told_to_stop_it_settles_the_batch_it_has(self, embedded: Database) -> None:
        queue = Queue(*quotes(1200))
        consumer = Consumer(queue, embedded, watch=lambda totals: consumer.stop())
        consumer.run()
        assert len(queue.acknowledged) == count(embedded, "Messages") == 500
        assert len(queue.waiting) == 700
        assert queue.unsettled == []


class TestBrokerTrouble:
    def test_away_is_waited_for(self, embedded: Database) -> None:
        queue = Queue(*quotes(3))
        queue.failures["receive"] = [ConnectionError()] * 3
        Consumer(queue, embedded).run(drain=True)
        assert queue.acknowledged == [0, 1, 2]

    def test_refusing_us_halts(self, embedded: Database) -> None:
        queue = Queue(quote())
        queue.failures["receive"] = [BrokerError("the broker refuses the password in RABBIT_URL")]
        with pytest.raises(Halt, match="RABBIT_URL"):
            Consumer(queue, embedded).run()
        assert queue.closed

    @pytest.mark.parametrize("when", ["ack", "refuse"])
    def test_away_after_the_commit_it_all_comes_again_and_counts_once(self, when: str, embedded: Database) -> None:
        queue = Queue(quote(), b"{", quote(after=1))
        queue.failures[when] = [ConnectionError("cut")]
        consumer = Consumer(queue, embedded)
        consumer.run(drain=True)
        assert sorted(queue.acknowledged) == [0, 2]
        assert [reason for _, reason, _ in queue.dead][-1] == "malformed"
        assert (count(embedded, "Odds"), count(embedded, "DeadLetters")) == (6, 1)
        assert (consumer.totals.stored, consumer.totals.duplicates) == (2, 2)


class TestDatabaseTrouble:
    """Nothing is acknowledged that is not stored, and nothing is dead that is not bad."""

    @pytest.mark.server
    def test_killed_and_back(self, served: Database, mariadb: MariaDB) -> None:
        queue = Queue(*quotes(2000))
        with running(Consumer(queue, served)) as finish:
            until(lambda: len(queue.acknowledged) >= 500)
            mariadb.kill9()
            time.sleep(0.5)
            acknowledged = len(queue.acknowledged)
            time.sleep(0.5)
            assert len(queue.acknowledged) == acknowledged
            mariadb.start()
            until(lambda: len(queue.acknowledged) == 2000)
            finish()
        assert (count(served, "Odds"), count(served, "Messages")) == (6000, 2000)
        assert queue.dead == []

    @pytest.mark.server
    def test_hangs_and_goes_on(self, served: Database, mariadb: MariaDB) -> None:
        queue = Queue(*quotes(2000))
        with running(Consumer(queue, served)) as finish:
            until(lambda: len(queue.acknowledged) >= 500)
            mariadb.pause()
            time.sleep(2.5)
            mariadb.resume()
            until(lambda: len(queue.acknowledged) == 2000)
            finish()
        assert (count(served, "Odds"), count(served, "Messages")) == (6000, 2000)
        assert queue.dead == []

    @pytest.mark.server
    def test_away_at_the_start(self, served: Database, mariadb: MariaDB, caplog: pytest.LogCaptureFixture) -> None:
        mariadb.stop()
        queue = Queue(quote())
        with running(Consumer(queue, served)) as finish:
            until(lambda: "the start held for" in caplog.text)
            mariadb.start()
            until(lambda: queue.acknowledged == [0])
            finish()

    @pytest.mark.server
    def test_told_to_stop_while_it_is_away(self, served: Database, mariadb: MariaDB) -> None:
        queue = Queue(*quotes(10))
        consumer = Consumer(queue, served, watch=lambda totals: mariadb.kill9())
        with running(consumer) as finish:
            until(lambda: len(queue.acknowledged) == 10)
            queue.waiting = [Delivery(10, encode(quote(after=60)), None, NOON)]
            until(lambda: queue.unsettled != [])
            time.sleep(0.1)
            finish()
        assert [delivery.tag for delivery in queue.waiting] == [10]
        assert queue.closed

    @pytest.mark.server
    @pytest.mark.parametrize("bad", [{0}, {7}, {19}, {3, 4, 11}, set(range(20))])
    def test_a_value_it_will_not_have_is_put_aside_alone(self, bad: set[int], served: Database) -> None:
        """No such value is known: here somebody has made a column hold less."""
        served.execute_sql("ALTER TABLE Odds MODIFY odd_value DECIMAL(5, 3) NOT NULL")
        high = {"prices": prices("100", "1.09", "1.18")}
        queue = Queue(*(quote(after=n, **(high if n in bad else {})) for n in range(20)))
        consumer = Consumer(queue, served)
        consumer.run(drain=True)
        assert set(queue.acknowledged) == set(range(20)) - bad
        assert {tag for tag, _, _ in queue.dead} == bad
        assert {reason for _, reason, _ in queue.dead} == {"database"}
        assert "Out of range" in queue.dead[0][2]
        rows = served.execute_sql("SELECT reason, run_id, times FROM DeadLetters").fetchall()
        assert list(rows) == [("database", "run-1", 1)] * len(bad)
        assert count(served, "Odds") == 3 * (20 - len(bad))

    @pytest.mark.server
    @pytest.mark.parametrize(
        "sql, sentence",
        [
            ("DROP TABLE LatestOdds", "run `scrapy migrate`"),
            ("ALTER TABLE Odds DROP COLUMN trj", "run `scrapy migrate`"),
            ("ALTER TABLE Pages MODIFY parser VARCHAR(3)", "schema/models.py"),
            ("ALTER TABLE Odds ADD COLUMN colour INT NOT NULL", "doesn't have a default value"),
            ("DELETE FROM Migrations", "run `scrapy migrate`"),
        ],
    )
    def test_tables_that_do_not_fit_halt_it(self, sql: str, sentence: str, served: Database) -> None:
        served.execute_sql(sql)
        queue = Queue(*quotes(10), b"{")
        with pytest.raises(Halt, match=sentence):
            Consumer(queue, served).run(drain=True)
        assert (queue.acknowledged, queue.dead, len(queue.waiting)) == ([], [], 11)

    @pytest.mark.server
    def test_a_missing_privilege_halts_it(
        self, served: Database, mariadb: MariaDB, mariadb_url: str, tmp_path: Path
    ) -> None:
        name = mariadb_url.rpartition("/")[2]
        mariadb.execute("CREATE OR REPLACE USER gig@'127.0.0.1' IDENTIFIED BY 's3cret'")
        mariadb.execute(f"GRANT SELECT, INSERT ON {name}.* TO gig@'127.0.0.1'")
        limited = connect(mariadb.url(name, user="gig", password="s3cret"), tmp_path)
        queue = Queue(quote())
        with pytest.raises(Halt, match=r"UPDATE command denied.*GRANT"):
            Consumer(queue, limited).run(drain=True)
        assert (queue.acknowledged, queue.dead) == ([], [])

    def test_an_error_that_passes_is_waited_for_as_long_as_it_takes(
        self, embedded: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        errors = [pymysql.err.OperationalError(1213, "Deadlock"), ConnectionResetError(), TimeoutError()] * 3
        tries = failing(monkeypatch, errors)
        queue = Queue(quote())
        Consumer(queue, embedded).run(drain=True)
        assert len(tries) == 10
        assert queue.acknowledged == [0]

    def test_an_error_that_nobody_foresaw_halts_it_in_the_end(
        self, embedded: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        tries = failing(monkeypatch, [KeyError("colour")] * 10)
        queue = Queue(quote())
        with pytest.raises(Halt, match="KeyError: 'colour'"):
            Consumer(queue, embedded).run(drain=True)
        assert len(tries) == STRIKES == 3
        assert "Traceback" in caplog.text
        assert (queue.acknowledged, queue.dead) == ([], [])

    def test_one_that_passes_after_all(self, embedded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        failing(monkeypatch, [KeyError("colour")] * 2)
        queue = Queue(quote())
        Consumer(queue, embedded).run(drain=True)
        assert queue.acknowledged == [0]


def failing(monkeypatch: pytest.MonkeyPatch, errors: list[Exception]) -> list[int]:
    """The store raises these, one at each try, before it works again. How many messages each try had."""
    store, tries = Store.store, []

    def fail(self: Store, batch: Sequence[Any]) -> Outcome:
        tries.append(len(batch))
        if errors:
            raise errors.pop(0)
        return store(self, batch)

    monkeypatch.setattr(Store, "store", fail)
    return tries


class TestBreaker:
    def test_many_refusals_halt_it(self, embedded: Database) -> None:
        """After the batch that shows it: what was refused is kept twice, and what follows is not put aside."""
        queue = Queue(*(b"{" * n for n in range(1, 102)), *quotes(600))
        with pytest.raises(Halt, match="DeadLetters"):
            Consumer(queue, embedded).run(drain=True)
        assert (len(queue.dead), len(queue.acknowledged), len(queue.waiting)) == (101, 399, 201)

    def test_a_few_among_many_do_not(self, embedded: Database) -> None:
        queue = Queue(*(b"{" * n for n in range(1, 101)), *quotes(1400), *(b"[" * n for n in range(1, 101)))
        Consumer(queue, embedded).run(drain=True)
        assert (len(queue.dead), len(queue.acknowledged)) == (200, 1400)

    def test_what_a_person_put_back_is_left_out(self, embedded: Database) -> None:
        """However much of it is refused again; and it makes room for nobody else."""
        queue = Queue(*(b"{" * n for n in range(1, 702)), *quotes(10))
        queue.waiting[:600] = [replace(delivery, headers={REPLAYED: True}) for delivery in queue.waiting[:600]]
        consumer = Consumer(queue, embedded)
        with pytest.raises(Halt, match="DeadLetters"):
            consumer.run(drain=True)
        assert consumer.totals.refused == 701, "the last 101 came by themselves"


class TestMessagesThatKill:
    """What kills is put aside alone. That a consumer dies of one is played with its note; tests/faults kills in earnest."""

    @pytest.fixture
    def quarantine(self, tmp_path: Path) -> Quarantine:
        return Quarantine.enter(tmp_path)  # the consumer leaves it

    def test_without_a_death_it_takes_whole_batches(self, embedded: Database, quarantine: Quarantine) -> None:
        queue = Queue(*quotes(600))
        Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert set(queue.limits) == {BATCH}
        assert not quarantine._note.path.exists()

    def test_after_some_deaths_it_takes_one_at_a_time_until_all_are_fresh(
        self, embedded: Database, quarantine: Quarantine, tmp_path: Path
    ) -> None:
        die(tmp_path, times=DEATHS)
        queue = Queue(*quotes(1000))
        queue.waiting[:40] = [replace(delivery, attempts=1) for delivery in queue.waiting[:40]]
        Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert queue.limits == [1] * (40 + FRESH) + [BATCH] * 3
        assert queue.acknowledged == list(range(1000))
        assert not list((tmp_path / "consumers").iterdir())

    def test_the_end_of_the_queue_ends_it_too(self, embedded: Database, quarantine: Quarantine, tmp_path: Path) -> None:
        die(tmp_path, times=DEATHS)
        queue = Queue(quote())
        Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert queue.limits == [1, 1]
        assert not list((tmp_path / "consumers").iterdir())

    def test_what_was_given_out_often_is_given_back_and_taken_alone(
        self, embedded: Database, quarantine: Quarantine
    ) -> None:
        queue = Queue(*quotes(1000))
        queue.waiting[30] = replace(queue.waiting[30], attempts=SUSPECT)
        Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert queue.limits[:2] == [BATCH, 1]
        assert queue.limits[-1] == BATCH
        assert sorted(queue.acknowledged) == list(range(1000))
        assert queue.dead == []

    def test_a_killer_is_put_aside_and_nobody_looks_into_it(
        self, embedded: Database, quarantine: Quarantine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        killer = encode(quote(after=1))
        die(tmp_path, on_trial=killer, times=TRIALS)
        decode = store_module.decode

        def deadly(body: bytes, received_at: datetime) -> Message:
            assert body != killer
            return decode(body, received_at)

        monkeypatch.setattr(store_module, "decode", deadly)
        queue = Queue(quote(), killer, quote(after=2))
        consumer = Consumer(queue, embedded, quarantine=quarantine)
        consumer.run(drain=True)
        assert [(tag, reason) for tag, reason, _ in queue.dead] == [(1, "kills-the-consumer")]
        assert queue.acknowledged == [0, 2]
        assert consumer.totals.refused == 1
        rows = embedded.execute_sql("SELECT body, reason, run_id, times FROM DeadLetters").fetchall()
        assert rows == [(killer, "kills-the-consumer", "run-1", 1)]

    def test_if_the_queue_did_not_hear_of_it_it_stays_the_killer(
        self, embedded: Database, quarantine: Quarantine, tmp_path: Path
    ) -> None:
        die(tmp_path, on_trial=encode(quote()), times=TRIALS)
        queue = Queue(quote())
        queue.failures["refuse"] = [ConnectionError("cut")]
        Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert [reason for _, reason, _ in queue.dead] == ["kills-the-consumer"]
        assert count(embedded, "Odds") == 0

    def test_where_everything_kills_it_halts(self, embedded: Database, quarantine: Quarantine, tmp_path: Path) -> None:
        messages = quotes(6)
        for message in messages:
            die(tmp_path, on_trial=encode(message), times=TRIALS)
        queue = Queue(*messages)
        with pytest.raises(Halt, match="no message's fault"):
            Consumer(queue, embedded, quarantine=quarantine).run(drain=True)
        assert (len(queue.dead), len(queue.waiting)) == (5, 1)


def test_two_consumers_share_a_queue(tmp_path: Path) -> None:
    """Each has a connection of its own; what both were given counts once."""
    databases = [connect(None, tmp_path) for _ in range(2)]
    barrier = threading.Barrier(2, timeout=20)
    queues = [Queue(*quotes(600)), Queue(*reversed(quotes(600)))]

    def consume(queue: Queue, database: Database) -> int:
        barrier.wait()
        consumer = Consumer(queue, database)
        consumer.run(drain=True)
        return consumer.totals.stored

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(consume, queues, databases)) == 600
    assert count(databases[0], "Odds") == 1800
    hang_up(databases[0])
