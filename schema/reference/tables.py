"""Reference data into the tables: what is missing is added, what a person has changed there stays."""

from typing import Any

from peewee import Database

from schema.models import Bookmakers, MarketNames, Sports, now
from schema.reference import Bookmaker, bookmakers, rows, sports


def load(database: Database) -> None:
    """Sports, the markets of each, and bookmakers. Doing it again does nothing."""
    _load_sports(database)
    _load_markets(database)
    _load_bookmakers(database)


def _load_sports(database: Database) -> None:
    there = {sport.code for sport in Sports.select().execute(database)}
    for sport in sports().values():
        if sport.code not in there:
            Sports.insert(code=sport.code, name=sport.title).execute(database)


def _load_markets(database: Database) -> None:
    ids = {sport.code: sport.id for sport in Sports.select().execute(database)}
    there = {(market.sport_id, market.code) for market in MarketNames.select().execute(database)}
    for row in rows("markets"):
        sport = ids[sports()[row["sport"]].code]
        if (sport, row["code"]) not in there:
            MarketNames.insert(sport=sport, code=row["code"], name=row["name"]).execute(database)


def _load_bookmakers(database: Database) -> None:
    there = list(Bookmakers.select().execute(database))
    by_code = {row.code: row for row in there}
    by_site_id = {row.site_id: row for row in there if row.site_id is not None}
    for bookmaker in bookmakers():
        # Its number first: a row that a page made when nobody knew the name is the same bookmaker.
        row = by_site_id.get(bookmaker.site_id) or by_code.get(bookmaker.code)
        if row is None:
            Bookmakers.insert(reviewed=True, **_known(bookmaker)).execute(database)
        elif not row.reviewed:
            Bookmakers.update(reviewed=True, updated_at=now(), **_known(bookmaker)).where(
                Bookmakers.id == row.id
            ).execute(database)


def _known(bookmaker: Bookmaker) -> dict[str, Any]:
    return {
        "code": bookmaker.code,
        "name": bookmaker.name,
        "site_id": bookmaker.site_id,
        "website": bookmaker.website or None,
    }
