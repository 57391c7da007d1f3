"""What bookmakers ended on as it was known at an instant: computed from Odds, for the tally knows only today's.

The same rules as the tally's (:mod:`schema.payouts`): of each match the last quotes before its kick-off, here those
that were known by then, and doubts as they were then. Kick-offs are today's.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN

from analytics.benchmark import Cell, Sums
from schema.doubt import known, undoubted
from schema.instants import to_paris
from schema.markets import Market
from schema.models import LatestOdds, Matches, Odds, ReplacedOdds
from schema.payouts import Payout, Seen, payouts

MOST = 400
"""Matches that are looked at; each takes some milliseconds."""

HUNDRED = 100


class TooMany(Exception):
    """More matches than are looked at."""


def cells_then(
    at: datetime, markets: Mapping[int, Market], since: datetime, until: datetime, leagues: Collection[int] = ()
) -> list[Cell]:
    """The sums by market, day, league and bookmaker of matches that kick off from ``since`` to before ``until`` (naive
    UTC), as they were known at ``at``: three queries.

    :raises TooMany: when these matches are more than :data:`MOST`.
    """
    matches = _matches(since, until, leagues)
    if len(matches) > MOST:
        raise TooMany
    found: defaultdict[tuple[int, date, int, int], Sums] = defaultdict(Sums)
    if not matches:
        return []
    opening, closing = _ends(at, list(matches), list(markets))
    for match, (league, kickoff) in matches.items():
        if match not in closing:
            continue
        counted: defaultdict[tuple[int, int], list[Payout]] = defaultdict(list)
        for one in payouts(opening[match], closing[match], markets):
            if not one.stale:
                counted[one.market, one.bookmaker].append(one)
        for (market, bookmaker), ended in counted.items():
            found[market, _day(kickoff), league, bookmaker] += _sums(ended)
    return [Cell(*key, sums) for key, sums in found.items()]


def _sums(ended: Sequence[Payout]) -> Sums:
    """Of one match, of any line."""
    trj = [_hundredths(one.trj) for one in ended if one.trj is not None]
    published = [_hundredths(one.published_trj) for one in ended if one.published_trj is not None]
    both = [
        (_hundredths(one.opening_trj), _hundredths(one.trj))
        for one in ended
        if one.opening_trj is not None and one.trj is not None
    ]
    return Sums(
        matches=1,
        quotes=len(trj),
        trj_sum=sum(trj),
        trj_squares=sum(value * value for value in trj),
        published=len(published),
        published_sum=sum(published),
        opened=len(both),
        opening_sum=sum(opening for opening, _ in both),
        closing_sum=sum(closing for _, closing in both),
        outcomes=sum(one.outcomes for one in ended),
        best_alone=sum(one.best_alone for one in ended),
        best_tied=sum(one.best_tied for one in ended),
        best_weight=sum(one.best_weight for one in ended),
    )


def _hundredths(trj: Decimal) -> int:
    return int(trj * HUNDRED)


def _day(kickoff: datetime) -> date:
    return to_paris(kickoff.replace(tzinfo=UTC)).date()


# -- what the database is asked ----------------------------------------------------------------------------------------


def _matches(since: datetime, until: datetime, leagues: Collection[int]) -> dict[int, tuple[int, datetime]]:
    query = Matches.select(Matches.id, Matches.league, Matches.match_date)
    query = query.where(Matches.match_date >= since, Matches.match_date < until)
    if leagues:
        query = query.where(Matches.league.in_(sorted(leagues)))
    return {match: (league, kickoff) for match, league, kickoff in query.limit(MOST + 1).tuples().execute()}


Quotes = dict[int, list[Seen]]


def _ends(at: datetime, matches: Sequence[int], markets: Sequence[int]) -> tuple[Quotes, Quotes]:
    """The first and the last price of each series before the kick-off, by match."""
    first, last = Odds.alias("first"), Odds.alias("last")
    columns = [getattr(table, name) for table in (first, last) for name in _COLUMNS]
    series = (
        LatestOdds.select(LatestOdds.match, *columns)
        .join(Matches)
        .join_from(LatestOdds, first, JOIN.INNER, on=(first.id == _end(at, last=False)))
        .join_from(LatestOdds, last, JOIN.INNER, on=(last.id == _end(at, last=True)))
        .where(LatestOdds.match.in_(matches), LatestOdds.market.in_(markets))
    )
    replaced = _replaced(at, matches, markets)
    opening: Quotes = defaultdict(list)
    closing: Quotes = defaultdict(list)
    seen: set[Any] = set()
    for match, *row in series.tuples().execute():
        began, ended = Seen(*row[: len(_COLUMNS)]), Seen(*row[len(_COLUMNS) :])
        key = (match, *_series(ended))
        seen.add(key)
        opening[match].append(min([began, *replaced.get(key, ())], key=_when))
        closing[match].append(max([ended, *replaced.get(key, ())], key=_when))
    for key in replaced.keys() - seen:
        opening[key[0]].append(min(replaced[key], key=_when))
        closing[key[0]].append(max(replaced[key], key=_when))
    return opening, closing


def _when(price: Seen) -> datetime:
    return price.scraped_at


def _series(price: Seen) -> tuple[int, Decimal, int, str]:
    return price.market, price.line, price.bookmaker, price.outcome


def _end(at: datetime, *, last: bool) -> Any:
    odds = Odds.alias()
    same = (
        (odds.match == LatestOdds.match)
        & (odds.market == LatestOdds.market)
        & (odds.line == LatestOdds.line)
        & (odds.bookmaker == LatestOdds.bookmaker)
        & (odds.outcome == LatestOdds.outcome)
    )
    order = odds.scraped_at.desc() if last else odds.scraped_at
    return odds.select(odds.id).where(same & _counts(odds, at)).order_by(order).limit(1)


def _counts(odds: Any, at: datetime) -> Any:
    database = Odds._meta.database  # noqa: SLF001 - Peewee has no other word for it
    counts = (odds.partial == False) & undoubted(odds, database, known_at=at)  # noqa: E712 - SQL's
    return counts & known(odds, at) & (odds.scraped_at <= Matches.match_date)


_COLUMNS = ("market", "line", "bookmaker", "outcome", "odd_value", "scraped_at", "published_trj")


def _replaced(at: datetime, matches: Sequence[int], markets: Sequence[int]) -> dict[Any, list[Seen]]:
    one = ReplacedOdds
    query = one.select(one.match, *(getattr(one, name) for name in _COLUMNS)).join(Matches)
    query = query.where(one.match.in_(matches), one.market.in_(markets), _counts(one, at))
    found: defaultdict[Any, list[Seen]] = defaultdict(list)
    for match, *price in query.tuples().execute():
        seen = Seen(*price)
        found[match, *_series(seen)].append(seen)
    return found
