"""The scheduler with a clock that is handed to it: a year in seconds, killed as often as one likes."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from gigscrapy.broker import Delivery
from gigscrapy.scheduler import Scheduler
from gigscrapy.schedules import check, in_paris
from gigscrapy.tasks import read_task
from gigscrapy.timetable import timetable
from schema import schedules
from schema.database import connect, hang_up
from schema.messages import body_hash
from schema.models import Firings, Matches, Runs, Schedules, Tasks, Visits
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import letters, quote

MINUTE = timedelta(minutes=1)
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
SECOND = timedelta(seconds=1)


class Killed(BaseException):
    """The process is gone at once."""


class World:
    """A database, a queue with a worker behind it, and a scheduler that may be killed and is followed by another."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.worker = connect(None, home)
        self.home = home
        self.tasks: set[str] = set()
        """What the worker has taken on."""
        self.deliveries = 0
        self.at = datetime(2026, 1, 1)
        self.broker_is_away = False
        self.worker_is_away = False
        self.ends_at_once = True
        self.instants = 0
        self.dies: Callable[[int], bool] = lambda number: False
        self.execute_sql = database.execute_sql
        database.execute_sql = self._execute_sql
        self.begin_again()

    def begin_again(self) -> None:
        hang_up(self.database)
        self.scheduler = Scheduler(self.database, self.home, self._send, budget=30)

    def add(self, name: str, *, what: str = "nba", on: bool = True, **said: Any) -> None:
        schedules.add(self.database, check(name=name, what=what, **said).values, enabled=on, at=self.at)

    def step(self, at: datetime) -> None:
        """One step at that instant; whoever is killed in it is followed by another at once."""
        self.at = at
        while True:
            try:
                self.scheduler.step(at)
            except Killed:
                self.begin_again()
            else:
                return

    def firings(self, name: str) -> list[Firings]:
        one = schedules.find(self.database, name)
        assert one
        return schedules.last_firings(self.database, one.id, 1_000_000)[::-1]

    def told(self, name: str) -> list[tuple[str, str]]:
        return [(f"{firing.due_at:%H:%M}", firing.state) for firing in self.firings(name)]

    def _may_die(self) -> None:
        self.instants += 1
        if self.dies(self.instants):
            raise Killed

    def _execute_sql(self, *arguments: Any, **options: Any) -> Any:
        self._may_die()
        result = self.execute_sql(*arguments, **options)
        self._may_die()
        return result

    def _send(self, deliveries: Sequence[Delivery]) -> None:
        self._may_die()
        if self.broker_is_away:
            raise ConnectionRefusedError("nobody listens")
        for delivery in deliveries:
            self.deliveries += 1
            task = read_task(delivery.body)
            assert task.task_id == delivery.message_id
            if task.task_id not in self.tasks and not self.worker_is_away:
                self.tasks.add(task.task_id)
                self._take_on(task.task_id, delivery)
            self._may_die()

    def _take_on(self, task_id: str, delivery: Delivery) -> None:
        """As the worker does: a row, and a run, which may be over already."""
        values = {"task_id": task_id, "body_hash": body_hash(delivery.body), "said": "", "received_at": self.at}
        Tasks.insert(values).execute(self.worker)
        if not self.ends_at_once:
            Runs.insert(run_id=task_id, task_id=task_id, state="queued").execute(self.worker)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Without any schedule. It need not survive a power cut."""
    database = connect(None, tmp_path)
    lay(database)
    Schedules.delete().execute(database)
    database.pragma("synchronous", 0, permanent=True)
    world = World(database, tmp_path)
    world.worker.pragma("synchronous", 0, permanent=True)
    yield world
    hang_up(world.worker)
    hang_up(database)


def walls(firings: Sequence[Firings]) -> list[str]:
    """Their days and times in Paris."""
    return [in_paris(firing.due_at) for firing in firings]


def apart(firings: Sequence[Firings]) -> set[timedelta]:
    return {later.due_at - earlier.due_at for earlier, later in pairwise(firings)}


def no_one_missed(world: World, *names: str) -> None:
    """Each firing was sent, and taken on once."""
    firings = [firing for name in names for firing in world.firings(name)]
    assert {firing.state for firing in firings} == {"sent"}
    assert {firing.task_id for firing in firings} == world.tasks
    assert len(firings) == len(world.tasks)


@pytest.mark.slow
class TestAYear:
    """Nothing is missed and nothing doubled, however often the scheduler is killed and followed by another."""

    def test_all_of_it(self, world: World) -> None:
        year, crons = 2026, ("30 2 * * *", "0 12 * * *", "15 8 * * 1-5", "0 4 1 * *")
        world.at = begin = datetime(year - 1, 12, 31, 22, 59)
        for cron in crons:
            world.add(cron, cron=cron)
        world.add("every day", every_minutes=1440)
        chance = random.Random(year)
        world.dies = lambda number: chance.random() < 0.005
        steps = {at for cron in crons for at in timetable(cron, None).due(begin, begin + 365 * DAY)}
        steps |= {at + chance.random() * SECOND for at in timetable(None, 1440).due(begin, begin + 365 * DAY)}
        for at in sorted(steps):
            world.step(at)
        assert world.deliveries > len(world.tasks)  # of those killed some had sent it
        no_one_missed(world, *crons, "every day")
        nights = walls(world.firings("30 2 * * *"))
        assert len(nights) == len({night[:10] for night in nights}) == 365
        assert [night for night in nights if not night.endswith(" 02:30")] == [f"{year}-03-29 03:30"]
        assert {night[10:] for night in walls(world.firings("0 12 * * *"))} == {" 12:00"}
        assert len(world.firings("0 12 * * *")) == 365
        weekdays = world.firings("15 8 * * 1-5")
        assert {night[10:] for night in walls(weekdays)} == {" 08:15"}
        assert (len(weekdays), {firing.due_at.isoweekday() for firing in weekdays}) == (261, {1, 2, 3, 4, 5})
        assert walls(world.firings("0 4 1 * *")) == [f"{year}-{month:02d}-01 04:00" for month in range(1, 13)]
        assert (len(world.firings("every day")), apart(world.firings("every day"))) == (365, {DAY})

    def test_the_nights_of_another(self, world: World) -> None:
        world.at = begin = datetime(2028, 1, 1)
        world.add("night", cron="30 2 * * *")
        for day in range(366):
            for minutes in (32, 92):  # in summer it is due before the one, in winter before the other
                world.step(begin + day * DAY + minutes * MINUTE)
        nights = walls(world.firings("night"))
        no_one_missed(world, "night")
        assert len(nights) == len({night[:10] for night in nights}) == 366
        assert [night for night in nights if not night.endswith(" 02:30")] == ["2028-03-26 03:30"]

    @pytest.mark.parametrize("night", [datetime(2026, 3, 28, 22, 30), datetime(2026, 10, 24, 22, 30)])
    def test_the_two_nights_minute_by_minute(self, world: World, night: datetime) -> None:
        world.at = night
        names = ("*/15 * * * *", "0 * * * *", "*/30 2,3 * * *", "0 */2 * * *")
        for cron in names:
            world.add(cron, cron=cron)
        world.add("every 20 minutes", every_minutes=20)
        chance = random.Random(5)
        world.dies = lambda number: chance.random() < 0.01
        for number in range(1, 6 * 60):
            world.step(night + number * MINUTE + chance.random() * SECOND)
        no_one_missed(world, *names, "every 20 minutes")
        assert (len(world.firings("*/15 * * * *")), apart(world.firings("*/15 * * * *"))) == (23, {15 * MINUTE})
        assert (len(world.firings("0 * * * *")), apart(world.firings("0 * * * *"))) == (6, {HOUR})
        assert (len(world.firings("every 20 minutes")), apart(world.firings("every 20 minutes"))) == (18, {20 * MINUTE})
        if night.month == 3:
            assert world.told("*/30 2,3 * * *") == [("01:00", "sent"), ("01:30", "sent")]
            assert [wall[11:] for wall in walls(world.firings("0 */2 * * *"))] == ["00:00", "03:00", "04:00", "06:00"]
        else:
            found = ["00:00", "00:30", "02:00", "02:30"]
            assert world.told("*/30 2,3 * * *") == [(each, "sent") for each in found]
            assert [wall[11:] for wall in walls(world.firings("0 */2 * * *"))] == ["02:00", "04:00"]


def test_killed_at_each_instant_it_is_followed_by_another(world: World) -> None:
    """Before and after each statement, and each time something is sent."""
    noon = datetime(2026, 6, 1, 12)
    number = 0
    while True:
        number += 1
        world.at = noon - MINUTE
        world.tasks.clear()
        world.dies, world.instants = (lambda instant: False), 0
        Schedules.delete().execute(world.worker)
        Tasks.delete().execute(world.worker)
        world.add("each hour", cron="0 * * * *")
        world.add("quarters", every_minutes=15)
        world.begin_again()
        world.instants = 0
        world.dies = lambda instant, last=number: instant == last
        for seconds in (-1, 0, 1, 900, 901):
            world.step(noon + seconds * SECOND)
        reached, world.dies = world.instants >= number, lambda instant: False
        assert world.told("each hour") == [("12:00", "sent")]
        assert world.told("quarters") == [("12:00", "sent"), ("12:15", "sent")]
        no_one_missed(world, "each hour", "quarters")
        if not reached:
            break
    assert number > 60


def test_killed_at_each_instant_of_a_visit_it_is_made_once(world: World) -> None:
    kickoff = datetime(2026, 6, 1, 12)
    seen = quote(kickoff=kickoff.replace(tzinfo=UTC))
    Store(world.worker).store(letters(seen))
    Matches.update(created_at=datetime(2026, 1, 1)).execute(world.worker)
    number = 0
    while True:
        number += 1
        world.at = kickoff - HOUR
        world.tasks.clear()
        Schedules.delete().execute(world.worker)
        Tasks.delete().execute(world.worker)
        world.dies = lambda instant: False
        world.add("closing", what="ligue1", kickoff="15m 5m")
        world.begin_again()
        world.instants, world.dies = 0, lambda instant, last=number: instant == last
        for minutes in (15, 14, 5, 4):
            world.step(kickoff - minutes * MINUTE)
        visits = Visits.select(Visits.minutes, Visits.state, Visits.task_id).order_by(Visits.minutes)
        found = list(visits.tuples().execute(world.worker))
        assert [(minutes, state) for minutes, state, _ in found] == [(5, "sent"), (15, "sent")]
        assert {task_id for _, _, task_id in found} == world.tasks
        assert len(world.tasks) == 2
        if world.instants < number:
            break
    assert number > 60


class TestWhatIsNotSent:
    NOON = datetime(2026, 6, 1, 12)

    def test_of_several_that_are_due_the_newest_is_done(self, world: World) -> None:
        world.at = self.NOON - 61 * MINUTE
        world.add("quarters", every_minutes=15)
        world.step(self.NOON + 5 * MINUTE)
        assert world.told("quarters") == [
            *((f"11:{at}", "missed") for at in ("00", "15", "30", "45")),
            ("12:00", "sent"),
        ]
        notes = {firing.note for firing in world.firings("quarters")}
        assert notes == {"a later one was due by the time somebody was there", None}

    @pytest.mark.parametrize(("late", "state"), [(450, "sent"), (451, "missed")])
    def test_what_is_too_old_is_missed(self, world: World, late: int, state: str) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.step(self.NOON + late * SECOND)
        assert world.told("quarters") == [("12:00", state)]

    def test_after_a_long_absence_not_each_minute_is_noted(self, world: World) -> None:
        world.at = self.NOON - 3 * DAY
        world.add("minutes", cron="* * * * *")
        world.step(self.NOON)
        firings = world.firings("minutes")
        assert len(firings) == 1001
        assert firings[0].note.endswith("; so were 3319 before this one, which are not noted one by one")
        assert [firing.state for firing in firings[-2:]] == ["missed", "sent"]

    def test_while_the_one_before_goes_on_the_next_is_skipped(self, world: World) -> None:
        world.ends_at_once = False
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        for quarters in range(3):
            world.step(self.NOON + quarters * 15 * MINUTE)
        Runs.update(state="finished", finished_at=self.NOON).execute(world.worker)
        world.step(self.NOON + 45 * MINUTE)
        states = [("12:00", "sent"), ("12:15", "skipped"), ("12:30", "skipped"), ("12:45", "sent")]
        assert world.told("quarters") == states
        assert world.firings("quarters")[1].note == "of the one before (schedule-1-20260601T120000) 1 runs go on"

    def test_what_no_worker_takes_on_holds_up_the_next_for_an_hour(self, world: World) -> None:
        world.worker_is_away = True
        world.at = self.NOON - MINUTE
        world.add("halves", every_minutes=30)
        for halves in range(4):
            world.step(self.NOON + halves * 30 * MINUTE)
        assert [state for _, state in world.told("halves")] == ["sent", "skipped", "sent", "skipped"]
        assert "is `scrapy worker` running?" in world.firings("halves")[1].note

    def test_what_is_new_or_was_off_has_missed_nothing(self, world: World) -> None:
        world.at = self.NOON
        world.add("quarters", every_minutes=15, on=False)
        world.step(self.NOON + HOUR)
        assert world.told("quarters") == []
        one = schedules.find(world.database, "quarters")
        assert one
        assert schedules.switch(world.database, one.id, on=True, at=self.NOON + 2 * HOUR)
        world.step(self.NOON + 2 * HOUR + MINUTE)
        assert world.told("quarters") == []
        world.step(self.NOON + 2 * HOUR + 15 * MINUTE)
        assert world.told("quarters") == [("14:15", "sent")]
        assert schedules.change(world.database, one.id, {"every_minutes": 20}, at=self.NOON + 2 * HOUR + 21 * MINUTE)
        world.step(self.NOON + 2 * HOUR + 40 * MINUTE)
        assert world.told("quarters") == [("14:15", "sent"), ("14:40", "sent")]

    def test_a_clock_that_is_set_back_gives_up_nothing_that_waits(self, world: World) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.broker_is_away = True
        for seconds in (1, -10, 2):
            world.step(self.NOON + seconds * SECOND)
        assert world.told("quarters") == [("12:00", "due")]
        world.broker_is_away = False
        world.step(self.NOON + MINUTE)
        assert world.told("quarters") == [("12:00", "sent")]
        assert world.deliveries == 1

    def test_a_clock_that_is_set_back_doubles_nothing(self, world: World) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        for minutes in (0, 15, -1, 0, 1, 15, 16, 30):
            world.step(self.NOON + minutes * MINUTE)
        assert world.told("quarters") == [("12:00", "sent"), ("12:15", "sent"), ("12:30", "sent")]
        assert world.deliveries == 3

    def test_what_somebody_wrote_into_the_table_is_passed_over(self, world: World, caplog) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.add("odd", cron="0 12 * * *")
        Schedules.update(cron="noon").where(Schedules.name == "odd").execute(world.worker)
        for seconds in range(3):
            world.step(self.NOON + seconds * SECOND)
        assert world.told("quarters") == [("12:00", "sent")]
        [said] = [record.message for record in caplog.records if "passed over" in record.message]
        assert said.startswith("schedule 'odd' is passed over: 'noon' has 1 fields; cron has five: minute, hour,")


class TestABrokerThatIsAway:
    NOON = datetime(2026, 6, 1, 12)

    def test_what_was_due_waits_for_it(self, world: World) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.broker_is_away = True
        for seconds in range(120):
            world.step(self.NOON + seconds * SECOND)
        assert world.told("quarters") == [("12:00", "due")]
        world.broker_is_away = False
        for seconds in range(120, 151):
            world.step(self.NOON + seconds * SECOND)
        assert world.told("quarters") == [("12:00", "sent")]
        no_one_missed(world, "quarters")

    def test_until_it_is_not_worth_it_any_more(self, world: World) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.broker_is_away = True
        world.step(self.NOON)
        world.step(self.NOON + 451 * SECOND)
        [firing] = world.firings("quarters")
        assert (firing.state, firing.note) == ("missed", "the queue was away too long")

    def test_what_was_sent_after_all_is_not_missed(self, world: World) -> None:
        """The one that sent it was killed before it could note that, and nobody came for a long time."""
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.dies = lambda instant: len(world.tasks) == 1
        with pytest.raises(Killed):
            world.scheduler.step(self.NOON)
        world.dies = lambda instant: False
        world.begin_again()
        assert world.told("quarters") == [("12:00", "due")]
        world.step(self.NOON + 10 * MINUTE)
        assert world.told("quarters") == [("12:00", "sent")]

    def test_what_is_switched_off_meanwhile_is_not_sent(self, world: World) -> None:
        world.at = self.NOON - MINUTE
        world.add("quarters", every_minutes=15)
        world.broker_is_away = True
        world.step(self.NOON)
        one = schedules.find(world.database, "quarters")
        assert one
        assert schedules.switch(world.database, one.id, on=False, at=self.NOON + MINUTE)
        world.broker_is_away = False
        world.step(self.NOON + 2 * MINUTE)
        [firing] = world.firings("quarters")
        assert (firing.state, firing.note) == ("missed", "the schedule was changed before it was sent")
        assert world.deliveries == 0
