import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pika
import pytest

from gigscrapy import broker
from gigscrapy.broker import DEAD_QUEUE, QUEUE, BrokerError, Delivery, Receiver
from gigscrapy.broker.rabbitmq import link, receiver
from tests.gigscrapy.broker.helpers import bodies, channel, drain, names, publish
from tests.services import free_ports
from tests.services.proxy import TO_CLIENT, TO_SERVER, Proxy
from tests.services.rabbitmq import RabbitMQ

pytestmark = pytest.mark.server

Open = Callable[[str], Receiver]


@pytest.fixture
def open_receiver(tmp_path: Path) -> Iterator[Open]:
    """Receivers that are closed when the test is over."""
    opened: list[Receiver] = []

    def open_one(url: str, queue_type: str = "quorum") -> Receiver:
        opened.append(broker.receiver(url, tmp_path, queue_type=queue_type))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def until_received(receiver: Receiver, count: int, seconds: float = 20) -> list[Delivery]:
    """As the consumer does it: what comes, over all that goes wrong on the way. What was lost with a line is forgotten."""
    deadline = time.monotonic() + seconds
    got: list[Delivery] = []
    while len(got) < count:
        assert time.monotonic() < deadline, f"{len(got)} of {count} came"
        try:
            got += receiver.receive(count, 0.5)
        except ConnectionError:
            got = []
    return got


def through(proxy: Proxy, rabbitmq: RabbitMQ, url: str, heartbeat: int = 1) -> str:
    return rabbitmq.url(url.rpartition("/")[2], port=proxy.port) + f"?heartbeat={heartbeat}"


def put(url: str, body: bytes = b"{}", properties: pika.BasicProperties | None = None) -> None:
    """A message as a stranger sends it."""
    with channel(url) as rabbit:
        rabbit.basic_publish("", QUEUE, body, properties)


def test_the_database_may_take_longer_than_a_heartbeat(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    publish(rabbit_url, tmp_path, ["one", "two"])
    receiver = open_receiver(f"{rabbit_url}?heartbeat=1")
    (one,) = receiver.receive(1, 5)
    time.sleep(3.5)
    receiver.ack([one])
    (two,) = receiver.receive(1, 5)
    assert (two.body, two.attempts) == (b"two", 0)  # the same connection, or it would have been delivered before
    receiver.ack([two])
    receiver.close()
    assert drain(rabbit_url) == []


def test_a_broker_that_was_away_delivers_again_what_was_not_acknowledged(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """See also what happens when it is killed, in test_both_ends.py."""
    publish(rabbit_url, tmp_path, sorted(names("m", 30)))
    with Proxy(rabbitmq.port) as proxy, caplog.at_level(logging.INFO, "gigscrapy"):
        receiver = open_receiver(through(proxy, rabbitmq, rabbit_url))
        stored = receiver.receive(10, 5)
        receiver.ack(stored)
        stale = [*receiver.receive(10, 5), *receiver.receive(10, 5)]  # the third batch shows that the ack arrived
        proxy.close()
        with pytest.raises(ConnectionError):
            for _ in range(20):
                receiver.receive(10, 0.2)
        with pytest.raises(ConnectionError):
            receiver.ack(stale)
        with Proxy(rabbitmq.port, proxy.port):
            again = until_received(receiver, 10)
            assert bodies(again) == bodies(stale[:10])
            with pytest.raises(ConnectionError, match=r"was away since this was received: it is delivered anew"):
                receiver.ack(stale)
            receiver.ack(again)
            assert bodies(until_received(receiver, 10)) == bodies(stale[10:])
            receiver.close()
    assert sorted(bodies([*stored, *stale])) == sorted(names("m", 30))
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 4, said
    assert "queue odds.dead (quorum) is made at amqp://guest@127.0.0.1" in said[0]
    assert "messages come from queue odds of amqp://guest@127.0.0.1" in said[1]
    assert "is away" in said[2]
    assert "what is not stored yet is delivered anew" in said[2]
    assert said[3].endswith("is back")


def test_a_loop_without_pauses_of_its_own_is_no_busy_loop(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open
) -> None:
    publish(rabbit_url, tmp_path, ["one"])
    (port,) = free_ports(1)
    receiver = open_receiver(rabbitmq.url(rabbit_url.rpartition("/")[2], port=port))
    attempts = 0
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        with pytest.raises(ConnectionError):
            receiver.receive(1, 0.1)
        attempts += 1
    assert attempts <= 15
    with Proxy(rabbitmq.port, port):
        assert bodies(until_received(receiver, 1)) == ["one"]
        receiver.close()


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (("guest@", "s3cret@"), r"correct RABBIT_URL"),
        (("/test", "/nowhere"), r"create the virtual host"),
    ],
)
def test_what_waiting_would_not_mend_is_said(
    rabbit_url: str, open_receiver: Open, wrong: tuple[str, str], what: str
) -> None:
    with pytest.raises(BrokerError, match=what) as caught:
        open_receiver(rabbit_url.replace(*wrong)).receive(1, 5)
    assert "s3cret" not in str(caught.value)


def test_a_queue_deleted_under_the_consumer_is_no_silence(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    publish(rabbit_url, tmp_path, ["one"])
    receiver = open_receiver(rabbit_url)
    receiver.receive(1, 5)
    with channel(rabbit_url) as rabbit:
        rabbit.queue_delete(QUEUE)
    with pytest.raises(BrokerError, match=r"queue odds of amqp://guest@.* was deleted while it was being read"):
        receiver.receive(1, 5)
    assert receiver.receive(1, 1) == []  # started again, it makes it anew
    put(rabbit_url, b"new")
    assert bodies(receiver.receive(1, 5)) == ["new"]


def test_a_line_gone_silent_is_given_up(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open
) -> None:
    publish(rabbit_url, tmp_path, ["one", "two"])
    with Proxy(rabbitmq.port) as proxy:
        receiver = open_receiver(through(proxy, rabbitmq, rabbit_url))
        stale = receiver.receive(1, 5)
        proxy.swallow(TO_CLIENT, TO_SERVER)
        receiver.ack(stale)  # written, and never read
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() < began + 8:
                receiver.receive(1, 0.2)
        proxy.swallow()
        proxy.cut()
        assert bodies(until_received(receiver, 1)) == ["one"]
        receiver.close()


def test_a_refusal_cut_short_is_repeated_not_lost(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open
) -> None:
    """The broker stores the dead letter, and its confirm is lost: the message is not acknowledged then."""
    publish(rabbit_url, tmp_path, ["bad"])
    with Proxy(rabbitmq.port) as proxy:
        receiver = open_receiver(through(proxy, rabbitmq, rabbit_url))
        (bad,) = receiver.receive(1, 5)
        proxy.swallow(TO_CLIENT)
        threading.Timer(0.3, proxy.cut).start()
        with pytest.raises(ConnectionError):
            receiver.refuse(bad, "reason", "detail")
        proxy.swallow()
        (again,) = until_received(receiver, 1)
        receiver.refuse(again, "reason", "detail")
        receiver.close()
    assert drain(rabbit_url) == []
    assert drain(rabbit_url, DEAD_QUEUE) == ["bad", "bad"]


def test_a_dead_queue_deleted_meanwhile_is_made_anew(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    publish(rabbit_url, tmp_path, ["bad"])
    receiver = open_receiver(rabbit_url)
    (bad,) = receiver.receive(1, 5)
    with channel(rabbit_url) as rabbit:
        rabbit.queue_delete(DEAD_QUEUE)
    with pytest.raises(ConnectionError, match=r"queue odds\.dead is gone"):
        receiver.refuse(bad, "reason", "detail")
    (again,) = until_received(receiver, 1)
    receiver.refuse(again, "reason", "detail")
    receiver.close()
    assert drain(rabbit_url) == []
    assert drain(rabbit_url, DEAD_QUEUE) == ["bad"]


def test_a_full_dead_queue_keeps_the_message_where_it_is(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    with channel(rabbit_url) as rabbit:
        arguments = {"x-max-length": 1, "x-overflow": "reject-publish"}
        rabbit.queue_declare(DEAD_QUEUE, durable=True, arguments=arguments)
        for _ in range(5):
            rabbit.basic_publish("", DEAD_QUEUE, b"full")
    publish(rabbit_url, tmp_path, ["bad"])
    receiver = open_receiver(rabbit_url)
    (bad,) = receiver.receive(1, 5)
    with pytest.raises(ConnectionError, match=r"queue odds\.dead refuses messages: is it full\?"):
        receiver.refuse(bad, "reason", "detail")
    receiver.close()
    assert drain(rabbit_url) == ["bad"]


def test_a_broker_that_thinks_for_ever_is_given_up(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue may hang while its connection lives; the heartbeat, half a minute here, would not notice."""
    publish(rabbit_url, tmp_path, ["bad"])
    receiver = open_receiver(rabbit_url)
    (bad,) = receiver.receive(1, 5)
    monkeypatch.setattr(link, "ANSWER_SECONDS", 0.3)
    rabbitmq.pause()
    with pytest.raises(ConnectionError, match=r"no answer for 0\.3 s"):
        receiver.refuse(bad, "reason", "detail")
    with pytest.raises(ConnectionError, match=r"no answer for 0\.3 s"):
        receiver.receive(1, 0)  # while it still says goodbye: not an empty queue
    rabbitmq.resume()
    receiver.close()


def test_a_stranger_s_message_is_taken_for_what_it_is(rabbit_url: str, open_receiver: Open) -> None:
    """As gig-benchmark sends it: no id, no time, no headers."""
    receiver = open_receiver(rabbit_url)
    receiver.receive(1, 0.3)  # makes the queue
    put(rabbit_url, b'{"match": "PSG - OM"}')
    (delivery,) = receiver.receive(1, 5)
    assert (delivery.message_id, delivery.attempts, delivery.headers) == (None, 0, {})
    assert timedelta() <= datetime.now(UTC) - delivery.received_at < timedelta(seconds=10)


def test_a_stranger_s_oddities_do_no_harm(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    headers = {"x-delivery-count": "many", "x-first-seen": "x" * 100_000, "nested": {"list": [1, None, b"\xff"]}}
    receiver = open_receiver(rabbit_url)
    receiver.receive(1, 0.3)  # makes the queue
    put(rabbit_url, b"\xff", pika.BasicProperties(headers=headers, message_id=b"\xffid", timestamp=2**63))
    (delivery,) = receiver.receive(1, 5)
    assert (delivery.message_id, delivery.attempts) == ("id", 0)
    assert delivery.received_at.year >= 2026
    receiver.refuse(delivery, "malformed", "not JSON")
    receiver.close()
    with channel(rabbit_url) as rabbit:
        _, properties, body = rabbit.basic_get(DEAD_QUEUE, auto_ack=True)
    assert (body, properties.message_id, properties.delivery_mode) == (b"\xff", "id", 2)
    assert set(properties.headers) - {"x-delivery-count"} == {"x-reason", "x-detail", "x-first-seen"}


def test_nothing_is_sent_ahead_of_batches_of_one(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    """A message that kills its consumer must not count against its neighbours."""
    publish(rabbit_url, tmp_path, ["one", "two"])
    receiver = open_receiver(rabbit_url)
    (one,) = receiver.receive(1, 5)
    assert receiver.receive(1, 0.3) == []
    receiver.close()
    fresh = open_receiver(rabbit_url)
    two = {delivery.body: delivery.attempts for delivery in fresh.receive(2, 5)}
    assert two == {b"one": 1, b"two": 0}
    assert one.attempts == 0


def test_two_batches_are_sent_ahead_and_no_third(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    publish(rabbit_url, tmp_path, names("m", 50))
    receiver = open_receiver(rabbit_url)
    first = receiver.receive(10, 5)
    assert len(receiver.receive(10, 5)) == 10
    assert receiver.receive(10, 0.3) == []
    receiver.ack(first)
    assert len(receiver.receive(10, 5)) == 10


def test_messages_are_acknowledged_all_at_once_as_far_as_that_is_right(
    rabbit_url: str, tmp_path: Path, open_receiver: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, bool]] = []
    ack = link.Link.ack

    def watched(self: link.Link, tag: int, *, multiple: bool) -> None:
        sent.append((tag, multiple))
        ack(self, tag, multiple=multiple)

    monkeypatch.setattr(link.Link, "ack", watched)
    publish(rabbit_url, tmp_path, sorted(names("m", 10)))
    taken = open_receiver(rabbit_url)
    batch = taken.receive(10, 5)
    taken.ack([batch[1], batch[0], batch[2], batch[5]])
    assert sent == [(3, True), (6, False)]
    taken.ack(batch[3:5] + batch[6:])
    assert sent[2:] == [(10, True)]


def test_closing_gives_back_at_once(rabbit_url: str, tmp_path: Path, open_receiver: Open) -> None:
    publish(rabbit_url, tmp_path, ["one"])
    receiver = open_receiver(rabbit_url)
    receiver.receive(1, 5)
    began = time.monotonic()
    receiver.close()
    receiver.close()
    assert time.monotonic() - began < 1
    assert drain(rabbit_url) == ["one"]


def test_a_queue_that_was_not_asked_does_not_pass_for_empty(
    rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path, open_receiver: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever drains a queue stops at the first empty batch."""
    publish(rabbit_url, tmp_path, ["one"])
    monkeypatch.setattr(receiver, "BEGIN_SECONDS", 0.3)
    slow = open_receiver(rabbit_url)
    rabbitmq.pause()
    with pytest.raises(ConnectionError, match=r"has not answered yet"):
        slow.receive(1, 0)
    rabbitmq.resume()
    monkeypatch.setattr(receiver, "BEGIN_SECONDS", 5)
    assert bodies(slow.receive(1, 1)) == ["one"]


def test_a_signal_is_heard_while_it_waits(rabbit_url: str, open_receiver: Open) -> None:
    """The consumer's thread waits in Python's own lock, which a signal's handler may leave by an exception."""
    receiver = open_receiver(rabbit_url)
    receiver.receive(1, 0.2)

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, leave)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            receiver.receive(1, 10)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("count", "redelivered", "attempts"),
    [(None, False, 0), (None, True, 1), (0, False, 0), (7, True, 7), (-1, True, 1), ("7", True, 1), (True, False, 0)],
)
def test_attempts(count: object, redelivered: bool, attempts: int) -> None:
    assert receiver._attempts(count, redelivered=redelivered) == attempts
