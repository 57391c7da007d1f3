import importlib.util
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from scrapy.settings import Settings

from gigscrapy.doctor import machine
from gigscrapy.doctor.findings import State, failure, ok, warning
from schema.database import EMBEDDED, connect, hang_up
from tests.schema.laid import lay


def test_the_installation(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.python(settings) == ok(f"Python {'.'.join(map(str, sys.version_info[:3]))}")
    assert machine.packages(settings).state is State.OK
    assert machine.time_zones(settings) == ok("Europe/Paris is 2 hours from UTC in summer and 1 in winter")
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    assert machine.python(settings).sentence == (
        "Python 3.10.2 is too old: make the virtual environment with 3.11 or newer"
    )


@pytest.mark.parametrize(
    ("pinned", "finding"),
    [
        ("nosuchpackage==1.0\n# text\n", failure("not installed: nosuchpackage; pip install -r requirements.txt")),
        (
            "Flask-Admin[peewee]==0.1 # why\n",
            warning("in another version than was tested: Flask-Admin 2.2.1 (not 0.1); pip install -r requirements.txt"),
        ),
        (None, ok("installed without requirements.txt: versions are not compared")),
    ],
)
def test_packages(pinned, finding, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if pinned:
        (tmp_path / "requirements.txt").write_text(pinned)
    monkeypatch.setattr(machine, "REQUIREMENTS", tmp_path / "requirements.txt")
    assert machine.packages(settings) == finding


def test_a_setuptools_that_is_too_new(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pkg_resources" else found(name))
    assert machine.packages(settings).sentence.endswith("pip install 'setuptools<81'")


def test_no_time_zones(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise machine.ZoneInfoNotFoundError(f"No time zone found with key {name}")

    monkeypatch.setattr(machine, "ZoneInfo", unknown)
    assert machine.time_zones(settings).sentence.endswith("pip install tzdata")


# -- the home folder ---------------------------------------------------------------------------------------------------


def test_a_home_as_it_should_be(settings: Settings, tmp_path: Path) -> None:
    assert machine.home(settings) == ok(f"{tmp_path} can be written")
    assert machine.locks(settings) == ok("files can be locked")
    assert machine.disk(settings).state is State.OK
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing"
    settings.set("GIGSCRAPY_HOME", tmp_path / "later")
    assert machine.home(settings) == ok(f"{tmp_path}/later is not there yet: the first command makes it")
    assert not (tmp_path / "later").exists()


def test_a_home_that_is_none(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.set("GIGSCRAPY_HOME", tmp_path / "file")
    assert machine.home(settings) == failure(f"{tmp_path}/file is no folder: name another in GIGSCRAPY_HOME")


def test_a_home_that_cannot_be_written(settings: Settings) -> None:
    settings.set("GIGSCRAPY_HOME", "/proc/sys")  # nor by root
    assert machine.home(settings).sentence.startswith("/proc/sys cannot be written (")
    assert machine.locks(settings).sentence.startswith("files in /proc/sys cannot be locked (")


def test_files_of_somebody_else(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "run.sqlite3").touch()
    if os.geteuid() == 0:
        os.chown(tmp_path / "outbox" / "run.sqlite3", 65534, 65534)
        assert machine.home(settings) == failure(
            f"{tmp_path} holds files of another user (run.sqlite3): chown -R 0 {tmp_path}"
        )
        os.chown(tmp_path / "outbox" / "run.sqlite3", 0, 0)
    (tmp_path / "outbox" / "run.sqlite3").chmod(0o666)
    assert machine.home(settings) == warning(f"others may write in {tmp_path}: chmod -R go-w {tmp_path}")


@pytest.mark.parametrize(
    ("least", "state", "said"),
    [("FULL_MB", State.FAILURE, "or crawls end with exit code 32"), ("TIGHT_MB", State.WARNING, "lower ARCHIVE_MB")],
)
def test_a_disk_that_is_full(least, state, said, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, least, 10**9)
    found = machine.disk(settings)
    assert found.state is state
    assert said in found.sentence


def test_locks_that_keep_nobody_out(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    assert machine.locks(settings) == failure(
        f"locks in {tmp_path} keep nobody out: have GIGSCRAPY_HOME on a local disk"
    )
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_named(settings: Settings, tmp_path: Path) -> None:
    database = connect(None, tmp_path)
    lay(database)
    hang_up(database)
    (tmp_path / "outbox").mkdir()
    assert machine.damage(settings) == ok("1 files, none of them damaged")
    (tmp_path / "outbox" / "run.sqlite3").write_bytes(b"no database" * 1000)
    with (tmp_path / EMBEDDED).open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 20 * 4096)
    assert machine.damage(settings) == failure(
        f"damaged: {tmp_path / EMBEDDED}, {tmp_path}/outbox/run.sqlite3; stop what uses it, move it aside with its -wal"
        " and -shm (the tables: `scrapy restore` a backup)"
    )


def test_a_file_too_large_to_be_read_in_time(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    with closing(sqlite3.connect(tmp_path / "spool.sqlite3", isolation_level=None)) as db:
        db.execute("CREATE TABLE t (x)")
    monkeypatch.setattr(machine, "FILE_SECONDS", -1)
    monkeypatch.setattr(machine, "OPCODES", 1)
    assert machine.damage(settings) == ok("1 files, none of them damaged")


# -- what it reads, and with what --------------------------------------------------------------------------------------


def test_an_address_that_is_none(settings: Settings) -> None:
    assert machine.site(settings) == ok("https://www.coteur.com")
    settings.set("SITE_URL", "www.coteur.com")
    assert machine.site(settings).state is State.FAILURE


def test_no_browser(settings: Settings, tmp_path: Path) -> None:
    settings.set("CHROMIUM", str(tmp_path / "chromium"))
    assert machine.chromium(settings).sentence.startswith("there is no browser: install Debian's chromium")


def test_a_browser_that_does_not_start(settings: Settings, tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho it lacks a library >&2\nexit 1\n")
    broken.chmod(0o755)
    settings.set("CHROMIUM", str(broken))
    assert machine.chromium(settings).sentence.startswith("Chromium does not start (")


@pytest.mark.browser
def test_a_browser(settings: Settings) -> None:
    settings.set("CHROMIUM_SANDBOX", "0")
    found = machine.chromium(settings)
    assert found.state is State.OK
    assert found.sentence.endswith(" starts, without its sandbox")
    if os.geteuid() == 0:
        settings.set("CHROMIUM_SANDBOX", "1")
        assert machine.chromium(settings).sentence.endswith("for root cannot have it: crawl as another user")


def test_few_of_many() -> None:
    assert machine.few(list("abc")) == "a, b, c"
    assert machine.few(list("abcdefg")) == "a, b, c, d, e and 2 more"
