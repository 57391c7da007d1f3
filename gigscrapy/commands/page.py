"""``scrapy page``: from a price to the page it was read in, and what today's parser reads there."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from peewee import Database, PeeweeException
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy import archive
from gigscrapy.archive import MEGABYTE, Archive, Bounds, Page
from gigscrapy.keeping import BadBound, bounds
from gigscrapy.provenance import Provenance, was_kept
from gigscrapy.replay import (
    CANNOT_BE_READ,
    Told,
    WhoIsWho,
    is_there,
    looking_into,
    printed,
    reread,
    while_read,
)
from schema.database import BadDatabaseUrl, explain
from schema.instants import to_paris
from schema.messages import OddsItem
from schema.names import on_one_line
from schema.reference import find_bookmaker

ROW_ID = re.compile(r"[0-9]{1,19}")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] <id in Odds | key of a page | run>"

    def short_desc(self) -> str:
        return "Show the page that a price came from"

    def long_desc(self) -> str:
        return (
            "Show where a row of Odds came from, and what today's parser reads in its page. Also takes the key that a"
            " page is kept under (32 hexadecimal digits), and the id of a run, whose pages it lists."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--html", metavar="PATH", help="write the page as its parser read it; - for the output")
        parser.add_argument("--prune", action="store_true", help="remove what ARCHIVE_DAYS and ARCHIVE_MB do not allow")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        home = Path(self.settings["GIGSCRAPY_HOME"])
        if opts.prune == bool(args) or len(args) > 1 or (opts.prune and opts.html):
            raise UsageError("scrapy page takes the id of a row of Odds, or --prune alone", print_help=False)
        try:
            limits = bounds(self.settings)
            with while_read():
                if opts.prune:
                    prune(home, limits)
                else:
                    with database_of(self.settings["DATABASE_URL"], home) as database:
                        Desk(home, limits, database, opts.html).answer(args[0])
        except NotFound as error:
            print(error, file=sys.stderr)  # noqa: T201
            self.exitcode = 1
        except (BadBound, BadDatabaseUrl, OSError) as error:
            raise UsageError(str(error), print_help=False) from None
        except PeeweeException as error:
            raise UsageError(explain(error), print_help=False) from None


class NotFound(LookupError):
    """What was asked for is not there; the message says why."""


def database_of(url: str | None, home: Path) -> AbstractContextManager[Database | None]:
    """The database to look into; ``None`` where nothing was ever stored."""
    return looking_into(url, home) if is_there(url, home) else nullcontext()


class Desk:
    """Answers one question about the archive.

    :param database: ``None`` where there is none yet.
    :param html: where to write the page's text instead of telling what is in it; ``-``: to standard output.
    """

    def __init__(self, home: Path, limits: Bounds, database: Database | None, html: str | None) -> None:
        self.home, self.limits, self.database, self.html = home, limits, database, html

    def answer(self, asked: str) -> None:
        """:raises NotFound: when there is no such row, page or run."""
        if ROW_ID.fullmatch(asked):
            self.show_row(int(asked))
        elif archive.locate(self.home, asked):
            self.show_page(asked)
        elif pages := self.pages(run_id=asked):
            self.list_run(pages)
        elif self.database and was_kept(self.database, asked):
            raise NotFound(f"the page {asked} {self.why_not(asked)}")
        else:
            raise NotFound(f"{asked!r} is no row of Odds, and no page or run of which anything is kept in {self.home}")

    def pages(self, *, key: str | None = None, run_id: str | None = None) -> list[Page]:
        kept = Archive.existing(self.home)
        if kept is None:
            return []
        with kept:
            return list(kept.pages(key=key, run_id=run_id))

    # -- a row of Odds -------------------------------------------------------------------------------------------------

    def show_row(self, odds_id: int) -> None:
        if self.database is None:
            raise NotFound(f"no price is stored in {self.home} yet; `scrapy consume` stores what crawls sent")
        row = Provenance.of(self.database, odds_id)
        if row is None:
            raise NotFound(f"there is no row {odds_id} in Odds")
        if self.html:
            self.write(row.content)
            return
        page = self.page_of(row)
        state = self.state(row.content, page)
        say(facts(row, state))
        if page and row.content and (text := archive.read(self.home, row.content)) is not None:
            self.tell_row(row, page, text)

    def page_of(self, row: Provenance) -> Page | None:
        """As the row's own run fetched it, else as any did."""
        pages = self.pages(key=row.content) if row.content else []
        return next((page for page in reversed(pages) if page.run_id == row.run_id), pages[-1] if pages else None)

    def tell_row(self, row: Provenance, page: Page, text: str) -> None:
        items = self.reread(page, text)
        if items is None:
            return
        assert self.database
        who = WhoIsWho(self.database)
        say([("", "What today's parser reads of this match:")])
        own = [item for item in items if (who.key(item), item.market) == (row.place.match, row.place.market)]
        print_quotes(own, [item for item in own if who.bookmaker(item) == row.place.bookmaker])
        told = Told()
        told.hear_quotes(own, who)
        print(verdict(row.price, told.prices.get(row.place)))  # noqa: T201

    # -- a page, a run -------------------------------------------------------------------------------------------------

    def show_page(self, key: str) -> None:
        if self.html:
            self.write(key)
            return
        pages = self.pages(key=key)
        page = pages[-1] if pages else None
        lines = [("page", key), ("kept", self.state(key, page))]
        if page:
            lines[1:1] = [("address", page.url), ("league", page.spider), ("fetched", fetched(page, len(pages)))]
        say(lines)
        text = archive.read(self.home, key)
        if page and text is not None and (items := self.reread(page, text, everything=True)) is not None:
            say([("", "What today's parser reads:")])
            print_quotes(items)

    def list_run(self, pages: list[Page]) -> None:
        if self.html:
            raise UsageError("--html writes one page; give its key instead of the run", print_help=False)
        table = Table("page", "fetched (Paris)", "read as", "characters", "address", box=None, pad_edge=False)
        for page in pages:
            how = f"{page.kind}, {'rendered' if page.rendered else 'plain'}"
            table.add_row(page.key, when(page.fetched_at), how, str(page.size), Text(on_one_line(page.url)))
        console().print(table)
        print(f"{len(pages)} pages of {pages[0].spider}")  # noqa: T201

    # -- what is kept --------------------------------------------------------------------------------------------------

    def write(self, key: str | None) -> None:
        """The text itself, as UTF-8, whatever the page says of its encoding."""
        text = archive.read(self.home, key) if key else None
        if text is None:
            raise NotFound(f"the page {self.why_not(key)}")
        body = text.encode("utf-8", "surrogatepass")
        if self.html == "-":
            sys.stdout.buffer.write(body)
        else:
            Path(str(self.html)).write_bytes(body)

    def state(self, key: str | None, page: Page | None) -> str:
        """Whether the text is kept, in words."""
        if key is None or archive.read(self.home, key) is None:
            return f"no: the page {self.why_not(key)}"
        path = archive.locate(self.home, key)
        if page is None:
            return f"{path}; but not what it was fetched for, so only --html is of use"
        return f"{path}: {page.size} characters, {'rendered by a browser' if page.rendered else 'as the site sent it'}"

    def why_not(self, key: str | None) -> str:
        if key is None:
            return "was never kept: its crawl could not, or was told not to, or was no crawl of ours"
        if path := archive.locate(self.home, key):
            return f"is damaged: {path} is not what was kept"
        return (
            f"is not kept in {self.home} (any more): pages stay for {self.limits.days:g} days (ARCHIVE_DAYS), the"
            f" oldest go from {self.limits.megabytes:g} MB on (ARCHIVE_MB), and each machine has its own crawls' only"
        )

    def reread(self, page: Page, text: str, *, everything: bool = False) -> list[OddsItem] | None:
        """What today's parser finds; ``None`` where it knows not how, which is said."""
        try:
            return reread(page, text, everything=everything)
        except CANNOT_BE_READ as error:
            print(f"It cannot be read today: {on_one_line(str(error))}")  # noqa: T201
            return None


def prune(home: Path, limits: Bounds) -> None:
    """Remove what the limits do not allow, and say how much that was."""
    kept = Archive.existing(home)
    if kept is None:
        raise NotFound(f"no page is kept in {home / archive.FOLDER} yet")
    with kept:
        pruned = kept.prune(limits, datetime.now(UTC))
    print(  # noqa: T201
        f"{pruned.texts} pages removed ({pruned.bytes / MEGABYTE:.1f} MB), {pruned.kept_bytes / MEGABYTE:.1f} MB kept"
    )


# -- for people --------------------------------------------------------------------------------------------------------


def facts(row: Provenance, state: str) -> list[tuple[str, str]]:
    """What is known of a row, a line each."""
    kickoff = f"kick-off {when(row.kickoff.replace(tzinfo=UTC))} in Paris" if row.kickoff else "kick-off unknown"
    best = ", the best price of a list" if row.partial else ""
    return [
        ("row", str(row.id)),
        ("match", f"{row.home} - {row.away} ({row.league}), {kickoff}"),
        ("bookmaker", row.bookmaker),
        ("price", f"{printed(row.price)} for {row.place.outcome} of {row.place.market}{best}"),
        *([("suspect", row.suspect)] if row.suspect else []),
        ("seen", f"{when(row.scraped_at.replace(tzinfo=UTC))}, Paris time"),
        ("run", f"{row.run_id} ({row.spider or 'league unknown'})" if row.run_id else "unknown"),
        ("address", row.url or "unknown"),
        ("read as", row.parser or "unknown"),
        ("page", row.content or "-"),
        ("kept", state),
    ]


def verdict(price: Decimal, today: Decimal | None) -> str:
    if today is None:
        return "Today's parser reads no such price."
    if today != price:
        return f"Today's parser reads {printed(today)} instead of {printed(price)}."
    return "Today's parser reads the same price."


def print_quotes(items: Iterable[OddsItem], marked: Sequence[OddsItem] = ()) -> None:
    """A table of quotes, some of them marked."""
    table = Table("", "match", "market", "bookmaker", "prices", "TRJ", "suspect", box=None, pad_edge=False)
    for item in items:
        prices = "  ".join(
            f"{outcome} {printed(price)}" if price else f"{outcome} -" for outcome, price in item.prices.items()
        )
        mark = "→" if item in marked else ""
        known = find_bookmaker(item.bookmaker, item.bookmaker_id)
        said = f"{item.home} - {item.away}", known.name if known else item.bookmaker
        match, name = (Text(on_one_line(text)) for text in said)
        table.add_row(mark, match, item.market, name, prices, str(item.trj or "-"), item.suspect or "")
    if table.row_count:
        console().print(table)
    else:
        print("no price at all")  # noqa: T201


def fetched(page: Page, times: int) -> str:
    again = f", and {times - 1} times before" if times > 1 else ""
    return f"{when(page.fetched_at)} Paris time by run {page.run_id}{again}"


def when(instant: datetime) -> str:
    return f"{to_paris(instant):%Y-%m-%d %H:%M:%S}"


def say(lines: Iterable[tuple[str, str]]) -> None:
    for name, text in lines:
        print(f"{name:<10} {on_one_line(text)}" if name else f"\n{text}")  # noqa: T201


def console() -> Console:
    """Into a pipe one quote stays one line, however long."""
    return Console(width=None if sys.stdout.isatty() else 220)
