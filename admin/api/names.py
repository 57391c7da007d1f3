"""What everybody agrees on, looked up once for an answer: sports, leagues, markets, bookmakers, some hundreds in all.

A question names them by slug or id, an answer by both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from peewee import Database
from pydantic import BaseModel, Field

from admin.api import slugs
from schema.database import is_embedded
from schema.markets import MARKETS, Market
from schema.models import Odds, Teams


class Named(NamedTuple):
    """A row. ``sport``: the id of its sport, of a league or market; ``extra``: a country or website."""

    id: int
    slug: str
    code: str
    name: str
    sport: int | None
    key: str | None
    extra: str | None
    reviewed: bool

    def told(self) -> dict[str, Any]:
        return {"id": self.id, "slug": self.slug, "name": self.name}


class NamedOut(BaseModel):
    """What is named in an answer, by id and slug."""

    id: int
    slug: str = Field(description="Stays, whatever the name becomes.")
    name: str


@dataclass(frozen=True)
class Names:
    """Each by its id."""

    sports: Mapping[int, Named]
    leagues: Mapping[int, Named]
    markets: Mapping[int, Named]
    bookmakers: Mapping[int, Named]

    @classmethod
    def find(cls) -> "Names":
        """One query; where a server has others than last time, two.

        To read these hundreds from a server takes longer than all else of many an answer: it is asked first for their
        checksum, of 64 bits.
        """
        database = Odds._meta.database.obj  # noqa: SLF001 - Peewee has no other word for it
        if is_embedded(database):
            return cls._read(database)
        seal = database.execute_sql(_SEAL).fetchall()
        kept = _KEPT.get(database)
        if kept is None or kept[0] != seal:
            _KEPT[database] = kept = (seal, cls._read(database))
        return kept[1]

    @classmethod
    def _read(cls, database: Database) -> "Names":
        found: dict[str, dict[int, Named]] = {"sport": {}, "league": {}, "market": {}, "bookmaker": {}}
        for kind, number, code, name, sport, key, extra, reviewed in database.execute_sql(_NAMES).fetchall():
            of_sport = found["sport"][sport].slug if sport is not None else ""
            own = {"sport": name, "league": key}.get(kind, code)
            slug = "_".join(filter(None, (of_sport, slugs.slug(own))))
            found[kind][number] = Named(number, slug, code, name, sport, key, extra, bool(reviewed))
        return cls(found["sport"], found["league"], found["market"], found["bookmaker"])

    @cached_property
    def kinds(self) -> Mapping[int, Market]:
        """What each market is, by its id; one that nobody knows any more is absent."""
        return {number: MARKETS[row.code] for number, row in self.markets.items() if row.code in MARKETS}

    def chosen(self, kind: str, asked: Sequence[str]) -> list[int]:
        """The ids of the rows of a kind (``league``) that these ids or slugs name. :raises Problem: 404 for another."""
        rows = getattr(self, f"{kind}s").values()
        return [row.id for row in slugs.wanted(asked, lambda: rows, lambda row: row.slug, kind)]

    def markets_of(self, asked: Sequence[str]) -> list[int]:
        """The same of markets, where a bare code (``1x2``) is the market of that code in every sport."""
        by_code: dict[str, list[int]] = {}
        for row in self.markets.values():
            by_code.setdefault(row.code.lower(), []).append(row.id)
        found: list[int] = []
        for name in asked:
            found += [*by_code.get(name.lower(), ())] or self.chosen("market", [name])
        return list(dict.fromkeys(found))

    def teams(self, asked: Sequence[str]) -> list[int]:
        """The ids of these teams: one query, of the leagues that their slugs begin with."""
        if not asked:
            return []
        numbers = [int(name) for name in asked if name.isdigit()]
        leagues = [
            row.id for row in self.leagues.values() if any(one.lower().startswith(f"{row.slug}_") for one in asked)
        ]
        among = Teams.id.in_(numbers) | Teams.league.in_(leagues)
        rows = list(Teams.select(Teams.id, Teams.league, Teams.name_key).where(among).namedtuples())
        return [
            row.id
            for row in slugs.wanted(asked, lambda: rows, lambda row: self.team_slug(row.league, row.name_key), "team")
        ]

    def team_slug(self, league: int, key: str) -> str:
        return f"{self.leagues[league].slug}_{slugs.slug(key)}"


_NAMES = """
    SELECT 'sport', id, code, name, NULL, NULL, NULL, 1 FROM Sports
    UNION ALL SELECT 'league', id, code, name, sport_id, name_key, country, 1 FROM Leagues
    UNION ALL SELECT 'market', id, code, name, sport_id, NULL, NULL, 1 FROM MarketNames
    UNION ALL SELECT 'bookmaker', id, code, name, NULL, NULL, website, reviewed FROM Bookmakers
"""

_COLUMNS = {
    "Sports": "id, code, name",
    "Leagues": "id, sport_id, code, name, name_key, COALESCE(country, '')",
    "MarketNames": "id, sport_id, code, name",
    "Bookmakers": "id, code, name, COALESCE(website, ''), reviewed",
}
"""What :data:`_NAMES` reads of each."""
_SEAL = " UNION ALL ".join(
    f"SELECT COUNT(*), BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS('\n', {columns})), 16), 16, 10) AS UNSIGNED)) FROM {table}"  # noqa: S608
    for table, columns in _COLUMNS.items()
)

_KEPT: WeakKeyDictionary[Database, tuple[Any, Names]] = WeakKeyDictionary()
"""What was read last, and of which rows."""
