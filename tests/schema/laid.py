"""Tables for a test: copied from a database that was migrated once in this process, for to migrate takes ten times as
long. :mod:`tests.schema.test_laid` holds the copies to the original.

The originals are made before any test can change what this process takes for reference data, or for the time.
"""

import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from peewee import Database

from schema.database import connect, hang_up, is_embedded
from schema.migrations import migrate

_STATEMENTS: list[str] = []
"""What makes tables and rows on a server; empty until :func:`learn`."""


def lay(database: Database) -> None:
    """Bring ``database`` up to date as :func:`schema.migrations.migrate` does; one that has tables is left to that."""
    if database.get_tables() or not (is_embedded(database) or _STATEMENTS):
        migrate(database)
    elif is_embedded(database):
        _EMBEDDED.backup(database.connection())
    else:
        _copy(database)


def learn(url: str, home: Path) -> None:
    """Migrate the empty database of a server, and keep how the server itself writes down what came of it."""
    database = connect(url, home)
    migrate(database)
    cursor = database.connection().cursor()
    _STATEMENTS.clear()
    for table in database.get_tables():
        _STATEMENTS.append(database.execute_sql(f"SHOW CREATE TABLE `{table}`").fetchone()[1])
        if rows := database.execute_sql(f"SELECT * FROM `{table}`").fetchall():
            row = f"({', '.join(['%s'] * len(rows[0]))})"
            _STATEMENTS.append(f"INSERT INTO `{table}` VALUES " + ", ".join(cursor.mogrify(row, each) for each in rows))
    hang_up(database)


def _copy(database: Database) -> None:
    """Tables refer to such as come later, so the server must not look; the rows come without Python's formatting."""
    cursor = database.connection().cursor()
    cursor.execute("SET foreign_key_checks = 0")
    for statement in _STATEMENTS:
        cursor.execute(statement)
    cursor.execute("SET foreign_key_checks = 1")


def _embedded() -> sqlite3.Connection:
    """A database in memory with every table, and what everyone agrees on in them."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with TemporaryDirectory() as home:
        database = connect(None, Path(home))
        migrate(database)
        database.connection().backup(kept)
        hang_up(database)
    return kept


_EMBEDDED = _embedded()
