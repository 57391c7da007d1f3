"""Dead letters as a work list: which of them wait, and putting them back into the queue once what they lack is mended.

A letter waits from the day it is refused. Replayed, it is on its way or settled, which only its return could tell
apart: refused again, it waits again. Nothing here changes a letter, and nothing deletes one: what is replayed is the
body as it came, dated as it was received.

A letter goes back where it came from: a message into ``odds``, a task into ``scraping_tasks``.

Any of this may be killed at any instant, or run twice at once: a body is put back before its copy among the dead is let
go, so it may be sent twice: the store counts it once, and of a task that has an id no second run is made.

What is replayed is marked as such (:data:`REPLAYED`): a thousand letters that are refused again halt no consumer.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from itertools import islice

from peewee import Case, Database, fn

from gigscrapy.broker import QUEUE, TASK_QUEUE, Delivery, Queues, Receiver, dead_queue, depths, receiver, send
from schema.database import begin_writing
from schema.messages import letter_hash
from schema.models import BODY_LENGTH, DeadLetters, Runs, now

BATCH = 100
"""Letters that are sorted at once."""

BATCH_BYTES = 4 << 20
"""So much their bodies may come to; RabbitMQ sends twice as much ahead. Larger ones are taken one by one."""

REPLAYED = "x-replayed"
"""The header of what a replay puts back into the queue."""

LOOK_SECONDS = 1.0
"""How long the queue of the dead may bring nothing before it is taken for empty."""

CONNECT_SECONDS = 30
"""How long a broker that is away is waited for."""

LIVING_QUEUES = (QUEUE, TASK_QUEUE)
"""What dead letters come from."""

WAITING = DeadLetters.replayed_at.is_null() | (DeadLetters.last_seen >= DeadLetters.replayed_at)
"""What a letter in the table has to meet to be waiting: it was never replayed, or has come back since."""

LIGHT = [field for field in DeadLetters._meta.sorted_fields if field.name != "body"]  # noqa: SLF001 - Peewee's own word
"""All columns but the body: a list of bodies would be megabytes."""


def is_waiting(letter: DeadLetters) -> bool:
    """Whether ``letter`` waits for somebody; else it was replayed and has not come back."""
    return letter.replayed_at is None or letter.last_seen >= letter.replayed_at


@dataclass(frozen=True, slots=True)
class Chosen:
    """The letters that are meant: those with these numbers, or all of one queue, one reason, one run, or of several of
    these; or all.
    """

    ids: frozenset[int] | None = None
    queue: str | None = None
    reason: str | None = None
    run_id: str | None = None

    @property
    def condition(self) -> object:
        """What a row has to meet whose copy in the queue is gone."""
        if self.ids is not None:
            return DeadLetters.id.in_(self.ids)
        condition = WAITING
        if self.queue is not None:
            condition &= DeadLetters.queue == self.queue
        if self.reason is not None:
            condition &= DeadLetters.reason == self.reason
        if self.run_id is not None:
            condition &= DeadLetters.run_id == self.run_id
        return condition

    def holds(self, delivery: Delivery, letter: DeadLetters | None) -> bool:
        """Whether a copy from the queue is meant. One that this database does not know tells its reason itself, and of
        its run nothing.
        """
        if self.ids is not None:
            return letter is not None and letter.id in self.ids
        reason, run_id = (letter.reason, letter.run_id) if letter else (delivery.headers.get("x-reason"), None)
        return self.reason in (None, reason) and self.run_id in (None, run_id)


@dataclass(slots=True)
class Replayed:
    """What a replay did.

    :ivar letters: how many were put back into the queue.
    :ivar cut: the numbers of those whose body is in no queue, and in the table only in part; they still wait.
    :ivar unknown: numbers that were asked for and that no letter has.
    """

    letters: int = 0
    cut: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of one reason, how many letters wait, and how many were replayed and have not come back.

    :ivar settled: the latter: they are on their way, or settled.
    """

    reason: str
    waiting: int
    settled: int


def tallies(database: Database) -> list[Tally]:
    """One of each reason, the one with the most waiting letters first."""
    waiting = fn.SUM(Case(None, [(WAITING, 1)], 0))
    query = DeadLetters.select(DeadLetters.reason, waiting, fn.COUNT(DeadLetters.id)).group_by(DeadLetters.reason)
    rows = [(reason, int(waits), total) for reason, waits, total in query.tuples().execute(database)]
    found = [Tally(reason, waits, total - waits) for reason, waits, total in rows]
    return sorted(found, key=lambda tally: (-tally.waiting, tally.reason))


def replay(database: Database, queues: Queues, chosen: Chosen) -> Replayed:
    """Put the letters that are ``chosen`` back into the queues they came from.

    What the queues of the dead hold of them moves from there; what is only in the table is sent from there.

    :raises OSError: when the broker is away, or the disk will not; :raises gigscrapy.broker.BrokerError: when a person
        must see to it; any error of the database as it is. Nothing is lost then: do it again.
    """
    return _Replay(database, queues, chosen).run()


class _Replay:
    def __init__(self, database: Database, queues: Queues, chosen: Chosen) -> None:
        self._database = database
        self._queues = queues
        self._chosen = chosen
        self._sent: set[int] = set()
        self._done = Replayed()

    def run(self) -> Replayed:
        # What is refused from now on is not meant; without this, what is replayed and comes back would be, for ever.
        wanted = self._wanted()
        for queue in LIVING_QUEUES:
            if self._chosen.queue in (None, queue):
                self._from_the_dead_of(queue)
        self._from_the_table(wanted)
        return self._done

    # -- from the queues of the dead -----------------------------------------------------------------------------------

    def _from_the_dead_of(self, queue: str) -> None:
        """Go once through what was refused there: as many as there are now."""
        dead = dead_queue(queue)
        left = depths(self._queues.rabbit_url, self._queues.home, [dead])[dead]
        if not left:
            return
        limit = min(self._at_once(), left)
        with self._receiver(dead) as source:
            while left > 0 and (taken := _patiently(source, limit)):
                self._sort(source, taken[:left], queue)
                left -= len(taken)
                if max(len(delivery.body) for delivery in taken) > BATCH_BYTES / BATCH:
                    limit = 1  # a large one that this database does not know, or thinks gone

    def _at_once(self) -> int:
        """How many to take at once, so that the largest ones there are may come together."""
        largest = DeadLetters.select(fn.MAX(DeadLetters.size)).where(WAITING).scalar(self._database)
        return max(1, min(BATCH, BATCH_BYTES // (largest or 1)))

    @contextmanager
    def _receiver(self, dead: str) -> Iterator[Receiver]:
        at = self._queues
        source = receiver(at.rabbit_url, at.home, queue=dead, queue_type=at.queue_type)
        try:
            yield source
        finally:
            source.close()

    def _sort(self, source: Receiver, taken: Sequence[Delivery], queue: str) -> None:
        """Put back what is meant, keep the rest."""
        digests = {id(delivery): letter_hash(delivery.body, queue) for delivery in taken}
        letters = self._letters_of(digests.values())
        meant = [each for each in taken if self._chosen.holds(each, letters.get(digests[id(each)]))]
        found = {digests[id(each)] for each in meant}
        self._put_back(queue, meant, [letters[digest] for digest in sorted(found & letters.keys())])
        self._done.letters += len(found - letters.keys())
        source.ack(meant)
        if self._queues.rabbit_url:
            # To the end of the queue: RabbitMQ brings no more while what it brought is unanswered. The spool does, and
            # has back what was not answered when its receiver closes.
            answered = set(map(id, meant))
            for delivery in taken:
                if id(delivery) not in answered:
                    _keep(source, delivery)

    def _letters_of(self, digests: Iterable[str]) -> Mapping[str, DeadLetters]:
        query = DeadLetters.select(*LIGHT).where(DeadLetters.body_hash.in_([*digests]))
        return {letter.body_hash: letter for letter in query.execute(self._database)}

    # -- from the table ------------------------------------------------------------------------------------------------

    def _wanted(self) -> list[int]:
        """The numbers of the letters that are to be sent, wherever from."""
        query = DeadLetters.select(DeadLetters.id).where(self._chosen.condition).order_by(DeadLetters.id)
        found = [letter.id for letter in query.execute(self._database)]
        self._done.unknown = sorted((self._chosen.ids or set()) - set(found))
        return found

    def _from_the_table(self, wanted: Sequence[int]) -> None:
        """Send what was in no queue."""
        left = (number for number in wanted if number not in self._sent)
        while chunk := list(islice(left, BATCH)):
            letters = list(DeadLetters.select().where(DeadLetters.id.in_(chunk)).execute(self._database))
            whole = [letter for letter in letters if letter.size <= BODY_LENGTH]
            self._done.cut += sorted(letter.id for letter in letters if letter.size > BODY_LENGTH)
            for queue in LIVING_QUEUES:
                of_it = [letter for letter in whole if letter.queue == queue]
                self._put_back(queue, [_as_received(letter) for letter in of_it], of_it)

    # -- into the queues -----------------------------------------------------------------------------------------------

    def _put_back(self, queue: str, deliveries: Sequence[Delivery], letters: Sequence[DeadLetters]) -> None:
        """Durably into the queue, then into the table that it was done: the other way round a kill would hide them."""
        if not deliveries:
            return
        send(self._queues, queue, deliveries, {REPLAYED: True})
        for letter in letters:
            self._mark(letter)
        self._done.letters += len({letter.id for letter in letters} - self._sent)
        self._sent |= {letter.id for letter in letters}

    def _mark(self, letter: DeadLetters) -> None:
        """Enter a replay, and take the letter out of what its run was refused: it is on its way again.

        ``letter`` is as it was read before it was sent. If it has come back meanwhile, it goes on waiting; if another
        replay was quicker, it has entered the same.
        """
        at = max(now(), letter.last_seen + timedelta(microseconds=1))  # clocks differ: a return has no earlier time
        unchanged = (DeadLetters.times == letter.times) & (DeadLetters.replays == letter.replays)
        this = DeadLetters.id == letter.id
        once_more = {"replays": DeadLetters.replays + 1}
        with self._database.transaction(begin_writing(self._database)):
            if not DeadLetters.update(replayed_at=at, **once_more).where(this & unchanged).execute(self._database):
                DeadLetters.update(**once_more).where(this).execute(self._database)
            elif is_waiting(letter) and letter.run_id is not None:
                Runs.update(refused=Runs.refused - 1).where(Runs.run_id == letter.run_id).execute(self._database)


def _patiently(source: Receiver, limit: int) -> Sequence[Delivery]:
    """A batch; none where the queue is empty. :raises ConnectionError: when the broker is away, and stays so."""
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return source.receive(limit, LOOK_SECONDS)
        except ConnectionError:
            if time.monotonic() > deadline:
                raise


def _keep(source: Receiver, delivery: Delivery) -> None:
    reason, detail = (str(delivery.headers.get(name, "unknown")) for name in ("x-reason", "x-detail"))
    source.refuse(delivery, reason, detail)


def _as_received(letter: DeadLetters) -> Delivery:
    """The body in the table, as a queue would bring it."""
    return Delivery(None, bytes(letter.body), letter.body_hash, letter.first_seen.replace(tzinfo=UTC))
