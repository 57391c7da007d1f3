"""Which crawls live on this machine, and as which processes: each holds a lock for as long as its process does.

The kernel gives the lock up whatever the process dies of, so a crawl whose lock is held lives, whoever started it, and
whether its Scrapyd still knows of it or not.
"""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from gigscrapy.broker.ownerlock import OwnerLock, is_held
from gigscrapy.daemon.leash import PARENT
from gigscrapy.spiders.base import RUN_ID, LeagueSpider

FOLDER = "runs"
SUFFIX = ".lock"
SAME_START = 5
"""Seconds by which two looks at one process's start may differ: the clock it is computed from may be set."""
ATTEMPTS = 25

logger = logging.getLogger(__name__)


class RunsAlready(Exception):
    """Another process crawls under this run's id; two would write one account."""


class Alive:
    """Holds the lock of its crawl."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """:raises RunsAlready: when the lock is another's."""
        if not isinstance(crawler.spider, LeagueSpider):
            raise NotConfigured
        try:
            hold(Path(crawler.settings["GIGSCRAPY_HOME"]), crawler.spider.run_id)
        except OSError as error:
            logger.warning("this crawl shows no sign of life, and cannot be found should its Scrapyd die (%s)", error)
        return cls()


def hold(home: Path, run_id: str) -> None:
    """Hold the lock of a run until this process ends, to its very last instant: it is the kernel that gives it up.

    :raises RunsAlready: when another holds it; :raises OSError: when it cannot be made.
    """
    path = _path(home, run_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(path.parent)
    lock = _take(path)
    if lock is None:
        raise RunsAlready(f"run {run_id} is crawled already, by process {pid_of(home, run_id) or 'unknown'}")
    path.write_text(f"{os.getpid()} {psutil.Process().create_time():.2f}", encoding="ascii")


def is_alive(home: Path, run_id: str) -> bool:
    """Whether a process of this machine crawls it."""
    with suppress(OSError, ValueError):
        return is_held(_path(home, run_id))
    return False


def pid_of(home: Path, run_id: str) -> int | None:
    """The process that crawls it; ``None`` where none does, or one that this process cannot see: another container's.

    That the lock is held and that the process began when it says so is proof that it is no other of the same number.
    """
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        path = _path(home, run_id)
        number, _, start = path.read_text(encoding="ascii").partition(" ")
        process = psutil.Process(int(number))
        if is_held(path) and abs(process.create_time() - float(start)) < SAME_START:
            return process.pid
    return None


def is_orphan(pid: int) -> bool:
    """Whether its Scrapyd has died. The kernel has told it to stop then, and a second word would break it off."""
    with suppress(psutil.Error, ValueError):
        process = psutil.Process(pid)
        parent = process.environ().get(PARENT)
        return parent is not None and int(parent) != process.ppid()
    return False


def living(home: Path) -> list[str]:
    """The ids of all runs that a process of this machine crawls."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in (home / FOLDER).glob(f"*{SUFFIX}"))
    return [name for name in names if is_alive(home, name)]


def _path(home: Path, run_id: str) -> Path:
    """:raises ValueError: when that is no run's id, and so might be a path to anywhere."""
    if not RUN_ID.fullmatch(run_id):
        raise ValueError(f"{run_id!r:.80} is no run's id")
    return home / FOLDER / f"{run_id}{SUFFIX}"


def _take(path: Path) -> OwnerLock | None:
    """Those who only ask have it for a moment."""
    for _ in range(ATTEMPTS):
        if lock := OwnerLock.take(path):
            return lock
        time.sleep(0.02)
    return None


def _tidy(folder: Path) -> None:
    """Remove the files of those that are gone."""
    for path in folder.glob(f"*{SUFFIX}"):
        with suppress(OSError):
            if lock := OwnerLock.take(path):
                lock.release()
