"""Keeps the pages that a crawl reads, before it reads them. A crawl that cannot keep them goes on without."""

import logging
import math
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


RUNS_AT_MOST = 1_000_000_000
"""As many as the index can be asked for, and more."""


class BadBound(ValueError):
    """A bound of the archive that cannot be; the message says what can."""


class KeepPages:
    """Puts each page that a parser is about to be given into the archive, and its key into the response's ``meta``.

    Also, and above all, those that no parser turns out to know. What is no text, what the site answers with an error
    and what an address leads to that has moved, no parser is given.
    """

    def __init__(self, crawler: Crawler, spider: LeagueSpider, limits: Bounds) -> None:
        self.crawler, self.spider = crawler, spider
        self.home = Path(crawler.settings["GIGSCRAPY_HOME"])
        self.bounds = limits
        self.archive: Archive | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, LeagueSpider):
            raise NotConfigured
        try:
            limits = bounds(crawler.settings)
        except BadBound as error:
            raise NotConfigured(f"no page is kept: {error}") from None
        if not limits.megabytes:
            raise NotConfigured
        keeper = cls(crawler, crawler.spider, limits)
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
    """What ARCHIVE_DAYS, ARCHIVE_MB and ARCHIVE_RUNS say. :raises BadBound: when one of them is no number from 0 on."""
    days, megabytes, runs = (_number(settings, name) for name in ("ARCHIVE_DAYS", "ARCHIVE_MB", "ARCHIVE_RUNS"))
    return Bounds(days=days, megabytes=megabytes, runs=int(min(runs, RUNS_AT_MOST)))


def _number(settings: BaseSettings, name: str) -> float:
    said = settings.get(name, 0)
    try:
        number = float(said)
    except (TypeError, ValueError):
        number = math.nan
    if number >= 0:  # which what is no number is not
        return number
    raise BadBound(f"{name} is a number, 0 or more, not {str(said)[:80]!r}")
