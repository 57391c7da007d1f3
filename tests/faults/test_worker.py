"""Rows 41 to 45: the worker, the queue it reads from and the nodes it gives crawls to. Of row 44 its own part."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gigscrapy.broker import TASK_DEAD_QUEUE, TASK_QUEUE, Delivery, Queues, depths, send
from gigscrapy.deadletters import Chosen, replay
from gigscrapy.nodes import Node
from gigscrapy.tasks import write_task
from schema.database import connect, hang_up
from tests.faults.consuming import until
from tests.faults.failpoint import EXIT_CODE
from tests.faults.processes import Running, running
from tests.gigscrapy.daemon.daemons import Daemon, Held, scrapyd
from tests.gigscrapy.standin import SECRET, StandIn
from tests.services import free_ports
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.server, pytest.mark.slow]

BARE = b'{"scraper": "football.ligue_1", "params": {}}'


@dataclass
class Desk:
    """A broker and a database of a test's own."""

    rabbit_url: str
    database_url: str
    home: Path

    def send(self, *bodies: bytes) -> None:
        queues = Queues(self.rabbit_url, self.home)
        send(queues, TASK_QUEUE, [Delivery(None, body, None, datetime.now(UTC)) for body in bodies])

    def worker(
        self, *nodes: Node, failpoint: Sequence[str] = (), password: str | None = SECRET, **environment: str
    ) -> AbstractContextManager[Running]:
        own = {"SCRAPYD_URLS": " ".join(node.name for node in nodes), "LOG_LEVEL": "INFO"}
        own |= {"SCRAPYD_PASSWORD": password} if password else {}
        return running("worker", home=self.home, environment=self.environment | own | environment, failpoint=failpoint)

    @property
    def environment(self) -> dict[str, str]:
        return {"RABBIT_URL": self.rabbit_url, "DATABASE_URL": f"{self.database_url}?read_timeout=2"}

    def waiting(self) -> tuple[int, int]:
        """Tasks that wait, and dead ones."""
        found = depths(self.rabbit_url, self.home, [TASK_QUEUE, TASK_DEAD_QUEUE])
        return found[TASK_QUEUE], found[TASK_DEAD_QUEUE]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        database = connect(self.database_url, self.home)
        try:
            cursor = database.execute_sql(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            hang_up(database)

    def states(self) -> list[tuple[str, str]]:
        return self.rows("SELECT spider, state FROM Runs ORDER BY id")

    def age(self, seconds: int) -> None:
        """Let so much time go by for what waits for its time."""
        self.rows(f"UPDATE Runs SET not_before = not_before - INTERVAL {seconds} SECOND")

    def replay(self, chosen: Chosen) -> int:
        database = connect(self.database_url, self.home)
        try:
            return replay(database, Queues(self.rabbit_url, self.home), chosen).letters
        finally:
            hang_up(database)


@pytest.fixture
def desk(rabbit_url: str, database_url: str, tmp_path: Path) -> Desk:
    return Desk(rabbit_url, database_url, tmp_path / "home")


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as node:
        yield node


@pytest.fixture(scope="module")
def site() -> Iterator[Held]:
    with Held() as held:
        yield held


@pytest.fixture(scope="module")
def daemon(site: Held, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A Scrapyd whose crawls stand still at the first match."""
    with scrapyd(tmp_path_factory.mktemp("scrapyd") / "home", site.url, CRAWLS_PER_NODE="9") as running_one:
        yield running_one


@pytest.fixture
def short_patience(rabbitmq: RabbitMQ) -> Iterator[None]:
    """The broker takes a message back that is held for three seconds, and looks each second."""
    before = rabbitmq.eval("application:get_env(rabbit, consumer_timeout)")
    rabbitmq.eval(
        "application:set_env(rabbit, consumer_timeout, 3000), application:set_env(rabbit, channel_tick_interval, 1000)"
    )
    yield
    assert "1800000" in before
    rabbitmq.eval(
        "application:set_env(rabbit, consumer_timeout, 1800000),"
        " application:set_env(rabbit, channel_tick_interval, 60000)"
    )


def test_row_41_task_held_longer_than_the_broker_allows(
    desk: Desk, stand_in: StandIn, mariadb: MariaDB, short_patience: None
):
    """Not by a crawl, which goes on for as long as it likes, but by a database that hangs."""
    with desk.worker(stand_in.node(desk.home), CRAWLS_AT_ONCE="9") as worker:
        desk.send(write_task("nba"))
        until(lambda: desk.states() == [("nba", "scheduled")])
        mariadb.pause()
        desk.send(BARE)
        worker.until("a task held for")
        until(lambda: desk.waiting() == (1, 0))  # the broker has taken it back
        mariadb.resume()
        until(lambda: len(desk.states()) == 2)
        worker.until("a task came once more")
        until(lambda: desk.waiting() == (0, 0))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0, worker.log
    assert desk.states() == [("nba", "scheduled"), ("ligue1", "scheduled")]
    assert stand_in.scheduled == ["nba", "ligue1"]


@pytest.mark.parametrize(
    "failpoint",
    [
        ("gigscrapy.worker:Worker._acknowledge", "before"),
        ("gigscrapy.worker:Worker._schedule", "before"),
        ("gigscrapy.worker:Worker._schedule", "after"),
    ],
    ids=["before the acknowledgement", "between claim and schedule", "after the schedule"],
)
def test_row_42_task_comes_twice(desk: Desk, daemon: Daemon, failpoint: tuple[str, str]):
    before = {job.run_id for job in daemon.node.jobs()}
    desk.send(BARE)
    secret = {"password": daemon.node.password}
    with desk.worker(daemon.node, failpoint=(*failpoint, "1", "exit"), **secret) as worker:
        assert worker.wait() == EXIT_CODE, worker.log
    assert len(desk.states()) == 1
    desk.age(60)
    with desk.worker(daemon.node, **secret) as worker:
        worker.until("messages come from queue scraping_tasks")  # so it has looked at the runs
        until(lambda: {job.run_id for job in daemon.node.jobs()} - before)
        if failpoint[0].endswith("_acknowledge"):
            worker.until("a task came once more")
        until(lambda: desk.waiting() == (0, 0))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0, worker.log
    [(run_id, state)] = desk.rows("SELECT run_id, state FROM Runs")
    assert state == "scheduled"
    assert [job.run_id for job in daemon.node.jobs() if job.run_id not in before] == [run_id]


def test_row_43_no_such_spider_or_no_task(desk: Desk, stand_in: StandIn):
    bad = {
        b'{"scraper": "football.ligue_one"}': "unknown-league",
        b'{"scraper": "../../etc/passwd"}': "unknown-league",
        b'{"spider": "ligue1; rm -rf /"}': "unknown-league",
        b'{"spider": "ligue1", "args": {"setting": "FEEDS={\\"file:///x\\": {}}"}}': "argument",
        b'{"spider": "ligue1", "args": {"match": "file:///etc/passwd"}}': "argument",
        b'{"spider": "ligue1", "args": ["depth"]}': "wrong-type",
        b'{"spider": "ligue1", "task_id": "../x"}': "value",
        b"{}": "missing",
        b"[" * 5000: "malformed",
        b"\xff\x00": "malformed",
        b"{" + b" " * 20_000: "too-large",
    }
    desk.send(*bad)
    with desk.worker(stand_in.node(desk.home)) as worker:
        until(lambda: desk.waiting() == (0, len(bad)))
        assert (desk.states(), stand_in.scheduled) == ([], [])
        desk.send(BARE)
        until(lambda: stand_in.scheduled == ["ligue1"])
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0, worker.log
    letters = desk.rows("SELECT body, reason, queue, detail FROM DeadLetters")
    assert {bytes(body): reason for body, reason, _, _ in letters} == bad
    assert {queue for _, _, queue, _ in letters} == {TASK_QUEUE}
    assert worker.log.count("a task is refused (") == len(bad)
    [near] = [detail for body, _, _, detail in letters if b"ligue_one" in bytes(body)]
    assert "did you mean ligue2, ligue1" in near


def test_no_league_is_crawled_twice_when_its_scrapyd_is_killed(desk: Desk):
    """Its crawl goes on and keeps the league, though the new Scrapyd has never heard of it; then it dies too."""
    environment = desk.environment | {"SCRAPYD_PASSWORD": SECRET}
    with Held() as site, scrapyd(desk.home, site.url, **environment) as first:
        with desk.worker(first.node, RUN_SILENCE="3") as worker, consuming(desk) as consumer:
            desk.send(BARE)
            until(lambda: site.matches_asked() and desk.states() == [("ligue1", "running")])
            [crawl] = [job.pid for job in first.node.jobs() if job.state == "running"]
            first.process.kill9()
            desk.send(write_task("ligue1", {"depth": "list"}, task_id="again"))
            with scrapyd(desk.home, site.url, port=first.port, **environment) as second:
                time.sleep(5)  # longer than silence, with several looks
                assert desk.states() == [("ligue1", "running"), ("ligue1", "queued")]
                assert second.node.jobs() == []
                kill(crawl)
                until(lambda: desk.states() == [("ligue1", "lost"), ("ligue1", "finished")])
                assert len(second.node.jobs()) == 1
                [(sentence,)] = desk.rows("SELECT sentence FROM Runs WHERE state = 'lost'")
                assert sentence == f"{second.node.name} knows nothing of it, and nothing was heard of it for 3 s"
                for process in (worker, consumer):
                    process.signal(signal.SIGTERM)
                    assert process.wait() == 0, process.log


def consuming(desk: Desk) -> AbstractContextManager[Running]:
    return running("consume", home=desk.home, environment=desk.environment)


def kill(pid: int | None) -> None:
    """A crawl of this test's own Scrapyd."""
    assert pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_row_45_scrapyd_down_when_a_task_comes(desk: Desk, daemon: Daemon):
    (port,) = free_ports(1)
    nobody = Node(f"http://127.0.0.1:{port}", "gigscrapy", SECRET, desk.home)
    desk.send(write_task("ligue1", {"depth": "list"}))
    with desk.worker(nobody) as worker:
        for wait in (10, 60, 300):
            worker.until(f"it is tried again in {wait} s")
            assert desk.states() == [("ligue1", "queued")]
            desk.age(wait)
        worker.until("has failed: no node took it in 370 s")
    assert desk.rows("SELECT state, verdict FROM Runs") == [("failed", "no-node")]
    assert desk.rows("SELECT reason, queue FROM DeadLetters") == [("no-node", TASK_QUEUE)]
    before = {job.run_id for job in daemon.node.jobs()}
    assert desk.replay(Chosen(reason="no-node")) == 1
    with desk.worker(nobody, daemon.node, password=daemon.node.password):
        until(lambda: desk.states()[1:] == [("ligue1", "scheduled")])
        until(lambda: {job.run_id for job in daemon.node.jobs()} - before)
    [(run_id, arguments)] = desk.rows("SELECT run_id, arguments FROM Runs WHERE state = 'scheduled'")
    assert {job.run_id for job in daemon.node.jobs()} - before == {run_id}
    assert arguments == "depth=list"
