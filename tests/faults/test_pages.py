"""What a site can do to a crawl: rows 46 to 50. And what old letters and old queues can: rows 51 and 52."""

import asyncio
import gzip
import re
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from peewee import Database

from gigscrapy.broker import DEAD_QUEUE, QUEUE, publisher, receiver
from gigscrapy.deadletters import BATCH
from schema.database import connect, hang_up
from schema.messages import encode
from schema.store import Store
from tests import Ran, crawl, quotes, scrapy
from tests.faults.failpoint import EXIT_CODE
from tests.faults.filled import HTML, FilledSite, Handler
from tests.faults.oracle import Oracle, drain
from tests.faults.processes import LONG_SECONDS, consume_all, crawling, running
from tests.gigscrapy.broker.helpers import channel
from tests.gigscrapy.test_middlewares import AT_ONCE, answering, ask
from tests.schema.letters import quote

pytestmark = [pytest.mark.server, pytest.mark.slow]

LIGUE_1 = "/cotes/foot/france/ligue-1"


def only_for_the_league(behaviour: Callable[[Handler, int], None]) -> Callable[[Handler, int], bool]:
    """This in the place of the league page; all else is as ever."""

    def behave(request: Handler, before: int) -> bool:
        if request.path == LIGUE_1:
            behaviour(request, before)
        return request.path == LIGUE_1

    return behave


# -- row 46 ------------------------------------------------------------------------------------------------------------

NEW_LAYOUT = re.compile(rb"<body.*</body>", re.DOTALL)


def rebuilt(request: Handler, _: int) -> None:
    page = request.server.site.page(LIGUE_1)
    body = b"<body><main><h1>Ligue 1</h1><section class='cartes'>Bient\xc3\xb4t ici</section></main></body>"
    request.answer(200, NEW_LAYOUT.sub(body, page), {"Content-Type": HTML})


def emptied(request: Handler, _: int) -> None:
    request.answer(200, request.server.site.page(LIGUE_1, fault="empty"), {"Content-Type": HTML})


def renamed(request: Handler, _: int) -> None:
    page = request.server.site.page(LIGUE_1)
    assert b'data-odd-target="odds"' in page
    request.answer(200, page.replace(b'data-odd-target="odds"', b'data-price="x"'), {"Content-Type": HTML})


DRIFTS = {
    "no match": (only_for_the_league(emptied), 20, "nothing-listed"),
    "a new layout": (only_for_the_league(rebuilt), 21, "page-changed"),
    "a selector is gone": (only_for_the_league(renamed), 21, "page-changed"),
}
"""What becomes of the page, and how the run then ends: exit code and verdict."""


def price_rows(home: Path) -> set[tuple[object, ...]]:
    database = connect(None, home)
    try:
        return {
            (table, *row)
            for table in ("Odds", "LatestOdds")
            for row in database.execute_sql(
                f"SELECT match_id, bookmaker_id, outcome, odd_value, scraped_at FROM {table}"
            )
        }
    finally:
        hang_up(database)


@pytest.mark.browser
def test_row_46_a_page_that_drifts_fails_the_run_and_leaves_the_old_prices(tmp_path):
    home = tmp_path / "home"
    with FilledSite(6) as site:
        assert (ran := crawl(site.url, home, depth="list")).returncode == 0, ran.stderr
        consume_all(home)
        before = price_rows(home)
        for name, (behaviour, exit_code, verdict) in DRIFTS.items():
            site.behaviour = behaviour
            ran = crawl(site.url, home, depth="list", PRICES_TIMEOUT=1.0)
            assert (name, ran.returncode, f"({verdict})" in ran.stderr) == (name, exit_code, True), ran.stderr
    assert consume_all(home).refused == 0
    assert before
    assert before <= price_rows(home)
    database = connect(None, home)
    verdicts = [verdict for (verdict,) in database.execute_sql("SELECT verdict FROM Runs ORDER BY started_at")]
    hang_up(database)
    assert verdicts == ["complete", *(verdict for _, _, verdict in DRIFTS.values())]


# -- row 47 ------------------------------------------------------------------------------------------------------------

BOMB_MEGABYTES = 512
BOMB = gzip.compress(bytes(2**20), 9) * BOMB_MEGABYTES
SPARE_MEGABYTES = 150
"""What a bomb may cost a crawl beyond what it takes for a sound page: the page as it may be at most, some times over."""


def gzip_bomb(request: Handler, _: int) -> None:
    request.answer(200, BOMB, {"Content-Type": HTML, "Content-Encoding": "gzip"})


def nested(request: Handler, _: int) -> None:
    request.answer(200, b"<div class='events'>" * 200_000, {"Content-Type": HTML})


def entities(request: Handler, _: int) -> None:
    """A sound page whose first team is a billion laughs, and its opponent a file of this machine."""
    site = request.server.site
    first, *_ = site.world.fixtures(LIGUE_1)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE html [<!ENTITY l0 "laugh">{laughs}<!ENTITY file SYSTEM "file://{__file__}">]>'
    page = site.page(LIGUE_1).decode().replace(first.home, "&l9;").replace(first.away, "&file;")
    page, changed = re.subn("<!DOCTYPE[^>]*>", doctype, page, count=1, flags=re.IGNORECASE)
    assert changed
    request.answer(200, page.encode(), {"Content-Type": HTML})


BOMBS = {"gzip": (gzip_bomb, "exceeded DOWNLOAD_MAXSIZE"), "nested": (nested, "256 elements inside each other")}
"""The two that take a page, and what is said of it."""


def crawl_weighed(site: str, home: Path, **options: object) -> tuple[Ran, float]:
    """A crawl of the list, and the most memory that its process ever had, in megabytes; the browser's is not in it."""
    most = 0.0
    with crawling(site, home, depth="list", **options) as running:
        deadline = time.monotonic() + 2 * LONG_SECONDS
        while not running.is_over:
            assert time.monotonic() < deadline, running.log[-2000:]
            most = max(most, peak(running.pid))
            time.sleep(0.01)
        return Ran([], running.wait(), "", running.log), most


def peak(pid: int) -> float:
    """The most that a process has had so far; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


@pytest.mark.browser
def test_row_47_bombs_cost_the_page_and_no_memory(tmp_path):
    with FilledSite(6) as site:
        ran, usual = crawl_weighed(site.url, tmp_path / "sound")
        assert ran.returncode == 0, ran.stderr
        for name, (behaviour, words) in BOMBS.items():
            site.behaviour = only_for_the_league(behaviour)
            ran, most = crawl_weighed(site.url, tmp_path / name, PRICES_TIMEOUT=1.0)
            assert (ran.returncode > 0, words in ran.stderr, quotes(tmp_path / name)) == (True, True, []), ran.stderr
            assert most < usual + SPARE_MEGABYTES, f"{name}: {most:.0f} MB, without it {usual:.0f} MB"
        site.behaviour = only_for_the_league(entities)
        ran, most = crawl_weighed(site.url, tmp_path / "entities")
    assert ran.returncode == 0, ran.stderr
    assert most < usual + SPARE_MEGABYTES, f"entities: {most:.0f} MB, without them {usual:.0f} MB"
    assert ("&l9;", "&file;") in {(quote.home, quote.away) for quote in quotes(tmp_path / "entities")}


# -- row 48 ------------------------------------------------------------------------------------------------------------


def one_429(request: Handler, before: int) -> None:
    if before == 0:
        request.answer(429, headers={"Retry-After": "2"})
    else:
        request.answer(200, request.server.site.page(LIGUE_1), {"Content-Type": HTML})


def always_503(request: Handler, _: int) -> None:
    request.answer(503)


def drip(request: Handler, _: int) -> None:
    """A byte now and then: no read takes long, the whole would take hours."""
    page = request.server.site.page(LIGUE_1)
    request.begin(200, len(page), {"Content-Type": HTML})
    for byte in page:
        request.wfile.write(bytes((byte,)))
        time.sleep(0.05)


def reset(request: Handler, _: int) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    request.close_connection = True


def cut_short(request: Handler, _: int) -> None:
    """The first half of a page that is whole to a parser, as every element is closed for it."""
    page = request.server.site.page(LIGUE_1)
    request.begin(200, len(page), {"Content-Type": HTML})
    request.wfile.write(page[: page.rindex(b'data-odd-target="odds"')])


TROUBLES = {
    "429": (one_429, 0, 2, 30),
    "503": (always_503, 24, 3, 30),
    "drip": (drip, 27, 3, 2),
    "reset": (reset, 26, 3, 30),
    "cut short": (cut_short, 28, 3, 30),
}
"""What the site does, the exit code, how often it is asked (Scrapy tries twice again), and seconds it has for a page."""


@pytest.mark.parametrize("trouble", TROUBLES)
def test_row_48_trouble_is_waited_for_and_no_half_page_believed(trouble, tmp_path):
    behaviour, exit_code, times, seconds = TROUBLES[trouble]
    with FilledSite(6, only_for_the_league(behaviour)) as site:
        ran = crawl(site.url, tmp_path, depth="list", DOWNLOAD_TIMEOUT=float(seconds))
        asked = site.times(LIGUE_1)
    assert (ran.returncode, len(asked)) == (exit_code, times), ran.stderr
    assert len(quotes(tmp_path)) == (18 if exit_code == 0 else 0)
    if trouble == "429":
        assert asked[1] - asked[0] > 1.9


# -- row 49 ------------------------------------------------------------------------------------------------------------

ROBOTS = {
    "forbids": ((200, {}, b"User-agent: *\nDisallow: /\n"), 0),
    "is absent": ((404, {}, b"User-agent: *\nDisallow: /\n"), 20),
    "fails": ((503, {}, b""), 0),
    "cannot be reached": (None, 0),
}
"""What robots.txt answers, and how many of twenty pages may then be asked for."""


@pytest.mark.parametrize("robots", ROBOTS)
def test_row_49_robots_txt_is_obeyed_by_all_requests_at_once(robots):
    """Stock Scrapy 2.19 lets 13 of the 20 through where all are forbidden."""
    answer, allowed = ROBOTS[robots]
    with answering(lambda _: (200, {}, b"<h1>here</h1>"), answer) as site:
        given, log = ask(site.url, 20, RETRY_TIMES=1, **AT_ONCE)
    assert (given, len(site.times())) == (allowed, allowed), log


# -- row 50 ------------------------------------------------------------------------------------------------------------


REDIRECTS = {
    "another site": ("127.0.0.1", f"http://localhost:{{port}}{LIGUE_1}"),
    "this machine": ("localhost", f"http://127.0.0.1:{{port}}{LIGUE_1}"),
    "the neighbourhood": ("localhost", f"http://169.254.169.254:{{port}}{LIGUE_1}"),
    "a file": ("localhost", f"file://{__file__}"),
}
"""The site's name, and where it sends us; another site listens at ``port``."""


@pytest.mark.parametrize("target", REDIRECTS)
def test_row_50_no_redirect_leads_out_of_the_site(target, tmp_path):
    host, location = REDIRECTS[target]
    with FilledSite(6) as elsewhere, FilledSite(6) as site:
        there = {"Location": location.format(port=elsewhere.port)}
        site.behaviour = only_for_the_league(lambda request, _: request.answer(302, headers=there))
        ran = crawl(f"http://{host}:{site.port}", tmp_path, depth="list")
        assert elsewhere.asked == []
        assert len(site.times(LIGUE_1)) == 1
    assert ran.returncode in (25, 35), ran.stderr
    assert "Traceback" not in ran.stderr
    assert quotes(tmp_path) == []


# -- row 51 ------------------------------------------------------------------------------------------------------------

LETTERS = 150
KILLS = (
    # All of the first batch is back in the queue, and the queue of the dead does not know it yet.
    ("gigscrapy.broker.rabbitmq.receiver:RabbitReceiver.ack", "before", "1", "exit"),
    # In the middle of the second batch.
    ("gigscrapy.broker.rabbitmq.link:Link.publish", "before", "130", "exit"),
)


def send(bodies: list[bytes], rabbit_url: str, home: Path) -> None:
    """As a crawl would; returns when the queue has them."""

    async def publish() -> None:
        queue = publisher(rabbit_url, home, owner="test")
        await queue.open()
        for number, body in enumerate(bodies):
            await queue.publish(f"{number}", body)
        await queue.close()

    asyncio.run(publish())


def park(bodies: list[bytes], rabbit_url: str, database: Database, home: Path) -> None:
    """Good messages among the dead letters, as a defect of ours, mended since, would have put them there."""
    send(bodies, rabbit_url, home)
    store, source, left = Store(database), receiver(rabbit_url, home), len(bodies)
    deadline = time.monotonic() + LONG_SECONDS
    while left:
        assert time.monotonic() < deadline, f"{left} did not come"
        for delivery in source.receive(LETTERS, 1):
            store.refuse(delivery, "database", "a defect")
            source.refuse(delivery, "database", "a defect")
            left -= 1
    source.close()


def test_row_51_a_replay_that_is_killed_and_repeated_loses_and_doubles_nothing(rabbit_url, database_url, tmp_path):
    home = tmp_path / "home"
    sent = [encode(quote(number)) for number in range(LETTERS)]
    database = connect(database_url, home)
    park(sent, rabbit_url, database, home)
    environment = {"RABBIT_URL": rabbit_url, "DATABASE_URL": database_url}
    replay = ("dead", "replay", "--all")
    for failpoint in KILLS:
        with running(*replay, home=home, environment=environment, failpoint=failpoint) as killed:
            assert killed.wait() == EXIT_CODE, killed.log
    with (
        running(*replay, home=home, environment=environment) as one,
        running(*replay, home=home, environment=environment) as another,
    ):
        assert (one.wait(), another.wait()) == (0, 0), one.log + another.log
    ran = scrapy(*replay, home=home, environment=environment)
    assert ran.returncode == 0, ran.stderr

    totals = consume_all(home, rabbit_url=rabbit_url, database_url=database_url)
    assert (totals.stored, totals.duplicates >= BATCH, totals.refused) == (LETTERS, True, 0)
    assert drain(rabbit_url, DEAD_QUEUE) == []
    oracle = Oracle.of(home, rabbit_url=rabbit_url, database_url=database_url, sent=sent)
    settled = database.execute_sql("SELECT COUNT(*) FROM DeadLetters WHERE replayed_at > last_seen").fetchone()
    hang_up(database)
    # They were parked once, and the table goes on telling so; that apart, all is as if they never had been.
    assert (oracle.parked, settled) == (oracle.scraped, (LETTERS,))
    oracle.parked.clear()
    oracle.check()


# -- row 52 ------------------------------------------------------------------------------------------------------------

OLD_QUEUES = {
    "gig-benchmark's": None,
    "one with a bound": {"x-max-length": 100_000, "x-overflow": "reject-publish"},
    "RabbitMQ 4's": {"x-queue-type": "quorum", "x-delivery-limit": 20},
}
"""Arguments of a queue ``odds`` that somebody else made."""


@pytest.mark.parametrize("whose", OLD_QUEUES)
def test_row_52_a_queue_that_is_there_is_used_as_it_is(whose, rabbitmq, rabbit_url, database_url, tmp_path):
    arguments = OLD_QUEUES[whose]
    old, *new = (encode(quote(number)) for number in range(20))
    with channel(rabbit_url) as rabbit:
        rabbit.queue_declare(QUEUE, durable=True, arguments=arguments)
        rabbit.basic_publish("", QUEUE, old)
    rabbitmq.ctl("set_policy", "-p", rabbit_url.rpartition("/")[2], "shorter", ".*", '{"max-length": 50000}')
    send(new, rabbit_url, tmp_path)
    consume_all(tmp_path, rabbit_url=rabbit_url, database_url=database_url)
    with channel(rabbit_url) as rabbit:
        rabbit.queue_declare(QUEUE, durable=True, arguments=arguments)  # refused (406) where they are others now
    Oracle.of(tmp_path, rabbit_url=rabbit_url, database_url=database_url, sent=[old, *new]).check()
