"""Stopping runs; at a real Scrapyd: tests/gigscrapy/daemon."""

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from peewee import Database

from gigscrapy.cancelling import Exit, NoSuchRun, cancel, find
from gigscrapy.nodes import Node
from schema.database import connect, hang_up
from schema.models import Runs
from tests.gigscrapy.living import held
from tests.gigscrapy.standin import StandIn
from tests.schema.laid import lay
from tests.services import free_ports


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = connect(None, tmp_path)
    lay(database)
    yield database
    hang_up(database)


@pytest.fixture
def away(tmp_path: Path) -> Node:
    """A node that is not there."""
    return Node(f"http://127.0.0.1:{free_ports(1)[0]}", "gigscrapy", "s3cret", tmp_path)


def add(database: Database, run_id: str, state: str | None, **columns: object) -> None:
    Runs.insert(run_id=run_id, spider="ligue1", state=state, **columns).execute(database)


def row(database: Database, run_id: str) -> Runs:
    [run] = Runs.select().where(Runs.run_id == run_id).execute(database)
    return run


# -- which is meant ----------------------------------------------------------------------------------------------------


def test_a_run_by_the_beginning_of_its_id(database: Database, tmp_path: Path) -> None:
    for run_id in ("abc-1", "abc-2", "abd", "ab", "a_x"):
        add(database, run_id, "queued")
    assert [find(database, tmp_path, text) for text in ("abd", "abc-2", "ab", "a_")] == ["abd", "abc-2", "ab", "a_x"]
    with pytest.raises(NoSuchRun, match="2 runs begin with abc: abc-2, abc-1"):
        find(database, tmp_path, "abc")
    with pytest.raises(NoSuchRun, match="there is no run ABD; `scrapy runs`"):
        find(database, tmp_path, "ABD")
    for text in ("", "%", "../x", "a b"):
        with pytest.raises(NoSuchRun, match="is no run's id"):
            find(database, tmp_path, text)


def test_many_are_not_all_named(database: Database, tmp_path: Path) -> None:
    for number in range(8):
        add(database, f"run-{number}", "queued")
    with pytest.raises(NoSuchRun, match="8 runs begin with run: run-7, run-6, run-5, run-4, run-3 and 3 more"):
        find(database, tmp_path, "run")


# -- before it runs, and after -----------------------------------------------------------------------------------------


def test_one_that_waits_for_its_turn_never_begins(database: Database, tmp_path: Path, away: Node) -> None:
    add(database, "run-1", "queued", active_key="ligue1")
    outcome = cancel(database, [away], tmp_path, "run-1")
    assert (outcome.exit, outcome.sentence) == (Exit.STOPPED, "run run-1 was waiting for its turn: cancelled")
    run = row(database, "run-1")
    assert (run.state, run.active_key) == ("cancelled", None)
    assert run.finished_at == run.cancel_asked_at is not None
    again = cancel(database, [away], tmp_path, "run-1")
    assert (again.exit, again.sentence) == (Exit.OVER, "run run-1 had ended before; it is cancelled")


@pytest.mark.parametrize(("state", "verdict"), [("finished", "complete"), ("failed", None)])
def test_one_that_is_over(database: Database, tmp_path: Path, away: Node, state: str, verdict: str | None) -> None:
    add(database, "run-1", state, verdict=verdict)
    outcome = cancel(database, [away], tmp_path, "run-1")
    assert outcome.exit == Exit.OVER
    assert outcome.sentence.endswith(f"it is {state}{' (complete)' if verdict else ''}")
    assert row(database, "run-1").cancel_asked_at is None


def test_its_node_is_away(database: Database, tmp_path: Path, away: Node) -> None:
    add(database, "run-1", "scheduled", node=away.name, active_key="ligue1")
    outcome = cancel(database, [away], tmp_path, "run-1")
    assert outcome.exit == Exit.UNTOLD
    assert f"nobody can tell: {away.name} is away" in outcome.sentence
    run = row(database, "run-1")
    assert (run.state, run.active_key) == ("scheduled", "ligue1")
    asked = run.cancel_asked_at
    assert asked is not None
    cancel(database, [away], tmp_path, "run-1")
    assert row(database, "run-1").cancel_asked_at == asked


def test_its_node_is_not_one_of_ours(database: Database, tmp_path: Path) -> None:
    add(database, "run-1", "running", node="http://else:6800")
    outcome = cancel(database, [], tmp_path, "run-1")
    assert outcome.exit == Exit.UNTOLD
    assert "its node http://else:6800 is not among SCRAPYD_URLS" in outcome.sentence


def test_its_node_is_one_of_ours_by_another_name(database: Database, tmp_path: Path) -> None:
    """As between the containers of docker-compose.yml."""
    for run_id in ("run-1", "run-2"):
        add(database, run_id, "scheduled", node="http://scrapyd:6800", active_key=run_id)
    with StandIn() as node:
        node.jobs["run-1"] = ("ligue1", "pending", {})
        outcome = cancel(database, [node.node(tmp_path)], tmp_path, "run-1")
        assert (outcome.exit, outcome.sentence) == (Exit.STOPPED, "run run-1 had not begun: cancelled")
        outcome = cancel(database, [node.node(tmp_path)], tmp_path, "run-2")
        assert outcome.exit == Exit.UNTOLD
        assert "its node http://scrapyd:6800 is not among SCRAPYD_URLS" in outcome.sentence
        assert row(database, "run-2").state == "scheduled"


def test_one_that_crawls_elsewhere(database: Database, tmp_path: Path) -> None:
    add(database, "run-1", "running")
    outcome = cancel(database, [], tmp_path, "run-1")
    assert outcome.exit == Exit.UNTOLD
    assert outcome.sentence.endswith("if it crawls on another machine, cancel it there")


def test_one_that_never_arrives_at_its_node(database: Database, tmp_path: Path) -> None:
    """Whoever handed it over died in the middle of that."""
    add(database, "run-1", "scheduled", active_key="ligue1")
    said: list[str] = []
    with mock.patch("gigscrapy.cancelling.ARRIVAL_SECONDS", 0.5):
        outcome = cancel(database, [], tmp_path, "run-1", say=said.append)
    assert (outcome.exit, outcome.sentence) == (Exit.STOPPED, "run run-1 had not begun: cancelled")
    assert said == ["run run-1 may be on its way to its node; waiting 0.5 s to see"]
    run = row(database, "run-1")
    assert (run.state, run.active_key) == ("cancelled", None)


# -- a process of this machine -----------------------------------------------------------------------------------------


def test_one_that_was_started_by_hand(database: Database, tmp_path: Path, away: Node) -> None:
    with held(tmp_path, "run-1") as process:
        assert find(database, tmp_path, "run") == "run-1"  # the tables know nothing of it yet
        outcome = cancel(database, [away], tmp_path, "run-1")
        assert process.wait(5) == 1
    assert (outcome.exit, outcome.sentence) == (
        Exit.STOPPED,
        "run run-1 has stopped; the tables do not know it yet",
    )


def test_one_that_does_not_stop(database: Database, tmp_path: Path) -> None:
    add(database, "run-1", "running")
    with held(tmp_path, "run-1", "stubborn") as process:
        said: list[str] = []
        outcome = cancel(database, [], tmp_path, "run-1", patience=0.5, say=said.append)
        assert said == ["run run-1 was told to stop; waiting up to 0.5 s for its end"]
        assert outcome.exit == Exit.RUNNING
        assert outcome.sentence.endswith("has not within 0.5 s; ask again, or with --kill")
        assert process.poll() is None
        assert row(database, "run-1").cancel_asked_at is not None
        outcome = cancel(database, [], tmp_path, "run-1", patience=0.5, kill=True)
        assert process.wait(5) == -9
    assert outcome.exit == Exit.STOPPED
    assert outcome.sentence.startswith("run run-1 was killed; what it had not sent waits in its outbox")
