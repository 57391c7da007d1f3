"""Looking at the tables, on either database."""

from datetime import date
from decimal import Decimal
from typing import Any

from peewee import Database

from schema.database import is_embedded
from schema.messages import Message
from schema.store import Store
from tests.schema.letters import letters


def found(database: Database, query: str) -> list[tuple[Any, ...]]:
    """Rows, with numbers and instants as text: both databases write them the same then."""
    return [tuple(None if v is None else _plain(v) for v in row) for row in database.execute_sql(query).fetchall()]


def _plain(value: object) -> Any:
    if isinstance(value, Decimal | float):
        return f"{Decimal(str(value)).normalize():f}"
    return str(value) if isinstance(value, date) else value


def count(database: Database, table: str) -> int:
    return int(database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def one_by_one(store: Store, *messages: Message) -> None:
    for message in messages:
        store.store(letters(message))


def whole(database: Database, number: int) -> Any:
    """SQLite keeps a whole decimal as a whole number."""
    return number if is_embedded(database) else str(number)
