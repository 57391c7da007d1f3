"""The process that stays, as it is started: one acts, it survives its database, and what it tells arrives."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from peewee import Database

from admin.alerting.sending import Result
from admin.alerting.service import Alerting
from admin.alerting.vault import Vault
from analytics.alerts.rules import ABOVE, PRICE, Rule, Scope
from schema import alerts
from schema.database import connect, hang_up
from schema.models import AlertEvents, Deliveries, use
from tests import OWN_ENVIRONMENT, ROOT
from tests.admin.alerting.sinks import WebHook
from tests.admin.alerting.world import add_channel, add_rule, put
from tests.schema.laid import lay
from tests.schema.letters import prices, quote
from tests.services import die_with_parent
from tests.services.mariadb import MariaDB
from tests.services.proxy import Proxy

SCOPE = Scope(market="1X2", outcome="1")
RULE = Rule(kind=PRICE, direction=ABOVE, threshold=Decimal(2), margin=Decimal("0.1"), scope=SCOPE)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def store_a_price(database: Database, price: str, home: str = "Lens") -> None:
    """Seen a moment ago, of a match to come."""
    seen = datetime.now(UTC) - timedelta(seconds=90)
    number = str(sum(map(ord, home)))
    kickoff = seen + timedelta(hours=3)
    told = quote(match_id=number, home=home, prices=prices(price, "3.4", "3.5"), kickoff=kickoff)
    put(database, replace(told, scraped_at=seen), received_at=datetime.now(UTC))


class Process:
    """``python -m admin.alerting``."""

    def __init__(self, home: Path, allowed: str) -> None:
        inherited = {key: value for key, value in os.environ.items() if key not in OWN_ENVIRONMENT}
        own = {"GIGSCRAPY_HOME": str(home), "ALERT_PRIVATE_HOSTS": allowed, "ADMIN_URL": "https://odds.example/"}
        self.log = home / f"alerting-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "admin.alerting"],
                cwd=ROOT,
                env=inherited | own,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is taken there
            )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    database = connect(None, tmp_path)
    use(database)
    lay(database)
    yield tmp_path
    hang_up(database)


@pytest.mark.slow
def test_a_price_rings_and_the_message_arrives_and_another_takes_over(home: Path) -> None:
    database: Database = Deliveries._meta.database.obj
    store_a_price(database, "2.12")
    with WebHook() as hook:
        url = hook.url.replace("json://", "json://user:s3cret@")
        add_rule(database, RULE, add_channel(database, secret=Vault(None, home).lock(url)))
        first = Process(home, hook.allowed)
        try:
            until(lambda: hook.received)
            second = Process(home, hook.allowed)
            until(lambda: "waiting" in second.log.read_text())
            first.process.kill()
            first.process.wait()
            alerts.ask_test(database, 1, "test-1", title="Essai", body="ça marche", at=datetime(2025, 1, 1))
            until(lambda: len(hook.received) == 2)
            second.process.terminate()
            assert second.process.wait(30) == 0
        finally:
            for each in (first, second):
                each.process.kill()
                each.process.wait()
    rang, tested = hook.received
    assert rang["title"] == "Cote ≥ 2,00\N{NO-BREAK SPACE}: Lens – Paris SG, 1"
    for said in (
        "Meilleure cote 2,12 chez Winamax (seuil 2,00).",
        "Âge du prix\N{NO-BREAK SPACE}: ",
        "https://odds.example/matches/1/",
    ):
        assert said in rang["message"]
    assert "[1-1-1]" in rang["message"]
    assert tested["title"] == "Essai"
    assert "s3cret" not in first.log.read_text() + second.log.read_text()
    states = [row.state for row in Deliveries.select().execute(database)]
    assert states == [alerts.SENT] * 2


def test_a_bad_setting_is_a_sentence_and_exit_78(tmp_path: Path) -> None:
    process = Process(tmp_path, "ntfy.lan")
    assert process.process.wait(60) == 78
    assert "ALERT_PRIVATE_HOSTS has 'ntfy.lan': write host:port" in process.log.read_text()


class Quiet:
    def send(self, url: str, title: str, body: str) -> Result:
        return Result(ok=True, took=1)


@contextmanager
def acting(alerting: Alerting) -> Iterator[None]:
    thread = threading.Thread(target=alerting.run)
    thread.start()
    try:
        yield
    finally:
        alerting.stop()
        thread.join(30)


@pytest.mark.server
def test_it_survives_its_database(mariadb: MariaDB, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The connection is reset, and for a while nothing answers: then it goes on, and nothing is told twice."""
    name = mariadb.new_database()
    direct = connect(mariadb.url(name), tmp_path)
    lay(direct)
    with Proxy(mariadb.port) as proxy:
        database = connect(mariadb.url(name, port=proxy.port), tmp_path)
        use(database)
        vault = Vault(None, tmp_path)
        add_rule(direct, RULE, add_channel(direct, secret=vault.lock("json://hook.example/")))
        minutes = [0]
        began = datetime.now(UTC).replace(tzinfo=None)
        alerting = Alerting(
            database,
            tmp_path,
            vault,
            Quiet(),
            "http://a",
            lambda: began + timedelta(minutes=minutes[0]),
        )
        with acting(alerting):
            until(lambda: "acting" in caplog.text or not time.sleep(0.2))
            store_a_price(direct, "2.12")
            minutes[0] += 1
            until(lambda: Deliveries.select().where(Deliveries.state == alerts.SENT).count(direct) == 1)
            proxy.cut()
            store_a_price(direct, "2.30", home="Nantes")
            minutes[0] += 1
            until(lambda: Deliveries.select().where(Deliveries.state == alerts.SENT).count(direct) == 2)
    assert AlertEvents.select().count(direct) == 2
    assert Deliveries.select().count(direct) == 2
    hang_up(database)
    hang_up(direct)
