import asyncio
import errno
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from gigscrapy.broker import QUEUE
from gigscrapy.broker.queuefile import GroupCommit, QueueFile
from tests.gigscrapy.broker.helpers import names, read_lines, spawn


def rows(path: Path) -> list[str | None]:
    with QueueFile(path) as file:
        return [row.message_id for row in file.rows(after=0, limit=10_000)]


def test_who_waits_at_the_same_time_shares_a_commit(tmp_path: Path) -> None:
    async def scenario() -> list[int]:
        commits = GroupCommit(tmp_path / "q.sqlite3")
        await commits.open()
        added: list[int] = []
        add = commits.file.add
        commits.file.add = lambda batch: (added.append(len(list(batch))), add(batch))[1]  # type: ignore[method-assign]
        await asyncio.gather(*(commits.add(QUEUE, name, b"") for name in sorted(names("m", 100))))
        await commits.close(commits.file.close)
        assert commits.added == 100
        return added

    assert asyncio.run(scenario()) == [100]
    assert rows(tmp_path / "q.sqlite3") == sorted(names("m", 100))


def test_a_caller_who_gives_up_does_not_take_the_others_with_him(tmp_path: Path) -> None:
    async def scenario() -> None:
        commits = GroupCommit(tmp_path / "q.sqlite3")
        await commits.open()
        impatient = asyncio.create_task(commits.add(QUEUE, "impatient", b""))
        patient = asyncio.create_task(commits.add(QUEUE, "patient", b""))
        await asyncio.sleep(0)
        impatient.cancel()
        await patient
        await commits.close(commits.file.close)
        assert commits.added == 2

    asyncio.run(scenario())
    assert rows(tmp_path / "q.sqlite3") == ["impatient", "patient"]


def test_what_is_pending_is_committed_before_it_closes(tmp_path: Path) -> None:
    async def scenario() -> None:
        commits = GroupCommit(tmp_path / "q.sqlite3")
        await commits.open()
        pending = asyncio.create_task(commits.add(QUEUE, "pending", b""))
        await asyncio.sleep(0)
        await commits.close(commits.file.close)
        await pending

    asyncio.run(scenario())
    assert rows(tmp_path / "q.sqlite3") == ["pending"]


def test_a_batch_that_cannot_be_written_fails_for_each_of_its_callers(tmp_path: Path) -> None:
    async def scenario() -> list[BaseException | None]:
        commits = GroupCommit(tmp_path / "q.sqlite3")
        await commits.open()
        commits.file._db.execute("PRAGMA max_page_count = 12")
        big = [commits.add(QUEUE, name, b"x" * 20_000) for name in ("one", "two", "three")]
        outcomes = await asyncio.gather(*big, return_exceptions=True)
        assert commits.added == 0
        await commits.add(QUEUE, "small", b"x")
        await commits.close(commits.file.close)
        return outcomes

    outcomes = asyncio.run(scenario())
    assert [error.errno for error in outcomes if isinstance(error, OSError)] == [errno.ENOSPC] * 3
    assert rows(tmp_path / "q.sqlite3") == ["small"]


def test_a_full_disk_is_an_error_and_no_end(tmp_path: Path) -> None:
    """The system itself refuses here; see the script."""
    process = spawn("fill_a_small_disk.py", tmp_path)
    *said, error, after = process.communicate(timeout=30)[0].splitlines()
    assert process.returncode == 0
    assert error == f"OSError {tmp_path / 'spool.sqlite3'}"
    assert after == "afterwards"
    assert len(said) > 5
    assert rows(tmp_path / "spool.sqlite3") == [*said, "afterwards"]


def test_the_files_are_their_owner_s_alone(tmp_path: Path) -> None:
    with QueueFile(tmp_path / "home" / "q.sqlite3") as file:
        file.add([(QUEUE, "one", b"one", 0.0)])
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home").iterdir()}
    assert modes == {"q.sqlite3": 0o600, "q.sqlite3-wal": 0o600, "q.sqlite3-shm": 0o600}
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "q.sqlite3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError) as caught:
        QueueFile(tmp_path / "q.sqlite3")
    assert caught.value.errno == errno.ELOOP
    assert not (tmp_path / "elsewhere").exists()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.sqlite3"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(OSError) as caught:
        QueueFile(path)
    assert caught.value.errno == errno.EBADMSG
    assert caught.value.filename == str(path)


def test_an_id_is_never_used_again(tmp_path: Path) -> None:
    """A receiver that acknowledges late must not hit a newer message."""
    with QueueFile(tmp_path / "q.sqlite3") as file:
        file.add([(QUEUE, "one", b"", 0.0)])
        (one,) = file.take(QUEUE, "me", 1)
        file.remove_held("me", [one.id])
        file.add([(QUEUE, "two", b"", 0.0)])
        (two,) = file.take(QUEUE, "me", 1)
    assert two.id > one.id


def test_nobody_removes_what_another_holds(tmp_path: Path) -> None:
    with QueueFile(tmp_path / "q.sqlite3") as file:
        file.add([(QUEUE, "one", b"", 0.0)])
        (one,) = file.take(QUEUE, "me", 1)
        file.remove_held("you", [one.id])
        file.move_held("you", one.id, "odds.dead", {})
        assert file.counts() == {QUEUE: 1}
        assert file.give_back("me") == 1
        assert file.take(QUEUE, "you", 1)[0].attempts == 1


def test_a_file_that_another_is_making_is_waited_for(tmp_path: Path) -> None:
    """Not in WAL mode yet, and being written: there SQLite itself would not wait."""
    path = tmp_path / "q.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE something (a)")
    other.execute("BEGIN IMMEDIATE")
    commit = threading.Timer(0.2, other.execute, ["COMMIT"])
    commit.start()
    with QueueFile(path) as file:
        assert file.counts() == {}
    commit.join()
    other.close()


def test_many_processes_may_make_the_same_new_file(tmp_path: Path) -> None:
    processes = [spawn("open_spool.py", tmp_path, f"p{number}", stdin=subprocess.PIPE) for number in range(6)]
    for process in processes:
        assert read_lines(process, 1) == ["ready"]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        assert process.communicate(timeout=30)[0] == "done\n"
    assert sorted(map(str, rows(tmp_path / "spool.sqlite3"))) == [f"p{number}" for number in range(6)]
