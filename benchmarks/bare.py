"""Bare ``executemany``: the same rows into the same tables, and nothing else. What our store is held against.

The rows are those that our store wrote for the same messages, in its order and in its batches, kept ready in memory as
text and numbers. So it receives nothing, reads and checks no message, looks nothing up, and acknowledges nothing. For
each batch of 500 messages it does in one transaction, as ours: the ledger by plain INSERT, Odds by plain INSERT,
LatestOdds by INSERT … ON DUPLICATE KEY UPDATE, for a newer price takes the place of the older there.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import Database

from benchmarks.messages import PRICES
from gigscrapy.consumer import BATCH
from schema.database import begin_writing, is_embedded
from schema.store import COLUMNS, KEY

LEDGER = ("message_id", "run_id", "batch", "stored_at")
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows that 500 messages make: in the ledger, and in both Odds and LatestOdds."""

    ledger: Sequence[Row]
    prices: Sequence[Row]


def batches(database: Database) -> list[Batch]:
    """What our store wrote into these tables, message by message of three prices, batch by batch."""
    prices = _rows(database, f"SELECT {', '.join(COLUMNS)} FROM Odds ORDER BY id")
    ledger = _rows(database, f"SELECT {', '.join(LEDGER)} FROM Messages ORDER BY stored_at, batch, message_id")
    return [Batch(*rows) for rows in zip(_chunks(ledger, BATCH), _chunks(prices, BATCH * PRICES), strict=True)]


def write(database: Database, work: Sequence[Batch]) -> float:
    """Write them; the seconds it took."""
    mark = database.param
    ledger = _insert("Messages", LEDGER, mark)
    odds, latest = _insert("Odds", COLUMNS, mark), _insert("LatestOdds", COLUMNS, mark) + _replace(database)
    cursor = database.connection().cursor()
    began = time.perf_counter()
    for batch in work:
        with database.transaction(begin_writing(database)):
            cursor.executemany(ledger, batch.ledger)
            cursor.executemany(odds, batch.prices)
            cursor.executemany(latest, batch.prices)
    return time.perf_counter() - began


def _insert(table: str, columns: Sequence[str], mark: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


def _replace(database: Database) -> str:
    values = [column for column in COLUMNS if column not in KEY]
    if is_embedded(database):
        return " ON CONFLICT DO UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in values)
    return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{column} = VALUES({column})" for column in values)


def _rows(database: Database, query: str) -> list[Row]:
    return [tuple(map(_plain, row)) for row in database.execute_sql(query).fetchall()]


def _plain(value: object) -> object:
    """Text is quicker to write down than what the driver makes of numbers and dates."""
    return str(value) if isinstance(value, Decimal | datetime | float) else value


def _chunks(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
