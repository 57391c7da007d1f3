"""A copy of the tables is what a migration makes."""

from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from schema.database import connect, hang_up, is_embedded
from schema.migrations import migrate
from tests.schema.laid import lay
from tests.schema.test_migrations import said_by

WHEN = {"created_at", "updated_at", "applied"}


def told(database: Database) -> dict[str, Any]:
    """Tables and indexes; rows, but for when they were made; what the next row is called; manners of the connection."""
    rows = {}
    for table in database.get_tables():
        names = [f"`{column.name}`" for column in database.get_columns(table) if column.name not in WHEN]
        rows[table] = sorted(database.execute_sql(f"SELECT {', '.join(names)} FROM {table}").fetchall(), key=str)
    if is_embedded(database):
        counted: Any = None
        manners = [database.pragma(name) for name in ("journal_mode", "foreign_keys", "synchronous", "page_size")]
    else:
        counters = "SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE()"
        counted = sorted(database.execute_sql(counters).fetchall())
        manners = [database.execute_sql(f"SELECT @@{name}").fetchone() for name in ("foreign_key_checks", "sql_mode")]
    return {"tables": said_by(database), "rows": rows, "counted": counted, "manners": manners}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def test_a_copy_is_as_the_original(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    said = []
    for number, make in enumerate((migrate, lay)):
        url = None
        if kind == "mariadb":
            server = request.getfixturevalue("mariadb")
            url = server.url(server.new_database())
        database = connect(url, tmp_path / str(number))
        make(database)
        said.append(told(database))
        assert migrate(database) == []
        hang_up(database)
    assert said[1] == said[0]
    assert len(said[1]["rows"]["Bookmakers"]) > 10


def test_what_has_tables_is_migrated(tmp_path: Path) -> None:
    database = connect(None, tmp_path)
    lay(database)
    database.execute_sql("DELETE FROM MarketNames")
    database.execute_sql("UPDATE Bookmakers SET name = 'mine'")
    lay(database)
    assert database.execute_sql("SELECT COUNT(*) > 5 FROM MarketNames").fetchone() == (1,)
    assert database.execute_sql("SELECT DISTINCT name FROM Bookmakers").fetchall() == [("mine",)]
    hang_up(database)
