"""Good manners: robots.txt really obeyed, and Retry-After waited for."""

import asyncio
import logging
import math
from collections import defaultdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.asyncio import call_later

logger = logging.getLogger(__name__)

ALLOW_ALL = Protego.parse("")

LONG_PAUSE = 60
"""Seconds between two requests from which on a crawl takes so long that its user should know why."""


class ForbiddenByRobots(IgnoreRequest):
    """robots.txt does not want us on this page, or could not be read (RFC 9309: then assume it does not)."""


class PoliteRobots:
    """Obeys robots.txt, RFC 9309's way: 4xx means there are no rules, 5xx and silence mean *keep out*.

    Stock Scrapy 2.19 awaits one Deferred from many requests, and all but the first read its emptied result as
    permission. Here one lock per host makes every request wait for the rules. What robots.txt said, or why it could
    not be read, holds for the run.

    :ivar rules: of each host (``https://www.site.test``), or the error that reading them ended with.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent = crawler.settings["ROBOTSTXT_USER_AGENT"] or crawler.settings["USER_AGENT"]
        self.rules: dict[str, Protego | Exception] = {}
        self.pauses: dict[str, float] = {}
        self.locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # Both come before the queue is looked at, the second after AutoThrottle has set its own delay: extensions are
        # built, and so connected, before middlewares.
        crawler.signals.connect(self.keep_distance, signals.request_reached_downloader)
        crawler.signals.connect(self.keep_distance, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def forbids(self, url: str) -> bool:
        """Whether ``url`` is off limits, as far as is known: nothing is fetched, and unknown rules forbid nothing."""
        rules = self.rules.get(_host(url), ALLOW_ALL)
        return isinstance(rules, Exception) or not rules.can_fetch(url, self.agent)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        host = _host(request.url)
        async with self.locks[host]:
            if host not in self.rules:
                self.rules[host] = await self._fetch_or_error(host)
        rules = self.rules[host]
        if isinstance(rules, Exception):
            request.meta["dont_retry"] = True  # robots.txt itself was retried, and is not asked for again
            raise rules.with_traceback(None)
        if self.forbids(request.url):
            self.crawler.stats.inc_value("robotstxt/forbidden")
            raise ForbiddenByRobots(f"{host}/robots.txt forbids {urlsplit(request.url).path} to {self.agent!r}")

    async def _fetch_or_error(self, host: str) -> Protego | Exception:
        """The rules; or why there are none, for those who ask later. Silence stays what it was, a network's error."""
        try:
            return await self._fetch(host)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised for every request
            return error

    async def _fetch(self, host: str) -> Protego:
        request = Request(f"{host}/robots.txt", priority=1000, meta={"dont_obey_robotstxt": True}, callback=NO_CALLBACK)
        response = await self.crawler.engine.download_async(request)
        if response.status >= 500 or response.status == 429:
            raise ForbiddenByRobots(
                f"{host}/robots.txt answered {response.status}; as long as it cannot be read it counts as a refusal"
            )
        if response.status >= 400:
            return ALLOW_ALL
        rules = Protego.parse(response.body.decode("utf-8-sig", "ignore"))
        self._note_pause(request, rules)
        return rules

    def _note_pause(self, request: Request, rules: Protego) -> None:
        pause = float(rules.crawl_delay(self.agent) or 0)
        if pause > 0 and math.isfinite(pause):
            level = logging.WARNING if pause > LONG_PAUSE else logging.INFO
            logger.log(level, "%s asks for %g s between requests; they are taken", request.url, pause)
            self.pauses[self.crawler.engine.downloader.get_slot_key(request)] = pause

    def keep_distance(self, request: Request) -> None:
        """Where the site asks for a pause between requests, take it, whatever AutoThrottle thinks is enough."""
        key, slot = _slot(self.crawler, request)
        slot.delay = max(slot.delay, self.pauses.get(key, 0))


class PoliteRetry(RetryMiddleware):
    """Stock retries, and ``Retry-After``: the whole host rests until then. Longer than RETRY_AFTER_LIMIT: given up.

    The rest is that of the downloader's queue: a request that waited anywhere before it could be let through while
    those already queued go out. What is under way to the site cannot be called back.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self.limit = crawler.settings.getfloat("RETRY_AFTER_LIMIT")
        self.rest_until: dict[str, float] = {}
        # Both come before the queue is looked at; process_response comes after the next request has left it.
        crawler.signals.connect(self.hold, signals.request_reached_downloader)
        crawler.signals.connect(self.heed, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def heed(self, request: Request, response: Response) -> None:
        """Let the host rest as long as it asks to. A shorter rest does not end a longer one."""
        pause = asked_rest(response)
        if not 0 < pause <= self.limit:
            return
        logger.info("%s asks to wait %.0f s; waiting", request.url, pause)
        self.crawler.stats.inc_value("retry/waited")
        key, _ = _slot(self.crawler, request)
        self.rest_until[key] = max(self.rest_until.get(key, 0), monotonic() + pause)
        self.hold(request)

    def hold(self, request: Request) -> None:
        """Keep the host's queue shut until its rest is over; Scrapy leaves a slot alone that has a ``latercall``."""
        key, slot = _slot(self.crawler, request)
        pause = self.rest_until.get(key, 0) - monotonic()
        if pause > 0:
            slot.close()  # ends the call that it has, no more
            wake = self.crawler.engine.downloader._latercall  # noqa: SLF001 - Scrapy has no public way to hold a slot
            slot.latercall = call_later(pause, wake, slot)

    def process_exception(  # type: ignore[override] # Scrapy hands over no spider any more
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """An answer that Chromium hides is no lost connection: the spider asks for it without the browser instead."""
        return None if hides_the_answer(exception) else super().process_exception(request, exception)

    def process_response(  # type: ignore[override] # Scrapy hands over no spider any more
        self, request: Request, response: Response
    ) -> Request | Response:
        pause = asked_rest(response)
        if pause > self.limit:
            logger.warning("%s asks to be left alone for %.0f s; given up", request.url, pause)
            return response
        return super().process_response(request, response)


def asked_rest(response: Response) -> float:
    """Seconds that an answer asks us to stay away; 0 unless it says that we came too often or at a bad time."""
    return retry_after(response) if response.status in (429, 503) else 0


def retry_after(response: Response) -> float:
    """Seconds that ``Retry-After`` asks for, as a number or a date; 0 where it is absent or senseless."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0
    return max(0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _host(url: str) -> str:
    """The part of an address that one robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _slot(crawler: Crawler, request: Request) -> tuple[str, Slot]:
    """The downloader's queue that a request is in, and its name."""
    downloader = crawler.engine.downloader
    key = downloader.get_slot_key(request)
    return key, downloader.slots[key]


def hides_the_answer(error: BaseException | None) -> bool:
    """Whether Chromium got an answer and does not say which: an error status with nothing to show."""
    return error is not None and "ERR_HTTP_RESPONSE_CODE_FAILURE" in str(error)
