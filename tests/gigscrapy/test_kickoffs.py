"""Visits before kick-offs, on real tables: decided once, sent, accounted for."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.broker import Delivery
from gigscrapy.kickoffs import _names
from gigscrapy.leagues import load
from gigscrapy.scheduler import Scheduler
from gigscrapy.schedules import check
from gigscrapy.tasks import Task, read_task
from schema import schedules
from schema.database import connect, hang_up
from schema.models import Matches, Runs, Schedules, Tasks, Visits
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import letters, quote

NOON = datetime(2026, 11, 28, 12)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class World:
    """A database with matches, and a queue whose worker and crawls are as quick as can be."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.tasks: list[Task] = []
        self.broker_is_away = False
        self.worker_is_away = False
        self.budget = 30
        self.home = home
        self.begin_again()

    def begin_again(self) -> None:
        self.scheduler = Scheduler(self.database, self.home, self._send, budget=self.budget)

    def schedule(self, *, what: str = "sport:football", arguments: str = "") -> None:
        values = check(name="close", what=what, kickoff="1h 15m 5m", arguments=arguments).values
        schedules.add(self.database, values, enabled=True, at=NOON)

    def match(self, number: int, minutes: float, league: str = "Ligue 1") -> None:
        """One that kicks off so many minutes after noon, and was known long before."""
        kickoff = (NOON + minutes * MINUTE).replace(tzinfo=UTC)
        seen = quote(match_id=str(number), kickoff=kickoff, league=league, home=f"h{number}", away=f"a{number}")
        Store(self.database).store(letters(seen))
        Matches.update(created_at=datetime(2026, 1, 1)).execute(self.database)

    def steps(self, *minutes: float) -> None:
        for each in minutes:
            self.scheduler.step(NOON + each * MINUTE)

    def asked(self) -> list[tuple[str, str]]:
        return [(task.leagues[0].name, task.arguments["match"]) for task in self.tasks]

    def visits(self) -> list[tuple[str, int, str]]:
        """Number of the match, minutes before, state."""
        query = Visits.select(Matches.site_id, Visits.minutes, Visits.state).join(Matches)
        return sorted(query.tuples().execute(self.database))

    def _send(self, deliveries: Sequence[Delivery]) -> None:
        if self.broker_is_away:
            raise ConnectionRefusedError("nobody listens")
        for delivery in deliveries:
            task = read_task(delivery.body)
            if task.task_id in [known.task_id for known in self.tasks]:
                continue
            self.tasks.append(task)
            if not self.worker_is_away:
                at = delivery.received_at.replace(tzinfo=None)
                Tasks.insert(task_id=task.task_id, body_hash="", said="", received_at=at).execute(self.database)


BOTH = pytest.mark.parametrize("world", ["sqlite", pytest.param("mariadb", marks=pytest.mark.server)], indirect=True)


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """In SQLite, but for a test of both."""
    url = request.getfixturevalue("mariadb_url") if getattr(request, "param", "") == "mariadb" else None
    database = connect(url, tmp_path)
    lay(database)
    Schedules.delete().execute(database)
    yield World(database, tmp_path)
    hang_up(database)


@BOTH
def test_each_visit_is_asked_for_when_it_is_due_and_once(world: World) -> None:
    world.schedule(arguments="markets=1n2")
    for number, minutes in ((1, 70), (2, 70), (3, 95)):
        world.match(number, minutes)
    world.steps(*range(71))
    assert world.asked() == [("ligue1", "1,2"), ("ligue1", "3"), ("ligue1", "1,2"), ("ligue1", "1,2")]
    assert [task.arguments["markets"] for task in world.tasks] == ["1n2"] * 4
    assert [task.requested_by for task in world.tasks] == ["schedule close"] * 4
    made = [(number, minutes, "sent") for number in "12" for minutes in (5, 15, 60)]
    assert world.visits() == [*made, ("3", 60, "sent")]
    assert all(row.task_id for row in Visits.select().execute(world.database))


def test_of_the_leagues_of_the_schedule_only(world: World) -> None:
    world.schedule(what="ligue2")
    world.match(1, 10)
    world.match(2, 10, "Ligue 2")
    world.match(3, 10, "A league that nobody knows")
    world.steps(0, 5)
    assert set(world.asked()) == {("ligue2", "2")}


def test_the_tables_know_each_league_by_its_title() -> None:
    assert sorted(_names().values()) == sorted(league.name for league in load())


@BOTH
def test_what_is_missed_is_noted_and_nothing_from_before_it_was_made(world: World) -> None:
    world.match(1, 30)
    world.match(2, 105)
    world.schedule()
    world.steps(0, 90, 100)  # nobody was there for an hour and a half
    assert world.visits() == [
        ("1", 5, "missed"),
        ("1", 15, "missed"),
        ("1", 60, "sent"),
        ("2", 5, "sent"),
        ("2", 15, "sent"),
        ("2", 60, "missed"),
    ]


def test_a_kickoff_that_moves_gives_new_visits(world: World) -> None:
    world.schedule()
    world.match(1, 65)
    world.steps(5)
    Matches.update(match_date=NOON + 125 * MINUTE).execute(world.database)
    world.steps(6, 64, 65, 110, 120)
    assert [task.arguments["match"] for task in world.tasks] == ["1"] * 4
    assert world.visits() == [("1", 5, "sent"), ("1", 15, "sent"), ("1", 60, "sent")]
    assert {row.due_at for row in Visits.select().execute(world.database)} == {
        NOON + minutes * MINUTE for minutes in (65, 110, 120)
    }


@BOTH
def test_while_the_broker_is_away_it_waits_and_is_missed_after_the_kickoff(world: World) -> None:
    world.schedule()
    world.match(1, 15)
    world.match(2, 60)
    world.broker_is_away = True
    world.steps(0, 1)
    assert world.visits() == [("1", 15, "due"), ("2", 60, "due")]
    world.steps(15)
    assert world.visits() == [("1", 5, "missed"), ("1", 15, "missed"), ("2", 60, "due")]
    world.broker_is_away = False
    world.begin_again()
    world.steps(16)
    assert world.asked() == [("ligue1", "2")]
    assert ("2", 60, "sent") in world.visits()


def test_what_the_worker_has_not_taken_on_counts_for_the_budget(world: World) -> None:
    world.worker_is_away = True
    world.budget = 10
    world.begin_again()
    world.schedule()
    for number, league in enumerate(("Ligue 1", "Ligue 2", "La Liga")):
        world.match(number, 5, league)
    world.steps(0, 1, 2)
    assert len(world.tasks) == 2  # five requests each, and both of them may come at any moment
    world.steps(4.5)
    assert [state for _, _, state in world.visits()].count("missed") > 0


def test_a_crawl_that_goes_on_counts_and_one_that_ended_does_not(world: World) -> None:
    world.budget = 10
    world.begin_again()
    world.schedule()
    for number, league in enumerate(("Ligue 1", "Ligue 2", "La Liga", "Serie A", "Bundesliga")):
        world.match(number, 14, league)
    world.steps(0)
    first = [task.task_id for task in world.tasks]
    assert len(first) == 2
    for task_id in first:
        row = {"run_id": task_id, "task_id": task_id, "spider": "ligue1", "state": "running"}
        Runs.insert(row).execute(world.database)
    world.steps(1.5, 3)
    assert len(world.tasks) == 2
    Runs.update(state="finished", finished_at=NOON + 3 * MINUTE).execute(world.database)
    world.steps(3.5)
    assert len(world.tasks) == 2
    world.steps(4)
    assert len(world.tasks) == 4
