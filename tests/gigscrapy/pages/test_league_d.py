from datetime import datetime
from decimal import Decimal

import pytest

from gigscrapy.pages import BestPrice, BookmakerRef, PageChanged
from gigscrapy.pages.league import read_league
from tests.gigscrapy.pages import LEAGUE_URL, NOW, but, page, utc

WHOLE = page("league-D")
# One row in UTF-8, without JSON-LD: what is printed must do.
UNFILLED = page("league-D-unfilled")
CELL = 'data-controller="odd" data-type="1n2"></div>'


def read(html, **asked):
    return read_league(html, url=LEAGUE_URL, now=asked.pop("now", NOW), **asked)


def filled(one="1.50", draw="4.00", two="6.50", row=UNFILLED):
    """The unfilled row with these prices in its cells; ``None`` leaves a cell as it is."""
    for choice, price in (("1", one), ("0", draw), ("2", two)):
        head, cell, rest = row.partition(f'data-choice="{choice}" data-controller="odd" data-type="1n2">')
        assert cell
        row = head + cell + (f'<strong data-odd-target="odds">{price}</strong>' if price is not None else "") + rest
    return row


def prices(match):
    return {outcome: str(best.price) for outcome, best in match.best.items()}


FIRST, SECOND = read(WHOLE).matches


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("match_id", "101"),
        ("path", "/cote/avallon-beaune-101"),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", utc("2025-10-25", "18:45")),
        ("published_trj", Decimal("93.41")),
    ],
)
def test_a_match(field, expected):
    assert getattr(FIRST, field) == expected


@pytest.mark.parametrize(
    ("outcome", "price", "bookmaker"),
    [("1", "1.50", 33), ("X", "4.00", 24), ("2", "6.50", 99)],
)
def test_the_draw_is_choice_0_in_the_middle_and_an_unknown_bookmaker_is_kept(outcome, price, bookmaker):
    assert FIRST.best[outcome] == BestPrice(Decimal(price), BookmakerRef(site_id=bookmaker))


def test_outcomes_stand_in_the_order_of_the_cells():
    assert list(FIRST.best) == ["1", "X", "2"]


def test_the_next_match_has_its_own():
    assert prices(SECOND) == {"1": "2.700", "X": "2.710", "2": "2.720"}
    assert SECOND.kickoff == utc("2025-10-26", "19:45")


@pytest.mark.parametrize(
    ("field", "expected"), [("priced", True), ("more", ()), ("unreadable", 0), ("tells_prices", True)]
)
def test_the_page(field, expected):
    assert getattr(read(WHOLE), field) == expected


def test_the_cookie_dialog_hides_nothing():
    dialog = '<body><div class="ch-cookie-consent" style="position:fixed"><form><button>Accepter</button></form></div>'
    assert read(but(WHOLE, ("<body>", dialog))).matches == (FIRST, SECOND)


# -- prices ----------------------------------------------------------------------------------------------------------


def test_cells_not_filled_yet():
    unfilled = read(UNFILLED)
    assert (unfilled.priced, unfilled.unreadable) == (False, 0)
    [match] = unfilled.matches
    assert (match.match_id, match.home, match.best, match.published_trj) == ("101", "AVALLON", {}, None)


@pytest.mark.parametrize("nothing", ["0.00", "-", "", "1.00", None])
def test_a_cell_without_price_is_an_absent_outcome(nothing):
    [match] = read(filled(draw=nothing)).matches
    assert prices(match) == {"1": "1.500", "2": "6.500"}


def test_no_price_in_any_cell():
    page_read = read(filled("0.00", "-", "0.00"))
    assert (page_read.priced, page_read.matches[0].best, page_read.unreadable) == (False, {}, 0)


def test_a_missing_cell_shifts_no_price():
    html = but(WHOLE, ('data-choice="0" data-controller="odd"', 'data-choice="0"'))
    assert prices(read(html).matches[0]) == {"1": "1.500", "2": "6.500"}


def test_prices_and_return_with_a_comma():
    [match] = read(but(filled("1,50", "4,00", "6,50"), ('typename="1n2">', 'typename="1n2">92,31&nbsp;%'))).matches
    assert prices(match) == {"1": "1.500", "X": "4.000", "2": "6.500"}
    assert match.published_trj == Decimal("92.31")


def test_the_return_of_another_market_is_not_this_one_s():
    other = '<span data-controller="retour" data-typename="DNB">88.00%</span>'
    html = but(filled(), ('typename="1n2">', 'typename="1n2">92.31%'), ("Retour<br>", f"Retour<br>{other}"))
    assert read(html).matches[0].published_trj == Decimal("92.31")


def test_a_price_of_nobody():
    [match] = read(filled()).matches
    assert match.best["1"] == BestPrice(Decimal("1.50"), None)


def test_the_order_of_cells_does_not_matter_their_choice_does():
    html = but(WHOLE, ('data-choice="1"', 'data-choice="9"'), ('data-choice="2"', 'data-choice="1"'))
    html = but(html, ('data-choice="9"', 'data-choice="2"'))
    assert prices(read(html).matches[0]) == {"2": "1.500", "X": "4.000", "1": "6.500"}


def test_prices_elsewhere_in_the_cells_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(WHOLE, ("data-odd-target", "data-quote-target")))
    assert caught.value.tried == {"price in a cell": "[data-odd-target=odds]"}


# -- markets ---------------------------------------------------------------------------------------------------------


def test_double_chance():
    [match] = read(page("league-D-double-chance"), market="DC").matches
    assert prices(match) == {"1X": "1.150", "X2": "2.900", "12": "1.260"}
    assert match.published_trj == Decimal("91.00")


def test_draw_no_bet():
    html = but(filled(draw=None), ("1n2", "DNB"))
    assert prices(read(html, market="DNB").matches[0]) == {"1": "1.500", "2": "6.500"}


@pytest.mark.parametrize("typename", ["12", "1n2"])
def test_two_way_winner_under_either_name(typename):
    html = but(filled(draw=None), ("1n2", typename))
    assert prices(read(html, market="12").matches[0]) == {"1": "1.500", "2": "6.500"}


@pytest.mark.parametrize("market", ["1X2H1", "1X2H2"])
@pytest.mark.parametrize(("draw", "away"), [("2", "3"), ("0", "2")])
def test_halves_in_either_numbering(market, draw, away):
    html = but(filled(), ("1n2", {"1X2H1": "HT", "1X2H2": "HT2"}[market]))
    html = but(html, ('data-choice="2"', f'data-choice="{away}"'), ('data-choice="0"', f'data-choice="{draw}"'))
    assert prices(read(html, market=market).matches[0]) == {"1": "1.500", "X": "4.000", "2": "6.500"}


@pytest.mark.parametrize("third", ['data-choice="7"', 'data-choice="1"', ""])
def test_a_half_whose_numbering_cannot_be_told_is_not_guessed(third):
    with pytest.raises(PageChanged) as caught:
        read(but(filled(), ("1n2", "HT"), ('data-choice="0"', third)), market="1X2H1")
    assert caught.value.tried == {"whose each price is": "the outcomes of market 1X2H1"}


def test_one_row_tells_the_numbering_of_all():
    html = but(WHOLE, ("1n2", "HT"), ('data-rencid="102" data-choice="0" data-controller="odd"', 'data-rencid="102"'))
    assert prices(read(html, market="1X2H1").matches[1]) == {"1": "2.700", "2": "2.720"}


def test_the_page_shows_another_market_than_the_one_asked_for():
    with pytest.raises(PageChanged) as caught:
        read(WHOLE, market="DNB")
    assert caught.value.tried == {"price cells of market DNB": "[data-type=DNB]"}


def test_cells_that_do_not_say_their_market_are_the_winner_s():
    html = but(filled(draw=None), ('data-type="1n2"', ""))
    assert prices(read(html).matches[0]) == {"1": "1.500", "2": "6.500"}
    with pytest.raises(PageChanged):
        read(html, market="DNB")


def test_a_two_way_page_with_a_priced_draw_is_another_market():
    with pytest.raises(PageChanged):
        read(WHOLE, market="12")


@pytest.mark.parametrize("other", [("1n2", "DNB"), ('data-handicap="0"', 'data-handicap="1"')])
def test_a_row_of_another_market_is_counted_and_its_prices_are_not_taken(other):
    head, middle, tail = WHOLE.partition('<div class="events d-flex"><a href="/cote/clamecy')
    read_page = read(head + middle + but(tail, other))
    assert read_page.unreadable == 1
    assert (read_page.matches[0].best, read_page.matches[1].best) == (FIRST.best, {})


def test_a_price_of_no_known_outcome_discredits_its_row():
    html = but(WHOLE, ('data-rencid="102" data-choice="2"', 'data-rencid="102" data-choice="5"'))
    read_page = read(html)
    assert read_page.unreadable == 1
    assert (read_page.matches[1].best, read_page.matches[1].published_trj) == ({}, None)


def test_cells_of_other_markets_beside_ours_are_passed_over():
    more = (
        '<div data-choice="1" data-controller="odd" data-type="DNB"><strong data-odd-target="odds">1.10</strong></div>'
    )
    [match] = read(but(filled(), ('<div class="event-return">', f'{more}<div class="event-return">'))).matches
    assert prices(match) == {"1": "1.500", "X": "4.000", "2": "6.500"}


# -- teams, kick-off, links --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("L&#039;&Eacute;TOILE&nbsp;&amp; CO", "L'ÉTOILE & CO"),
        ("<b>AVALLON</b>\n 04", "AVALLON 04"),
    ],
)
def test_names_as_printed(printed, expected):
    assert read(but(UNFILLED, ('team">AVALLON', f'team">{printed}'))).matches[0].home == expected


def test_a_name_of_two_words_with_a_hyphen_stays_whole():
    html = but(UNFILLED, ('team">AVALLON', 'team">A - B'), ("Cotes AVALLON", "Cotes A - B"))
    assert (read(html).matches[0].home, read(html).matches[0].away) == ("A - B", "BEAUNE")


def test_names_of_a_row_that_prints_none_are_the_announced_or_the_titled():
    nameless = ('class="event-team"', "")
    assert [m.home for m in read(but(WHOLE, nameless, ('title="Cotes', 'alt="Cotes'))).matches] == [
        "AVALLON",
        "CLAMECY",
    ]
    assert [m.home for m in read(but(WHOLE, nameless, ("ld+json", "json"))).matches] == ["AVALLON", "CLAMECY"]


def test_a_row_without_names_among_good_ones_is_kept_and_counted():
    html = but(WHOLE, ("ld+json", "json"), ('title="Cotes CLAMECY - DECIZE"', ""), ('team">CLAMECY', 'team">'))
    read_page = read(html)
    assert [(m.match_id, m.home, m.away) for m in read_page.matches] == [
        ("101", "AVALLON", "BEAUNE"),
        ("102", None, None),
    ]
    assert read_page.unreadable == 1


def test_names_gone_from_all_rows_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(UNFILLED, ('class="event-team"', ""), ('title="Cotes AVALLON', 'title="AVALLON AVALLON AVALLON"')))
    assert caught.value.tried == {"teams": ".event-team"}


@pytest.mark.parametrize(
    ("printed", "now", "expected"),
    [
        ("25/10<br>20:45", NOW, utc("2025-10-25", "18:45")),
        ("02/01<br>15:00", datetime.fromisoformat("2025-12-30T00:00+00:00"), utc("2026-01-02", "14:00")),
        ("30/12<br>15:00", datetime.fromisoformat("2026-01-02T00:00+00:00"), utc("2025-12-30", "14:00")),
        ("18/10<br>15:00", NOW, utc("2025-10-18", "13:00")),
    ],
    ids=["soon", "next year", "last year", "started or over"],
)
def test_a_kickoff_without_its_year(printed, now, expected):
    assert read(but(UNFILLED, ("25/10<br>20:45", printed)), now=now).matches[0].kickoff == expected


def test_what_is_announced_has_the_year():
    html = but(WHOLE, ("2025-10-25T20:45:00+02:00", "2027-10-25T20:45:00+02:00"))
    assert read(html).matches[0].kickoff == utc("2027-10-25", "18:45")


def test_a_row_without_kickoff_is_kept_and_counted():
    read_page = read(but(UNFILLED, ("25/10<br>20:45", "EN DIRECT")))
    assert (read_page.matches[0].kickoff, read_page.unreadable) == (None, 1)


def test_kickoffs_gone_from_all_rows_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(UNFILLED, ("event-time", "event-moment")))
    assert caught.value.tried == {"kick-off": ".event-time"}


def test_a_broken_announcement_harms_no_row():
    assert read(but(WHOLE, ('"@context": ', '"@context" '))).matches == (FIRST, SECOND)


def test_a_match_listed_twice_comes_once_as_it_came_first():
    rows = WHOLE[WHOLE.index('<div class="events') : WHOLE.index('<ul class="pagination"')]
    assert read(but(WHOLE, (rows, rows + but(rows, (">1.50<", ">1.10<"))))).matches == (FIRST, SECOND)


def test_a_match_announced_twice_is_as_it_was_first():
    again = WHOLE[WHOLE.index("<script") : WHOLE.index("</head>")].replace("2025-10-2", "2025-11-2")
    assert read(but(WHOLE, ("</head>", f"{again}</head>"))).matches == (FIRST, SECOND)


def test_of_two_cells_for_one_outcome_the_first_counts():
    html = but(filled(), ('data-choice="0"', 'data-choice="1"'))
    assert prices(read(html).matches[0]) == {"1": "1.500", "2": "6.500"}


@pytest.mark.parametrize("href", ["/cote/avallon-beaune-101/", "https://site.test/cote/avallon-beaune-101?a=b"])
def test_other_spellings_of_the_link(href):
    assert read(but(UNFILLED, ("/cote/avallon-beaune-101", href))).matches[0].path == "/cote/avallon-beaune-101"


def test_a_row_without_link_among_good_ones_is_counted():
    read_page = read(but(WHOLE, ("/cote/clamecy-decize-102", "/cote/clamecy-decize")))
    assert ([m.match_id for m in read_page.matches], read_page.unreadable) == (["101"], 1)


@pytest.mark.parametrize(
    ("change", "what", "selector"),
    [
        (("/cote/", "/rencontre/"), "a match", 'a[href*="/cote/"]'),
        (('data-controller="odd"', 'data-controller="quote"'), "price cells", "[data-controller=odd]"),
        (("data-choice", "data-outcome"), "outcome of a price cell", "[data-choice]"),
    ],
)
def test_a_part_gone_from_all_rows_is_a_changed_page(change, what, selector):
    with pytest.raises(PageChanged) as caught:
        read(but(WHOLE, change))
    assert caught.value.tried[what] == selector
