"""One SQLite file for many processes, any of which may be killed at any moment: how it is made, opened and written."""

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path


def connect(path: Path, schema: str, *, busy_seconds: float, synchronous: str) -> sqlite3.Connection:
    """A connection in WAL mode, for one thread at a time; the file is made where there is none.

    :param schema: statements that make the tables, which may be there already.
    :param busy_seconds: how long a writer waits for the others before it gives up.
    :param synchronous: SQLite's own word: ``FULL``, a commit survives a power cut; ``NORMAL``, the last ones may not.
    :raises OSError or sqlite3.Error: when the file cannot be used.
    """
    _create_private(path)
    db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _turn_to_wal(db, busy_seconds)
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.executescript(schema)
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One transaction. It locks at once: a reader that turns writer half-way is refused without any waiting."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _create_private(path: Path) -> None:
    """Make the file, for its owner only, before SQLite makes it for everybody."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink():
        raise OSError(errno.ELOOP, "a link is not followed", str(path))
    # An existing file is not opened: closing it again would free the locks of every other connection of this process.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))


def _turn_to_wal(db: sqlite3.Connection, busy_seconds: float) -> None:
    """SQLite does not wait here when others open the same new file; so we do."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
