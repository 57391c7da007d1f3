"""``/benchmark/``: bookmakers ranked by what they pay back over a period, and what that is made of.

All that is asked stands in the address. A period may be said in words (``period=30``) or by its days (``since``,
``until``): the link that reproduces a page, and its files, say the days.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, render_template, request
from peewee import Database

from admin import spreadsheet
from admin.charts import Chart, Line
from admin.pages import analyst
from admin.pages.choosing import names_of
from admin.spreadsheet import Cell
from admin.words import Phrase, say, spoken
from analytics import benchmark, concerned, paired
from analytics.benchmark import Fact, Names, Ranked, Scope, Sums
from schema.instants import to_paris
from schema.markets import MARKETS
from schema.names import name_key
from schema.prices import published_style
from schema.tally import Freshness, freshness

SPORT = "FOOT"
PERIODS: Mapping[str, Phrase] = {
    "7": Phrase("7 jours"),
    "30": Phrase("30 jours"),
    "season": Phrase("saison"),
    "coming": Phrase("à venir"),
}
USUAL = "30"
AHEAD = timedelta(days=30)
"""How far ahead is looked at as *coming*."""
LONGEST = timedelta(days=750)
SEASON_BEGINS = 7
"""The month, on its first day."""

TINTS = (Decimal("0.25"), Decimal("0.75"), Decimal("1.5"))
"""Points of percent from the mean of all, beyond which a cell is tinted one degree more."""

WIDEST = 16
"""Leagues of the matrix."""
WEEKLY = 100
"""In a period of more days the chart has a point a week."""

LATE = timedelta(minutes=15)
"""A tally that is behind by more is said to be late."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. ``period``: its name, or empty where it is told by its days."""

    sport: str
    market: str
    leagues: tuple[int, ...]
    period: str
    since: date
    until: date
    operator: bool

    def arguments(self, **changed: Any) -> list[tuple[str, str]]:
        """Of the address that asks the same, but for what is changed; the period by its days."""
        said: dict[str, Any] = {"sport": self.sport, "market": self.market, "league": self.leagues}
        said |= {"since": self.since.isoformat(), "until": self.until.isoformat()}
        said |= {"colours": "operator" if self.operator else None} | changed
        told: list[tuple[str, str]] = []
        for name, value in said.items():
            values = value if isinstance(value, tuple) else (value,)
            told += [(name, str(one)) for one in values if one is not None and one != ""]
        return told

    def address(self, path: str, **changed: Any) -> str:
        return f"{path}?{urlencode(self.arguments(**changed))}"


def addresses(database: Database) -> Blueprint:
    blueprint = Blueprint("benchmark", __name__, url_prefix="/benchmark")

    @blueprint.get("/")
    def index() -> str:
        names = names_of(current_app, database)
        asked = read(names, today())
        market = names.market(asked.sport, asked.market)
        found, asked, known = _facts(asked, market, names)
        ranking = benchmark.ranking(found)
        days = benchmark.over_time(_scope(asked, market)) if ranking and market else {}
        weekly = (asked.until - asked.since).days >= WEEKLY
        return render_template(
            "benchmark/index.html",
            **shared(asked, names, freshness(database)),
            ranking=ranking,
            bars=bars(ranking),
            chart=chart(benchmark.by_week(days) if weekly else days, ranking, names),
            weekly=weekly,
            matrix=matrix(found, ranking, names),
            mean=benchmark.weighted_mean(one.sums for one in ranking),
            known=known,
            switched=not request.args.get("period") and asked.period == "coming",
        )

    @blueprint.get("/<kind>")
    def export(kind: str) -> Response:
        if kind not in ("ranking.csv", "ranking.xlsx"):
            abort(404)
        names = names_of(current_app, database)
        asked = read(names, today())
        market = names.market(asked.sport, asked.market)
        found = benchmark.facts(_scope(asked, market)) if market else []
        rows = list(ranking_rows(benchmark.ranking(found), found, asked, names))
        name = f"benchmark-{asked.market}-{asked.since}-{asked.until}"
        if kind.endswith(".csv"):
            return spreadsheet.csv_answer(rows, name, spoken())
        return spreadsheet.xlsx_answer(rows, name)

    @blueprint.get("/compare/")
    def compare() -> str:
        names = names_of(current_app, database)
        asked = read(names, today())
        market = names.market(asked.sport, asked.market)
        quotes = paired.quotes(_scope(asked, market)) if market else []
        quoting = sorted({quote[2] for quote in quotes}, key=lambda each: name_key(names.bookmakers.get(each, "")))
        reference = _number(request.args.get("reference")) or (quoting[0] if quoting else None)
        return render_template(
            "benchmark/compare.html",
            **shared(asked, names, freshness(database)),
            quoting=quoting,
            reference=reference,
            pairs=paired.paired(quotes, reference) if reference in quoting else [],
            cut=len(quotes) == paired.MOST,
            most=paired.MOST,
            least=paired.LEAST,
            draws=paired.DRAWS,
        )

    @blueprint.get("/matches/")
    def matches() -> str:
        names = names_of(current_app, database)
        asked = read(names, today())
        market = names.market(asked.sport, asked.market)
        bookmaker = _number(request.args.get("bookmaker"))
        found = concerned.ended_on(_scope(asked, market), bookmaker) if market else []
        return render_template(
            "benchmark/matches.html",
            **shared(asked, names, freshness(database)),
            bookmaker=bookmaker,
            found=found,
            most=concerned.MOST,
        )

    analyst.add(blueprint, database)
    return blueprint


def today() -> date:
    """In Paris."""
    return to_paris(datetime.now(UTC)).date()


# -- what is asked -----------------------------------------------------------------------------------------------------


def read(names: Names, day: date) -> Asked:
    """What the address asks for; what it says of nothing that is known is as if it were not said."""
    arguments = request.args
    sport = arguments.get("sport", SPORT)
    sport = sport if sport in names.sports else SPORT
    codes = [code for _, code, _ in names.markets_of(sport) if code in MARKETS]
    market = arguments.get("market", "")
    market = market if market in codes else next((code for code in ("1X2", "12") if code in codes), "1X2")
    known = dict(names.leagues_of(sport))
    leagues = tuple(dict.fromkeys(number for text in arguments.getlist("league") if (number := _number(text)) in known))
    since, until = _day(arguments.get("since")), _day(arguments.get("until"))
    period = arguments.get("period", "")
    if period not in PERIODS or (since and until and _days_were_changed(period, since, until)):
        period = "" if since and until else USUAL
    if period or not since or not until:
        since, until = days_of(period, day)
    if until < since:
        since, until = until, since
    return Asked(
        sport=sport,
        market=market,
        leagues=tuple(number for number in leagues if number is not None),
        period=period,
        since=max(since, until - LONGEST),
        until=until,
        operator=arguments.get("colours") == "operator",
    )


def days_of(period: str, day: date) -> tuple[date, date]:
    """The first and the last day of a period that is said in words."""
    if period == "coming":
        return day, day + AHEAD
    if period == "season":
        return date(day.year - (day.month < SEASON_BEGINS), SEASON_BEGINS, 1), day
    return day - timedelta(days=int(period) - 1), day


def _days_were_changed(period: str, since: date, until: date) -> bool:
    """Whether the form, which sends both, had other days and the same period: then it is the days that are meant."""
    was, *days = request.args.get("was", "").split(",")
    return was == period and days != [since.isoformat(), until.isoformat()]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 10 else None


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if date(2000, 1, 1) <= found <= date(2100, 1, 1) else None


def _scope(asked: Asked, market: int | None) -> Scope:
    return Scope(market or 0, asked.since, asked.until, asked.leagues)


def _facts(asked: Asked, market: int | None, names: Names) -> tuple[list[Fact], Asked, list["Elsewhere"]]:
    """What the period holds. Where nothing was asked in particular and it holds nothing, what is coming; and where all
    is empty, what there is elsewhere.
    """
    found = benchmark.facts(_scope(asked, market)) if market else []
    if any(fact.now for fact in found):
        return found, asked, []
    if market and asked.period == USUAL and not request.args.get("period"):
        since, until = days_of("coming", today())
        coming = replace(asked, period="coming", since=since, until=until)
        found = benchmark.facts(_scope(coming, market))
        if any(fact.now for fact in found):
            return found, coming, []
    return [], asked, list(_elsewhere(asked, benchmark.known(), names))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A market of which something was tallied, and the address that shows it."""

    sport: str
    market: str
    first: date
    last: date
    address: str


def _elsewhere(asked: Asked, known: list[benchmark.Known], names: Names) -> Iterator[Elsewhere]:
    for one in known:
        if one.market in names.markets:
            code, name, sport = names.markets[one.market]
            since = max(one.first, one.last - timedelta(days=30))
            told = {"sport": sport, "market": code, "league": None, "since": since, "until": one.last}
            yield Elsewhere(names.sports[sport], name, one.first, one.last, asked.address("/benchmark/", **told))


# -- what is shown -----------------------------------------------------------------------------------------------------


def shared(asked: Asked, names: Names, behind: Freshness) -> dict[str, Any]:
    """What every page of the benchmark shows: what is asked, what can be, and how fresh it is."""
    name = next((name for _, code, name in names.markets_of(asked.sport) if code == asked.market), asked.market)
    return {
        "asked": asked,
        "names": names,
        "market_name": name,
        "markets": [(code, name) for _, code, name in names.markets_of(asked.sport) if code in MARKETS],
        "periods": PERIODS,
        "before": Scope(0, asked.since, asked.until).before,
        "behind": behind,
        "late": behind.since is not None and datetime.now(UTC).replace(tzinfo=None) - behind.since > LATE,
        "few": benchmark.FEW,
        "day": day,
        "rounded": published_style,
        "exact": lambda value: Decimal(str(value)),
    }


def day(value: date) -> str:
    return f"{value:%d/%m/%Y}" if spoken() == "fr" else value.isoformat()


@dataclass(frozen=True, slots=True)
class Bars:
    """The scale of the bars: from ``low`` to ``high`` percent, both whole; where each ends, and its tick, 0 to 100."""

    low: int
    high: int
    ends: Mapping[int, float]
    ticks: Mapping[int, float]


def bars(ranking: list[Ranked]) -> Bars:
    means = {one.bookmaker: one.sums.mean for one in ranking if one.sums.mean is not None}
    before = {one.bookmaker: one.before.mean for one in ranking if one.before.mean is not None}
    every = [*means.values(), *(mean for number, mean in before.items() if number in means)]
    if not every:
        return Bars(0, 100, {}, {})
    low, high = int(min(every)) - 1, int(max(every)) + 1

    def place(mean: Decimal) -> float:
        return round(float(100 * (mean - low) / (high - low)), 2)

    return Bars(
        low,
        high,
        {number: place(mean) for number, mean in means.items()},
        {number: place(mean) for number, mean in before.items() if number in means},
    )


def chart(days: Mapping[tuple[date, int], Sums], ranking: list[Ranked], names: Names) -> Chart:
    """Mean TRJ by day, a line for each bookmaker, in the order of the ranking."""
    at = sorted({day for day, _ in days})
    lines = [
        Line(names.bookmakers.get(one.bookmaker, "?"), [days.get((day, one.bookmaker), Sums()).mean for day in at])
        for one in ranking
    ]
    # Noon of UTC is the same day in Paris.
    return Chart(at=[datetime(day.year, day.month, day.day, 12) for day in at], lines=lines, unit="percent", daily=True)  # noqa: DTZ001


@dataclass(frozen=True, slots=True)
class Matrix:
    """``leagues``: id and name, by name, those with most quotes; ``left_out``: how many others there are.

    ``cells``: by bookmaker and league, the sums and a tint from -3 to 3.
    """

    leagues: list[tuple[int, str]]
    left_out: int
    cells: Mapping[tuple[int, int], tuple[Sums, int]]


def matrix(found: list[Fact], ranking: list[Ranked], names: Names) -> Matrix:
    cells = benchmark.matrix(found)
    mean = benchmark.weighted_mean(one.sums for one in ranking)
    quotes: Counter[int] = Counter()
    for (_, league), sums in cells.items():
        quotes[league] += sums.quotes
    leagues = {league for league, _ in quotes.most_common(WIDEST)}
    return Matrix(
        sorted(
            ((league, names.leagues.get(league, ("?", ""))[0]) for league in leagues), key=lambda one: name_key(one[1])
        ),
        len(quotes) - len(leagues),
        {place: (sums, tint(sums.mean, mean)) for place, sums in cells.items() if place[1] in leagues},
    )


def tint(value: Decimal | None, mean: Decimal | None) -> int:
    """How far from the mean, in degrees: -3 to 3."""
    if value is None or mean is None:
        return 0
    degree = sum(abs(value - mean) >= step for step in TINTS)
    return degree if value > mean else -degree


# -- files -------------------------------------------------------------------------------------------------------------


def ranking_rows(ranking: list[Ranked], found: list[Fact], asked: Asked, names: Names) -> Iterator[list[Cell]]:
    """The ranking, then a line for each bookmaker and league; of all leagues together the second column is empty."""
    yield [
        *(say("Bookmaker"), say("Ligue"), say("Sport"), say("Marché"), say("Du"), say("Au"), say("Rang")),
        *(say("TRJ bookmaker moyen (%)"), say("Écart-type (points)"), say("Cotations"), say("Matchs")),
        *(say("Période précédente (%)"), say("Évolution (points)"), say("TRJ affiché moyen (%)")),
        *(
            say("Depuis l'ouverture (points)"),
            say("Meilleures cotes (%)"),
            say("Seul (%)"),
            say("Partagées"),
            say("Seules"),
        ),
    ]
    scope: list[Cell] = [names.sports[asked.sport], asked.market, asked.since, asked.until]
    for one in ranking:
        yield [
            *(names.bookmakers.get(one.bookmaker, "?"), None),
            *(*scope, one.place),
            *_figures(one.sums),
            *(_rounded(one.before.mean), _rounded(one.change), _rounded(one.sums.published_mean)),
            *(_rounded(one.sums.since_opening), _percent(one.best), _percent(one.alone)),
            *(one.sums.best_tied, one.sums.best_alone),
        ]
    cells = benchmark.matrix(found)
    for one in ranking:
        for league in sorted(names.leagues, key=lambda number: name_key(names.leagues[number][0])):
            if sums := cells.get((one.bookmaker, league)):
                yield [
                    *(names.bookmakers.get(one.bookmaker, "?"), names.leagues[league][0]),
                    *(*scope, None),
                    *_figures(sums),
                    *(None, None, _rounded(sums.published_mean), _rounded(sums.since_opening)),
                    *(None, None, sums.best_tied, sums.best_alone),
                ]


def _figures(sums: Sums) -> list[Cell]:
    return [_rounded(sums.mean), _rounded(sums.spread), sums.quotes, sums.matches]


def _rounded(value: Decimal | None) -> Decimal | None:
    return published_style(value)


def _percent(value: Decimal | None) -> Decimal | None:
    return None if value is None else published_style(100 * value)
