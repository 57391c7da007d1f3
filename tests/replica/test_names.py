from gigscrapy.leagues import load
from replica.names import PLAYERS_SPORTS, SURNAME_ENDS, SURNAME_STARTS, teams
from replica.world import league_at
from schema.names import slug, tidy
from tests.replica import LIGUE_1, LIGUE_2, TENNIS


def test_names_are_upper_case_different_and_fit_to_be_kept():
    for league in load():
        names = teams(league, 18, seed=1)
        assert len(set(names)) == 18
        assert all(name == name.upper() == tidy(name) for name in names)
        assert len({slug(name) for name in names}) == 18


def test_ligue_1_has_its_clubs_in_their_order():
    assert teams(league_at(LIGUE_1), 18, seed=5)[:2] == ("PSG", "STRASBOURG")


def test_french_leagues_hold_names_that_break_careless_readers():
    names = teams(league_at(LIGUE_2), 40, seed=1)
    assert {"ÉTOILE DE DIEPPE", "VILLENEUVE-D'ASCQ", "BEAUNE & NUITS"} <= set(names)


def test_players_are_made_up_from_parts_and_carry_an_initial():
    made_up = {(start + end).upper() for start in SURNAME_STARTS for end in SURNAME_ENDS}
    for name in teams(league_at(TENNIS), 36, seed=1):
        surname, initial = name.split(" ")
        assert surname in made_up
        assert len(initial) == 2
        assert initial.endswith(".")


def test_womens_teams_say_so():
    women = next(league for league in load() if "femmes" in league.path and league.sport not in PLAYERS_SPORTS)
    assert all(name.endswith(" (F)") for name in teams(women, 18, seed=1))
