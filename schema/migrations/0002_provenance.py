"""Where a price came from, whether it is plausible, and what became of a dead letter.

It may be broken off anywhere and begun again: MySQL commits each of its statements. And it may run on tables of any
size: columns that are null, or have a default of their own, are added without writing a row anew.
"""

from typing import Any

from peewee import SQL, Database, DateTimeField, Field, IntegerField

from schema.database import is_embedded
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    def count() -> Field:
        return IntegerField(constraints=[SQL("DEFAULT 0")])

    _add(db, "Pages", content=Key(max_length=32, null=True))
    _add(db, "Odds", suspect=Key(max_length=32, null=True))
    _add(db, "LatestOdds", suspect=Key(max_length=32, null=True))
    _add(db, "Runs", bookmakers=count(), suspects=count())
    _add(db, "DeadLetters", replayed_at=DateTimeField(null=True), replays=count())
    _index(db, "Pages", "content")
    _index(db, "DeadLetters", "reason", "replayed_at", "last_seen")


def _add(db: Database, table: str, **fields: Field) -> None:
    """The columns that are not there yet, on a server in one statement."""
    there = {column.name for column in db.get_columns(table)}
    added = [f"ADD COLUMN {_written(db, name, field)}" for name, field in fields.items() if name not in there]
    for part in added if is_embedded(db) else filter(None, (", ".join(added),)):
        db.execute_sql(f"ALTER TABLE `{table}` {part}")


def _index(db: Database, table: str, *columns: str) -> None:
    """An index, unless it is there, with the name that Peewee gives one."""
    quote = '"' if is_embedded(db) else "`"
    name, *words = (f"{quote}{word}{quote}" for word in ("_".join((table.lower(), *columns)), table, *columns))
    if name.strip(quote) not in {index.name for index in db.get_indexes(table)}:
        db.execute_sql(f"CREATE INDEX {name} ON {words[0]} ({', '.join(words[1:])})")


def _written(db: Database, name: str, field: Field) -> str:
    """A column as this database declares it."""
    field.name = field.column_name = name
    context = db.get_sql_context()
    statement: str = context.sql(field.ddl(context)).query()[0]
    return statement
