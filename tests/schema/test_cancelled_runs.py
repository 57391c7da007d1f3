from peewee import Database

from schema.models import Runs
from schema.runs import OPEN, STATES, ask_cancel, cancel_queued, cancel_scheduled

ALL = (*STATES, None)


def add_all(database: Database) -> None:
    """A run in each state, of its name."""
    for state in ALL:
        Runs.insert(run_id=str(state), state=state, active_key=state).execute(database)


def by_id(database: Database) -> dict[str, Runs]:
    return {run.run_id: run for run in Runs.select().execute(database)}


def test_only_what_has_not_begun_is_cancelled(database: Database) -> None:
    add_all(database)
    assert [state for state in ALL if cancel_queued(database, str(state))] == ["queued"]
    assert [state for state in ALL if cancel_scheduled(database, str(state))] == ["scheduled"]
    assert not cancel_queued(database, "nosuchrun")
    found = by_id(database)
    for state in ("queued", "scheduled"):
        run = found.pop(state)
        assert (run.state, run.active_key) == ("cancelled", None)
        assert run.finished_at == run.cancel_asked_at is not None
    assert all(
        (str(run.state), run.active_key, run.cancel_asked_at) == (key, run.state, None) for key, run in found.items()
    )


def test_since_when_somebody_wants_it_stopped(database: Database) -> None:
    add_all(database)
    for state in ALL:
        ask_cancel(database, str(state))
    asked = {key: run.cancel_asked_at for key, run in by_id(database).items()}
    assert {key for key, at in asked.items() if at} == {"None", *OPEN}
    for state in ALL:
        ask_cancel(database, str(state))
    assert cancel_scheduled(database, "scheduled")
    assert {key: run.cancel_asked_at for key, run in by_id(database).items()} == asked
