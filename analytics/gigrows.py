"""What gig-benchmark's API tells: matches, prices as they came, the newest of each with the one before, and averages.

Only the market of the winner is told, which gig-benchmark calls ``1X2`` in every sport: its clients look at no other,
and would take a double chance for a price of the match. A bookmaker that has it with and without the draw shows the one
with it, as on our own page of gig-benchmark's tables (:mod:`analytics.gig`).

Nothing is unbounded, on however many prices: see :func:`newest` and :func:`evolving`.
"""

import time
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import and_, or_
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from peewee import JOIN, SQL, Database, fn

from analytics.finding import WINNER
from schema.instants import hour_of
from schema.models import (
    Bookmakers,
    LatestOdds,
    Leagues,
    MarketNames,
    Matches,
    Odds,
    PayoutDays,
    Payouts,
    Sports,
    Teams,
)

ROWS = 1000
"""Prices of one answer, as gig-benchmark had it."""
EVOLVING = 300
"""Matches of one answer of newest prices: more than a Saturday has."""
MATCHES = 5000
"""Matches of one answer of matches."""
NEAR = 1000
"""Of so many matches the prices are read match by match; of more, from the newest price back."""
SLICE = 20_000
"""Prices that are looked at from the newest back, for one answer."""
AT_FIRST = 60
"""Of so many matches, the last seen, the newest prices are looked for first: most often they are there."""
HOUR = timedelta(hours=1)
NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - as the tables have it
MINUTE = 60
CENT = Decimal("0.01")

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which prices; what is empty does not narrow. Ids; kick-offs, naive UTC, both ends included."""

    sport: int | None = None
    bookmakers: tuple[int, ...] = ()
    leagues: tuple[int, ...] = ()
    match: int | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def of_matches(self) -> bool:
        """Whether it says which matches."""
        return bool(self.sport is not None or self.leagues or self.match is not None or self.since is not None)

    def conditions(self) -> list[Any]:
        """The same, of Matches."""
        conditions: list[Any] = []
        if self.sport is not None:
            conditions.append(Matches.league.in_(Leagues.select(Leagues.id).where(Leagues.sport == self.sport)))
        if self.leagues:
            conditions.append(Matches.league.in_(self.leagues))
        if self.match is not None:
            conditions.append(Matches.id == self.match)
        if self.since is not None and self.until is not None:
            conditions.append(Matches.match_date.between(self.since, self.until))
        return conditions


class Meeting(NamedTuple):
    """A match with its league and sport. ``kickoff``: naive UTC, ``None`` where nobody said."""

    id: int
    league: int
    league_code: str
    league_name: str
    country: str | None
    sport: int
    sport_code: str
    sport_name: str
    home: int
    home_name: str
    away: int
    away_name: str
    kickoff: datetime | None
    status: str


class Bookmaker(NamedTuple):
    id: int
    code: str
    name: str
    website: str | None


class Row(NamedTuple):
    """One price."""

    id: int
    match: int
    bookmaker: int
    market: int
    market_name: str
    outcome: str
    price: Decimal
    trj: Decimal | None
    scraped_at: datetime


class Evolved(NamedTuple):
    """The newest price of an outcome. ``id``: of its row; ``previous_…``: of the one before, ``None`` without."""

    id: int | None
    match: int
    bookmaker: int
    bookmaker_name: str
    outcome: str
    price: Decimal
    trj: Decimal | None
    scraped_at: datetime
    previous_trj: Decimal | None
    previous_at: datetime | None


@dataclass(frozen=True, slots=True)
class Some(Generic[Each]):
    """One answer's worth. ``next``: where the next one begins; ``None``: that was all."""

    rows: Sequence[Each]
    next: Any = None


@dataclass(frozen=True, slots=True)
class Instant:
    """Just before that row: of two that were seen at once the one with the higher id is the newer.

    ``at`` of a match whose kick-off nobody knows is :data:`NEVER`.
    """

    at: datetime
    id: int


# -- matches -----------------------------------------------------------------------------------------------------------


def meetings(matches: Collection[int]) -> dict[int, Meeting]:
    """These matches, by id. One query."""
    if not matches:
        return {}
    query = _meetings().where(Matches.id.in_(list(matches)))
    return {row[0]: Meeting(*row) for row in query.tuples().execute()}


def offered(narrowed: Narrowed, before: Instant | None = None) -> Some[Meeting]:
    """The last :data:`MATCHES` matches that have prices, by kick-off. One query. :param before: their next ones."""
    conditions = [*narrowed.conditions(), _is_priced(narrowed.bookmakers)]
    if before is not None:
        conditions.append(_is_earlier(before))
    those = Matches.select(Matches.id).where(*conditions)
    those = those.order_by(Matches.match_date.desc(), Matches.id.desc()).limit(MATCHES + 1).alias("those")
    query = _meetings().join_from(Matches, those, on=(Matches.id == those.c.id))
    rows = [Meeting(*row) for row in query.order_by(Matches.match_date, Matches.id).tuples().execute()]
    shown = rows[-MATCHES:]
    return Some(shown, Instant(shown[0].kickoff or NEVER, shown[0].id) if len(rows) > MATCHES else None)


def _is_earlier(before: Instant) -> Any:
    """Those whose kick-off nobody knows come first, at the end of all paging."""
    unknown = Matches.match_date.is_null()
    if before.at == NEVER:
        return unknown & (Matches.id < before.id)
    return (Matches.match_date < before.at) | ((Matches.match_date == before.at) & (Matches.id < before.id)) | unknown


def _meetings() -> Any:
    home, away = Teams.alias(), Teams.alias()
    columns = (
        *(Matches.id, Leagues.id, Leagues.code, Leagues.name, Leagues.country, Sports.id, Sports.code, Sports.name),
        *(home.id, home.name, away.id, away.name, Matches.match_date, Matches.status),
    )
    query = Matches.select(*columns).join_from(Matches, Leagues).join_from(Leagues, Sports)
    query = query.join_from(Matches, home, JOIN.INNER, on=(Matches.home_team == home.id))
    return query.join_from(Matches, away, JOIN.INNER, on=(Matches.away_team == away.id))


def _is_priced(bookmakers: Collection[int] = ()) -> Any:
    """That a match has a price of the winner."""
    price = LatestOdds.alias()
    own = price.select(price.match).where(
        price.match == Matches.id, price.market.in_(_all_winner_markets()), price.line == 0
    )
    return fn.EXISTS(own.where(price.bookmaker.in_(list(bookmakers))) if bookmakers else own)


# -- prices as they came -----------------------------------------------------------------------------------------------


def newest(narrowed: Narrowed, before: Instant | None = None) -> Some[Row]:
    """The :data:`ROWS` newest prices, the newest first: at most four queries.

    Of few matches (:data:`NEAR`) they are read match by match. Of many, or all, from the newest price back, at most
    :data:`SLICE` of them: where few of these are wanted the answer is shorter than :data:`ROWS`, and says where it goes
    on.

    :param before: only what was seen before that.
    """
    known = _known_matches(narrowed)
    found = _newest(narrowed, known, before, ROWS + 1)
    if len(found) > ROWS:
        last = found[ROWS - 1]
        return Some(found[:ROWS], Instant(last.scraped_at, last.id))
    if known is not None and known.whole:
        return Some(found)
    piece = _piece(narrowed, known, before)
    columns = piece.select(Odds.scraped_at, Odds.id).offset(SLICE - 1).limit(1).tuples()
    return Some(found, next((Instant(at, number) for at, number in columns.execute()), None))


@dataclass(frozen=True, slots=True)
class _Known:
    """Matches that are meant, the last seen first, and when each was; ``whole``: these are all."""

    matches: list[int]
    seen_at: list[datetime]
    whole: bool

    def first(self, count: int) -> "_Known":
        return _Known(self.matches[:count], self.seen_at[:count], whole=True)


def _known_matches(narrowed: Narrowed) -> _Known | None:
    """``None``: all are meant."""
    if not narrowed.of_matches:
        return None
    query = Matches.select(Matches.id, Matches.seen_at).where(*narrowed.conditions())
    found = list(query.order_by(Matches.seen_at.desc()).limit(NEAR + 1).tuples().execute())
    return _Known([match for match, _ in found], [at for _, at in found], whole=len(found) <= NEAR)


def _newest(narrowed: Narrowed, known: _Known | None, before: Instant | None, limit: int) -> list[Row]:
    """The newest of them, at most ``limit``: one query, or two."""
    if known is None:
        return _rows(_from_the_newest(narrowed, known, before, limit), limit)
    if len(known.matches) > AT_FIRST:
        # Nothing of the other matches was seen after the last of them was.
        found = _rows(_match_by_match(narrowed, known.first(AT_FIRST), before, limit), limit)
        if len(found) == limit and found[-1].scraped_at > known.seen_at[AT_FIRST]:
            return found
    if not known.matches:
        return []
    if known.whole:
        return _rows(_match_by_match(narrowed, known, before, limit), limit)
    return _rows(_from_the_newest(narrowed, known, before, limit), limit)


def _rows(those: Any, limit: int) -> list[Row]:
    found = _row_query().join_from(Odds, those, on=(Odds.id == those.c.price_id))
    rows = found.order_by(Odds.scraped_at.desc(), Odds.id.desc()).limit(limit).tuples().execute()
    return [Row(*row) for row in rows]


def _match_by_match(narrowed: Narrowed, known: _Known, before: Instant | None, limit: int) -> Any:
    query = Odds.select(Odds.id.alias("price_id")).where(Odds.match.in_(known.matches), _of_the_winner(Odds))
    if narrowed.bookmakers:
        query = query.where(Odds.bookmaker.in_(narrowed.bookmakers))
    # Said so that no index on the instant serves it: it would be read from the newest price to the match's last one.
    at = fn.COALESCE(Odds.scraped_at, Odds.scraped_at)
    if before is not None:
        query = query.where(_is_before(before, at))
    return query.order_by(at.desc(), Odds.id.desc()).limit(limit).alias("those")


def _from_the_newest(narrowed: Narrowed, known: _Known | None, before: Instant | None, limit: int) -> Any:
    piece = _piece(narrowed, known, before).limit(SLICE).alias("piece")
    query = Odds.select(Odds.id.alias("price_id")).join_from(Odds, piece, on=(Odds.id == piece.c.piece_id))
    if conditions := narrowed.conditions():
        query = query.join_from(Odds, Matches).where(*conditions)
    if narrowed.bookmakers:
        query = query.where(Odds.bookmaker.in_(narrowed.bookmakers))
    query = query.where(_of_the_winner(Odds)).order_by(piece.c.piece_at.desc(), piece.c.piece_id.desc())
    return query.limit(limit).alias("those")


def _piece(narrowed: Narrowed, known: _Known | None, before: Instant | None) -> Any:
    """Prices from the newest back, of one bookmaker where only that one is wanted. Nothing of the known matches was
    seen after the last of them was.
    """
    piece = Odds.select(Odds.id.alias("piece_id"), Odds.scraped_at.alias("piece_at"))
    if before is not None:
        piece = piece.where(_is_before(before))
    if known is not None:
        piece = piece.where(Odds.scraped_at <= known.seen_at[0])
    if len(narrowed.bookmakers) == 1:
        piece = piece.where(Odds.bookmaker == narrowed.bookmakers[0])
    return piece.order_by(Odds.scraped_at.desc(), Odds.id.desc())


def _row_query() -> Any:
    columns = (
        *(Odds.id, Odds.match, Odds.bookmaker, Odds.market, MarketNames.name, Odds.outcome, Odds.odd_value),
        *(Odds.trj, Odds.scraped_at),
    )
    return Odds.select(*columns).join_from(Odds, MarketNames)


def _is_before(instant: Instant, at: Any = Odds.scraped_at) -> Any:
    tied = (at == instant.at) & (Odds.id < instant.id)
    return (at <= instant.at) & ((at < instant.at) | tied)


class _Markets(NamedTuple):
    """Ids of the markets of the winner, with the draw and without, and until when they are believed."""

    with_draw: list[int]
    without: list[int]
    until: float


_known_markets: MutableMapping[Database, _Markets] = WeakKeyDictionary()


def _winner_markets() -> _Markets:
    """They come with a migration, and so are asked for once a minute. Spelt out, an index on them is made use of."""
    database = MarketNames._meta.database.obj  # noqa: SLF001 - Peewee's own word
    known = _known_markets.get(database)
    if known is None or known.until < time.monotonic():
        rows = MarketNames.select(MarketNames.code, MarketNames.id).where(MarketNames.code.in_(WINNER))
        by_code: dict[str, list[int]] = {code: [0] for code in WINNER}  # no market has the id 0
        for code, number in rows.tuples().execute():
            by_code[code].append(number)
        known = _known_markets[database] = _Markets(by_code["1X2"], by_code["12"], time.monotonic() + MINUTE)
    return known


def _all_winner_markets() -> list[int]:
    markets = _winner_markets()
    return [*markets.with_draw, *markets.without]


def _of_the_winner(price: Any) -> Any:
    """That a price is of the winner, as that bookmaker has it on that match."""
    other, markets = LatestOdds.alias(), _winner_markets()
    with_a_draw = other.select(other.match).where(
        (other.match == price.match)
        & other.market.in_(markets.with_draw)
        & (other.line == 0)
        & (other.bookmaker == price.bookmaker)
    )
    either = price.market.in_(_all_winner_markets()) & (price.line == 0)
    return either & (price.market.in_(markets.with_draw) | ~fn.EXISTS(with_a_draw))


# -- the newest of each outcome ----------------------------------------------------------------------------------------


def evolving(narrowed: Narrowed, before: int | None = None) -> Some[Evolved]:
    """The newest price of each outcome with the one before: of :data:`EVOLVING` matches, the last known first.

    Two queries, whatever there is: each price before is one look into an index. :param before: matches with a lower
    id.
    """
    conditions = [*narrowed.conditions(), _is_priced(narrowed.bookmakers)]
    if before is not None:
        conditions.append(Matches.id < before)
    query = Matches.select(Matches.id).where(*conditions).order_by(Matches.id.desc()).limit(EVOLVING + 1)
    found = [match for (match,) in query.tuples().execute()]
    shown = found[:EVOLVING]
    rows = _evolved(shown, narrowed.bookmakers) if shown else []
    return Some(rows, shown[-1] if len(found) > EVOLVING else None)


def _evolved(matches: Sequence[int], bookmakers: Collection[int]) -> list[Evolved]:
    own, previous, earlier = Odds.alias(), Odds.alias(), Odds.alias()
    earlier_ones = _same(earlier, LatestOdds) & (earlier.scraped_at < LatestOdds.scraped_at)
    # Not the greatest of them, for which a server reads all.
    last_before = earlier.select(earlier.scraped_at).where(earlier_ones).order_by(earlier.scraped_at.desc()).limit(1)
    columns = (
        *(own.id, LatestOdds.match, LatestOdds.bookmaker, Bookmakers.name, LatestOdds.outcome, LatestOdds.odd_value),
        *(LatestOdds.trj, LatestOdds.scraped_at, previous.trj, previous.scraped_at),
    )
    query = LatestOdds.select(*columns).join_from(LatestOdds, Bookmakers)
    at_once = _same(own, LatestOdds) & (own.scraped_at == LatestOdds.scraped_at)
    query = query.join_from(LatestOdds, own, JOIN.LEFT_OUTER, on=at_once)
    just_before = _same(previous, LatestOdds) & (previous.scraped_at == last_before)
    query = query.join_from(LatestOdds, previous, JOIN.LEFT_OUTER, on=just_before)
    query = query.where(LatestOdds.match.in_(matches), _of_the_winner(LatestOdds))
    if bookmakers:
        query = query.where(LatestOdds.bookmaker.in_(list(bookmakers)))
    order = (LatestOdds.match.desc(), LatestOdds.bookmaker, LatestOdds.outcome)
    return [Evolved(*row) for row in query.order_by(*order).tuples().execute()]


def _same(one: Any, other: Any) -> Any:
    """That two prices are of the same outcome at the same bookmaker."""
    names = ("match", "market", "line", "bookmaker", "outcome")
    return reduce(and_, (getattr(one, name) == getattr(other, name) for name in names))


# -- averages ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Averages:
    """The mean TRJ of each bookmaker, percent, by name; ``before``: in the hour before that has prices."""

    now: Mapping[str, Decimal] = field(default_factory=dict)
    before: Mapping[str, Decimal] = field(default_factory=dict)


def averages(narrowed: Narrowed) -> Mapping[str, Decimal]:
    """The mean TRJ of each bookmaker, by name, percent, unrounded: each quote it ended on counts once, or the newest of
    a match that is to come (:class:`schema.models.Payouts`). Three queries at most, beside that for the markets.

    A hundred looks at one match do not count a hundred times, as they did for gig-benchmark.
    """
    sums: dict[str, tuple[int, Decimal]] = {}
    for name, quotes, total in _sums(narrowed):
        before = sums.get(name, (0, Decimal(0)))
        sums[name] = (before[0] + int(quotes), before[1] + Decimal(str(total)).quantize(CENT))
    return {name: total / quotes for name, (quotes, total) in sorted(sums.items()) if quotes}


def _sums(narrowed: Narrowed) -> Iterator[tuple[str, int, Any]]:
    """By name of the bookmaker: how many quotes, and their TRJ together."""
    if narrowed.match is not None or narrowed.since is None or narrowed.until is None:
        whole = narrowed.match is None
        yield from _by_day(narrowed, None) if whole else _by_match(narrowed, None)
        return
    first, last = narrowed.since.date(), narrowed.until.date()
    # The days of Paris that surely lie within; what is at either end is looked at match by match.
    inner = (first + timedelta(days=2), last - timedelta(days=1))
    if inner[0] <= inner[1]:
        yield from _by_day(narrowed, inner)
        yield from ((name, -count, -total) for name, count, total in _undated(narrowed, inner))
        yield from _by_match(narrowed, inner)
    else:
        yield from _by_match(narrowed, None)


def _by_day(narrowed: Narrowed, days: tuple[date, date] | None) -> Iterator[tuple[str, int, Any]]:
    columns = (
        PayoutDays.bookmaker,
        fn.SUM(PayoutDays.quotes).alias("quotes"),
        fn.SUM(PayoutDays.trj_sum).alias("total"),
    )
    query = PayoutDays.select(*columns).where(
        PayoutDays.market.in_(_all_winner_markets()), *_tallied(PayoutDays, narrowed)
    )
    if days is not None:
        query = query.where(PayoutDays.day.between(*days))
    for name, count, hundredths in _named(query.group_by(PayoutDays.bookmaker), "quotes", "total"):
        if count:
            yield name, count, Decimal(hundredths) / 100


def _undated(narrowed: Narrowed, days: tuple[date, date]) -> Iterator[tuple[str, int, Any]]:
    """What these days have of matches whose kick-off nobody knows: they are counted on the day they were last seen."""
    undated = Matches.select(Matches.id).where(Matches.match_date.is_null())
    of_matches = Payouts.match.in_(undated) & Payouts.kickoff.is_null() & Payouts.day.between(*days)
    yield from _counted(narrowed, of_matches)


def _by_match(narrowed: Narrowed, without: tuple[date, date] | None) -> Iterator[tuple[str, int, Any]]:
    """:param without: days that are counted otherwise."""
    conditions = [] if narrowed.match is None else [Payouts.match == narrowed.match]
    if narrowed.since is not None and narrowed.until is not None:
        first, last = narrowed.since.date(), narrowed.until.date() + timedelta(days=1)
        near = Payouts.day.between(first, last)
        if without is not None:
            ends = ((first, without[0] - timedelta(days=1)), (without[1] + timedelta(days=1), last))
            near = Payouts.day.between(*ends[0]) | Payouts.day.between(*ends[1])
        conditions += [near, Payouts.kickoff.between(narrowed.since, narrowed.until)]
    yield from _counted(narrowed, *conditions)


def _counted(narrowed: Narrowed, *conditions: Any) -> Iterator[tuple[str, int, Any]]:
    """Payouts, match by match."""
    total = fn.SUM(Payouts.trj).coerce(False)
    query = Payouts.select(Payouts.bookmaker, fn.COUNT(Payouts.trj).alias("quotes"), total.alias("total"))
    query = query.where(
        Payouts.market.in_(_all_winner_markets()),
        Payouts.line == 0,
        Payouts.stale == False,  # noqa: E712 - SQL, not Python
        Payouts.trj.is_null(False),
        *_tallied(Payouts, narrowed),
        *conditions,
    )
    yield from _named(query.group_by(Payouts.bookmaker), "quotes", "total")


def _named(counted: Any, *columns: str) -> Iterator[tuple[Any, ...]]:
    """What was counted of each bookmaker, with its name. Joined before, a server may begin with the bookmakers, and
    read everything that each of them ever asked.
    """
    part = counted.alias("counted")
    query = Bookmakers.select(Bookmakers.name, *(part.c[column] for column in columns))
    query = query.join(part, on=(Bookmakers.id == part.c.bookmaker_id)).order_by(Bookmakers.name)
    yield from query.tuples().execute()


def _tallied(table: Any, narrowed: Narrowed) -> Iterator[Any]:
    if narrowed.sport is not None:
        yield table.league.in_(Leagues.select(Leagues.id).where(Leagues.sport == narrowed.sport))
    if narrowed.leagues:
        yield table.league.in_(narrowed.leagues)
    if narrowed.bookmakers:
        yield table.bookmaker.in_(narrowed.bookmakers)


def averages_by_hour(narrowed: Narrowed) -> Averages:
    """The mean TRJ of what was seen in the newest hour that has prices, and in the one before that has: two decimals.

    The hour before is looked for among the :data:`SLICE` prices before the newest hour, where many matches are meant,
    and among all of the matches that were seen last.
    Five queries at most.
    """
    known = _known_matches(narrowed)
    if not (last := _newest(narrowed, known, None, 1)):
        return Averages()
    hour = hour_of(last[0].scraped_at)
    earlier = _before_hour(narrowed, known, hour)
    hours = [hour, *(hour_of(row.scraped_at) for row in earlier)]
    found = _averaged(narrowed, known, hours)
    return Averages(*({name: mean for (at, name), mean in found.items() if at == which} for which in (True, False)))


def _before_hour(narrowed: Narrowed, known: _Known | None, hour: datetime) -> list[Row]:
    """The newest price before an hour, of many matches the newest of those that were looked at."""
    before = Instant(hour, 0)
    if known is None or len(known.matches) <= AT_FIRST:
        return _newest(narrowed, known, before, 1)
    found = _rows(_match_by_match(narrowed, known.first(AT_FIRST), before, 1), 1)
    if found and found[0].scraped_at > known.seen_at[AT_FIRST]:
        return found
    return _rows(_from_the_newest(narrowed, known, before, 1), 1) or found


def _averaged(narrowed: Narrowed, known: _Known | None, hours: Sequence[datetime]) -> dict[tuple[bool, str], Decimal]:
    """By whether it is the first of the hours, and the name of the bookmaker."""
    is_newest = Odds.scraped_at >= hours[0]
    within = reduce(or_, ((Odds.scraped_at >= hour) & (Odds.scraped_at < hour + HOUR) for hour in hours))
    mean = fn.AVG(Odds.trj).coerce(False)
    query = Odds.select(Odds.bookmaker, is_newest.alias("newest"), mean.alias("mean"))
    query = query.where(within, _of_the_winner(Odds), Odds.suspect.is_null(), Odds.trj.is_null(False))
    # What was seen in these hours is of matches that were last seen then, or later.
    then = (
        []
        if known is None
        else [match for match, at in zip(known.matches, known.seen_at, strict=True) if at >= hours[-1]]
    )
    if known is not None and (known.whole or len(then) < len(known.matches)):
        query = query.where(Odds.match.in_(then))
    elif conditions := narrowed.conditions():
        query = query.join_from(Odds, Matches).where(*conditions)
    if narrowed.bookmakers:
        query = query.where(Odds.bookmaker.in_(narrowed.bookmakers))
    rows = _named(query.group_by(Odds.bookmaker, SQL("newest")), "newest", "mean")
    return {(bool(at), name): Decimal(str(mean)).quantize(CENT, ROUND_HALF_UP) for name, at, mean in rows}


# -- what does not change with each crawl ------------------------------------------------------------------------------


def bookmakers() -> dict[int, Bookmaker]:
    """All of them, by name. One query."""
    columns = (Bookmakers.id, Bookmakers.code, Bookmakers.name, Bookmakers.website)
    rows = Bookmakers.select(*columns).order_by(Bookmakers.name, Bookmakers.id).tuples().execute()
    return {row[0]: Bookmaker(*row) for row in rows}


def last_seen() -> datetime | None:
    """When the newest price was seen, naive UTC. One query."""
    return Odds.select(fn.MAX(Odds.scraped_at)).scalar()
