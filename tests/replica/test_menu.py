from gigscrapy.leagues import load
from replica.menu import countries, country_number, league_number, site_sports
from replica.world import league_at
from tests.replica import LIGUE_1, TENNIS

FOOTBALL = [league for league in load() if league.sport == "football"]


def test_every_league_stands_in_the_group_of_its_country():
    groups = {country.name: [entry.path for entry in country.entries] for country in countries(FOOTBALL)}
    assert LIGUE_1 in groups["France"]
    assert sum(len(paths) for paths in groups.values()) == len(FOOTBALL)
    assert set(groups) == {league.country for league in FOOTBALL}


def test_numbers_are_the_sites_where_known_and_steady_elsewhere():
    assert league_number(league_at(LIGUE_1)) == 3
    assert league_number(league_at(TENNIS)) == 9_679_702
    assert (country_number("France"), country_number("Monde")) == (1, 0)
    numbers = [country.id for country in countries(FOOTBALL)]
    assert len(set(numbers)) == len(numbers)
    assert len({league_number(league) for league in load()}) == len(load())


def test_one_league_stands_twice_once_in_a_group_of_its_own():
    colombia = next(country for country in countries(FOOTBALL) if country.name == "Colombie")
    outer = next(entry for entry in colombia.entries if entry.within)
    assert outer.path == "/cotes/foot/colombie/liga-postobon-i"
    assert [inner.path for inner in outer.within] == ["/cotes/foot/colombie/primera-a-clausura"]
    assert outer.within[0] in colombia.entries


def test_the_site_lists_twenty_five_sports():
    assert len(site_sports()) == 25
    assert site_sports()["hand"].name == "handball"
