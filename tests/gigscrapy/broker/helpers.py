"""What the broker's tests share: publish, take everything back, run a process that is killed."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pika
from pika.adapters.blocking_connection import BlockingChannel

from gigscrapy import broker
from tests import ROOT


def publish(url: str | None, home: Path, ids: Iterable[str], *, owner: str = "run", queue_type: str = "quorum") -> None:
    """Each id, with itself as its body, as a crawl would: a hundred at once."""

    async def scenario() -> None:
        publisher = broker.publisher(url, home, owner=owner, queue_type=queue_type)
        await publisher.open()
        await publish_with(publisher, ids)
        await publisher.close()

    asyncio.run(scenario())


async def publish_with(publisher: broker.Publisher, ids: Iterable[str]) -> None:
    left = iter(ids)

    async def work() -> None:
        for name in left:
            await publisher.publish(name, name.encode())

    await asyncio.gather(*(work() for _ in range(100)))


@contextlib.contextmanager
def channel(url: str) -> Iterator[BlockingChannel]:
    """pika's own, without anything of ours between."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    yield connection.channel()
    connection.close()


def drain(url: str, queue: str = broker.QUEUE) -> list[str]:
    """The bodies in the queue, taken out of it; over when it was empty three times, for what was given back may lag."""
    bodies = []
    with channel(url) as rabbit:
        empty = 0
        for _, _, body in rabbit.consume(queue, auto_ack=True, inactivity_timeout=0.1):
            if body is None:
                empty += 1
                if empty == 3:
                    break
            else:
                empty = 0
                bodies.append(body.decode())
        rabbit.cancel()
    return bodies


def names(prefix: str, count: int) -> set[str]:
    return {f"{prefix}{number:05}" for number in range(count)}


def bodies(deliveries: Iterable[broker.Delivery]) -> list[str]:
    return [delivery.body.decode() for delivery in deliveries]


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that other tasks bring about."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


def spawn(script: str, *arguments: object, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """A process of its own, from ``scripts/``; its output is a pipe of lines."""
    path = Path(__file__).with_name("scripts") / script
    return subprocess.Popen(
        [sys.executable, "-u", path, *map(str, arguments)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


def kill9(process: subprocess.Popen[str]) -> list[str]:
    """Kill it; the lines it had still written. A torn last one, without its end, was not said."""
    process.kill()
    assert process.stdout is not None
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    return rest[: rest.rfind("\n") + 1].split()
