"""Why a square of the matrix is empty: what a bookmaker prices of a league, and what the last crawls of it said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from gigscrapy import leagues
from schema.models import Bookmakers, LatestOdds, Leagues, Matches, Runs, Sports, Teams, now
from schema.names import name_key
from schema.reference import sports

MATCHES_SHOWN = 50
RUNS_SHOWN = 5
LARGEST = 2**31
"""No row has a greater number."""


@dataclass(frozen=True, slots=True)
class Priced:
    """A match to come. ``book_at``: when this bookmaker's price was seen last; ``newest``: anybody's. Naive UTC."""

    match_id: int
    home: str
    away: str
    kickoff: datetime
    book_at: datetime | None
    newest: datetime


def hole(league: int, bookmaker: int) -> dict[str, Any] | None:
    """What the page tells of it; ``None`` where there is no such league, or bookmaker. Four queries."""
    row = Leagues.select(Leagues, Sports).join(Sports).where(Leagues.id == min(league, LARGEST)).first()
    who = Bookmakers.get_or_none(Bookmakers.id == min(bookmaker, LARGEST))
    if row is None or who is None:
        return None
    at = now()
    spider = next(
        (
            each.name
            for each in leagues.load()
            if sports()[each.sport].code == row.sport.code and name_key(each.title) == row.name_key
        ),
        None,
    )
    last = list(Runs.select().where(Runs.spider == spider).order_by(Runs.id.desc()).limit(RUNS_SHOWN)) if spider else []
    return {"league": row, "bookmaker": who, "matches": _priced(league, bookmaker, at), "runs": last, "spider": spider}


def _priced(league: int, bookmaker: int, at: datetime) -> list[Priced]:
    home, away = Teams.alias(), Teams.alias()
    own = LatestOdds.select(fn.MAX(LatestOdds.scraped_at)).where(
        (LatestOdds.bookmaker == bookmaker) & (LatestOdds.match == Matches.id)
    )
    query = (
        Matches.select(Matches.id, home.name, away.name, Matches.match_date, own.alias("own"), Matches.seen_at)
        .join(home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
        .where(Matches.league == league, Matches.match_date > at, Matches.status != "postponed")
        .order_by(Matches.match_date)
        .limit(MATCHES_SHOWN)
    )
    read = Matches.seen_at.python_value
    return [
        Priced(match, first, second, kickoff, read(book_at), read(newest))
        for match, first, second, kickoff, book_at, newest in query.tuples().execute()
    ]
