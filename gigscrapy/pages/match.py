"""A match page: what each bookmaker offers on the match's winner.

Two generations are known, both from what other people's programs looked for; no page of either was ever kept. Both put
one bookmaker in one row, and the prices in the order home, draw, away. Further markets may stand below the first: they
are counted and not read, as nobody knows what they are called.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from parsel import Selector

from gigscrapy.pages import STRUCTURAL, BookmakerRef, BookmakerRow, MatchPage, PageChanged, kickoff, structure
from gigscrapy.pages.events import Event, events
from gigscrapy.pages.markup import attribute, document, first_words, match_of, names_path, percent, split_teams, words
from gigscrapy.pages.table import Line, columns_of, common_parents, markets_of, prices_at, usual_width
from schema.markets import MARKETS, winner_market

TITLE = ".page-title"
DATE = "span.small"

D_ROW = ".bookline[data-name], .d-flex[data-name]"
D_CELL = ".odds-col"
D_RETURN = ".payout"

E_BOOKMAKER = "td.ps-4 a[href*='/bookmaker/']"
E_ROW = f"tbody tr {E_BOOKMAKER}"
E_CELL = "td.text-center:not(.ps-4)"

_BOOKMAKER_ID = re.compile(r"/bookmaker/([0-9]{1,6})/?(?:[?#].*)?$")


@dataclass(frozen=True, slots=True)
class Generation:
    """One way the page is or was built.

    :ivar row, cell: selectors, for the error that names them; :ivar lines: reads every bookmaker's row of the page.
    """

    name: str
    row: str
    cell: str
    lines: Callable[[Selector], list[Line]]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a page says of the match itself."""

    teams: tuple[str, str] | None
    kickoff: datetime | None


def read_match(html: str, *, url: str, now: datetime, outcomes: int) -> MatchPage:
    """The bookmakers of a match page.

    :param url: of the page, ``…/cote/<slug>-<id>``.
    :param now: aware; a kick-off printed without its year is put into the nearest one.
    :param outcomes: 3 where the sport has draws, else 2.
    :raises PageChanged: when no generation knows the page, or a part of the one that does is gone from all its rows;
        and :mod:`gigscrapy.pages.structure` finds nothing it could believe either. A page of generation E whose table
        has yet to be put in is no different from one nobody knows.
    """
    page = document(html, url)
    known = next(((each, lines) for each in GENERATIONS if (lines := each.lines(page))), None)
    try:
        if known:
            return _read(*known, _heading(page, url, now), url, outcomes)
        tried = {f"a row of generation {generation.name}": generation.row for generation in GENERATIONS}
        raise PageChanged(
            url, {**tried, "the frame of generation D": f"{TITLE} and {DATE}"}, hint="or has no prices yet"
        )
    except PageChanged as changed:
        if by_structure := structure.otherwise(changed, lambda: _read_structure(page, url, now, outcomes)):
            return by_structure
        if known is None and (frame := _frame_d(page, now)) is not None:
            return _page("D", frame, (), priced=False)
        raise


def _read_structure(page: Selector, url: str, now: datetime, count: int) -> MatchPage | None:
    """What can be told without a generation: bookmakers' rows, whatever they are built of."""
    table = structure.read_table(page, url, MARKETS[winner_market(count)].outcomes)
    if table is None:
        return None
    counts = {"other_markets": table.other_markets, "unreadable": table.unreadable}
    heading = _heading(page, url, now)
    starts = heading.kickoff or structure.only_instant(page)
    return _page(STRUCTURAL, Heading(heading.teams, starts), table.rows, priced=True, **counts)


def _read(generation: Generation, lines: list[Line], heading: Heading, url: str, count: int) -> MatchPage:
    first, *others = markets_of(lines)
    outcomes = MARKETS[winner_market(count)].outcomes
    columns, width = columns_of(first, count), usual_width(first)
    rows, unreadable = [], 0
    for line in first:
        prices = prices_at(line, columns, width)
        if prices is None:
            unreadable += 1
        elif line.bookmaker and not line.blank:
            by_outcome = dict(zip(outcomes, prices or [None] * count, strict=True))
            rows.append(BookmakerRow(bookmaker=line.bookmaker, prices=by_outcome, published_trj=line.published_trj))
    priced = any(line.priced for line in first)
    gone = {
        "price cells": (generation.cell, any(line.cells for line in first)),
        f"{count} columns of prices": (generation.cell, not priced or any(any(row.prices.values()) for row in rows)),
    }
    if tried := {what: selector for what, (selector, there) in gone.items() if not there}:
        raise PageChanged(url, tried, hint=f"otherwise generation {generation.name}")
    return _page(generation.name, heading, tuple(rows), priced=priced, other_markets=len(others), unreadable=unreadable)


def _page(
    generation: str, heading: Heading, rows: tuple[BookmakerRow, ...], *, priced: bool, **counts: int
) -> MatchPage:
    home, away = heading.teams or (None, None)
    return MatchPage(
        generation=generation, rows=rows, priced=priced, home=home, away=away, kickoff=heading.kickoff, **counts
    )


# -- generation D: March 2025, or before, to January 2026 --------------------------------------------------------------


def _lines_d(page: Selector) -> list[Line]:
    rows = page.css(D_ROW)
    boxes = common_parents([row.root for row in rows])
    return [
        Line(
            box=box,
            bookmaker=BookmakerRef(name=name) if (name := " ".join(attribute(row, "data-name").split())) else None,
            cells=tuple(words(cell) for cell in row.css(D_CELL)),
            published_trj=percent(first_words(row, D_RETURN)),
        )
        for row, box in zip(rows, boxes, strict=True)
    ]


def _frame_d(page: Selector, now: datetime) -> Heading | None:
    """The page before its script has run: both of its title and its date are there, and they can be read."""
    heading = Heading(split_teams(first_words(page, TITLE)), _printed_kickoff(page, now))
    return heading if heading.teams and heading.kickoff else None


# -- generation E: February and March 2026 -----------------------------------------------------------------------------


def _lines_e(page: Selector) -> list[Line]:
    rows = [row for row in page.css("tbody tr") if row.css(E_BOOKMAKER)]
    return [
        Line(
            box=next(row.root.iterancestors("table"), None),
            bookmaker=_linked_bookmaker(row),
            cells=tuple(words(cell) for cell in row.css(E_CELL)),
        )
        for row in rows
    ]


def _linked_bookmaker(row: Selector) -> BookmakerRef | None:
    """By number only: what the link's text says, nobody has told."""
    found = (_BOOKMAKER_ID.search(href) for href in row.css(E_BOOKMAKER).xpath("@href").getall())
    return next((BookmakerRef(site_id=int(number[1])) for number in found if number), None)


# E first: nothing else has its rows, while any part of a page may carry a ``data-name``.
GENERATIONS = (Generation("E", E_ROW, E_CELL, _lines_e), Generation("D", D_ROW, D_CELL, _lines_d))


# -- what the page says of the match -----------------------------------------------------------------------------------


def _heading(page: Selector, url: str, now: datetime) -> Heading:
    event = _event(page, url)
    return Heading(
        (event and event.teams) or split_teams(first_words(page, TITLE)) or _confirmed_teams(page, url),
        (event and event.kickoff) or _printed_kickoff(page, now),
    )


def _event(page: Selector, url: str) -> Event | None:
    """What JSON-LD says of this match: the event of its number or, where none has a number, the only one."""
    match, announced = match_of(url, url), events(page)
    if match and (own := [event for event in announced if event.match_id == match[0]]):
        return own[0]
    return announced[0] if len(announced) == 1 and announced[0].match_id is None else None


def _confirmed_teams(page: Selector, url: str) -> tuple[str, str] | None:
    """From a heading that holds the two names and nothing else, as the page's own address confirms."""
    match = match_of(url, url)
    titles = (split_teams(first_words(page, css)) for css in ("h1", "title"))
    return next((teams for teams in titles if match and teams and names_path(teams, match[1])), None)


def _printed_kickoff(page: Selector, now: datetime) -> datetime | None:
    return next(filter(None, (kickoff.from_french(words(span), now) for span in page.css(DATE))), None)
