"""The list of runs, and all of one, in this process; how a command starts is tested beside it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.commands.runs import Command
from schema.database import connect, hang_up
from tests.gigscrapy.commands.in_process import Ask, asking, unread
from tests.gigscrapy.runs import START, add_run, add_waiting
from tests.schema.laid import lay

RUNNING = {
    "state": "running",
    "verdict": None,
    "exit_code": None,
    "sentence": None,
    "finished_at": None,
    "parsed": 6,
    "current": "Lyon - Paris",
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """The embedded one of a home, with a run in each state."""
    found = connect(None, tmp_path)
    lay(found)
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    add_run(found, "aaaaaaaa01")
    add_run(found, "aaaaaaaa02", state="lost", **dict.fromkeys(("verdict", "exit_code", "sentence")), parsed=7)
    add_run(found, "run-1", state=None, **dict.fromkeys(("spider", "verdict", "exit_code", "started_at", "sentence")))
    add_run(
        found, "bbbbbbbbbb", **RUNNING, started_at=now - timedelta(minutes=4), reported_at=now - timedelta(minutes=2)
    )
    add_waiting(found, "cccccccccc")
    add_waiting(found, "dddddddddd", state="scheduled", node="http://127.0.0.1:6800", requested_by=None)
    add_waiting(found, "eeeeeeeeee", state="cancelled", cancel_asked_at=START)
    add_waiting(found, "ffffffffff", state="failed", sentence="no node answered", attempts=3)
    add_waiting(found, "gggggggggg", cancel_asked_at=START, requested_by="An\x1b[2Jne")
    yield found
    hang_up(found)


@pytest.fixture
def ask(database: Database, capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(Command, capsys)


def rows(text: str) -> list[list[str]]:
    """The cells of a list; those that are empty at its left end are left out."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def test_the_list(ask: Ask, tmp_path: Path) -> None:
    told = ask(home=tmp_path)
    assert told.returncode == 0
    head, *found = rows(told.stdout)
    assert head == ["run", "league", "state", "verdict", "matches", "quotes", "started", "took", "asked for by"]
    assert found[:3] == [
        ["gggggggg", "nba", "queued, to be cancelled", "0", "An\\x1b[2Jne"],
        ["ffffffff", "nba", "failed", "0", "Anne"],
        ["eeeeeeee", "nba", "cancelled", "0", "Anne"],
    ]
    assert found[3:5] == [
        ["dddddddd", "nba", "scheduled", "0", "not told"],
        ["cccccccc", "nba", "queued", "0", "Anne"],
    ]
    running = found[5]
    assert running[:2] == ["bbbbbbbb", "ligue1"]
    assert re.fullmatch(r"running, silent for 2 min 0\d s", running[2])
    assert running[3:5] == ["6/18", "270"]
    assert re.fullmatch(r"4 min 0\d s", running[6])
    assert found[6:] == [
        ["run-1", "not reported", "18/18", "270", "by hand"],
        ["aaaaaaaa02", "ligue1", "lost", "7/18", "270", "2026-03-07 19:00:00", "2 min 00 s", "by hand"],
        [
            "aaaaaaaa01",
            "ligue1",
            "finished",
            "complete",
            "18/18",
            "270",
            "2026-03-07 19:00:00",
            "2 min 00 s",
            "by hand",
        ],
    ]


def test_some_of_it(ask: Ask, tmp_path: Path) -> None:
    def ids(*words: str) -> list[str]:
        return [row[0] for row in rows(ask(*words, home=tmp_path).stdout)[1:]]

    assert ids("--state", "lost") == ["aaaaaaaa02"]
    assert ids("--league", "ligue1", "--limit", "2") == ["bbbbbbbb", "aaaaaaaa02"]
    assert ids("--league", "country:France", "--state", "finished") == ["aaaaaaaa01"]
    assert ask("--league", "top14", home=tmp_path).stdout == "no run is like that\n"


def test_for_a_program(ask: Ask, tmp_path: Path) -> None:
    [lost] = json.loads(ask("--json", "--state", "lost", home=tmp_path).stdout)
    assert (lost["run_id"], lost["state"], lost["parsed"], lost["errors"]) == ("aaaaaaaa02", "lost", 7, 0)
    assert (lost["started_at"], lost["exit_code"]) == ("2026-03-07T18:00:00.000000Z", None)
    assert (lost["progress"]["seen"], lost["progress"]["expected"], lost["progress"]["left"]) == (7, 18, None)
    [whole] = json.loads(ask("--json", "--state", "finished", home=tmp_path).stdout)
    assert (whole["account"], whole["progress"]["share"]) == ("the account adds up", 1)
    assert json.loads(ask("show", "aaaaaaaa01", "--json", home=tmp_path).stdout) == whole


def test_all_of_one(ask: Ask, tmp_path: Path) -> None:
    told = ask("show", "aaaaaaaa01", home=tmp_path)
    facts = dict(line.split(": ", 1) for line in told.stdout.splitlines())
    assert (facts["run"], facts["league"], facts["state"]) == ("aaaaaaaa01", "ligue1", "finished")
    assert facts["verdict"] == "complete: 18 of 18 matches read, 270 quotes sent (exit code 0)"
    assert facts["account"] == "270 quotes published, 270 stored, 0 refused: the account adds up"
    assert facts["progress"] == "18 of 18 matches, in 2 min 00 s, 10.0 pages a minute"
    assert (facts["started"], facts["ended"], facts["took"]) == (
        "2026-03-07 19:00:00",
        "2026-03-07 19:02:00",
        "2 min 00 s",
    )
    assert "node" not in facts
    running = dict(line.split(": ", 1) for line in ask("show", "b", home=tmp_path).stdout.splitlines())
    assert (running["current match"], running["verdict"]) == ("Lyon - Paris", "it has not ended")
    assert running["account"].startswith("the run has not said how it ended")
    waiting = dict(line.split(": ", 1) for line in ask("show", "dddd", home=tmp_path).stdout.splitlines())
    assert (waiting["node"], waiting["task"]) == ("http://127.0.0.1:6800", "t-1")
    failed = dict(line.split(": ", 1) for line in ask("show", "ffff", home=tmp_path).stdout.splitlines())
    assert (failed["verdict"], failed["attempts without a node"]) == ("failed: no node answered", "3")
    assert "\x1b" not in ask("show", "gggg", home=tmp_path).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show", "aaaa"], "several runs begin with aaaa: aaaaaaaa01 (ligue1), aaaaaaaa02 (ligue1); write more of it"),
        (["show", "x"], "no run's id begins with x"),
        (["show", "b", "--state", "lost", "--limit", "2"], "scrapy runs show takes no --state and no --limit"),
        (["show"], "scrapy runs, or scrapy runs show ID"),
        (["stop", "b"], "scrapy runs, or scrapy runs show ID"),
        (["--limit", "0"], "--limit takes 1 to 1,000"),
        (["--league", "ligue11"], "no league is called 'ligue11'; did you mean ligue1"),
    ],
)
def test_what_makes_no_sense(words: list[str], sentence: str, ask: Ask, tmp_path: Path) -> None:
    told = ask(*words, home=tmp_path)
    assert told.returncode == 2
    assert sentence in told.stderr
    assert "unknown-league" not in told.stderr


def test_where_there_is_none_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = asking(Command, capsys)(home=tmp_path)
    assert told.stdout == "there is no run yet: `scrapy crawl ligue1`\n"


def test_a_reader_that_goes_is_no_error(database: Database, tmp_path: Path) -> None:
    assert unread("runs", home=tmp_path) == ""
