from decimal import Decimal

import pytest

from gigscrapy.pages import PageChanged
from gigscrapy.pages.league import read_league
from tests.gigscrapy.pages import LEAGUE_URL, NOW, but, page, utc

F = page("league-F")
SECOND = "CLAMECY vs FC DECIZE 04 2.70 - 2.72"


def read(html, **asked):
    return read_league(html, url=LEAGUE_URL, now=NOW, **asked)


def prices(match):
    return {outcome: str(best.price) for outcome, best in match.best.items()}


FIRST = read(F).matches[0]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("match_id", "101"),
        ("path", "/cote/avallon-beaune-101"),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", utc("2025-10-25", "18:45")),
        ("published_trj", Decimal("92.9")),
    ],
)
def test_a_match(field, expected):
    assert getattr(FIRST, field) == expected


def test_prices_of_nobody_in_their_order():
    assert prices(FIRST) == {"1": "1.500", "X": "5.000", "2": "8.000"}
    assert FIRST.best["1"].bookmaker is None


@pytest.mark.parametrize(
    ("field", "expected"), [("priced", True), ("tells_prices", True), ("unreadable", 0), ("more", ())]
)
def test_the_page(field, expected):
    assert getattr(read(F), field) == expected


def test_a_missing_middle_price_and_a_name_with_a_number():
    match = read(F).matches[1]
    assert (match.away, match.published_trj) == ("FC DECIZE 04", Decimal("91.3"))
    assert prices(match) == {"1": "2.700", "2": "2.720"}


def test_a_match_without_prices_and_return():
    match = read(F).matches[2]
    assert (match.home, match.away, match.best, match.published_trj) == ("ÉPOISSES", "FLAVIGNY", {}, None)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("- 3.40 2.72", {"X": "3.400", "2": "2.720"}),
        ("0.00 3.40 2,72", {"X": "3.400", "2": "2.720"}),
        ("2.70 3.40 -", {"1": "2.700", "X": "3.400"}),
        ("2.70 3.40 2.72 Voir 9 avis", {"1": "2.700", "X": "3.400", "2": "2.720"}),
    ],
)
def test_prices_by_place(cells, expected):
    match = read(but(F, (SECOND, f"CLAMECY vs DECIZE {cells}"))).matches[1]
    assert (match.away, prices(match)) == ("DECIZE", expected)


@pytest.mark.parametrize("cells", ["2.70 2.72", "2.70 3.40 2.72 1.10"])
def test_too_few_or_many_prices_are_not_guessed(cells):
    read_page = read(but(F, (SECOND, f"CLAMECY vs DECIZE {cells}")))
    match = read_page.matches[1]
    assert (match.away, match.best, match.published_trj, read_page.unreadable) == ("DECIZE", {}, None, 1)


@pytest.mark.parametrize("cells", ["2.70 2.72", "2.70 - 2.72"])
def test_two_way(cells):
    html = but(F, (SECOND, f"CLAMECY vs DECIZE {cells}"), ("<div>5.00</div>", ""))
    assert prices(read(html, market="12").matches[1]) == {"1": "2.700", "2": "2.720"}


@pytest.mark.parametrize(
    "text", ["CLAMECY - DECIZE 2.70 3.40 2.72", "vs DECIZE 2.70 3.40 2.72", "CLAMECY vs 2.70 3.40 2.72"]
)
def test_a_row_without_names_is_kept_and_counted(text):
    read_page = read(but(F, (SECOND, text)))
    assert (read_page.matches[1].home, read_page.matches[1].away, read_page.unreadable) == (None, None, 1)


def test_a_row_without_kickoff_is_kept_and_counted():
    read_page = read(but(F, ("26/10 20:45", "LIVE")))
    assert (read_page.matches[1].kickoff, read_page.unreadable) == (None, 1)


@pytest.mark.parametrize("market", ["DNB", "DC", "1X2H1", "1X2H2"])
def test_prices_of_a_market_the_text_does_not_name_are_not_believed(market):
    with pytest.raises(PageChanged) as caught:
        read(F, market=market)
    assert f"market {market}" in caught.value.tried


def test_a_link_that_is_no_match_is_counted():
    read_page = read(but(F, ("clamecy-decize-102", "statistiques")))
    assert ([match.match_id for match in read_page.matches], read_page.unreadable) == (["101", "103"], 1)


@pytest.mark.parametrize(
    ("change", "tried"),
    [
        (("/cote/", "/x/cote/"), {"a match": 'a[href*="/cote/"]'}),
        ((" vs ", " contre "), {"teams": "' vs ' in a link's text"}),
        (("/10 ", ".10 "), {"kick-off": "'DD/MM HH:MM' in a link's text"}),
    ],
)
def test_a_part_gone_from_all_rows_is_a_changed_page(change, tried):
    with pytest.raises(PageChanged) as caught:
        read(but(F, change))
    assert tried.items() <= caught.value.tried.items()
