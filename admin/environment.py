"""The database of this process, found the way every program of the project finds it."""

import os
from pathlib import Path

from peewee import Database

from schema.database import connect
from schema.migrations import prepare
from schema.models import use


def open_database(url: str | None = None, home: str | Path | None = None) -> Database:
    """The database the tables of this process are in, brought up to date where it is the embedded one.

    :param url: see :func:`schema.database.connect`; ``None``: DATABASE_URL, and where that is not set the embedded one.
    :param home: folder of the embedded one; ``None``: GIGSCRAPY_HOME, ``var`` where that is not set.
    :raises schema.database.BadDatabaseUrl, schema.migrations.SchemaError: each says what to do.
    """
    url = url or os.environ.get("DATABASE_URL") or None
    database = connect(url, Path(home or os.environ.get("GIGSCRAPY_HOME") or "var"))
    use(database)
    with database.connection_context():
        prepare(database)
    return database
