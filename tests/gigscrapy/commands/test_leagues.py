import pytest

from tests import scrapy


@pytest.mark.parametrize(
    ("arguments", "leagues"),
    [
        (["ligue", "1"], ["ligue1"]),
        (["--sport", "rugby"], ["prod2", "top14", "testmatch"]),
        (["--sport", "Basket", "--country", "france"], ["betclicelite"]),
        (["--country", "ecosse"], ["premiershipecosse"]),
        (["football.la_liga"], ["laliga"]),
    ],
)
def test_leagues_are_listed_and_filtered(arguments, leagues, tmp_path):
    ran = scrapy("leagues", *arguments, home=tmp_path)
    *rows, last = ran.stdout.splitlines()[1:]
    assert [row.split()[0] for row in rows] == leagues
    assert (ran.returncode, last) == (0, f"{len(leagues)} of 203 leagues")


def test_all_of_them_a_line_each(tmp_path):
    assert len(scrapy("leagues", home=tmp_path).stdout.splitlines()) == 205


def test_nothing_found_says_what_resembles(tmp_path):
    ran = scrapy("leagues", "laligaa", home=tmp_path)
    assert (ran.returncode, ran.stdout) == (
        1,
        "No league fits; did you mean laliga, prvaliga, legaa, alyga, leagueaba?\n",
    )
