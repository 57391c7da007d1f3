"""Our Scrapyd as it runs: who may ask it what, what a crawl of its gets, and how both end."""

import os
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import requests

from gigscrapy.cancelling import Exit, cancel
from gigscrapy.leagues import load
from gigscrapy.nodes import Job, NodeAway, NodeRefused
from schema.messages import RunReport
from schema.models import Runs
from tests import quotes, scrapy, spooled
from tests.gigscrapy.daemon.daemons import Daemon, Held, scrapyd, tables, until

pytestmark = pytest.mark.slow

SERVICES = ("schedule", "cancel", "status", "listprojects", "listversions", "listspiders", "listjobs", "daemonstatus")
PAGES = ("", "jobs", "logs/", *(f"{service}.json" for service in SERVICES))


@pytest.fixture(scope="module")
def site() -> Iterator[Held]:
    with Held() as held:
        yield held


@pytest.fixture(scope="module")
def daemon(site: Held, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    home = tmp_path_factory.mktemp("scrapyd") / "home"
    with scrapyd(home, site.url, SCRAPYD_URLS="http://a:s3cret@127.0.0.1:1", DATABASE_URL="mysql://u:p@h/d") as running:
        yield running


def ask(daemon: Daemon, path: str, *, said: dict[str, object] | None = None, **options: object) -> requests.Response:
    options.setdefault("auth", ("gigscrapy", daemon.node.password))
    method = "GET" if said is None else "POST"
    return requests.request(method, f"{daemon.node.name}/{path}", data=said, timeout=20, **options)


JOB = {"project": "gigscrapy", "spider": "ligue1", "jobid": "never"}


def test_nobody_gets_in_without_the_password(daemon: Daemon) -> None:
    for page in PAGES:
        for auth in (None, ("gigscrapy", "guess"), ("admin", daemon.node.password)):
            assert ask(daemon, page, auth=auth).status_code == 401, (page, auth)
    assert ask(daemon, "schedule.json", said=JOB, auth=None).status_code == 401
    assert ask(daemon, "").status_code == 200


def test_nobody_can_send_code(daemon: Daemon) -> None:
    for service in ("addversion", "delproject", "delversion"):
        assert ask(daemon, f"{service}.json", said={"project": "gigscrapy", "version": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"setting": 'FEEDS={"file:///tmp/x": {"format": "json"}}'}, "not 'setting'"),
        ({"_version": "1"}, "not '_version'"),
        ({"priority": "9"}, "not 'priority'"),
        ({"start_urls": "http://127.0.0.1"}, "not 'start_urls'"),
        ({"jobid": "../../x"}, "jobid is up to 64"),
        ({"jobid": ""}, "jobid is up to 64"),
        ({"jobid": "x" * 65}, "jobid is up to 64"),
        ({"depth": ["list", "match"]}, "'depth' is told twice"),
        ({"spider": ["ligue1", "nba"]}, "'spider' is told twice"),
    ],
)
def test_what_a_job_may_not_be_told(daemon: Daemon, changed: dict[str, object], told: str) -> None:
    answer = ask(daemon, "schedule.json", said=JOB | changed)
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert told in answer.json()["message"]
    assert daemon.node.has("never") is None


def test_a_job_needs_an_id(daemon: Daemon) -> None:
    assert ask(daemon, "schedule.json", said={"project": "gigscrapy", "spider": "ligue1"}).status_code == 400


def test_a_page_of_another_site_asks_in_vain(daemon: Daemon) -> None:
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{daemon.port + 1}"):
        for path in ("schedule.json", "cancel.json"):
            assert ask(daemon, path, said=JOB, headers={"Origin": origin}).status_code == 403
    said = {"project": "gigscrapy", "job": "never"}
    assert ask(daemon, "cancel.json", said=said, headers={"Origin": daemon.node.name}).json()["prevstate"] is None


def test_a_signal_that_is_none(daemon: Daemon) -> None:
    said = {"project": "gigscrapy", "job": "never", "signal": "HUP"}
    assert ask(daemon, "cancel.json", said=said).status_code == 400


def test_its_files_are_its_own(daemon: Daemon) -> None:
    folder = daemon.home / "scrapyd"
    modes = {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    own = str(daemon.port)
    assert stat.S_IMODE(folder.stat().st_mode) == modes[own] == 0o700
    assert modes["password"] == modes[f"{own}/scrapy.cfg"] == 0o600
    assert len(daemon.node.password or "") >= 32
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "password"]
    assert written
    assert not any((daemon.node.password or "?").encode() in text for text in written)
    assert daemon.node.password not in daemon.process.log


def test_it_listens_on_the_loopback_only(daemon: Daemon) -> None:
    listening = [line.laddr for line in psutil.Process(daemon.process.pid).net_connections() if line.status == "LISTEN"]
    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", daemon.port)]


def test_every_league_is_listed(daemon: Daemon) -> None:
    assert daemon.node.spiders() == sorted(league.name for league in load())
    assert len(daemon.node.spiders()) == 203


def test_a_crawl_from_its_beginning_to_its_end(daemon: Daemon, site: Held) -> None:
    node = daemon.node
    node.schedule("ligue1", "run-1", {"depth": "list"})
    node.schedule("nba", "run-2", {})
    until(site.matches_asked)
    assert node.has("run-2") == "running"
    [job] = [job for job in node.jobs() if job.run_id == "run-2"]
    assert job == Job("run-2", "nba", "running", job.pid)
    assert job.pid is not None

    # What it is given.
    environment = Path(f"/proc/{job.pid}/environ").read_bytes().decode().split("\0")
    assert f"GIGSCRAPY_HOME={daemon.home}" in environment
    assert "DATABASE_URL=mysql://u:p@h/d" in environment
    assert not any(secret in line for line in environment for secret in ("s3cret", daemon.node.password or "?"))
    # A signal to all of Scrapyd's session is not for it too.
    assert os.getsid(job.pid) == job.pid

    # Twice the same is once, whatever it is at.
    node.schedule("nba", "run-2", {})
    answer = ask(daemon, "schedule.json", said=JOB | {"jobid": "run-2"})
    assert (answer.status_code, answer.json()["message"]) == (409, "job run-2 is here already: running")
    until(lambda: node.has("run-1") == "finished")
    node.schedule("ligue1", "run-1", {})
    assert (node.has("run-1"), node.load()) == ("finished", 1)
    # More than there is room for waits, and is forgotten where it is cancelled.
    for number in range(3, 6):
        node.schedule("ligue2", f"run-{number}", {})
    until(lambda: [job.state for job in node.jobs()].count("running") == 2)
    assert node.load() == 4
    assert node.cancel("run-5") == "pending"
    assert node.has("run-5") is None
    assert node.cancel("run-5") is None
    with tables(daemon.home) as database:
        for number in (3, 4):
            Runs.insert(run_id=f"run-{number}", state="scheduled", node=node.name).execute(database)
        told = cancel(database, [node], daemon.home, "run-4")
        assert (told.exit, told.sentence) == (Exit.STOPPED, "run run-4 had not begun: cancelled")
        assert node.has("run-4") is None

        # Told to stop it sends what it holds, however often it is told.
        until(lambda: site.matches_asked() > 1)
        for run_id in ("run-2", "run-3", "run-2"):
            assert node.cancel(run_id) == "running"
        environment = {"SCRAPYD_URLS": node.name}
        ran = scrapy("cancel", "run-3", "--patience", "0.5", home=daemon.home, environment=environment)
        assert ran.returncode == Exit.RUNNING, ran.stderr
        assert ran.stdout.startswith("run run-3 was told to stop and has not within 0.5 s")
        assert node.has("run-2") == "running"
        site.released.set()
        told = cancel(database, [node], daemon.home, "run-3")
        assert told.exit == Exit.STOPPED
        assert told.sentence.endswith("the tables have it as scheduled until its last report is stored")
        until(lambda: node.load() == 0)
        assert cancel(database, [node], daemon.home, "run-3").exit == Exit.OVER
    reports = {m.run_id: m for m in spooled(daemon.home) if isinstance(m, RunReport) and m.state == "finished"}
    assert {run_id: report.verdict for run_id, report in reports.items()} == {
        "run-1": "complete",
        "run-2": "interrupted",
        "run-3": "interrupted",
    }
    assert reports["run-1"].arguments == "depth=list"
    assert len({quote.match_id for quote in quotes(daemon.home) if quote.run_id == "run-1"}) == 18
    # Its log, from anywhere on.
    text, end = node.log("run-1", "ligue1")
    assert "ligue1: " in text.splitlines()[-2]
    assert "pkg_resources" not in text
    assert node.log("run-1", "ligue1", end) == ("", end)
    assert node.log("run-1", "ligue1", end - 5) == (text[-5:], end)
    assert node.log("run-9", "ligue1") == ("", 0)
    assert node.log_end("run-1", "ligue1", 5) == (text[-5:], end)
    assert node.log_end("run-1", "ligue1", 10**9) == (text, end)
    assert node.log_end("run-9", "ligue1", 5) == ("", 0)


def test_it_remembers_and_takes_its_crawls_along(site: Held, tmp_path: Path) -> None:
    site.asked.clear()
    site.released.clear()
    home = tmp_path / "home"
    with scrapyd(home, site.url, SCRAPYD_PASSWORD="of-its-own") as daemon:
        node = daemon.node
        assert not (home / "scrapyd" / "password").exists()
        node.schedule("ligue1", "run-1", {})
        until(site.matches_asked)
        # Another one in its place says why not.
        second = scrapy("scrapyd", "--port", str(daemon.port), home=tmp_path / "other")
        assert second.returncode == 2
        assert f"127.0.0.1:{daemon.port} cannot be listened on (Address already in use)" in second.stderr
        assert "Traceback" not in second.stderr

        daemon.process.signal(signal.SIGTERM)
        daemon.process.until("1 crawls are told to stop")
        time.sleep(0.3)
        assert not daemon.process.is_over
        site.released.set()
        assert daemon.process.wait() == 0
        last = [message for message in spooled(home) if isinstance(message, RunReport)][-1]
        assert (last.run_id, last.verdict) == ("run-1", "interrupted")
        with pytest.raises(NodeAway, match="is `scrapy scrapyd` running there"):
            node.has("run-1")

    with scrapyd(home, site.url, port=daemon.port, SCRAPYD_PASSWORD="of-its-own") as daemon:
        assert daemon.node.has("run-1") == "finished"
        daemon.node.schedule("ligue1", "run-1", {})
        assert daemon.node.load() == 0
        # Told twice it waits for nobody.
        site.released.clear()
        daemon.node.schedule("ligue1", "run-2", {})
        asked = site.matches_asked()
        until(lambda: site.matches_asked() > asked)
        daemon.process.signal(signal.SIGTERM)
        daemon.process.until("1 crawls are told to stop")
        daemon.process.signal(signal.SIGTERM)
        assert daemon.process.wait(10) == 0
        assert "job run-2 has not stopped: killed" in daemon.process.log
        assert "Traceback" not in daemon.process.log


def test_a_wrong_password_is_for_a_person(daemon: Daemon) -> None:
    with pytest.raises(NodeRefused, match="takes another user or password: set SCRAPYD_USERNAME"):
        replace(daemon.node, password="guess").load()
    with pytest.raises(NodeRefused, match="no such service"):
        replace(daemon.node, name=f"{daemon.node.name}/else").load()
