"""`scrapy services` as its user has it: asked, followed, cancelled, scheduled, and killed in the middle of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from peewee import Database

from gigscrapy.broker import QUEUE, depths
from gigscrapy.services import SERVICES
from schema.database import connect, hang_up
from schema.ledger import balance
from schema.models import Firings, Odds, Runs
from tests import OWN_ENVIRONMENT, ROOT, Ran, scrapy
from tests.faults.filled import FilledSite
from tests.services import die_with_parent, free_ports

MATCHES, BOOKS = 12, 4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Machine:
    """One machine, from nothing, with its services; no server of any kind."""

    def __init__(self, home: Path, site: str) -> None:
        scrapyd, admin = free_ports(2)
        self.home = home
        self.environment = {
            "SITE_URL": site,
            "GIGSCRAPY_HOME": str(home),
            "SCRAPYD_PORT": str(scrapyd),
            "SCRAPYD_URLS": f"http://127.0.0.1:{scrapyd}",
            "ADMIN_PORT": str(admin),
        }
        self.admin = f"http://127.0.0.1:{admin}"
        self.log = home.parent / "services.log"
        inherited = {key: value for key, value in os.environ.items() if key not in OWN_ENVIRONMENT}
        with self.log.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "scrapy", "services"],
                cwd=ROOT,
                env=inherited | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is taken there
            )

    def scrapy(self, *arguments: str) -> Ran:
        return scrapy(*arguments, home=self.home, environment=self.environment)

    def follow(self, *arguments: str) -> "subprocess.Popen[str]":
        inherited = {key: value for key, value in os.environ.items() if key not in OWN_ENVIRONMENT}
        return subprocess.Popen(
            [sys.executable, "-m", "scrapy", *arguments],
            cwd=ROOT,
            env=inherited | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def process(self, service: str) -> psutil.Process | None:
        """Of a service; the newest, where it was started again."""
        words = SERVICES[service][1:]
        for child in psutil.Process(self.supervisor.pid).children():
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if any(tuple(command[at : at + len(words)]) == words for at in range(len(command))):
                return child
        return None

    def kill9(self, service: str) -> None:
        """And see that another takes its place."""
        killed = self.process(service)
        assert killed is not None
        killed.kill()
        self.until(lambda: (now := self.process(service)) is not None and now.pid != killed.pid)

    def until(self, condition: Callable[[], object], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-4000:]
            time.sleep(0.2)

    def stop(self) -> None:
        self.supervisor.send_signal(signal.SIGTERM)
        try:
            self.supervisor.wait(100)
        finally:
            self.supervisor.kill()
            self.supervisor.wait()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with FilledSite(matches=MATCHES, books=BOOKS) as site:
        one = Machine(tmp_path / "var", site.url)
        try:
            yield one
        finally:
            one.stop()


def run_of(database: Database, spider: str) -> Runs:
    """The newest of a league; one that is not there yet is empty."""
    newest = Runs.select().where(Runs.spider == spider).order_by(Runs.id.desc()).limit(1)
    return next(iter(newest.execute(database)), Runs())


def test_it_runs_by_itself(machine: Machine) -> None:
    database = connect(None, machine.home)
    machine.until(lambda: (machine.home / "gigscrapy.sqlite3").exists() and machine.process("scheduler"))
    machine.until(lambda: "scheduler" in machine.log.read_text(errors="replace"))
    added = machine.scrapy("schedules", "add", "every minute", "ligue2", "--every", "1", "-a", "depth=list")
    assert added.returncode == 0, added.stderr

    # A crawl is asked for and followed; consumer and worker are killed while it goes on.
    assert machine.scrapy("ask", "ligue1").returncode == 0
    machine.until(lambda: run_of(database, "ligue1").parsed > 2)
    followed = machine.follow("tail", "ligue1")
    machine.kill9("consumer")
    machine.kill9("worker")
    told, _ = followed.communicate(timeout=120)
    assert followed.returncode == 0, told
    assert f"{MATCHES}" in told
    assert "complete" in told
    machine.until(lambda: balance(run_of(database, "ligue1")).adds_up)
    run = run_of(database, "ligue1")
    assert (run.verdict, run.exit_code, run.parsed) == ("complete", 0, MATCHES)
    assert run.published >= MATCHES * BOOKS

    # Another is cancelled: it is said to have stopped when it has.
    assert machine.scrapy("ask", "nba").returncode == 0
    machine.until(lambda: run_of(database, "nba").parsed > 0)
    cancelled = machine.scrapy("cancel", run_of(database, "nba").run_id)
    assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
    assert not [one for one in psutil.process_iter(["cmdline"]) if _crawls(one, "nba", machine.home)]
    machine.until(lambda: run_of(database, "nba").state == "finished")
    assert run_of(database, "nba").verdict == "interrupted"
    machine.until(lambda: balance(run_of(database, "nba")).waiting == 0)

    # The schedule has fired by now, and what it asked for was crawled.
    machine.until(lambda: Firings.select().where(Firings.state == "sent").count(database) > 0)
    machine.until(lambda: run_of(database, "ligue2").state == "finished")

    # Nothing is lost and nothing doubled.
    assert depths(None, machine.home)[QUEUE] == 0
    assert Odds.select().count(database) == sum(one.prices for one in Runs.select().execute(database))
    hang_up(database)

    machine.stop()
    assert not [one for one in psutil.process_iter(["cmdline", "environ"]) if _is_of(one, machine.home)]


def _crawls(process: psutil.Process, spider: str, home: Path) -> bool:
    return spider in (process.info["cmdline"] or []) and _is_of(process, home)


def _is_of(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("GIGSCRAPY_HOME") == str(home)
    except psutil.Error:
        return False
