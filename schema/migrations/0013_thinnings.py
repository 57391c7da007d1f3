"""Up to where old prices were thinned.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import Database, DateTimeField, Model

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class Thinnings(Model):
        name = Key(max_length=16, primary_key=True)
        thinned_before = DateTimeField()

        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    add_table(db, Thinnings)
