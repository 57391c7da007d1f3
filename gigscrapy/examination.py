"""What can be said of a page that changed, and begun for its parser: pure, from its two texts.

Which selectors of which generation still find something, what the readers make of the page, and a fixture drafted from
it with the rows that are read in that fixture.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import urlsplit

from parsel import Selector

from gigscrapy.pages import LeaguePage, MatchPage, PageChanged, structure
from gigscrapy.pages.league import read_league
from gigscrapy.pages.listing import Asked
from gigscrapy.pages.markup import document, match_of, split_teams, words
from gigscrapy.pages.match import read_match
from gigscrapy.pages.selectors import LIST_SELECTORS, MATCH_SELECTORS
from gigscrapy.skeleton import Skeleton
from schema.markets import MARKETS, winner_market
from schema.names import on_one_line, slug
from schema.reference import sports

SHOWN = 3
"""Matches or bookmakers that are told of."""

DRAFT_LIST = "https://site.test/cotes/foot/bourgogne/ligue-9"
DRAFT_MATCH = "https://site.test/cote/avallon-beaune-101"
DRAFT_NOW = datetime(2025, 10, 20, 12, 0, tzinfo=UTC)
"""Where and when the drafted page is, as all fixtures are (``tests/gigscrapy/pages``)."""

HEADINGS = "h1, .page-title, time[datetime]"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """A fixture's HTML, and what is read in it, as JSON."""

    html: str
    expected: str


@dataclass(frozen=True, slots=True)
class Examination:
    """One page, looked into.

    :ivar url: of the page; :ivar raw, rendered: its text as it arrived, and once its scripts were through.
    :ivar now: aware; when that was.
    """

    url: str
    raw: str
    rendered: str
    now: datetime

    @property
    def is_match(self) -> bool:
        return match_of(self.url, self.url) is not None

    def report(self) -> str:
        """For people: the selectors and what they find, then what is read, plainly and in the browser."""
        lines = [f"{self.url} is taken for a {'match' if self.is_match else 'league'} page", ""]
        lines += self._selectors()
        lines += ["", f"read as it arrived:  {self._told(self.raw, self.read)}"]
        lines += [f"read in the browser: {self._told(self.rendered, self.read)}"]
        lines += [f"by structure alone:  {self._told(self.rendered, self.read_by_structure)}"]
        return "\n".join(map(on_one_line, "\n".join(lines).split("\n")))

    # -- selectors -----------------------------------------------------------------------------------------------------

    def _selectors(self) -> Iterator[str]:
        pages = [_parsed(html, self.url) for html in (self.raw, self.rendered)]
        yield f"{'generation':12}{'finds':24}{'raw':>6}{'rendered':>10}  selector"
        for generation, selectors in (MATCH_SELECTORS if self.is_match else LIST_SELECTORS).items():
            for what, selector in selectors.items():
                raw, rendered = (len(page.css(selector)) if page else 0 for page in pages)
                yield f"{generation:12}{what:24}{raw:>6}{rendered:>10}  {selector}"

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, html: str) -> LeaguePage | MatchPage:
        """What a crawl would read. :raises PageChanged: when that is nothing."""
        return self._by_sport(lambda outcomes: _read(html, self.url, self.now, outcomes))

    def read_by_structure(self, html: str) -> LeaguePage | structure.Table:
        """What the structural reader makes of it, whether or not a parser knows it.

        :raises PageChanged: when it finds nothing, or does not believe what it finds.
        """
        return self._by_sport(lambda outcomes: self._structure(html, outcomes))

    def _structure(self, html: str, outcomes: int) -> LeaguePage | structure.Table:
        page = document(html, self.url)
        market = winner_market(outcomes)
        found: LeaguePage | structure.Table | None
        if self.is_match:
            found = structure.read_table(page, self.url, MARKETS[market].outcomes)
        else:
            found = structure.read_list(Asked(page=page, url=self.url, now=self.now, market=market))
        if found is None:
            raise PageChanged(
                self.url, {"rows": "a known bookmaker, or a match's link, with as many prices as outcomes"}
            )
        return found

    def _by_sport(self, read: Callable[[int], T]) -> T:
        """Read with as many outcomes as the sport's matches have; a match's address does not tell, so either is tried.

        :raises PageChanged: when it can be read with neither.
        """
        slugs = {sport.slug: sport.outcomes for sport in sports().values()}
        told = next((slugs[part] for part in urlsplit(self.url).path.split("/")[2:3] if part in slugs), None)
        if told:
            return read(told)
        try:
            return read(3)
        except PageChanged as changed:
            try:
                return read(2)
            except PageChanged:
                raise changed from None

    def _told(self, html: str, read: Callable[[str], LeaguePage | MatchPage | structure.Table]) -> str:
        try:
            return _summary(read(html))
        except PageChanged as changed:
            return f"nothing; {changed}"

    # -- the draft -----------------------------------------------------------------------------------------------------

    def draft(self) -> Draft | None:
        """A fixture and its rows; ``None`` where no row was found that could be drafted."""
        page = _parsed(self.rendered, self.url)
        outcomes = self._outcomes()
        rows = _alike(self._rows(page, outcomes)) if page else []
        if page is None or not rows:
            return None
        headings = [node.root for node in page.css(HEADINGS) if not _within(node.root, rows)]
        html = Skeleton(self._matches(page)).of(rows, headings[:SHOWN])
        url = DRAFT_MATCH if self.is_match else DRAFT_LIST
        try:
            read: Any = asdict(_read(html, url, DRAFT_NOW, outcomes))
        except PageChanged as changed:
            read = {"not read": str(changed)}
        note = "Drafted: what is read in fixture.html today. Correct by hand what it should be."
        expected = {"note": note, "url": url, "now": DRAFT_NOW, "outcomes": outcomes, "read": read}
        return Draft(html, json.dumps(expected, ensure_ascii=False, indent=2, default=str) + "\n")

    def _outcomes(self) -> int:
        """As many as the prices of a row that can be read; three where none can."""

        def readable(outcomes: int) -> int:
            self._structure(self.rendered, outcomes)
            return outcomes

        try:
            return self._by_sport(readable)
        except PageChanged:
            return 3

    def _rows(self, page: Selector, outcomes: int) -> list[Any]:
        if self.is_match:
            return structure.row_nodes(page, self.url, outcomes)
        return structure.list_nodes(Asked(page=page, url=self.url, now=self.now, market=winner_market(outcomes)))

    def _matches(self, page: Selector) -> list[tuple[str, str | None, str | None]]:
        """Id and teams of the page's matches, by which their names are found in its texts."""
        try:
            read = self.read(self.rendered)
        except PageChanged:
            read = None
        if isinstance(read, LeaguePage):
            return [(match.match_id, match.home, match.away) for match in read.matches]
        own = match_of(self.url, self.url)
        title = split_teams(words(page.css("h1")[0])) if page.css("h1") else None
        home, away = (read.home, read.away) if read and read.home else title or (None, None)
        return [(own[0], home, away)] if own else []


def _parsed(html: str, url: str) -> Selector | None:
    try:
        return document(html, url)
    except PageChanged:
        return None


def _read(html: str, url: str, now: datetime, outcomes: int) -> LeaguePage | MatchPage:
    if match_of(url, url):
        return read_match(html, url=url, now=now, outcomes=outcomes)
    return read_league(html, url=url, now=now, market=winner_market(outcomes))


def _alike(rows: list[Any]) -> list[Any]:
    """Those built like most: a row of another kind is of a side bar, or an advertisement."""
    kinds = Counter((row.tag, row.get("class")) for row in rows)
    usual = max(kinds, key=lambda kind: kinds[kind], default=None)
    return [row for row in rows if (row.tag, row.get("class")) == usual]


def _within(node: Any, rows: list[Any]) -> bool:
    return any(around in rows for around in (node, *node.iterancestors()))


def _summary(read: LeaguePage | MatchPage | structure.Table) -> str:
    rows: list[str]
    if isinstance(read, LeaguePage):
        what, rows = "matches", [_of_match(asdict(match)) for match in read.matches]
    else:
        what, rows = "bookmakers", [f"{_name(asdict(row)['bookmaker'])} {_prices(row.prices)}" for row in read.rows]
    by = "" if isinstance(read, structure.Table) else f"generation {read.generation}, "
    unread = f", {read.unreadable} rows that cannot be told apart" if read.unreadable else ""
    shown = rows if len(rows) <= SHOWN else [*rows[:SHOWN], "…"]
    return "\n    ".join([f"{by}{len(rows)} {what}{unread}", *shown])


def _of_match(match: Mapping[str, Any]) -> str:
    best = {outcome: best["price"] for outcome, best in match["best"].items()}
    kickoff = f"{match['kickoff']:%Y-%m-%d %H:%M} UTC" if match["kickoff"] else "no kick-off"
    return f"{match['home'] or '?'} - {match['away'] or '?'}, {kickoff}, {_prices(best)}"


def _prices(prices: Mapping[str, Decimal | None]) -> str:
    return " ".join(f"{outcome} {price}" for outcome, price in prices.items()) or "no prices"


def _name(bookmaker: Mapping[str, Any]) -> str:
    return bookmaker["name"] or f"number {bookmaker['site_id']}"


def folder_name(url: str, now: datetime) -> str:
    """What the capture of a page is called: letters, digits and hyphens only."""
    return f"{now:%Y-%m-%d}-{slug(urlsplit(url).path.replace('/', ' '))[:80] or 'home'}"
