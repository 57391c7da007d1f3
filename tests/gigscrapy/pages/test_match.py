from decimal import Decimal

import pytest

from gigscrapy.pages import BookmakerRef, MatchPage, PageChanged
from gigscrapy.pages.match import GENERATIONS, read_match
from tests.gigscrapy.pages import MATCH_URL, NOW, but, page, utc

D, E = page("match-D"), page("match-E")
ANNOUNCED = """<script type="application/ld+json">{"@type": "SportsEvent", "startDate": "2025-10-25T20:45:00+02:00",
 "url": "/match/pronostic-avallon-beaune-101#cote", "competitor": [{"name": "FC AVALLON"}, {"name": "BEAUNE 04"}]}</script>"""


def read(html, outcomes=3, url=MATCH_URL):
    return read_match(html, url=url, now=NOW, outcomes=outcomes)


def prices(row):
    return {outcome: price and str(price) for outcome, price in row.prices.items()}


def by_name(read_page):
    return {row.bookmaker.name: row for row in read_page.rows}


def announcing(html):
    return but(html, ("<body>", f"<body>{ANNOUNCED}"))


# -- generation D ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("generation", "D"),
        ("priced", True),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", utc("2025-10-25", "18:45")),
        ("other_markets", 0),
        ("unreadable", 0),
    ],
)
def test_d(field, expected):
    assert getattr(read(D), field) == expected


@pytest.mark.parametrize(
    ("bookmaker", "expected"),
    [
        ("UNIBET", {"1": "1.450", "X": "4.800", "2": "7.500"}),
        ("Pmu", {"1": "1.500", "X": None, "2": None}),
        ("Tout Nouveau Paris", {"1": "1.400", "X": "5.000", "2": "8.000"}),
        ("Zebet", {"1": None, "X": None, "2": None}),
    ],
    ids=["name as printed", "comma, hyphen, 0.00", "unknown and spaces", "all hyphens"],
)
def test_d_prices(bookmaker, expected):
    assert prices(by_name(read(D))[bookmaker]) == expected


def test_d_a_row_of_empty_cells_is_left_out():
    assert "Bwin" not in by_name(read(D))


@pytest.mark.parametrize(("bookmaker", "expected"), [("UNIBET", Decimal("92.31")), ("Pmu", None), ("Zebet", None)])
def test_d_published_trj(bookmaker, expected):
    assert by_name(read(D))[bookmaker].published_trj == expected


@pytest.mark.parametrize("row", ['class="bookline"', 'class="d-flex"'])
def test_d_rows_under_either_class(row):
    assert len(read(but(D, ('class="bookline d-flex"', row))).rows) == 4


def rows_d(*rows):
    """Market boxes of rows of cells: ``[("Unibet", "1.5 2.5"), …]`` each."""
    return "".join(
        "<section>"
        + "".join(
            f'<div class="bookline" data-name="{name}">'
            + "".join(f'<div class="odds-col">{cell}</div>' for cell in cells.split())
            + "</div>"
            for name, cells in market
        )
        + "</section>"
        for market in rows
    )


def test_d_further_markets_are_counted_and_not_read():
    read_page = read(rows_d([("A", "1.5 4.0 6.5"), ("B", "1.4 4.2 7.0")], [("C", "1.8 1.9"), ("A", "1.7 2.0")]))
    assert ([row.bookmaker.name for row in read_page.rows], read_page.other_markets) == (["A", "B"], 1)


def test_d_a_second_market_in_the_same_box_begins_where_a_bookmaker_comes_again():
    read_page = read(rows_d([("A", "1.5 4.0 6.5"), ("B", "1.4 4.2 7.0"), ("A", "1.1 1.2 1.3"), ("C", "9.0 9.0 9.0")]))
    assert ([row.bookmaker.name for row in read_page.rows], read_page.other_markets) == (["A", "B"], 1)


def test_d_rows_each_in_a_wrapper_are_one_market():
    html = f"<main>{rows_d([('A', '1.5 4.0 6.5')], [('B', '1.4 4.2 7.0')], [('C', '1.3 4.5 8.0')])}</main>"
    read_page = read(html)
    assert ([row.bookmaker.name for row in read_page.rows], read_page.other_markets) == (["A", "B", "C"], 0)


@pytest.mark.parametrize("cells", ["1.5 2.5", "1.5 - 2.5", "1.5 2.5 92%"])
def test_d_two_way(cells):
    [row] = read(rows_d([("A", cells)]), outcomes=2).rows
    assert prices(row) == {"1": "1.500", "2": "2.500"}


def test_d_a_row_of_another_width_is_counted_and_not_guessed():
    read_page = read(rows_d([("A", "1.5 4.0 6.5"), ("B", "1.4 7.0"), ("C", "1.3 4.5 8.0")]))
    assert ([row.bookmaker.name for row in read_page.rows], read_page.unreadable) == (["A", "C"], 1)


def test_d_a_priced_row_of_nobody_is_counted():
    read_page = read(rows_d([("A", "1.5 4.0 6.5"), ("", "1.4 4.2 7.0")]))
    assert (len(read_page.rows), read_page.unreadable) == (1, 1)


def test_d_rows_whose_cells_are_empty_yet():
    read_page = read(rows_d([("A", "- - -"), ("B", "- - -")]))
    assert (read_page.priced, read_page.unreadable) == (False, 0)


def test_d_before_its_script_has_run():
    html = D[: D.index('<div class="market">')]
    assert read(html) == MatchPage(
        generation="D", rows=(), priced=False, home="AVALLON", away="BEAUNE", kickoff=utc("2025-10-25", "18:45")
    )


@pytest.mark.parametrize(
    "change", [("page-title", "title"), ("AVALLON - BEAUNE", "AVALLON"), ("span class", "i class")]
)
def test_half_a_frame_is_no_match_page(change):
    with pytest.raises(PageChanged):
        read(but(D[: D.index('<div class="market">')], change))


def test_d_cells_gone_from_all_rows_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(D, ("odds-col", "quote-col")))
    assert caught.value.tried["price cells"] == ".odds-col"  # and what is there is not of the TRJ printed with it


def test_rows_all_of_another_width_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(rows_d([("A", "1.5 2.5"), ("B", "1.4 2.7")]))
    assert caught.value.tried == {"3 columns of prices": ".odds-col"}


# -- generation E ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("generation", "E"),
        ("priced", True),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", None),
        ("other_markets", 1),
        ("unreadable", 1),
    ],
)
def test_e(field, expected):
    assert getattr(read(E), field) == expected


@pytest.mark.parametrize(
    ("place", "bookmaker", "expected"),
    [
        (0, 24, {"1": "1.450", "X": "4.800", "2": "7.500"}),
        (1, 99, {"1": "1.500", "X": None, "2": "8.000"}),
        (2, 21, {"1": None, "X": None, "2": None}),
    ],
    ids=["commas", "a hyphen keeps its place", "suspended"],
)
def test_e_row(place, bookmaker, expected):
    row = read(E).rows[place]
    assert (row.bookmaker, prices(row), row.published_trj) == (BookmakerRef(site_id=bookmaker), expected, None)


def test_e_a_row_that_lost_a_cell_is_not_guessed():
    assert 33 not in [row.bookmaker.site_id for row in read(E).rows]


def rows_e(*tables):
    def row(number, cells):
        cells = "".join(f'<td class="text-center">{cell}</td>' for cell in cells.split())
        return f'<tr><td class="ps-4 text-center"><a href="/bookmaker/{number}">x</a></td>{cells}</tr>'

    return "".join(f"<table><tbody>{''.join(row(*r) for r in table)}</tbody></table>" for table in tables)


def test_e_tables_of_one_row_each_are_markets_of_their_own():
    read_page = read(rows_e([(24, "1.5 4.0 6.5")], [(33, "1.1 1.2 1.3")]))
    assert ([row.bookmaker.site_id for row in read_page.rows], read_page.other_markets) == ([24], 1)


@pytest.mark.parametrize("cells", ["1.5 2.5", "1.5 - 2.5", "1,5 2,5 92%"])
def test_e_two_way(cells):
    [row] = read(rows_e([(24, cells)]), outcomes=2).rows
    assert prices(row) == {"1": "1.500", "2": "2.500"}


def test_e_two_way_with_a_priced_middle_is_another_market():
    with pytest.raises(PageChanged) as caught:
        read(rows_e([(24, "1.5 13.0 2.5")]), outcomes=2)
    assert caught.value.tried == {"2 columns of prices": "td.text-center:not(.ps-4)"}


@pytest.mark.parametrize("address", ["/bookmaker/24?a=1", "/bookmaker/24/", "https://site.test/bookmaker/24#x"])
def test_e_other_spellings_of_the_link(address):
    [row] = read(but(rows_e([(24, "1.5 4.0 6.5")]), ("/bookmaker/24", address))).rows
    assert row.bookmaker.site_id == 24


def test_e_a_link_without_number_is_counted():
    read_page = read(rows_e([(24, "1.5 4.0 6.5"), ("bonus", "1.4 4.0 7.0")]))
    assert (len(read_page.rows), read_page.unreadable) == (1, 1)


def test_e_without_its_table_is_a_page_nobody_knows():
    with pytest.raises(PageChanged) as caught:
        read("<h1>AVALLON - BEAUNE</h1>")
    assert list(caught.value.tried.values())[:2] == [generation.row for generation in GENERATIONS]
    assert "or has no prices yet" in str(caught.value)


def test_e_cells_gone_from_all_rows_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(E, ("text-center", "text-end")))
    assert caught.value.tried == {"price cells": "td.text-center:not(.ps-4)"}


# -- what the page says of the match ---------------------------------------------------------------------------------


@pytest.mark.parametrize("html", [D, E], ids="DE")
def test_what_is_announced_comes_first(html):
    read_page = read(announcing(html))
    assert (read_page.home, read_page.away, read_page.kickoff) == (
        "FC AVALLON",
        "BEAUNE 04",
        utc("2025-10-25", "18:45"),
    )


def test_another_match_announced_is_not_this_one():
    read_page = read(but(announcing(E), ("beaune-101#cote", "beaune-102#cote")))
    assert (read_page.home, read_page.kickoff) == ("AVALLON", None)


def test_the_only_match_announced_needs_no_number():
    assert read(but(announcing(E), ("-101#cote", ""))).home == "FC AVALLON"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("h1>", "h2>")], "AVALLON"),
        ([("<h1>AVALLON - BEAUNE", "<h1>AVALLON - BEAUNE 1N2")], "AVALLON"),
        ([("AVALLON - BEAUNE<", "AVALLON - BEAUNE : cotes<")], None),
        ([("AVALLON - BEAUNE<", "BEAUNE - AVALLON<")], None),
    ],
    ids=["title", "title, as the heading holds more", "more than names", "names of another address"],
)
def test_headings_are_believed_where_the_address_confirms_them(changes, expected):
    assert read(but(E, *changes)).home == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("1er févr. 2026 à 21h00", utc("2026-02-01", "20:00")),
        ("25 octobre à 20:45", utc("2025-10-25", "18:45")),
        ("demain", None),
    ],
)
def test_printed_kickoff(date, expected):
    assert read(but(D, ("samedi 25\n   octobre 2025 à 20:45", date))).kickoff == expected
