"""Asking for crawls from the shell; what a worker makes of it is tested with the worker."""

import getpass
import json
import os
import pwd
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from gigscrapy.broker import TASK_QUEUE, depths, receiver
from gigscrapy.commands import ask as ask_module
from gigscrapy.commands.ask import Command, follow
from gigscrapy.leagues import load
from gigscrapy.tasks import read_task, select, write_task
from schema.database import connect, hang_up
from schema.messages import Refused
from schema.models import Runs, now
from schema.runs import hand_over, of_task, run_id_of
from schema.store import Store
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.schema.letters import Letter
from tests.services import free_ports


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


@pytest.fixture
def database(tmp_path: Path) -> Any:
    database = connect(None, tmp_path)
    lay(database)
    yield database
    hang_up(database)


def sent(home: Path) -> dict[str, Any]:
    source = receiver(None, home, queue=TASK_QUEUE)
    [delivery] = source.receive(5, 1)
    source.close()
    body: dict[str, Any] = json.loads(delivery.body)
    assert delivery.message_id == body["task_id"]
    assert read_task(delivery.body).leagues
    return body


def test_it_sends_a_task_and_says_what_it_is(ask: Ask, tmp_path: Path) -> None:
    done = ask("ligue1", "basketball.nba", "-a", "depth=list", "--by", "somebody", home=tmp_path)
    assert done.returncode == 0, done.stderr
    body = sent(tmp_path)
    task_id = body["task_id"]
    assert body == {
        "what": "ligue1,basketball.nba",
        "args": {"depth": "list"},
        "requested_by": "somebody",
        "task_id": task_id,
    }
    assert done.stdout.splitlines() == [
        *(f"{league.name}  {league.title}  {run_id_of(task_id, league.name)}" for league in select("ligue1, nba")),
        f"task {task_id}: 2 leagues are asked for",
    ]


def test_who_asks_is_known_where_the_environment_does_not_tell(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert ask("ligue1", home=tmp_path).returncode == 0
    assert sent(tmp_path)["requested_by"] == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(getpass, "getuser", lambda: pwd.getpwuid(2**31 - 3).pw_name)  # a container's, nobody's name
    (elsewhere := tmp_path / "elsewhere").mkdir()
    assert ask("ligue1", home=elsewhere).returncode == 0
    assert sent(elsewhere).get("requested_by") is None


def test_all_of_a_sport(ask: Ask, tmp_path: Path) -> None:
    done = ask("sport:rugby", home=tmp_path)
    assert len(done.stdout.splitlines()) == 1 + sum(league.sport == "rugby" for league in load())
    assert sent(tmp_path)["what"] == "sport:rugby"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "scrapy ask takes what is to be crawled"),
        (["ligue"], "no league is called 'ligue'; did you mean"),
        (["ligue1", "-a", "depth"], "-a NAME=VALUE"),
        (["ligue1", "-a", "depth=deep"], "depth is list or match"),
        (["ligue1", "-a", "setting=X=Y"], "arguments are depth, markets, days, match, not 'setting'"),
        (["nba", "-a", "markets=btts"], "the markets of"),
    ],
)
def test_what_makes_no_sense_is_not_sent(ask: Ask, tmp_path: Path, words: list[str], sentence: str) -> None:
    done = ask(*words, home=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert depths(None, tmp_path, [TASK_QUEUE])[TASK_QUEUE] == 0


def test_a_broker_that_is_away(ask: Ask, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    done = ask("ligue1", home=tmp_path, RABBIT_URL=f"amqp://gig:s3cret@127.0.0.1:{port}/")
    assert done.returncode == 2
    assert done.stderr.startswith("it cannot be put into the queue (")
    assert "nothing is asked for" in done.stderr
    assert "s3cret" not in done.stderr


# -- waiting -----------------------------------------------------------------------------------------------------------


LEAGUES = select("ligue1, nba")
BODY = write_task("ligue1, nba", task_id="t")


def enter(database: Database, *spiders: str, task_id: str = "t") -> None:
    hand_over(
        database,
        task_id=task_id,
        body_hash="0" * 32,
        said="",
        requested_by=None,
        received_at=now(),
        wanted=[(spider, None) for spider in spiders],
    )


def finish(database: Database, spider: str, state: str = "finished", **said: object) -> None:
    Runs.update(state=state, **said).where(Runs.spider == spider).execute(database)


def test_it_waits_until_all_have_ended(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_module, "LOOK_SECONDS", 0.02)
    enter(database, "nba", task_id="before")

    def crawl() -> None:
        time.sleep(0.1)
        enter(database, "ligue1", "nba")
        time.sleep(0.1)
        finish(database, "nba", exit_code=0, verdict="complete")
        time.sleep(0.1)
        finish(database, "ligue1", exit_code=30, verdict="incomplete", sentence="not read: 1 of 9 matches")
        hang_up(database)

    crawling = threading.Thread(target=crawl)
    crawling.start()
    assert follow(database, "t", BODY, LEAGUES, None) == 30
    crawling.join()
    assert [run.task_id for run in of_task(database, "t", ["ligue1", "nba"], None)] == ["t", "before"]
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "ligue1: finished (incomplete): not read: 1 of 9 matches",
        "ligue1: queued",
        "nba: finished (complete)",
        "nba: queued",
    ]


@pytest.mark.parametrize(
    ("state", "exit_code", "expected"), [("finished", 0, 0), ("lost", None, 40), ("failed", None, 40)]
)
def test_its_exit_code(database: Database, state: str, exit_code: int | None, expected: int) -> None:
    enter(database, "ligue1", "nba")
    finish(database, "nba", exit_code=0)
    finish(database, "ligue1", state, exit_code=exit_code)
    assert follow(database, "t", BODY, LEAGUES, None) == expected


def test_a_worker_that_knows_less_refuses(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    Store(database).bury(Letter(BODY), Refused("unknown-league", "no league is called that"), TASK_QUEUE)
    assert follow(database, "t", BODY, LEAGUES, None) == 40
    assert capsys.readouterr().out == "the task is refused: no league is called that\n"
