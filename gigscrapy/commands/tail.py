"""``scrapy tail ID``: follows a run until it has ended, and ends with its exit code."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.accounts import account_of, moment, state_of, verdict_of
from gigscrapy.finding import NoSuchRun, find_run_or_newest, short_id
from gigscrapy.following import LogFile, Sight, follow, log_path
from gigscrapy.replay import while_read
from gigscrapy.tables import opened
from schema.instants import to_paris
from schema.models import Runs
from schema.names import on_one_line
from schema.runs import FINISHED, QUEUED

BROKEN_OFF = 130
"""Exit code where somebody has seen enough: what a shell gives for Ctrl-C."""
NEVER_SAID = 1
"""Exit code for a run that ended without one of its own: lost, cancelled, failed."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--log] ID | LEAGUE"

    def short_desc(self) -> str:
        return "Follow a run until it has ended"

    def long_desc(self) -> str:
        return (
            "Follow a run until it has ended: the one whose id begins like this, or the newest of a league. The exit"
            " code is the run's. Ctrl-C ends the following, not the run."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--log", action="store_true", help="its log too, where the Scrapyd of this machine runs it")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("scrapy tail takes one run or league; `scrapy runs` lists them", print_help=False)
        assert self.settings is not None
        with while_read(), opened(self.settings) as database, ExitStack() as stack:
            try:
                run = find_run_or_newest(database, args[0])
                name = short_id(database, run.run_id)
                log = stack.enter_context(closing(self.log_of(run))) if opts.log else None
                show = stack.enter_context(shown(name))
                for sight in follow(database, run):
                    run = sight.run
                    show.log(log)
                    show.sight(sight)
            except NoSuchRun as error:
                raise UsageError(str(error), print_help=False) from None
            except KeyboardInterrupt:
                show.last(f"the run {name} is left as it is; `scrapy tail {name}` follows it again")
                self.exitcode = BROKEN_OFF
            else:
                show.log(log)
                show.end(run, log)
                self.exitcode = NEVER_SAID if run.exit_code is None else run.exit_code

    def log_of(self, run: Runs) -> LogFile:
        """:raises UsageError: where there cannot be one."""
        assert self.settings is not None
        path = log_path(Path(self.settings["GIGSCRAPY_HOME"]), run)
        if path is None:
            raise UsageError("no Scrapyd has a log of this run", print_help=False)
        return LogFile(path)


class Lines:
    """A line for each change, for a pipe or a file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: tuple[object, ...] | None = None

    def sight(self, sight: Sight) -> None:
        if sight.key != self.told:
            self.told = sight.key
            self.last(f"{to_paris(datetime.now(UTC)):%H:%M:%S} {self.name} {in_words(sight)}")

    def log(self, log: LogFile | None) -> None:
        for line in log.lines() if log else ():
            self.last(line)

    def end(self, run: Runs, log: LogFile | None) -> None:
        """Verdict and account."""
        if log and not log.is_there:
            self.last(f"no log of it is on this machine: {log.path}")
        self.last(verdict_of(run))
        if run.state == FINISHED:
            self.last(account_of(run))

    def last(self, line: str) -> None:
        print(on_one_line(line), flush=True)  # noqa: T201 - it is what was asked for


class Moving(Lines):
    """A line that moves, for a terminal: lines of the log go by above it."""

    def __init__(self, name: str, console: Console) -> None:
        super().__init__(name)
        self.console = console
        columns = (
            TextColumn("{task.description}", markup=False, table_column=Column(max_width=40, no_wrap=True)),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[said]}", markup=False, table_column=Column(no_wrap=True)),
        )
        self.bar = Bar(*columns, console=console, transient=True)
        self.task = self.bar.add_task(name, total=None, said="")
        self.bar.start()

    def sight(self, sight: Sight) -> None:
        run, progress = sight.run, sight.progress
        description = on_one_line(f"{run.spider or ''} {progress.current or self.name}")
        said = on_one_line(in_words(sight))
        self.bar.update(self.task, completed=progress.seen, total=progress.expected, description=description, said=said)

    def end(self, run: Runs, log: LogFile | None) -> None:
        self.bar.stop()
        super().end(run, log)

    def last(self, line: str) -> None:
        self.console.print(on_one_line(line), markup=False, highlight=False, soft_wrap=True)


@contextmanager
def shown(name: str) -> Iterator[Lines]:
    """How a run is shown on what standard output is."""
    console = Console()
    if not sys.stdout.isatty() or console.is_dumb_terminal:
        yield Lines(name)
        return
    moving = Moving(name, console)
    try:
        yield moving
    finally:
        moving.bar.stop()


def in_words(sight: Sight) -> str:
    """``running: 7 of 18 matches, 5.0 pages a minute, about 2 min 10 s left; 105 quotes stored; Lyon - Paris``."""
    run, progress = sight.run, sight.progress
    if sight.trouble:
        return f"the database is asked again until it answers ({sight.trouble})"
    parts = [f"{state_of(run, progress)}: {progress.sentence}"]
    if run.state == QUEUED:
        parts += list(_in_the_queue(sight))
    elif run.started_at is not None:
        counts = [f"{run.stored} quotes stored"]
        counts += [f"{run.refused} refused"] if run.refused else []
        counts += [f"{run.retries} retries"] if run.retries else []
        counts += [f"{run.error_count} pages gave nothing"] if run.error_count else []
        parts.append(", ".join(counts))
    if progress.current:
        parts.append(progress.current)
    return "; ".join(parts)


def _in_the_queue(sight: Sight) -> Iterator[str]:
    run = sight.run
    yield f"asked for before it: {sight.before}" if sight.before else "nothing was asked for before it"
    if run.attempts:
        yield f"no node took it so far, the next attempt is due at {moment(run.not_before)}"
