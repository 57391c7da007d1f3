"""Asks a site for pages at once, under the project's own manners, and prints how many it was given.

Arguments: the site, how many pages, and settings (``NAME=value``).
"""

import os
import sys

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

os.environ["SCRAPY_SETTINGS_MODULE"] = "gigscrapy.settings"


class AskPages(scrapy.Spider):
    name = "ask"
    given = 0

    async def start(self):
        for number in range(int(sys.argv[2])):
            yield scrapy.Request(f"{sys.argv[1]}/cotes/foot/france/ligue-1?page={number}", errback=lambda _: None)

    def parse(self, response):
        type(self).given += 1


settings = get_project_settings()
settings.setdict(
    {
        "LOG_LEVEL": "WARNING",
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"scrapy_playwright.memusage.ScrapyPlaywrightMemoryUsageExtension": None},
    }
)
settings.setdict(dict(argument.split("=", 1) for argument in sys.argv[3:]), priority="cmdline")
process = CrawlerProcess(settings)
process.crawl(AskPages)
process.start()
print(AskPages.given)
