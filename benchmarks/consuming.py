"""A consumer in a process of its own: ``python -m benchmarks.consuming ours|gig QUEUE-URL TABLES-URL HOME``.

It says ``ready`` when it could begin, begins when it is sent a line, and when the queue is empty says in a line of JSON
what it did (:class:`Consumed`). An empty URL means the spool, or SQLite, in HOME.
"""

import contextlib
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import gig_consumer
from benchmarks.machine import resident
from gigscrapy.broker import receiver
from gigscrapy.consumer import Consumer, Totals
from schema.database import connect, hang_up
from tests import ROOT

OURS, GIG = "ours", "gig"


@dataclass(frozen=True, slots=True)
class Consumed:
    """What one consumer did: messages, from when to when (seconds since 1970), how often it had to try again.

    :ivar resident: bytes of it that were in memory, by how many messages it had settled.
    """

    messages: int
    began: float
    ended: float
    held: int
    resident: dict[int, int]


def consume(url: str | None, database_url: str | None, home: Path, marks: Sequence[int]) -> Consumed:
    """Our consumer, as ``scrapy consume --drain`` runs it."""
    held = Held()
    logging.getLogger("gigscrapy.consumer").addHandler(held)
    memory: dict[int, int] = {}
    remaining = sorted(marks)
    ended = began = time.time()

    def watch(totals: Totals) -> None:
        nonlocal ended
        ended = time.time()
        while remaining and totals.messages >= remaining[0]:
            memory[remaining.pop(0)] = resident()

    consumer = Consumer(receiver(url, home), connect(database_url, home), watch=watch)
    consumer.run(drain=True)
    return Consumed(consumer.totals.messages, began, ended, held.times, memory)


def consume_as_gig(url: str, database_url: str, count: int) -> Consumed:
    database = connect(database_url, Path())
    gig_consumer.make_tables(database)
    began = 0.0

    def begun() -> None:
        nonlocal began
        wait_for_word()
        began = time.time()

    gig_consumer.consume(url, count, begun=begun)
    ended = time.time()
    hang_up(database)
    return Consumed(count, began, ended, 0, {})


class Held(logging.Handler):
    """Counts how often a batch had to be tried again: a deadlock would show here."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.times = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.times += "held for" in str(record.msg)


def wait_for_word() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main() -> None:
    way, url, database_url, home, *numbers = sys.argv[1:]
    logging.lastResort = None  # only what goes wrong would be said
    if way == GIG:
        consumed = consume_as_gig(url, database_url, int(numbers[0]))
    else:
        wait_for_word()
        consumed = consume(url or None, database_url or None, Path(home), [int(number) for number in numbers])
    sys.stdout.write(json.dumps(asdict(consumed)))


# -- from outside ------------------------------------------------------------------------------------------------------


def consumers(
    way: str, url: str | None, database_url: str | None, home: Path, *, together: int = 1, numbers: Sequence[int] = ()
) -> list[Consumed]:
    """So many consumers, begun at the same moment; each when it is done."""
    command = [sys.executable, "-m", "benchmarks.consuming", way, url or "", database_url or "", str(home)]
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(process([*command, *map(str, numbers)])) for _ in range(together)]
        for one in crowd:
            one.begin()
        return [one.end() for one in crowd]


@dataclass(frozen=True, slots=True)
class Running:
    """A consumer's process, from outside."""

    begin: Callable[[], None]
    end: Callable[[], Consumed]


@contextlib.contextmanager
def process(command: Sequence[str]) -> Iterator[Running]:
    """Started and ready; killed where it was not waited for."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as popen:
        assert popen.stdin
        assert popen.stdout
        said = popen.stdout

        def begin() -> None:
            assert popen.stdin
            popen.stdin.write("go\n")
            popen.stdin.flush()

        def end() -> Consumed:
            fields = json.loads(said.readline())
            fields["resident"] = {int(mark): size for mark, size in fields["resident"].items()}
            return Consumed(**fields)

        try:
            assert said.readline() == "ready\n", f"{' '.join(command)} does not begin"
            yield Running(begin, end)
        finally:
            popen.kill()


if __name__ == "__main__":
    main()
