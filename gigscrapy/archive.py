"""The archive of pages: the text of each page that a parser was given, so that it can be read again.

The folder ``pages`` in GIGSCRAPY_HOME holds each text once, compressed, under the hash of what it says; beside them an
index (SQLite) tells when, where, by which run and what for each was fetched. Several crawls may use it at once, and any
may be killed at any moment: whoever writes holds the index's only lock, a text is renamed into its place when it is
whole, and entered after that. Nothing is flushed to the disk for it; a power cut may cost the last pages, which
are then not there, or not what their hash says, and are taken for lost.

Every function that touches the disk raises OSError where that cannot be read or written.
"""

import errno
import hashlib
import json
import os
import re
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from gigscrapy.pages import ListedMatch
from gigscrapy.sqlitefile import connect, transaction
from schema.instants import iso, read_iso

FOLDER = "pages"
INDEX = "index.sqlite3"
PART = "incoming.part"
"""A text that is being written. There is one writer at a time: one name does, and what a killed one left goes by it."""

BUSY_SECONDS = 2
"""How long a writer waits for another. A crawl stands still meanwhile, and can do without."""

TURN_SECONDS = 0.01
"""How long whoever removes much leaves to the others between two handfuls; waiting alone gives them no turn."""

ROWS = 200
"""So many rows at once: memory stays flat, and nobody is kept waiting for long."""

LEVEL = 3
"""Of zlib: a page takes an eighth of its size. Level 6 saves an eighth of that again, and takes twice as long."""

MEGABYTE = 1_000_000

LONGEST_DAYS = 36_500
"""A century: no page is older, and the calendar ends somewhere beyond."""

_KEY = re.compile(r"[0-9a-f]{32}")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS text (
    key TEXT PRIMARY KEY,
    packed INTEGER NOT NULL,     -- bytes on the disk
    last_seen TEXT NOT NULL      -- ISO 8601 in UTC, as all instants here
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS text_last_seen ON text (last_seen);
CREATE TABLE IF NOT EXISTS page (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    spider TEXT NOT NULL,
    arguments TEXT NOT NULL,     -- the crawl's, a JSON object
    url TEXT NOT NULL,
    market TEXT,                 -- of a list
    number INTEGER,              -- of a list's page, from 1
    match TEXT,                  -- of a match page: what the list told of it, a JSON object
    rendered INTEGER NOT NULL,
    status INTEGER NOT NULL,
    size INTEGER NOT NULL,       -- characters
    fetched_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS page_key ON page (key);
CREATE INDEX IF NOT EXISTS page_run ON page (run_id, fetched_at);
CREATE INDEX IF NOT EXISTS page_fetched ON page (fetched_at);
"""

_NEWEST_RUNS = "SELECT run_id FROM page GROUP BY run_id ORDER BY max(fetched_at) DESC LIMIT ?"

_COLUMNS = "run_id, spider, arguments, url, market, number, match, rendered, status, size, fetched_at, key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as a crawl fetched it, and what is needed to read it again.

    :ivar spider: name of the league; :ivar arguments: of the crawl (``depth``, ``markets``, …).
    :ivar market: that the list was asked to show, ``None`` on a match page; :ivar number: which page of that list.
    :ivar match: of a match page, as the list told it, without prices; ``None`` on a list.
    :ivar rendered: whether a browser ran its scripts; :ivar size: characters; :ivar fetched_at: aware UTC.
    :ivar key: what its text is kept under: 32 hexadecimal digits of its BLAKE2b.
    """

    run_id: str
    spider: str
    arguments: dict[str, str]
    url: str
    rendered: bool
    status: int
    fetched_at: datetime
    market: str | None = None
    number: int | None = None
    match: ListedMatch | None = None
    size: int = 0
    key: str = ""

    @property
    def kind(self) -> str:
        """``match`` or ``list``."""
        return "match" if self.match else "list"


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run of which pages are kept. ``since`` and ``until``: when the first and the last of them were fetched."""

    run_id: str
    spider: str
    pages: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept.

    :ivar days: since a text was last seen, a century at most.
    :ivar megabytes: of compressed texts (10^6 bytes); the oldest go first.
    :ivar runs: of so many newest runs all pages stay, whatever the other two say: no crawl loses what it has just kept.
    """

    days: float = 30
    megabytes: float = 2000
    runs: int = 10


@dataclass(slots=True)
class Pruned:
    """What was removed: texts, and their bytes on the disk; and ``kept_bytes``, what is left."""

    texts: int = 0
    bytes: int = 0
    kept_bytes: int = 0


# -- one text ----------------------------------------------------------------------------------------------------------


def key_of(text: str) -> str:
    """What a text is kept under."""
    return hashlib.blake2b(_encoded(text), digest_size=16).hexdigest()


def locate(home: Path, key: str) -> Path | None:
    """The file that holds a text, compressed by zlib; ``None`` where it is not, or not any more, kept."""
    if not _KEY.fullmatch(key):
        return None
    path = _path(home / FOLDER, key)
    return path if path.is_file() else None


def read(home: Path, key: str) -> str | None:
    """A kept text exactly as its parser read it; ``None`` where it is not kept, or is damaged."""
    path = locate(home, key)
    if path is None:
        return None
    try:
        text = zlib.decompress(path.read_bytes()).decode("utf-8", "surrogatepass")
    except FileNotFoundError:  # removed this very moment
        return None
    except (zlib.error, UnicodeDecodeError):
        return None
    return text if key_of(text) == key else None


def _encoded(text: str) -> bytes:
    """Lone surrogates included: a page may have them, and its parser sees them."""
    return text.encode("utf-8", "surrogatepass")


def _path(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key[2:]}.z"


# -- all of them -------------------------------------------------------------------------------------------------------


class Archive:
    """The archive in one GIGSCRAPY_HOME, for one thread at a time."""

    def __init__(self, home: Path) -> None:
        """Open it, and make it where there is none yet."""
        self._home, self._folder = home, home / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _os_errors(self._folder):
            # A power cut costs the last entries, never the index.
            self._db = connect(self._folder / INDEX, _SCHEMA, busy_seconds=BUSY_SECONDS, synchronous="NORMAL")

    @classmethod
    def existing(cls, home: Path) -> Self | None:
        """The archive, if there is one: looking does not make it."""
        return cls(home) if (home / FOLDER / INDEX).is_file() else None

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- keeping -------------------------------------------------------------------------------------------------------

    def keep(self, text: str, page: Page) -> str:
        """Keep a page's text, and enter what it was fetched for; what the text is kept under."""
        key = key_of(text)
        with self._writing() as db:
            packed = self._put(key, text)
            seen = iso(page.fetched_at)
            db.execute(
                "INSERT INTO text VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
                " SET packed = excluded.packed, last_seen = max(last_seen, excluded.last_seen)",
                (key, packed, seen),
            )
            row = _row(replace(page, key=key, size=len(text)))
            db.execute(f"INSERT INTO page ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        return key

    def _put(self, key: str, text: str) -> int:
        """The text into its file, unless it is there and whole; the bytes it takes."""
        path = _path(self._folder, key)
        if read(self._home, key) == text:
            return path.stat().st_size
        packed = zlib.compress(_encoded(text), LEVEL)
        part = self._folder / PART
        descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(packed)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(path)
        return len(packed)

    # -- finding -------------------------------------------------------------------------------------------------------

    def runs(self, *, since: datetime | None = None, spiders: Collection[str] = ()) -> list[KeptRun]:
        """The runs of which pages are kept, oldest first; only pages fetched ``since``, only of these ``spiders``."""
        where, values = _conditions(since=since, spiders=spiders)
        with _os_errors(self._folder):
            found = self._db.execute(
                "SELECT run_id, min(spider), count(*), min(fetched_at), max(fetched_at) FROM page"  # noqa: S608
                f" WHERE {where} GROUP BY run_id ORDER BY min(fetched_at), run_id",
                values,
            ).fetchall()
        return [
            KeptRun(run, spider, pages, read_iso(first), read_iso(last)) for run, spider, pages, first, last in found
        ]

    def pages(
        self, *, run_id: str | None = None, key: str | None = None, since: datetime | None = None
    ) -> Iterator[Page]:
        """Pages in the order in which they were kept, some at a time: of one run, with one text, fetched ``since``."""
        where, values = _conditions(since=since, run_id=run_id, key=key)
        last = 0
        while True:
            with _os_errors(self._folder):
                rows = self._db.execute(
                    f"SELECT {_COLUMNS}, id FROM page WHERE {where} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
                    (*values, last, ROWS),
                ).fetchall()
            yield from map(_page, rows)
            if len(rows) < ROWS:
                return
            last = rows[-1][-1]

    # -- letting go ----------------------------------------------------------------------------------------------------

    def prune(self, bounds: Bounds, now: datetime) -> Pruned:
        """Remove what is too old and, oldest first, what is too much; and files that nobody entered."""
        pruned = Pruned()
        oldest_kept = _oldest_kept(bounds, now)
        while self._remove_some(bounds, oldest_kept, pruned):
            time.sleep(TURN_SECONDS)
        self._forget(bounds.runs, oldest_kept)
        self._sweep()
        return pruned

    def surplus(self, bounds: Bounds, now: datetime) -> Pruned:
        """What :meth:`prune` would remove; nothing is."""
        pruned = Pruned()
        with _os_errors(self._folder):
            for _ in self._too_many(bounds, _oldest_kept(bounds, now), pruned, limit=-1):
                pruned.texts += 1
        return pruned

    def _remove_some(self, bounds: Bounds, oldest_kept: str, pruned: Pruned) -> bool:
        """Take some texts out of the index, those last seen first; whether there were any."""
        with self._writing() as db:
            removed = [(key,) for key in self._too_many(bounds, oldest_kept, pruned, limit=ROWS)]
            db.executemany("DELETE FROM page WHERE key = ?", removed)
            db.executemany("DELETE FROM text WHERE key = ?", removed)
        pruned.texts += len(removed)
        return bool(removed)

    def _too_many(self, bounds: Bounds, oldest_kept: str, pruned: Pruned, *, limit: int) -> Iterator[str]:
        """The keys of texts that are to go, those last seen first; their bytes, and those left, are told to ``pruned``.

        Those that one of the newest runs has are not among them.

        :param limit: the most that are asked for; -1: all.
        """
        kept = self._db.execute("SELECT coalesce(sum(packed), 0) FROM text").fetchone()[0]
        oldest = self._db.execute(
            f"SELECT key, packed, last_seen FROM text WHERE key NOT IN (SELECT key FROM page WHERE run_id IN"  # noqa: S608
            f" ({_NEWEST_RUNS})) ORDER BY last_seen, key LIMIT ?",
            (bounds.runs, limit),
        )
        pruned.kept_bytes = kept
        for key, packed, last_seen in oldest:
            if last_seen >= oldest_kept and pruned.kept_bytes <= bounds.megabytes * MEGABYTE:
                return
            pruned.bytes += packed
            pruned.kept_bytes -= packed
            yield key

    def _forget(self, runs: int, oldest_kept: str) -> None:
        """When a text that is still seen was fetched long ago."""
        with self._writing() as db:
            db.execute(
                f"DELETE FROM page WHERE fetched_at < ? AND run_id NOT IN ({_NEWEST_RUNS})",  # noqa: S608
                (oldest_kept, runs),
            )

    def _sweep(self) -> None:
        """Remove the files that are not in the index: not any more, or never, if who wrote them was killed before that.

        Here alone files are removed, each time with the index locked: no other crawl can be about to rely on one.
        """
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            with self._writing() as db:
                entered = db.execute("SELECT key FROM text WHERE key BETWEEN ? AND ?", (folder.name, f"{folder.name}g"))
                known = {_path(self._folder, key) for (key,) in entered}
                for path in folder.iterdir():
                    if path not in known:
                        path.unlink(missing_ok=True)

    # -- how -----------------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; nobody else writes meanwhile, neither to the index nor to the folder."""
        with _os_errors(self._folder), transaction(self._db) as db:
            yield db


@contextmanager
def _os_errors(folder: Path) -> Iterator[None]:
    """An index that cannot be used is a disk that cannot be used, to whoever keeps pages."""
    try:
        yield
    except sqlite3.Error as error:
        raise OSError(errno.EIO, f"the index says: {error}", str(folder / INDEX)) from error


def _oldest_kept(bounds: Bounds, now: datetime) -> str:
    return iso(now - timedelta(days=min(bounds.days, LONGEST_DAYS)))


def _conditions(
    *,
    since: datetime | None = None,
    run_id: str | None = None,
    key: str | None = None,
    spiders: Collection[str] = (),
) -> tuple[str, list[str]]:
    """A WHERE clause of those that are given, and its values."""
    conditions = ["1"]
    values: list[str] = []
    first = None if since is None else iso(since)
    for condition, value in (("fetched_at >= ?", first), ("run_id = ?", run_id), ("key = ?", key)):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if spiders:
        conditions.append(f"spider IN ({', '.join('?' * len(spiders))})")
        values.extend(spiders)
    return " AND ".join(conditions), values


# -- a page as a row ---------------------------------------------------------------------------------------------------


def _row(page: Page) -> tuple[Any, ...]:
    return (
        page.run_id,
        page.spider,
        json.dumps(page.arguments),
        page.url,
        page.market,
        page.number,
        page.match and _packed_match(page.match),
        page.rendered,
        page.status,
        page.size,
        iso(page.fetched_at),
        page.key,
    )


def _page(row: tuple[Any, ...]) -> Page:
    run_id, spider, arguments, url, market, number, match, rendered, status, size, fetched_at, key, _ = row
    return Page(
        run_id=run_id,
        spider=spider,
        arguments=json.loads(arguments),
        url=url,
        market=market,
        number=number,
        match=_unpacked_match(match) if match else None,
        rendered=bool(rendered),
        status=status,
        size=size,
        fetched_at=read_iso(fetched_at).astimezone(UTC),
        key=key,
    )


def _packed_match(match: ListedMatch) -> str:
    kickoff = match.kickoff and iso(match.kickoff)
    return json.dumps([match.match_id, match.path, match.home, match.away, kickoff])


def _unpacked_match(text: str) -> ListedMatch:
    match_id, path, home, away, kickoff = json.loads(text)
    told = kickoff and read_iso(kickoff)
    return ListedMatch(match_id=match_id, path=path, home=home, away=away, kickoff=told, best={})
