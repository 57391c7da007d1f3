"""What gig-benchmark tells of matches and prices: ``GET /api/…``, no slash at the end.

An answer that does not tell all there is says so: ``X-Result-Complete: false``, how much one answer has
(``X-Result-Limit``), and where the next one is (``Link: …; rel="next"``).
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request

from admin.gig.asked import instant, narrowed, one, written
from analytics import gigrows
from analytics.gigrows import Bookmaker, Evolved, Meeting, Row
from schema.models import Leagues, Sports

MARKET = "1X2"
"""What gig-benchmark calls the market of the winner, in every sport."""


room = Blueprint("gig_odds", __name__, url_prefix="/api")


@room.get("/sports")
def sports() -> Response:
    rows = Sports.select(Sports.id, Sports.code, Sports.name).order_by(Sports.name, Sports.id)
    return jsonify(list(rows.dicts().execute()))


@room.get("/bookmakers")
def bookmakers() -> Response:
    return jsonify([each._asdict() for each in gigrows.bookmakers().values()])


@room.get("/leagues")
def leagues() -> Response:
    columns = (Leagues.id, Leagues.code, Leagues.name, Leagues.country, Sports.id, Sports.code, Sports.name)
    rows = Leagues.select(*columns).join(Sports).order_by(Sports.name, Leagues.name, Leagues.id)
    return jsonify([_league(*row) for row in rows.tuples().execute()])


@room.get("/matches")
def matches() -> Response:
    found = gigrows.offered(narrowed(request.args), instant(request.args))
    told = [match_fields(each) for each in found.rows]
    return _said(told, f"{gigrows.MATCHES} matches", found.next and written(found.next))


@room.get("/odds")
def odds() -> Response:
    found = gigrows.newest(narrowed(request.args), instant(request.args))
    known = gigrows.meetings({row.match for row in found.rows})
    books = gigrows.bookmakers()
    told = [_odd(row, known[row.match], books[row.bookmaker]) for row in found.rows]
    return _said(told, f"{gigrows.ROWS} odds", found.next and written(found.next))


@room.get("/odds-with-evolution")
def evolving() -> Response:
    found = gigrows.evolving(narrowed(request.args), one(request.args, "before"))
    known = {
        match.id: evolving_match_fields(match) for match in gigrows.meetings({row.match for row in found.rows}).values()
    }
    told = [_evolved(row, known[row.match]) for row in found.rows]
    return _said(told, f"{gigrows.EVOLVING} matches", found.next)


@room.get("/avg-trj")
def averages() -> Response:
    found = gigrows.averages(narrowed(request.args))
    return jsonify([{"bookmaker__name": name, "avg_trj": float(mean)} for name, mean in found.items()])


@room.get("/avg-trj-with-evolution")
def averages_by_hour() -> Response:
    found = gigrows.averages_by_hour(narrowed(request.args))
    return jsonify(
        [
            {
                "bookmaker__name": name,
                "avg_trj": float(mean),
                "previous_avg_trj": number(found.before.get(name)),
            }
            for name, mean in found.now.items()
        ]
    )


@room.get("/last-scraping-date")
def last_scraping_date() -> Response:
    return jsonify(last_scraping_date=with_offset(gigrows.last_seen()))


def match_fields(match: Meeting) -> dict[str, Any]:
    """A match, as the lists have it."""
    sport = (match.sport, match.sport_code, match.sport_name)
    return {
        "id": match.id,
        "league": _league(match.league, match.league_code, match.league_name, match.country, *sport),
        "home_team": {"id": match.home, "name": match.home_name},
        "away_team": {"id": match.away, "name": match.away_name},
        "match_date": zulu(match.kickoff),
        "status": match.status,
    }


def evolving_match_fields(match: Meeting) -> dict[str, Any]:
    """A match, as the newest prices have it."""
    return {
        "id": match.id,
        "home_team": {"name": match.home_name},
        "away_team": {"name": match.away_name},
        "sport": {"name": match.sport_name},
        "league": {"name": match.league_name},
        "match_date": with_offset(match.kickoff),
    }


def zulu(instant: datetime | None) -> str | None:
    """``2025-11-10T20:45:00Z``. :param instant: naive UTC."""
    return None if instant is None else f"{instant.isoformat()}Z"


def with_offset(instant: datetime | None) -> str | None:
    """``2025-11-10T20:45:00+00:00``. :param instant: naive UTC."""
    return None if instant is None else f"{instant.isoformat()}+00:00"


def number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def price_text(price: Decimal) -> str:
    """Two decimals; a third where there is one, which gig-benchmark had not kept."""
    return f"{price:.3f}" if price != price.quantize(Decimal("0.01")) else f"{price:.2f}"


def _league(number: int, code: str, name: str, country: str | None, *sport: Any) -> dict[str, Any]:
    return {
        "id": number,
        "code": code,
        "name": name,
        "country": country,
        "sport": dict(zip(("id", "code", "name"), sport, strict=True)),
    }


def _odd(row: Row, match: Meeting, bookmaker: Bookmaker) -> dict[str, Any]:
    return {
        "id": row.id,
        "match": match_fields(match),
        "bookmaker": bookmaker._asdict(),
        "market": {"id": row.market, "code": MARKET, "name": row.market_name},
        "outcome": row.outcome,
        "odd_value": price_text(row.price),
        "trj": None if row.trj is None else f"{row.trj:.2f}",
        "scraped_at": zulu(row.scraped_at),
    }


def _evolved(row: Evolved, match: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "match": match,
        "bookmaker": {"id": row.bookmaker, "name": row.bookmaker_name},
        "outcome": row.outcome,
        "odd_value": float(row.price),
        "trj": number(row.trj),
        "scraped_at": with_offset(row.scraped_at),
        "previous_trj": number(row.previous_trj),
        "previous_scraped_at": with_offset(row.previous_at),
    }


def _said(told: list[dict[str, Any]], limit: str, before: Any) -> Response:
    """The answer, and whether there is more."""
    answer = jsonify(told)
    answer.headers["X-Result-Limit"] = limit
    answer.headers["X-Result-Complete"] = "true" if before is None else "false"
    if before is not None:
        arguments = {**request.args.to_dict(), "before": str(before)}
        answer.headers["Link"] = f'<{request.path}?{urlencode(arguments)}>; rel="next"'
    return answer
