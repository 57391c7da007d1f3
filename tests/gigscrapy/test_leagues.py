import subprocess
import sys
from collections import Counter

import pytest

from gigscrapy.leagues import COLUMNS, CatalogueError, League, load, nearest, read
from tests import ROOT, shared_rows

HEADER = ",".join(COLUMNS)
LIGUE_1 = "ligue1,football,France,Ligue 1,/cotes/foot/france/ligue-1,3,6,3,football.ligue_1"


def by_name(name: str) -> League:
    return {league.name: league for league in load()}[name]


def test_holds_203_leagues():
    assert len(load()) == 203
    assert Counter(league.sport for league in load()) == {"football": 95, "basketball": 14, "rugby": 3, "tennis": 91}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ligue1", "/cotes/foot/france/ligue-1"),
        ("premierleague", "/cotes/foot/angleterre/premier-league"),
        ("nba", "/cotes/basket/etats-unis/nba"),
        ("top14", "/cotes/rugby/france/top-14"),
        ("seriea", "/cotes/foot/italie/serie-a"),
        ("bundesliga", "/cotes/foot/allemagne/bundesliga-d1"),
        ("bundesligaautriche", "/cotes/foot/autriche/bundesliga"),
        ("bundesligabasketball", "/cotes/basket/allemagne/bundesliga-1"),
        ("primeradivisionchili", "/cotes/foot/chili/primera-division-4"),
        ("primeradivisionparaguay", "/cotes/foot/paraguay/primera-division-1"),
        ("liguedeschampionsbasketball", "/cotes/basket/europe/ligue-des-champions-2"),
        ("atpwimbledon", "/cotes/tennis/monde/wimbledon-simples-hommes"),
        ("wimbledonatp", "/cotes/tennis/atp/wimbledon"),
    ],
)
def test_names_are_what_one_would_guess(name, path):
    assert by_name(name).path == path


def test_a_row_holds_everything():
    assert by_name("ligue1") == League(
        name="ligue1",
        sport="football",
        country="France",
        title="Ligue 1",
        path="/cotes/foot/france/ligue-1",
        outcomes=3,
        least_matches=6,
        site_id=3,
        gig_keys=("football.ligue_1",),
    )


def test_gig_benchmark_finds_its_213_keys():
    assert sum(len(league.gig_keys) for league in load()) == 213
    assert by_name("1hnl").gig_keys == ("football.1_hnl", "football.hnl_1", "football.hnl_croatie")


def test_markets_follow_the_sport():
    assert by_name("ligue1").markets == ("1X2", "DNB", "DC", "1X2H1", "1X2H2")
    assert by_name("nba").markets == ("12",)
    assert by_name("top14").markets == ("1X2",)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (LIGUE_1, "line 3: name 'ligue1' stands in line 2 already"),
        (
            "ligue2,football,France,Ligue 2,/cotes/foot/france/ligue-1,3,6,,",
            "path '/cotes/foot/france/ligue-1' stands in",
        ),
        ("ligue1basketball,basketball,France,Ligue 1,/cotes/basket/france/ligue-1,2,0,,football.ligue_1", "key"),
        ("l2,football,France,Ligue 2,/cotes/foot/france/ligue-2,3,6,,", "line 3: name 'l2' should be 'ligue2'"),
        ("surebet,football,France,Surebet,/cotes/surebet,3,6,,", "path '/cotes/surebet' is not /cotes/foot/<country>"),
        ("golfopen,golf,France,Golf Open,/cotes/golf/france/open,2,0,,", "sport 'golf' is not one of football"),
        (",football,Japon,日本,/cotes/foot/japon/j1,3,0,,", "title '日本' gives an empty name"),
        ("football,football,Japon,日本,/cotes/foot/japon/j1,3,0,,", "title '日本' gives an empty name"),
        (",football,France,Ligue 2,/cotes/foot/france/ligue-2,3,0,,", "name '' should be 'ligue2'"),
        ("ligue2,football,France,Ligue 2,/cotes/foot/france/ligue-2,4,6,,", "outcomes is 2 or 3, not 4"),
        ("ligue2,football,France,Ligue 2,/cotes/foot/france/ligue-2,3,six,,", "invalid literal"),
        ("ligue2,football,France,Ligue 2,/cotes/foot/france/ligue-2,3", "9 columns are expected"),
        ("ligue2,football,France,Ligue 2,/cotes/foot/france/ligue-2,3,6,,,extra", "9 columns are expected"),
    ],
)
def test_a_bad_row_stops_everything_with_its_line(row, complaint):
    with pytest.raises(CatalogueError, match=r"^line 3: ") as caught:
        list(read([HEADER, LIGUE_1, row]))
    assert complaint in str(caught.value)


def test_a_missing_column_is_named():
    with pytest.raises(CatalogueError, match="line 1: no column gig_keys"):
        list(read(["name,sport,country,title,path,outcomes,least_matches,site_id"]))


@pytest.mark.parametrize(
    ("typed", "first"), [("ligue-1", "ligue1"), ("football.ligue_1", "ligue1"), ("NBA", "nba"), ("laligaa", "laliga")]
)
def test_nearest_finds_what_was_meant(typed, first):
    assert nearest(typed)[0] == first


def test_nearest_finds_nothing_for_nonsense():
    assert nearest("zzzzqqqq") == []


def test_scrapy_lists_every_league_once():
    listed = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(listed) == 203
    assert set(listed) == {league.name for league in load()}


# Where the shared data lies beside the project, the catalogue is held against it; elsewhere there is nothing to hold.
@pytest.mark.parametrize("row", shared_rows("leagues.csv"), ids=lambda row: row["url"])
def test_no_league_of_the_survey_is_missing(row):
    found = {league.path: league for league in load()}[row["url"].removeprefix("https://www.coteur.com")]
    assert (found.sport, str(found.outcomes), str(found.site_id or "")) == (
        row["sport"],
        row["outcomes"],
        row["competid"],
    )
    assert not row["display_name_gig"] or found.title == row["display_name_gig"]


@pytest.mark.parametrize("row", shared_rows("gig-scrapers.csv"), ids=lambda row: row["registry_key"])
def test_no_key_of_gig_benchmark_is_missing(row):
    [league] = [league for league in load() if row["registry_key"] in league.gig_keys]
    assert league.path == row["coteur_url"].removeprefix("https://www.coteur.com")
