"""The life of a run that somebody asked for, from the task to the crawl's own reports.

    queued ──► scheduled ──► running ──► finished
       │           │            │
       ├► cancelled└────► lost ◄┘          (given up by whoever watches; a report that still comes is believed)
       └► failed                           (no node took it in time)

``queued``: it waits for its turn; ``scheduled``: a node has it; ``running`` and ``finished``: the crawl itself says so,
through the queue, and :mod:`schema.store` writes it; ``lost``: its process is gone without a last word; ``cancelled``:
it never began; ``failed``: no node would have it. A crawl somebody starts by hand begins at ``running``.
"""

from peewee import Database, fn

from schema.models import Runs, now

QUEUED, SCHEDULED, RUNNING, FINISHED = "queued", "scheduled", "running", "finished"
LOST, CANCELLED, FAILED = "lost", "cancelled", "failed"

STATES = (QUEUED, SCHEDULED, RUNNING, FINISHED, LOST, CANCELLED, FAILED)
OPEN = (QUEUED, SCHEDULED, RUNNING, LOST)
"""In these the crawl's next report is believed whatever it says: it lives."""
ENDED = (FINISHED, LOST, CANCELLED, FAILED)
"""Nothing more is expected of these."""


def cancel_queued(database: Database, run_id: str) -> bool:
    """Have a run that waits for its turn never begin. :returns: whether it waited; it may just have got its turn."""
    return _cancel(database, run_id, QUEUED)


def cancel_scheduled(database: Database, run_id: str) -> bool:
    """The same for one that was handed to a node, and that no node has: it was taken away again, or never arrived."""
    return _cancel(database, run_id, SCHEDULED)


def ask_cancel(database: Database, run_id: str) -> None:
    """Note that somebody wants a run stopped that has not ended, and since when."""
    is_open = Runs.state.in_(OPEN) | Runs.state.is_null()
    wanted = Runs.update(cancel_asked_at=now())
    wanted.where(Runs.run_id == run_id, is_open, Runs.cancel_asked_at.is_null()).execute(database)


def _cancel(database: Database, run_id: str, state: str) -> bool:
    at = now()
    cancelled = Runs.update(
        state=CANCELLED, finished_at=at, active_key=None, cancel_asked_at=fn.COALESCE(Runs.cancel_asked_at, at)
    )
    changed: int = cancelled.where(Runs.run_id == run_id, Runs.state == state).execute(database)
    return changed == 1
