import errno
from pathlib import Path

import pytest

from gigscrapy.broker.ownerlock import OwnerLock
from tests.gigscrapy.broker.helpers import kill9, read_lines, spawn


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    lock = OwnerLock.take(path)
    assert lock is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert OwnerLock.take(path) is None
    lock.release()
    assert not path.exists()
    again = OwnerLock.take(path)
    assert again is not None
    again.release()


def test_the_dead_let_go(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    process = spawn("hold_lock.py", path)
    assert read_lines(process, 1) == ["locked"]
    assert OwnerLock.take(path) is None
    kill9(process)
    lock = OwnerLock.take(path)
    assert lock is not None
    lock.release()


def test_a_file_removed_under_the_lock_does_not_fool_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A opens the file; its owner releases, which removes it; only then A locks: what it locked is no file any more."""
    path = tmp_path / "a.lock"
    owner = OwnerLock.take(path)
    assert owner is not None
    flock, calls = __import__("fcntl").flock, []

    def flock_after_the_owner_left(descriptor: int, operation: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            owner.release()
        flock(descriptor, operation)

    monkeypatch.setattr("fcntl.flock", flock_after_the_owner_left)
    mine = OwnerLock.take(path)
    assert mine is not None
    assert len(calls) == 2
    assert OwnerLock.take(path) is None
    mine.release()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError) as caught:
        OwnerLock.take(tmp_path / "a.lock")
    assert caught.value.errno == errno.ELOOP
    assert not (tmp_path / "elsewhere").exists()
