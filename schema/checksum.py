"""What the tables say, in one line each: two databases that stored the same messages have the same checksums.

Rows are told by their natural keys. Left out is what is no part of what was said: surrogate ids, when a row was made,
how often a letter came; and what depends on the order in which it came: since when a price is known here, and
ReplacedOdds, which has the lower of two prices of an instant only where it came first.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import Database
from pymysql.cursors import SSCursor

from schema.database import is_embedded

_PRICES = """
    SELECT m.match_key, s.code, k.code, o.line, b.code, o.outcome, o.odd_value, o.trj, o.published_trj, o.partial,
           o.scraped_at, r.run_id, p.url, p.parser, p.content, o.suspect
    FROM {table} o
    JOIN Matches m ON m.id = o.match_id
    JOIN MarketNames k ON k.id = o.market_id
    JOIN Sports s ON s.id = k.sport_id
    JOIN Bookmakers b ON b.id = o.bookmaker_id
    LEFT JOIN Runs r ON r.id = o.run_id
    LEFT JOIN Pages p ON p.id = o.page_id
"""

_TABLES = {
    "Leagues": "SELECT s.code, l.name_key, l.name, l.code, l.country FROM Leagues l JOIN Sports s ON s.id = l.sport_id",
    "Teams": """
        SELECT s.code, l.name_key, t.name_key, t.name
        FROM Teams t JOIN Leagues l ON l.id = t.league_id JOIN Sports s ON s.id = l.sport_id
    """,
    "Bookmakers": "SELECT code, name, site_id, reviewed FROM Bookmakers",
    "Matches": """
        SELECT m.match_key, s.code, l.name_key, h.name_key, a.name_key, m.match_date, m.match_date_seen_at, m.status,
               m.source, m.site_id, m.url, m.seen_at
        FROM Matches m
        JOIN Leagues l ON l.id = m.league_id
        JOIN Sports s ON s.id = l.sport_id
        JOIN Teams h ON h.id = m.home_team_id
        JOIN Teams a ON a.id = m.away_team_id
    """,
    "Runs": """
        SELECT run_id, spider, state, verdict, exit_code, sentence, site, arguments, started_at, finished_at,
               reported_at, discovered, fetched, parsed, yielded, published, stored, prices, refused, bookmakers,
               suspects
        FROM Runs
    """,
    "Odds": _PRICES.format(table="Odds"),
    "LatestOdds": _PRICES.format(table="LatestOdds"),
    "Messages": "SELECT e.message_id, r.run_id FROM Messages e LEFT JOIN Runs r ON r.id = e.run_id",
    "DeadLetters": "SELECT body_hash, size, reason, detail, run_id FROM DeadLetters",
}


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of one table: how many ``rows`` it has, and a ``digest`` of them whatever their order, 32 hexadecimal digits."""

    rows: int
    digest: str


def checksum(database: Database) -> dict[str, Checksum]:
    """The checksum of each table, by its name. Reads everything: some seconds for a million prices."""
    return {table: _of(_rows(database, query)) for table, query in _TABLES.items()}


def _of(rows: Iterator[tuple[Any, ...]]) -> Checksum:
    number, total = 0, 0
    for row in rows:
        number += 1
        digest = hashlib.blake2b(repr([_plain(value) for value in row]).encode(), digest_size=16).digest()
        # Added up, the order of the rows does not matter, and a row that is there twice still does.
        total += int.from_bytes(digest, "big")
    return Checksum(number, f"{total % 2**128:032x}")


def _rows(database: Database, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows as they come, without holding all of them."""
    connection = database.connection()  # type: ignore[no-untyped-call] # Peewee has no types
    cursor = connection.cursor() if is_embedded(database) else connection.cursor(SSCursor)
    cursor.execute(query)
    yield from cursor


def _plain(value: object) -> str:
    """A value as both databases mean it: SQLite has no decimals and no instants of its own."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{Decimal(str(value)):.3f}"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return "" if value is None else str(value)
