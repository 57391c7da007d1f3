"""Moves a database of gig-benchmark through the store, and reckons up in the end what became of each price.

Match by match, in the order of their ids, a batch a transaction; how far it is stands in TakeOvers. What was broken
off, be it by a kill, goes on there: what is stored a second time is known by its message, and counts once. No more
than one match's prices are in memory.
"""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from peewee import Database, fn

from gigscrapy.imports import Line
from gigscrapy.imports.gigbase.account import Account, Sum
from gigscrapy.imports.gigbase.meetings import judge
from gigscrapy.imports.gigbase.quotes import (
    Made,
    Sides,
    bookmaker_name,
    is_known,
    other_sport,
    quote,
    scrapes,
    sport_of,
)
from gigscrapy.imports.gigbase.tables import FLAT, NEVER, FlatRow, Gig, League, Match, Row, decimal, moment
from gigscrapy.imports.storing import Stored, store
from schema.aliases import Aliases
from schema.french import from_french
from schema.instants import from_paris, to_paris
from schema.matches import match_key
from schema.messages import OddsItem, Refused, decode
from schema.models import Bookmakers, Leagues, Matches, Odds, Runs, TakeOvers, Teams, now
from schema.names import name_key
from schema.prices import published_style
from schema.reference import find_bookmaker

Watch = Callable[[Account, Stored], None]


class AnotherSource(ValueError):
    """Under this name another database is being taken over."""


class AnotherName(ValueError):
    """This database was taken over under that name: its prices stand under it, and would under no second one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person says of it.

    :ivar name: of the import: prices stand under the run ``import-<name>``; :ivar source: where it is, in words.
    :ivar believe_default: see :func:`.meetings.judge`; :ivar sports: of leagues, by :func:`name_key` of their names.
    :ivar again: begin anew, whatever was done before.
    """

    source: str
    name: str = "gig"
    believe_default: bool = False
    sports: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def run_id(self) -> str:
        return f"import-{self.name}"


@dataclass(slots=True)
class Reckoned:
    """The end of it. ``there``: what gig-benchmark has; ``here``: what the tables have under the import's run.

    :ivar rows: for each table: read, with prices, here.
    """

    account: Account
    stored: Stored
    there: Sum
    here: Sum
    rows: dict[str, tuple[int, int, int]]
    users: int
    was_resumed: bool

    @property
    def adds_up(self) -> bool:
        return self.account.read == self.there == self.account.accounted and self.here == self.account.taken


class TakeOver:
    """One import. :raises AnotherSource, AnotherName: see there."""

    def __init__(self, gig: Gig, database: Database, wanted: Wanted) -> None:
        self._gig = gig
        self._database = database
        self._wanted = wanted
        aliases = Aliases(database)
        aliases.read()
        self._reader = _Flat(gig, wanted, aliases) if gig.kind == FLAT else _Relational(gig, wanted, aliases)
        self._upto = 0 if gig.kind == FLAT else gig.newest()
        self._started_at = now()
        self.was_resumed = self._resume()
        self._saved_at = self._reader.position

    def _resume(self) -> bool:
        every = {one.name: one for one in TakeOvers.select().execute(self._database)}
        before = every.pop(self._wanted.name, None)
        if others := [name for name, one in every.items() if one.source == self._wanted.source]:
            raise AnotherName(others[0])
        if before is None or before.done_at or self._wanted.again:
            return False
        if before.source != self._wanted.source:
            raise AnotherSource(before.source)
        if self._gig.kind == FLAT:
            return True  # its rows have no number to go on from: what is stored already is passed over
        self._upto, self._started_at = before.upto, before.started_at
        self._reader.begin_after(before.position, Account.load(before.account))
        return True

    def run(self, watch: Watch | None = None) -> Reckoned:
        """All of it. :param watch: called after each batch; what it raises ends the import, which can go on later."""
        self._save(done=False)

        def after_batch(stored: Stored) -> None:
            if self._reader.position != self._saved_at:
                self._save(done=False)
            if watch:
                watch(self._reader.account, stored)

        stored = store(self._database, self._reader.lines(self._upto), after_batch)
        self._reader.finish(self._upto)
        reckoned = self._reckon(stored)
        self._save(done=True)
        return reckoned

    def _save(self, *, done: bool) -> None:
        self._saved_at = self._reader.position
        TakeOvers.replace(
            name=self._wanted.name,
            source=self._wanted.source,
            upto=self._upto,
            position=self._reader.position,
            account=self._reader.account.dump(),
            started_at=self._started_at,
            updated_at=now(),
            done_at=now() if done else None,
        ).execute(self._database)

    def _reckon(self, stored: Stored) -> Reckoned:
        account, gig = self._reader.account, self._gig
        there = gig.flat_total() if gig.kind == FLAT else gig.total(self._upto)
        here, rows = self._here()
        read = {
            "Leagues": (gig.count("leagues"), len(account.leagues)),
            "Teams": (gig.count("teams"), len(account.teams)),
            "Bookmakers": (gig.count("bookmakers"), len(account.bookmakers)),
            "Matches": (account.matches, account.meetings),
        }
        told = {name: (*numbers, rows[name]) for name, numbers in read.items()}
        return Reckoned(account, stored, there, here, told, gig.count("users"), self.was_resumed)

    def _here(self) -> tuple[Sum, dict[str, int]]:
        """What the tables have under the run: prices, and how many leagues, teams, … these are of."""
        run = next(
            iter(Runs.select(Runs.id).where(Runs.run_id == self._wanted.run_id).tuples().execute(self._database)), None
        )
        if run is None:
            return Sum(), dict.fromkeys(("Leagues", "Teams", "Bookmakers", "Matches"), 0)
        ours = Odds.run == run[0]
        summed = Odds.select(fn.COUNT(Odds.id), fn.SUM(Odds.odd_value)).where(ours).tuples().execute(self._database)
        [(count, total)] = list(summed)
        matches = Odds.select(Odds.match).where(ours).distinct()
        met = Matches.select().where(Matches.id.in_(matches))
        sides = Matches.select(Matches.home_team).where(Matches.id.in_(matches)) | Matches.select(
            Matches.away_team
        ).where(Matches.id.in_(matches))
        books = Odds.select(Odds.bookmaker).where(ours).distinct()
        leagues = Matches.select(Matches.league).where(Matches.id.in_(matches)).distinct()
        return Sum(count, decimal(total or 0)), {
            "Leagues": Leagues.select().where(Leagues.id.in_(leagues)).count(self._database),
            "Teams": Teams.select().where(Teams.id.in_(sides)).count(self._database),
            "Bookmakers": Bookmakers.select().where(Bookmakers.id.in_(books)).count(self._database),
            "Matches": met.count(self._database),
        }


class _Reader:
    """The quotes of a database, and the account of them.

    :ivar account: of all matches up to ``position``: what is being read is counted apart until a match is through.
    """

    def __init__(self, gig: Gig, wanted: Wanted, aliases: Aliases) -> None:
        self._gig = gig
        self._wanted = wanted
        self._aliases = aliases
        self.account = Account()
        self.position = 0

    def begin_after(self, position: int, account: Account) -> None:
        self.account, self.position = account, position

    def lines(self, upto: int) -> Iterator[Line]:
        raise NotImplementedError

    def finish(self, upto: int) -> None:
        """Count what no quote told."""

    def _sport(self, league: str, sport: str | None) -> str:
        """:raises Refused: when nobody knows it."""
        if sport is None:
            raise Refused("sport", f"league {league!r:.60} is of a sport that nobody knows")
        if stated := self._wanted.sports.get(name_key(league)):
            return stated
        return (other_sport(league) or sport) if sport == "football" else sport


class _Relational(_Reader):
    """gig-benchmark's tables."""

    def __init__(self, gig: Gig, wanted: Wanted, aliases: Aliases) -> None:
        super().__init__(gig, wanted, aliases)
        self._leagues = gig.leagues()
        self._markets = gig.markets()
        self._bookmakers = {number: bookmaker_name(*one) for number, one in gig.bookmakers().items()}
        self._sports: dict[int, str | Refused] = {}
        self._noted: set[int] = set()
        """Leagues of which it is noted what they are."""
        self._now = Account()
        """Of the match that is being read."""

    def lines(self, upto: int) -> Iterator[Line]:
        twins, known = self._twins()
        for match in self._gig.matches(self.position):
            if match.id in known:
                continue
            self._now = Account()
            stand = Standing(self._aliases)
            for one in (match, *twins.get(match.id, ())):
                yield from self._match(one, upto, stand)
            self.account.add(self._now)
            self.position = match.id

    def _twins(self) -> tuple[dict[int, list[Match]], set[int]]:
        """By the first of each match that is there more than once the others, and the ids of all of these."""
        first: dict[int, int] = {}
        twins: dict[int, list[Match]] = {}
        known: set[int] = set()
        for match in self._gig.matches(0):
            try:
                sides = self._sides(match)
            except Refused:
                continue
            names = (sides.sport, *(name_key(name) for name in (sides.league, sides.home, sides.away)))
            number = first.setdefault(hash(names), match.id)
            if number != match.id:
                twins.setdefault(number, []).append(match)
                known.add(match.id)
        return twins, known

    def finish(self, upto: int) -> None:
        if (orphans := self._gig.orphans(upto)).rows:
            self.account.read += orphans
            self.account.refuse("no-match", orphans)

    def _match(self, match: Match, upto: int, stand: "Standing") -> Iterator[Line]:
        rows, account = self._gig.prices(match.id, upto), self._now
        account.matches += 1
        if (match.status or "scheduled") != "scheduled":
            account.note("status", f"{match.home} - {match.away}: {match.status}")
        if not rows:
            account.note("no-prices")
            return
        account.read += _sum(rows)
        if never := [row for row in rows if row.seen_at == NEVER]:
            account.refuse("no-time", _sum(never), f"{match.home} - {match.away}")
            if not (rows := [row for row in rows if row.seen_at != NEVER]):
                return
        try:
            sides = self._sides(match)
        except Refused as refusal:
            account.refuse(refusal.reason, _sum(rows), refusal.detail)
            return
        self._note_sport(match.league)
        seen = sorted({row.seen_at for row in rows})
        judged = judge(match.match_date, match.made_at, seen, believe_default=self._wanted.believe_default)
        for note in judged.notes:
            account.note(note, f"{sides.home} - {sides.away} ({match.match_date})")
        met: set[int] = set()
        for scrape in scrapes(rows):
            meeting = judged.of(scrape[0].seen_at)
            first = scrape[0]
            market, bookmaker = self._markets.get(first.market), self._bookmakers.get(first.bookmaker)
            made = quote(sides, meeting, market, bookmaker, scrape)
            self._count(made, stand)
            if made.item:
                met.add(meeting.number)
                yield Line(first.id, f"{sides.home} - {sides.away} {bookmaker}", (made.item,))
        account.meetings += len(met)
        if met:
            account.leagues.add(str(match.league))
            account.teams |= {f"{match.league}:{name_key(name)}" for name in (sides.home, sides.away)}

    def _count(self, made: Made, stand: "Standing") -> None:
        account = self._now
        for row, refusal in made.refused:
            account.refuse(refusal.reason, _sum([row]), refusal.detail)
        if not made.item:
            return
        account.quotes += 1
        account.bookmakers.add(made.item.bookmaker)
        merged = stand.merged(made.item)
        account.merged += merged
        account.taken += _sum(made.rows) - merged
        if made.item.trj is None:
            account.note("partial")
        if (told := made.rows[0].trj) is not None and (ours := made.item.trj) != published_style(told) and ours:
            account.note("other-trj", f"{made.item.home} - {made.item.away} {made.item.bookmaker}: {told:.2f}, {ours}")

    def _sides(self, match: Match) -> Sides:
        league = self._leagues.get(match.league)
        if league is None:
            raise Refused("no-league", f"match {match.id}: league {match.league} is not in Leagues")
        if not (match.home and match.away):
            raise Refused("no-team", f"match {match.id}: a team is not in Teams")
        sport = self._sport_of(match.league, league)
        home, away = (
            self._aliases.of_teams.get((sport, name_key(league.name), name_key(name)), name)
            for name in (match.home, match.away)
        )
        if name_key(home) == name_key(away):
            raise Refused("teams", f"{match.home!r} plays itself")
        return Sides(sport, league.name, home, away, f"{self._wanted.name}-{match.id}", self._wanted.run_id)

    def _sport_of(self, number: int, league: League) -> str:
        if number not in self._sports:
            try:
                self._sports[number] = self._sport(league.name, sport_of(league.sport))
            except Refused as refusal:
                self._sports[number] = refusal
        found = self._sports[number]
        if isinstance(found, Refused):
            raise found
        return found

    def _note_sport(self, number: int) -> None:
        """Once for each league, what was found out of its sport."""
        if number in self._noted:
            return
        self._noted.add(number)
        league, sport = self._leagues[number], self._sports[number]
        if sport != sport_of(league.sport):
            self._now.name("other-sport", f"{league.name}: {sport}")
        elif sport == "football" and not is_known(league.name):
            self._now.name("unknown-league", league.name)


class Standing:
    """The prices of a match: of each bookmaker, outcome and instant one stands, the higher, as the store has it."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases = aliases
        self._prices: dict[tuple[Any, ...], Decimal] = {}

    def merged(self, item: OddsItem) -> Sum:
        """The prices that do not stand because of this quote, or in it."""
        merged = Sum()
        place = (match_key(item), item.market, self._bookmaker(item.bookmaker), item.scraped_at)
        for outcome, price in item.prices.items():
            if price is None:
                continue
            there = self._prices.get((*place, outcome), price)
            if (*place, outcome) in self._prices:
                merged += Sum(1, min(there, price))
            self._prices[*place, outcome] = max(there, price)
        return merged

    def _bookmaker(self, name: str) -> str | int:
        """What all its names have in common."""
        known = find_bookmaker(name, None)
        return known.code if known else self._aliases.bookmaker(name) or name_key(name)


class _Flat(_Reader):
    """The older table of quotes."""

    def lines(self, upto: int) -> Iterator[Line]:
        at, stand = None, Standing(self._aliases)
        for number, row in enumerate(self._gig.flat(), 1):
            if row.seen_at != at:
                at, stand = row.seen_at, Standing(self._aliases)
            prices = [price for price in row.prices if price is not None]
            whole = Sum(len(prices), sum(prices, Decimal(0)))
            self.account.read += whole
            try:
                item = self._quote(row)
            except Refused as refusal:
                self.account.refuse(refusal.reason, whole, f"{row.title} {row.bookmaker}"[:80])
                continue
            kept = [price for price in item.prices.values() if price is not None]
            taken, merged = Sum(len(kept), sum(kept, Decimal(0))), stand.merged(item)
            self.account.taken += taken - merged
            self.account.merged += merged
            if (left := whole - taken).rows:
                self.account.refuse("no-price", left, f"{row.title} {row.bookmaker}"[:80])
            self.account.quotes += 1
            yield Line(number, f"{row.title} {row.bookmaker}"[:80], (item,))

    def _quote(self, row: FlatRow) -> OddsItem:
        """Through the reader of messages: the table has what a message of that time said."""
        day = _paris_clock(row.match_date)
        seen_at = row.seen_at
        if seen_at is None:
            if day is None:
                raise Refused("no-time", "it tells neither when it was seen nor the kick-off")
            self.account.note("no-time")
            seen_at = from_paris(day).replace(tzinfo=None)
        sport = (row.sport or "football").strip().lower()
        league = row.league or "Ligue 1"
        body = {
            "match": row.title,
            "match_date": day and day.strftime("%Y-%m-%d %H:%M:%S"),
            "bookmaker": row.bookmaker,
            "cotes": dict(zip(("cote_1", "cote_N", "cote_2"), map(_number, row.prices), strict=True)),
            "league": league,
            "sport": self._sport(league, sport),
        }
        bare = decode(json.dumps(body).encode(), seen_at.replace(tzinfo=UTC))
        assert isinstance(bare, OddsItem)
        item = copy.copy(self._aliases.rename(bare))
        item.bare, item.run_id, item.scraped_at = False, self._wanted.run_id, seen_at.replace(tzinfo=UTC)
        return item


def _paris_clock(said: Any) -> datetime | None:
    """``match_date`` of the flat table: a time, or French text. What cannot be read is unknown."""
    if found := moment(said):
        return found
    instant = from_french(said, datetime.now(UTC)) if isinstance(said, str) else None
    return instant and to_paris(instant).replace(tzinfo=None)


def _number(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


def _sum(rows: Sequence[Row]) -> Sum:
    return Sum(len(rows), sum((row.value for row in rows), Decimal(0)))
