"""The addresses of gig-benchmark's front end: its tables as JSON, its export, its form, and where its pages are now."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, request

from admin import audit, signin, signing
from admin.gig import scraping
from admin.gig.asked import narrowed, said
from admin.gig.errors import BadParameter
from admin.gig.guard import anybody, insist_on_own_pages, scoped
from admin.gig.odds import evolving_match_fields, number
from admin.pages.finder import gigtables
from analytics import finding, gigrows
from analytics.gig import Average, Quote, averages, quotes
from schema.instants import from_paris, naive, to_paris
from schema.models import Matches
from schema.prices import published_style

LOADED = 500
"""Matches of one answer."""
STILL = frozenset({"gig_front.test", "gig_front.health", "gig_scraping.health"})
"""Endpoints that ask no database."""
HOME, SIGN_IN, ACCOUNTS = "/matches/gig/", "/sign-in/", "/team/"
TO = " to "


room = Blueprint("gig_front", __name__)


@room.get("/frontend-api/odds/load")
def load() -> Response:
    wanted, condition, bookmakers = _wanted()
    found = finding.meetings(wanted, LOADED + 1, named=condition)
    told = quotes(found[:LOADED], bookmakers)
    known = gigrows.meetings({quote.match.id for quote in told})
    books = {each.name: {"id": each.id, "name": each.name} for each in gigrows.bookmakers().values()}
    matches = {match.id: evolving_match_fields(match) for match in known.values()}
    answer = jsonify(
        success=True,
        odds=[_odd(quote, matches[quote.match.id], books[quote.bookmaker]) for quote in told],
        avgTrj=[_average(average) for average in averages(told)],
    )
    answer.headers["X-Result-Limit"] = f"{LOADED} matches"
    answer.headers["X-Result-Complete"] = "false" if len(found) > LOADED else "true"
    return answer


@room.get("/odds/export-csv")
@scoped("export")
def export() -> Response:
    wanted, condition, bookmakers = _wanted()
    return gigtables.export(wanted, bookmakers, now(), named=condition)


@room.post("/odds/scraping/trigger")
def trigger() -> scraping.Answer:
    form = request.form
    sport, league = ((form.get(name) or form.get(f"scraping_{name}") or "").strip() for name in ("sport", "league"))
    if not sport or not league:
        return jsonify(success=False, error="Sport et league requis"), 400
    scraper = f"{sport}.{league.lower().replace(' ', '_')}"
    return scraping.asked_for(scraper, message="Scraping en cours...")


@room.get("/test")
@anybody
def test() -> Response:
    return Response("OK", mimetype="text/html")


@room.get("/health")
@anybody
def health() -> Response:
    return Response("healthy\n", mimetype="text/plain")


@room.get("/odds")
@anybody
def odds() -> Any:
    return redirect(HOME)


@room.get("/login")
@anybody
def login() -> Any:
    return redirect(SIGN_IN)


@room.post("/login")
@anybody
def signed_in() -> Any:
    """Its form: the same session as that of our own page."""
    insist_on_own_pages()
    person = signin.checked(request.form.get("username", ""), request.form.get("password", ""))
    if person is None:
        return redirect(SIGN_IN, 303)
    signing.sign_in(person)
    g.person = person
    audit.note("sign-in", "user", person.username)
    return redirect(HOME, 303)


@room.route("/register", methods=["GET", "POST"])
@anybody
def register() -> Any:
    """An administrator makes accounts here; programs ask /auth/register/."""
    return redirect(ACCOUNTS, 303)


@room.get("/logout")
@anybody
def logout() -> Any:
    """A link, as gig-benchmark had it; one that really signs out, unless a page elsewhere has it followed."""
    if request.headers.get("Sec-Fetch-Site") in (None, "none", "same-origin"):
        g.person = signing.person_here()
        if g.person is not None:
            audit.note("sign-out", "user", g.person.username)
        signing.sign_out()
    return redirect(SIGN_IN)


def now() -> datetime:
    """This instant, aware."""
    return datetime.now(UTC)


def _wanted() -> tuple[finding.Wanted, Any, tuple[int, ...]]:
    """The matches and bookmakers that are asked for. :raises BadParameter: when one is nothing it may be."""
    asked = narrowed(request.args)
    since, until = _days()
    wanted = finding.Wanted(
        sports=() if asked.sport is None else (asked.sport,), leagues=asked.leagues, since=since, until=until
    )
    return wanted, None if asked.match is None else Matches.id == asked.match, asked.bookmakers


def _days() -> tuple[datetime | None, datetime | None]:
    """``dateRange``: a day in Paris, or two with ``to`` between; today without it, any day where it is empty.

    :raises BadParameter: when it is neither.
    """
    if "dateRange" not in request.args:
        today = to_paris(now()).date()
        return _midnight(today), _midnight(today + timedelta(days=1))
    text = said(request.args, "dateRange")
    if text is None:
        return None, None
    first, _, last = text.partition(TO)
    since, until = _day(first), _day(last or first)
    return _midnight(since), _midnight(until + timedelta(days=1))


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise BadParameter(
            f"dateRange: {text[:80]!r} is no day; write 2025-11-10 or 2025-11-10 to 2025-11-16"
        ) from None
    return min(max(found, date(1970, 1, 2)), date(9000, 1, 1))


def _midnight(day: date) -> datetime:
    return naive(from_paris(datetime.combine(day, time())))


def _odd(quote: Quote, match: Mapping[str, Any], bookmaker: Mapping[str, Any]) -> dict[str, Any]:
    prices = {
        f"cote{name}": number(quote.prices.get(outcome)) for name, outcome in (("1", "1"), ("N", "X"), ("2", "2"))
    }
    return {
        "odd": {"match": match, "bookmaker": bookmaker, **prices, "trj": number(quote.trj)},
        "previousTrj": number(quote.previous),
        "evolution": quote.evolution,
    }


def _average(average: Average) -> dict[str, Any]:
    return {
        "bookmaker": average.bookmaker,
        "avgTrj": number(published_style(average.trj)),
        "previousAvgTrj": number(published_style(average.previous)),
        "evolution": average.evolution,
    }
