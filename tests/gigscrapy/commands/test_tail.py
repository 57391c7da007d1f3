"""Following a run as a person does: processes of their own, with the embedded queue."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.commands.tail import Command
from schema.database import connect, hang_up
from tests import OWN_ENVIRONMENT, ROOT, scrapy
from tests.faults.filled import FilledSite
from tests.faults.processes import crawling, running
from tests.gigscrapy.commands.in_process import asking
from tests.gigscrapy.commands.test_consume import start
from tests.gigscrapy.runs import add_run, add_waiting, change
from tests.gigscrapy.spiders.test_reports import slowly
from tests.schema.laid import lay


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """The embedded one of a home."""
    found = connect(None, tmp_path)
    lay(found)
    yield found
    hang_up(found)


@pytest.mark.slow
def test_a_crawl_is_followed_to_its_end(database: Database, tmp_path: Path) -> None:
    slow_and_told = {"CONCURRENT_REQUESTS": 1, "REPORT_SECONDS": 1}
    with FilledSite(matches=12, behaviour=slowly) as site, running("consume", home=tmp_path) as consumer:
        consumer.until("messages come from")
        with crawling(site.url, tmp_path, **slow_and_told) as crawler:
            consumer.until("1 messages")  # that it has begun
            told = scrapy("tail", "ligue1", home=tmp_path)
            assert crawler.wait() == 30
    assert told.returncode == 30, told.stderr
    [run] = set(re.findall(r"run ([0-9a-f]{32}) reads", crawler.log))
    *changes, verdict, account = told.stdout.splitlines()
    assert all(re.match(rf"\d\d:\d\d:\d\d {run[:8]} (running|finished): ", line) for line in changes), changes
    assert len(set(changes)) == len(changes) >= 3
    assert any(re.search(r"of 12 matches, .* left; \d+ quotes stored, .*; \S.* - ", line) for line in changes)
    assert "finished: 11 of 12 matches, in " in changes[-1]
    assert changes[-1].endswith("; 165 quotes stored, 1 pages gave nothing")
    assert verdict.startswith("incomplete: not read: 1 of 12 matches")
    assert verdict.endswith(" (exit code 30)")
    assert account.startswith("165 quotes published, 165 stored, 0 refused: matches that were not reached: 1; ")


@pytest.mark.slow
def test_a_run_that_waits_is_left_as_it_is(database: Database, tmp_path: Path) -> None:
    add_waiting(database, "cccccccccc")
    add_waiting(database, "dddddddddd")
    following = start("tail", "dd", home=tmp_path)
    assert following.stdout
    assert " dddddddd queued: it waits for its turn; asked for before it: 1\n" in following.stdout.readline()
    following.send_signal(signal.SIGINT)
    left, _ = following.communicate(timeout=30)
    assert left == "the run dddddddd is left as it is; `scrapy tail dddddddd` follows it again\n"
    assert following.returncode == 130


@pytest.mark.slow
def test_on_a_terminal_a_line_moves_and_the_log_goes_by(database: Database, tmp_path: Path) -> None:
    run = add_run(database, "eeeeeeeeee", state="running", exit_code=None, parsed=6, current="Lyon - Paris")
    folder = tmp_path / "scrapyd" / "logs" / "gigscrapy" / "ligue1"
    folder.mkdir(parents=True)
    (folder / "eeeeeeeeee.log").write_text("first line\n")
    theirs, ours = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    following = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "tail", "--log", "e"],
        cwd=ROOT,
        env=inherited | {"GIGSCRAPY_HOME": str(tmp_path), "TERM": "xterm", "COLUMNS": "160"},
        stdin=subprocess.DEVNULL,
        stdout=ours,
        stderr=ours,
    )
    os.close(ours)
    shown = b""
    deadline = time.monotonic() + 60
    while b"6 of 18 matches" not in shown and time.monotonic() < deadline:
        shown += os.read(theirs, 65536)
    change(database, run, state="finished", exit_code=38, parsed=18, current=None)
    with (folder / "eeeeeeeeee.log").open("a") as log:
        log.write("last line\n")
    try:
        while piece := os.read(theirs, 65536):
            shown += piece
    except OSError:  # Linux says so when the other side is gone
        pass
    os.close(theirs)
    assert following.wait(30) == 38
    text = shown.decode()
    assert "ligue1 Lyon - Paris" in text
    assert "━" in text
    assert text.count("first line") == text.count("last line") == 1
    assert text.rstrip().endswith("270 quotes published, 270 stored, 0 refused: the account adds up")


def test_one_that_never_said_how_it_ended(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask = asking(Command, capsys)
    add_run(database, "qq1", state="lost", exit_code=None, verdict=None, sentence=None)
    add_waiting(database, "rr1", state="failed", sentence="no node answered", verdict="no-node")
    lost, failed = ask("qq1", "--log", home=tmp_path), ask("rr1", home=tmp_path)
    assert (lost.returncode, failed.returncode) == (1, 1), lost.stderr
    path = tmp_path / "scrapyd" / "logs" / "gigscrapy" / "ligue1" / "qq1.log"
    assert lost.stdout.splitlines()[1:] == [
        f"no log of it is on this machine: {path}",
        "lost: its process is gone without a last word, 18 of 18 matches, in 2 min 00 s, 10.0 pages a minute",
    ]
    assert failed.stdout.splitlines()[1:] == ["no-node: no node answered"]
    assert "no run's id begins with x" in ask("x", home=tmp_path).stderr
    assert "takes one run or league" in ask("qq1", "rr1", home=tmp_path).stderr
