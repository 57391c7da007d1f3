"""What became of the crawls, asked on both kinds of database."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from schema.database import connect, hang_up
from schema.history import brought, schedules_with_firings, shown_runs, stored_before
from schema.instants import naive
from schema.models import Firings, Runs, Schedules, use
from tests.admin import counted
from tests.schema.laid import lay
from tests.schema.letters import NOON

START = naive(NOON)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    database = connect(url, tmp_path)
    use(database)
    lay(database)
    yield database
    hang_up(database)


Make = Callable[..., Runs]


@pytest.fixture
def run(database: Database) -> Make:
    numbers = iter(range(10_000))

    def make(state: str, minutes: float, **said: Any) -> Runs:
        at = START + timedelta(minutes=minutes)
        began = {} if state in ("queued", "failed", "cancelled") else {"started_at": at}
        ended = {"finished_at": at + timedelta(minutes=1)} if state in ("finished", "failed", "cancelled") else {}
        told = {"spider": "ligue1", "run_id": f"run-{next(numbers)}", "requested_at": at, **began, **ended, **said}
        return Runs.create(state=state, **told)

    return make


def test_what_goes_on_what_waits_and_what_ended(database: Database, run: Make) -> None:
    states = ("finished", "failed", "queued", "scheduled", "running", "cancelled", "lost", "queued")
    made = {f"{state}{number}": run(state, number).id for number, state in enumerate(states)}
    with counted(database) as asked:
        shown = shown_runs(each=3)
    assert len(asked) == 1
    assert [each.id for each in shown.going_on] == [made["running4"], made["scheduled3"]]
    assert [each.id for each in shown.queued] == [made["queued2"], made["queued7"]]
    assert [each.id for each in shown.latest] == [made["lost6"], made["cancelled5"], made["failed1"]]


def test_a_schedule_has_its_last_twenty_firings(database: Database) -> None:
    Schedules.delete().execute()
    first, second = (Schedules.create(name=name, what="nba", every_minutes=15, enabled=name == "b") for name in "ab")
    for number in range(30):
        Firings.create(schedule=first, due_at=START + timedelta(minutes=number), state="sent", task_id=f"t{number}")
    with counted(database) as asked:
        found = schedules_with_firings()
    assert len(asked) == 1
    assert [(schedule.name, len(firings)) for schedule, firings in found] == [("b", 0), ("a", 20)]
    assert [firing.task_id for firing in found[1][1]] == [f"t{number}" for number in range(10, 30)]
    assert second.id == found[0][0].id


def test_what_a_task_brought(run: Make) -> None:
    run("finished", 1, task_id="t", verdict="complete", stored=10)
    run("finished", 2, task_id="t", verdict="complete", stored=20)
    run("running", 3, task_id="t")
    run("finished", 4, task_id="other", verdict="complete", stored=99)
    told = {(each.state, each.verdict): (each.runs, each.stored) for each in brought(["t", "nobody"])["t"]}
    assert told == {("finished", "complete"): (2, 30), ("running", None): (1, 0)}
    assert brought([]) == {}


def test_a_run_is_compared_with_the_complete_ones_before_it(database: Database, run: Make) -> None:
    for number in range(14):
        run("finished", number, verdict="complete", stored=number)
    run("finished", 14.5, verdict="incomplete", stored=1000)
    run("finished", 14.6, verdict="complete", stored=1000, spider="nba")
    run("finished", 14.7, verdict="complete", stored=1000, arguments="depth=list")
    last = run("finished", 20, verdict="complete", stored=5)
    listed = run("finished", 21, verdict="complete", stored=5, arguments="depth=list")
    going = run("running", 22)
    with counted(database) as asked:
        found = stored_before([last, listed, going])
    assert len(asked) == 1
    assert found == {last.id: list(range(4, 14)), listed.id: [1000]}
    assert stored_before([going]) == {}
