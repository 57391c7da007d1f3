from pathlib import Path

import pytest

from schema.migrations import names
from tests import scrapy


def test_the_embedded_database(tmp_path: Path) -> None:
    first, second = (scrapy("migrate", home=tmp_path) for _ in range(2))
    assert first.stdout == f"the SQLite database in {tmp_path}: {', '.join(names())}\n"
    assert second.stdout == f"the SQLite database in {tmp_path}: up to date already\n"
    assert (first.returncode, second.returncode) == (0, 0)


@pytest.mark.server
def test_a_server(mariadb_url: str, tmp_path: Path) -> None:
    first, second = (scrapy("migrate", home=tmp_path, environment={"DATABASE_URL": mariadb_url}) for _ in range(2))
    assert (first.stdout, second.stdout) == (
        f"{mariadb_url}: {', '.join(names())}\n",
        f"{mariadb_url}: up to date already\n",
    )


@pytest.mark.server
def test_a_server_without_that_database(mariadb_url: str, tmp_path: Path) -> None:
    done = scrapy("migrate", home=tmp_path, environment={"DATABASE_URL": f"{mariadb_url}x"})
    assert done.returncode != 0
    assert "there is no such database: CREATE DATABASE it" in done.stderr
    assert "Traceback" not in done.stderr
