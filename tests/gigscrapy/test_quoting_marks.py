"""From a page to its quotes: the marks that they get."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gigscrapy.leagues import load
from gigscrapy.pages import STRUCTURAL, BestPrice, BookmakerRef, BookmakerRow, LeaguePage, ListedMatch, MatchPage
from gigscrapy.quoting import Sighting, list_quotes, match_quotes
from tests.schema.letters import prices

LEAGUE = next(league for league in load() if league.name == "ligue1")
SIGHTING = Sighting(
    league=LEAGUE, run_id="run-1", url="https://www.coteur.com/", scraped_at=datetime(2026, 3, 1, 12, tzinfo=UTC)
)
USUAL = ("7", "4.75", "1.42")


def match(**best: tuple[str, str | None]) -> ListedMatch:
    return ListedMatch(
        match_id="1548776",
        path="/cote/le-havre-paris-sg-1548776",
        home="Le Havre",
        away="Paris SG",
        kickoff=None,
        best={
            outcome: BestPrice(Decimal(price), BookmakerRef(name=name) if name else None)
            for outcome, (price, name) in best.items()
        },
    )


def match_page(*rows: tuple[str | None, ...], generation: str = "D") -> MatchPage:
    bookmakers = tuple(
        BookmakerRow(bookmaker=BookmakerRef(site_id=20 + place), prices=prices(*row)) for place, row in enumerate(rows)
    )
    return MatchPage(generation=generation, rows=bookmakers, priced=True)


def list_page(generation: str = "D") -> LeaguePage:
    return LeaguePage(generation=generation, matches=(), priced=True)


def marks(*rows: tuple[str | None, ...], generation: str = "D") -> dict[int | None, str | None]:
    """By bookmaker's number."""
    quotes = match_quotes(match_page(*rows, generation=generation), match(), SIGHTING)
    return {quote.bookmaker_id: quote.suspect for quote in quotes}


def test_a_row_is_held_against_the_others_of_its_page():
    nothing = (None, None, None)
    told = marks(USUAL, nothing, USUAL, ("70", "4.75", "1.42"), USUAL, ("1.42", "4.75", "7"), USUAL)
    assert told == {20: None, 22: None, 23: "far-from-panel", 24: None, 25: "swapped-sides", 26: None}


def test_a_row_alone_is_held_against_what_bookmakers_pay_back():
    assert marks(("9", "4.75", "1.6")) == {20: "pays-too-much"}
    assert marks(("3", "3", "1.2")) == {20: "pays-too-little"}
    assert marks(USUAL) == {20: None}


@pytest.mark.parametrize("odd", [USUAL, ("70", "4.75", "1.42")])
def test_all_of_a_page_read_by_its_structure_is_suspect_for_that(odd):
    told = marks(USUAL, USUAL, USUAL, USUAL, odd, generation=STRUCTURAL)
    assert told == dict.fromkeys(range(20, 25), "read-by-structure")


def on_list(generation: str = "D", **best: tuple[str, str | None]) -> dict[str, str | None]:
    quotes = list_quotes(list_page(generation), match(**best), "1X2", SIGHTING)
    assert all(quote.partial for quote in quotes)
    return {quote.bookmaker: quote.suspect for quote in quotes}


def test_a_list_whose_best_prices_pay_back_too_much_together_is_suspect():
    usual = {"1": ("7.5", "Zebet"), "X": ("4.9", "Pmu"), "2": ("1.44", "Pmu")}
    assert on_list(**usual) == {"Zebet": None, "Pmu": None}
    wrong = {"1": ("75", "Zebet"), "X": ("49", "Pmu")}
    assert on_list(**usual | wrong) == dict.fromkeys(("Zebet", "Pmu"), "list-pays-too-much")


def test_a_best_price_that_is_nobody_s_is_part_of_what_a_list_pays_back():
    best = {"1": ("7.5", "Zebet"), "X": ("4.9", "Pmu"), "2": ("14.4", None)}
    assert on_list(**best) == dict.fromkeys(("Zebet", "Pmu"), "list-pays-too-much")


def test_a_bookmaker_that_holds_all_best_prices_is_judged_by_them():
    assert on_list(**{"1": ("8", "Pmu"), "X": ("5", "Pmu"), "2": ("1.5", "Pmu")}) == {"Pmu": "pays-too-much"}
    assert on_list(**{"1": ("8", "Pmu"), "X": ("5", "Zebet"), "2": ("1.5", "Pmu")}) == {"Pmu": None, "Zebet": None}


def test_a_list_read_by_its_structure_is_suspect_for_that():
    assert on_list(STRUCTURAL, **{"1": ("7.5", "Zebet")}) == {"Zebet": "read-by-structure"}
