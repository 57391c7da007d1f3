import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from peewee import Database, ForeignKeyField, IntegrityError, Model, OperationalError
from playhouse.schema_diff import diff_models

from schema import migrations
from schema.database import MYSQL_TABLES, connect, hang_up, is_embedded
from schema.migrations import SchemaError, migrate, pending, prepare
from schema.models import (
    COUNTED,
    TABLES,
    Bookmakers,
    LatestOdds,
    Messages,
    Odds,
    ReplacedOdds,
)
from schema.reference import bookmakers, rows, sports
from schema.reference.tables import load
from tests import ROOT

ALL = [
    "0001_tables",
    "0002_provenance",
    "0003_by_itself",
    "0004_people",
    "0005_benchmark",
    "0006_alerts",
    "0007_data",
    "0008_gig",
    "0009_gig_takeover",
    "0010_known_when",
    "0011_webhooks",
    "0012_programs",
    "0013_thinnings",
    "0014_long_accounts",
    "0015_spans",
]
NOT_ENFORCED = (Odds, LatestOdds, ReplacedOdds, Messages, *COUNTED)


def said_by(database: Database) -> dict[str, str]:
    """How the database itself describes each of the tables, with their indexes."""
    if is_embedded(database):
        found = database.execute_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    else:
        found = [database.execute_sql(f"SHOW CREATE TABLE {name}").fetchone() for name in database.get_tables()]
    return {name: re.sub(r" AUTO_INCREMENT=\d+", "", sql) for name, sql in found if not name.startswith("Migrations")}


def make_as_models(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in TABLES:
        if not is_embedded(database):
            monkeypatch.setattr(table._meta, "table_settings", [MYSQL_TABLES])
        for field in table._meta.sorted_fields:
            if isinstance(field, ForeignKeyField) and table in NOT_ENFORCED:
                monkeypatch.setattr(field, "deferred", True)
    with database.bind_ctx(TABLES):
        database.create_tables(TABLES)


class TestMigrate:
    def test_models_and_migrations_are_the_same(
        self, empty_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_as_models(empty_database, monkeypatch)
        as_models = said_by(empty_database)
        if not is_embedded(empty_database):
            empty_database.execute_sql("SET foreign_key_checks = 0")
        with empty_database.bind_ctx(TABLES):
            empty_database.drop_tables(TABLES)
        migrate(empty_database)
        assert said_by(empty_database) == as_models
        assert len(as_models) >= len(TABLES)
        assert not diff_models(empty_database, TABLES)

    def test_twice_does_nothing(self, empty_database: Database) -> None:
        assert pending(empty_database) == ALL
        assert migrate(empty_database) == ALL
        before = counted(empty_database)
        assert migrate(empty_database) == []
        assert pending(empty_database) == []
        assert counted(empty_database) == before

    def test_tables_hold_any_letter_and_fractions_of_seconds(self, database: Database) -> None:
        """The server's own default here is latin1, and whole seconds."""
        said = ("⚽ مولودية", "2025-10-17 12:00:00.123456")
        database.execute_sql(f"UPDATE Sports SET name = '{said[0]}', created_at = '{said[1]}' WHERE code = 'FOOT'")
        found = database.execute_sql("SELECT name, created_at FROM Sports WHERE code = 'FOOT'").fetchone()
        assert tuple(map(str, found)) == said

    def test_keys_are_compared_by_bytes(self, database: Database) -> None:
        for name in ("Étoile", "Etoile", "etoile", "Straße", "Strasse"):
            database.execute_sql(
                "INSERT INTO Bookmakers (code, name, reviewed, created_at, updated_at) "
                f"VALUES ('{name}', '{name}', 0, '2025-10-17', '2025-10-17')"
            )
        with pytest.raises(IntegrityError):
            database.execute_sql("UPDATE Bookmakers SET code = 'Etoile' WHERE code = 'etoile'")

    def test_a_team_does_not_play_itself(self, database: Database) -> None:
        database.execute_sql(
            "INSERT INTO Leagues VALUES (1, (SELECT MIN(id) FROM Sports), 'L', 'L', 'l', NULL, '2025-01-01', '2025-01-01')"
        )
        database.execute_sql("INSERT INTO Teams VALUES (1, 1, 'A', 'a', '2025-01-01', '2025-01-01')")
        columns = "league_id, home_team_id, away_team_id, status, source, match_key, seen_at, created_at, updated_at"
        with pytest.raises(Exception, match="two_teams"):
            database.execute_sql(
                f"INSERT INTO Matches ({columns}) VALUES (1, 1, 1, 'scheduled', 's', 'k', "
                "'2025-01-01', '2025-01-01', '2025-01-01')"
            )

    def test_does_not_take_over_the_tables_of_another_program(self, empty_database: Database) -> None:
        """gig-benchmark's have the same names."""
        empty_database.execute_sql("CREATE TABLE Sports (id INTEGER PRIMARY KEY, code VARCHAR(10))")
        with pytest.raises(SchemaError, match=r"named Sports.*a database of its own"):
            migrate(empty_database)
        assert empty_database.get_tables() == ["Sports"]

    def test_the_later_ones_may_be_broken_off_anywhere(
        self, empty_database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Tables of the first, with rows; each statement in turn is the one that never comes."""
        with migrations._runner(empty_database) as runner:
            runner.up("0001_tables")
        load(empty_database)
        empty_database.execute_sql(
            "INSERT INTO DeadLetters (body_hash, body, size, reason, detail, first_seen, last_seen, times) "
            "VALUES ('a', 'b', 1, 'price', 'd', '2025-10-17', '2025-10-17', 1)"
        )
        execute, survived = empty_database.execute_sql, 0

        def breaks_off(sql: str, *arguments: Any, **more: Any) -> Any:
            if sql.startswith(("ALTER", "CREATE")):
                if statements_left[0] == 0:
                    raise OperationalError("gone away")
                statements_left[0] -= 1
            return execute(sql, *arguments, **more)

        monkeypatch.setattr(empty_database, "execute_sql", breaks_off)
        for allowed in range(120):
            statements_left = [allowed]
            try:
                migrate(empty_database)
            except OperationalError:
                survived += 1
            else:
                break
        assert survived >= 6
        assert pending(empty_database) == []
        letters = "SELECT replays, replayed_at FROM DeadLetters"
        assert empty_database.execute_sql(letters).fetchall() in ([(0, None)], ((0, None),))

    def test_four_at_once(self, empty_database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        embedded = is_embedded(empty_database)
        url = None if embedded else request.getfixturevalue("mariadb_url")
        databases = [connect(url, tmp_path) for _ in range(4)]

        def migrate_and_leave(database: Database) -> list[str]:
            applied = migrate(database)
            hang_up(database)
            return applied

        with ThreadPoolExecutor(4) as pool:
            applied = list(pool.map(migrate_and_leave, databases))
        assert sorted(applied) == [[], [], [], ALL]


class TestPrepare:
    def test_the_embedded_database_brings_itself_up_to_date(self, tmp_path: Path) -> None:
        database = connect(None, tmp_path)
        prepare(database)
        assert pending(database) == []
        assert database.pragma("foreign_keys") == 1
        database.close()

    @pytest.mark.server
    def test_a_server_is_left_to_a_person(self, mariadb_url: str, tmp_path: Path) -> None:
        database = connect(mariadb_url, tmp_path)
        with pytest.raises(SchemaError, match=f"lacks {', '.join(ALL)}: run `scrapy migrate`"):
            prepare(database)
        assert database.get_tables() == []
        migrate(database)
        prepare(database)
        hang_up(database)


class TestReference:
    def test_is_there(self, database: Database) -> None:
        assert counted(database) == {
            "Sports": len(sports()),
            "MarketNames": len(list(rows("markets"))),
            "Bookmakers": len(bookmakers()),
        }
        found = database.execute_sql("SELECT code, name FROM Sports WHERE code = 'BASK'").fetchone()
        assert found == ("BASK", "Basketball")
        found = database.execute_sql(
            "SELECT code, name, site_id, website, reviewed FROM Bookmakers WHERE site_id = 33"
        ).fetchone()
        assert found == ("WINAMAX", "Winamax", 33, "https://www.winamax.fr", 1)

    def test_what_a_person_has_changed_stays(self, database: Database) -> None:
        database.execute_sql("UPDATE Bookmakers SET name = 'Wina', website = NULL WHERE code = 'WINAMAX'")
        database.execute_sql("UPDATE Sports SET name = 'Foot' WHERE code = 'FOOT'")
        migrate(database)
        assert fields(Bookmakers, database, code="WINAMAX") == {"name": "Wina", "website": None}
        assert database.execute_sql("SELECT name FROM Sports WHERE code = 'FOOT'").fetchone() == ("Foot",)

    def test_who_was_only_numbered_gets_its_name(self, database: Database) -> None:
        """A page showed number 33 when nobody knew it; now the reference does."""
        database.execute_sql("DELETE FROM Bookmakers WHERE code = 'WINAMAX'")
        Bookmakers.insert(code="BOOKMAKER_33", name="Bookmaker 33", site_id=33).execute(database)
        migrate(database)
        assert fields(Bookmakers, database, site_id=33) == {"name": "Winamax", "website": "https://www.winamax.fr"}
        assert counted(database)["Bookmakers"] == len(bookmakers())


def counted(database: Database) -> dict[str, int]:
    names = ("Sports", "MarketNames", "Bookmakers")
    return {name: database.execute_sql(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}


def fields(table: type[Model], database: Database, **where: Any) -> dict[str, Any]:
    (name, value), *_ = where.items()
    (row,) = table.select().where(getattr(table, name) == value).execute(database)
    return {"name": row.name, "website": row.website}


def test_they_run_from_an_egg(tmp_path: Path) -> None:
    """Where the package is in an archive, migrations are no files."""
    egg = tmp_path / "schema.egg"
    with zipfile.ZipFile(egg, "w") as archive:
        for path in sorted((ROOT / "schema").rglob("*")):
            if path.suffix in (".py", ".csv"):
                archive.write(path, path.relative_to(ROOT))
    script = (
        "from pathlib import Path; from schema.database import connect; from schema import migrations as m;"
        "database = connect(None, Path('home')); assert '.egg' in m.__file__;"
        "print(*m.migrate(database)); assert m.pending(database) == []; database.close()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(egg)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    names = sorted(path.stem for path in (ROOT / "schema" / "migrations").glob("[0-9]*.py"))
    assert ran.stdout.split() == names
