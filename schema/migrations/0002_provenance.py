"""Where a price came from, whether it is plausible, and what became of a dead letter."""

from typing import Any

from peewee import Database, DateTimeField, IntegerField

from schema.models import Key


def up(migrator: Any, _database: Database) -> None:
    added = (
        ("Pages", "content", Key(max_length=32, null=True)),
        # The large ones take columns that may be null without writing a row anew.
        ("Odds", "suspect", Key(max_length=32, null=True)),
        ("LatestOdds", "suspect", Key(max_length=32, null=True)),
        ("Runs", "bookmakers", IntegerField(default=0)),
        ("Runs", "suspects", IntegerField(default=0)),
        ("DeadLetters", "replayed_at", DateTimeField(null=True)),
        ("DeadLetters", "replays", IntegerField(default=0)),
    )
    migrator.migrate(*(migrator.add_column(table, column, field) for table, column, field in added))
