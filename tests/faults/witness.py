"""What a crawl sends, written down beside it, so that it can be held against what arrives.

Where the variable ``WITNESS`` names a file, :func:`listen` has each message entered there as a line of JSON:
``attempted`` with its body before it is published, ``durable`` once publishing it has returned, ``confirmed`` once RabbitMQ
has it. A line is one write: it survives a kill of the process that wrote it, and several may write to one file. One that
is torn, by a kill or because it is being written, was not said.
"""

import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

VARIABLE = "WITNESS"


def listen() -> None:
    """Watch what this process publishes from now on, if it is to be watched."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    from gigscrapy.broker.rabbitmq.link import Link
    from gigscrapy.pipelines import Publish

    tell = functools.partial(_write, os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    Publish.send = _watched_send(Publish.send, tell)  # type: ignore[method-assign]
    Link.publish = _watched_publish(Link.publish, tell)  # type: ignore[method-assign]


def read(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """``(what, message id, body)`` in the order in which it happened; the body only with ``attempted``."""
    for line in path.read_bytes().splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):
            what, message_id, body = json.loads(line)
            yield what, message_id, body.encode()


def _watched_send(send: Callable[..., Any], tell: Callable[..., None]) -> Callable[..., Any]:
    from schema.messages import encode

    async def watched(self: Any, message: Any) -> None:
        tell("attempted", message.message_id, encode(message).decode())
        await send(self, message)
        tell("durable", message.message_id)

    return watched


def _watched_publish(publish: Callable[..., Any], tell: Callable[..., None]) -> Callable[..., Any]:
    def watched(self: Any, queue: str, body: bytes, properties: Any, settle: Callable[[bool], None]) -> None:
        def told(safe: bool) -> None:
            if safe:
                tell("confirmed", properties.message_id)
            settle(safe)

        publish(self, queue, body, properties, told)

    return watched


def _write(file: int, what: str, message_id: str, body: str = "") -> None:
    os.write(file, b"\n" + json.dumps([what, message_id, body]).encode() + b"\n")
