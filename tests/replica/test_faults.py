import pytest

from replica.faults import FAULTS, Faults
from tests.replica import LIGUE_1


@pytest.mark.parametrize("target", [LIGUE_1, f"{LIGUE_1}?page=2", "/cote/psg-nantes-1200"])
def test_a_fault_strikes_league_and_match_pages(target):
    assert Faults("500").strike(target) == "500"


@pytest.mark.parametrize(
    "target", ["/", "/robots.txt", "/cotes/surebet", "/cotes-foot", "/build/app.js", "/feed?of=%2F"]
)
def test_a_fault_spares_everything_else(target):
    assert Faults("500").strike(target) is None


def test_no_fault_strikes_nothing():
    assert Faults(None).strike(LIGUE_1) is None


def test_an_expression_says_where():
    faults = Faults("500", where=r"page=2|^/feed")
    assert [faults.strike(target) for target in (LIGUE_1, f"{LIGUE_1}?page=2", "/feed?of=x")] == [None, "500", "500"]


def test_a_count_says_how_often_and_only_strikes_count():
    faults = Faults("429", count=2)
    targets = (LIGUE_1, "/", LIGUE_1, LIGUE_1)
    assert [faults.strike(target) for target in targets] == ["429", None, "429", None]


def test_every_third_match_page_fails():
    faults = Faults("some-500")
    struck = [faults.strike(f"/cote/a-b-{number}") for number in range(868375000, 868375018)]
    assert struck.count("some-500") == 6
    assert faults.strike(LIGUE_1) is None


@pytest.mark.parametrize("name", ["robots", "robots-503"])
def test_faults_of_robots_txt_strike_only_there(name):
    assert Faults(name).strike("/robots.txt") == name
    assert Faults(name).strike(LIGUE_1) is None


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="no fault 'fire'; there are 500, 429"):
        Faults("fire")
    with pytest.raises(ValueError, match="--fault-on"):
        Faults("500", where="(")
    assert len(FAULTS) == 12
