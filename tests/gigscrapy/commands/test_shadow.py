"""``scrapy shadow``: gig-benchmark's database, or captures of both queues, beside ours."""

import importlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy import broker
from gigscrapy.broker import QUEUE
from schema.database import connect, hang_up
from schema.messages import encode
from schema.migrations import migrate
from schema.store import Store
from tests.gig.database import DJANGO, FLAT, GigDatabase
from tests.gig.programs import connected, odds_message, publish
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.letters import QUOTE, letters, prices
from tests.services.rabbitmq import RabbitMQ

NOON = datetime(2025, 11, 9, 12, tzinfo=UTC)
WINDOW = ("--since", "2025-11-09T00:00", "--until", "2025-11-10T00:00")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(importlib.import_module("gigscrapy.commands.shadow").Command, capsys)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def theirs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, GigDatabase]]:
    embedded = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/theirs.sqlite3" if embedded else request.getfixturevalue("mariadb_url")
    database = connect(url, tmp_path)
    yield url, GigDatabase(database, DJANGO).make()
    hang_up(database)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Database]:
    database = connect(None, tmp_path)
    migrate(database)
    yield database
    hang_up(database)


def test_two_databases(ask: Ask, theirs: tuple[str, GigDatabase], ours: Database, tmp_path: Path) -> None:
    url, gig = theirs
    league = gig.league("Ligue 1", "LIGUE_1")
    psg = gig.match(league, "PSG", "OM", datetime(2025, 11, 10, 20, 45))
    lens = gig.match(league, "LENS", "LILLE", datetime(2025, 11, 10, 20), made_at=datetime(2025, 11, 9, 11))
    noon = NOON.replace(tzinfo=None)
    gig.scrape(psg, noon, (2.10, 3.40, 3.50))
    gig.scrape(psg, noon, (2.05, 3.40, 3.60), "WINAMAX")
    gig.scrape(psg, noon - timedelta(days=3), (9.00, 9.00, 9.00))  # before the window
    gig.scrape(lens, noon, (1.80, 3.60, 4.20))
    bare = {
        "match_id": None,
        "bookmaker_id": None,
        "scraped_at": NOON,
        "home": "PSG",
        "away": "OM",
        "kickoff": datetime(2025, 11, 10, 19, 45, tzinfo=UTC),
    }
    alike = replace(QUOTE, **bare, bookmaker="Pmu", prices=prices("2.1", "3.4", "3.5"))
    barriere = replace(QUOTE, **bare, bookmaker="BarrièreBet", prices=prices("2.2", "3.3", "3.4"))
    dnb = replace(QUOTE, **bare, bookmaker="Pmu", market="DNB", prices=prices("1.5", "2.5", outcomes="12"))
    later = {"scraped_at": NOON + timedelta(seconds=1)}
    part = replace(QUOTE, **bare | later, bookmaker="Pmu", partial=True, prices=prices("2.3", None, None))
    other = replace(
        QUOTE,
        **bare | {"home": "LENS", "away": "LILLE", "kickoff": None},
        bookmaker="Pmu",
        prices=prices("1.8", "3.6", "4.2"),
    )
    Store(ours).store(letters(alike, barriere, dnb, part, other, received_at=NOON))
    hang_up(ours)

    found = json.loads(ask(url, "--json", *WINDOW, home=tmp_path).stdout)
    assert found["counts"] == {
        "kickoff-paris-offset": 1,
        "kickoff-tomorrow-20h": 1,
        "bookmaker-not-seeded-there": 1,
        "missing-here": 1,
    }
    assert (found["clean"], found["pairs"], found["alike"], found["quotes"]) == (False, 2, 2, {"there": 3, "here": 3})
    [missing] = [one for one in found["differences"] if one["class"] == "missing-here"]
    assert missing["what"] == "PSG - OM (Ligue 1) Winamax"
    assert missing["there"] == "1=2.05 2=3.60 X=3.40 at 2025-11-09 12:00Z"

    Store(ours).store(
        letters(replace(QUOTE, **bare, bookmaker="Winamax", prices=prices("2.05", "3.4", "3.6")), received_at=NOON)
    )
    hang_up(ours)
    ran = ask(*WINDOW, home=tmp_path, GIG_DATABASE_URL=url)
    assert ran.returncode == 0
    assert "gig-benchmark keeps the time of Paris as UTC" in " ".join(ran.stdout.split())
    assert ran.stdout.strip().endswith("nothing differs but what is known of gig-benchmark")
    before = ask(url, "--since", "2025-11-01", "--until", "2025-11-02", home=tmp_path)
    assert (before.returncode, "nothing was compared" in before.stdout) == (1, True)


def test_two_captures(ask: Ask, tmp_path: Path) -> None:
    """A message a line, bare or as `--capture` writes it."""
    there, here = tmp_path / "theirs.ndjson", tmp_path / "ours.ndjson"
    said = odds_message("Le Havre - Paris SG", "Winamax", (7.0, 4.75, 1.42), match_date="2025-10-17 20:45:00")
    at = datetime.now(UTC)
    same = replace(QUOTE, scraped_at=at)
    there.write_text(f"{json.dumps(said)}\n\nnot json\n")
    here.write_text(
        encode(same).decode()
        + "\n"
        + encode(replace(QUOTE, scraped_at=at, market="DNB", prices=prices("5.1", "1.14", outcomes="12"))).decode()
    )
    ran = ask(str(there), "--ours", str(here), "--since", "1h", "--json", home=tmp_path)
    found = json.loads(ran.stdout)
    assert (found["counts"], found["pairs"], found["alike"], len(found["not_read"])) == ({}, 1, 1, 1)
    assert ran.returncode == 1  # for what could not be read
    there.write_text(json.dumps(said) + "\n")
    assert ask(str(there), "--ours", str(here), "--since", "1h", home=tmp_path).returncode == 0
    other = replace(QUOTE, scraped_at=at, prices={"1": Decimal(7), "X": Decimal("4.80"), "2": Decimal("1.42")})
    here.write_text(encode(other).decode())
    ran = ask(str(there), "--ours", str(here), "--since", "1h", home=tmp_path)
    assert (ran.returncode, "there are differences to look at" in ran.stdout) == (1, True)


@pytest.mark.server
def test_a_capture_takes_nothing(ask: Ask, rabbitmq: RabbitMQ, rabbit_url: str, tmp_path: Path) -> None:
    """Copies of what is published, while the queue keeps all, as it was put there."""
    vhost = rabbit_url.rpartition("/")[2]
    rabbitmq.ctl("trace_on", "-p", vhost)
    capture = tmp_path / "capture.ndjson"
    ended = threading.Event()

    def send() -> None:
        with closing(connected(rabbit_url)) as connection:
            channel = connection.channel()
            while not ended.is_set():
                publish(channel, "scraping_tasks", {"scraper": "football.ligue_1"})
                publish(channel, QUEUE, odds_message("PSG - OM", "Pmu", (2.1, 3.4, 3.5)) or {})
                time.sleep(0.1)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        ran = ask("--capture", str(capture), "--seconds", "2", home=tmp_path, RABBIT_URL=rabbit_url)
    finally:
        ended.set()
        sending.join()
        rabbitmq.ctl("trace_off", "-p", vhost)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in capture.read_text().splitlines()]
    assert len(lines) >= 2
    assert {json.loads(line["body"])["match"] for line in lines} == {"PSG - OM"}
    with closing(broker.receiver(rabbit_url, tmp_path, queue_type="classic")) as receiver:
        waiting = receiver.receive(10_000, 1)
    assert len(waiting) >= len(lines)
    assert {one.attempts for one in waiting} == {0}


def test_what_cannot_be_compared(ask: Ask, tmp_path: Path) -> None:
    flat = connect(f"sqlite:///{tmp_path}/flat.sqlite3", tmp_path)
    GigDatabase(flat, FLAT).make()
    hang_up(flat)
    for words, said in (
        ([f"sqlite:///{tmp_path}/flat.sqlite3"], "import it"),
        ([f"sqlite:///{tmp_path}/none.sqlite3"], "no database of gig-benchmark"),
        ([str(tmp_path / "none.ndjson")], "No such file"),
        (["x", "--since", "soon"], "neither 90m"),
        (["x", "--since", "2025-01-01", "--until", "2025-03-01"], "a month at most"),
        ([], "takes gig-benchmark's database or a capture"),
        (["--capture", str(tmp_path / "c")], "RABBIT_URL is not set"),
    ):
        ran = ask(*words, home=tmp_path)
        assert (ran.returncode, said in ran.stderr) == (2, True), (words, ran.stderr)
