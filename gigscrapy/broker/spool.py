"""The embedded queue, for a machine without RabbitMQ: ``spool.sqlite3`` in the home directory."""

import contextlib
import errno
import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gigscrapy.broker import QUEUE, BrokerError, Delivery, dead_letter_headers, dead_queue
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.broker.queuefile import GroupCommit, QueueFile, Row

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.05
"""How often a waiting receiver looks; each look is one read of an index."""


def spool_path(home: Path) -> Path:
    return home / "spool.sqlite3"


class SpoolPublisher:
    """See :class:`gigscrapy.broker.Publisher`. What is durable here is where the consumer reads it: nothing waits."""

    def __init__(self, home: Path) -> None:
        self._commits = GroupCommit(spool_path(home))

    async def open(self) -> None:
        try:
            await self._commits.open()
        except OSError as error:
            raise BrokerError(_unusable(error)) from error
        logger.info("quotes go to the spool %s (no RABBIT_URL is set)", self._commits.path)

    async def publish(self, message_id: str, body: bytes) -> None:
        await self._commits.add(QUEUE, message_id, body)

    async def close(self, patience: float = 30) -> None:
        await self._commits.close(self._commits.file.close)

    def counts(self) -> Mapping[str, int]:
        return {"published": self._commits.added, "confirmed": self._commits.added, "waiting": 0, "adopted": 0}


class SpoolReceiver:
    """See :class:`gigscrapy.broker.Receiver`. Several may receive at once, in one process or in many."""

    def __init__(self, home: Path, queue: str = QUEUE) -> None:
        self._path = spool_path(home)
        self._queue = queue
        self._hold: _Hold | None = None

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        if self._hold is None:
            self._hold = _Hold(self._path)
            logger.info("messages come from queue %s of the spool %s (no RABBIT_URL is set)", self._queue, self._path)
        with self._connection_errors():
            self._hold.take_from_the_dead()
            return self._collect(self._hold, limit, timeout)

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        hold = self._holding(deliveries)
        with self._connection_errors():
            hold.file.remove_held(hold.name, [delivery.tag[1] for delivery in deliveries])

    def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        hold = self._holding([delivery])
        with self._connection_errors():
            headers = dead_letter_headers(delivery, reason, detail)
            hold.file.move_held(hold.name, delivery.tag[1], dead_queue(self._queue), headers)

    def close(self) -> None:
        if self._hold is not None:
            self._hold.let_go()
        self._hold = None

    def _holding(self, deliveries: Sequence[Delivery]) -> "_Hold":
        if self._hold is None or any(delivery.tag[0] != self._hold.name for delivery in deliveries):
            raise ConnectionError("the spool was left since this was received: it is delivered anew")
        return self._hold

    def _collect(self, hold: "_Hold", limit: int, timeout: float) -> list[Delivery]:
        taken: list[Row] = []
        deadline = time.monotonic() + timeout
        while True:
            if hold.file.has_free(self._queue):
                if not taken:
                    deadline = time.monotonic() + timeout
                taken += hold.file.take(self._queue, hold.name, limit - len(taken))
            left = deadline - time.monotonic()
            if len(taken) >= limit or left <= 0:
                return [_delivery(row, hold.name) for row in taken]
            time.sleep(min(left, POLL_SECONDS))

    @contextlib.contextmanager
    def _connection_errors(self) -> Iterator[None]:
        """A full disk or a locked file may be well again later, a damaged file not. All that is held is given back."""
        try:
            yield
        except OSError as error:
            self.close()
            if error.errno == errno.EBADMSG:
                raise BrokerError(_unusable(error)) from error
            raise ConnectionError(f"{error.filename}: {error.strerror}") from error


class _Hold:
    """The file, open, and a name under which rows of it are held: until it lets go, or dies.

    :raises BrokerError: when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.name = uuid.uuid4().hex
        self._locks = path.with_name("spool.receivers")
        try:
            self.file = QueueFile(path)
            self._locks.mkdir(mode=0o700, exist_ok=True)
            lock = OwnerLock.take(self._lock_path(self.name))
        except OSError as error:
            raise BrokerError(_unusable(error)) from error
        assert lock is not None, "nobody else has this name"
        self._lock = lock

    def take_from_the_dead(self) -> None:
        """Free what is held under a name whose lock nobody keeps."""
        for holder in self.file.holders():
            if holder != self.name and (lock := OwnerLock.take(self._lock_path(holder))) is not None:
                count = self.file.give_back(holder)
                lock.release()
                logger.warning("a consumer died holding %d messages: they are delivered again", count)

    def let_go(self) -> None:
        with contextlib.suppress(OSError):  # whoever comes next finds the lock free, and does it in our place
            self.file.give_back(self.name)
        self.file.close()
        self._lock.release()

    def _lock_path(self, holder: str) -> Path:
        return self._locks / f"{holder}.lock"


def put_all(home: Path, queue: str, deliveries: Sequence[Delivery], headers: Mapping[str, Any] | None = None) -> None:
    """See :func:`gigscrapy.broker.send`: all or none."""
    messages = ((queue, each.message_id, each.body, each.received_at.timestamp()) for each in deliveries)
    with QueueFile(spool_path(home)) as file:
        file.add(messages, headers)


def depths(home: Path) -> dict[str, int]:
    """Messages by queue. :raises BrokerError: when the spool cannot be used."""
    path = spool_path(home)
    if not path.exists():
        return {}
    try:
        with QueueFile(path) as file:
            return file.counts()
    except OSError as error:
        raise BrokerError(_unusable(error)) from error


def _delivery(row: Row, holder: str) -> Delivery:
    return Delivery(
        tag=(holder, row.id),
        body=row.body,
        message_id=row.message_id,
        received_at=datetime.fromtimestamp(row.taken_in, UTC),
        attempts=row.attempts,
        headers=row.headers,
    )


def _unusable(error: OSError) -> str:
    advice = (
        "move it aside, with its -wal and -shm, and start again"
        if error.errno == errno.EBADMSG
        else "check its directory and the rights on it"
    )
    return f"the spool {error.filename} cannot be used ({error.strerror}): {advice}"
