"""Which generation a page belongs to, the frame of an empty list, and what all generations share."""

import pytest

from gigscrapy.pages import LeaguePage, PageChanged
from gigscrapy.pages.league import GENERATIONS, TYPECOTES, read_league
from schema.markets import MARKETS
from tests.gigscrapy.pages import LEAGUE_URL, NOW, but, page


def read(html, url=LEAGUE_URL, **asked):
    return read_league(html, url=url, now=NOW, **asked)


def test_each_market_has_its_name_on_the_site():
    assert TYPECOTES.keys() == MARKETS.keys()


@pytest.mark.parametrize("generation", ["D", "E", "F", "G"])
def test_the_generation_is_told_by_the_markup(generation):
    assert read(page(f"league-{generation}")).generation == generation


def test_the_generation_that_says_most_is_taken():
    assert read(but(page("league-G"), ("<body>", '<body class="match-row">'))).generation == "G"
    assert read(but(page("league-F"), ("<body>", '<body class="match-row">'))).generation == "F"


def test_a_page_nobody_knows_names_what_was_looked_for():
    with pytest.raises(PageChanged) as caught:
        read("<html><body><h1>Maintenance</h1></body></html>")
    assert caught.value.url == LEAGUE_URL
    assert list(caught.value.tried.values()) == [generation.probe for generation in GENERATIONS]
    assert "div.events" in str(caught.value)


def test_an_empty_list_is_no_error():
    assert read(page("league-D-empty")) == LeaguePage(generation="D", matches=(), priced=False)


@pytest.mark.parametrize(
    "sign",
    [
        '<section><a href="/cote/avallon-beaune-101">AVALLON - BEAUNE</a></section>',
        '<section data-rencid="101">AVALLON - BEAUNE 1.50</section>',
        '<script type="application/ld+json">{"@type": "SportsEvent"}</script>',
    ],
)
def test_a_list_rebuilt_in_its_old_frame_is_not_an_empty_one(sign):
    with pytest.raises(PageChanged):
        read(but(page("league-D-empty"), ("</h1>", f"</h1>{sign}")))


@pytest.mark.parametrize(
    "changes",
    [
        [("<h1>Cotes", "<h1>Oups")],
        [('id="left-bar"', "")],
        [('class="pagination"', ""), ("typecote", "type")],
    ],
)
def test_half_a_frame_is_no_empty_list(changes):
    with pytest.raises(PageChanged):
        read(but(page("league-D-empty"), *changes))


def pager(*links):
    return but(page("league-D"), ("</h1>", "</h1>" + "".join(f'<a href="{link}">x</a>' for link in links)))


@pytest.mark.parametrize(
    ("links", "url", "expected"),
    [
        ([], LEAGUE_URL, ()),
        (["?page=3", "?page=2", "?page=2"], LEAGUE_URL, (2, 3)),
        (["/cotes/foot/bourgogne/ligue-9?orderby=date&amp;page=2"], LEAGUE_URL, (2,)),
        (["https://site.test/cotes/foot/bourgogne/ligue-9?page=2&amp;a=b"], LEAGUE_URL, (2,)),
        (["?page=1", "?page=2", "?page=3"], f"{LEAGUE_URL}?typecote=DNB&page=2", (3,)),
        (["?page=1"], LEAGUE_URL, ()),
        (["/cotes/foot/bourgogne/coupe?page=2"], LEAGUE_URL, ()),
        (["https://other.test/cotes/foot/bourgogne/ligue-9?page=2"], LEAGUE_URL, ()),
        (["?subpage=2", "?page=deux", "?page=99999", "http://[?page=2"], LEAGUE_URL, ()),
        (["/cotes-rugby%20%C3%A0%207?page=2"], "https://site.test/cotes-rugby%20à%207", (2,)),
    ],
)
def test_further_pages(links, url, expected):
    assert read(pager(*links), url=url).more == expected


def test_a_page_past_the_end_repeats_its_matches_and_is_read_as_it_is():
    assert read(page("league-D"), url=f"{LEAGUE_URL}?page=7").matches == read(page("league-D")).matches
