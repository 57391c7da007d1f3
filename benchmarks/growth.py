"""What a stored price costs when ten million are there already, against a hundred thousand.

Two MariaDB servers, each with its own buffer pool of 128 MiB and each with the same 200 matches under way. The large
one also has what years left behind: old matches of 2,250 prices each, their latest prices and their ledger, written in
the order of time by INSERT … SELECT, so that its pages lie as a consumer would have left them. Then the real store
takes the same new batches on both, in turn.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pymysql
from rich.table import Table

from benchmarks import machine, servers
from benchmarks.messages import BOOKMAKERS, FIRST_ROUND, MATCHES, PRICES, quotes
from gigscrapy.broker import Delivery
from gigscrapy.consumer import BATCH
from schema.database import connect, hang_up
from schema.messages import encode
from schema.store import Store
from tests.services.mariadb import MariaDB

SMALL, LARGE = 100_000, 10_000_000
QUICK_SMALL, QUICK_LARGE = 9_000, 50_000
TURNS, QUICK_TURNS = 20, 2
BATCHES_A_TURN = 3
WARM_UP = 2
"""Turns that are not counted: caches fill."""
AT_MOST = 1.5

A_MATCH = len(BOOKMAKERS) * PRICES
OLD_ROUNDS = 50
"""How often each price of an old match was seen."""
FILL_AT_ONCE = 100
"""Old matches that one statement writes."""


def measure(small: int = SMALL, large: int = LARGE, turns: int = TURNS) -> tuple[list[float], list[float]]:
    """Microseconds a row in each turn, in the small and in the large database."""
    rounds = small // (MATCHES * A_MATCH)
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(filled(old, rounds)) for old in (0, large - small)]
        new = quotes(first_round=rounds)
        costs: list[list[float]] = [[], []]
        for _ in range(WARM_UP + turns):
            batches = [_deliveries(islice(new, BATCH)) for _ in range(BATCHES_A_TURN)]
            for store, cost in zip(stores, costs, strict=True):
                cost.append(microseconds_a_row(store, batches))
    return costs[0][WARM_UP:], costs[1][WARM_UP:]


def microseconds_a_row(store: Store, batches: Sequence[Sequence[Delivery]]) -> float:
    began = time.perf_counter()
    rows = sum(store.store(batch).prices for batch in batches)
    return 1e6 * (time.perf_counter() - began) / rows


@contextlib.contextmanager
def filled(old: int, rounds: int) -> Iterator[Store]:
    """A store on a server of its own that holds ``old`` prices of old matches, and ``rounds`` of those under way."""
    with servers.mariadb() as server, servers.tables(server) as url:
        database = connect(url, Path())
        store = Store(database)
        store.store(_deliveries(islice(quotes(), BATCH)))  # the league, the bookmakers and the market, to refer to
        write_history(server, url, old)
        under_way = islice(quotes(), BATCH, rounds * MATCHES * len(BOOKMAKERS))
        while batch := _deliveries(islice(under_way, BATCH)):
            store.store(batch)
        try:
            yield store
        finally:
            hang_up(database)


def _deliveries(said: Iterator[object]) -> list[Delivery]:
    now = datetime.now(UTC)
    return [Delivery(None, encode(quote), None, now) for quote in said]  # type: ignore[arg-type]


# -- what years left behind --------------------------------------------------------------------------------------------

FIRST_OLD = 1_000_000
"""Number of the first old match, far from those under way."""

OLD_MATCHES = f"""
    INSERT INTO Matches (id, league_id, home_team_id, away_team_id, match_date, status, source, site_id, match_key,
                         seen_at, created_at, updated_at)
    SELECT {FIRST_OLD} + %(first)s + n.seq, m.league_id, m.home_team_id, m.away_team_id, @day, 'finished', 'coteur',
           %(first)s + n.seq, CONCAT('coteur:', %(first)s + n.seq), @day, @day, @day
    FROM seq_0_to_{FILL_AT_ONCE - 1} n JOIN (SELECT * FROM Matches ORDER BY id LIMIT 1) m
"""
"""So many old matches, all of the same two teams: nothing that is measured looks at them."""

COLUMNS = "match_id, market_id, line, bookmaker_id, outcome, odd_value, trj, published_trj, partial, scraped_at, run_id"

OLD_PRICES = f"""
    INSERT INTO {{table}} ({COLUMNS})
    SELECT {FIRST_OLD} + %(first)s + m.seq, @market, 0, b.id, o.code, 1.8 + (r.seq + b.id) %% 50 / 100, 93.20, 93.20, 0,
           @day + INTERVAL r.seq HOUR + INTERVAL m.seq SECOND, @run
    FROM seq_{{first_round}}_to_{OLD_ROUNDS - 1} r JOIN seq_0_to_{FILL_AT_ONCE - 1} m
    JOIN (SELECT id FROM Bookmakers WHERE reviewed ORDER BY id LIMIT {len(BOOKMAKERS)}) b
    JOIN (SELECT '1' AS code UNION SELECT 'X' UNION SELECT '2') o
    ORDER BY r.seq, m.seq, b.id, o.code
"""
"""In the order in which they would have been seen: round after round, match after match."""

OLD_LEDGER = f"""
    INSERT INTO Messages (message_id, run_id, batch, stored_at)
    SELECT CONCAT(LPAD(LOWER(HEX(UNIX_TIMESTAMP(@day + INTERVAL r.seq HOUR))), 8, '0'),
                  LEFT(MD5(CONCAT_WS('-', %(first)s, m.seq, b.seq, r.seq)), 24)),
           @run, %(first)s, @day + INTERVAL r.seq HOUR
    FROM seq_0_to_{OLD_ROUNDS - 1} r JOIN seq_0_to_{FILL_AT_ONCE - 1} m JOIN seq_0_to_{len(BOOKMAKERS) - 1} b
    ORDER BY 1
"""
"""Ids as messages have them: the second of the observation, then what no two share."""


def write_history(server: MariaDB, url: str, prices: int) -> None:
    """At least ``prices`` rows of Odds, with what belongs to them."""
    connection = pymysql.connect(
        host="127.0.0.1", port=server.port, user="root", database=url.rsplit("/", 1)[1], autocommit=True
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT market_id, run_id FROM Odds LIMIT 1 INTO @market, @run")
        for first in range(0, -(-prices // (A_MATCH * OLD_ROUNDS)), FILL_AT_ONCE):
            numbers = {"first": first}
            day = FIRST_ROUND.replace(tzinfo=None, year=2015)
            cursor.execute("SET @day = %s + INTERVAL %s HOUR", (day, first))
            for statement in (
                OLD_MATCHES,
                OLD_PRICES.format(table="Odds", first_round=0),
                OLD_PRICES.format(table="LatestOdds", first_round=OLD_ROUNDS - 1),
                OLD_LEDGER,
            ):
                cursor.execute(statement, numbers)


# -- the table ---------------------------------------------------------------------------------------------------------


def report(*, quick: bool = False, rows: int | None = None) -> list[Table | str]:
    small, large, turns = (QUICK_SMALL, QUICK_LARGE, QUICK_TURNS) if quick else (SMALL, LARGE, TURNS)
    large = rows or large
    costs = measure(small, large, turns)
    title = f"Growth: batches of {BATCH} messages into MariaDB with 128 MiB of buffer pool, {turns} turns"
    table = machine.table(title, "prices stored already", "µs a price", "quickest turn", "slowest", "against the small")
    medians = [machine.median(cost) for cost in costs]
    for size, cost, middle in zip((small, large), costs, medians, strict=True):
        table.add_row(
            f"{size:,}", f"{middle:.1f}", f"{min(cost):.1f}", f"{max(cost):.1f}", f"{middle / medians[0]:.2f} x"
        )
    ratio = medians[1] / medians[0]
    return [table, machine.bound(f"{ratio:.2f} times the cost", f"at most {AT_MOST}", ratio <= AT_MOST)]
