"""Runs, tasks, schedules, dead letters: what programs read of them and do with them."""

from dataclasses import replace

import pytest

from gigscrapy.broker import TASK_QUEUE, receiver
from gigscrapy.tasks import read_task
from schema import runs as life
from schema.models import AuditLog, Runs, now
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.schema.letters import NOON, REPORT, quote


@pytest.fixture
def worker(program_of):
    """A program that may do what there is to do."""
    return program_of("read", "jobs")


def tables(act):
    """What ``act`` finds in the tables, or does to them."""
    with current().connection_context() if current().is_closed() else current().atomic():
        return act()


def notes(*columns):
    """What the audit log says, but for how the key was made."""
    return tables(
        lambda: [
            tuple(getattr(note, column) for column in columns)
            for note in AuditLog.select().where(AuditLog.object_type != "key").order_by(AuditLog.id)
        ]
    )


class TestRuns:
    @pytest.fixture(autouse=True)
    def some(self, fill):
        counts = {"discovered": 9, "fetched": 9, "parsed": 9, "yielded": 2, "published": 2, "errors": 3}
        ended = {"state": "finished", "finished_at": NOON, "verdict": "complete", "sentence": "9 of 9 matches"}
        fill(
            quote(),
            replace(REPORT, **ended, counts=counts),
            replace(REPORT, run_id="run-2", spider="nba", counts={"discovered": 4}),
        )

    def test_a_run_says_what_it_counted_and_whether_that_adds_up(self, reader):
        told = reader.data("/runs/run-1")
        assert told["counts"]["stored"] == 1 and told["counts"]["errors"] == 3
        assert told["ledger"]["waiting"] == 1 and not told["ledger"]["adds_up"]
        assert [each["code"] for each in told["ledger"]["missing"]] == ["on_their_way"]
        assert (told["verdict"], told["sentence"]) == ("complete", "9 of 9 matches")
        assert told["log"] == "/api/v1/runs/run-1/log"
        assert reader.data(f"/runs/{told['number']}") == told

    def test_they_are_filtered_and_go_on(self, reader):
        assert [run["id"] for run in reader.data("/runs", state="running")] == ["run-2"]
        assert [run["id"] for run in reader.data("/runs", verdict="complete,x", spider="ligue1")] == ["run-1"]
        assert reader.data("/runs", since="2025-10-17T13:00:00Z") == []
        first = reader.get("/runs", limit=1, since="2025-10-17T12:00:00Z").get_json()
        assert [run["id"] for run in first["data"]] == ["run-2"] and first["has_more"]
        asked = {"limit": 1, "since": "2025-10-17T12:00:00Z", "cursor": first["next_cursor"]}
        assert [run["id"] for run in reader.data("/runs", **asked)] == ["run-1"]
        assert reader.get("/runs", state="lost").get_json()["reason"]["code"] == "filtered"

    def test_what_is_none_is_said_to_be_none(self, reader, worker):
        for path in ("/runs/nothing", "/runs/99999999999999999999", "/runs/%00", "/runs/²"):
            problem(reader.get(path), 404, "unknown_run")
        problem(worker.get("/runs/run-1/log"), 404, "no_log")

    def test_one_that_waits_is_stopped(self, worker):
        tables(lambda: Runs.create(run_id="waits", spider="nba", state=life.QUEUED, requested_at=now()))
        told = worker.post("/runs/waits/cancel").get_json()["data"]
        assert told["outcome"] == "stopped" and "nba" in told["detail"]
        assert tables(lambda: Runs.get(Runs.run_id == "waits").state) == life.CANCELLED
        assert notes("actor", "program", "action", "object_id") == [("admin", "a program", "cancel", "waits")]
        assert worker.post("/runs/run-1/cancel").get_json()["data"]["outcome"] in ("over", "untold")


class TestTasks:
    def sent(self, app):
        queues = app.config["QUEUES"]
        source = receiver(queues.rabbit_url, queues.home, queue=TASK_QUEUE)
        found = source.receive(10, 0)
        source.ack(found)
        source.close()
        return [read_task(delivery.body) for delivery in found]

    def test_what_is_asked_for_is_in_the_queue(self, app, worker):
        answer = worker.post("/tasks", {"what": "ligue1, nba", "arguments": {"depth": "list", "days": 2}})
        assert answer.status_code == 202
        [task] = self.sent(app)
        assert [league.name for league in task.leagues] == ["ligue1", "nba"]
        assert task.arguments == {"depth": "list", "days": "2"} and task.requested_by == "admin"
        told = answer.get_json()["data"]
        assert told["id"] == task.task_id and answer.headers["Location"] == f"/api/v1/tasks/{task.task_id}"
        waits = worker.data(f"/tasks/{task.task_id}")
        assert (waits["state"], waits["leagues"]) == ("waiting", ["ligue1", "nba"])
        assert notes("program", "action", "object_id") == [("a program", "ask", task.task_id)]
        problem(worker.post(f"/tasks/{task.task_id}/cancel"), 409, "not_taken")

    def test_once_it_is_taken_its_runs_are_told_and_stopped(self, worker):
        ids = tables(
            lambda: (
                life.hand_over(
                    current(),
                    task_id="t-1",
                    body_hash="0",
                    said="ligue1, nba",
                    requested_by="admin",
                    received_at=now(),
                    wanted=[("ligue1", None), ("nba", None)],
                ).made
            )
        )
        [task] = worker.data("/tasks")
        assert (task["id"], task["state"], task["made"]) == ("t-1", "taken", 2)
        assert [run["id"] for run in worker.data("/tasks/t-1")["runs"]] == list(ids)
        assert worker.post("/tasks/t-1/cancel").get_json()["data"] == {"task": "t-1", "never_begun": 2, "runs": []}
        assert {run["state"] for run in worker.data("/tasks/t-1")["runs"]} == {"cancelled"}
        problem(worker.get("/tasks/t-2"), 404, "unknown_task")
        assert worker.get("/tasks", since="2100-01-01T00:00:00Z").get_json()["reason"]

    def test_under_one_key_it_is_asked_for_once(self, app, worker):
        once = {"headers": {"Idempotency-Key": "mine"}}
        answers = [worker.post("/tasks", {"what": "nba"}, **once) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert len({answer.get_json()["data"]["id"] for answer in answers}) == 1
        assert answers[1].headers["Idempotency-Replayed"] == "true"
        assert len(self.sent(app)) == 1
        problem(worker.post("/tasks", {"what": "ligue1"}, **once), 409, "idempotency_key")
        problem(worker.post("/tasks", {"what": "nba"}, headers={"Idempotency-Key": "a b"}), 422, "invalid")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"what": "ligue one"}, "invalid_what"),
            ({"what": "nba", "arguments": {"depth": "deep"}}, "invalid_arguments"),
            ({"what": "nba", "arguments": {"days": "2"}}, "invalid"),
            ({"what": "nba", "arguments": {"url": "http://x"}}, "invalid"),
            ({"what": "nba\n"}, "invalid"),
            ({}, "invalid"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, app, worker, body, code):
        problem(worker.post("/tasks", body), 422, code)
        assert self.sent(app) == []

    def test_a_body_is_an_object_of_json(self, worker):
        send = lambda data, kind="application/json": worker._client.post(  # noqa: E731
            "/api/v1/tasks", data=data, content_type=kind, headers={"X-API-Key": worker.key}
        )
        problem(send(b'{"what": "nba"}', "text/plain"), 415, "media_type")
        problem(send(b'{"what": "nba"'), 400, "bad_request")
        problem(send(b'{"what": "nba", "what": "ligue1"}'), 400, "bad_request")
        problem(send(b"[" * 100_000), 413, "too_large")
        problem(send(b"[" * 60_000), 400, "bad_request")
        problem(send(b"null"), 422, "invalid")
        problem(send(b'{"what": "\\ud800"}'), 422, "invalid")
        problem(send(b'{"\\ud800": 1}'), 422, "invalid")
