from decimal import Decimal

import pytest

from gigscrapy.pages import PageChanged
from gigscrapy.pages.markup import (
    attribute,
    document,
    first_words,
    local_path,
    match_of,
    names_path,
    percent,
    prices_in,
    split_teams,
    words,
)

URL = "https://site.test/cotes/foot/bourgogne/ligue-9"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>17/10<br>20:45</p>", "17/10 20:45"),
        ("<p>2<b>1.50</b></p>", "2 1.50"),
        ("<p> A\n\t B&nbsp;C </p>", "A B C"),
        ("<p>A<!-- no --> B</p>", "A B"),
        ("<p>Caf&eacute; &amp; Co</p>", "Café & Co"),
        ("<p></p>", ""),
        ("<p>a\ud800b</p>", "a?b"),
        ("<p>a\x00b</p>", "ab"),
    ],
)
def test_words(html, expected):
    assert words(document(html, URL).css("p")[0]) == expected


@pytest.mark.parametrize("html", ["", " ", "\x00", "{}", "0", "<!-- -->", "<?php ?>", "]]>", "<html", "\ud800"])
def test_any_text_is_a_document(html):
    assert document(html, URL).css("p").getall() == []


@pytest.mark.parametrize("html", ["<div>" * 200_000, "<table><tr><td>" * 100_000, f"<p>{'x' * 9_999_994}</p>"])
def test_a_page_beyond_the_limits_is_refused_whole(html):
    with pytest.raises(PageChanged) as caught:
        document(html, URL)
    assert list(caught.value.tried) == ["the end of the page"]


def test_first_words_of_what_is_not_there():
    assert first_words(document("<p>x</p>", URL), "h1") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("94.62%", "94.62"),
        ("92,31 %", "92.31"),
        ("100%", "100"),
        ("92.31", "92.31"),
        ("0.00%", None),
        ("- %", None),
        ("", None),
        ("1092.31%", None),
        ("92.31% 93%", None),
        ("nan%", None),
    ],
)
def test_percent(text, expected):
    assert percent(text) == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 1,50", ["1.500"]),
        ("1.50 N 4.00", ["1.500", "4.000"]),
        ("12", []),
        ("3 - 2", []),
        ("0.00", []),
        ("92.9%", []),
        ("", []),
    ],
)
def test_prices_in(text, expected):
    assert [str(price) for price in prices_in(text)] == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/cote/avallon-beaune-101", ("101", "/cote/avallon-beaune-101")),
        ("/cote/avallon-beaune-101/", ("101", "/cote/avallon-beaune-101")),
        ("/cote/avallon-beaune-101?a=1#b", ("101", "/cote/avallon-beaune-101")),
        (" /cote/avallon-beaune-101\n", ("101", "/cote/avallon-beaune-101")),
        ("https://site.test/cote/avallon-beaune-101", ("101", "/cote/avallon-beaune-101")),
        ("https://SITE.test/cote/avallon-beaune-101", ("101", "/cote/avallon-beaune-101")),
        ("//site.test/cote/avallon-beaune-101", ("101", "/cote/avallon-beaune-101")),
        ("https://other.test/cote/avallon-beaune-101", None),
        ("javascript:/cote/avallon-beaune-101", None),
        ("/cote/avallon-beaune", None),
        ("/cote/101", None),
        ("/cote/avallon-beaune-101/statistiques", None),
        ("/cote/statistiques-avallon-beaune-101", None),
        ("/cote/resultat-avallon-beaune-101", None),
        ("/cote/type-pari-1n2-101", None),
        ("/cotes/foot/bourgogne/ligue-9", None),
        ("/match/pronostic-avallon-beaune-101", None),
        ("/cote/a-12345678901", None),
        ("/cote/a-١٢٣", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_match_of(href, expected):
    assert match_of(href, URL) == expected


def test_a_link_that_leaves_the_site_has_no_path():
    assert local_path("https://other.test/a", URL) is None
    assert local_path("/a?b#c", URL) == "/a"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AVALLON - BEAUNE", ("AVALLON", "BEAUNE")),
        ("Cotes AVALLON - BEAUNE", ("AVALLON", "BEAUNE")),
        ("AVALLON vs BEAUNE", ("AVALLON", "BEAUNE")),
        ("AVALLON VS. BEAUNE", ("AVALLON", "BEAUNE")),
        ("AVALLON – BEAUNE", ("AVALLON", "BEAUNE")),
        ("SAINT-LÉGER - BEAUNE", ("SAINT-LÉGER", "BEAUNE")),
        ("A - B vs C", ("A - B", "C")),
        ("A - B - C", None),
        ("AVALLON", None),
        (" - BEAUNE", None),
        ("", None),
    ],
)
def test_split_teams(title, expected):
    assert split_teams(title) == expected


@pytest.mark.parametrize(
    ("home", "away", "path", "expected"),
    [
        ("AVALLON", "BEAUNE", "/cote/avallon-beaune-101", True),
        ("L'ÉTOILE D'ÉPOISSES", "BEAUNE", "/cote/l-etoile-d-epoisses-beaune-101", True),
        ("L'ÉTOILE D'ÉPOISSES", "BEAUNE", "/cote/letoile-depoisses-beaune-101", True),
        ("FC AVALLON 04", "BEAUNE", "/cote/fc-avallon-04-beaune-101", True),
        ("AVALLON", "BEAUNE 20:45", "/cote/avallon-beaune-101", False),
        ("BEAUNE", "AVALLON", "/cote/avallon-beaune-101", False),
        ("AVALLON", "BEAUNE", "/cotes/foot", False),
    ],
)
def test_names_path(home, away, path, expected):
    assert names_path((home, away), path) is expected


def test_a_page_within_the_limits_is_read_to_its_end():
    html = f"<p>{'x' * 9_990_000}</p>{'<div>' * 200}<b>end</b>"
    assert first_words(document(html, URL), "b") == "end"


@pytest.mark.parametrize("damage", ["{", "{a}", "{}x", "\x1f", "\ufffe", "<", '"'])
def test_an_attribute_with_an_impossible_name_hides_no_other(damage):
    [node] = document(f'<p {damage}="1" class="a&amp;b">x</p>', URL).css("p")
    assert (attribute(node, "class"), attribute(node, "title")) == ("a&b", "")
