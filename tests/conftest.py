"""The servers, each started once, at the first test that wants it; where files go; and the order of the files."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["tests.services.fixtures", "tests.services.mariadb_fixtures"]

MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3
"""Bytes: three times what a whole run leaves behind before it is tidied up."""


def _room(line: str) -> bool:
    """Whether that many bytes of memory are free, by a line of /proc/meminfo."""
    return line.startswith("MemAvailable:") and int(line.split()[1]) * 1024 > 2 * ROOM


def _write_into_memory() -> None:
    """Databases that are there for a second wait for the disk most of it. A container's own /dev/shm is too small."""
    if {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & os.environ.keys() or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free > ROOM and any(map(_room, Path("/proc/meminfo").read_text().splitlines())):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it is asked for anew


_write_into_memory()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C for what it starts in the background, and so would every command that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = {
    *("test_behaviours.py", "test_benchmarks.py", "test_by_itself.py", "test_capture.py", "test_checksum.py"),
    *("test_compose.py", "test_consume.py", "test_consumer.py", "test_crawl.py", "test_dashboard_browser.py"),
    *("test_exports.py", "test_fuzz.py", "test_ingest.py", "test_lists.py", "test_pages.py", "test_publisher.py"),
    *("test_safety.py", "test_scaling.py", "test_scrapyd.py", "test_soak.py", "test_telling.py", "test_whole_way.py"),
    "test_worker.py",
}

UNHURRIED = (
    *(
        f"tests/admin/{name}.py"
        for name in (
            *("test_access", "test_account", "test_crawls", "test_health", "test_hosts", "test_main", "test_report"),
            *("test_safety", "test_signin", "test_team", "test_users"),
        )
    ),
    *(f"tests/admin/alerting/{name}.py" for name in ("test_engine", "test_guard", "test_pages")),
    *(f"tests/admin/api/test_{name}.py" for name in ("exports", "ingest", "postman", "stream", "work")),
    "tests/admin/exporting/test_exports.py",
    "tests/admin/test_behaviours.py",
    "tests/admin/views/test_lists.py::test_every_sort_turns_the_list_round",
    "tests/admin/views/test_schedules.py",
    "tests/benchmarks/test_plausibility.py",
    *(
        f"tests/gigscrapy/commands/test_{name}.py"
        for name in ("checksum", "crawl", "leagues", "migrate", "prune", "worker")
    ),
    "tests/gigscrapy/imports/test_reading.py::TestFootballData::test_real_files",
    "tests/gigscrapy/imports/test_sheets.py::TestBombs",
    "tests/gigscrapy/pages/test_corrupted.py",
    "tests/gigscrapy/pages/test_hostile.py",
    "tests/gigscrapy/test_deadletters.py",
    "tests/replica/test_pages.py",
)
"""What takes seconds for each file, all told: slow, for whoever wants an answer within two minutes."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: at the end one process would go on, and the others have nothing left to do."""
    items.sort(key=lambda item: item.path.name not in LONG)
    for item in items:
        if item.nodeid.startswith(UNHURRIED):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="module")
def nothing_is_watched_any_more() -> Iterator[None]:
    """An application watches what is new for ten minutes after somebody asked: not within other tests."""
    yield
    if live := sys.modules.get("admin.live"):
        for hub in [found for found in gc.get_objects() if type(found) is live.Hub]:
            hub.close()
