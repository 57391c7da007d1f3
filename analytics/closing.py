"""The closing gap: how old the last price was when a match kicked off.

Of each market of a match that is ``kick-off - newest observation not after it``, in seconds: 0 is the closing price
itself, and an hour says that what is kept as the closing line is an hour older than the line. A match of which nobody
saw any price before its kick-off is *unpriced*, and has no gap. One that was postponed has not kicked off.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from peewee import Case, ModelSelect, fn

from schema.models import LatestOdds, Leagues, MarketNames, Matches, Odds, Sports


@dataclass(frozen=True, slots=True)
class Gap:
    """Of one market of one match; of a match without any price ``market`` and ``seconds`` are ``None``."""

    league: str
    sport: str
    match_id: int
    market: str | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class LeagueGap:
    """Of a league's matches: how many there were and how many were unpriced; median and worst over their markets.

    Both are seconds, and ``None`` where no match had a price.
    """

    league: str
    sport: str
    matches: int
    unpriced: int
    median_seconds: float | None
    worst_seconds: float | None


def by_league(gaps: Iterable[Gap]) -> list[LeagueGap]:
    """The leagues that have a price first, the widest median of them first; then those without, by name."""
    found: defaultdict[tuple[str, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        found[gap.league, gap.sport].append(gap)
    leagues = [_of_league(league, sport, those) for (league, sport), those in found.items()]
    return sorted(
        leagues, key=lambda each: (-(each.median_seconds if each.median_seconds is not None else -1), each.league)
    )


def median_gap(gaps: Iterable[Gap]) -> float | None:
    """The median over all markets of all matches, seconds; ``None`` where none has a price."""
    return median(found) if (found := _seconds(gaps)) else None


def observed_gaps(since: datetime, until: datetime) -> list[Gap]:
    """The gap of each market of each match that kicked off from ``since`` on and before ``until`` (naive UTC)."""
    matches = {number: (league, sport) for number, league, sport in _matches(since, until).tuples().execute()}
    gaps = [
        Gap(*matches[match_id], match_id, market, (kickoff - seen_at).total_seconds())
        for match_id, market, kickoff, seen_at in _last_seen(since, until).tuples().execute()
        if seen_at is not None
    ]
    priced = {gap.match_id for gap in gaps}
    return gaps + [Gap(*names, match_id, None, None) for match_id, names in matches.items() if match_id not in priced]


def _of_league(league: str, sport: str, gaps: Iterable[Gap]) -> LeagueGap:
    gaps = list(gaps)
    seconds = _seconds(gaps)
    matches = {gap.match_id for gap in gaps}
    unpriced = {gap.match_id for gap in gaps if gap.seconds is None}
    worst = max(seconds, default=None)
    return LeagueGap(league, sport, len(matches), len(unpriced), median_gap(gaps), worst)


def _seconds(gaps: Iterable[Gap]) -> list[float]:
    return [gap.seconds for gap in gaps if gap.seconds is not None]


# -- what the database is asked ----------------------------------------------------------------------------------------


def _matches(since: datetime, until: datetime) -> "ModelSelect[Matches]":
    """Each match, its league and its sport."""
    query = Matches.select(Matches.id, Leagues.name, Sports.name).join(Leagues).join(Sports)
    return query.where(_kicked_off(since, until)).order_by(Matches.match_date, Matches.id)


def _last_seen(since: datetime, until: datetime) -> "ModelSelect[LatestOdds]":
    """Each market of each match: its kick-off, and when a price of it was last seen before, null where never.

    The history is asked only of what was seen after the kick-off too: each outcome's newest price is kept apart.
    """
    before = (
        Odds.select(fn.MAX(Odds.scraped_at))
        .where(
            Odds.match == LatestOdds.match,
            Odds.market == LatestOdds.market,
            Odds.line == LatestOdds.line,
            Odds.bookmaker == LatestOdds.bookmaker,
            Odds.outcome == LatestOdds.outcome,
            Odds.scraped_at <= Matches.match_date,
        )
        .order_by()
    )
    seen_at = Case(None, ((LatestOdds.scraped_at <= Matches.match_date, LatestOdds.scraped_at),), before)
    last = fn.MAX(seen_at).converter(Odds.scraped_at.python_value)
    query = LatestOdds.select(LatestOdds.match, MarketNames.code, Matches.match_date, last)
    query = query.join_from(LatestOdds, Matches).join_from(LatestOdds, MarketNames).where(_kicked_off(since, until))
    return query.group_by(LatestOdds.match, MarketNames.code, Matches.match_date)


def _kicked_off(since: datetime, until: datetime) -> object:
    return (Matches.match_date >= since) & (Matches.match_date < until) & (Matches.status != "postponed")
