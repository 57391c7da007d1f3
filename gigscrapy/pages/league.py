"""A league page: which matches it lists, when they kick off, and the best price of each outcome.

The site has rebuilt this page three times in a year. Each way of building it is a generation with a reader of its own;
which one a page belongs to is told by its markup alone. What stayed the same through all of them is the match's link,
so that is what makes a row a match; everything else of a row can be missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gigscrapy.pages import LeaguePage, PageChanged, league_d, league_e, league_f, league_g, structure
from gigscrapy.pages.listing import TYPECOTES, Asked
from gigscrapy.pages.markup import document

__all__ = ["GENERATIONS", "TYPECOTES", "read_league"]


@dataclass(frozen=True, slots=True)
class Generation:
    """One way the page is or was built.

    :ivar probe: selector of what only this generation has.
    """

    name: str
    probe: str
    read: Callable[[Asked], LeaguePage]


GENERATIONS = (
    # The one that says most comes first: F may be E's markup, and G's buttons may stand in the rows of either.
    Generation("G", league_g.BUTTON, league_g.read),
    Generation("D", league_d.ROW, league_d.read),
    Generation("F", league_f.ROW, league_f.read),
    Generation("E", league_e.ROW, league_e.read),
)


def read_league(html: str, *, url: str, now: datetime, market: str = "1X2") -> LeaguePage:
    """The matches of a league page.

    :param url: of the page; links to other hosts are none of its matches.
    :param now: aware; a kick-off printed without its year is put into the nearest one.
    :param market: a key of :data:`schema.markets.MARKETS`, whose prices the page was asked to show.
    :raises PageChanged: when no generation knows the page and :mod:`gigscrapy.pages.structure` finds no list in it
        either, when a part of the one that does is gone from all its rows,
        or when it shows another market than the one asked for.
    """
    asked = Asked(page=document(html, url), url=url, now=now, market=market)
    for generation in GENERATIONS:
        if asked.page.css(generation.probe):
            return generation.read(asked)
    if league_d.is_empty_list(asked):
        return LeaguePage(generation="D", matches=(), priced=False)
    changed = PageChanged(
        url, {f"a row of generation {generation.name}": generation.probe for generation in GENERATIONS}
    )
    if by_structure := structure.otherwise(changed, lambda: structure.read_list(asked)):
        return by_structure
    raise changed
