import os
from pathlib import Path

import pytest

from gigscrapy.alive import RunsAlready, hold, is_alive, living, pid_of
from tests.gigscrapy.living import held


def test_nobody_crawls_it(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "run-1")
    assert pid_of(tmp_path, "run-1") is None
    assert living(tmp_path) == []


def test_a_process_that_lives_and_dies(tmp_path: Path) -> None:
    with held(tmp_path, "run-1") as process:
        assert is_alive(tmp_path, "run-1")
        assert pid_of(tmp_path, "run-1") == process.pid
        assert living(tmp_path) == ["run-1"]
        assert not is_alive(tmp_path, "run-2")
        # Whoever asks is not taken for the owner by another who asks.
        assert (tmp_path / "runs" / "run-1.lock").stat().st_mode & 0o777 == 0o600
        with pytest.raises(RunsAlready, match=f"run run-1 is crawled already, by process {process.pid}"):
            hold(tmp_path, "run-1")
        process.kill()
        process.wait()
        assert (tmp_path / "runs" / "run-1.lock").exists()
        assert not is_alive(tmp_path, "run-1")
        assert pid_of(tmp_path, "run-1") is None
    with held(tmp_path, "run-1") as process:
        assert pid_of(tmp_path, "run-1") == process.pid
        assert process.stdin
        process.stdin.close()
        assert process.wait() == 0
        assert not is_alive(tmp_path, "run-1")


def test_a_number_that_another_process_has_by_now(tmp_path: Path) -> None:
    with held(tmp_path, "run-1"):
        path = tmp_path / "runs" / "run-1.lock"
        for said in (f"{os.getpid()} 12345.00", "999999999 1.0", "", "x y"):
            path.write_text(said)
            assert pid_of(tmp_path, "run-1") is None
            assert is_alive(tmp_path, "run-1")


def test_an_id_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "x.lock").write_text("1 1")
    assert not is_alive(tmp_path, "../x")
    assert pid_of(tmp_path, "../x") is None
    with pytest.raises(ValueError, match="is no run's id"):
        hold(tmp_path, "../x")


def test_what_the_dead_leave_behind_goes(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "dead.lock").write_text("1 1")
    with held(tmp_path, "run-1"), held(tmp_path, "run-2"):
        assert sorted(path.name for path in folder.iterdir()) == ["run-1.lock", "run-2.lock"]
        assert living(tmp_path) == ["run-1", "run-2"]
