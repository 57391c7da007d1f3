"""Reference data into the tables: what is missing is added, what a person has changed there stays."""

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

from peewee import Database

from schema.bookmakers import Owners
from schema.models import Bookmakers, LatestOdds, MarketNames, Odds, Sports, now
from schema.reference import Bookmaker, bookmakers, rows, sports
from schema.store import RANKED

CHUNK = 5_000
"""Prices that change their bookmaker in one statement."""


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
        _drop_worse(database, Odds, row.id, rows[0].id)
        _drop_worse(database, LatestOdds, row.id, rows[0].id)
        _move_odds(database, row.id, rows[0].id)
        LatestOdds.update(bookmaker=rows[0].id).where(LatestOdds.bookmaker == row.id).execute(database)
        Bookmakers.delete().where(Bookmakers.id == row.id).execute(database)
    return rows[0] if rows else None


def _drop_worse(database: Database, table: type[Odds | LatestOdds], old: int, new: int) -> None:
    """Of two prices of one outcome the one that the store would keep stays, so that ``old`` can become ``new``."""
    same = ["match", "market", "line", "outcome"]
    ranked: tuple[str, ...] = RANKED
    if table is Odds:
        same.append("scraped_at")
    else:
        ranked = ("scraped_at", *RANKED)
    one, other = table.alias(), table.alias()
    query = (
        one.select(
            *(getattr(one, column) for column in same),
            *(getattr(one, column).alias(f"old_{column}") for column in ranked),
            *(getattr(other, column).alias(f"new_{column}") for column in ranked),
        )
        .join(other, on=reduce(and_, (getattr(one, column) == getattr(other, column) for column in same)))
        .where((one.bookmaker == old) & (other.bookmaker == new))
    )
    for pair in list(query.dicts().execute(database)):
        better = _rank(pair, "old_", ranked) > _rank(pair, "new_", ranked)
        this = reduce(and_, (getattr(table, column) == pair[column] for column in same))
        table.delete().where(this & (table.bookmaker == (new if better else old))).execute(database)


def _rank(pair: dict[str, Any], which: str, ranked: Sequence[str]) -> tuple[Any, ...]:
    """As the store ranks them: the higher value, null the lowest; and the fuller quote before the partial one."""
    said = pair[f"{which}suspect"]
    values = {column: pair[which + column] or 0 for column in ranked if column != "suspect"}
    full = (not value if column == "partial" else value for column, value in values.items())
    return (*full, said is None, said or "")


def _move_odds(database: Database, old: int, new: int) -> None:
    """Some at a time: a server is not waited for long."""
    some = Odds.select(Odds.id).where(Odds.bookmaker == old).limit(CHUNK)
    while ids := [row.id for row in some.clone().execute(database)]:
        Odds.update(bookmaker=new).where(Odds.id.in_(ids)).execute(database)
