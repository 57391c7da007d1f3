"""What the API takes on ten million prices, under fifty requests a second, beside bare SQL; and gig-benchmark's way.

The admin is served as people serve it, by a process of its own. *Bare SQL* are the statements that the same question
asks, put by PyMySQL alone at the same rate, rows fetched, in this process. Both count from when a request was due.
"""

import contextlib
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pymysql

from admin import create_app
from admin.signing import hashed
from benchmarks import filling, gig_evolution, load, machine, servers
from benchmarks.pages import QUICK_ROWS, ROWS, Statement, facts, line
from schema.database import hang_up
from schema.models import ApiKeys, Odds, Users, use
from tests.admin import account

RATE = 50
SECONDS, QUICK_SECONDS = 20, 1
WARM_UP = 2
MOST_TIMES_SQL = 3
LEAST_TIMES_GIG = 50
SEASON = timedelta(days=300)


@dataclass
class Cost:
    """Of one question: seconds of each request, and of its statements alone."""

    address: str
    served: list[float]
    bare: list[float]
    statements: int
    size: int

    @property
    def times_sql(self) -> float:
        return load.percentile(0.95, self.served) / load.percentile(0.95, self.bare)


def questions(known: dict[str, Any], until: datetime) -> dict[str, str]:
    """What is asked, by what people call it."""
    season = urlencode({"group": "bookmaker", "from": _instant(until - SEASON), "until": _instant(until)})
    return {
        "latest odds of a league": f"/api/v1/odds?league={known['league']}&limit=500",
        "history of a match": f"/api/v1/matches/{known['match']}/history?limit=1000",
        "TRJ of bookmakers over a season": f"/api/v1/trj?{season}",
    }


def _instant(naive: datetime) -> str:
    return naive.isoformat(timespec="seconds") + "Z"


# -- measuring ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(url: str, home: Path) -> Iterator[str]:
    """The admin as a process. :returns: its address."""
    environment = os.environ | {"DATABASE_URL": url, "GIGSCRAPY_HOME": str(home), "API_RATE_LIMIT": "1000000"}
    command = [sys.executable, "-m", "admin", "--port", "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = re.search(r"http://[^/\s]+", process.stdout.readline())
            assert said, "the admin did not say where it is"
            yield said[0]
        finally:
            process.terminate()


@contextlib.contextmanager
def a_key() -> Iterator[str]:
    """A key that may read; gone afterwards."""
    secret = "gig_" + secrets.token_urlsafe(32)
    owner = account("viewer", "benchmark")
    database = Users._meta.database.obj  # noqa: SLF001
    with database.connection_context():
        made = ApiKeys.create(user=owner, name="benchmark", shown=secret[:10], key_hash=hashed(secret), scopes="read")
    yield secret
    with database.connection_context():
        ApiKeys.delete().where(ApiKeys.id == made.id).execute()


def statements_of(client: Any, database: Any, address: str, key: str) -> tuple[list[Statement], int]:
    """What that question asks the database, and the bytes of its answer."""
    found: list[Statement] = []
    this = threading.get_ident()

    def hear(event: Any) -> None:
        if threading.get_ident() == this:
            found.append(Statement(event.sql, event.params))

    def ask() -> Any:
        answer = client.get(address, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
        return answer

    ask()  # what is asked once, is asked
    database.query_hooks.append(hear)
    try:
        return found, len(ask().data)
    finally:
        database.query_hooks.remove(hear)


def putting(statements: Sequence[Statement], port: int) -> Callable[[], None]:
    """A call that puts these statements, over a connection that each thread keeps."""
    mine = threading.local()

    def put() -> None:
        if not hasattr(mine, "connection"):
            mine.connection = _connection(port)
        with mine.connection.cursor() as cursor:
            for one in statements:
                cursor.execute(one.sql, one.parameters or None)
                cursor.fetchall()

    return put


def _connection(port: int) -> Any:
    return pymysql.connect(host="127.0.0.1", port=port, user="root", database=filling.DATABASE, autocommit=True)


def _under_load(one: Callable[[], None], seconds: float) -> list[float]:
    load.seconds_each(one, rate=RATE, seconds=min(seconds, WARM_UP))
    return load.seconds_each(one, rate=RATE, seconds=seconds)


def measure(large: filling.Large, seconds: float) -> tuple[dict[str, Cost], "Evolution"]:
    """Each question, and the evolution of odds."""
    with servers.folder() as home:
        here = create_app(large.url + "?read_timeout=600", home)
        database = Odds._meta.database.obj  # noqa: SLF001
        use(database)
        known = facts(large.server)
        try:
            with a_key() as key, served(large.url, home) as where:
                costs = {}
                for name, address in questions(known, large.until).items():
                    statements, size = statements_of(here.test_client(), database, address, key)
                    bare = _under_load(putting(statements, large.server.port), seconds)
                    asked = _under_load(load.asking(where + address, key), seconds)
                    costs[name] = Cost(address, asked, bare, len(statements), size)
                return costs, evolution(where, key, large, known)
        finally:
            hang_up(database)


@dataclass
class Evolution:
    """Seconds of one answer, ours and gig-benchmark's way, and how many rows each tells."""

    ours: float
    gig: float
    rows: int
    gig_rows: int


def evolution(where: str, key: str, large: filling.Large, known: dict[str, Any]) -> Evolution:
    """A league's matches of a week."""
    start, end = large.until - timedelta(days=3), large.until + timedelta(days=4)
    window = {"league": known["league"], "start": f"{start:%Y-%m-%d %H:%M:%S}", "end": f"{end:%Y-%m-%d %H:%M:%S}"}
    ask = load.asking(f"{where}/api/odds-with-evolution?{urlencode(window)}", key)
    with contextlib.closing(_connection(large.server.port)) as connection:
        gig_evolution.make(connection)
        gig, ours, told = [], [], []
        for _ in range(3):  # by turns, so that both meet the same machine
            began = time.perf_counter()
            told = list(gig_evolution.odds_with_evolution(connection, known["league"], start, end))
            gig.append(time.perf_counter() - began)
            began = time.perf_counter()
            ask()
            ours.append(time.perf_counter() - began)
    return Evolution(machine.median(ours), machine.median(gig), len(told), len(told))


# -- the table ---------------------------------------------------------------------------------------------------------


def report(*, quick: bool = False, rows: int | None = None, keep: Path | None = None) -> list[str]:
    """The Markdown table and the bounds."""
    rows = rows or (QUICK_ROWS if quick else ROWS)
    with filling.large(rows, keep) as large:
        costs, told = measure(large, QUICK_SECONDS if quick else SECONDS)
    head = ("question", "p50 ms", "p95 ms", "KiB", "statements", "bare SQL p95 ms", "times")
    lines = [line(head), line(["---", *["---:"] * (len(head) - 1)])]
    lines += [line(_cells(name, cost)) for name, cost in costs.items()]
    title = f"The API on {large.rows:,} prices, MariaDB, {RATE} requests a second of each question by itself"
    return [title, "", *lines, "", *bounds(costs, told)]


def _cells(name: str, cost: Cost) -> list[str]:
    p50, p95 = (1000 * load.percentile(share, cost.served) for share in (0.5, 0.95))
    bare = 1000 * load.percentile(0.95, cost.bare)
    figures = (f"{p50:.1f}", f"{p95:.1f}", f"{cost.size / 1024:.0f}", str(cost.statements), f"{bare:.1f}")
    return [name, *figures, f"{cost.times_sql:.1f}"]


def bounds(costs: dict[str, Cost], told: Evolution) -> list[str]:
    """Each bound, and whether it held."""
    found = [
        machine.bound(
            f"{cost.times_sql:.1f} times its bare SQL: {name}",
            f"at most {MOST_TIMES_SQL}",
            cost.times_sql <= MOST_TIMES_SQL,
        )
        for name, cost in costs.items()
    ]
    times = told.gig / told.ours
    ours = f"odds-with-evolution {1000 * told.ours:.0f} ms for {told.rows} rows"
    words = f"{ours}, gig-benchmark's way {told.gig:.1f} s for {told.gig_rows}: {times:.0f} times"
    return [*found, machine.bound(words, f"at least {LEAST_TIMES_GIG}", times >= LEAST_TIMES_GIG)]
