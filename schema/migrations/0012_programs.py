"""What programs send under keys of their own, and which program made a change.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import AutoField, CharField, Database, DateTimeField, ForeignKeyField, Model

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_columns, add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class Users(Table):
        id = AutoField()

        class Meta:
            table_name = "users"

    class Submissions(Table):
        id = AutoField()
        user = ForeignKeyField(Users, index=False)
        kind = Key(max_length=16)
        key = Key(max_length=128)
        body_hash = Key(max_length=32)
        made_id = Key(max_length=64)
        created_at = DateTimeField(index=True)
        settled_at = DateTimeField(null=True)

        class Meta:
            indexes = ((("user", "kind", "key"), True),)

    add_table(db, Submissions)
    add_columns(db, "AuditLog", program=CharField(max_length=100, null=True))
