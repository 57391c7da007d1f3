"""The first tables, as :mod:`schema.models` had them then. It says why they are so."""

from typing import Any

from peewee import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Database,
    DateTimeField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    Model,
)

from schema.database import MYSQL_TABLES, is_embedded
from schema.models import Key


def up(_migrator: Any, db: Database) -> None:
    class Table(Model):
        class Meta:
            database = db
            table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it
            table_settings = None if is_embedded(db) else [MYSQL_TABLES]

    class Sports(Table):
        id = AutoField()
        code = Key(max_length=20, unique=True)
        name = CharField(max_length=100)
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class MarketNames(Table):
        id = AutoField()
        sport = ForeignKeyField(Sports, index=False)
        code = Key(max_length=20)
        name = CharField(max_length=100)
        created_at = DateTimeField()

        class Meta:
            indexes = ((("sport", "code"), True),)

    class Bookmakers(Table):
        id = AutoField()
        code = Key(max_length=100, unique=True)
        name = CharField(max_length=100)
        website = CharField(max_length=200, null=True)
        site_id = IntegerField(null=True, unique=True)
        reviewed = BooleanField()
        created_at = DateTimeField()
        updated_at = DateTimeField()

    class Leagues(Table):
        id = AutoField()
        sport = ForeignKeyField(Sports, index=False)
        code = Key(max_length=100)
        name = CharField(max_length=100)
        name_key = Key(max_length=100)
        country = CharField(max_length=100, null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            indexes = ((("sport", "name_key"), True),)

    class Teams(Table):
        id = AutoField()
        league = ForeignKeyField(Leagues, index=False)
        name = CharField(max_length=100)
        name_key = Key(max_length=100)
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            indexes = ((("league", "name_key"), True),)

    class Matches(Table):
        id = AutoField()
        league = ForeignKeyField(Leagues, index=False)
        home_team = ForeignKeyField(Teams, backref="home_matches")
        away_team = ForeignKeyField(Teams, backref="away_matches")
        match_date = DateTimeField(null=True, index=True)
        match_date_seen_at = DateTimeField(null=True)
        status = CharField(max_length=20)
        source = Key(max_length=32)
        site_id = Key(max_length=32, null=True)
        match_key = Key(max_length=350, unique=True)
        url = CharField(max_length=500, null=True)
        seen_at = DateTimeField()
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            indexes = ((("league", "match_date"), False),)
            constraints = (Check("home_team_id <> away_team_id", name="two_teams"),)

    class Runs(Table):
        id = AutoField()
        run_id = Key(max_length=64, unique=True)
        spider = CharField(max_length=100, null=True, index=True)
        state = CharField(max_length=16, null=True)
        verdict = CharField(max_length=32, null=True)
        exit_code = IntegerField(null=True)
        sentence = CharField(max_length=2000, null=True)
        site = CharField(max_length=500, null=True)
        arguments = CharField(max_length=500, null=True)
        started_at = DateTimeField(null=True, index=True)
        finished_at = DateTimeField(null=True)
        reported_at = DateTimeField(null=True)
        listed = IntegerField()
        discovered = IntegerField()
        fetched = IntegerField()
        parsed = IntegerField()
        yielded = IntegerField()
        published = IntegerField()
        pages = IntegerField()
        retries = IntegerField()
        error_count = IntegerField(column_name="errors")
        trj_differs = IntegerField()
        unknown_bookmakers = IntegerField()
        stored = IntegerField()
        prices = IntegerField()
        refused = IntegerField()
        duplicates = IntegerField()

    class Pages(Table):
        id = AutoField()
        page_key = Key(max_length=32, unique=True)
        url = CharField(max_length=500, null=True)
        parser = CharField(max_length=32, null=True)
        created_at = DateTimeField()

    class Odds(Table):
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

        class Meta:
            indexes = (
                (("match_id", "market_id", "line", "bookmaker_id", "outcome", "scraped_at"), True),
                (("scraped_at",), False),
                (("bookmaker_id", "scraped_at"), False),
                (("run_id",), False),
            )
            constraints = (Check("odd_value > 1", name="odds_is_a_price"),)

    class LatestOdds(Table):
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

        class Meta:
            primary_key = CompositeKey("match_id", "market_id", "line", "bookmaker_id", "outcome")
            indexes = ((("bookmaker_id", "match_id"), False),)
            constraints = (Check("odd_value > 1", name="latest_is_a_price"),)

    class Messages(Table):
        message_id = Key(max_length=32, primary_key=True)
        run_id = IntegerField(null=True)
        batch = BigIntegerField()
        stored_at = DateTimeField(index=True)

    class DeadLetters(Table):
        id = AutoField()
        body_hash = Key(max_length=32, unique=True)
        body = BlobField()
        size = IntegerField()
        reason = Key(max_length=32, index=True)
        detail = CharField(max_length=500)
        run_id = Key(max_length=64, null=True)
        first_seen = DateTimeField()
        last_seen = DateTimeField(index=True)
        times = IntegerField()

    tables = (Sports, MarketNames, Bookmakers, Leagues, Teams, Matches, Runs, Pages, Odds, LatestOdds, Messages)
    db.create_tables([*tables, DeadLetters], safe=False)
