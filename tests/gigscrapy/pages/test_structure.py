"""Pages of no generation: rows are told by bookmakers, links and prices alone, and nothing that contradicts itself."""

from decimal import Decimal

import pytest

from gigscrapy.pages import STRUCTURAL, BookmakerRef, PageChanged
from gigscrapy.pages.league import read_league
from gigscrapy.pages.listing import Asked
from gigscrapy.pages.markup import document
from gigscrapy.pages.match import read_match
from gigscrapy.pages.structure import read_list, read_table
from replica.pages import LAYOUTS, Pages
from replica.world import World, bookmakers
from schema.markets import MARKETS
from schema.names import name_key
from tests.gigscrapy.pages import FIXTURES, LEAGUE_URL, MATCH_URL, NOW, but, page, utc

MATCH, LEAGUE = page("match-U"), page("league-U")
LIGUE_1 = "/cotes/foot/france/ligue-1"


def read(html, outcomes=3):
    return read_match(html, url=MATCH_URL, now=NOW, outcomes=outcomes)


def listed(html, market="1X2"):
    return read_league(html, url=LEAGUE_URL, now=NOW, market=market)


def prices(row):
    return tuple(str(price) for price in row.prices.values())


def rows(*lines, around="<main>{}</main>"):
    """Rows of ``Unibet 1.50 4.20 6.50``."""
    texts = ("".join(f"<i>{word}</i> " for word in line.split()) for line in lines)
    return around.format("".join(f"<p>{text}</p>" for text in texts))


# -- match pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("generation", STRUCTURAL),
        ("priced", True),
        ("home", "AVALLON"),
        ("away", "BEAUNE"),
        ("kickoff", utc("2025-10-25", "18:45")),
        ("other_markets", 1),
        ("unreadable", 1),
    ],
)
def test_a_match_page(field, expected):
    assert getattr(read(MATCH), field) == expected


@pytest.mark.parametrize(
    ("place", "bookmaker", "expected", "trj"),
    [
        (0, BookmakerRef(20, "Unibet"), ("1.500", "4.200", "6.500"), Decimal("94.46")),
        (1, BookmakerRef(24, "Betclic"), ("1.450", "4.400", "7.000"), Decimal("94.36")),
        (2, BookmakerRef(33, "Winamax"), ("1.520", "4.000", "6.800"), Decimal("94.79")),
        (3, BookmakerRef(34, "Zebet"), ("1.500", "4.000", "6.500"), None),
    ],
    ids=["description", "number", "logo", "name"],
)
def test_a_row_is_told_by_its_bookmaker(place, bookmaker, expected, trj):
    row = read(MATCH).rows[place]
    assert (row.bookmaker, prices(row), row.published_trj) == (bookmaker, expected, trj)


def test_a_row_with_a_price_too_few_is_counted_and_not_guessed():
    assert 21 not in [row.bookmaker.site_id for row in read(MATCH).rows]
    assert 21 in [row.bookmaker.site_id for row in read(but(MATCH, ("<i>-</i>", "<i>4.10</i>"))).rows]


@pytest.mark.parametrize(
    "mark",
    [
        '<a href="/bookmaker/24"></a>',
        '<a href="https://site.test/bookmaker/24?a=1"></a>',
        '<a href="/bookmaker-betclic">Avis</a>',
        '<b data-book-id="24"></b>',
        '<b data-name="BETCLIC"></b>',
        '<i class="x-icon-b24 small"></i>',
        '<img alt="Logo Betclic">',
        '<a title="Betclic"></a>',
        "<b> Betclic </b>",
    ],
)
def test_every_way_to_name_a_bookmaker(mark):
    html = rows("Unibet 1.50 4.20 6.50", around="{}") + f"<p>{mark}<i>1.45</i><i>4.40</i><i>7.00</i></p>"
    assert [row.bookmaker.name for row in read(f"<main>{html}</main>").rows] == ["Unibet", "Betclic"]


@pytest.mark.parametrize(
    "mark", ['<a href="/bookmaker/99"></a>', '<b data-id="24"></b>', '<i class="mb-24"></i>', "<b>Betclique</b>"]
)
def test_what_names_no_bookmaker_makes_no_row(mark):
    with pytest.raises(PageChanged):
        read(f"<p>{mark}<i>1.45</i><i>4.40</i><i>7.00</i></p>" * 2)


def test_a_number_of_any_length_is_looked_at():
    html = f'<b data-book-id="{"9" * 5000}"></b>' + rows("Unibet 1.50 4.20 6.50", "Betclic 1.45 4.40 7.00")
    assert len(read(html).rows) == 2


def test_where_a_bookmaker_comes_again_another_market_begins():
    html = rows("Unibet 1.50 4.20 6.50", "Betclic 1.45 4.40 7.00", "Unibet 1.90 3.30 4.10", "Betclic 1.92 3.20 4.20")
    read_page = read(html)
    assert ([prices(row)[0] for row in read_page.rows], read_page.other_markets) == (["1.500", "1.450"], 1)


def test_two_way_markets():
    html = rows("Unibet 1.80 1.95", "Betclic 1.78 1.98")
    assert [row.prices for row in read(html, outcomes=2).rows] == [
        {"1": Decimal("1.80"), "2": Decimal("1.95")},
        {"1": Decimal("1.78"), "2": Decimal("1.98")},
    ]


@pytest.mark.parametrize(
    ("lines", "outcomes"),
    [
        (["Unibet 1.80 1.95", "Betclic 1.78 1.98"], 3),
        (["Unibet 1.50 4.20 6.50", "Betclic 1.45 4.40 7.00"], 2),
        (["Unibet 1.50 4.20 6.50 2.10", "Betclic 1.45 4.40 7.00 2.20"], 3),
        (["Unibet 1.10 1.20 1.30", "Betclic 1.12 1.18 1.31"], 3),
        (["Unibet 10.50 40.20 60.50", "Betclic 10.45 40.40 70.00"], 3),
        (["Unibet 1.50 4.20 6.50"], 3),
        (["Unibet 1.50 4.20 6.50", "Betclic 1.45 7.00"], 3),
    ],
    ids=["two of three", "three of two", "four", "no payout so low", "no payout so high", "one row", "one row left"],
)
def test_what_cannot_be_the_winners_market_is_not_read(lines, outcomes):
    with pytest.raises(PageChanged) as caught:
        read(rows(*lines), outcomes)
    assert "a row of generation D" in caught.value.tried


def test_one_row_alone_is_believed_if_its_trj_confirms_it():
    assert len(read(rows("Unibet 1.50 4.20 6.50 94.46%")).rows) == 1


@pytest.mark.parametrize(("trj", "believed"), [("94.51", True), ("94,5", True), ("94.52", False), ("91.00", False)])
def test_the_published_trj_is_held_against_the_prices(trj, believed):
    lines = [f"Unibet 1.50 4.20 6.50 {trj}%", "Betclic 1.45 4.40 7.00 94.36%", "Winamax 1.52 4.00 6.80 94.79%"]
    assert ("Unibet" in [row.bookmaker.name for row in read(rows(*lines)).rows]) is believed


def test_a_page_most_of_whose_rows_print_another_trj_is_not_believed():
    lines = ["Unibet 1.50 4.20 6.50 91.00%", "Betclic 1.45 4.40 7.00 90.00%", "Winamax 1.52 4.00 6.80 94.79%"]
    with pytest.raises(PageChanged) as caught:
        read(rows(*lines))
    assert "2 of 3 rows" in str(caught.value)
    assert "a row of generation D" in caught.value.tried


@pytest.mark.parametrize(("trj", "believed"), [("94.46", True), ("94.79", False)])
def test_a_trj_without_its_sign_is_no_fourth_price(trj, believed):
    html = rows(f"Unibet 1.50 4.20 6.50 {trj}", "Betclic 1.45 4.40 7.00", "Winamax 1.52 4.00 6.80")
    assert ("Unibet" in [row.bookmaker.name for row in read(html).rows]) is believed


@pytest.mark.parametrize(("trj", "believed"), [("TRJ : 96,45 %", True), ("TRJ : 91,00 %", False), ("à 91,00 %", True)])
def test_the_trj_of_the_page_is_that_of_the_best_prices(trj, believed):
    html = f"<h2>{trj}</h2>" + rows("Unibet 1.50 4.20 6.50", "Betclic 1.45 4.40 7.00")
    if believed:
        assert len(read(html).rows) == 2
    else:
        with pytest.raises(PageChanged, match="91"):
            read(html)


def test_a_percentage_without_decimals_is_no_trj():
    assert len(read(rows("Unibet 1.50 4.20 6.50 100%", "Betclic 1.45 4.40 7.00 65%")).rows) == 2


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        ("<b>1</b><b>N</b><b>2</b>", ("1.500", "4.200", "6.500")),
        ("<b>2</b><b>X</b><b>1</b>", ("6.500", "4.200", "1.500")),
        ("<b>Cote</b>", ("1.500", "4.200", "6.500")),
    ],
)
def test_prices_go_by_the_labels_over_them(heads, expected):
    html = f"<header>{heads}</header>" + rows("Unibet 1.50 4.20 6.50", "Betclic 1.45 4.40 7.00")
    assert prices(read(html).rows[0]) == expected


def test_labels_of_another_market_make_another_market():
    html = "<b>1N</b><b>12</b><b>N2</b>" + rows("Unibet 2.50 4.20 3.50", "Betclic 2.45 4.40 3.50")
    with pytest.raises(PageChanged):
        read(html)


@pytest.mark.parametrize("line", ["Unibet 2 6.50 N 4.20 1 1.50", "Unibet N 4.20 1 1.50 2 6.50"])
def test_prices_go_by_their_own_labels(line):
    assert prices(read(rows(line, "Betclic 1.45 4.40 7.00")).rows[0]) == ("1.500", "4.200", "6.500")


def test_rows_of_other_matches_are_none_of_this_one():
    assert 44 not in [row.bookmaker.site_id for row in read(MATCH).rows]


def test_a_frame_of_generation_d_hides_no_rows():
    html = f'<p class="page-title">AVALLON - BEAUNE</p><span class="small">25 octobre 2025 à 20:45</span>{MATCH}'
    assert read(html).generation == STRUCTURAL


def test_a_generation_that_lost_a_part_is_read_by_structure():
    row = '<tr><td class="ps-4"><a href="/bookmaker/{}"></a></td><td class="new">1.50</td><td class="new">4.20</td><td class="new">6.50</td></tr>'
    read_page = read(f"<table><tbody>{row.format(24)}{row.format(33)}</tbody></table>")
    assert (read_page.generation, len(read_page.rows)) == (STRUCTURAL, 2)


# -- lists -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "expected"),
    [("generation", STRUCTURAL), ("priced", True), ("more", (2,)), ("unreadable", 1), ("tells_prices", True)],
)
def test_a_list(field, expected):
    assert getattr(listed(LEAGUE), field) == expected


@pytest.mark.parametrize(
    ("place", "teams", "kickoff", "best", "trj"),
    [
        (
            0,
            ("AVALLON", "BEAUNE"),
            utc("2025-10-25", "18:45"),
            {"1": ("1.500", 24), "X": ("4.200", 33), "2": ("6.500", None)},
            Decimal("94.46"),
        ),
        (
            1,
            ("CLAMECY", "DECIZE"),
            utc("2025-10-26", "19:45"),
            {"1": ("2.700", 24), "X": ("3.100", 24), "2": ("2.700", 33)},
            None,
        ),
        (2, (None, None), utc("2025-10-27", "14:00"), {}, None),
        (3, ("GANNAY", "IMPHY"), utc("2025-10-28", "14:00"), {}, None),
    ],
)
def test_a_match_of_a_list(place, teams, kickoff, best, trj):
    match = listed(LEAGUE).matches[place]
    assert ((match.home, match.away), match.kickoff, match.published_trj) == (teams, kickoff, trj)
    assert {
        outcome: (str(found.price), found.bookmaker and found.bookmaker.site_id)
        for outcome, found in match.best.items()
    } == best


def test_a_link_aside_is_no_match_of_the_list():
    assert [match.match_id for match in listed(LEAGUE).matches] == ["101", "102", "103", "104"]


def test_a_list_most_of_whose_rows_print_another_trj_is_not_believed():
    with pytest.raises(PageChanged, match="1 of 1 rows"):
        listed(but(LEAGUE, ("94,46", "91,46")))


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a></p>',
        '<p><a href="/cote/avallon-beaune-101">25/10 20:45</a></p>',
        "<p>AVALLON - BEAUNE 25/10 20:45 <i>1.50</i><i>4.20</i><i>6.50</i></p>",
        '<p><a href="/cote/avallon-beaune-101">Voir</a><i>1.50</i><i>4.20</i></p>',
        '<nav><a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a> 25/10 20:45</nav>',
        '<p><a href="/cotes/foot/a/b">B</a> <a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a> 25/10 20:45</p>',
    ],
    ids=["no kick-off", "no teams", "no link", "two of three prices", "in the menu", "of another league"],
)
def test_what_is_no_match_of_a_list(html):
    with pytest.raises(PageChanged):
        listed(f"<main>{html}</main>")


def test_a_list_without_prices_yet_is_told_by_teams_and_kickoff():
    read_page = listed('<main><p><a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a> 25/10 20:45</p></main>')
    assert (read_page.priced, [match.home for match in read_page.matches]) == (False, ["AVALLON"])


def test_a_row_may_link_its_own_league():
    row = f'<p><a href="{LEAGUE_URL}/">L9</a> <a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a> 25/10 20:45</p>'
    assert len(listed(f"<main>{row}</main>").matches) == 1


@pytest.mark.parametrize("market", ["DNB", "DC", "1X2H1"])
def test_another_market_is_not_told_from_the_winners(market):
    with pytest.raises(PageChanged):
        listed(LEAGUE, market)


# -- held against what the parsers read --------------------------------------------------------------------------------


def built(layout):
    return Pages(World(now=NOW, bookmakers=bookmakers(15)), layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bookmakers_of_every_layout_are_read_as_they_are(layout):
    pages = built(layout)
    match = pages.world.fixtures(LIGUE_1)[0]
    url = f"https://site.test{match.path}"
    table = read_table(document(pages.html(match.path, injected=True), url), url, MARKETS["1X2"].outcomes)
    assert table
    shown = {quote.bookmaker.name: quote.prices for quote in match.quotes("1X2")}
    assert {row.bookmaker.name: row.prices for row in table.rows} == shown
    assert (table.other_markets, table.unreadable) == (1, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lists_of_every_layout_are_read_as_they_are(layout):
    pages = built(layout)
    url = f"https://site.test{LIGUE_1}"
    html = pages.html(LIGUE_1, injected=True)
    found = read_list(Asked(page=document(html, url), url=url, now=NOW, market="1X2"))
    assert found
    fixtures = pages.world.fixtures(LIGUE_1)
    assert [(match.match_id, name_key(match.home or ""), name_key(match.away or "")) for match in found.matches] == [
        (str(match.site_id), name_key(match.home), name_key(match.away)) for match in fixtures
    ]
    if layout != "E":  # which shows no prices
        best = [{code: offer[0] for code, offer in match.best("1X2").items()} for match in fixtures]
        assert [{code: each.price for code, each in match.best.items()} for match in found.matches] == best


@pytest.mark.parametrize("fixture", sorted(file.stem for file in FIXTURES.glob("*.html")))
def test_a_page_of_another_kind_holds_no_bookmakers_rows(fixture):
    if not fixture.startswith("match"):
        with pytest.raises(PageChanged):
            read(page(fixture))
    if not fixture.startswith("league"):
        with pytest.raises(PageChanged):
            listed(page(fixture))
