"""Fetches one page as a crawl would, plainly and in the browser, and takes a picture of it.

By the same rules as any crawl: robots.txt is obeyed, the site is asked once for each, other hosts not at all. What is
kept is somebody else's work and stays on this machine.
"""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self
from urllib.parse import urlsplit

import scrapy
from playwright.async_api import Error as BrowserError
from playwright.async_api import Page
from playwright.async_api import Request as BrowserRequest
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.settings import BaseSettings
from scrapy_playwright.page import PageMethod
from twisted.python.failure import Failure

from gigscrapy import browser
from gigscrapy.pages.markup import match_of
from gigscrapy.pages.settled import LIST_SETTLED, MATCH_SETTLED
from gigscrapy.verdict import Cause, cause_of, told

PICTURE_TIMEOUT = 20_000
"""Milliseconds that a picture of the whole page may take; without one the rest is still worth having."""

logger = logging.getLogger(__name__)


class Seen(browser.Unneeded):
    """For a picture the page needs its looks too; what is forbidden, and of other hosts, it must do without."""

    def __call__(self, request: BrowserRequest) -> bool:
        return request.resource_type == "media" or not self.is_own(request.url) or self.is_forbidden(request.url)


class CaptureSpider(scrapy.Spider):
    """Fetches one page twice.

    :ivar raw, rendered: its texts, ``None`` until they are there; :ivar picture: PNG, ``None`` where it failed.
    :ivar failure: why there is no text: its cause and a sentence.
    """

    name = "capture"
    custom_settings = {"ITEM_PIPELINES": {}, "RETRY_TIMES": 0}  # noqa: RUF012 - declared so by Scrapy
    allowed_domains: list[str]

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.raw: str | None = None
        self.rendered: str | None = None
        self.picture: bytes | None = None
        self.failure: tuple[Cause, str] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.allowed_domains = [urlsplit(crawler.settings["SITE_URL"]).hostname or ""]
        crawler.settings.set("PLAYWRIGHT_ABORT_REQUEST", Seen(crawler), priority="spider")
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        browser.configure(settings)

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(self.url, self.keep_raw, errback=self.failed)

    def keep_raw(self, response: Response) -> Iterator[scrapy.Request]:
        if (text := self.text_of(response)) is not None:
            self.raw = text
            settled = MATCH_SETTLED if match_of(self.url, self.url) else LIST_SETTLED
            timeout = self.settings.getfloat("PRICES_TIMEOUT")
            meta = browser.rendered(settled, timeout, self.settings["USER_AGENT"])
            meta["playwright_page_methods"].append(PageMethod(self.take_picture))
            yield scrapy.Request(self.url, self.keep_rendered, errback=self.failed, meta=meta, dont_filter=True)

    def keep_rendered(self, response: Response) -> None:
        self.rendered = self.text_of(response)

    async def take_picture(self, page: Page) -> None:
        try:
            self.picture = await page.screenshot(full_page=True, timeout=PICTURE_TIMEOUT)
        except BrowserError as error:
            logger.warning("no picture of the page: %s", told(error))

    def text_of(self, response: Response) -> str | None:
        """The page's text; where it is none, that is the failure."""
        if isinstance(response, TextResponse):
            return response.text
        self.failure = (Cause.PAGE_CHANGED, f"{response.url} is no text")
        return None

    def failed(self, failure: Failure) -> None:
        assert failure.value
        cause = cause_of(failure.value)
        self.failure = (cause, f"{told(failure.value)}: {cause.advice}")
