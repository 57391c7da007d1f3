"""What is told of a page, and drafted from it: in every layout of the look-alike, known or not."""

import json

import pytest

from gigscrapy.examination import DRAFT_LIST, DRAFT_MATCH, DRAFT_NOW, Examination, folder_name
from gigscrapy.pages import STRUCTURAL
from gigscrapy.pages.league import read_league
from gigscrapy.pages.match import read_match
from replica.pages import LAYOUTS, Pages
from replica.world import World, bookmakers
from tests.gigscrapy.pages import CAPTURED, LEAGUE_URL, MATCH_URL, NOW, page

LIGUE_1 = "/cotes/foot/france/ligue-1"
NBA = "/cotes/basket/etats-unis/nba"
SITE = "https://site.test"


def examined(layout, *, match=False, league=LIGUE_1):
    pages = Pages(World(now=NOW, bookmakers=bookmakers(15)), layout)
    path = pages.world.fixtures(league)[1].path if match else league
    return Examination(f"{SITE}{path}", pages.html(path), pages.html(path, injected=True), NOW)


def finds(examination):
    """Counts, raw and rendered, by generation and what is looked for."""
    rows = [line for line in examination.report().splitlines() if line[:1].isalpha() and line[12:13].isalpha()]
    return {(line[:12].strip(), line[12:36].strip()): tuple(map(int, line[36:52].split())) for line in rows[1:] if line[36:52].strip().replace(" ", "").isdigit()}  # fmt: skip


def test_where_a_fixture_is_is_where_the_tests_are():
    assert (DRAFT_LIST, DRAFT_MATCH, DRAFT_NOW) == (LEAGUE_URL, MATCH_URL, NOW)


@pytest.mark.parametrize(
    ("layout", "match", "known"),
    [
        ("D", False, {("D", "row"): (18, 18), ("D", "price"): (0, 54), ("E", "row"): (0, 0)}),
        ("G", False, {("G", "button"): (54, 54), ("D", "row"): (0, 0), ("all", "a match's link"): (18, 18)}),
        ("U", False, {("D", "row"): (0, 0), ("G", "button"): (0, 0), ("all", "a match's link"): (18, 18)}),
        ("D", True, {("D", "row"): (0, 30), ("D", "teams"): (1, 1)}),
        ("E", True, {("E", "row"): (0, 30), ("D", "row"): (0, 0)}),
        ("U", True, {("D", "row"): (0, 0), ("E", "row"): (0, 0)}),
    ],
)
def test_the_report_counts_what_every_selector_finds(layout, match, known):
    counted = finds(examined(layout, match=match))
    assert {key: counted[key] for key in known} == known


@pytest.mark.parametrize(
    ("layout", "match", "words"),
    [
        ("D", False, "read in the browser: generation D, 18 matches\n    PSG - NANTES"),
        ("U", False, "read in the browser: generation S, 18 matches\n    PSG - NANTES"),
        ("D", False, "by structure alone:  generation S, 18 matches"),
        ("U", True, "read in the browser: generation S, 15 bookmakers\n    Unibet 1 2.320 X 3.310 2 2.850"),
        ("U", True, "read as it arrived:  nothing; https://site.test/cote/strasbourg-lille-"),
        ("E", True, "by structure alone:  15 bookmakers"),
    ],
)
def test_the_report_tells_what_is_read(layout, match, words):
    assert words in examined(layout, match=match).report()


@pytest.mark.parametrize("match", [False, True], ids=["list", "match"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_draft_is_read_as_the_page_is_and_says_nothing_of_it(layout, match):
    examination = examined(layout, match=match)
    draft = examination.draft()
    assert draft
    expected = json.loads(draft.expected)
    read = expected["read"]
    assert read["generation"] == examination.read(examination.rendered).generation
    shown = read["rows"] if match else read["matches"]
    assert len(shown) == 3
    if match:
        assert [list(row["prices"].values()) for row in shown] == [
            ["1.500", "4.200", "6.500"],
            ["1.450", "4.400", "7.000"],
            ["1.520", "4.000", "6.800"],
        ]
        assert (read["home"] or "").upper() in ("AVALLON", "")
    else:
        assert [(row["home"] or "").upper() for row in shown] == ["AVALLON", "CLAMECY", "ÉPOISSES"]
        assert [row["match_id"] for row in shown] == ["101", "102", "103"]
    assert not {"PSG", "Psg", "NANTES", "Strasbourg", "STRASBOURG", "LILLE"} & set(
        draft.html.replace("<", " ").replace(">", " ").split()
    )


@pytest.mark.parametrize("layout", ["D", "U"])
def test_a_sport_without_draws_is_told_by_its_rows(layout):
    draft = examined(layout, match=True, league=NBA).draft()
    assert draft
    expected = json.loads(draft.expected)
    assert (expected["outcomes"], [len(row["prices"]) for row in expected["read"]["rows"]]) == (2, [2, 2, 2])


def test_a_draft_is_read_again_to_the_same():
    for match, read in ((False, read_league), (True, read_match)):
        draft = examined("U", match=match).draft()
        assert draft
        options = {"outcomes": 3} if match else {}
        again = read(draft.html, url=MATCH_URL if match else LEAGUE_URL, now=NOW, **options)
        assert (again.generation, len(again.rows if match else again.matches)) == (STRUCTURAL, 3)


def test_where_there_is_no_row_nothing_is_drafted():
    assert Examination(MATCH_URL, "<h1>Maintenance</h1>", "<h1>Maintenance</h1>", NOW).draft() is None
    assert "nothing; " in Examination(MATCH_URL, "", "<h1>Maintenance</h1>", NOW).report()


def test_a_page_beyond_all_limits_is_told_of_too():
    deep = "<div>" * 100_000
    examination = Examination(LEAGUE_URL, deep, deep, NOW)
    assert "256 elements inside each other" in examination.report()
    assert examination.draft() is None


@pytest.mark.skipif(not CAPTURED.is_dir(), reason="the captured page is another's, and not in the project")
def test_the_draft_of_the_real_page_says_nothing_of_it():
    [file] = CAPTURED.glob("*.html")
    html = file.read_text(encoding="utf-8")
    examination = Examination("https://www.coteur.com/cotes/foot/france/ligue-1", html, html, NOW)
    draft = examination.draft()
    assert draft
    assert len(json.loads(draft.expected)["read"]["matches"]) == 3
    for match in examination.read(html).matches:
        for said in (match.home, match.away, match.match_id, match.path):
            assert said not in draft.html


def test_a_fixture_of_ours_is_examined_like_any_page():
    html = page("match-U")
    assert (
        "generation S, 4 bookmakers, 1 rows that cannot be told apart"
        in Examination(MATCH_URL, html, html, NOW).report()
    )


def test_nothing_that_the_site_wrote_moves_the_cursor():
    html = page("match-E").replace("AVALLON - BEAUNE", "\x1b[2JAVALLON\x07 - BEAUNE").replace("</h1>", "</h1>\x9b31m")
    report = Examination(MATCH_URL, html, html, NOW).report()
    html = page("league-U").replace("GANNAY", "GAN\x1b[2JNAY").replace("VALLON", "V\x9bLLON")
    report += Examination(LEAGUE_URL, html, html, NOW).report()
    assert all(character.isprintable() or character == "\n" for character in report)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (LEAGUE_URL, "2025-10-20-cotes-foot-bourgogne-ligue-9"),
        ("https://site.test/cote/../../etc-1", "2025-10-20-cote-etc-1"),
        ("https://site.test/", "2025-10-20-home"),
        ("https://site.test/" + "a" * 500, "2025-10-20-" + "a" * 80),
    ],
)
def test_a_folder_is_named_by_letters_digits_and_hyphens(url, name):
    assert folder_name(url, NOW) == name
