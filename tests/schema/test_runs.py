"""From a task to the runs it makes, and what may become of them, on either kind of database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from schema import runs
from schema.database import hang_up
from schema.models import Runs, Tasks, now
from schema.runs import Handed, claim, count_active, hand_over, next_queued, run_id_of
from schema.store import Store
from tests.schema.letters import REPORT, letters

NOON = datetime(2026, 11, 27, 12)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def ask(database: Database, *spiders: str, task_id: str | None = "t", at: float = 0, **said: Any) -> Handed:
    said = {"body_hash": "0" * 32, "said": ", ".join(spiders), "requested_by": "somebody"} | said
    arguments = said.pop("arguments", None)
    wanted = [(spider, arguments) for spider in spiders]
    return hand_over(database, task_id=task_id, received_at=after(at), wanted=wanted, **said)


def row(database: Database, spider: str, task_id: str = "t") -> Runs:
    return Runs.select().where(Runs.run_id == run_id_of(task_id, spider)).get(database)


def take(database: Database, at: float = 0, *, at_once: int = 9) -> str | None:
    """The next run, claimed; its spider."""
    run = next_queued(database, after(at))
    if run is None:
        return None
    assert claim(database, run, "node", at_once=at_once, now=after(at))
    return run.spider


def end(database: Database, spider: str, task_id: str = "t") -> None:
    this = Runs.run_id == run_id_of(task_id, spider)
    Runs.update(state="finished", active_key=None).where(this).execute(database)


class TestHandOver:
    def test_a_run_for_each_league(self, database: Database) -> None:
        done = ask(database, "ligue1", "nba", arguments="depth=list")
        assert done == Handed((run_id_of("t", "ligue1"), run_id_of("t", "nba")))
        run = row(database, "nba")
        assert (run.state, run.spider, run.arguments, run.task_id) == ("queued", "nba", "depth=list", "t")
        assert (run.requested_by, run.requested_at, run.attempts, run.active_key) == ("somebody", NOON, 0, None)
        task = Tasks.select().get(database)
        assert (task.task_id, task.said, task.runs, task.joined) == ("t", "ligue1, nba", 2, 0)
        assert (task.requested_by, task.received_at, task.body_hash) == ("somebody", NOON, "0" * 32)

    def test_a_task_that_is_known_changes_nothing(self, database: Database) -> None:
        ask(database, "ligue1")
        assert ask(database, "ligue1", "nba") == Handed(known=True)
        assert Runs.select().count(database) == 1

    def test_a_league_that_waits_already_is_joined(self, database: Database) -> None:
        first = ask(database, "ligue1")
        second = ask(database, "ligue1", "nba", task_id="u")
        assert second == Handed((run_id_of("u", "nba"),), first.made)
        assert Tasks.select(Tasks.runs, Tasks.joined).order_by(Tasks.id).tuples().execute(database)[1] == (1, 1)
        assert ask(database, "ligue1", task_id="v", arguments="days=1").made  # in other words

    def test_one_that_is_crawled_is_not_joined(self, database: Database) -> None:
        ask(database, "ligue1")
        take(database)
        assert ask(database, "ligue1", task_id="u").made == (run_id_of("u", "ligue1"),)

    def test_nor_one_that_is_to_be_stopped(self, database: Database) -> None:
        ask(database, "ligue1")
        Runs.update(cancel_asked_at=NOON).execute(database)
        assert ask(database, "ligue1", task_id="u").made

    def test_a_bare_task_is_new_each_time(self, database: Database) -> None:
        assert ask(database, "ligue1", task_id=None).made
        assert ask(database, "ligue1", task_id=None).joined
        assert Tasks.select().count(database) == 2

    def test_unless_it_is_delivered_again_within_minutes(self, database: Database) -> None:
        assert ask(database, "ligue1", task_id=None, again=True).made
        assert ask(database, "ligue1", task_id=None, again=True, at=300).known
        assert not ask(database, "ligue1", task_id=None, again=True, at=301).known
        assert not ask(database, "nba", task_id=None, again=True, body_hash="1" * 32).known

    def test_a_run_whose_task_was_forgotten_stays(self, database: Database) -> None:
        ask(database, "ligue1")
        end(database, "ligue1")
        Tasks.delete().execute(database)
        ask(database, "ligue1")
        assert row(database, "ligue1").state == "finished"

    def test_many_at_once_make_one_run(self, database: Database) -> None:
        def work(number: int) -> Handed:
            try:
                return ask(database, "ligue1", "nba", task_id=f"t{number % 4}")
            finally:
                hang_up(database)

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(work, range(8)))
        assert sorted((len(each.made), len(each.joined), each.known) for each in done) == [
            *(4 * [(0, 0, True)]),
            *(3 * [(0, 2, False)]),
            (2, 0, False),
        ]
        assert Runs.select().count(database) == 2


class TestTurns:
    def test_the_oldest_first(self, database: Database) -> None:
        ask(database, "nba", task_id="u", at=1)
        ask(database, "ligue1", at=0)
        assert [take(database), take(database), take(database)] == ["ligue1", "nba", None]

    def test_a_big_task_does_not_keep_a_small_one_waiting(self, database: Database) -> None:
        ask(database, "a", "b", "c", "d")
        assert take(database, 1) == "a"
        ask(database, "small", task_id="u", at=2)
        ask(database, "x", "y", task_id="v", at=4)
        assert [take(database, at) for at in (5, 6, 7, 8, 9, 10)] == ["b", "small", "x", "c", "y", "d"]

    def test_nor_is_a_league_kept_waiting_that_waits_in_a_big_one(self, database: Database) -> None:
        ask(database, "a", "b", "c", "d", "e")
        assert take(database, 1) == "a"
        assert ask(database, "e", task_id="u", at=2).joined == (run_id_of("t", "e"),)
        assert ask(database, "b", "c", "d", "e", "x", task_id="v", at=3).made == (run_id_of("v", "x"),)
        assert [take(database, at) for at in (5, 6, 7, 8, 9)] == ["e", "b", "x", "c", "d"]
        for task_id, leagues in {"t": "abcde", "u": "e", "v": "bcdex"}.items():
            found = runs.of_task(database, task_id, list(leagues), None)
            assert sorted(run.spider for run in found) == list(leagues)

    def test_a_league_that_is_crawled_waits_whoever_crawls_it(self, database: Database) -> None:
        ask(database, "ligue1")
        ask(database, "nba", task_id="u", at=1)
        Runs.insert(run_id="by-hand", spider="ligue1", state="running").execute(database)
        Runs.insert(run_id="nobody", state="running").execute(database)
        assert take(database) == "nba"
        assert next_queued(database, NOON) is None
        Runs.update(state="lost").where(Runs.run_id == "by-hand").execute(database)
        assert take(database) == "ligue1"

    def test_what_is_put_off_waits(self, database: Database) -> None:
        ask(database, "ligue1")
        waits = []
        for at in (0, 10, 70):
            run = next_queued(database, after(at))
            assert run is not None
            waits.append(runs.put_off(database, run, after(at)))
            assert next_queued(database, after(at + waits[-1] - 1)) is None
        assert waits == [10, 60, 300]
        run = next_queued(database, after(370))
        assert run is not None
        assert runs.put_off(database, run, after(370)) is None

    def test_what_is_to_be_stopped_is_nobodys_turn(self, database: Database) -> None:
        ask(database, "ligue1")
        Runs.update(cancel_asked_at=NOON).execute(database)
        assert next_queued(database, NOON) is None


class TestClaim:
    def test_it_has_the_league(self, database: Database) -> None:
        ask(database, "ligue1")
        assert take(database, 3) == "ligue1"
        run = row(database, "ligue1")
        assert (run.state, run.active_key, run.node, run.not_before) == ("scheduled", "ligue1", "node", after(3))
        assert count_active(database) == 1

    def test_only_once(self, database: Database) -> None:
        ask(database, "ligue1")
        run = row(database, "ligue1")
        assert claim(database, run, "a", at_once=9, now=NOON)
        assert not claim(database, run, "b", at_once=9, now=NOON)
        assert row(database, "ligue1").node == "a"

    def test_not_two_of_a_league(self, database: Database) -> None:
        ask(database, "ligue1")
        ask(database, "ligue1", task_id="u", arguments="days=1")
        assert claim(database, row(database, "ligue1"), "node", at_once=9, now=NOON)
        assert not claim(database, row(database, "ligue1", "u"), "node", at_once=9, now=NOON)
        end(database, "ligue1")
        assert claim(database, row(database, "ligue1", "u"), "node", at_once=9, now=NOON)

    def test_not_one_that_somebody_crawls_by_hand(self, database: Database) -> None:
        ask(database, "ligue1")
        Runs.insert(run_id="by-hand", spider="ligue1", state="running").execute(database)
        assert not claim(database, row(database, "ligue1"), "node", at_once=9, now=NOON)

    def test_the_key_is_unique_whatever_the_state(self, database: Database) -> None:
        ask(database, "ligue1")
        Runs.insert(run_id="other", spider="ligue1", state="lost", active_key="ligue1").execute(database)
        assert not claim(database, row(database, "ligue1"), "node", at_once=9, now=NOON)
        assert row(database, "ligue1").state == "queued"
        assert next_queued(database, NOON) is None

    def test_no_more_than_are_allowed_at_once(self, database: Database) -> None:
        ask(database, "a", "b", "c")
        Runs.insert(run_id="by-hand", spider="d", state="running").execute(database)
        assert claim(database, row(database, "a"), "node", at_once=2, now=NOON)
        assert claim(database, row(database, "b"), "node", at_once=2, now=NOON)
        assert not claim(database, row(database, "c"), "node", at_once=2, now=NOON)

    def test_not_what_was_cancelled(self, database: Database) -> None:
        ask(database, "ligue1")
        run = row(database, "ligue1")
        Runs.update(state="cancelled").execute(database)
        assert not claim(database, run, "node", at_once=9, now=NOON)

    def test_of_many_workers_one(self, database: Database) -> None:
        leagues = [f"league{number}" for number in range(6)]
        ask(database, *leagues)

        def work(number: int) -> bool:
            try:
                return claim(database, row(database, leagues[number % 6]), f"n{number}", at_once=3, now=NOON)
            finally:
                hang_up(database)

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(work, range(18))) == 3
        assert count_active(database) == 3


class TestWhatBecomesOfIt:
    @pytest.fixture
    def run(self, database: Database) -> Runs:
        ask(database, "ligue1")
        take(database)
        return row(database, "ligue1")

    def test_lost(self, database: Database, run: Runs) -> None:
        assert runs.lose(database, run, "gone")
        lost = row(database, "ligue1")
        assert (lost.state, lost.sentence, lost.active_key) == ("lost", "gone", None)
        assert not runs.lose(database, run, "gone again")

    def test_not_lost_when_it_has_reported_meanwhile(self, database: Database, run: Runs) -> None:
        Store(database).store(letters(replace(REPORT, run_id=run.run_id)))
        assert not runs.lose(database, run, "gone")
        assert row(database, "ligue1").state == "running"

    def test_a_last_word_is_believed_even_late(self, database: Database, run: Runs) -> None:
        runs.lose(database, run, "gone")
        late = replace(REPORT, run_id=run.run_id, state="finished", verdict="complete", exit_code=0)
        Store(database).store(letters(late))
        assert row(database, "ligue1").state == "finished"

    def test_scheduled_again_by_one_worker_and_not_for_ever(self, database: Database, run: Runs) -> None:
        assert runs.take_again(database, run, after(60))
        assert not runs.take_again(database, run, after(60))
        for number in range(2, 99):
            if not runs.take_again(database, row(database, "ligue1"), after(60 * number)):
                break
        assert number == runs.RESCHEDULED + len(runs.WAITS) + 1

    def test_failed(self, database: Database, run: Runs) -> None:
        assert runs.fail(database, run, "node-refused", "it would not", after(5))
        failed = row(database, "ligue1")
        assert (failed.state, failed.verdict, failed.sentence) == ("failed", "node-refused", "it would not")
        assert (failed.finished_at, failed.active_key) == (after(5), None)
        assert not runs.fail(database, run, "node-refused", "it would not", after(5))

    def test_put_off_once_more_where_its_node_was_gone(self, database: Database, run: Runs) -> None:
        assert runs.put_off(database, run, after(5)) == 10
        waiting = row(database, "ligue1")
        assert (waiting.state, waiting.active_key, waiting.node) == ("queued", None, None)
        assert (waiting.attempts, waiting.not_before) == (1, after(15))

    def test_cancelled_while_it_waits(self, database: Database, run: Runs) -> None:
        ask(database, "nba", "top14", task_id="u")
        Runs.update(cancel_asked_at=NOON).where(Runs.spider != "top14").execute(database)
        assert runs.drop_cancelled(database) == 1
        assert [row(database, *each).state for each in (("ligue1", "t"), ("nba", "u"), ("top14", "u"))] == [
            *("scheduled", "cancelled", "queued")
        ]

    def test_when_it_was_heard_of(self, database: Database, run: Runs) -> None:
        assert runs.heard_of(run) == NOON
        run.reported_at = after(7)
        assert runs.heard_of(run) == after(7)
        assert runs.heard_of(Runs(run_id="x")) is None

    def test_the_active_ones(self, database: Database, run: Runs) -> None:
        ask(database, "nba", task_id="u")
        Runs.insert(run_id="by-hand", spider="top14", state="running", started_at=now()).execute(database)
        assert [each.spider for each in runs.active(database)] == ["ligue1", "top14"]
