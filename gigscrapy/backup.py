"""Copies of the embedded database, taken and put back while it is in use.

A copy is the database as it was at one instant: the file is read through one snapshot of it, whoever writes meanwhile.
It is written beside its place and takes its name when it is whole and checked; nothing half done ever has it.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.quarantine import living
from schema.database import connect, hang_up
from schema.migrations import HISTORY, migrate, names

FOLDER = "backups"
NAME = "gigscrapy-{:%Y-%m-%dT%H%M%SZ}.sqlite3"
PATTERN = "gigscrapy-????-??-??T??????Z.sqlite3"

PAGES = 256
"""Of SQLite, read at once: a megabyte. Between two handfuls it can be broken off."""

BUSY_SECONDS = 30
"""How long a writer of the database that is put back is waited for."""

PATIENCE = 0.5
"""Seconds of it that SQLite waits by itself, without asking whether it is to go on."""

_OURS = {"Odds", "LatestOdds", "Matches", "Messages", HISTORY}
"""Tables that every database of ours has had since the first."""

_NOT_WHOLE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class Unusable(Exception):
    """A file cannot be copied or put back; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds. ``newest``: its newest price; ``known``: when the first and the last of the messages that
    its ledger knows were stored. Naive UTC as the tables have it, as text; ``None`` where there is none.
    """

    prices: int
    matches: int
    newest: str | None
    known: tuple[str | None, str | None]


# -- taking one --------------------------------------------------------------------------------------------------------


def take(live: Path, target: Path) -> Contents:
    """Copy the database at ``live`` to ``target``, which is not there yet, readable by its owner only.

    :returns: what the copy holds.
    :raises Unusable: when there is none, it is damaged, or something of that name is there; :raises OSError.
    """
    if not live.is_file():
        raise Unusable(f"there is no database at {live} yet")
    with _sqlite_errors(live), _written_beside(target) as part, closing(_open(live)) as source:
        # One snapshot for the whole of it: else each write of another process would have the copy begin anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(part, isolation_level=None)) as copy:
            source.backup(copy, pages=PAGES, progress=lambda *_: None)
            copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file, wherever it is taken
            _check(copy, live)
            return _contents(copy)


def take_dated(live: Path, home: Path, now: datetime) -> tuple[Path, Contents]:
    """The same, into the folder of backups, named by the instant ``now`` (aware); where it is, and what it holds."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in folder.glob(".*.part"):
        _clear(part)
    path = folder / NAME.format(now.astimezone(UTC))
    return path, take(live, path)


def remove_old(home: Path, keep: int) -> list[Path]:
    """Leave the ``keep`` newest copies in the folder of backups; those that are gone. Other files are left alone."""
    old = sorted((home / FOLDER).glob(PATTERN))[:-keep]
    for path in old:
        path.unlink(missing_ok=True)
    return old


# -- putting it back ---------------------------------------------------------------------------------------------------


def put_back(copy: Path, live: Path, home: Path, now: datetime) -> tuple[Contents, Path | None]:
    """Make the database at ``live`` what ``copy`` is, brought up to date.

    Whoever reads meanwhile sees all of the old one or all of the new one. Nobody may write: a consumer knows rows by
    numbers that are others in the copy.

    :returns: what it now holds, and where the one that was there is kept; ``None`` where there was none.
    :raises Unusable: when ``copy`` is no such database, damaged, or newer than this program; when a consumer lives or a
        writer does not end.
    """
    _examine(copy)
    _nobody_consumes(home)
    aside = live.with_name(f"{live.name}.before-restore-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}")
    prepared = live.with_name(f".{live.name}.restore")
    with _locked(prepared):
        try:
            take(copy, prepared)
            _bring_up_to_date(prepared)
            kept = _replace(prepared, live, aside, home)
        finally:
            _remove(prepared)
    with _sqlite_errors(live), closing(_open(live)) as db:
        return _contents(db), kept


def _examine(copy: Path) -> None:
    """:raises Unusable: when ``copy`` is no database of ours that this program understands."""
    if not copy.is_file():
        raise Unusable(f"there is no file {copy}")
    with _sqlite_errors(copy), closing(_open(copy)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= _OURS:
            raise Unusable(f"{copy} is a database, but not gigscrapy's")
        applied = {name for (name,) in db.execute(f"SELECT name FROM {HISTORY}")}  # noqa: S608 - a constant
        if newer := sorted(applied - set(names())):
            raise Unusable(f"{copy} is of a newer gigscrapy, which has {', '.join(newer)}: install that one first")


def _bring_up_to_date(path: Path) -> None:
    database = connect(f"sqlite:///{path}", path.parent)
    try:
        migrate(database)
    finally:
        hang_up(database)


def _replace(prepared: Path, live: Path, aside: Path, home: Path) -> Path | None:
    """``prepared`` into ``live``; where the old one is kept."""
    if not live.exists():
        take(prepared, live)
        return None
    if _is_damaged(live):
        # Nobody can use it, and nothing can be written into it: it goes, with what belongs to it.
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{live}{end}").rename(f"{aside}{end}")
        take(prepared, live)
        return aside
    _write_into(prepared, live, aside, home)
    return aside


def _write_into(prepared: Path, live: Path, aside: Path, home: Path) -> None:
    """Copy page by page inside of one transaction; ``live`` is kept once nobody else can write any more."""
    deadline = time.monotonic() + BUSY_SECONDS

    def between_pages(status: int, _left: int, _pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            if time.monotonic() > deadline:
                raise Unusable(f"another process has been writing to {live} for {BUSY_SECONDS} s: stop it")
        elif not aside.exists():
            _nobody_consumes(home)
            take(live, aside)

    with _sqlite_errors(live), closing(_open(prepared)) as source, closing(_open(live, "rw")) as target:
        target.execute("PRAGMA synchronous = FULL")
        # One page first: with it the lock is taken, and it is held until all of them are there.
        source.backup(target, pages=1, progress=between_pages, sleep=0.05)


def _is_damaged(path: Path) -> bool:
    try:
        with _sqlite_errors(path), closing(_open(path)) as db:
            _check(db, path)
    except Unusable:
        return True
    return False


def _nobody_consumes(home: Path) -> None:
    if living(home):
        raise Unusable("a consumer is running: stop it first, and start it again afterwards")


# -- how ---------------------------------------------------------------------------------------------------------------


def _open(path: Path, mode: str = "ro") -> sqlite3.Connection:
    """Of a file that is there; it is not made."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=PATIENCE)


def _check(db: sqlite3.Connection, path: Path) -> None:
    """:raises Unusable: when what is read there contradicts itself."""
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise Unusable(f"{path} is damaged ({' '.join(str(found).split())})")


def _contents(db: sqlite3.Connection) -> Contents:
    def one(query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = db.execute(query).fetchone()
        return row

    (prices,), (matches,) = one("SELECT count(*) FROM Odds"), one("SELECT count(*) FROM Matches")
    (newest,) = one("SELECT max(scraped_at) FROM Odds")
    first, last = one("SELECT min(stored_at), max(stored_at) FROM Messages")
    return Contents(prices, matches, newest, (first, last))


@contextmanager
def _written_beside(target: Path) -> Iterator[Path]:
    """A file to write into, which becomes ``target`` when the block has ended well, and is on the disk then."""
    part = target.with_name(f".{target.name}.part")
    if not target.parent.is_dir():
        raise Unusable(f"there is no folder {target.parent}")
    with _locked(part):
        _remove(part)
        if target.exists():
            raise Unusable(f"{target} is there already: name another file, or move it away")
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        try:
            yield part
            _flush(part)
            part.rename(target)
            _flush(target.parent)
        finally:
            _remove(part)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Nobody else writes ``path`` meanwhile. :raises Unusable: when somebody does."""
    lock = OwnerLock.take(_lock_of(path))
    if lock is None:
        raise Unusable(f"another process is writing {path}: wait for its end")
    try:
        yield
    finally:
        lock.release()


def _clear(part: Path) -> None:
    """Remove what one that was killed has left."""
    if lock := OwnerLock.take(_lock_of(part)):
        _remove(part)
        lock.release()


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _flush(path: Path) -> None:
    """What is written is on the disk; of a folder, what it lists."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as a sentence that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            raise Unusable(f"{path} is no SQLite database") from error
        if name.startswith(_NOT_WHOLE):
            raise Unusable(f"{path} is damaged ({error})") from error
        raise OSError(errno.EIO, f"SQLite says: {error}", str(path)) from error
