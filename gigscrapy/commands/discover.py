"""``scrapy discover``: prints what the catalogue lacks or what has moved, as CSV rows ready to paste."""

import argparse
import sys
from typing import cast

from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError

from gigscrapy.discovery import Comparison, DiscoverySpider, as_csv, compare, find_sport, pasted
from gigscrapy.leagues import CatalogueError, load
from schema.reference import sports


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Compare the catalogue of leagues with the site's own menu"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--sports", default="", help="only these, by our names or the site's: football,tennis")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        only = slugs(opts.sports)
        assert self.crawler_process
        crawler = self.crawler_process.create_crawler(DiscoverySpider)
        self.crawler_process.crawl(crawler, only=only)
        self.crawler_process.start()
        spider = cast("DiscoverySpider | None", crawler.spider)
        troubles = what_went_wrong(crawler, spider)
        # Of a part of the site nobody can say what it does not link any more.
        whole = spider and spider.menu_read and not stopped(crawler)
        if spider and spider.found:
            comparison = compare(spider.found.values(), load(), spider.complete if spider and whole else ())
            troubles += comparison.withheld
            try:
                pasted(comparison.differences, load())
            except CatalogueError as error:
                troubles.append(f"the rows would not fit into the catalogue, none is printed: {error}")
            else:
                tell(comparison, len(spider.found))
        else:
            troubles.insert(0, "no league was found on the site")
        for trouble in troubles:
            say(trouble)
        self.exitcode = 1 if troubles else 0


def slugs(text: str) -> list[str]:
    """The site's slugs of the sports in ``text``, split by commas. :raises UsageError: when nobody knows one."""
    found = []
    for word in filter(None, map(str.strip, text.split(","))):
        sport = find_sport(word)
        if sport is None:
            raise UsageError(f"there is no sport {word!r}; there are {', '.join(sports())}", print_help=False)
        found.append(sport.slug)
    return found


def what_went_wrong(crawler: Crawler, spider: DiscoverySpider | None) -> list[str]:
    """Whatever keeps the answer from being whole, a sentence each."""
    troubles = [f"not read: {failure}" for failure in spider.failures] if spider else []
    if stopped(crawler):
        troubles.insert(0, "stopped before its end: only a part of the site was read")
    elif spider and (unread := spider.sports - spider.complete):
        troubles.append(f"not read to the end: {', '.join(sorted(unread))}")
    if any(name.startswith("spider_exceptions/") for name in crawler.stats.get_stats()):
        troubles.append("an error of ours kept a page from being read; the log has it, please report it")
    return troubles


def stopped(crawler: Crawler) -> bool:
    return crawler.stats.get_value("finish_reason") != "finished"


def tell(comparison: Comparison, found: int) -> None:
    """The rows, and what they are."""
    for difference in comparison.differences:
        if difference.moved_from:
            say(f"{difference.league.name} has moved from {difference.moved_from} to {difference.league.path}")
    moved = sum(difference.moved_from is not None for difference in comparison.differences)
    say(f"{found} leagues on the site: {len(comparison.differences) - moved} new, {moved} moved")
    sys.stdout.write(as_csv(comparison.differences))


def say(text: str) -> None:
    """To people; the rows alone go to standard output."""
    print(text, file=sys.stderr)  # noqa: T201
