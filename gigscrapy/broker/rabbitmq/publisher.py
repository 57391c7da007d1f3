"""The crawl's way to RabbitMQ: first to the outbox on disk, then, in the background, to the broker.

A crawl never waits for the broker, nor loses by its absence: what is published is durable when the outbox has it, and
leaves the outbox when the broker has confirmed it. Memory holds no more than :data:`WINDOW` messages of it.
"""

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pika import BasicProperties

from gigscrapy.broker import QUEUE, BrokerError
from gigscrapy.broker.queuefile import Row
from gigscrapy.broker.rabbitmq.link import Address, Link, Pauses, known_queue_type
from gigscrapy.broker.rabbitmq.outbox import Outbox

logger = logging.getLogger(__name__)

WINDOW = 1000
"""Messages sent and not yet confirmed; more gains nothing."""

STRIDE = WINDOW // 4
"""Messages that are read, and that are forgotten, at once while many are under way."""

PATIENCE_SECONDS = 120
"""How long the broker may leave all messages unconfirmed; then they are sent again, over another connection."""

SILENT_SECONDS = 1
"""How long the end may take before the log says what is waited for."""

CLOSING_PAUSE = 1
"""Seconds between attempts to connect, at most, once the crawl has ended and nothing else is waited for."""


class RabbitPublisher:
    """See :class:`gigscrapy.broker.Publisher`."""

    def __init__(self, url: str, home: Path, *, owner: str, queue_type: str) -> None:
        self._address = Address(url)
        self._name = f"gigscrapy publisher {owner}"
        self._queue_type = known_queue_type(queue_type)
        self._outbox = Outbox(home, owner)
        self._confirmed = 0
        self._to_forget: set[int] = set()
        """Rows that the broker has, and the outbox still, too. They survive a link: none of them is sent again."""
        self._is_full = False
        self._stirred = asyncio.Event()
        """Something happened that the forwarding may act upon: a message, a confirm, a loss, the end."""
        self._ended = asyncio.Event()
        self._pauses = Pauses()
        self._is_away = False
        self._forwarding: asyncio.Task[None] | None = None

    # -- the contract --------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        await self._outbox.open()
        link = None
        try:
            link = await self._connect()
        except ConnectionError as reason:
            self._say_away(reason)
        except BaseException:
            await self._outbox.close()
            raise
        else:
            logger.info("quotes go to queue %s of %s", QUEUE, self._address)
        self._forwarding = asyncio.create_task(self._forward(link))
        self._forwarding.add_done_callback(_show_defect)

    async def publish(self, message_id: str, body: bytes) -> None:
        await self._outbox.add(QUEUE, message_id, body)
        self._stirred.set()

    async def close(self, patience: float = 30) -> None:
        if self._forwarding is None:  # never opened
            return
        self._ended.set()
        self._stirred.set()
        done, _ = await asyncio.wait((self._forwarding,), timeout=min(patience, SILENT_SECONDS))
        if not done and patience > SILENT_SECONDS:
            logger.info("up to %g s for %s to confirm the last %d messages", patience, self._address, self._waiting)
            await asyncio.wait((self._forwarding,), timeout=patience - SILENT_SECONDS)
        self._forwarding.cancel()
        await asyncio.wait((self._forwarding,))
        await self._forget()
        if left := await self._outbox.close():
            logger.warning("%d messages wait in %s: the next run sends them", left, self._outbox.path)

    def counts(self) -> Mapping[str, int]:
        return {
            "published": self._outbox.added,
            "confirmed": self._confirmed,
            "waiting": self._waiting,
            "adopted": self._outbox.adopted,
        }

    # -- forwarding ----------------------------------------------------------------------------------------------------

    @property
    def _waiting(self) -> int:
        return self._outbox.adopted + self._outbox.added - self._confirmed

    @property
    def _done(self) -> bool:
        return self._ended.is_set() and not self._waiting

    async def _connect(self) -> Link:
        """:raises BrokerError or ConnectionError: as the link does."""
        link = await Link.open(self._address, self._name)
        try:
            await link.ensure_queue(QUEUE, self._queue_type)
        except BaseException:
            await link.close()
            raise
        return link

    async def _forward(self, link: Link | None) -> None:
        """Send on, over one link after the other, until the crawl has ended and nothing is left to send.

        Nothing ends it before that, not even a password that was changed meanwhile: what waits is safe on disk.
        """
        while not self._done:
            try:
                if link is None:
                    link = await self._connect()
                    self._say_back()
                await self._send_over(link)
            except (BrokerError, OSError) as reason:
                self._say_away(reason)
                await self._pause()
            finally:
                if link is not None:
                    await link.close()
                link = None

    async def _send_over(self, link: Link) -> None:
        """Send over this link until all is done. :raises BrokerError, ConnectionError or OSError: when that ends it."""
        link.lost.add_done_callback(lambda _: self._stirred.set())
        trip = _Trip()
        while not self._done:
            self._stirred.clear()
            link.check()
            if len(self._to_forget) >= STRIDE or not trip.under_way:
                await self._forget()
            if not trip.under_way:
                await self._end_round(trip)
            await self._send_some(link, trip)
            await self._await_news(link, trip)

    async def _send_some(self, link: Link, trip: "_Trip") -> None:
        """Fill the window from the outbox, unless nothing is new, room is scarce or a refusal is not settled yet."""
        room = WINDOW - trip.under_way
        added = self._outbox.added
        if trip.refused or room < STRIDE or trip.seen == added:
            return
        rows = await self._outbox.rows(trip.sent, room)
        for row in rows:
            trip.sent = row.id
            if row.id in self._to_forget:
                self._stirred.set()  # no confirm will: look at once for what comes behind it
                continue
            link.publish(row.queue, row.body, _properties(row), functools.partial(self._settle, trip, row.id))
            trip.under_way += 1
        if len(rows) < room:
            trip.seen = added

    async def _await_news(self, link: Link, trip: "_Trip") -> None:
        """:raises ConnectionError: when confirms are due and none comes: a queue may hang while its line lives."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), PATIENCE_SECONDS)
        if link.is_blocked or not trip.under_way:
            trip.heard = time.monotonic()
        elif time.monotonic() - trip.heard > PATIENCE_SECONDS:
            raise ConnectionError(f"nothing was confirmed for {PATIENCE_SECONDS} s")

    def _settle(self, trip: "_Trip", row_id: int, safe: bool) -> None:
        """What the broker says of one message."""
        trip.under_way -= 1
        trip.heard = time.monotonic()
        if safe:
            self._confirmed += 1
            self._to_forget.add(row_id)
            self._pauses.reset()
        else:
            trip.refused += 1
        self._stirred.set()

    async def _end_round(self, trip: "_Trip") -> None:
        """All that was sent is settled. What the broker refused, as a full queue does, is sent again after a while."""
        if trip.refused:
            if not trip.is_refused:
                logger.warning("%s refuses messages (is queue %s full?): they %s", self._address, QUEUE, self._fate)
            await self._pause()
        elif trip.is_refused:
            logger.info("%s takes messages again", self._address)
        trip.end_round()

    async def _forget(self) -> None:
        """Take what is confirmed out of the outbox.

        A full disk keeps it there, and stops nothing: it is tried again, and at worst the next run sends it twice.
        """
        ids = sorted(self._to_forget)
        if not ids:
            return
        try:
            await self._outbox.remove(ids)
        except OSError as error:
            self._say_full(error)
        else:
            self._to_forget.difference_update(ids)
            self._is_full = False

    async def _pause(self) -> None:
        """Wait before the next attempt, less once the crawl has ended."""
        seconds = self._pauses.next()
        if self._ended.is_set():
            await asyncio.sleep(min(seconds, CLOSING_PAUSE))
        else:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)

    # -- what the log says ---------------------------------------------------------------------------------------------

    @property
    def _fate(self) -> str:
        return f"wait in {self._outbox.path} and are sent as soon as it takes them"

    def _say_full(self, reason: OSError) -> None:
        if not self._is_full:
            logger.warning(
                "%s cannot be written (%s): what %s has may be sent twice",
                self._outbox.path,
                reason.strerror,
                self._address,
            )
        self._is_full = True

    def _say_away(self, reason: Exception) -> None:
        if not self._is_away:
            logger.warning("%s is away (%s): messages %s", self._address, reason, self._fate)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            logger.info("%s is back: %d messages are sent on", self._address, self._waiting)
        self._is_away = False


@dataclass(slots=True)
class _Trip:
    """What one link has carried.

    :ivar sent: the last row sent; :ivar under_way: sent and not settled.
    :ivar refused: in this round; :ivar is_refused: some were in the round before.
    :ivar seen: how much the outbox had been given when all of it was sent.
    :ivar heard: when the broker last settled something, or owed nothing; monotonic seconds.
    """

    sent: int = 0
    under_way: int = 0
    refused: int = 0
    is_refused: bool = False
    seen: int = -1
    heard: float = field(default_factory=time.monotonic)

    def end_round(self) -> None:
        self.is_refused = bool(self.refused)
        if self.refused:
            self.sent, self.refused, self.seen = 0, 0, -1


def _properties(row: Row) -> BasicProperties:
    return BasicProperties(
        content_type="application/json",
        delivery_mode=2,  # persistent
        message_id=row.message_id,
        timestamp=int(row.taken_in),
        type="odds.v1",
        app_id="gigscrapy",
    )


def _show_defect(forwarding: asyncio.Task[None]) -> None:
    """Our own mistake ended the forwarding: what is published is still durable, but must be looked at."""
    if not forwarding.cancelled() and (defect := forwarding.exception()):
        logger.error("messages are no longer sent on, they stay in the outbox", exc_info=defect)
