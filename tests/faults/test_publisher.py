"""Rows 1 to 18: between the spider and the queue. Real crawls of the look-alike, a real RabbitMQ, real signals."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pika
import pytest

from gigscrapy import broker
from gigscrapy.broker import QUEUE
from tests.faults import witness as witnessed
from tests.faults.failpoint import EXIT_CODE
from tests.faults.oracle import Oracle, names_in, rows_of
from tests.faults.processes import Running, consume_all, crawling
from tests.faults.site import BOOKMAKERS, MATCHES, MESSAGES, HeldSite
from tests.services import free_ports
from tests.services.proxy import TO_CLIENT, TO_SERVER, Proxy
from tests.services.rabbitmq import RabbitMQ

pytestmark = [pytest.mark.server, pytest.mark.slow]

NOT_DURABLE, INTERRUPTED = 32, 33

FIRST_PAGES = 6
"""Match pages that a crawl is given before something breaks."""
BEFORE = FIRST_PAGES * BOOKMAKERS + 1
"""Messages that it has then sent: their quotes, and its first report."""


SMALL = 400_000
"""Bytes of a disk that is soon full: the outbox of a crawl takes more, what is told of it (the witness) less."""


class Crawls:
    """Crawls of one home into one queue, and what became of their messages.

    :ivar url: where the queue is looked at; :ivar crawl_url: what the crawls are told, when it is another.
    """

    def __init__(self, site: HeldSite, folder: Path, url: str) -> None:
        self.site = site
        self.home = folder / "home"
        self.witness = folder / "witness"
        self.url = self.crawl_url = url

    def start(self, **options: object) -> AbstractContextManager[Running]:
        told = {"environment": {"RABBIT_URL": self.crawl_url}, "witness": self.witness, "silent": True}
        options = told | {"depth": "match"} | options
        return crawling(self.site.url, self.home, **options)

    def held(self, **options: object) -> AbstractContextManager[Running]:
        """One that stands still after its first pages."""
        self.site.hold(FIRST_PAGES)
        return self.start(**options)

    def next_sends_the_rest(self) -> None:
        """Another crawl, of the list only, with the queue where it should be."""
        self.crawl_url = self.url
        self.site.release()
        with self.start(depth="list") as crawl:
            assert crawl.wait() == 0, crawl.log
        assert self.outboxes == []

    def consume(self) -> int:
        """Store what the queue holds; how many messages had been stored before."""
        return consume_all(self.home, rabbit_url=self.url).duplicates

    def nothing_is_lost(self) -> None:
        self.consume()
        self.oracle().check()

    def oracle(self) -> Oracle:
        return Oracle.of(self.home, rabbit_url=self.url, witness=self.witness)

    @property
    def outboxes(self) -> list[Path]:
        return sorted(self.home.glob("outbox/*.sqlite3"))

    @property
    def waiting(self) -> set[str]:
        return {name for path in self.outboxes for name in names_in(rows_of(path)[QUEUE])}

    def told(self, what: str) -> set[str]:
        """Messages that are ``attempted``, ``durable`` or ``confirmed``."""
        return {name for said, name, _ in witnessed.read(self.witness) if said == what}

    def until_told(self, crawl: Running, what: str, least: int = BEFORE) -> None:
        crawl.until(lambda: len(self.told(what)) >= least)


def until_it_has_read_all(crawl: Running) -> None:
    """It has nothing to do any more but to wait for RabbitMQ."""
    crawl.until(f"{MATCHES}/{MATCHES} ")
    crawl.until(" s for amqp://")


@pytest.fixture
def crawls(site: HeldSite, tmp_path: Path, rabbit_url: str) -> Crawls:
    return Crawls(site, tmp_path, rabbit_url)


@pytest.fixture
def nobody(rabbit_url: str, rabbitmq: RabbitMQ) -> str:
    """The address of the same virtual host at a port where nobody listens."""
    (port,) = free_ports(1)
    return rabbitmq.url(rabbit_url.rpartition("/")[2], port=port)


@pytest.fixture
def proxied(rabbitmq: RabbitMQ, rabbit_url: str, crawls: Crawls) -> Iterator[Proxy]:
    """Crawls go through it."""
    with Proxy(rabbitmq.port) as proxy:
        crawls.crawl_url = rabbitmq.url(rabbit_url.rpartition("/")[2], port=proxy.port)
        yield proxy


# -- RabbitMQ is away --------------------------------------------------------------------------------------------------


def test_row_01_broker_down_at_start(crawls: Crawls, nobody: str):
    crawls.crawl_url = nobody
    with crawls.start(patience=1) as crawl:
        assert crawl.wait() == 0, crawl.log
    assert len(crawls.waiting) == MESSAGES
    assert crawls.waiting == crawls.told("durable")
    crawls.next_sends_the_rest()
    crawls.nothing_is_lost()


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_row_02_broker_killed_in_mid_crawl(crawls: Crawls, rabbitmq: RabbitMQ, queue_type: str):
    environment = {"RABBIT_URL": crawls.url, "RABBIT_QUEUE_TYPE": queue_type}
    with crawls.held(environment=environment) as crawl:
        crawls.until_told(crawl, "confirmed")
        rabbitmq.settle()
        rabbitmq.kill9()
        crawls.site.hold(FIRST_PAGES)
        crawls.until_told(crawl, "durable", 2 * BEFORE - 1)
        assert len(crawls.told("confirmed")) < len(crawls.told("durable"))
        rabbitmq.start()
        crawls.site.release()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    assert len(crawls.told("confirmed")) == MESSAGES
    crawls.nothing_is_lost()


def test_row_03_broker_restarted_in_order(crawls: Crawls, rabbitmq: RabbitMQ):
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        rabbitmq.stop()
        crawls.site.hold(FIRST_PAGES)
        crawls.until_told(crawl, "durable", 2 * BEFORE - 1)
        rabbitmq.start()
        crawls.site.release()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    crawls.nothing_is_lost()


def test_row_04_broker_hangs(crawls: Crawls, rabbitmq: RabbitMQ):
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        rabbitmq.pause()
        crawls.site.release()
        until_it_has_read_all(crawl)
        assert len(crawls.told("durable")) == MESSAGES
        assert len(crawls.told("confirmed")) == BEFORE
        rabbitmq.resume()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    assert len(crawls.told("confirmed")) == MESSAGES
    crawls.nothing_is_lost()


# -- the crawl ends before its time ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failpoint",
    [
        (),
        ("gigscrapy.broker.rabbitmq.outbox:Outbox.add", "after", "100", "exit"),  # on disk, its sender not told
        ("gigscrapy.broker.rabbitmq.link:Link.publish", "after", "100", "exit"),  # sent, not confirmed
        (
            "gigscrapy.broker.rabbitmq.outbox:Outbox.remove",
            "before",
            "has=100",
            "exit",
        ),  # its row; confirmed, not forgotten
    ],
    ids=["at any instant", "on disk", "sent", "confirmed"],
)
def test_row_05_crawl_killed(crawls: Crawls, failpoint: tuple[str, ...]):
    with crawls.held(failpoint=failpoint) as crawl:
        crawls.site.release()
        if failpoint:
            assert crawl.wait() == EXIT_CODE, crawl.log
        else:
            crawls.until_told(crawl, "durable")
            crawl.kill9()
    assert len(crawls.told("durable")) < MESSAGES
    assert crawls.told("durable") - crawls.told("confirmed") <= crawls.waiting
    crawls.next_sends_the_rest()
    crawls.nothing_is_lost()


def test_row_06_crawl_killed_while_the_broker_is_down(crawls: Crawls, nobody: str):
    crawls.crawl_url = nobody
    with crawls.held() as crawl:
        crawls.until_told(crawl, "durable")
        crawl.kill9()
    assert crawls.told("durable") <= crawls.waiting
    crawls.next_sends_the_rest()
    crawls.nothing_is_lost()


def test_row_07_crawl_told_to_stop(crawls: Crawls):
    with crawls.held(silent=False) as crawl:
        crawls.until_told(crawl, "durable")
        crawl.signal(signal.SIGTERM)
        crawl.until("Received SIGTERM")
        crawls.site.release()
        assert crawl.wait() == INTERRUPTED, crawl.log
    assert crawls.outboxes == []
    assert BEFORE < len(crawls.told("durable")) < MESSAGES
    assert crawls.told("confirmed") == crawls.told("durable")
    crawls.nothing_is_lost()


def test_row_08_crawl_told_twice_to_stop(crawls: Crawls, rabbitmq: RabbitMQ):
    with crawls.held(silent=False) as crawl:
        crawls.until_told(crawl, "confirmed")
        rabbitmq.pause()
        crawls.site.hold(FIRST_PAGES)
        crawls.until_told(crawl, "durable", 2 * BEFORE - 1)
        crawl.signal(signal.SIGINT)
        crawl.until("Received SIGINT")
        crawl.signal(signal.SIGINT)
        assert crawl.wait() == 1, crawl.log
    rabbitmq.resume()
    assert crawls.waiting
    assert crawls.told("durable") - crawls.told("confirmed") <= crawls.waiting
    crawls.next_sends_the_rest()
    crawls.nothing_is_lost()


def test_row_09_crawl_told_to_stop_while_the_broker_is_down(crawls: Crawls, nobody: str):
    crawls.crawl_url = nobody
    with crawls.held(patience=1) as crawl:
        crawls.until_told(crawl, "durable")
        crawl.signal(signal.SIGTERM)
        crawl.until("Received SIGTERM")
        crawls.site.release()
        assert crawl.wait() == INTERRUPTED, crawl.log
    assert crawls.waiting == crawls.told("durable")
    crawls.next_sends_the_rest()
    crawls.nothing_is_lost()


# -- RabbitMQ takes nothing --------------------------------------------------------------------------------------------


def hold_up(crawls: Crawls, set_alarm: Callable[[], object], clear_alarm: Callable[[], object]) -> None:
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        set_alarm()
        try:
            crawls.site.release()
            crawl.until("takes no messages for now")
            until_it_has_read_all(crawl)
            assert len(crawls.told("durable")) == MESSAGES
            assert len(crawls.told("confirmed")) < MESSAGES
        finally:
            clear_alarm()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    crawls.nothing_is_lost()


def test_row_10_memory_alarm(crawls: Crawls, rabbitmq: RabbitMQ):
    hold_up(
        crawls,
        lambda: rabbitmq.ctl("set_vm_memory_high_watermark", "absolute", "1MB"),
        lambda: rabbitmq.ctl("set_vm_memory_high_watermark", "absolute", "1GB"),
    )


def test_row_11_disk_alarm(crawls: Crawls, rabbitmq: RabbitMQ):
    hold_up(
        crawls,
        lambda: rabbitmq.ctl("set_disk_free_limit", f"{10**14}"),
        lambda: rabbitmq.ctl("set_disk_free_limit", "50MB"),
    )


def test_row_12_queue_deleted_under_the_crawl(crawls: Crawls):
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        crawls.consume()  # what a person deletes with the queue is not ours to keep
        with pika.BlockingConnection(pika.URLParameters(crawls.url)) as connection:
            connection.channel().queue_delete(QUEUE)
        crawls.site.release()
        assert crawl.wait() == 0, crawl.log
        assert "queue odds is gone" in crawl.log
    assert crawls.outboxes == []
    crawls.nothing_is_lost()


def test_row_13_full_queue(crawls: Crawls):
    arguments = {"x-queue-type": "quorum", "x-max-length": 50, "x-overflow": "reject-publish"}
    with pika.BlockingConnection(pika.URLParameters(crawls.url)) as connection:
        connection.channel().queue_declare(QUEUE, durable=True, arguments=arguments)
    with crawls.start() as crawl:
        crawl.until("refuses messages (is queue odds full?)")
        until_it_has_read_all(crawl)
        assert len(crawls.told("durable")) == MESSAGES
        assert len(crawls.told("confirmed")) < MESSAGES
        while not crawl.is_over:
            crawls.consume()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    crawls.nothing_is_lost()


@pytest.mark.parametrize(
    ("right", "wrong", "advice"),
    [
        ("guest@", "s3cret@", "refuses the user or the password"),
        ("/test", "/nowhere", "create the virtual host"),
    ],
    ids=["password", "virtual host"],
)
def test_row_14_wrong_password_or_virtual_host(crawls: Crawls, rabbitmq: RabbitMQ, right: str, wrong: str, advice: str):
    crawls.crawl_url = crawls.url.replace(right, wrong)
    with crawls.start() as crawl:
        assert crawl.wait() == NOT_DURABLE, crawl.log
        assert advice in crawl.log
        assert "s3cret" not in crawl.log
    assert list(crawls.site.requests) == []
    assert (crawls.told("attempted"), crawls.outboxes) == (set(), [])


# -- the line between --------------------------------------------------------------------------------------------------


def test_row_15_half_open_line(crawls: Crawls, proxied: Proxy):
    crawls.crawl_url += "?heartbeat=2"  # seconds; thirty in earnest
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        proxied.swallow(TO_CLIENT, TO_SERVER)
        crawls.site.release()
        crawl.until("is away (")
        proxied.swallow()
        proxied.cut()  # whoever tries to connect just now has been swallowed too
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    crawls.nothing_is_lost()


def test_row_16_confirms_lost(crawls: Crawls, proxied: Proxy):
    with crawls.held() as crawl:
        crawls.until_told(crawl, "confirmed")
        proxied.swallow(TO_CLIENT)
        crawls.site.hold(1)
        crawl.until(lambda: broker.depths(crawls.url, crawls.home)[QUEUE] >= BEFORE + BOOKMAKERS)
        assert len(crawls.told("confirmed")) == BEFORE
        proxied.swallow()
        proxied.cut()
        crawls.site.release()
        assert crawl.wait() == 0, crawl.log
    assert crawls.outboxes == []
    assert crawls.consume() >= BOOKMAKERS  # in the queue twice
    crawls.oracle().check()


# -- the disk under the outbox -----------------------------------------------------------------------------------------


@contextmanager
def small_disk(home: Path, *, mounted: bool) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """A disk of 400 kB for ``home``, and two functions: one for the crawl's process to call at its start, one that makes
    room. Where it is not to be mounted, or may not be, the system's limit on the size of a file is as near as one gets.
    """
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", home]
    if not mounted or subprocess.run(mount, check=False, capture_output=True).returncode:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, resource.RLIM_INFINITY)), lambda: None
        return
    try:
        yield lambda: None, lambda: subprocess.run(["mount", "-o", "remount,size=64m", home], check=True)
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


@pytest.mark.parametrize("mounted", [True, False], ids=["disk", "limit"])
def test_row_17_disk_full(crawls: Crawls, mounted: bool):
    with small_disk(crawls.home, mounted=mounted) as (begin, make_room):
        with crawls.start(before=begin, silent=False) as crawl:
            assert crawl.wait() == NOT_DURABLE, crawl.log
            assert "quotes cannot be made durable, the crawl stops" in crawl.log
            assert "Closing spider (not_durable)" in crawl.log
        assert 0 < len(crawls.told("durable")) < len(crawls.told("attempted"))
        assert crawls.told("durable") - crawls.told("confirmed") <= crawls.waiting
        make_room()
        crawls.next_sends_the_rest()
        crawls.nothing_is_lost()


def test_row_18_damaged_outboxes_and_two_crawls_at_once(crawls: Crawls, nobody: str, tmp_path: Path):
    crawls.crawl_url = nobody
    with crawls.held() as crawl:
        crawls.until_told(crawl, "durable")
        crawl.kill9()
    (left,) = crawls.outboxes
    torn, garbage = left.with_name("torn.sqlite3"), left.with_name("garbage.sqlite3")
    torn.write_bytes(half_of(left, tmp_path))
    garbage.write_bytes(os.urandom(50_000))
    with left.with_name(f"{left.name}-wal").open("r+b") as log:  # the power went while it was written
        log.seek(0, os.SEEK_END)
        log.write(os.urandom(3000))

    crawls.crawl_url = crawls.url
    crawls.site.release()
    left_behind = crawls.told("durable")
    half_way = ("gigscrapy.broker.queuefile:QueueFile.remove", "before", "1", "sleep=600")
    with crawls.start(failpoint=half_way) as first:
        first.until(lambda: any(rows_of(path)[QUEUE] for path in {*crawls.outboxes} - {left, torn, garbage}))
        with crawls.start(depth="list") as second:
            assert second.wait() == 0, second.log
            for damaged in (torn, garbage):
                assert f"the outbox {damaged} of an earlier run cannot be read" in second.log
                damaged.unlink()
        assert crawls.consume() == 0
        assert not left_behind & crawls.oracle().stored  # another was at it
        first.kill9()
    crawls.next_sends_the_rest()
    assert crawls.consume() == len(left_behind)  # they were in two files
    crawls.oracle().check()


def half_of(outbox: Path, folder: Path) -> bytes:
    """The first half of it. What its log still held is put in, in a copy."""
    copy = folder / "copy.sqlite3"
    for suffix in ("", "-wal"):
        shutil.copy(f"{outbox}{suffix}", f"{copy}{suffix}")
    assert rows_of(copy)[QUEUE]
    return copy.read_bytes()[: copy.stat().st_size // 2]
