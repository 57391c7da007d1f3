"""Runs, tasks, schedules, dead letters: what programs read of them and do with them."""

from dataclasses import replace

import pytest

from gigscrapy.broker import TASK_QUEUE, receiver
from gigscrapy.tasks import read_task
from schema import runs as life
from schema.models import AuditLog, Firings, Runs, now
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
        problem(worker.post("/tasks", body), 422 if code == "invalid" else 400, code)
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


NEW = {"name": "Ligue 1 souvent", "what": "ligue1", "every_minutes": 30, "arguments": {"depth": "list"}}


class TestSchedules:
    def test_one_is_written_changed_switched_and_removed(self, worker):
        answer = worker.post("/schedules", {**NEW, "enabled": True})
        assert answer.status_code == 201
        told, where = answer.get_json()["data"], answer.headers["Location"].removeprefix("/api/v1")
        assert told["arguments"] == {"depth": "list"} and len(told["next_times"]) == 3 and told["firings"] == []
        assert worker.data(where) == told and [row["id"] for row in worker.data("/schedules")][-1] == told["id"]

        change = {"every_minutes": None, "cron": "0 */6 * * *", "arguments": {}}
        changed = worker.open("PATCH", where, json=change).get_json()["data"]
        assert (changed["cron"], changed["every_minutes"], changed["arguments"]) == ("0 */6 * * *", None, {})
        assert changed["enabled"] and changed["name"] == told["name"]
        off = worker.open("PATCH", where, json={"enabled": False}).get_json()["data"]
        assert not off["enabled"] and off["next_times"] == []
        assert worker.open("DELETE", where).status_code == 204
        problem(worker.get(where), 404, "unknown_schedule")
        assert notes("program", "action", "object_id") == [
            ("a program", action, told["name"]) for action in ("add", "change", "switch", "remove")
        ]

    def test_what_became_of_the_last_times_is_told(self, worker):
        number = worker.post("/schedules", NEW).get_json()["data"]["id"]
        row = {"schedule": number, "due_at": now(), "state": "skipped", "note": "the one before goes on"}
        tables(lambda: Firings.create(**row))
        [firing] = worker.data(f"/schedules/{number}")["firings"]
        assert (firing["state"], firing["note"], firing["task"]) == ("skipped", "the one before goes on", None)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"cron": "0 * * * *"}, "invalid_cron"),
            ({"what": "ligue one"}, "invalid_what"),
            ({"arguments": {"depth": "deep"}}, "invalid_arguments"),
            ({"every_minutes": 0}, "invalid"),
            ({"every_minutes": True}, "invalid"),
            ({"every_minutes": None}, "invalid_cron"),
            ({"colour": "red"}, "invalid"),
            ({"name": None}, "invalid"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, worker, change, code):
        status = 422 if code == "invalid" else 400
        problem(worker.post("/schedules", NEW | change), status, code)
        where = worker.post("/schedules", NEW).headers["Location"].removeprefix("/api/v1")
        problem(worker.open("PATCH", where, json=change), status, code)

    def test_no_two_have_one_name(self, worker):
        worker.post("/schedules", NEW)
        problem(worker.post("/schedules", {**NEW, "name": "LIGUE 1 souvent"}), 409, "name_taken")
        other = worker.post("/schedules", {**NEW, "name": "other"}).headers["Location"].removeprefix("/api/v1")
        problem(worker.open("PATCH", other, json={"name": "Ligue 1 Souvent"}), 409, "name_taken")
        assert worker.open("PATCH", other, json={}).get_json()["data"]["name"] == "other"
        for where in ("/schedules/99", "/schedules/9223372036854775807"):
            problem(worker.open("PATCH", where, json={"enabled": True}), 404, "unknown_schedule")


class TestDeadLetters:
    BAD = (b'{"match": "PSG - PSG", "cotes": {"cote_1": 2}, "bookmaker": "Winamax"}', b"\xff\x00not text")

    @pytest.fixture(autouse=True)
    def some(self, fill):
        fill(*self.BAD)

    def test_they_are_told_with_their_reasons_and_bodies(self, reader):
        by_reason = {letter["reason"]: letter for letter in reader.data("/dead-letters")}
        assert by_reason.keys() == {"teams", "malformed"} and all(letter["waits"] for letter in by_reason.values())
        whole = reader.data(f"/dead-letters/{by_reason['teams']['id']}")
        assert (whole["body"], whole["encoding"], whole["is_cut"]) == (self.BAD[0].decode(), "utf-8", False)
        other = reader.data(f"/dead-letters/{by_reason['malformed']['id']}")
        assert other["encoding"] == "base64" and other["body"] == "/wBub3QgdGV4dA=="
        assert [letter["reason"] for letter in reader.data("/dead-letters", reason="teams,x")] == ["teams"]
        assert reader.data("/dead-letters", since="2025-10-18T00:00:00Z") == []
        assert reader.data("/dead-letters", state="replayed", queue="odds") == []
        problem(reader.get("/dead-letters/99"), 404, "unknown_letter")
        first = reader.get("/dead-letters", limit=1).get_json()
        rest = reader.get("/dead-letters", limit=1, cursor=first["next_cursor"]).get_json()
        assert {first["data"][0]["id"], rest["data"][0]["id"]} == {1, 2} and not rest["has_more"]

    def test_they_are_put_back(self, app, worker):
        assert worker.post("/dead-letters/1/replay").get_json()["data"] == {"letters": 1, "cut": [], "unknown": []}
        assert [letter["id"] for letter in worker.data("/dead-letters", state="replayed")] == [1]
        assert worker.post("/dead-letters/replay", {"reason": "malformed"}).get_json()["data"]["letters"] == 1
        assert worker.post("/dead-letters/replay", {}).get_json()["data"]["letters"] == 0
        assert worker.post("/dead-letters/replay", {"ids": [2, 99, -1]}).get_json()["data"]["unknown"] == [-1, 99]
        problem(worker.post("/dead-letters/99/replay"), 404, "unknown_letter")
        problem(worker.post("/dead-letters/replay", {"ids": [1], "reason": "teams"}), 400, "impossible")
        assert set(notes("program", "action", "object_type")) == {("a program", "replay", "dead letters")}
