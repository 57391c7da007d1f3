"""Who acts: one of several, and another as soon as it is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database, PeeweeException

from gigscrapy.onlyone import take
from schema.database import connect, hang_up
from tests.services.mariadb import MariaDB


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two connections to one database, as two processes have them."""
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    databases = connect(url, tmp_path), connect(url, tmp_path)
    yield databases
    for each in databases:
        hang_up(each)


def test_one_of_two_has_it(two: tuple[Database, Database], tmp_path: Path) -> None:
    first = take(two[0], tmp_path, "scheduler")
    assert first
    assert first.is_held()
    assert take(two[1], tmp_path, "scheduler") is None
    other = take(two[1], tmp_path, "another")
    assert other
    first.release()
    second = take(two[1], tmp_path, "scheduler")
    assert second
    assert second.is_held()
    second.release()


@pytest.mark.server
def test_with_the_connection_goes_the_lock(mariadb_url: str, tmp_path: Path) -> None:
    mine, other = connect(mariadb_url, tmp_path), connect(mariadb_url, tmp_path)
    first = take(mine, tmp_path, "scheduler")
    assert first
    [number] = mine.execute_sql("SELECT CONNECTION_ID()").fetchone()
    other.execute_sql(f"KILL {number}")
    with pytest.raises(PeeweeException):
        first.is_held()
    second = take(other, tmp_path, "scheduler")
    assert second
    hang_up(mine)
    assert not first.is_held()  # on the connection that is opened anew
    assert second.is_held()
    hang_up(mine)
    hang_up(other)


@pytest.mark.server
def test_the_lock_is_that_of_one_database(mariadb_url: str, tmp_path: Path) -> None:
    mine = connect(mariadb_url, tmp_path)
    mine.execute_sql("CREATE DATABASE IF NOT EXISTS another")
    theirs = connect(mariadb_url.rpartition("/")[0] + "/another", tmp_path)
    assert take(mine, tmp_path, "scheduler")
    assert take(theirs, tmp_path, "scheduler")
    theirs.execute_sql("DROP DATABASE another")
    hang_up(mine)
    hang_up(theirs)


@pytest.mark.server
def test_databases_with_long_names_have_locks_of_their_own(mariadb: MariaDB, tmp_path: Path) -> None:
    names = [f"{'a' * 60}{end}" for end in ("1", "2")]
    databases = []
    for name in names:
        mariadb.execute(f"CREATE DATABASE {name}")
        databases.append(connect(mariadb.url(name), tmp_path))
    held = [take(database, tmp_path, "scheduler") for database in databases]
    assert all(lock is not None and lock.is_held() for lock in held)
    for database, name in zip(databases, names, strict=True):
        hang_up(database)
        mariadb.execute(f"DROP DATABASE {name}")
