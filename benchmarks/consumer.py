"""Messages a second, from the queue into the tables: ours, gig-benchmark's way, and what bare ``executemany`` reaches.

The same messages (of three prices each) in all; each run with empty tables and a queue that is full when it begins,
from the first connection to the last commit; the ways take turns, and the medians are compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.table import Table

from benchmarks import bare, machine, servers
from benchmarks.consuming import GIG, OURS, Consumed, consumers
from benchmarks.messages import bodies
from benchmarks.spooling import spooled
from gigscrapy.broker import Delivery
from gigscrapy.consumer import BATCH
from schema.database import connect, hang_up
from schema.migrations import migrate
from schema.store import Store
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

MESSAGES, QUICK_MESSAGES = 20_000, 1_000
GIG_SHARE = 40
"""One message in so many is enough of gig-benchmark's way."""
ROUNDS, QUICK_ROUNDS = 5, 1
TIMES_GIG, AIMED_AT, OF_BARE = 30, 40, 0.6

GIG_WAY = "gig-benchmark's way: RabbitMQ (classic) to MariaDB"
QUORUM = "gigscrapy: RabbitMQ (quorum) to MariaDB"
CLASSIC = "gigscrapy: RabbitMQ (classic) to MariaDB"
TWO, FOUR = "gigscrapy: two consumers (quorum)", "gigscrapy: four consumers (quorum)"
BARE = "bare executemany into MariaDB"
SPOOL = "gigscrapy: spool to SQLite"
BARE_SQLITE = "bare executemany into SQLite"


@dataclass(slots=True)
class Figures:
    """Messages a second, run by run, by the way they went.

    :ivar deadlocks: counted by MariaDB over the whole measurement; :ivar held: batches that were tried again.
    """

    rates: dict[str, list[float]] = field(default_factory=dict)
    deadlocks: int = 0
    held: int = 0

    def median(self, way: str) -> float:
        return machine.median(self.rates[way])


def measure(messages: int = MESSAGES, rounds: int = ROUNDS) -> Figures:
    """Every way, ``rounds`` times, in turn."""
    figures = Figures()
    sent = bodies(messages)
    with servers.mariadb() as server, servers.rabbitmq() as broker:
        work = rows_of_ours(sent)
        ways: dict[str, Callable[[], float]] = {
            GIG_WAY: partial(gig, server, broker, sent[: max(len(sent) // GIG_SHARE, 100)]),
            QUORUM: partial(ours, server, broker, sent, figures),
            BARE: partial(bare_mariadb, server, work),
            CLASSIC: partial(ours, server, broker, sent, figures, kind="classic"),
            TWO: partial(ours, server, broker, sent, figures, together=2),
            FOUR: partial(ours, server, broker, sent, figures, together=4),
            SPOOL: partial(spool, sent),
            BARE_SQLITE: partial(bare_sqlite, work),
        }
        for _ in range(rounds):
            for way, run in ways.items():
                figures.rates.setdefault(way, []).append(run())
        figures.deadlocks = deadlocks(server)
    return figures


# -- the ways ----------------------------------------------------------------------------------------------------------


def gig(server: MariaDB, broker: RabbitMQ, sent: Sequence[bytes]) -> float:
    name = server.new_database()
    with servers.queue(broker, sent, kind="classic") as url:
        consumed = consumers(GIG, url, server.url(name), Path(), numbers=[len(sent)])
    server.execute(f"DROP DATABASE {name}")
    return rate(consumed)


def ours(
    server: MariaDB,
    broker: RabbitMQ,
    sent: Sequence[bytes],
    figures: Figures,
    *,
    kind: str = "quorum",
    together: int = 1,
) -> float:
    with servers.folder() as home, servers.tables(server) as tables, servers.queue(broker, sent, kind=kind) as url:
        consumed = consumers(OURS, url, tables, home, together=together)
    assert sum(one.messages for one in consumed) == len(sent), "the queue was not emptied"
    figures.held += sum(one.held for one in consumed)
    return rate(consumed)


def spool(sent: Sequence[bytes]) -> float:
    with servers.folder() as home:
        spooled(home, sent)
        return rate(consumers(OURS, None, None, home))


def bare_mariadb(server: MariaDB, work: Sequence[bare.Batch]) -> float:
    with servers.tables(server) as url:
        database = connect(url, Path())
        seconds = bare.write(database, work)
        hang_up(database)
    return BATCH * len(work) / seconds


def bare_sqlite(work: Sequence[bare.Batch]) -> float:
    with servers.folder() as home:
        database = connect(None, home)
        migrate(database)
        seconds = bare.write(database, work)
        hang_up(database)
    return BATCH * len(work) / seconds


def rows_of_ours(sent: Sequence[bytes]) -> list[bare.Batch]:
    """The rows that our store makes of these, for ``executemany`` to write again."""
    with servers.folder() as home:
        database = connect(None, home)
        migrate(database)
        store, now = Store(database), datetime.now(UTC)
        for start in range(0, len(sent), BATCH):
            store.store([Delivery(None, body, None, now) for body in sent[start : start + BATCH]])
        work = bare.batches(database)
        hang_up(database)
    return work


def rate(consumed: Sequence[Consumed]) -> float:
    """Of all together: from when the first began to when the last was done."""
    seconds = max(one.ended for one in consumed) - min(one.began for one in consumed)
    return sum(one.messages for one in consumed) / seconds


def deadlocks(server: MariaDB) -> int:
    return int(server.execute("SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'")[0][1])


# -- the table ---------------------------------------------------------------------------------------------------------


def report(*, quick: bool = False) -> list[Table | str]:
    messages, rounds = (QUICK_MESSAGES, QUICK_ROUNDS) if quick else (MESSAGES, ROUNDS)
    return shown(measure(messages, rounds), messages, rounds)


def shown(figures: Figures, messages: int, rounds: int) -> list[Table | str]:
    title = f"Consumer: {messages} messages of three prices, median of {rounds}"
    table = machine.table(title, "way", "messages/s", "to gig-benchmark's", "to bare executemany")
    gig_rate = figures.median(GIG_WAY)
    for way in figures.rates:
        held_against = figures.median(BARE_SQLITE if "SQLite" in way else BARE)
        mine = figures.median(way)
        table.add_row(way, f"{mine:,.0f}", f"{mine / gig_rate:.1f} x", f"{mine / held_against:.2f}")
    times, share = figures.median(QUORUM) / gig_rate, figures.median(QUORUM) / figures.median(BARE)
    deadlocks, held = figures.deadlocks, figures.held
    gain = figures.median(TWO) / figures.median(QUORUM)
    return [
        table,
        machine.bound(
            f"{times:.1f} times gig-benchmark's", f"at least {TIMES_GIG}, aim {AIMED_AT}", times >= TIMES_GIG
        ),
        machine.bound(f"{share:.2f} of bare executemany", f"at least {OF_BARE}", share >= OF_BARE),
        machine.bound(f"two consumers are {gain:.2f} times one", "they gain", gain > 1),
        machine.bound(f"{deadlocks} deadlocks, {held} batches tried again", "no deadlock", not deadlocks),
    ]
