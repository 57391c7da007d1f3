"""Manners, held against real sites: what they were asked, and when."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from protego import Protego
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import Settings

from gigscrapy.middlewares import ForbiddenByRobots, PoliteRobots, retry_after
from replica import Options, serve
from tests import ROOT

pytestmark = pytest.mark.slow  # manners are pauses, and pauses take their time

Answer = tuple[int, dict[str, str], bytes]

OK: Answer = (200, {}, b"<h1>here</h1>")
NO_ROBOTS: Answer = (404, {}, b"")

AT_ONCE = {
    "CONCURRENT_REQUESTS": 20,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 20,
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
}


class Site:
    """A site that answers as a test likes.

    :ivar asked: when each request came, and for which path.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[tuple[float, str]] = []

    def times(self, of: str = "/cotes/") -> list[float]:
        return [at for at, path in self.asked if path.startswith(of)]


@contextmanager
def answering(page: Callable[[int], Answer], robots: Answer | None = NO_ROBOTS) -> Iterator[Site]:
    """A site whose pages are ``page(how many came before)``. :param robots: ``None`` closes without an answer."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            with lock:
                before = len(site.times())
                site.asked.append((time.monotonic(), self.path))
            answer = robots if self.path == "/robots.txt" else page(before)
            if answer:
                self.send_response(answer[0])
                for header in answer[1].items():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(answer[2])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def ask(site: str, pages: int, **settings: object) -> tuple[int, str]:
    """Ask for so many pages at once. :returns: how many were given, and the log from WARNING on."""
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "tests.gigscrapy.scripts.ask_pages", site, str(pages)),
            *(f"{name}={value}" for name, value in settings.items()),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return int(ran.stdout), ran.stderr


def answer(value: bytes | None) -> Response:
    return Response("http://site.test/", status=429, headers={"Retry-After": value} if value is not None else {})


# -- Retry-After -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"7", 7),
        (b" 120 ", 120),
        (None, 0),
        (b"", 0),
        (b"soon", 0),
        (b"-5", 0),
        (b"1.5", 0),
        (b"\xb2", 0),
        ("²".encode(), 0),
        (b"Wed, 21 Oct 99999999999999999999 07:28:00 GMT", 0),
    ],
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after(answer(value)) == seconds


def test_retry_after_as_a_date():
    at = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after(answer(format_datetime(at, usegmt=True).encode())) == pytest.approx(90, abs=2)


def test_retry_after_in_the_past_is_now():
    assert retry_after(answer(b"Wed, 21 Oct 2015 07:28:00 GMT")) == 0


def test_the_host_rests_with_all_that_is_queued():
    def page(before: int) -> Answer:
        time.sleep(0.3)  # longer than the delay: the next request would leave with the answer
        return OK if before else (429, {"Retry-After": "2"}, b"")

    with answering(page) as site:
        given, log = ask(site.url, 4, DOWNLOAD_DELAY=0.1, AUTOTHROTTLE_ENABLED=False)
    first, second, *others = site.times()
    assert (given, len(others)) == (4, 3), log
    assert 2.3 <= second - first < 3.3


def test_a_shorter_rest_does_not_end_a_longer_one():
    def page(before: int) -> Answer:
        time.sleep((0.3, 0.5, 0)[min(before, 2)])  # the shorter one is heard last
        return (429, {"Retry-After": "31"[before]}, b"") if before < 2 else OK

    with answering(page) as site:
        given, log = ask(site.url, 5, CONCURRENT_REQUESTS_PER_DOMAIN=2, DOWNLOAD_DELAY=0.1, AUTOTHROTTLE_ENABLED=False)
    times = site.times()
    assert (given, len(times)) == (5, 7), log
    assert times[1] - times[0] < 0.3
    assert 3.3 <= times[2] - times[0] < 4.3


def test_a_rest_beyond_the_limit_is_given_up():
    with answering(lambda _: (429, {"Retry-After": "121"}, b"")) as site:
        given, log = ask(site.url, 1, **AT_ONCE)
    assert (given, len(site.times())) == (0, 1)
    assert "asks to be left alone for 121 s; given up" in log


def test_a_senseless_rest_is_a_plain_retry():
    with answering(lambda before: OK if before else (429, {"Retry-After": "²"}, b"")) as site:
        given, log = ask(site.url, 1, **AT_ONCE)
    assert (given, len(site.times()), log) == (1, 2, "")


# -- robots.txt --------------------------------------------------------------------------------------------------------


# Stock Scrapy 2.19 lets 13 of 20 concurrent requests through a robots.txt that forbids them all.
@pytest.mark.parametrize(("fault", "given"), [(None, 20), ("robots", 0), ("robots-503", 0)])
def test_robots_txt_is_obeyed_by_twenty_requests_at_once(fault, given):
    with serve(Options(fault=fault)) as site:
        got, log = ask(site.url, 20, **AT_ONCE)
        asked = [target for target in site.requests if target.startswith("/cotes/")]
    assert (got, len(asked)) == (given, given), log
    assert site.requests["/robots.txt"] >= 1


def test_a_byte_order_mark_does_not_switch_robots_txt_off():
    with answering(lambda _: OK, (200, {}, b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n")) as site:
        assert ask(site.url, 2, **AT_ONCE)[0] == 0
    assert [path for _, path in site.asked] == ["/robots.txt"]


@pytest.mark.parametrize("robots", [(503, {}, b""), (429, {}, b""), None], ids=["503", "429", "silence"])
def test_a_robots_txt_that_cannot_be_read_is_asked_for_once_with_its_retries(robots):
    with answering(lambda _: OK, robots) as site:
        assert ask(site.url, 20, RETRY_TIMES=1, **AT_ONCE | {"CONCURRENT_REQUESTS": 2})[0] == 0
    assert [path for _, path in site.asked] == ["/robots.txt"] * 2


def test_forbids_by_what_is_known_already():
    robots = PoliteRobots(Crawler(Spider, get_project_settings_of("gigscrapy.settings")))
    robots.rules["https://site.test"] = Protego.parse("User-agent: *\nDisallow: /api/\n")
    robots.rules["https://closed.test"] = ForbiddenByRobots("answered 503")
    forbidden = {
        "https://site.test/api/odds?of=1": True,
        "https://site.test/cotes/": False,
        "http://site.test/api/odds": False,
        "https://closed.test/": True,
        "https://unknown.test/api/": False,
    }
    assert {url: robots.forbids(url) for url in forbidden} == forbidden


# -- distance ----------------------------------------------------------------------------------------------------------


def gaps(site: Site) -> list[float]:
    return [later - earlier for earlier, later in pairwise(site.times("/"))]


@pytest.mark.parametrize("throttle", [{}, {"AUTOTHROTTLE_MAX_DELAY": 1}, {"AUTOTHROTTLE_ENABLED": False}])
def test_crawl_delay_is_kept_between_all_requests(throttle):
    with answering(lambda _: OK, (200, {}, b"User-agent: *\nCrawl-delay: 1.5\n")) as site:
        given, log = ask(site.url, 4, DOWNLOAD_DELAY=0.1, AUTOTHROTTLE_START_DELAY=0.1, **throttle)
    assert (given, len(gaps(site))) == (4, 4), log
    assert min(gaps(site)) > 1.3, gaps(site)  # on the wire, a little after the queue


def test_download_delay_is_the_least_distance():
    with answering(lambda _: OK) as site:
        given, log = ask(site.url, 8, DOWNLOAD_DELAY=0.4, AUTOTHROTTLE_START_DELAY=0.4)
    assert (given, len(gaps(site))) == (8, 8), log
    assert min(gaps(site)) > 0.3, gaps(site)


@pytest.mark.parametrize(("pause", "said"), [("61", True), ("60", False), ("inf", False), ("-1", False)])
def test_a_long_crawl_delay_is_said(pause, said):
    robots = f"User-agent: *\nCrawl-delay: {pause}\nDisallow: /\n".encode()
    with answering(lambda _: OK, (200, {}, robots)) as site:
        given, log = ask(site.url, 1, **AT_ONCE)
    assert (given, f"robots.txt asks for {pause} s between requests" in log) == (0, said), log


def test_manners_are_the_default():
    settings = get_project_settings_of("gigscrapy.settings")
    assert (settings.getbool("ROBOTSTXT_OBEY"), settings.getbool("AUTOTHROTTLE_ENABLED")) == (True, True)
    assert (settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"), settings.getfloat("DOWNLOAD_DELAY")) == (1, 1)
    assert settings.getfloat("DOWNLOAD_DELAY_JITTER") == 0
    assert "gigscrapy" in settings["USER_AGENT"]
    assert not any(map(settings.getbool, ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "COOKIES_ENABLED")))
    handlers = settings.getdict("DOWNLOAD_HANDLERS")
    assert [handlers[scheme] for scheme in ("file", "ftp", "s3", "data")] == [None] * 4


def get_project_settings_of(module: str) -> Settings:
    settings = Settings()
    settings.setmodule(module, priority="project")
    return settings
