"""Matches: what makes one this one, and what holds of what several observations say of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schema.instants import text, to_paris
from schema.messages import OddsItem
from schema.models import Matches, now
from schema.names import name_key
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


@dataclass(frozen=True, slots=True)
class Sides:
    """Who meets where, by id."""

    league: int
    home: int
    away: int


def match_key(item: OddsItem) -> str:
    """What makes a match this one: its number at the source, else sport, league, teams and day of kick-off in Paris."""
    if item.match_id is not None:
        return f"{item.source}:{item.match_id}"
    day = to_paris(item.kickoff).date().isoformat() if item.kickoff else ""
    names = (name_key(name).replace("|", "/") for name in (item.league, item.home, item.away))
    return "|".join((item.sport, *names, day))


class KnownMatches:
    """The matches a writer has met, found or made within its transaction: whoever rolls back must forget them."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._upsert = sql.insert(Matches, COLUMNS, _merge(sql))
        self._ids: dict[str, int] = {}
        self._said: dict[str, Said] = {}

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
            for item, sides in told[key].worth_writing(self._said.get(key, NOTHING))
        ]
        if rows:
            self._sql.write(cursor, rows, self._upsert)
            self._read(cursor, list(told))

    def _read(self, cursor: Any, keys: Sequence[str]) -> None:
        columns = ("match_key", "id", "seen_at", "match_date_seen_at", "match_date", "url")
        for key, number, seen_at, dated_at, date, url in self._sql.select(cursor, Matches, columns, match_key=keys):
            self._ids[key] = number
            self._said[key] = ((str(seen_at),), (str(dated_at), str(date)) if dated_at else (), (url,) if url else ())

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
    nothing. Its own page: of several addresses the later in byte order.
    """
    seen_at = text(item.scraped_at)
    return (
        (seen_at,),
        (seen_at, text(item.kickoff)) if item.kickoff else (),
        (item.url,) if item.url and not item.partial else (),
    )


NOTHING: Said = ((), (), ())


class _Told:
    """What a batch tells of one match: of each part, the quote that holds."""

    def __init__(self) -> None:
        self._best: list[tuple[tuple[str, ...], tuple[OddsItem, Sides] | None]] = [(part, None) for part in NOTHING]

    def hear(self, item: OddsItem, sides: Sides) -> None:
        quote = (item, sides)
        for place, said in enumerate(_says(item)):
            if said > self._best[place][0]:
                self._best[place] = (said, quote)

    def worth_writing(self, known: Said) -> list[tuple[OddsItem, Sides]]:
        """The quotes that say more than what is ``known``."""
        more = (quote for (said, quote), before in zip(self._best, known, strict=True) if said > before)
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
        "match_date": f"CASE WHEN {said_later} THEN {sql.new('match_date')} "
        f"WHEN {said} = `match_date_seen_at` THEN {sql.greatest('match_date')} ELSE `match_date` END",
        "match_date_seen_at": sql.greatest("match_date_seen_at"),
        "seen_at": sql.greatest("seen_at"),
    }
