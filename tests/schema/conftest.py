"""Each test with a ``database`` is run on both kinds, each time with one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from schema.database import connect, hang_up
from schema.store import Store
from tests.schema.laid import lay


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    database = connect(url, tmp_path)
    yield database
    hang_up(database)


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database that is up to date, with nothing in it."""
    lay(empty_database)
    return empty_database


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
