"""The history of a match's prices."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin.api import cursors
from admin.api.answers import Listed, instant, listed
from admin.api.asking import Instant, OddsFormat, Part, Several
from admin.api.matching import found_match
from admin.api.names import Names
from admin.api.offering import offer
from admin.api.outcomes import LABELS, OUTCOMES, codes
from admin.api.pricing import Line, line_told, winners
from analytics import pricehistory
from analytics.finding import Fixture, own_market
from analytics.odds_format import FORMATS
from analytics.pricehistory import Told, ends
from schema.instants import naive, read_iso

room = APIBlueprint("history", __name__, tag="Odds")

STEPS: Mapping[str, int | None] = {"raw": None, "5m": 300, "1h": 3600}


class OfHistory(Part):
    market: Several = Field(default=[], description="Ids, slugs or bare codes; the winner's where none is named.")
    line: Line | None = Field(None, description="Handicap or total; 0 in markets without one.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    outcome: Several = Field(default=[], description="home, draw, away, …")
    since: Instant | None = Field(None, alias="from", description="Seen from then on.")
    until: Instant | None = Field(None, description="Seen before then.")
    step: Literal["raw", "5m", "1h"] = Field("raw", description="Every observation, or the last of each step.")
    odds_format: OddsFormat = Field("decimal", description="How prices are written.")


class ObservationOut(BaseModel):
    market: str = Field(description="Slug.")
    line: str | None
    bookmaker: str = Field(description="Slug.")
    outcome: str
    label: str
    price: str
    trj: str | None = Field(description="Bookmaker TRJ of the quote, percent.")
    scraped_at: str = Field(description="When it was seen.")
    stored_at: str | None = Field(description="Since when it is known here; null where that was not kept.")
    suspect: str | None
    page: str | None


@offer(room, "/matches/<int:number>/history", asked=OfHistory, answer=Listed[ObservationOut], errors=(400,))
def get_history(number: int, query_data: OfHistory) -> Response:
    """How the prices of a match went: by market, line, bookmaker and outcome, each of these by time."""
    match, names = found_match(number), Names.find()
    part = pricehistory.Part(
        match=match.id,
        markets=names.markets_of(query_data.market) or _own(match, names),
        line=query_data.line,
        bookmakers=names.chosen("bookmaker", query_data.bookmaker),
        outcomes=codes(query_data.outcome),
        since=query_data.since,
        until=query_data.until,
        step=STEPS[query_data.step],
    )
    place = cursors.position(query_data.cursor)
    found = pricehistory.history(part, query_data.limit + 1, _position(place) if place else None)
    rows, write = found[: query_data.limit], FORMATS[query_data.odds_format]
    more = None
    if len(found) > query_data.limit:
        market, line, bookmaker, outcome, at = rows[-1].position
        more = cursors.after(market, str(line), bookmaker, outcome, instant(at))
    told = [_observation(row, names, write) for row in rows]
    return listed(told, after=more, reason=None if rows else _why_none(part, names), fields=query_data.fields)


def _own(match: Fixture, names: Names) -> list[int]:
    """The winner's market of its sport; any winner's where the league is offered another."""
    own = [number for number in winners(names) if names.markets[number].sport == names.leagues[match.league_id].sport]
    return [number for number in own if names.markets[number].code == own_market(match.sport)] or own


def _position(place: Any) -> pricehistory.Position:
    market, line, bookmaker, outcome, at = place
    return market, Decimal(line), bookmaker, outcome, naive(read_iso(at))


def _observation(row: Told, names: Names, write: Any) -> dict[str, Any]:
    return {
        "market": names.markets[row.market].slug,
        "line": line_told(row.line),
        "bookmaker": names.bookmakers[row.bookmaker].slug,
        "outcome": OUTCOMES.get(row.outcome, row.outcome.lower()),
        "label": LABELS.get(row.outcome, row.outcome),
        "price": write(row.price),
        "trj": None if row.trj is None else str(row.trj),
        "scraped_at": instant(row.scraped_at),
        "stored_at": instant(row.stored_at),
        "suspect": row.suspect if row.doubted else None,
        "page": row.page,
    }


def _why_none(part: pricehistory.Part, names: Names) -> tuple[str, str]:
    found = ends(part)
    if found is None:
        markets = " or ".join(names.markets[number].slug for number in part.markets)
        books = " or ".join(names.bookmakers[number].slug for number in part.bookmakers)
        said = f" at {books}" if books else ""
        return "not_offered", f"no price in {markets}{said} was ever seen of this match"
    first, last = (instant(one) for one in found)
    return (
        "out_of_range",
        f"nothing was seen in this range: the first of these prices is of {first}, the last {last}",
    )
