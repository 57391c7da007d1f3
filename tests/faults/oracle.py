"""The judge of every fault: which messages there were, where each is now, and what must be true of that.

Jepsen's idea of a queue: take down what was sent, break things, drain, then compare sets. A message is known by its own id;
a body that is no message of ours by its hash, which is the one in DeadLetters (:func:`name_of`). gig-benchmark's bare
messages have no id before they are stored and are not for this.
"""

import hashlib
import itertools
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pika
from peewee import Database

from gigscrapy.broker import DEAD_QUEUE, QUEUE, Delivery
from gigscrapy.broker.queuefile import QueueFile
from gigscrapy.broker.spool import spool_path
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.messages import Refused, decode
from schema.migrations import prepare
from schema.store import Store
from tests.faults import witness as witnessed

SAME_EVERYWHERE = ("Leagues", "Teams", "Bookmakers", "Matches", "Runs", "Odds", "LatestOdds", "Messages")
"""Tables that depend on which messages were stored, and on nothing else."""

_NATURAL_KEYS = """
    SELECT COUNT(*) FROM {table} o
    JOIN Matches m ON m.id = o.match_id
    JOIN MarketNames k ON k.id = o.market_id
    JOIN Bookmakers b ON b.id = o.bookmaker_id
    GROUP BY m.match_key, k.sport_id, k.code, o.line, b.code, o.outcome{instant} HAVING COUNT(*) > 1
"""
_STALE = """
    SELECT COUNT(*) FROM LatestOdds l JOIN Odds o
    ON o.match_id = l.match_id AND o.market_id = l.market_id AND o.line = l.line AND o.bookmaker_id = l.bookmaker_id
    AND o.outcome = l.outcome AND o.scraped_at > l.scraped_at
"""


@dataclass
class Oracle:
    """Messages by where they are.

    :ivar said: body of each message that anybody tried to send, by its name.
    :ivar scraped: those whose sender was told that they are durable; the others it may lose.
    :ivar confirmed: those that RabbitMQ said it has.
    :ivar waiting: in an outbox, or in the spool's ``odds``; :ivar queued: in RabbitMQ's ``odds``.
    :ivar parked: in ``odds.dead`` or DeadLetters; :ivar stored: in the ledger, Messages.
    :ivar contradictions: what the tables say against themselves, in words.
    """

    said: dict[str, bytes] = field(default_factory=dict)
    scraped: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    queued: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    contradictions: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        home: Path,
        *,
        rabbit_url: str | None = None,
        database_url: str | None = None,
        witness: Path | None = None,
        sent: Iterable[bytes] = (),
    ) -> "Oracle":
        """Look everywhere. What RabbitMQ still holds is taken out of it by that.

        :param witness: what crawls said (:mod:`tests.faults.witness`); :param sent: bodies that the test sent itself.
        """
        oracle = cls()
        oracle.hear(witness, sent)
        oracle.look_on_disk(home)
        if rabbit_url:
            oracle.queued = set(names_in(drain(rabbit_url, QUEUE)))
            oracle.parked |= set(names_in(drain(rabbit_url, DEAD_QUEUE)))
        database = connect(database_url, home)
        try:
            oracle.look_into(database)
        finally:
            hang_up(database)
        return oracle

    # -- filling the sets ----------------------------------------------------------------------------------------------

    def hear(self, witness: Path | None, sent: Iterable[bytes] = ()) -> None:
        """What senders say."""
        for body in sent:
            self.said[name_of(body)] = body
            self.scraped.add(name_of(body))
        for what, name, body in witnessed.read(witness) if witness else ():
            if what == "attempted":
                self.said[name] = body
            else:
                (self.scraped if what == "durable" else self.confirmed).add(name)

    def look_on_disk(self, home: Path) -> None:
        """Outboxes and the spool; one that is damaged fails the test."""
        self.waiting = {name for path in home.glob("outbox/*.sqlite3") for name in names_in(rows_of(path)[QUEUE])}
        if spool_path(home).exists():
            rows = rows_of(spool_path(home))
            self.waiting |= set(names_in(rows[QUEUE]))
            self.parked |= set(names_in(rows[DEAD_QUEUE]))

    def look_into(self, database: Database) -> None:
        """The tables, and whether they agree with themselves and with what they were told."""
        if "Messages" not in database.get_tables():
            return
        self.stored = {name for (name,) in database.execute_sql("SELECT message_id FROM Messages").fetchall()}
        letters = database.execute_sql("SELECT body, size, body_hash FROM DeadLetters").fetchall()
        self.parked |= {name_of(bytes(body)) if size == len(body) else digest for body, size, digest in letters}
        self.contradictions = [*_contradictions(database), *self._differences(database)]

    def _differences(self, database: Database) -> list[str]:
        """Tables that differ from what a database has that was told the same, once and in one go."""
        known = [self.said[name] for name in sorted(self.stored & self.said.keys())]
        if len(known) < len(self.stored):
            return []  # the unexpected ones are an answer by themselves
        with tempfile.TemporaryDirectory() as folder:
            reference = connect(None, Path(folder))
            prepare(reference)
            store = Store(reference)
            for batch in _batches(known, 500):
                store.store([Delivery(None, body, None, datetime.now(UTC)) for body in batch])
            wanted, found = checksum(reference), checksum(database)
            hang_up(reference)
        return [f"{table} is not what it should be" for table in SAME_EVERYWHERE if wanted[table] != found[table]]

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def wrongs(self, bad: AbstractSet[str] = frozenset()) -> dict[str, list[str]]:
        """What must not be, by kind; empty where all is well.

        :param bad: names of messages that the test made unfit to store.
        """
        safe = self.stored | self.parked | self.queued
        kinds: Mapping[str, Iterable[str]] = {
            "lost": self.scraped - safe - self.waiting,
            "confirmed and lost": self.confirmed - safe,
            "innocent and parked": self.parked - bad,
            "bad and stored": self.stored & bad,
            "unexpected": (self.stored | self.parked | self.queued | self.waiting) - self.said.keys(),
            "contradictions": self.contradictions,
        }
        return {kind: sorted(found) for kind, found in kinds.items() if found}

    def check(self, bad: AbstractSet[str] = frozenset(), *, drained: bool = True) -> None:
        """Nothing lost, nothing doubled, no innocent parked, the newest price in LatestOdds.

        :param drained: everything has been sent on and stored: nothing is on its way any more.
        """
        assert self.wrongs(bad) == {}
        assert self.scraped, "nothing was sent, so nothing is proved"
        if drained:
            assert (sorted(self.waiting), sorted(self.queued)) == ([], [])
            assert self.scraped <= self.stored | self.parked


# -- reading -----------------------------------------------------------------------------------------------------------


def name_of(body: bytes) -> str:
    """What a body is known by here: the id of its message, or its hash where it is none."""
    try:
        return decode(body, datetime.now(UTC)).message_id
    except Refused:
        return hashlib.blake2b(body, digest_size=16).hexdigest()


def names_in(bodies: Iterable[bytes]) -> list[str]:
    return [name_of(body) for body in bodies]


def rows_of(path: Path) -> dict[str, list[bytes]]:
    """The bodies in a file of the spool or the outbox, oldest first, by queue. Whoever holds them keeps them."""
    found: dict[str, list[bytes]] = {QUEUE: [], DEAD_QUEUE: []}
    with QueueFile(path) as file:
        for row in file.rows(after=0, limit=10_000_000):
            found.setdefault(row.queue, []).append(row.body)
    return found


def drain(url: str, queue: str) -> list[bytes]:
    """The bodies in a queue of RabbitMQ, taken out of it; it is empty when it brought nothing three times running.

    None where there is no such queue.
    """
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        try:
            channel.queue_declare(queue, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return []
        bodies: list[bytes] = []
        empty = 0
        for _, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=0.1):
            empty = empty + 1 if body is None else 0
            if body is not None:
                bodies.append(body)
            elif empty == 3:
                break
        channel.cancel()
        return bodies


def doubles(bodies: Iterable[bytes]) -> dict[str, int]:
    """What came more than once, by name."""
    return {name: times for name, times in Counter(names_in(bodies)).items() if times > 1}


def _contradictions(database: Database) -> list[str]:
    found = []
    for table, instant in (("Odds", ", o.scraped_at"), ("LatestOdds", "")):
        if rows := database.execute_sql(_NATURAL_KEYS.format(table=table, instant=instant)).fetchall():
            found.append(f"{len(rows)} natural keys are in {table} more than once")
    (stale,) = database.execute_sql(_STALE).fetchone()
    return [*found, *([f"{stale} newer prices than LatestOdds has"] if stale else [])]


def _batches(bodies: Iterable[bytes], size: int) -> Iterable[list[bytes]]:
    left = iter(bodies)
    return iter(lambda: list(itertools.islice(left, size)), [])
