"""``scrapy scheduler``: asks for crawls when they are due, until told to stop. Of several only one acts."""

import argparse
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy import logs
from gigscrapy.broker import TASK_QUEUE, Delivery, Queues, send
from gigscrapy.commands.consume import MENDED_BY_A_PERSON
from gigscrapy.patience import Halt
from gigscrapy.planning import LEAST_BUDGET
from gigscrapy.scheduler import Scheduler
from schema.database import BadDatabaseUrl, connect, masked

logger = logging.getLogger(__name__)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Ask for crawls when they are due"

    def long_desc(self) -> str:
        return (
            "Ask for crawls when their schedules say so, until told to stop (Ctrl-C or SIGTERM). Start a second one"
            " elsewhere if you like: it waits, and takes over when the first is gone. `scrapy schedules` lists and"
            " changes the schedules."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        logs.start(self.settings, "scheduler")
        budget = read_budget(str(self.settings["REQUESTS_PER_MINUTE"]))
        try:
            scheduler = self._scheduler(budget)
            scheduler.run()
        except (BadDatabaseUrl, Halt) as error:
            logger.critical("%s", error)
            self.exitcode = MENDED_BY_A_PERSON

    def _scheduler(self, budget: int) -> Scheduler:
        assert self.settings is not None
        home, rabbit_url = Path(self.settings["GIGSCRAPY_HOME"]), self.settings["RABBIT_URL"]
        queues = Queues(rabbit_url, home, self.settings["RABBIT_QUEUE_TYPE"])

        def send_tasks(tasks: Sequence[Delivery]) -> None:
            send(queues, TASK_QUEUE, tasks)

        database_url = self.settings["DATABASE_URL"]
        scheduler = Scheduler(connect(database_url, home), home, send_tasks, budget=budget)
        source = masked(database_url) if database_url else f"SQLite in {home}"
        target = masked(rabbit_url) if rabbit_url else f"the spool in {home}"
        logger.info("from the schedules of %s into %s", source, target)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: scheduler.stop())
        return scheduler


def read_budget(text: str) -> int:
    """:raises UsageError: when it is no number of requests that something can be done with."""
    if not text.isdecimal() or int(text) < LEAST_BUDGET:
        told = f"REQUESTS_PER_MINUTE is a number from {LEAST_BUDGET} on, not {text[:40]!r}"
        raise UsageError(told, print_help=False)
    return int(text)
