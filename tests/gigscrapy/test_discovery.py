from gigscrapy.discovery import Difference, as_csv, compare
from gigscrapy.leagues import load, read
from gigscrapy.pages import MenuLeague

CATALOGUE = load()
LIGUE_1 = next(league for league in CATALOGUE if league.name == "ligue1")
AS_IT_IS = [MenuLeague(league.path, league.title, league.country, league.site_id) for league in CATALOGUE]


def without(path: str) -> list[MenuLeague]:
    return [league for league in AS_IT_IS if league.path != path]


def test_nothing_to_say_when_the_site_is_as_the_catalogue():
    assert compare(AS_IT_IS, CATALOGUE) == []


def test_a_league_the_menu_does_not_link_today_is_no_difference():
    assert compare(AS_IT_IS[:5], CATALOGUE) == []


def test_a_new_league_is_a_row_ready_to_paste():
    found = [*AS_IT_IS, MenuLeague("/cotes/hand/france/starligue", "Starligue", "France", 77)]
    [difference] = compare(found, CATALOGUE)
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
    rows = as_csv(compare(found, CATALOGUE)).splitlines()
    assert [row.name for row in read([rows[0], *as_csv(map(Difference, CATALOGUE)).splitlines()[1:], *rows[1:]])][
        -3:
    ] == [
        "ligue1bolivie",
        "liga1",
        "ligue1handball",
    ]


def test_a_league_with_the_same_number_elsewhere_has_moved():
    found = [*without(LIGUE_1.path), MenuLeague("/cotes/foot/france/ligue-1-mcd", "Ligue 1 Renommée", "France", 3)]
    [difference] = compare(found, CATALOGUE)
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
    [difference] = compare(found, CATALOGUE)
    assert (difference.league.name, difference.moved_from) == ("betclicelite", "/cotes/basket/france/pro-a")


def test_a_league_that_is_still_linked_where_it_was_has_not_moved():
    found = [*AS_IT_IS, MenuLeague("/cotes/foot/france/ligue-1-bis", "Ligue 1", "France", None)]
    [difference] = compare(found, CATALOGUE)
    assert (difference.moved_from, difference.league.title) == (None, "Ligue 1 France")


def test_a_sport_nobody_described_is_passed_over():
    assert compare([*AS_IT_IS, MenuLeague("/cotes/escalade/monde/coupe", "Coupe", "Monde", 5)], CATALOGUE) == []
