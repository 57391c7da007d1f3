"""What rules about prices read: the prices of upcoming matches as they were known at an instant.

A :class:`Board` is fed with rows of Odds in the order they were seen, and keeps of each series (one bookmaker's price
of one outcome) its changes: when a price was first seen, and last. Feeding it a row again changes nothing.

What a bookmaker offers at an instant is its newest price, unless that is in doubt, too old, or was not among what its
newer whole quote offers (a suspended outcome).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from analytics.alerts.machine import Reading
from analytics.alerts.rules import BELOW, DROP, MOVE, PRICE, RISE, SUREBET, TRJ, Rule, Scope, minute, next_minute
from analytics.payout import Best, best_prices, market_trj
from schema.instants import iso
from schema.markets import MARKETS
from schema.prices import MILLI

NAMED = 5
"""So many bookmakers a message names."""


class Price(NamedTuple):
    """One row of Odds. ``at``: naive UTC, when it was seen; ``doubted``: suspect, and nothing had confirmed it then."""

    match_id: int
    market: str
    line: Decimal
    bookmaker: str
    outcome: str
    price: Decimal
    partial: bool
    at: datetime
    doubted: bool


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match, with what a rule may ask of it; ``kickoff``: naive UTC."""

    match_id: int
    league_id: int
    team_ids: tuple[int, int]
    title: str
    league: str
    kickoff: datetime | None


@dataclass(slots=True)
class _Segment:
    """A price that was seen from ``first`` to ``last`` and nothing else between."""

    first: datetime
    last: datetime
    price: Decimal
    doubted: bool


@dataclass(slots=True)
class _Book:
    """One bookmaker's prices of one market; ``whole_at``: when all it offers was last read."""

    series: defaultdict[str, list[_Segment]] = field(default_factory=lambda: defaultdict(list))
    whole_at: datetime | None = None

    def now(self, outcome: str, since: datetime) -> _Segment | None:
        """What it offers, seen since then."""
        segments = self.series.get(outcome)
        if not segments:
            return None
        newest = segments[-1]
        is_gone = self.whole_at is not None and newest.last < self.whole_at
        return None if is_gone or newest.doubted or newest.last < since else newest

    def then(self, outcome: str, at: datetime, since: datetime) -> _Segment | None:
        """What it offered at that instant, seen since then; where nothing was, what it offered first afterwards."""
        known = [each for each in self.series.get(outcome, ()) if not each.doubted and each.last >= since]
        before = [each for each in known if each.first <= at]
        return before[-1] if before else known[0] if known else None

    def is_whole(self, outcomes: Iterable[str], since: datetime) -> bool:
        """Whether all these outcomes were priced at once, since then, and none is in doubt."""
        now = [self.now(outcome, since) for outcome in outcomes]
        return all(each is not None and each.last == self.whole_at for each in now)


_Market = tuple[str, Decimal]


class Board:
    """The prices that were fed to it; see this file's beginning."""

    def __init__(self) -> None:
        self._books: defaultdict[int, defaultdict[_Market, defaultdict[str, _Book]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(_Book))
        )
        self.fixtures: dict[int, Fixture] = {}
        self.bookmakers: dict[int, str] = {}
        """Their names by the numbers of their rows."""

    @property
    def match_ids(self) -> Collection[int]:
        """The matches it has prices of."""
        return self._books.keys()

    def feed(self, prices: Iterable[Price]) -> None:
        """Take in what was seen. Of one series what is not newer than what is known changes nothing."""
        for price in prices:
            book = self._books[price.match_id][price.market, price.line][price.bookmaker]
            if not price.partial and (book.whole_at is None or price.at > book.whole_at):
                book.whole_at = price.at
            segments = book.series[price.outcome]
            newest = segments[-1] if segments else None
            if newest is not None and price.at <= newest.last:
                continue
            if newest is not None and newest.price == price.price and newest.doubted == price.doubted:
                newest.last = price.at
            else:
                segments.append(_Segment(price.at, price.at, price.price, price.doubted))

    def forget(self, before: datetime) -> None:
        """Let go of what was last seen before then; what is offered now stays, however old."""
        for match_id, markets in list(self._books.items()):
            newest = datetime.min  # noqa: DTZ901
            for books in markets.values():
                for book in books.values():
                    for outcome, segments in book.series.items():
                        newest = max(newest, segments[-1].last)
                        book.series[outcome] = [each for each in segments[:-1] if each.last >= before] + segments[-1:]
            if newest < before:
                del self._books[match_id]
                self.fixtures.pop(match_id, None)

    # -- readings ------------------------------------------------------------------------------------------------------

    def readings(
        self, rule: Rule, at: datetime, match_ids: Iterable[int] | None = None
    ) -> Iterator[tuple[str, Reading]]:
        """What a rule about prices reads at an instant: each thing it is about, and its reading.

        :param match_ids: of these matches only; default all.
        """
        only = None if (number := rule.scope.bookmaker_id) is None else self.bookmakers.get(number, "")
        for match_id in list(self._books) if match_ids is None else match_ids:
            fixture = self.fixtures.get(match_id)
            if fixture is not None and match_id in self._books and concerns(rule.scope, fixture):
                for market, books in self._books[match_id].items():
                    if rule.scope.market in (None, market[0]) and market[0] in MARKETS:
                        counted = books if only is None else {only: books[only]} if only in books else {}
                        yield from _read(_Look(rule, at, fixture, market, counted))

    def minutes(self, rule: Rule, match_id: int, prices: Sequence[Price]) -> set[datetime]:
        """Every minute at which what a rule reads of a match may become another, given all that was seen of it."""
        found = {next_minute(price.at) for price in prices}
        later = {rule.max_age} if rule.kind != MOVE else {rule.max_age, rule.window, rule.window + rule.max_age}
        instants = {price.at for price in prices}
        found |= {minute(at + wait) + timedelta(minutes=extra) for at in instants for wait in later for extra in (0, 1)}
        fixture = self.fixtures.get(match_id)
        return found | ({next_minute(fixture.kickoff)} if fixture and fixture.kickoff else set())


def concerns(scope: Scope, fixture: Fixture) -> bool:
    """Whether a rule is about this match."""
    return (
        scope.match_id in (None, fixture.match_id)
        and scope.league_id in (None, fixture.league_id)
        and (scope.team_id is None or scope.team_id in fixture.team_ids)
    )


def subject_of(match_id: int, market: _Market, outcome: str | None = None) -> str:
    """What an event is known by: ``12/1X2/0.00/1``, without the outcome where it is about a whole market."""
    parts = (str(match_id), market[0], f"{market[1]:.2f}", outcome)
    return "/".join(part for part in parts if part is not None)


class _Look(NamedTuple):
    """A rule, at an instant, at one market of a match, and the books that count."""

    rule: Rule
    at: datetime
    fixture: Fixture
    market: _Market
    books: Mapping[str, _Book]

    @property
    def since(self) -> datetime:
        """An older price says nothing."""
        return self.at - self.rule.max_age

    def nothing(self, outcome: str | None = None, *, over: bool = False) -> Reading:
        """There is no value."""
        return Reading(None, match_id=self.fixture.match_id, over=over, details=_about(self, outcome))

    def found(
        self, value: Decimal, oldest: datetime, details: Mapping[str, Any], outcome: str | None = None
    ) -> Reading:
        """As the tables keep it."""
        age = max(0, int((self.at - oldest).total_seconds()))
        kept = value.quantize(MILLI, ROUND_HALF_UP)
        return Reading(kept, age, self.fixture.match_id, details=_about(self, outcome) | dict(details))


def _read(look: _Look) -> Iterator[tuple[str, Reading]]:
    rule, match_id = look.rule, look.fixture.match_id
    whole = rule.kind in (TRJ, SUREBET)
    outcomes = MARKETS[look.market[0]].outcomes if rule.scope.outcome is None else (rule.scope.outcome,)
    if look.fixture.kickoff is not None and look.fixture.kickoff <= look.at:
        for outcome in (None,) if whole else outcomes:
            yield subject_of(match_id, look.market, outcome), look.nothing(outcome, over=True)
    elif whole:
        yield subject_of(match_id, look.market), _of_market(look)
    else:
        read = {PRICE: _of_price, MOVE: _of_move}[rule.kind]
        for outcome in outcomes:
            yield subject_of(match_id, look.market, outcome), read(look, outcome)


def _of_price(look: _Look, outcome: str) -> Reading:
    """The best price of an outcome, if so many bookmakers price it."""
    now = ((name, book.now(outcome, look.since)) for name, book in look.books.items())
    found = {name: offered for name, offered in now if offered is not None}
    if len(found) < look.rule.at_least:
        return look.nothing(outcome)
    best = max(offered.price for offered in found.values())
    holders = sorted(name for name, offered in found.items() if offered.price == best)
    oldest = min(found[name].last for name in (found if look.rule.direction == BELOW else holders))
    details = {"price": str(best), "bookmakers": holders[:NAMED], "others": len(found) - len(holders)}
    return look.found(best, oldest, details, outcome)


def _of_move(look: _Look, outcome: str) -> Reading:
    """How far, in percent, at least so many bookmakers went the same way since so long ago: the n-th largest."""
    then, at_least = look.at - look.rule.window, look.rule.at_least
    moves: list[tuple[Decimal, str, _Segment, _Segment]] = []
    for name, book in look.books.items():
        new, old = book.now(outcome, look.since), book.then(outcome, then, then - look.rule.max_age)
        if new is not None and old is not None:
            moves.append((100 * (new.price - old.price) / old.price, name, old, new))
    if len(moves) < at_least:
        return look.nothing(outcome)
    ways = {DROP: (-1,), RISE: (1,)}.get(look.rule.direction or "", (-1, 1))
    way, value = max(((way, _nth(moves, way, at_least)) for way in ways), key=lambda pair: pair[1])
    farthest = sorted(moves, key=lambda move: (-way * move[0], move[1]))
    counted = [move for move in farthest if way * move[0] >= value]
    told = [[name, str(old.price), str(new.price)] for _, name, old, new in counted[:NAMED]]
    details = {"moves": told, "way": DROP if way < 0 else RISE, "minutes": look.rule.minutes}
    return look.found(value, min(new.last for _, _, _, new in counted), details, outcome)


def _nth(moves: Sequence[tuple[Decimal, str, _Segment, _Segment]], way: int, number: int) -> Decimal:
    return sorted((way * move[0] for move in moves), reverse=True)[number - 1]


def _of_market(look: _Look) -> Reading:
    """The market TRJ; of a surebet that of complete quotes only, and at least two bookmakers' prices."""
    kind, rule = MARKETS[look.market[0]], look.rule
    quotes = {
        name: {o: offered.price for o in kind.outcomes if (offered := book.now(o, look.since)) is not None}
        for name, book in look.books.items()
        if rule.kind == TRJ or book.is_whole(kind.outcomes, look.since)
    }
    counted = {name: prices for name, prices in quotes.items() if prices}
    best = best_prices(counted, kind)
    value = market_trj(best, kind)
    holders = {bookmaker for each in best.values() for bookmaker in each.bookmakers}
    alone = rule.kind == SUREBET and any(all(name in each.bookmakers for each in best.values()) for name in holders)
    if value is None or len(counted) < rule.at_least or alone:
        return look.nothing()
    oldest = min(_seen(look.books, outcome, each, look.since) for outcome, each in best.items())
    legs = [[outcome, str(each.price), each.bookmakers[0]] for outcome, each in best.items()]
    return look.found(value, oldest, {"legs": legs})


def _seen(books: Mapping[str, _Book], outcome: str, best: Best, since: datetime) -> datetime:
    """When the best price was last seen, where it was seen last."""
    offered = (books[name].now(outcome, since) for name in best.bookmakers)
    return max(each.last for each in offered if each is not None)


def _about(look: _Look, outcome: str | None) -> dict[str, Any]:
    fixture, (market, line) = look.fixture, look.market
    kickoff = None if fixture.kickoff is None else iso(fixture.kickoff.replace(tzinfo=UTC))
    found = {"match": fixture.title, "league": fixture.league, "kickoff": kickoff, "market": market}
    return found | ({"line": str(line)} if line else {}) | ({"outcome": outcome} if outcome else {})
