"""What Prometheus takes down: the figures are true, the counters only rise, and it is there when nothing else is."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database
from prometheus_client.parser import text_string_to_metric_families

from admin import metrics
from gigscrapy.broker import QUEUE, TASK_QUEUE, Delivery, Queues, send
from schema.database import is_embedded
from schema.messages import OddsItem
from schema.models import DeadLetters, Runs, now
from schema.store import Store
from tests.admin import counted
from tests.admin.conftest import current
from tests.schema.letters import REPORT, letters, quote

LABEL = 'a"b\\c\nd'


def measured(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Each sample: its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_an_empty_installation_is_all_zeros(client: FlaskClient) -> None:
    found = measured(client)
    assert found["gigscrapy_up", "database"] == found["gigscrapy_up", "queue"] == 1
    assert found["gigscrapy_quotes_stored_total",] == 0
    assert found["gigscrapy_open_runs", "running"] == 0
    assert [
        found["gigscrapy_queue_messages", queue] for queue in ("odds", "odds.dead", "scraping_tasks", "outbox")
    ] == [0] * 4
    assert not [name for name, *_ in found if name.endswith("age_seconds")], "nobody has crawled: nothing is old"
    assert ("gigscrapy_closing_gap_median_seconds",) not in found


def test_every_metric_says_what_it_is(client: FlaskClient) -> None:
    for family in text_string_to_metric_families(client.get("/metrics").text):
        assert family.name.startswith("gigscrapy_"), family.name
        assert family.documentation.endswith("."), family.name
        assert family.type in ("counter", "gauge")
        assert (family.type == "counter") == family.samples[0].name.endswith("_total") if family.samples else True


def test_what_waits_and_what_was_counted(client: FlaskClient, fill: Callable[..., None]) -> None:
    queues: Queues = client.application.config["QUEUES"]
    letter = Delivery(None, b"{}", None, datetime.now(UTC))
    send(queues, QUEUE, [letter] * 3)
    send(queues, TASK_QUEUE, [letter])
    counts = {"yielded": 2, "published": 2, "pages": 7, "retries": 1, "errors": 4, "suspects": 1}
    fill(quote(), quote(), quote(60), b"?", replace(REPORT, counts=counts))
    found = measured(client)
    assert found["gigscrapy_queue_messages", "odds"] == 3
    assert found["gigscrapy_queue_messages", "scraping_tasks"] == 1
    assert found["gigscrapy_quotes_stored_total",] == 2
    assert found["gigscrapy_prices_stored_total",] == 6
    assert found["gigscrapy_quotes_duplicate_total",] == 1
    assert found["gigscrapy_quotes_read_total",] == found["gigscrapy_quotes_published_total",] == 2
    assert found["gigscrapy_pages_total",] == 7
    assert found["gigscrapy_retries_total",] == 1
    assert found["gigscrapy_errors_total",] == 4
    assert found["gigscrapy_quotes_suspect_total",] == 1
    assert found["gigscrapy_dead_letters", "malformed"] == 1


def test_runs_by_what_became_of_them(client: FlaskClient) -> None:
    hour = timedelta(hours=1)
    for number, (state, verdict, age) in enumerate(
        [
            ("queued", None, None),
            ("running", None, hour),
            ("finished", "complete", hour),
            ("finished", "complete", 2 * hour),
            ("finished", "site-error", 23 * hour),
            ("finished", "complete", 25 * hour),
            ("lost", None, hour),
            ("cancelled", None, None),
        ]
    ):
        asked = {"requested_at": now() - hour} | ({} if age is None else {"started_at": now() - age})
        Runs.create(run_id=f"run-{number}", spider="ligue1", state=state, verdict=verdict, **asked)
    found = measured(client)
    assert {key[1:]: value for key, value in found.items() if key[0] == "gigscrapy_open_runs"} == {
        ("queued",): 1,
        ("scheduled",): 0,
        ("running",): 1,
    }
    assert {key[1:]: value for key, value in found.items() if key[0] == "gigscrapy_ended_runs"} == {
        ("finished", "complete"): 2,
        ("finished", "site-error"): 1,
        ("lost", ""): 1,
        ("cancelled", ""): 1,
    }


def keep(at: datetime, *quotes: OddsItem) -> None:
    """Store what is received now."""
    outcome = Store(current()).store(letters(*quotes, received_at=at))
    assert outcome.stored == len(quotes)


def test_how_old_is_what_a_league_has(client: FlaskClient) -> None:
    at = datetime.now(UTC)
    seen = replace(quote(), scraped_at=at - timedelta(minutes=10), kickoff=at - timedelta(minutes=4))
    keep(at, seen, replace(seen, league="No such league", match_id="2"))
    for hours in (3, 1, 2):
        ended = now() - timedelta(hours=hours)
        verdict = "complete" if hours > 1 else "incomplete"
        Runs.create(run_id=f"r{hours}", spider="ligue1", state="finished", verdict=verdict, finished_at=ended)
        Runs.create(run_id=f"x{hours}", spider="spider-of-old", state="finished", verdict="complete", finished_at=ended)
    found = measured(client)
    assert found["gigscrapy_complete_run_age_seconds", "ligue1"] == pytest.approx(7200, abs=30)
    assert found["gigscrapy_price_age_seconds", "ligue1"] == pytest.approx(600, abs=30)
    ages = {key for key in found if key[0].endswith("_age_seconds")}
    assert len(ages) == 2, "only leagues of the catalogue have a label"
    assert found["gigscrapy_closing_gap_median_seconds",] == pytest.approx(360, abs=1)


def test_a_match_nobody_priced_is_counted(client: FlaskClient) -> None:
    at = datetime.now(UTC)
    keep(at, replace(quote(), scraped_at=at, kickoff=at - timedelta(hours=1)))
    found = measured(client)
    assert found["gigscrapy_matches_without_price",] == 1
    assert ("gigscrapy_closing_gap_median_seconds",) not in found


def test_a_label_is_escaped(client: FlaskClient) -> None:
    DeadLetters.create(body_hash="0", body=b"", size=0, reason=LABEL, detail="", first_seen=now(), last_seen=now())
    assert measured(client)["gigscrapy_dead_letters", LABEL] == 1


def test_openmetrics_for_whoever_asks_for_it(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


def test_it_is_there_when_nothing_else_is(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 0.5)
    Runs.drop_table()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"amqp://guest:guest@127.0.0.1:{deaf.getsockname()[1]}/"
        object.__setattr__(client.application.config["QUEUES"], "rabbit_url", address)
        assert measured(client) == {("gigscrapy_up", "database"): 0, ("gigscrapy_up", "queue"): 0}


def test_a_handful_of_queries(crowded: FlaskClient) -> None:
    with counted(current()) as asked:
        crowded.get("/metrics")
    assert len(asked) == 9, asked


@pytest.mark.server
def test_no_query_reads_all_odds(crowded: FlaskClient) -> None:
    """By MariaDB's own account of how it would go about each."""
    database = current()
    if is_embedded(database):
        return
    with asked_with(database) as asked:
        crowded.get("/metrics")
    plans = {sql: explained(database, sql, params) for sql, params in asked}
    assert len(plans) == 9
    assert any("LatestOdds" in sql for sql in plans)
    for sql, plan in plans.items():
        for table in ("Odds", "LatestOdds", "Matches"):
            for alias in re.findall(rf"`{table}` AS `(\w+)`", sql):
                assert plan[alias][0] in ("ref", "eq_ref", "range"), sql
    [ages] = [plan for sql, plan in plans.items() if "finished_at" in sql]
    assert ages["t1"][1] == "runs_spider_verdict_finished_at"


def explained(database: Database, sql: str, params: list[Any]) -> dict[str, tuple[str, str | None]]:
    """Of each table, by its alias, how it is read (``ALL`` is row by row), and by which index."""
    with database.connection_context():
        rows = database.execute_sql(f"EXPLAIN {sql}", params).fetchall()
    return {row[2]: (row[3], row[5]) for row in rows}


@contextmanager
def asked_with(database: Database) -> Iterator[list[tuple[str, list[Any]]]]:
    """The queries that were asked meanwhile, and what they were asked with."""
    asked: list[tuple[str, list[Any]]] = []
    hook = lambda event: asked.append((event.sql, event.params))  # noqa: E731
    database.query_hooks.append(hook)
    yield asked
    database.query_hooks.remove(hook)
