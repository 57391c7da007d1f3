"""The database: MySQL or MariaDB where DATABASE_URL is set, else SQLite on disk; and what its errors mean.

Every database of the project is opened by :func:`connect`, which gives all of them the same types and the same manners.
"""

import os
import re
import select
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
from peewee import Database, PeeweeException, SqliteDatabase
from playhouse import db_url
from playhouse.pool import PooledMySQLDatabase
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_AUTOCOMMIT, SERVER_STATUS_IN_TRANS

EMBEDDED = "gigscrapy.sqlite3"
"""The file in GIGSCRAPY_HOME that holds the tables where no server does."""

MYSQL_TYPES = {
    "DATETIME": "DATETIME(6)",  # without it the server cuts off fractions of a second
    "KEY": "VARCHAR({}) COLLATE utf8mb4_bin",  # other collations take Étoile for Etoile
    "LONG": "LONGTEXT",
}
MYSQL_TABLES = "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
"""Said of each table: the database's own default may be latin1."""

_MYSQL_PATIENCE = {
    # connect_timeout does not cover the greeting: without the other two a server that hangs is waited for for ever.
    "connect_timeout": 5,
    "read_timeout": 15,
    "write_timeout": 15,
}
"""Seconds; DATABASE_URL may say otherwise."""
_POOL_PATIENCE = 5
"""Seconds that a thread waits for a connection that another has."""
_POOL_TRUST = 30
"""Seconds after its last use that a connection is taken without asking the server."""
_MYSQL_MANNERS = {
    "charset": "utf8mb4",
    # A server that is not strict stores 9999.99 for 123456.78 and says nothing.
    "init_command": "SET time_zone = '+00:00', "
    "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    "field_types": MYSQL_TYPES,
}
_SQLITE_MANNERS = {
    "journal_mode": "wal",  # people read while the consumer writes
    "synchronous": "full",  # a commit survives a power cut: the queue forgets what it is told is stored
    "foreign_keys": 1,
    "cache_size": -32_000,  # kB
}
_SQLITE_PATIENCE = 10
"""Seconds that a writer waits for another to finish."""

_SCHEMES = ("mysql", "mariadb", "mysql+pool", "mariadb+pool")


class BadDatabaseUrl(ValueError):
    """DATABASE_URL cannot be used as it is; the message says how it should look, without its password."""


class Fault(Enum):
    """Whose fault an error is, and so what helps."""

    PASSING = "passing"
    """The server's, for a while: hold what you have, and try again."""
    MESSAGE = "message"
    """That of something we were given: it alone is put aside."""
    OURS = "ours"
    """That of the installation or the code: stop, a person must see to it."""
    UNKNOWN = "unknown"
    """Nobody knows: ours, if it does not pass."""


def connect(url: str | None, home: Path, *, read_timeout: int | None = None, threads: int = 1) -> Database:
    """The database at ``url``, or the embedded one in ``home``. It is opened when it is first used.

    :param url: ``mysql://user:password@host:3306/name`` (or ``mariadb://``), percent-encoded where need be; with
        ``+pool`` for programs of many threads; further arguments of the driver after ``?``, such as ``read_timeout=60``
        (seconds). ``sqlite:///path`` too.
    :param read_timeout: seconds that a server's answer is waited for, where the address does not say; default 15.
    :param threads: that will use it. Of several, each takes a connection that another has left: to make one anew takes
        the driver 25 ms of reading certificates.
    :raises BadDatabaseUrl: when that is not what it is.
    """
    if not url:
        home.mkdir(parents=True, exist_ok=True)
        return _sqlite(home / EMBEDDED)
    if url.startswith("sqlite:///"):
        return _sqlite(Path(url.removeprefix("sqlite:///")))
    return _mysql(url, {} if read_timeout is None else {"read_timeout": read_timeout}, threads)


def masked(url: str) -> str:
    """``url`` without its password: for logs and errors."""
    hidden = re.sub(r"(^|//)([^:/@]*):(?!//).*@", r"\1\2:***@", url)
    return re.sub(r"([?&]passw(?:d|ord)=)[^&]*", r"\1***", hidden)


def is_embedded(database: Database) -> bool:
    """Whether it is SQLite: one file, one writer."""
    return isinstance(database, SqliteDatabase)


def begin_writing(database: Database) -> str:
    """How a writing transaction begins, for ``database.transaction(…)``.

    A server's writers each see what the others have just committed (under REPEATABLE READ one does not find the league
    another has made meanwhile) and hold no gaps. SQLite's only writer takes the lock at once, or it might have to give
    up half way.
    """
    return "IMMEDIATE" if is_embedded(database) else "READ COMMITTED"


def hang_up(database: Database) -> None:
    """Close the connection for good: after an error nobody knows in which state it is. The next use opens another."""
    close = getattr(database, "manual_close", database.close)  # a pool would keep it for the next
    with suppress(PeeweeException):
        close()


class _Embedded(SqliteDatabase):
    """SQLite, for several processes that start together."""

    def _make_it_ones_own(self) -> None:
        """A new file is nobody else's to read: hashes of passwords are in it. What is beside it is made like it."""
        if self.database == ":memory:":
            return
        with suppress(OSError):  # it is there, or cannot be made, which SQLite says better
            os.close(os.open(self.database, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))

    def _connect(self) -> sqlite3.Connection:
        """Whoever is first puts a new file in WAL mode; SQLite itself does not let the others wait for that."""
        self._make_it_ones_own()
        deadline = time.monotonic() + _SQLITE_PATIENCE
        while True:
            try:
                connection: sqlite3.Connection = super()._connect()  # type: ignore[misc] # not in Peewee's stubs
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return connection


class _Pooled(PooledMySQLDatabase):  # type: ignore[misc] # it has no stubs
    """MySQL for many threads, without the two questions that a pool asks the server with each use of a connection."""

    def _is_closed(self, connection: Any) -> bool:
        """A server that has gone has closed it, or said why, which shows here; one that is out of reach does not."""
        known = time.monotonic() - getattr(connection, "left_at", float("-inf")) < _POOL_TRUST
        return not (known and _is_quiet(connection)) and bool(super()._is_closed(connection))

    def _can_reuse(self, connection: Any) -> bool:
        """What was left open is rolled back; whether anything was, the server said in its last answer."""
        at_rest = connection.server_status & (SERVER_STATUS_IN_TRANS | SERVER_STATUS_AUTOCOMMIT)
        connection.left_at = time.monotonic()
        return at_rest == SERVER_STATUS_AUTOCOMMIT or bool(super()._can_reuse(connection))


def _is_quiet(connection: Any) -> bool:
    """Whether it is open, and nothing has come that nobody asked for."""
    if not connection.open:
        return False
    ear = select.poll()
    ear.register(connection._sock, select.POLLIN)  # noqa: SLF001 - the driver's own
    return not ear.poll(0)


def _sqlite(path: Path) -> Database:
    return _Embedded(str(path), pragmas=_SQLITE_MANNERS, timeout=_SQLITE_PATIENCE)


def _mysql(url: str, patience: Mapping[str, int], threads: int) -> Database:
    shape = "mysql://user:password@host:3306/name"
    try:
        parts = urlsplit(url)
        arguments = db_url.parse(url, unquote_password=True, unquote_user=True)
    except ValueError as error:
        raise BadDatabaseUrl(f"DATABASE_URL is {masked(url)}, which is no address ({error}); write {shape}") from None
    if parts.scheme not in _SCHEMES:
        raise BadDatabaseUrl(f"DATABASE_URL is {masked(url)}; it must begin with one of {', '.join(_SCHEMES)}")
    if not parts.hostname or not arguments["database"]:
        raise BadDatabaseUrl(f"DATABASE_URL is {masked(url)}; it names no host, or no database: write {shape}")
    password = arguments.pop("passwd", None) or arguments.get("password")  # the former is the driver's old word for it
    if password is not None:
        arguments["password"] = str(password).encode()  # as text the driver would make it latin1
    scheme = parts.scheme.replace("mariadb", "mysql")
    pool = {}
    if threads > 1:
        scheme, pool = "mysql+pool", {"max_connections": threads, "timeout": _POOL_PATIENCE}
    kind: type[Database] = _Pooled if scheme == "mysql+pool" else db_url.schemes[scheme]
    return kind(**{**_MYSQL_PATIENCE, **pool, **patience, **arguments, **_MYSQL_MANNERS})


# -- errors ------------------------------------------------------------------------------------------------------------

_FAULT_OF_CODE = {
    **dict.fromkeys((1040, 1203), Fault.PASSING),  # too many connections
    **dict.fromkeys((1053, 1077, 1927, 2002, 2003, 2006, 2013, 4031), Fault.PASSING),  # the server goes, or is gone
    **dict.fromkeys((1158, 1159, 1160, 1161), Fault.PASSING),  # the network
    **dict.fromkeys((1205, 1213, 1317, 1969, 3024), Fault.PASSING),  # another writer, or too slow
    **dict.fromkeys((1021, 1114, 1290, 1836), Fault.PASSING),  # disk full, read-only for now
    **dict.fromkeys((1264, 1265, 1292, 1366, 1690, 3819, 4025), Fault.MESSAGE),  # a value the column refuses
    **dict.fromkeys((1044, 1045, 1049, 1129, 1130, 1142, 1143, 1227, 1698, 2049, 2059, 2061), Fault.OURS),  # access
    **dict.fromkeys((1048, 1054, 1064, 1146, 1364), Fault.OURS),  # our schema, our SQL
    1406: Fault.OURS,  # what is read is checked against our columns: one of theirs is narrower
}
"""By the number MySQL and MariaDB give an error."""

_FAULT_OF_NAME = {
    "SQLITE_BUSY": Fault.PASSING,
    "SQLITE_LOCKED": Fault.PASSING,
    "SQLITE_FULL": Fault.PASSING,
    "SQLITE_IOERR": Fault.PASSING,
    "SQLITE_CONSTRAINT_CHECK": Fault.MESSAGE,
    "SQLITE_TOOBIG": Fault.MESSAGE,
    "SQLITE_MISMATCH": Fault.MESSAGE,
    "SQLITE_ERROR": Fault.OURS,  # no such table, no such column, our SQL
    "SQLITE_CANTOPEN": Fault.OURS,
    "SQLITE_READONLY": Fault.OURS,
    "SQLITE_PERM": Fault.OURS,
    "SQLITE_AUTH": Fault.OURS,
    "SQLITE_CORRUPT": Fault.OURS,
    "SQLITE_NOTADB": Fault.OURS,
}
"""By the name SQLite gives an error, or the beginning of that name (``SQLITE_IOERR_FSYNC``)."""

_ADVICE = {
    1045: "the server refuses the user or the password in DATABASE_URL",
    1698: "the server refuses the user in DATABASE_URL",
    1044: "the user in DATABASE_URL may not use this database: GRANT it",
    1142: "the user in DATABASE_URL lacks a privilege on this table: GRANT it",
    1049: "there is no such database: CREATE DATABASE it, then run `scrapy migrate`",
    1146: "a table is missing: run `scrapy migrate`",
    1054: "a column is missing: run `scrapy migrate`",
    1406: "a column is narrower than it should be: compare it with schema/models.py",
    1064: "this server does not understand our SQL: MySQL 8 or MariaDB 10.5 are needed",
    2059: "the server wants a way of signing in that PyMySQL does not have",
    "SQLITE_CANTOPEN": "the file cannot be opened: check GIGSCRAPY_HOME and its permissions",
    "SQLITE_READONLY": "the file cannot be written: check GIGSCRAPY_HOME and its permissions",
    "SQLITE_CORRUPT": "the file is damaged: restore it from a copy",
    "SQLITE_NOTADB": "the file is not a database: check GIGSCRAPY_HOME",
    "SQLITE_ERROR": "the tables do not fit this program: run `scrapy migrate`",
}


def fault_of(error: BaseException) -> Fault:
    """Whose fault an error met while storing is."""
    error = _of_the_driver(error)
    if isinstance(error, pymysql.err.InterfaceError):
        return Fault.PASSING  # a connection that is closed already
    if isinstance(error, OSError):
        return Fault.PASSING
    if isinstance(error, UnicodeError | OverflowError):
        return Fault.MESSAGE
    if isinstance(error, pymysql.err.MySQLError):
        return _FAULT_OF_CODE.get(_number(error), Fault.UNKNOWN)
    if isinstance(error, sqlite3.Error):
        name = _sqlite_name(error)
        found = (fault for known, fault in _FAULT_OF_NAME.items() if name.startswith(known))
        return next(found, Fault.UNKNOWN)
    return Fault.UNKNOWN


class Trouble(StrEnum):
    """Why a question got no answer, as far as it matters to who asked."""

    AWAY = "away"
    SLOW = "slow"
    UNLIKE = "unlike"  # it is another database, or of another version
    OTHER = "other"


_SLOW = {1205, 1317, 1969, 3024, "SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_INTERRUPT"}
_UNLIKE = {1049, 1054, 1146, "SQLITE_ERROR", "SQLITE_NOTADB"}


def trouble_of(error: BaseException) -> Trouble:
    """What kept the database from answering a question."""
    error = _of_the_driver(error)
    name: int | str = _number(error) or _sqlite_name(error)
    if name in _SLOW or "timed out" in str(error):
        return Trouble.SLOW
    if name in _UNLIKE:
        return Trouble.UNLIKE
    if name == "SQLITE_CANTOPEN" or (fault_of(error) is Fault.PASSING and not isinstance(error, sqlite3.Error)):
        return Trouble.AWAY
    return Trouble.OTHER


def explain(error: BaseException) -> str:
    """An error met while storing, for the person who can mend it: what it is, and what to do where that is known."""
    error = _of_the_driver(error)
    if not isinstance(error, pymysql.err.MySQLError | sqlite3.Error):
        return f"{type(error).__name__}: {error}"
    said = str(error.args[-1]) if error.args else type(error).__name__
    advice = _ADVICE.get(_number(error)) or _ADVICE.get(_sqlite_name(error))
    return f"the database says: {said} - {advice}" if advice else f"the database says: {said}"


def _of_the_driver(error: BaseException) -> BaseException:
    """The driver's own error, where Peewee has wrapped it; one met while connecting it wraps twice."""
    while isinstance(error, PeeweeException) and hasattr(error, "orig"):
        error = error.orig
    return error


def _number(error: BaseException) -> int:
    code = error.args[0] if isinstance(error, pymysql.err.MySQLError) and error.args else 0
    return code if isinstance(code, int) else 0


def _sqlite_name(error: BaseException) -> str:
    return getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
