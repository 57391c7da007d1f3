"""gig-benchmark's two tables and its export: the same columns in the same form, and right."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from admin.exporting import sending
from admin.pages.finder.asked import DAYS, Asked
from admin.pages.finder.choices import Choices
from admin.pages.finder.listing import LEAFED, PAGE, named
from admin.pages.finder.tables import BOM, attachment, file_name, quoted
from admin.spreadsheet import guarded
from analytics.finding import Meeting, Wanted, meetings
from analytics.gig import Quote, averages, quotes
from schema.instants import naive, to_paris
from schema.prices import published_style

COLUMNS = ("Date", "Match", "Home Team", "Away team", "Bookmaker", "Home", "Draw", "Away", "RTP (%)")
CHUNK = 200
"""Matches of which the export reads the quotes at once."""
AVERAGED = 200
"""Matches over which the averages go; more are not compared in one look, but on the page Benchmark."""


def add(blueprint: Blueprint) -> None:
    """``/matches/gig/`` and its export."""

    @blueprint.get("/gig/")
    def gig() -> str:
        now, notes = datetime.now(UTC), list[str]()
        asked = Asked.read(request.args, notes, when="today")
        found = _found(asked, now, LEAFED + 1)
        told = quotes(found[:AVERAGED], asked.bookmakers)
        pages = max(1, -(-min(len(found), LEAFED) // PAGE))
        first = (min(asked.page, pages) - 1) * PAGE
        shown = found[first : first + PAGE]
        known = {match.id for match in found[:AVERAGED]}
        beyond = [match for match in shown if match.id not in known]
        ids = {match.id for match in shown}
        return render_template(
            "finder/gig.html",
            asked=asked,
            notes=notes,
            choices=Choices.find(),
            days=DAYS,
            count=len(found),
            limit=LEAFED,
            averaged=AVERAGED,
            averages=averages(told),
            quotes=[quote for quote in told if quote.match.id in ids] + quotes(beyond, asked.bookmakers),
            number=min(asked.page, pages),
            pages=pages,
            now=naive(now),
            rounded=published_style,
            address=lambda **changes: url_for(".gig", **_arguments(asked, **changes)),
            export=url_for(".gig_csv", **_arguments(asked)),
        )

    @blueprint.get("/gig/odds.csv")
    def gig_csv() -> Response:
        now, notes = datetime.now(UTC), list[str]()
        asked = Asked.read(request.args, notes, when="today")
        return export(asked.wanted(now), asked.bookmakers, now, named=named(asked), newest_first=asked.newest_first)


def export(
    wanted: Wanted, bookmakers: Collection[int], now: datetime, *, named: Any = None, newest_first: bool = False
) -> Response:
    """gig-benchmark's file, of every quote on these matches. :param named: as for :func:`analytics.finding.meetings`.

    :raises TooManyRequests: when too many exports go on.
    """

    def found(after: Meeting | None) -> list[Meeting]:
        return meetings(wanted, CHUNK, named=named, newest_first=newest_first, after=after)

    lines = sending.Lines(BOM + ";".join(map(quoted, COLUMNS)) + "\n", _export(found, bookmakers))
    stem = f"odds_export_{sending.MOST_OF_VIEWER}-premieres" if lines.cut else "odds_export"
    answer = attachment(lines, file_name(stem, naive(now)))
    answer.call_on_close(lines.close)
    return answer


def _arguments(asked: Asked, **changes: Any) -> dict[str, Any]:
    """Here the day that holds where none is asked for is today: it is always said."""
    return asked.arguments(**changes)


def _found(asked: Asked, now: datetime, limit: int) -> list[Meeting]:
    return meetings(asked.wanted(now), limit, named=named(asked), newest_first=asked.newest_first)


def _export(found: Callable[[Meeting | None], list[Meeting]], bookmakers: Collection[int]) -> Iterator[str]:
    """Every quote of every match that is asked for, however many there are. :param found: matches that follow one."""
    after: Meeting | None = None
    while matches := found(after):
        for quote in quotes(matches, bookmakers):
            yield ";".join(map(quoted, _fields(quote))) + "\n"
        after = matches[-1]


def _fields(quote: Quote) -> tuple[str, ...]:
    """As gig-benchmark wrote them: a TAB before the date, prices with a point, the RTP with a comma.

    What another site named and a spreadsheet would take for a formula is led in by an apostrophe, there as here.
    """
    match = quote.match
    date = "" if match.kickoff is None else f"{to_paris(match.kickoff.replace(tzinfo=UTC)):%d/%m/%Y %H:%M}"
    rtp = f"{published_style(quote.trj) or Decimal(0):.2f}".replace(".", ",")
    names = (f"{match.home} - {match.away}", match.home, match.away, quote.bookmaker)
    prices = (_price(quote.prices.get(outcome)) for outcome in ("1", "X", "2"))
    return (f"\t{date}", *map(guarded, names), *prices, rtp)


def _price(price: Decimal | None) -> str:
    """Two decimals, as gig-benchmark's API told them; a third where there is one."""
    if price is None:
        return "-"
    return f"{price:.3f}" if price != price.quantize(Decimal("0.01")) else f"{price:.2f}"
