"""Whether memory grows: of the consumer over a million messages, of the crawler over a thousand pages.

Each is a process of its own and says how much of it is in memory after so much work. Flat means: what it took at the
first mark, when caches are full and everything that is imported is imported, is what it takes at the last, within
:data:`GROWTH`.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pika
from rich.table import Table
from scrapy import signals
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.utils.project import get_project_settings

from benchmarks import machine, servers
from benchmarks.consuming import OURS, consumers
from benchmarks.crawl import LEAGUE
from benchmarks.messages import BOOKMAKERS, FIRST_ROUND, MATCHES, quote
from gigscrapy.broker import QUEUE
from replica import Options, serve
from replica.pages import Pages
from schema.messages import encode
from tests import ROOT

MARKS, QUICK_MARKS = (100_000, 500_000, 1_000_000), (1_000, 2_000, 3_000)
PAGE_MARKS, QUICK_PAGE_MARKS = (100, 500, 1000), (10, 20, 30)
GROWTH = 1.1
AHEAD = 20_000
"""Messages in the queue, about: the broker's own memory is bounded too."""
LOOK_EVERY = 1_000
MIB = 2**20


def report(*, quick: bool = False) -> list[Table | str]:
    marks, page_marks = (QUICK_MARKS, QUICK_PAGE_MARKS) if quick else (MARKS, PAGE_MARKS)
    consumed, crawled = consumer(marks), crawler(page_marks)
    parts: list[Table | str] = []
    for what, unit, memory in (("consumer", "messages", consumed), ("crawler", "pages", crawled)):
        table = machine.table(f"Memory of the {what}", f"after so many {unit}", "MiB", "against the first")
        first, *_, last = memory.values()
        for mark, size in memory.items():
            table.add_row(f"{mark:,}", f"{size / MIB:.1f}", f"{size / first:.2f} x")
        grown = last / first
        parts += [table, machine.bound(f"{grown:.2f} times", f"flat: at most {GROWTH}", grown <= GROWTH)]
    return parts


# -- the consumer ------------------------------------------------------------------------------------------------------


def consumer(marks: tuple[int, ...]) -> dict[int, int]:
    """Bytes in memory, by messages consumed: RabbitMQ to MariaDB, the queue filled as it is emptied."""
    with (
        servers.mariadb() as server,
        servers.rabbitmq() as broker,
        servers.tables(server) as tables,
        servers.folder() as home,
        servers.queue(broker) as url,
    ):
        feeding = threading.Thread(target=feed, args=(url, marks[-1]), daemon=True)
        feeding.start()
        (consumed,) = consumers(OURS, url, tables, home, numbers=marks)
        feeding.join()
    assert consumed.messages == marks[-1], f"{consumed.messages} of {marks[-1]} messages were consumed"
    return consumed.resident


def feed(url: str, count: int) -> None:
    """Publish so many messages, no two alike, never many more than the consumer has taken."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    properties = servers.as_published(0)
    for number, body in enumerate(cheap_bodies(count)):
        if number % LOOK_EVERY == 0:
            while servers.depth(channel) > AHEAD:
                time.sleep(0.05)
        channel.basic_publish("", QUEUE, body, properties)
    connection.close()


def cheap_bodies(count: int) -> Iterator[bytes]:
    """Quotes whose rounds differ in nothing but their time, written quickly: making them must not cost more than
    consuming them. Matches come and go: a round in a hundred, all of them are others.
    """
    made = 0
    turn = 0
    while True:
        shift = turn // 100 * MATCHES
        hour = _hour(turn)
        for template in _templates(shift):
            if made == count:
                return
            yield template.replace(_hour(0), hour)
            made += 1
        turn += 1


def _hour(turn: int) -> bytes:
    """Date and hour of a round, as a message writes them."""
    return (FIRST_ROUND + timedelta(hours=turn)).strftime("%Y-%m-%dT%H:").encode()


def _templates(shift: int) -> list[bytes]:
    if shift not in _made:
        _made.clear()
        _made[shift] = [
            encode(quote(shift + match, place, 0)) for match in range(MATCHES) for place in range(len(BOOKMAKERS))
        ]
    return _made[shift]


_made: dict[int, list[bytes]] = {}


# -- the crawler -------------------------------------------------------------------------------------------------------


def crawler(marks: tuple[int, ...]) -> dict[int, int]:
    """Bytes in memory, by pages read: the matches of a great league, without a browser, quotes into the spool."""
    with servers.folder() as home, site(home / "site", marks[-1]) as url:
        command = [sys.executable, "-m", "benchmarks.memory", url, str(home), *map(str, marks)]
        said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    memory: dict[str, int] = json.loads(said)
    assert len(memory) == len(marks), f"the crawl ended early: {memory}"
    return {int(mark): size for mark, size in memory.items()}


@contextlib.contextmanager
def site(folder: Path, matches: int) -> Iterator[str]:
    """The look-alike, its prices in the pages already: what a browser would make of them."""
    folder.mkdir()
    now = datetime.now(UTC)
    pages = Pages(Options(now=now, matches=matches).world(), page_size=matches)
    targets = [LEAGUE, *(match.path for match in pages.world.fixtures(LEAGUE))]
    static = {target: folder / f"{number}.html" for number, target in enumerate(targets)}
    for target, path in static.items():
        path.write_text(pages.html(target, injected=True), encoding="utf-8")
    with serve(Options(now=now, static=static)) as served:
        yield served.url


class Scales:
    """Notes how much of the process is in memory, after so many pages."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.remaining = crawler.settings.getlist("MARKS")
        self.pages = 0
        crawler.signals.connect(self.response_received, signals.response_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def response_received(self) -> None:
        self.pages += 1
        if self.remaining and self.pages >= self.remaining[0]:
            self.crawler.stats.set_value(f"resident/{self.remaining.pop(0)}", machine.resident())


def crawl(site: str, home: str, marks: list[int]) -> dict[int, int]:
    settings = get_project_settings()
    settings.setdict(
        {
            "SITE_URL": site,
            "GIGSCRAPY_HOME": home,
            "RABBIT_URL": None,
            "MARKS": marks,
            "EXTENSIONS": {**settings.getdict("EXTENSIONS"), "gigscrapy.extensions.Progress": None, Scales: 0},
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
            "LOG_LEVEL": "CRITICAL",
        },
        priority="cmdline",
    )
    process = CrawlerProcess(settings)
    crawler = process.create_crawler("ligue1")
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    assert stats["quotes/published"] > marks[-1], "the pages had no prices"
    return {mark: stats[f"resident/{mark}"] for mark in marks if f"resident/{mark}" in stats}


if __name__ == "__main__":
    site, home, *marks = sys.argv[1:]
    sys.stdout.write(json.dumps(crawl(site, str(Path(home)), [int(mark) for mark in marks])))
