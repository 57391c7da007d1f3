import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pika
import pytest

from gigscrapy.broker import QUEUE, BrokerError
from gigscrapy.broker.rabbitmq.link import Address, Link, Pauses, received_at
from tests.gigscrapy.broker.helpers import channel
from tests.services.rabbitmq import RabbitMQ

SECRET = "s3cr%40t"


def open_link(url: str) -> None:
    """Open and close, or raise as it does."""

    async def scenario() -> None:
        link = await Link.open(Address(url), "test")
        await link.close()

    asyncio.run(scenario())


def ensure_queue(url: str, queue_type: str) -> None:
    async def scenario() -> None:
        link = await Link.open(Address(url), "test")
        try:
            await link.ensure_queue(QUEUE, queue_type)
        finally:
            await link.close()

    asyncio.run(scenario())


@contextlib.contextmanager
def server_that(answers: bool) -> Iterator[int]:
    """A port where somebody takes the connection, and ends it, or says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken = []

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.recv(100)
                if answers:
                    connection.close()
                taken.append(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in taken:
            connection.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"amqp://gig:{SECRET}@rabbit:5673/odds", "amqp://gig@rabbit:5673/odds"),
        (f"amqps://gig:{SECRET}@rabbit/%2F", "amqps://gig@rabbit:5671/"),
        (f"amqp://gig:{SECRET}@rabbit/%2Fodds?heartbeat=5", "amqp://gig@rabbit:5672/odds"),
        ("amqp://rabbit", "amqp://guest@rabbit:5672/"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert str(Address(url)) == shown


def test_the_url_may_set_the_heartbeat() -> None:
    assert Address("amqp://rabbit/?heartbeat=5").parameters("test").heartbeat == 5
    assert Address("amqp://rabbit/").parameters("test").heartbeat == 30


@pytest.mark.parametrize(
    "url",
    [
        f"gig:{SECRET}@rabbit",
        f"http://gig:{SECRET}@rabbit/",
        f"amqp://gig:{SECRET}@rabbit:port/",
        f"amqp://gig:{SECRET}@rabbit/?heartbeat={SECRET}",
        "amqp://gig:s3c/r@rabbit/",
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(url: str) -> None:
    with pytest.raises(BrokerError, match=r"^RABBIT_URL cannot be read: amqp://user:password@host") as caught:
        Address(url)
    assert "s3c" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_pauses_double_up_to_the_longest_and_start_over() -> None:
    pauses = Pauses(first=1, longest=6)
    for longest in (1, 2, 4, 6, 6):
        assert longest / 2 <= pauses.next() <= longest
    pauses.reset()
    assert pauses.next() <= 1


def test_nobody_listens_is_away() -> None:
    with pytest.raises(ConnectionError, match=r"^Connection refused$"):
        open_link("amqp://127.0.0.1:1/")


def test_an_unknown_host_is_away() -> None:
    """In a composed set-up a host has a name only while it runs."""
    with pytest.raises(ConnectionError, match=r"^Name or service not known$"):
        open_link("amqp://rabbit.invalid/")


def test_who_hangs_up_is_away() -> None:
    """What Docker's proxy does while the broker behind it starts: no reason to give up."""
    with server_that(answers=True) as port, pytest.raises(ConnectionError):
        open_link(f"amqp://127.0.0.1:{port}/")


def test_who_says_nothing_is_away() -> None:
    with server_that(answers=False) as port, pytest.raises(ConnectionError, match=r"Timeout"):
        open_link(f"amqp://127.0.0.1:{port}/?stack_timeout=1")


def test_opening_can_be_given_up() -> None:
    async def scenario(port: int) -> None:
        opening = asyncio.create_task(Link.open(Address(f"amqp://127.0.0.1:{port}/?stack_timeout=1"), "test"))
        await asyncio.sleep(0.2)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(opening, 0.1)
        await asyncio.sleep(1)  # the attempt ends by itself, and closes its socket

    with server_that(answers=False) as port:
        asyncio.run(scenario(port))


@pytest.mark.server
def test_a_wrong_password_is_said_without_it(rabbitmq: RabbitMQ, rabbit_url: str) -> None:
    with pytest.raises(BrokerError, match=r"refuses the user or the password of amqp://guest@127.0.0.1") as caught:
        open_link(rabbit_url.replace("guest@", "s3cret@"))
    assert "s3cret" not in str(caught.value)


@pytest.mark.server
def test_a_virtual_host_that_is_not_there(rabbitmq: RabbitMQ) -> None:
    with pytest.raises(BrokerError, match=r"the virtual host of amqp://guest@127.0.0.1:[0-9]+/nowhere: correct"):
        open_link(rabbitmq.url("nowhere"))


@pytest.mark.server
def test_a_right_that_lacks(rabbitmq: RabbitMQ, rabbit_url: str) -> None:
    rabbitmq.eval('rabbit_auth_backend_internal:add_user(<<"poor">>, <<"poor">>, <<"test">>)')
    vhost = rabbit_url.rpartition("/")[2]
    rabbitmq.eval(
        f'rabbit_auth_backend_internal:set_permissions(<<"poor">>, <<"{vhost}">>, <<"^$">>, <<".*">>, <<".*">>, <<"test">>)'
    )
    poor = rabbit_url.replace("guest:guest", "poor:poor")
    with pytest.raises(BrokerError, match=r"the user of amqp://poor@.* lacks a right: .*'odds'"):
        ensure_queue(poor, "quorum")
    ensure_queue(rabbit_url, "quorum")
    ensure_queue(poor, "quorum")  # a queue that is there needs no right to make one


@pytest.mark.server
@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_a_queue_is_made_as_asked(rabbit_url: str, queue_type: str) -> None:
    """Declared again with other arguments it would be refused: so these are the ones it has."""
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1} if queue_type == "quorum" else None
    ensure_queue(rabbit_url, queue_type)
    with channel(rabbit_url) as rabbit:
        rabbit.queue_declare(QUEUE, durable=True, arguments=arguments)


@pytest.mark.server
def test_a_queue_that_is_there_is_used_as_it_is(rabbit_url: str) -> None:
    """gig-benchmark's own, for one: durable, without arguments."""
    with channel(rabbit_url) as rabbit:
        rabbit.queue_declare(QUEUE, durable=True)
        ensure_queue(rabbit_url, "quorum")
        rabbit.queue_declare(QUEUE, durable=True)


@pytest.mark.server
def test_nothing_is_believed_once_a_message_came_back(rabbit_url: str) -> None:
    """A message without a queue comes back, and is confirmed for all that."""
    settled: list[bool] = []

    async def scenario() -> None:
        link = await Link.open(Address(rabbit_url), "test")
        link.publish("nowhere", b"one", pika.BasicProperties(), settled.append)
        await link.lost
        with pytest.raises(ConnectionError, match=r"queue nowhere is gone"):
            link.publish("nowhere", b"two", pika.BasicProperties(), settled.append)
        await asyncio.sleep(0.2)
        await link.close()

    asyncio.run(scenario())
    assert settled == []


def test_when_a_message_was_sent() -> None:
    now = datetime.now(UTC)

    def at(stamp: int | None) -> datetime:
        return received_at(pika.BasicProperties(timestamp=stamp))

    assert at(1763000000) == datetime(2025, 11, 13, 2, 13, 20, tzinfo=UTC)
    for absent_or_absurd in (None, 0, 1763000000_000, int(now.timestamp()) + 3600, 2**64 - 1):
        assert timedelta() <= at(absent_or_absurd) - now < timedelta(seconds=5)
