"""From the world to the site's pages: HTML as it arrives, and what the page's script then puts in.

What is attested, and by what:

- *list D* was read in a real page (2025-10-15): selectors, JSON-LD, market selector, menu, pagination of one page,
  and that prices, bookmaker and return rate come by script. How several pages are linked is ours.
- *list E*: other people's code relies on ``.match-row`` and on links under ``/cote/``, several for one match. The rest
  is ours; it shows no prices, for no reader knows where they would be.
- *list F*: the wording of a match's link, from other people's code. *list G*: ``data-rencid``, ``data-eventname``,
  ``data-eventdate`` on buttons, and that they are in the HTML as it arrives. That the buttons' text is the price, in
  the order 1, N, 2, and that league pages look like the sport's, is ours.
- *match D* and *match E* are reconstructions from selectors that others used: **no capture of a match page exists**.
  Headings, the second market and the order of everything are ours.

Nobody knows the match page of F and G; they get E's. *List U* and *match U* never were: a rebuilt site, with all that
the others have, in places and under names that no reader knows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from gigscrapy.leagues import League
from replica import menu, prices
from replica.world import Match, Quote, World, league_at
from schema.instants import to_paris
from schema.markets import winner_market
from schema.reference import Sport

LAYOUTS = ("D", "E", "F", "G", "U")

LATE = 3_000
"""Milliseconds before the first price of a page that is late."""

BURSTS = 3
GENEROUS = 95
"""From this return rate on, the list paints it."""

PLAYED = timedelta(hours=1, minutes=45)
"""The end of every match, whatever the sport."""

NO_PRICE = ("-", "0.00", "")

MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

TOOLS = {
    "/cotes/surebet": "Surebet",
    "/cotes/surebet/calculette": "Calculette Surebet",
    "/cotes/valuebet": "Valuebet",
    "/cotes/decote": "Décote",
    "/cotes-boostees": "Cotes boostées",
}
"""Pages that start like a league's or a sport's and are none."""


@dataclass(frozen=True, slots=True)
class SiteMarket:
    """A market as the site writes it: ``typename``, title, and for each outcome its code, ``data-choice`` and label."""

    typename: str
    code: str
    title: str
    choices: tuple[tuple[str, str, str], ...]


RESULT = SiteMarket("1n2", "1X2", "Résultat du match", (("1", "1", "1"), ("X", "0", "N"), ("2", "2", "2")))
WINNER = SiteMarket("12", "12", "Vainqueur du match", (("1", "1", "1"), ("2", "2", "2")))
HALVES = (("1", "1", "1"), ("X", "2", "N"), ("2", "3", "2"))
"""Not 1, 0, 2 as in the match's result."""
TOTAL = SiteMarket(
    prices.TOTAL, prices.TOTAL, "Plus ou moins", (("under", "2", "Moins de 2,5"), ("over", "3", "Plus de 2,5"))
)

FOOTBALL_MARKETS = {
    market.typename: market
    for market in (
        RESULT,
        SiteMarket("DNB", "DNB", "Nul remboursé", (("1", "1", "1"), ("2", "2", "2"))),
        SiteMarket("DC", "DC", "Double chance", (("1X", "1", "1N"), ("X2", "2", "N2"), ("12", "3", "12"))),
        SiteMarket("HT", "1X2H1", "Vainqueur 1ère mi temps", HALVES),
        SiteMarket("HT2", "1X2H2", "Vainqueur 2ème mi temps", HALVES),
    )
}
"""What the market selector offers, by the value of ``typecote``; no other sport's selector has been seen."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The best price of one outcome, as printed."""

    choice: str
    label: str
    odds: str
    book: int | None


@dataclass(frozen=True, slots=True)
class Icon:
    id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One match of a list, everything as printed."""

    match: Match
    sport: Icon
    typename: str
    cells: tuple[Cell, ...]
    trj: str
    generous: bool
    day: str
    hour: str
    starts: str
    ends: str
    unix: int


@dataclass(frozen=True, slots=True)
class BookmakerRow:
    """One bookmaker of a match page, everything as printed."""

    name: str
    book: int
    cells: tuple[str, ...]
    payout: str


@dataclass(frozen=True, slots=True)
class Group:
    """Matches of one league that follow one another on a list."""

    league: League
    flag: str
    rows: tuple[ListRow, ...]


@dataclass(frozen=True, slots=True)
class MarketTable:
    """One market of a match page; ``id`` is that of the element its rows go into."""

    id: str
    title: str
    labels: tuple[str, ...]
    rows: tuple[BookmakerRow, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A page before it is HTML: its template and what that is filled with."""

    template: str
    fill: dict[str, Any]


class Pages:
    """The site's pages at one tick, in one layout.

    :param gap: milliseconds before each burst of prices; :param ads: address of the advertisers' script.
    """

    def __init__(
        self, world: World, layout: str = "D", *, page_size: int = 30, gap: int = 40, ads: str = "/ads.js"
    ) -> None:
        self.world = world
        self.layout = layout
        self.page_size = page_size
        self.gap = gap
        self.ads = ads
        self._templates = Environment(
            loader=PackageLoader("replica"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def html(self, target: str, *, injected: bool = False, fault: str | None = None) -> str:
        """The page at ``target`` (path and query), as it arrives.

        :param injected: with everything put in, as it stands once the script is through.
        :param fault: ``empty``, ``never``, ``late`` or ``unknown-layout``; others do not change a page.
        :raises LookupError: when the site has no such page.
        """
        view = self._view(target)
        if fault == "unknown-layout":
            return self._render("unknown.html", {"title": view.fill["title"], "rows": _all_rows(view)})
        if fault == "empty":
            view.fill.update(groups=(), markets=[_emptied(table) for table in view.fill.get("markets", ())])
        silent = fault in ("empty", "never") or injected or not self._fragments(view)
        waiting = {
            "injected": injected,
            "feed": "" if silent else f"/feed?of={quote(target, safe='')}",
            "wait": LATE if fault == "late" else self.gap,
            "gap": self.gap,
            "ads": self.ads,
        }
        return self._render(view.template, {**view.fill, **waiting})

    def feed(self, target: str) -> dict[str, Any]:
        """What the script of the page at ``target`` fetches: ``{"bursts": [[{"into": selector, "html": …}, …], …]}``.

        :raises LookupError: when the site has no such page.
        """
        fragments = self._fragments(self._view(target))
        size = -(-len(fragments) // BURSTS) or 1
        return {"bursts": [fragments[start : start + size] for start in range(0, len(fragments), size)]}

    # -- which page ---------------------------------------------------------------------------------------------------

    def _view(self, target: str) -> View:
        parts = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        path = parts.path
        if path == "/":
            return self._plain("Cotes et pronostics", "Les cotes des bookmakers, comparées.")
        if path in TOOLS:
            return self._plain(TOOLS[path], "Cet outil ne fait rien ici.")
        if path == "/comparateur-de-cotes":
            everything = [match for sport in menu.site_sports().values() for match in self._of_sport(sport)]
            return self._list(path, query, everything, "tous les sports")
        if path.startswith("/cotes-"):
            return self._sport(path, query)
        if path.startswith("/cotes/"):
            league = league_at(path)
            subject = " ".join(path.split("/")[3:]).replace("-", " ")
            return self._list(path, query, self.world.fixtures(path), subject, league=league)
        return self._match(path)

    def _plain(self, title: str, text: str) -> View:
        return View("plain.html", {"title": title, "text": text, **self._column()})

    def _sport(self, path: str, query: Mapping[str, str]) -> View:
        slug, _, day = path.removeprefix("/cotes-").partition("/")
        sport = menu.site_sports()[slug]
        matches: Iterable[Match] = self._of_sport(sport)
        if day:
            ahead = {"aujourdhui": 0, "demain": 1}[day]
            wanted = to_paris(self.world.now).date() + timedelta(days=ahead)
            matches = (match for match in matches if to_paris(match.kickoff).date() == wanted)
        return self._list(path, query, matches, sport.title, sport=sport)

    def _of_sport(self, sport: Sport) -> list[Match]:
        return [match for league in self.world.leagues(sport.name) for match in self.world.fixtures(league.path)]

    def _column(self, sport: Sport | None = None, league: League | None = None) -> dict[str, Any]:
        """What the left column needs. Without a sport it shows football's."""
        all_sports = menu.site_sports()
        sport = sport or all_sports["foot"]
        entry = league and Icon(menu.league_number(league), league.title)
        return {
            "layout": self.layout,
            "sport": sport,
            "league": league and {"id": entry and entry.id, "country_id": menu.country_number(league.country)},
            "countries": menu.countries(self.world.leagues(sport.name)),
            "other_sports": [(slug, other.title) for slug, other in all_sports.items() if slug != sport.slug],
        }

    # -- lists --------------------------------------------------------------------------------------------------------

    def _list(
        self,
        path: str,
        query: Mapping[str, str],
        matches: Iterable[Match],
        subject: str,
        *,
        league: League | None = None,
        sport: Sport | None = None,
    ) -> View:
        if league:
            sport = _sport_of(league)
        market = FOOTBALL_MARKETS.get(query.get("typecote", ""), RESULT)
        order = "retour" if query.get("orderby") == "retour" else "date"
        chosen = list(matches)
        if order == "retour":
            chosen.sort(key=lambda match: match.trj(self._market(match, market).code) or Decimal(0), reverse=True)
        last = max(1, -(-len(chosen) // self.page_size))
        number = min(_whole(query.get("page")), last)
        rows = [
            self._row(match, self._market(match, market))
            for match in chosen[(number - 1) * self.page_size : number * self.page_size]
        ]
        groups = [
            Group(of, menu.flag(of.country), tuple(group)) for of, group in groupby(rows, lambda row: row.match.league)
        ]
        football = sport is not None and sport.name == "football"
        kept = "".join(f"{key}={quote(query[key])}&" for key in ("orderby", "typecote") if key in query)
        return View(
            f"list_{self.layout}.html",
            {
                "title": f"Cotes {subject}",
                "subject": subject,
                "path": path,
                "query": kept,
                "groups": groups,
                "number": number,
                "last": last,
                "numbers": range(max(1, number - 2), min(last, number + 2) + 1),
                "order": order,
                "typename": market.typename if football else WINNER.typename,
                "selector": [(each.typename, each.title) for each in FOOTBALL_MARKETS.values()] if football else (),
                "selected": market.title,
                "reviewed": self._most_generous(),
                **self._column(sport, league),
            },
        )

    def _market(self, match: Match, asked: SiteMarket) -> SiteMarket:
        """What a list shows of a match: the market asked for where the site has it, else the winner."""
        if match.league.sport == "football" and self.layout == "D":
            return asked
        return _main_market(match)

    def _row(self, match: Match, market: SiteMarket) -> ListRow:
        best = match.best(market.code)
        trj = match.trj(market.code)
        kickoff = to_paris(match.kickoff)
        offers = ((choice, label, best.get(outcome)) for outcome, choice, label in market.choices)
        return ListRow(
            match=match,
            sport=_icon(_sport_of(match.league)),
            typename=market.typename,
            cells=tuple(
                Cell(choice, label, str(offer[0]), offer[1].site_id) if offer else Cell(choice, label, "0.00", None)
                for choice, label, offer in offers
            ),
            trj="" if trj is None else f"{trj}%",
            generous=trj is not None and trj >= GENEROUS,
            day=f"{kickoff:%d/%m}",
            hour=f"{kickoff:%H:%M}",
            starts=kickoff.isoformat(),
            ends=to_paris(match.kickoff + PLAYED).isoformat(),
            unix=int(match.kickoff.timestamp()),
        )

    def _most_generous(self) -> Sequence[Any]:
        seed = self.world.seed
        return sorted(self.world.bookmakers, key=lambda each: prices.trj(seed, each.site_id), reverse=True)[:3]

    # -- match pages --------------------------------------------------------------------------------------------------

    def _match(self, path: str) -> View:
        number = path.rpartition("-")[2]
        if not path.startswith("/cote/") or not number.isdecimal():
            raise LookupError(f"no page at {path}")
        match = self.world.match(int(number))
        kickoff = to_paris(match.kickoff)
        generation = self.layout if self.layout in ("D", "U") else "E"
        tables = [
            self._table("odds-main", match, _main_market(match), generation),
            self._table("odds-total", match, TOTAL, generation),
        ]
        return View(
            f"match_{generation}.html",
            {
                "title": f"Cotes {match.home} - {match.away}",
                "match": match,
                "weekday": WEEKDAYS[kickoff.weekday()],
                "date": f"{kickoff.day} {MONTHS[kickoff.month - 1]} {kickoff.year} à {kickoff:%H:%M}",
                "markets": tables,
                **self._column(_sport_of(match.league), match.league),
            },
        )

    def _table(self, element: str, match: Match, market: SiteMarket, generation: str) -> MarketTable:
        rows = tuple(_bookmaker_row(quote, market, match.site_id, generation) for quote in match.quotes(market.code))
        return MarketTable(element, market.title, tuple(label for _, _, label in market.choices), rows)

    # -- what the script puts in --------------------------------------------------------------------------------------

    def _fragments(self, view: View) -> list[dict[str, str]]:
        macros: Any = self._templates.get_template("odds.html").module
        if view.template == "list_D.html":
            return [part for row in _all_rows(view) for part in _list_fragments(row, macros.cell)]
        if view.template == "list_U.html":
            return [part for row in _all_rows(view) for part in _tile_fragments(row, macros)]
        if view.template.startswith("match_"):
            line = getattr(macros, f"bookmaker_{view.template[6]}")
            return [
                {"into": f"#{table.id}", "html": str(line(row))} for table in view.fill["markets"] for row in table.rows
            ]
        return []

    def _render(self, template: str, fill: Mapping[str, Any]) -> str:
        return self._templates.get_template(template).render(fill)


def _list_fragments(row: ListRow, cell: Callable[[Cell], str]) -> Iterable[dict[str, str]]:
    match = f'[data-rencid="{row.match.site_id}"]'
    for outcome in row.cells:
        into = f'[data-controller="odd"]{match}[data-choice="{outcome.choice}"]'
        yield {"into": into, "html": str(cell(outcome))}
    yield {"into": f'[data-controller="retour"]{match}', "html": row.trj}


def _tile_fragments(row: ListRow, macros: Any) -> Iterable[dict[str, str]]:
    into = f'[data-tile="{row.match.site_id}"]'
    for outcome in row.cells:
        yield {"into": into, "html": str(macros.price_U(outcome))}
    yield {"into": into, "html": str(macros.return_U(row))}


def _bookmaker_row(shown: Quote, market: SiteMarket, match: int, generation: str) -> BookmakerRow:
    book = shown.bookmaker
    cells = [shown.prices[outcome] for outcome, _, _ in market.choices]
    texts = [
        NO_PRICE[(match + book.site_id + place) % len(NO_PRICE)] if price is None else str(price)
        for place, price in enumerate(cells)
    ]
    if generation == "E":
        texts = [text.replace(".", ",") for text in texts]
    return BookmakerRow(book.name, book.site_id, tuple(texts), _payout(shown.trj, book.site_id))


def _payout(trj: Decimal | None, book: int) -> str:
    """Two spellings side by side: other people's code was ready for both."""
    if trj is None:
        return "-"
    return f"{trj}%" if book % 2 else f"{trj} %".replace(".", ",")


def _main_market(match: Match) -> SiteMarket:
    return RESULT if match.league.market == winner_market(3) else WINNER


def _sport_of(league: League) -> Sport:
    return menu.site_sports()[league.path.split("/")[2]]


def _icon(sport: Sport) -> Icon:
    """Football is 1; the others' numbers are ours."""
    return Icon(list(menu.site_sports()).index(sport.slug) + 1, sport.title)


def _all_rows(view: View) -> list[ListRow]:
    return [row for group in view.fill.get("groups", ()) for row in group.rows]


def _emptied(table: MarketTable) -> MarketTable:
    return MarketTable(table.id, table.title, table.labels, ())


def _whole(text: str | None) -> int:
    """A page number; the first page where it is none."""
    return int(text) if text and text.isdecimal() and int(text) > 0 else 1
