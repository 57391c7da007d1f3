"""Two nodes and four consumers on one machine, as docs/scaling.md says."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from peewee import Database, fn

from gigscrapy.broker import QUEUE, depths
from schema.database import connect, hang_up
from schema.ledger import balance
from schema.models import LatestOdds, Messages, Odds, Runs
from tests import scrapy
from tests.faults.filled import FilledSite
from tests.faults.processes import Running, running
from tests.gigscrapy.daemon.daemons import Daemon, scrapyd, until
from tests.schema.laid import lay

LEAGUES = ("ligue1", "ligue2", "premierleague", "nba", "top14", "laliga")
MATCHES, BOOKS = 6, 5
SECRET = "5ecret"


@pytest.fixture
def database(mariadb_url: str, tmp_path: Path) -> Database:
    one = connect(mariadb_url, tmp_path)
    lay(one)
    yield one
    hang_up(one)


@pytest.mark.server
@pytest.mark.slow
def test_two_nodes_and_four_consumers(rabbit_url: str, mariadb_url: str, database: Database, tmp_path: Path) -> None:
    """Each node has a home of its own, as it would on a machine of its own. One is killed before it has begun all."""
    servers = {"RABBIT_URL": rabbit_url, "DATABASE_URL": mariadb_url, "SCRAPYD_PASSWORD": SECRET}
    with FilledSite(matches=MATCHES, books=BOOKS) as site, ExitStack() as stack:
        nodes: list[Daemon] = [
            stack.enter_context(scrapyd(tmp_path / name, site.url, **servers)) for name in ("one", "two")
        ]
        consumers: list[Running] = [
            stack.enter_context(running("consume", home=tmp_path / f"consumer{number}", environment=servers))
            for number in range(4)
        ]
        both = {"SCRAPYD_URLS": " ".join(node.node.name for node in nodes), "CRAWLS_AT_ONCE": "4"}
        worker = stack.enter_context(running("worker", home=tmp_path / "worker", environment=servers | both))
        worker.until("messages come from queue scraping_tasks")
        asked = scrapy("ask", ",".join(LEAGUES), home=tmp_path / "asks", environment=servers)
        assert asked.returncode == 0, asked.stderr
        until(lambda: finished(database) == sorted(LEAGUES), 120)
        until(lambda: all(balance(run).adds_up for run in Runs.select().execute(database)))

        runs = list(Runs.select().execute(database))
        assert {run.node for run in runs} == {node.node.name for node in nodes}
        assert [(run.verdict, run.exit_code) for run in runs] == [("complete", 0)] * len(LEAGUES)
        assert depths(rabbit_url, tmp_path)[QUEUE] == 0
        stored = sum(run.stored for run in runs)
        assert stored >= len(LEAGUES) * MATCHES * BOOKS
        assert Odds.select().count(database) == sum(run.prices for run in runs)
        assert Messages.select(fn.COUNT(fn.DISTINCT(Messages.run))).scalar(database) == len(LEAGUES)
        assert LatestOdds.select().count(database) > 0
        assert all("deadlock" not in consumer.log.lower() for consumer in consumers)
        assert sum(" messages: " in consumer.log for consumer in consumers) >= 2

        # One node goes: the other has all that is asked for next.
        nodes[0].process.kill9()
        again = scrapy("ask", "ligue1,nba", home=tmp_path / "asks", environment=servers)
        assert again.returncode == 0, again.stderr
        until(lambda: len(finished(database)) == len(LEAGUES) + 2, 120)
        newest = list(Runs.select().order_by(Runs.id.desc()).limit(2).execute(database))
        assert {run.node for run in newest} == {nodes[1].node.name}
        assert {run.verdict for run in newest} == {"complete"}


def finished(database: Database) -> list[str]:
    return sorted(run.spider for run in Runs.select(Runs.spider).where(Runs.state == "finished").execute(database))
