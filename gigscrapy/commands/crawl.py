"""``scrapy crawl <league>``: Scrapy's own command, with an exit code that tells what became of the run."""

import argparse
from typing import cast
from urllib.parse import urlsplit

from scrapy.commands.crawl import Command as CrawlCommand
from scrapy.exceptions import UsageError

from gigscrapy import browser
from gigscrapy.keeping import BadBound, bounds
from gigscrapy.leagues import load, nearest
from gigscrapy.spiders.base import BadArgument, Wanted


class Command(CrawlCommand):
    def short_desc(self) -> str:
        return "Crawl a league, by name (scrapy leagues lists them)"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("scrapy crawl takes one league; `scrapy leagues` lists them", print_help=False)
        self.check(args[0], opts.spargs)
        assert self.crawler_process
        crawler = self.crawler_process.create_crawler(args[0])
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        self.exitcode = cast("int", crawler.stats.get_value("exit_code", 1))

    def check(self, name: str, arguments: dict[str, str]) -> None:
        """Say what is wrong before anything starts. :raises UsageError: with what could stand instead."""
        league = {league.name: league for league in load()}.get(name)
        if league is None:
            resembling = ", ".join(nearest(name)) or "none resembles it"
            raise UsageError(f"there is no league {name!r}; {resembling}; `scrapy leagues` lists all", print_help=False)
        try:
            Wanted.read(league, **arguments)
        except BadArgument as error:
            raise UsageError(str(error), print_help=False) from None
        except TypeError:
            raise UsageError("arguments are depth=, markets=, days= and match=", print_help=False) from None
        assert self.settings
        try:
            bounds(self.settings)
        except BadBound as error:
            raise UsageError(str(error), print_help=False) from None
        if not is_address(self.settings["SITE_URL"]):
            raise UsageError(
                "SITE_URL is an address such as https://www.coteur.com, without a password", print_help=False
            )
        if not browser.installed(self.settings["CHROMIUM"]):
            raise UsageError(
                "prices need a browser and there is none: install Debian's chromium, run `playwright install chromium`,"
                " or name one in CHROMIUM",
                print_help=False,
            )


def is_address(site: str) -> bool:
    """Whether it can be crawled: http or https, a host, and nothing secret that a log would show."""
    try:
        parts = urlsplit(site)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
