"""What holds whichever queue is behind: the spool, a quorum queue, a classic queue."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from gigscrapy import broker
from gigscrapy.broker import DEAD_QUEUE, QUEUE, Receiver
from schema.instants import read_iso
from tests.gigscrapy.broker.helpers import bodies, kill9, names, publish, read_lines, spawn


@dataclass(frozen=True)
class Way:
    """One of the queues, and how to get at it."""

    url: str | None
    home: Path
    queue_type: str
    receiver: Callable[..., Receiver]

    def publish(self, *names: str) -> None:
        publish(self.url, self.home, names, queue_type=self.queue_type)


@pytest.fixture(
    params=[
        "spool",
        pytest.param("quorum", marks=pytest.mark.server),
        pytest.param("classic", marks=pytest.mark.server),
    ]
)
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    url = None if request.param == "spool" else request.getfixturevalue("rabbit_url")
    queue_type = "quorum" if request.param == "spool" else request.param
    opened = []

    def receiver(queue: str = QUEUE) -> Receiver:
        opened.append(broker.receiver(url, tmp_path, queue=queue, queue_type=queue_type))
        return opened[-1]

    yield Way(url, tmp_path, queue_type, receiver)
    for each in opened:
        each.close()


def test_what_is_published_is_received_in_order(way: Way) -> None:
    way.publish("one", "two", "three")
    taken = way.receiver().receive(3, 5)
    assert bodies(taken) == ["one", "two", "three"]
    assert [delivery.message_id for delivery in taken] == ["one", "two", "three"]
    assert [delivery.attempts for delivery in taken] == [0, 0, 0]
    for delivery in taken:
        assert timedelta() <= datetime.now(UTC) - delivery.received_at < timedelta(seconds=10)


def test_a_body_is_any_bytes(way: Way) -> None:
    body = bytes(range(256)) * 200

    async def scenario() -> None:
        publisher = broker.publisher(way.url, way.home, owner="run", queue_type=way.queue_type)
        await publisher.open()
        await publisher.publish("bytes", body)
        await publisher.close()

    asyncio.run(scenario())
    (delivery,) = way.receiver().receive(1, 5)
    assert delivery.body == body


def test_a_batch_is_no_longer_than_asked(way: Way) -> None:
    way.publish(*sorted(names("m", 25)))
    receiver = way.receiver()
    batches = []
    for _ in range(3):
        batches.append(receiver.receive(10, 0.5))
        receiver.ack(batches[-1])
    assert [len(batch) for batch in batches] == [10, 10, 5]
    assert bodies(itertools.chain(*batches)) == sorted(names("m", 25))


def test_an_empty_queue_keeps_nobody_longer_than_the_timeout(way: Way) -> None:
    receiver = way.receiver()
    receiver.receive(10, 0.1)  # connects, and makes the queue
    began = time.monotonic()
    assert receiver.receive(10, 0.3) == []
    assert 0.25 < time.monotonic() - began < 0.8


def test_a_batch_is_waited_for_from_its_first_message_on(way: Way) -> None:
    way.publish("one")
    receiver = way.receiver()
    receiver.receive(1, 5)
    began = time.monotonic()
    assert receiver.receive(1, 0) == []
    assert time.monotonic() - began < 0.5


def test_what_is_acknowledged_is_gone_and_nothing_else(way: Way) -> None:
    way.publish(*sorted(names("m", 20)))
    first = way.receiver()
    taken = first.receive(20, 5)
    first.ack([taken[0], taken[1], taken[2]])
    first.ack([taken[19], taken[7], taken[3], taken[12]])
    first.ack([])
    first.close()
    left = way.receiver().receive(13, 5)
    assert sorted(bodies(left)) == sorted(names("m", 20) - {f"m{number:05}" for number in (0, 1, 2, 3, 7, 12, 19)})
    assert {delivery.attempts for delivery in left} == {1}


def test_acknowledged_twice_is_acknowledged_once(way: Way) -> None:
    way.publish("one", "two", "three")
    receiver = way.receiver()
    one, two, three = receiver.receive(3, 5)
    receiver.ack([two])
    receiver.ack([two, one])
    receiver.ack([one])
    receiver.ack([three])
    receiver.close()
    assert way.receiver().receive(10, 0.5) == []


def test_stale_deliveries_are_not_acknowledged(way: Way) -> None:
    way.publish("one", "two", "three")
    receiver = way.receiver()
    stale = receiver.receive(3, 5)
    receiver.close()
    fresh = receiver.receive(3, 5)  # the same receiver, connected anew, counts its tags from one again
    assert bodies(fresh) == ["one", "two", "three"]
    with pytest.raises(ConnectionError, match="delivered anew"):
        receiver.ack(stale)
    with pytest.raises(ConnectionError, match="delivered anew"):
        receiver.refuse(stale[0], "reason", "detail")
    receiver.close()
    assert bodies(way.receiver().receive(3, 5)) == ["one", "two", "three"]


def test_nothing_is_acknowledged_by_one_who_left(way: Way) -> None:
    way.publish("one")
    receiver = way.receiver()
    taken = receiver.receive(1, 5)
    receiver.close()
    with pytest.raises(ConnectionError, match="delivered anew"):
        receiver.ack(taken)


def test_another_limit_gives_back_what_is_not_acknowledged(way: Way) -> None:
    way.publish("one", "two", "three")
    receiver = way.receiver()
    receiver.ack(receiver.receive(3, 5)[:1])
    if way.url is None:
        receiver.close()  # nothing is sent ahead here, so nothing must be given back
    (two,) = receiver.receive(1, 5)
    assert (two.body, two.attempts) == (b"two", 1)
    receiver.ack([two])
    assert bodies(receiver.receive(1, 5)) == ["three"]


def test_a_refused_message_is_among_the_dead_with_its_reason(way: Way) -> None:
    way.publish("good", "bad", "fair")
    receiver = way.receiver()
    good, bad, fair = receiver.receive(3, 5)
    receiver.refuse(bad, "price", "outcome 1: 'abc' is not a price")
    receiver.ack([good, fair])
    receiver.close()
    assert way.receiver().receive(10, 0.5) == []
    (dead,) = way.receiver(DEAD_QUEUE).receive(1, 5)
    assert (dead.body, dead.message_id) == (b"bad", "bad")
    assert dead.headers["x-reason"] == "price"
    assert dead.headers["x-detail"] == "outcome 1: 'abc' is not a price"
    assert read_iso(dead.headers["x-first-seen"]) == bad.received_at


def test_a_detail_may_quote_anything(way: Way) -> None:
    way.publish("bad")
    receiver = way.receiver()
    (bad,) = receiver.receive(1, 5)
    receiver.refuse(bad, "value", "half a pair: \ud83d, nothing: \0, " + "long " * 5000)
    (dead,) = way.receiver(DEAD_QUEUE).receive(1, 5)
    assert dead.headers["x-detail"].startswith(r"half a pair: \ud83d, nothing: " + "\0, long ")
    assert len(dead.headers["x-detail"]) == 2000


def test_what_is_refused_among_the_dead_stays_there(way: Way) -> None:
    way.publish("bad")
    receiver = way.receiver()
    (bad,) = receiver.receive(1, 5)
    receiver.refuse(bad, "first", "")
    undertaker = way.receiver(DEAD_QUEUE)
    (dead,) = undertaker.receive(1, 5)
    undertaker.refuse(dead, "second", "")
    (again,) = undertaker.receive(1, 5)
    assert (again.body, again.headers["x-reason"]) == (b"bad", "second")
    assert again.headers["x-first-seen"] == dead.headers["x-first-seen"]
    undertaker.ack([again])
    undertaker.close()
    assert broker.depths(way.url, way.home)[DEAD_QUEUE] == 0


@pytest.mark.parametrize("url", ["amqp://127.0.0.1:1/", "amqp://rabbit.invalid/"])
def test_depths_of_a_broker_that_is_away(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConnectionError):
        broker.depths(url, tmp_path)


def test_depths(way: Way) -> None:
    assert broker.depths(way.url, way.home) == {QUEUE: 0, DEAD_QUEUE: 0, "outbox": 0}
    way.publish("one", "two", "bad")
    receiver = way.receiver()
    *_, bad = receiver.receive(3, 5)
    receiver.refuse(bad, "reason", "detail")
    receiver.close()
    _eventually(partial(broker.depths, way.url, way.home), {QUEUE: 2, DEAD_QUEUE: 1, "outbox": 0})


def test_two_receivers_share_without_getting_the_same(way: Way) -> None:
    way.publish(*names("m", 200))
    receivers = [way.receiver(), way.receiver()]
    got: list[list[str]] = [[], []]
    while sum(map(len, got)) < 200:
        before = sum(map(len, got))
        for number, receiver in enumerate(receivers):
            taken = receiver.receive(5, 0.1)
            got[number] += bodies(taken)
            receiver.ack(taken)
        assert sum(map(len, got)) > before, "nobody gets anything more"
    assert sorted(got[0] + got[1]) == sorted(names("m", 200))
    assert got[0]
    assert got[1]


def test_what_a_killed_consumer_held_is_delivered_again(way: Way) -> None:
    way.publish(*names("m", 40))
    consumer = spawn("receive_and_hang.py", way.url or "-", way.home, 40)
    assert consumer.stdout is not None
    acknowledged = list(itertools.takewhile(lambda line: line != "hanging", map(str.strip, consumer.stdout)))
    assert len(acknowledged) == 20
    receiver = way.receiver()
    assert receiver.receive(20, 0.3) == []  # as long as it lives they are its own
    kill9(consumer)
    again: list[broker.Delivery] = []
    while len(again) < 20 and (taken := receiver.receive(20, 1)):
        again += taken
    assert set(bodies(again)) == names("m", 40) - set(acknowledged)
    assert {delivery.attempts for delivery in again} == {1}


def test_counts_add_up(way: Way) -> None:
    async def scenario() -> dict[str, int]:
        publisher = broker.publisher(way.url, way.home, owner="run", queue_type=way.queue_type)
        await publisher.open()
        for name in names("m", 30):
            await publisher.publish(name, name.encode())
            counts = publisher.counts()
            assert counts["published"] == counts["confirmed"] + counts["waiting"]
        await publisher.close()
        return dict(publisher.counts())

    assert asyncio.run(scenario()) == {"published": 30, "confirmed": 30, "waiting": 0, "adopted": 0}


def test_a_killed_publisher_loses_nothing_it_returned_for(way: Way) -> None:
    first = spawn("publish_for_ever.py", way.url or "-", way.home, "first")
    said = set(read_lines(first, 300))
    said |= set(kill9(first))
    publish(way.url, way.home, ["last"], owner="second", queue_type=way.queue_type)  # sends on what the first left
    receiver = way.receiver()
    got: set[str] = set()
    while taken := receiver.receive(500, 0.4):
        got |= set(bodies(taken))
        receiver.ack(taken)
    assert said <= got
    assert got - said <= {f"first{number:05}" for number in range(len(said) + 40)} | {"last"}  # what was under way
    assert "last" in got
    assert broker.depths(way.url, way.home) == {QUEUE: 0, DEAD_QUEUE: 0, "outbox": 0}


def _eventually(look: Callable[[], object], expected: object) -> None:
    deadline = time.monotonic() + 5
    while look() != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert look() == expected
