"""Moving bodies from a crawl to the tables, durably: RabbitMQ where RABBIT_URL is set, else a spool on disk.

Both sides speak the same four methods, whichever is behind them. A body handed to :meth:`Publisher.publish` is durable
when the call returns; a delivery stays the queue's until it is acknowledged or refused.

:func:`publisher`, :func:`receiver` and :func:`send` choose what is behind; :func:`depths` says how much waits where.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from gigscrapy.gigenvironment import task_queue
from schema.instants import iso

QUEUE = "odds"
DEAD_QUEUE = "odds.dead"
TASK_QUEUE = task_queue(os.environ)
TASK_DEAD_QUEUE = f"{TASK_QUEUE}.dead"
QUEUES = (QUEUE, DEAD_QUEUE, TASK_QUEUE, TASK_DEAD_QUEUE)

DETAIL_LIMIT = 2000


class BrokerError(Exception):
    """The broker cannot be used and will not by itself: wrong password, no such virtual host, queue deleted, damaged
    spool. Says what to do.
    """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body received.

    :ivar tag: the queue's own handle; :ivar received_at: aware UTC, when the queue took it in where it says so, else
        when it was received; :ivar attempts: earlier deliveries of it that were not acknowledged, at least (a classic
        queue tells the first from the others, and no more); :ivar headers: in ``odds.dead``, those of
        :func:`dead_letter_headers`.
    """

    tag: Any
    body: bytes
    message_id: str | None
    received_at: datetime
    attempts: int = 0
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queues:
    """Where the queues are: what :func:`publisher` and :func:`receiver` are given."""

    rabbit_url: str | None
    home: Path
    queue_type: str = "quorum"


@dataclass(frozen=True, slots=True)
class QueueState:
    """``messages``: what waits in a queue; ``readers``: who reads it, ``None`` where nobody can tell (the spool)."""

    messages: int
    readers: int | None


class Publisher(Protocol):
    """The crawl's side. One for a process, used from its event loop only."""

    async def open(self) -> None:
        """Make it ready. :raises BrokerError: where no waiting would help."""

    async def publish(self, message_id: str, body: bytes) -> None:
        """Returns when ``body`` is durable. :raises OSError: when it cannot be made so (disk full)."""

    async def close(self, patience: float = 30) -> None:
        """Send on what waits, for ``patience`` seconds at most; what is left stays on disk for the next start."""

    def counts(self) -> Mapping[str, int]:
        """``published`` (durable), ``confirmed`` (held by the queue), ``waiting`` (on disk, to be sent on) and
        ``adopted`` (left on disk by earlier runs): published + adopted = confirmed + waiting.
        """


class Receiver(Protocol):
    """The consumer's side. Blocking; one for a thread."""

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """Up to ``limit`` deliveries, at most ``timeout`` seconds after the first or, with none, from now.

        None means that the queue was asked and had none: while it connects it waits longer, or raises.

        RabbitMQ sends two batches ahead (with ``limit`` 1: none), and no third until they are acknowledged. Another
        ``limit`` than before gives back what is not.

        :raises ConnectionError: when the broker is away; call again to reconnect: what was received is delivered anew.
            A loop may do so at once, the pause between two attempts is kept here.
        :raises BrokerError: when waiting would not help.
        """

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """These are in the tables; the queue forgets them.

        :raises ConnectionError: when the broker is away, or was since they were received: they are delivered anew.
        """

    def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        """Move it to ``odds.dead`` with its reason, durably, then forget it. :raises ConnectionError: as `ack`."""

    def close(self) -> None:
        """Give back what is not acknowledged, and leave."""


def publisher(rabbit_url: str | None, home: Path, *, owner: str, queue_type: str = "quorum") -> Publisher:
    """The crawl's way out, not yet open.

    :param rabbit_url: ``amqp://user:password@host:5672/vhost`` or ``amqps://…``; without one, the spool.
    :param home: directory of the spool and of the outboxes.
    :param owner: the run's own name, letters, digits, ``.``, ``_`` and ``-``: no two alive have the same.
    :param queue_type: ``quorum`` or ``classic``; only for a queue that is not there yet.
    :raises BrokerError: when the URL cannot be read, or ``owner`` or ``queue_type`` is not one of these.
    """
    if not rabbit_url:
        from gigscrapy.broker.spool import SpoolPublisher

        return SpoolPublisher(home)
    from gigscrapy.broker.rabbitmq.publisher import RabbitPublisher

    return RabbitPublisher(rabbit_url, home, owner=owner, queue_type=queue_type)


def receiver(rabbit_url: str | None, home: Path, *, queue: str = QUEUE, queue_type: str = "quorum") -> Receiver:
    """The consumer's way in; it connects at the first ``receive``. Parameters and errors as :func:`publisher`.

    :param queue: one of :data:`QUEUES`; those of the dead, to read what was refused.
    """
    if not rabbit_url:
        from gigscrapy.broker.spool import SpoolReceiver

        return SpoolReceiver(home, queue)
    from gigscrapy.broker.rabbitmq.receiver import RabbitReceiver

    return RabbitReceiver(rabbit_url, queue=queue, queue_type=queue_type)


def send(queues: Queues, queue: str, deliveries: Sequence[Delivery], headers: Mapping[str, Any] | None = None) -> None:
    """Put bodies into a queue, outside of a crawl; each keeps the time it was received at. They are durable when this
    returns; after an error some may be, and sending them again does no harm where they have an id.

    :raises OSError: when the broker is away, or the disk will not; :raises BrokerError: when waiting would not help.
        Not for use inside an event loop.
    """
    if queues.rabbit_url:
        from gigscrapy.broker.rabbitmq.sending import send_all

        send_all(queues, queue, deliveries, headers)
    else:
        from gigscrapy.broker.spool import put_all

        put_all(queues.home, queue, deliveries, headers)


def depths(rabbit_url: str | None, home: Path, queues: Sequence[str] = (QUEUE, DEAD_QUEUE)) -> dict[str, int]:
    """Messages by queue, and in ``outbox`` those that runs have yet to send to RabbitMQ.

    :raises ConnectionError: when the broker is away; :raises BrokerError: as ever. Not for use inside an event loop.
    """
    from gigscrapy.broker.rabbitmq import outbox

    found = states(rabbit_url, home, queues)
    return {queue: state.messages for queue, state in found.items()} | {"outbox": outbox.waiting(home)}


def states(rabbit_url: str | None, home: Path, queues: Sequence[str] = QUEUES) -> dict[str, QueueState]:
    """Each of ``queues``, empty where nobody made it yet. Errors as :func:`depths`."""
    from gigscrapy.broker import spool
    from gigscrapy.broker.rabbitmq import link

    if rabbit_url:
        return dict.fromkeys(queues, QueueState(0, 0)) | link.states(rabbit_url, queues)
    found = spool.depths(home)
    return {queue: QueueState(found.get(queue, 0), None) for queue in queues}


FIRST_SEEN = "x-first-seen"
"""Header: when a message was received at first, to the microsecond, which AMQP's own timestamp does not tell."""


def dead_queue(queue: str) -> str:
    """Where what is refused from ``queue`` goes; what is refused there stays there."""
    return queue if queue.endswith(".dead") else f"{queue}.dead"


def dead_letter_headers(delivery: Delivery, reason: str, detail: str) -> dict[str, str]:
    """Why a message is among the dead: ``x-reason``, ``x-detail`` and ``x-first-seen`` (ISO 8601, UTC).

    The detail may quote the message: it is cut, and what is no Unicode in it (half a surrogate pair) is spelt out.
    """
    printable = detail.encode("utf-8", "backslashreplace").decode()
    return {"x-reason": reason, "x-detail": printable[:DETAIL_LIMIT], FIRST_SEEN: iso(delivery.received_at)}
