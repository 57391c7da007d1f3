import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy.settings import Settings

from gigscrapy.broker import publisher
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.broker.queuefile import QueueFile
from gigscrapy.broker.spool import SpoolReceiver
from gigscrapy.doctor import waiting
from gigscrapy.doctor.findings import ok, warning
from gigscrapy.onlyone import take
from schema.database import connect, hang_up
from schema.instants import naive
from schema.store import Store
from schema.tally import Tally
from tests.schema.laid import lay
from tests.schema.letters import letters, quote


def fill(path: Path, queue: str, count: int = 1) -> None:
    path.parent.mkdir(exist_ok=True)
    with QueueFile(path) as file:
        file.add([(queue, None, b"{", 0.0)] * count)


def test_what_a_crawl_left_behind(settings: Settings, tmp_path: Path) -> None:
    assert waiting.outboxes(settings) == ok("none of a crawl that is gone")
    fill(tmp_path / "outbox" / "run-1.sqlite3", "odds", 3)
    alive = OwnerLock.take(tmp_path / "outbox" / "run-1.lock")
    assert alive
    assert waiting.outboxes(settings) == ok("none of a crawl that is gone")
    alive.release()
    left = "3 messages wait in outboxes of crawls that are gone: start any crawl "
    assert waiting.outboxes(settings) == warning(f"{left}with RABBIT_URL set, which sends them")
    settings.set("RABBIT_URL", "amqp://host")
    assert waiting.outboxes(settings) == warning(f"{left}on this machine, which sends them")


def test_a_spool_that_nobody_reads(settings: Settings, tmp_path: Path) -> None:
    assert waiting.readers(settings) == ok("whatever waits has its reader")
    fill(tmp_path / "spool.sqlite3", "odds", 2)
    fill(tmp_path / "spool.sqlite3", "scraping_tasks")
    fill(tmp_path / "spool.sqlite3", "odds.dead")
    assert waiting.readers(settings) == warning(
        "2 messages wait in odds and nobody reads it: start `scrapy consume`; 1 messages wait in scraping_tasks and"
        " nobody reads it: start `scrapy worker`"
    )
    reader = SpoolReceiver(tmp_path, "odds")
    assert reader.receive(1, 0.1)
    assert waiting.readers(settings) == ok("whatever waits has its reader")
    reader.close()


@pytest.mark.server
def test_a_queue_that_nobody_reads(rabbit_url: str, settings: Settings, tmp_path: Path) -> None:
    settings.set("RABBIT_URL", rabbit_url)

    async def send() -> None:
        way_out = publisher(rabbit_url, tmp_path, owner="run")
        await way_out.open()
        await way_out.publish("", b"{")
        await way_out.close()

    asyncio.run(send())
    assert waiting.readers(settings) == warning("1 messages wait in odds and nobody reads it: start `scrapy consume`")
    settings.set("RABBIT_URL", f"{rabbit_url}x")
    assert waiting.readers(settings) is None, "another check says that"


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def stored(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Settings:
    """Tables in which two messages were refused, and a schedule is on."""
    url = request.getfixturevalue("mariadb_url") if request.param == "mariadb" else None
    settings.set("DATABASE_URL", url)
    database = connect(url, tmp_path)
    lay(database)
    Store(database).store(letters(b"{", b"[", b'{"sport": "quidditch"}'))
    database.execute_sql(
        "INSERT INTO Schedules (name, what, enabled, created_at, updated_at)"
        " VALUES ('a', 'all', 1, '2026-01-01', '2026-01-01'), ('b', 'all', 0, '2026-01-01', '2026-01-01')"
    )
    hang_up(database)
    return settings


def test_refused_messages(stored: Settings) -> None:
    found = waiting.dead_letters(stored)
    assert found
    assert found.sentence.startswith("3 refused messages wait (")
    assert found.sentence.endswith("): `scrapy dead` says why")


def test_schedules_that_nobody_follows(stored: Settings, tmp_path: Path) -> None:
    assert waiting.scheduler(stored) == warning("1 schedules are on and nobody follows them: start `scrapy scheduler`")
    if stored["DATABASE_URL"]:
        database = connect(stored["DATABASE_URL"], tmp_path)
        database.execute_sql("SELECT GET_LOCK(%s, 0)", (f"gigscrapy.scheduler.{database.database}",))
        assert waiting.scheduler(stored) == ok("1 schedules are on, and followed")
        hang_up(database)
    else:
        lock = OwnerLock.take(tmp_path / "scheduler.lock")
        assert lock
        assert waiting.scheduler(stored) == ok("1 schedules are on, and followed")
        lock.release()


def test_rules_that_nobody_reads(stored: Settings, tmp_path: Path) -> None:
    assert waiting.alerts(stored) == ok("0 rules of alerts are on")
    database = connect(stored["DATABASE_URL"], tmp_path)
    database.execute_sql(
        "INSERT INTO AlertRules (kind, threshold, margin, at_least, max_age_minutes, calm_minutes, cooldown_minutes,"
        " enabled, created_at, updated_at) VALUES ('trj', 100, 0, 1, 60, 15, 60, 1, '2026-01-01', '2026-01-01')"
    )
    said = "1 rules of alerts are on and nobody reads them: start `python -m admin.alerting`"
    assert waiting.alerts(stored) == warning(said)
    lock = take(database, tmp_path, "alerting")
    assert lock
    assert waiting.alerts(stored) == ok("1 rules of alerts are on, and read")
    lock.release()
    hang_up(database)


def test_what_nobody_counts(stored: Settings, tmp_path: Path) -> None:
    database = connect(stored["DATABASE_URL"], tmp_path)
    said = "what was stored before there was a tally is not all counted: `scrapy tally` does it now"
    assert waiting.tally(stored) == warning(said)
    Store(database).store(letters(quote()))
    Tally(database).run()
    assert waiting.tally(stored) == ok("all is counted")
    Store(database).store(letters(quote(60)))
    assert waiting.tally(stored) == ok("all is counted"), "it is not late yet"
    long_ago = naive(datetime.now(UTC) - timedelta(minutes=90, seconds=5))
    for table in ("TouchedMatches", "TouchedHours"):
        database.execute_sql(f"UPDATE {table} SET touched_at = '{long_ago}'")
    said = "2 matches and hours wait to be counted, for 90 min: start `scrapy consume`, or run `scrapy tally`"
    assert waiting.tally(stored) == warning(said)
    hang_up(database)


def test_no_tables_no_word(settings: Settings) -> None:
    assert (waiting.dead_letters(settings), waiting.scheduler(settings)) == (None, None)
