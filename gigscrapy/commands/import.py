"""``scrapy import FILE``: odds of a file into the tables; first, or with ``--dry-run`` only, what it would do."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.imports import BadFile, Stated
from gigscrapy.imports.preview import KINDS, Preview, preview
from gigscrapy.imports.reading import read
from gigscrapy.imports.sheets import SHELL
from gigscrapy.imports.storing import Stored, store
from gigscrapy.tables import opened
from schema.instants import from_paris
from schema.reference import sports

BROKEN_OFF = 130
"""Exit code, as the shell has it for Ctrl-C."""
REASONS = {
    "empty": "there is nothing in it",
    "unknown": "it is no file of football-data.co.uk, no export of ours and no CSV of gig-benchmark",
    "broken": "it cannot be read",
    "bytes": "it is too large",
    "rows": "it has too many lines",
    "columns": "it has too many columns",
    "cell": "a cell is too long",
    "bomb": "it unpacks to far more than it is, or declares what no spreadsheet does",
    "league": "a file of gig-benchmark does not say its league: give --league",
    "incomplete": "it was broken off while it was exported: export it anew",
}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE [options]"

    def short_desc(self) -> str:
        return "Import odds of a file: football-data.co.uk, our own export, or gig-benchmark's CSV"

    def long_desc(self) -> str:
        return (
            "Import odds of a CSV, an XLSX or lines of JSON: a file of football-data.co.uk, an export of ours, or"
            " gig-benchmark's CSV, which is told to be one by its header. With --dry-run say what each line would do,"
            " and write nothing. Importing a file twice changes nothing; crawls and consumers may go on meanwhile; it"
            " may be broken off and begun again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what it would do, and write nothing")
        parser.add_argument("--league", metavar="TITLE", help="of a file that names none, such as 'Ligue 1'")
        parser.add_argument("--sport", metavar="NAME", default="football", help="of the same (default football)")
        parser.add_argument(
            "--seen-at", metavar="TIME", type=_moment, help="when its prices were seen, in Paris: 2025-11-10T18:45"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if len(args) != 1:
            raise UsageError("scrapy import takes one file", print_help=False)
        if opts.sport not in sports():
            raise UsageError(f"{opts.sport!r} is no sport: {', '.join(sports())}", print_help=False)
        path, stated = Path(args[0]), Stated(opts.league, opts.sport, opts.seen_at)
        try:
            with opened(self.settings) as database:
                if opts.dry_run:
                    for line in told(last(preview(database, read(path, stated, SHELL).lines))):
                        say(line)
                    say("nothing was written: that is what it would do")
                    return
                with Console(stderr=True).status("reading") as status:
                    done = store(
                        database, read(path, stated, SHELL).lines, lambda so_far: status.update(summed(so_far))
                    )
                say(summed(done))
        except BadFile as error:
            detail = f" ({error.detail})" if error.detail else ""
            raise UsageError(f"{path}: {REASONS[error.reason]}{detail}", print_help=False) from None
        except OSError as error:
            raise UsageError(str(error), print_help=False) from None
        except KeyboardInterrupt:
            print("broken off: what is stored stays; run it again to go on", file=sys.stderr)  # noqa: T201
            self.exitcode = BROKEN_OFF


def last(previews: Iterator[Preview]) -> Preview:
    """The whole of it."""
    whole = Preview()
    for so_far in previews:
        whole = so_far
    return whole


def told(found: Preview) -> Iterator[str]:
    """What it would do, in lines."""
    yield f"{found.read} lines: " + ", ".join(f"{found.lines[kind]} {WORDS[kind]}" for kind in KINDS)
    yield f"{found.prices.total()} prices: " + ", ".join(f"{found.prices[kind]} {WORDS[kind]}" for kind in KINDS[:3])
    for kind in ("refused", "other"):
        for shown in found.shown[kind]:
            yield f"line {shown.number}: {shown.said}: {shown.detail}"
    for what, names in (("league", found.leagues), ("bookmaker", found.bookmakers), ("team", found.teams)):
        for unknown in names.values():
            near = f"; perhaps {', '.join(name for _, name in unknown.near)}" if unknown.near else ""
            yield f"new {what}: {unknown.name}{near}"


WORDS = {"new": "new", "other": "with another price", "there": "there already", "refused": "refused"}


def summed(stored: Stored) -> str:
    return (
        f"{stored.lines} lines: {stored.quotes} quotes stored ({stored.prices} prices), {stored.duplicates} there"
        f" already, {stored.refused} refused"
    )


def say(line: str) -> None:
    print(line)  # noqa: T201


def _moment(said: str) -> datetime:
    """:raises argparse.ArgumentTypeError: when it is none."""
    try:
        return from_paris(datetime.fromisoformat(said).replace(tzinfo=None))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{said!r} is no time such as 2025-11-10T18:45") from None
