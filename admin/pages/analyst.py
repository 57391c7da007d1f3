"""``/benchmark/table/``: the analyst's table, its saved layouts, and the files and the text that it is taken away as.

The address has the whole table (``market``, ``bookmakers`` in their order, ``leagues``, ``next``, ``columns``), or
the number of a saved one (``layout``). One may show what anybody saved; only who saved it changes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from peewee import Database, IntegrityError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as Answer

from admin import audit, spreadsheet
from admin.access import Role, needs, who
from admin.labels import outcome_label
from admin.pages.choosing import names_of
from admin.spreadsheet import Cell
from admin.words import Phrase, say, spoken
from analytics.benchmark import Names
from analytics.layout import COLUMNS, MOST_BOOKMAKERS, MOST_LEAGUES, MOST_MATCHES, Layout, Line, lines
from schema.markets import MARKETS
from schema.models import Layouts, Payouts, now
from schema.names import name_key
from schema.prices import published_style

COLUMN_NAMES: Mapping[str, Phrase] = {
    "kickoff": Phrase("Coup d'envoi"),
    "league": Phrase("Ligue"),
    "match": Phrase("Match"),
    "prices": Phrase("Cotes"),
    "trj": Phrase("TRJ bookmaker"),
    "best": Phrase("Meilleures cotes"),
    "market_trj": Phrase("TRJ du marché"),
}
MATCHES = 5
"""Of each league, where nobody says how many."""
LEAGUES = 3
"""That are shown where nobody chose."""
SOON = timedelta(days=14)
MOST_LAYOUTS = 100
"""Of one person."""
LONGEST_NAME = 100

KINDS = ("table.csv", "table.xlsx", "table.tsv")


@dataclass(frozen=True, slots=True)
class Shown:
    """A layout, and the saved one it is, if any."""

    layout: Layout
    saved: Layouts | None = None

    @property
    def address(self) -> str:
        """That shows the same, whatever becomes of what is saved."""
        layout = self.layout
        told = {
            "market": layout.market.code,
            "bookmakers": _joined(layout.bookmakers),
            "leagues": _joined(layout.leagues),
            "next": layout.matches,
            "columns": ",".join(layout.columns),
        }
        return urlencode(told)


def add(blueprint: Blueprint, database: Database) -> None:
    _show(blueprint, database)
    _change(blueprint, database)


def _show(blueprint: Blueprint, database: Database) -> None:
    @blueprint.get("/table/")
    def table() -> str | Answer:
        names = names_of(current_app, database)
        if "chosen" in request.args:  # a form: what it says is said again in the address's own words
            return redirect(f"{url_for('benchmark.table')}?{Shown(from_form(names, request.args)).address}")
        shown = found(names)
        told = lines(shown.layout, now())
        rows = list(table_rows(shown.layout, told, names, for_people=True))
        return render_template(
            "benchmark/table.html",
            shown=shown,
            names=names,
            head=rows[0],
            rows=rows[1:],
            lines=told,
            text=spreadsheet.tsv_text(table_rows(shown.layout, told, names), spoken()),
            saved=mine(),
            shown_leagues=[names.leagues[number][0] for number in shown.layout.leagues],
            markets=markets(names),
            columns=COLUMN_NAMES,
            most={"bookmakers": MOST_BOOKMAKERS, "leagues": MOST_LEAGUES, "matches": MOST_MATCHES},
            written=lambda cell: spreadsheet.shown(cell, spoken()),
            is_number=lambda cell: isinstance(cell, Decimal),
        )

    @blueprint.get("/table/<kind>")
    def table_file(kind: str) -> Response:
        if kind not in KINDS:
            abort(404)
        names = names_of(current_app, database)
        shown = found(names)
        rows = table_rows(shown.layout, lines(shown.layout, now()), names)
        name = shown.saved.name if shown.saved else say("cotes")
        if kind == "table.xlsx":
            return spreadsheet.xlsx_answer(rows, name)
        if kind == "table.tsv":
            return Response(
                spreadsheet.tsv_text(rows, spoken()), content_type="text/tab-separated-values; charset=utf-8"
            )
        return spreadsheet.csv_answer(rows, name, spoken())


def _change(blueprint: Blueprint, database: Database) -> None:
    @blueprint.post("/table/save")
    @needs(Role.VIEWER)
    def save() -> Answer:
        names = names_of(current_app, database)
        name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME]
        told = request.form
        layout = from_form(names, told) if "chosen" in told else from_address(names, told)
        if not name or layout is None or not layout.bookmakers or not layout.leagues:
            abort(400)
        with audit.together(database):
            number = keep(name, layout)
        return redirect(url_for("benchmark.table", layout=number), 303)

    @blueprint.post("/table/<int:number>/remove")
    @needs(Role.VIEWER)
    def remove(number: int) -> Answer:
        with audit.together(database):
            row = Layouts.get_or_none((Layouts.id == number) & (Layouts.owner == who()))
            if row is None:
                abort(404)
            Layouts.delete().where(Layouts.id == number).execute()
            audit.note("remove", "layout", row.name, row, None)
        return redirect(url_for("benchmark.table"), 303)


def keep(name: str, layout: Layout) -> int:
    """Save a layout under this name of who is there, over the one that has it; its number.

    Too many of one person are refused: 409.
    """
    row = {
        "market": layout.market.code,
        "bookmakers": _joined(layout.bookmakers),
        "leagues": _joined(layout.leagues),
        "matches": layout.matches,
        "columns": ",".join(layout.columns),
        "updated_at": now(),
    }
    before = Layouts.get_or_none((Layouts.owner == who()) & (Layouts.name == name))
    if before is None:
        if Layouts.select().where(Layouts.owner == who()).count() >= MOST_LAYOUTS:
            abort(409)
        try:
            number = int(Layouts.insert(owner=who(), name=name, **row).execute())
        except IntegrityError:  # saved twice at once
            abort(409)
        audit.note("add", "layout", name, None, row)
        return number
    Layouts.update(**row).where(Layouts.id == before.id).execute()
    audit.note("change", "layout", name, before, row)
    return int(before.id)


def mine() -> list[Layouts]:
    """The layouts of who is there, by name."""
    found = Layouts.select().where(Layouts.owner == who()).limit(MOST_LAYOUTS)
    return sorted(found, key=lambda row: name_key(row.name))


# -- which table -------------------------------------------------------------------------------------------------------


def found(names: Names) -> Shown:
    """The table that the address asks for; without a word of it, one that shows something."""
    if number := _number(request.args.get("layout")):
        row = Layouts.get_or_none(Layouts.id == number)
        if row is None:
            abort(404)
        told = {name: str(getattr(row, name)) for name in ("market", "bookmakers", "leagues", "columns")}
        told["next"] = str(row.matches)
        layout = from_address(names, told)
        if layout is None:
            abort(404)
        return Shown(layout, row)
    layout = from_address(names, request.args)
    return Shown(layout or usual(names))


def from_address(names: Names, told: Mapping[str, str]) -> Layout | None:
    """What an address, or a saved row, says; what is not known any more is left out. ``None``: it says nothing."""
    if "bookmakers" not in told and "leagues" not in told:
        return None
    columns = tuple(name for name in COLUMNS if name in told.get("columns", ",".join(COLUMNS)).split(","))
    return Layout(
        market=MARKETS.get(told.get("market", ""), MARKETS["1X2"]),
        bookmakers=tuple(_numbers(told.get("bookmakers", ""), names.bookmakers))[:MOST_BOOKMAKERS],
        leagues=tuple(_numbers(told.get("leagues", ""), names.leagues))[:MOST_LEAGUES],
        matches=max(1, min(_number(told.get("next")) or MATCHES, MOST_MATCHES)),
        columns=columns or COLUMNS,
    )


def from_form(names: Names, arguments: MultiDict[str, str]) -> Layout:
    """What the form says: a place (from 1) beside each bookmaker and league that is wanted."""

    def in_order(prefix: str, known: Mapping[int, Any]) -> Iterator[int]:
        places = ((_number(arguments.get(f"{prefix}{number}")), number) for number in known)
        return (number for place, number in sorted((place, number) for place, number in places if place))

    return Layout(
        market=MARKETS.get(arguments.get("market", ""), MARKETS["1X2"]),
        bookmakers=tuple(in_order("b", names.bookmakers))[:MOST_BOOKMAKERS],
        leagues=tuple(in_order("l", names.leagues))[:MOST_LEAGUES],
        matches=max(1, min(_number(arguments.get("next")) or MATCHES, MOST_MATCHES)),
        columns=tuple(name for name in COLUMNS if name in arguments.getlist("column")) or COLUMNS,
    )


def usual(names: Names) -> Layout:
    """Of the leagues that play soon, and the bookmakers that quote them: one query over what is tallied."""
    day = date.today()  # noqa: DTZ011 - a day more or less does not matter
    market = names.market("FOOT", "1X2")
    query = Payouts.select(Payouts.league, Payouts.bookmaker).distinct()
    query = query.where(Payouts.market == market, Payouts.day.between(day, day + SOON))
    rows = list(query.tuples().execute())
    leagues = sorted({league for league, _ in rows if league in names.leagues}, key=lambda one: names.leagues[one][0])
    bookmakers = {bookmaker for _, bookmaker in rows if bookmaker in names.bookmakers}
    return Layout(
        market=MARKETS["1X2"],
        bookmakers=tuple(sorted(bookmakers, key=lambda one: name_key(names.bookmakers[one])))[:MOST_BOOKMAKERS],
        leagues=tuple(leagues[:LEAGUES]),
        matches=MATCHES,
    )


def markets(names: Names) -> list[tuple[str, str]]:
    """Each market once, whichever sports have it, with a name of it."""
    told: dict[str, str] = {}
    for code, name, _ in names.markets.values():
        if code in MARKETS:
            told.setdefault(code, name)
    return [(code, told[code]) for code in MARKETS if code in told]


def _numbers(text: str, known: Mapping[int, Any]) -> Iterator[int]:
    return (number for number in dict.fromkeys(map(_number, text.split(","))) if number in known and number is not None)


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else None


def _joined(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


# -- what stands in it -------------------------------------------------------------------------------------------------


def table_rows(layout: Layout, told: Sequence[Line], names: Names, *, for_people: bool = False) -> Iterator[list[Cell]]:
    """The head, then a row for each match. ``for_people``: the match is one cell, first."""
    wanted = layout.columns
    head: list[Cell] = [str(COLUMN_NAMES[name]) for name in ("kickoff", "league") if name in wanted]
    match = [say("Match")] if for_people else [say("Domicile"), say("Extérieur")]
    yield [
        *(match if for_people else []),
        *head,
        *([] if for_people or "match" not in wanted else match),
        *_offers_head(layout, names),
    ]
    for line in told:
        league = names.leagues.get(line.league, ("",))[0]
        own: dict[str, Cell] = {"kickoff": line.kickoff, "league": league}
        sides: list[Cell] = [line.home, line.away]
        yield [
            *([f"{line.home} – {line.away}"] if for_people else []),  # noqa: RUF001 - as matches are written
            *(own[name] for name in ("kickoff", "league") if name in wanted),
            *([] if for_people or "match" not in wanted else sides),
            *_offers(layout, line),
        ]


def _offers_head(layout: Layout, names: Names) -> Iterator[str]:
    outcomes = [str(outcome_label(outcome, spoken())) for outcome in layout.market.outcomes]
    for bookmaker in layout.bookmakers:
        name = names.bookmakers[bookmaker]
        if "prices" in layout.columns:
            yield from (f"{name} {outcome}" for outcome in outcomes)
        if "trj" in layout.columns:
            yield f"{name} {say('TRJ (%)')}"
    if "best" in layout.columns:
        yield from (f"{say('Meilleure')} {outcome}" for outcome in outcomes)
    if "market_trj" in layout.columns:
        yield say("TRJ du marché (%)")


def _offers(layout: Layout, line: Line) -> Iterator[Cell]:
    outcomes = layout.market.outcomes
    for bookmaker in layout.bookmakers:
        prices = line.books.get(bookmaker, {})
        if "prices" in layout.columns:
            yield from (prices.get(outcome) for outcome in outcomes)
        if "trj" in layout.columns:
            yield published_style(line.trj(bookmaker, layout.market))
    if "best" in layout.columns:
        yield from (line.best[outcome].price if outcome in line.best else None for outcome in outcomes)
    if "market_trj" in layout.columns:
        yield published_style(line.market_trj)
