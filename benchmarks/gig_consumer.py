"""gig-benchmark's way of consuming, written anew in Peewee from a description of it: the baseline, not to be used.

One message at a time, with no limit to what the broker sends ahead; seven lookups and an insert for each price, each
its own transaction; acknowledged one by one, whatever became of it. It keeps no ledger and no latest prices, and checks
nothing: it does less than ours.
"""

# ruff: noqa: D106 - what a Meta is, Peewee says

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
from peewee import (
    AutoField,
    CharField,
    Database,
    DatabaseProxy,
    DateTimeField,
    DecimalField,
    DoesNotExist,
    ForeignKeyField,
    Model,
)

from benchmarks.messages import BOOKMAKERS
from gigscrapy.broker import QUEUE

SPORTS = {"football": "FOOT", "basketball": "BASK", "tennis": "TENN", "rugby": "RUGB"}
LEAGUES = {"Ligue 1": "LIGUE_1", "Premier League": "PREMIER_LEAGUE", "La Liga": "LA_LIGA", "Serie A": "SERIE_A"}
OUTCOMES = {"cote_1": "1", "cote_N": "X", "cote_2": "2"}
MARKET = "1X2"
DATE = "%Y-%m-%d %H:%M:%S"

_database = DatabaseProxy()


class Table(Model):
    class Meta:
        database = _database
        table_function = lambda model: model.__name__  # noqa: E731 - as Peewee wants it


class Sports(Table):
    id = AutoField()
    code = CharField(max_length=20, unique=True)
    name = CharField(max_length=100)


class MarketNames(Table):
    id = AutoField()
    sport = ForeignKeyField(Sports)
    code = CharField(max_length=20)
    name = CharField(max_length=100)

    class Meta:
        indexes = ((("sport", "code"), True),)


class Leagues(Table):
    id = AutoField()
    sport = ForeignKeyField(Sports)
    code = CharField(max_length=50)
    name = CharField(max_length=100)
    country = CharField(max_length=100)

    class Meta:
        indexes = ((("sport", "code"), True),)


class Teams(Table):
    id = AutoField()
    league = ForeignKeyField(Leagues)
    name = CharField(max_length=100)

    class Meta:
        indexes = ((("league", "name"), True),)


class Bookmakers(Table):
    id = AutoField()
    code = CharField(max_length=50, unique=True)
    name = CharField(max_length=100)


class Matches(Table):
    id = AutoField()
    league = ForeignKeyField(Leagues)
    home_team = ForeignKeyField(Teams, backref="home")
    away_team = ForeignKeyField(Teams, backref="away")
    match_date = DateTimeField()
    status = CharField(max_length=20, default="scheduled")


class Odds(Table):
    id = AutoField()
    match = ForeignKeyField(Matches)
    market = ForeignKeyField(MarketNames)
    bookmaker = ForeignKeyField(Bookmakers)
    outcome = CharField(max_length=10)
    odd_value = DecimalField(max_digits=6, decimal_places=2)
    trj = DecimalField(max_digits=6, decimal_places=2, null=True)
    scraped_at = DateTimeField()


TABLES = (Sports, MarketNames, Leagues, Teams, Bookmakers, Matches, Odds)


def make_tables(database: Database) -> None:
    """The tables, and what must be in them before the first message."""
    _database.initialize(database)
    database.create_tables(TABLES)
    for name, code in SPORTS.items():
        sport = Sports.create(code=code, name=name)
        MarketNames.create(sport=sport, code=MARKET, name=MARKET)
    for name in BOOKMAKERS:
        Bookmakers.create(code=name.upper(), name=name)


def consume(url: str, count: int, *, begun: Callable[[], None]) -> None:
    """Consume ``count`` messages from the queue; ``begun`` is called when the first may come."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    left = count

    def on_message(channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        nonlocal left
        with contextlib.suppress(ValueError, DoesNotExist):  # lost, and nobody hears of it
            store(json.loads(body))
        channel.basic_ack(method.delivery_tag)
        left -= 1
        if not left:
            channel.stop_consuming()

    begun()
    channel.basic_consume(QUEUE, on_message)
    channel.start_consuming()
    connection.close()


def store(message: dict[str, Any]) -> None:
    """Ten statements for a message of three prices."""
    sport = Sports.get(Sports.code == SPORTS.get(message["sport"], "FOOT"))
    title = message["league"]
    code = LEAGUES.get(title, title.upper().replace(" ", ""))
    league, _ = Leagues.get_or_create(sport=sport, code=code, defaults={"name": title, "country": "France"})
    home, away = (
        Teams.get_or_create(league=league, name=name.strip())[0] for name in message["match"].split(" - ", maxsplit=1)
    )
    match, _ = Matches.get_or_create(
        league=league, home_team=home, away_team=away, defaults={"match_date": kickoff(message["match_date"])}
    )
    market = MarketNames.get((MarketNames.sport == sport) & (MarketNames.code == MARKET))
    bookmaker = Bookmakers.get(Bookmakers.code == message["bookmaker"].upper())
    for key, outcome in OUTCOMES.items():
        if price := message["cotes"].get(key):
            Odds.create(
                match=match,
                market=market,
                bookmaker=bookmaker,
                outcome=outcome,
                odd_value=price,
                trj=message["trj"],
                scraped_at=datetime.now(UTC).replace(tzinfo=None),
            )


def kickoff(said: str | None) -> datetime:
    """Unknown, it is tomorrow."""
    try:
        return datetime.strptime(said or "", DATE)  # noqa: DTZ007 - it never told Paris from UTC
    except ValueError:
        return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
