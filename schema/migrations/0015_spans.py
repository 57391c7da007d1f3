"""What bookmakers paid back by day and month of all leagues together, counted from what is counted by league.

It may be broken off anywhere and begun again: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import BigIntegerField, CompositeKey, Database, DateField, IntegerField, Model

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_table
from schema.models import Key

SUMS = (
    "matches, quotes, trj_sum, trj_squares, published, published_sum, opened, opening_sum, closing_sum, outcomes, "
    "best_alone, best_tied, best_weight"
)


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class PayoutSpans(Table):
        span = Key(max_length=8)
        day = DateField()
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
            primary_key = CompositeKey("span", "day", "market_id", "bookmaker_id")

    add_table(db, PayoutSpans)
    sums = ", ".join(f"SUM({name})" for name in SUMS.split(", "))
    first = "strftime('%Y-%m-01', day)" if is_embedded(db) else "CAST(DATE_FORMAT(day, '%%Y-%%m-01') AS DATE)"
    with db.atomic():
        db.execute_sql("DELETE FROM PayoutSpans")
        for span, day in (("day", "day"), ("month", first)):
            db.execute_sql(
                f"INSERT INTO PayoutSpans (span, day, market_id, bookmaker_id, {SUMS})"  # noqa: S608 - names of our own
                f" SELECT {db.param}, {day} AS first_day, market_id, bookmaker_id, {sums} FROM PayoutDays"
                " GROUP BY first_day, market_id, bookmaker_id",
                (span,),
            )
