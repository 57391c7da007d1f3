"""Quotes a second that leave a running crawl: ours, durable; without any pipeline; and with a confirm awaited each.

Twice. In a *crawl* the project's own spider reads the match pages of a look-alike, which has its prices in place and
does not ask for pauses. In a *flood* nothing is read: a spider yields ready-made quotes as fast as Scrapy takes them,
which shows what the way out costs by itself.

Each is a process of its own (``python -m benchmarks.publishing WAY COUNT HOME RABBIT-URL SITE-URL``), by the settings
of the project but for the pipelines. The time runs from the first quote (in a crawl: from its start) to when the last
is where it should be: with RabbitMQ, confirmed and out of the outbox.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pika
from rich.table import Table
from scrapy import Request, signals
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response
from scrapy.utils.project import get_project_settings

from benchmarks import machine, messages, servers
from gigscrapy.broker import QUEUE
from gigscrapy.leagues import load
from gigscrapy.pipelines import Publish
from gigscrapy.spiders.base import LeagueSpider
from schema.messages import OddsItem, encode
from tests import ROOT
from tests.faults.filled import FilledSite
from tests.services.rabbitmq import RabbitMQ

QUOTES, QUICK_QUOTES = 20_000, 5_000
ROUNDS, QUICK_ROUNDS = 5, 1
OF_NOTHING, TIMES_BLOCKING = 0.5, 4

NOTHING, RABBIT, CLASSIC, SPOOL, BLOCKING = "nothing", "rabbit", "classic", "spool", "blocking"
READING = "reading-"
"""What the name of a way begins with whose quotes are read from pages."""
WAYS = {
    f"{READING}{NOTHING}": "crawl: no pipeline at all",
    f"{READING}{RABBIT}": "crawl: outbox, then RabbitMQ (quorum)",
    f"{READING}{SPOOL}": "crawl: the spool",
    f"{READING}{BLOCKING}": "crawl: a blocking confirm each (quorum)",
    NOTHING: "flood: no pipeline at all",
    RABBIT: "flood: outbox, then RabbitMQ (quorum)",
    CLASSIC: "flood: outbox, then RabbitMQ (classic)",
    SPOOL: "flood: the spool",
    BLOCKING: "flood: a blocking confirm each (quorum)",
}
BLOCKING_SHARE = 4
"""One quote in so many is enough of what is slow."""
MATCHES, QUICK_MATCHES, BOOKMAKERS = 100, 20, 40
"""Of the league that is crawled."""


def measure(quotes: int = QUOTES, rounds: int = ROUNDS, matches: int = MATCHES) -> dict[str, list[float]]:
    """Quotes a second, run by run, by the way they went."""
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    with servers.rabbitmq() as broker, FilledSite(matches, books=BOOKMAKERS) as site:
        for _ in range(rounds):
            for way, found in rates.items():
                count = matches * BOOKMAKERS if way.startswith(READING) else quotes
                found.append(run(way, count // (BLOCKING_SHARE if way == BLOCKING else 1), broker, site.url))
    return rates


def run(way: str, count: int, broker: RabbitMQ, site: str) -> float:
    """One crawl; its quotes a second. :raises AssertionError: when not all of them arrived."""
    kind = "classic" if way == CLASSIC else "quorum"
    with servers.folder() as home, servers.queue(broker, kind=kind) as url:
        command = [sys.executable, "-m", "benchmarks.publishing", way, str(count), str(home), url, site]
        said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        crawl = json.loads(said)
        if way.removeprefix(READING) in (RABBIT, CLASSIC, BLOCKING):
            assert servers.waiting(url) == count, f"{way}: {servers.waiting(url)} of {count} arrived"
    assert crawl["quotes"] == count, f"{way}: {crawl['quotes']} of {count} were yielded"
    return count / float(crawl["seconds"])


def report(*, quick: bool = False) -> list[Table | str]:
    sizes = (QUICK_QUOTES, QUICK_ROUNDS, QUICK_MATCHES) if quick else (QUOTES, ROUNDS, MATCHES)
    medians = {way: machine.median(rates) for way, rates in measure(*sizes).items()}
    title = f"Publishing: crawls of {sizes[2] * BOOKMAKERS} quotes, floods of {sizes[0]}, median of {sizes[1]}"
    table = machine.table(title, "way", "quotes/s", "to no pipeline", "to a blocking confirm each")
    for way, rate in medians.items():
        kind = READING if way.startswith(READING) else ""
        ratios = f"{rate / medians[f'{kind}{NOTHING}']:.2f}", f"{rate / medians[f'{kind}{BLOCKING}']:.1f} x"
        table.add_row(WAYS[way], f"{rate:,.0f}", *ratios)
    share = medians[f"{READING}{RABBIT}"] / medians[f"{READING}{NOTHING}"]
    times = medians[RABBIT] / medians[BLOCKING]
    return [
        table,
        machine.bound(f"crawl: {share:.2f} of no pipeline", f"at least {OF_NOTHING}", share >= OF_NOTHING),
        machine.bound(
            f"flood: {times:.1f} times a blocking confirm", f"at least {TIMES_BLOCKING}", times >= TIMES_BLOCKING
        ),
    ]


# -- the crawl ---------------------------------------------------------------------------------------------------------


class Flood(LeagueSpider):
    """Yields so many quotes, a page of fifteen after the other; no page is fetched."""

    league = next(league for league in load() if league.name == "ligue1")

    async def start(self) -> Any:
        # Outside of Scrapy's start, which has no more than one item under way, quotes come from callbacks.
        yield Request("data:,", self.flood, dont_filter=True)

    def flood(self, response: Response) -> Iterator[OddsItem]:
        self.crawler.stats.set_value("began", time.perf_counter())
        source = messages.quotes()
        for _ in range(self.settings.getint("QUOTES")):
            self.crawler.stats.inc_value("quotes/yielded")
            yield next(source)


class SendOff:
    """Sees the last quote off, as the run ledger does, and notes when that was done."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def spider_opened(self) -> None:
        self.crawler.stats.set_value("began", time.perf_counter())

    async def spider_closed(self) -> None:
        if pipeline := self.crawler.get_item_pipeline(Publish):
            await pipeline.close()
        self.crawler.stats.set_value("ended", time.perf_counter())


class BlockingConfirm:
    """What most people write: publish, and wait for the broker's word, in ``process_item``."""

    def __init__(self, crawler: Crawler) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(crawler.settings["RABBIT_URL"]))
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: OddsItem) -> OddsItem:
        properties = pika.BasicProperties(delivery_mode=2, message_id=item.message_id)
        self._channel.basic_publish("", QUEUE, encode(item), properties, mandatory=True)
        return item

    def close_spider(self) -> None:
        self._connection.close()


PIPELINES = {NOTHING: {}, BLOCKING: {BlockingConfirm: 900}}


def crawl(way: str, count: int, home: str, url: str, site: str) -> dict[str, float]:
    way, is_read = way.removeprefix(READING), way.startswith(READING)
    settings = get_project_settings()
    settings.setdict(
        {
            "QUOTES": count,
            "ITEM_PIPELINES": PIPELINES.get(way, {Publish: 900}),
            "EXTENSIONS": {SendOff: 0},
            "DOWNLOADER_MIDDLEWARES": {},  # there is no site to be polite to
            "ROBOTSTXT_OBEY": False,
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "DOWNLOAD_HANDLERS": {"data": "scrapy.core.downloader.handlers.datauri.DataURIDownloadHandler"},
            "SITE_URL": site,
            "GIGSCRAPY_HOME": home,
            "RABBIT_URL": None if way == SPOOL else url,
            "LOG_LEVEL": "ERROR",
        },
        priority="cmdline",
    )
    process = CrawlerProcess(settings)
    crawler = process.create_crawler("ligue1" if is_read else Flood)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    return {"seconds": stats["ended"] - stats["began"], "quotes": stats.get("quotes/yielded", 0)}


if __name__ == "__main__":
    way, count, home, url, site = sys.argv[1:]
    sys.stdout.write(json.dumps(crawl(way, int(count), str(Path(home)), url, site)))
