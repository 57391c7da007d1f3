"""``scrapy discover``: prints what the catalogue lacks or what has moved, as CSV rows ready to paste."""

import argparse
import sys
from typing import cast

from scrapy.commands import ScrapyCommand

from gigscrapy.discovery import DiscoverySpider, as_csv, compare
from gigscrapy.leagues import load


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Compare the catalogue of leagues with the site's own menu"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--sports", default="", help="only these, by the site's names, such as foot,tennis")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process
        crawler = self.crawler_process.create_crawler(DiscoverySpider)
        self.crawler_process.crawl(crawler, only=opts.sports)
        self.crawler_process.start()
        spider = cast("DiscoverySpider | None", crawler.spider)
        if spider is None or not spider.found:
            self.exitcode = 1
            say("no league was found on the site")
            for failure in spider.failures if spider else ():
                say(f"not read: {failure}")
            return
        differences = compare(spider.found.values(), load())
        for difference in differences:
            if difference.moved_from:
                say(f"{difference.league.name} has moved from {difference.moved_from} to {difference.league.path}")
        moved = sum(difference.moved_from is not None for difference in differences)
        say(f"{len(spider.found)} leagues on the site: {len(differences) - moved} new, {moved} moved")
        for failure in spider.failures:
            say(f"not read: {failure}")
        sys.stdout.write(as_csv(differences))
        self.exitcode = 1 if spider.failures else 0


def say(text: str) -> None:
    """To people; the rows alone go to standard output."""
    print(text, file=sys.stderr)  # noqa: T201
