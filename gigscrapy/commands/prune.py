"""``scrapy prune``: old prices thinned to their changes; what is remembered, or kept of pages, for too long let go."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peewee import Database
from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.archive import MEGABYTE, Archive, Bounds
from gigscrapy.keeping import BadBound, bounds
from gigscrapy.tables import opened
from schema.pruning import HISTORY, LEDGER, OUTBOX_DAYS, Outdated, Thinned, forget, thin

LEDGER_DAYS = 30
HISTORY_DAYS = 90
MOST_DAYS = 36_500
"""A century: nothing here is older, and the calendar ends somewhere beyond."""

LONGEST_STATEMENT = 600
"""Seconds: a market of a match may have very many prices, on a slow disk. Reading them locks nothing."""

BROKEN_OFF = 130
"""Exit code, as the shell has it for Ctrl-C."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "--days N [options]"

    def short_desc(self) -> str:
        return "Thin old prices to their changes, and let go what is kept too long"

    def long_desc(self) -> str:
        return (
            "Thin the observations of prices older than N days to changes: of equal ones that follow each other only"
            " the first stays, but for the last of all, the last before kick-off, and what the last two runs saw."
            f" Forget, in the ledger, messages stored more than {LEDGER_DAYS} days ago (--ledger-days), tasks, firings,"
            f" visits and counts of hours of {HISTORY_DAYS} days ago, and pages beyond ARCHIVE_DAYS and ARCHIVE_MB."
            " Crawls and consumers may go on meanwhile; it may be broken off and begun again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--days", metavar="N", type=days, help="thin what is older")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and write nothing")
        parser.add_argument(
            "--ledger-days",
            metavar="N",
            type=days,
            default=LEDGER_DAYS,
            help=f"how long the ledger knows a message: {OUTBOX_DAYS} at least (default {LEDGER_DAYS})",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args or opts.days is None:
            raise UsageError("scrapy prune takes --days: prices older than so many days are thinned", print_help=False)
        if opts.ledger_days < OUTBOX_DAYS:
            raise UsageError(
                f"--ledger-days is {OUTBOX_DAYS} at least: a crawl's outbox may bring what is nearly as old once more",
                print_help=False,
            )
        if opts.days < OUTBOX_DAYS:
            warn(
                f"an outbox may still bring what was seen up to {OUTBOX_DAYS} days ago: a price that comes late between"
                " two of which the second is thinned holds until the next change"
            )
        home, now = Path(self.settings["GIGSCRAPY_HOME"]), datetime.now(UTC)
        try:
            limits = bounds(self.settings)
            with opened(self.settings, read_timeout=LONGEST_STATEMENT) as database:
                thin_prices(database, now - timedelta(days=opts.days), dry_run=opts.dry_run)
                let_go(database, LEDGER, now - timedelta(days=opts.ledger_days), dry_run=opts.dry_run)
                for outdated in HISTORY:
                    let_go(database, outdated, now - timedelta(days=HISTORY_DAYS), dry_run=opts.dry_run)
            prune_pages(home, limits, now, dry_run=opts.dry_run)
        except (BadBound, OSError) as error:
            raise UsageError(str(error), print_help=False) from None
        except KeyboardInterrupt:
            warn("broken off: what went is gone, and nothing is half done; run it again to go on")
            self.exitcode = BROKEN_OFF
            return
        if opts.dry_run:
            print("nothing was written: that is what would go")  # noqa: T201


def days(said: str) -> int:
    """:raises argparse.ArgumentTypeError: when it is no number of days."""
    if not said.isdecimal() or not 1 <= int(said) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{said!r} is no number of days from 1 to {MOST_DAYS}")
    return int(said)


def thin_prices(database: Database, before: datetime, *, dry_run: bool) -> None:
    with moving_line() as show:
        for figures in thin(database, before, dry_run=dry_run):
            show(line_of(figures))
    say("Odds", line_of(figures))


def line_of(figures: Thinned) -> str:
    return f"{figures.looked_at} rows looked at, {figures.thinned} thinned, {figures.kept} kept"


def let_go(database: Database, outdated: Outdated, before: datetime, *, dry_run: bool) -> None:
    say(outdated.table, f"{forget(database, outdated, before, dry_run=dry_run)} rows removed")


def prune_pages(home: Path, limits: Bounds, now: datetime, *, dry_run: bool) -> None:
    """As each crawl does it at its end."""
    kept = Archive.existing(home)
    if kept is None:
        return
    with kept:
        pruned = kept.surplus(limits, now) if dry_run else kept.prune(limits, now)
    megabytes = f"{pruned.bytes / MEGABYTE:.1f} MB"
    say("pages", f"{pruned.texts} removed ({megabytes}), {pruned.kept_bytes / MEGABYTE:.1f} MB kept")


@contextmanager
def moving_line() -> Iterator[Callable[[str], None]]:
    """Shows how far it is, where there is somebody to see it."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _line: None
        return
    with console.status("looking at prices") as status:
        yield status.update


def say(what: str, line: str) -> None:
    print(f"{what:<9} {line}", flush=True)  # noqa: T201


def warn(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201
