"""From a page that was read to its quotes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gigscrapy.leagues import load
from gigscrapy.pages import BestPrice, BookmakerRef, BookmakerRow, LeaguePage, ListedMatch, MatchPage, PageChanged
from gigscrapy.quoting import Sighting, completed, is_list_of, is_page_of, list_quotes, match_quotes

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 3, 20, 45, tzinfo=UTC)
LIGUE_1 = next(league for league in load() if league.name == "ligue1")
SIGHTING = Sighting(league=LIGUE_1, run_id="run-1", url="https://site.test/x", scraped_at=NOON, kept="0" * 32)
MATCH = ListedMatch(match_id="101", path="/cote/psg-om-101", home="PSG", away="OM", kickoff=EVENING, best={})
BWIN, NUMBER_99 = BookmakerRef(name="Bwin"), BookmakerRef(site_id=99)
ROWS = (
    BookmakerRow(
        bookmaker=BWIN, prices={"1": Decimal("1.5"), "X": None, "2": Decimal(6)}, published_trj=Decimal("91.5")
    ),
    BookmakerRow(bookmaker=NUMBER_99, prices={"1": Decimal("1.6"), "X": Decimal(4), "2": Decimal(5)}),
    BookmakerRow(bookmaker=BookmakerRef(name="Zebet"), prices={"1": None, "X": None, "2": None}),
)
PAGE = MatchPage(generation="D", rows=ROWS, priced=True)


def test_a_match_page_gives_a_quote_for_each_bookmaker_with_a_price():
    bwin, other = match_quotes(PAGE, MATCH, SIGHTING)
    assert (bwin.bookmaker, bwin.prices, bwin.published_trj) == ("Bwin", ROWS[0].prices, Decimal("91.5"))
    assert (other.bookmaker, other.bookmaker_id, other.prices) == ("Bookmaker 99", 99, ROWS[1].prices)
    assert (bwin.sport, bwin.league, bwin.country, bwin.market) == ("football", "Ligue 1", "France", "1X2")
    assert (bwin.match_id, bwin.home, bwin.away, bwin.kickoff) == ("101", "PSG", "OM", EVENING)
    assert (bwin.run_id, bwin.url, bwin.scraped_at, bwin.page) == ("run-1", "https://site.test/x", NOON, "0" * 32)
    assert (bwin.parser, bwin.partial) == ("match-D", False)


def test_a_list_gives_a_partial_quote_for_each_bookmaker_that_holds_a_best_price():
    best = {
        "1": BestPrice(Decimal("1.6"), NUMBER_99),
        "X": BestPrice(Decimal(4), BWIN),
        "2": BestPrice(Decimal(6), BWIN),
    }
    match = replace(MATCH, best=best, published_trj=Decimal("93.4"))
    listed = LeaguePage(generation="D", matches=(match,), priced=True)
    other, bwin = list_quotes(listed, match, "DNB", SIGHTING)
    assert (other.bookmaker_id, other.prices) == (99, {"1": Decimal("1.6")})
    assert (bwin.bookmaker, bwin.prices) == ("Bwin", {"X": Decimal(4), "2": Decimal(6)})
    assert (bwin.market, bwin.partial, bwin.parser, bwin.published_trj) == ("DNB", True, "list-D", Decimal("93.4"))


def test_a_best_price_that_is_nobodys_is_no_quote():
    match = replace(MATCH, best={"1": BestPrice(Decimal("1.6"), None)})
    assert list_quotes(LeaguePage(generation="D", matches=(match,), priced=True), match, "1X2", SIGHTING) == []


def test_a_match_is_completed_by_its_page_and_not_changed_by_it():
    page = replace(PAGE, home="Paris", away="Marseille", kickoff=NOON)
    assert completed(MATCH, page, "") == MATCH
    unknown = replace(MATCH, home=None, away=None, kickoff=None)
    assert completed(unknown, page, "") == replace(MATCH, home="Paris", away="Marseille", kickoff=NOON)
    with pytest.raises(PageChanged, match="the two teams"):
        completed(unknown, PAGE, "https://site.test/cote/psg-om-101")


@pytest.mark.parametrize(
    ("path", "is_it"),
    [("?page=2", True), ("/", True), ("-1", False), ("/../ligue-2", False)],
)
def test_the_address_of_a_list(path, is_it):
    assert is_list_of(LIGUE_1, f"https://site.test{LIGUE_1.path}{path}") is is_it


@pytest.mark.parametrize(("slug", "is_it"), [("psg-om-101", True), ("om-psg-101/", True), ("psg-om-1101", False)])
def test_the_address_of_a_match(slug, is_it):
    assert is_page_of(MATCH, f"https://site.test/cote/{slug}") is is_it
