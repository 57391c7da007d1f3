"""The project's commands in processes of their own, which a test may signal, kill, and read the log of."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest import mock

from gigscrapy.broker import QUEUE, depths, receiver
from gigscrapy.consumer import Consumer, Totals
from schema.database import connect
from tests import OWN_ENVIRONMENT, OWN_SITE, ROOT
from tests.faults.failpoint import PATIENCE, SILENT
from tests.faults.witness import VARIABLE
from tests.services import die_with_parent

LONG_SECONDS = 100
"""Longer than anything here takes on a machine that is busy with something else."""

RUNNING_OPTIONS = ("environment", "failpoint", "witness", "patience", "silent", "before")

_numbers = itertools.count(1)


class Running:
    """A command that runs. ``log`` is all it has written so far, on either stream."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self._process = process
        self._log = log
        self.pid = process.pid

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def wait(self, seconds: float = LONG_SECONDS) -> int:
        """Its exit code, negative for the signal that killed it."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s: {self.log[-2000:]}") from None

    def until(self, condition: str | Callable[[], object], seconds: float = LONG_SECONDS) -> None:
        """Wait until the log has this text, or the condition holds; it must, before the process ends."""
        is_met = (lambda: condition in self.log) if isinstance(condition, str) else condition
        deadline = time.monotonic() + seconds
        while not is_met():
            ended = self.is_over
            if ended and is_met():
                return
            assert not ended, f"it ended ({self._process.returncode}) before that: {self.log[-2000:]}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.log[-2000:]}"
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill9(self) -> None:
        """Nothing of it runs afterwards."""
        self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def running(
    *arguments: str,
    home: Path,
    environment: dict[str, str] | None = None,
    failpoint: Sequence[str] = (),
    witness: Path | None = None,
    patience: float = LONG_SECONDS,
    silent: bool = False,
    before: Callable[[], None] = lambda: None,
    **settings: object,
) -> Iterator[Running]:
    """A Scrapy command, ended with the block.

    :param failpoint: the four words of :mod:`tests.faults.failpoint`; :param witness: file of
        :mod:`tests.faults.witness`; :param patience: seconds that a crawl's end waits for RabbitMQ, which is half a
        minute in earnest; :param silent: whether a crawl reports at its start and its end only; :param before: called in the new process before anything else is.
    """
    options = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    own = {"GIGSCRAPY_HOME": str(home), PATIENCE: str(patience), SILENT: "1" if silent else ""}
    own |= {VARIABLE: str(witness)} if witness else {}
    home.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.{next(_numbers)}.log"

    def prepare() -> None:
        die_with_parent()
        before()

    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.failpoint", *failpoint, "--", *arguments, *options],
            cwd=ROOT,
            env=inherited | own | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=prepare,  # noqa: PLW1509 - no lock is taken there
        )
    try:
        yield Running(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def crawling(
    site: str, home: Path, league: str = "ligue1", **options: object
) -> contextlib.AbstractContextManager[Running]:
    """``scrapy crawl``, as :func:`running`; options in capitals are settings, those of `running` are its own, the rest
    are arguments of the spider.
    """
    own = {name: options.pop(name) for name in RUNNING_OPTIONS if name in options}
    arguments = [word for name, value in options.items() if name.islower() for word in ("-a", f"{name}={value}")]
    settings = {name: value for name, value in options.items() if name.isupper()}
    merged = OWN_SITE | {"LOG_LEVEL": "INFO", "SITE_URL": site, "DOWNLOAD_TIMEOUT": 170} | settings
    return running("crawl", league, *arguments, home=home, **own, **merged)  # type: ignore[arg-type]


def consume_all(home: Path, *, rabbit_url: str | None = None, database_url: str | None = None) -> Totals:
    """Store all that the queue holds, in this process."""
    together = Totals()
    while True:
        consumer = Consumer(receiver(rabbit_url, home), connect(database_url, home))
        with mock.patch("gigscrapy.consumer.DRAIN_SECONDS", 0.3):  # asked again below, so it need not be patient
            consumer.run(drain=True)
        for name in Totals.__slots__:
            setattr(together, name, getattr(together, name) + getattr(consumer.totals, name))
        if not consumer.totals.messages and not depths(rabbit_url, home)[QUEUE]:
            return together
