"""What is right or wrong with this machine and its installation. Each check takes the settings, and finds one thing."""

import importlib.util
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scrapy.settings import BaseSettings

from gigscrapy import browser
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.commands.crawl import is_address
from gigscrapy.doctor.findings import Finding, failure, ok, warning
from schema.database import EMBEDDED
from schema.names import on_one_line

OLDEST_PYTHON = (3, 11)
REQUIREMENTS = Path(__file__).parent.parent.parent / "requirements.txt"

TIGHT_MB, FULL_MB = 1000, 100
"""Free megabytes: below the first it is time to look, below the second crawls will fail."""
MEGABYTE = 1_000_000

BROWSER_SECONDS = 20
FILE_SECONDS = 5
"""How long one file is examined; a large one is not read to its end."""
OPCODES = 10_000
"""Of SQLite, between two looks at the clock."""

AT_MOST = 5
"""So many are named in one line."""


# -- the installation --------------------------------------------------------------------------------------------------


def python(_settings: BaseSettings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return failure(f"Python {version} is too old: make the virtual environment with 3.11 or newer")
    return ok(f"Python {version}")


def packages(_settings: BaseSettings) -> Finding:
    """Those that requirements.txt pins, in the version it pins."""
    if importlib.util.find_spec("pkg_resources") is None:
        return failure(
            "setuptools has no pkg_resources, without which Scrapyd runs no crawl: pip install 'setuptools<81'"
        )
    if not REQUIREMENTS.is_file():
        return ok("installed without requirements.txt: versions are not compared")
    pinned = dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==(\S+)", REQUIREMENTS.read_text("utf-8"), re.MULTILINE))
    there = {name: _version(name) for name in pinned}
    if missing := [name for name, version in there.items() if version is None]:
        return failure(f"not installed: {few(missing)}; pip install -r requirements.txt")
    if others := [
        f"{name} {there[name]} (not {version})" for name, version in pinned.items() if there[name] != version
    ]:
        return warning(f"in another version than was tested: {few(others)}; pip install -r requirements.txt")
    return ok(f"{len(pinned)} packages as requirements.txt pins them")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def time_zones(_settings: BaseSettings) -> Finding:
    try:
        paris = ZoneInfo("Europe/Paris")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        return failure(f"there is no time of Paris ({error}): pip install tzdata")
    summer, winter = (datetime(2026, month, 1, tzinfo=paris).utcoffset() for month in (7, 1))
    if (summer, winter) != (timedelta(hours=2), timedelta(hours=1)):
        return failure(
            f"Paris is {summer} from UTC in July and {winter} in January, not 2 hours and 1: pip install tzdata"
        )
    return ok("Europe/Paris is 2 hours from UTC in summer and 1 in winter")


# -- the home folder ---------------------------------------------------------------------------------------------------


def home(settings: BaseSettings) -> Finding:
    """Whether all that is kept can be kept there, by this user alone."""
    folder = Path(settings["GIGSCRAPY_HOME"])
    if not folder.exists():
        return _absent(folder)
    if not folder.is_dir():
        return failure(f"{folder} is no folder: name another in GIGSCRAPY_HOME")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return failure(f"{folder} cannot be written ({error.strerror}): chown or remount it, or set GIGSCRAPY_HOME")
    owner = folder.stat().st_uid
    if foreign := [path.name for path in _kept(folder) if path.lstat().st_uid != owner]:
        return failure(f"{folder} holds files of another user ({few(foreign)}): chown -R {owner} {folder}")
    if folder.stat().st_mode & 0o022 or any(path.lstat().st_mode & 0o022 for path in _files(folder)):
        return warning(f"others may write in {folder}: chmod -R go-w {folder}")
    return ok(f"{folder.absolute()} can be written")


def _absent(folder: Path) -> Finding:
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        return failure(f"{folder} is not there and cannot be made in {parent}: make it, or set GIGSCRAPY_HOME")
    return ok(f"{folder} is not there yet: the first command makes it")


def _kept(folder: Path) -> list[Path]:
    """What lies in it, and in its folders but those of pages, which are many."""
    return [
        *folder.iterdir(),
        *(path for name in ("outbox", "consumers", "backups") for path in (folder / name).glob("*")),
    ]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in _kept(folder) if path.is_file() and not path.is_symlink())


def disk(settings: BaseSettings) -> Finding:
    folder = Path(settings["GIGSCRAPY_HOME"]).absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free // MEGABYTE
    if free < FULL_MB:
        return failure(
            f"only {free} MB are free at {there}: make room, or crawls end with exit code 32; `scrapy prune`"
        )
    if free < TIGHT_MB:
        return warning(f"only {free} MB are free at {there}: lower ARCHIVE_MB, or make room")
    return ok(f"{free} MB are free")


def locks(settings: BaseSettings) -> Finding:
    """Whether the file system knows locks; some that are shared over a network do not."""
    folder = Path(settings["GIGSCRAPY_HOME"])
    if not folder.is_dir():
        return ok("not tried: there is no home folder yet")
    path = folder / f".doctor-{uuid.uuid4().hex}.lock"
    try:
        first = OwnerLock.take(path)
        second = OwnerLock.take(path)
    except OSError as error:
        path.unlink(missing_ok=True)
        return failure(f"files in {folder} cannot be locked ({error.strerror}): have GIGSCRAPY_HOME on a local disk")
    for lock in filter(None, (second, first)):
        lock.release()
    if second is not None:
        return failure(f"locks in {folder} keep nobody out: have GIGSCRAPY_HOME on a local disk")
    return ok("files can be locked")


def damage(settings: BaseSettings) -> Finding:
    """Whether the SQLite files are whole, as far as that is read within a few seconds."""
    folder = Path(settings["GIGSCRAPY_HOME"])
    paths = [folder / EMBEDDED, folder / "spool.sqlite3", folder / "pages" / "index.sqlite3"]
    there = [path for path in (*paths, *sorted((folder / "outbox").glob("*.sqlite3"))) if path.is_file()]
    if broken := [str(path) for path in there if not _is_whole(path)]:
        return failure(
            f"damaged: {few(broken)}; stop what uses it, move it aside with its -wal and -shm (the tables:"
            " `scrapy restore` a backup)"
        )
    return ok(f"{len(there)} files, none of them damaged")


def _is_whole(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            deadline = time.monotonic() + FILE_SECONDS
            db.set_progress_handler(lambda: time.monotonic() > deadline, OPCODES)
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


# -- what it reads, and with what --------------------------------------------------------------------------------------


def site(settings: BaseSettings) -> Finding:
    """Only its form: nobody is asked."""
    if not is_address(settings["SITE_URL"]):
        return failure("SITE_URL is no address such as https://www.coteur.com, without a password: correct it")
    return ok(settings["SITE_URL"])


def chromium(settings: BaseSettings) -> Finding:
    """It is started as a crawl starts it."""
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import sync_playwright

    chosen = settings["CHROMIUM"]
    if not browser.installed(chosen):
        return failure(
            "there is no browser: install Debian's chromium, run `playwright install chromium`, or correct CHROMIUM"
        )
    sandbox = settings.getbool("CHROMIUM_SANDBOX")
    options = browser.launch_options(settings["SITE_URL"], chosen, sandbox=sandbox)
    try:
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(timeout=BROWSER_SECONDS * 1000, **options)
            version = started.version
            started.close()
    except PlaywrightError as error:
        advice = (
            "; where it has no rights for its sandbox, set CHROMIUM_SANDBOX=0" if options["chromium_sandbox"] else ""
        )
        return failure(f"Chromium does not start ({on_one_line(error.message)[:200]}){advice}")
    if sandbox and not options["chromium_sandbox"]:
        return warning(
            f"Chromium {version} starts, without its sandbox, for root cannot have it: crawl as another user"
        )
    return ok(f"Chromium {version} starts, {'in its sandbox' if sandbox else 'without its sandbox'}")


def few(names: list[str]) -> str:
    """The first of them, and how many more there are."""
    rest = f" and {len(names) - AT_MOST} more" if len(names) > AT_MOST else ""
    return ", ".join(names[:AT_MOST]) + rest
