"""Each test with ``database`` is run on both kinds, each time with one of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from schema.database import connect, hang_up
from schema.models import use
from tests.schema.laid import lay


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database that is up to date, with nothing in it; the tables of this process are there."""
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    yield from _opened(url, tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    """The same, where one kind says all: SQLite."""
    yield from _opened(None, tmp_path)


def _opened(url: str | None, folder: Path) -> Iterator[Database]:
    opened = connect(url, folder)
    use(opened)
    lay(opened)
    yield opened
    hang_up(opened)
