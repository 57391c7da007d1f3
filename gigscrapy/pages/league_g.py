"""Generation G of the league page, since July 2026: each price is a button that names its match.

Whether buttons tell their outcome is not known. Where they do, by ``data-choice`` as in D, their prices are read.
"""

from collections.abc import Mapping

from parsel import Selector

from gigscrapy.pages import BestPrice, LeaguePage, kickoff
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
from gigscrapy.pages.markup import attribute, prices_in, split_teams, words

BUTTON = "[data-rencid][data-eventname]"


def read(asked: Asked) -> LeaguePage:
    """A match without a button has no price and is not listed: a link alone may be another league's, in a side bar."""
    buttons: dict[str, list[Selector]] = {}
    for button in asked.page.css(BUTTON):
        buttons.setdefault(attribute(button, "data-rencid"), []).append(button)
    ours = [button for row in buttons.values() for button in row if asked.is_shown(button)]
    choices = meaning(asked.market, ours)
    paths = {match_id: path for match_id, path, _ in asked.links(asked.page)}
    rows = [_row(asked, row, paths.get(match_id), choices) for match_id, row in buttons.items()]
    parts = {
        "teams": ("' - ' in [data-eventname]", has_teams(rows)),
        "kick-off": ("[data-eventdate]", has_kickoff(rows)),
        f"buttons of market {asked.market}": (f"[data-type={TYPECOTES[asked.market]}]", bool(ours)),
    }
    insist(asked, "G", rows, parts)
    return page_of(asked, "G", rows, tells_prices=any(attribute(button, "data-choice") for button in ours))


def _row(asked: Asked, buttons: list[Selector], path: str | None, choices: Mapping[str, str]) -> Row:
    if path is None:
        return NO_MATCH
    first = buttons[0]
    teams = split_teams(" ".join(attribute(first, "data-eventname").split()))
    starts = kickoff.from_seconds(attribute(first, "data-eventdate"))
    marked = [button for button in buttons if attribute(button, "data-choice")]
    return row_of(
        (attribute(first, "data-rencid"), path), teams, starts, prices_of_cells(asked, marked, choices, _price)
    )


def _price(button: Selector) -> BestPrice | None:
    prices = prices_in(words(button))
    return BestPrice(prices[0], None) if len(prices) == 1 else None
