import pytest

from gigscrapy.pages import MenuLeague, PageChanged
from gigscrapy.pages.menu import read_menu, read_sports
from tests.gigscrapy.pages import LEAGUE_URL, but, page


def read(html):
    return read_menu(html, url=LEAGUE_URL)


def test_the_menu_has_leagues_and_no_tools_each_once():
    assert read(page("menu")) == (
        MenuLeague("/cotes/foot/bourgogne/ligue-9", "Ligue 9", "Bourgogne", 70),
        MenuLeague("/cotes/foot/bourgogne/coupe-1", "Coupe", "Bourgogne", 71),
    )


def test_without_its_header_a_country_is_not_known():
    assert [league.country for league in read(but(page("menu"), ("#menu_item7", "#x")))] == [None, None]


@pytest.mark.parametrize("number", ["", "neuf", "-1"])
def test_a_number_that_is_none(number):
    assert read(but(page("menu"), ('competid="70"', f'competid="{number}"')))[0].site_id is None


def test_headers_over_the_matches_of_a_sport():
    assert read(page("sport")) == (
        MenuLeague("/cotes/hand/republique-tcheque/extraliga", "Extraliga", "République tchèque", None),
        MenuLeague("/cotes/hand/monde-1/coupe-du-monde", "Coupe du monde", None, None),
    )


def test_a_header_adds_nothing_to_what_the_menu_names():
    header = '<a class="competition-link" href="/cotes/foot/bourgogne/ligue-9">\nBourgogne\nL9</a></body>'
    assert read(but(page("menu"), ("</body>", header))) == read(page("menu"))


def test_bare_links_where_there_is_neither():
    html = """<a href="/cotes/foot/bourgogne/ligue-9?typecote=DC">DC</a><a href="/cotes/foot/bourgogne/ligue-9">Ligue 9</a>
        <a href="/cotes/surebet/calculette">Surebet</a><a href="/cotes/foot/bourgogne/coupe"></a>"""
    assert read(html) == (MenuLeague("/cotes/foot/bourgogne/ligue-9", "Ligue 9", None, None),)


@pytest.mark.parametrize("kind", ['data-competid="5"', 'class="competition-link"'])
def test_a_link_without_words_is_called_by_its_address(kind):
    assert read(f'<a {kind} href="/cotes/foot/bourgogne/coupe/"> </a>')[0].title == "coupe"


def test_an_empty_menu_is_no_error():
    assert read('<ul id="menuprono"></ul>') == ()


def test_a_page_without_menu_and_league_is_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read('<a href="/cotes/surebet">Surebet</a>')
    assert caught.value.tried["the menu"] == "#menuprono"


def test_sports_each_once_as_they_are_linked():
    assert read_sports(page("menu")) == ("badminton", "hand", "rugby%20%C3%A0%207", "foot")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/cotes-tennis?page=2", ("tennis",)),
        ("/cotes-tennis/", ("tennis",)),
        ("/cotes-tennis/aujourdhui", ()),
        ("/cotes-boostees", ()),
        ("/cotes/surebet", ()),
        ("/cotes-", ()),
    ],
)
def test_what_is_a_sport(href, expected):
    assert read_sports(f'<a href="{href}">x</a>') == expected
