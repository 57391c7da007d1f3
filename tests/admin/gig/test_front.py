"""What gig-benchmark's front end answered: one test for each row of its contract (4.4), and its export (4.5)."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from admin.gig import front
from tests.admin import counted, signed_in
from tests.admin.gig.conftest import PASSWORD, Program, World

DAY = {"dateRange": "2025-11-10"}


@pytest.fixture
def here(world: World) -> Program:
    return world.here


class TestLoad:
    def test_each_bookmaker_of_each_match_once(self, world: World, here: Program) -> None:
        told = here.json("/frontend-api/odds/load", **DAY)
        match = {
            "id": world.ids["match 1"],
            "home_team": {"name": "PSG"},
            "away_team": {"name": "OM"},
            "sport": {"name": "Football"},
            "league": {"name": "Ligue 1"},
            "match_date": "2025-11-10T19:45:00+00:00",
        }
        pmu, winamax = ({"id": world.ids[name], "name": name} for name in ("Pmu", "Winamax"))
        prices = {"cote1": 2.2, "coteN": 3.4, "cote2": 3.455, "trj": 96.33}
        partial = {"cote1": 2.15, "coteN": 3.3, "cote2": None, "trj": None}
        assert told == {
            "success": True,
            "odds": [
                {"odd": {"match": match, "bookmaker": pmu, **prices}, "previousTrj": 94.69, "evolution": 1},
                {"odd": {"match": match, "bookmaker": winamax, **partial}, "previousTrj": None, "evolution": 0},
            ],
            "avgTrj": [{"bookmaker": "Pmu", "avgTrj": 96.33, "previousAvgTrj": 94.69, "evolution": 1}],
        }

    @pytest.mark.parametrize(
        ("asked", "matches"),
        [
            ({"dateRange": "2025-11-10 to 2025-11-11"}, ["PSG", "Lakers"]),
            ({"dateRange": "2025-11-11"}, ["Lakers"]),
            ({"dateRange": "2025-11-09"}, []),
            ({"dateRange": ""}, ["PSG", "Lakers", "Lens"]),
            ({"dateRange": "2020-01-01 to 2026-01-01", "sport": "Basketball"}, ["Lakers"]),
            ({"dateRange": "2020-01-01 to 2026-01-01", "league": "Ligue 1"}, ["PSG", "Lens"]),
            ({"dateRange": "2020-01-01 to 2026-01-01", "match": "match 3"}, ["Lens"]),
            ({"dateRange": "2020-01-01 to 2026-01-01", "bookmaker": "Winamax"}, ["PSG", "Lakers"]),
            ({}, []),
        ],
        ids=str,
    )
    def test_narrowed(self, world: World, here: Program, asked: dict[str, str], matches: list[str]) -> None:
        ids = {name: world.ids.get(value, value) for name, value in asked.items()}
        told = here.json("/frontend-api/odds/load", **ids)
        assert list(dict.fromkeys(each["odd"]["match"]["home_team"]["name"] for each in told["odds"])) == matches

    def test_without_a_day_it_is_today_in_paris(self, here: Program, monkeypatch: Any) -> None:
        monkeypatch.setattr(front, "now", lambda: datetime(2025, 11, 10, 23, 30, tzinfo=UTC))
        told = here.json("/frontend-api/odds/load")
        assert {each["odd"]["match"]["home_team"]["name"] for each in told["odds"]} == {"Lakers"}

    def test_what_is_no_day_is_the_client_s_fault(self, here: Program) -> None:
        answer = here.get("/frontend-api/odds/load", dateRange="yesterday")
        assert answer.status_code == 400
        assert answer.get_json()["success"] is False
        assert "yesterday" in answer.get_json()["error"]
        assert here.get("/frontend-api/odds/load", sport="abc").status_code == 400

    def test_no_cap_is_silent(self, here: Program, monkeypatch: Any) -> None:
        assert here.get("/frontend-api/odds/load", dateRange="").headers["X-Result-Complete"] == "true"
        monkeypatch.setattr(front, "LOADED", 1)
        assert here.get("/frontend-api/odds/load", dateRange="").headers["X-Result-Complete"] == "false"

    def test_a_bounded_number_of_queries(self, world: World, here: Program) -> None:
        with counted(world.database) as queries:
            here.json("/frontend-api/odds/load", dateRange="")
        assert len(queries) <= 5


class TestCsv:
    def test_nine_columns_to_the_byte(self, here: Program) -> None:
        answer = here.get("/odds/export-csv", dateRange="2025-11-10 to 2025-11-17")
        assert answer.content_type == "text/csv; charset=utf-8"
        name = re.fullmatch(r"attachment; filename=(.*)", answer.headers["Content-Disposition"])
        assert name is not None
        assert re.fullmatch(r"odds_export_\d{4}-\d{2}-\d{2}_\d{6}\.csv", name[1])
        assert answer.data.decode() == (
            '\ufeffDate;Match;"Home Team";"Away team";Bookmaker;Home;Draw;Away;"RTP (%)"\n'
            '"\t10/11/2025 20:45";"PSG - OM";PSG;OM;Pmu;2.20;3.40;3.455;96,33\n'
            '"\t10/11/2025 20:45";"PSG - OM";PSG;OM;Winamax;2.15;3.30;-;0,00\n'
            '"\t11/11/2025 20:45";"Lakers - Celtics";Lakers;Celtics;Winamax;1.80;-;2.05;95,84\n'
            '"\t17/11/2025 20:45";"Lens - Nantes";Lens;Nantes;Pmu;1.50;4.00;6.50;93,41\n'
        )

    def test_the_newest_prices_with_the_newest_rtp(self, here: Program) -> None:
        """gig-benchmark's had the oldest prices with the newest RTP after two crawls."""
        line = here.get("/odds/export-csv", **DAY).text.splitlines()[1]
        assert line.endswith("Pmu;2.20;3.40;3.455;96,33")

    def test_the_same_filters(self, world: World, here: Program) -> None:
        text = here.get("/odds/export-csv", dateRange="", league=world.ids["NBA"]).text
        assert [line.split(";")[4] for line in text.splitlines()[1:]] == ["Winamax"]
        assert here.get("/odds/export-csv", dateRange="x").status_code == 400


class TestTrigger:
    @pytest.mark.parametrize("prefix", ["", "scraping_"])
    def test_a_form(self, world: World, here: Program, prefix: str) -> None:
        form = {f"{prefix}sport": "football", f"{prefix}league": "Premier League"}
        answer = here.open("POST", "/odds/scraping/trigger", data=form)
        assert answer.get_json() == {"success": True, "message": "Scraping en cours..."}
        assert [task["scraper"] for task in world.tasks()] == ["football.premier_league"]

    def test_says_what_is_missing(self, here: Program) -> None:
        for form in ({}, {"sport": "football"}, {"league": "Ligue 1"}):
            answer = here.open("POST", "/odds/scraping/trigger", data=form)
            error = {"success": False, "error": "Sport et league requis"}
            assert (answer.status_code, answer.get_json()) == (400, error)
        answer = here.open("POST", "/odds/scraping/trigger", data={"sport": "football", "league": "Ligue 99"})
        error = {"success": False, "error": "Scraper inconnu: football.ligue_99"}
        assert (answer.status_code, answer.get_json()) == (400, error)


class TestPages:
    @pytest.mark.parametrize(
        ("path", "to"),
        [("/odds", "/matches/gig/"), ("/login", "/sign-in/"), ("/register", "/team/"), ("/logout", "/sign-in/")],
    )
    def test_lead_to_ours(self, here: Program, path: str, to: str) -> None:
        answer = here.get(path)
        assert answer.status_code in (302, 303)
        assert answer.headers["Location"] == to

    def test_its_form_signs_in_and_its_link_signs_out(self, world: World) -> None:
        """gig-benchmark's button only cleared the browser's storage: nobody could sign out."""
        world.person("viewer")
        browser = world.app.test_client()
        assert browser.get("/auth/status").get_json() == {"loggedIn": False, "user": None}
        answer = browser.post("/login", data={"username": "viewer", "password": "wrong"})
        assert answer.headers["Location"] == "/sign-in/"
        answer = browser.post("/login", data={"username": "viewer", "password": PASSWORD})
        assert answer.headers["Location"] == "/matches/gig/"
        told = browser.get("/auth/status").get_json()
        assert (told["loggedIn"], told["user"]["username"]) == (True, "viewer")
        assert browser.get("/matches/gig/").status_code == 200
        assert browser.get("/logout", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 302
        assert browser.get("/auth/status").get_json()["loggedIn"] is True, "a page elsewhere signs nobody out"
        browser.get("/logout", headers={"Sec-Fetch-Site": "same-origin"})
        assert browser.get("/auth/status").get_json() == {"loggedIn": False, "user": None}
        assert browser.get("/matches/gig/").status_code == 302

    def test_a_session_of_ours_counts(self, world: World) -> None:
        told = signed_in(world.app, "admin", "of-the-page").get("/auth/status").get_json()
        assert (told["loggedIn"], told["user"]["role"]) == (True, "admin")

    def test_alive(self, world: World, here: Program) -> None:
        with counted(world.database) as queries:
            assert here.get("/test").text == "OK"
            health = here.get("/health")
        assert (health.text, health.mimetype) == ("healthy\n", "text/plain")
        assert queries == []


def test_the_rest_is_the_admin_s_and_the_api_s(here: Program) -> None:
    assert here.get("/api/v1/openapi.json").status_code == 200
    assert here.get("/sign-in/").status_code == 200
    for path in ("/api", "/api/", "/api/nothing", "/frontend-api", "/odds/nothing", "/auth/"):
        assert (here.get(path).status_code, here.get(path).get_json()) == (404, {"detail": "Not found."})
