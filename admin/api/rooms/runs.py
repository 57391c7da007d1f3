"""Runs: what each crawl found and what became of it, its account, its log, and stopping it."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from apiflask import APIBlueprint
from flask import Response, stream_with_context
from pydantic import BaseModel, Field

from admin import livelog, stopping
from admin.api import at, cursors
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Instant, Part, Several
from admin.api.offering import offer
from admin.api.problems import Problem
from admin.livelog import NoLog
from schema.ledger import balance
from schema.models import Runs, now
from schema.progress import Progress
from schema.runs import STATES

room = APIBlueprint("runs", __name__, tag="Runs")


class Counts(BaseModel):
    """What was counted: matches up to `parsed`, quotes from `yielded` to `duplicates`."""

    listed: int
    discovered: int
    fetched: int
    parsed: int
    yielded: int
    published: int
    stored: int
    prices: int
    refused: int = Field(description="Of its dead letters, those that wait.")
    duplicates: int
    suspects: int
    bookmakers: int
    unknown_bookmakers: int
    trj_differs: int
    pages: int
    retries: int
    errors: int


class Missing(BaseModel):
    code: str
    count: int
    detail: str


class Ledger(BaseModel):
    """Whether all that the run found is in the tables, or among the dead letters with its reason."""

    adds_up: bool
    waiting: int | None = Field(description="Quotes that are on their way; null until the run has said how many.")
    detail: str
    missing: list[Missing]


class HowFar(BaseModel):
    seen: int = Field(description="Matches that were read.")
    expected: int | None
    share: float | None = Field(description="0 to 1; null while nobody can tell.")
    current: str | None = Field(description="The match it is at.")
    detail: str


class RunOut(BaseModel):
    id: str
    number: int
    spider: str | None
    state: str | None = Field(description="Null while only its quotes are known.")
    verdict: str | None
    sentence: str | None = Field(description="The verdict in words.")
    exit_code: int | None
    arguments: str | None
    site: str | None
    task: str | None = Field(description="Id of the task.")
    requested_by: str | None
    requested_at: str | None
    started_at: str | None
    finished_at: str | None
    reported_at: str | None
    cancel_asked_at: str | None
    node: str | None
    progress: HowFar
    counts: Counts
    ledger: Ledger
    log: str | None = Field(description="Where its log is read; null where there is none.")


class Cancelled(BaseModel):
    run: str
    outcome: str = Field(description="`stopped`, `over` (it had ended before), `running` (it was told), `untold`.")
    detail: str


class Runly(Part):
    state: Several = Field(default=[], description=", ".join(STATES))
    verdict: Several = Field(default=[], description="Codes: `complete`, `incomplete`, …")
    spider: Several = Field(default=[], description="Of leagues of the catalogue: `ligue1`; of what is sent: `ingest`.")
    since: Instant | None = Field(None, description="Asked for, or begun, since then.")


@offer(room, "/runs", asked=Runly, answer=Listed[RunOut], errors=(400,))
def list_runs(query_data: Runly) -> Response:
    """Runs, the newest first."""
    asked = query_data
    query = Runs.select()
    for column, wanted in ((Runs.state, asked.state), (Runs.verdict, asked.verdict), (Runs.spider, asked.spider)):
        if wanted:
            query = query.where(column.in_(wanted))
    if asked.since is not None:
        query = query.where((Runs.requested_at >= asked.since) | (Runs.started_at >= asked.since))
    if place := cursors.position(asked.cursor):
        query = query.where(Runs.id < place[0])
    rows = list(query.order_by(Runs.id.desc()).limit(asked.limit + 1))
    more = cursors.after(rows[asked.limit - 1].id) if len(rows) > asked.limit else None
    is_narrowed = asked.state or asked.verdict or asked.spider or asked.since or asked.cursor
    why = ("filtered", "no run is so, or none more") if is_narrowed else ("none", "no crawl has ever begun")
    return listed([told(run) for run in rows[: asked.limit]], after=more, reason=why, fields=asked.fields)


@offer(room, "/runs/<run>", answer=One[RunOut])
def show_run(run: str) -> Response:
    """One run: its counts, whether they add up, how it ended and why."""
    return one(told(found(run)))


@offer(room, "/runs/<run>/log", answer=None, scope="jobs", files={"text/plain": {"type": "string"}})
def show_log(run: str) -> Response:
    """The log of a run so far."""
    row = found(run)
    pieces = livelog.whole(at.settings(), row)
    try:
        first = next(pieces, "")
    except NoLog as error:
        if error.is_away:
            raise Problem(503, "node", "The node that has this log does not answer.", retry_after=60) from None
        raise Problem(404, "no_log", "This run has no log here.") from None

    def text() -> Iterator[str]:
        yield first
        yield from pieces

    return Response(stream_with_context(text()), mimetype="text/plain")


@offer(room, "/runs/<run>/cancel", method="POST", scope="jobs", answer=One[Cancelled])
def cancel_run(run: str) -> Response:
    """Stop a run, or see that it never begins. One that runs sends what it holds first."""
    row = found(run)
    return one(stopped(row))


def stopped(run: Runs, patience: float = stopping.PATIENCE) -> dict[str, Any]:
    """Stop it. :returns: what became of it."""
    outcome = stopping.stopped(at.database(), at.settings(), run, patience)
    return {"run": run.run_id, "outcome": outcome.exit.name.lower(), "detail": stopping.sentence(outcome, run)}


def found(name: str) -> Runs:
    """The run of that id, or else of that number. :raises Problem: 404 when there is none."""
    same = Runs.run_id == name
    if number := at.number(name):
        same |= Runs.id == number
    rows = [] if "\0" in name else sorted(Runs.select().where(same).limit(2), key=lambda run: run.run_id != name)
    if not rows:
        raise Problem(404, "unknown_run", "There is no such run.")
    run: Runs = rows[0]
    return run


def told(run: Runs) -> dict[str, Any]:
    """As it is told."""
    account = balance(run)
    missing = [
        {"code": each.gap.name.lower(), "count": each.count, "detail": each.sentence} for each in account.missing
    ]
    return {
        "id": run.run_id,
        "number": run.id,
        **{name: getattr(run, name) for name in ("spider", "state", "verdict", "sentence", "exit_code")},
        "arguments": run.arguments,
        "site": run.site,
        "task": run.task_id,
        "requested_by": run.requested_by,
        **{name: instant(getattr(run, name)) for name in _INSTANTS},
        "node": run.node,
        "progress": _progress(run),
        "counts": {name: getattr(run, _COLUMNS.get(name, name)) for name in Counts.model_fields},
        "ledger": {
            "adds_up": account.adds_up,
            "waiting": account.waiting,
            "detail": account.sentence,
            "missing": missing,
        },
        "log": f"/api/v1/runs/{run.run_id}/log" if livelog.may_have(run) else None,
    }


_INSTANTS = ("requested_at", "started_at", "finished_at", "reported_at", "cancel_asked_at")
_COLUMNS = {"errors": "error_count"}


def _progress(run: Runs) -> dict[str, Any]:
    far = Progress.of(run, now().replace(tzinfo=UTC))
    share = None if far.share is None else round(far.share, 4)
    return {
        "seen": far.seen,
        "expected": far.expected,
        "share": share,
        "current": far.current,
        "detail": far.sentence,
    }
