import dataclasses

import pytest

from gigscrapy.discovery import Comparison, Difference, as_csv, compare, find_sport, pasted
from gigscrapy.leagues import CatalogueError, load, read
from gigscrapy.pages import MenuLeague

CATALOGUE = load()
LIGUE_1 = next(league for league in CATALOGUE if league.name == "ligue1")
NOTHING = Comparison([], [])
AS_IT_IS = [MenuLeague(league.path, league.title, league.country, league.site_id) for league in CATALOGUE]


def without(path: str) -> list[MenuLeague]:
    return [league for league in AS_IT_IS if league.path != path]


def test_nothing_to_say_when_the_site_is_as_the_catalogue():
    assert compare(AS_IT_IS, CATALOGUE) == NOTHING


def test_a_league_the_menu_does_not_link_today_is_no_difference():
    assert compare(AS_IT_IS[:5], CATALOGUE) == NOTHING


def test_a_new_league_is_a_row_ready_to_paste():
    found = [*AS_IT_IS, MenuLeague("/cotes/hand/france/starligue", "Starligue", "France", 77)]
    [difference] = compare(found, CATALOGUE).differences
    assert difference.moved_from is None
    assert (
        as_csv([difference]).splitlines()[1]
        == "starligue,handball,France,Starligue,/cotes/hand/france/starligue,3,0,77,"
    )


def test_every_printed_row_fits_into_the_catalogue():
    found = [
        *AS_IT_IS,
        MenuLeague("/cotes/foot/bolivie/primera-division-9", "Ligue 1", "Bolivie", None),
        MenuLeague("/cotes/hand/france/ligue-1", "Ligue 1", "France", None),
        MenuLeague("/cotes/foot/perou/liga-1-9", "Liga 1", None, None),
    ]
    rows = as_csv(compare(found, CATALOGUE).differences).splitlines()
    assert [row.name for row in read([rows[0], *as_csv(map(Difference, CATALOGUE)).splitlines()[1:], *rows[1:]])][
        -3:
    ] == [
        "ligue1bolivie",
        "liga1",
        "ligue1handball",
    ]


def test_a_league_with_the_same_number_elsewhere_has_moved():
    found = [*without(LIGUE_1.path), MenuLeague("/cotes/foot/france/ligue-1-mcd", "Ligue 1 Renommée", "France", 3)]
    [difference] = compare(found, CATALOGUE).differences
    assert (difference.league.name, difference.moved_from, difference.league.path) == (
        "ligue1",
        "/cotes/foot/france/ligue-1",
        "/cotes/foot/france/ligue-1-mcd",
    )


def test_a_league_with_the_same_title_and_country_elsewhere_has_moved():
    found = [
        *without("/cotes/basket/france/pro-a"),
        MenuLeague("/cotes/basket/france/elite", "Betclic Elite", "France", None),
    ]
    [difference] = compare(found, CATALOGUE).differences
    assert (difference.league.name, difference.moved_from) == ("betclicelite", "/cotes/basket/france/pro-a")


def test_a_league_that_is_still_linked_where_it_was_has_not_moved():
    found = [*AS_IT_IS, MenuLeague("/cotes/foot/france/ligue-1-bis", "Ligue 1", "France", None)]
    [difference] = compare(found, CATALOGUE).differences
    assert (difference.moved_from, difference.league.title) == (None, "Ligue 1 France")


def test_a_sport_nobody_described_is_passed_over():
    assert compare([*AS_IT_IS, MenuLeague("/cotes/escalade/monde/coupe", "Coupe", "Monde", 5)], CATALOGUE) == NOTHING


def test_leagues_of_one_title_and_country_are_numbered_and_fit_into_the_catalogue():
    found = [*AS_IT_IS, *(MenuLeague(f"/cotes/foot/monde/amical-{n}", "Amical", "Monde", None) for n in range(1, 5))]
    rows = compare(found, CATALOGUE).differences
    assert [(row.league.name, row.league.title) for row in rows] == [
        ("amical", "Amical"),
        ("amicalmonde", "Amical Monde"),
        ("amicalmonde2", "Amical Monde 2"),
        ("amicalmonde3", "Amical Monde 3"),
    ]
    assert pasted(rows, CATALOGUE)[-4:] == tuple(row.league for row in rows)


def test_titles_that_differ_only_where_names_do_not_have_names_of_their_own():
    titles = {"a": "Coupe XY", "b": "Coupe-XY", "c": "Coupe:XY"}
    found = [*AS_IT_IS, *(MenuLeague(f"/cotes/foot/pays/{end}", title, "Pays", None) for end, title in titles.items())]
    rows = compare(found, CATALOGUE).differences
    assert [row.league.name for row in rows] == ["coupexy", "coupexyfootball", "coupexypays"]
    assert len(pasted(rows, CATALOGUE)) == len(CATALOGUE) + 3


@pytest.mark.parametrize(
    ("title", "why"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("日本", "has no letter or digit of ASCII"),
        ("x" * 101, "is longer than 100 characters"),
    ],
)
def test_a_league_that_cannot_be_named_is_told_and_no_row(title, why):
    found = [*AS_IT_IS, MenuLeague("/cotes/foot/japon/j1", title, "Japon", None)]
    assert compare(found, CATALOGUE) == Comparison([], [f"/cotes/foot/japon/j1 cannot be named: {title!r} {why}"])


def test_a_number_is_no_sign_of_a_move_into_another_sport():
    found = [*without(LIGUE_1.path), MenuLeague("/cotes/hand/france/starligue", "Starligue", "France", 3)]
    [difference] = compare(found, CATALOGUE).differences
    assert (difference.league.name, difference.moved_from) == ("starligue", None)


def test_nothing_has_moved_in_a_sport_that_was_not_read_completely():
    moved = MenuLeague("/cotes/foot/france/ligue-1-bis", "Ligue 1", "France", 3)
    found = [*without(LIGUE_1.path), moved]
    told = f"{moved.path} may be ligue1 moved from {LIGUE_1.path}: football was not read completely"
    assert compare(found, CATALOGUE, complete={"basket"}) == Comparison([], [told])
    [difference] = compare(found, CATALOGUE, complete={"foot"}).differences
    assert difference.moved_from == LIGUE_1.path


def test_a_moved_row_takes_the_place_of_the_old_one():
    row = dataclasses.replace(LIGUE_1, path="/cotes/foot/france/ligue-1-bis")
    after = pasted([Difference(row, moved_from=LIGUE_1.path)], CATALOGUE)
    assert len(after) == len(CATALOGUE)
    assert after[-1] == row


def test_rows_that_do_not_fit_are_refused():
    row = dataclasses.replace(LIGUE_1, path="/cotes/foot/france/ligue-1-bis")
    with pytest.raises(CatalogueError, match="name 'ligue1' stands in line"):
        pasted([Difference(row)], CATALOGUE)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("football", "foot"),
        ("foot", "foot"),
        ("Football américain", "foot-us"),
        ("rugby-sevens", "rugby%20%C3%A0%207"),
        ("rugby%20%C3%A0%207", "rugby%20%C3%A0%207"),
        ("HOCKEY", "hockey"),
    ],
)
def test_a_sport_is_found_by_name_title_and_slug(text, slug):
    found = find_sport(text)
    assert found
    assert found.slug == slug


def test_no_sport_is_found_for_what_is_none():
    assert find_sport("footbal") is None
    assert find_sport("日本") is None
