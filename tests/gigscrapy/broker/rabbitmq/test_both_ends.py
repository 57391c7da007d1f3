import asyncio
import threading
from pathlib import Path

import pytest

from gigscrapy import broker
from gigscrapy.broker import DEAD_QUEUE, QUEUE
from tests.gigscrapy.broker.helpers import bodies, names, publish_with, until
from tests.services.rabbitmq import RabbitMQ

pytestmark = pytest.mark.server


class Consumer(threading.Thread):
    """Stores and acknowledges until told to leave, whatever becomes of the broker."""

    def __init__(self, url: str, home: Path) -> None:
        super().__init__()
        self.stored: set[str] = set()
        self.losses = 0
        self._receiver = broker.receiver(url, home)
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                batch = self._receiver.receive(100, 0.2)
                self.stored |= set(bodies(batch))
                self._receiver.ack(batch)
            except ConnectionError:
                self.losses += 1
        self._receiver.close()

    def leave(self) -> None:
        self._over.set()
        self.join()


def test_a_broker_killed_between_them_loses_nothing(rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path) -> None:
    consumer = Consumer(rabbit_url, tmp_path)
    everything = names("m", 10_000)

    async def scenario() -> None:
        publisher = broker.publisher(rabbit_url, tmp_path, owner="run")
        await publisher.open()
        await publish_with(publisher, ["first"])
        await until(lambda: "first" in consumer.stored)
        rabbitmq.settle()
        publishing = asyncio.create_task(publish_with(publisher, everything))
        await until(lambda: len(consumer.stored) > 500)
        rabbitmq.kill9()
        await publishing  # the crawl goes on meanwhile
        assert publisher.counts()["waiting"] > 5000
        rabbitmq.start()
        await publisher.close()
        assert publisher.counts() == {"published": 10_001, "confirmed": 10_001, "waiting": 0, "adopted": 0}
        await until(lambda: len(consumer.stored) == 10_001)

    consumer.start()
    try:
        asyncio.run(asyncio.wait_for(scenario(), 60))
    finally:
        consumer.leave()
    assert consumer.stored == everything | {"first"}
    assert consumer.losses > 0
    assert broker.depths(rabbit_url, tmp_path) == {QUEUE: 0, DEAD_QUEUE: 0, "outbox": 0}
