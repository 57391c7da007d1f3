import asyncio
import logging
from pathlib import Path

import pytest

from gigscrapy.broker import QUEUE, BrokerError
from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.broker.queuefile import QueueFile
from gigscrapy.broker.rabbitmq.outbox import Outbox, waiting


async def fill(home: Path, owner: str, *names: str) -> Outbox:
    outbox = Outbox(home, owner)
    await outbox.open()
    for name in names:
        await outbox.add(QUEUE, name, name.encode())
    return outbox


async def names(outbox: Outbox) -> list[str | None]:
    return [row.message_id for row in await outbox.rows(after=0, limit=10_000)]


def files(home: Path) -> set[str]:
    return {path.name for path in (home / "outbox").iterdir()}


def test_an_empty_outbox_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scenario() -> None:
        outbox = await fill(tmp_path, "run", "one", "two")
        assert files(tmp_path) >= {"run.sqlite3", "run.lock"}
        await outbox.remove([row.id for row in await outbox.rows(0, 10)])
        assert await outbox.close() == 0

    asyncio.run(scenario())
    assert files(tmp_path) == set()


def test_what_waits_stays_and_the_next_run_has_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = await fill(tmp_path, "first", "one", "two")
        assert await first.close() == 2
        assert files(tmp_path) == {"first.sqlite3"}
        assert waiting(tmp_path) == 2
        second = await fill(tmp_path, "second", "three")
        assert (second.adopted, second.added) == (2, 1)
        assert await names(second) == ["one", "two", "three"]
        assert not files(tmp_path) & {"first.sqlite3", "first.lock"}
        assert await second.close() == 3

    asyncio.run(scenario())


def test_when_a_message_was_published_survives_the_move(tmp_path: Path) -> None:
    async def scenario() -> None:
        first = await fill(tmp_path, "first", "one")
        (before,) = await first.rows(0, 1)
        await first.close()
        second = await fill(tmp_path, "second")
        (after,) = await second.rows(0, 1)
        assert after.taken_in == before.taken_in
        await second.close()

    asyncio.run(scenario())


def test_a_run_finds_its_own_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        await (await fill(tmp_path, "run", "one")).close()
        again = await fill(tmp_path, "run")
        assert (again.adopted, await names(again)) == (1, ["one"])
        await again.close()

    asyncio.run(scenario())


def test_a_run_that_lives_keeps_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        alive = await fill(tmp_path, "alive", "one")
        other = await fill(tmp_path, "other", "two")
        assert (other.adopted, await names(other)) == (0, ["two"])
        assert await names(alive) == ["one"]
        assert waiting(tmp_path) == 2
        await other.close()
        await alive.close()

    asyncio.run(scenario())


def test_two_runs_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    async def scenario() -> None:
        alive = await fill(tmp_path, "run", "one")
        with pytest.raises(BrokerError, match="another run named run is alive"):
            await fill(tmp_path, "run")
        assert await names(alive) == ["one"]
        await alive.close()

    asyncio.run(scenario())


def test_an_outbox_in_rags_is_left_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        await (await fill(tmp_path, "whole", "one")).close()
        (tmp_path / "outbox" / "rags.sqlite3").write_bytes(b"no database at all" * 100)
        (tmp_path / "outbox" / "empty.sqlite3").touch()  # killed while it made the file
        run = await fill(tmp_path, "run")
        assert (run.adopted, await names(run)) == (1, ["one"])
        await run.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
        assert waiting(tmp_path) == 1
    assert files(tmp_path) == {"rags.sqlite3", "run.sqlite3"}
    said = [record.getMessage() for record in caplog.records]
    assert (
        said[0]
        == f"the outbox {tmp_path}/outbox/rags.sqlite3 of an earlier run cannot be read (file is not a database): it is left"
    )
    assert said[1] == "1 messages that run whole could not send are sent by this one"
    assert said[2:] == [
        f"the outbox {tmp_path}/outbox/rags.sqlite3 cannot be read (file is not a database): it is not counted"
    ]


def test_a_long_outbox_moves_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gigscrapy.broker.rabbitmq.outbox.ADOPT_AT_ONCE", 10)

    async def scenario() -> None:
        many = [f"m{number:03}" for number in range(25)]
        await (await fill(tmp_path, "first", *many)).close()
        run = await fill(tmp_path, "run")
        assert (run.adopted, await names(run)) == (25, many)
        await run.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("owner", ["", "..", "../../x", "a/b", ".hidden", "a b", "é", "x" * 101])
def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path, owner: str) -> None:
    with pytest.raises(BrokerError, match="is no name for a run"):
        Outbox(tmp_path, owner)


def test_a_lock_without_an_outbox_is_no_obstacle(tmp_path: Path) -> None:
    """A run killed after it removed the one and before it removed the other."""
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "run.lock").touch()

    async def scenario() -> None:
        await (await fill(tmp_path, "run")).close()

    asyncio.run(scenario())
    assert files(tmp_path) == set()


def test_a_home_that_is_no_directory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(BrokerError, match=r"the outbox .* cannot be used .*: check its directory"):
        asyncio.run(fill(tmp_path / "home", "run"))


def test_a_damaged_outbox_of_its_own_frees_the_lock(tmp_path: Path) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / "run.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(BrokerError, match="file is not a database"):
        asyncio.run(fill(tmp_path, "run"))
    lock = OwnerLock.take(tmp_path / "outbox" / "run.lock")
    assert lock is not None
    lock.release()


def test_nothing_waits_where_nothing_ever_was(tmp_path: Path) -> None:
    assert waiting(tmp_path) == 0
    assert not list(tmp_path.iterdir())
    with QueueFile(tmp_path / "outbox" / "a.sqlite3") as file:
        file.add([(QUEUE, "one", b"", 0.0), (QUEUE, "two", b"", 0.0)])
    assert waiting(tmp_path) == 2
