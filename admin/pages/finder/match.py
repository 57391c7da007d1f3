"""One match: the grid bookmaker by outcome, how its prices moved, and a journal of what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from admin import formats
from admin.charts import Chart, Line, Mark
from admin.labels import outcome_label
from admin.pages.finder.tables import BOM, attachment, file_name, line_of
from admin.pages.finder.written import FORMATS, MARKET_LABELS, market_label
from admin.words import Phrase, say, spoken
from analytics.finding import WINNER, Meeting, meeting, meeting_so_far, own_market
from analytics.grid import Book, Cell, Observation, Sheet, grid, history, sheets, steps
from schema.instants import to_paris
from schema.markets import MARKETS
from schema.models import now as this_instant
from schema.names import name_key
from schema.plausibility import rules
from schema.prices import published_style

RANGES: Mapping[str, tuple[Phrase, timedelta | None]] = {
    "6h": (Phrase("6 h"), timedelta(hours=6)),
    "24h": (Phrase("24 h"), timedelta(hours=24)),
    "all": (Phrase("tout"), None),
}
"""How much of the movement is drawn, up to the newest observation."""

RECENT = timedelta(minutes=10)
"""A change is bright for so long, and grey after."""
JOURNAL = 50
"""Changes that the journal shows; the export has them all."""
MARKS = 200
"""Crawls that are marked in the chart, the newest."""
SURE = 100
HIGHEST_ID = 2**31
"""No match has such a number, and no database is asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks of the page. ``bookmakers``: names; only these are shown, unless there is none."""

    market: str
    line: Decimal
    outcome: str
    span: str
    style: str
    sort: str
    bookmakers: tuple[str, ...]

    def arguments(self, usual: "Asked", **changes: Any) -> dict[str, Any]:
        """The arguments of the address that asks for this, changed; what is as usual is left out."""
        told = {
            "market": self.market,
            "line": f"{self.line.normalize():f}",
            "outcome": self.outcome,
            "range": self.span,
            "format": self.style,
            "sort": self.sort,
            "bookmaker": self.bookmakers,
        } | changes
        plain = {
            "line": "0",
            "outcome": "1" if told["market"] != "DC" else "1X",
            "range": "all",
            "format": "decimal",
            "sort": "trj",
        }
        plain["market"] = usual.market
        return {name: value for name, value in told.items() if value and value != plain.get(name)}


class Told:
    """What the template asks of the page: everything about one match, as it was read at one instant."""

    def __init__(self, match: Meeting, tabs: Sequence[Sheet], asked: Asked, rows: Sequence[Observation]) -> None:
        self.match, self.tabs, self.asked = match, tabs, asked
        self.now = this_instant()
        self.names = sorted({row.bookmaker for row in rows}, key=name_key)
        wanted = set(asked.bookmakers) & set(self.names)
        self.rows = [row for row in rows if not wanted or row.bookmaker in wanted]
        self.market = MARKETS[asked.market]
        self.grid = grid(self.rows, self.market)
        self._write = FORMATS[asked.style][1]
        self._usual = _usual(match, tabs)

    # -- where else one can go -----------------------------------------------------------------------------------------

    def address(self, **changes: Any) -> str:
        return url_for(".match", number=self.match.id, **self.asked.arguments(self._usual, **changes))

    def follow(self, endpoint: str) -> str | None:
        """Where this match is followed, or an alert on it is made; ``None`` where the application has no such room."""
        return url_for(endpoint, match=self.match.id) if endpoint in current_app.view_functions else None

    # -- the grid ------------------------------------------------------------------------------------------------------

    @property
    def books(self) -> list[Book]:
        """In the order that is asked for; who has no such figure comes last, and who has one that does not count."""
        outcome = self.asked.sort if self.asked.sort in self.market.outcomes else None
        if self.asked.sort == "name":
            return list(self.grid.books)

        def figure(book: Book) -> tuple[bool, Decimal]:
            if outcome is None:
                return not book.counts, -(book.trj or Decimal(0))
            cell = book.cells.get(outcome)
            return (True, Decimal(0)) if cell is None else (not cell.counts, -cell.price)

        return sorted(self.grid.books, key=figure)

    def write(self, price: Decimal | None) -> str:
        """A price as the reader likes it."""
        return formats.DASH if price is None else self._write(price)

    def label(self, outcome: str) -> str:
        return outcome_label(outcome, spoken())

    def side(self, outcome: str) -> str:
        """Whom an outcome is about, where it is about one team."""
        return {"1": self.match.home, "2": self.match.away}.get(outcome, "") if len(outcome) == 1 else ""

    def is_recent(self, cell: Cell) -> bool:
        return cell.changed_at is not None and self.now - cell.changed_at <= RECENT

    def is_stale(self, seen_at: datetime) -> bool:
        """Whether a price should have been seen again; once the match has begun, nobody looks any more."""
        return not self.begun and self.grid.is_stale(seen_at, self.now)

    def moved(self, cell: Cell) -> str:
        """A change in words: ``hausse de 0,05``."""
        change = cell.change
        if not change:
            return say("inchangée")
        said = formats.price(abs(change), spoken())
        return say("hausse de {change}", change=said) if change > 0 else say("baisse de {change}", change=said)

    def story(self, cell: Cell) -> list[str]:
        """What is behind a price, a line each: its opening, the one before, when it was seen."""
        told = [
            say("Ouverture {price}, {at}", price=self.write(cell.opening), at=formats.moment(cell.opened_at, spoken()))
        ]
        if cell.previous is not None:
            changed = formats.moment(cell.changed_at, spoken())
            told.append(say("Avant {price}, jusqu'au {at}", price=self.write(cell.previous), at=changed))
        told.append(say("Relevée {at}", at=formats.moment(cell.seen_at, spoken())))
        if cell.doubt:
            told.append(say("Douteuse : {why}", why=self.doubt(cell.doubt)))
        if cell.left_behind:
            told.append(say("Laissée de côté : les derniers relevés ne la montrent plus"))
        return told

    @staticmethod
    def doubt(rule: str) -> str:
        """What speaks against a price."""
        known = rules().get(rule)
        return rule if known is None else known.in_words(spoken())

    def mean(self, outcome: str) -> Decimal | None:
        """The mean of the prices of an outcome that count."""
        cells = [book.cells[outcome] for book in self.grid.books if outcome in book.cells]
        prices = [cell.price for cell in cells if cell.counts]
        return (sum(prices) / Decimal(len(prices))).quantize(Decimal("0.01")) if prices else None

    @property
    def mean_trj(self) -> Decimal | None:
        told = [book.trj for book in self.grid.books if book.trj is not None and book.counts]
        return sum(told) / Decimal(len(told)) if told else None

    # -- the market ----------------------------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        return self.match.kickoff is not None and self.match.kickoff <= self.now

    @property
    def is_sure(self) -> bool:
        """Whether the best prices together pay more than is staked."""
        return self.grid.trj is not None and self.grid.trj > SURE

    @property
    def market_name(self) -> str:
        return market_label(self.market, self.asked.line)

    @property
    def tab_links(self) -> Iterator[tuple[str, str, bool, int]]:
        """Name, address, whether it is this one, and how many bookmakers price it."""
        for tab in self.tabs:
            here = (tab.market, tab.line) == (self.asked.market, self.asked.line)
            address = self.address(market=tab.market, line=f"{tab.line.normalize():f}", outcome="", sort="")
            yield market_label(MARKETS[tab.market], tab.line), address, here, tab.bookmakers

    # -- how it moved --------------------------------------------------------------------------------------------------

    @property
    def chart(self) -> Chart:
        span, newest = RANGES[self.asked.span][1], self.grid.seen_at
        since = newest - span if span and newest else None
        instants, lines = steps(self.rows, self.asked.outcome, since=since)
        crawls = [at for at in self.grid.crawls if not instants or at >= instants[0]][-MARKS:]
        return Chart(
            at=instants,
            lines=[Line(name, values, self._until(name)) for name, values in lines.items()],
            marks=[Mark(at, say("relevé")) for at in crawls],
            unit="price",
            stepped=True,
        )

    def _until(self, bookmaker: str) -> datetime | None:
        """When a price was last seen that the last crawls do not show any more."""
        seen_at = max(
            row.scraped_at for row in self.rows if (row.bookmaker, row.outcome) == (bookmaker, self.asked.outcome)
        )
        newest = self.grid.seen_at
        return seen_at if newest and self.grid.is_stale(seen_at, newest) else None

    @property
    def journal(self) -> Sequence[Any]:
        return self.grid.changes[:JOURNAL]


def add(blueprint: Blueprint) -> None:
    """``/matches/<id>/`` and its export."""

    @blueprint.get("/<int:number>/")
    def match(number: int) -> str:
        found = meeting_so_far(number) if number < HIGHEST_ID else None
        if found is None:
            abort(404)
        known, newest = found  # before what is shown: what comes meanwhile is told
        tabs = sheets(number)
        asked = _asked(known, tabs)
        told = Told(known, tabs, asked, history(number, asked.market, asked.line))
        return render_template(
            "finder/match.html",
            told=told,
            newest=newest,
            asked=asked,
            ranges=RANGES,
            styles=FORMATS,
            trj=lambda value: formats.percent(published_style(value), spoken()),
        )

    @blueprint.get("/<int:number>/odds.csv")
    def match_csv(number: int) -> Response:
        known = _known(number)
        tabs = sheets(number)
        asked = _asked(known, tabs)
        rows = history(number, asked.market, asked.line)
        return attachment(_export(known, asked, rows), file_name(f"match_{number}_{asked.market}", this_instant()))


def _known(number: int) -> Meeting:
    known = meeting(number) if number < HIGHEST_ID else None
    if known is None:
        abort(404)
    return known


def _usual(match: Meeting, tabs: Sequence[Sheet]) -> Asked:
    """What is shown where the address asks for nothing: the market of the winner, where somebody prices it."""
    own = own_market(match.sport)
    nothing = Sheet(own, "", Decimal(0), 0)
    first = max(tabs, key=lambda tab: (tab.market == own, tab.market in WINNER, tab.bookmakers), default=nothing)
    outcome = MARKETS[first.market].outcomes[0]
    return Asked(
        market=first.market, line=first.line, outcome=outcome, span="all", style="decimal", sort="trj", bookmakers=()
    )


def _asked(match: Meeting, tabs: Sequence[Sheet]) -> Asked:
    """What the address asks for; what makes no sense is as usual."""
    usual, arguments = _usual(match, tabs), request.args
    wanted = arguments.get("market") or usual.market
    market = wanted if wanted in MARKETS else usual.market
    lines = [tab.line for tab in tabs if tab.market == market] or [Decimal(0)]
    line = _decimal(arguments.get("line", ""))
    outcomes = MARKETS[market].outcomes
    return Asked(
        market=market,
        line=line if line in lines else lines[0],
        outcome=_one_of(arguments.get("outcome"), outcomes, outcomes[0]),
        span=_one_of(arguments.get("range"), RANGES, "all"),
        style=_one_of(arguments.get("format"), FORMATS, "decimal"),
        sort=_one_of(arguments.get("sort"), ("trj", "name", *outcomes), "trj"),
        bookmakers=tuple(dict.fromkeys(name[:100] for name in arguments.getlist("bookmaker")[:50] if name)),
    )


def _one_of(value: str | None, known: Any, usual: str) -> str:
    return value if value and value in known else usual


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", ".")) if text else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None  # some of the others cannot even be compared


# -- the export --------------------------------------------------------------------------------------------------------


def _export(match: Meeting, asked: Asked, rows: Sequence[Observation]) -> Iterator[str]:
    """Every observation of the market, the oldest first, as a spreadsheet in French reads it."""
    heads = ("Relevée le", "Match", "Coup d'envoi", "Marché", "Ligne", "Bookmaker", "Issue", "Cote", "Douteuse")
    yield BOM + line_of(heads)
    wanted = set(asked.bookmakers)
    name = f"{match.home} - {match.away}"
    market = str(MARKET_LABELS[asked.market])
    for row in reversed(rows):
        if wanted and row.bookmaker not in wanted:
            continue
        yield line_of(
            (
                _instant(row.scraped_at),
                name,
                _instant(match.kickoff),
                market,
                formats.decimal(asked.line, "fr") if asked.line else "",
                row.bookmaker,
                outcome_label(row.outcome, "fr"),
                formats.price(row.price, "fr"),
                row.suspect or "" if row.doubted else "",
            )
        )


def _instant(value: datetime | None) -> str:
    return "" if value is None else f"{to_paris(value.replace(tzinfo=UTC)):%d/%m/%Y %H:%M:%S}"
