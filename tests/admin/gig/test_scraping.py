"""gig-benchmark's crawls: one test for each row of its contract (4.2, scraping), on what the queue and the runs say."""

from datetime import timedelta
from typing import Any

import pytest

from gigscrapy import gigkeys
from gigscrapy.leagues import load
from gigscrapy.tasks import read_task
from schema import gigprogress
from schema.models import AuditLog, GigProgress, Runs, Schedules, Tasks, now
from schema.runs import hand_over
from tests import SHARED
from tests.admin import counted
from tests.admin.gig.conftest import Program, World

IDLE = {"status": "idle", "current": 0, "total": 0, "message": "Aucun scraping en cours"}
WAITING = {"status": "running", "current": 0, "total": 0, "message": "En attente d'un worker"}
REPORT = {
    "status": "running",
    "current": 3,
    "total": 9,
    "message": "Scraping match 3/9",
    "current_match": "PSG - OM",
    "bookmakers_count": 11,
    "matches_scraped": 0,
    "odds_sent": 0,
}
SCRAPERS = SHARED / "gig-scrapers.csv"


@pytest.fixture
def here(world: World) -> Program:
    return world.here


@pytest.fixture(autouse=True)
def no_runs(world: World) -> Any:
    yield
    with world.reading():
        Runs.delete().where(Runs.task_id.is_null(False)).execute()
        Tasks.delete().execute()


def status(here: Program, scraper: str) -> Any:
    return here.json("/api/scraping/status", scraper=scraper)


def handed_over(world: World) -> list[Runs]:
    """What the worker makes of the tasks in the queue."""
    with world.reading():
        for said in world.tasks():
            task = read_task(str(said).replace("'", '"').encode())
            hand_over(
                world.database,
                task_id=task.task_id,
                body_hash="",
                said=task.said,
                requested_by=task.requested_by,
                received_at=now(),
                wanted=[(league.name, None) for league in task.leagues],
            )
        return list(Runs.select().where(Runs.task_id.is_null(False)).order_by(Runs.id))


def goes(world: World, run: Runs, **values: Any) -> None:
    """That is what the run reported."""
    with world.reading():
        Runs.update(reported_at=now(), **values).where(Runs.id == run.id).execute()


def test_health(here: Program) -> None:
    assert here.json("/api/scraping/health") == {"status": "healthy", "service": "scraping-api"}


class TestTrigger:
    @pytest.mark.parametrize(
        ("said", "scraper"),
        [
            ({"scraper": "football.ligue_1"}, "football.ligue_1"),
            ({"sport": "football", "league": "ligue_1"}, "football.ligue_1"),
            ({"sport": "football", "league": "Ligue 1"}, "football.ligue_1"),
            ({"scraper": "football.division_1_algérie"}, "football.division_1_algerie"),
            ({"scraper": "basketball.euroleague"}, "basketball.euroligue"),
            # What its page makes of the leagues it comes with, and its worker did not know.
            ({"scraper": "football.segunda_division"}, "football.liga_adelante"),
            ({"scraper": "football.2_bundesliga"}, "football.bundesliga_2"),
            ({"scraper": "football.uefa_champions_league"}, "football.champions_league"),
            ({"scraper": "football.uefa_europa_league"}, "football.ligue_europa"),
            ({"scraper": "basketball.lnb_pro_a"}, "basketball.betclic_elite"),
            ({"scraper": "tennis.atp_tour"}, "tennis.atp_tour"),
            ({"scraper": "tennis.wta_tour"}, "tennis.wta_tour"),
            ({"scraper": "tennis.grand_slam"}, "tennis.grand_slam"),
        ],
        ids=str,
    )
    def test_puts_a_task_into_the_queue(self, world: World, here: Program, said: Any, scraper: str) -> None:
        answer = here.post("/api/scraping/trigger", said)
        assert (answer.status_code, answer.get_json()) == (200, {"success": True})
        [task] = world.tasks()
        assert (task["scraper"], task["params"], task["requested_by"]) == (scraper, {}, "gig-benchmark")
        assert read_task(b'{"scraper": "%s", "params": {}}' % scraper.encode()).leagues

    @pytest.mark.parametrize(
        ("said", "error"),
        [
            ({}, "scraper or (sport + league) required"),
            (None, "scraper or (sport + league) required"),
            ({"sport": "football"}, "scraper or (sport + league) required"),
            ({"sport": "golf", "league": "masters"}, "Sport inconnu: golf"),
        ],
        ids=str,
    )
    def test_says_what_is_missing(self, world: World, here: Program, said: Any, error: str) -> None:
        answer = here.post("/api/scraping/trigger", said)
        assert (answer.status_code, answer.get_json()) == (400, {"success": False, "error": error})
        assert world.tasks() == []

    @pytest.mark.parametrize(
        "scraper",
        ["football.ligue_99", "rugby.6nations", "rugby.premiership_rugby", "rugby.united_rugby_championship", "x"],
    )
    def test_says_that_there_is_no_such_scraper(self, world: World, here: Program, scraper: str) -> None:
        """gig-benchmark's worker threw it away, and the bar of its page waited for ten minutes."""
        answer = here.post("/api/scraping/trigger", {"scraper": scraper})
        assert (answer.status_code, answer.get_json()) == (
            400,
            {"success": False, "error": f"Scraper inconnu: {scraper}"},
        )
        assert world.tasks() == []

    def test_a_queue_that_does_not_answer(self, world: World, here: Program, monkeypatch: Any) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise ConnectionError("no broker")

        monkeypatch.setattr("admin.gig.scraping.send", fail)
        answer = here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        error = {"success": False, "error": "Erreur lors de l'envoi de la tâche"}
        assert (answer.status_code, answer.get_json()) == (500, error)
        assert here.post("/api/scraping/football/all").status_code == 500
        assert status(here, "football.ligue_1") == IDLE

    def test_who_asked_is_in_the_audit_log(self, world: World) -> None:
        world.as_("operator").post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        [task] = world.tasks()
        with world.reading():
            noted = AuditLog.get(AuditLog.object_id == task["task_id"])
        assert (noted.actor, noted.action, task["requested_by"]) == ("operator", "ask", "operator")


FOOTBALL = [
    f"football.{league}"
    for league in ("ligue_1", "premier_league", "la_liga", "serie_a", "bundesliga", "champions_league")
]


class TestAll:
    def test_of_football(self, world: World, here: Program) -> None:
        answer = here.post("/api/scraping/football/all")
        assert answer.get_json() == {
            "success": True,
            "message": "6 scrapers lancés",
            "tasks_sent": FOOTBALL,
            "errors": [],
        }
        assert [task["scraper"] for task in world.tasks()] == FOOTBALL

    @pytest.mark.parametrize(
        ("sport", "scrapers"),
        [
            ("basketball", ["basketball.nba", "basketball.euroleague"]),
            ("rugby", ["rugby.top14"]),
            ("tennis", ["tennis.atp"]),
        ],
    )
    def test_of_other_sports(self, world: World, here: Program, sport: str, scrapers: list[str]) -> None:
        """Of gig-benchmark's four tasks one existed; these all do."""
        told = here.post(f"/api/scraping/{sport}/all").get_json()
        message = f"{len(scrapers)} scrapers {sport} lancés"
        assert told == {"success": True, "message": message, "tasks_sent": scrapers}
        assert len(handed_over(world)) >= len(scrapers)

    def test_a_league_called_all_is_all_of_its_sport(self, world: World, here: Program) -> None:
        told = here.post("/api/scraping/trigger", {"sport": "football", "league": "all"}).get_json()
        assert told["tasks_sent"] == FOOTBALL

    def test_no_questions(self, here: Program) -> None:
        for path in ("football/all", "tennis/all", "trigger", "progress", "auto/toggle"):
            answer = here.get(f"/api/scraping/{path}")
            assert (answer.status_code, answer.get_json()) == (405, {"detail": 'Method "GET" not allowed.'})
            assert here.post(f"/api/scraping/{path}/").status_code == 404


class TestProgress:
    def test_what_is_reported_is_told(self, world: World, here: Program) -> None:
        answer = here.post("/api/scraping/progress", {"scraper": "football.ligue_1", **REPORT})
        assert answer.get_json() == {"success": True}
        assert status(here, "football.ligue_1") == REPORT
        assert status(world.as_("viewer"), "football.ligue_1") == REPORT, "whoever asks, and whichever process answers"

    @pytest.mark.parametrize(
        ("legacy", "task"),
        [
            ("football.division_1_algérie", "football.division_1_algerie"),
            ("tennis.atp_us_open_-_double", "tennis.atp_us_open_double"),
            ("basketball.coupe_deurope_fiba", "basketball.coupe_d_europe_fiba"),
            ("football.ligue_europa", "football.europa_league"),
        ],
    )
    def test_by_either_key(self, here: Program, legacy: str, task: str) -> None:
        """For 40 of gig-benchmark's 213 tasks the bar never moved."""
        here.post("/api/scraping/progress", {"scraper": legacy, **REPORT})
        assert status(here, task) == status(here, legacy) == REPORT

    def test_all_keys_of_gig_benchmark(self) -> None:
        for league in load():
            for key in league.gig_keys:
                legacy = f"{league.sport}.{league.title.lower().replace(' ', '_').replace(chr(39), '')}"
                assert gigkeys.one_name(key) == gigkeys.one_name(legacy) == league.name
        if SCRAPERS.exists():
            rows = [line.split(",") for line in SCRAPERS.read_text(encoding="utf-8").splitlines()[1:]]
            assert len(rows) == 213
            assert [row[0] for row in rows if gigkeys.one_name(row[0]) != gigkeys.one_name(row[3])] == []

    @pytest.mark.parametrize("said", [{}, None, {"scraper": None}, {"scraper": ""}])
    def test_nothing_said_is_fine(self, world: World, here: Program, said: Any) -> None:
        assert here.post("/api/scraping/progress", said).get_json() == {"success": True}
        with world.reading():
            assert GigProgress.select().count() == 0

    def test_what_is_no_number_is_none(self, here: Program) -> None:
        odd = {"current": "three", "total": -5, "odds_sent": 10**30, "message": None, "status": "x" * 99}
        here.post("/api/scraping/progress", {"scraper": "football.ligue_1", **odd})
        told = status(here, "football.ligue_1")
        assert (told["current"], told["total"], told["odds_sent"], told["message"]) == (0, 0, 2**31 - 1, "")

    def test_a_body_that_is_no_json(self, here: Program) -> None:
        for body in (b"{", b"[1]", b"\xff"):
            answer = here.open("POST", "/api/scraping/progress", data=body, content_type="application/json")
            assert answer.status_code == 400
            assert "detail" in answer.get_json()

    def test_a_scraper_that_has_crashed_does_not_run_for_ever(self, world: World, here: Program) -> None:
        here.post("/api/scraping/progress", {"scraper": "football.ligue_1", **REPORT})
        with world.reading():
            GigProgress.update(reported_at=now() - gigprogress.SILENT - timedelta(seconds=1)).execute()
        told = status(here, "football.ligue_1")
        assert told["status"] == "completed"
        assert told["message"].startswith("Scraping failed: not heard of since")

    def test_what_nobody_asks_for_is_forgotten(self, world: World, here: Program) -> None:
        here.post("/api/scraping/progress", {"scraper": "a.b", **REPORT})
        with world.reading():
            GigProgress.update(updated_at=now() - gigprogress.KEPT - timedelta(days=1)).execute()
        here.post("/api/scraping/progress", {"scraper": "c.d", **REPORT})
        with world.reading():
            assert [row.scraper for row in GigProgress.select()] == ["c.d"]


class TestStatus:
    def test_unknown_or_absent_is_idle(self, here: Program) -> None:
        assert here.json("/api/scraping/status") == IDLE
        assert status(here, "football.ligue_99") == status(here, "") == IDLE

    def test_of_our_own_crawls(self, world: World, here: Program) -> None:
        assert status(here, "football.ligue_1") == IDLE
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        assert {**status(here, "football.ligue_1"), **WAITING} == status(here, "football.ligue_1")
        [run] = handed_over(world)
        assert {**status(here, "football.ligue_1"), **WAITING} == status(here, "football.ligue_1")
        counts = {"discovered": 9, "parsed": 3, "bookmakers": 11, "published": 33}
        goes(world, run, state="running", current="PSG - OM", started_at=now(), **counts)
        told = {"matches_scraped": 3, "odds_sent": 33}
        assert status(here, "football.ligue_1") == {**REPORT, **told}
        counts |= {"parsed": 9, "published": 99}
        goes(world, run, state="finished", verdict="complete", finished_at=now(), **counts)
        assert status(here, "football.ligue_1") == {
            **REPORT,
            "status": "completed",
            "current": 9,
            "total": 9,
            "current_match": "",
            "message": "Scraping finished: 9 matchs, 99 odds",
            "matches_scraped": 9,
            "odds_sent": 99,
        }

    def test_an_earlier_crawl_does_not_end_the_wait_for_a_later_one(self, world: World, here: Program) -> None:
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        [run] = handed_over(world)
        goes(world, run, state="finished", verdict="complete", finished_at=now())
        assert status(here, "football.ligue_1")["status"] == "completed"
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        assert status(here, "football.ligue_1")["status"] == "running"

    @pytest.mark.parametrize("state", ["failed", "lost", "cancelled"])
    def test_a_crawl_that_failed_ends_the_wait_and_says_why(self, world: World, here: Program, state: str) -> None:
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        [run] = handed_over(world)
        goes(world, run, state=state, sentence="no node took it")
        told = status(here, "football.ligue_1")
        assert (told["status"], told["message"]) == (
            "completed",
            "Scraping failed: 0 matchs, 0 odds (no node took it)",
        )

    def test_a_zero_carries_its_reason(self, world: World, here: Program) -> None:
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        [run] = handed_over(world)
        goes(world, run, state="finished", verdict="empty", sentence="no match in the window", finished_at=now())
        message = status(here, "football.ligue_1")["message"]
        assert message == "Scraping finished: 0 matchs, 0 odds (no match in the window)"

    def test_several_leagues_are_one_task(self, world: World, here: Program) -> None:
        here.post("/api/scraping/trigger", {"scraper": "tennis.atp"})
        runs = handed_over(world)
        for run in runs:
            goes(world, run, state="finished", verdict="complete", parsed=2, published=5, finished_at=now())
        goes(world, runs[0], state="running", parsed=1, discovered=2)
        with counted(world.database) as queries:
            told = status(here, "tennis.atp")
        assert (told["current"], told["total"]) == (2 * len(runs) - 1, 2 * len(runs))
        assert len(queries) == 2


class TestReset:
    """gig-benchmark's button only stopped the display."""

    def test_a_crawl_that_waits_is_cancelled(self, world: World, here: Program) -> None:
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        [run] = handed_over(world)
        told = here.post("/api/scraping/reset", {"scraper": "football.ligue_1"}).get_json()
        assert told == {"success": True, "message": "Scraping arrêté", "runs": 1}
        with world.reading():
            assert Runs.get_by_id(run.id).state == "cancelled"
        assert status(here, "football.ligue_1")["status"] in ("idle", "completed")

    def test_a_task_that_nobody_has_taken_is_passed_over(self, world: World, here: Program) -> None:
        here.post("/api/scraping/trigger", {"scraper": "football.ligue_1"})
        told = here.post("/api/scraping/reset", {"scraper": "football.ligue_1"}).get_json()
        assert told["runs"] == 1
        assert status(here, "football.ligue_1") == IDLE
        assert handed_over(world) == []

    def test_there_may_be_nothing_to_stop(self, here: Program) -> None:
        told = here.post("/api/scraping/reset", {"scraper": "football.ligue_1"}).get_json()
        assert told == {"success": True, "message": "Aucun scraping en cours", "runs": 0}
        assert here.post("/api/scraping/reset", {}).status_code == 400


class TestAutomatic:
    def test_switched_on_and_off(self, world: World, here: Program) -> None:
        off = {"success": True, "enabled": False, "last_run_at": None, "next_run_at": None}
        assert here.json("/api/scraping/auto/status") == off
        answer = here.post("/api/scraping/auto/toggle", {"enabled": True})
        assert answer.get_json() == {"success": True, "enabled": True, "message": "Scraping automatique activé"}
        told = here.json("/api/scraping/auto/status")
        assert told["enabled"] is True
        assert told["next_run_at"][11:].endswith(":00:00+00:00"), "at 0, 6, 12 or 18 o'clock in Paris, told in UTC"
        answer = here.post("/api/scraping/auto/toggle", {"enabled": False})
        assert answer.get_json() == {"success": True, "enabled": False, "message": "Scraping automatique désactivé"}
        assert here.json("/api/scraping/auto/status") == off

    @pytest.mark.parametrize("said", [{}, None, {"enabled": "perhaps"}, {"enabled": None}])
    def test_says_what_is_missing(self, here: Program, said: Any) -> None:
        answer = here.post("/api/scraping/auto/toggle", said)
        error = {"success": False, "error": 'Le paramètre "enabled" est requis'}
        assert (answer.status_code, answer.get_json()) == (400, error)

    def test_it_may_have_been_removed(self, world: World, here: Program) -> None:
        with world.reading():
            Schedules.update(name="other").where(Schedules.name == "every six hours").execute()
        error = {"success": False, "error": "Tâche de scraping automatique non trouvée"}
        try:
            for answer in (
                here.get("/api/scraping/auto/status"),
                here.post("/api/scraping/auto/toggle", {"enabled": 1}),
            ):
                assert (answer.status_code, answer.get_json()) == (404, error)
        finally:
            with world.reading():
                Schedules.update(name="Scraping automatique toutes les 6h").where(Schedules.name == "other").execute()
        assert here.json("/api/scraping/auto/status")["success"] is True, "by gig-benchmark's own name, too"
        with world.reading():
            Schedules.update(name="every six hours").execute()


def test_scrapers(here: Program) -> None:
    """Its documentation names the address; it had none."""
    told = here.json("/api/scraping/scrapers")
    assert told["count"] == len(told["scrapers"]) == len(load())
    assert told["scrapers"]["football.ligue_1"] == "Ligue 1"
