"""Generation D of the league page, September 2024 to January 2026: the one whose every part has been seen.

Links, teams and kick-offs come with the page; a script puts the prices into cells that wait for them, empty.
"""

import re
from collections.abc import Mapping, Sequence

from parsel import Selector

from gigscrapy.pages import BestPrice, BookmakerRef, LeaguePage, kickoff
from gigscrapy.pages.events import events
from gigscrapy.pages.listing import (
    NO_MATCH,
    TYPECOTES,
    Asked,
    Row,
    has_kickoff,
    has_teams,
    insist,
    meaning,
    page_of,
    prices_of_cells,
    row_of,
)
from gigscrapy.pages.markup import attribute, first_words, percent, prices_in, split_teams, words
from schema.prices import read_price

ROW = "div.events"
TEAM = ".event-team"
TIME = ".event-time"
CELL = "[data-controller=odd]"
PRICE = "[data-odd-target=odds]"
BOOKMAKER = "[data-odd-target=book]::attr(class)"
RETURN = "[data-controller=retour]"

_ICON = re.compile(r"-b([0-9]{1,6})(?![\w-])")


def read(asked: Asked) -> LeaguePage:
    nodes = asked.page.css(ROW)
    cells_of = [node.css(CELL) for node in nodes]
    cells = [cell for row in cells_of for cell in row]
    ours = [cell for cell in cells if asked.is_shown(cell)]
    choices = meaning(asked.market, ours)
    rows = [_row(asked, node, row, choices) for node, row in zip(nodes, cells_of, strict=True)]
    priced = any(row.prices.shown for row in rows)
    parts = {
        "teams": (TEAM, has_teams(rows)),
        "kick-off": (TIME, has_kickoff(rows) or bool(nodes.css(TIME))),
        "price cells": (CELL, bool(cells)),
        f"price cells of market {asked.market}": (f"[data-type={TYPECOTES[asked.market]}]", bool(ours) or not cells),
        "outcome of a price cell": (
            "[data-choice]",
            not cells or any(attribute(cell, "data-choice") for cell in cells),
        ),
        "price in a cell": (PRICE, priced or not any(prices_in(words(cell)) for cell in ours)),
    }
    insist(asked, "D", rows, parts)
    return page_of(asked, "D", rows)


def _row(asked: Asked, row: Selector, cells: Sequence[Selector], choices: Mapping[str, str]) -> Row:
    links = asked.links(row)
    if not links:
        return NO_MATCH
    match_id, path, [link, *_] = links[0]
    event = asked.announced.get(match_id)
    teams = _teams(row) or (event and event.teams) or split_teams(attribute(link, "title"))
    # What is announced has its year and zone; what is printed, ``17/10 20:45``, has neither. The second ``.event-time``
    # of a row is the sport's icon.
    starts = (event and event.kickoff) or kickoff.from_day_and_time(first_words(row, TIME), asked.now)
    returns = [percent(words(span)) for span in row.css(RETURN) if asked.is_shown(span)]
    prices = prices_of_cells(asked, cells, choices, _price)
    return row_of((match_id, path), teams, starts, prices, next(iter(returns), None))


def _teams(row: Selector) -> tuple[str, str] | None:
    names = [words(team) for team in row.css(TEAM)]
    return (names[0], names[1]) if len(names) == 2 and all(names) else None


def _price(cell: Selector) -> BestPrice | None:
    price = read_price(first_words(cell, PRICE))
    if price is None:
        return None
    icon = _ICON.search(cell.css(BOOKMAKER).get(""))
    return BestPrice(price, BookmakerRef(site_id=int(icon[1])) if icon else None)


def is_empty_list(asked: Asked) -> bool:
    """Whether this is the frame of a league that has no match now: heading, left bar, pager or market filter, no row.

    The frame alone would not do: a list rebuilt inside its old frame must not pass for an empty one. So no sign of a
    match may be left either: no link to one, no match number on anything, none announced in JSON-LD.
    """
    page = asked.page
    if not first_words(page, "h1").startswith("Cotes") or not page.css("#left-bar"):
        return False
    if not page.css('.pagination, a[href*="typecote="]'):
        return False
    return not (page.css("[data-rencid]") or asked.links(page) or events(page))
