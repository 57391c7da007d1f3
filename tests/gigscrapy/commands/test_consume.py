"""The commands as a person starts them: processes of their own, with the embedded queue."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from gigscrapy.broker import depths, publisher
from schema.database import connect
from schema.messages import Message, encode
from tests import OWN_ENVIRONMENT, ROOT, scrapy
from tests.schema.letters import quote
from tests.services import free_ports

pytestmark = pytest.mark.slow


def start(*arguments: str, home: Path, **environment: str) -> subprocess.Popen[str]:
    """The command in a process of its own, which goes on; what it says, on its output."""
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=ROOT,
        env=inherited | {"GIGSCRAPY_HOME": str(home)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def put_in_the_spool(home: Path, bodies: Iterable[Message | bytes]) -> None:
    async def publish() -> None:
        way_out = publisher(None, home, owner="test")
        await way_out.open()
        for number, body in enumerate(bodies):
            await way_out.publish(str(number), body if isinstance(body, bytes) else encode(body))
        await way_out.close()

    asyncio.run(publish())


def count(home: Path, table: str) -> int:
    database = connect(None, home)
    number = database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
    database.close()
    return int(number)


def test_drain(tmp_path: Path) -> None:
    put_in_the_spool(tmp_path, [*(quote(after=n) for n in range(20)), b"{", quote()])
    done = scrapy("consume", "--drain", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"22 messages in \d+\.\d s, \d+\.\d s of them busy: 60 prices in 20 quotes, 1 duplicates, 1 refused\n",
        done.stdout,
    )
    assert f"from the spool in {tmp_path} into SQLite in {tmp_path}" in done.stderr
    assert "refused (malformed): " in done.stderr
    assert depths(None, tmp_path) == {"odds": 0, "odds.dead": 1, "outbox": 0}
    assert (count(tmp_path, "Odds"), count(tmp_path, "DeadLetters")) == (60, 1)


def test_an_empty_queue_is_soon_drained(tmp_path: Path) -> None:
    done = scrapy("consume", "--drain", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 messages in ")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(how: signal.Signals, tmp_path: Path) -> None:
    put_in_the_spool(tmp_path, (quote(after=n) for n in range(5)))
    consumer = start("consume", home=tmp_path)
    deadline = time.monotonic() + 30
    while depths(None, tmp_path)["odds"] and time.monotonic() < deadline:
        time.sleep(0.05)
    consumer.send_signal(how)
    said, _ = consumer.communicate(timeout=30)
    assert consumer.returncode == 0, said
    assert "5 messages in " in said
    assert count(tmp_path, "Odds") == 15


def test_a_second_signal_does_not_ask(tmp_path: Path) -> None:
    """Here the database never comes, and whoever runs it has no patience."""
    (port,) = free_ports(1)
    consumer = start("consume", home=tmp_path, DATABASE_URL=f"mysql://gig:s3cret@127.0.0.1:{port}/odds")
    assert consumer.stdout is not None
    said = ""
    while "the start held for" not in said:
        line = consumer.stdout.readline()
        assert line, said
        said += line
    consumer.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    consumer.send_signal(signal.SIGTERM)
    rest, _ = consumer.communicate(timeout=10)
    assert consumer.returncode is not None
    assert "s3cret" not in said + rest
    assert "mysql://gig:***@127.0.0.1" in said


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_and_nothing_counts_twice(tmp_path: Path) -> None:
    number = 6000
    put_in_the_spool(tmp_path, (quote(after=n) for n in range(number)))
    chance = random.Random(7)
    for _ in range(3):
        consumer = start("consume", home=tmp_path)
        before = depths(None, tmp_path)["odds"]
        deadline = time.monotonic() + 30
        while depths(None, tmp_path)["odds"] == before and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.random() / 20)
        consumer.kill()
        consumer.communicate()
    done = scrapy("consume", "--drain", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert depths(None, tmp_path) == {"odds": 0, "odds.dead": 0, "outbox": 0}
    assert (count(tmp_path, "Odds"), count(tmp_path, "Messages")) == (3 * number, number)
    database = connect(None, tmp_path)
    assert database.execute_sql("SELECT stored, prices FROM Runs").fetchall() == [(number, 3 * number)]
    database.close()


@pytest.mark.parametrize(
    "settings, sentence",
    [
        ({"DATABASE_URL": "postgresql://gig:s3cret@host/odds"}, "it must begin with one of mysql"),
        ({"DATABASE_URL": "mysql://gig:s3cret@host"}, "it names no host, or no database"),
        ({"RABBIT_URL": "http://gig:s3cret@host"}, "amqp"),
    ],
)
def test_what_a_person_must_mend(settings: dict[str, str], sentence: str, tmp_path: Path) -> None:
    done = scrapy("consume", "--drain", home=tmp_path, environment=settings)
    assert done.returncode == 78
    assert sentence in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.server
def test_a_server_without_tables(mariadb_url: str, tmp_path: Path) -> None:
    done = scrapy("consume", "--drain", home=tmp_path, environment={"DATABASE_URL": mariadb_url})
    assert done.returncode == 78
    assert "run `scrapy migrate`" in done.stderr
    assert "Traceback" not in done.stderr
    assert scrapy("migrate", home=tmp_path, environment={"DATABASE_URL": mariadb_url}).returncode == 0
    put_in_the_spool(tmp_path, [quote()])
    done = scrapy("consume", "--drain", home=tmp_path, environment={"DATABASE_URL": mariadb_url})
    assert done.returncode == 0, done.stderr
    assert "3 prices in 1 quotes" in done.stdout
