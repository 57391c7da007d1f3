from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from peewee import Database, PeeweeException

from gigscrapy.finding import NoSuchRun
from gigscrapy.following import LogFile, Sight, follow, log_path
from schema.database import connect, hang_up
from schema.models import Runs
from tests.gigscrapy.runs import START, add_run, add_waiting, change
from tests.schema.conftest import database, empty_database
from tests.schema.laid import lay
from tests.services.proxy import Proxy

__all__ = ["database", "empty_database"]


def followed(database: Database, run: Runs, *happening: Callable[[], object]) -> list[Sight]:
    """What is seen, where between one look and the next this is what happens."""
    events: Iterator[Callable[[], object]] = iter(happening)
    return list(follow(database, run, pause=lambda _: next(events)()))


def test_from_the_queue_to_the_end(database: Database) -> None:
    first = add_waiting(database, "r-1")
    run = add_waiting(database, "r-2")
    add_waiting(database, "r-3", requested_at=START + timedelta(seconds=1))
    ended = {"state": "finished", "verdict": "complete", "exit_code": 0, "finished_at": START + timedelta(minutes=1)}
    seen = followed(
        database,
        run,
        lambda: change(database, first, state="scheduled"),
        lambda: change(database, run, state="scheduled", node="http://127.0.0.1:6800"),
        lambda: change(
            database, run, state="running", started_at=START, reported_at=datetime.now(UTC).replace(tzinfo=None)
        ),
        lambda: change(database, run, parsed=3, discovered=9, current="Lyon - Paris"),
        lambda: change(database, run, **ended),
    )
    assert [sight.before for sight in seen] == [1, 0, 0, 0, 0, 0]
    assert [sight.run.state for sight in seen] == ["queued", "queued", "scheduled", "running", "running", "finished"]
    assert len({sight.key for sight in seen}) == 6
    assert (seen[4].progress.seen, seen[4].progress.expected, seen[4].progress.current) == (3, 9, "Lyon - Paris")
    assert [sight.has_ended for sight in seen] == [False] * 5 + [True]


def test_one_that_has_ended_is_seen_once_and_one_that_is_gone_not_at_all(database: Database) -> None:
    for state in ("lost", "cancelled", "failed", "finished"):
        assert [sight.run.state for sight in followed(database, add_run(database, state, state=state))] == [state]
    run = add_waiting(database, "r-1")
    with pytest.raises(NoSuchRun, match="in the tables no more"):
        followed(database, run, lambda: Runs.delete().execute(database))


@pytest.mark.server
def test_a_database_that_is_away_is_waited_for(mariadb_url: str, tmp_path: Path) -> None:
    parts = urlsplit(mariadb_url)
    assert parts.port
    direct = connect(mariadb_url, tmp_path)
    lay(direct)
    run = add_waiting(direct, "r-1")
    with Proxy(parts.port) as proxy:
        port = proxy.port
        watched = connect(mariadb_url.replace(f":{parts.port}/", f":{port}/"), tmp_path)
        back: list[Proxy] = []

        def returns() -> None:
            back.append(Proxy(parts.port or 0, port))
            change(direct, run, state="cancelled")

        seen = followed(watched, run, proxy.close, lambda: None, returns)
        hang_up(watched)
        back[0].close()
    hang_up(direct)
    assert [sight.trouble is None for sight in seen] == [True, False, False, True]
    assert "the database says" in str(seen[1].trouble)
    assert [sight.run.state for sight in seen] == ["queued", "queued", "queued", "cancelled"]


def test_a_database_that_waiting_does_not_mend(tmp_path: Path) -> None:
    empty = connect(None, tmp_path)
    with pytest.raises(PeeweeException, match="no such table"):
        followed(empty, Runs(id=1, run_id="r-1"))
    hang_up(empty)


# -- the log -----------------------------------------------------------------------------------------------------------


def test_a_log_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "r-1.log"
    log = LogFile(path)
    assert (log.lines(), log.is_there) == ([], False)
    path.write_bytes(b"one\ntwo \x1b[2J\nthr")
    assert (log.lines(), log.is_there) == (["one", "two  [2J"], True)
    assert log.lines() == []
    with path.open("ab") as more:
        more.write("ee é\n".encode() + b"\xff\n")
    assert log.lines() == ["three é", "\\xff"]
    log.close()


def test_where_a_log_is() -> None:
    run = Runs(run_id="9f3c.a-b_c", spider="ligue1")
    assert log_path(Path("var"), run) == Path("var/scrapyd/logs/gigscrapy/ligue1/9f3c.a-b_c.log")
    for run_id, spider in (("../../x", "ligue1"), ("x", ".."), ("x/y", "ligue1"), ("x", None), ("", "ligue1")):
        assert log_path(Path("var"), Runs(run_id=run_id, spider=spider)) is None
