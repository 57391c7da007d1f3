"""Real Scrapyds, on free ports, that crawl a site of ours; and a site that can be held still."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from peewee import Database

from gigscrapy.daemon.password import known
from gigscrapy.nodes import Node
from schema.database import connect, hang_up
from tests.faults.filled import FilledSite, Handler
from tests.faults.processes import Running, running
from tests.schema.laid import lay
from tests.services import free_ports

STARTED = "Scrapyd 1.6.0 started"
MATCH_PAGE = "/cote/"


class Held(FilledSite):
    """Matches' pages are not answered until ``released`` is set."""

    def __init__(self) -> None:
        self.released = threading.Event()
        super().__init__(behaviour=self.wait, books=3)

    def wait(self, handler: Handler, times: int) -> bool:
        if handler.path.startswith(MATCH_PAGE):
            self.released.wait()
        return False

    def matches_asked(self) -> int:
        """How many times a match's page was asked for: there a crawl stands still."""
        return sum(path.startswith(MATCH_PAGE) for _, path in self.asked)

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


@dataclass
class Daemon:
    """A running one. ``node`` is it as others see it; ``process`` as who started it does."""

    process: Running
    node: Node
    port: int
    home: Path


@contextlib.contextmanager
def scrapyd(home: Path, site: str, *options: str, port: int | None = None, **environment: str) -> Iterator[Daemon]:
    """``scrapy scrapyd``, up and listening; its crawls read ``site``."""
    port = port or free_ports(1)[0]
    own = {"SITE_URL": site, "SCRAPY_SETTINGS_MODULE": "tests.gigscrapy.daemon.own_site"} | environment
    with running("scrapyd", "--port", str(port), *options, home=home, environment=own) as process:
        process.until(STARTED, 60)
        secret = environment.get("SCRAPYD_PASSWORD") or known(home)
        yield Daemon(process, Node(f"http://127.0.0.1:{port}", "gigscrapy", secret, home), port, home)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def tables(home: Path) -> Iterator[Database]:
    database = connect(None, home)
    lay(database)
    yield database
    hang_up(database)
