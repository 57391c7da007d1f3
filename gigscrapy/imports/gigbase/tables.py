"""What is in a database of gig-benchmark, whichever of its schemas it has. It is read, never written.

Its Django models and its ``schema.sql`` have the same names and disagree on lengths, on what is unique and on what may
be null; the older ``cotes_db`` has all in one flat table ``odds``.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pymysql
from peewee import Database, PeeweeException

from gigscrapy.imports.gigbase.account import Sum
from schema.database import connect, explain, hang_up, is_embedded

DJANGO, SCHEMA, FLAT = "Django models", "schema.sql", "flat table"

NEEDED = {
    "sports": {"id", "code"},
    "marketnames": {"id", "code"},
    "leagues": {"id", "sport_id", "name"},
    "teams": {"id", "name"},
    "bookmakers": {"id", "code", "name"},
    "matches": {"id", "league_id", "home_team_id", "away_team_id", "match_date"},
    "odds": {"id", "match_id", "market_id", "bookmaker_id", "outcome", "odd_value", "scraped_at"},
}
PRICES = ("cote_1", "cote_N", "cote_2")
NEEDED_FLAT = {"match_name", "match_date", "bookmaker", *(name.lower() for name in PRICES), "league", "sport"}
PAGE = 500
"""Matches that are looked up at once."""
PATIENCE = 600
"""Seconds that an answer is waited for: all prices are summed up in one question."""


class NotGigs(ValueError):
    """The database is not gig-benchmark's; the message says what is missing."""


class Unanswered(Exception):
    """The database does not answer, or not any more; the message says why."""


class League(NamedTuple):
    """``sport``: its code."""

    name: str
    sport: str | None


class Match(NamedTuple):
    """``match_date``: as it stands there; ``made_at``: naive UTC. A team that is not there has no name."""

    id: int
    league: int
    home: str | None
    away: str | None
    match_date: datetime | None
    status: str | None
    made_at: datetime | None


class Row(NamedTuple):
    """A price. ``seen_at``: naive UTC."""

    id: int
    market: int
    bookmaker: int
    outcome: str
    value: Decimal
    trj: Decimal | None
    seen_at: datetime


NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - naive, as all of theirs
"""``seen_at`` of a price that tells no time."""


class FlatRow(NamedTuple):
    """A quote of the flat table. ``prices``: of 1, X and 2."""

    title: str
    match_date: Any
    bookmaker: str
    prices: tuple[Decimal | None, Decimal | None, Decimal | None]
    league: str | None
    sport: str | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Gig:
    """One database.

    :ivar kind: which schema it has; :ivar tables: how its tables are called, by gig-benchmark's names in lower case;
        :ivar columns: of each, in lower case.
    """

    database: Database
    kind: str
    tables: dict[str, str]
    columns: dict[str, frozenset[str]]

    def rows(self, sql: str, *values: Any) -> Any:
        """``sql`` has its tables in braces and a ``?`` for each value. :raises Unanswered: as all that asks here."""
        with _answering():
            return self.database.execute_sql(self._written(sql), values)

    def _stream(self, sql: str, *values: Any) -> Iterator[Any]:
        """The same, of many rows: a few at a time."""
        with _answering():
            cursor = _unbuffered(self.database)
            cursor.execute(self._written(sql), values)
            yield from cursor

    def _written(self, sql: str) -> str:
        return sql.format(**self.tables).replace("?", self.database.param)

    # -- what there is -------------------------------------------------------------------------------------------------

    def count(self, table: str) -> int:
        """Of a small table; 0 where it is not there."""
        return int(self.rows(f"SELECT COUNT(*) FROM {{{table}}}").fetchone()[0]) if table in self.tables else 0  # noqa: S608

    def newest(self) -> int:
        """The id of the last price there is."""
        return int(self.rows("SELECT COALESCE(MAX(id), 0) FROM {odds}").fetchone()[0])

    def total(self, upto: int) -> Sum:
        """All prices up to that id."""
        return _sum(self.rows("SELECT COUNT(*), SUM(odd_value) FROM {odds} WHERE id <= ?", upto))

    def orphans(self, upto: int) -> Sum:
        """The prices whose match is not there."""
        return _sum(
            self.rows(
                "SELECT COUNT(*), SUM(o.odd_value) FROM {odds} o LEFT JOIN {matches} m ON m.id = o.match_id"
                " WHERE m.id IS NULL AND o.id <= ?",
                upto,
            )
        )

    def flat_total(self) -> Sum:
        """All prices of the flat table."""
        parts = ", ".join(f"COUNT({name}), SUM({name})" for name in PRICES)
        found = self.rows(f"SELECT {parts} FROM {{odds}}").fetchone()  # noqa: S608
        return Sum(sum(found[::2]), sum((decimal(value) for value in found[1::2] if value is not None), Decimal(0)))

    # -- what it says --------------------------------------------------------------------------------------------------

    def leagues(self) -> dict[int, League]:
        sql = "SELECT l.id, l.name, s.code FROM {leagues} l LEFT JOIN {sports} s ON s.id = l.sport_id"
        return {number: League(*said) for number, *said in self.rows(sql)}

    def bookmakers(self) -> dict[int, tuple[str, str]]:
        """Code and name."""
        return {number: (code, name) for number, code, name in self.rows("SELECT id, code, name FROM {bookmakers}")}

    def markets(self) -> dict[int, str]:
        return dict(self.rows("SELECT id, code FROM {marketnames}"))

    def matches(self, after: int) -> Iterator[Match]:
        """Those with a greater id, ascending."""
        optional = (name if name in self.columns["matches"] else "NULL" for name in ("status", "created_at"))
        extra = ", ".join("NULL" if name == "NULL" else f"m.{name}" for name in optional)
        sql = (
            f"SELECT m.id, m.league_id, h.name, a.name, m.match_date, {extra} FROM {{matches}} m"  # noqa: S608
            " LEFT JOIN {teams} h ON h.id = m.home_team_id LEFT JOIN {teams} a ON a.id = m.away_team_id"
            f" WHERE m.id > ? ORDER BY m.id LIMIT {PAGE}"
        )
        while page := list(self.rows(sql, after)):
            for number, league, home, away, match_date, status, made_at in page:
                yield Match(number, league, home, away, moment(match_date), status, moment(made_at))
            after = page[-1][0]

    def prices(self, match: int, upto: int) -> list[Row]:
        """Of one match: those of a bookmaker and market stand together, in the order they were seen in."""
        found = self.rows(f"SELECT {self._price} FROM {{odds}} WHERE match_id = ? AND id <= ?", match, upto)  # noqa: S608
        return sorted(map(_row, found), key=lambda row: (row.bookmaker, row.market, row.seen_at, row.id))

    @property
    def _price(self) -> str:
        """The columns of :func:`_row`."""
        trj = "trj" if "trj" in self.columns["odds"] else "NULL"
        return f"id, market_id, bookmaker_id, outcome, odd_value, {trj}, scraped_at"

    def window(self, since: datetime, until: datetime) -> Iterator[tuple[int, Row]]:
        """The prices seen from ``since`` until before ``until`` (naive UTC), each with its match: those of a match
        together, and in them as in :meth:`prices`.
        """
        sql = (
            f"SELECT match_id, {self._price} FROM {{odds}} WHERE scraped_at >= ? AND scraped_at < ?"  # noqa: S608
            " ORDER BY match_id, bookmaker_id, market_id, scraped_at, id"
        )
        for match, *price in self._stream(sql, str(since), str(until)):
            if (row := _row(price)).seen_at != NEVER:
                yield match, row

    def flat(self) -> Iterator[FlatRow]:
        """The rows of the flat table, a few at a time: in an order that is the same each time."""
        names = ("match_name", "match_date", "bookmaker", *PRICES, "league", "sport")
        seen = "created_at" if "created_at" in self.columns["odds"] else "NULL"
        sql = f"SELECT {', '.join(names)}, {seen} FROM {{odds}} ORDER BY {seen}, match_name, bookmaker"  # noqa: S608
        for title, match_date, bookmaker, one, draw, two, league, sport, seen_at in self._stream(sql):
            prices = tuple(None if price is None else decimal(price) for price in (one, draw, two))
            yield FlatRow(title, match_date, bookmaker, prices, league, sport, moment(seen_at))  # type: ignore[arg-type] # three of them


@contextmanager
def opened_gig(url: str) -> Iterator[Gig]:
    """The database at ``url``. :raises NotGigs: when it is none; :raises BadDatabaseUrl: as ``connect`` does."""
    database = connect(url, Path(), read_timeout=PATIENCE)
    try:
        if not is_embedded(database):
            database.execute_sql("SET SESSION TRANSACTION READ ONLY")
        yield _recognise(database)
    finally:
        hang_up(database)


def source_of(url: str) -> str:
    """What a database is known by: its address without who asks."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or 3306}{parts.path}"[:190]


def _recognise(database: Database) -> Gig:
    there: dict[str, list[str]] = {}
    for name in database.get_tables():
        there.setdefault(name.lower(), []).append(name)
    tables, columns = _known_tables(database, there)
    if not (missing := [wanted for wanted in NEEDED if wanted not in tables]):
        if "partial" in columns["odds"]:
            raise NotGigs("it is gigscrapy's own")
        if "users" in there:
            tables["users"] = f"`{there['users'][0]}`"
        return Gig(database, DJANGO if "django_migrations" in there else SCHEMA, tables, columns)
    for name in there.get("odds", ()):
        if (found := _columns(database, name)) >= NEEDED_FLAT:
            return Gig(database, FLAT, {"odds": f"`{name}`"}, {"odds": found})
    raise NotGigs(
        f"it lacks gig-benchmark's {', '.join(missing)}"
        + (" (its migrations never made Odds)" if missing == ["odds"] else "")
    )


def _known_tables(
    database: Database, there: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """Those of gig-benchmark, as statements name them, with their columns."""
    tables, columns = {}, {}
    for wanted, needed in NEEDED.items():
        for name in there.get(wanted, ()):
            if needed <= (found := _columns(database, name)):
                tables[wanted], columns[wanted] = f"`{name}`", found
    return tables, columns


def _columns(database: Database, table: str) -> frozenset[str]:
    return frozenset(column.name.lower() for column in database.get_columns(table))


@contextmanager
def _answering() -> Iterator[None]:
    """:raises Unanswered: where the driver says that there is no answer."""
    try:
        yield
    except (PeeweeException, pymysql.MySQLError, sqlite3.Error) as error:
        raise Unanswered(explain(error)) from error


def _unbuffered(database: Database) -> Any:
    if is_embedded(database):
        return database.connection().cursor()
    from pymysql.cursors import SSCursor

    return database.connection().cursor(SSCursor)


def _row(price: Any) -> Row:
    """A price as it stands there; one of no market or bookmaker is of 0, which none has."""
    number, market, bookmaker, outcome, value, trj, scraped_at = price
    told = None if trj is None else decimal(trj)
    return Row(number, market or 0, bookmaker or 0, outcome, decimal(value or 0), told, moment(scraped_at) or NEVER)


def _sum(cursor: Any) -> Sum:
    rows, total = cursor.fetchone()
    return Sum(rows, Decimal(0) if total is None else decimal(total))


def decimal(value: Any) -> Decimal:
    """A number as any database gives it, to the precision that gig-benchmark keeps and one more."""
    return Decimal(str(value)).quantize(Decimal("0.001"))


def moment(value: Any) -> datetime | None:
    """A time as any database gives it, naive; ``None`` where it is none (SQLite has text, MySQL ``0000-00-00``)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
