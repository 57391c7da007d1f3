"""The matches that a figure of the benchmark is made of, the newest first."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from analytics.benchmark import Scope
from schema.models import Bookmakers, Leagues, Matches, Payouts, Teams

MOST = 200
"""Rows of a page."""


class Ended(NamedTuple):
    """What a bookmaker ended on in a match; as in :class:`schema.models.Payouts`."""

    match: int
    day: date
    kickoff: datetime | None
    league: str
    home: str
    away: str
    line: Decimal
    bookmaker: str
    trj: Decimal | None
    published_trj: Decimal | None
    opening_trj: Decimal | None
    scraped_at: datetime
    stale: bool
    outcomes: int
    best_alone: int
    best_tied: int


def ended_on(scope: Scope, bookmaker: int | None = None) -> Sequence[Ended]:
    """The newest ``MOST`` of them, of one bookmaker or of all: one query, which finds them by the index of days."""
    this = Payouts.alias("this")
    newest = this.select(this.match, this.market, this.line, this.bookmaker)
    newest = newest.where(this.market == scope.market, this.day.between(scope.since, scope.until))
    if scope.leagues:
        newest = newest.where(this.league.in_(scope.leagues))
    if bookmaker is not None:
        newest = newest.where(this.bookmaker == bookmaker)
    newest = newest.order_by(this.day.desc(), this.match.desc(), this.line.desc(), this.bookmaker.desc())
    found = newest.limit(MOST).alias("found")
    home, away = Teams.alias(), Teams.alias()
    same = (
        (Payouts.match == found.c.match_id)
        & (Payouts.market == found.c.market_id)
        & (Payouts.line == found.c.line)
        & (Payouts.bookmaker == found.c.bookmaker_id)
    )
    query = (
        Payouts.select(
            *(Payouts.match, Payouts.day, Payouts.kickoff, Leagues.name, home.name, away.name, Payouts.line),
            *(Bookmakers.name, Payouts.trj, Payouts.published_trj, Payouts.opening_trj, Payouts.scraped_at),
            *(Payouts.stale, Payouts.outcomes, Payouts.best_alone, Payouts.best_tied),
        )
        .join_from(Payouts, Matches)
        .join_from(Payouts, Leagues)
        .join_from(Payouts, Bookmakers)
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
        .join_from(Payouts, found, on=same)
        .order_by(Payouts.day.desc(), Payouts.match.desc(), Payouts.line.desc(), Payouts.bookmaker.desc())
    )
    return [Ended(*row) for row in query.tuples().execute()]
