"""A day with gig-benchmark's programs on RabbitMQ and ours in their place: its scrapers and callers on one side, our
worker and consumer on the other; and the other way round.
"""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from admin import create_app
from gigscrapy import broker
from gigscrapy import worker as worker_module
from gigscrapy.broker import QUEUE, TASK_DEAD_QUEUE, TASK_QUEUE, Delivery, Queues, depths, send
from gigscrapy.consumer import Consumer
from gigscrapy.worker import Bounds, Worker
from schema.database import connect, hang_up
from schema.messages import encode
from tests.admin.visitor import served
from tests.gig import programs
from tests.gig.programs import Scraper, connected, consume, publish
from tests.gigscrapy.standin import StandIn
from tests.schema.laid import lay
from tests.schema.letters import NOON, quote

pytestmark = pytest.mark.server

LIGUE1 = {
    ("PSG - OM", "2025-11-10 20:45:00"): {
        "Pmu": (2.10, 3.40, 3.50),
        "BarrièreBet": (2.05, 3.40, 3.60),
        "Winamax": (2.15, 3.30, None),
        "Zebet": (2.10, 3.40),  # a row with too few cells is not sent
    },
    ("LENS - LILLE", None): {"Pmu": (1.80, 3.60, 4.20)},
    ("SAINT - ETIENNE - PSG", "2025-11-11 21:00:00"): {"Pmu": (4.00, 3.60, 1.80)},
}
LATER = {("PSG - OM", "2025-11-10 21:00:00"): {"Pmu": (2.00, 3.40, 3.80)}}
ATP = {("GAEL - NOVAK", "2025-11-10 11:00:00"): {"Pmu": (3.10, 1.35), "Betclic": (3.20, 1.33)}}
PRO_D2 = {("BIARRITZ - DAX", "2025-11-10 19:30:00"): {"Pmu": (1.60, 19.0, 2.40)}}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = connect(None, tmp_path)
    lay(database)
    yield database
    hang_up(database)


@pytest.fixture
def queues(rabbit_url: str, tmp_path: Path) -> Queues:
    return Queues(rabbit_url, tmp_path, "classic")


def stored(queues: Queues, database: Database) -> Consumer:
    """All that waits is consumed, by ours."""
    consumer = Consumer(broker.receiver(queues.rabbit_url, queues.home, queue_type=queues.queue_type), database)
    consumer.run(drain=True)
    return consumer


def found(database: Database, sql: str) -> list[Any]:
    return [row[0] if len(row) == 1 else row for row in database.execute_sql(sql)]


def test_its_scrapers_and_our_consumer(queues: Queues, database: Database) -> None:
    url = queues.rabbit_url
    assert url
    with closing(connected(url)) as connection:  # as it was at first: a queue that does not outlive the broker
        connection.channel().queue_declare(queue=QUEUE, durable=False)
        connection.channel().basic_publish("", QUEUE, json.dumps(programs.odds_message("A - B", "Pmu", (2, 3, 4))))
        assert stored(queues, database).totals.stored == 1
        connection.channel().queue_delete(QUEUE)
    morning = Scraper(url, "Ligue 1").run(LIGUE1)
    assert morning == {"status": "success", "matches_scraped": 3, "odds_sent": 5}
    Scraper(url, "ATP Paris", "tennis").run(ATP)
    Scraper(url, "Pro D2", "rugby").run(PRO_D2)
    noon = stored(queues, database).totals
    assert (noon.stored, noon.refused) == (7, 1)
    Scraper(url, "Ligue 1").run(LIGUE1)  # the same again is another observation
    afternoon = stored(queues, database).totals
    Scraper(url, "Ligue 1").run(LATER)
    with closing(connected(url)) as connection:
        channel = connection.channel()
        channel.basic_publish("", QUEUE, b"not json")
        publish(channel, QUEUE, {"match": "PSG - OM", "bookmaker": "Pmu"})
        publish(
            channel, QUEUE, programs.odds_message("X - Y", "Pmu", (2, 3, 4), sport="handball", league="Starligue") or {}
        )
    evening = stored(queues, database).totals
    assert (afternoon.stored, afternoon.refused, evening.stored, evening.refused) == (4, 1, 2, 2)
    assert depths(url, queues.home, [QUEUE]) == {QUEUE: 0, "outbox": 0}
    assert found(
        database,
        "SELECT match_key, COUNT(*) FROM Matches m JOIN Odds o ON o.match_id = m.id JOIN Bookmakers b"
        " ON b.id = o.bookmaker_id WHERE b.code = 'PMU' AND o.outcome = '1' AND match_key NOT LIKE '%|a|b|%'"
        " GROUP BY match_key ORDER BY match_key",
    ) == [
        ("football|ligue 1|lens|lille|", 2),
        ("football|ligue 1|psg|om|2025-11-10", 3),
        ("handball|starligue|x|y|2025-11-10", 1),
        ("rugby|pro d2|biarritz|dax|2025-11-10", 1),
        ("tennis|atp paris|gael|novak|2025-11-10", 1),
    ]
    assert found(database, "SELECT match_date FROM Matches WHERE match_key LIKE '%|psg|om|%'") == [
        "2025-11-10 20:00:00"
    ]
    assert found(
        database,
        "SELECT outcome, odd_value FROM LatestOdds l JOIN Bookmakers b ON b.id = l.bookmaker_id JOIN Matches m"
        " ON m.id = l.match_id WHERE b.code = 'PMU' AND match_key LIKE '%|psg|om|%' ORDER BY outcome",
    ) == [("1", 2), ("2", 3.8), ("X", 3.4)]
    assert found(database, "SELECT reason FROM DeadLetters ORDER BY reason") == ["malformed", "missing", "teams"]
    assert found(database, "SELECT times FROM DeadLetters WHERE reason = 'teams'") == [2]


def test_what_waited_in_the_queue_keeps_its_order(queues: Queues, database: Database) -> None:
    """Two rounds while our consumer was away, received in one burst: a message of theirs says no time of its own."""
    assert queues.rabbit_url
    for price in (2.50, 2.10, 2.30):
        Scraper(queues.rabbit_url, "Ligue 1").run({("PSG - OM", None): {"Pmu": (price, 3.40, 3.50)}})
    assert stored(queues, database).totals.stored == 3
    assert found(database, "SELECT odd_value FROM Odds WHERE outcome = '1' ORDER BY scraped_at") == [2.5, 2.1, 2.3]
    assert found(database, "SELECT odd_value FROM LatestOdds WHERE outcome = '1'") == [2.3]
    assert found(database, "SELECT COUNT(*) FROM ReplacedOdds") == [0]


def test_what_its_scrapers_tell_of_their_progress(queues: Queues) -> None:
    """Twice a match, and once at the end: what our endpoint is told."""
    assert queues.rabbit_url
    scraper = Scraper(queues.rabbit_url, "Ligue 1", progress_url="http://127.0.0.1:1/api/scraping/progress")
    scraper.run(LIGUE1)  # nobody listens: it goes on
    assert [(one["status"], one["current"], one["total"], one["bookmakers_count"]) for one in scraper.told] == [
        ("running", 1, 3, 0),
        ("running", 1, 3, 4),
        ("running", 2, 3, 0),
        ("running", 2, 3, 1),
        ("running", 3, 3, 0),
        ("running", 3, 3, 1),
        ("completed", 3, 3, 0),
    ]
    assert {one["scraper"] for one in scraper.told} == {"football.ligue_1"}
    assert scraper.told[-1]["message"] == "Scraping finished: 3 matchs, 5 odds"


def test_its_callers_and_our_worker(queues: Queues, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "RECEIVE_SECONDS", 0.05)
    assert queues.rabbit_url
    tasks = [
        {"scraper": "football.ligue_1", "params": {}},
        {"scraper": "football.premier_league"},  # `manage.py scrape`
        {"scraper": "rugby.top14", "params": {}},  # a key its own worker does not know
        {"scraper": "football.europa_league", "params": {}},  # one of its aliases
        {"scraper": "football.no_such_league", "params": {}},
        {"scraper": "football.la_liga", "params": {"headless": True}},  # which its own worker always fails on
    ]
    with closing(connected(queues.rabbit_url)) as connection, StandIn() as node:
        channel = connection.channel()
        for task in tasks:
            publish(channel, TASK_QUEUE, task, durable="params" in task)
        channel.basic_publish("", TASK_QUEUE, b"{")
        receiver = broker.receiver(queues.rabbit_url, queues.home, queue=TASK_QUEUE, queue_type=queues.queue_type)
        worker = Worker(
            receiver,
            database,
            [node.node(queues.home)],
            queues=queues,
            bounds=Bounds(at_once=99),
            alive=lambda _: False,
        )
        with closing(receiver):
            while worker.totals.tasks + worker.totals.refused < 7:
                worker.turn()
            worker.turn()
        channel.queue_declare(queue=TASK_QUEUE, durable=True)  # which is an error where it was declared otherwise
        assert sorted(node.scheduled) == ["ligue1", "ligueeuropa", "premierleague", "top14"]
    waiting = depths(queues.rabbit_url, queues.home, [TASK_QUEUE, TASK_DEAD_QUEUE])
    assert (waiting[TASK_QUEUE], waiting[TASK_DEAD_QUEUE]) == (0, 3)
    assert found(database, "SELECT reason FROM DeadLetters ORDER BY reason") == [
        "argument",
        "malformed",
        "unknown-league",
    ]


def test_our_messages_and_its_consumer(queues: Queues) -> None:
    """On a queue that we declared: its own declaration of it must pass."""
    assert queues.rabbit_url
    items = [quote(), quote(1, home="Saint - Étienne"), quote(2, bookmaker="Pmu", kickoff=None)]
    sent = [Delivery(None, encode(item), item.message_id, datetime.now(UTC)) for item in items]
    with closing(broker.receiver(queues.rabbit_url, queues.home, queue_type="classic")) as ours:
        ours.receive(1, 0.1)  # makes it
    send(queues, QUEUE, sent)
    rows = []
    with closing(connected(queues.rabbit_url)) as connection:
        channel = connection.channel()
        channel.queue_declare(queue=QUEUE, durable=True)
        for method, _, body in channel.consume(QUEUE, inactivity_timeout=1):
            if method is None:
                break
            rows += consume(body, NOON)
            channel.basic_ack(method.delivery_tag)
        channel.cancel()
    assert [(row.home, row.bookmaker, row.outcome, row.value) for row in rows] == [
        *(("Le Havre", "WINAMAX", outcome, price) for outcome, price in (("1", 7.0), ("X", 4.75), ("2", 1.42))),
        *(("Saint-Étienne", "WINAMAX", outcome, price) for outcome, price in (("1", 7.0), ("X", 4.75), ("2", 1.42))),
        *(("Le Havre", "PMU", outcome, price) for outcome, price in (("1", 7.0), ("X", 4.75), ("2", 1.42))),
    ]


def test_its_worker_by_its_rules(queues: Queues) -> None:
    """Our stand-in for it does as it did: unknown, unreadable, with parameters: thrown away."""
    assert queues.rabbit_url
    ran: list[str] = []

    def ligue1() -> dict[str, Any]:
        ran.append("ligue1")
        return {"status": "success", "matches_scraped": 0, "odds_sent": 0}

    worker = programs.Worker(queues.rabbit_url, {"football.ligue_1": ligue1, "football.la_liga": lambda: None})
    with closing(connected(queues.rabbit_url)) as connection:
        channel = connection.channel()
        for task in (
            {"scraper": "football.ligue_1"},
            {"scraper": "x"},
            {"scraper": "football.ligue_1", "params": {"a": 1}},
        ):
            publish(channel, TASK_QUEUE, task)
        publish(channel, TASK_QUEUE, {"scraper": "football.la_liga"})  # one that failed inside is acknowledged
        worker.work(4)
        assert channel.queue_declare(TASK_QUEUE, durable=True).method.message_count == 0
    assert (ran, worker.acked, len(worker.discarded)) == (["ligue1"], ["football.ligue_1", "football.la_liga"], 2)


def test_a_round_from_the_button_to_the_table(
    queues: Queues, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for at our address, crawled by its worker, told to our address, stored by our consumer, read at our address."""
    assert queues.rabbit_url
    settings = {"RABBIT_URL": queues.rabbit_url, "RABBIT_QUEUE_TYPE": "classic", "GIG_ANONYMOUS": "on"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    with served(create_app(None, queues.home)) as address:

        def ask(path: str, said: dict[str, Any] | None = None) -> Any:
            body = None if said is None else json.dumps(said).encode()
            asked = urllib.request.Request(f"{address}{path}", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.load(answer)

        assert ask("/api/scraping/trigger", {"sport": "football", "league": "Ligue 1"}) == {"success": True}
        scraper = Scraper(queues.rabbit_url, "Ligue 1", progress_url=f"{address}/api/scraping/progress")
        worker = programs.Worker(queues.rabbit_url, {"football.ligue_1": lambda: scraper.run(LATER)})
        worker.work(1)
        assert (worker.acked, worker.discarded) == (["football.ligue_1"], [])
        told = ask("/api/scraping/status?scraper=football.ligue_1")
        assert (told["status"], told["message"]) == ("completed", "Scraping finished: 1 matchs, 1 odds")
        assert stored(queues, database).totals.stored == 1
        found = {(one["outcome"], one["odd_value"], one["match"]["match_date"]) for one in ask("/api/odds")}
        kickoff = "2025-11-10T20:00:00Z"
        assert found == {("1", "2.00", kickoff), ("X", "3.40", kickoff), ("2", "3.80", kickoff)}
