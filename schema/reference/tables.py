"""Reference data into the tables: what is missing is added, what a person has changed there stays."""

from collections.abc import Sequence
from typing import Any

from peewee import Database

from schema.aliases import begin_change
from schema.bookmakers import Owners
from schema.merging import move_bookmaker
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
    """Each known one has one row, under its code and its number: several that turn out to be one are merged.

    Name and home page are a person's to change; what identifies a bookmaker is not.
    """
    with database.atomic():
        owners = Owners(bookmakers())
        there = list(Bookmakers.select().execute(database))
        kept = {one: _merged(database, owners.rows(one, there)) for one in bookmakers()}
        changes = {one: _changes(one, row, owners) for one, row in kept.items() if row}
        for one, row in kept.items():  # a number must be free before another takes it
            if row and row.site_id is not None and "site_id" in changes[one]:
                _update(database, row, {"site_id": None})
        for one, row in kept.items():
            if row is None:
                Bookmakers.insert(reviewed=True, **_known(one)).execute(database)
            elif changes[one]:
                _update(database, row, changes[one])


def _known(bookmaker: Bookmaker) -> dict[str, Any]:
    return {
        "code": bookmaker.code,
        "name": bookmaker.name,
        "site_id": bookmaker.site_id,
        "website": bookmaker.website or None,
    }


def _changes(bookmaker: Bookmaker, row: Bookmakers, owners: Owners) -> dict[str, Any]:
    """What the row must be told to be that of ``bookmaker``."""
    changes: dict[str, Any] = {}
    if not row.reviewed or row.code != bookmaker.code:
        changes = {"reviewed": True, **_known(bookmaker)}
    number = bookmaker.site_id
    if number is None and owners.of_number(row.site_id) is None:
        number = row.site_id  # nobody else's
    changes["site_id"] = number
    return {column: value for column, value in changes.items() if getattr(row, column) != value}


def _update(database: Database, row: Bookmakers, changes: dict[str, Any]) -> None:
    Bookmakers.update(updated_at=now(), **changes).where(Bookmakers.id == row.id).execute(database)


# -- several rows that are one bookmaker -------------------------------------------------------------------------------


def _merged(database: Database, rows: Sequence[Bookmakers]) -> Bookmakers | None:
    """The first of the rows, which has the prices of all of them now; the others are gone."""
    for row in rows[1:]:
        begin_change(database)
        move_bookmaker(database, row.id, rows[0].id)
        Bookmakers.delete().where(Bookmakers.id == row.id).execute(database)
    return rows[0] if rows else None
