"""From the queue into the tables: a batch at a time, committed, then acknowledged.

Whatever goes wrong is one of three things (:class:`schema.database.Fault`), and only one of them is a message's fault:

* the database is away or busy: the batch is held, and tried again until it is stored; nothing is acknowledged;
* the database will not have a message: it is found by halving the batch, and put aside with the reason, alone;
* the installation or the program is at fault: the consumer halts, and a person mends it; nothing is lost meanwhile.

A message that kills the process leaves no time to think: see :mod:`gigscrapy.quarantine`.

While the queue is empty it tallies (:mod:`schema.tally`), a tenth of a second at a time.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peewee import Database, PeeweeException

from gigscrapy.broker import BrokerError, Delivery, Receiver
from gigscrapy.deadletters import REPLAYED
from gigscrapy.patience import Halt, MessageFault, Patience, Stopped
from gigscrapy.quarantine import TRIALS, Epidemic, Quarantine
from schema.database import explain, hang_up
from schema.migrations import SchemaError, prepare
from schema.store import Outcome, Store
from schema.tally import Tally

BATCH = 500
BATCH_SECONDS = 0.2
"""A batch is full, or so old, before it is stored. Larger ones are hardly faster, and all of one is delivered again."""
DRAIN_SECONDS = 2.0
"""A queue that brings nothing for so long is empty."""

WINDOW, TOLERATED = 500, 100
"""More refusals than that among so many messages are no accident: better to halt than to put all of them aside."""

SUSPECT = 3
"""Given out so often in vain, a message may be what its consumers died of."""
FRESH = 100
"""So many in a row that were never given out before: what was suspect is behind us."""

TALLY_SECONDS = 1.0
"""Between two looks at whether there is something to tally."""
TALLY_PAUSE = 60.0
"""Seconds without a tally after one that went wrong: what it is for are pages, and the log is not to fill with it."""
TALLY_AT_LEAST = 15.0
"""Seconds after which a queue that brings full batches without end waits for one step: a hundredth of the time. One
that merely is never empty leaves time for as many as an empty one.
"""
TALLY_AT_LAST = 60.0
"""The most seconds that a consumer which drains its queue tallies in the end."""

KILLER = "kills-the-consumer"

logger = logging.getLogger(__name__)


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
    :param quarantine: what is known of messages that kill; without one, such a message kills for ever.
    """

    def __init__(
        self,
        receiver: Receiver,
        database: Database,
        *,
        watch: Callable[[Totals], None] | None = None,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._receiver = receiver
        self._database = database
        self._store = Store(database)
        self._tally = Tally(database)
        self._tally_after = 0.0
        self._tallied_at = time.monotonic()
        self._patiently = Patience(database, lambda: self.is_stopping)
        self._watch = watch
        self._quarantine = quarantine
        self._care: Quarantine | None = None
        """The same, while one message is taken at a time."""
        self._fresh_in_a_row = 0
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
            if self._quarantine and self._quarantine.is_called_for():
                self._begin_to_care(self._quarantine, "several consumers died without goodbye")
            while not self.is_stopping:
                deliveries = self._receive(DRAIN_SECONDS if drain or self._care else BATCH_SECONDS)
                if deliveries:
                    self._take(deliveries)
                    rest = TALLY_AT_LEAST if len(deliveries) == BATCH else TALLY_SECONDS
                    if not self._care and time.monotonic() - self._tallied_at > rest:
                        self._count(drain=False)
                elif deliveries is not None:
                    self._end_of_care()
                    self._count(drain=drain)
                    if drain:
                        break
        except Stopped:
            logger.info("told to stop while the database is away: what was received goes back to the queue")
        except (SchemaError, Epidemic, MessageFault) as error:  # the last where no single message is at fault
            raise Halt(str(error)) from error
        finally:
            self._receiver.close()
            hang_up(self._database)
            if self._quarantine:
                self._quarantine.leave()

    def _take(self, deliveries: Sequence[Delivery]) -> None:
        """Settle a batch; if one of it is suspect, give it back and have it again one by one."""
        if self._care:
            self._settle_with_care(deliveries[0], self._care)
        elif self._quarantine and any(delivery.attempts >= SUSPECT for delivery in deliveries):
            self._begin_to_care(self._quarantine, f"there are messages that were given out {SUSPECT} times in vain")
            return
        else:
            self._settle(deliveries)
        if self._watch:
            self._watch(self.totals)

    def _count(self, *, drain: bool) -> None:
        """Tally some of what is stored, at the end all of it. That it cannot be done keeps nobody from storing."""
        self._tallied_at = time.monotonic()
        if self._tallied_at < self._tally_after and not drain:
            return
        until = time.monotonic() + TALLY_AT_LAST
        try:
            while (left := self._tally.step(patiently=not drain).left) and drain and not self.is_stopping:
                if time.monotonic() > until:
                    logger.info("not all is tallied: `scrapy tally` does the rest")
                    return
            if not left:
                self._tally_after = time.monotonic() + TALLY_SECONDS
        except PeeweeException as error:
            self._tally_after = time.monotonic() + TALLY_PAUSE
            logger.warning("not tallied, tried again in %.0f s: %s", TALLY_PAUSE, explain(error))

    # -- the queue -----------------------------------------------------------------------------------------------------

    def _receive(self, patience: float) -> Sequence[Delivery] | None:
        """A batch, perhaps empty; ``None`` while the broker is away, which the receiver says and waits for itself."""
        try:
            return self._receiver.receive(1 if self._care else BATCH, patience)
        except ConnectionError:
            return None
        except BrokerError as error:
            raise Halt(str(error)) from None

    def _answer(self, deliveries: Sequence[Delivery], outcome: Outcome) -> bool:
        """All of these are in the tables, the refused ones too: the queue may forget them. Whether it was told."""
        refused = {id(incoming): refusal for incoming, refusal in outcome.refused}
        try:
            for delivery in deliveries:
                if refusal := refused.get(id(delivery)):
                    self._receiver.refuse(delivery, refusal.reason, refusal.detail)
            self._receiver.ack([delivery for delivery in deliveries if id(delivery) not in refused])
        except ConnectionError as error:
            logger.warning("stored, and the broker is away before it heard so (%s): they will come once more", error)
            return False
        return True

    # -- the tables ----------------------------------------------------------------------------------------------------

    def _settle(self, deliveries: Sequence[Delivery]) -> None:
        """Store these and answer for them; where a message stands in the way, each half by itself."""
        started = time.perf_counter()
        try:
            outcome = self._patiently(lambda: self._write(deliveries), f"{len(deliveries)} messages")
        except MessageFault as fault:
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                self._settle(deliveries[:middle])
                self._settle(deliveries[middle:])
                return
            detail = str(fault)
            outcome = self._patiently(lambda: self._store.refuse(deliveries[0], "database", detail), "one message")
        self._answer(deliveries, outcome)
        self._account(deliveries, outcome, time.perf_counter() - started)

    def _write(self, deliveries: Sequence[Delivery]) -> Outcome:
        if self._care is None:
            return self._store.store(deliveries)
        self._database.execute_sql("SELECT 1")  # who waits for the database, and is killed for it, died of no message
        with self._care.trial(deliveries[0].body):
            return self._store.store(deliveries)

    def _account(self, deliveries: Sequence[Delivery], outcome: Outcome, seconds: float) -> None:
        self.totals.add(deliveries, outcome, seconds)
        self._tell(deliveries, outcome, seconds)
        self._beware(deliveries, outcome)

    # -- messages that kill --------------------------------------------------------------------------------------------

    def _begin_to_care(self, quarantine: Quarantine, why: str) -> None:
        """From now on one at a time, and none ahead: what kills shall take no others with it."""
        logger.warning("%s: taking one message at a time, to find one that kills", why)
        self._care, self._fresh_in_a_row = quarantine, 0
        self._receiver.close()  # which gives back what was received

    def _end_of_care(self) -> None:
        if self._care:
            logger.info("what was suspect is settled: taking batches again")
            self._care.is_over()
        self._care = None

    def _settle_with_care(self, delivery: Delivery, quarantine: Quarantine) -> None:
        """:raises Epidemic: when it is no message's fault."""
        if quarantine.is_killer(delivery.body):
            self._put_aside(delivery, quarantine)
        else:
            self._settle([delivery])
        self._fresh_in_a_row = 0 if delivery.attempts else self._fresh_in_a_row + 1
        if self._fresh_in_a_row == FRESH:
            self._end_of_care()

    def _put_aside(self, delivery: Delivery, quarantine: Quarantine) -> None:
        """Refuse it, and do not even look into it."""
        started = time.perf_counter()
        detail = f"{TRIALS} consumers, one after the other, died while they were storing it and nothing else"
        outcome = self._patiently(lambda: self._store.refuse(delivery, KILLER, detail, unread=True), "one message")
        if self._answer([delivery], outcome):
            quarantine.put_aside(delivery.body)
        self._account([delivery], outcome, time.perf_counter() - started)

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
            logger.warning("refused (%s): %s", refusal.reason, refusal.detail, extra={"run": refusal.run_id})
        for name in outcome.unknown_bookmakers:
            logger.warning("a bookmaker that nobody has reviewed: %r", name)

    def _beware(self, deliveries: Sequence[Delivery], outcome: Outcome) -> None:
        # Without what a person put back: that it is refused again is no news of its sender, nor of this program.
        refused = {id(incoming) for incoming, _ in outcome.refused}
        self._refused_lately.extend(id(each) in refused for each in deliveries if REPLAYED not in each.headers)
        if sum(self._refused_lately) > TOLERATED:
            raise Halt(
                f"more than {TOLERATED} of the last {WINDOW} messages were refused: look at DeadLetters, then at their "
                "sender and at the version of this program"
            )
