"""Who may see and do what, and who did: accounts, their sessions and keys, the audit log.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    AutoField,
    BigAutoField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    Model,
    TextField,
)

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class Users(Table):
        id = AutoField()
        username = CharField(max_length=150)
        username_key = Key(max_length=150, unique=True)
        password = CharField(max_length=255)
        first_name = CharField(max_length=150)
        last_name = CharField(max_length=150)
        role = Key(max_length=16)
        active = BooleanField(column_name="is_active")
        fs_uniquifier = Key(max_length=64, unique=True)
        last_login = DateTimeField(null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            table_name = "users"

    class Sessions(Table):
        id = AutoField()
        user = ForeignKeyField(Users)
        token_hash = Key(max_length=64, unique=True)
        address = CharField(max_length=64)
        agent = CharField(max_length=200)
        created_at = DateTimeField()
        seen_at = DateTimeField(index=True)

    class ApiKeys(Table):
        id = AutoField()
        user = ForeignKeyField(Users)
        name = CharField(max_length=100)
        shown = Key(max_length=16)
        key_hash = Key(max_length=64, unique=True)
        scopes = CharField(max_length=100)
        created_at = DateTimeField()
        last_used_at = DateTimeField(null=True)
        revoked_at = DateTimeField(null=True)

    class Attempts(Table):
        id = AutoField()
        name = Key(max_length=200)
        at = DateTimeField(index=True)

        class Meta:
            indexes = ((("name", "at"), False),)

    class AuditLog(Table):
        id = BigAutoField()
        at = DateTimeField(index=True)
        actor = Key(max_length=150)
        address = CharField(max_length=64, null=True)
        action = Key(max_length=32)
        object_type = Key(max_length=32)
        object_id = Key(max_length=200, null=True)
        before = TextField(null=True, column_name="before_json")
        after = TextField(null=True, column_name="after_json")
        request_id = Key(max_length=32, null=True)

        class Meta:
            indexes = (
                (("actor",), False),
                (("object_type", "object_id"), False),
            )

    for table in (Users, Sessions, ApiKeys, Attempts, AuditLog):
        add_table(db, table)
