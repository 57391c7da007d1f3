"""Matches by what somebody wants to see of them, and what is offered on each at a glance: two queries.

At a glance is one market, the winner's unless another is wanted: the best price of each outcome, who has it, the market
TRJ, and how far each best price is from the best that was offered when the bookmakers opened.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import JOIN, Case, ModelSelect, fn

from analytics.freshness import period_of_gaps
from analytics.grid import Grid, Observation, grid
from analytics.suspects import doubted
from schema.markets import MARKETS, winner_market
from schema.models import Bookmakers, LatestOdds, Leagues, MarketNames, Matches, Odds, Sports, Teams
from schema.reference import sports as known_sports

WINNER = ("1X2", "12")
"""Markets of the match's winner; a sport has one of them, and a league may be offered the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which matches; what is empty or ``None`` does not narrow. Ids are those of the tables.

    :ivar since: naive UTC, kick-offs from then on; :ivar until: before then.
    :ivar undated: only those whose kick-off nobody said.
    """

    sports: Collection[int] = ()
    leagues: Collection[int] = ()
    teams: Collection[int] = ()
    since: datetime | None = None
    until: datetime | None = None
    undated: bool = False


class Meeting(NamedTuple):
    """A match in words. ``sport``: its code; ``kickoff``: naive UTC, ``None`` where nobody said."""

    id: int
    sport: str
    league_id: int
    league: str
    home_id: int
    home: str
    away_id: int
    away: str
    kickoff: datetime | None
    status: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Glance:
    """What is offered on one match. ``openings``: by outcome, the best price that the bookmakers opened with."""

    grid: Grid
    line: Decimal
    openings: Mapping[str, Decimal]

    def moved(self, outcome: str) -> Decimal | None:
        """How far the best price of an outcome is from the best opening; ``None`` where there is none."""
        best = self.grid.best.get(outcome)
        return None if best is None or outcome not in self.openings else best.price - self.openings[outcome]

    @property
    def movement(self) -> Decimal:
        """The largest move of any outcome, as a share of its opening (0.07: seven percent), whichever way."""
        moves = ((self.moved(outcome), opening) for outcome, opening in self.openings.items())
        return max((abs(moved) / opening for moved, opening in moves if moved is not None), default=Decimal(0))


def meetings(
    wanted: Wanted,
    limit: int,
    *,
    named: Any = None,
    newest_first: bool = False,
    after: Meeting | None = None,
) -> list[Meeting]:
    """Matches by kick-off, then id. One query.

    :param named: a further condition on Matches, such as a search. :param after: only what follows this one.
    """
    conditions = _conditions(wanted)
    if named is not None:
        conditions.append(named)
    if after is not None:
        conditions.append(_follows(after.kickoff, after.id, newest_first=newest_first))
    # The matches first, of their own table alone: with the names beside them a server reads all before it sorts.
    order: tuple[Any, ...] = (Matches.match_date, Matches.id)
    if newest_first:
        order = tuple(column.desc() for column in order)
    those = Matches.select(Matches.id)
    if conditions:
        those = those.where(*conditions)
    those = those.order_by(*order).limit(limit).alias("those")
    query = _meetings().join_from(Matches, those, on=(Matches.id == those.c.id)).order_by(*order)
    return [Meeting(*row) for row in query.tuples().execute()]


class Fixture(NamedTuple):
    """A match with all that names it: as :class:`Meeting`, then the keys and ids that stay."""

    id: int
    sport: str
    league_id: int
    league: str
    home_id: int
    home: str
    away_id: int
    away: str
    kickoff: datetime | None
    status: str
    seen_at: datetime
    home_key: str
    away_key: str
    match_key: str
    site_id: str | None
    url: str | None


def fixtures(
    wanted: Wanted,
    limit: int,
    *,
    named: Any = None,
    after: tuple[datetime | None, int] | None = None,
    since_id: int | None = None,
) -> list[Fixture]:
    """Matches by kick-off, then id, after that one; or by id alone, from that one on (``since_id``). One query.

    :param named: a further condition on Matches.
    """
    conditions = _conditions(wanted)
    if named is not None:
        conditions.append(named)
    if after is not None:
        conditions.append(_follows(*after, newest_first=False))
    order: tuple[Any, ...] = (Matches.match_date, Matches.id)
    if since_id is not None:
        conditions.append(Matches.id >= since_id)
        order = (Matches.id,)
    those = Matches.select(Matches.id)
    if conditions:
        those = those.where(*conditions)
    those = those.order_by(*order).limit(limit).alias("those")
    home, away = Teams.alias(), Teams.alias()
    more = (home.name_key, away.name_key, Matches.match_key, Matches.site_id, Matches.url)
    query = _meetings(home, away).select_extend(*more).join_from(Matches, those, on=(Matches.id == those.c.id))
    return [Fixture(*row) for row in query.order_by(*order).tuples().execute()]


def next_kickoff(wanted: Wanted, after: datetime) -> datetime | None:
    """The next kick-off after an instant (naive UTC) of these matches, whatever their range; or else the last before.

    One query: for where a range holds nothing.
    """
    anywhere = _conditions(replace(wanted, since=None, until=None, undated=False))
    coming = Matches.select(fn.MIN(Matches.match_date)).where(Matches.match_date >= after, *anywhere)
    gone = Matches.select(fn.MAX(Matches.match_date)).where(Matches.match_date < after, *anywhere)
    found = Matches.select(fn.COALESCE(coming, gone).converter(Matches.match_date.python_value)).limit(1).tuples()
    return next((instant for (instant,) in found.execute()), None)


def meeting(match: int) -> Meeting | None:
    """One match; ``None`` if there is no such one. One query."""
    row = _meetings().where(Matches.id == match).tuples().first()
    return row and Meeting(*row)


def meeting_so_far(match: int) -> tuple[Meeting, int] | None:
    """One match, and the highest id of its Odds, 0 without any: what is stored later has a higher one. One query."""
    newest = Odds.select(fn.COALESCE(fn.MAX(Odds.id), 0)).where(Odds.match == match)
    row = _meetings().select_extend(newest).where(Matches.id == match).tuples().first()
    return row and (Meeting(*row[:-1]), row[-1])


def own_market(sport: str) -> str:
    """The market of the winner in a sport, by its code."""
    return winner_market(next((known.outcomes for known in known_sports().values() if known.code == sport), 3))


def glances(
    matches: Sequence[Meeting], market: str | None = None, bookmakers: Collection[int] = ()
) -> dict[int, Glance]:
    """What is offered on each of these matches; one without any price is absent. One query.

    :param market: a code of :data:`schema.markets.MARKETS`; ``None``: that of the winner.
    :param bookmakers: ids; only these count, unless there is none.
    """
    codes = WINNER if market is None else (market,)
    found: defaultdict[int, defaultdict[tuple[str, Decimal], list[_Newest]]] = defaultdict(lambda: defaultdict(list))
    for row in _newest([match.id for match in matches], codes, bookmakers):
        found[row.match][row.market, row.line].append(row)
    return {match.id: _glance(match, found[match.id]) for match in matches if match.id in found}


class _Newest(NamedTuple):
    """One row of LatestOdds. ``opening``: the first price known; ``before``: when the market was seen before."""

    match: int
    market: str
    line: Decimal
    bookmaker: str
    outcome: str
    price: Decimal
    scraped_at: datetime
    partial: bool
    suspect: str | None
    doubted: int
    opening: Decimal | None
    before: datetime | None


def _glance(match: Meeting, offered: Mapping[tuple[str, Decimal], Sequence[_Newest]]) -> Glance:
    """Of several markets the sport's own, of several lines the one that most bookmakers price."""
    own = own_market(match.sport)
    code, line = max(offered, key=lambda key: (key[0] == own, len(offered[key]), -abs(key[1])))
    rows = offered[code, line]
    period = period_of_gaps(row.scraped_at - row.before for row in rows if row.before is not None)
    found = grid((_observation(row) for row in rows), MARKETS[code], period)
    return Glance(found, line, _openings(found, rows))


def _observation(row: _Newest) -> Observation:
    doubt = bool(row.doubted)
    return Observation(
        0, row.bookmaker, row.outcome, row.price, row.scraped_at, bool(row.partial), row.suspect, doubt, None
    )


def _openings(found: Grid, rows: Iterable[_Newest]) -> dict[str, Decimal]:
    """The best openings of the prices that count now."""
    counts = {(book.bookmaker, outcome) for book in found.books for outcome, cell in book.cells.items() if cell.counts}
    best: dict[str, Decimal] = {}
    for row in rows:
        if row.opening is not None and (row.bookmaker, row.outcome) in counts:
            best[row.outcome] = max(row.opening, best.get(row.outcome, row.opening))
    return best


# -- what the database is asked ----------------------------------------------------------------------------------------


def _meetings(home: Any = None, away: Any = None) -> "ModelSelect[Matches]":
    home, away = home or Teams.alias(), away or Teams.alias()
    columns = (
        Matches.id,
        Sports.code,
        Leagues.id,
        Leagues.name,
        home.id,
        home.name,
        away.id,
        away.name,
        Matches.match_date,
        Matches.status,
        Matches.seen_at,
    )
    return (
        Matches.select(*columns)
        .join_from(Matches, Leagues)
        .join_from(Leagues, Sports)
        .join_from(Matches, home, JOIN.INNER, on=(Matches.home_team == home.id))
        .join_from(Matches, away, JOIN.INNER, on=(Matches.away_team == away.id))
    )


def _conditions(wanted: Wanted) -> list[Any]:
    conditions: list[Any] = []
    if wanted.sports:
        leagues = Leagues.select(Leagues.id).where(Leagues.sport.in_(list(wanted.sports)))
        conditions.append(Matches.league.in_(leagues))
    if wanted.leagues:
        conditions.append(Matches.league.in_(list(wanted.leagues)))
    if wanted.teams:
        teams = list(wanted.teams)
        conditions.append(Matches.home_team.in_(teams) | Matches.away_team.in_(teams))
    if wanted.undated:
        return [*conditions, Matches.match_date.is_null()]
    if wanted.since is not None:
        conditions.append(Matches.match_date >= wanted.since)
    if wanted.until is not None:
        conditions.append(Matches.match_date < wanted.until)
    return conditions


def _follows(kickoff: datetime | None, number: int, *, newest_first: bool) -> Any:
    """Rows after this one. Null kick-offs come first on both kinds of database, and last in the other direction."""
    if kickoff is None:
        same = Matches.match_date.is_null() & (Matches.id < number if newest_first else Matches.id > number)
        return same if newest_first else same | Matches.match_date.is_null(False)
    tied = Matches.match_date == kickoff
    if newest_first:
        return (Matches.match_date < kickoff) | (tied & (Matches.id < number)) | Matches.match_date.is_null()
    return (Matches.match_date > kickoff) | (tied & (Matches.id > number))


def _newest(matches: Collection[int], codes: Sequence[str], bookmakers: Collection[int]) -> Iterable[_Newest]:
    price = Odds.alias()
    same = (
        (price.match == LatestOdds.match)
        & (price.market == LatestOdds.market)
        & (price.line == LatestOdds.line)
        & (price.bookmaker == LatestOdds.bookmaker)
        & (price.outcome == LatestOdds.outcome)
    )
    opening = price.select(price.odd_value).where(same & price.suspect.is_null()).order_by(price.scraped_at).limit(1)
    before = price.select(price.scraped_at).where(same & (price.scraped_at < LatestOdds.scraped_at))
    before = before.order_by(price.scraped_at.desc()).limit(1)
    firsts = sorted({MARKETS[code].outcomes[0] for code in codes})
    columns = (
        LatestOdds.match,
        MarketNames.code,
        LatestOdds.line,
        Bookmakers.name,
        LatestOdds.outcome,
        LatestOdds.odd_value,
        LatestOdds.scraped_at,
        LatestOdds.partial,
        LatestOdds.suspect,
        doubted(LatestOdds),
        opening.alias("opening"),
        # A quote is seen whole: its first outcome tells when.
        Case(None, ((LatestOdds.outcome.in_(firsts), before),)).alias("before"),
    )
    query = LatestOdds.select(*columns).join_from(LatestOdds, MarketNames).join_from(LatestOdds, Bookmakers)
    query = query.where(LatestOdds.match.in_(list(matches)), MarketNames.code.in_(codes))
    if bookmakers:
        query = query.where(LatestOdds.bookmaker.in_(list(bookmakers)))
    to_price, to_time = Odds.odd_value.python_value, Odds.scraped_at.python_value
    for row in query.tuples().execute() if matches else ():
        newest = _Newest._make(row)
        yield newest._replace(opening=to_price(newest.opening), before=to_time(newest.before))
