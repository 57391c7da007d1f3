import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest
from peewee import Database, InterfaceError, OperationalError, PeeweeException
from playhouse.pool import PooledMySQLDatabase

from schema import database as database_module
from schema.database import (
    BadDatabaseUrl,
    Fault,
    Trouble,
    connect,
    explain,
    fault_of,
    hang_up,
    is_embedded,
    masked,
    trouble_of,
)
from tests.schema.laid import lay
from tests.services import free_ports
from tests.services.mariadb import MariaDB


def _asked(database: Database) -> int:
    """What its connection has asked the server so far, this and pings too."""
    status = "SELECT SUM(variable_value) FROM information_schema.session_status WHERE variable_name IN (%s, %s)"
    return int(database.execute_sql(status, ("QUESTIONS", "COM_ADMIN_COMMANDS")).fetchone()[0])


class TestConnect:
    def test_without_an_address_it_is_a_file_in_the_home(self, tmp_path: Path) -> None:
        database = connect(None, tmp_path / "new" / "home")
        database.execute_sql("CREATE TABLE t (id INTEGER)")
        database.close()
        assert (tmp_path / "new" / "home" / "gigscrapy.sqlite3").stat().st_size > 0

    @pytest.mark.parametrize("url", [None, "sqlite:///{}/gigscrapy.sqlite3"])
    def test_a_new_file_is_its_owners(self, url: str | None, tmp_path: Path) -> None:
        """Hashes of passwords and of sessions are in it, and in what SQLite keeps beside it."""
        before = os.umask(0o022)
        try:
            database = connect(url and url.format(tmp_path), tmp_path)
            database.execute_sql("CREATE TABLE t (id INTEGER)")
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
            database.close()
        finally:
            os.umask(before)
        assert modes == dict.fromkeys(("gigscrapy.sqlite3", "gigscrapy.sqlite3-wal", "gigscrapy.sqlite3-shm"), 0o600)

    def test_one_that_is_there_stays_as_its_owner_wants_it(self, tmp_path: Path) -> None:
        path = tmp_path / "gigscrapy.sqlite3"
        path.touch()
        path.chmod(0o640)
        database = connect(None, tmp_path)
        database.execute_sql("CREATE TABLE t (id INTEGER)")
        database.close()
        assert path.stat().st_mode & 0o777 == 0o640

    def test_a_file_may_be_named(self, tmp_path: Path) -> None:
        database = connect(f"sqlite:///{tmp_path / 'odds.db'}", tmp_path / "home")
        assert database.database == str(tmp_path / "odds.db")
        assert not (tmp_path / "home").exists()

    def test_manners_of_sqlite(self, tmp_path: Path) -> None:
        database = connect(None, tmp_path)
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        told = [database.execute_sql(f"PRAGMA {name}").fetchone()[0] for name in asked]
        database.close()
        assert told == ["wal", 2, 1, 10_000]

    def test_a_new_file_that_another_process_is_just_making(self, tmp_path: Path) -> None:
        maker = sqlite3.connect(tmp_path / "gigscrapy.sqlite3", isolation_level=None, check_same_thread=False)
        maker.executescript("BEGIN EXCLUSIVE; CREATE TABLE t (id INTEGER)")
        threading.Timer(0.2, maker.close).start()
        database = connect(None, tmp_path)
        assert database.execute_sql("PRAGMA journal_mode").fetchone() == ("wal",)
        database.close()

    @pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pool", "mariadb+pool"])
    def test_address_of_a_server(self, scheme: str, tmp_path: Path) -> None:
        database = connect(f"{scheme}://g%40g:p%40ss%2Fw%3Ard@db.example:3307/odds?ssl_disabled=true", tmp_path)
        assert database.database == "odds"
        assert isinstance(database, PooledMySQLDatabase) == scheme.endswith("+pool")
        parameters = database.connect_params
        assert {name: parameters[name] for name in ("user", "password", "host", "port", "ssl_disabled")} == {
            "user": "g@g",
            "password": b"p@ss/w:rd",
            "host": "db.example",
            "port": 3307,
            "ssl_disabled": True,
        }
        assert [parameters[f"{what}_timeout"] for what in ("connect", "read", "write")] == [5, 15, 15]
        assert list(tmp_path.iterdir()) == []

    def test_of_several_threads(self, tmp_path: Path) -> None:
        shared, alone = (connect("mariadb://u@h/d", tmp_path, threads=threads) for threads in (8, 1))
        assert isinstance(shared, PooledMySQLDatabase)
        assert not isinstance(alone, PooledMySQLDatabase)
        assert "max_connections" not in shared.connect_params

    @pytest.mark.server
    def test_one_that_is_left_is_taken_again_without_a_word(self, mariadb: MariaDB, tmp_path: Path) -> None:
        """But not what was left open in it, nor one that the server has ended meanwhile."""
        database = connect(mariadb.url(mariadb.new_database()), tmp_path, threads=2)
        with database.connection_context():
            database.execute_sql("CREATE TABLE t (id INTEGER) ENGINE=InnoDB")
            number = database.execute_sql("SELECT CONNECTION_ID()").fetchone()[0]
            asked = _asked(database)
        with database.connection_context():
            assert _asked(database) == asked + 1
            database.begin()
            database.execute_sql("INSERT INTO t VALUES (1)")
        with database.connection_context():
            assert database.execute_sql("SELECT CONNECTION_ID(), COUNT(*) FROM t").fetchone() == (number, 0)
        mariadb.execute(f"KILL {number}")
        with database.connection_context():
            assert database.execute_sql("SELECT CONNECTION_ID()").fetchone() != (number,)
        database.close_all()

    def test_how_long_an_answer_is_waited_for_may_be_said(self, tmp_path: Path) -> None:
        said = [
            connect("mysql://u@h/d?read_timeout=60", tmp_path),
            connect("mysql://u@h/d", tmp_path, read_timeout=3600),
            connect("mysql://u@h/d?read_timeout=60", tmp_path, read_timeout=3600),
        ]
        assert [database.connect_params["read_timeout"] for database in said] == [60, 3600, 60]

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://gig:s3cret@host/odds",
            "mysql+pymysql://gig:s3cret@host/odds",
            "gig:s3cret@host/odds",
            "mysql://gig:s3cret@host",
            "mysql://gig:s3cret@host/",
            "mysql:///odds?password=s3cret",
            "mysql://gig:s3cret@host:port/odds",
            "mysql://gig:s3cret@[host/odds",
        ],
    )
    def test_an_address_that_is_none_is_refused_without_its_password(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(BadDatabaseUrl, match=r"^DATABASE_URL is ") as refusal:
            connect(url, tmp_path)
        assert "mysql" in str(refusal.value)
        assert "s3cret" not in str(refusal.value)

    @pytest.mark.server
    def test_manners_of_a_server(self, mariadb_url: str, tmp_path: Path) -> None:
        database = connect(mariadb_url, tmp_path)
        told = database.execute_sql("SELECT @@time_zone, @@sql_mode, @@character_set_client").fetchone()
        hang_up(database)
        assert told == ("+00:00", "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION", "utf8mb4")

    @pytest.mark.server
    def test_of_several_threads_each_takes_a_connection_that_another_has_left(
        self, mariadb: MariaDB, mariadb_url: str, tmp_path: Path
    ) -> None:
        database = connect(mariadb_url, tmp_path, threads=2)

        def ask() -> tuple[int, str]:
            with database.connection_context():
                told: tuple[int, str] = database.execute_sql("SELECT CONNECTION_ID(), @@time_zone").fetchone()
            return told

        first = ask()
        assert ask() == first
        assert first[1] == "+00:00"
        mariadb.execute(f"KILL {first[0]}")  # as a server does with those that are silent for hours
        assert ask()[0] > first[0]
        database.close_idle()

    @pytest.mark.server
    @pytest.mark.parametrize("scheme", ["mysql", "mariadb+pool"])
    def test_a_password_of_any_characters(
        self, scheme: str, mariadb: MariaDB, mariadb_url: str, tmp_path: Path
    ) -> None:
        mariadb.execute("CREATE OR REPLACE USER gig@'127.0.0.1' IDENTIFIED BY %s", ["p@ss/w:rd %é"])
        name = mariadb_url.rpartition("/")[2]
        mariadb.execute(f"GRANT ALL ON {name}.* TO gig@'127.0.0.1'")
        url = mariadb.url(name, user="gig", password="p%40ss%2Fw%3Ard%20%25%C3%A9").replace("mysql", scheme)
        database = connect(url, tmp_path)
        assert database.execute_sql("SELECT CURRENT_USER()").fetchone() == ("gig@127.0.0.1",)
        hang_up(database)


@pytest.mark.parametrize(
    "url, shown",
    [
        ("mysql://gig:s3cret@host:3306/odds", "mysql://gig:***@host:3306/odds"),
        ("mysql://gig:s3@cret@host/odds", "mysql://gig:***@host/odds"),
        ("mysql://gig@host/odds", "mysql://gig@host/odds"),
        ("mysql://host/odds?user=gig&password=s3cret&port=1", "mysql://host/odds?user=gig&password=***&port=1"),
        ("amqp://gig:s3cret@host:5672/%2F", "amqp://gig:***@host:5672/%2F"),
        ("gig:s3cret@host", "gig:***@host"),
        ("sqlite:////var/odds.db", "sqlite:////var/odds.db"),
    ],
)
def test_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


@contextmanager
def caught() -> Iterator[list[BaseException]]:
    errors: list[BaseException] = []
    try:
        yield errors
    except (PeeweeException, sqlite3.Error, pymysql.err.MySQLError, OSError) as error:
        errors.append(error)


def raised_by(database: Database, sql: str) -> BaseException:
    with caught() as errors:
        database.execute_sql(sql)
    return errors[0]


ODDS = "INSERT INTO Odds (match_id, market_id, line, bookmaker_id, outcome, odd_value, partial, scraped_at) VALUES "


class TestFaults:
    """Real errors of real databases, and whose fault they are."""

    @pytest.mark.parametrize(
        "sql, fault, advice",
        [
            ("SELECT * FROM Nowhere", Fault.OURS, "run `scrapy migrate`"),
            ("SELECT nothing FROM Odds", Fault.OURS, "run `scrapy migrate`"),
            (f"{ODDS} (1, 1, 0, 1, '1', 1, 0, '2025-10-17')", Fault.MESSAGE, ""),
        ],
        ids=["no table", "no column", "a price of 1"],
    )
    def test_on_both(self, database: Database, sql: str, fault: Fault, advice: str) -> None:
        error = raised_by(database, sql)
        assert fault_of(error) is fault
        assert explain(error).startswith("the database says: ")
        assert explain(error).endswith(advice)

    def test_what_who_asked_is_told(self, database: Database) -> None:
        assert trouble_of(raised_by(database, "SELECT * FROM Nowhere")) is Trouble.UNLIKE
        assert trouble_of(raised_by(database, f"{ODDS} (1, 1, 0, 1, '1', 1, 0, '2025-10-17')")) is Trouble.OTHER
        assert trouble_of(OperationalError("not the driver's")) is Trouble.OTHER

    @pytest.mark.server
    def test_what_who_asked_a_server_is_told(self, mariadb: MariaDB, mariadb_url: str, tmp_path: Path) -> None:
        database = connect(mariadb_url, tmp_path)
        slow = "SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(1)"
        assert trouble_of(raised_by(database, slow)) is Trouble.SLOW
        assert trouble_of(raised_by(database, "KILL CONNECTION_ID()")) is Trouble.AWAY
        hang_up(database)
        mariadb.stop()
        with caught() as errors:
            connect(mariadb_url, tmp_path).connect()
        assert trouble_of(errors[0]) is Trouble.AWAY

    @pytest.mark.server
    @pytest.mark.parametrize(
        "sql, fault",
        [
            (f"{ODDS} (1, 1, 0, 1, '1', 123456789, 0, '2025-10-17')", Fault.MESSAGE),
            (f"{ODDS} (1, 1, 0, 1, '{'1' * 51}', 2, 0, '2025-10-17')", Fault.OURS),
            (f"{ODDS} (1, 1, 0, 1, '1', 2, 0, '2025-02-30')", Fault.MESSAGE),
            (f"{ODDS} (1, 1, 0, 1, '1', 'two', 0, '2025-02-30')", Fault.MESSAGE),
            (f"{ODDS} (1, 1, 0, 1, NULL, 2, 0, '2025-10-17')", Fault.OURS),
            ("INSERT INTO Odds (match_id) VALUES (1)", Fault.OURS),
            ("SELEKT", Fault.OURS),
            ("KILL CONNECTION_ID()", Fault.PASSING),
            ("SET STATEMENT max_statement_time = 0.01 FOR SELECT SLEEP(1)", Fault.PASSING),
            ("SIGNAL SQLSTATE '45000'", Fault.UNKNOWN),
        ],
    )
    def test_of_a_server(self, sql: str, fault: Fault, mariadb_url: str, tmp_path: Path) -> None:
        database = connect(mariadb_url, tmp_path)
        lay(database)
        assert fault_of(raised_by(database, sql)) is fault
        hang_up(database)

    @pytest.mark.server
    def test_of_a_server_that_will_not_have_us(self, mariadb: MariaDB, mariadb_url: str, tmp_path: Path) -> None:
        mariadb.execute("CREATE OR REPLACE USER gig@'127.0.0.1' IDENTIFIED BY 's3cret'")
        name = mariadb_url.rpartition("/")[2]
        wrong = connect(mariadb.url(name, user="gig", password="wr0ng"), tmp_path)
        not_granted = connect(mariadb.url(name, user="gig", password="s3cret"), tmp_path)
        missing = connect(mariadb.url("nowhere"), tmp_path)
        for database, advice in ((wrong, "DATABASE_URL"), (not_granted, "GRANT"), (missing, "CREATE DATABASE")):
            error = raised_by(database, "SELECT 1")
            assert fault_of(error) is Fault.OURS
            assert advice in explain(error)
            assert "wr0ng" not in explain(error)

    @pytest.mark.server
    def test_of_a_server_that_is_away(self, mariadb: MariaDB, mariadb_url: str, tmp_path: Path) -> None:
        database = connect(mariadb_url, tmp_path)
        database.execute_sql("SELECT 1")
        mariadb.kill9()
        assert fault_of(raised_by(database, "SELECT 1")) is Fault.PASSING  # the connection breaks
        assert fault_of(raised_by(database, "SELECT 1")) is Fault.PASSING  # and is broken
        hang_up(database)
        assert fault_of(raised_by(database, "SELECT 1")) is Fault.PASSING  # none can be made
        mariadb.start()
        assert database.execute_sql("SELECT 1").fetchone() == (1,)
        hang_up(database)

    @pytest.mark.server
    def test_of_a_server_that_hangs(
        self, mariadb: MariaDB, mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(database_module._MYSQL_MANNERS, "read_timeout", 1)
        database = connect(mariadb_url, tmp_path)
        database.execute_sql("SELECT 1")
        mariadb.pause()
        assert fault_of(raised_by(database, "SELECT 1")) is Fault.PASSING
        hang_up(database)
        assert fault_of(raised_by(database, "SELECT 1")) is Fault.PASSING  # nor does it greet us
        mariadb.resume()
        assert database.execute_sql("SELECT 1").fetchone() == (1,)
        hang_up(database)

    @pytest.mark.server
    def test_of_a_server_where_another_holds_the_row(self, mariadb_url: str, tmp_path: Path) -> None:
        one, other = connect(mariadb_url, tmp_path), connect(mariadb_url, tmp_path)
        lay(one)
        other.execute_sql("SET innodb_lock_wait_timeout = 1")
        with one.atomic():
            one.execute_sql("UPDATE Sports SET name = 'Foot' WHERE code = 'FOOT'")
            error = raised_by(other, "UPDATE Sports SET name = 'Soccer' WHERE code = 'FOOT'")
        assert fault_of(error) is Fault.PASSING
        hang_up(one)
        hang_up(other)

    def test_of_a_file_that_another_holds(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database_module, "_SQLITE_PATIENCE", 0.1)
        one, other = connect(None, tmp_path), connect(None, tmp_path)
        lay(one)
        with one.atomic("IMMEDIATE"):
            error = raised_by(other, "UPDATE Sports SET name = 'Soccer'")
        assert fault_of(error) is Fault.PASSING
        one.close()
        other.close()

    def test_of_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "gigscrapy.sqlite3").write_text("something else entirely, and long enough to be looked at")
        error = raised_by(connect(None, tmp_path), "SELECT * FROM Sports")
        assert fault_of(error) is Fault.OURS
        assert "GIGSCRAPY_HOME" in explain(error)

    def test_of_a_file_in_a_folder_that_is_gone(self, tmp_path: Path) -> None:
        error = raised_by(connect(f"sqlite:///{tmp_path}/gone/odds.db", tmp_path), "SELECT 1")
        assert fault_of(error) is Fault.OURS
        assert "permissions" in explain(error)

    @pytest.mark.parametrize(
        "error, fault",
        [
            (ConnectionRefusedError(), Fault.PASSING),
            (TimeoutError(), Fault.PASSING),
            (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), Fault.MESSAGE),
            (OverflowError("too large to convert"), Fault.MESSAGE),
            (InterfaceError(pymysql.err.InterfaceError(0, ""), 0, ""), Fault.PASSING),
            (OperationalError(pymysql.err.OperationalError(1213, "Deadlock"), 1213, "Deadlock"), Fault.PASSING),
            (pymysql.err.OperationalError(1040, "Too many connections"), Fault.PASSING),
            (pymysql.err.OperationalError(1290, "--read-only"), Fault.PASSING),
            (pymysql.err.OperationalError(3819, "Check constraint"), Fault.MESSAGE),
            (pymysql.err.InternalError("Packet sequence number wrong"), Fault.UNKNOWN),
            (KeyError("match"), Fault.UNKNOWN),
        ],
    )
    def test_that_are_hard_to_have(self, error: Exception, fault: Fault) -> None:
        assert fault_of(error) is fault

    def test_an_error_of_ours_is_not_laid_at_the_databases_door(self) -> None:
        assert explain(KeyError("match")) == "KeyError: 'match'"

    def test_a_port_where_nobody_listens(self, tmp_path: Path) -> None:
        (port,) = free_ports(1)
        error = raised_by(connect(f"mysql://gig:s3cret@127.0.0.1:{port}/odds", tmp_path), "SELECT 1")
        assert fault_of(error) is Fault.PASSING
        assert "s3cret" not in explain(error)


def test_is_embedded(empty_database: Database) -> None:
    assert is_embedded(empty_database) == (empty_database.database.endswith(".sqlite3"))
