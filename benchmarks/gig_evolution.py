"""gig-benchmark's way of telling each price's evolution, written anew from a description of it: the baseline.

Its own table with its own indexes (those that Django makes for foreign keys), the same prices. Two nested queries: of
each price, whether it is the newest of its match, bookmaker and outcome; and of each that is, the one before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pymysql

TABLE = "GigOdds"
_UNDONE = "GigOddsUndone"
"""What it is called until it is whole."""

_MADE = f"""
    CREATE OR REPLACE TABLE {_UNDONE} (
        id BIGINT NOT NULL PRIMARY KEY, match_id INT NOT NULL, market_id INT NOT NULL, bookmaker_id INT NOT NULL,
        outcome VARCHAR(50) NOT NULL, odd_value DECIMAL(6, 2) NOT NULL, trj DECIMAL(6, 2),
        scraped_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB
"""
_FILLED = f"""
    INSERT INTO {_UNDONE} SELECT id, match_id, market_id, bookmaker_id, outcome, odd_value, trj, scraped_at FROM Odds
"""
_INDEXED = f"""
    ALTER TABLE {_UNDONE} ADD INDEX (match_id), ADD INDEX (market_id), ADD INDEX (bookmaker_id)
"""
_NEWEST = f"""
    SELECT o.id, o.match_id, o.bookmaker_id, o.outcome, o.odd_value, o.trj, o.scraped_at, h.name, a.name, b.name
    FROM {TABLE} o
    JOIN Matches m ON m.id = o.match_id JOIN Teams h ON h.id = m.home_team_id JOIN Teams a ON a.id = m.away_team_id
    JOIN Bookmakers b ON b.id = o.bookmaker_id
    WHERE m.league_id = %s AND m.match_date >= %s AND m.match_date <= %s AND o.id = (
        SELECT n.id FROM {TABLE} n
        WHERE n.match_id = o.match_id AND n.bookmaker_id = o.bookmaker_id AND n.outcome = o.outcome
        ORDER BY n.scraped_at DESC LIMIT 1
    )
"""
_BEFORE = f"""
    SELECT trj, scraped_at FROM {TABLE}
    WHERE match_id = %s AND bookmaker_id = %s AND outcome = %s AND scraped_at < %s ORDER BY scraped_at DESC LIMIT 1
"""


def make(connection: Any) -> None:
    """Its table, with every price of ours; where it is there already, nothing is done."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES LIKE %s", (TABLE,))
        if cursor.fetchone():
            return
        for statement in (_MADE, _FILLED, _INDEXED, f"RENAME TABLE {_UNDONE} TO {TABLE}", f"ANALYZE TABLE {TABLE}"):
            cursor.execute(statement)


def odds_with_evolution(connection: Any, league: int, start: datetime, end: datetime) -> Sequence[tuple[Any, ...]]:
    """The newest prices of a league's matches with kick-off between, each with what was before: TRJ, and when."""
    told = []
    with connection.cursor(pymysql.cursors.Cursor) as cursor:
        cursor.execute(_NEWEST, (league, start, end))
        for row in cursor.fetchall():
            cursor.execute(_BEFORE, (row[1], row[2], row[3], row[6]))
            told.append((*row, *(cursor.fetchone() or (None, None))))
    return told
