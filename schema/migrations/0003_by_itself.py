"""Tasks, the life of a run before it crawls, and schedules.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    CharField,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
)

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_columns, add_index, add_table
from schema.models import Key, now


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class Tasks(Table):
        id = AutoField()
        task_id = Key(max_length=64, unique=True)
        body_hash = Key(max_length=32)
        said = CharField(max_length=500)
        requested_by = CharField(max_length=100, null=True)
        received_at = DateTimeField(index=True)
        runs = IntegerField()
        joined = IntegerField()

        class Meta:
            indexes = ((("body_hash", "received_at"), False),)

    class Matches(Table):
        id = AutoField()

    class Schedules(Table):
        id = AutoField()
        name = CharField(max_length=100, unique=True)
        what = CharField(max_length=500)
        cron = CharField(max_length=100, null=True)
        every_minutes = IntegerField(null=True)
        kickoff = CharField(max_length=200, null=True)
        arguments = CharField(max_length=200, null=True)
        enabled = BooleanField()
        decided_until = DateTimeField(null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class Firings(Table):
        id = AutoField()
        schedule = ForeignKeyField(Schedules, index=False, on_delete="CASCADE")
        due_at = DateTimeField()
        state = Key(max_length=16, index=True)
        task_id = Key(max_length=64, null=True)
        note = CharField(max_length=500, null=True)
        decided_at = DateTimeField()
        sent_at = DateTimeField(null=True)

        class Meta:
            indexes = ((("schedule", "due_at"), True),)

    class Visits(Table):
        id = AutoField()
        schedule = ForeignKeyField(Schedules, index=False, on_delete="CASCADE")
        match = ForeignKeyField(Matches)
        minutes = IntegerField()
        due_at = DateTimeField()
        state = Key(max_length=16)
        task_id = Key(max_length=64, null=True)
        decided_at = DateTimeField()

        class Meta:
            indexes = (
                (("schedule", "match", "minutes"), True),
                (("state", "decided_at"), False),
                (("due_at",), False),
            )

    for table in (Tasks, Schedules, Firings, Visits):
        add_table(db, table)
    # gig-benchmark's own, to be switched on. Here, so that one which is removed does not come back.
    with db.atomic():
        if not Schedules.select().exists(db):
            made = now()
            Schedules.insert(
                name="every six hours", what="all", cron="0 */6 * * *", enabled=False, created_at=made, updated_at=made
            ).execute(db)
    add_columns(
        db,
        "Runs",
        current=CharField(max_length=200, null=True),
        task_id=Key(max_length=64, null=True),
        requested_by=CharField(max_length=100, null=True),
        requested_at=DateTimeField(null=True),
        active_key=Key(max_length=100, null=True),
        node=CharField(max_length=200, null=True),
        attempts=IntegerField(constraints=[SQL("DEFAULT 0")]),
        not_before=DateTimeField(null=True),
        cancel_asked_at=DateTimeField(null=True),
    )
    add_index(db, "Runs", "task_id")
    add_index(db, "Runs", "active_key", unique=True)
    add_index(db, "Runs", "state", "requested_at")
    add_index(db, "Runs", "spider", "verdict", "finished_at")
    add_columns(db, "DeadLetters", queue=Key(max_length=64, constraints=[SQL("DEFAULT 'odds'")]))
