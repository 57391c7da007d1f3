"""The machine a figure was measured on, and what the tables share."""

import os
import platform
import re
import shutil
import statistics
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

PACKAGES = ("Scrapy", "pika", "peewee", "PyMySQL")

console = Console(width=120, soft_wrap=True, highlight=False)


def line() -> str:
    """Processor, cores, memory and versions, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = (
        _processor(),
        f"{len(os.sched_getaffinity(0))} cores",
        f"{memory:.0f} GiB",
        f"Python {platform.python_version()}",
        f"MariaDB {_said_by('mariadbd', '--version', found='Ver ([0-9.]+)')}",
        f"RabbitMQ {_rabbitmq()}",
        *(f"{name} {version(name)}" for name in PACKAGES),
    )
    return ", ".join(parts)


def table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are figures."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place else "left", no_wrap=not place)
    return made


def bound(found: str, wanted: str, held: bool) -> str:
    """A bound in words: what was found, what was wanted, and whether it held."""
    return f"  {'held  ' if held else 'MISSED'}  {found} (wanted: {wanted})"


def median(figures: Iterable[float]) -> float:
    return statistics.median(figures)


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processor() -> str:
    known = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return known[1].strip() if known else platform.machine()


def _rabbitmq() -> str:
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*"))
    return found[-1].name.removeprefix("rabbitmq_server-") if found else "absent"


def _said_by(program: str, *arguments: str, found: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if path is None:
        return "absent"
    said = subprocess.run([path, *arguments], capture_output=True, text=True, check=False).stdout
    known = re.search(found, said)
    return known[1] if known else "unknown"
