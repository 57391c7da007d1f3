"""Bookmakers ranked by what they pay back, over the matches of a period: one market, so that all have as many outcomes.

Everything is of what each bookmaker *ended on* (:class:`schema.models.Payouts`), summed by day, league and bookmaker:

* *mean TRJ*: the mean of 1/S over the quotes, in percent, S being the sum of 1/price. (1/mean(S) is another figure,
  never above this one.) Source: facts of the booksum in Štrumbelj (2014), eq. 1; the mean over matches is what sites of
  comparison print.
* *spread*: the standard deviation of these TRJ over the quotes themselves (divided by n).
* *share of best prices*: of the best prices of all outcomes, those that a bookmaker has, one that k share counting 1/k
  each: the shares of all bookmakers add up to 100 %. *Alone*: those that nobody shares.

A market has two or three outcomes or more; what it pays back is not comparable with one of another number, and no
figure here mixes two markets.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from math import sqrt
from operator import or_
from typing import Any, NamedTuple

from peewee import Case, Expression, fn

from schema.models import PayoutDays, PayoutSpans
from schema.names import name_key
from schema.payouts import DAY, MONTH, SUMS, WHOLE

FEW = 200
"""A mean over fewer quotes is shown, and said to be of few."""

HUNDREDTHS = 100


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: one market (its id), from ``since`` to ``until``, both included; all leagues where none is."""

    market: int
    since: date
    until: date
    leagues: tuple[int, ...] = ()

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Scope":
        """The period of the same length that ends where this one begins."""
        length = timedelta(days=self.days)
        return replace(self, since=self.since - length, until=self.until - length)


@dataclass(frozen=True, slots=True)
class Sums:
    """As in :class:`schema.models.PayoutDays`, added up: TRJ in hundredths of a percent."""

    matches: int = 0
    quotes: int = 0
    trj_sum: int = 0
    trj_squares: int = 0
    published: int = 0
    published_sum: int = 0
    opened: int = 0
    opening_sum: int = 0
    closing_sum: int = 0
    outcomes: int = 0
    best_alone: int = 0
    best_tied: int = 0
    best_weight: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in SUMS))

    @property
    def mean(self) -> Decimal | None:
        """Mean bookmaker TRJ, percent, unrounded."""
        return _mean(self.trj_sum, self.quotes)

    @property
    def spread(self) -> Decimal | None:
        """Standard deviation of the bookmaker TRJ, in points of percent."""
        if not self.quotes:
            return None
        # In whole numbers up to the root: the difference of two large squares would lose its last digits.
        squared = self.quotes * self.trj_squares - self.trj_sum**2
        return Decimal(str(sqrt(squared) / self.quotes / HUNDREDTHS))

    @property
    def published_mean(self) -> Decimal | None:
        """Mean of the published TRJ, percent."""
        return _mean(self.published_sum, self.published)

    @property
    def since_opening(self) -> Decimal | None:
        """Mean change of the bookmaker TRJ from the first quote of each match to the last, points of percent."""
        return _mean(self.closing_sum - self.opening_sum, self.opened)

    @property
    def few(self) -> bool:
        return self.quotes < FEW


def _mean(total: int, count: int) -> Decimal | None:
    return Decimal(total) / count / HUNDREDTHS if count else None


@dataclass(frozen=True, slots=True)
class Fact:
    """What a bookmaker ended on in a league: in the period itself (``now``), or in the one before."""

    now: bool
    league: int
    bookmaker: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Ranked:
    """One line of the ranking. ``place``: from 1, shared by equal means; ``None`` where no quote has a TRJ.

    ``best`` and ``alone``: shares of all best prices, 0 to 1; ``None`` where none were compared.
    """

    place: int | None
    bookmaker: int
    sums: Sums
    before: Sums
    best: Decimal | None
    alone: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """Of the mean against the period before, in points of percent."""
        now, before = self.sums.mean, self.before.mean
        return None if now is None or before is None else now - before


def ranking(facts: Iterable[Fact]) -> list[Ranked]:
    """The bookmakers of the period, the highest mean TRJ first; those without any last."""
    now: defaultdict[int, Sums] = defaultdict(Sums)
    before: defaultdict[int, Sums] = defaultdict(Sums)
    for fact in facts:
        kept = now if fact.now else before
        kept[fact.bookmaker] += fact.sums
    compared = Decimal(sum(sums.best_weight for sums in now.values())) / WHOLE
    order = sorted(now, key=lambda bookmaker: (-(now[bookmaker].mean or 0), bookmaker))
    places: dict[int, int | None] = {}
    for number, bookmaker in enumerate(order):
        mean = now[bookmaker].mean
        tied = number and mean == now[order[number - 1]].mean
        places[bookmaker] = None if mean is None else places[order[number - 1]] if tied else number + 1
    return [
        Ranked(
            place=places[bookmaker],
            bookmaker=bookmaker,
            sums=now[bookmaker],
            before=before[bookmaker],
            best=Decimal(now[bookmaker].best_weight) / WHOLE / compared if compared else None,
            alone=now[bookmaker].best_alone / compared if compared else None,
        )
        for bookmaker in order
    ]


def matrix(facts: Iterable[Fact]) -> dict[tuple[int, int], Sums]:
    """The sums of the period by bookmaker and league."""
    cells: defaultdict[tuple[int, int], Sums] = defaultdict(Sums)
    for fact in facts:
        if fact.now:
            cells[fact.bookmaker, fact.league] += fact.sums
    return dict(cells)


def weighted_mean(cells: Iterable[Sums]) -> Decimal | None:
    """The mean over all quotes of these."""
    return sum(cells, Sums()).mean


def by_week(days: Mapping[tuple[date, int], Sums]) -> dict[tuple[date, int], Sums]:
    """The same by the Monday of each week: for periods whose days are too many to be told apart."""
    weeks: defaultdict[tuple[date, int], Sums] = defaultdict(Sums)
    for (day, bookmaker), sums in days.items():
        weeks[day - timedelta(days=day.weekday()), bookmaker] += sums
    return dict(weeks)


# -- what the database is asked ----------------------------------------------------------------------------------------


def facts(scope: Scope) -> list[Fact]:
    """The period and the one before, by league and bookmaker: one query."""
    now = Case(None, ((PayoutDays.day >= scope.since, 1),), 0)
    totals = [fn.SUM(getattr(PayoutDays, name)).alias(f"total_{name}") for name in SUMS]
    query = (
        PayoutDays.select(now.alias("is_now"), PayoutDays.league, PayoutDays.bookmaker, *totals)
        .where(_in(replace(scope, since=scope.before.since)))
        .group_by(now, PayoutDays.league, PayoutDays.bookmaker)
    )
    return [
        Fact(bool(is_now), league, bookmaker, Sums(*map(int, sums)))
        for is_now, league, bookmaker, *sums in query.tuples().execute()
    ]


def over_time(scope: Scope) -> dict[tuple[date, int], Sums]:
    """Quotes and sums of TRJ by day and bookmaker: one query."""
    query = (
        PayoutDays.select(
            *(PayoutDays.day, PayoutDays.bookmaker),
            *(fn.SUM(PayoutDays.quotes), fn.SUM(PayoutDays.trj_sum).alias("total")),
        )
        .where(_in(scope))
        .group_by(PayoutDays.day, PayoutDays.bookmaker)
    )
    return {
        (day, bookmaker): Sums(quotes=int(quotes), trj_sum=int(total))
        for day, bookmaker, quotes, total in query.tuples().execute()
    }


class Cell(NamedTuple):
    """Sums of a market on a day, of a league or bookmaker where these are told apart, else 0."""

    market: int
    day: date
    league: int
    bookmaker: int
    sums: Sums


Period = tuple[date, date]
"""Its first and its last day."""


def cells(
    markets: Collection[int],
    periods: Sequence[Period],
    *,
    leagues: Collection[int] = (),
    by_day: bool,
    by_league: bool,
    by_bookmaker: bool,
    limit: int,
) -> list[Cell]:
    """The sums of these markets, told apart by what is wanted; one query.

    :param periods: one after the other. :param by_day: else the sums are those of a period, on its last day.
    """
    everywhere = not leagues and not by_league
    table: Any = PayoutSpans if everywhere else PayoutDays
    period = Case(None, tuple((table.day <= until, number) for number, (_, until) in enumerate(periods)), None)
    apart = [name for name, wanted in (("league", by_league), ("bookmaker", by_bookmaker)) if wanted]
    told = [table.market, table.day if by_day else period, *(getattr(table, name) for name in apart)]
    query = table.select(*told, *(fn.SUM(getattr(table, name)).alias(f"total_{name}") for name in SUMS))
    query = query.where(table.market.in_(sorted(markets)))
    if everywhere:
        parts = [part for each in periods for part in ([(DAY, *each)] if by_day else spans(*each))]
        query = query.where(reduce(or_, ((table.span == span) & table.day.between(*days) for span, *days in parts)))
    else:
        query = query.where(table.day.between(periods[0][0], periods[-1][1]))
    if leagues:
        query = query.where(table.league.in_(sorted(leagues)))
    found = []
    for market, when, *row in query.group_by(*told).limit(limit).tuples().execute():
        named = dict(zip(apart, row, strict=False))
        sums = Sums(*map(int, row[len(apart) :]))
        day = when if by_day else periods[int(when)][1]
        found.append(Cell(market, day, named.get("league", 0), named.get("bookmaker", 0), sums))
    return found


def spans(since: date, until: date) -> list[tuple[str, date, date]]:
    """A period as whole months, and the days before and after them: span, and the first day of the first and last."""
    day = timedelta(days=1)
    first = since if since.day == 1 else _next_month(since)
    after = (until + day).replace(day=1)
    if first >= after:
        return [(DAY, since, until)]
    parts = [(DAY, since, first - day), (MONTH, first, after - day), (DAY, after, until)]
    return [part for part in parts if part[1] <= part[2]]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def _in(scope: Scope) -> Expression:
    narrow = (PayoutDays.market == scope.market) & PayoutDays.day.between(scope.since, scope.until)
    return narrow & PayoutDays.league.in_(scope.leagues) if scope.leagues else narrow


@dataclass(frozen=True, slots=True)
class Names:
    """What can be chosen: by id.

    :ivar sports: code to name. :ivar leagues: name and sport; :ivar markets: code, name and sport.
    """

    sports: Mapping[str, str]
    leagues: Mapping[int, tuple[str, str]]
    markets: Mapping[int, tuple[str, str, str]]
    bookmakers: Mapping[int, str]

    def market(self, sport: str, code: str) -> int | None:
        found = (number for number, (known, _, of) in self.markets.items() if (known, of) == (code, sport))
        return next(found, None)

    def markets_of(self, sport: str) -> list[tuple[int, str, str]]:
        return [(number, code, name) for number, (code, name, of) in self.markets.items() if of == sport]

    def leagues_of(self, sport: str) -> list[tuple[int, str]]:
        found = [(number, name) for number, (name, of) in self.leagues.items() if of == sport]
        return sorted(found, key=lambda each: name_key(each[1]))


def names() -> Names:
    """Sports, leagues, markets and bookmakers, which are some hundreds: one query."""
    rows = PayoutDays._meta.database.execute_sql(_NAMES).fetchall()  # noqa: SLF001 - Peewee has no other word for it
    return Names(
        sports={code: name for kind, _, code, name, _ in rows if kind == "sport"},
        leagues={number: (name, sport) for kind, number, _, name, sport in rows if kind == "league"},
        markets={number: (code, name, sport) for kind, number, code, name, sport in rows if kind == "market"},
        bookmakers={number: name for kind, number, _, name, _ in rows if kind == "bookmaker"},
    )


_NAMES = """
    SELECT 'sport', id, code, name, NULL FROM Sports
    UNION ALL SELECT 'league', l.id, NULL, l.name, s.code FROM Leagues l JOIN Sports s ON s.id = l.sport_id
    UNION ALL SELECT 'market', k.id, k.code, k.name, s.code FROM MarketNames k JOIN Sports s ON s.id = k.sport_id
    UNION ALL SELECT 'bookmaker', id, NULL, name, NULL FROM Bookmakers
    ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A market with payouts, and the days of the first and the last of them."""

    market: int
    first: date
    last: date


def known() -> list[Known]:
    """The markets of which anything was tallied: one query over the small table, for where a period holds nothing."""
    query = PayoutDays.select(PayoutDays.market, fn.MIN(PayoutDays.day), fn.MAX(PayoutDays.day))
    return [Known(*row) for row in query.group_by(PayoutDays.market).tuples().execute()]
