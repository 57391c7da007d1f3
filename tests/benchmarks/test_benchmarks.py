"""Each benchmark at a tiny size: that it measures what it says, on real servers. How fast is no test's business."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from benchmarks import bare, consumer, consuming, gig_consumer, growth, machine, memory, messages, publishing, servers
from schema.checksum import checksum
from schema.database import connect, hang_up
from schema.messages import decode
from tests import ROOT
from tests.faults.filled import FilledSite
from tests.schema.laid import lay

pytestmark = pytest.mark.server


def counted(database, table: str) -> int:
    return database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def prices_of(batch: bare.Batch) -> list[tuple[int, int, str, float]]:
    """Match, bookmaker, outcome and price, which both databases spell alike."""
    return [(row[0], row[3], row[4], float(row[6])) for row in batch.prices]


class TestMessages:
    def test_no_two_are_alike_and_all_have_three_prices(self):
        now = datetime.now(UTC)
        read = [decode(body, now) for body in messages.bodies(2 * messages.MATCHES * len(messages.BOOKMAKERS))]
        assert len({quote.message_id for quote in read}) == len(read)
        assert {len(quote.prices) for quote in read} == {messages.PRICES}
        assert {quote.trj is not None for quote in read} == {True}

    def test_cheap_ones_are_messages_too(self):
        now, count = datetime.now(UTC), 3 * messages.MATCHES * len(messages.BOOKMAKERS)
        assert len({decode(body, now).message_id for body in memory.cheap_bodies(count)}) == count


class TestBare:
    def test_it_writes_the_rows_that_our_store_writes(self, mariadb_url, tmp_path):
        work = consumer.rows_of_ours(messages.bodies(1000))
        assert [(len(batch.ledger), len(batch.prices)) for batch in work] == [(500, 1500)] * 2
        database = connect(mariadb_url, tmp_path)
        lay(database)
        assert bare.write(database, work) > 0
        written = bare.batches(database)
        assert [prices_of(batch) for batch in written] == [prices_of(batch) for batch in work]
        assert {row[0] for batch in written for row in batch.ledger} == {
            row[0] for batch in work for row in batch.ledger
        }
        assert counted(database, "LatestOdds") == 3000
        hang_up(database)


class TestConsumers:
    def test_ours_empties_the_queue_into_the_tables(self, rabbitmq, mariadb):
        sent = messages.bodies(40)
        with servers.folder() as home, servers.tables(mariadb) as tables, servers.queue(rabbitmq, sent) as url:
            consumed = consuming.consumers(consuming.OURS, url, tables, home, together=2, numbers=[1])
            assert servers.waiting(url) == 0
            database = connect(tables, home)
            assert (counted(database, "Odds"), counted(database, "Messages")) == (120, 40)
            assert checksum(database) is not None
            hang_up(database)
        assert sum(one.messages for one in consumed) == 40
        assert all(size > 10 * memory.MIB for one in consumed for size in one.resident.values())
        assert consumer.rate(consumed) > 0

    def test_gig_benchmarks_way_stores_each_price(self, rabbitmq, mariadb, mariadb_url):
        with servers.queue(rabbitmq, messages.bodies(20), kind="classic") as url:
            (consumed,) = consuming.consumers(consuming.GIG, url, mariadb_url, Path(), numbers=[20])
            assert servers.waiting(url) == 0
        database = connect(mariadb_url, Path())
        assert {table: counted(database, table) for table in ("Odds", "Matches", "Teams", "Leagues")} == {
            "Odds": 60,
            "Matches": 2,
            "Teams": 4,
            "Leagues": 1,
        }
        hang_up(database)
        assert consumed.messages == 20
        assert consumer.rate([consumed]) > 0

    def test_gig_benchmarks_way_takes_ten_statements_a_message(self, mariadb_url):
        database = connect(mariadb_url, Path())
        gig_consumer.make_tables(database)
        first, second = (json.loads(body) for body in messages.bodies(2))
        gig_consumer.store(first)
        asked = database.execute_sql("SHOW SESSION STATUS LIKE 'Questions'").fetchone()
        gig_consumer.store(second)
        then = database.execute_sql("SHOW SESSION STATUS LIKE 'Questions'").fetchone()
        assert int(then[1]) - int(asked[1]) - 1 == 10
        hang_up(database)

    def test_the_table_says_which_bound_is_missed(self):
        figures = consumer.Figures({way: [100.0] for way in (consumer.GIG_WAY, consumer.QUORUM, consumer.BARE)})
        figures.rates[consumer.TWO] = [90.0]
        figures.rates[consumer.BARE_SQLITE] = [100.0]
        table, *bounds = consumer.shown(figures, 100, 1)
        assert table.row_count == 5
        assert [bound.split()[0] for bound in bounds] == ["MISSED", "held", "MISSED", "held"]


class TestSpool:
    def test_it_is_emptied_into_sqlite(self):
        assert consumer.spool(messages.bodies(30)) > 0


@pytest.mark.slow
class TestGrowth:
    def test_the_large_one_is_as_large_as_it_says(self):
        old = growth.A_MATCH * growth.OLD_ROUNDS * growth.FILL_AT_ONCE
        with growth.filled(old, 1) as store:
            batch = growth._deliveries(islice(messages.quotes(first_round=1), 500))
            assert growth.microseconds_a_row(store, [batch]) > 0
            said = [counted(store._database, table) for table in ("Odds", "Messages", "LatestOdds")]
        under_way = messages.MATCHES * growth.A_MATCH
        assert said == [
            old + under_way + 1500,
            old // 3 + under_way // 3 + 500,
            old // growth.OLD_ROUNDS + under_way,
        ]


class TestPublishing:
    @pytest.mark.parametrize("way", publishing.WAYS)
    def test_every_quote_arrives(self, way, rabbitmq):
        with FilledSite(1, books=40) as site:
            assert publishing.run(way, 40, rabbitmq, site.url) > 0


class TestMemory:
    def test_of_the_consumer(self):
        assert [size > 10 * memory.MIB for size in memory.consumer((20, 40)).values()] == [True, True]

    def test_of_the_crawler(self):
        assert [size > 10 * memory.MIB for size in memory.crawler((5, 10)).values()] == [True, True]


class TestCommand:
    def test_an_unknown_subject_is_refused(self):
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks", "weather"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, "weather: no such subject" in ran.stderr) == (2, True)

    def test_the_machine_is_named(self):
        assert all(word in machine.line() for word in ("cores", "GiB", "Python", "MariaDB 1", "RabbitMQ 3"))
