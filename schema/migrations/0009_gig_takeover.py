"""How far a database of gig-benchmark is taken over.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import BigIntegerField, Database, DateTimeField, Model, TextField

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class TakeOvers(Model):
        name = Key(max_length=32, primary_key=True)
        source = Key(max_length=190)
        upto = BigIntegerField()
        position = BigIntegerField()
        account = TextField()
        started_at = DateTimeField()
        updated_at = DateTimeField()
        done_at = DateTimeField(null=True)

        class Meta:
            database = db
            table_name = "TakeOvers"
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    add_table(db, TakeOvers)
