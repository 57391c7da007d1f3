"""What a task means, whoever wrote it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gigscrapy.leagues import load
from gigscrapy.tasks import ALIASES, Task, Unknown, check, read_task, said_arguments, select, write_task
from schema.messages import Refused
from tests import shared_rows


def read(fields: Mapping[str, Any]) -> Task:
    return read_task(json.dumps(fields).encode())


def names(task: Task) -> list[str]:
    return [league.name for league in task.leagues]


def refused(body: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        read_task(body)
    return caught.value


class TestGigBenchmarks:
    @pytest.mark.parametrize("row", shared_rows("gig-scrapers.csv"), ids=lambda row: row["registry_key"])
    def test_each_key_is_the_league_of_its_address(self, row: dict[str, str]) -> None:
        task = read({"scraper": row["registry_key"], "params": {}})
        assert [league.path for league in task.leagues] == [row["coteur_url"].removeprefix("https://www.coteur.com")]

    def test_each_key_of_the_catalogue_is_its_league(self) -> None:
        for league in load():
            for key in league.gig_keys:
                assert names(read({"scraper": key})) == [league.name]
        assert sum(len(league.gig_keys) for league in load()) == 213

    def test_the_shape_of_its_seeds(self) -> None:
        assert names(read({"task": "scrape_ligue1", "sport": "football", "league": "Ligue 1"})) == ["ligue1"]
        assert names(read({"task": "x", "sport": "basketball", "league": "Bundesliga"})) == ["bundesligabasketball"]

    def test_keys_that_only_its_callers_know(self) -> None:
        assert names(read({"scraper": "basketball.euroleague"})) == ["euroligue"]
        assert names(read({"scraper": "rugby.top14"})) == ["top14"]
        for tour in ("atp", "wta"):
            found = read({"scraper": f"tennis.{tour}"}).leagues
            assert len(found) > 20
            assert all(tour in league.title.lower() and league.sport == "tennis" for league in found)
        assert all(select(alias) for alias in ALIASES)

    def test_all_of_a_sport(self) -> None:
        rugby = [league.name for league in load() if league.sport == "rugby"]
        assert names(read({"scraper": "rugby.all"})) == rugby
        assert names(read({"sport": "rugby", "league": "all"})) == rugby


class TestOurs:
    def test_what_is_written_is_read(self) -> None:
        body = write_task("ligue1", {"depth": "list"}, requested_by="Zoé", task_id="t-1")
        assert read_task(body) == Task(select("ligue1"), {"depth": "list"}, "ligue1", "Zoé", "t-1")
        assert json.loads(write_task("all")) == {"what": "all"}

    def test_a_spider_with_arguments(self) -> None:
        task = read({"spider": "nba", "args": {"days": 2}, "requested_by": "admin"})
        assert (names(task), task.arguments, task.requested_by) == (["nba"], {"days": "2"}, "admin")
        assert len(read({"spider": "all"}).leagues) == len(load())

    def test_a_sport_in_a_country(self) -> None:
        expected = [league.name for league in load() if league.sport == "football" and league.country == "France"]
        assert names(read({"sport": "Foot", "country": "france"})) == expected
        assert [league.name for league in select("football/France")] == expected

    def test_several_are_in_the_order_of_the_catalogue_and_each_once(self) -> None:
        found = [league.name for league in select("nba, ligue1, football.ligue_1, sport:rugby")]
        assert found == [
            league.name for league in load() if league.name in ("ligue1", "nba") or league.sport == "rugby"
        ]

    def test_of_a_match_only_the_number_passes_through(self) -> None:
        arguments = check(select("ligue1"), {"match": "https://elsewhere.example/cote/psg-om-155,12", "depth": ""})
        assert arguments == {"match": "12,155"}

    def test_arguments_as_a_schedule_has_them(self) -> None:
        assert said_arguments("depth=list days=2") == {"depth": "list", "days": "2"}
        assert said_arguments(None) == {}
        for wrong in ("depth", "setting=x", "url=http://x"):
            with pytest.raises(Refused, match="argument"):
                said_arguments(wrong)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"\xff", "malformed"),
        (b"[1]", "malformed"),
        (b"[" * 10_000, "malformed"),
        (b'{"scraper": "' + b"a" * 20_000 + b'"}', "too-large"),
        (b"{}", "missing"),
        (b'{"scraper": null}', "missing"),
        (b'{"scraper": 7}', "wrong-type"),
        (b'{"spider": "ligue1", "args": []}', "wrong-type"),
        (b'{"spider": "ligue1", "args": {"days": true}}', "wrong-type"),
        (b'{"spider": "ligue1", "args": {"days": "x"}}', "argument"),
        (b'{"spider": "nba", "args": {"markets": "dnb"}}', "argument"),
        (b'{"spider": "ligue1", "args": {"setting": "FEEDS={}"}}', "argument"),
        (b'{"spider": "ligue1", "args": {"url": "file:///etc/passwd"}}', "argument"),
        (b'{"scraper": "football.ligue_1", "params": {"_job": "x"}}', "argument"),
        (b'{"spider": "../../etc/passwd"}', "unknown-league"),
        (b'{"spider": "ligue1, nba"}', "unknown-league"),
        (b'{"what": "country:Narnia"}', "unknown-league"),
        (b'{"what": " , "}', "unknown-league"),
        (b'{"sport": "golf"}', "unknown-league"),
        (b'{"sport": "football", "league": "Ligue X"}', "unknown-league"),
        (b'{"spider": "ligue1", "task_id": "a b"}', "value"),
    ],
)
def test_what_is_no_task_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    assert refused(body).reason == reason


def test_an_unknown_sport_or_country_comes_with_those_there_are() -> None:
    known = "sports are basketball, football, rugby, tennis"
    assert refused(b'{"what": "sport:tenis"}').detail == f"no sport is called 'tenis'; {known}"
    assert refused(b'{"what": "tenis/France"}').detail == f"no sport is called 'tenis'; {known}"
    assert refused(b'{"what": "country:Narnia"}').detail.startswith(f"no league is of 'Narnia'; {known}; countries A")
    assert refused(b'{"what": "rugby/Narnia"}').detail.endswith("; countries France, Monde")


def test_an_unknown_key_comes_with_the_nearest_names() -> None:
    refusal = refused(b'{"scraper": "football.ligue_un"}')
    assert isinstance(refusal, Unknown)
    assert "did you mean ligue2, ligue1, " in refusal.detail
    assert "premierleague" in refused(b'{"scraper": "football.premier_ligue"}').detail


def test_a_name_is_taken_as_people_write_it() -> None:
    assert [league.name for league in select("Ligue 1, BUNDESLIGA")] == ["ligue1", "bundesliga"]
