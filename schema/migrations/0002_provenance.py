"""Where a price came from, whether it is plausible, and what became of a dead letter.

It may be broken off anywhere and begun again, on tables of any size: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import SQL, Database, DateTimeField, Field, IntegerField

from schema.migrations.steps import add_columns, add_index
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    def count() -> Field:
        return IntegerField(constraints=[SQL("DEFAULT 0")])

    add_columns(db, "Pages", content=Key(max_length=32, null=True))
    add_columns(db, "Odds", suspect=Key(max_length=32, null=True))
    add_columns(db, "LatestOdds", suspect=Key(max_length=32, null=True))
    add_columns(db, "Runs", bookmakers=count(), suspects=count())
    add_columns(db, "DeadLetters", replayed_at=DateTimeField(null=True), replays=count())
    add_index(db, "Pages", "content")
    add_index(db, "DeadLetters", "reason", "replayed_at", "last_seen")
