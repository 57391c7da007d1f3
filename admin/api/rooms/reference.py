"""What everybody agrees on: sports, leagues, teams, bookmakers, markets; each as a list, and by id or slug."""

from collections.abc import Callable, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin.api import cursors
from admin.api.answers import Listed, One, listed, one
from admin.api.asking import Fields, Part, Several
from admin.api.names import Named, Names
from admin.api.offering import offer
from admin.api.outcomes import LABELS, OUTCOMES
from schema.models import Teams

room = APIBlueprint("reference", __name__, tag="Reference")


class SportOut(BaseModel):
    id: int
    slug: str
    code: str
    name: str


class LeagueOut(BaseModel):
    id: int
    slug: str
    code: str
    name: str
    country: str | None
    sport: str = Field(description="Slug.")


class TeamOut(BaseModel):
    id: int
    slug: str
    name: str
    league: str = Field(description="Slug.")
    sport: str = Field(description="Slug.")


class BookmakerOut(BaseModel):
    id: int
    slug: str
    code: str
    name: str
    website: str | None
    reviewed: bool = Field(description="Whether somebody knows it; a new name on a page makes a row, too.")


class MarketOut(BaseModel):
    id: int
    slug: str
    code: str
    name: str
    sport: str = Field(description="Slug.")
    outcomes: list[str] = Field(description="In the order they are printed.")
    labels: list[str] = Field(description="What is printed over each of them.")


class OfSport(Part):
    sport: Several = Field(default=[], description="Ids or slugs.")


class OfLeague(OfSport):
    league: Several = Field(default=[], description="Ids or slugs.")


@offer(room, "/sports", asked=Part, answer=Listed[SportOut], errors=(400,))
def list_sports(query_data: Part) -> Response:
    """Sports."""
    names = Names.find()
    return _part(names.sports.values(), query_data, _sport(names), "no sport is known yet: nothing was ever crawled")


@offer(room, "/sports/<ref>", asked=Fields, answer=One[SportOut])
def get_sport(ref: str, query_data: Fields) -> Response:
    """One sport, by id or slug."""
    names = Names.find()
    return one(_sport(names)(_single(names, "sport", ref)), fields=query_data.fields)


@offer(room, "/leagues", asked=OfSport, answer=Listed[LeagueOut], errors=(400, 404))
def list_leagues(query_data: OfSport) -> Response:
    """Leagues, of one sport or all."""
    names = Names.find()
    sports = names.chosen("sport", query_data.sport)
    rows = [row for row in names.leagues.values() if not sports or row.sport in sports]
    return _part(rows, query_data, _league(names), "no league is known here yet")


@offer(room, "/leagues/<ref>", asked=Fields, answer=One[LeagueOut])
def get_league(ref: str, query_data: Fields) -> Response:
    """One league, by id or slug."""
    names = Names.find()
    return one(_league(names)(_single(names, "league", ref)), fields=query_data.fields)


@offer(room, "/markets", asked=OfSport, answer=Listed[MarketOut], errors=(400, 404))
def list_markets(query_data: OfSport) -> Response:
    """Markets: which kinds of bets there are in each sport, and their outcomes."""
    names = Names.find()
    sports = names.chosen("sport", query_data.sport)
    rows = [row for row in names.markets.values() if not sports or row.sport in sports]
    return _part(rows, query_data, _market(names), "no market is known here")


@offer(room, "/markets/<ref>", asked=Fields, answer=One[MarketOut])
def get_market(ref: str, query_data: Fields) -> Response:
    """One market, by id or slug."""
    names = Names.find()
    return one(_market(names)(_single(names, "market", ref)), fields=query_data.fields)


@offer(room, "/bookmakers", asked=Part, answer=Listed[BookmakerOut], errors=(400,))
def list_bookmakers(query_data: Part) -> Response:
    """Bookmakers."""
    return _part(Names.find().bookmakers.values(), query_data, _bookmaker, "no bookmaker is known yet")


@offer(room, "/bookmakers/<ref>", asked=Fields, answer=One[BookmakerOut])
def get_bookmaker(ref: str, query_data: Fields) -> Response:
    """One bookmaker, by id or slug."""
    return one(_bookmaker(_single(Names.find(), "bookmaker", ref)), fields=query_data.fields)


@offer(room, "/teams", asked=OfLeague, answer=Listed[TeamOut], errors=(400, 404))
def list_teams(query_data: OfLeague) -> Response:
    """Teams, or players, each in its league."""
    names = Names.find()
    sports, leagues = names.chosen("sport", query_data.sport), names.chosen("league", query_data.league)
    query = Teams.select(Teams.id, Teams.league, Teams.name, Teams.name_key)
    if sports:
        query = query.where(Teams.league.in_([row.id for row in names.leagues.values() if row.sport in sports]))
    if leagues:
        query = query.where(Teams.league.in_(leagues))
    if place := cursors.position(query_data.cursor):
        query = query.where(Teams.id > place[0])
    rows = list(query.order_by(Teams.id).limit(query_data.limit + 1).tuples().execute())
    told = [_team(names, *row) for row in rows[: query_data.limit]]
    more = cursors.after(told[-1]["id"]) if len(rows) > query_data.limit else None
    reason = ("none", "no team is known here yet: no match of these leagues was ever seen")
    return listed(told, after=more, reason=reason, fields=query_data.fields)


@offer(room, "/teams/<ref>", asked=Fields, answer=One[TeamOut])
def get_team(ref: str, query_data: Fields) -> Response:
    """One team, by id or slug."""
    names = Names.find()
    [number] = names.teams([ref])
    [row] = (
        Teams.select(Teams.id, Teams.league, Teams.name, Teams.name_key).where(Teams.id == number).tuples().execute()
    )
    return one(_team(names, *row), fields=query_data.fields)


def _part(rows: Any, asked: Part, told: Callable[[Named], dict[str, Any]], why_none: str) -> Response:
    """A part of what is looked up whole anyway, by id."""
    first = (cursors.position(asked.cursor) or [0])[0]
    those: Sequence[Named] = sorted((row for row in rows if row.id > first), key=lambda row: row.id)
    more = cursors.after(those[asked.limit - 1].id) if len(those) > asked.limit else None
    return listed(
        [told(row) for row in those[: asked.limit]], after=more, reason=("none", why_none), fields=asked.fields
    )


def _single(names: Names, kind: str, ref: str) -> Named:
    [number] = names.chosen(kind, [ref])
    row: Named = getattr(names, f"{kind}s")[number]
    return row


def _sport(_names: Names) -> Callable[[Named], dict[str, Any]]:
    return lambda row: {"id": row.id, "slug": row.slug, "code": row.code, "name": row.name}


def _league(names: Names) -> Callable[[Named], dict[str, Any]]:
    return lambda row: {
        "id": row.id,
        "slug": row.slug,
        "code": row.code,
        "name": row.name,
        "country": row.extra,
        "sport": names.sports[row.sport or 0].slug,
    }


def _market(names: Names) -> Callable[[Named], dict[str, Any]]:
    def told(row: Named) -> dict[str, Any]:
        market = names.kinds.get(row.id)
        return {
            "id": row.id,
            "slug": row.slug,
            "code": row.code,
            "name": row.name,
            "sport": names.sports[row.sport or 0].slug,
            "outcomes": [OUTCOMES.get(one, one.lower()) for one in market.outcomes] if market else [],
            "labels": [LABELS.get(one, one) for one in market.outcomes] if market else [],
        }

    return told


def _bookmaker(row: Named) -> dict[str, Any]:
    return {
        "id": row.id,
        "slug": row.slug,
        "code": row.code,
        "name": row.name,
        "website": row.extra,
        "reviewed": row.reviewed,
    }


def _team(names: Names, number: int, league: int, name: str, key: str) -> dict[str, Any]:
    of = names.leagues[league]
    return {
        "id": number,
        "slug": names.team_slug(league, key),
        "name": name,
        "league": of.slug,
        "sport": names.sports[of.sport or 0].slug,
    }
