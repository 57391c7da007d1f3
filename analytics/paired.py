"""Two bookmakers compared where both quote, and nowhere else: the difference of their TRJ, with an interval.

A plain mean rewards the bookmaker that quotes only matches on which everybody pays back much. Here each match that both
priced gives one difference, d = TRJ of the one - TRJ of the other (where a market has several lines, their mean), and
the figure is the mean of d.

The interval is a percentile bootstrap (Efron and Tibshirani 1993, chapter 13): the matches are drawn anew with
replacement, and 95 % of the means so found lie within it. The draws come of a fixed seed: the same quotes give the same
interval. Where there are more than ``GROUPS`` matches they are dealt into so many groups of the same size, and groups
are drawn: it takes no longer then, and the interval is nearly the same. *Not established*: the interval holds zero, or
there are fewer than ``LEAST`` matches.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from peewee import fn

from analytics.benchmark import Scope
from schema.models import Payouts

DRAWS = 500
GROUPS = 100
LEAST = 10
SEED = 20_251_017

MOST = 20_000
"""Quotes that are read: the newest days of the period, and the page says so where it has more."""


@dataclass(frozen=True, slots=True)
class Paired:
    """``gap``: the mean difference, in points of percent, over ``matches``; ``low`` and ``high``: its interval.

    All are ``None`` where the two have no match in common, the interval also where they have fewer than ``LEAST``.
    """

    bookmaker: int
    matches: int
    gap: float | None
    low: float | None
    high: float | None

    @property
    def established(self) -> bool:
        """Whether the interval says that there is a difference."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


Quote = tuple[int, object, int, float]
"""Match, line, bookmaker, TRJ."""


def paired(quotes: Iterable[Quote], reference: int) -> list[Paired]:
    """Every other bookmaker against ``reference``; the highest gap first, those without any last."""
    offers: defaultdict[tuple[int, object], dict[int, float]] = defaultdict(dict)
    for match, line, bookmaker, trj in quotes:
        offers[match, line][bookmaker] = trj
    differences: defaultdict[int, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (match, _), board in offers.items():
        for bookmaker, trj in board.items():
            of = differences[bookmaker]  # who has no match in common is told too
            if reference in board:
                of[match].append(trj - board[reference])
    differences.pop(reference, None)
    found = [
        _paired(bookmaker, [fmean(some) for _, some in sorted(of.items())]) for bookmaker, of in differences.items()
    ]
    return sorted(found, key=lambda each: (each.gap is None, -(each.gap or 0), each.bookmaker))


def _paired(bookmaker: int, differences: Sequence[float]) -> Paired:
    if not differences:
        return Paired(bookmaker, 0, None, None, None)
    low, high = interval(differences) if len(differences) >= LEAST else (None, None)
    return Paired(bookmaker, len(differences), fmean(differences), low, high)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of ``values``."""
    random = Random(SEED)  # noqa: S311 - to be drawn alike each time
    if len(values) > GROUPS:
        shuffled = list(values)
        random.shuffle(shuffled)
        values = [fmean(shuffled[start::GROUPS]) for start in range(GROUPS)]
    count = len(values)
    means = sorted(sum(random.choices(values, k=count)) / count for _ in range(DRAWS))
    return means[round(0.025 * DRAWS)], means[round(0.975 * DRAWS) - 1]


# -- what the database is asked ----------------------------------------------------------------------------------------


def quotes(scope: Scope) -> list[Quote]:
    """What was ended on in the period, with a TRJ and not stale, at most ``MOST``, of the newest days."""
    columns = (Payouts.match, Payouts.line, Payouts.bookmaker, fn.ROUND(Payouts.trj * 100))
    query = Payouts.select(*columns).where(
        Payouts.market == scope.market,
        Payouts.day.between(scope.since, scope.until),
        Payouts.trj.is_null(False),
        Payouts.stale == False,  # noqa: E712 - SQL's
    )
    if scope.leagues:
        query = query.where(Payouts.league.in_(scope.leagues))
    newest = query.order_by(Payouts.day.desc()).limit(MOST)
    return [
        (match, str(line), bookmaker, float(trj) / 100) for match, line, bookmaker, trj in newest.tuples().execute()
    ]
