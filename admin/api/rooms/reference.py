"""What everybody agrees on: sports, leagues, teams, bookmakers, markets."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from peewee import ModelSelect
from pydantic import BaseModel, Field

from admin.api import cursors, slugs
from admin.api.answers import Listed, listed
from admin.api.asking import Part, Several
from admin.api.offering import offer
from schema.models import Leagues, Sports

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


class Leaguely(Part):
    sport: Several = Field(default=[], description="Ids or slugs.")


@offer(room, "/sports", asked=Part, answer=Listed[SportOut], errors=(400,))
def list_sports(query_data: Part) -> Response:
    """Sports."""
    query = Sports.select()
    return paged(query, Sports, query_data, _sport, "no sport is known yet: nothing was ever crawled")


@offer(room, "/leagues", asked=Leaguely, answer=Listed[LeagueOut], errors=(400, 404))
def list_leagues(query_data: Leaguely) -> Response:
    """Leagues, of one sport or all."""
    query = Leagues.select(Leagues, Sports).join(Sports)
    if sports := slugs.wanted(query_data.sport, Sports.select, slugs.of_sport, "sport"):
        query = query.where(Leagues.sport.in_([sport.id for sport in sports]))
    return paged(query, Leagues, query_data, _league, "no league is known here yet")


def paged(query: "ModelSelect[Any]", table: Any, asked: Part, written: Any, why_none: str) -> Response:
    """A part of a small table, by id. One query."""
    if place := cursors.position(asked.cursor):
        query = query.where(table.id > place[0])
    rows = list(query.order_by(table.id).limit(asked.limit + 1))
    more = cursors.after(rows[asked.limit - 1].id) if len(rows) > asked.limit else None
    told = [written(row) for row in rows[: asked.limit]]
    return listed(told, after=more, reason=("none", why_none), fields=asked.fields)


def _sport(sport: Sports) -> dict[str, Any]:
    return {"id": sport.id, "slug": slugs.of_sport(sport), "code": sport.code, "name": sport.name}


def _league(league: Leagues) -> dict[str, Any]:
    return {
        "id": league.id,
        "slug": slugs.of_league(league),
        "code": league.code,
        "name": league.name,
        "country": league.country,
        "sport": slugs.of_sport(league.sport),
    }
