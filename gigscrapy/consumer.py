"""From the queue into the tables: a batch at a time, committed, then acknowledged.

Whatever goes wrong is one of three things (:class:`schema.database.Fault`), and only one of them is a message's fault:

* the database is away or busy: the batch is held, and tried again until it is stored; nothing is acknowledged;
* the database will not have a message: it is found by halving the batch, and put aside with the reason, alone;
* the installation or the program is at fault: the consumer halts, and a person mends it; nothing is lost meanwhile.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from peewee import Database

from gigscrapy.broker import BrokerError, Delivery, Receiver
from schema.database import Fault, explain, fault_of, hang_up
from schema.migrations import SchemaError, prepare
from schema.store import Outcome, Store

BATCH = 500
BATCH_SECONDS = 0.2
"""A batch is full, or so old, before it is stored. Larger ones are hardly faster, and all of one is delivered again."""
DRAIN_SECONDS = 2.0
"""A queue that brings nothing for so long is empty."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
STRIKES = 3
"""So often an error that nobody knows is taken for a passing one."""

WINDOW, TOLERATED = 500, 100
"""More refusals than that among so many messages are no accident: better to halt than to put all of them aside."""

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Halt(Exception):
    """The consumer cannot go on until a person has seen to it; the message says to what. Nothing is lost."""


class _MessageFault(Exception):
    """Some message of the batch is not to the database's liking."""


class _Stopped(Exception):
    """Told to stop while it was waiting for the database."""


@dataclass(slots=True)
class Totals:
    """What a consumer has done so far. ``messages``: all it settled, whichever way; ``seconds``: busy with them."""

    messages: int = 0
    stored: int = 0
    prices: int = 0
    duplicates: int = 0
    refused: int = 0
    seconds: float = 0.0

    def add(self, deliveries: Sequence[Delivery], outcome: Outcome, seconds: float) -> None:
        self.messages += len(deliveries)
        self.stored += outcome.stored
        self.prices += outcome.prices
        self.duplicates += outcome.duplicates
        self.refused += len(outcome.refused)
        self.seconds += seconds


class Consumer:
    """Stores what a queue brings, until told to stop. One for a process: it owns the receiver and the database.

    :param watch: called after each batch, with the totals.
    """

    def __init__(
        self, receiver: Receiver, database: Database, *, watch: Callable[[Totals], None] | None = None
    ) -> None:
        self._receiver = receiver
        self._database = database
        self._store = Store(database)
        self._watch = watch
        self._refused_lately: deque[bool] = deque(maxlen=WINDOW)
        self.totals = Totals()
        self.is_stopping = False

    def stop(self) -> None:
        """Settle the present batch, and leave. To be called from anywhere, a signal handler too."""
        self.is_stopping = True  # and not an Event, whose lock the interrupted thread may hold

    def run(self, *, drain: bool = False) -> None:
        """Consume until told to stop, or with ``drain`` until the queue is empty.

        :raises Halt: when a person must see to something.
        """
        try:
            self._patiently(lambda: prepare(self._database), "the start")
            while not self.is_stopping:
                deliveries = self._receive(DRAIN_SECONDS if drain else BATCH_SECONDS)
                if deliveries:
                    self._settle(deliveries)
                    if self._watch:
                        self._watch(self.totals)
                elif drain and deliveries is not None:
                    break
        except _Stopped:
            logger.info("told to stop while the database is away: what was received goes back to the queue")
        except (SchemaError, _MessageFault) as error:  # the latter where no single message is at fault
            raise Halt(str(error)) from error
        finally:
            self._receiver.close()
            hang_up(self._database)

    # -- the queue -----------------------------------------------------------------------------------------------------

    def _receive(self, patience: float) -> Sequence[Delivery] | None:
        """A batch, perhaps empty; ``None`` while the broker is away, which the receiver says and waits for itself."""
        try:
            return self._receiver.receive(BATCH, patience)
        except ConnectionError:
            return None
        except BrokerError as error:
            raise Halt(str(error)) from None

    def _answer(self, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
        """All of these are in the tables, the refused ones too: the queue may forget them."""
        refused = {id(incoming): refusal for incoming, refusal in outcome.refused}
        try:
            for delivery in deliveries:
                if refusal := refused.get(id(delivery)):
                    self._receiver.refuse(delivery, refusal.reason, refusal.detail)
            self._receiver.ack([delivery for delivery in deliveries if id(delivery) not in refused])
        except ConnectionError as error:
            logger.warning("stored, and the broker is away before it heard so (%s): they will come once more", error)

    # -- the tables ----------------------------------------------------------------------------------------------------

    def _settle(self, deliveries: Sequence[Delivery]) -> None:
        """Store these and answer for them; where a message stands in the way, each half by itself."""
        started = time.perf_counter()
        try:
            outcome = self._patiently(lambda: self._store.store(deliveries), f"{len(deliveries)} messages")
        except _MessageFault as fault:
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                self._settle(deliveries[:middle])
                self._settle(deliveries[middle:])
                return
            detail = str(fault)
            outcome = self._patiently(lambda: self._store.refuse(deliveries[0], "database", detail), "one message")
        self._answer(deliveries, outcome)
        seconds = time.perf_counter() - started
        self.totals.add(deliveries, outcome, seconds)
        self._tell(deliveries, outcome, seconds)
        self._beware(deliveries, outcome)

    def _patiently(self, work: Callable[[], T], held: str) -> T:
        """Do ``work``, again and again while the database is away.

        :raises _MessageFault: when a message is at fault; :raises Halt: when the installation or the program is.
        """
        pause, strikes = FIRST_PAUSE, 0
        while True:
            try:
                return work()
            except SchemaError:
                raise
            except Exception as error:
                hang_up(self._database)
                fault = fault_of(error)
                strikes += fault is Fault.UNKNOWN
                if fault is Fault.MESSAGE:
                    raise _MessageFault(explain(error)) from error
                if strikes == STRIKES:
                    logger.exception("an error that nobody foresaw: please report it")
                if fault is Fault.OURS or strikes == STRIKES:
                    raise Halt(explain(error)) from error
                logger.warning("%s held for %.1f s: %s", held, pause, explain(error))
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _wait(self, seconds: float) -> None:
        """:raises _Stopped: when told to stop meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            if self.is_stopping:
                raise _Stopped

    # -- telling -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _tell(deliveries: Sequence[Delivery], outcome: Outcome, seconds: float) -> None:
        logger.info(
            "%d messages: %d prices in %d quotes, %d duplicates, %d refused, %.0f ms",
            len(deliveries),
            outcome.prices,
            outcome.stored,
            outcome.duplicates,
            len(outcome.refused),
            1000 * seconds,
        )
        for _, refusal in outcome.refused:
            logger.warning("refused (%s): %s", refusal.reason, refusal.detail)
        for name in outcome.unknown_bookmakers:
            logger.warning("a bookmaker that nobody has reviewed: %r", name)

    def _beware(self, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
        refused = len(outcome.refused)
        self._refused_lately.extend([True] * refused + [False] * (len(deliveries) - refused))
        if sum(self._refused_lately) > TOLERATED:
            raise Halt(
                f"more than {TOLERATED} of the last {WINDOW} messages were refused: look at DeadLetters, then at their "
                "sender and at the version of this program"
            )
