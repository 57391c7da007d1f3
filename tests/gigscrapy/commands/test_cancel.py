"""What the command makes of its words; what it does: test_cancelling.py."""

from pathlib import Path

import pytest

from gigscrapy.commands.cancel import Command
from schema.database import connect, hang_up
from schema.models import Runs, Tasks, now
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.services import free_ports

AWAY = {"SCRAPYD_URLS": f"http://u:s3cret@127.0.0.1:{free_ports(1)[0]}"}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def add(home: Path, run_id: str, state: str, **columns: object) -> None:
    database = connect(None, home)
    lay(database)
    Runs.insert(run_id=run_id, state=state, **columns).execute(database)
    hang_up(database)


def test_the_beginning_of_an_id_will_do(ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, "abc", "queued")
    told = ask("ab", home=tmp_path, **AWAY)
    assert (told.returncode, told.stdout) == (0, "run abc was waiting for its turn: cancelled\n")
    told = ask("abc", home=tmp_path, **AWAY)
    assert (told.returncode, told.stdout) == (3, "run abc had ended before; it is cancelled\n")


def test_a_node_that_is_away(ask: Ask, tmp_path: Path) -> None:
    add(tmp_path, "abc", "running")
    told = ask("abc", home=tmp_path, **AWAY)
    assert told.returncode == 5
    assert "is away" in told.stdout
    assert "s3cret" not in told.stdout + told.stderr


def add_task(home: Path, task_id: str) -> None:
    database = connect(None, home)
    lay(database)
    Tasks.insert(task_id=task_id, body_hash="", said="all", received_at=now()).execute(database)
    hang_up(database)


def test_all_runs_of_a_task_those_that_wait_first(ask: Ask, tmp_path: Path) -> None:
    add_task(tmp_path, "task-1")
    add_task(tmp_path, "task-2")
    for number, state in enumerate(("running", "queued", "finished", "queued")):
        add(tmp_path, f"run-{number}", state, task_id="task-1")
    add(tmp_path, "other", "queued", task_id="task-2")
    told = ask("task-1", "--task", home=tmp_path, **AWAY)
    assert told.returncode == 5, "nobody can tell of the one that runs"
    first, second, third = told.stdout.splitlines()
    assert (first, second) == (
        "run run-1 was waiting for its turn: cancelled",
        "run run-3 was waiting for its turn: cancelled",
    )
    assert third.startswith("whether run run-0 is stopped nobody can tell")
    told = ask("task-2", "--task", home=tmp_path, **AWAY)
    assert (told.returncode, told.stdout) == (0, "run other was waiting for its turn: cancelled\n")
    again = ask("task-2", "--task", home=tmp_path, **AWAY)
    assert again.returncode == 2
    assert "no run of the task task-2 goes on or waits" in again.stderr
    assert "2 tasks begin with task-: task-2, task-1" in ask("task-", "--task", home=tmp_path, **AWAY).stderr
    assert "there is no task nobody's" in ask("nobody's", "--task", home=tmp_path, **AWAY).stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "takes one run"),
        (("a", "b"), "takes one run"),
        (("nosuchrun",), "there is no run nosuchrun; `scrapy runs` lists them"),
        (("../x",), "../x is no run's id"),
        (("a", "--patience", "-1"), "--patience is a number of seconds"),
        (("a", "--patience", "nan"), "--patience is a number of seconds"),
    ],
)
def test_what_cannot_be(ask: Ask, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    refused = ask(*words, home=tmp_path)
    assert refused.returncode == 2
    assert told in refused.stderr
