"""The log, as the processes write it."""

import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy.settings import Settings

from gigscrapy import logs
from schema.messages import encode
from tests import OWN_ENVIRONMENT, OWN_SITE, ROOT, crawl, scrapy
from tests.faults.filled import FilledSite
from tests.faults.processes import crawling, running
from tests.gigscrapy.commands.test_consume import put_in_the_spool
from tests.gigscrapy.own_log import own_log
from tests.schema.letters import quote
from tests.services import free_ports

CANARY = "Canari-7431"
"""A password that nobody else would write down."""
SECRETS = {"SCRAPYD_PASSWORD": f"{CANARY}-scrapyd"}
EVERYTHING = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "%(levelname)s %(message)s"}


def objects(text: str) -> list[dict[str, Any]]:
    """A log that is JSON from its first line to its last."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    with own_log() as logger:
        yield logger


def settings(**changed: object) -> Settings:
    found = Settings()
    found.setmodule("gigscrapy.settings")
    found.setdict(changed, "cmdline")
    return found


def written(path: Path, *, run: str | None = None, **changed: object) -> str:
    logs.install(settings(LOG_FILE=str(path), LOG_LEVEL="INFO", **changed), "consume")
    logs._process.run = run
    logger = logging.getLogger("a.library")
    logger.debug("too low")
    logger.warning("torn\r\n\x1b[2J\x85\u2028 apart %s", "é", extra={"spider": object(), "password": CANARY})
    logger.info("of one run", extra={"run": "9f3c2a1b77aa"})
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("it failed")
    return path.read_text()


def test_an_object_a_line(root: logging.Logger, tmp_path: Path) -> None:
    torn, about_a_run, failed = objects(written(tmp_path / "log", LOG_JSON="1"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", torn.pop("time"))
    assert torn == {
        "level": "WARNING",
        "logger": "a.library",
        "message": "torn\r\n\x1b[2J\x85\u2028 apart é",
        "command": "consume",
    }
    assert (about_a_run["message"], about_a_run["run"]) == ("of one run", "9f3c2a1b77aa")
    assert failed["exception"].startswith("Traceback (most recent call last):\n")
    assert failed["exception"].endswith("ValueError: two\nlines")


def test_in_a_crawl_every_line_tells_the_run(root: logging.Logger, tmp_path: Path) -> None:
    found = objects(written(tmp_path / "log", LOG_JSON="true", run="77aa9f3c2a1b"))
    assert [line["run"] for line in found] == ["77aa9f3c2a1b", "9f3c2a1b77aa", "77aa9f3c2a1b"]
    plain = written(tmp_path / "plain", run="77aa9f3c2a1b")
    assert re.search(r"^[0-9-]{10} [0-9:]{8} \[a\.library\] 9f3c2a1b INFO: of one run$", plain, re.MULTILINE)
    assert "[a.library] 77aa9f3c ERROR: it failed\nTraceback" in plain


def test_a_line_that_is_about_no_run(root: logging.Logger, tmp_path: Path) -> None:
    assert " [a.library] WARNING: torn" in written(tmp_path / "log").splitlines()[0]


def test_a_file_is_gone_on_with_or_begun_anew(root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "log"
    for append, lines in ((True, 1), (True, 2), (False, 1)):
        # Scrapy's configure_logging closes every handler there is.
        logs.start(settings(LOG_FILE=str(path), LOG_FILE_APPEND=append, LOG_JSON="1", LOG_LEVEL="INFO"), "consume")
        logging.getLogger("a.library").info("here")
        assert [line["message"] for line in objects(path.read_text())] == ["here"] * lines


def test_what_nobody_catches_is_an_object_too(root: logging.Logger, tmp_path: Path) -> None:
    path = tmp_path / "log"
    logs.install(settings(LOG_FILE=str(path), LOG_JSON="1"), "worker")
    try:
        raise KeyError("lost")
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    thread = threading.Thread(target=int, args=("nothing",))
    thread.start()
    thread.join()
    lines = objects(path.read_text())
    assert [(line["level"], line["message"]) for line in lines] == [("CRITICAL", "it ended with an error")] * 2
    assert lines[0]["exception"].endswith("KeyError: 'lost'")
    assert lines[1]["exception"].splitlines()[-1].startswith("ValueError: invalid literal for int()")


def test_nobody_else_sets_up_the_log() -> None:
    """One place: Scrapy's own function alone would leave a process without a log."""
    modules = [path for folder in ("gigscrapy", "admin") for path in (ROOT / folder).rglob("*.py")]
    found = [str(path.relative_to(ROOT)) for path in modules if "configure_logging(" in path.read_text()]
    assert found == ["gigscrapy/logs.py"]


# -- processes ---------------------------------------------------------------------------------------------------------


def under_scrapyd(site: str, home: Path, log: Path, run: str) -> "subprocess.CompletedProcess[str]":
    """A crawl as Scrapyd starts it."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    own = {"SCRAPY_PROJECT": "gigscrapy", "GIGSCRAPY_HOME": str(home), "LOG_JSON": "1", "SITE_URL": site} | SECRETS
    changed = {"LOG_FILE": log, **OWN_SITE, "LOG_LEVEL": "DEBUG"}
    options = [word for name, value in changed.items() for word in ("-s", f"{name}={value}")]
    return subprocess.run(
        [sys.executable, "-m", "scrapyd.runner", "crawl", "ligue1", *options, "-a", f"_job={run}"],
        cwd=ROOT,
        env=inherited | own,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


@pytest.mark.slow
def test_a_crawl_under_scrapyd_and_what_stores_it(tmp_path: Path) -> None:
    log, run = tmp_path / "run.log", "5d41402a-bc4b"
    with FilledSite(matches=6) as site:
        ran = under_scrapyd(site.url, tmp_path, log, run)
    said = log.read_text()
    found = objects(said)
    assert CANARY not in said + ran.stdout + ran.stderr
    assert "6/6" not in ran.stderr  # what is shown elsewhere is a line of the log here
    assert {line["command"] for line in found} == {"crawl"}
    begun = next(number for number, line in enumerate(found) if line.get("run"))
    assert found[begun]["logger"] == "scrapy.addons"
    assert {line.get("run") for line in found[begun:]} == {run}
    assert {"scrapy.core.engine", "gigscrapy.extensions"} <= {line["logger"] for line in found[begun:]}
    assert any(re.fullmatch(r"6/6 .* - .*: 15 bookmakers", line["message"]) for line in found)

    put_in_the_spool(tmp_path, [encode(quote()).replace(b"football", b"curling!")])
    stored = scrapy("consume", "--drain", home=tmp_path, environment={"LOG_JSON": "1"})
    found = objects(stored.stderr)
    assert {line["command"] for line in found} == {"consume"}
    [refused] = [line for line in found if line["message"].startswith("refused (sport)")]
    assert refused["run"] == "run-1"


@pytest.mark.slow
def test_a_crawl_by_hand_names_its_run(tmp_path: Path) -> None:
    with FilledSite(matches=6) as site:
        changed = {"LOG_LEVEL": "INFO", "LOG_FORMAT": settings()["LOG_FORMAT"]}
        ran = crawl(site.url, tmp_path, **changed)
    [run] = re.findall(r"run ([0-9a-f]{32}) reads", ran.stderr)
    assert f" [scrapy.core.engine] {run[:8]} INFO: Spider closed (finished)" in ran.stderr


@pytest.mark.slow
def test_no_secret_is_in_a_log_when_the_servers_are_away(tmp_path: Path) -> None:
    queue, tables = free_ports(2)
    away = SECRETS | {
        "RABBIT_URL": f"amqp://gigscrapy:{CANARY}@127.0.0.1:{queue}/%2F",
        "DATABASE_URL": f"mysql://gigscrapy:{CANARY}@127.0.0.1:{tables}/gigscrapy",
    }
    with FilledSite(matches=6) as site:
        with crawling(site.url, tmp_path / "a", environment=away, patience=0.5, **EVERYTHING) as crawler:
            assert crawler.wait() == 0
    assert f"127.0.0.1:{queue}" in crawler.log
    assert "is away" in crawler.log
    assert CANARY not in crawler.log
    with running("consume", home=tmp_path / "b", environment=away, **EVERYTHING) as consumer:
        consumer.until("held for")
    assert CANARY not in consumer.log


@pytest.mark.server
@pytest.mark.slow
def test_no_secret_is_in_a_log_when_the_servers_refuse(rabbit_url: str, mariadb_url: str, tmp_path: Path) -> None:
    refusing = SECRETS | {"RABBIT_URL": wrongly(rabbit_url), "DATABASE_URL": wrongly(mariadb_url)}
    with FilledSite(matches=6) as site:
        with crawling(site.url, tmp_path / "a", environment=refusing, **EVERYTHING) as crawler:
            assert crawler.wait() == 32
    assert "refuses" in crawler.log
    assert CANARY not in crawler.log
    with running("consume", "--drain", home=tmp_path / "b", environment=refusing, **EVERYTHING) as consumer:
        assert consumer.wait() == 78
    assert "refuses the user or the password" in consumer.log
    assert CANARY not in consumer.log


def wrongly(url: str) -> str:
    """The same server, asked with a password that is not its own."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.username}:{CANARY}@{parts.hostname}:{parts.port}").geturl()
