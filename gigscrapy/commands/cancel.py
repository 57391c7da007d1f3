"""``scrapy cancel RUN``: stops a run, or with ``--task`` all runs of a task, and says so when they have stopped."""

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.cancelling import Exit, NoSuchRun, Outcome, cancel, find, of_task
from gigscrapy.nodes import NodeRefused, nodes
from gigscrapy.tables import opened

PATIENCE = 60


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] RUN | --task TASK"

    def short_desc(self) -> str:
        return "Stop a run, or all runs of a task"

    def long_desc(self) -> str:
        return (
            "Stop a run, wherever it is: waiting for its turn, at a node, or started by hand on this machine. The"
            " beginning of its id will do. One that runs sends what it holds first. Exit code 0: it does not run, and"
            " will not; 3: it had ended before; 4: it was told to stop and has not yet; 5: whoever would know cannot be"
            " asked. With --task it is all runs of a task, those that wait first; the exit code is the gravest."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--patience", type=float, default=PATIENCE, help=f"seconds to wait for its end (default {PATIENCE})"
        )
        parser.add_argument("--task", action="store_true", help="all runs of the task with this id, or its beginning")
        parser.add_argument("--kill", action="store_true", help="end it then, whatever it still holds")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("scrapy cancel takes one run; `scrapy runs` lists them", print_help=False)
        if not 0 <= opts.patience <= 24 * 3600:
            raise UsageError("--patience is a number of seconds, a day at most", print_help=False)
        assert self.settings is not None
        home = Path(self.settings["GIGSCRAPY_HOME"])
        try:
            asked = nodes(self.settings)
            with opened(self.settings) as database:
                wanted = of_task(database, args[0]) if opts.task else [find(database, home, args[0])]
                self.exitcode = int(
                    max(
                        _told(cancel(database, asked, home, run_id, patience=opts.patience, kill=opts.kill, say=_aside))
                        for run_id in wanted
                    )
                )
        except (NoSuchRun, NodeRefused) as error:
            raise UsageError(str(error), print_help=False) from None


def _told(outcome: Outcome) -> Exit:
    print(outcome.sentence, flush=True)  # noqa: T201 - it is what was asked for
    return outcome.exit


def _aside(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
