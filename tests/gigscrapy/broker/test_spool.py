import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest

from gigscrapy import broker
from gigscrapy.broker import QUEUE, BrokerError
from gigscrapy.broker.spool import spool_path
from tests.gigscrapy.broker.helpers import bodies, kill9, publish, read_lines, spawn


def test_four_processes_publish_two_consume_and_one_of_each_is_killed(tmp_path: Path) -> None:
    """What was said to be published is received; nobody but the killed makes anything come twice."""
    publishers = [spawn("publish_for_ever.py", "-", tmp_path, prefix) for prefix in "abcd"]
    said = {line for process in publishers for line in read_lines(process, 100)}
    consumer = spawn("receive_and_hang.py", "-", tmp_path, 100)
    assert consumer.stdout is not None
    acknowledged = []
    while (line := consumer.stdout.readline().strip()) != "hanging":
        acknowledged.append(line)
    said |= set(kill9(publishers[0]))
    kill9(consumer)
    receiver = broker.receiver(None, tmp_path)
    got: list[str] = []
    for process in publishers[1:]:
        taken = receiver.receive(200, 1)
        got += bodies(taken)
        receiver.ack(taken)
        said |= set(kill9(process))
    while taken := receiver.receive(1000, 0.2):
        got += bodies(taken)
        receiver.ack(taken)
    receiver.close()
    assert len(acknowledged) == 50
    assert said <= {*got, *acknowledged}
    assert len(got) == len(set(got))
    assert not set(got) & set(acknowledged)
    assert broker.depths(None, tmp_path)[QUEUE] == 0


def test_the_log_says_that_a_consumer_died(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    publish(None, tmp_path, ["one", "two"])
    consumer = spawn("receive_and_hang.py", "-", tmp_path, 2)
    assert read_lines(consumer, 2) == ["one", "hanging"]
    kill9(consumer)
    receiver = broker.receiver(None, tmp_path)
    with caplog.at_level(logging.WARNING):
        assert bodies(receiver.receive(1, 1)) == ["two"]
    receiver.close()
    assert [record.getMessage() for record in caplog.records] == [
        "a consumer died holding 1 messages: they are delivered again"
    ]
    assert not list((tmp_path / "spool.receivers").iterdir())


def test_a_locked_spool_gives_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a ConnectionError the consumer receives anew; so must what it held."""
    monkeypatch.setattr("gigscrapy.broker.queuefile.BUSY_SECONDS", 0.1)
    publish(None, tmp_path, ["one", "two"])
    receiver = broker.receiver(None, tmp_path)
    taken = receiver.receive(2, 1)
    other = sqlite3.connect(spool_path(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ConnectionError, match="database is locked"):
        receiver.ack(taken)
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(ConnectionError, match="delivered anew"):
        receiver.ack(taken)
    again = receiver.receive(2, 1)
    assert bodies(again) == ["one", "two"]
    receiver.ack(again)
    receiver.close()
    assert broker.depths(None, tmp_path)[QUEUE] == 0


@pytest.mark.parametrize("side", ["publisher", "receiver", "depths"])
def test_a_damaged_spool_says_what_to_do(tmp_path: Path, side: str) -> None:
    spool_path(tmp_path).write_bytes(b"no database at all" * 100)
    with pytest.raises(BrokerError, match=r"spool\.sqlite3 cannot be used .*: move it aside"):
        if side == "publisher":
            publish(None, tmp_path, ["one"])
        elif side == "receiver":
            broker.receiver(None, tmp_path).receive(1, 1)
        else:
            broker.depths(None, tmp_path)


def test_a_home_that_is_no_directory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(BrokerError, match="check its directory"):
        publish(None, tmp_path / "home", ["one"])


def test_publishing_does_not_hold_up_the_event_loop(tmp_path: Path) -> None:
    """Another process keeps the file locked for half a second: the loop turns on, and the message arrives."""

    async def scenario() -> int:
        publisher = broker.publisher(None, tmp_path, owner="run")
        await publisher.open()
        other = sqlite3.connect(spool_path(tmp_path), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        publishing = asyncio.create_task(publisher.publish("one", b"one"))
        turns = 0
        for _ in range(50):
            await asyncio.sleep(0.01)
            turns += 1
        assert not publishing.done()
        other.execute("ROLLBACK")
        other.close()
        await publishing
        await publisher.close()
        return turns

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == 50
    assert broker.depths(None, tmp_path)[QUEUE] == 1
