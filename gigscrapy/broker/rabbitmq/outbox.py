"""The write-ahead outbox of a run: ``outbox/<owner>.sqlite3`` in the home directory, until RabbitMQ has confirmed all.

While its run lives the file is locked. What a dead run left is moved into the outbox of the next one.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from gigscrapy.broker import BrokerError
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.broker.queuefile import GroupCommit, QueueFile, Row

logger = logging.getLogger(__name__)

ADOPT_AT_ONCE = 1000
"""Rows that are in memory while a file is moved."""

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Outbox:
    """See above. Used from one event loop; :meth:`open` first.

    :ivar adopted: rows that were there when it was opened, or came from the dead.
    :raises BrokerError: when ``owner`` is no name for a file.
    """

    def __init__(self, home: Path, owner: str) -> None:
        if not _OWNER.fullmatch(owner):
            raise BrokerError(f"{owner!r} is no name for a run: letters, digits, '.', '_' and '-' are expected")
        self.adopted = 0
        self._commits = GroupCommit(_folder(home) / f"{owner}.sqlite3")
        self._lock: OwnerLock

    @property
    def path(self) -> Path:
        return self._commits.path

    @property
    def added(self) -> int:
        """Messages that this run made durable."""
        return self._commits.added

    async def open(self) -> None:
        """Take possession, and adopt what the dead left.

        :raises BrokerError: when it cannot be written, or a run of the same name is alive.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = OwnerLock.take(_lock_of(self.path))
            if lock is None:
                raise BrokerError(
                    f"another run named {self.path.stem} is alive: wait for its end, or name this one otherwise"
                )
            self._lock = lock
            try:
                await self._commits.open()
                self.adopted = await self._commits.run(_adopt_all, self._commits.file)
            except BaseException:
                lock.release()
                raise
        except OSError as error:
            raise BrokerError(
                f"the outbox {error.filename} cannot be used ({error.strerror}):"
                " check its directory and the rights on it"
            ) from error

    async def add(self, queue: str, message_id: str, body: bytes) -> None:
        """Returns when it is on the disk. :raises OSError: when it cannot be."""
        await self._commits.add(queue, message_id, body)

    async def rows(self, after: int, limit: int) -> list[Row]:
        """What waits, oldest first, from the row behind ``after`` on."""
        return await self._commits.run(self._commits.file.rows, after, limit)

    async def remove(self, ids: Sequence[int]) -> None:
        """These are the broker's now. :raises OSError: when the disk will not forget them."""
        await self._commits.run(self._commits.file.remove, ids)

    async def close(self) -> int:
        """Leave: an empty file is deleted, any other stays for the next run. How many rows stay."""
        left = 0

        def leave() -> None:
            nonlocal left
            file = self._commits.file
            left = sum(file.counts().values())
            (file.close if left else file.delete)()

        try:
            await self._commits.close(leave)
        finally:
            self._lock.release()
        return left


def waiting(home: Path) -> int:
    """Messages in all outboxes, of the living and the dead; one that cannot be read is named, and not counted."""
    return sum(map(_count, _folder(home).glob("*.sqlite3")))


def _count(path: Path) -> int:
    try:
        with QueueFile(path) as file:
            return sum(file.counts().values())
    except OSError as error:
        logger.warning("the outbox %s cannot be read (%s): it is not counted", path, error.strerror)
        return 0


def _adopt_all(mine: QueueFile) -> int:
    """Move into ``mine`` what dead runs left beside it; how many rows it then has."""
    for path in sorted(mine.path.parent.glob("*.sqlite3")):
        if path == mine.path or (lock := OwnerLock.take(_lock_of(path))) is None:
            continue
        try:
            count = _adopt(mine, path)
        except OSError as error:  # damaged, or another user's: it must not keep this run from crawling
            logger.warning("the outbox %s of an earlier run cannot be read (%s): it is left", path, error.strerror)
        else:
            if count:
                logger.warning("%d messages that run %s could not send are sent by this one", count, path.stem)
        finally:
            lock.release()
    return sum(mine.counts().values())


def _adopt(mine: QueueFile, path: Path) -> int:
    """Move all rows. A kill in between leaves some in both files: they are sent twice, and kept once by the store."""
    with QueueFile(path) as theirs:
        count = 0
        while rows := theirs.rows(after=0, limit=ADOPT_AT_ONCE):
            mine.add((row.queue, row.message_id, row.body, row.taken_in) for row in rows)
            theirs.remove(row.id for row in rows)
            count += len(rows)
        theirs.delete()
    return count


def _folder(home: Path) -> Path:
    return home / "outbox"


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")
