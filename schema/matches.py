"""Matches: what makes one this one, and what holds of what several observations say of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import Database

from schema.instants import text, to_paris
from schema.messages import OddsItem
from schema.models import Matches, now
from schema.names import name_key
from schema.reference import sports
from schema.sql import Sql

Said = tuple[tuple[str, ...], ...]

COLUMNS = (
    "id",
    "match_key",
    "source",
    "site_id",
    "status",
    "created_at",
    "updated_at",
    "league_id",
    "home_team_id",
    "away_team_id",
    "url",
    "match_date",
    "match_date_seen_at",
    "seen_at",
)
READ = (
    "match_key",
    "id",
    "seen_at",
    "match_date_seen_at",
    "match_date",
    "url",
    "source",
    "league_id",
    "home_team_id",
    "away_team_id",
)


@dataclass(frozen=True, slots=True)
class Sides:
    """Who meets where, by id."""

    league: int
    home: int
    away: int


Quote = tuple[OddsItem, Sides]


def match_key(item: OddsItem) -> str:
    """What makes a match this one: its number at the source, else sport, league, teams and day of kick-off in Paris."""
    if item.match_id is not None:
        return f"{item.source}:{item.match_id}"
    day = to_paris(item.kickoff).date().isoformat() if item.kickoff else ""
    names = (name_key(name).replace("|", "/") for name in (item.league, item.home, item.away))
    return "|".join((item.sport, *names, day))


class KnownMatches:
    """The matches a writer has met, found or made within its transaction: whoever rolls back must forget them."""

    def __init__(self, database: Database, sql: Sql) -> None:
        self._sql = sql
        self._upsert = sql.insert(Matches, COLUMNS, _merge(sql))
        self._ids: dict[str, int] = {}
        self._said: dict[str, Said] = {}
        self._sides: dict[str, Sides] = {}
        self._settle_tie = _settle_tie(database)

    def id(self, item: OddsItem) -> int:
        return self._ids[match_key(item)]

    def settle(self, cursor: Any, quotes: Iterable[tuple[OddsItem, Sides]]) -> None:
        """Each match as these quotes tell it, where they tell more than the table does."""
        told: dict[str, _Told] = {}
        for item, sides in quotes:
            told.setdefault(match_key(item), _Told()).hear(item, sides)
        self._read(cursor, [key for key in told if key not in self._ids])
        rows = [
            self._row(key, item, sides)
            for key in sorted(told)
            for item, sides in told[key].worth_writing(self._said.get(key, NOTHING), self._sides.get(key))
        ]
        if rows:
            # Apart: where rows with and without a number are mixed in one statement, MariaDB may give a new match the
            # number of another, which the upsert then changes.
            for numbered in (True, False):
                some = [row for row in rows if (row[0] is not None) == numbered]
                if some:
                    self._sql.write(cursor, some, self._upsert)
            self._read(cursor, list(told))
            self._settle_ties(cursor, told)

    def _settle_ties(self, cursor: Any, told: dict[str, "_Told"]) -> None:
        """Where two quotes of one instant disagree on who meets, the later names hold, whichever came first."""
        for key in sorted(told):
            item, sides = told[key].meeting
            if sides != self._sides[key] and self._said[key][0] == (text(item.scraped_at),):
                ids = (sides.league, sides.home, sides.away)
                cursor.execute(self._settle_tie, (*ids, key, text(item.scraped_at), *_names(item)))

    def _read(self, cursor: Any, keys: Sequence[str]) -> None:
        for key, number, seen_at, dated_at, date, url, source, *sides in self._sql.select(
            cursor, Matches, READ, match_key=keys
        ):
            self._ids[key] = number
            dated = (str(dated_at), str(date)) if dated_at else ()
            self._said[key] = ((str(seen_at),), dated, (url,) if url else (), (source,))
            self._sides[key] = Sides(*sides)

    def _row(self, key: str, item: OddsItem, sides: Sides) -> tuple[Any, ...]:
        made, seen_at = str(now()), text(item.scraped_at)
        return (
            self._ids.get(key),  # where it is given, the upsert burns no new one
            key,
            item.source,
            item.match_id,
            "scheduled",
            made,
            made,
            sides.league,
            sides.home,
            sides.away,
            None if item.partial else item.url,
            item.kickoff and text(item.kickoff),
            item.kickoff and seen_at,
            seen_at,
        )


def _says(item: OddsItem) -> Said:
    """What a quote says of its match, each part in a form of which the greatest holds.

    Who meets: the newest says it. When: the newest that knows says it; a page that does not tell the kick-off unsays
    nothing. Its own page: of several addresses the later in byte order. So too the source, where several tell of a
    match by its names.
    """
    seen_at = text(item.scraped_at)
    return (
        (seen_at,),
        (seen_at, text(item.kickoff)) if item.kickoff else (),
        (item.url,) if item.url and not item.partial else (),
        () if item.match_id else (item.source,),
    )


def _names(item: OddsItem) -> tuple[str, ...]:
    """Who meets, in a form that orders those who disagree at one instant: the same in any database."""
    return (sports()[item.sport].code, *map(name_key, (item.league, item.home, item.away)))


NOTHING: Said = ((), (), (), ())


class _Told:
    """What a batch tells of one match: of each part, the quote that holds."""

    def __init__(self) -> None:
        self._best: list[tuple[tuple[str, ...], Quote | None]] = [(part, None) for part in NOTHING]

    def hear(self, item: OddsItem, sides: Sides) -> None:
        quote = (item, sides)
        for place, said in enumerate(_says(item)):
            best, by = self._best[place]
            if said > best or (not place and said == best and by and self._outranks(quote, by)):
                self._best[place] = (said, quote)

    @staticmethod
    def _outranks(quote: Quote, by: Quote) -> bool:
        return quote[1] != by[1] and _names(quote[0]) > _names(by[0])

    @property
    def meeting(self) -> Quote:
        """The quote that says who meets."""
        quote = self._best[0][1]
        assert quote
        return quote

    def worth_writing(self, known: Said, sides: Sides | None) -> list[Quote]:
        """The quotes that say more than what is ``known``, or at the same instant that others meet."""
        more = [quote for (said, quote), before in zip(self._best, known, strict=True) if said > before]
        if self._best[0][0] == known[0] and self.meeting[1] != sides:
            more.append(self.meeting)  # its row is locked then, as all are, in the order of the keys
        return list({id(quote): quote for quote in more if quote}.values())


def _merge(sql: Sql) -> dict[str, str]:
    """What :func:`_says` means, for the row that is there and the one that comes."""
    newer = f"{sql.new('seen_at')} > `seen_at`"
    said = sql.new("match_date_seen_at")
    said_later = f"{said} IS NOT NULL AND (`match_date_seen_at` IS NULL OR {said} > `match_date_seen_at`)"
    return {
        "league_id": sql.when(newer, "league_id"),
        "home_team_id": sql.when(newer, "home_team_id"),
        "away_team_id": sql.when(newer, "away_team_id"),
        "updated_at": sql.when(newer, "updated_at"),
        "url": sql.later_spelling("url"),
        "source": sql.greatest("source"),
        "match_date": f"CASE WHEN {said_later} THEN {sql.new('match_date')} "
        f"WHEN {said} = `match_date_seen_at` THEN {sql.greatest('match_date')} ELSE `match_date` END",
        "match_date_seen_at": sql.greatest("match_date_seen_at"),
        "seen_at": sql.greatest("seen_at"),
    }


def _settle_tie(database: Database) -> str:
    """Who meets, if nothing newer is there and the names that come are later than those that are.

    Not a part of the upsert: MySQL locks what a subquery of an INSERT reads, and what an UPDATE reads it does not.
    """
    names = (
        "(SELECT s.code FROM Leagues l JOIN Sports s ON s.id = l.sport_id WHERE l.id = Matches.league_id), "
        "(SELECT l.name_key FROM Leagues l WHERE l.id = Matches.league_id), "
        "(SELECT t.name_key FROM Teams t WHERE t.id = Matches.home_team_id), "
        "(SELECT t.name_key FROM Teams t WHERE t.id = Matches.away_team_id)"
    )
    mark = database.param
    return (
        f"UPDATE Matches SET league_id = {mark}, home_team_id = {mark}, away_team_id = {mark} "  # noqa: S608
        f"WHERE match_key = {mark} AND seen_at = {mark} AND ({names}) < ({', '.join([mark] * 4)})"
    )
