"""What moves: prices that dropped or rose, and surebets."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from admin.api import cursors
from admin.api.answers import Listed, age, instant, listed
from admin.api.asking import Digits, Instant, OddsFormat, Part, Several
from admin.api.names import Names
from admin.api.offering import offer
from admin.api.pricing import line_told, outcome_told, percent, tagged
from admin.api.problems import impossible
from analytics.movements import TOLD, Candidate, Move, candidates, verified
from analytics.odds_format import FORMATS
from analytics.surebets import Surebet, confirmed, surebets
from schema.instants import naive, read_iso
from schema.models import now

room = APIBlueprint("moving", __name__, tag="Movements")

USUAL, LONGEST = timedelta(hours=1), timedelta(hours=24)
PERCENT = r"(100|[0-9]{1,2}(\.[0-9]{1,2})?)"


def _percent(value: Any) -> Any:
    """:raises ValueError: when it is none."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(PERCENT, value):
        raise ValueError("write a percentage from 0 to 100: 2.5")
    return Decimal(value)


Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": f"^{PERCENT}$"}),
]


class OfMovements(Part):
    limit: Annotated[int, Field(ge=1, le=TOLD), Digits] = Field(TOLD, description="Rows of one answer.")
    since: Instant | None = Field(None, description="Against the price then: an hour ago, unless said; a day at most.")
    min_pct: Percent = Field(Decimal(0), description="Moves of so many percent at least.")
    direction: Literal["down", "up"] | None = Field(None, description="Only drops, or rises.")
    sport: Several = Field(default=[], description="Ids or slugs.")
    league: Several = Field(default=[], description="Ids or slugs.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    odds_format: OddsFormat = Field("decimal", description="How prices are written.")


class MovementOut(BaseModel):
    match: int = Field(description="Id.")
    sport: str = Field(description="Slug.")
    league: str = Field(description="Slug.")
    home: str = Field(description="Name.")
    away: str = Field(description="Name.")
    commence_time: str | None
    market: str = Field(description="Slug.")
    line: str | None
    bookmaker: str = Field(description="Slug.")
    outcome: str
    label: str
    before: str = Field(description="The price that was known then, or the opening one.")
    price: str = Field(description="The price now.")
    change_pct: str
    implied_points: str = Field(description="By how many points the implied probability rose.")
    changes: int = Field(description="How often the price changed on the way.")
    low: str
    high: str
    before_at: str = Field(description="When the price before was first seen.")
    moved_at: str = Field(description="When the price now was first seen.")
    scraped_at: str = Field(description="When it was last seen.")
    age_seconds: int
    followers: int = Field(description="Other bookmakers whose price of this outcome went the same way.")


class MovementsOut(Listed[MovementOut]):
    since: str


@offer(room, "/movements", asked=OfMovements, answer=MovementsOut, errors=(400, 404))
def list_movements(query_data: OfMovements) -> Response:
    """Prices of matches to come that moved, the widest first. What flickered, or is in doubt, never counts."""
    at = now()
    names, place = Names.find(), cursors.position(query_data.cursor)
    since = naive(read_iso(place[0])) if place else query_data.since or at - USUAL
    if query_data.since and not at - LONGEST <= query_data.since < at:
        raise impossible("since", "within the last 24 hours")
    found = candidates(since, at)
    wanted = _wanted(found, query_data, names)
    following = [each for each in wanted if not place or _place(each) > _read(place[1:])]
    some = following[: query_data.limit]
    rows = [_movement(move, names, query_data, at) for move in verified(some, since, among=found)]
    more = cursors.after(instant(since), *_written(some[-1])) if len(following) > len(some) else None
    reason = None if rows else _why_nothing_moved(found, wanted, query_data, since)
    answer = listed(rows, after=more, reason=reason, fields=query_data.fields, since=instant(since))
    return tagged(answer, sliding=query_data.since is None)


Place = tuple[Decimal, tuple[int, int, Decimal, int, str]]
"""Of a candidate, the widest move first: what came before it meanwhile does not push others into the next part."""


def _place(each: Candidate) -> Place:
    return -abs(each.change), each.key


def _written(each: Candidate) -> list[Any]:
    width, (match, market, line, bookmaker, outcome) = _place(each)
    return [str(width), match, market, str(line), bookmaker, outcome]


def _read(written: Sequence[Any]) -> Place:
    width, match, market, line, bookmaker, outcome = written
    return Decimal(width), (match, market, Decimal(line), bookmaker, outcome)


def _wanted(found: list[Candidate], asked: OfMovements, names: Names) -> list[Candidate]:
    """By their places."""
    sports, leagues = names.chosen("sport", asked.sport), names.chosen("league", asked.league)
    bookmakers = names.chosen("bookmaker", asked.bookmaker)
    wanted = (
        each
        for each in found
        if (not sports or each.sport_id in sports)
        and (not leagues or each.league_id in leagues)
        and (not bookmakers or each.bookmaker_id in bookmakers)
        and abs(each.change) >= asked.min_pct
        and (asked.direction is None or (each.change < 0) == (asked.direction == "down"))
    )
    return sorted(wanted, key=_place)


def _movement(move: Move, names: Names, asked: OfMovements, at: datetime) -> dict[str, Any]:
    what, how, write = move.what, move.how, FORMATS[asked.odds_format]
    return {
        "match": what.match_id,
        "sport": names.sports[what.sport_id].slug,
        "league": names.leagues[what.league_id].slug,
        "home": what.home,
        "away": what.away,
        "commence_time": instant(what.kickoff),
        "market": names.markets[what.market_id].slug,
        "line": line_told(what.line),
        "bookmaker": names.bookmakers[what.bookmaker_id].slug,
        **outcome_told(what.outcome),
        "before": write(how.before),
        "price": write(how.now),
        "change_pct": percent(how.change),
        "implied_points": percent(how.implied_points),
        "changes": how.changes,
        "low": write(how.low),
        "high": write(how.high),
        "before_at": instant(how.since),
        "moved_at": instant(how.moved_at),
        "scraped_at": instant(how.seen_at),
        "age_seconds": age(how.seen_at, at),
        "followers": move.others,
    }


def _why_nothing_moved(
    found: list[Candidate], wanted: list[Candidate], asked: OfMovements, since: datetime
) -> tuple[str, str]:
    if not found:
        return "unchanged", f"no price of a match to come is another than it was at {instant(since)}"
    if wanted:
        return "flickered", "what differs of these prices only flickered, or is in doubt"
    widest = max(found, key=lambda each: abs(each.change))
    if abs(widest.change) < asked.min_pct:
        return (
            "filtered",
            f"nothing moved by {asked.min_pct} %: the widest move since then is {percent(widest.change)} %",
        )
    return "filtered", f"{len(found)} prices moved since then, but none of what was asked for"


# -- surebets ----------------------------------------------------------------------------------------------------------


class OfSurebets(Part):
    sport: Several = Field(default=[], description="Ids or slugs.")
    league: Several = Field(default=[], description="Ids or slugs.")
    max_age: Annotated[int, Field(ge=1, le=864_000), Digits] | None = Field(
        None, description="Seconds: those with an older price are left out, and counted."
    )
    odds_format: OddsFormat = Field("decimal", description="How prices are written.")


class LegOut(BaseModel):
    outcome: str
    label: str
    price: str
    bookmakers: list[str] = Field(description="Slugs of all that offer it.")
    stake_pct: str = Field(description="Share of the stakes that pays the same whatever happens.")


class SurebetOut(BaseModel):
    match: int = Field(description="Id.")
    sport: str = Field(description="Slug.")
    league: str = Field(description="Slug.")
    home: str = Field(description="Name.")
    away: str = Field(description="Name.")
    commence_time: str
    market: str = Field(description="Slug.")
    line: str | None
    market_trj: str = Field(description="What comes back of a hundred staked.")
    profit_pct: str
    confidence: Literal["confirmed", "seen_once"] = Field(
        description="Confirmed: it was there already when each of these prices was seen the time before."
    )
    legs: list[LegOut]
    scraped_at: str = Field(description="Of the oldest of these prices.")
    age_seconds: int = Field(description="Of the oldest of these prices.")


class SurebetsOut(Listed[SurebetOut]):
    left_out: int = Field(description="With a price older than `max_age`.")


@offer(room, "/surebets", asked=OfSurebets, answer=SurebetsOut, errors=(400, 404))
def list_surebets(query_data: OfSurebets) -> Response:
    """Markets of matches to come whose best prices pay back more than the stakes, the best first."""
    at = now()
    names = Names.find()
    found = surebets(at)
    sports, leagues = names.chosen("sport", query_data.sport), names.chosen("league", query_data.league)
    chosen = [
        each for each in found if (not sports or each.sport_id in sports) and (not leagues or each.league_id in leagues)
    ]
    young = [each for each in chosen if query_data.max_age is None or age(each.seen_at, at) <= query_data.max_age]
    young.sort(key=_place_of_surebet)
    place = cursors.position(query_data.cursor)
    left = [each for each in young if not place or _place_of_surebet(each) > _read_surebet(place)]
    some = left[: query_data.limit]
    sure = confirmed(some)
    rows = [_surebet(each, names, query_data, at, sure=number in sure) for number, each in enumerate(some)]
    more = cursors.after(*map(str, _place_of_surebet(some[-1]))) if len(left) > len(some) else None
    reason = None if rows else _why_no_surebet(found, young, chosen, query_data, at)
    left_out = len(chosen) - len(young)
    return tagged(listed(rows, after=more, reason=reason, fields=query_data.fields, left_out=left_out))


def _place_of_surebet(each: Surebet) -> tuple[Decimal, int, str, Decimal]:
    """The best first: what came before it meanwhile does not push others into the next part."""
    return -each.trj, each.match_id, each.market.code, each.line


def _read_surebet(written: Sequence[str]) -> tuple[Decimal, int, str, Decimal]:
    trj, match, market, line = written
    return Decimal(trj), int(match), market, Decimal(line)


def _why_no_surebet(
    found: list[Surebet], young: list[Surebet], chosen: list[Surebet], asked: OfSurebets, at: datetime
) -> tuple[str, str]:
    if young:
        return "none", "no surebet is left for this part of the list"
    if chosen:
        youngest = min(age(each.seen_at, at) for each in chosen)
        return (
            "too_old",
            f"of {len(chosen)} each has a price older than {asked.max_age} s; the youngest is {youngest} s old",
        )
    if found:
        return "filtered", f"there are {len(found)}, but none of these sports and leagues"
    return "none", "no market of a match to come pays back more than the stakes at its best prices"


def _surebet(each: Surebet, names: Names, asked: OfSurebets, at: datetime, *, sure: bool) -> dict[str, Any]:
    slugs = {row.name: row.slug for row in names.bookmakers.values()}
    write = FORMATS[asked.odds_format]
    market = next(
        row.slug for row in names.markets.values() if (row.code, row.sport) == (each.market.code, each.sport_id)
    )
    return {
        "match": each.match_id,
        "sport": names.sports[each.sport_id].slug,
        "league": names.leagues[each.league_id].slug,
        "home": each.home,
        "away": each.away,
        "commence_time": instant(each.kickoff),
        "market": market,
        "line": line_told(each.line),
        "market_trj": percent(each.trj),
        "profit_pct": percent(each.trj - 100),
        "confidence": "confirmed" if sure else "seen_once",
        "legs": [
            outcome_told(outcome)
            | {
                "price": write(best.price),
                "bookmakers": [slugs[name] for name in best.bookmakers],
                "stake_pct": percent(each.trj / best.price / each.market.winners),
            }
            for outcome, best in each.best.items()
        ],
        "scraped_at": instant(each.seen_at),
        "age_seconds": age(each.seen_at, at),
    }
