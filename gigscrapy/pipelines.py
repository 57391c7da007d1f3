"""What happens to a quote between the spider and the queue: one idea a pipeline, each counts what it does."""

import asyncio
import logging
from pathlib import Path
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured

from gigscrapy.broker import BrokerError, Publisher, publisher
from gigscrapy.quoting import usually_called
from gigscrapy.spiders.base import LeagueSpider
from gigscrapy.verdict import BROKER_REFUSED, NOT_DURABLE_REASON
from schema.messages import Message, OddsItem, encode

logger = logging.getLogger(__name__)


class KnownBookmaker:
    """Gives each quote its bookmaker's usual name, whichever way the page named it. An unknown one is kept as it is."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.seen: set[str] = set()
        self.unknown: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: OddsItem) -> OddsItem:
        item, known = usually_called(item)
        self.seen.add(item.bookmaker)
        self.crawler.stats.set_value("bookmakers/seen", len(self.seen))
        if known:
            return item
        self.crawler.stats.inc_value("quotes/unknown_bookmaker")
        if item.bookmaker not in self.unknown:
            self.unknown.add(item.bookmaker)
            self.crawler.stats.set_value("bookmakers/unknown", len(self.unknown))
            logger.warning("nobody knows the bookmaker %r (number %s); kept", item.bookmaker, item.bookmaker_id)
        return item


class Publish:
    """Sends each quote on its way; done when it is durable. Owns the publisher, open until the run has reported."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.publisher: Publisher | None = None
        self._stopping: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, LeagueSpider):
            raise NotConfigured  # `scrapy shell` and the like send nothing
        return cls(crawler)

    async def open_spider(self) -> None:
        settings = self.crawler.settings
        assert isinstance(self.crawler.spider, LeagueSpider)
        try:
            self.publisher = publisher(
                settings["RABBIT_URL"],
                Path(settings["GIGSCRAPY_HOME"]),
                owner=self.crawler.spider.run_id,
                queue_type=settings["RABBIT_QUEUE_TYPE"],
            )
            await self.publisher.open()
        except (BrokerError, OSError) as error:
            self.publisher = None
            self.crawler.stats.set_value("broker/refused", str(error))
            logger.error("%s", error)  # noqa: TRY400 - a person's mistake, or a full disk: no traceback
            raise CloseSpider(BROKER_REFUSED) from None

    async def process_item(self, item: OddsItem) -> OddsItem:
        try:
            await self.send(item)
        except OSError as error:
            self._stop(error)
            what = f"{item.bookmaker}'s quote of {item.home} - {item.away} is not durable: {error}"
            raise DropItem(what, log_level="DEBUG") from None  # _stop has said it once, the account counts them
        self.crawler.stats.inc_value("quotes/published")
        return item

    async def send(self, message: Message) -> None:
        """Hand a message over. :raises OSError: when it cannot be made durable."""
        assert self.publisher
        await self.publisher.publish(message.message_id, encode(message))

    def _stop(self, error: OSError) -> None:
        """There is no use in reading what cannot be kept. An exception from a pipeline would not end the crawl."""
        if self._stopping is None:
            logger.critical("quotes cannot be made durable, the crawl stops: %s", error)
            self._stopping = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=NOT_DURABLE_REASON))

    async def close(self) -> None:
        """Send on what waits, and leave. Called by the run ledger, after its last report."""
        if self.publisher:
            await self.publisher.close()
            for what, number in self.publisher.counts().items():
                self.crawler.stats.set_value(f"broker/{what}", number)
