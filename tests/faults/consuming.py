"""From a queue into the tables, for the tests that break what lies between: queue, consumer, database."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import pymysql

from gigscrapy.broker import publisher
from schema.database import connect, hang_up
from schema.messages import Message, encode
from tests.faults.oracle import Oracle
from tests.faults.processes import LONG_SECONDS, Running, consume_all, running
from tests.schema.letters import quote
from tests.services.mariadb import MariaDB

RABBITS = ("quorum", "classic")
ANY_QUEUE = (*RABBITS, "spool")

SLOW = ("gigscrapy.consumer:Consumer._answer", "before", "has=", "sleep=0.1")
"""A failpoint: each batch is committed a tenth of a second before the queue hears of it."""


@dataclass
class Way:
    """One way from a queue into the tables, and all that was sent on it.

    :ivar queue_type: ``quorum``, ``classic``, or ``spool``, where ``rabbit_url`` is ``None``.
    :ivar database_url: with an account that may do what README asks for, and no more.
    """

    home: Path
    queue_type: str
    rabbit_url: str | None
    database_url: str
    sent: list[bytes]

    def send(self, messages: Iterable[Message | bytes]) -> None:
        """As a crawl would; returns when the queue has them."""
        bodies = [message if isinstance(message, bytes) else encode(message) for message in messages]
        self.sent += bodies
        kind = "quorum" if self.rabbit_url is None else self.queue_type
        asyncio.run(self._publish(bodies, kind))

    async def _publish(self, bodies: Sequence[bytes], queue_type: str) -> None:
        way_out = publisher(self.rabbit_url, self.home, owner=f"test-{len(self.sent)}", queue_type=queue_type)
        await way_out.open()
        left = iter(bodies)

        async def work() -> None:
            for body in left:
                await way_out.publish("", body)

        if self.rabbit_url is None:
            await work()  # in this order
        else:
            await asyncio.gather(*(work() for _ in range(100)))
        await way_out.close(LONG_SECONDS)
        assert way_out.counts()["waiting"] == 0

    def consumer(
        self,
        *arguments: str,
        failpoint: Sequence[str] = (),
        rabbit_arguments: str = "",
        rabbit_url: str | None = None,
        patience: int = 2,
    ) -> contextlib.AbstractContextManager[Running]:
        """``scrapy consume``. :param patience: seconds that it waits for an answer of the database."""
        environment = {"DATABASE_URL": f"{self.database_url}?read_timeout={patience}"}
        if self.rabbit_url:
            url = rabbit_url or self.rabbit_url
            environment |= {"RABBIT_URL": url + rabbit_arguments, "RABBIT_QUEUE_TYPE": self.queue_type}
        return running("consume", *arguments, home=self.home, environment=environment, failpoint=failpoint)

    def drain(self, **options: Any) -> str:
        """Consume until nothing is left; what the consumer said."""
        with self.consumer("--drain", **options) as consumer:
            assert consumer.wait() == 0, consumer.log
            return consumer.log

    def drain_here(self) -> Any:
        """The same in this process; its totals."""
        return consume_all(self.home, rabbit_url=self.rabbit_url, database_url=self.database_url)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        database = connect(self.database_url, self.home)
        try:
            return [tuple(row) for row in database.execute_sql(sql).fetchall()]
        finally:
            hang_up(database)

    def stored(self) -> int:
        return int(self.rows("SELECT COUNT(*) FROM Messages")[0][0])

    def refused(self) -> dict[bytes, str]:
        """The reasons of the dead letters, by (the beginning of) their bodies."""
        return {bytes(body): reason for body, reason in self.rows("SELECT body, reason FROM DeadLetters")}

    def check(self, bad: AbstractSet[str] = frozenset()) -> None:
        """All that was sent is in the tables once, or was made ``bad`` and is parked."""
        self._oracle().check(bad)

    def _oracle(self) -> Oracle:
        """A quorum queue whose broker has just come back may answer the first who asks with an error."""
        deadline = time.monotonic() + LONG_SECONDS
        while True:
            try:
                return Oracle.of(self.home, rabbit_url=self.rabbit_url, database_url=self.database_url, sent=self.sent)
            except pika.exceptions.AMQPError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


def quotes(number: int, start: int = 0, *, matches: int = 40) -> list[Message]:
    """Different ones: of some matches, by seven bookmakers, a second apart."""
    return [
        quote(after=n, match_id=str(n % matches), home=f"Home {n % matches}", bookmaker=f"Bookmaker {n % 7 + 1}")
        for n in range(start, start + number)
    ]


def duplicates(log: str) -> int:
    """What a consumer that ended well says of messages that were stored before."""
    return int(re.findall(r"(\d+) duplicates, \d+ refused$", log, re.MULTILINE)[-1])


def until(condition: Callable[[], object], seconds: float = LONG_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@contextlib.contextmanager
def session(mariadb: MariaDB, url: str) -> Iterator[Any]:
    """A cursor of root's, in the database of ``url``."""
    name = url.rpartition("/")[2]
    with pymysql.connect(host="127.0.0.1", port=mariadb.port, user="root", database=name, read_timeout=60) as other:
        yield other.cursor()
