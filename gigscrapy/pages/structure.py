"""The last resort, where no generation fits: what all generations had in common, under whatever names.

* A row of a match page holds one known bookmaker, and a price for each outcome.
* A row of a list holds the links of one match and, where it has prices, one for each outcome.
* A published TRJ is that of the prices it stands with.

What is read this way is believed only so far: its generation is :data:`gigscrapy.pages.STRUCTURAL`, its quotes are
marked suspect, and the run that needed it has failed. Prices go by the labels printed with them or over them, where
there are none by their order, home, draw, away; a row with a price more or less than outcomes is not guessed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from parsel import Selector

from gigscrapy.pages import (
    STRUCTURAL,
    BestPrice,
    BookmakerRef,
    BookmakerRow,
    LeaguePage,
    ListedMatch,
    PageChanged,
    kickoff,
)
from gigscrapy.pages.census import Census, Price, Trj
from gigscrapy.pages.listing import MATCH_LINK, WINNERS, Asked
from gigscrapy.pages.markup import attribute, local_path, names_path, split_teams, words
from gigscrapy.pages.menu import LEAGUE
from gigscrapy.pages.table import common_parents
from schema.markets import MARKETS
from schema.names import slug
from schema.prices import payout, published_style
from schema.reference import Bookmaker

T = TypeVar("T")

TOLERANCE = Decimal("0.05")
"""Points by which the published and the computed TRJ may part: rounding, no more."""

LEAST_TRJ, MOST_TRJ = 60, 120
"""Percent. No set of prices of one market's outcomes pays back less or more: these are other numbers."""

HEADING = 12
"""Texts before the first price of a table among which the labels of its columns are looked for."""

TEXTS = 40
"""Texts of a row among which the teams are looked for."""

_ASIDE = {"aside", "nav", "header", "footer"}
_FRAME = {"html", "body", "main", "tbody", "table", "ul", "ol"}


def otherwise(changed: PageChanged, read: Callable[[], T | None]) -> T | None:
    """What ``read`` makes of a page of which ``changed`` says that no generation fits.

    :raises PageChanged: when that is not to be believed, with all that was looked for.
    """
    try:
        return read()
    except PageChanged as disbelieved:
        raise PageChanged(changed.url, {**changed.tried, **disbelieved.tried}, disbelieved.hint) from changed


# -- a match page ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Table:
    """The first market of a match page: see :class:`gigscrapy.pages.MatchPage`."""

    rows: tuple[BookmakerRow, ...]
    other_markets: int
    unreadable: int


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The least part of the page that holds one bookmaker and prices enough, or all that it has."""

    node: Any
    bookmaker: Bookmaker
    prices: tuple[Price, ...]
    trjs: tuple[Decimal, ...]


def read_table(page: Selector, url: str, outcomes: tuple[str, ...]) -> Table | None:
    """What the bookmakers of a match page offer on its winner; ``None`` where there is nothing like it.

    One row alone is not believed unless a published TRJ confirms it: anything may stand beside a bookmaker's name.

    :param outcomes: codes of the market's outcomes.
    :raises PageChanged: when the published TRJ is another than that of most rows: these are not what they look like.
    """
    census = Census(page, url)
    markets = _markets(_rows(census, len(outcomes)))
    for place, market in enumerate(markets):
        if len(market) > 1 or market[0].trjs:
            rows = _read(page, census, url, market, outcomes)
            others = len(markets) - place - 1
            return Table(rows, others, len(market) - len(rows)) if rows else None
    return None


def only_instant(page: Selector) -> datetime | None:
    """The kick-off of a match page that tells one instant by ``<time datetime>`` and no other."""
    instants = {kickoff.from_iso(attribute(time, "datetime")) for time in page.css("time")}
    return instants.pop() if len(instants) == 1 else None


def row_nodes(page: Selector, url: str, outcomes: int) -> list[Any]:
    """The elements that hold a bookmaker and its prices, in the page's order."""
    return [row.node for row in _rows(Census(page, url), outcomes)]


def _rows(census: Census, count: int) -> list[_Row]:
    """Each row once, however often it names its bookmaker; rows of other matches are none of this one's."""
    rows: dict[Price, _Row] = {}
    for mark, bookmaker in () if census.overflows else census.marked:
        node = _climb(census, mark, bookmaker, count)
        if node is not None and not census.matches.get(node):
            prices = tuple(census.prices[node])
            rows.setdefault(prices[0], _Row(node, bookmaker, prices, _percents(census, node)))
    return sorted(rows.values(), key=lambda row: row.prices[0].place)


def _climb(census: Census, mark: Any, bookmaker: Bookmaker, count: int) -> Any | None:
    """From a mark up to the first part with ``count`` prices, and no further than where another bookmaker's begins."""
    widest = None
    for node in (mark, *mark.iterancestors()):
        if census.marks[node] != {bookmaker}:
            return widest
        found = len(census.prices.get(node, ()))
        if found >= count:
            return node
        widest = node if found else widest
    return widest


def _percents(census: Census, node: Any) -> tuple[Decimal, ...]:
    return tuple(trj.percent for trj in census.trjs.get(node, ()))


def _markets(rows: Sequence[_Row]) -> list[list[_Row]]:
    """The rows of each market: a new one begins where the rows have another parent, or a bookmaker comes again."""
    boxes = common_parents([row.node for row in rows])
    markets: list[list[_Row]] = []
    last = None
    for row, box in zip(rows, boxes, strict=True):
        if not markets or box is not last or row.bookmaker in {other.bookmaker for other in markets[-1]}:
            markets.append([])
        markets[-1].append(row)
        last = box
    return markets


def _read(
    page: Selector, census: Census, url: str, market: Sequence[_Row], outcomes: tuple[str, ...]
) -> tuple[BookmakerRow, ...]:
    """The rows that can be believed; none at all where the labels are those of another market."""
    order = _order(census, market, outcomes)
    if order is None:
        return ()
    checked = [(row, _checked(row.prices, row.trjs, len(outcomes))) for row in market]
    _insist([check for _, check in checked if check], url)
    rows = tuple(
        BookmakerRow(
            bookmaker=BookmakerRef(row.bookmaker.site_id, row.bookmaker.name),
            prices={outcome: price.value for outcome, price in _by_outcome(check.prices, order, outcomes).items()},
            published_trj=check.trj,
        )
        for row, check in checked
        if check and check.agrees is not False
    )
    confirmed = any(row.published_trj for row in rows)
    if not confirmed:
        _insist_on_the_pages_own(page, census, url, rows, outcomes)
    return rows if confirmed or len(rows) > 1 else ()


# -- whose each price is -----------------------------------------------------------------------------------------------


def _order(census: Census, market: Sequence[_Row], outcomes: tuple[str, ...]) -> tuple[str, ...] | None:
    """Outcome of each column: as labelled over the first row, else as a market is printed; ``None``: of another market.

    Prices with labels of their own go by those, see :func:`_by_outcome`.
    """
    first = market[0].prices[0].place
    over = [label.outcome for label in census.labels if first - HEADING - len(outcomes) <= label.place < first]
    nearest = tuple(over[-len(outcomes) :])
    if sorted(nearest) == sorted(outcomes):
        return nearest
    return None if {"1X", "X2"} & set(nearest) else outcomes


def _by_outcome(prices: Sequence[Price], order: Sequence[str], outcomes: tuple[str, ...]) -> dict[str, Price]:
    labels = [price.label for price in prices]
    if set(labels) == set(outcomes):
        order = [label for label in labels if label]
    told = dict(zip(order, prices, strict=True))
    return {outcome: told[outcome] for outcome in outcomes}


# -- whether it can be true --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Checked:
    """A price for each outcome, and the TRJ printed with them; ``agrees`` is ``None`` where none is printed."""

    prices: tuple[Price, ...]
    trj: Decimal | None = None
    agrees: bool | None = None


def _checked(prices: tuple[Price, ...], trjs: Sequence[Decimal], count: int) -> _Checked | None:
    """Prices held against the TRJ printed with them; ``None`` where there are too few or too many, or they cannot be.

    A TRJ printed without its percent sign looks like one price too many, behind the others.
    """
    if len(prices) == count + 1 and not trjs:
        *rest, last = prices
        return _checked(tuple(rest), (last.value,), count) if _agrees(_trj(rest), last.value) else None
    computed = _trj(prices)
    if len(prices) != count or not LEAST_TRJ <= computed <= MOST_TRJ:
        return None
    if not trjs:
        return _Checked(prices)
    told = next((trj for trj in trjs if _agrees(computed, trj)), None)
    return _Checked(prices, told, told is not None)


def _trj(prices: Sequence[Price]) -> Decimal:
    return published_style(payout(price.value for price in prices)) or Decimal(0)


def _agrees(computed: Decimal, published: Decimal) -> bool:
    return abs(computed - published) <= TOLERANCE


def _insist(checked: Sequence[_Checked], url: str) -> None:
    """:raises PageChanged: when most rows that print a TRJ print another than their own."""
    told = [check.agrees for check in checked if check.agrees is not None]
    if (wrong := told.count(False)) * 2 > len(told):
        raise _disbelieved(url, f"printed with prices, but of another TRJ in {wrong} of {len(told)} rows")


def _insist_on_the_pages_own(
    page: Selector, census: Census, url: str, rows: Sequence[BookmakerRow], outcomes: Sequence[str]
) -> None:
    """Where no row prints a TRJ the page may print its market's: that of the best prices.

    :raises PageChanged: when it is another.
    """
    told = [trj.percent for trj in census.trjs.get(page.root, ()) if trj.named and not _of_another_match(census, trj)]
    best = [max((row.prices[outcome] or Decimal(0) for row in rows), default=Decimal(0)) for outcome in outcomes]
    computed = published_style(payout(best)) if all(best) else None
    if told and computed and not any(_agrees(computed, trj) for trj in told):
        raise _disbelieved(url, f"{told[0]} % on the page, {computed} % by its prices")


def _of_another_match(census: Census, trj: Trj) -> bool:
    """Whether it stands with a link to a match, as in a list of matches beside this one."""
    return any(node in census.matches for node in (trj.node, *islice(trj.node.iterancestors(), 2)))


def _disbelieved(url: str, found: str) -> PageChanged:
    return PageChanged(url, {"prices that agree with the published TRJ": found}, hint="read by structure")


# -- a list ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _ListRow:
    """A match of a list; ``best`` is ``None`` where there are prices and it cannot be told whose they are."""

    node: Any
    match: ListedMatch
    best: dict[str, BestPrice] | None

    @property
    def signature(self) -> tuple[str, ...]:
        """What rows of one list have in common."""
        parent = self.node.getparent()
        return tuple(f"{node.tag} {node.get('class', '')}" for node in (self.node, parent) if node is not None)


def read_list(asked: Asked) -> LeaguePage | None:
    """The matches of a list, with their best prices where they have any; ``None`` where there is nothing like a list.

    A link is a match of this list if there are prices beside it, or its teams and its kick-off; or if its row is built
    like one of those. Further markets look no different from the winner's, so none of them is read.

    :raises PageChanged: when the published TRJ is another than that of most rows: these are not what they look like.
    """
    if asked.market not in WINNERS or not asked.page.css(MATCH_LINK):
        return None
    census = Census(asked.page, asked.url)
    rows = _list_rows(asked, census)
    priced = [row for row in rows if row.best]
    sure = priced or [row for row in rows if row.match.home and row.match.kickoff]
    kinds = {row.signature for row in sure}
    listed = [row for row in rows if row.signature in kinds]
    if not listed:
        return None
    return LeaguePage(
        generation=STRUCTURAL,
        matches=tuple(row.match for row in listed),
        priced=bool(priced),
        more=asked.further_pages(),
        unreadable=sum(row.best is None for row in listed),
    )


def list_nodes(asked: Asked) -> list[Any]:
    """The elements that hold one match each, in the page's order."""
    count = len(MARKETS[asked.market].outcomes)
    return [node for node, *_ in _list_places(Census(asked.page, asked.url), asked.url, count)]


def _list_rows(asked: Asked, census: Census) -> list[_ListRow]:
    outcomes = MARKETS[asked.market].outcomes
    places = _list_places(census, asked.url, len(outcomes))
    checked = {
        node: _checked(tuple(census.prices.get(node, ())), _percents(census, node), len(outcomes))
        for node, _, _ in places
    }
    _insist([check for check in checked.values() if check], asked.url)
    return [_list_row(asked, census, place, checked[place[0]], outcomes) for place in places]


def _list_places(census: Census, url: str, count: int) -> list[tuple[Any, str, str]]:
    """The part of the page, the id and the path of each match; one that is linked twice is where it comes first."""
    places: dict[str, tuple[Any, str, str]] = {}
    for link, match_id, path in () if census.overflows else census.links:
        if match_id not in places and not any(node.tag in _ASIDE for node in link.iterancestors()):
            places[match_id] = (_around(census, link, count), match_id, path)
    return [place for place in places.values() if not _of_another_league(place[0], url)]


def _of_another_league(node: Any, url: str) -> bool:
    """Whether a row links the league it is of, and that is another than the page's."""
    paths = ((local_path(link.get("href", ""), url) or "").rstrip("/") for link in node.iter("a"))
    return any(LEAGUE.fullmatch(path) and path != (local_path(url, url) or "").rstrip("/") for path in paths)


def _around(census: Census, link: Any, count: int) -> Any:
    """The least part around a link with ``count`` prices, else the greatest; no other match is in it."""
    node = link
    for around in link.iterancestors():
        if len(census.prices.get(node, ())) >= count or len(census.matches[around]) > 1 or around.tag in _FRAME:
            break
        node = around
    return node


def _list_row(
    asked: Asked,
    census: Census,
    place: tuple[Any, str, str],
    checked: _Checked | None,
    outcomes: tuple[str, ...],
) -> _ListRow:
    node, match_id, path = place
    believed = checked if checked and checked.agrees is not False else None
    best = _best(census, believed.prices, outcomes) if believed else None if census.prices.get(node) else {}
    event = asked.announced.get(match_id)
    home, away = (event and event.teams) or _teams(node, path) or (None, None)
    match = ListedMatch(
        match_id=match_id,
        path=path,
        home=home,
        away=away,
        kickoff=(event and event.kickoff) or _kickoff(node, asked.now),
        best=best or {},
        published_trj=believed.trj if believed else None,
    )
    return _ListRow(node, match, best)


def _best(census: Census, prices: Sequence[Price], outcomes: tuple[str, ...]) -> dict[str, BestPrice]:
    told = _by_outcome(prices, outcomes, outcomes)
    return {outcome: BestPrice(price.value, _holder(census, price)) for outcome, price in told.items()}


def _holder(census: Census, price: Price) -> BookmakerRef | None:
    """The bookmaker marked beside one price and no other."""
    for node in (price.node, *price.node.iterancestors()):
        marks = census.marks.get(node, set())
        if len(census.prices[node]) > 1 or len(marks) > 1:
            return None
        for bookmaker in marks:
            return BookmakerRef(bookmaker.site_id, bookmaker.name)
    return None


def _teams(node: Any, path: str) -> tuple[str, str] | None:
    """Two texts, or one in two parts, that the match's own address was made of."""
    row = Selector(root=node)
    titles = [attribute(link, "title") for link in row.css("a")][:TEXTS]
    texts = [" ".join(text.split()) for text in node.xpath(f"(.//text()[normalize-space()])[position() <= {TEXTS}]")]
    for teams in map(split_teams, [*texts, *titles]):
        if teams and names_path(teams, path):
            return teams
    plain = slug(path.rpartition("/")[2].rpartition("-")[0])
    homes = [text for text in texts if (key := slug(text)) and plain.startswith(key)]
    aways = [text for text in texts if (key := slug(text)) and plain.endswith(key)]
    pairs = ((home, away) for home in homes for away in aways)
    return next((teams for teams in pairs if names_path(teams, path)), None)


def _kickoff(node: Any, now: datetime) -> datetime | None:
    row = Selector(root=node)
    instants = (kickoff.from_iso(attribute(time, "datetime")) for time in row.css("time"))
    text = words(row)
    printed = (kickoff.from_day_and_time(text, now), kickoff.from_french(text, now))
    return next(filter(None, (*instants, *printed)), None)
