"""The worker between a queue and nodes: real tables, a real queue, real HTTP; what crawls is played by the test."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from gigscrapy import broker, patience
from gigscrapy import worker as worker_module
from gigscrapy.broker import TASK_DEAD_QUEUE, TASK_QUEUE, Delivery, Queues, depths, send
from gigscrapy.deadletters import Chosen, replay
from gigscrapy.leagues import load
from gigscrapy.tasks import write_task
from gigscrapy.worker import Bounds, Worker
from schema.database import connect, hang_up
from schema.messages import encode
from schema.models import DeadLetters, Runs, Tasks, now
from schema.runs import cancel_scheduled, run_id_of
from schema.store import Store
from tests.gigscrapy.standin import StandIn
from tests.schema.laid import lay
from tests.schema.letters import REPORT, letters, quote


@dataclass
class Desk:
    """A queue, a database and nodes. ``living``: the runs whose crawls live on this machine."""

    queues: Queues
    database: Database
    nodes: list[StandIn]
    living: set[str] = field(default_factory=set)

    def worker(self, *, at_once: int = 99, silence: int = 300) -> Worker:
        at = self.queues
        return Worker(
            broker.receiver(at.rabbit_url, at.home, queue=TASK_QUEUE, queue_type=at.queue_type),
            self.database,
            [node.node(at.home) for node in self.nodes],
            queues=at,
            bounds=Bounds(at_once=at_once, silence=silence),
            alive=self.living.__contains__,
        )

    def send(self, *bodies: bytes, message_id: str | None = None) -> None:
        send(self.queues, TASK_QUEUE, [Delivery(None, body, message_id, datetime.now(UTC)) for body in bodies])

    def waiting(self, queue: str = TASK_QUEUE) -> int:
        return depths(self.queues.rabbit_url, self.queues.home, [queue])[queue]

    def work(self, **options: int) -> Worker:
        """Until the queue is empty, and once more."""
        at_work = self.worker(**options)
        with closing(at_work._receiver):
            while self.waiting():
                at_work.turn()
            at_work.turn()
        return at_work

    def run(self, spider: str = "ligue1", task_id: str = "t") -> Runs:
        return Runs.select().where(Runs.run_id == run_id_of(task_id, spider)).get(self.database)

    def letter(self) -> DeadLetters:
        [only] = DeadLetters.select().execute(self.database)
        return only

    def age(self, seconds: float) -> None:
        """Let so much time go by for all runs."""
        back = timedelta(seconds=seconds)
        for run in list(Runs.select().execute(self.database)):
            for name in ("not_before", "reported_at", "started_at", "requested_at"):
                if (value := getattr(run, name)) is not None:
                    setattr(run, name, value - back)
            Runs.update(
                not_before=run.not_before,
                reported_at=run.reported_at,
                started_at=run.started_at,
                requested_at=run.requested_at,
            ).where(Runs.id == run.id).execute(self.database)

    def report(self, run_id: str, state: str = "running", **said: Any) -> None:
        at = datetime.now(UTC)
        one = replace(REPORT, run_id=run_id, spider="ligue1", state=state, started_at=at, reported_at=at, **said)
        Store(self.database).store(letters(one))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(worker_module, "RECEIVE_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "SWEEP_SECONDS", 0)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    database = connect(None, tmp_path)
    lay(database)
    with ExitStack() as stack:
        yield Desk(Queues(None, tmp_path), database, [stack.enter_context(StandIn()) for _ in range(2)])
        hang_up(database)


@pytest.fixture
def node(desk: Desk) -> StandIn:
    """The only one."""
    desk.nodes.pop().go_away()
    return desk.nodes[0]


def ask(what: str = "ligue1", task_id: str = "t", **arguments: str) -> bytes:
    return write_task(what, arguments, requested_by="somebody", task_id=task_id)


class TestTasks:
    @pytest.mark.slow
    def test_each_of_gig_benchmarks_keys_schedules_its_league_once(self, desk: Desk) -> None:
        keys = {key: league.name for league in load() for key in league.gig_keys}
        assert len(keys) == 213
        desk.send(*(json.dumps({"scraper": key, "params": {}}).encode() for key in keys))
        done = desk.work(at_once=1000)
        assert done.totals.tasks == 213
        scheduled = [spider for node in desk.nodes for spider in node.scheduled]
        assert sorted(scheduled) == sorted(set(keys.values()))
        assert Tasks.select().count(desk.database) == 213
        assert (desk.waiting(), desk.waiting(TASK_DEAD_QUEUE)) == (0, 0)

    def test_what_reaches_a_node(self, desk: Desk, node: StandIn) -> None:
        desk.send(ask(depth="list", match="https://x.example/cote/psg-om-77,12"))
        desk.work()
        run = desk.run()
        assert (run.state, run.node, run.requested_by) == ("scheduled", node.node(Path()).name, "somebody")
        assert run.arguments == "depth=list match=12,77"
        [(spider, _, told)] = node.jobs.values()
        assert spider == "ligue1"
        assert told == {
            "project": told["project"],
            "spider": "ligue1",
            "jobid": run.run_id,
            "depth": "list",
            "match": "12,77",
        }

    def test_a_task_that_comes_again_is_known(self, desk: Desk, node: StandIn) -> None:
        desk.send(ask(), ask())
        desk.send(b'{"scraper": "football.ligue_1"}', b'{"scraper": "football.ligue_1"}', message_id="m")
        done = desk.work()
        assert (done.totals.tasks, Tasks.select().count(desk.database)) == (4, 2)

    @pytest.mark.parametrize(
        ("body", "reason", "detail"),
        [
            (b"{", "malformed", "not JSON"),
            (b'{"scraper": "football.ligue_l"}', "unknown-league", "did you mean ligue2, ligue1"),
            (b'{"scraper": "../etc/passwd"}', "unknown-league", "no league is called"),
            (b'{"spider": "ligue1", "args": {"setting": "FEEDS={}"}}', "argument", "not 'setting'"),
            (b'{"spider": "ligue1", "args": {"depth": "deep"}}', "argument", "depth is list or match"),
            (
                b'{"spider": "ligue1", "args": {"match": "%s"}}'
                % b",".join(b"%d" % n for n in range(100_000, 100_100)),
                "argument",
                "characters of arguments",
            ),
        ],
    )
    def test_what_cannot_be_read_is_put_aside(
        self, desk: Desk, caplog: pytest.LogCaptureFixture, body: bytes, reason: str, detail: str
    ) -> None:
        desk.send(body, ask())
        done = desk.work()
        assert (done.totals.refused, done.totals.tasks) == (1, 1)
        letter = desk.letter()
        assert (letter.queue, letter.reason, bytes(letter.body), letter.run_id) == (TASK_QUEUE, reason, body, None)
        assert detail in letter.detail
        assert f"a task is refused ({reason})" in caplog.text
        assert (desk.waiting(), desk.waiting(TASK_DEAD_QUEUE)) == (0, 1)
        assert [spider for node in desk.nodes for spider in node.scheduled] == ["ligue1"]


class TestGivingOut:
    def test_the_least_loaded_node_first(self, desk: Desk) -> None:
        first, second = desk.nodes
        first.jobs["other"] = ("nba", "running", {})
        desk.send(ask("ligue1, top14, euroligue"))
        desk.work()
        assert (len(first.scheduled), len(second.scheduled)) == (1, 2)
        assert second.scheduled[0] == "ligue1"

    def test_a_node_that_is_away_is_left_out(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        desk.nodes[0].go_away()
        desk.send(ask("ligue1, nba"))
        desk.work()
        assert len(desk.nodes[1].scheduled) == 2
        assert caplog.text.count("a node is left out") == 1

    def test_one_that_takes_another_password_too(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        desk.nodes[0].refuses = "no such thing"
        desk.send(ask("ligue1, nba"))
        desk.work()
        assert len(desk.nodes[1].scheduled) == 2

    def test_so_many_at_once_and_the_next_when_one_has_ended(self, desk: Desk, node: StandIn) -> None:
        desk.send(ask("ligue1, nba, top14"))
        desk.work(at_once=2)
        assert len(node.scheduled) == 2
        desk.report(run_id_of("t", node.scheduled[0]), "finished", verdict="complete", exit_code=0)
        desk.work(at_once=2)
        assert len(set(node.scheduled)) == 3

    def test_without_a_node_it_waits_then_fails_then_is_asked_for_again(
        self, desk: Desk, node: StandIn, caplog: pytest.LogCaptureFixture
    ) -> None:
        node.go_away()
        desk.send(ask(depth="list"))
        for wait in (10, 60, 300):
            desk.work()
            run = desk.run()
            assert run.state == "queued"
            assert abs((run.not_before - now()).total_seconds() - wait) < 5
            desk.age(wait)
        desk.work()
        failed = desk.run()
        assert (failed.state, failed.verdict, failed.attempts) == ("failed", "no-node", 3)
        assert failed.sentence.startswith("no node took it in 370 s, 4 times tried: ")
        assert "is away" in failed.sentence
        letter = desk.letter()
        assert (letter.reason, letter.queue) == ("no-node", TASK_QUEUE)
        assert failed.run_id in letter.detail
        node.come_back()
        assert replay(desk.database, desk.queues, Chosen(reason="no-node")).letters == 1
        replay(desk.database, desk.queues, Chosen(ids=frozenset({letter.id})))
        desk.work()
        again = desk.run(task_id=failed.run_id)
        assert (again.state, again.arguments, again.requested_by) == ("scheduled", "depth=list", "somebody")
        assert node.scheduled == ["ligue1"]

    def test_one_that_refuses_fails_it_at_once(
        self, desk: Desk, node: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = node.answer

        def refuse(service: str, said: dict[str, str]) -> tuple[int, dict[str, object]]:
            if service == "schedule.json":
                return 200, {"status": "error", "message": "spider 'ligue1' not found"}
            return answer(service, said)

        monkeypatch.setattr(node, "answer", refuse)
        desk.send(ask())
        desk.work()
        assert (desk.run().state, desk.run().verdict, desk.run().active_key) == ("failed", "node-refused", None)
        assert "spider 'ligue1' not found" in desk.run().sentence

    def test_a_line_that_breaks_after_it_was_given_gives_it_no_second_time(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answer = StandIn.answer

        def break_then(node: StandIn, service: str, said: dict[str, str]) -> tuple[int, dict[str, object]]:
            node.breaks = service == "schedule.json"
            return answer(node, service, said)

        monkeypatch.setattr(StandIn, "answer", break_then)
        desk.send(ask())
        desk.work()
        desk.age(60)
        desk.work()
        assert sum(len(node.scheduled) for node in desk.nodes) == 1
        assert desk.run().state == "scheduled"

    @pytest.mark.parametrize(
        ("spider", "arguments", "verdict"),
        [("gone", None, "unknown-league"), ("ligue1", "depth=deep", "argument"), ("ligue1", "setting=x", "argument")],
    )
    def test_what_is_unfit_fails_and_holds_up_nothing(
        self, desk: Desk, node: StandIn, spider: str, arguments: str | None, verdict: str
    ) -> None:
        """The catalogue has lost a league, or somebody else has written the row."""
        row = {"spider": spider, "arguments": arguments, "task_id": "x", "requested_at": now() - timedelta(hours=1)}
        Runs.insert(run_id="x", state="queued", **row).execute(desk.database)
        desk.send(ask("nba"))
        desk.work()
        unfit = Runs.select().where(Runs.run_id == "x").get(desk.database)
        assert (unfit.state, unfit.verdict) == ("failed", verdict)
        assert node.scheduled == ["nba"]

    def test_cancelled_between_claim_and_schedule(self, desk: Desk, node: StandIn) -> None:
        """Its worker stood still for longer than `scrapy cancel` waits."""
        answer = node.answer

        def cancelled_before(service: str, said: dict[str, str]) -> tuple[int, dict[str, object]]:
            if service == "schedule.json":
                assert cancel_scheduled(desk.database, said["jobid"])
            return answer(service, said)

        node.answer = cancelled_before  # type: ignore[method-assign]
        desk.send(ask())
        assert desk.work().totals.scheduled == 0
        assert desk.run().state == "cancelled"
        assert (node.cancelled, node.jobs) == ([desk.run().run_id], {})


class TestSweeping:
    @pytest.fixture
    def given(self, desk: Desk, node: StandIn) -> str:
        """The id of a run that its node has."""
        desk.send(ask())
        desk.work()
        return desk.run().run_id

    def test_what_its_node_has_forgotten_begins_again(self, desk: Desk, node: StandIn, given: str) -> None:
        node.jobs.clear()
        desk.work()
        assert node.scheduled == ["ligue1"]  # its worker may just be scheduling it
        desk.age(30)
        desk.work()
        assert node.scheduled == ["ligue1", "ligue1"]
        assert desk.run().state == "scheduled"

    @pytest.mark.parametrize("sign", ["lives here", "has reported", "may have reported", "its node is away"])
    def test_unless_it_may_have_begun(self, desk: Desk, node: StandIn, given: str, sign: str) -> None:
        node.jobs.clear()
        match sign:
            case "lives here":
                desk.living.add(given)
            case "has reported":
                desk.report(given)
            case "may have reported":
                send(desk.queues, "odds", [Delivery(None, encode(quote()), None, datetime.now(UTC))])
            case _:
                node.go_away()
        desk.age(30)
        desk.work()
        assert node.scheduled == ["ligue1"]
        assert desk.run().state in ("scheduled", "running")

    def test_nor_when_another_node_has_it(self, desk: Desk) -> None:
        """Addresses were exchanged, or one Scrapyd has two."""
        desk.send(ask())
        desk.work()
        first, second = sorted(desk.nodes, key=lambda node: -len(node.scheduled))
        second.jobs, first.jobs = first.jobs, {}
        desk.age(30)
        desk.work()
        assert (first.scheduled, second.scheduled) == (["ligue1"], [])

    def test_it_does_not_begin_for_ever(self, desk: Desk, node: StandIn, given: str) -> None:
        for _ in range(12):
            node.jobs.clear()
            desk.age(30)
            desk.work()
        assert desk.run().state == "lost"
        assert "has lost it several times" in desk.run().sentence
        assert len(node.scheduled) == 7

    @pytest.mark.parametrize(
        ("jobs", "sentence"),
        [("finished", "says that it is finished"), ("nothing", "knows nothing of it"), ("away", "does not answer")],
    )
    def test_silent_it_is_lost(self, desk: Desk, node: StandIn, given: str, jobs: str, sentence: str) -> None:
        desk.report(given)
        if jobs == "finished":
            node.set(given, "finished")
        else:
            node.jobs.clear()
        if jobs == "away":
            node.go_away()
        desk.age(299)
        desk.work()
        assert desk.run().state == "running"
        desk.age(1)
        done = desk.work()
        assert (desk.run().state, desk.run().active_key, done.totals.lost) == ("lost", None, 1)
        assert desk.run().sentence == f"{node.node(Path()).name} {sentence}, and nothing was heard of it for 300 s"
        desk.report(given, "finished", verdict="complete", exit_code=0)
        assert desk.run().state == "finished"

    @pytest.mark.parametrize("sign", ["its node has it", "lives here", "may have reported"])
    def test_not_while_it_may_live(self, desk: Desk, node: StandIn, given: str, sign: str) -> None:
        """An orphan keeps its league and its place."""
        desk.report(given)
        match sign:
            case "its node has it":
                node.set(given, "running")
            case "lives here":
                node.jobs.clear()
                desk.living.add(given)
            case _:
                node.jobs.clear()
                send(desk.queues, "odds", [Delivery(None, encode(quote()), None, datetime.now(UTC))])
        desk.age(1000)
        desk.send(ask(task_id="u"), ask("nba", task_id="v"))
        desk.work(at_once=1)
        assert (desk.run().state, desk.run().active_key) == ("running", "ligue1")
        assert node.scheduled == ["ligue1"]

    def test_one_that_hangs_is_stopped_and_then_killed(self, desk: Desk, node: StandIn, given: str) -> None:
        """Else it would keep its league, and its place among those at once, for ever."""
        desk.report(given)
        node.set(given, "running")
        desk.age(1199)
        desk.work()
        assert node.signals == []
        desk.age(1)
        desk.work()
        assert set(node.signals) == {"TERM"}
        desk.age(300)
        desk.work()
        assert node.signals[-1] == "KILL"
        node.set(given, "finished")
        desk.work()
        assert (desk.run().state, desk.run().active_key) == ("lost", None)

    def test_one_started_by_hand_is_lost_too(self, desk: Desk, node: StandIn) -> None:
        desk.report("by-hand")
        desk.age(301)
        desk.work()
        lost = Runs.select().where(Runs.run_id == "by-hand").get(desk.database)
        assert lost.state == "lost"
        assert lost.sentence.startswith("it was started by hand")

    def test_where_nobody_can_tell_nothing_is_decided(self, desk: Desk, node: StandIn, given: str) -> None:
        desk.report(given)
        node.jobs.clear()
        desk.age(1000)
        object.__setattr__(desk.queues, "rabbit_url", "amqp://guest:guest@127.0.0.1:1/")
        at_work = desk.worker()
        at_work.sweep()
        assert desk.run().state == "running"

    @pytest.mark.parametrize(("before", "after"), [("pending", "cancelled"), ("running", "running")])
    def test_one_that_is_to_be_stopped(self, desk: Desk, node: StandIn, given: str, before: str, after: str) -> None:
        if before == "running":
            desk.report(given)
        node.set(given, before)
        Runs.update(cancel_asked_at=now()).execute(desk.database)
        desk.work()
        assert node.cancelled[:1] == [given]
        assert desk.run().state == after
        desk.age(30)
        desk.work()
        assert node.scheduled == ["ligue1"]

    def test_one_that_never_came_and_is_to_be_stopped(self, desk: Desk, node: StandIn, given: str) -> None:
        node.jobs.clear()
        Runs.update(cancel_asked_at=now()).execute(desk.database)
        desk.age(30)
        desk.work()
        assert (desk.run().state, node.scheduled) == ("cancelled", ["ligue1"])
