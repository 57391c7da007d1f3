"""The history of a match's prices, series by series, each by time; every observation, or the last of each step.

A series is what one bookmaker offers for one outcome of one market and line.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import JOIN, fn

from schema.database import is_embedded
from schema.doubt import doubted
from schema.models import Odds, Pages

ORDER = ("market", "line", "bookmaker", "outcome", "scraped_at")

Position = tuple[int, Decimal, int, str, datetime]


class Told(NamedTuple):
    """One observation. ``market``, ``bookmaker``: ids; instants naive UTC; ``page``: the address it came from."""

    market: int
    line: Decimal
    bookmaker: int
    outcome: str
    scraped_at: datetime
    stored_at: datetime | None
    price: Decimal
    trj: Decimal | None
    suspect: str | None
    doubted: int
    page: str | None

    @property
    def position(self) -> Position:
        return self.market, self.line, self.bookmaker, self.outcome, self.scraped_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is wanted of a match's history; what is empty or ``None`` does not narrow. ``step``: seconds."""

    match: int
    markets: Collection[int] = ()
    line: Decimal | None = None
    bookmakers: Collection[int] = ()
    outcomes: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    step: int | None = None


def history(part: Part, limit: int, after: Position | None = None) -> list[Told]:
    """By market, line, bookmaker, outcome, then time: one query along the unique index."""
    query = Odds.select(
        *(getattr(Odds, name) for name in ORDER),
        *(Odds.stored_at, Odds.odd_value, Odds.trj, Odds.suspect, doubted(), Pages.url),
    ).join(Pages, JOIN.LEFT_OUTER, on=(Pages.id == Odds.page))
    conditions = _conditions(part, Odds)
    if part.step is not None:
        last = _last_of_steps(part).alias("last")
        same = [getattr(Odds, name) == getattr(last.c, f"{name}_key") for name in ORDER[:-1]]
        query = query.join_from(Odds, last, JOIN.INNER, on=((Odds.scraped_at == last.c.last_at) & _all(same)))
    if after is not None:
        conditions += _after(after)
    query = query.where(*conditions).order_by(*(getattr(Odds, name) for name in ORDER)).limit(limit)
    return [Told(*row) for row in query.tuples().execute()]


def ends(part: Part) -> tuple[datetime, datetime] | None:
    """When the first and the last of these observations were, whatever their range; ``None``: there is none."""
    query = Odds.select(fn.MIN(Odds.scraped_at), fn.MAX(Odds.scraped_at)).where(*_conditions(part, Odds, ranged=False))
    [(first, last)] = query.tuples().execute()
    return None if first is None else (first, last)


def _conditions(part: Part, odds: Any, *, ranged: bool = True) -> list[Any]:
    conditions = [odds.match == part.match]
    if part.markets:
        conditions.append(odds.market.in_(sorted(part.markets)))
    if part.line is not None:
        conditions.append(odds.line == part.line)
    if part.bookmakers:
        conditions.append(odds.bookmaker.in_(sorted(part.bookmakers)))
    if part.outcomes:
        conditions.append(odds.outcome.in_(sorted(part.outcomes)))
    if ranged and part.since is not None:
        conditions.append(odds.scraped_at >= part.since)
    if ranged and part.until is not None:
        conditions.append(odds.scraped_at < part.until)
    return conditions


def _last_of_steps(part: Part) -> Any:
    odds = Odds.alias("step")
    database = Odds._meta.database.obj  # noqa: SLF001 - each kind of database has its own
    steps = database.to_timestamp(odds.scraped_at) / part.step
    number = steps if is_embedded(database) else fn.FLOOR(steps)  # SQLite's are whole anyway
    key = [getattr(odds, name) for name in ORDER[:-1]]
    named = [column.alias(f"{name}_key") for name, column in zip(ORDER, key, strict=False)]
    query = odds.select(*named, fn.MAX(odds.scraped_at).alias("last_at")).where(*_conditions(part, odds))
    return query.group_by(*key, number)


def _after(position: Position) -> Sequence[Any]:
    """By the market alone first, so that the index is read from there on."""
    later: Any = None
    for name, value in reversed([*zip(ORDER, position, strict=True)]):
        column = getattr(Odds, name)
        later = column > value if later is None else (column > value) | ((column == value) & later)
    return [Odds.market >= position[0], later]


def _all(conditions: Sequence[Any]) -> Any:
    found = conditions[0]
    for one in conditions[1:]:
        found &= one
    return found
