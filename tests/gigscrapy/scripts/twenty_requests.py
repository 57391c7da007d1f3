"""Asks a site for twenty pages at once, under the project's own manners, and prints how many it was given."""

import os
import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

os.environ["SCRAPY_SETTINGS_MODULE"] = "gigscrapy.settings"


class TwentyRequests(scrapy.Spider):
    name = "twenty"
    given = 0

    async def start(self):
        for number in range(20):
            yield scrapy.Request(f"{sys.argv[1]}/cotes/foot/france/ligue-1?page={number}", errback=lambda _: None)

    def parse(self, response):
        type(self).given += 1


settings = get_project_settings()
settings.setdict(
    {
        "CONCURRENT_REQUESTS": 20,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 20,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "LOG_ENABLED": False,
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"scrapy_playwright.memusage.ScrapyPlaywrightMemoryUsageExtension": None},
    }
)
process = CrawlerProcess(settings)
process.crawl(TwentyRequests)
process.start()
print(TwentyRequests.given)
