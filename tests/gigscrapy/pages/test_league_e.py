import pytest

from gigscrapy.pages import PageChanged
from gigscrapy.pages.league import read_league
from tests.gigscrapy.pages import LEAGUE_URL, NOW, but, page, utc

E = page("league-E")
ANNOUNCED = """<script type="application/ld+json">{"@type": "SportsEvent", "startDate": "2025-10-25T20:45:00+02:00",
 "url": "/match/pronostic-gannay-imphy-104", "competitor": [{"name": "GANNAY"}, {"name": "IMPHY"}]}</script>"""


def read(html):
    return read_league(html, url=LEAGUE_URL, now=NOW)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0, ("101", "/cote/avallon-beaune-101", "AVALLON", "BEAUNE")),
        (1, ("102", "/cote/clamecy-decize-102", "CLAMECY", "DECIZE")),
        (2, ("103", "/cote/l-etoile-d-epoisses-flavigny-103", "L'ÉTOILE D'ÉPOISSES", "FLAVIGNY")),
        (3, ("104", "/cote/gannay-imphy-104", None, None)),
    ],
    ids=["several links", "slash, vs, the second link", "title and whole address", "more than names in the link"],
)
def test_a_match(place, expected):
    match = read(E).matches[place]
    assert (match.match_id, match.path, match.home, match.away) == expected


@pytest.mark.parametrize(
    ("field", "expected"), [("priced", False), ("tells_prices", False), ("unreadable", 0), ("more", ())]
)
def test_the_page(field, expected):
    assert getattr(read(E), field) == expected


def test_a_date_in_a_row_is_not_taken_for_its_kickoff():
    assert [match.kickoff for match in read(E).matches] == [None] * 4


def test_links_outside_the_rows_are_not_of_this_league():
    assert [match.match_id for match in read(E).matches] == ["101", "102", "103", "104"]


def test_what_is_announced():
    match = read(but(E, ("<body>", f"<body>{ANNOUNCED}"))).matches[3]
    assert (match.home, match.away, match.kickoff) == ("GANNAY", "IMPHY", utc("2025-10-25", "18:45"))


def test_a_row_without_link_is_counted():
    read_page = read(but(E, ("/cote/clamecy-decize-102/", "#")))
    assert (len(read_page.matches), read_page.unreadable) == (3, 1)


def test_links_gone_from_all_rows_are_a_changed_page():
    with pytest.raises(PageChanged) as caught:
        read(but(E, ("/cote/", "/rencontre/")))
    assert caught.value.tried == {"a match": 'a[href*="/cote/"]'}
