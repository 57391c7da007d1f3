"""The consumer's way from RabbitMQ: a connection in a thread of its own, and a batch at a time to the consumer's.

The consumer may be busy with the database for minutes: heartbeats are answered meanwhile, and what the broker sends
ahead waits here, twice a batch at most.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
import queue as queues
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any, NoReturn, TypeVar

from pika import BasicProperties
from pika.spec import Basic

from gigscrapy.broker import QUEUE, Delivery, dead_letter_headers, dead_queue
from gigscrapy.broker.rabbitmq.link import LEAVE_SECONDS, Address, Link, Pauses, known_queue_type, received_at

logger = logging.getLogger(__name__)

T = TypeVar("T")

BEGIN_SECONDS = 5
"""How long one call waits for a new connection to be ready; the attempt goes on when the call has given up."""


class RabbitReceiver:
    """See :class:`gigscrapy.broker.Receiver`."""

    def __init__(self, url: str, *, queue: str = QUEUE, queue_type: str) -> None:
        self._address = Address(url)
        self._queue = queue
        self._queue_type = known_queue_type(queue_type)
        self._line: _Line | None = None
        self._pauses = Pauses()
        self._not_before = 0.0
        self._is_away = False
        self._has_begun = False

    # -- the contract --------------------------------------------------------------------------------------------------

    def receive(self, limit: int, timeout: float) -> Sequence[Delivery]:
        line = self._ready_line(_prefetch(limit), timeout)
        taken: list[Delivery] = []
        deadline = time.monotonic() + timeout
        while len(taken) < limit:
            try:
                delivery = line.inbox.get(timeout=max(0, deadline - time.monotonic()))
            except queues.Empty:
                break
            if delivery is None:
                self._lose(line)
            elif not taken:
                deadline = time.monotonic() + timeout
            taken.append(delivery)
        return taken

    def ack(self, deliveries: Sequence[Delivery]) -> None:
        if deliveries:
            line = self._line_of(deliveries)
            line.call(line.ack([delivery.tag[1] for delivery in deliveries]))

    def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        line = self._line_of([delivery])
        line.call(line.refuse(delivery, reason, detail))

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None

    # -- one line after the other --------------------------------------------------------------------------------------

    def _ready_line(self, prefetch: int, timeout: float) -> "_Line":
        """The present line; a new one where it ended or had another prefetch.

        :raises ConnectionError: when it has ended, or the pause before the next outlasts ``timeout``, or the broker is
            slow to answer.
        """
        if self._line is not None and self._line.prefetch != prefetch:
            self.close()
        if self._line is None:
            pause = self._not_before - time.monotonic()
            time.sleep(max(0, min(pause, timeout)))
            if pause > timeout:
                raise ConnectionError(f"{self._address} is away")
            self._line = _Line(self._address, self._queue, self._queue_type, prefetch)
        if not self._line.begun.wait(BEGIN_SECONDS):  # else a queue would pass for empty that was not even asked yet
            raise ConnectionError(f"{self._address} has not answered yet")
        if self._line.has_ended:
            self._lose(self._line)
        self._say_ready()
        return self._line

    def _line_of(self, deliveries: Sequence[Delivery]) -> "_Line":
        """The line that brought them, if it is the present one: on another, their tags are those of other messages."""
        line = self._line
        if line is None or any(delivery.tag[0] is not line for delivery in deliveries):
            raise ConnectionError(f"{self._address} was away since this was received: it is delivered anew")
        return line

    def _lose(self, line: "_Line") -> NoReturn:
        self._line = None
        if isinstance(line.error, ConnectionError):
            self._not_before = time.monotonic() + self._pauses.next()
            if not self._is_away:
                logger.warning("%s is away (%s): what is not stored yet is delivered anew", self._address, line.error)
            self._is_away = True
        raise line.error

    def _say_ready(self) -> None:
        self._pauses.reset()
        if self._is_away:
            logger.info("%s is back", self._address)
        elif not self._has_begun:
            logger.info("messages come from queue %s of %s", self._queue, self._address)
        self._is_away, self._has_begun = False, True


class _Line:
    """One connection and its thread, from attempt to loss.

    :ivar inbox: what was received, and ``None`` at the end.
    :ivar begun: set when it receives, or has ended; :ivar has_ended: it is of no more use; :ivar error: why.
    """

    def __init__(self, address: Address, queue: str, queue_type: str, prefetch: int) -> None:
        self.prefetch = prefetch
        self.inbox: queues.SimpleQueue[Delivery | None] = queues.SimpleQueue()
        self.error: Exception = ConnectionError("closed")
        self.begun = threading.Event()
        self.has_ended = False
        self._address = address
        self._queue, self._dead_queue = queue, dead_queue(queue)
        self._queue_type = queue_type
        self._unsettled: dict[int, None] = {}
        """Tags received and neither acknowledged nor refused, in ascending order."""
        self._loop: asyncio.AbstractEventLoop
        self._living: asyncio.Task[None]
        self._link: Link | None = None
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), name=f"receiver of {queue}", daemon=True)
        self._thread.start()
        started.wait()

    # -- from the consumer's thread ------------------------------------------------------------------------------------

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done in the line's thread. :raises ConnectionError: when the line ends before it is done."""
        try:
            done = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop is closed
            work.close()
            raise ConnectionError(str(self.error)) from self.error
        while True:
            try:
                return done.result(timeout=1)
            except concurrent.futures.CancelledError:
                raise ConnectionError(str(self.error)) from self.error
            except TimeoutError:
                if not self._thread.is_alive():  # between our asking and its end there is a moment nobody answers in
                    raise ConnectionError(str(self.error)) from self.error

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(self._leave)
        self._thread.join(3 * LEAVE_SECONDS)

    # -- in the line's thread ------------------------------------------------------------------------------------------

    async def ack(self, tags: Sequence[int]) -> None:
        """All up to a tag at once, as far as all up to it are meant; the others one by one."""
        assert self._link
        meant = self._unsettled.keys() & tags
        upto = 0
        for tag in self._unsettled:
            if tag not in meant:
                break
            upto = tag
        if upto:
            self._link.ack(upto, multiple=True)
        for tag in sorted(tag for tag in meant if tag > upto):
            self._link.ack(tag, multiple=False)
        for tag in meant:
            del self._unsettled[tag]

    async def refuse(self, delivery: Delivery, reason: str, detail: str) -> None:
        properties = BasicProperties(
            delivery_mode=2,
            message_id=delivery.message_id,
            timestamp=int(delivery.received_at.timestamp()),
            app_id="gigscrapy",
            headers=dead_letter_headers(delivery, reason, detail),
        )
        assert self._link
        settled: asyncio.Future[bool] = self._loop.create_future()
        self._link.publish(self._dead_queue, delivery.body, properties, settled.set_result)
        if not await self._link.result(settled):
            self._link.fail(ConnectionError(f"queue {self._dead_queue} refuses messages: is it full?"))
            self._link.check()
        await self.ack([delivery.tag[1]])

    def _run(self, started: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._living = self._loop.create_task(self._live())
            started.set()
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._living)

    async def _live(self) -> None:
        try:
            self._link = await Link.open(self._address, f"gigscrapy receiver of {self._queue}")
            for queue in {self._queue, self._dead_queue}:
                await self._link.ensure_queue(queue, self._queue_type)
            await self._link.consume(self._queue, self.prefetch, self._on_message)
            self.begun.set()
            await self._link.lost
            self._link.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the consumer's thread raises it
            self.error = error
        finally:
            self.has_ended = True  # before the goodbye, which may take its time
            self.inbox.put(None)
            self.begun.set()
            if self._link is not None:
                await self._link.close()

    def _leave(self) -> None:
        """End it, by the loss of the link where there is one: a goodbye that is being said is then said to its end."""
        if self._link is None:
            self._living.cancel()
        else:
            self._link.fail(ConnectionError("closed"))

    def _on_message(self, method: Basic.Deliver, properties: BasicProperties, body: bytes) -> None:
        headers = properties.headers or {}
        delivery = Delivery(
            tag=(self, method.delivery_tag),
            body=body,
            message_id=_text(properties.message_id),
            received_at=received_at(properties),
            attempts=_attempts(headers.get("x-delivery-count"), redelivered=method.redelivered),
            headers=headers,
        )
        self._unsettled[method.delivery_tag] = None
        self.inbox.put(delivery)


def _prefetch(limit: int) -> int:
    """The next batch is here when the last is stored. With batches of one, which suspects are given, none is ahead."""
    return 2 * limit if limit > 1 else 1


def _attempts(count: object, *, redelivered: bool) -> int:
    """A quorum queue counts; a classic one says only that it is not the first time."""
    return count if type(count) is int and count >= 0 else int(redelivered)


def _text(name: str | bytes | None) -> str | None:
    """What is no UTF-8 in a foreign id is left out."""
    return name.decode("utf-8", "ignore") if isinstance(name, bytes) else name
