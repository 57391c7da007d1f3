"""How often the rules of plausibility ring falsely on real prices, and how many faults they catch.

``python -m benchmarks.plausibility [FOLDER]`` prints each rule's false alarms on real files of football-data.co.uk,
with the quotes that come nearest to one; then the share of faults that is caught, each put into these same quotes, one
at a time; then what other thresholds would do. The first figures stand in ``schema/reference/plausibility.csv``.

A file has one row for each match, and three columns for each bookmaker: home, draw, away. Opening and closing prices
are two instants, so two panels. Not every column is a bookmaker's: averages and maxima are left out, and so is the one
exchange, whose prices are before its commission.
"""

import argparse
import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from schema.markets import MARKETS
from schema.plausibility import (
    FAR_FROM_PANEL,
    LIST_PAYS_TOO_MUCH,
    PAYS_TOO_LITTLE,
    SWAPPED_SIDES,
    Book,
    Rule,
    broken,
    broken_by_list,
    measure,
    rules,
    rules_for,
)
from schema.prices import read_price, usable

DATA = Path(__file__).parents[2] / "shared" / "data" / "football-data"
MARKET = MARKETS["1X2"]
COLUMNS = {"1": "H", "X": "D", "2": "A"}
"""What the name of a bookmaker's column ends with, by outcome."""
CLOSING = "C"
ENDS_WITH_C = {"VC"}
"""Bookmakers whose own abbreviation ends as those of closing prices do."""
NO_BOOKMAKERS = {"Max", "Avg", "BbMx", "BbAv", "BFE"}
"""Maxima and averages of others, and an exchange."""

LEAST_PANEL = 4
"""Faults are put into panels of so many bookmakers: in smaller ones the rules about a panel say nothing."""
NEAREST_SHOWN = 3
TRIED = {
    FAR_FROM_PANEL: ("1.5", "2", "3", "5", "10"),
    SWAPPED_SIDES: ("1.1", "1.2", "1.5", "2", "3"),
    LIST_PAYS_TOO_MUCH: ("105", "110", "115", "130"),
}
"""Other thresholds, to be seen beside those that were chosen."""

Full = dict[str, Decimal]
Fault = Callable[[Full, Full, str], Book | None]
"""What becomes of a whole quote: it, a quote of the next match, and the outcome that is struck."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The prices of one match at one instant, by bookmaker; ``title`` says which, for people."""

    title: str
    books: Mapping[str, Book]

    def others(self, name: str) -> list[Book]:
        """Everybody's prices but one's."""
        return [book for other, book in self.books.items() if other != name]

    @property
    def best(self) -> Book:
        """What a list would show of it."""
        offered = {outcome: [book.get(outcome) for book in self.books.values()] for outcome in MARKET.outcomes}
        return {outcome: max(filter(None, prices), default=None) for outcome, prices in offered.items()}


# -- the files ---------------------------------------------------------------------------------------------------------


def panels(folder: Path = DATA) -> list[Panel]:
    """Every panel of every CSV of a folder; none where there is no such folder."""
    return [panel for path in sorted(folder.glob("*.csv")) for panel in _panels_of(path)]


def _panels_of(path: Path) -> Iterator[Panel]:
    lines = _text(path).splitlines()
    header, *body = filter(any, csv.reader(lines, delimiter=max(",;", key=lines[0].count)))
    instants = _bookmakers(header)
    for number, cells in enumerate(body, start=1):
        row = dict(zip(header, cells, strict=False))
        home, away = (row.get(f"{side}Team") or row.get(side, "") for side in ("Home", "Away"))
        for instant, bookmakers in instants.items():
            books = {name: _book(row, column) for name, column in bookmakers.items()}
            priced = {name: book for name, book in books.items() if any(book.values())}
            if priced:
                yield Panel(f"{path.name} {number}, {home} - {away}, {instant}", priced)


def _text(path: Path) -> str:
    """Older files are Windows', some newer ones begin with a byte order mark."""
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252")


def _bookmakers(header: Sequence[str]) -> dict[str, dict[str, str]]:
    """By instant and bookmaker what the names of its three columns begin with."""
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for column in dict.fromkeys(name[:-1] for name in header if name[:-1]):
        closing = column.endswith(CLOSING) and column not in ENDS_WITH_C
        bookmaker = column.removesuffix(CLOSING) if closing else column
        whole = all(column + letter in header for letter in COLUMNS.values())
        if whole and bookmaker not in NO_BOOKMAKERS:
            found["closing" if closing else "opening"][bookmaker] = column
    return dict(found)


def _book(row: Mapping[str, str], column: str) -> Book:
    return {outcome: read_price(row.get(column + letter)) for outcome, letter in COLUMNS.items()}


# -- false alarms ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """Real prices beside what a rule measures of them."""

    measured: Decimal
    fired: bool
    what: str


def judged(found: Sequence[Panel], rule: Rule) -> list[Judged]:
    """All that one rule, by itself, has something to say of, in the order of the files."""
    told = []
    for what, book, others in _lists(found) if rule.judged == "list" else _quotes(found):
        measured = measure(rule, book, MARKET, others)
        if measured is not None:
            told.append(Judged(measured, broken(book, MARKET, others, by=[rule]) is not None, what))
    return told


def nearest(told: Sequence[Judged], rule: Rule) -> list[Judged]:
    """Those that come nearest to an alarm, or go farthest beyond it."""
    ordered = sorted(told, key=lambda one: one.measured, reverse=rule.code != PAYS_TOO_LITTLE)
    return ordered[:NEAREST_SHOWN]


def _quotes(found: Sequence[Panel]) -> Iterator[tuple[str, Book, list[Book]]]:
    for panel in found:
        for name, book in panel.books.items():
            yield f"{panel.title}: {name} {_told(book)}", book, panel.others(name)


def _lists(found: Sequence[Panel]) -> Iterator[tuple[str, Book, list[Book]]]:
    """The best prices of every panel that has more than one bookmaker."""
    for panel in found:
        if len(panel.books) > 1:
            yield f"{panel.title}: best {_told(panel.best)}", panel.best, []


def _told(book: Book) -> str:
    return " / ".join("-" if price is None else f"{price.normalize():f}" for price in book.values())


# -- faults that are put in --------------------------------------------------------------------------------------------


def _times(factor: Decimal) -> Fault:
    def struck(book: Full, _next: Full, outcome: str) -> Book | None:
        price = usable(book[outcome] * factor)
        return None if price is None else {**book, outcome: price}

    return struck


def _reordered(*outcomes: str) -> Fault:
    """The prices of ``outcomes``, in the columns of 1, X and 2."""
    return lambda book, _next, _outcome: dict(zip(MARKET.outcomes, map(book.__getitem__, outcomes), strict=True))


def _double_chance(book: Full, _next: Full, _outcome: str) -> Book | None:
    home, draw, away = (1 / book[outcome] for outcome in MARKET.outcomes)
    prices = [usable(1 / (one + other)) for one, other in ((home, draw), (draw, away), (home, away))]
    return dict(zip(MARKET.outcomes, prices, strict=True)) if all(prices) else None


FAULTS: Mapping[str, Fault] = {
    "a price ten times as high": _times(Decimal(10)),
    "a price a hundred times as high": _times(Decimal(100)),
    "a tenth of a price": _times(Decimal("0.1")),
    "home and away swapped": _reordered("2", "X", "1"),
    "home and draw swapped": _reordered("X", "1", "2"),
    "columns shifted by one": _reordered("X", "2", "1"),
    "double chance instead": _double_chance,
    "the next match instead": lambda _book, following, _outcome: following,
}
ON_A_LIST = "ten times as high, on a list"


@dataclass(slots=True)
class Caught:
    """How many quotes with a fault there were, and how many of them each rule marked."""

    sample: int = 0
    by: Counter[str] = field(default_factory=Counter)

    def add(self, code: str | None) -> None:
        """One more, marked by this rule, or (``None``) by none."""
        self.sample += 1
        if code:
            self.by[code] += 1

    @property
    def share(self) -> float:
        """Of those with the fault, 0 to 1."""
        return sum(self.by.values()) / self.sample if self.sample else 0.0


def caught(found: Sequence[Panel], by: Sequence[Rule] | None = None) -> dict[str, Caught]:
    """Each fault put into each quote of each panel that is large enough, one at a time, and what became of it.

    What is left without a price by its fault, or unchanged, is not counted.
    """
    tally = {name: Caught() for name in FAULTS}
    for book, others, following, outcome in _targets(found):
        for name, fault in FAULTS.items():
            wrong = fault(book, following, outcome)
            if wrong is not None and wrong != book:
                tally[name].add(broken(wrong, MARKET, others, by))
    return tally


def caught_on_lists(found: Sequence[Panel], by: Sequence[Rule] | None = None) -> Caught:
    """One of a list's best prices ten times as high, each outcome in its turn."""
    tally, ten_times = Caught(), FAULTS["a price ten times as high"]
    wholes = (whole for panel in found if len(panel.books) >= LEAST_PANEL and (whole := _whole(panel.best)))
    for turn, best in enumerate(wholes):
        wrong = ten_times(best, best, MARKET.outcomes[turn % 3])
        if wrong is not None:
            tally.add(broken_by_list(wrong, MARKET) if by is None else broken(wrong, MARKET, by=by))
    return tally


def _targets(found: Sequence[Panel]) -> Iterator[tuple[Full, list[Book], Full, str]]:
    """Whole quotes with the rest of their panel, a quote of the next match, and each outcome in its turn."""
    large = [panel for panel in found if len(panel.books) >= LEAST_PANEL]
    turn = 0
    for panel, next_one in zip(large, [*large[1:], *large[:1]], strict=True):
        following = _whole(next(iter(next_one.books.values())))
        for name, book in panel.books.items():
            whole = _whole(book)
            if whole and following:
                yield whole, panel.others(name), following, MARKET.outcomes[turn % 3]
                turn += 1


def _whole(book: Book) -> Full | None:
    prices = {outcome: price for outcome in MARKET.outcomes if (price := book.get(outcome))}
    return prices if len(prices) == len(MARKET.outcomes) else None


# -- the tables --------------------------------------------------------------------------------------------------------


def _false_alarms(found: Sequence[Panel]) -> Table:
    table = Table("Rule", "threshold", "alarms", "of", "rate", "nearest to it in real prices", box=None)
    for rule in rules_for("panel", "quote", "list"):
        told = judged(found, rule)
        alarms = sum(one.fired for one in told)
        worst = "\n".join(f"{one.measured:.2f}  {one.what}" for one in nearest(told, rule))
        table.add_row(rule.code, str(rule.threshold), str(alarms), str(len(told)), f"{alarms / len(told):.4%}", worst)
    return table


def _faults(found: Sequence[Panel]) -> Table:
    table = Table("Fault", "quotes", "caught", "by", box=None)
    for name, tally in {**caught(found), ON_A_LIST: caught_on_lists(found)}.items():
        by = ", ".join(f"{code} {count / tally.sample:.1%}" for code, count in tally.by.most_common())
        table.add_row(name, str(tally.sample), f"{tally.share:.1%}", by)
    return table


def _thresholds(found: Sequence[Panel]) -> Table:
    table = Table("Rule alone", "threshold", "false alarms", "ten times caught", "swapped caught", box=None)
    for code, tried in TRIED.items():
        for threshold in tried:
            rule = replace(rules()[code], threshold=Decimal(threshold))
            alarms = sum(one.fired for one in judged(found, rule))
            if rule.judged == "list":
                shares = [f"{caught_on_lists(found, [rule]).share:.1%}", ""]
            else:
                tally = caught(found, [rule])
                shares = [f"{tally[name].share:.1%}" for name in ("a price ten times as high", "home and away swapped")]
            table.add_row(code, threshold, str(alarms), *shares)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plausibility", description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=DATA, help="CSV files of football-data.co.uk")
    found = panels(parser.parse_args().folder)
    if not found:
        print("There is no file to measure with: give the folder of football-data.co.uk's CSV files.", file=sys.stderr)
        return 2
    console = Console(width=None if sys.stdout.isatty() else 160)
    quotes = sum(len(panel.books) for panel in found)
    console.print(f"{len(found)} panels (a match at one instant), {quotes} quotes\n")
    for table in (_false_alarms(found), _faults(found), _thresholds(found)):
        console.print(table)
        console.print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
