"""When a price was stored, beside when it was seen; and what was known before another of its instant took its place.

It may be broken off anywhere and begun again, on tables of any size: see :mod:`schema.migrations.steps`.
"""

from typing import Any

from peewee import (
    BigAutoField,
    BooleanField,
    Database,
    DateTimeField,
    DecimalField,
    IntegerField,
    Model,
)

from schema.database import MYSQL_TABLES, is_embedded
from schema.migrations.steps import add_columns, add_table
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class ReplacedOdds(Model):
        id = BigAutoField()
        match_id = IntegerField()
        market_id = IntegerField()
        line = DecimalField(max_digits=6, decimal_places=2)
        bookmaker_id = IntegerField()
        outcome = Key(max_length=50)
        odd_value = DecimalField(max_digits=10, decimal_places=3)
        trj = DecimalField(max_digits=6, decimal_places=2, null=True)
        published_trj = DecimalField(max_digits=6, decimal_places=2, null=True)
        partial = BooleanField()
        scraped_at = DateTimeField()
        run_id = IntegerField(null=True)
        page_id = IntegerField(null=True)
        suspect = Key(max_length=32, null=True)
        stored_at = DateTimeField(null=True)
        replaced_at = DateTimeField()

        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]
            indexes = ((("match_id",), False),)

    add_columns(db, "Odds", stored_at=DateTimeField(null=True))
    add_columns(db, "LatestOdds", stored_at=DateTimeField(null=True))
    add_table(db, ReplacedOdds)
