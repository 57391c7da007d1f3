"""Moving bodies from a crawl to the tables, durably: RabbitMQ where RABBIT_URL is set, else a spool on disk.

Both sides speak the same four methods, whichever is behind them. A body handed to :meth:`Publisher.publish` is durable
when the call returns; a delivery stays the queue's until it is acknowledged or refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

QUEUE = "odds"
DEAD_QUEUE = "odds.dead"


class BrokerError(Exception):
    """The broker cannot be used and will not by itself: wrong password, no such host or queue. Says what to do."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One body received.

    :ivar tag: the queue's own handle; :ivar received_at: aware UTC, when the queue took it in where it says so, else
        when it was received; :ivar attempts: earlier deliveries of it that were not acknowledged.
    """

    tag: Any
    body: bytes
    message_id: str | None
    received_at: datetime
    attempts: int = 0
    headers: Mapping[str, Any] = field(default_factory=dict)


class Publisher(Protocol):
    """The crawl's side. One for a process, used from its event loop only."""

    async def open(self) -> None:
        """Make it ready. :raises BrokerError: where no waiting would help."""

    async def publish(self, message_id: str, body: bytes) -> None:
        """Returns when ``body`` is durable. :raises OSError: when it cannot be made so (disk full)."""

    async def close(self, patience: float = 30) -> None:
        """Send on what waits, for ``patience`` seconds at most; what is left stays on disk for the next start."""

    def counts(self) -> Mapping[str, int]:
        """``published`` (durable), ``confirmed`` (held by the queue) and ``waiting`` (on disk, to be sent on)."""


class Receiver(Protocol):
    """The consumer's side. Blocking; one for a thread."""

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """Up to ``limit`` deliveries, at most ``timeout`` seconds after the first or, with none, from now.

        :raises ConnectionError: when the broker is away; call again to reconnect: what was received is delivered anew.
        :raises BrokerError: when waiting would not help.
        """

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        """These are in the tables; the queue forgets them. :raises ConnectionError: when the broker is away."""

    def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        """Move it to ``odds.dead`` with its reason, durably, then forget it. :raises ConnectionError: as `ack`."""

    def close(self) -> None:
        """Give back what is not acknowledged, and leave."""
