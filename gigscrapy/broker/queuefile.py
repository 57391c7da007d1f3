"""A durable queue in one SQLite file. Many processes may use it at once, and any may be killed at any moment.

What :meth:`QueueFile.add` returned for is on the disk (WAL, ``synchronous=FULL``). A row that is taken stays in the
file, marked with its holder, until the holder removes it; what a dead holder held is given back by the others.
"""

import asyncio
import contextlib
import errno
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, Self, TypeVar

from gigscrapy.sqlitefile import connect, transaction

BUSY_SECONDS = 10
"""How long a writer waits for the others before it gives up."""

AT_ONCE = 100
"""Rows of one INSERT. A thread that writes them one by one asks for the interpreter's lock at each, and a busy crawl
lets it wait."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- else an id is used again after the queue ran empty
    queue TEXT NOT NULL,
    message_id TEXT,
    body BLOB NOT NULL,
    taken_in REAL NOT NULL,                -- seconds since 1970
    headers TEXT NOT NULL DEFAULT '{}',
    attempts INTEGER NOT NULL DEFAULT 0,
    holder TEXT
);
CREATE INDEX IF NOT EXISTS message_free ON message (queue, id) WHERE holder IS NULL;
CREATE INDEX IF NOT EXISTS message_held ON message (holder) WHERE holder IS NOT NULL;
"""

_COLUMNS = "id, queue, message_id, body, taken_in, attempts, headers"

_ERRNO = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_READONLY: errno.EROFS,
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_CORRUPT: errno.EBADMSG,
    sqlite3.SQLITE_NOTADB: errno.EBADMSG,
}

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One message in the file. ``taken_in`` is in seconds since 1970, ``attempts`` counts holders that gave it back."""

    id: int
    queue: str
    message_id: str | None
    body: bytes
    taken_in: float
    attempts: int = 0
    headers: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class QueueFile:
    """One connection to the file, for one thread at a time.

    Every method raises OSError when the file cannot be read or written: ENOSPC on a full disk, EBADMSG where the file
    is damaged, EBUSY when another process keeps it locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._os_errors():
            self._db = connect(path, _SCHEMA, busy_seconds=BUSY_SECONDS, synchronous="FULL")

    # -- putting in ----------------------------------------------------------------------------------------------------

    def add(
        self, messages: Iterable[tuple[str, str | None, bytes, float]], headers: Mapping[str, Any] | None = None
    ) -> None:
        """Put in ``(queue, message_id, body, taken_in)``, all or none, each with the same ``headers``."""
        left = ((*message, written) for written in (json.dumps(headers or {}),) for message in messages)
        with self._writing() as db:
            while some := list(islice(left, AT_ONCE)):
                marks = ", ".join(["(?, ?, ?, ?, ?)"] * len(some))
                statement = f"INSERT INTO message (queue, message_id, body, taken_in, headers) VALUES {marks}"  # noqa: S608
                db.execute(statement, list(chain.from_iterable(some)))

    # -- reading in order ----------------------------------------------------------------------------------------------

    def rows(self, after: int, limit: int) -> list[Row]:
        """At most ``limit`` rows whose id is above ``after``, oldest first, whoever holds them."""
        with self._os_errors():
            found = self._db.execute(
                f"SELECT {_COLUMNS} FROM message WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608 - a constant
                (after, limit),
            )
            return [_row(values) for values in found]

    def remove(self, ids: Iterable[int]) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))

    def counts(self) -> dict[str, int]:
        """Rows by queue, held or not; a queue without any is absent."""
        with self._os_errors():
            return dict(self._db.execute("SELECT queue, count(*) FROM message GROUP BY queue"))

    # -- taking and keeping --------------------------------------------------------------------------------------------

    def has_free(self, queue: str) -> bool:
        """Whether :meth:`take` would find something. A read: it does not keep writers waiting."""
        with self._os_errors():
            query = "SELECT EXISTS (SELECT 1 FROM message WHERE queue = ? AND holder IS NULL)"
            return bool(self._db.execute(query, (queue,)).fetchone()[0])

    def take(self, queue: str, holder: str, limit: int) -> list[Row]:
        """The oldest free rows of ``queue``, which are ``holder``'s from now on."""
        with self._writing() as db:
            taken = db.execute(
                "UPDATE message SET holder = ? WHERE id IN"  # noqa: S608 - a constant
                " (SELECT id FROM message WHERE queue = ? AND holder IS NULL ORDER BY id LIMIT ?)"
                f" RETURNING {_COLUMNS}",
                (holder, queue, limit),
            ).fetchall()
        return sorted(map(_row, taken), key=lambda row: row.id)  # RETURNING promises no order

    def holders(self) -> list[str]:
        with self._os_errors():
            return [name for (name,) in self._db.execute("SELECT DISTINCT holder FROM message WHERE holder NOTNULL")]

    def give_back(self, holder: str) -> int:
        """Free what ``holder`` holds; how many rows."""
        with self._writing() as db:
            return db.execute(
                "UPDATE message SET holder = NULL, attempts = attempts + 1 WHERE holder = ?", (holder,)
            ).rowcount

    def remove_held(self, holder: str, ids: Iterable[int]) -> None:
        """Forget rows, as far as ``holder`` still holds them."""
        with self._writing() as db:
            db.execute(
                "DELETE FROM message WHERE holder = ? AND id IN (SELECT value FROM json_each(?))",
                (holder, json.dumps(list(ids))),
            )

    def move_held(self, holder: str, id_: int, queue: str, headers: Mapping[str, str]) -> None:
        """Put a row into another queue with ``headers``, as far as ``holder`` still holds it."""
        with self._writing() as db:
            db.execute(
                "UPDATE message SET queue = ?, headers = ?, holder = NULL, attempts = 0 WHERE id = ? AND holder = ?",
                (queue, json.dumps(headers), id_, holder),
            )

    # -- leaving -------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of the file. The last to do so leaves it without its ``-wal`` and ``-shm``."""
        self._db.close()

    def delete(self) -> None:
        """Close, and remove the file; for whoever knows that nobody else uses it."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- how -----------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._os_errors(), transaction(self._db) as db:
            yield db

    @contextlib.contextmanager
    def _os_errors(self) -> Iterator[None]:
        """SQLite's errors are the disk's: say them as the system would."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            raise OSError(_ERRNO.get(code, errno.EIO), str(error), str(self.path)) from error


class GroupCommit:
    """A :class:`QueueFile` for an event loop: one thread writes, and callers who wait at the same time share a commit.

    A commit costs one flush of the disk, however many rows it holds. While one runs, the next collects: one caller
    alone waits for its own row only, a hundred at once share two commits.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.added = 0
        """Rows put in, also where the caller gave up waiting."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=path.stem)
        self.file: QueueFile
        """Once open; only functions given to :meth:`run` may touch it."""
        self._pending: list[tuple[tuple[str, str | None, bytes, float], asyncio.Future[None]]] = []
        self._committing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """:raises OSError: as the file does."""
        try:
            self.file = await self.run(QueueFile, self.path)
        except OSError:
            self._thread.shutdown()
            raise

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``work`` returns; it is done in the writing thread, in turn."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    async def add(self, queue: str, message_id: str | None, body: bytes) -> None:
        """Returns when the row is on the disk. :raises OSError: when it cannot be."""
        done = asyncio.get_running_loop().create_future()
        self._pending.append(((queue, message_id, body, time.time()), done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await done

    async def close(self, leave: Callable[[], None]) -> None:
        """Commit what is pending, then ``leave`` the file (close or delete it) and end the thread."""
        if self._committing is not None:
            await self._committing
        try:
            await self.run(leave)
        finally:
            self._thread.shutdown()

    async def _commit_all(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            (outcome,) = await asyncio.gather(
                self.run(self.file.add, [row for row, _ in batch]), return_exceptions=True
            )
            self.added += 0 if outcome else len(batch)
            for _, done in batch:
                _settle(done, outcome)
        self._committing = None


def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
    """Tell the caller, unless it was cancelled while it waited."""
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _row(values: Sequence[Any]) -> Row:
    id_, queue, message_id, body, taken_in, attempts, headers = values
    return Row(id_, queue, message_id, body, taken_in, attempts, json.loads(headers))
