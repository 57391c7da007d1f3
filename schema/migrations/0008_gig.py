"""What gig-benchmark's programs ask for and report.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import AutoField, CharField, Database, DateTimeField, IntegerField, Model

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class GigProgress(Model):
        id = AutoField()
        scraper = Key(max_length=100, unique=True)
        task_id = Key(max_length=64, null=True)
        asked_at = DateTimeField(null=True)
        status = Key(max_length=32, null=True)
        current = IntegerField()
        total = IntegerField()
        message = CharField(max_length=500)
        current_match = CharField(max_length=200)
        bookmakers_count = IntegerField()
        matches_scraped = IntegerField()
        odds_sent = IntegerField()
        reported_at = DateTimeField(null=True)
        updated_at = DateTimeField(index=True)

        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    add_table(db, GigProgress)
