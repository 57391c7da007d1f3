"""Keeps the pages that a crawl reads, before it reads them. A crawl that cannot keep them goes on without."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeVar

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response, TextResponse
from scrapy.settings import BaseSettings

from gigscrapy.archive import Archive, Bounds, Page
from gigscrapy.pages import ListedMatch
from gigscrapy.quoting import is_list_of, is_page_of
from gigscrapy.spiders.base import KEPT, LeagueSpider

logger = logging.getLogger(__name__)

T = TypeVar("T")


class KeepPages:
    """Puts each page that a parser is about to be given into the archive, and its key into the response's ``meta``.

    Also, and above all, those that no parser turns out to know. What is no text, what the site answers with an error
    and what an address leads to that has moved, no parser is given.
    """

    def __init__(self, crawler: Crawler, spider: LeagueSpider) -> None:
        self.crawler, self.spider = crawler, spider
        self.home = Path(crawler.settings["GIGSCRAPY_HOME"])
        self.bounds = bounds(crawler.settings)
        self.archive: Archive | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, LeagueSpider) or not bounds(crawler.settings).megabytes:
            raise NotConfigured
        keeper = cls(crawler, crawler.spider)
        crawler.signals.connect(keeper.spider_closed, signals.spider_closed)
        return keeper

    def process_spider_input(self, response: Response) -> None:
        response.meta.pop(KEPT, None)  # asked for again, a request has what it had when it was first answered
        match, market = (response.cb_kwargs.get(name) for name in ("match", "market"))
        if not isinstance(response, TextResponse) or not self.is_ours(response.url, match, market):
            return
        page = Page(
            run_id=self.spider.run_id,
            spider=self.spider.name,
            arguments=self.spider.arguments,
            url=response.url,
            market=market,
            number=response.cb_kwargs.get("page"),
            match=match,
            rendered=bool(response.meta.get("playwright")),
            status=response.status,
            fetched_at=datetime.now(UTC),
        )
        if key := self.attempt(lambda archive: archive.keep(response.text, page), f"{response.url} cannot be kept"):
            response.meta[KEPT] = key
            self.count("kept")

    def is_ours(self, url: str, match: ListedMatch | None, market: str | None) -> bool:
        """Whether a parser will be asked to read it."""
        return is_page_of(match, url) if match else market is not None and is_list_of(self.spider.league, url)

    def spider_closed(self) -> None:
        now = datetime.now(UTC)
        pruned = self.attempt(lambda archive: archive.prune(self.bounds, now), "old pages cannot be removed")
        if pruned:
            self.count("removed", pruned.texts)
        if self.archive:
            self.archive.close()

    def attempt(self, work: Callable[[Archive], T], failed: str) -> T | None:
        """What ``work`` returns; where the disk or the index fails it, say so once, and count it."""
        try:
            if self.archive is None:
                self.archive = Archive(self.home)
            return work(self.archive)
        except OSError as error:
            if not self.crawler.stats.get_value("archive/failed"):
                logger.warning("%s in the archive: %s; the crawl goes on, its quotes are not touched", failed, error)
            self.count("failed")
            return None

    def count(self, what: str, number: int = 1) -> None:
        self.crawler.stats.inc_value(f"archive/{what}", number)


def bounds(settings: BaseSettings) -> Bounds:
    """What ARCHIVE_DAYS, ARCHIVE_MB and ARCHIVE_RUNS say."""
    return Bounds(
        days=settings.getfloat("ARCHIVE_DAYS"),
        megabytes=settings.getfloat("ARCHIVE_MB"),
        runs=settings.getint("ARCHIVE_RUNS"),
    )
