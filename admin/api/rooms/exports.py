"""Whole lists as files: NDJSON, CSV or Parquet, sent while they are read, in memory that does not grow."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial, reduce
from operator import or_
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from peewee import ModelSelect, chunked
from pydantic import BeforeValidator, Field, WithJsonSchema
from werkzeug.exceptions import TooManyRequests

from admin.api import slugs
from admin.api.asking import Asked, Flag, Instant, Numbers, Several
from admin.api.offering import offer
from admin.api.problems import Problem
from admin.exporting import sending
from admin.exporting.columns import PATHS, Column, kind_of
from admin.exporting.reading import InParts, Listed, Source
from admin.exporting.running import AT_ONCE, OF_ONE
from admin.exporting.writing import CsvForPrograms, MakesWriter, NdjsonForPrograms, Parquet
from admin.views.joins import Joins, keys_of, meta, related
from gigscrapy.imports import ours
from gigscrapy.imports.ours import WHOLE
from schema.models import (
    Bookmakers,
    LatestOdds,
    Leagues,
    MarketNames,
    Matches,
    Odds,
    Payouts,
    Runs,
    Sports,
    Teams,
    now,
)

room = APIBlueprint("exports", __name__, tag="Exports")

TOGETHER = 20
"""Matches whose prices are read in one statement."""
AHEAD = 1_000
"""Matches that are found at once."""
BUSY = 10
"""Seconds after which to ask again while too many exports go on."""

STATES = Literal["queued", "scheduled", "running", "finished", "cancelled", "failed", "lost"]
STATUSES = Literal["scheduled", "live", "finished", "postponed"]

_TEXT = {"type": "string"}
FILES: dict[str, Any] = {
    "application/x-ndjson": _TEXT,
    "text/csv": _TEXT,
    "application/vnd.apache.parquet": {"type": "string", "format": "binary"},
}


def _day(value: Any) -> date:
    """:raises ValueError: when it is no day."""
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write 2025-10-17")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class File(Asked):
    format: Literal["ndjson", "csv", "parquet"] = Field("ndjson", description="The kind of file.")
    trailer: Flag = Field(
        default=False,
        description='With a last line that says the file is whole: `{"complete":true,"rows":3}`, in a CSV `## 3`.',
    )


class OfSport(File):
    sport: Several = Field(default=[], description="Ids or slugs.")


class OfLeague(OfSport):
    league: Several = Field(default=[], description="Ids or slugs.")


class MatchesAsked(OfLeague):
    team: Several = Field(default=[], description="Ids or slugs.")
    from_: Instant | None = Field(default=None, alias="from", description="Kick-off at this instant or later.")
    until: Instant | None = Field(default=None, description="Kick-off before this instant.")
    status: STATUSES | None = None
    updated_since: Instant | None = Field(default=None, description="Seen at this instant or later.")


class PricesAsked(OfLeague):
    team: Several = Field(default=[], description="Ids or slugs.")
    match: Numbers = Field(default=[], description="Ids.")
    from_: Instant | None = Field(default=None, alias="from", description="Kick-off at this instant or later.")
    until: Instant | None = Field(default=None, description="Kick-off before this instant.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    market: Several = Field(default=[], description="Ids or slugs.")
    outcome: str = Field("", max_length=50, description="One outcome: `1`.")
    scraped_since: Instant | None = Field(default=None, description="Seen at this instant or later.")
    scraped_until: Instant | None = Field(default=None, description="Seen before this instant; when not given, now.")


class RunsAsked(File):
    state: STATES | None = None
    spider: str = Field("", max_length=100, description="Name of a league's crawl: `ligue1`.")
    since: Instant | None = Field(default=None, description="Begun at this instant or later.")
    until: Instant | None = Field(default=None, description="Begun before this instant.")


class PayoutsAsked(OfLeague):
    match: Numbers = Field(default=[], description="Ids.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    market: Several = Field(default=[], description="Ids or slugs.")
    from_: Day | None = Field(default=None, alias="from", description="Day of the kick-off in Paris, or later.")
    until: Day | None = Field(default=None, description="Day of the kick-off in Paris, or earlier.")


def _columns(model: Any, *said: str) -> list[Column]:
    """``league=league.name`` is the column ``league``, with what stands there; ``id`` is both."""
    found = []
    for one in said:
        key, _, path = one.rpartition("=")
        owner, _, name = path.rpartition(".")
        kind = kind_of(meta(related(model, owner)).fields[name])
        found.append(Column(key or path, key or path, kind, path))
    return found


def _of_prices(model: Any) -> list[Column]:
    """Those that an import reads again, after our own numbers."""
    own = [Column("match", "match", WHOLE, "match.id")]
    if model is Odds:
        own.insert(0, Column("id", "id", WHOLE, "id"))
    return own + [Column(key, key, kind, PATHS[key]) for key, (kind, *_) in ours.COLUMNS.items()]


_OF_LEAGUE = ("sport=league.sport.name", "league_id=league.id", "league=league.name", "country=league.country")
_OF_MATCH = (
    *("id", *_OF_LEAGUE, "home_id=home_team.id", "home=home_team.name", "away_id=away_team.id", "away=away_team.name"),
    *("kickoff=match_date", "kickoff_seen_at=match_date_seen_at", "status", "source", "match_id=site_id", "url"),
    *("seen_at", "created_at", "updated_at"),
)
_OF_RUN = (
    *("id", "run_id", "spider", "state", "verdict", "exit_code", "sentence", "arguments", "requested_by"),
    *("requested_at", "started_at", "finished_at", "reported_at", "discovered", "parsed", "published", "pages"),
    *("retries", "errors=error_count", "stored", "prices", "refused", "duplicates", "bookmakers", "suspects"),
    "task_id",
)
_OF_PAYOUT = (
    *("match=match.id", "league_id=league.id", "league=league.name", "market=market.code", "line"),
    *("bookmaker_id=bookmaker.id", "bookmaker=bookmaker.name", "day", "kickoff", "scraped_at", "trj"),
    *("published_trj", "opened_at", "opening_trj", "stale", "books", "outcomes", "best_alone", "best_tied"),
)


@offer(room, "/exports/odds", answer=None, asked=PricesAsked, scope="export", errors=(404,), files=FILES)
def export_odds(query_data: PricesAsked) -> Response:
    """Every price ever seen: of all and of bookmakers the oldest first, of anything else match by match."""
    conditions = _of_price(Odds, query_data)
    until = query_data.scraped_until or now()
    conditions.append(Odds.scraped_at < until)
    matches = _matches_of(query_data)
    bookmakers = [
        row.id for row in slugs.wanted(query_data.bookmaker, Bookmakers.select, slugs.of_bookmaker, "bookmaker")
    ]
    if matches is not None:
        if bookmakers:
            conditions.append(Odds.bookmaker.in_(bookmakers))
        by_match = (Odds.match, Odds.market, Odds.line, Odds.bookmaker, Odds.outcome, Odds.scraped_at)
        listed = _listed(Odds, _of_prices(Odds), conditions, by_match)
        return _sent(_by_match(listed, matches), query_data, "odds")
    by_time = (Odds.scraped_at, Odds.id)
    if bookmakers:
        listed = _listed(Odds, _of_prices(Odds), conditions, by_time, "odds_bookmaker_id_scraped_at")
        return _sent(InParts(listed, [Odds.bookmaker == number for number in bookmakers]), query_data, "odds")
    return _sent(_listed(Odds, _of_prices(Odds), conditions, by_time, "odds_scraped_at"), query_data, "odds")


@offer(room, "/exports/latest-odds", answer=None, asked=PricesAsked, scope="export", errors=(404,), files=FILES)
def export_latest_odds(query_data: PricesAsked) -> Response:
    """The newest price of each outcome at each bookmaker, match by match."""
    conditions = _of_price(LatestOdds, query_data)
    if query_data.scraped_until:
        conditions.append(LatestOdds.scraped_at < query_data.scraped_until)
    wanted = slugs.wanted(query_data.bookmaker, Bookmakers.select, slugs.of_bookmaker, "bookmaker")
    if wanted:
        conditions.append(LatestOdds.bookmaker.in_([row.id for row in wanted]))
    listed = _listed(LatestOdds, _of_prices(LatestOdds), conditions, keys_of(LatestOdds))
    matches = _matches_of(query_data)
    return _sent(listed if matches is None else _by_match(listed, matches), query_data, "latest-odds")


@offer(room, "/exports/matches", answer=None, asked=MatchesAsked, scope="export", errors=(404,), files=FILES)
def export_matches(query_data: MatchesAsked) -> Response:
    """Matches, by id."""
    conditions = _of_matches(query_data)
    if query_data.status:
        conditions.append(Matches.status == query_data.status)
    if query_data.updated_since:
        conditions.append(Matches.seen_at >= query_data.updated_since)
    return _sent(_listed(Matches, _columns(Matches, *_OF_MATCH), conditions, [Matches.id]), query_data, "matches")


@offer(room, "/exports/runs", answer=None, asked=RunsAsked, scope="export", files=FILES)
def export_runs(query_data: RunsAsked) -> Response:
    """Crawls, by id."""
    asked = query_data
    wanted = {
        "state": asked.state and Runs.state == asked.state,
        "spider": asked.spider and Runs.spider == asked.spider,
        "since": asked.since and Runs.started_at >= asked.since,
        "until": asked.until and Runs.started_at < asked.until,
    }
    conditions = [condition for condition in wanted.values() if condition]
    return _sent(_listed(Runs, _columns(Runs, *_OF_RUN), conditions, [Runs.id]), asked, "runs")


@offer(room, "/exports/payouts", answer=None, asked=PayoutsAsked, scope="export", errors=(404,), files=FILES)
def export_payouts(query_data: PayoutsAsked) -> Response:
    """What each bookmaker paid back of a match's market at its last quote before the kick-off (TRJ, percent)."""
    asked, conditions = query_data, []
    for column, names, table, slug, kind in (
        (Payouts.bookmaker, asked.bookmaker, Bookmakers, slugs.of_bookmaker, "bookmaker"),
        (Payouts.market, asked.market, MarketNames, slugs.of_market, "market"),
    ):
        if found := slugs.wanted(names, _all(table), slug, kind):
            conditions.append(column.in_([row.id for row in found]))
    if (leagues := _leagues(asked)) is not None:
        conditions.append(Payouts.league.in_(leagues))
    if asked.match:
        conditions.append(Payouts.match.in_(asked.match))
    if asked.from_:
        conditions.append(Payouts.day >= asked.from_)
    if asked.until:
        conditions.append(Payouts.day <= asked.until)
    return _sent(_listed(Payouts, _columns(Payouts, *_OF_PAYOUT), conditions, keys_of(Payouts)), asked, "payouts")


@offer(room, "/exports/teams", answer=None, asked=OfLeague, scope="export", errors=(404,), files=FILES)
def export_teams(query_data: OfLeague) -> Response:
    """Teams, by id; of tennis, players."""
    leagues = _leagues(query_data)
    conditions = [] if leagues is None else [Teams.league.in_(leagues)]
    columns = _columns(Teams, "id", "name", *_OF_LEAGUE, "created_at")
    return _sent(_listed(Teams, columns, conditions, [Teams.id]), query_data, "teams")


@offer(room, "/exports/leagues", answer=None, asked=OfSport, scope="export", errors=(404,), files=FILES)
def export_leagues(query_data: OfSport) -> Response:
    """Leagues, by id."""
    sports = slugs.wanted(query_data.sport, Sports.select, slugs.of_sport, "sport")
    conditions = [Leagues.sport.in_([sport.id for sport in sports])] if sports else []
    columns = _columns(Leagues, "id", "code", "name", "country", "sport=sport.name", "created_at")
    return _sent(_listed(Leagues, columns, conditions, [Leagues.id]), query_data, "leagues")


@offer(room, "/exports/bookmakers", answer=None, asked=File, scope="export", files=FILES)
def export_bookmakers(query_data: File) -> Response:
    """Bookmakers, by id."""
    columns = _columns(Bookmakers, "id", "code", "name", "website", "site_id", "reviewed", "created_at")
    return _sent(_listed(Bookmakers, columns, [], [Bookmakers.id]), query_data, "bookmakers")


# -- how ---------------------------------------------------------------------------------------------------------------


def _sent(source: Source, asked: File, name: str) -> Response:
    """:raises Problem: 429 ``too_many_exports``."""
    try:
        answer = sending.answer(source, asked.format, name, writers=_writers(asked))
    except TooManyRequests:
        detail = f"So many exports go on that no other is begun: {OF_ONE} of one account, {AT_ONCE} in all."
        raise Problem(429, "too_many_exports", detail, retry_after=BUSY) from None
    if (most := sending.most_here()) is not None:
        answer.headers["X-Most-Rows"] = str(most)
    return answer


def _writers(asked: File) -> Mapping[str, MakesWriter]:
    return {
        "ndjson": partial(NdjsonForPrograms, trailer=asked.trailer),
        "csv": partial(CsvForPrograms, trailer=asked.trailer),
        "parquet": Parquet,
    }


def _listed(
    model: Any, columns: Sequence[Column], conditions: Sequence[Any], keys: Sequence[Any], index: str | None = None
) -> Listed:
    return Listed(
        database=meta(model).database.obj,
        model=model,
        columns=columns,
        joins=Joins(model),
        conditions=conditions,
        keys=keys,
        desc=False,
        index=index,
    )


def _by_match(listed: Listed, matches: "ModelSelect[Matches]") -> InParts:
    """Of some matches after the other, each read by the index that begins with them."""
    key = listed.model.match  # type: ignore[attr-defined]
    return InParts(listed, (key.in_(some) for some in chunked(_ids(matches), TOGETHER)))


def _ids(matches: "ModelSelect[Matches]") -> Iterator[int]:
    """Their numbers, in their order, some at a time."""
    last = 0
    while True:
        rows: Any = matches.where(Matches.id > last).limit(AHEAD).tuples()
        found = [row[0] for row in rows]
        yield from found
        if len(found) < AHEAD:
            return
        last = found[-1]


def _of_price(model: Any, asked: PricesAsked) -> list[Any]:
    """What is asked of a price itself, but the bookmaker."""
    conditions = []
    if markets := slugs.wanted(asked.market, _all(MarketNames), slugs.of_market, "market"):
        conditions.append(model.market.in_([market.id for market in markets]))
    if asked.outcome:
        conditions.append(model.outcome == asked.outcome)
    if asked.scraped_since:
        conditions.append(model.scraped_at >= asked.scraped_since)
    return conditions


def _matches_of(asked: PricesAsked) -> "ModelSelect[Matches] | None":
    """The matches that are asked of, by id; ``None``: all."""
    conditions = _of_matches(asked)
    if asked.match:
        conditions.append(Matches.id.in_(asked.match))
    return Matches.select(Matches.id).where(*conditions).order_by(Matches.id) if conditions else None


def _of_matches(asked: MatchesAsked | PricesAsked) -> list[Any]:
    conditions = []
    if (leagues := _leagues(asked)) is not None:
        conditions.append(Matches.league.in_(leagues))
    teams = slugs.wanted(asked.team, _all(Teams, Leagues, Sports), slugs.of_team, "team")
    if teams:
        numbers = [team.id for team in teams]
        conditions.append(reduce(or_, (Matches.home_team.in_(numbers), Matches.away_team.in_(numbers))))
    if asked.from_:
        conditions.append(Matches.match_date >= asked.from_)
    if asked.until:
        conditions.append(Matches.match_date < asked.until)
    return conditions


def _leagues(asked: OfLeague) -> list[int] | None:
    """The ids of the leagues that are asked of; ``None``: all."""
    if not asked.sport and not asked.league:
        return None
    leagues = slugs.wanted(asked.league, _all(Leagues, Sports), slugs.of_league, "league")
    sports = {sport.id for sport in slugs.wanted(asked.sport, Sports.select, slugs.of_sport, "sport")}
    if not asked.league:
        leagues = list(Leagues.select().where(Leagues.sport.in_(sports)))
    return [league.id for league in leagues if not sports or league.sport_id in sports]


def _all(table: Any, *with_: Any) -> Any:
    """All rows, with those they belong to: what a slug is made of."""

    def rows() -> Any:
        others = with_ or ((Sports,) if table is MarketNames else ())
        query = table.select(table, *others)
        for other in others:
            query = query.join(other)
        return query

    return rows
