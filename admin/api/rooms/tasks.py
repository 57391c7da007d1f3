"""Tasks: asking for a crawl, and what became of what was asked for."""

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin import audit
from admin.api import at, cursors, submitting
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Instant, Part, Sent, text
from admin.api.guard import key_owner
from admin.api.offering import offer
from admin.api.problems import Problem, impossible
from admin.api.rooms.runs import Cancelled, stopped
from admin.views import asking
from admin.views.asking import CannotAsk, QueueAway, Wish
from gigscrapy.tasks import ARGUMENTS
from schema.models import AuditLog, Runs, Tasks, now
from schema.runs import OPEN, QUEUED, cancel_queued_of

room = APIBlueprint("tasks", __name__, tag="Tasks")

WAITING, TAKEN = "waiting", "taken"
MOST_RUNS = 1000
PATIENCE = 1.0
"""Seconds that each run of a task that is cancelled has to end while the answer waits."""
_WORD = r"^[A-Za-z0-9:/._,?=&%+-]*$"


class Arguments(Sent):
    """What the spiders are told."""

    depth: str | None = Field(default=None, max_length=20, pattern=_WORD, description="`list`, or `match`.")
    markets: str | None = Field(
        default=None, max_length=100, pattern=_WORD, description="Codes, with commas between them."
    )
    days: int | None = Field(default=None, ge=0, le=366)
    match: str | None = Field(
        default=None, max_length=400, pattern=_WORD, description="Numbers, with commas between them."
    )


class TaskIn(Sent):
    what: str = text(asking.LONGEST)
    arguments: Arguments = Arguments()


class RunOf(BaseModel):
    id: str
    spider: str | None
    state: str | None
    verdict: str | None


class TaskOut(BaseModel):
    id: str
    what: str
    state: str = Field(description="`waiting` in the queue, or `taken` by a worker.")
    requested_by: str | None
    received_at: str | None = Field(description="When it was asked for, or where it was taken, taken.")
    made: int = Field(description="Runs that it made.")
    joined: int = Field(description="Leagues of which a run waited already: that one does for this, too.")


class TaskWithRuns(TaskOut):
    leagues: list[str] = Field(description="Spiders that it wants, while it waits.")
    runs: list[RunOf]


class Tasked(Part):
    since: Instant | None = Field(None, description="Taken since then.")


class TaskCancelled(BaseModel):
    task: str
    never_begun: int = Field(description="Runs that waited, and will not begin.")
    runs: list[Cancelled] = Field(description="Those that went on, and what became of each.")


@offer(
    room,
    "/tasks",
    method="POST",
    scope="jobs",
    body=TaskIn,
    answer=One[TaskWithRuns],
    status=202,
    errors=(409,),
    more={"parameters": [submitting.PARAMETER]},
)
def ask_for_crawl(json_data: TaskIn) -> Response:
    """Ask for a crawl of leagues (`ligue1, nba`), `sport:football`, `country:France`, `football/France`, or `all`."""
    wish = Wish(json_data.what.strip(), written(json_data.arguments))
    key, by = submitting.key_of_request(), key_owner().username
    try:
        found, arguments = asking.understood(wish)
        digest = submitting.hash_of(json_data.model_dump())
        submission = submitting.entered("task", key, digest, uuid4().hex, now()) if key else None
        task_id = submission.made_id if submission else uuid4().hex
        if not (submission and submission.settled_at):
            asking.send_task(at.queues(), wish, arguments, by=by, task_id=task_id)
            submitting.settled(submission)
    except QueueAway as error:
        raise Problem(503, "queue", str(error), retry_after=10) from None
    except CannotAsk as error:
        raise impossible(error.field, str(error), f"invalid_{error.field}") from None
    told = {
        **_waiting(task_id, wish.what, by, instant(now())),
        "leagues": [league.name for league in found],
        "runs": [],
    }
    answer = submitting.marked(one(told, status=202), submission)
    answer.headers["Location"] = f"/api/v1/tasks/{task_id}"
    return answer


@offer(room, "/tasks", asked=Tasked, answer=Listed[TaskOut], errors=(400,))
def list_tasks(query_data: Tasked) -> Response:
    """Tasks that a worker has taken, the newest first. One that still waits is told under its own address."""
    query = Tasks.select()
    if query_data.since is not None:
        query = query.where(Tasks.received_at >= query_data.since)
    if place := cursors.position(query_data.cursor):
        query = query.where(Tasks.id < place[0])
    rows = list(query.order_by(Tasks.id.desc()).limit(query_data.limit + 1))
    more = cursors.after(rows[query_data.limit - 1].id) if len(rows) > query_data.limit else None
    why = ("none", "no worker has taken a task, or none since then")
    told = [_taken(task) for task in rows[: query_data.limit]]
    return listed(told, after=more, reason=why, fields=query_data.fields)


@offer(room, "/tasks/<task>", answer=One[TaskWithRuns])
def show_task(task: str) -> Response:
    """One task, with its runs once a worker has taken it."""
    row = _row(task)
    if row is None:
        return one(_of_audit(task))
    columns = (Runs.run_id.alias("id"), Runs.spider, Runs.state, Runs.verdict)
    runs = Runs.select(*columns).where(Runs.task_id == row.task_id).order_by(Runs.id).limit(MOST_RUNS)
    told = list(runs.dicts())
    return one({**_taken(row), "leagues": [], "runs": told})


@offer(room, "/tasks/<task>/cancel", method="POST", scope="jobs", answer=One[TaskCancelled], errors=(409,))
def cancel_task(task: str) -> Response:
    """Stop all runs of a task. One that has ended is left as it is."""
    row = _row(task)
    if row is None:
        _of_audit(task)
        raise Problem(409, "not_taken", "No worker has taken this task yet: it has no run to stop. Ask again then.")
    with audit.together(at.database()):
        waited = cancel_queued_of(at.database(), row.task_id)
        audit.note("cancel", "task", row.task_id, None, {"never_begun": waited})
    going_on = Runs.select().where((Runs.task_id == row.task_id) & Runs.state.in_(set(OPEN) - {QUEUED}))
    told = [stopped(run, PATIENCE) for run in going_on.order_by(Runs.id).limit(MOST_RUNS)]
    return one({"task": row.task_id, "never_begun": waited, "runs": told})


def written(arguments: Arguments) -> str:
    """As people write them: ``depth=list days=2``."""
    said = arguments.model_dump(exclude_none=True)
    return " ".join(f"{name}={said[name]}" for name in ARGUMENTS if name in said)


def _row(task_id: str) -> Tasks | None:
    return None if "\0" in task_id else Tasks.get_or_none(Tasks.task_id == task_id)


def _of_audit(task_id: str) -> dict[str, Any]:
    """What was asked for, where it is in the queue yet. :raises Problem: 404 when nobody asked."""
    asked = (AuditLog.object_type == "task") & (AuditLog.object_id == task_id) & (AuditLog.action == "ask")
    note = None if "\0" in task_id else AuditLog.select().where(asked).first()
    if note is None:
        raise Problem(404, "unknown_task", "There is no such task.")
    what = str(json.loads(note.after or "{}").get("what", ""))
    leagues = []
    with suppress(CannotAsk):  # the catalogue may have changed since
        leagues = [league.name for league in asking.understood(Wish(what))[0]]
    return {**_waiting(task_id, what, note.actor, instant(note.at)), "leagues": leagues, "runs": []}


def _waiting(task_id: str, what: str, by: str, received_at: str | None) -> dict[str, Any]:
    told = {"id": task_id, "what": what, "state": WAITING, "requested_by": by, "received_at": received_at}
    return told | {"made": 0, "joined": 0}


def _taken(task: Tasks) -> dict[str, Any]:
    return {
        "id": task.task_id,
        "what": task.said,
        "state": TAKEN,
        "requested_by": task.requested_by,
        "received_at": instant(task.received_at),
        "made": task.runs,
        "joined": task.joined,
    }
