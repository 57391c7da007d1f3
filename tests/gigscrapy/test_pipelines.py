import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from scrapy.exceptions import DropItem
from scrapy.utils.test import get_crawler

from gigscrapy.pipelines import KnownBookmaker, Publish
from schema.messages import OddsItem

ITEM = OddsItem(
    sport="football",
    league="Ligue 1",
    home="PSG",
    away="STRASBOURG",
    bookmaker="Betsson",
    bookmaker_id=43,
    prices={"1": Decimal("1.270")},
    scraped_at=datetime(2026, 3, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("name", "number", "known_as"),
    [
        ("BETSSON", None, "Betsson"),
        ("Bookmaker 43", 43, "Betsson"),
        ("PMU.fr", None, "Pmu"),
        ("Parions Sport", None, "ParionsSport"),
        ("PokerStars Sports", 36, "Pokerstars Sport"),
    ],
)
def test_a_bookmaker_has_one_name_however_the_page_calls_it(name, number, known_as):
    crawler = get_crawler()
    item = KnownBookmaker(crawler).process_item(replace(ITEM, bookmaker=name, bookmaker_id=number))
    assert item.bookmaker == known_as
    assert crawler.stats.get_value("quotes/unknown_bookmaker") is None


def test_an_unknown_bookmaker_is_kept_counted_and_told_once(caplog):
    crawler = get_crawler()
    pipeline = KnownBookmaker(crawler)
    strangers = [replace(ITEM, bookmaker=name, bookmaker_id=None) for name in ("Inconnu", "Inconnu", "Autre")]
    assert [pipeline.process_item(item) for item in strangers] == strangers
    assert crawler.stats.get_value("quotes/unknown_bookmaker") == 3
    assert crawler.stats.get_value("bookmakers/unknown") == 2
    assert [record.getMessage() for record in caplog.records] == [
        "nobody knows the bookmaker 'Inconnu' (number None); kept",
        "nobody knows the bookmaker 'Autre' (number None); kept",
    ]


class FullDisk:
    """A publisher that cannot make anything durable."""

    async def publish(self, message_id, body):
        raise OSError(28, "No space left on device")


class Engine:
    """What of Scrapy's engine is called."""

    def __init__(self):
        self.reasons = []

    async def close_spider_async(self, *, reason):
        self.reasons.append(reason)


def test_a_quote_that_cannot_be_made_durable_stops_the_crawl_once(caplog):
    crawler = get_crawler()
    crawler.engine = engine = Engine()
    pipeline = Publish(crawler)
    pipeline.publisher = FullDisk()

    async def two_quotes():
        for _ in range(2):
            with pytest.raises(DropItem, match="Betsson's quote of PSG - STRASBOURG is not durable"):
                await pipeline.process_item(ITEM)
        await asyncio.sleep(0)

    asyncio.run(two_quotes())
    assert engine.reasons == ["not_durable"]
    assert crawler.stats.get_value("quotes/published") is None
    assert caplog.text.count("No space left on device") == 1
