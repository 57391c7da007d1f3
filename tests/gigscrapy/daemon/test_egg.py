"""The project as an egg: built and sent by scrapyd-deploy, taken by a real Scrapyd, and crawled from."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gigscrapy.leagues import load
from gigscrapy.nodes import NodeRefused
from tests import ROOT, quotes
from tests.gigscrapy.daemon.daemons import Daemon, Held, scrapyd, until

pytestmark = pytest.mark.slow

PACKAGES = ("gigscrapy", "schema", "analytics", "admin", "replica")
FILES = ("pyproject.toml", "setup.py", "scrapy.cfg", "requirements.txt")


def copy_of_the_project(folder: Path, port: int) -> Path:
    """One that can be told from the project beside it, and that deploys to ``port``."""
    folder.mkdir()
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    settings = folder / "gigscrapy" / "settings.py"
    settings.write_text(settings.read_text().replace('BOT_NAME = "gigscrapy"', 'BOT_NAME = "hatched"'))
    configuration = folder / "scrapy.cfg"
    configuration.write_text(configuration.read_text().replace(":6800", f":{port}"))
    return folder


def deploy(project: Path, secret: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """``scrapyd-deploy``, as its user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "scrapyd_client.deploy", *options],
        cwd=project,
        env=os.environ | {"SCRAPYD_PASSWORD": secret},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_egg_is_deployed_and_crawled_from(tmp_path: Path) -> None:
    with Held() as site, scrapyd(tmp_path / "home", site.url, "--deployable") as daemon:
        project = copy_of_the_project(tmp_path / "project", daemon.port)
        with pytest.raises(NodeRefused, match="the project is not deployed there: run `scrapyd-deploy`"):
            daemon.node.spiders()
        refused = deploy(project, "guess", "--build-egg", str(tmp_path / "built.egg"))
        assert refused.returncode == 0, refused.stderr
        refused = deploy(project, "guess", "--egg", str(tmp_path / "built.egg"))
        assert "Deploy failed (401)" in refused.stderr
        assert daemon.node.password is not None
        sent = deploy(project, daemon.node.password, "--egg", str(tmp_path / "built.egg"))
        assert sent.returncode == 0, sent.stderr
        assert '"spiders": 203' in sent.stdout

        check_contents(tmp_path / "built.egg")
        assert daemon.node.spiders() == sorted(league.name for league in load())
        check_crawl(daemon)


def check_contents(egg: Path) -> None:
    """All that the project reads is in it, and nothing that only developers need."""
    names = set(zipfile.ZipFile(egg).namelist())
    folders = (ROOT / "gigscrapy", ROOT / "schema" / "reference", ROOT / "schema" / "migrations")
    wanted = {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.rglob("*.csv")}
    wanted |= {path.relative_to(ROOT).as_posix() for path in folders[2].glob("*.py")}
    assert len(wanted) > 8
    assert wanted <= names
    assert not [name for name in names if re.match("tests|benchmarks", name)]


def check_crawl(daemon: Daemon) -> None:
    daemon.node.schedule("ligue1", "run-1", {"depth": "list"})
    until(lambda: daemon.node.has("run-1") == "finished")
    log, _ = daemon.node.log("run-1", "ligue1")
    assert "(bot: hatched)" in log
    assert "Traceback" not in log
    assert {quote.run_id for quote in quotes(daemon.home)} == {"run-1"}, log
    assert len({quote.match_id for quote in quotes(daemon.home)}) == 18
