"""One connection to RabbitMQ, for an event loop: opened, used, lost. What publisher and receiver both need.

It is pika's asyncio adapter on the loop that is running. In a crawl that is Scrapy's own: nothing blocks the crawl, and
heartbeats are answered between two pages. (pika's Twisted adapter is slower, and hides why a connection was refused.)
"""

import asyncio
import contextlib
import logging
import random
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import pika
from pika.adapters.asyncio_connection import AsyncioConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker, ConnectionClosedByBroker
from pika.spec import Basic, BasicProperties

from gigscrapy.broker import FIRST_SEEN, BrokerError, QueueState
from schema.instants import read_iso

HEARTBEAT_SECONDS = 30
"""A dead line is noticed within three of these; ``?heartbeat=`` in the URL says otherwise."""

OLDEST_STAMP = datetime(2000, 1, 1, tzinfo=UTC).timestamp()

ANSWER_SECONDS = 60
"""How long the broker may think about one question. A queue may hang, and the connection not notice."""

LEAVE_SECONDS = 3
"""How long a goodbye may take."""

QUEUE_ARGUMENTS: Mapping[str, Mapping[str, Any] | None] = {
    # Poison is told by the consumer: a broker that counts deliveries drops the neighbours of a bad message with it. It
    # does so after 20, from 4.0 on, unless told otherwise. "Never" is -1 there; but to 3.x -1 is 0, which drops what is
    # delivered for a second time, without a word. This is never for both.
    "quorum": {"x-queue-type": "quorum", "x-delivery-limit": 2**31 - 1},
    # As gig-benchmark's own processes declare it: one argument more, and theirs would be refused.
    "classic": None,
}

NOWHERE = "gigscrapy.nowhere"
"""There is no queue of this name."""

ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED, NOT_ALLOWED = 403, 404, 406, 530

T = TypeVar("T")

logger = logging.getLogger(__name__)
logging.getLogger("pika").setLevel(logging.CRITICAL)  # a page of it for each lost connection; ours says it in a line


class Address:
    """A RABBIT_URL, read. As text it has no password.

    :raises BrokerError: when it cannot be read.
    """

    def __init__(self, url: str) -> None:
        try:
            scheme = urlsplit(url).scheme
            if scheme not in ("amqp", "amqps"):
                raise ValueError(scheme)
            self._parameters = pika.URLParameters(url)
            if "heartbeat" not in urlsplit(url).query:
                self._parameters.heartbeat = HEARTBEAT_SECONDS
        except (ValueError, TypeError, AttributeError):
            # Neither the URL nor the error, which quotes it: a password may be in them.
            raise BrokerError(
                "RABBIT_URL cannot be read: amqp://user:password@host:5672/vhost is expected, with %2F for a / and %40"
                " for a @ in a password or a virtual host"
            ) from None
        self._parameters.connection_attempts = 1
        self._scheme = scheme

    def __str__(self) -> str:
        at = self._parameters
        return f"{self._scheme}://{at.credentials.username}@{at.host}:{at.port}/{at.virtual_host.removeprefix('/')}"

    def parameters(self, name: str) -> Any:
        """pika's, with the name under which RabbitMQ lists the connection."""
        self._parameters.client_properties = {"connection_name": name}
        return self._parameters


def known_queue_type(name: str) -> str:
    """:raises BrokerError: when ``name`` is not a type of queue that we declare."""
    if name not in QUEUE_ARGUMENTS:
        raise BrokerError(f"RABBIT_QUEUE_TYPE is {name!r}: {' or '.join(QUEUE_ARGUMENTS)} is expected")
    return name


class Pauses:
    """Seconds before each next attempt: 1, 2, 4 … 30, each shortened at random: many shall not come back at once."""

    def __init__(self, first: float = 1, longest: float = 30) -> None:
        self._first, self._longest = first, longest
        self.reset()

    def reset(self) -> None:
        self._next = self._first

    def next(self) -> float:
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * random.uniform(0.5, 1)  # noqa: S311 - it spreads, it hides nothing


class QueueGone(ConnectionError):
    """A message came back: there is no such queue any more."""


class Link:
    """An open connection with one channel, on which the broker confirms what it is given.

    :ivar lost: done once the link is of no more use; its result is the exception that says why.
    :ivar is_blocked: an alarm of memory or disk keeps the broker from taking messages.
    """

    def __init__(self, address: Address, connection: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self.address = address
        self.lost: asyncio.Future[BaseException] = self._loop.create_future()
        self.is_blocked = False
        self._settle: dict[int, Callable[[bool], None]] = {}
        self._published = 0
        self._channel: Any = None
        self._connection = connection
        connection.add_on_close_callback(lambda _, why: self.fail(why))
        connection.add_on_connection_blocked_callback(lambda *_: self._on_blocked(True))
        connection.add_on_connection_unblocked_callback(lambda *_: self._on_blocked(False))

    @classmethod
    async def open(cls, address: Address, name: str) -> Self:
        """A link that is ready; RabbitMQ lists its connection under ``name``.

        :raises BrokerError: wrong password, no such virtual host, no right to it, a certificate that is not trusted.
        :raises ConnectionError: when the broker is away.
        """
        link = cls(address, await _connect(address, name))
        try:
            link._channel = await link._open_channel()
            link._channel.add_on_close_callback(lambda _, why: link.fail(why))
            link._channel.add_on_return_callback(link._on_return)
            await link._ask(link._channel.confirm_delivery, link._on_confirm)
        except BaseException:
            await link.close()
            raise
        return link

    async def ensure_queue(self, queue: str, queue_type: str) -> None:
        """Use ``queue`` as it is, or declare it, durable, as ``queue_type`` says, where there is none.

        :raises BrokerError: when the user may not; :raises ConnectionError: when the link is lost over it.
        """
        try:
            await self.depth(queue)
        except ChannelClosedByBroker:
            arguments = QUEUE_ARGUMENTS[queue_type]
            try:
                await self._aside("queue_declare", queue, durable=True, arguments=arguments)
                logger.info("queue %s (%s) is made at %s", queue, queue_type, self.address)
            except ChannelClosedByBroker as refusal:
                if refusal.reply_code != PRECONDITION_FAILED:  # that one: another made it in between, otherwise
                    raise explained(refusal, self.address) from refusal

    async def depth(self, queue: str) -> int:
        """Messages ready in ``queue``. :raises ChannelClosedByBroker: when there is no such queue."""
        return (await self.state(queue)).messages

    async def state(self, queue: str) -> QueueState:
        """Who waits in ``queue``, and who reads it. :raises ChannelClosedByBroker: when there is no such queue."""
        try:
            declared = await self._aside("queue_declare", queue, passive=True)
        except ChannelClosedByBroker as refusal:
            if refusal.reply_code == NOT_FOUND:
                raise
            raise explained(refusal, self.address) from refusal
        return QueueState(int(declared.method.message_count), int(declared.method.consumer_count))

    async def difference(self, queue: str, queue_type: str) -> str | None:
        """In the broker's words, what of ``queue``, which is there, is not as we would make it; ``None``: nothing."""
        try:
            await self._aside("queue_declare", queue, durable=True, arguments=QUEUE_ARGUMENTS[queue_type])
        except ChannelClosedByBroker as refusal:
            if refusal.reply_code != PRECONDITION_FAILED:
                raise explained(refusal, self.address) from refusal
            return str(refusal.reply_text)
        return None

    @property
    def version(self) -> str:
        """As the broker says itself: ``RabbitMQ 3.10.8``."""
        said = self._connection.server_properties or {}
        return f"{said.get('product', 'a broker')} {said.get('version', 'of unknown version')}"

    async def takes_messages(self, patience: float) -> bool:
        """Whether messages are taken, each within ``patience`` seconds: those to no queue, which are dropped.

        Of an alarm the broker tells only those who publish; it still takes the first.
        """
        return await self._takes_one(patience) and not self.is_blocked and await self._takes_one(patience)

    async def _takes_one(self, patience: float) -> bool:
        settled = self._loop.create_future()
        with self._lost_errors():
            self._channel.basic_publish("", NOWHERE, b"")
        self._published += 1
        self._settle[self._published] = lambda safe: _give(settled, safe)
        await asyncio.wait((settled, self.lost), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        self.check()
        return settled.done() and bool(settled.result())

    def publish(self, queue: str, body: bytes, properties: BasicProperties, settle: Callable[[bool], None]) -> None:
        """Send; ``settle`` is called with true when the broker has it safe, with false when it refused it.

        It is never called once the link is lost: whether the broker has it is then unknown.

        :raises BrokerError or ConnectionError: when the link is lost.
        """
        self.check()
        with self._lost_errors():
            self._channel.basic_publish("", queue, body, properties, mandatory=True)
        self._published += 1
        self._settle[self._published] = settle

    async def consume(
        self, queue: str, prefetch: int, on_message: Callable[[Basic.Deliver, BasicProperties, bytes], None]
    ) -> None:
        """From now on ``on_message`` gets what ``queue`` holds, at most ``prefetch`` ahead of the acknowledgements."""
        self._channel.add_on_cancel_callback(lambda _: self.fail(BrokerError(_queue_deleted(queue, self.address))))
        await self._ask(self._channel.basic_qos, prefetch_count=prefetch)
        await self._ask(
            self._channel.basic_consume,
            queue,
            lambda _channel, method, properties, body: on_message(method, properties, body),
        )

    def ack(self, tag: int, *, multiple: bool) -> None:
        with self._lost_errors():
            self._channel.basic_ack(tag, multiple=multiple)

    async def result(self, awaited: asyncio.Future[T]) -> T:
        """What comes, unless the link is lost first, or is given up because nothing comes.

        :raises BrokerError or ConnectionError: when it does not come.
        """
        await asyncio.wait((awaited, self.lost), timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not awaited.done():
            self.fail(ConnectionError(f"no answer for {ANSWER_SECONDS} s"))
            self.check()
        return awaited.result()

    def check(self) -> None:
        """:raises BrokerError or ConnectionError: when the link is lost."""
        if self.lost.done():
            raise explained(self.lost.result(), self.address)

    def fail(self, why: BaseException) -> None:
        """The link is lost, for this reason; the first one counts."""
        if not self.lost.done():
            self.lost.set_result(why)
            self._settle.clear()

    async def close(self) -> None:
        """Leave, with a goodbye where the broker still listens."""
        self.fail(ConnectionError("closed"))
        gone = self._loop.create_future()
        self._connection.add_on_close_callback(lambda *_: _give(gone, None))
        with contextlib.suppress(AMQPError):  # closed already
            self._connection.close()
            await asyncio.wait((gone,), timeout=LEAVE_SECONDS)
            if not gone.done():
                self._connection._transport.abort()  # noqa: SLF001 - pika's only way to hang up without a goodbye
                await asyncio.wait((gone,), timeout=LEAVE_SECONDS)

    # -- how -----------------------------------------------------------------------------------------------------------

    async def _ask(self, method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """The broker's answer to a method of the channel."""
        answer = self._loop.create_future()
        with self._lost_errors():
            method(*arguments, callback=answer.set_result, **options)
        return await self.result(answer)

    async def _open_channel(self) -> Any:
        opened = self._loop.create_future()
        with self._lost_errors():
            self._connection.channel(on_open_callback=opened.set_result)
        return await self.result(opened)

    async def _aside(self, method: str, queue: str, **options: Any) -> Any:
        """Ask on a channel of its own: the broker closes a channel on which it refuses something.

        :raises ChannelClosedByBroker: when it does.
        """
        channel = await self._open_channel()
        answer = self._loop.create_future()
        channel.add_on_close_callback(lambda _, why: _give(answer, why))
        with self._lost_errors():
            getattr(channel, method)(queue, callback=answer.set_result, **options)
        result = await self.result(answer)
        if isinstance(result, ChannelClosedByBroker):
            raise result
        if isinstance(result, BaseException):
            raise explained(result, self.address) from result
        channel.close()
        return result

    @contextlib.contextmanager
    def _lost_errors(self) -> Iterator[None]:
        """What is closed, pika refuses to use; what closed it is the better answer."""
        try:
            yield
        except AMQPError as error:
            why = self.lost.result() if self.lost.done() else error
            raise explained(why, self.address) from error

    def _on_confirm(self, frame: Any) -> None:
        """One message is settled, or (``multiple``) all up to it. The tags were given in ascending order."""
        upto: int = frame.method.delivery_tag
        if frame.method.multiple:
            tags = []
            for tag in self._settle:
                if tag > upto:
                    break
                tags.append(tag)
        else:
            tags = [upto]
        safe = isinstance(frame.method, Basic.Ack)
        for tag in tags:
            if settle := self._settle.pop(tag, None):
                settle(safe)

    def _on_return(self, _channel: Any, method: Basic.Return, _properties: BasicProperties, _body: bytes) -> None:
        """A message without a queue comes back, and is confirmed next: so nothing is believed from here on."""
        self.fail(QueueGone(f"queue {method.routing_key} is gone"))

    def _on_blocked(self, is_blocked: bool) -> None:
        self.is_blocked = is_blocked
        if is_blocked:
            logger.warning("%s takes no messages for now (an alarm of memory or disk): they wait", self.address)
        else:
            logger.info("%s takes messages again", self.address)


class _Gathering(AsyncioConnection):
    """A connection of pika that sends at once what it is given at once.

    By itself it makes three calls of the system for each message, which cost a crawl more than all the rest of
    publishing.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._gathered: list[bytes] = []
        super().__init__(*arguments, **options)

    def _adapter_emit_data(self, data: bytes) -> None:
        if not self._gathered:
            self.ioloop.call_soon(self._send_gathered)
        self._gathered.append(data)

    def _send_gathered(self) -> None:
        gathered, self._gathered = b"".join(self._gathered), []
        if self._transport is not None:  # lost in between
            super()._adapter_emit_data(gathered)


async def _connect(address: Address, name: str) -> Any:
    """Pika's connection, open. :raises BrokerError or ConnectionError: as :meth:`Link.open`."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    _Gathering.create_connection([address.parameters(name)], lambda outcome: _give(done, outcome), loop)
    try:
        outcome = await asyncio.shield(done)
    except asyncio.CancelledError:
        # pika cannot break off an attempt half-way: it ends by its own time limit, and what it may bring is not wanted.
        done.add_done_callback(lambda _: isinstance(done.result(), AsyncioConnection) and done.result().close())
        raise
    if isinstance(outcome, AsyncioConnection):
        return outcome
    raise explained(outcome, address)


def explained(error: BaseException, address: Address) -> Exception:
    """``error`` as our callers know it: BrokerError with advice, or ConnectionError where waiting may help."""
    if isinstance(error, BrokerError | ConnectionError):
        return error
    cause = _cause(error)
    code = _reply_code(cause)
    if code == ACCESS_REFUSED and isinstance(cause, ChannelClosedByBroker):
        return BrokerError(f"the user of {address} lacks a right: {cause.reply_text}")
    if code == ACCESS_REFUSED:
        return BrokerError(f"RabbitMQ refuses the user or the password of {address}: correct RABBIT_URL")
    if code == NOT_ALLOWED:
        return BrokerError(
            f"RabbitMQ lets nobody into the virtual host of {address}: correct RABBIT_URL, or create the virtual host"
            " and give the user its permissions"
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return BrokerError(f"the certificate of {address} is not trusted: {cause.verify_message}")
    return ConnectionError(_in_words(cause))


def states(url: str, queues: Sequence[str]) -> dict[str, QueueState]:
    """Each queue that exists. :raises ConnectionError, BrokerError: as :meth:`Link.open`."""

    async def look() -> dict[str, QueueState]:
        link = await Link.open(Address(url), "gigscrapy depths")
        found = {}
        for queue in queues:
            with contextlib.suppress(ChannelClosedByBroker):
                found[queue] = await link.state(queue)
        await link.close()
        return found

    return asyncio.run(look())


def received_at(properties: BasicProperties) -> datetime:
    """When the message was sent, where it says so and the clock is believable; else now. Aware UTC.

    To the microsecond where it was sent by ours: of bare messages two may be of one second.
    """
    now = datetime.now(UTC)
    stamp = properties.timestamp
    if stamp is None or not OLDEST_STAMP <= stamp <= now.timestamp():
        return now
    with contextlib.suppress(KeyError, TypeError, ValueError):  # no such header, or somebody else's
        exact = read_iso((properties.headers or {})[FIRST_SEEN])
        if int(exact.timestamp()) == stamp:
            return exact
    return datetime.fromtimestamp(stamp, UTC)


def _give(future: asyncio.Future[T], result: T) -> None:
    """The first answer counts."""
    if not future.done():
        future.set_result(result)


def _reply_code(error: BaseException) -> int | None:
    if isinstance(error, ChannelClosedByBroker | ConnectionClosedByBroker):
        return int(error.reply_code)
    # While it connects, pika guesses from how far it came, and puts what the broker said into words. The guess is also
    # made when the line was merely cut there; what the broker said is not.
    said = re.match(r"ConnectionClosedByBroker: \((\d+)\)", str(error))
    return int(said[1]) if said else None


def _cause(error: BaseException) -> BaseException:
    """What is at the bottom of pika's nested reports of a failed attempt."""
    inner = getattr(error, "exceptions", None) or [getattr(error, "exception", None), *error.args]
    deeper = next((each for each in reversed(inner) if isinstance(each, BaseException)), None)
    return _cause(deeper) if deeper else error


def _in_words(cause: BaseException) -> str:
    if isinstance(cause, socket.gaierror | OSError) and cause.strerror:
        return str(cause.strerror)
    return str(cause.args[-1] if cause.args else "") or type(cause).__name__


def _queue_deleted(queue: str, address: Address) -> str:
    return f"queue {queue} of {address} was deleted while it was being read: start again, and it is made anew"
