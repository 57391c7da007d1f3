"""Fixtures of the private MariaDB; ``tests/conftest.py`` imports them."""

import shutil
from collections.abc import Iterator

import pytest

from tests.schema import laid
from tests.services.mariadb import MariaDB


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A running MariaDB. A test may stop, kill or pause it through :func:`mariadb_url`, which sees to the next test."""
    folder = tmp_path_factory.mktemp("mariadb")
    server = MariaDB(waits=False)
    server.start(folder)
    laid.learn(server.url(server.new_database()), folder)
    yield server
    server.stop()
    shutil.rmtree(folder)  # a hundred megabytes that pytest would keep


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """The address of an empty database of this test's own, gone after it."""
    name = mariadb.new_database()
    yield mariadb.url(name)
    mariadb.revive()
    mariadb.execute(f"DROP DATABASE {name}")
