"""A few messages into a queue of RabbitMQ, by a process that is no crawl: a task, a dead letter that is replayed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from pika import BasicProperties

from gigscrapy.broker import FIRST_SEEN, Delivery, Queues
from gigscrapy.broker.rabbitmq.link import Address, Link
from schema.instants import iso


def send_all(
    queues: Queues, queue: str, deliveries: Sequence[Delivery], headers: Mapping[str, Any] | None = None
) -> None:
    """See :func:`gigscrapy.broker.send`. Not by a :class:`~gigscrapy.broker.Publisher`: that dates what it sends anew,
    and a bare message is known by when it was received.
    """
    asyncio.run(_send(queues, queue, deliveries, headers))


async def _send(queues: Queues, queue: str, deliveries: Sequence[Delivery], headers: Mapping[str, Any] | None) -> None:
    assert queues.rabbit_url
    link = await Link.open(Address(queues.rabbit_url), f"gigscrapy sender to {queue}")
    try:
        await link.ensure_queue(queue, queues.queue_type)
        answers = []
        for each in deliveries:
            properties = BasicProperties(
                content_type="application/json",
                delivery_mode=2,
                message_id=each.message_id,
                timestamp=int(each.received_at.timestamp()),
                app_id="gigscrapy",
                headers={FIRST_SEEN: iso(each.received_at), **(headers or {})},
            )
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            link.publish(queue, each.body, properties, answer.set_result)
            answers.append(answer)
        for answer in answers:
            if not await link.result(answer):
                raise ConnectionError(f"queue {queue} refuses messages: is it full?")
    finally:
        await link.close()
