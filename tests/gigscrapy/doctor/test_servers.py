import asyncio
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from scrapy.settings import Settings

from gigscrapy.broker.rabbitmq.link import Address, Link
from gigscrapy.daemon.password import made
from gigscrapy.doctor import servers
from gigscrapy.doctor.findings import State, failure, ok, warning
from schema.database import EMBEDDED, connect, hang_up
from tests.gigscrapy.test_nodes import answering
from tests.schema.laid import lay
from tests.services import free_ports
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

# -- RabbitMQ ----------------------------------------------------------------------------------------------------------


def test_no_broker_is_a_spool(settings: Settings, tmp_path: Path) -> None:
    assert servers.broker(settings) == ok(f"RABBIT_URL is not set: messages wait in the spool in {tmp_path}")
    assert servers.queues(settings) is None


@pytest.mark.server
def test_a_broker_and_its_alarm(rabbitmq: RabbitMQ, rabbit_url: str, settings: Settings, monkeypatch) -> None:
    settings.set("RABBIT_URL", rabbit_url)
    assert servers.broker(settings).sentence.startswith("RabbitMQ 3.")
    assert servers.broker(settings).sentence.endswith(f" at {Address(rabbit_url)} takes messages")
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 1)
    rabbitmq.eval("rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []})")
    try:
        found = servers.broker(settings)
    finally:
        rabbitmq.eval("rabbit_alarm:clear_alarm({resource_limit, memory, node()})")
    assert found.state is State.FAILURE
    assert "takes no messages: an alarm of memory or disk" in found.sentence


@pytest.mark.server
def test_a_broker_that_will_not_have_us(rabbitmq: RabbitMQ, rabbit_url: str, settings: Settings) -> None:
    vhost = rabbit_url.rpartition("/")[2]
    for url, said in (
        (rabbitmq.url(vhost, password="wr0ng"), "RabbitMQ refuses the user or the password of amqp://guest@"),
        (rabbitmq.url("nowhere"), "RabbitMQ lets nobody into the virtual host of amqp://guest@"),
        ("http://guest:wr0ng@host", "RABBIT_URL cannot be read"),
    ):
        settings.set("RABBIT_URL", url)
        found = servers.broker(settings)
        assert found.state is State.FAILURE
        assert found.sentence.startswith(said)
        assert "wr0ng" not in found.sentence


def test_a_broker_that_is_away(settings: Settings) -> None:
    (port,) = free_ports(1)
    settings.set("RABBIT_URL", f"amqp://gig:s3cret@127.0.0.1:{port}/odds")
    assert servers.broker(settings) == failure(
        f"RabbitMQ does not answer at amqp://gig@127.0.0.1:{port}/odds (Connection refused): start it, or correct"
        " RABBIT_URL"
    )
    assert servers.queues(settings) is None


@pytest.mark.server
def test_queues_of_another_kind(rabbit_url: str, settings: Settings) -> None:
    settings.set("RABBIT_URL", rabbit_url)
    absent = "none; made when first used: odds, odds.dead, scraping_tasks, scraping_tasks.dead"
    assert servers.queues(settings) == ok(absent)

    async def declare() -> None:
        link = await Link.open(Address(rabbit_url), "test")
        await link.ensure_queue("odds", "classic")
        await link.ensure_queue("odds.dead", "quorum")
        await link.close()

    asyncio.run(declare())
    found = servers.queues(settings)
    assert found
    assert found.state is State.WARNING
    assert found.sentence.startswith("not as a quorum queue of ours: odds (inequivalent arg 'x-queue-type' for queue")
    assert "odds.dead" not in found.sentence
    settings.set("RABBIT_QUEUE_TYPE", "lazy")
    assert servers.queues(settings) == failure("RABBIT_QUEUE_TYPE is 'lazy': quorum or classic is expected")


# -- the database ------------------------------------------------------------------------------------------------------


def test_the_embedded_database(settings: Settings, tmp_path: Path) -> None:
    assert servers.database(settings) == ok("DATABASE_URL is not set: SQLite, which the first command makes")
    assert (servers.tables(settings), servers.privileges(settings)) == (None, None)
    assert list(tmp_path.iterdir()) == []
    database = connect(None, tmp_path)
    database.execute_sql("SELECT 1")
    assert servers.tables(settings) == ok("brought up to date by the next command")
    lay(database)
    hang_up(database)
    assert servers.database(settings) == ok(f"SQLite in {tmp_path / EMBEDDED}")
    assert servers.tables(settings) == ok("up to date")
    clock = servers.clock(settings)
    assert clock
    assert clock.sentence.endswith("there is no other to compare it with")


def test_an_embedded_database_that_is_locked_newer_or_none(settings: Settings, tmp_path: Path) -> None:
    database = connect(None, tmp_path)
    lay(database)
    database.execute_sql("INSERT INTO Migrations (name, applied) VALUES ('0099_tomorrow', '2030-01-01')")
    hang_up(database)
    assert servers.tables(settings) == failure("they are of a newer gigscrapy (0099_tomorrow): install that one")
    with closing(sqlite3.connect(tmp_path / EMBEDDED, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        found = servers.database(settings)
    assert found.state is State.WARNING
    assert "keeps" in found.sentence
    assert "locked" in found.sentence
    (tmp_path / EMBEDDED).write_bytes(b"no database" * 1000)
    found = servers.database(settings)
    assert found == failure(
        "the database says: file is not a database - the file is not a database: check GIGSCRAPY_HOME"
    )


@pytest.fixture
def gig_url(mariadb: MariaDB, mariadb_url: str) -> Iterator[str]:
    """A server as README asks for it: an account of our own, and a database in utf8mb4."""
    name = mariadb_url.rpartition("/")[2]
    mariadb.execute(f"ALTER DATABASE {name} CHARACTER SET utf8mb4")
    mariadb.execute("CREATE OR REPLACE USER gig@'127.0.0.1' IDENTIFIED BY 's3cret'")
    mariadb.execute(f"GRANT ALL ON {name}.* TO gig@'127.0.0.1'")
    yield mariadb.url(name, user="gig", password="s3cret")
    mariadb.execute("DROP USER gig@'127.0.0.1'")


@pytest.fixture
def migrated(gig_url: str, settings: Settings, tmp_path: Path) -> str:
    settings.set("DATABASE_URL", gig_url)
    database = connect(gig_url, tmp_path)
    lay(database)
    hang_up(database)
    return gig_url.rpartition("/")[2]


@pytest.mark.server
def test_a_server_as_it_should_be(migrated: str, settings: Settings) -> None:
    assert servers.database(settings).sentence.startswith("MariaDB 10.")
    assert servers.tables(settings) == ok("up to date, in utf8mb4")
    assert servers.privileges(settings) == ok("the user may read and write all tables")
    clock = servers.clock(settings)
    assert clock
    assert clock.sentence.endswith(" UTC, as the database's")


@pytest.mark.server
def test_a_server_that_will_not_have_us(gig_url: str, settings: Settings) -> None:
    for url, said in (
        (gig_url.replace("s3cret", "wr0ng"), "the server refuses the user or the password in DATABASE_URL"),
        (f"{gig_url}x", "the user in DATABASE_URL may not use this database: GRANT it"),
        ("postgresql://gig:wr0ng@host/odds", "it must begin with one of mysql"),
    ):
        settings.set("DATABASE_URL", url)
        found = servers.database(settings)
        assert found.state is State.FAILURE
        assert said in found.sentence
        assert "wr0ng" not in found.sentence
        assert (servers.tables(settings), servers.privileges(settings), servers.clock(settings)) == (None, None, None)


def test_a_server_that_is_away(settings: Settings) -> None:
    (port,) = free_ports(1)
    settings.set("DATABASE_URL", f"mysql://gig:s3cret@127.0.0.1:{port}/odds")
    found = servers.database(settings)
    assert found.state is State.FAILURE
    assert found.sentence.endswith("; start it, or correct DATABASE_URL")
    assert servers.tables(settings) is None


@pytest.mark.server
def test_tables_that_are_not_there(gig_url: str, settings: Settings) -> None:
    settings.set("DATABASE_URL", gig_url)
    found = servers.tables(settings)
    assert found
    assert found.state is State.FAILURE
    assert found.sentence.startswith("they lack 0001_tables, ")
    assert found.sentence.endswith(": run `scrapy migrate`")
    assert servers.privileges(settings) is None


@pytest.mark.server
def test_tables_in_other_characters(mariadb: MariaDB, migrated: str, settings: Settings) -> None:
    mariadb.execute(f"ALTER DATABASE {migrated} CHARACTER SET latin1")
    assert servers.tables(settings) == warning(
        f"up to date; but the database's own default is latin1: ALTER DATABASE `{migrated}` CHARACTER SET utf8mb4, for"
        " whoever adds tables"
    )
    mariadb.execute(f"ALTER TABLE {migrated}.Visits CONVERT TO CHARACTER SET latin1")
    assert servers.tables(settings) == failure(
        "not in utf8mb4: Visits (latin1_swedish_ci); ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4, or names are"
        " refused"
    )


@pytest.mark.server
def test_a_privilege_that_lacks(mariadb: MariaDB, migrated: str, settings: Settings) -> None:
    mariadb.execute(f"REVOKE DELETE ON {migrated}.* FROM gig@'127.0.0.1'")
    found = servers.privileges(settings)
    assert found
    assert found.state is State.FAILURE
    assert "DELETE command denied to user" in found.sentence
    assert found.sentence.endswith("(SELECT, INSERT, UPDATE and DELETE are needed on all tables)")
    mariadb.execute(f"REVOKE SELECT ON {migrated}.* FROM gig@'127.0.0.1'")
    found = servers.tables(settings)
    assert found
    assert found.state is State.FAILURE


@pytest.mark.server
def test_a_clock_that_is_off(mariadb: MariaDB, migrated: str, settings: Settings) -> None:
    mariadb.execute("SET GLOBAL init_connect = 'SET timestamp = 1000000000'")
    try:
        found = servers.clock(settings)
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")
    assert found
    assert found.state is State.FAILURE
    assert found.sentence.startswith("the database's clock says 2001-09-09 01:46:40 UTC, this machine's 20")


def test_an_instant_between_two_of_ours_is_right() -> None:
    noon = datetime(2026, 1, 1, 12)
    later = noon + timedelta(seconds=30)
    assert servers.compared(noon + timedelta(seconds=9), noon, later).state is State.OK
    assert servers.compared(noon - timedelta(seconds=3), noon, later).state is State.FAILURE
    assert servers.compared(later + timedelta(seconds=3), noon, later).state is State.FAILURE


@pytest.mark.parametrize(
    ("said", "numbers"),
    [("10.11.19-MariaDB-0+deb12u1", (10, 11, 19)), ("5.5.5-10.4.1-MariaDB", (10, 4, 1)), ("8.4.3", (8, 4, 3))],
)
def test_versions(said: str, numbers: tuple[int, ...]) -> None:
    assert servers.numbers(said) == numbers


@pytest.mark.server
def test_a_server_that_hangs_is_not_waited_for(mariadb: MariaDB, migrated: str, settings: Settings) -> None:
    settings.set("DATABASE_URL", settings["DATABASE_URL"] + "?connect_timeout=1&read_timeout=1")
    mariadb.pause()
    try:
        found = servers.database(settings)
    finally:
        mariadb.resume()
    assert found.state is State.FAILURE
    assert found.sentence.endswith("; start it, or correct DATABASE_URL")


# -- the Scrapyds ------------------------------------------------------------------------------------------------------


def test_scrapyds(settings: Settings, tmp_path: Path) -> None:
    made(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.set("SCRAPYD_URLS", f"http://127.0.0.1:{free.getsockname()[1]}")
        found = servers.scrapyds(settings)
    assert found.state is State.WARNING
    assert found.sentence.endswith("only crawls that tasks and schedules ask for need one")
    settings.set("SCRAPYD_URLS", "ftp://host")
    assert servers.scrapyds(settings).state is State.FAILURE
    for status, body, said in (
        (401, b"", "takes another user or password"),
        (200, b"<html>", "is no Scrapyd: correct SCRAPYD_URLS"),
        (200, b'{"status": "error", "message": "project \'gigscrapy\' not found"}', "run `scrapyd-deploy`"),
        (200, b'{"status": "ok", "pending": 0, "running": 0, "spiders": []}', "knows no league: run `scrapyd-deploy`"),
    ):
        with answering(status, body) as (port, _):
            settings.set("SCRAPYD_URLS", f"http://127.0.0.1:{port}")
            found = servers.scrapyds(settings)
        assert found.state is State.FAILURE
        assert said in found.sentence
    with answering(200, b'{"status": "ok", "pending": 0, "running": 0, "spiders": ["ligue1"]}') as (port, _):
        settings.set("SCRAPYD_URLS", f"http://127.0.0.1:{port}")
        assert servers.scrapyds(settings) == ok("1 of 1 ready to crawl")
