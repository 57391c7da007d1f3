"""How prices move: of each outcome at each bookmaker the price now, against the price a while ago.

The price a while ago is the last one known then, or the opening one where the first was seen later. Of the two, ``o_0``
and ``o_t``: change ``o_t/o_0 - 1``; log move ``ln(o_t/o_0)``, which adds up over time; implied points
``100(1/o_t - 1/o_0)``. A price that was replaced within a minute never counts: it flickers. Neither does one in doubt
(:mod:`analytics.suspects`), nor what a list shows of a bookmaker whose own prices were read: lists are read at other
instants. Matches that have begun are left out: a price in play is another price.

What has moved is looked for in two steps. :func:`candidates` asks the database which ends differ, the widest apart
first; it reads what is offered on matches to come, and two rows of the history for each. :func:`verified` reads the
whole way of a few of them, and tells what is true of it.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import zip_longest
from operator import and_, or_
from typing import Any, NamedTuple

from peewee import Case, ModelSelect, Select, fn

from analytics.suspects import doubted
from schema.doubt import undoubted
from schema.models import Bookmakers, LatestOdds, Leagues, MarketNames, Matches, Odds, Sports, Teams

FLICKER = timedelta(minutes=1)
"""A price that was replaced sooner was never offered in earnest."""
MOST = 5000
"""Candidates that are kept, of all leagues together."""
TOLD = 40
"""Candidates whose way is read at once."""


class Tick(NamedTuple):
    """One observation of a price. ``at``: naive UTC."""

    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class Movement:
    """From ``before`` (seen first at ``since``) to ``now`` (seen first at ``moved_at``, and last at ``seen_at``).

    :ivar changes: how often the price changed on the way; :ivar low, high: of all its prices, both ends included.
    """

    before: Decimal
    now: Decimal
    since: datetime
    moved_at: datetime
    seen_at: datetime
    changes: int
    low: Decimal
    high: Decimal

    @property
    def change(self) -> Decimal:
        """In percent, unrounded; below zero for a drop."""
        return 100 * (self.now / self.before - 1)

    @property
    def log_move(self) -> float:
        """Natural logarithm of the ratio of the two."""
        return math.log(self.now / self.before)

    @property
    def implied_points(self) -> Decimal:
        """By how many points the implied probability rose; what the margin did is in it."""
        return 100 * (1 / self.now - 1 / self.before)


def steady(ticks: Iterable[Tick]) -> list[Tick]:
    """The prices that stood, each when it came, in order: of the same price again and again, the first only.

    Of several at one instant the last given holds. The newest price stands, however new it is; and the first that was
    seen counts, however short, where there is nothing else that the newest came from.
    """
    came = _changes(sorted({tick.at: tick for tick in ticks}.values()))
    replaced = [tick.at for tick in came[1:]]
    stood = _changes(
        [tick for tick, until in zip_longest(came, replaced) if until is None or until - tick.at >= FLICKER]
    )
    return _changes([came[0], came[-1]]) if len(stood) == 1 else stood


def movement(ticks: Iterable[Tick], since: datetime) -> Movement | None:
    """How the price moved since ``since`` (naive UTC); ``None`` where it is what it was, or nothing is known."""
    ticks = list(ticks)
    stood = steady(ticks)
    first = max((number for number, tick in enumerate(stood) if tick.at <= since), default=0)
    way = stood[first:]
    if not way or way[0].price == way[-1].price:
        return None
    seen = [tick.price for tick in way]
    return Movement(
        before=way[0].price,
        now=way[-1].price,
        since=way[0].at,
        moved_at=way[-1].at,
        seen_at=max(tick.at for tick in ticks),
        changes=len(way) - 1,
        low=min(seen),
        high=max(seen),
    )


def _changes(ticks: Sequence[Tick]) -> list[Tick]:
    """Those at which the price is another than before."""
    return [tick for number, tick in enumerate(ticks) if not number or tick.price != ticks[number - 1].price]


# -- in the tables -----------------------------------------------------------------------------------------------------


class Candidate(NamedTuple):
    """A price whose ends differ, and the names of all it refers to. Instants are naive UTC.

    ``line``: 0 in markets without one; ``read_from``: when the price before that of ``before`` was seen, ``None`` where
    there is none.
    """

    match_id: int
    market_id: int
    line: Decimal
    bookmaker_id: int
    outcome: str
    before: Decimal
    now: Decimal
    read_from: datetime | None
    sport_id: int
    sport: str
    league_id: int
    league: str
    home: str
    away: str
    kickoff: datetime | None
    market: str
    market_name: str
    bookmaker: str

    @property
    def key(self) -> tuple[int, int, Decimal, int, str]:
        """What makes it this price."""
        return self.match_id, self.market_id, self.line, self.bookmaker_id, self.outcome

    @property
    def change(self) -> Decimal:
        """In percent, between its ends."""
        return 100 * (self.now / self.before - 1)

    @property
    def direction(self) -> tuple[int, int, Decimal, str, bool]:
        """The outcome, whoever offers it, and which way it went."""
        return self.match_id, self.market_id, self.line, self.outcome, self.now > self.before


@dataclass(frozen=True, slots=True)
class Move:
    """A price that moved. ``others``: other bookmakers whose price of the same outcome went the same way."""

    what: Candidate
    how: Movement
    others: int


def candidates(since: datetime, now: datetime) -> list[Candidate]:
    """The prices of matches to come that were another at ``since`` (naive UTC), the widest apart first.

    One query. It takes as long as there are prices that were seen since then on matches that have not begun.
    """
    return [Candidate(*row) for row in _differing(since, now).tuples().execute()]


def verified(wanted: Sequence[Candidate], since: datetime, among: Iterable[Candidate] = ()) -> list[Move]:
    """How the first :data:`TOLD` of ``wanted`` moved, those that did, the widest first; one query.

    :param among: candidates that are looked at for other bookmakers who went the same way.
    """
    wanted = wanted[:TOLD]
    ways = _ways(wanted)
    movers: defaultdict[Any, set[int]] = defaultdict(set)
    for each in among:
        movers[each.direction].add(each.bookmaker_id)
    found = ((each, movement(ways.get(each.key, ()), since)) for each in wanted)
    moves = [Move(each, how, len(movers[each.direction] - {each.bookmaker_id})) for each, how in found if how]
    return sorted(moves, key=lambda move: -abs(move.how.change))


def _ways(wanted: Sequence[Candidate]) -> dict[tuple[Any, ...], list[Tick]]:
    """The ticks of each, from the last ones before the beginning on, without those that do not count."""
    own: defaultdict[tuple[Any, ...], list[Tick]] = defaultdict(list)
    listed: defaultdict[tuple[Any, ...], list[Tick]] = defaultdict(list)
    for *key, at, price, partial, is_doubted in _history(wanted):
        if not is_doubted:
            (listed if partial else own)[tuple(key)].append(Tick(at, price))
    return listed | own


# -- what the database is asked ----------------------------------------------------------------------------------------

_KEY = ("match", "market", "line", "bookmaker", "outcome")


def _history(wanted: Sequence[Candidate]) -> Iterator[Any]:
    if not wanted:
        return
    columns = [getattr(Odds, name) for name in _KEY]
    query = Odds.select(*columns, Odds.scraped_at, Odds.odd_value, Odds.partial, doubted())
    yield from query.where(reduce(or_, map(_of_history, wanted))).tuples().execute()


def _of_history(each: Candidate) -> Any:
    own = _same(Odds, dict(zip(_KEY, each.key, strict=True)))
    return own if each.read_from is None else own & (Odds.scraped_at >= each.read_from)


def _same(table: Any, key: dict[str, Any]) -> Any:
    return reduce(and_, (getattr(table, name) == value for name, value in key.items()))


def _differing(since: datetime, now: datetime) -> "ModelSelect[Matches]":
    ends = _ends(since, now).alias("ends")
    names = (*(f"{name}_key" for name in _KEY), "before_price", "now_price")
    columns = [getattr(ends.c, name) for name in names]
    apart = fn.ABS(ends.c.now_price * 1.0 / ends.c.before_price - 1).alias("apart")
    widest = Select([ends], [*columns, apart]).where(ends.c.before_price != ends.c.now_price)
    return _named(widest.order_by(apart.desc()).limit(MOST).alias("widest"), since)


def _ends(since: datetime, now: datetime) -> "ModelSelect[LatestOdds]":
    """Each price that was seen since then, and the one that was known then, or the opening one.

    Both as the way of it will be told: a list's, or one in doubt, only where nothing else is known.
    """
    key = {name: getattr(LatestOdds, name) for name in _KEY}
    history, counted = _prices(Odds.odd_value, key), _counted(Odds.odd_value, key)
    of_others = (LatestOdds.partial == True) | LatestOdds.suspect.is_null(False)  # noqa: E712 - SQL's
    newest = counted.order_by(Odds.scraped_at.desc()).limit(1)
    coming = (Matches.match_date > now) | (Matches.match_date.is_null() & (Matches.seen_at > since))
    return (
        LatestOdds.select(
            *(column.alias(f"{name}_key") for name, column in key.items()),
            Case(None, ((of_others, fn.COALESCE(newest, LatestOdds.odd_value)),), LatestOdds.odd_value).alias(
                "now_price"
            ),
            fn.COALESCE(*_begin(counted, since), *_begin(history, since)).alias("before_price"),
        )
        .join(Matches)
        .where(coming, Matches.status.not_in(("finished", "postponed")), LatestOdds.scraped_at > since)
    )


def _begin(prices: "ModelSelect[Odds]", since: datetime) -> Iterator[Any]:
    """The last known at an instant; the first that came after it."""
    yield prices.where(Odds.scraped_at <= since).order_by(Odds.scraped_at.desc()).limit(1)
    yield prices.where(Odds.scraped_at > since).order_by(Odds.scraped_at).limit(1)


def _prices(column: Any, key: dict[str, Any]) -> "ModelSelect[Odds]":
    return Odds.select(column).where(_same(Odds, key))


def _counted(column: Any, key: dict[str, Any]) -> "ModelSelect[Odds]":
    """Without those of lists, and those in doubt."""
    database = Odds._meta.database  # noqa: SLF001 - Peewee has no other word for it
    return _prices(column, key).where(Odds.partial == False, undoubted(Odds, database))  # noqa: E712 - SQL's


def _named(widest: Any, since: datetime) -> "ModelSelect[Matches]":
    """The columns of :class:`Candidate`. The history is looked at once more, of the few that are left."""
    home, away = Teams.alias(), Teams.alias()
    keys = {name: getattr(widest.c, f"{name}_key") for name in _KEY}
    counted, any_price = _counted(Odds.scraped_at, keys), _prices(Odds.scraped_at, keys)
    last_but_one = [
        prices.where(Odds.scraped_at <= since).order_by(Odds.scraped_at.desc()).limit(1).offset(1)
        for prices in (counted, any_price)
    ]
    read_from = Case(None, ((fn.EXISTS(counted), last_but_one[0]),), last_but_one[1])
    columns = (
        *(key.converter(getattr(Odds, name).python_value) for name, key in keys.items()),
        *(getattr(widest.c, name).converter(Odds.odd_value.python_value) for name in ("before_price", "now_price")),
        fn.COALESCE(read_from, None).converter(Odds.scraped_at.python_value),
        *(Sports.id, Sports.name, Leagues.id, Leagues.name, home.name, away.name, Matches.match_date),
        *(MarketNames.code, MarketNames.name, Bookmakers.name),
    )
    return (
        Matches.select(*columns)
        .join_from(Matches, widest, on=(Matches.id == keys["match"]))
        .join_from(Matches, MarketNames, on=(MarketNames.id == keys["market"]))
        .join_from(Matches, Bookmakers, on=(Bookmakers.id == keys["bookmaker"]))
        .join_from(Matches, Leagues)
        .join_from(Leagues, Sports)
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
        .order_by(widest.c.apart.desc(), *keys.values())
    )
