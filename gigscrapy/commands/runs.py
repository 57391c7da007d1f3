"""``scrapy runs``: the crawls, those that wait, those that go on and those that have ended; or all of one."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from peewee import Database
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.accounts import asked_by, facts, fields, moment, state_of
from gigscrapy.finding import NoSuchRun, find_run, short_id
from gigscrapy.replay import while_read
from gigscrapy.tables import opened
from gigscrapy.tasks import Unknown, select
from schema.models import Runs
from schema.names import spelt_out
from schema.progress import Progress, lasting
from schema.runs import STATES

LISTED = 20
MOST_LISTED = 1_000


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] | show ID"

    def short_desc(self) -> str:
        return "List the runs, or show one"

    def long_desc(self) -> str:
        return (
            "List the runs, the newest first: those that wait, those that go on and those that have ended. `show ID`"
            " tells all of one; the beginning of its id is enough. `scrapy tail ID` follows one."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--state", choices=STATES, help="only runs in this state")
        parser.add_argument("--league", help="only of these: ligue1, or ligue1,nba, or sport:football, country:France")
        parser.add_argument("--limit", type=int, help=f"so many at most, 1 to {MOST_LISTED:,}; default {LISTED}")
        parser.add_argument("--json", action="store_true", help="for a program: all that is known, times in UTC")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        now = datetime.now(UTC)
        match args:
            case []:
                limit, leagues = read_limit(opts.limit), read_leagues(opts.league)
                with while_read(), opened(self.settings) as database:
                    found = newest(database, opts.state, leagues, limit)
                    if opts.json:
                        say(json.dumps([fields(run, now) for run in found], indent=2))
                    else:
                        show_list(database, found, now)
            case ["show", text]:
                refuse_unused(opts)
                with while_read(), opened(self.settings) as database:
                    run = found_run(database, text)
                    say(json.dumps(fields(run, now), indent=2) if opts.json else in_lines(run, now))
            case _:
                raise UsageError("scrapy runs, or scrapy runs show ID", print_help=False)


# -- what is asked -----------------------------------------------------------------------------------------------------


def read_limit(limit: int | None) -> int:
    """:raises UsageError: when nobody could want so many, or so few."""
    if limit is None:
        return LISTED
    if not 1 <= limit <= MOST_LISTED:
        raise UsageError(f"--limit takes 1 to {MOST_LISTED:,}", print_help=False)
    return limit


def read_leagues(text: str | None) -> list[str] | None:
    """The names of the leagues that are meant; ``None``: any. :raises UsageError: with the nearest names."""
    if text is None:
        return None
    try:
        return [league.name for league in select(text)]
    except Unknown as error:
        raise UsageError(error.detail, print_help=False) from None


def refuse_unused(opts: argparse.Namespace) -> None:
    """:raises UsageError: where an option is given that `show` would pass over: its user meant something by it."""
    given = [f"--{name}" for name in ("state", "league", "limit") if getattr(opts, name) is not None]
    if given:
        raise UsageError(f"scrapy runs show takes no {' and no '.join(given)}", print_help=False)


def found_run(database: Database, text: str) -> Runs:
    """:raises UsageError: when there is none, or more than one."""
    try:
        return find_run(database, text)
    except NoSuchRun as error:
        raise UsageError(str(error), print_help=False) from None


def newest(database: Database, state: str | None, leagues: Sequence[str] | None, limit: int) -> list[Runs]:
    """The runs that were asked for, or heard of, last."""
    query = Runs.select().order_by(Runs.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Runs.state == state)
    if leagues is not None:
        query = query.where(Runs.spider.in_(leagues))
    return list(query.execute(database))


# -- what is shown -----------------------------------------------------------------------------------------------------


def show_list(database: Database, found: Sequence[Runs], now: datetime) -> None:
    """One line a run."""
    columns = ("run", "league", "state", "verdict", "matches", "quotes", "started", "took", "asked for by")
    table = Table(*columns, box=None, pad_edge=False)
    for run in found:
        progress = Progress.of(run, now)
        cells = (
            short_id(database, run.run_id),
            run.spider or "",
            state_of(run, progress),
            run.verdict or "",
            "" if progress.expected is None else f"{progress.seen}/{progress.expected}",
            str(run.stored),
            moment(run.started_at) or "",
            "" if progress.seconds is None else lasting(progress.seconds),
            asked_by(run),
        )
        table.add_row(*(Text(spelt_out(cell)) for cell in cells))
    if not table.row_count:
        say("no run is like that" if Runs.select().exists(database) else "there is no run yet: `scrapy crawl ligue1`")
        return
    # Into a pipe one run stays one line, however long.
    Console(width=None if sys.stdout.isatty() else 400).print(table)


def in_lines(run: Runs, now: datetime) -> str:
    """All of one run, a line for each thing it says."""
    return "\n".join(f"{name}: {said}" for name, said in facts(run, now))


def say(line: str) -> None:
    print(line)  # noqa: T201 - it is what was asked for
