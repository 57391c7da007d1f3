"""``scrapy worker``: has crawled what tasks ask for, until told to stop."""

import argparse
import logging
import signal
from functools import partial
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from gigscrapy import logs
from gigscrapy.alive import is_alive
from gigscrapy.broker import TASK_QUEUE, BrokerError, Queues, receiver
from gigscrapy.commands.consume import MENDED_BY_A_PERSON, stop
from gigscrapy.nodes import NodeRefused, nodes
from gigscrapy.patience import Halt
from gigscrapy.worker import Bounds, Totals, Worker
from schema.database import BadDatabaseUrl, connect, masked

logger = logging.getLogger(__name__)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Have crawled what tasks ask for"

    def long_desc(self) -> str:
        return (
            "Take tasks from the queue, enter the runs they mean, and give these to the nodes of SCRAPYD_URLS, as many"
            " at once as CRAWLS_AT_ONCE allows, until told to stop (Ctrl-C or SIGTERM; a second time: at once). Crawls"
            " go on without it."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy worker takes options only", print_help=False)
        assert self.settings is not None
        logs.start(self.settings, "worker")
        bounds = read_bounds(self.settings)
        try:
            worker = self._worker(bounds)
            worker.run()
        except (BadDatabaseUrl, BrokerError, Halt, NodeRefused) as error:
            logger.critical("%s", error)
            self.exitcode = MENDED_BY_A_PERSON
        else:
            print(summary(worker.totals))  # noqa: T201

    def _worker(self, bounds: Bounds) -> Worker:
        assert self.settings is not None
        rabbit_url, database_url = self.settings["RABBIT_URL"], self.settings["DATABASE_URL"]
        home = Path(self.settings["GIGSCRAPY_HOME"])
        queues = Queues(rabbit_url, home, self.settings["RABBIT_QUEUE_TYPE"])
        found = nodes(self.settings)
        worker = Worker(
            receiver(rabbit_url, home, queue=TASK_QUEUE, queue_type=queues.queue_type),
            connect(database_url, home),
            found,
            queues=queues,
            bounds=bounds,
            alive=partial(is_alive, home),
        )
        source = masked(rabbit_url) if rabbit_url else f"the spool in {home}"
        crawls = "1 crawl" if bounds.at_once == 1 else f"{bounds.at_once} crawls"
        logger.info("tasks from %s, %s at once on %s", source, crawls, ", ".join(node.name for node in found))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop(worker))
        return worker


def read_bounds(settings: BaseSettings) -> Bounds:
    """:raises UsageError: when a setting is no number, or none that makes sense."""
    found = {}
    for name, least in (("CRAWLS_AT_ONCE", 1), ("RUN_SILENCE", 1)):
        said = str(settings[name]).strip()
        if not (said.isascii() and said.isdigit() and int(said) >= least):
            raise UsageError(f"{name} is a whole number from {least} on, not {said[:40]!r}", print_help=False)
        found[name] = int(said)
    return Bounds(at_once=found["CRAWLS_AT_ONCE"], silence=found["RUN_SILENCE"])


def summary(totals: Totals) -> str:
    """What was done, in one line for a person."""
    return (
        f"{totals.tasks} tasks made {totals.runs} runs, {totals.refused} refused; {totals.scheduled} runs given to"
        f" nodes, {totals.lost} lost"
    )
