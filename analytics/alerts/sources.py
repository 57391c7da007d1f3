"""What the tables are asked for rules: fixtures, prices as they were seen, who was seen where, how crawls ended.

No question is unbounded: prices are asked of so many matches, of so many days, and so many rows at the most.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import ModelSelect, chunked, fn

from analytics.alerts.market import Fixture, Price
from analytics.alerts.rules import Scope
from analytics.alerts.watching import Ended, Sighting
from analytics.suspects import doubted
from schema.models import Bookmakers, LatestOdds, Leagues, MarketNames, Matches, Odds, Runs, Teams
from schema.runs import FAILED, FINISHED, LOST

CHUNK = 500
"""Matches in one statement."""
MOST_RUNS = 5000


def fixtures(match_ids: Iterable[int]) -> dict[int, Fixture]:
    """These matches, by number."""
    found: dict[int, Fixture] = {}
    for some in chunked(match_ids, CHUNK):
        found |= {each.match_id: each for each in _fixtures(_matches().where(Matches.id.in_(some)))}
    return found


def fixtures_since(scope: Scope, since: datetime, most: int) -> list[Fixture]:
    """The matches a rule is about that were seen since then, and had not kicked off; the latest kick-off first.

    :param most: so many, and one more where there are more.
    """
    query = _matches().where(Matches.seen_at >= since)
    query = query.where(Matches.match_date.is_null() | (Matches.match_date > since))
    if scope.match_id is not None:
        query = query.where(Matches.id == scope.match_id)
    if scope.league_id is not None:
        query = query.where(Matches.league == scope.league_id)
    if scope.team_id is not None:
        query = query.where((Matches.home_team == scope.team_id) | (Matches.away_team == scope.team_id))
    return list(_fixtures(query.order_by(Matches.match_date.desc(), Matches.id.desc()).limit(most + 1)))


def prices(match_ids: Collection[int], scope: Scope, since: datetime, until: datetime, most: int) -> list[Price]:
    """What was seen of these matches in that time, match by match, each in the order it was seen.

    :param most: so many, and one more where there are more: what the last match of those has is not whole then.
    """
    query = _prices().where(Odds.match.in_(list(match_ids)), Odds.scraped_at >= since, Odds.scraped_at <= until)
    if scope.market is not None:
        query = query.where(MarketNames.code == scope.market)
    if scope.bookmaker_id is not None:
        query = query.where(Odds.bookmaker == scope.bookmaker_id)
    rows = query.order_by(Odds.match, Odds.scraped_at, Odds.id).limit(most + 1).tuples().execute()
    return [_price(row[1:]) for row in rows]


def newest_id() -> int:
    """The number of the newest row of Odds; 0 where there is none."""
    return int(Odds.select(fn.MAX(Odds.id)).scalar() or 0)


def prices_after(number: int, most: int) -> list[tuple[int, Price]]:
    """Rows of Odds with a greater number, each with its own, in the order of their numbers."""
    rows = _prices().where(Odds.id > number).order_by(Odds.id).limit(most).tuples().execute()
    return [(row[0], _price(row[1:])) for row in rows]


def prices_since(since: datetime, most: int) -> list[tuple[int, Price]]:
    """What was seen since then, in the order it was seen: the newest, so many at the most."""
    newest = _prices().where(Odds.scraped_at >= since).order_by(Odds.scraped_at.desc(), Odds.id.desc()).limit(most)
    return [(row[0], _price(row[1:])) for row in reversed(list(newest.tuples().execute()))]


def bookmakers() -> dict[int, str]:
    """Every name by the number of its row."""
    return dict(Bookmakers.select(Bookmakers.id, Bookmakers.name).tuples().execute())


def sightings(league_ids: Sequence[int], since: datetime, until: datetime, most: int) -> list[Sighting]:
    """Who was seen in these leagues in that time, league by league; ``most`` as for :func:`prices`."""
    query = (
        Odds.select(Leagues.id, Leagues.name, Bookmakers.id, Bookmakers.name, Odds.scraped_at)
        .join_from(Odds, Matches)
        .join_from(Matches, Leagues)
        .join_from(Odds, Bookmakers)
        .where(Leagues.id.in_(league_ids), Matches.seen_at >= since)
        .where(Odds.scraped_at >= since, Odds.scraped_at <= until)
        .distinct()
        .order_by(Leagues.id, Odds.scraped_at)
        .limit(most + 1)
    )
    return [Sighting(*row) for row in query.tuples().execute()]


def leagues_seen(since: datetime, most: int) -> list[int]:
    """The leagues of which a match was seen since then; ``most`` and one more where there are more."""
    query = Matches.select(Matches.league).where(Matches.seen_at >= since).distinct().order_by(Matches.league)
    return [row[0] for row in query.limit(most + 1).tuples().execute()]


def last_sightings(since: datetime) -> list[Sighting]:
    """When each bookmaker was last seen in each league, where that was since then."""
    query = (
        LatestOdds.select(Leagues.id, Leagues.name, Bookmakers.id, Bookmakers.name, fn.MAX(LatestOdds.scraped_at))
        .join_from(LatestOdds, Matches)
        .join_from(Matches, Leagues)
        .join_from(LatestOdds, Bookmakers)
        .where(Matches.seen_at >= since, LatestOdds.scraped_at >= since)
        .group_by(Leagues.id, Leagues.name, Bookmakers.id, Bookmakers.name)
    )
    return [
        Sighting(league_id, league, bookmaker_id, bookmaker, _instant(at))
        for league_id, league, bookmaker_id, bookmaker, at in query.tuples().execute()
    ]


def ended(since: datetime, until: datetime, spider: str | None = None) -> list[Ended]:
    """The runs that ended in that time, the newest of them; one that a person stopped is no failure, and left out."""
    at = fn.COALESCE(Runs.finished_at, Runs.reported_at, Runs.not_before, Runs.started_at)
    columns = (Runs.spider, Runs.run_id, at, fn.COALESCE(Runs.verdict, Runs.state), Runs.exit_code, Runs.sentence)
    query = Runs.select(*columns).where(Runs.state.in_((FINISHED, LOST, FAILED)), Runs.spider.is_null(False))
    query = query.where(Runs.cancel_asked_at.is_null(), at >= since, at <= until)
    # What began long before cannot have ended since: a run is given up within hours.
    query = query.where((Runs.started_at >= since - timedelta(days=2)) | Runs.started_at.is_null())
    if spider is not None:
        query = query.where(Runs.spider == spider)
    rows = query.order_by(at.desc(), Runs.id.desc()).limit(MOST_RUNS).tuples().execute()
    return [Ended(name, run, _instant(when), *told) for name, run, when, *told in rows]


# -- how ---------------------------------------------------------------------------------------------------------------


def _matches() -> "ModelSelect[Matches]":
    home, away = Teams.alias(), Teams.alias()
    columns = (Matches.id, Leagues.id, home.id, away.id, home.name, away.name, Leagues.name, Matches.match_date)
    return (
        Matches.select(*columns)
        .join_from(Matches, Leagues)
        .join_from(Matches, home, on=(Matches.home_team == home.id))
        .join_from(Matches, away, on=(Matches.away_team == away.id))
    )


def _fixtures(query: "ModelSelect[Matches]") -> Iterator[Fixture]:
    for match_id, league_id, home_id, away_id, home, away, league, kickoff in query.tuples().execute():
        yield Fixture(match_id, league_id, (home_id, away_id), f"{home} – {away}", league, kickoff)  # noqa: RUF001


def _prices() -> "ModelSelect[Odds]":
    columns = (
        Odds.id,
        Odds.match,
        MarketNames.code,
        Odds.line,
        Bookmakers.name,
        Odds.outcome,
        Odds.odd_value,
        Odds.partial,
        Odds.scraped_at,
        doubted(when_seen=True),
    )
    return Odds.select(*columns).join_from(Odds, MarketNames).join_from(Odds, Bookmakers)


def _price(row: Sequence[Any]) -> Price:
    return Price._make((*row[:-1], bool(row[-1])))


def _instant(value: Any) -> datetime:
    """What the embedded database computes of instants is text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
