"""Everything at once, for as long as one likes: ``python -m tests.faults.soak --seconds 1200 --seed 7``, or ``make soak``.

Crawls of the look-alike run again and again into a real RabbitMQ, two consumers store what comes in a real MariaDB. Every
few seconds one of these, chosen by the seed, is killed, told to stop or paused, or a line between them is cut or goes
dead. A supervisor does no more than any init system: it starts again what has ended. At the end all is healed and
drained, and :mod:`tests.faults.oracle` compares what was sent with what is stored.

What was sent is what :mod:`tests.faults.witness` wrote down in the crawls themselves. For a crawl that was killed only that
can be claimed whose publishing had returned; what it was about to publish may be there or not, but nothing else may be.
"""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Self

from gigscrapy.broker import DEAD_QUEUE, QUEUE
from gigscrapy.broker.rabbitmq import outbox
from schema.database import connect, hang_up
from schema.migrations import migrate
from tests.faults.filled import FilledSite
from tests.faults.oracle import Oracle, drain, names_in
from tests.faults.processes import Running, consume_all, crawling, running
from tests.services.mariadb import MariaDB
from tests.services.proxy import TO_CLIENT, TO_SERVER, Proxy
from tests.services.rabbitmq import RabbitMQ

CRAWLS: tuple[tuple[str, dict[str, str]], ...] = (
    ("ligue1", {"depth": "match"}),
    ("premierleague", {"depth": "list", "markets": "1n2,DNB,DC,HT,HT2"}),
    ("nba", {"depth": "match"}),
    ("top14", {"depth": "list"}),
)
"""What is crawled, in turn. The site fills its pages itself, so that none of it takes a browser."""

MATCHES = 30
MANY_BOOKS = 60
"""So that a page is many messages: most of a crawl's time goes into pages."""

CRAWLERS = CONSUMERS = 2
PAUSE_SECONDS = (0.2, 4.0)
"""Between two faults, and as long a fault lasts."""

TICK_SECONDS = 0.05
PATIENCE_SECONDS = 180
"""How long the end of a crawl, or of a consumer, may take once all is healed."""

STOPPED, KILLED = -signal.SIGTERM, -signal.SIGKILL
EXPECTED_ENDS = {"crawl": {0, 33, 38, STOPPED, KILLED}, "consumer": {0, STOPPED, KILLED}}
"""Exit codes that faults explain. 33 is a crawl that was told to stop; SIGTERM itself ends what has hardly begun. 38 is one
that read all and compared it with earlier ones; it says nothing of what is kept, and only that is judged here.
"""

ADOPTIONS = 5
"""Crawls at the end, at most, that send on what those before them left."""

CONSUMER_MEGABYTES = 250
"""A consumer has some 85, whatever waits in the queue: two batches, and what it remembers of names."""


class Place:
    """A place in which one command after another runs: what the supervisor keeps filled."""

    def __init__(self, kind: str, start: Callable[[], AbstractContextManager[Running]]) -> None:
        self.kind = kind
        self.ends: Counter[int] = Counter()
        self.odd_logs: list[str] = []
        self.now: Running | None = None
        self._start = start
        self._stack = ExitStack()

    def fill(self) -> None:
        """Start the next command where none runs any more."""
        if self.now is not None and self.now.is_over:
            self.clear()
        if self.now is None:
            self.now = self._stack.enter_context(self._start())

    def clear(self, patience: float = 0) -> None:
        """Note how the command ended, after ``patience`` seconds at most; the place is empty then."""
        if self.now is None:
            return
        code = self.now.wait(max(patience, 1))
        self.ends[code] += 1
        if not self._is_explained(code):
            self.odd_logs.append(f"{self.kind} ended with {code}:\n{self.now.log[-3000:]}")
        self._stack.close()
        self.now = None

    def _is_explained(self, code: int) -> bool:
        if code in EXPECTED_ENDS[self.kind]:
            return True
        # Scrapy gives up a crawl that is told to stop while it opens, without closing it: nothing was yielded yet.
        assert self.now
        return self.kind == "crawl" and code == 1 and "Received SIGTERM" in self.now.log

    def abandon(self) -> None:
        self._stack.close()

    @property
    def is_lively(self) -> bool:
        return self.now is not None and not self.now.is_over


@dataclass
class Tally:
    """What happened, for people."""

    seed: int
    seconds: float
    faults: Counter[str] = field(default_factory=Counter)
    ends: dict[str, Counter[int]] = field(default_factory=dict)
    said: int = 0
    durable: int = 0
    stored: int = 0
    duplicates: int = 0
    parked: int = 0
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    wrongs: dict[str, list[str]] = field(default_factory=dict)
    odd_logs: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not self.wrongs and not self.odd_logs and self.stored > 0

    def __str__(self) -> str:
        lines = [f"seed {self.seed}, {self.seconds:.0f} s, {self.faults.total()} faults"]
        lines += [f"  {count:4} x {kind}" for kind, count in sorted(self.faults.items())]
        lines += [f"{kind}s by exit code: {_told(ends)}" for kind, ends in self.ends.items()]
        lines.append(
            f"messages: {self.said} said, {self.durable} of them durable; {self.stored} stored, "
            f"{self.duplicates} duplicates ignored, {self.parked} parked"
        )
        lines += [f"memory of {name}: {self._memory_told(samples)}" for name, samples in self.memory.items()]
        for kind, names in self.wrongs.items():
            lines.append(f"WRONG, {kind}: {len(names)}, such as {', '.join(names[:5])}")
        lines += self.odd_logs
        return "\n".join(lines)

    def _memory_told(self, samples: list[tuple[float, float]]) -> str:
        early = [size for at, size in samples if at < self.seconds / 3]
        late = [size for at, size in samples if at > self.seconds * 2 / 3]
        return f"at most {max(early, default=0):.0f} MB in the first third, {max(late, default=0):.0f} MB in the last"


def _told(ends: Counter[int]) -> str:
    return ", ".join(f"{code} x {count}" for code, count in sorted(ends.items())) or "none"


class Soak:
    """One soak. A context manager: nothing it started is left.

    :param books: bookmakers of the site; a match page has a quote of each.
    """

    def __init__(self, rabbitmq: RabbitMQ, mariadb: MariaDB, folder: Path, seed: int, *, books: int = 15) -> None:
        self.rabbitmq, self.mariadb = rabbitmq, mariadb
        self.folder, self.home = folder, folder / "home"
        self.seed, self.books = seed, books
        self.faults: Counter[str] = Counter()
        self._random = Random(seed)
        self._healing: list[tuple[float, str, Callable[[], None]]] = []
        self._deck: list[str] = []
        self._memory: dict[str, list[tuple[float, float]]] = {}
        self._crawled = 0
        self._stack = ExitStack()

    # -- what runs -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._site = stack.enter_context(FilledSite(MATCHES, books=self.books))
            self._to_rabbitmq = stack.enter_context(Proxy(self.rabbitmq.port))
            self._to_mariadb = stack.enter_context(Proxy(self.mariadb.port))
            vhost, database = self.rabbitmq.new_vhost(), self.mariadb.new_database()
            stack.callback(self._revive)
            self._own = {
                "RABBIT_URL": self.rabbitmq.url(vhost),
                "DATABASE_URL": self.mariadb.url(database),
            }
            self._environment = {
                "RABBIT_URL": self.rabbitmq.url(vhost, port=self._to_rabbitmq.port),
                "DATABASE_URL": self.mariadb.url(database, port=self._to_mariadb.port),
            }
            self._migrate()
            self._crawls = [Place("crawl", self._crawl) for _ in range(CRAWLERS)]
            self._consumers = [Place("consumer", self._consume) for _ in range(CONSUMERS)]
            for place in (*self._crawls, *self._consumers):
                stack.callback(place.abandon)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _migrate(self) -> None:
        database = connect(self._own["DATABASE_URL"], self.home)
        migrate(database)
        hang_up(database)

    def _crawl(self) -> AbstractContextManager[Running]:
        league, arguments = CRAWLS[self._crawled % len(CRAWLS)]
        self._crawled += 1
        self._site.move()
        return crawling(
            self._site.url,
            self.home,
            league,
            **arguments,
            witness=self.folder / f"witness-{self._crawled:05}",
            environment=self._environment,
        )

    def _consume(self) -> AbstractContextManager[Running]:
        return running("consume", home=self.home, environment=self._environment)

    # -- the run -------------------------------------------------------------------------------------------------------

    def run(self, seconds: float, least: int = 0) -> Tally:
        """Break things for so long, mend all, drain, and look.

        :param least: faults there shall be; a machine so busy that there are fewer has four times as long.
        """
        self._begin()
        began = time.monotonic()
        next_fault = sampled = began
        while self._goes_on(seconds, least, (now := time.monotonic()) - began):
            self._supervise()
            self._heal(now)
            if now >= next_fault:
                self._strike()
                next_fault = time.monotonic() + self._random.uniform(*PAUSE_SECONDS)
            if now >= sampled + 1:
                sampled = now
                self._weigh(now - began)
            time.sleep(TICK_SECONDS)
        self._mend()
        return self._look(now - began)

    def _goes_on(self, seconds: float, least: int, passed: float) -> bool:
        return passed < seconds or (self.faults.total() < least and passed < 4 * seconds)

    def _begin(self) -> None:
        """RabbitMQ forgets a queue that is younger than a second when it is killed, with all that it confirmed."""
        for place in self._consumers:
            place.fill()
        for place in self._consumers:
            assert place.now
            place.now.until("messages come from queue")
        self.rabbitmq.settle()

    def _supervise(self) -> None:
        for place in (*self._crawls, *self._consumers):
            place.fill()

    def _mend(self) -> None:
        """All is healed; what runs ends in order, and what still waits is sent on and stored."""
        self._heal(float("inf"))
        self._revive()
        for place in self._crawls:
            place.clear(PATIENCE_SECONDS)
        for _ in range(ADOPTIONS):
            if outbox.waiting(self.home):
                self._crawls[0].fill()
                self._crawls[0].clear(PATIENCE_SECONDS)
        for place in self._consumers:
            if place.now:
                place.now.signal(signal.SIGTERM)
        for place in self._consumers:
            place.clear(PATIENCE_SECONDS)
        consume_all(self.home, rabbit_url=self._own["RABBIT_URL"], database_url=self._own["DATABASE_URL"])

    def _revive(self) -> None:
        self._to_rabbitmq.swallow()
        self._to_mariadb.swallow()
        self.rabbitmq.revive()
        self.mariadb.revive()

    def _look(self, seconds: float) -> Tally:
        oracle = Oracle()
        for witness in sorted(self.folder.glob("witness-*")):
            oracle.hear(witness)
        oracle.look_on_disk(self.home)
        oracle.queued = set(names_in(drain(self._own["RABBIT_URL"], QUEUE)))
        oracle.parked |= set(names_in(drain(self._own["RABBIT_URL"], DEAD_QUEUE)))
        database = connect(self._own["DATABASE_URL"], self.home)
        try:
            oracle.look_into(database)
            [(duplicates,)] = database.execute_sql("SELECT SUM(duplicates) FROM Runs").fetchall()
        finally:
            hang_up(database)
        wrongs = oracle.wrongs()
        if undrained := oracle.waiting | oracle.queued:
            wrongs["not drained"] = sorted(undrained)
        if (most := max((size for _, size in self._memory.get("consumers", ())), default=0)) > CONSUMER_MEGABYTES:
            wrongs["memory of a consumer"] = [f"{most:.0f} MB"]
        places = {"crawl": self._crawls, "consumer": self._consumers}
        return Tally(
            seed=self.seed,
            seconds=seconds,
            faults=self.faults,
            ends={kind: sum((place.ends for place in all_), Counter()) for kind, all_ in places.items()},
            said=len(oracle.said),
            durable=len(oracle.scraped),
            stored=len(oracle.stored),
            duplicates=int(duplicates or 0),
            parked=len(oracle.parked),
            memory=self._memory,
            wrongs=wrongs,
            odd_logs=[log for place in (*self._crawls, *self._consumers) for log in place.odd_logs],
        )

    # -- what goes wrong -----------------------------------------------------------------------------------------------

    def kinds(self) -> dict[str, Callable[[], None]]:
        """What can be done to whom; to each at most one thing at a time."""
        return {
            "crawl killed": lambda: self._signal(self._crawls, signal.SIGKILL),
            "crawl told to stop": lambda: self._signal(self._crawls, signal.SIGTERM),
            "crawl paused": lambda: self._pause_one(self._crawls),
            "consumer killed": lambda: self._signal(self._consumers, signal.SIGKILL),
            "consumer told to stop": lambda: self._signal(self._consumers, signal.SIGTERM),
            "consumer paused": lambda: self._pause_one(self._consumers),
            "RabbitMQ killed": lambda: self._down(self.rabbitmq, self.rabbitmq.kill9),
            "RabbitMQ stopped": lambda: self._down(self.rabbitmq, self.rabbitmq.stop),
            "RabbitMQ paused": lambda: self._hang(self.rabbitmq),
            "RabbitMQ cut off": self._to_rabbitmq.cut,
            "RabbitMQ silent": lambda: self._silence(self._to_rabbitmq),
            "MariaDB killed": lambda: self._down(self.mariadb, self.mariadb.kill9),
            "MariaDB stopped": lambda: self._down(self.mariadb, self.mariadb.stop),
            "MariaDB paused": lambda: self._hang(self.mariadb),
            "MariaDB cut off": self._to_mariadb.cut,
            "MariaDB silent": lambda: self._silence(self._to_mariadb),
        }

    def _strike(self) -> None:
        """The next fault from the deck, which holds each once and is shuffled anew when it is through."""
        faults = self.kinds()
        if not self._deck:
            self._deck = self._random.sample(sorted(faults), len(faults))
        sick = {server for _, server, _ in self._healing}
        name = next((each for each in self._deck if each.split()[0] not in sick), None)
        if name:
            self._deck.remove(name)
            self.faults[name] += 1
            faults[name]()

    def _signal(self, places: list[Place], number: signal.Signals) -> None:
        place = self._random.choice(places)
        if place.now:
            place.now.signal(number)

    def _pause_one(self, places: list[Place]) -> None:
        chosen = self._random.choice(places).now
        if chosen:
            chosen.signal(signal.SIGSTOP)
            self._later(f"pid {chosen.pid}", lambda: chosen.signal(signal.SIGCONT))

    def _down(self, server: RabbitMQ | MariaDB, end: Callable[[], None]) -> None:
        end()
        self._later(type(server).__name__, server.revive)

    def _hang(self, server: RabbitMQ | MariaDB) -> None:
        server.pause()
        self._later(type(server).__name__, server.resume)

    def _silence(self, line: Proxy) -> None:
        """What is said over the line vanishes; then it breaks."""

        def end() -> None:
            line.swallow()
            line.cut()

        line.swallow(TO_SERVER, TO_CLIENT)
        self._later("RabbitMQ" if line is self._to_rabbitmq else "MariaDB", end)

    def _later(self, whom: str, heal: Callable[[], None]) -> None:
        self._healing.append((time.monotonic() + self._random.uniform(*PAUSE_SECONDS), whom, heal))

    def _heal(self, now: float) -> None:
        due = [one for one in self._healing if one[0] <= now]
        self._healing = [one for one in self._healing if one[0] > now]
        for _, _, heal in due:
            heal()

    # -- memory --------------------------------------------------------------------------------------------------------

    def _weigh(self, at: float) -> None:
        for name, pid in self._long_lived():
            if size := resident(pid):
                self._memory.setdefault(name, []).append((at, size))

    def _long_lived(self) -> Iterator[tuple[str, int]]:
        for place in self._consumers:
            if place.now:
                yield "consumers", place.now.pid
        for name, process in (("RabbitMQ", self.rabbitmq._node), ("MariaDB", self.mariadb._server)):
            if process:
                yield name, process.pid


def resident(pid: int) -> float:
    """Megabytes of memory that a process has; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:")), 0)


# -- as a command ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[tuple[RabbitMQ, MariaDB]]:
    """Both, private, in ``folder``."""
    rabbitmq, mariadb = RabbitMQ(), MariaDB()
    with ExitStack() as stack:
        for name, server in (("rabbitmq", rabbitmq), ("mariadb", mariadb)):
            place = folder / name
            place.mkdir()
            server.start(place)
            stack.callback(server.stop)
        yield rabbitmq, mariadb


def main() -> int:
    """Run the command. :returns: the exit code, 1 where something was lost, doubled or ended as it should not."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1200, help="how long things go wrong (1200)")
    parser.add_argument("--seed", type=int, help="another number, other faults; told at the start")
    asked = parser.parse_args()
    seed = Random().randrange(1_000_000) if asked.seed is None else asked.seed
    print(f"seed {seed}: {asked.seconds:.0f} s of faults, then the end of all crawls", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    with servers(folder) as (rabbitmq, mariadb), Soak(rabbitmq, mariadb, folder, seed, books=MANY_BOOKS) as soak:
        tally = soak.run(asked.seconds)
    print(tally)
    if not tally.is_well:
        print(f"Everything is kept in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
