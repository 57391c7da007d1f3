"""Copies of what others put into a queue, for somebody who only watches: nothing is taken, nothing acknowledged.

A message for a queue by name goes through the default exchange, to which nothing else can be bound; and to take one and
give it back would mark it as delivered before. So the copies are those of RabbitMQ's own trace, which whoever runs it
switches on for a while (``rabbitmqctl trace_on -p VHOST``): they come into a queue that is ours alone and goes with us.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pika
from pika.exceptions import AMQPError

from gigscrapy.broker import BrokerError
from gigscrapy.broker.rabbitmq.link import Address

EXCHANGE, PUBLISHED = "amq.rabbitmq.trace", "publish.#"
PATIENCE = 0.5
AHEAD = 1000
"""Copies that are sent ahead."""


def copies(url: str, queue: str, seconds: float) -> Iterator[tuple[datetime, bytes]]:
    """When each was published, and its body, for so many seconds.

    :raises BrokerError: when the broker cannot be read so.
    """
    until = time.monotonic() + seconds
    try:
        with closing(pika.BlockingConnection(Address(url).parameters("gigscrapy shadow"))) as connection:
            channel = connection.channel()
            ours = channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
            channel.queue_bind(ours, EXCHANGE, PUBLISHED)
            channel.basic_qos(prefetch_count=AHEAD)
            for method, properties, body in channel.consume(ours, inactivity_timeout=PATIENCE):
                if method is not None:
                    channel.basic_ack(method.delivery_tag)  # the copy
                    if queue in (properties.headers or {}).get("routing_keys", ()):
                        yield datetime.now(UTC), body
                if time.monotonic() > until:
                    return
    except (AMQPError, OSError) as error:
        raise BrokerError(f"no copies can be read at {Address(url)}: {error!r}") from None
