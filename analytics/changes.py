"""Prices as they were stored, in the order they were: what programs are told of changes."""

from collections.abc import Sequence

from peewee import ModelSelect, chunked

from schema.models import Bookmakers, Leagues, MarketNames, Matches, Odds, Sports, Teams

CHUNK = 1_000
"""Rows in one statement."""


def of(ids: Sequence[int]) -> list[Odds]:
    """These rows of Odds, in the order of their numbers, each with all that names it."""
    return [row for some in chunked(sorted(ids), CHUNK) for row in _named().where(Odds.id.in_(some))]


def after(number: int, most: int, *, until: int | None = None) -> list[Odds]:
    """The rows after one, at most so many, the first ones. :param until: the number of the last that is wanted."""
    query = _named().where(Odds.id > number)
    return list((query if until is None else query.where(Odds.id <= until)).limit(most))


def _named() -> "ModelSelect[Odds]":
    home, away = Teams.alias(), Teams.alias()
    of_market = Sports.alias()
    columns = (
        *(Odds.id, Odds.match, Odds.market, Odds.bookmaker, Odds.line, Odds.outcome, Odds.odd_value, Odds.trj),
        *(Odds.scraped_at, Odds.partial, Odds.suspect),
        *(Matches.id, Matches.match_date, Matches.league, home.name, away.name),
        *(Leagues.id, Leagues.name, Leagues.name_key, Leagues.sport, Sports.name),
        *(MarketNames.code, MarketNames.sport, of_market.name, Bookmakers.code),
    )
    return (
        Odds.select(*columns)
        .join_from(Odds, Matches)
        .join_from(Matches, Leagues)
        .join_from(Leagues, Sports)
        .join_from(Matches, home, on=(Matches.home_team == home.id), attr="home_team")
        .join_from(Matches, away, on=(Matches.away_team == away.id), attr="away_team")
        .join_from(Odds, MarketNames)
        .join_from(MarketNames, of_market, on=(MarketNames.sport == of_market.id), attr="sport")
        .join_from(Odds, Bookmakers)
        .order_by(Odds.id)
    )
