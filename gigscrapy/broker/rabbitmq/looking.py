"""RabbitMQ as somebody sees it who only looks: what it is, whether it takes messages, who is at its queues."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from pika.exceptions import ChannelClosedByBroker

from gigscrapy.broker.rabbitmq.link import Address, Link, known_queue_type

NAME = "gigscrapy doctor"


@dataclass(frozen=True, slots=True)
class Crowd:
    """A queue: messages ready in it, consumers of it, and what the broker says where it is not as we would make it."""

    messages: int
    consumers: int
    difference: str | None


def greet(url: str, patience: float) -> tuple[str, bool]:
    """What the broker calls itself, and whether it takes a message within ``patience`` seconds.

    :raises ConnectionError, BrokerError: as :meth:`Link.open`. Not for use inside an event loop; nor is what follows.
    """

    async def look() -> tuple[str, bool]:
        link = await Link.open(Address(url), NAME)
        try:
            return link.version, await link.takes_messages(patience)
        finally:
            await link.close()

    return asyncio.run(look())


def crowds(url: str, queues: Sequence[str], queue_type: str) -> dict[str, Crowd]:
    """Those of ``queues`` that are there. :raises ConnectionError, BrokerError: as :meth:`Link.open`."""
    kind = known_queue_type(queue_type)

    async def look() -> dict[str, Crowd]:
        link = await Link.open(Address(url), NAME)
        found = {}
        try:
            for queue in queues:
                with contextlib.suppress(ChannelClosedByBroker):
                    state = await link.state(queue)
                    found[queue] = Crowd(state.messages, state.readers or 0, await link.difference(queue, kind))
        finally:
            await link.close()
        return found

    return asyncio.run(look())
