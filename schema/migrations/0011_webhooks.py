"""Addresses of programs that are told what happens, and what they were told.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
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

        class Meta:
            table_name = "users"

    class Leagues(Table):
        id = AutoField()

    class Matches(Table):
        id = AutoField()

    class Webhooks(Table):
        id = AutoField()
        user = ForeignKeyField(Users)
        name = CharField(max_length=100)
        url = CharField(max_length=500)
        secret = BlobField()
        shown = Key(max_length=16)
        kinds = CharField(max_length=200)
        league = ForeignKeyField(Leagues, null=True)
        match = ForeignKeyField(Matches, null=True)
        enabled = BooleanField()
        since = DateTimeField()
        failing_since = DateTimeField(null=True)
        disabled_because = Key(max_length=16, null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class WebhookDeliveries(Table):
        id = BigAutoField()
        hook = ForeignKeyField(Webhooks, index=False, on_delete="CASCADE")
        delivery_id = Key(max_length=80, unique=True)
        kind = Key(max_length=32)
        body = TextField()
        state = Key(max_length=16)
        attempts = IntegerField(constraints=[SQL("DEFAULT 0")])
        not_before = DateTimeField()
        status = IntegerField(null=True)
        note = CharField(max_length=500, null=True)
        took = IntegerField(null=True)
        created_at = DateTimeField()
        sent_at = DateTimeField(null=True)

        class Meta:
            indexes = (
                (("hook", "state"), False),
                (("hook", "created_at"), False),
                (("state", "not_before"), False),
            )

    class WebhookPositions(Table):
        name = Key(max_length=16, primary_key=True)
        position = BigIntegerField()
        at = DateTimeField()

    for table in (Webhooks, WebhookDeliveries, WebhookPositions):
        add_table(db, table)
