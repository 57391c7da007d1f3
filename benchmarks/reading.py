"""What answers of the API that read cost on ten million prices, each beside its bare SQL.

As in :mod:`benchmarks.pages`: every answer is asked in this process by a program with a key; *bare SQL* are the
statements that it asked, put again one after another by PyMySQL alone, rows fetched. Bounds: the latest odds of a
league, the history of a match and the TRJ over a season within three times their bare SQL.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymysql
from werkzeug.test import TestResponse

from admin import create_app, keys
from admin.signing import Person
from benchmarks import filling, machine, servers
from benchmarks.pages import QUICK_ROWS, QUICK_TIMES, ROWS, TIMES, Asked, Bench, Cost, facts
from schema.database import hang_up
from schema.models import Odds, use
from tests.admin import account

MOST_TIMES_SQL = 3
MOST_QUERIES = 5
OF_THE_KEY = 1
"""Queries that find out whose key it is."""


class Program:
    """Asks as :class:`flask.testing.FlaskClient` does, with a key."""

    def __init__(self, client: Any, key: str) -> None:
        self._client, self._headers = client, {"X-API-Key": key}

    def get(self, address: str, **options: Any) -> TestResponse:
        answer: TestResponse = self._client.get(address, headers=self._headers, **options)
        return answer


def addresses(known: Mapping[str, Any], large: filling.Large) -> dict[str, str]:
    """By what it is. The first three have a bound of their own."""
    league, match = known["league"], known["match"]
    season = f"from={large.until - timedelta(days=300):%Y-%m-%dT%H:%M:%SZ}&until={large.until:%Y-%m-%dT%H:%M:%SZ}"
    then = f"{large.until - timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "latest odds of a league": f"/odds?league={league}&limit=1000",
        "history of a match": f"/matches/{match}/history?limit=1000",
        "TRJ over a season": f"/trj?{season}&sport=football",
        "TRJ by week": f"/trj?{season}&step=week&sport=football",
        "TRJ by league": f"/trj?{season}&group=league",
        "latest odds": "/odds",
        "latest odds of a bookmaker": f"/odds?bookmaker={known['bookmaker']}&limit=1000",
        "latest odds as of": f"/odds?league={league}&limit=1000&as_of={then}",
        "changes of an hour": f"/odds?updated_since={large.until - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "odds of a match": f"/matches/{match}/odds",
        "best prices": f"/best-prices?league={league}",
        "best prices as of": f"/best-prices?league={league}&as_of={then}",
        "TRJ as of": f"/trj?league={league}&as_of={then}",
        "matches": "/matches?limit=1000",
        "matches of a league": f"/matches?league={league}",
        "leagues": "/leagues?limit=1000",
        "teams": "/teams?limit=1000",
        "movements": "/movements",
        "surebets": "/surebets",
    }


def measure(large: filling.Large, times: int) -> Iterator[tuple[str, Cost]]:
    """Every answer."""
    with servers.folder() as home:
        ours = create_app(large.url + "?read_timeout=600", home)
        database = Odds._meta.database.obj  # noqa: SLF001
        use(database)
        bare = pymysql.connect(
            host="127.0.0.1", port=large.server.port, user="root", database=filling.DATABASE, autocommit=True
        )
        with ours.app_context():
            key = keys.add(Person.get_by_id(account("admin").id), "benchmark", ("read",))
        program: Any = Program(ours.test_client(), key)
        bench = Bench(database, program, program, bare)
        try:
            for name, address in addresses(facts(large.server), large).items():
                cost = bench.cost(Asked(f"/api/v1{address}"), times, 0)
                if cost is None:
                    raise RuntimeError(f"{address}: {program.get(f'/api/v1{address}').get_data(as_text=True)}")
                yield name, cost
        finally:
            bare.close()
            hang_up(database)


def report(*, quick: bool = False, rows: int | None = None, keep: Path | None = None) -> list[str]:
    """The Markdown table, and the bounds."""
    rows, times = rows or (QUICK_ROWS if quick else ROWS), QUICK_TIMES if quick else TIMES
    told = ["| answer | median ms | p95 ms | KiB | queries | bare SQL ms | times its SQL |", "|---|" + "---:|" * 6]
    bounds: list[str] = []
    with filling.large(rows, keep) as large:
        for number, (name, cost) in enumerate(measure(large, times)):
            queries = len(cost.statements) - OF_THE_KEY
            told.append(
                f"| {name} | {1000 * cost.median:.1f} | {1000 * cost.p95:.1f} | {cost.size / 1024:.0f} | {queries} "
                f"| {1000 * sum(cost.bare):.1f} | {cost.times_sql or 0:.1f} |"
            )
            if number < 3:
                within = (cost.times_sql or 0) <= MOST_TIMES_SQL
                told_times = f"{cost.times_sql or 0:.1f} times its bare SQL, {name}"
                bounds.append(machine.bound(told_times, f"at most {MOST_TIMES_SQL}", within))
    return [f"Answers on {large.rows:,} prices, MariaDB with {filling.POOL} of buffer pool", "", *told, "", *bounds]
