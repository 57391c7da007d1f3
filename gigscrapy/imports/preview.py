"""What importing a file would do, line by line. Nothing is written."""

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from peewee import Database

from gigscrapy.imports import Line
from schema.aliases import Aliases
from schema.bookmakers import find_row
from schema.instants import naive
from schema.matches import match_key
from schema.messages import OddsItem, Refused
from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Sports, Teams
from schema.names import name_key, slug
from schema.reference import sports
from schema.sql import Sql

CHUNK = 200
"""Lines that are looked up at once."""
SHOWN = 10
"""Lines of each kind that are shown."""
NAMED = 500
"""Unknown names that are told of each kind; of more, how many."""
NEAR = 3
LIKE = 0.6
"""How alike two names must be for the one to be proposed for the other, 0 to 1."""

NEW, THERE, OTHER, REFUSED = "new", "there", "other", "refused"
KINDS = (NEW, OTHER, THERE, REFUSED)
"""What a line would do: store a price; bring another than is stored of that instant; nothing; or not be kept."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line that stands for its kind. ``detail``: why it is refused, or which price is another."""

    number: int
    said: str
    detail: str = ""


@dataclass(slots=True)
class Unknown:
    """A name that would be made. ``lines``: that say it; ``near``: known ones, by id and name, that look like it."""

    name: str
    lines: int = 0
    league: str = ""
    near: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """Of a file: its lines by what they would do, the prices in them, and the names that nobody knows yet."""

    lines: Counter[str] = field(default_factory=Counter)
    prices: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[Shown]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    leagues: dict[str, Unknown] = field(default_factory=dict)
    bookmakers: dict[str, Unknown] = field(default_factory=dict)
    teams: dict[tuple[str, str], Unknown] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Lines so far."""
        return sum(self.lines.values())

    def add(self, kind: str, line: Line, detail: str = "") -> None:
        self.lines[kind] += 1
        if len(self.shown[kind]) < SHOWN:
            self.shown[kind].append(Shown(line.number, line.said, detail))


def preview(database: Database, lines: Iterable[Line]) -> Iterator[Preview]:
    """Look at all lines. Yields the same object after each chunk: it is whole once this ends."""
    told = Preview()
    looker = _Looker(database)
    remaining = iter(lines)
    while chunk := list(islice(remaining, CHUNK)):
        looker.look(chunk, told)
        yield told
    looker.propose(told)
    yield told


Sides = tuple[int | None, int | None, int | None]
Place = tuple[int, int, Decimal, int, str, datetime]
"""Of a price: match, market, line, bookmaker, outcome and instant."""


class _Looker:
    """Finds what the store would find, and makes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = Sql(database)
        self._aliases = Aliases(database)
        self._aliases.read()
        self._bookmakers = list(Bookmakers.select().execute(database))
        self._sports = {row.code: row.id for row in Sports.select().execute(database)}
        markets = MarketNames.select().execute(database)
        self._markets = {(row.sport_id, row.code): row.id for row in markets}
        self._said: dict[tuple[str, int | None], int | None] = {}
        self._leagues: dict[tuple[int, str], int | None] = {}
        self._teams: dict[tuple[int, str], int | None] = {}

    def look(self, chunk: Sequence[Line], told: Preview) -> None:
        named = [(line, *self._named(line)) for line in chunk]
        items = [item for _, known, _ in named for item in known]
        self._find_leagues(items)
        self._find_teams(items)
        stored = self._find_prices(items)
        for line, known, refusals in named:
            self._judge(line, known, refusals, stored, told)

    def _named(self, line: Line) -> tuple[list[OddsItem], list[Refused]]:
        """The quotes with each team under its own name, as the store renames them."""
        known: list[OddsItem] = []
        refusals = [*line.refusals]
        for item in line.items:
            try:
                known.append(self._aliases.rename(item))
            except Refused as refusal:
                refusals.append(refusal)
        return known, refusals

    def _judge(
        self, line: Line, items: Sequence[OddsItem], refusals: Sequence[Refused], stored: "_Stored", told: Preview
    ) -> None:
        for refusal in refusals:
            told.reasons[refusal.reason] += 1
        prices: Counter[str] = Counter()
        others = ""
        for item in items:
            for outcome, price in item.prices.items():
                if price is not None:
                    there = stored.price(item, outcome)
                    kind = NEW if there is None else THERE if there == price else OTHER
                    prices[kind] += 1
                    if kind == OTHER and there is not None:
                        others = others or f"{item.bookmaker} {outcome}: {_plain(price)} ≠ {_plain(there)}"
        told.prices += prices
        self._tell_names(items, told)
        if refusals and not items:
            told.add(REFUSED, line, str(refusals[0]))
            return
        kind = next((kind for kind in (OTHER, NEW) if prices[kind]), THERE)
        told.add(kind, line, others)
        if refusals and len(told.shown[REFUSED]) < SHOWN:
            told.shown[REFUSED].append(Shown(line.number, line.said, str(refusals[0])))

    # -- names that nobody knows ---------------------------------------------------------------------------------------

    def _tell_names(self, items: Sequence[OddsItem], told: Preview) -> None:
        """Each once for the line."""
        leagues = {item.league for item in items if self._league(item) is None}
        teams = {
            (item.league, name)
            for item in items
            for name, number in zip((item.home, item.away), self._sides(item)[1:], strict=True)
            if number is None
        }
        bookmakers = {item.bookmaker for item in items if self._bookmaker(item) is None}
        for name in sorted(leagues):
            _tell(told.leagues, name, Unknown(name))
        for league, name in sorted(teams):
            _tell(told.teams, (league, name), Unknown(name, league=league))
        for name in sorted(bookmakers):
            _tell(told.bookmakers, name, Unknown(name))

    def propose(self, told: Preview) -> None:
        """To each unknown name those known ones that look like it."""
        for unknown in told.bookmakers.values():
            unknown.near = _near(unknown.name, [(row.id, row.name) for row in self._bookmakers])
        leagues = {key: number for (_, key), number in self._leagues.items() if number is not None}
        known: dict[int, list[tuple[int, str]]] = {}
        for unknown in told.teams.values():
            league = leagues.get(name_key(unknown.league))
            if league is None:
                continue
            if league not in known:
                rows = Teams.select(Teams.id, Teams.name).where(Teams.league == league).limit(5_000)
                known[league] = list(rows.tuples().execute(self._database))
            unknown.near = _near(unknown.name, known[league])

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _league(self, item: OddsItem) -> int | None:
        return self._leagues.get((self._sports[sports()[item.sport].code], name_key(item.league)))

    def _sides(self, item: OddsItem) -> Sides:
        league = self._league(item)
        if league is None:
            return None, None, None
        home, away = (self._teams.get((league, name_key(name))) for name in (item.home, item.away))
        return league, home, away

    def _bookmaker(self, item: OddsItem) -> int | None:
        said = item.bookmaker, item.bookmaker_id
        if said not in self._said:
            self._said[said] = find_row(self._bookmakers, self._aliases, *said)
        return self._said[said]

    def _find_leagues(self, items: Sequence[OddsItem]) -> None:
        wanted = {(self._sports[sports()[item.sport].code], name_key(item.league)) for item in items}
        missing = wanted - self._leagues.keys()
        if missing:
            self._leagues |= dict.fromkeys(missing)
            keys = {key for _, key in missing}
            rows = Leagues.select().where(Leagues.name_key.in_(keys)).execute(self._database)
            self._leagues |= {(row.sport_id, row.name_key): row.id for row in rows}

    def _find_teams(self, items: Sequence[OddsItem]) -> None:
        wanted = {
            (league, name_key(name))
            for item in items
            for name in (item.home, item.away)
            if (league := self._league(item)) is not None
        }
        missing = wanted - self._teams.keys()
        if missing:
            self._teams |= dict.fromkeys(missing)
            cursor = self._database.connection().cursor()
            leagues, keys = {league for league, _ in missing}, {key for _, key in missing}
            for number, league, key in self._sql.select(
                cursor, Teams, ("id", "league_id", "name_key"), name_key=keys, league_id=leagues
            ):
                self._teams[league, key] = number

    def _find_prices(self, items: Sequence[OddsItem]) -> "_Stored":
        """All that is stored at these instants of these matches by these bookmakers."""
        keys = {match_key(item) for item in items}
        cursor = self._database.connection().cursor()
        matches = dict(self._sql.select(cursor, Matches, ("match_key", "id"), match_key=keys)) if keys else {}
        bookmakers = {row for item in items if (row := self._bookmaker(item)) is not None}
        found: dict[Place, Decimal] = {}
        if matches and bookmakers:
            at = {naive(item.scraped_at) for item in items}
            ids = sorted(matches.values())
            for start in range(0, len(ids), 100):
                prices = Odds.select(
                    Odds.match, Odds.market, Odds.line, Odds.bookmaker, Odds.outcome, Odds.scraped_at, Odds.odd_value
                ).where(
                    Odds.match.in_(ids[start : start + 100])
                    & Odds.bookmaker.in_(bookmakers)
                    & Odds.scraped_at.between(min(at), max(at))
                )
                found |= {tuple(row[:6]): row[6] for row in prices.tuples().execute(self._database) if row[5] in at}
        return _Stored(self, matches, found)

    def place(self, item: OddsItem, outcome: str, matches: dict[str, int]) -> Place | None:
        """Where the store would put that price; ``None`` where something of it is not there yet."""
        match, bookmaker = matches.get(match_key(item)), self._bookmaker(item)
        market = self._markets.get((self._sports[sports()[item.sport].code], item.market))
        if match is None or bookmaker is None or market is None:
            return None
        return match, market, item.line or Decimal(0), bookmaker, outcome, naive(item.scraped_at)


@dataclass(frozen=True, slots=True)
class _Stored:
    """Prices that are there, by their places."""

    looker: _Looker
    matches: dict[str, int]
    found: dict[Place, Decimal]

    def price(self, item: OddsItem, outcome: str) -> Decimal | None:
        place = self.looker.place(item, outcome, self.matches)
        return None if place is None else self.found.get(place)


def _plain(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _tell(names: dict[Any, Unknown], key: Any, unknown: Unknown) -> None:
    if key in names or len(names) < NAMED:
        names.setdefault(key, unknown).lines += 1


def _near(name: str, known: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The known names that look like it, the likest first, whatever their accents and case."""
    by_slug: dict[str, tuple[int, str]] = {}
    for number, other in known:
        by_slug.setdefault(slug(other) or other, (number, other))
    words = set(slug(name).split("-"))
    like = difflib.get_close_matches(slug(name), by_slug, NEAR, LIKE)
    # One that has a whole word of it, such as Paris Saint-Germain of Paris SG, is near however long the rest is.
    like += [key for key in by_slug if key not in like and any(len(word) > 3 for word in words & set(key.split("-")))]
    return [by_slug[key] for key in like[:NEAR]]
