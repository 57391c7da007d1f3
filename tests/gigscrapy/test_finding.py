import pytest
from peewee import Database

from gigscrapy.finding import NoSuchRun, find_run, find_run_or_newest, short_id
from tests.gigscrapy.runs import add_run
from tests.schema.conftest import database, empty_database

__all__ = ["database", "empty_database"]

IDS = ("0123456789ab", "9f3c2a1b0000aaaa", "9f3c2a1b0000bbbb", "9f3c2a1b00", "a_b", "aXb", "zz")


@pytest.fixture
def runs(database: Database) -> Database:
    for run_id in IDS:
        add_run(database, run_id)
    return database


FOUND = {
    "0123456789ab": "0123456789ab",
    "0": "0123456789ab",
    "9f3c2a1b0000a": "9f3c2a1b0000aaaa",
    "9f3c2a1b00": "9f3c2a1b00",  # the whole of one, though others begin with it
    "a_": "a_b",  # and not aXb
    "z": "zz",
}
NOT_FOUND = {
    "9f3c": r"several runs begin with 9f3c: 9f3c2a1b00 \(ligue1\), 9f3c2a1b0000a \(ligue1\), 9f3c2a1b0000b \(ligue1\); w",
    "Z": "no run's id begins with Z; `scrapy runs` lists them",
    "zzz": "no run's id begins with zzz",
    "%": "'%' is no run's id",
    "": "'' is no run's id",
    "9f3c2a1b\x1b[2J": "'9f3c2a1b.*J' is no run's id",
    "a" * 65: "is no run's id",
}


def test_the_beginning_is_enough(runs: Database) -> None:
    assert {text: find_run(runs, text).run_id for text in FOUND} == FOUND


def test_what_is_no_run_or_several(runs: Database) -> None:
    for text, sentence in NOT_FOUND.items():
        with pytest.raises(NoSuchRun, match=sentence) as caught:
            find_run(runs, text)
        assert str(caught.value).isprintable()


def test_what_is_shown_of_an_id_is_enough_to_find_it(runs: Database) -> None:
    shown = {run_id: short_id(runs, run_id) for run_id in IDS}
    assert shown == {
        "0123456789ab": "01234567",
        "9f3c2a1b00": "9f3c2a1b00",
        "9f3c2a1b0000aaaa": "9f3c2a1b0000a",
        "9f3c2a1b0000bbbb": "9f3c2a1b0000b",
        "a_b": "a_b",
        "aXb": "aXb",
        "zz": "zz",
    }
    assert all(find_run(runs, short).run_id == run_id for run_id, short in shown.items())


def test_the_newest_of_a_league(runs: Database) -> None:
    add_run(runs, "b1", spider="nba")
    add_run(runs, "b0", spider="nba")
    assert find_run_or_newest(runs, "nba").run_id == "b0"
    assert find_run_or_newest(runs, "b1").run_id == "b1"
    with pytest.raises(NoSuchRun, match="top14 has no run yet: `scrapy crawl top14`"):
        find_run_or_newest(runs, "top14")
    with pytest.raises(NoSuchRun, match=r"no run's id begins with ligue11; .* or did you mean a league: ligue1"):
        find_run_or_newest(runs, "ligue11")
