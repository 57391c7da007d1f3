"""Other names of bookmakers and teams, and the edition of who is who.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import AutoField, CharField, Database, DateTimeField, ForeignKeyField, IntegerField, Model

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class Bookmakers(Table):
        id = AutoField()

    class Leagues(Table):
        id = AutoField()

    class Teams(Table):
        id = AutoField()

    class BookmakerAliases(Table):
        id = AutoField()
        name_key = Key(max_length=100, unique=True)
        name = CharField(max_length=100)
        bookmaker = ForeignKeyField(Bookmakers)
        created_at = DateTimeField()

    class TeamAliases(Table):
        id = AutoField()
        league = ForeignKeyField(Leagues, index=False)
        name_key = Key(max_length=100)
        name = CharField(max_length=100)
        team = ForeignKeyField(Teams)
        created_at = DateTimeField()

        class Meta:
            indexes = ((("league", "name_key"), True),)

    class Editions(Table):
        id = AutoField()
        number = IntegerField()

    for table in (BookmakerAliases, TeamAliases, Editions):
        add_table(db, table)
    with db.atomic():
        if not Editions.select().exists(db):
            Editions.insert(id=1, number=1).execute(db)
