"""Real schedulers, killed as an operator would: of two one acts, and what is due comes once."""

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database
from scrapy.exceptions import UsageError

from gigscrapy.broker import TASK_QUEUE, receiver
from gigscrapy.commands.scheduler import read_budget
from gigscrapy.schedules import check, in_paris
from gigscrapy.tasks import read_task
from schema import schedules
from schema.database import connect, hang_up
from schema.models import Firings, now
from tests.faults.failpoint import EXIT_CODE
from tests.faults.processes import running
from tests.schema.laid import lay

SECOND = timedelta(seconds=1)
ACTING, WAITING = "acting: this scheduler has the lock", "waiting: another scheduler acts"


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def url(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None


@pytest.fixture
def database(url: str | None, tmp_path: Path) -> Iterator[Database]:
    database = connect(url, tmp_path / "home")
    lay(database)
    yield database
    hang_up(database)


def states(database: Database) -> list[str]:
    return [row.state for row in Firings.select().order_by(Firings.due_at).execute(database)]


def due_this_minute(database: Database) -> None:
    """A schedule that was due at the beginning of this minute, once a day."""
    due_at = now().replace(second=0, microsecond=0)
    cron = f"{due_at.minute} {in_paris(due_at)[11:13]} * * *"
    schedules.add(database, check(name="now", what="nba", cron=cron).values, enabled=True, at=due_at - SECOND)


def bodies(home: Path) -> list[bytes]:
    source = receiver(None, home, queue=TASK_QUEUE)
    try:
        return [delivery.body for delivery in source.receive(10, 1)]
    finally:
        source.close()


@pytest.mark.slow
def test_the_second_takes_over_when_the_first_is_killed(url: str | None, database: Database, tmp_path: Path) -> None:
    """It dies with the task sent and not noted as sent: the worst instant there is."""
    home = tmp_path / "home"
    environment = {"DATABASE_URL": url} if url else {}
    failpoint = ("schema.schedules:settle", "before", "1", "exit")
    with running("scheduler", home=home, environment=environment, failpoint=failpoint) as first:
        first.until(ACTING)
        with running("scheduler", home=home, environment=environment) as second:
            second.until(WAITING)
            due_this_minute(database)
            assert first.wait() == EXIT_CODE
            died = time.monotonic()
            assert states(database) == ["due"]
            second.until(lambda: states(database) == ["sent"])
            assert time.monotonic() - died < 10
            assert ACTING in second.log
            second.signal(signal.SIGTERM)
            assert second.wait(10) == 0
    assert states(database) == ["sent"]
    [one] = Firings.select().execute(database)
    found = bodies(home)
    assert {read_task(body).task_id for body in found} == {one.task_id}
    assert len(set(found)) == 1


def test_a_mistake_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="REQUESTS_PER_MINUTE is a number from 10 on, not '9'"):
        read_budget("9")
    assert read_budget("30") == 30
