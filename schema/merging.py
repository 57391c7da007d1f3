"""Two rows that turn out to be one: two teams of a league, two bookmakers.

What is merged away is gone: its prices, matches and all that spoke of it are the other's then, and its name is another
name of it (:mod:`schema.aliases`), so that the next crawl does not make it anew. This cannot be undone: which prices
came under which name is told nowhere. Of two prices of one outcome at one instant the one stays that the store would
have kept.

Everything happens in the transaction of the caller, some rows at a time, so that no single statement lasts long. Those
who store wait meanwhile: see :func:`schema.aliases.begin_change`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import and_
from typing import Any

from peewee import SQL, Database, ForeignKeyField, IntegrityError, Model, Select, Value, fn

from schema import reference
from schema.alerts import CHANGED
from schema.aliases import begin_change
from schema.bookmakers import code_of_name
from schema.instants import hour_of
from schema.models import (
    COUNTED as TALLIED,
)
from schema.models import (
    MATCH_KEY_LENGTH,
    TABLES,
    AlertEvents,
    BookmakerAliases,
    Bookmakers,
    Follows,
    LatestOdds,
    Layouts,
    Matches,
    Odds,
    ReplacedOdds,
    TeamAliases,
    Teams,
    now,
)
from schema.names import name_key
from schema.store import RANKED
from schema.tally import touch, touch_hours, touch_hours_of

CHUNK = 5_000
"""Prices that change hands in one statement."""
MATCHES = 200
"""Matches that are looked through at once."""
COUNTED = 1_000_000
"""Rows that are counted; of more it is said that there are more."""

FOLLOWED_AS: dict[type[Model], str] = {Teams: "team", Matches: "match", Bookmakers: "bookmaker"}
"""What Follows calls a row of each."""

MERGED_BY_RANK = (Odds, LatestOdds)


class CannotMerge(Exception):
    """:ivar reason: ``itself``, ``gone``, ``leagues``, ``opponents`` or ``reference``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Dependents:
    """What a merge touches.

    :ivar rows: by table how many rows of it speak of the row that goes, at most ``COUNTED`` + 1; only tables with any.
    :ivar joined: matches that become one with another: known by names alone, same teams, same day.
    :ivar doubles: matches that stay two, for each has a number of its own, though teams and day are the same then.
    """

    rows: dict[str, int]
    joined: int = 0
    doubles: int = 0


# -- teams -------------------------------------------------------------------------------------------------------------


def dependents_of_team(database: Database, old: int, new: int) -> Dependents:
    """What merging team ``old`` into ``new`` would touch. :raises CannotMerge: when it cannot be done."""
    gone, kept = _two(database, Teams, old, new)
    moved = _moved(database, gone, kept)
    keys = [key for match, key in moved if key != match.match_key]
    joined = sum(
        _count(database, Matches.select(SQL("1")).where(Matches.match_key.in_(some))) for some in _chunks(keys)
    )
    matches = [match.id for match, _ in moved]
    prices = {table.__name__: _count_in(database, table.match, matches) for table in MERGED_BY_RANK}
    rows = {"Matches": len(matches), **prices, **_counts(database, Teams, old, but=(Matches,))}
    return Dependents(
        {name: count for name, count in rows.items() if count}, joined, _doubles(database, gone, kept, moved)
    )


def merge_teams(database: Database, old: int, new: int) -> Dependents:
    """Make team ``old`` one with ``new``, in the transaction of the caller.

    :returns: what it touched. :raises CannotMerge: when it cannot be done; nothing has happened then.
    """
    begin_change(database)
    dependents = dependents_of_team(database, old, new)
    gone, kept = _two(database, Teams, old, new)
    for match, key in _moved(database, gone, kept):
        other = _found(database, Matches, (Matches.match_key == key) & (Matches.id != match.id))
        if other:
            _join_matches(database, match, other)
        else:
            sides = {
                "home_team": _after(match.home_team_id, old, new),
                "away_team": _after(match.away_team_id, old, new),
            }
            Matches.update(match_key=key, updated_at=now(), **sides).where(Matches.id == match.id).execute(database)
    _repoint(database, Teams, old, new)
    for key in {gone.name_key, name_key(gone.name)} - {kept.name_key}:
        TeamAliases.insert(league=gone.league_id, name_key=key, name=gone.name, team=new).on_conflict_ignore().execute(
            database
        )
    Teams.delete().where(Teams.id == old).execute(database)
    return dependents


def _moved(database: Database, gone: Any, kept: Any) -> list[tuple[Any, str]]:
    """The matches of a team, each with the key it has once the team is the other. :raises CannotMerge: see there."""
    matches = _matches_of(database, gone)
    if any(kept.id in (match.home_team_id, match.away_team_id) for match in matches):
        raise CannotMerge("opponents")
    return [(match, _key_after(match, gone, kept)) for match in matches]


def _key_after(match: Any, gone: Any, kept: Any) -> str:
    """Of a match that has a number of its own, that; of another its names: see :func:`schema.matches.match_key`."""
    parts = match.match_key.split("|")
    if match.site_id is not None or len(parts) != 5:
        return str(match.match_key)
    name = name_key(kept.name).replace("|", "/")
    place = 2 if match.home_team_id == gone.id else 3
    return "|".join((*parts[:place], name, *parts[place + 1 :]))[:MATCH_KEY_LENGTH]


def _doubles(database: Database, gone: Any, kept: Any, moved: Sequence[tuple[Any, str]]) -> int:
    """Numbered matches of the one that are played by the other too, against the same, at home too, on the same day."""
    there = {
        (match.home_team_id, match.away_team_id, match.match_date and match.match_date.date())
        for match in _matches_of(database, kept)
    }
    keys = {match.match_key for match, _ in moved}
    joined = {key for _, key in moved if key not in keys}
    return sum(
        (
            _after(match.home_team_id, gone.id, kept.id),
            _after(match.away_team_id, gone.id, kept.id),
            match.match_date and match.match_date.date(),
        )
        in there
        for match, key in moved
        if key not in joined
    )


def _matches_of(database: Database, team: Any) -> list[Any]:
    plays = (Matches.home_team == team.id) | (Matches.away_team == team.id)
    return list(Matches.select().where(plays).execute(database))


def _after(team: int, old: int, new: int) -> int:
    return new if team == old else team


def _join_matches(database: Database, gone: Any, kept: Any) -> None:
    """Two rows of one meeting: of what they say the newest holds, as in the store."""
    touch(database, (gone.id, kept.id))
    seen = Odds.select(Odds.scraped_at).where(Odds.match == gone.id).distinct().tuples().execute(database)
    touch_hours(database, sorted({hour_of(at) for (at,) in seen}))
    _move_prices(database, "match", gone.id, kept.id, [gone.id])
    _repoint(database, Matches, gone.id, kept.id)
    told = {"seen_at": max(kept.seen_at, gone.seen_at), "url": max(filter(None, (kept.url, gone.url)), default=None)}
    if gone.match_date_seen_at and (not kept.match_date_seen_at or gone.match_date_seen_at > kept.match_date_seen_at):
        told |= {"match_date": gone.match_date, "match_date_seen_at": gone.match_date_seen_at}
    Matches.update(updated_at=now(), **told).where(Matches.id == kept.id).execute(database)
    Matches.delete().where(Matches.id == gone.id).execute(database)


# -- bookmakers --------------------------------------------------------------------------------------------------------


def dependents_of_bookmaker(database: Database, old: int, new: int) -> Dependents:
    """What merging bookmaker ``old`` into ``new`` would touch. :raises CannotMerge: when it cannot be done."""
    gone, _ = _two(database, Bookmakers, old, new)
    if _is_in_reference(gone):
        raise CannotMerge("reference")
    return Dependents(_counts(database, Bookmakers, old))


def merge_bookmakers(database: Database, old: int, new: int) -> Dependents:
    """Make bookmaker ``old`` one with ``new``, in the transaction of the caller.

    :returns: what it touched. :raises CannotMerge: when it cannot be done; nothing has happened then.
    """
    begin_change(database)
    dependents = dependents_of_bookmaker(database, old, new)
    gone, kept = _two(database, Bookmakers, old, new)
    move_bookmaker(database, old, new)
    BookmakerAliases.insert(name_key=name_key(gone.name), name=gone.name, bookmaker=new).on_conflict_ignore().execute(
        database
    )
    Bookmakers.delete().where(Bookmakers.id == old).execute(database)
    if kept.site_id is None and gone.site_id is not None:
        Bookmakers.update(site_id=gone.site_id, updated_at=now()).where(Bookmakers.id == new).execute(database)
    return dependents


def move_bookmaker(database: Database, old: int, new: int) -> None:
    """All that is of bookmaker ``old`` becomes that of ``new``, so that its row can go."""
    latest = LatestOdds.select(LatestOdds.match).where(LatestOdds.bookmaker == old).distinct()
    matches = [row[0] for row in latest.tuples().execute(database)]
    touch_hours_of(database, old)  # first of all: whoever tallies has those rows, and may want the ones that are added
    touch(database, matches)
    _move_prices(database, "bookmaker", old, new, matches)
    _repoint(database, Bookmakers, old, new)


def _is_in_reference(row: Bookmakers) -> bool:
    """Whether it comes with the program, and would come back with the next migration."""
    return any(
        row.code in (one.code, *(code_of_name(name) for name in one.spellings)) for one in reference.bookmakers()
    )


# -- prices that change hands ------------------------------------------------------------------------------------------


def _move_prices(database: Database, of: str, old: int, new: int, matches: Sequence[int]) -> None:
    """Prices of the match, or bookmaker (``of``), ``old``, which are in these ``matches``, become those of ``new``."""
    for some in _chunks(matches, MATCHES):
        for table in MERGED_BY_RANK:
            _drop_worse(database, table, of, old, new, matches=some)
            column = getattr(table, of)
            narrow = (column == old) & table.match.in_(some)
            if table is LatestOdds:
                table.update({column: new}).where(narrow).execute(database)
            else:
                _move_odds(database, column, narrow, new)


def _move_odds(database: Database, column: Any, narrow: Any, new: int) -> None:
    """Some at a time: a server is not waited for long."""
    some = Odds.select(Odds.id).where(narrow).limit(CHUNK)
    while ids := [row[0] for row in some.clone().tuples().execute(database)]:
        Odds.update({column: new}).where(Odds.id.in_(ids)).execute(database)


def _drop_worse(
    database: Database, table: type[Odds | LatestOdds], of: str, old: int, new: int, *, matches: Sequence[int]
) -> None:
    """Of two prices of one outcome the one that the store would keep stays, so that ``old`` can become ``new``."""
    same = [column for column in ("match", "market", "line", "bookmaker", "outcome") if column != of]
    ranked: tuple[str, ...] = RANKED
    if table is Odds:
        same.append("scraped_at")
        told = (*RANKED, "stored_at")
    else:
        told = ranked = ("scraped_at", *RANKED)
    one, other = table.alias(), table.alias()
    query = (
        one.select(
            *(getattr(one, column) for column in same),
            *(getattr(one, column).alias(f"old_{column}") for column in told),
            *(getattr(other, column).alias(f"new_{column}") for column in told),
        )
        .join(other, on=reduce(and_, (getattr(one, column) == getattr(other, column) for column in same)))
        .where((getattr(one, of) == old) & (getattr(other, of) == new) & one.match.in_(matches))
    )
    for pair in list(query.dicts().execute(database)):
        better = _rank(pair, "old_", ranked) > _rank(pair, "new_", ranked)
        this = reduce(and_, (getattr(table, column) == pair[column] for column in same))
        this &= getattr(table, of) == (new if better else old)
        if table is Odds:
            _set_aside(database, this, {of: new}, pair["old_stored_at" if better else "new_stored_at"])
        table.delete().where(this).execute(database)


def _set_aside(database: Database, this: Any, renamed: dict[str, int], replaced_at: Any) -> None:
    """Keep a price of Odds as it was known until the better one was, where it was known before that.

    :param replaced_at: when the better one was stored; ``None``: that was not kept, and it was known from the first.
    """
    if replaced_at is None:
        return
    fields = [field for field in ReplacedOdds._meta.sorted_fields if field.name not in ("id", "replaced_at")]  # noqa: SLF001
    values = [Value(renamed[field.name]) if field.name in renamed else getattr(Odds, field.name) for field in fields]
    first = Odds.stored_at.is_null() | (Odds.stored_at < replaced_at)
    known = Odds.select(*values, Value(replaced_at)).where(this & first)
    ReplacedOdds.insert_from(known, [*fields, ReplacedOdds.replaced_at]).execute(database)


def _rank(pair: dict[str, Any], which: str, ranked: Sequence[str]) -> tuple[Any, ...]:
    """As the store ranks them: the higher value, null the lowest; and the fuller quote before the partial one."""
    said = pair[f"{which}suspect"]
    values = {column: pair[which + column] or 0 for column in ranked if column != "suspect"}
    full = (not value if column == "partial" else value for column, value in values.items())
    return (*full, said is None, said or "")


# -- whatever else speaks of a row -------------------------------------------------------------------------------------


def _speaking_of(model: type[Model]) -> Iterator[tuple[type[Model], ForeignKeyField]]:
    """Every column of every table that refers to a row of ``model``."""
    for table in TABLES:
        if table in TALLIED:  # they are counted anew
            continue
        for field in table._meta.sorted_fields:  # noqa: SLF001 - this is how Peewee tells it
            if isinstance(field, ForeignKeyField) and field.rel_model is model:
                yield table, field


def _repoint(database: Database, model: type[Model], old: int, new: int) -> None:
    """Rows that speak of ``old`` speak of ``new``; one that the other has already goes."""
    for table, field in _speaking_of(model):
        if table is Odds:  # what _move_prices did not find
            _move_odds(database, field, field == old, new)
            continue
        if table is LatestOdds:
            table.update({field: new}).where(field == old).execute(database)
            continue
        try:
            with database.atomic():
                table.update({field: new}).where(field == old).execute(database)
        except IntegrityError:
            _repoint_singly(database, table, field, old, new)
    kind = FOLLOWED_AS[model]
    _repoint_singly(database, Follows, Follows.object_id, old, new, among=Follows.kind == kind)
    if model is Bookmakers:
        _replace_in_layouts(database, old, new)
    if model is Matches:
        _move_events(database, old, new)


def _move_events(database: Database, old: int, new: int) -> None:
    """What rang for a match is known by its number: under the other's it goes on, and is not told anew. Where the same
    goes on for the other too, one of them ends without a word.
    """
    for event in list(AlertEvents.select().where(AlertEvents.match_id == old).execute(database)):
        subject = f"{new}/{event.subject.removeprefix(f'{old}/')}"
        moved = {"match_id": new, "subject": subject}
        this = AlertEvents.id == event.id
        if event.open_key is None:
            AlertEvents.update(moved).where(this).execute(database)
            continue
        key = f"{event.rule_id}/{subject}"
        if _found(database, AlertEvents, AlertEvents.open_key == key):
            closing = {"open_key": None, "closed_at": now(), "updated_at": now(), "closed_because": CHANGED}
            AlertEvents.update(moved | closing).where(this).execute(database)
        else:
            AlertEvents.update(moved | {"open_key": key}).where(this).execute(database)


def _replace_in_layouts(database: Database, old: int, new: int) -> None:
    for layout in list(Layouts.select().execute(database)):
        ids = layout.bookmakers.split(",")
        if str(old) in ids:
            said = dict.fromkeys(str(new) if number == str(old) else number for number in ids)
            Layouts.update(bookmakers=",".join(said)).where(Layouts.id == layout.id).execute(database)


def _repoint_singly(
    database: Database, table: type[Model], field: Any, old: int, new: int, *, among: Any = None
) -> None:
    key = table._meta.primary_key  # noqa: SLF001
    narrow = field == old if among is None else (field == old) & among
    for (number,) in list(table.select(key).where(narrow).tuples().execute(database)):
        try:
            with database.atomic():
                table.update({field: new}).where(key == number).execute(database)
        except IntegrityError:
            table.delete().where(key == number).execute(database)


def _counts(database: Database, model: type[Model], old: int, but: Sequence[type[Model]] = ()) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table, field in _speaking_of(model):
        if table not in but and (count := _count(database, table.select(SQL("1")).where(field == old))):
            counts[table.__name__] = counts.get(table.__name__, 0) + count
    follows = Follows.select(SQL("1")).where((Follows.kind == FOLLOWED_AS[model]) & (Follows.object_id == old))
    if count := _count(database, follows):
        counts["Follows"] = count
    return counts


def _count_in(database: Database, column: Any, values: Sequence[Any]) -> int:
    """Rows whose ``column`` is one of ``values``."""
    return sum(_count(database, column.model.select(SQL("1")).where(column.in_(some))) for some in _chunks(values))


def _count(database: Database, query: Any) -> int:
    counted = query.limit(COUNTED + 1).alias("counted")
    return int(Select([counted], [fn.COUNT(SQL("1"))]).bind(database).scalar())


def _two(database: Database, model: type[Any], old: int, new: int) -> tuple[Any, Any]:
    """Both rows. :raises CannotMerge: when they are one, one is gone, or their leagues differ."""
    if old == new:
        raise CannotMerge("itself")
    gone, kept = (_found(database, model, model.id == number) for number in (old, new))
    if not gone or not kept:
        raise CannotMerge("gone")
    if model is Teams and gone.league_id != kept.league_id:
        raise CannotMerge("leagues")
    return gone, kept


def _found(database: Database, model: type[Any], which: Any) -> Any:
    return next(iter(model.select().where(which).limit(1).execute(database)), None)


def _chunks(values: Iterable[Any], size: int = 1_000) -> Iterator[list[Any]]:
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some
