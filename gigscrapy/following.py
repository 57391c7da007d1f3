"""Follows one run until it has ended, by looking at its row about once a second. It asks nothing of the crawl."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from peewee import Database, PeeweeException

from gigscrapy.finding import NoSuchRun
from schema.database import Fault, explain, fault_of, hang_up
from schema.models import Runs
from schema.names import on_one_line
from schema.progress import Progress
from schema.runs import ENDED, QUEUED

POLL_SECONDS = 1.0
LONGEST_PAUSE = 5.0
"""Between two attempts to reach a database that is away."""

READ_AT_ONCE = 2**20
"""Bytes of a log file; what is longer is read the next time."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a run at one look.

    :ivar before: queued runs that were asked for before it, while it is queued itself; :ivar trouble: why nothing could
        be seen, the last sight is shown then.
    """

    run: Runs
    progress: Progress
    before: int = 0
    trouble: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.trouble is None and self.run.state in ENDED

    @property
    def key(self) -> tuple[object, ...]:
        """What has to change for it to be news."""
        run, seen = self.run, self.progress
        counts = (run.parsed, run.discovered, run.stored, run.refused, run.retries, run.error_count)
        return (run.state, run.current, counts, seen.is_silent, run.cancel_asked_at, self.before, self.trouble)


def follow(database: Database, run: Runs, pause: Callable[[float], object] = time.sleep) -> Iterator[Sight]:
    """What is seen of ``run``, look by look, the last one when it has ended.

    A database that is away, or busy, is waited for.

    :raises PeeweeException: where waiting would not help; :raises NoSuchRun: when the run is there no more.
    """
    sight = Sight(run, Progress.of(run, datetime.now(UTC)))
    seconds = POLL_SECONDS
    while True:
        try:
            sight, seconds = look(database, run.id), POLL_SECONDS
        except PeeweeException as error:
            hang_up(database)
            if fault_of(error) is not Fault.PASSING:
                raise
            sight = Sight(sight.run, Progress.of(sight.run, datetime.now(UTC)), sight.before, explain(error))
            seconds = min(2 * seconds, LONGEST_PAUSE)
        yield sight
        if sight.has_ended:
            return
        pause(seconds)


def look(database: Database, number: int) -> Sight:
    """One look at the row of that number.

    :raises PeeweeException: when it cannot be seen; :raises NoSuchRun: when it is there no more.
    """
    run = next(iter(Runs.select().where(Runs.id == number).execute(database)), None)
    if run is None:
        raise NoSuchRun("the run is in the tables no more")
    before = 0
    if run.state == QUEUED and run.requested_at is not None:
        earlier = (Runs.state == QUEUED) & (
            (Runs.requested_at < run.requested_at) | ((Runs.requested_at == run.requested_at) & (Runs.id < run.id))
        )
        before = int(Runs.select().where(earlier).count(database))
    return Sight(run, Progress.of(run, datetime.now(UTC)), before)


def log_path(home: Path, run: Runs) -> Path | None:
    """Where the Scrapyd of this machine has a run's log; ``None`` where no file could have that name."""
    names = (run.spider or "", run.run_id)
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) for name in names):
        return None
    return home / "scrapyd" / "logs" / "gigscrapy" / names[0] / f"{names[1]}.log"


@dataclass
class LogFile:
    """A log that grows, line by line; it may not be there yet."""

    path: Path
    _file: IO[bytes] | None = None
    _rest: bytes = field(default=b"", repr=False)

    def lines(self) -> list[str]:
        """What has come since the last call, without the line that is not whole yet; nothing in it moves a cursor."""
        if self._file is None:
            try:
                self._file = self.path.open("rb")
            except OSError:
                return []
        *whole, self._rest = (self._rest + self._file.read(READ_AT_ONCE)).split(b"\n")
        return [on_one_line(line.decode("utf-8", "backslashreplace")) for line in whole]

    @property
    def is_there(self) -> bool:
        return self._file is not None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
