"""A full day of gig-benchmark's front end before our server, with its worker, or ours, at the other end of the queue."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gigscrapy.broker import QUEUE, TASK_QUEUE, Delivery, Queues, receiver, send
from gigscrapy.tasks import read_task
from schema.models import Runs, Tasks, now
from schema.runs import hand_over
from schema.store import Store
from tests.admin.gig.conftest import PASSWORD, World
from tests.admin.gig.frontend import FrontEnd, Http, slug
from tests.admin.visitor import served
from tests.schema.letters import letters

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
DAY = {"dateRange": f"{TOMORROW:%Y-%m-%d}"}
CARDS = {
    "football.ligue_1": ("Ligue 1", ("Brest - Metz", "Lille - Lyon")),
    "football.coupe_de_france": ("Coupe de France", ("A - B",)),
}
MATCH_SECONDS = 0.2


@pytest.fixture
def site(world: World) -> Iterator[str]:
    with served(world.app) as address:
        yield address


@pytest.fixture
def user(world: World, site: str) -> FrontEnd:
    return FrontEnd(Http(site))


@contextmanager
def working(take: Callable[[dict[str, Any]], None], world: World) -> Iterator[None]:
    """Somebody takes tasks off the queue meanwhile."""
    queues: Queues = world.app.config["QUEUES"]
    stop = threading.Event()

    def work() -> None:
        taking = receiver(queues.rabbit_url, queues.home, queue=TASK_QUEUE)
        try:
            while not stop.is_set():
                for delivery in taking.receive(1, 0.05):
                    take(json.loads(delivery.body))
                    taking.ack([delivery])
        finally:
            taking.close()
            if not world.database.is_closed():
                world.database.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class LegacyWorker:
    """gig-benchmark's: it sends quotes in its own words to the queue ``odds``, and says how far it is by the title."""

    def __init__(self, world: World, site: str) -> None:
        self.world, self.http, self.price = world, Http(site), 2.0

    def __call__(self, task: dict[str, Any]) -> None:
        league, matches = CARDS[task["scraper"]]
        key = f"football.{league.lower().replace(' ', '_')}"
        assert task["params"] == {}, "no scraper of gig-benchmark's takes any"
        for number, match in enumerate(matches, start=1):
            for count in (0, 2):
                self._tell(key, number, len(matches), match, count)
            self._publish(league, match)
            threading.Event().wait(MATCH_SECONDS)
        done = {"status": "completed", "current": len(matches), "total": len(matches), "scraper": key}
        said = {"message": f"Scraping finished: {len(matches)} matchs, {2 * len(matches)} odds"}
        counts = {"matches_scraped": len(matches), "odds_sent": 2 * len(matches)}
        self.http.ask("POST", "/api/scraping/progress", {**done, **said, **counts})

    def _tell(self, key: str, number: int, total: int, match: str, count: int) -> None:
        said = {"scraper": key, "status": "running", "current": number, "total": total, "current_match": match}
        said |= {"message": f"Scraping match {number}/{total}", "bookmakers_count": count}
        assert self.http.ask("POST", "/api/scraping/progress", said).json == {"success": True}

    def _publish(self, league: str, match: str) -> None:
        local = f"{TOMORROW:%Y-%m-%d} 20:45:00"
        bodies = [
            json.dumps(
                {
                    "match": match,
                    "match_date": local,
                    "bookmaker": bookmaker,
                    "cotes": {"cote_1": self.price, "cote_N": 3.4, "cote_2": 3.5},
                    "trj": 90.0,
                    "league": league,
                    "sport": "football",
                }
            ).encode()
            for bookmaker in ("Pmu", "Winamax")
        ]
        queues: Queues = self.world.app.config["QUEUES"]
        send(queues, QUEUE, [Delivery(None, body, None, datetime.now(UTC)) for body in bodies])
        taking = receiver(queues.rabbit_url, queues.home, queue=QUEUE)
        try:
            found = taking.receive(100, 0)
            # What the consumer does with each of them.
            Store(self.world.database).store(letters(*(each.body for each in found), received_at=datetime.now(UTC)))
            taking.ack(found)
        finally:
            taking.close()


class OwnWorker:
    """Ours, and the crawl it has: they say how far they are in the tables."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, said: dict[str, Any]) -> None:
        database, task = self.world.database, read_task(json.dumps(said).encode())
        with database.connection_context():
            [run_id] = hand_over(
                database,
                task_id=task.task_id,
                body_hash="",
                said=task.said,
                requested_by=task.requested_by,
                received_at=now(),
                wanted=[(league.name, None) for league in task.leagues],
            ).made
            for parsed in (1, 2, 3):
                self._report(run_id, state="running", discovered=3, parsed=parsed, current=f"match {parsed}")
                threading.Event().wait(MATCH_SECONDS)
            ending = {"state": "finished", "verdict": "complete", "published": 30, "finished_at": now()}
            self._report(run_id, **ending)

    def _report(self, run_id: str, **values: Any) -> None:
        Runs.update(reported_at=now(), **values).where(Runs.run_id == run_id).execute()


def test_a_day(world: World, site: str, user: FrontEnd) -> None:
    # The morning: an account, and a wrong password first.
    assert user.register("day-user", PASSWORD)
    assert not user.login("day-user", "wrong")
    assert user.login("day-user", PASSWORD)
    assert user.flashes == [
        "Registration successful! You can now login.",
        "Identifiants incorrects.",
        "Login successful!",
    ]
    user.renew()
    user.http.token = None  # its page asks without: the setting is on

    # The sidebar, and the first round of all leagues that are known: those the worker has cards of.
    before, automatic = user.head()
    assert (before, automatic["enabled"]) == ("2025-11-09T17:40:00+00:00", False)
    assert user.leagues("Football") == ["Ligue 1"]
    worker = LegacyWorker(world, site)
    with working(worker, world):
        told = dict(user.start("Football", ["Ligue 1", "Coupe de France"]))
    assert [each["message"] for each in told.values()] == [
        "Scraping finished: 2 matchs, 4 odds",
        "Scraping finished: 1 matchs, 2 odds",
    ]
    assert "1 / 2 Brest - Metz" in user.bar
    assert "2 / 2 Lille - Lyon" in user.bar
    assert user.leagues("Football") == ["Coupe de France", "Ligue 1"]
    assert user.head()[0] > before

    # The tables of tomorrow; then a second round, and arrows.
    rows, averages = user.load(**DAY)
    assert [row[:2] for row in rows] == [
        (match, bookmaker) for match in ("Brest - Metz", "Lille - Lyon", "A - B") for bookmaker in ("Pmu", "Winamax")
    ]
    assert rows[0][2:5] == (2.0, 3.4, 3.5)
    assert {row[6] for row in rows} == {"→"}
    assert [average[1:] for average in averages] == [("92.61%", "→")] * 2
    worker.price = 2.2
    with working(worker, world):
        list(user.start("Football", ["Ligue 1"]))
    rows, averages = user.load(**DAY, league=str(_league(user, "Ligue 1")))
    assert [(row[2], row[6]) for row in rows] == [(2.2, "↑")] * 4
    assert [average[2] for average in averages] == ["↑", "↑"]

    # The export: as the table, whatever came before.
    lines = user.export(**DAY, league=str(_league(user, "Ligue 1")))
    assert {(line[1], line[5]) for line in lines} == {('"Brest - Metz"', "2.20"), ('"Lille - Lyon"', "2.20")}
    assert len(lines) == 4

    # What does not exist is said at once, and a round that is over is over.
    assert dict(user.start("Rugby", ["Premiership Rugby"])) == {
        "Premiership Rugby": "Scraper inconnu: rugby.premiership_rugby"
    }

    # The evening: nobody is there to work, so the user gives it up; then every six hours, and home.
    assert user.http.ask("POST", "/api/scraping/trigger", {"scraper": "football.ligue_1"}).json == {"success": True}
    assert user.reset("football.ligue_1")["message"] == "Scraping arrêté"
    assert user.http.ask("GET", "/api/scraping/status", scraper="football.ligue_1").json["status"] == "idle"
    assert user.switch(enabled=True)["message"] == "Scraping automatique activé"
    assert user.head()[1]["next_run_at"] is not None
    assert user.switch(enabled=False)["enabled"] is False
    user.logout()
    assert user.http.ask("GET", "/auth/status").json == {"loggedIn": False, "user": None}


def test_a_round_of_our_own_worker(world: World, user: FrontEnd) -> None:
    try:
        with working(OwnWorker(world), world):
            [(league, told)] = user.start("Basketball", ["NBA"])
    finally:
        with world.reading():
            Runs.delete().where(Runs.task_id.is_null(False)).execute()
            Tasks.delete().execute()
    assert (league, told["message"]) == ("NBA", "Scraping finished: 3 matchs, 30 odds")
    assert {"1 / 3 match 1", "2 / 3 match 2", "3 / 3 match 3"} & set(user.bar)


@pytest.mark.parametrize(
    ("league", "expected"),
    [
        ("La Liga", "la_liga"),
        ("Division 1 Algérie", "division_1_algerie"),
        ("Coupe d'Europe", "coupe_deurope"),
        ("Winston-Salem (ATP)", "winston_salem_atp"),
    ],
)
def test_the_page_s_rule(league: str, expected: str) -> None:
    assert slug(league) == expected


def _league(user: FrontEnd, name: str) -> int:
    [found] = [league["id"] for league in user.http.ask("GET", "/api/leagues").json if league["name"] == name]
    return int(found)
