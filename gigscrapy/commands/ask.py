"""``scrapy ask WHAT``: asks for crawls, as a task in the queue; with ``--wait`` follows them to their end."""

import argparse
import getpass
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from peewee import Database
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from gigscrapy import logs
from gigscrapy.broker import TASK_QUEUE, BrokerError, Delivery, Queues, send
from gigscrapy.leagues import League
from gigscrapy.tables import opened
from gigscrapy.tasks import ARGUMENTS, check, select, write_task, written
from schema import runs
from schema.messages import Refused, letter_hash
from schema.models import DeadLetters, Runs

LOOK_SECONDS = 1.0

NOT_CRAWLED = 40
"""Exit code of one that was lost or cancelled, had failed, or was refused as a task."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "WHAT [-a NAME=VALUE]… [--wait]"

    def short_desc(self) -> str:
        return "Ask for crawls: leagues, sport:NAME, country:NAME, all"

    def long_desc(self) -> str:
        return (
            "Put a task into the queue, which `scrapy worker` has crawled. WHAT is leagues (`scrapy leagues` lists"
            " them) or gig-benchmark's keys, sport:football, country:France, sport/country, or all; several with commas"
            " between."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        told = f"argument of the spiders: {', '.join(ARGUMENTS)}"
        parser.add_argument("-a", dest="arguments", action="append", default=[], metavar="NAME=VALUE", help=told)
        parser.add_argument("--by", help="who asks, for the admin's Runs (default: the user)")
        parser.add_argument("--wait", action="store_true", help="until all have ended; its exit code is the worst one")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if not args:
            raise UsageError("scrapy ask takes what is to be crawled: ligue1, sport:tennis, all", print_help=False)
        assert self.settings is not None
        logs.start(self.settings, "ask")
        what = ",".join(args)
        leagues, arguments = read(what, opts.arguments)
        task_id = uuid4().hex
        by = opts.by or user()
        body = write_task(what, arguments, requested_by=by, task_id=task_id)
        self.send(task_id, body)
        for league in leagues:
            say(f"{league.name}  {league.title}  {runs.run_id_of(task_id, league.name)}")
        say(f"task {task_id}: {len(leagues)} leagues are asked for")
        if opts.wait:
            with opened(self.settings) as database:
                try:
                    self.exitcode = follow(database, task_id, body, leagues, written(arguments))
                except KeyboardInterrupt:
                    say("they go on without being watched; `scrapy runs` shows them")
                    self.exitcode = 130

    def send(self, task_id: str, body: bytes) -> None:
        """:raises UsageError: when the queue does not take it."""
        assert self.settings is not None
        home = Path(self.settings["GIGSCRAPY_HOME"])
        queues = Queues(self.settings["RABBIT_URL"], home, self.settings["RABBIT_QUEUE_TYPE"])
        with in_a_sentence():
            send(queues, TASK_QUEUE, [Delivery(None, body, task_id, datetime.now(UTC))])


def user() -> str | None:
    """Whoever this process belongs to; in a container nobody need be called what its number is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


@contextmanager
def in_a_sentence() -> Iterator[None]:
    """:raises UsageError: for whatever is wrong with the queue."""
    try:
        yield
    except BrokerError as error:
        raise UsageError(str(error), print_help=False) from None
    except OSError as error:
        raise UsageError(
            f"it cannot be put into the queue ({error}): nothing is asked for; do it again when it can",
            print_help=False,
        ) from None


def read(what: str, words: list[str]) -> tuple[tuple[League, ...], dict[str, str]]:
    """The leagues and the arguments that are meant. :raises UsageError: with what could stand instead."""
    try:
        said = arglist_to_dict(words)
    except ValueError:
        raise UsageError("arguments are written -a NAME=VALUE", print_help=False) from None
    if unknown := [name for name in said if name not in ARGUMENTS]:
        raise UsageError(f"arguments are {', '.join(ARGUMENTS)}, not {unknown[0]!r}", print_help=False)
    try:
        leagues = select(what)
        arguments = check(leagues, said)
        written(arguments)
    except Refused as refusal:
        raise UsageError(refusal.detail, print_help=False) from None
    return leagues, arguments


def follow(database: Database, task_id: str, body: bytes, leagues: Sequence[League], arguments: str | None) -> int:
    """Tell what becomes of each league, until all have ended. :returns: the worst exit code."""
    told: dict[str, str] = {}
    while True:
        if reason := refused(database, body):
            say(f"the task is refused: {reason}")
            return NOT_CRAWLED
        found = runs.of_task(database, task_id, [league.name for league in leagues], arguments)
        for run in found:
            state = shown(run)
            if told.get(run.run_id) != state:
                told[run.run_id] = state
                say(f"{run.spider}: {state}")
        if len(found) == len(leagues) and all(run.state in runs.ENDED for run in found):
            return max(ended(run) for run in found)
        time.sleep(LOOK_SECONDS)


def refused(database: Database, body: bytes) -> str | None:
    letter = DeadLetters.select(DeadLetters.detail).where(DeadLetters.body_hash == letter_hash(body, TASK_QUEUE))
    return next((each.detail for each in letter.execute(database)), None)


def shown(run: Runs) -> str:
    verdict = f" ({run.verdict})" if run.verdict else ""
    return f"{run.state}{verdict}{f': {run.sentence}' if run.sentence else ''}"


def ended(run: Runs) -> int:
    """The exit code of a run that has ended."""
    return run.exit_code or 0 if run.state == runs.FINISHED else NOT_CRAWLED


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it is what was asked for
