"""What people follow, rules of alerts, what came of them, and the channels that are told.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BlobField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    Model,
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

    class Matches(Table):
        id = AutoField()

    class Teams(Table):
        id = AutoField()

    class Leagues(Table):
        id = AutoField()

    class Bookmakers(Table):
        id = AutoField()

    class Follows(Table):
        id = AutoField()
        person = Key(max_length=100)
        kind = Key(max_length=16)
        object_id = IntegerField()
        created_at = DateTimeField()

        class Meta:
            indexes = ((("person", "kind", "object_id"), True),)

    class AlertRules(Table):
        id = AutoField()
        kind = Key(max_length=32)
        direction = Key(max_length=8, null=True)
        threshold = DecimalField(max_digits=10, decimal_places=3)
        margin = DecimalField(max_digits=10, decimal_places=3)
        minutes = IntegerField(null=True)
        at_least = IntegerField()
        max_age_minutes = IntegerField()
        calm_minutes = IntegerField()
        cooldown_minutes = IntegerField()
        quiet_from = IntegerField(null=True)
        quiet_until = IntegerField(null=True)
        match = ForeignKeyField(Matches, null=True)
        team = ForeignKeyField(Teams, null=True)
        league = ForeignKeyField(Leagues, null=True)
        bookmaker = ForeignKeyField(Bookmakers, null=True)
        market = Key(max_length=20, null=True)
        outcome = Key(max_length=50, null=True)
        spider = Key(max_length=100, null=True)
        enabled = BooleanField()
        muted_until = DateTimeField(null=True)
        created_by = CharField(max_length=100, null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class Channels(Table):
        id = AutoField()
        name = CharField(max_length=100, unique=True)
        secret = BlobField()
        masked = CharField(max_length=200)
        language = Key(max_length=2)
        enabled = BooleanField()
        created_by = CharField(max_length=100, null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class RuleChannels(Table):
        id = AutoField()
        rule = ForeignKeyField(AlertRules, index=False, on_delete="CASCADE")
        channel = ForeignKeyField(Channels, on_delete="CASCADE")

        class Meta:
            indexes = ((("rule", "channel"), True),)

    class AlertEvents(Table):
        id = AutoField()
        rule = ForeignKeyField(AlertRules, index=False, on_delete="CASCADE")
        subject = Key(max_length=200)
        open_key = Key(max_length=220, null=True, unique=True)
        match_id = IntegerField(null=True)
        opened_at = DateTimeField(index=True)
        updated_at = DateTimeField()
        announced_at = DateTimeField(null=True)
        closed_at = DateTimeField(null=True)
        closed_because = Key(max_length=16, null=True)
        value = DecimalField(max_digits=12, decimal_places=3)
        told_value = DecimalField(max_digits=12, decimal_places=3)
        told_at = DateTimeField(null=True)
        calm_since = DateTimeField(null=True)
        age = IntegerField(null=True)
        details = CharField(max_length=2000)
        messages = IntegerField(constraints=[SQL("DEFAULT 0")])

        class Meta:
            indexes = ((("rule", "closed_at"), False),)

    class Deliveries(Table):
        id = AutoField()
        event = ForeignKeyField(AlertEvents, null=True, on_delete="CASCADE")
        channel = ForeignKeyField(Channels, on_delete="CASCADE")
        kind = Key(max_length=16)
        delivery_id = Key(max_length=64, unique=True)
        title = CharField(max_length=250)
        body = CharField(max_length=2000)
        state = Key(max_length=16)
        attempts = IntegerField(constraints=[SQL("DEFAULT 0")])
        not_before = DateTimeField()
        note = CharField(max_length=500, null=True)
        took = IntegerField(null=True)
        created_at = DateTimeField()
        sent_at = DateTimeField(null=True)

        class Meta:
            indexes = ((("state", "not_before"), False),)

    for table in (Follows, AlertRules, Channels, RuleChannels, AlertEvents, Deliveries):
        add_table(db, table)
