"""Generation F of the league page, until July 2026: all of a match is the text of its link.

``France Ligue 1 TRJ : 92,9 % 17/10 20:45 AVALLON vs BEAUNE 1.23 5.60 9.80``; prices stand in the market's order, and
of which market they are it does not say, so they are taken for the match's winner only.
"""

import re

from parsel import Selector

from gigscrapy.pages import BestPrice, LeaguePage, kickoff
from gigscrapy.pages.listing import (
    MATCH_LINK,
    NO_MATCH,
    WINNERS,
    Asked,
    Prices,
    Row,
    has_kickoff,
    has_teams,
    insist,
    page_of,
    row_of,
)
from gigscrapy.pages.markup import attribute, match_of, percent, prices_in, words
from schema.markets import MARKETS
from schema.prices import read_price

ROW = f'{MATCH_LINK}:contains("TRJ")'

_TRJ = re.compile(r"TRJ ?:? ?([0-9]{1,3}(?:[.,][0-9]{1,2})?) ?%")
_WHEN = re.compile(r"[0-9]{1,2}/[0-9]{1,2} [0-9]{1,2}:[0-9]{2}")
_NO_PRICE = ("-", "0.00", "0,00")


def read(asked: Asked) -> LeaguePage:
    rows = [_row(asked, link) for link in asked.page.css(ROW)]
    parts = {
        f"market {asked.market}": ("no word of a link's text", asked.market in WINNERS),
        "teams": ("' vs ' in a link's text", has_teams(rows)),
        "kick-off": ("'DD/MM HH:MM' in a link's text", has_kickoff(rows)),
    }
    insist(asked, "F", rows, parts)
    return page_of(asked, "F", rows)


def _row(asked: Asked, link: Selector) -> Row:
    match = match_of(attribute(link, "href"), asked.url)
    if not match:
        return NO_MATCH
    text = words(link)
    trj, when = _TRJ.search(text), _WHEN.search(text)
    home, _, rest = text[when.end() if when else 0 :].partition(" vs ")
    away, cells = _split_at_prices(rest.split())
    teams = (home.strip(), away) if when and home.strip() and away else None
    starts = kickoff.from_day_and_time(text, asked.now)
    return row_of(match, teams, starts, _prices(asked.market, cells), percent(trj[1]) if trj else None)


def _split_at_prices(text: list[str]) -> tuple[str, list[str]]:
    """The words before the first price cell, and the cells: prices, and what stands in place of one beside them."""
    first = next((place for place, word in enumerate(text) if prices_in(word)), len(text))
    while first and text[first - 1] in _NO_PRICE:
        first -= 1
    after = next(
        (i for i, word in enumerate(text[first:], first) if word not in _NO_PRICE and not prices_in(word)), len(text)
    )
    return " ".join(text[:first]), text[first:after]


def _prices(market: str, cells: list[str]) -> Prices:
    """Prices by their place. Too few or too many, and it cannot be told whose any of them is."""
    outcomes = MARKETS[market].outcomes
    read = [read_price(cell) for cell in cells]
    if len(outcomes) == 2 and len(read) == 3 and read[1] is None:
        del read[1]
    shown = any(read)
    placed = not shown or len(read) == len(outcomes)
    best = {outcome: BestPrice(price, None) for outcome, price in zip(outcomes, read, strict=False) if placed and price}
    return Prices(best, shown=shown, placed=placed)
