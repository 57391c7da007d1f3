"""The life of a run that somebody asked for, from the task to the crawl's own reports.

    queued ──► scheduled ──► running ──► finished
       │           │            │
       ├► cancelled└────► lost ◄┘          (given up by whoever watches; a report that still comes is believed)
       └► failed                           (it could not begin)

``queued``: it waits for its turn; ``scheduled``: a node has it; ``running`` and ``finished``: the crawl itself says so,
through the queue, and :mod:`schema.store` writes it; ``lost``: its process is gone without a last word; ``cancelled``:
it never began; ``failed``: it could not, and its sentence says why. A crawl somebody starts by hand begins at
``running``.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pymysql
from peewee import Database, IntegrityError, PeeweeException, fn

from schema.database import begin_writing, is_embedded
from schema.models import Runs, Tasks, now

QUEUED, SCHEDULED, RUNNING, FINISHED = "queued", "scheduled", "running", "finished"
LOST, CANCELLED, FAILED = "lost", "cancelled", "failed"

STATES = (QUEUED, SCHEDULED, RUNNING, FINISHED, LOST, CANCELLED, FAILED)
ACTIVE = (SCHEDULED, RUNNING)
"""In these it has its league to itself."""
OPEN = (QUEUED, SCHEDULED, RUNNING, LOST)
"""In these the crawl's next report is believed whatever it says: it lives."""
ENDED = (FINISHED, LOST, CANCELLED, FAILED)
"""Nothing more is expected of these."""

WAITS = (10, 60, 300)
"""Seconds that a run waits for a node, the first time, the second and the third; then it has failed."""
RESCHEDULED = 3
"""So often a node may lose a run before it began."""

REDELIVERY = timedelta(minutes=5)
"""So long after a bare task the same body delivered again is taken for it. A crawl too many beats one too few."""

LOCK_SECONDS = 10
_BUSY = 1205
"""The number MySQL gives a wait for a lock that took too long."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of a task.

    :ivar made: the ids of the runs it made; :ivar joined: of those that waited already and do for it too.
    :ivar known: it was handed over before, and nothing has changed.
    """

    made: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    known: bool = False


def run_id_of(task_id: str, spider: str) -> str:
    """The id of the run that a task makes for a league: the same however often it is handed over."""
    return hashlib.blake2b(f"{task_id}\0{spider}".encode(), digest_size=16).hexdigest()


# -- from the task to the node -----------------------------------------------------------------------------------------


def hand_over(
    database: Database,
    *,
    task_id: str | None,
    body_hash: str,
    said: str,
    requested_by: str | None,
    received_at: datetime,
    wanted: Sequence[tuple[str, str | None]],
    again: bool = False,
) -> Handed:
    """Enter a task, and a run for each league it wants: all of it in one transaction, committed when this returns.

    :param task_id: ``None`` for a bare task: it is a new one, unless it is delivered ``again`` and its body was handed
        over within the last minutes.
    :param received_at: naive UTC; :param wanted: spiders, each once, and their arguments, as ``Runs`` has them.
    """
    with _by_itself(database):
        if _is_known(database, task_id, body_hash, received_at, again=again):
            return Handed(known=True)
        task_id = task_id or uuid4().hex
        waiting = _waiting(database, wanted)
        joined = tuple(waiting[each] for each in wanted if each in waiting)
        rows = [
            {
                "run_id": run_id_of(task_id, spider),
                "spider": spider,
                "state": QUEUED,
                "arguments": arguments,
                "task_id": task_id,
                "requested_by": requested_by,
                "requested_at": received_at,
            }
            for spider, arguments in wanted
            if (spider, arguments) not in waiting
        ]
        Tasks.insert(
            task_id=task_id,
            body_hash=body_hash,
            said=said,
            requested_by=requested_by,
            received_at=received_at,
            runs=len(rows),
            joined=len(joined),
        ).execute(database)
        if rows:
            # A run may be there whose task is not any more.
            Runs.insert_many(rows).on_conflict_ignore().execute(database)
        _take_over(database, joined, task_id, len(wanted))
    return Handed(tuple(str(row["run_id"]) for row in rows), joined)


def of_task(database: Database, task_id: str, spiders: Sequence[str], arguments: str | None) -> list[Runs]:
    """The runs that do for a task: those it made, and of the leagues it joined the run that waited then."""
    task = next(iter(Tasks.select().where(Tasks.task_id == task_id).execute(database)), None)
    if task is None:
        return []
    own = {run_id_of(task_id, spider): spider for spider in spiders}
    found = list(Runs.select().where(Runs.run_id.in_(list(own))).execute(database))
    for spider in set(spiders) - {run.spider for run in found}:
        same = Runs.arguments.is_null() if arguments is None else Runs.arguments == arguments
        before = (Runs.spider == spider) & same & (Runs.requested_at <= task.received_at)
        joined = Runs.select().where(before).order_by(Runs.requested_at.desc(), Runs.id.desc()).limit(1)
        found += list(joined.execute(database))
    return found


def next_queued(database: Database, now: datetime) -> Runs | None:
    """The run whose turn it is: tasks take turns, the one that has waited longest first, whether for its first run or
    since its last; so one league is not kept waiting by all leagues that were asked for before it.

    Not of a league that is being crawled, whoever started it, nor before its time.
    """
    held = (Runs.state.in_(ACTIVE), Runs.active_key.is_null(False))  # two looks, each at an index
    busy = {run.spider for each in held for run in Runs.select(Runs.spider).where(each).execute(database)} - {None}
    due = Runs.not_before.is_null() | (Runs.not_before <= now)
    ready = (Runs.state == QUEUED) & due & Runs.cancel_asked_at.is_null()
    if busy:
        ready &= Runs.spider.not_in(sorted(busy))
    firsts = Runs.select(Runs.task_id, fn.MIN(Runs.id), fn.MIN(Runs.requested_at)).where(ready).group_by(Runs.task_id)
    waiting = list(firsts.tuples().execute(database))
    if not waiting:
        return None
    last = Runs.select(Runs.task_id, fn.MAX(Runs.not_before)).group_by(Runs.task_id)
    last = last.where(Runs.task_id.in_([task for task, _, _ in waiting]) & Runs.node.is_null(False))
    turns = dict(last.tuples().execute(database))
    _, _, number = min((max(turns.get(task) or asked, asked), asked, number) for task, number, asked in waiting)
    return next(iter(Runs.select().where(Runs.id == number).execute(database)))


def count_active(database: Database) -> int:
    """How many of the runs that somebody asked for are with a node, or go on without one."""
    return int(Runs.select().where(_OURS & Runs.state.in_(ACTIVE)).count(database))


def claim(database: Database, run: Runs, node: str, *, at_once: int, now: datetime) -> bool:
    """Take a queued run for a node; ``run`` is as the row is then. False where it is not to be had: another worker was
    quicker, its league is being crawled, it was cancelled, or ``at_once`` are active.
    """
    try:
        with _by_itself(database):
            league = Runs.select().where(Runs.state.in_(ACTIVE) & (Runs.spider == run.spider))
            if count_active(database) >= at_once or league.exists(database):
                return False
            claimed = _changed(
                database,
                (Runs.id == run.id) & (Runs.state == QUEUED) & Runs.cancel_asked_at.is_null(),
                state=SCHEDULED,
                active_key=run.spider,
                node=node,
                not_before=now,
            )
    except IntegrityError:
        return False
    if claimed:
        run.state, run.node, run.not_before = SCHEDULED, node, now
    return claimed


def put_off(database: Database, run: Runs, now: datetime) -> int | None:
    """No node would have it: it waits again. The seconds; ``None`` where it has waited often enough."""
    if run.attempts >= len(WAITS):
        return None
    seconds = WAITS[run.attempts]
    _changed(
        database,
        (Runs.id == run.id) & (Runs.state == run.state) & (Runs.attempts == run.attempts) & Runs.reported_at.is_null(),
        state=QUEUED,
        active_key=None,
        node=None,
        attempts=run.attempts + 1,
        not_before=now + timedelta(seconds=seconds),
    )
    return seconds


def fail(database: Database, run: Runs, verdict: str, sentence: str, now: datetime) -> bool:
    """It never began, and will not. Whether it was this that ended it."""
    return _changed(
        database,
        (Runs.id == run.id) & (Runs.state == run.state) & Runs.reported_at.is_null(),
        state=FAILED,
        verdict=verdict,
        sentence=sentence,
        finished_at=now,
        active_key=None,
    )


# -- what became of it -------------------------------------------------------------------------------------------------


def active(database: Database) -> list[Runs]:
    """All runs that should be crawling, whoever started them, the oldest first."""
    return list(Runs.select().where(Runs.state.in_(ACTIVE)).order_by(Runs.id).execute(database))


def heard_of(run: Runs) -> datetime | None:
    """When it was last known to be well: it reported, or was handed to its node."""
    return max((each for each in (run.reported_at, run.not_before, run.started_at) if each is not None), default=None)


def take_again(database: Database, run: Runs, now: datetime) -> bool:
    """The right to schedule once more a run that its node has no knowledge of: one worker has it."""
    return run.attempts < RESCHEDULED + len(WAITS) and _changed(
        database,
        _unchanged(run) & (Runs.state == SCHEDULED) & Runs.reported_at.is_null(),
        attempts=run.attempts + 1,
        not_before=now,
    )


def lose(database: Database, run: Runs, sentence: str) -> bool:
    """It is gone without a last word. False where it has reported meanwhile."""
    return _changed(database, _unchanged(run), state=LOST, sentence=sentence, active_key=None)


# -- stopping it -------------------------------------------------------------------------------------------------------


def cancel_queued(database: Database, run_id: str) -> bool:
    """Have a run that waits for its turn never begin. :returns: whether it waited; it may just have got its turn."""
    return _cancel(database, run_id, QUEUED)


def cancel_queued_of(database: Database, task_id: str) -> int:
    """Have all runs of a task that wait for their turn never begin. How many."""
    return int(_cancelling().where(Runs.task_id == task_id, Runs.state == QUEUED).execute(database))


def cancel_scheduled(database: Database, run_id: str) -> bool:
    """The same for one that was handed to a node, and that no node has: it was taken away again, or never arrived."""
    return _cancel(database, run_id, SCHEDULED)


def ask_cancel(database: Database, run_id: str) -> None:
    """Note that somebody wants a run stopped that has not ended, and since when."""
    is_open = Runs.state.in_(OPEN) | Runs.state.is_null()
    wanted = Runs.update(cancel_asked_at=now())
    wanted.where(Runs.run_id == run_id, is_open, Runs.cancel_asked_at.is_null()).execute(database)


def is_cancelled(database: Database, run_id: str) -> bool:
    """Whether it never began, and must not."""
    return bool(Runs.select().where((Runs.run_id == run_id) & (Runs.state == CANCELLED)).exists(database))


def drop_cancelled(database: Database) -> int:
    """Cancel those that somebody wanted stopped and that wait all the same: they were put off just then. How many."""
    asked = (Runs.state == QUEUED) & Runs.cancel_asked_at.is_null(False)
    return int(Runs.update(state=CANCELLED, finished_at=now()).where(asked).execute(database))


# -- how ---------------------------------------------------------------------------------------------------------------

_OURS = Runs.task_id.is_null(False)


def _cancel(database: Database, run_id: str, state: str) -> bool:
    changed: int = _cancelling().where(Runs.run_id == run_id, Runs.state == state).execute(database)
    return changed == 1


def _cancelling() -> Any:
    at = now()
    return Runs.update(
        state=CANCELLED, finished_at=at, active_key=None, cancel_asked_at=fn.COALESCE(Runs.cancel_asked_at, at)
    )


def _changed(database: Database, condition: object, **values: object) -> bool:
    return bool(Runs.update(**values).where(condition).execute(database))


def _unchanged(run: Runs) -> object:
    """It is as it was read: nobody has heard of it since."""
    same = (Runs.id == run.id) & (Runs.state == run.state)
    for field in (Runs.reported_at, Runs.not_before):
        value = getattr(run, field.name)
        same &= field.is_null() if value is None else field == value
    return same


def _is_known(database: Database, task_id: str | None, body_hash: str, received_at: datetime, *, again: bool) -> bool:
    if task_id is not None:
        return bool(Tasks.select().where(Tasks.task_id == task_id).exists(database))
    since = received_at - REDELIVERY
    same = (Tasks.body_hash == body_hash) & (Tasks.received_at >= since)
    return again and bool(Tasks.select().where(same).exists(database))


def _waiting(database: Database, wanted: Sequence[tuple[str, str | None]]) -> dict[tuple[str, str | None], str]:
    """The runs that wait for these leagues with these very arguments, by both; none of them is claimed meanwhile."""
    query = (
        Runs.select(Runs.spider, Runs.arguments, Runs.run_id)
        .where((Runs.state == QUEUED) & Runs.cancel_asked_at.is_null())
        .where(Runs.spider.in_([spider for spider, _ in wanted]))
    )
    found = {(spider, arguments): run_id for spider, arguments, run_id in query.tuples().execute(database)}
    return {each: found[each] for each in wanted if each in found}


def _take_over(database: Database, joined: Sequence[str], task_id: str, leagues: int) -> None:
    """Runs of a task that waits for more leagues than this one wants take their turns with this one from now on: who
    asks for one league that is queued among all does not wait for all.
    """
    if not joined:
        return
    waits = Runs.select(Runs.task_id, fn.COUNT(Runs.id)).where(Runs.state == QUEUED).group_by(Runs.task_id)
    larger = [task for task, count in waits.tuples().execute(database) if count > leagues]
    theirs = Runs.run_id.in_(joined) & Runs.task_id.in_(larger)
    Runs.update(task_id=task_id).where(theirs).execute(database)


@contextmanager
def _by_itself(database: Database) -> Iterator[None]:
    """A writing transaction that no other of these runs beside: each sees what the one before it has done.

    Neither a unique key nor a lock on rows would do: what is looked for is what is not there yet.
    """
    if is_embedded(database):
        with database.transaction(begin_writing(database)):
            yield
        return
    name = "CONCAT('runs of ', LEFT(DATABASE(), 50))"
    if database.execute_sql(f"SELECT GET_LOCK({name}, {LOCK_SECONDS})").fetchone()[0] != 1:
        raise pymysql.err.OperationalError(_BUSY, f"another worker is slow: its lock was not free in {LOCK_SECONDS} s")
    try:
        with database.transaction(begin_writing(database)):
            yield
    finally:
        with suppress(PeeweeException, pymysql.err.Error):  # the connection is gone, and the lock with it
            database.execute_sql(f"DO RELEASE_LOCK({name})")
