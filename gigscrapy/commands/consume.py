"""``scrapy consume``: from the queue into the tables, until told to stop; with ``--drain`` until the queue is empty."""

import argparse
import logging
import signal
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.status import Status
from scrapy.settings import BaseSettings

from gigscrapy import logs
from gigscrapy.broker import BrokerError, receiver
from gigscrapy.commanding import OptionsOnly
from gigscrapy.consumer import Consumer, Totals
from gigscrapy.patience import Halt
from gigscrapy.quarantine import Quarantine
from gigscrapy.terminal import follow_stderr
from schema.database import BadDatabaseUrl, connect, masked

MENDED_BY_A_PERSON = 78
"""Exit code (EX_CONFIG): starting it again would not help."""

logger = logging.getLogger(__name__)


class Stoppable(Protocol):
    is_stopping: bool

    def stop(self) -> None: ...


class Command(OptionsOnly):
    def short_desc(self) -> str:
        return "Store what the queue brings"

    def long_desc(self) -> str:
        return (
            "Store what the queue brings, batch by batch, until told to stop (Ctrl-C or SIGTERM: the present batch is"
            " finished; a second time: at once)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--drain", action="store_true", help="return when the queue is empty")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        settings = self.settings_for(args)
        logs.start(settings, "consume")
        started = time.monotonic()
        try:
            with rate(shown=not logs.as_json(settings)) as watch:
                consumer = self._consumer(settings, watch)
                consumer.run(drain=opts.drain)
        except (BadDatabaseUrl, BrokerError, Halt) as error:
            logger.critical("%s", error)
            self.exitcode = MENDED_BY_A_PERSON
        else:
            print(summary(consumer.totals, time.monotonic() - started))  # noqa: T201

    def _consumer(self, settings: BaseSettings, watch: "Rate") -> Consumer:
        rabbit_url, database_url = settings["RABBIT_URL"], settings["DATABASE_URL"]
        home = Path(settings["GIGSCRAPY_HOME"])
        consumer = Consumer(
            receiver(rabbit_url, home, queue_type=settings["RABBIT_QUEUE_TYPE"]),
            connect(database_url, home),
            watch=watch,
            quarantine=quarantine(home),
        )
        source = masked(rabbit_url) if rabbit_url else f"the spool in {home}"
        target = masked(database_url) if database_url else f"SQLite in {home}"
        logger.info("from %s into %s", source, target)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop(consumer))
        return consumer


def quarantine(home: Path) -> Quarantine | None:
    """Where nothing can be noted in ``home`` a message that kills is not recognised; all others are stored as ever."""
    try:
        return Quarantine.enter(home)
    except OSError as error:
        logger.warning("a message that kills the consumer would not be recognised: nothing can be noted (%s)", error)
        return None


def stop(consumer: Stoppable) -> None:
    """The first signal asks, the second does not."""
    if consumer.is_stopping:
        raise KeyboardInterrupt
    consumer.stop()


def summary(totals: Totals, seconds: float) -> str:
    """What was done, in one line for a person."""
    return (
        f"{totals.messages} messages in {seconds:.1f} s, {totals.seconds:.1f} s of them busy: "
        f"{totals.prices} prices in {totals.stored} quotes, {totals.duplicates} duplicates, {totals.refused} refused"
    )


class Rate:
    """Shows the pace of the last batches, where there is somebody to see it."""

    def __init__(self, status: Status | None) -> None:
        self._status = status
        self._pace: deque[tuple[float, int]] = deque(maxlen=20)

    def __call__(self, totals: Totals) -> None:
        if self._status is None:
            return
        self._pace.append((time.monotonic(), totals.messages))
        (since, before), (now, after) = self._pace[0], self._pace[-1]
        pace = f"{(after - before) / (now - since):.0f} messages/s, " if now > since else ""
        self._status.update(f"{pace}{totals.messages} in all, {totals.refused} refused")


@contextmanager
def rate(*, shown: bool) -> Iterator[Rate]:
    """A line that moves on a terminal, where it is to be shown; nothing elsewhere."""
    console = Console(stderr=True)
    if not shown or not console.is_terminal:
        yield Rate(None)
        return
    with console.status("waiting for messages") as status:
        follow_stderr()
        yield Rate(status)
    follow_stderr()
