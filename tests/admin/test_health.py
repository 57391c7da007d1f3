"""Alive, and ready: each dependency by its name, none waited for, nothing given away."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import create_app, health
from gigscrapy import broker
from gigscrapy.broker import QUEUE, TASK_QUEUE, Delivery, Queues, send
from gigscrapy.quarantine import Quarantine
from schema.database import connect, hang_up
from schema.migrations import HISTORY, migrate
from tests.admin.conftest import current
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
    assert found["consumer"] == (True, "none is at work, and nothing waits for it (`scrapy consume`)")


def test_what_waits_and_is_read_by_nobody_is_said(client: FlaskClient) -> None:
    queues = queues_of(client)
    send(queues, QUEUE, [LETTER])
    assert told(client, 503)["consumer"] == (False, "1 messages wait and nobody reads them: start `scrapy consume`")
    consumer = Quarantine.enter(queues.home)
    assert told(client, 200)["consumer"] == (True, "1 at work")
    consumer.leave()
    assert not told(client, 503)["consumer"][0]


def test_tables_that_are_behind_are_named(client: FlaskClient) -> None:
    current().execute_sql(f"DELETE FROM {HISTORY} WHERE name LIKE '0003%'")
    current().close()
    assert told(client, 503)["database"] == (
        False,
        "the embedded database (SQLite) lacks 0003_by_itself: run `scrapy migrate`",
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
    assert "127.0.0.1" not in answer.text


@pytest.mark.server
def test_rabbitmq_tells_who_reads(client: FlaskClient, rabbit_url: str) -> None:
    hide_behind(client, rabbit_url)
    queues = queues_of(client)
    send(queues, QUEUE, [LETTER])
    send(queues, TASK_QUEUE, [LETTER])
    found = told(client, 503)
    assert found["queue"] == (True, "RabbitMQ answers; 1 quotes and reports and 1 tasks wait")
    assert not found["consumer"][0]
    consumer = broker.receiver(rabbit_url, queues.home)
    consumer.receive(1, 5)
    assert told(client, 503 if "worker" in found else 200)["consumer"] == (True, "1 at work")
    consumer.close()


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
    assert found["queue"][0]
    mariadb.revive()


def hide_behind(client: FlaskClient, rabbit_url: str) -> None:
    object.__setattr__(queues_of(client), "rabbit_url", rabbit_url)


def over(url: str, home: Path) -> Flask:
    database = connect(url, home)
    migrate(database)
    hang_up(database)
    app: Any = create_app(url, home)
    hang_up(current())
    return app
