"""Good manners: robots.txt really obeyed, and Retry-After waited for."""

import asyncio
import logging
import time
from collections import defaultdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

logger = logging.getLogger(__name__)

ALLOW_ALL = Protego.parse("")


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt does not want us on this page, or could not be read (RFC 9309: then assume it does not)."""


class PoliteRobots:
    """Obeys robots.txt, RFC 9309's way: 4xx means there are no rules, 5xx and silence mean *keep out*.

    Stock Scrapy 2.19 awaits one Deferred from many requests, and all but the first read its emptied result as
    permission. Here one lock per host makes every request wait for the rules.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self.rules: dict[str, Protego] = {}
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        url = urlparse_cached(request)
        host = f"{url.scheme}://{url.netloc}"
        async with self.locks[host]:
            if host not in self.rules:
                self.rules[host] = await self._fetch(host)
        rules = self.rules[host]
        if not rules.can_fetch(request.url, self.agent):
            self.crawler.stats.inc_value("robotstxt/forbidden")
            raise ForbiddenByRobots(f"{host}/robots.txt forbids {url.path} to {self.agent!r}")

    async def _fetch(self, host: str) -> Protego:
        request = Request(f"{host}/robots.txt", priority=1000, meta={"dont_obey_robotstxt": True}, callback=NO_CALLBACK)
        response = await self.crawler.engine.download_async(request)
        if response.status >= 500 or response.status == 429:
            raise ForbiddenByRobots(
                f"{host}/robots.txt answered {response.status}; as long as it cannot be read it counts as a refusal"
            )
        if response.status >= 400:
            return ALLOW_ALL
        rules = Protego.parse(response.body.decode("utf-8", "ignore"))
        self._keep_distance(host, rules)
        return rules

    def _keep_distance(self, host: str, rules: Protego) -> None:
        """Where the site asks for a pause between requests, take it."""
        pause = rules.crawl_delay(self.agent)
        slot = self.crawler.engine.downloader.slots.get(urlparse_cached(Request(host)).hostname or "")
        if pause and slot and slot.delay < pause:
            logger.info("%s asks for %s s between requests", host, pause)
            slot.delay = float(pause)


class PoliteRetry(RetryMiddleware):
    """Stock retries, and ``Retry-After``: the whole host rests until then. Longer than RETRY_AFTER_LIMIT: given up."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self.limit = crawler.settings.getfloat("RETRY_AFTER_LIMIT")
        self.rest_until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        pause = self.rest_until.get(urlparse_cached(request).netloc, 0) - time.monotonic()
        await asyncio.sleep(max(0, pause))

    def process_response(  # type: ignore[override] # Scrapy hands over no spider any more
        self, request: Request, response: Response
    ) -> Request | Response:
        if response.status in (429, 503):
            pause = retry_after(response)
            if pause > self.limit:
                logger.warning("%s asks to be left alone for %.0f s; given up", request.url, pause)
                return response
            if pause:
                logger.info("%s asks to wait %.0f s; waiting", request.url, pause)
                self.crawler.stats.inc_value("retry/waited")
                self.rest_until[urlparse_cached(request).netloc] = time.monotonic() + pause
        return super().process_response(request, response)


def retry_after(response: Response) -> float:
    """Seconds that ``Retry-After`` asks for, as a number or a date; 0 where it is absent or senseless."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0
    return max(0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
