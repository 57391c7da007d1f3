from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gigscrapy.leagues import load
from gigscrapy.pages import ListedMatch
from gigscrapy.spiders.base import BadArgument, Wanted

LEAGUES = {league.name: league for league in load()}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MATCH = ListedMatch(
    match_id="1548776",
    path="/cote/psg-strasbourg-1548776",
    home="PSG",
    away="STRASBOURG",
    kickoff=NOW + timedelta(days=2),
    best={},
)


def wanted(league: str = "ligue1", **arguments: str) -> Wanted:
    return Wanted.read(LEAGUES[league], **arguments)


def test_by_default_every_match_is_visited_for_its_winner():
    assert wanted() == Wanted(depth="match", markets=("1X2",), days=None, match_ids=frozenset())
    assert wanted("nba").markets == ("12",)


def test_markets_are_named_as_the_site_does():
    assert wanted(markets="1n2, DNB,ht2,dnb").markets == ("1X2", "DNB", "1X2H2")


@pytest.mark.parametrize(
    "match", ["1548776", "/cote/psg-strasbourg-1548776", "https://www.coteur.com/cote/psg-strasbourg-1548776/"]
)
def test_a_match_is_a_number_or_an_address(match):
    assert wanted(match=match).match_ids == {"1548776"}


def test_several_matches_have_commas_between():
    assert wanted(match="1548776, /cote/psg-strasbourg-99/,1548776").match_ids == {"1548776", "99"}
    assert not wanted(match="1548776,99").is_whole


@pytest.mark.parametrize(
    ("league", "arguments", "complaint"),
    [
        ("ligue1", {"depth": "all"}, "depth is list or match, not 'all'"),
        ("ligue1", {"markets": "1n2,OU"}, "the markets of Ligue 1 are 1n2, dnb, dc, ht, ht2; 'ou' is none of them"),
        ("nba", {"markets": "DNB"}, "the markets of NBA are 12; 'dnb' is none of them"),
        ("ligue1", {"days": "two"}, "days is a number of days, not 'two'"),
        ("ligue1", {"days": "-1"}, "days is a number of days, not '-1'"),
        ("ligue1", {"match": "PSG - OM"}, "match is a number, or the address of a match page, not 'PSG - OM'"),
        ("ligue1", {"match": "99,OM"}, "match is a number, or the address of a match page, not 'OM'"),
    ],
)
def test_a_wrong_argument_says_what_could_stand_there(league, arguments, complaint):
    with pytest.raises(BadArgument) as caught:
        wanted(league, **arguments)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("arguments", "kickoff", "included"),
    [
        ({}, NOW + timedelta(days=300), True),
        ({"days": "2"}, NOW + timedelta(days=2), True),
        ({"days": "2"}, NOW + timedelta(days=2, minutes=1), False),
        ({"days": "0"}, None, True),
        ({"match": "1548776"}, NOW, True),
        ({"match": "99"}, NOW, False),
        ({"match": "99,1548776"}, NOW, True),
    ],
)
def test_only_what_is_asked_for_is_visited(arguments, kickoff, included):
    assert wanted(**arguments).includes(replace(MATCH, kickoff=kickoff), NOW) is included
