"""Alive, and ready: each dependency by its name, none waited for, nothing given away."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database

from admin import create_app, health
from gigscrapy import broker, onlyone
from gigscrapy.broker import QUEUE, TASK_QUEUE, Delivery, Queues, send
from gigscrapy.quarantine import Quarantine
from gigscrapy.scheduler import LOCK
from schema.database import connect, hang_up
from schema.migrations import HISTORY, names
from schema.models import Runs, Schedules, now
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.services import free_ports
from tests.services.mariadb import MariaDB

LETTER = Delivery(None, b"{}", "one", datetime(2026, 11, 1, tzinfo=UTC))


def told(client: FlaskClient, status: int) -> dict[str, tuple[bool, str]]:
    """What ``/readyz`` says of each."""
    answer = client.get("/readyz")
    assert answer.status_code == status, answer.text
    assert answer.json["ready"] is (status == 200)
    return {name: (said["ok"], said["sentence"]) for name, said in answer.json["dependencies"].items()}


def queues_of(client: FlaskClient) -> Queues:
    found: Queues = client.application.config["QUEUES"]
    return found


# -- alive -------------------------------------------------------------------------------------------------------------


def test_alive_is_said_without_looking_at_anything(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    current().close()
    monkeypatch.setattr(current(), "connect", lambda **_: pytest.fail("it was opened"))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "ok\n", "text/plain")


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/metrics"])
def test_a_foreign_name_is_not_answered(client: FlaskClient, address: str) -> None:
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 400
    assert "frame-ancestors 'none'" in client.get(address).headers["Content-Security-Policy"]


# -- ready, on a laptop ------------------------------------------------------------------------------------------------


def test_a_laptop_without_a_server_is_ready(client: FlaskClient) -> None:
    found = told(client, 200)
    assert found["database"] == (True, "the embedded database (SQLite) answers, and its tables are up to date")
    assert found["queue"] == (
        True,
        "the spool on this machine is the queue (no RABBIT_URL); 0 quotes and reports and 0 tasks wait",
    )
    assert found["consumer"] == (True, "none is seen at work, and nothing waits for it (`scrapy consume`)")
    assert found["worker"] == (True, "none is seen at work, and nothing waits for it (`scrapy worker`)")
    assert found["scheduler"] == (True, "none is at work, and no schedule is on (`scrapy scheduler`)")
    assert found["scrapyd http://127.0.0.1:6800"] == (
        True,
        "it is away, and no run waits for a node (`scrapy scrapyd`)",
    )
    assert len(found) == 6


def test_what_waits_and_is_read_by_nobody_is_said(client: FlaskClient) -> None:
    queues = queues_of(client)
    send(queues, QUEUE, [LETTER])
    assert told(client, 503)["consumer"] == (False, "1 messages wait and nobody reads them: start `scrapy consume`")
    consumer = Quarantine.enter(queues.home)
    assert told(client, 200)["consumer"] == (True, "1 at work")
    consumer.leave()
    assert not told(client, 503)["consumer"][0]


def test_tables_that_are_behind_are_named(client: FlaskClient) -> None:
    current().execute_sql(f"DELETE FROM {HISTORY} WHERE name = '{names()[-1]}'")
    current().close()
    assert told(client, 503)["database"] == (
        False,
        f"the embedded database (SQLite) lacks {names()[-1]}: run `scrapy migrate`",
    )


def test_a_broken_spool_is_a_sentence_and_its_reason_is_in_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    home = queues_of(client).home
    (home / "spool.sqlite3").write_bytes(b"no database" * 100)
    found = told(client, 503)
    assert found["queue"] == (False, "it cannot be reached or used: the admin's log says why")
    assert found["consumer"] == (False, "nothing is known of it: the queue cannot be asked")
    assert found["database"][0]
    assert str(home) not in str(found)
    assert "spool.sqlite3 cannot be used" in caplog.text


def test_schedules_that_nobody_heeds_are_said(client: FlaskClient) -> None:
    heeded_or_not(client, current())


def test_a_node_that_is_away_is_a_fault_once_a_run_waits_for_it(client: FlaskClient) -> None:
    name = "scrapyd http://127.0.0.1:6800"
    run = Runs.create(run_id="r", spider="nba", state="queued", requested_at=now())
    assert told(client, 503)[name] == (False, "it is away, and runs wait for a node: start `scrapy scrapyd`")
    run.delete_instance()
    assert told(client, 200)[name][0]


def heeded_or_not(client: FlaskClient, database: Database) -> None:
    """The scheduler's lock is looked for where it takes it: on a connection of its own."""
    Schedules.update(enabled=True).execute()
    hang_up(current())
    said = (False, "1 schedules are on and nobody heeds them: start `scrapy scheduler`")
    assert told(client, 503)["scheduler"] == said
    lock = onlyone.take(database, queues_of(client).home, LOCK)
    assert lock is not None
    assert told(client, 200)["scheduler"] == (True, "one is at work")
    lock.release()
    assert told(client, 503)["scheduler"] == said


# -- ready, with servers -----------------------------------------------------------------------------------------------


def test_one_that_hangs_hangs_no_other(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        hide_behind(client, f"amqp://guest:s3cret@127.0.0.1:{deaf.getsockname()[1]}/")
        began = monotonic()
        found = told(client, 503)
        assert monotonic() - began < 3
        assert found["queue"] == (False, "no answer within 0.5 s")
        assert found["database"][0]
        metrics = client.get("/healthz")
        assert metrics.status_code == 200


def test_a_broker_that_is_away_is_a_sentence(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    hide_behind(client, f"amqp://guest:s3cret@127.0.0.1:{port}/")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["dependencies"]["queue"]["sentence"] == "it cannot be reached or used: the admin's log says why"
    assert "s3cret" not in answer.text + caplog.text
    assert f":{port}" not in answer.text


@pytest.mark.server
def test_rabbitmq_tells_who_reads(client: FlaskClient, rabbit_url: str) -> None:
    hide_behind(client, rabbit_url)
    queues = queues_of(client)
    send(queues, QUEUE, [LETTER])
    send(queues, TASK_QUEUE, [LETTER])
    found = told(client, 503)
    assert found["queue"] == (True, "RabbitMQ answers; 1 quotes and reports and 1 tasks wait")
    assert not found["consumer"][0]
    assert found["worker"] == (False, "1 messages wait and nobody reads them: start `scrapy worker`")
    readers = [broker.receiver(rabbit_url, queues.home, queue=queue) for queue in (QUEUE, TASK_QUEUE)]
    for reader in readers:
        reader.receive(1, 5)
    found = told(client, 200)
    assert found["consumer"] == found["worker"] == (True, "1 at work")
    for reader in readers:
        reader.close()


@pytest.mark.server
def test_a_database_that_hangs_is_a_sentence(
    mariadb: MariaDB, mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "SECONDS", 0.5)
    client = over(mariadb_url, tmp_path).test_client()
    assert told(client, 200)["database"] == (
        True,
        "the database of DATABASE_URL answers, and its tables are up to date",
    )
    mariadb.pause()
    began = monotonic()
    found = told(client, 503)
    assert monotonic() - began < 3
    assert found["database"] == (False, "no answer within 0.5 s")
    assert found["scheduler"] == (False, "nothing is known of it: the database cannot be asked")
    assert found["queue"][0]
    mariadb.revive()


@pytest.mark.server
def test_the_lock_of_a_server_is_seen(mariadb_url: str, tmp_path: Path) -> None:
    heeded_or_not(over(mariadb_url, tmp_path).test_client(), connect(mariadb_url, tmp_path))


def hide_behind(client: FlaskClient, rabbit_url: str) -> None:
    object.__setattr__(queues_of(client), "rabbit_url", rabbit_url)


def over(url: str, home: Path) -> Flask:
    database = connect(url, home)
    lay(database)
    hang_up(database)
    app: Any = create_app(url, home)
    hang_up(current())
    return app
