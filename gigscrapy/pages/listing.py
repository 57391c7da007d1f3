"""What the readers of all generations of the league page share: the question, a row as read, whose price is which."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from urllib.parse import unquote

from parsel import Selector

from gigscrapy.pages import BestPrice, LeaguePage, ListedMatch, PageChanged
from gigscrapy.pages.events import Event, events
from gigscrapy.pages.markup import attribute, local_path, match_of, split_url

TYPECOTES = {"1X2": "1n2", "12": "12", "DNB": "DNB", "DC": "DC", "1X2H1": "HT", "1X2H2": "HT2"}
"""Our markets, as ``?typecote=`` and ``data-type`` call them. Upper and lower case matter."""

_SHOWN_AS = {**{market: {typecote} for market, typecote in TYPECOTES.items()}, "12": {"12", "1n2"}}
"""``data-type`` of a market's cells. What two-way sports print nobody has seen; a priced draw would give 1n2 away."""

_WITH_DRAW = {"1": "1", "0": "X", "2": "2"}
_TWO_WAY = {"1": "1", "2": "2"}
# The site's own interface numbers the outcomes of a half 1, 2, 3. Its lists may do so too, or say 1, 0, 2 as elsewhere.
_HALF = ({"1": "1", "2": "X", "3": "2"}, _WITH_DRAW)

CHOICES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "1X2": (_WITH_DRAW,),
    "12": (_TWO_WAY,),
    "DNB": (_TWO_WAY,),
    "DC": ({"1": "1X", "2": "X2", "3": "12"},),
    "1X2H1": _HALF,
    "1X2H2": _HALF,
}
"""Outcome by ``data-choice`` in each market: the one meaning it has, or those it may have."""

WINNERS = ("1X2", "12")
"""Markets a list shows unless it says otherwise; an address that asks for another may have been ignored."""

MATCH_LINK = 'a[href*="/cote/"]'

_PAGE_NUMBER = re.compile(r"(?:^|&)page=([0-9]{1,4})(?:&|$)")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One league page, and what is asked of it: see :func:`gigscrapy.pages.league.read_league`."""

    page: Selector
    url: str
    now: datetime
    market: str

    @cached_property
    def announced(self) -> dict[str, Event]:
        """What JSON-LD says of each match, by id; where it says two things, the first."""
        return {event.match_id: event for event in reversed(events(self.page)) if event.match_id}

    def links(self, within: Selector) -> list[tuple[str, str, list[Selector]]]:
        """Id, path and links of every match linked in a part of the page; a match linked twice comes once."""
        found: dict[str, tuple[str, str, list[Selector]]] = {}
        for link in within.css(MATCH_LINK):
            if match := match_of(attribute(link, "href"), self.url):
                found.setdefault(match[0], (*match, []))[2].append(link)
        return list(found.values())

    def is_shown(self, node: Selector) -> bool:
        """Whether a cell is of the market asked for, and without handicap. One that does not say is the winner's."""
        kind = attribute(node, "data-type") or attribute(node, "data-typename")
        handicap = attribute(node, "data-handicap") or attribute(node, "data-special") or "0"
        return handicap == "0" and (kind in _SHOWN_AS[self.market] if kind else self.market in WINNERS)

    def further_pages(self) -> tuple[int, ...]:
        """Numbers of the pages of this same list that come after this one, as far as it links them."""
        current = max(self._page_numbers(self.url), default=1)
        links = self.page.css('a[href*="page="]::attr(href)').getall()
        return tuple(sorted({number for link in links for number in self._page_numbers(link) if number > current}))

    def _page_numbers(self, link: str) -> list[int]:
        here, there = local_path(self.url, self.url), local_path(link, self.url)
        if there is None or (there and unquote(there) != unquote(here or "")):
            return []
        address = split_url(link)
        return [int(number) for number in _PAGE_NUMBER.findall(address.query)] if address else []


@dataclass(frozen=True, slots=True)
class Prices:
    """What the price cells of a row say.

    :ivar shown: whether there is any price; :ivar placed: whether it could be told whose each is. If not, ``best`` is
        empty: a price that fits no outcome makes the row something else's, and none of it is believed.
    """

    best: dict[str, BestPrice]
    shown: bool
    placed: bool


NO_PRICES = Prices({}, shown=False, placed=True)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read.

    :ivar match: ``None`` where no link makes it one; :ivar whole: whether every part was there that this generation
        prints, prices aside.
    """

    match: ListedMatch | None
    prices: Prices = NO_PRICES
    whole: bool = True

    @property
    def readable(self) -> bool:
        return self.match is not None and self.whole and self.prices.placed


NO_MATCH = Row(None)


def row_of(
    link: tuple[str, str],
    teams: tuple[str, str] | None,
    kickoff: datetime | None,
    prices: Prices,
    published_trj: Decimal | None = None,
) -> Row:
    """A row of a generation that prints teams and kick-off.

    :param link: match id and path.
    """
    match_id, path = link
    home, away = teams or (None, None)
    match = ListedMatch(
        match_id=match_id,
        path=path,
        home=home,
        away=away,
        kickoff=kickoff,
        best=prices.best,
        published_trj=published_trj if prices.placed else None,
    )
    return Row(match, prices, whole=teams is not None and kickoff is not None)


def page_of(asked: Asked, generation: str, rows: Sequence[Row], *, tells_prices: bool = True) -> LeaguePage:
    """The page these rows make; of a match listed twice the first row counts."""
    matches: dict[str, ListedMatch] = {}
    for row in rows:
        if row.match:
            matches.setdefault(row.match.match_id, row.match)
    return LeaguePage(
        generation=generation,
        matches=tuple(matches.values()),
        priced=any(row.prices.shown for row in rows),
        more=asked.further_pages(),
        unreadable=sum(not row.readable for row in rows),
        tells_prices=tells_prices,
    )


def insist(asked: Asked, generation: str, rows: Sequence[Row], there: Mapping[str, tuple[str, bool]]) -> None:
    """Raise where a part is gone from *every* row: the site was rebuilt, and rows half read would hide it.

    :param there: what to look for, by selector, and whether any row has it.
    :raises PageChanged: naming what is gone.
    """
    priced = [row.prices for row in rows if row.prices.shown]
    told = not priced or any(prices.placed for prices in priced)
    parts = {
        "a match": (MATCH_LINK, any(row.match for row in rows)),
        **there,
        "whose each price is": (f"the outcomes of market {asked.market}", told),
    }
    gone = {what: selector for what, (selector, found) in parts.items() if not found}
    if gone:
        raise PageChanged(asked.url, gone, hint=f"otherwise generation {generation}")


def has_teams(rows: Iterable[Row]) -> bool:
    return any(row.match and row.match.home for row in rows)


def has_kickoff(rows: Iterable[Row]) -> bool:
    return any(row.match and row.match.kickoff for row in rows)


def meaning(market: str, cells: Iterable[Selector]) -> Mapping[str, str]:
    """Outcome by ``data-choice``.

    Where a market's choices may be meant in two ways, all the cells of the page together tell which; where they do
    not, nothing is guessed and no choice means anything.
    """
    ways = CHOICES[market]
    if len(ways) == 1:
        return ways[0]
    used = {choice for cell in cells if (choice := attribute(cell, "data-choice"))}
    fitting = [way for way in ways if used <= way.keys()]
    return fitting[0] if len(fitting) == 1 else {}


def prices_of_cells(
    asked: Asked,
    cells: Sequence[Selector],
    choices: Mapping[str, str],
    price_of: Callable[[Selector], BestPrice | None],
) -> Prices:
    """The prices of a row whose cells name their outcome by ``data-choice``. Cells of other markets are passed over.

    :param choices: outcome by ``data-choice``, see :func:`meaning`.
    """
    ours = [cell for cell in cells if asked.is_shown(cell)]
    priced = [(attribute(cell, "data-choice"), price) for cell in ours if (price := price_of(cell))]
    placed = all(choice in choices for choice, _ in priced) and not (cells and not ours)
    best: dict[str, BestPrice] = {}
    for choice, price in priced if placed else ():
        best.setdefault(choices[choice], price)
    return Prices(best, shown=bool(priced), placed=placed)
