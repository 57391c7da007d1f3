import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gigscrapy import backup
from gigscrapy.backup import Unusable, put_back, take, take_dated
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.quarantine import Quarantine
from schema import migrations
from schema.checksum import Checksum, checksum
from schema.database import EMBEDDED, connect, hang_up
from schema.migrations import names, pending
from schema.store import Store
from tests.schema.laid import lay
from tests.schema.letters import letters, quote

NOW = datetime(2026, 11, 27, 16, 8, 29, tzinfo=UTC)
ASIDE = "gigscrapy.sqlite3.before-restore-2026-11-27T160829Z"


def store(home: Path, first: int, last: int) -> None:
    database = connect(None, home)
    lay(database)
    Store(database).store(letters(*(quote(second) for second in range(first, last))))
    hang_up(database)


def sums(path: Path) -> dict[str, Checksum]:
    database = connect(f"sqlite:///{path}", path.parent)
    try:
        return checksum(database)
    finally:
        hang_up(database)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


@pytest.fixture
def live(tmp_path: Path) -> Path:
    store(tmp_path, 0, 10)
    return tmp_path / EMBEDDED


# -- taking one --------------------------------------------------------------------------------------------------------


def test_a_copy_says_what_the_database_says(live: Path, tmp_path: Path) -> None:
    path, contents = take_dated(live, tmp_path, NOW)
    assert path == tmp_path / "backups" / "gigscrapy-2026-11-27T160829Z.sqlite3"
    assert (contents.prices, contents.matches, contents.newest) == (30, 1, "2025-10-17 12:00:09")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert files(path.parent) == {path.name}
    assert sums(path) == sums(live)


def test_one_instant_is_copied_whoever_stores_meanwhile(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that began anew at each write would never end: there is one between any two steps."""
    before, steps = sums(live), []
    monkeypatch.setattr(backup, "PAGES", 1)

    class Interfering(sqlite3.Connection):
        def backup(self, target, **options):
            def between(*_: int) -> None:
                steps.append(1)
                if len(steps) % 10 == 1:
                    store(tmp_path, 10 * len(steps), 10 * len(steps) + 10)

            super().backup(target, **options | {"progress": between})

    connected = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connected(*a, factory=Interfering, **k))
    take(live, tmp_path / "copy")
    monkeypatch.undo()
    assert len(steps) > 20
    assert sums(tmp_path / "copy") == before
    assert sums(live)["Odds"].rows >= 90


def test_one_that_breaks_off_leaves_nothing(live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_flush", full)
    with pytest.raises(OSError, match="No space left"):
        take(live, tmp_path / "copy")
    assert files(tmp_path) == {EMBEDDED}


def test_what_a_killed_one_left_is_removed_by_the_next(live: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f".{name}.part").write_bytes(b"half")
    lock = OwnerLock.take(folder / ".two.part.lock")
    assert lock
    path, _ = take_dated(live, tmp_path, NOW)
    assert files(folder) == {path.name, ".two.part", ".two.part.lock"}, "who lives is left alone"
    lock.release()


def test_only_so_many_stay(live: Path, tmp_path: Path) -> None:
    mine = tmp_path / "backups" / "gigscrapy-mine.sqlite3"
    paths = [take_dated(live, tmp_path, NOW + timedelta(hours=hour))[0] for hour in (2, 0, 1)]
    mine.touch()
    assert backup.remove_old(tmp_path, 2) == [paths[1]]
    assert files(mine.parent) == {mine.name, paths[0].name, paths[2].name}


def test_a_folder_that_is_not_there_is_named(live: Path, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=f"^there is no folder {tmp_path / 'none'}$"):
        backup.take(live, tmp_path / "none" / "x.sqlite3")


def test_nothing_is_written_over(live: Path, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is there already"):
        take(live, live)
    with pytest.raises(Unusable, match="there is no database at"):
        take(tmp_path / "none", tmp_path / "copy")


def damage(path: Path) -> None:
    """Not its head: what is in the middle."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    body = bytearray(path.read_bytes())
    for page in range(4, len(body) // 4096):
        body[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(body)


def test_no_copy_is_made_of_a_damaged_one(live: Path, tmp_path: Path) -> None:
    damage(live)
    with pytest.raises(Unusable, match="is damaged"):
        take(live, tmp_path / "copy")
    assert files(tmp_path) == {EMBEDDED}


# -- putting it back ---------------------------------------------------------------------------------------------------


def test_what_was_copied_is_there_again_and_what_was_there_is_kept(live: Path, tmp_path: Path) -> None:
    copied = sums(live)
    take(live, tmp_path / "copy")
    store(tmp_path, 10, 20)
    present = sums(live)
    with closing(sqlite3.connect(live, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM Odds").fetchone() == (60,)
        contents, kept = put_back(tmp_path / "copy", live, tmp_path, NOW)
        assert reader.execute("SELECT count(*) FROM Odds").fetchone() == (60,), "who reads has one of them"
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM Odds").fetchone() == (30,), "and then the other"
    assert (contents.prices, kept) == (30, tmp_path / ASIDE)
    assert sums(live) == copied
    assert sums(tmp_path / ASIDE) == present
    assert files(tmp_path) == {EMBEDDED, "copy", ASIDE}
    store(tmp_path, 5, 12)
    assert sums(live)["Odds"].rows == 36, "what it knew is known, what came later is stored again"


def test_nobody_can_write_between_what_is_kept_and_what_is_put_there(
    live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(live, tmp_path / "copy")
    tried = []

    def try_to_write(live_: Path, target: Path) -> backup.Contents:
        if target.name == ASIDE:
            with closing(sqlite3.connect(live_, timeout=0, isolation_level=None)) as db:
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    db.execute("DELETE FROM Odds")
                tried.append(target)
        return take(live_, target)

    monkeypatch.setattr(backup, "take", try_to_write)
    put_back(tmp_path / "copy", live, tmp_path, NOW)
    assert tried == [tmp_path / ASIDE]


def test_an_older_one_is_brought_up_to_date(live: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    database = connect(f"sqlite:///{copy}", tmp_path)
    with migrations._runner(database) as runner:
        runner.up("0002_provenance")
    hang_up(database)
    put_back(copy, live, tmp_path, NOW)
    database = connect(None, tmp_path)
    assert pending(database) == []
    hang_up(database)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO Migrations (name, applied) VALUES ('0099_tomorrow', '2030-01-01')")
        db.commit()


def not_ours(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE Odds (price REAL)")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, "is of a newer gigscrapy, which has 0099_tomorrow: install that one first"),
        (not_ours, "is a database, but not gigscrapy's"),
        (damage, "is damaged"),
        (lambda path: path.write_bytes(b"a page of HTML" * 1000), "is no SQLite database"),
        (lambda path: path.unlink(), "there is no file"),
    ],
)
def test_what_is_not_put_back(spoil: Callable[[Path], None], said: str, live: Path, tmp_path: Path) -> None:
    present = sums(live)
    take(live, tmp_path / "copy")
    spoil(tmp_path / "copy")
    with pytest.raises(Unusable, match=said):
        put_back(tmp_path / "copy", live, tmp_path, NOW)
    assert sums(live) == present
    assert files(tmp_path) - {"copy"} == {EMBEDDED}


def test_a_damaged_one_makes_room(live: Path, tmp_path: Path) -> None:
    copied = sums(live)
    take(live, tmp_path / "copy")
    damage(live)
    spoilt = live.read_bytes()
    assert put_back(tmp_path / "copy", live, tmp_path, NOW)[1] == tmp_path / ASIDE
    assert sums(live) == copied
    assert (tmp_path / ASIDE).read_bytes() == spoilt


def test_where_there_is_none_yet(live: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / EMBEDDED
    elsewhere.parent.mkdir()
    assert put_back(live, elsewhere, elsewhere.parent, NOW)[1] is None
    assert sums(elsewhere) == sums(live)


def test_not_beside_a_consumer(live: Path, tmp_path: Path) -> None:
    take(live, tmp_path / "copy")
    consumer = Quarantine.enter(tmp_path)
    with pytest.raises(Unusable, match="a consumer is running: stop it first"):
        put_back(tmp_path / "copy", live, tmp_path, NOW)
    consumer.leave()
    put_back(tmp_path / "copy", live, tmp_path, NOW)


def test_a_writer_is_waited_for_and_not_for_ever(live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take(live, tmp_path / "copy")
    with closing(sqlite3.connect(live, isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(backup, "BUSY_SECONDS", 0.2)
        with pytest.raises(Unusable, match="another process has been writing to"):
            put_back(tmp_path / "copy", live, tmp_path, NOW)
        monkeypatch.undo()
        ending = threading.Timer(0.2, writer.execute, ("COMMIT",))
        ending.start()
        assert put_back(tmp_path / "copy", live, tmp_path, NOW)[0].prices == 30
        ending.join()


def test_every_migration_has_a_name() -> None:
    assert names()[:2] == ["0001_tables", "0002_provenance"]
