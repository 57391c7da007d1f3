"""RabbitMQ and MariaDB for a measurement: private ones, gone when it is over."""

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pika

from gigscrapy.broker import QUEUE
from gigscrapy.broker.rabbitmq.link import QUEUE_ARGUMENTS
from schema.database import connect, hang_up
from schema.migrations import migrate
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

ARRIVE_SECONDS = 60


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gigscrapy-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextlib.contextmanager
def mariadb() -> Iterator[MariaDB]:
    with folder() as place:
        server = MariaDB()
        server.start(place)
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def rabbitmq() -> Iterator[RabbitMQ]:
    with folder() as place:
        broker = RabbitMQ()
        broker.start(place)
        try:
            yield broker
        finally:
            broker.stop()


@contextlib.contextmanager
def tables(server: MariaDB) -> Iterator[str]:
    """The address of a database with our tables, empty but for what everyone agrees on; gone afterwards."""
    name = server.new_database()
    try:
        database = connect(server.url(name), Path())
        migrate(database)
        hang_up(database)
        yield server.url(name)
    finally:
        server.execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def queue(broker: RabbitMQ, bodies: Sequence[bytes] = (), *, kind: str = "quorum") -> Iterator[str]:
    """The URL of a virtual host whose queue ``odds`` holds these messages; gone afterwards.

    :param kind: ``quorum`` or ``classic``.
    """
    vhost = broker.new_vhost()
    try:
        fill(broker.url(vhost), bodies, kind=kind)
        yield broker.url(vhost)
    finally:
        broker.delete_vhost(vhost)


def fill(url: str, bodies: Sequence[bytes], *, kind: str) -> None:
    """Declare the queue, put these in, and return when all are there."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True, arguments=QUEUE_ARGUMENTS[kind])
    for number, body in enumerate(bodies):
        channel.basic_publish("", QUEUE, body, as_published(number))
    deadline = time.monotonic() + ARRIVE_SECONDS
    while depth(channel) < len(bodies):
        assert time.monotonic() < deadline, "the queue does not fill"
        time.sleep(0.02)
    connection.close()


def waiting(url: str) -> int:
    """Messages in the queue."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    found = depth(connection.channel())
    connection.close()
    return found


def as_published(number: int) -> pika.BasicProperties:
    """What our publisher says of a message beside its body."""
    return pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,
        message_id=f"{number:032x}",
        timestamp=int(time.time()),
        type="odds.v1",
        app_id="gigscrapy",
    )


def depth(channel: "pika.adapters.blocking_connection.BlockingChannel") -> int:
    return int(channel.queue_declare(QUEUE, passive=True).method.message_count)
