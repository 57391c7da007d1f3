from decimal import Decimal

import pytest

from gigscrapy.pages import BestPrice, PageChanged
from gigscrapy.pages.league import read_league
from tests.gigscrapy.pages import LEAGUE_URL, NOW, but, page, utc

G = page("league-G")


def read(html, **asked):
    return read_league(html, url=LEAGUE_URL, now=NOW, **asked)


FIRST, SECOND = read(G).matches


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("match_id", "101"),
        ("path", "/cote/avallon-beaune-101"),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", utc("2025-10-25", "18:45")),
        ("published_trj", None),
    ],
)
def test_a_match(field, expected):
    assert getattr(FIRST, field) == expected


@pytest.mark.parametrize(("outcome", "price"), [("1", "1.50"), ("X", "5.00"), ("2", "8.00")])
def test_prices_by_choice(outcome, price):
    assert FIRST.best[outcome] == BestPrice(Decimal(price), None)


def test_a_match_without_price():
    assert (SECOND.match_id, SECOND.home, SECOND.kickoff, SECOND.best) == (
        "102",
        "CLAMECY",
        utc("2025-10-26", "19:45"),
        {},
    )


@pytest.mark.parametrize(
    ("field", "expected"), [("priced", True), ("tells_prices", True), ("unreadable", 0), ("more", ())]
)
def test_the_page(field, expected):
    assert getattr(read(G), field) == expected


def test_without_choices_no_price_is_placed_and_the_page_says_so():
    read_page = read(but(G, ("data-choice", "data-x")))
    assert (read_page.tells_prices, read_page.priced, read_page.unreadable) == (False, False, 0)
    assert [(match.match_id, match.best) for match in read_page.matches] == [("101", {}), ("102", {})]


def test_buttons_that_do_not_say_their_market_are_the_winner_s():
    with pytest.raises(PageChanged) as caught:
        read(G, market="DNB")
    assert caught.value.tried == {"buttons of market DNB": "[data-type=DNB]"}


def test_buttons_that_say_their_market():
    html = but(G, ("data-choice", 'data-type="DNB" data-choice'), (">N <b>5.00</b>", ">"))
    assert read(html, market="DNB").matches[0].best.keys() == {"1", "2"}


def test_a_button_with_two_prices_says_none():
    assert "1" not in read(but(G, ("<b>1,50</b>", "<b>1,50</b> 1.45"))).matches[0].best


def test_a_name_with_a_hyphen_between_spaces_is_not_guessed():
    read_page = read(but(G, ('"CLAMECY - DECIZE"', '"CLAMECY - A - DECIZE"')))
    assert (read_page.matches[1].home, read_page.matches[1].away, read_page.unreadable) == (None, None, 1)


@pytest.mark.parametrize("seconds", ["", "demain", "1761507900000"])
def test_a_kickoff_that_cannot_be_read_is_counted(seconds):
    read_page = read(but(G, ("1761507900", seconds)))
    assert (read_page.matches[1].kickoff, read_page.unreadable) == (None, 1)


def test_a_button_whose_match_is_not_linked_is_counted():
    read_page = read(but(G, ("/cote/clamecy-decize-102", "/cote/clamecy-decize")))
    assert ([match.match_id for match in read_page.matches], read_page.unreadable) == (["101"], 1)


@pytest.mark.parametrize(
    ("change", "tried"),
    [
        (("/cote/", "/rencontre/"), {"a match": 'a[href*="/cote/"]'}),
        ((" - ", " / "), {"teams": "' - ' in [data-eventname]"}),
        (("data-eventdate", "data-when"), {"kick-off": "[data-eventdate]"}),
        (("data-choice", 'data-type="DNB" data-choice'), {"buttons of market 1X2": "[data-type=1n2]"}),
    ],
)
def test_a_part_gone_from_all_rows_is_a_changed_page(change, tried):
    with pytest.raises(PageChanged) as caught:
        read(but(G, change))
    assert tried.items() <= caught.value.tried.items()
