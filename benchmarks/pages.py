"""What each page of the admin costs on ten million prices, beside its bare SQL and beside stock Flask-Admin.

Every page is asked in this process, through WSGI, by somebody who is signed in: nothing of a network is in its time.
*Bare SQL* are the statements that it asked, put again one after another by PyMySQL alone, rows fetched. *Stock* is
:mod:`benchmarks.stock` on the same tables in the same run. One Markdown table, then the bounds; of a page that misses
one, its slowest statement and what the server says of it.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote_plus

import pymysql
from flask.testing import FlaskClient
from peewee import Database

from admin import create_app
from benchmarks import filling, machine, servers, stock
from schema.database import hang_up
from schema.models import Odds, use
from tests.admin import signed_in
from tests.admin.walk import walked

ROWS, QUICK_ROWS = 10_000_000, 100_000
TIMES, QUICK_TIMES = 20, 2
STOCK_TIMES = 3
"""It takes seconds."""
SQL_TIMES = 5
WARM_UP = 2

MOST_QUERIES = 5
"""Beside the one that asks who is there, which every page asks and which is counted in the table."""
MOST_TIMES_SQL = 5
LEAST_TIMES_STOCK = 20
MOST_SECONDS = 0.3
SEARCHED = "psg"


class Asked(NamedTuple):
    """An address of ours, and what it is for stock; ``None`` where stock has nothing like it."""

    ours: str
    stock: str | None = None


class Statement(NamedTuple):
    sql: str
    parameters: Sequence[Any]


@dataclass
class Cost:
    """Of one address. Times in seconds, of each request; ``bare`` of each statement by itself."""

    address: str
    seconds: list[float]
    statements: list[Statement]
    size: int
    bare: list[float] = field(default_factory=list)
    stock: list[float] | None = None
    stock_queries: int = 0

    @property
    def median(self) -> float:
        return machine.median(self.seconds)

    @property
    def p95(self) -> float:
        return sorted(self.seconds)[max(0, -(-95 * len(self.seconds) // 100) - 1)]

    @property
    def times_sql(self) -> float | None:
        """How many times its bare SQL the page takes."""
        return self.median / sum(self.bare) if self.bare else None

    @property
    def times_stock(self) -> float | None:
        """How many times as long stock takes."""
        return machine.median(self.stock) / self.median if self.stock else None


# -- what is asked -----------------------------------------------------------------------------------------------------


def tables(facts: Mapping[str, Any]) -> list[Asked]:
    """The tables as people use them, and the same of stock: its pages are numbered from 0."""
    bookmaker, match, searched = facts["bookmaker"], facts["match"], quote_plus(SEARCHED)
    return [
        Asked("/admin/odds/", "/admin/odds/"),
        Asked("/admin/odds/?page=200", "/admin/odds/?page=199"),
        Asked(f"/admin/odds/?bookmaker={bookmaker}", f"/admin/odds/?flt0_0={bookmaker}"),
        Asked(f"/admin/odds/?match={match}", f"/admin/odds/?flt0_7={match}"),
        Asked(f"/admin/odds/?search={searched}"),
        Asked("/admin/odds/?price_min=2&price_max=2,1"),
        Asked("/admin/latestodds/", "/admin/latestodds/"),
        Asked(f"/admin/latestodds/?bookmaker={bookmaker}", f"/admin/latestodds/?flt0_0={bookmaker}"),
        Asked("/admin/matches/", "/admin/matches/"),
        Asked(f"/admin/matches/?search={searched}"),
        Asked("/admin/runs/", "/admin/runs/"),
        Asked("/admin/tasks/", "/admin/tasks/"),
        Asked("/admin/pages/", "/admin/pages/"),
        Asked("/admin/teams/", "/admin/teams/"),
        Asked(f"/admin/teams/?search={searched}", f"/admin/teams/?search={searched}"),
        Asked("/admin/leagues/", "/admin/leagues/"),
        Asked("/admin/bookmakers/", "/admin/bookmakers/"),
    ]


def rooms(facts: Mapping[str, Any]) -> list[Asked]:
    """The other pages, as people use them; those that the application does not have answer 404 and are left out."""
    match, league, bookmaker = facts["match"], facts["league"], facts["bookmaker"]
    addresses = [
        *("/", "/matches/", f"/matches/?search={SEARCHED}", f"/matches/?league={league}", f"/matches/{match}/"),
        *("/benchmark/", f"/benchmark/?league={league}", "/benchmark/?period=30d", "/benchmark/table/"),
        *("/movements/", "/crawls/", "/alerts/", "/data/", f"/admin/odds/?bookmaker={bookmaker}&page=50"),
    ]
    return [Asked(address) for address in addresses]


def facts(server: Any) -> dict[str, Any]:
    """What addresses name: the coming match of that team with most prices, its league, the most frequent bookmaker."""
    of_match = (
        f"SELECT m.id, m.league_id FROM {filling.DATABASE}.Matches m "
        f"JOIN {filling.DATABASE}.Teams t ON t.id IN (m.home_team_id, m.away_team_id) "
        "WHERE t.name = %s ORDER BY m.match_date DESC LIMIT 1"
    )
    found = server.execute(of_match, (SEARCHED.upper(),)) or server.execute(
        f"SELECT id, league_id FROM {filling.DATABASE}.Matches ORDER BY match_date DESC LIMIT 1"
    )
    (bookmaker,) = server.execute(f"SELECT id FROM {filling.DATABASE}.Bookmakers WHERE code = 'WINAMAX'")[0]
    return {"match": found[0][0], "league": found[0][1], "bookmaker": bookmaker}


# -- measuring ---------------------------------------------------------------------------------------------------------


@dataclass
class Bench:
    """Both applications over one database."""

    database: Database
    ours: FlaskClient
    stock: FlaskClient
    bare: Any

    def cost(self, asked: Asked, times: int, stock_times: int) -> Cost | None:
        """``None`` where there is no such page."""
        if self.ours.get(asked.ours, buffered=False).status_code != 200:
            return None
        statements: list[Statement] = []
        this = threading.get_ident()  # and not what is found out meanwhile, for the next

        def hear(event: Any) -> None:
            if threading.get_ident() == this:
                statements.append(Statement(event.sql, event.params))

        with self._heard(hear):
            size = len(self.ours.get(asked.ours).data)
        cost = Cost(asked.ours, [], statements, size)
        for turn in range(WARM_UP + times):
            seconds = self._seconds(self.ours, asked.ours)
            if turn >= WARM_UP:
                cost.seconds.append(seconds)
        cost.bare = [machine.median(self._alone(one) for _ in range(SQL_TIMES)) for one in statements]
        if asked.stock:
            self._ask_stock(cost, asked.stock, stock_times)
        return cost

    def _ask_stock(self, cost: Cost, address: str, times: int) -> None:
        with self._heard(lambda _event: setattr(cost, "stock_queries", cost.stock_queries + 1)):
            self._seconds(self.stock, address)
        cost.stock = [self._seconds(self.stock, address) for _ in range(times)]

    @staticmethod
    def _seconds(client: FlaskClient, address: str) -> float:
        began = time.perf_counter()
        answer = client.get(address)
        spent = time.perf_counter() - began
        assert answer.status_code == 200, f"{address}: {answer.status}"
        return spent

    def _alone(self, statement: Statement) -> float:
        began = time.perf_counter()
        with self.bare.cursor() as cursor:
            cursor.execute(statement.sql, statement.parameters or None)
            cursor.fetchall()
        return time.perf_counter() - began

    def explained(self, statement: Statement) -> list[str]:
        """What the server says that it does, a line a table."""
        with self.bare.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(f"EXPLAIN {statement.sql}", statement.parameters or None)
            return [
                f"{row['table']}: {row['type']}, key {row['key']}, {row['rows']} rows; {row['Extra']}"
                for row in cursor.fetchall()
            ]

    def _heard(self, hook: Callable[[Any], None]) -> Any:
        return _Hooked(self.database, hook)


class _Hooked:
    def __init__(self, database: Any, hook: Callable[[Any], None]) -> None:
        self._hooks, self._hook = database.query_hooks, hook

    def __enter__(self) -> None:
        self._hooks.append(self._hook)

    def __exit__(self, *_error: object) -> None:
        self._hooks.remove(self._hook)


def measure(large: filling.Large, times: int, stock_times: int) -> Iterator[tuple[Cost, Bench]]:
    """Every page, the tables first."""
    with servers.folder() as home:
        ours = create_app(large.url + "?read_timeout=600", home)
        database = Odds._meta.database.obj  # noqa: SLF001
        use(database)
        bare = pymysql.connect(
            host="127.0.0.1", port=large.server.port, user="root", database=filling.DATABASE, autocommit=True
        )
        bench = Bench(database, signed_in(ours), stock.create_app().test_client(), bare)
        known = facts(large.server)
        asked = {one.ours: one for one in (*tables(known), *rooms(known))}
        for address in walked(bench.ours).pages.values():
            asked.setdefault(address, Asked(address))
        try:
            for one in asked.values():
                cost = bench.cost(one, times, stock_times)
                if cost is not None:
                    yield cost, bench
        finally:
            bare.close()
            hang_up(database)


# -- the table ---------------------------------------------------------------------------------------------------------

HEAD = (
    "page",
    "median ms",
    "p95 ms",
    "KiB",
    "queries",
    "bare SQL ms",
    "times its SQL",
    "stock ms",
    "stock queries",
    "stock takes so many times",
)


def report(*, quick: bool = False, rows: int | None = None, keep: Path | None = None) -> list[str]:
    """The Markdown table, the bounds, and what is to be looked at."""
    rows = rows or (QUICK_ROWS if quick else ROWS)
    times, stock_times = (QUICK_TIMES, 1) if quick else (TIMES, STOCK_TIMES)
    with filling.large(rows, keep) as large:
        told = [line(HEAD), line(["---", *["---:"] * (len(HEAD) - 1)])]
        missed: list[str] = []
        costs = []
        for cost, bench in measure(large, times, stock_times):
            costs.append(cost)
            told.append(line(_cells(cost)))
            missed += _missed(cost, bench)
    title = (
        f"Pages on {large.rows:,} prices (filled in {large.seconds:.0f} s, up to {large.until:%Y-%m-%d %H:%M} UTC), "
        f"MariaDB with {filling.POOL} of buffer pool, {times} requests each, stock {stock_times}"
    )
    return [title, "", *told, "", *bounds(costs), *missed]


def bounds(costs: Sequence[Cost]) -> list[str]:
    """Each bound, with the page that comes nearest to it or goes farthest beyond."""
    slowest = max(costs, key=lambda cost: cost.median)
    busiest = max(costs, key=lambda cost: len(cost.statements))
    heavy = [cost for cost in costs if cost.times_sql]
    compared = [cost for cost in costs if cost.stock]
    found = [
        machine.bound(
            f"{1000 * slowest.median:.0f} ms, {slowest.address}",
            f"at most {1000 * MOST_SECONDS:.0f} ms",
            slowest.median <= MOST_SECONDS,
        ),
        machine.bound(
            f"{len(busiest.statements)} queries, {busiest.address}",
            f"at most {MOST_QUERIES}, the one that asks who is there included",
            len(busiest.statements) <= MOST_QUERIES,
        ),
    ]
    if heavy:
        most = max(heavy, key=lambda cost: cost.times_sql or 0)
        found.append(
            machine.bound(
                f"{most.times_sql:.1f} times its bare SQL, {most.address}",
                f"at most {MOST_TIMES_SQL}",
                (most.times_sql or 0) <= MOST_TIMES_SQL,
            )
        )
    if compared:
        least = min(compared, key=lambda cost: cost.times_stock or 0)
        found.append(
            machine.bound(
                f"{least.times_stock:.1f} times faster than stock, {least.address}",
                f"at least {LEAST_TIMES_STOCK}",
                (least.times_stock or 0) >= LEAST_TIMES_STOCK,
            )
        )
    return found


def _missed(cost: Cost, bench: Bench) -> list[str]:
    """Of a page that is too slow, or asks too much: each statement with its time; of the slowest, what it does."""
    if cost.median <= MOST_SECONDS and len(cost.statements) <= MOST_QUERIES:
        return []
    told = ["", f"{cost.address}: {1000 * cost.median:.0f} ms, {len(cost.statements)} queries"]
    each = sorted(zip(cost.bare, cost.statements, strict=True), key=lambda pair: -pair[0])
    told += [f"    {1000 * seconds:8.1f} ms  {' '.join(one.sql.split())[:300]}" for seconds, one in each]
    if each:
        told += [f"        {line}" for line in bench.explained(each[0][1])]
    return told


def _cells(cost: Cost) -> list[str]:
    def figure(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    stocked = machine.median(cost.stock) if cost.stock else None
    return [
        f"`{cost.address}`",
        f"{1000 * cost.median:.1f}",
        f"{1000 * cost.p95:.1f}",
        f"{cost.size / 1024:.0f}",
        str(len(cost.statements)),
        f"{1000 * sum(cost.bare):.1f}",
        figure(cost.times_sql, ".1f"),
        figure(stocked and 1000 * stocked, ",.0f"),
        str(cost.stock_queries or ""),
        figure(cost.times_stock, ",.0f"),
    ]


def line(cells: Sequence[str]) -> str:
    """Of a Markdown table."""
    return f"| {' | '.join(cells)} |"
