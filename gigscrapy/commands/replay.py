"""``scrapy replay``: reads the archive with the parsers of today, and prints what differs from what was stored."""

import argparse
from datetime import datetime
from pathlib import Path

from peewee import PeeweeException
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.archive import Archive
from gigscrapy.leagues import load, nearest
from gigscrapy.replay import Compared, NothingStored, Tally, compare, day_or_instant, looking_into, while_read
from schema.database import BadDatabaseUrl, explain
from schema.instants import to_paris
from schema.names import on_one_line


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Read the kept pages again; what differs from what was stored?"

    def long_desc(self) -> str:
        return (
            "Read the kept pages with the parsers of today and print what differs from what was stored. Nothing is"
            " written. The exit code is 0 where nothing differs, else 1."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--since", metavar="DATE", help="only pages fetched since: 2026-11-01, or 2026-11-01T18:30 (Paris time)"
        )
        parser.add_argument(
            "--league", "--spider", dest="leagues", default="", metavar="NAMES", help="only these: ligue1,nba"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy replay takes options only; --since 2026-11-01, --league ligue1", print_help=False)
        since, leagues = since_of(opts.since), leagues_of(opts.leagues)
        assert self.settings is not None
        home = Path(self.settings["GIGSCRAPY_HOME"])
        try:
            kept = Archive.existing(home)
            if kept is None:
                print(f"no page is kept in {home / 'pages'} yet; crawls put them there")  # noqa: T201
                return
            self.exitcode = 1  # until all is compared, and nothing differs
            with while_read(), kept, looking_into(self.settings["DATABASE_URL"], home) as database:
                tally = Tally()
                for one in compare(kept, home, database, since=since, spiders=leagues):
                    tally.add(one)
                    tell(one)
                print(tally)  # noqa: T201
                self.exitcode = int(tally.differs)
        except BadDatabaseUrl as error:
            raise UsageError(str(error), print_help=False) from None
        except PeeweeException as error:
            raise UsageError(explain(error), print_help=False) from None
        except OSError as error:
            raise UsageError(f"the archive cannot be read: {error}", print_help=False) from None


def since_of(text: str | None) -> datetime | None:
    try:
        return day_or_instant(text) if text else None
    except ValueError:
        raise UsageError(f"since is a date such as 2026-11-01, not {text!r}", print_help=False) from None


def leagues_of(text: str) -> list[str]:
    """The names in ``text``, split by commas. :raises UsageError: when there is no such league."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {league.name for league in load()}
    for name in names:
        if name not in known:
            resembling = ", ".join(nearest(name)) or "none resembles it"
            raise UsageError(f"there is no league {name!r}; {resembling}; `scrapy leagues` lists all", print_help=False)
    return names


def tell(one: Compared | NothingStored) -> None:
    """What differs, a line each, under the page that tells it."""
    if isinstance(one, NothingStored):
        print(  # noqa: T201
            f"run {one.run.run_id} ({one.run.spider}, {one.run.since:%Y-%m-%d}): {one.prices} prices are read and none"
            " of the run is stored; do its messages wait in the queue, or is it another database's?"
        )
    elif one.unread or one.differences:
        page = one.page
        fetched = f"{to_paris(page.fetched_at):%Y-%m-%d %H:%M:%S}"
        print(f"{page.spider} {fetched} {on_one_line(page.url)}, page {page.key}, run {page.run_id}")  # noqa: T201
        for line in (*([one.unread] if one.unread else []), *map(str, one.differences)):
            print(f"  {on_one_line(line)}")  # noqa: T201
