"""What gig-benchmark's API tells of matches and prices: one test for each row of its contract (4.2)."""

from typing import Any

import pytest

from analytics import gigrows
from schema.models import LatestOdds, Odds
from tests.admin import counted
from tests.admin.gig.conftest import Program, World

FOOTBALL = {"code": "FOOT", "name": "Football"}
BASKETBALL = {"code": "BASK", "name": "Basketball"}


@pytest.fixture
def here(world: World) -> Program:
    return world.here


def sport(world: World, known: dict[str, str]) -> dict[str, Any]:
    return {"id": world.ids[known["name"]], **known}


def ligue_1(world: World) -> dict[str, Any]:
    told = {"code": "LIGUE_1", "name": "Ligue 1", "country": "France", "sport": sport(world, FOOTBALL)}
    return {"id": world.ids["Ligue 1"], **told}


def psg_om(world: World) -> dict[str, Any]:
    return {
        "id": world.ids["match 1"],
        "league": ligue_1(world),
        "home_team": {"id": world.ids["PSG"], "name": "PSG"},
        "away_team": {"id": world.ids["OM"], "name": "OM"},
        "match_date": "2025-11-10T19:45:00Z",
        "status": "scheduled",
    }


class TestLists:
    def test_sports(self, world: World, here: Program) -> None:
        told = here.json("/api/sports")
        assert [each for each in told if each["code"] in ("FOOT", "BASK")] == [
            sport(world, BASKETBALL),
            sport(world, FOOTBALL),
        ]
        assert [each["name"] for each in told] == sorted(each["name"] for each in told)

    def test_bookmakers(self, world: World, here: Program) -> None:
        told = here.json("/api/bookmakers")
        own = {"id": world.ids["Pmu"], "code": "PMU", "name": "Pmu", "website": "https://www.pmu.fr"}
        assert own in told
        assert list(told[0]) == ["id", "code", "name", "website"]
        assert [each["name"].lower() for each in told] == sorted(each["name"].lower() for each in told)

    def test_leagues(self, world: World, here: Program) -> None:
        nba = {
            "id": world.ids["NBA"],
            "code": "NBA",
            "name": "NBA",
            "country": "USA",
            "sport": sport(world, BASKETBALL),
        }
        assert here.json("/api/leagues") == [nba, ligue_1(world)]

    def test_matches_are_those_with_odds_by_date(self, world: World, here: Program) -> None:
        told = here.json("/api/matches")
        assert [each["id"] for each in told] == [world.ids[f"match {number}"] for number in (1, 2, 3)]
        assert told[0] == psg_om(world)

    def test_last_scraping_date(self, here: Program) -> None:
        assert here.json("/api/last-scraping-date") == {"last_scraping_date": "2025-11-09T17:40:00+00:00"}


class TestOdds:
    def test_the_newest_first_prices_as_texts(self, world: World, here: Program) -> None:
        told = here.json("/api/odds", match=world.ids["match 1"], bookmaker=world.ids["Pmu"])
        assert [(each["outcome"], each["odd_value"], each["trj"], each["scraped_at"]) for each in told] == [
            *((outcome, price, "96.33", "2025-11-09T17:32:59.938082Z") for outcome, price in SECOND_QUOTE),
            *((outcome, price, "94.69", "2025-11-09T08:15:00Z") for outcome, price in FIRST_QUOTE),
        ]
        market = {"id": world.ids[f"market {world.ids['Football']} 1X2"], "code": "1X2", "name": "Résultat du match"}
        assert {**told[1], "id": 0} == {
            "id": 0,
            "match": psg_om(world),
            "bookmaker": {"id": world.ids["Pmu"], "code": "PMU", "name": "Pmu", "website": "https://www.pmu.fr"},
            "market": market,
            "outcome": "2",
            "odd_value": "3.455",
            "trj": "96.33",
            "scraped_at": "2025-11-09T17:32:59.938082Z",
        }
        assert list(told[0]) == ["id", "match", "bookmaker", "market", "outcome", "odd_value", "trj", "scraped_at"]

    def test_a_quote_with_a_price_missing_has_no_trj(self, world: World, here: Program) -> None:
        told = here.json("/api/odds", bookmaker=world.ids["Winamax"], sport=world.ids["Football"])
        assert [(each["outcome"], each["odd_value"], each["trj"]) for each in told] == [
            ("X", "3.30", None),
            ("1", "2.15", None),
        ]

    def test_the_winner_is_called_1x2_in_every_sport(self, here: Program) -> None:
        assert {each["market"]["code"] for each in here.json("/api/odds")} == {"1X2"}

    def test_only_the_winner_is_told(self, here: Program) -> None:
        assert {each["outcome"] for each in here.json("/api/odds")} == {"1", "X", "2"}

    def test_no_cap_is_silent(self, here: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        everything = here.json("/api/odds")
        monkeypatch.setattr(gigrows, "ROWS", 4)
        self._leafed(here, everything, 4)

    def test_nor_where_the_newest_prices_are_of_others(self, world: World, here: Program, monkeypatch: Any) -> None:
        """Of many matches the prices are looked through from the newest back: an answer may then be short."""
        monkeypatch.setattr(gigrows, "NEAR", 0)
        asked = {"league": world.ids["Ligue 1"], "bookmaker": f"{world.ids['Pmu']},{world.ids['Winamax']}"}
        everything = here.json("/api/odds", **asked)
        assert len(everything) == 3 + 3 + 3 + 2
        monkeypatch.setattr(gigrows, "SLICE", 5)
        self._leafed(here, everything, 5, **asked)

    def _leafed(self, here: Program, everything: Any, limit: int, **asked: Any) -> None:
        told: list[Any] = []
        answer = here.get("/api/odds", **asked)
        while True:
            told += answer.get_json()
            assert len(answer.get_json()) <= limit
            if answer.headers["X-Result-Complete"] == "true":
                break
            answer = here.open("GET", answer.headers["Link"].partition(">")[0].removeprefix("<"))
        assert "Link" not in answer.headers
        assert answer.headers["X-Result-Limit"] == f"{gigrows.ROWS} odds"
        assert told == everything


FIRST_QUOTE = (("X", "3.40"), ("2", "3.50"), ("1", "2.10"))
SECOND_QUOTE = (("X", "3.40"), ("2", "3.455"), ("1", "2.20"))


class TestEvolution:
    def test_the_newest_price_of_each_outcome_with_the_one_before(self, world: World, here: Program) -> None:
        told = here.json("/api/odds-with-evolution", match=world.ids["match 1"], bookmaker=world.ids["Pmu"])
        assert [(each["outcome"], each["odd_value"]) for each in told] == [("1", 2.2), ("2", 3.455), ("X", 3.4)]
        assert {**told[0], "id": 0} == {
            "id": 0,
            "match": {
                "id": world.ids["match 1"],
                "home_team": {"name": "PSG"},
                "away_team": {"name": "OM"},
                "sport": {"name": "Football"},
                "league": {"name": "Ligue 1"},
                "match_date": "2025-11-10T19:45:00+00:00",
            },
            "bookmaker": {"id": world.ids["Pmu"], "name": "Pmu"},
            "outcome": "1",
            "odd_value": 2.2,
            "trj": 96.33,
            "scraped_at": "2025-11-09T17:32:59.938082+00:00",
            "previous_trj": 94.69,
            "previous_scraped_at": "2025-11-09T08:15:00+00:00",
        }
        with world.reading():
            [newest] = Odds.select(Odds.id).where(Odds.id == told[0]["id"], Odds.odd_value == "2.2").tuples()
        assert newest == (told[0]["id"],)

    def test_what_was_seen_once_has_none_before(self, world: World, here: Program) -> None:
        told = here.json("/api/odds-with-evolution", match=world.ids["match 3"])
        assert {(each["previous_trj"], each["previous_scraped_at"]) for each in told} == {(None, None)}

    def test_a_bounded_number_of_queries(self, world: World, here: Program) -> None:
        """gig-benchmark asked two for each row: twenty seconds."""
        here.get("/api/odds-with-evolution")
        with counted(world.database) as asked:
            here.json("/api/odds-with-evolution")
        assert len(asked) == 3

    def test_no_cap_is_silent(self, here: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        everything = here.json("/api/odds-with-evolution")
        monkeypatch.setattr(gigrows, "EVOLVING", 1)
        told, answer = [], here.get("/api/odds-with-evolution")
        while answer.headers["X-Result-Complete"] == "false":
            told += answer.get_json()
            answer = here.open("GET", answer.headers["Link"].partition(">")[0].removeprefix("<"))
        assert told + answer.get_json() == everything
        assert len({each["match"]["id"] for each in everything}) == 3


class TestAverages:
    def test_each_match_counts_once(self, here: Program) -> None:
        """gig-benchmark: once for each price of each crawl, so that what was looked at often weighed most."""
        assert here.json("/api/avg-trj") == [
            {"bookmaker__name": "Pmu", "avg_trj": (96.33 + 93.41) / 2},
            {"bookmaker__name": "Winamax", "avg_trj": 95.84},
        ]

    @pytest.mark.parametrize(
        ("start", "end", "books"),
        [
            ("2025-11-10 19:45:00", "2025-11-10 19:45:00", ["Pmu"]),
            ("2025-11-10 19:45:01", "2025-11-30 00:00:00", ["Pmu", "Winamax"]),
            ("2025-11-12 00:00:00", "2025-11-17 19:44:59", []),
            ("2020-01-01 00:00:00", "2026-11-17 19:44:59", ["Pmu", "Winamax"]),
        ],
    )
    def test_of_kick_offs(self, here: Program, start: str, end: str, books: list[str]) -> None:
        told = here.json("/api/avg-trj", start=start, end=end)
        assert [each["bookmaker__name"] for each in told] == books

    def test_the_newest_hour_and_the_one_before_that_has_prices(self, world: World, here: Program) -> None:
        told = here.json("/api/avg-trj-with-evolution", match=world.ids["match 1"])
        assert told == [{"bookmaker__name": "Pmu", "avg_trj": 96.33, "previous_avg_trj": 94.69}]
        everywhere = here.json("/api/avg-trj-with-evolution")
        assert everywhere == [
            {"bookmaker__name": "Pmu", "avg_trj": 94.87, "previous_avg_trj": 94.69},
            {"bookmaker__name": "Winamax", "avg_trj": 95.84, "previous_avg_trj": None},
        ]

    def test_a_bounded_number_of_queries(self, world: World, here: Program) -> None:
        for path in ("/api/avg-trj", "/api/avg-trj-with-evolution", "/api/odds", "/api/matches"):
            for asked in (
                {},
                {"sport": world.ids["Football"], "start": "2025-01-01 00:00:00", "end": "2026-01-01 00:00:00"},
            ):
                with counted(world.database) as queries:
                    here.json(path, **asked)
                assert len(queries) <= 5, (path, queries)


FILTERED = ("/api/odds", "/api/avg-trj", "/api/odds-with-evolution", "/api/avg-trj-with-evolution")


@pytest.mark.parametrize("path", FILTERED)
class TestFilters:
    @pytest.mark.parametrize(
        ("asked", "books"),
        [
            ({}, ["Pmu", "Winamax"]),
            ({"sport": "all", "bookmaker": "all", "league": "all", "match": "all"}, ["Pmu", "Winamax"]),
            ({"sport": ""}, ["Pmu", "Winamax"]),
            ({"sport": "Basketball"}, ["Winamax"]),
            ({"bookmaker": "Pmu"}, ["Pmu"]),
            ({"bookmaker": "Pmu,Winamax"}, ["Pmu", "Winamax"]),
            ({"league": "Ligue 1,NBA", "bookmaker": "Winamax"}, ["Winamax"]),
            ({"league": "NBA"}, ["Winamax"]),
            ({"match": "match 3"}, ["Pmu"]),
            ({"start": "2025-11-11 00:00:00", "end": "2025-11-12 00:00:00"}, ["Winamax"]),
            ({"start": "2026-01-01 00:00:00", "end": "2026-01-02 00:00:00"}, []),
            ({"start": "2026-01-01 00:00:00"}, ["Pmu", "Winamax"]),
            ({"end": "not even a date"}, ["Pmu", "Winamax"]),
            ({"colour": "red"}, ["Pmu", "Winamax"]),
        ],
        ids=str,
    )
    def test_narrow(self, world: World, here: Program, path: str, asked: dict[str, str], books: list[str]) -> None:
        ids = {
            name: ",".join(str(world.ids.get(part, part)) for part in value.split(",")) for name, value in asked.items()
        }
        told = here.json(path, **ids)
        assert {each.get("bookmaker__name") or each["bookmaker"]["name"] for each in told} == set(books)
        if not books:
            assert told == []

    @pytest.mark.parametrize(
        ("asked", "error"),
        [
            ({"sport": "abc"}, "Field 'id' expected a number but got 'abc'."),
            ({"match": "abc"}, "Field 'id' expected a number but got 'abc'."),
            ({"league": "1,two"}, "Field 'id' expected a number but got 'two'."),
            (
                {"start": "2025-11-10", "end": "2025-11-11"},
                "time data '2025-11-10' does not match format '%Y-%m-%d %H:%M:%S'",
            ),
        ],
        ids=str,
    )
    def test_what_is_none_is_the_client_s_fault(
        self, here: Program, path: str, asked: dict[str, str], error: str
    ) -> None:
        """gig-benchmark answered 500, with the same key."""
        answer = here.get(path, **asked)
        assert (answer.status_code, answer.get_json()) == (400, {"error": error})

    def test_numbers_that_no_row_has(self, here: Program, path: str) -> None:
        for number in (-1, 0, 2**31, 2**63, 10**30):
            assert here.json(path, match=number) == []


@pytest.mark.parametrize(
    "path",
    [*FILTERED, "/api/sports", "/api/bookmakers", "/api/leagues", "/api/matches", "/api/last-scraping-date"],
)
def test_no_slash_and_no_other_method(here: Program, path: str) -> None:
    assert here.get(f"{path}/").status_code == 404
    answer = here.post(path, {})
    assert (answer.status_code, answer.get_json()) == (405, {"detail": 'Method "POST" not allowed.'})


def test_prices_of_both_winners_are_not_mixed(world: World, here: Program) -> None:
    """A bookmaker that has the match with and without the draw shows the one with it."""
    with world.reading():
        own = LatestOdds.select().where(LatestOdds.match == world.ids["match 2"]).dicts().first()
        row = {**own, "market": world.ids[f"market {world.ids['Football']} 1X2"]}
        LatestOdds.insert(row).execute()
    try:
        assert len(here.json("/api/odds-with-evolution", match=world.ids["match 2"])) == 1
    finally:
        with world.reading():
            LatestOdds.delete().where(LatestOdds.match == row["match"], LatestOdds.market == row["market"]).execute()
