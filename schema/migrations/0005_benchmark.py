"""What is counted of the prices, what is still to be counted, and the tables that analysts save.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    DateField,
    DateTimeField,
    DecimalField,
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

    class TouchedMatches(Table):
        id = BigAutoField()
        match_id = IntegerField()
        touched_at = DateTimeField()

    class TouchedHours(Table):
        id = BigAutoField()
        hour = DateTimeField()
        touched_at = DateTimeField()

    class Payouts(Table):
        match_id = IntegerField()
        market_id = IntegerField()
        line = DecimalField(max_digits=6, decimal_places=2)
        bookmaker_id = IntegerField()
        league_id = IntegerField()
        day = DateField()
        kickoff = DateTimeField(null=True)
        scraped_at = DateTimeField()
        trj = DecimalField(max_digits=6, decimal_places=2, null=True)
        published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
        opened_at = DateTimeField()
        opening_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
        stale = BooleanField()
        books = IntegerField()
        outcomes = IntegerField()
        best_alone = IntegerField()
        best_tied = IntegerField()
        best_weight = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("match_id", "market_id", "line", "bookmaker_id")
            indexes = (
                (("league_id", "day"), False),
                (("market_id", "day"), False),
            )

    class PayoutDays(Table):
        day = DateField()
        league_id = IntegerField()
        market_id = IntegerField()
        bookmaker_id = IntegerField()
        matches = IntegerField()
        quotes = IntegerField()
        trj_sum = BigIntegerField()
        trj_squares = BigIntegerField()
        published = IntegerField()
        published_sum = BigIntegerField()
        opened = IntegerField()
        opening_sum = BigIntegerField()
        closing_sum = BigIntegerField()
        outcomes = IntegerField()
        best_alone = IntegerField()
        best_tied = IntegerField()
        best_weight = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("market_id", "day", "league_id", "bookmaker_id")
            indexes = ((("league_id", "day"), False),)

    class OddsHours(Table):
        hour = DateTimeField()
        league_id = IntegerField()
        market_id = IntegerField()
        bookmaker_id = IntegerField()
        prices = IntegerField()
        matches = IntegerField()
        suspects = IntegerField()
        last_at = DateTimeField()

        class Meta:
            primary_key = CompositeKey("hour", "league_id", "market_id", "bookmaker_id")

    class Tallies(Table):
        name = Key(max_length=16, primary_key=True)
        position = BigIntegerField(null=True)
        done_at = DateTimeField(null=True)
        busy_at = DateTimeField(null=True)

    class Layouts(Table):
        id = AutoField()
        owner = Key(max_length=190)
        name = CharField(max_length=100)
        market = Key(max_length=20)
        bookmakers = TextField()
        leagues = TextField()
        matches = IntegerField()
        columns = CharField(max_length=200)
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            indexes = ((("owner", "name"), True),)

    for table in (TouchedMatches, TouchedHours, Payouts, PayoutDays, OddsHours, Tallies, Layouts):
        add_table(db, table)
    with db.atomic():
        for name in ("matches", "hours"):
            if not Tallies.select().where(Tallies.name == name).exists(db):
                Tallies.insert(name=name).execute(db)
