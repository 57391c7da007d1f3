"""Runs for the tests of what tells of them."""

from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from schema.models import Runs

START = datetime(2026, 3, 7, 18, 0, 0)
"""Naive UTC, as it is stored: 19:00 in Paris."""

COMPLETE: dict[str, Any] = {
    "spider": "ligue1",
    "state": "finished",
    "verdict": "complete",
    "exit_code": 0,
    "sentence": "18 of 18 matches read, 270 quotes sent",
    "started_at": START,
    "reported_at": START + timedelta(minutes=2),
    "finished_at": START + timedelta(minutes=2),
    "site": "https://www.coteur.com",
    **dict.fromkeys(("listed", "discovered", "fetched", "parsed"), 18),
    **dict.fromkeys(("yielded", "published", "stored"), 270),
    "prices": 810,
    "pages": 20,
    "bookmakers": 15,
}


def add_run(database: Database, run_id: str, **changed: Any) -> Runs:
    """A run that is complete, but for what is ``changed``; ``None`` for all that a run has not that did not begin."""
    values = COMPLETE | changed
    number = Runs.insert(run_id=run_id, **values).execute(database)
    [run] = Runs.select().where(Runs.id == number).execute(database)
    return run


def add_waiting(database: Database, run_id: str, **changed: Any) -> Runs:
    """A run that waits for its turn."""
    values = {"spider": "nba", "state": "queued", "task_id": "t-1", "requested_at": START, "requested_by": "Anne"}
    number = Runs.insert(run_id=run_id, **(values | changed)).execute(database)
    [run] = Runs.select().where(Runs.id == number).execute(database)
    return run


def change(database: Database, run: Runs, **values: Any) -> None:
    Runs.update(**values).where(Runs.id == run.id).execute(database)
