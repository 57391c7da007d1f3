"""Bringing a database up to date: its tables first, then what everyone agrees on.

A migration is a numbered file beside this one, run once and recorded (``playhouse.migrations``). The embedded database
is brought up to date when it is first used; one on a server by a person, with ``scrapy migrate``.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from peewee import Database, SqliteDatabase
from playhouse.migrations import Runner

from schema.database import is_embedded
from schema.models import TABLES
from schema.reference.tables import load

HISTORY = "Migrations"
PATIENCE = 60
"""Seconds to wait for another process that migrates."""
MOMENT = 5


class SchemaError(Exception):
    """The tables are not what this program needs; the message says what to do."""


def migrate(database: Database) -> list[str]:
    """Bring ``database`` up to date. Doing it again does nothing.

    :returns: the names of the migrations that were run.
    :raises SchemaError: when tables of another program stand in the way.
    """
    with _alone(database), _runner(database) as runner:
        _check_room(database)
        applied: list[str] = runner.up()
        load(database)
    return applied


def names() -> list[str]:
    """The names of all migrations that this program has, in their order."""
    with _folder() as folder:
        return sorted(path.stem for path in folder.glob("[0-9]*.py"))


def pending(database: Database) -> list[str]:
    """The names of the migrations that ``database`` still needs."""
    with _runner(database) as runner:
        return [migration.name for migration in runner.status() if not migration.applied]


def prepare(database: Database) -> None:
    """See that ``database`` can be used: the embedded one is brought up to date, another must be.

    :raises SchemaError: when it is not.
    """
    if is_embedded(database):
        migrate(database)
    elif missing := pending(database):
        raise SchemaError(f"the database lacks {', '.join(missing)}: run `scrapy migrate`")


@contextmanager
def _runner(database: Database) -> Iterator[Runner]:
    with _folder() as folder:
        yield Runner(database, str(folder), HISTORY)


@contextmanager
def _folder() -> Iterator[Path]:
    """Where the migrations are files: beside this one, or, where this is in an egg, in a folder made for the while."""
    here = resources.files(__name__)
    if isinstance(here, Path):
        yield here
        return
    with TemporaryDirectory() as name:
        for file in here.iterdir():
            if re.fullmatch(r"[0-9].*\.py", file.name):
                (Path(name) / file.name).write_bytes(file.read_bytes())
        yield Path(name)


def _check_room(database: Database) -> None:
    """The first migration makes its tables, and takes over none: gig-benchmark's have the same names."""
    there = set(database.get_tables())
    taken = {table._meta.table_name for table in TABLES} & there  # noqa: SLF001 - Peewee's own word
    if taken and HISTORY not in there:
        raise SchemaError(
            f"the database already has tables named {', '.join(sorted(taken))}, which are not gigscrapy's (or a first "
            "migration was broken off): give it a database of its own"
        )


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """No other process migrates meanwhile."""
    if isinstance(database, SqliteDatabase):
        # A migration may rebuild tables that others refer to; the pragma has no effect once the transaction has begun.
        database.pragma("foreign_keys", 0)
        try:
            with database.atomic("EXCLUSIVE"):
                yield
        finally:
            database.pragma("foreign_keys", 1)
        return
    name = f"gigscrapy.migrate.{database.database}"[:64]
    _await_lock(database, name)
    try:
        yield
    finally:
        database.execute_sql("SELECT RELEASE_LOCK(%s)", (name,))


def _await_lock(database: Database, name: str) -> None:
    """Take the server's lock; a moment at a time, for no statement may take longer than an answer is waited for.

    :raises SchemaError: when another process keeps it.
    """
    until = time.monotonic() + PATIENCE
    while database.execute_sql("SELECT GET_LOCK(%s, %s)", (name, MOMENT)).fetchone() != (1,):
        if time.monotonic() > until:
            raise SchemaError(f"another process has been migrating this database for {PATIENCE} s: wait for its end")
