import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from time import monotonic
from urllib.parse import urlsplit

import pytest
from parsel import Selector

from replica import Options, serve
from replica.pages import Pages
from tests.replica import LIGUE_1, NOW, TENNIS, get


@pytest.fixture(scope="module")
def site():
    with serve(Options(now=NOW)) as running:
        yield running


def match_path(site) -> str:
    return site.world.fixtures(LIGUE_1)[0].path


def test_it_serves_what_pages_builds(site):
    page = get(site.url + LIGUE_1)
    ads = f"{site.url.replace('127.0.0.1', 'localhost')}/ads.js"
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=UTF-8")
    assert page.body.decode() == Pages(site.world, "D", ads=ads).html(LIGUE_1)


def test_the_feed_is_json_that_shows_the_world(site):
    match = site.world.fixtures(LIGUE_1)[0]
    address = Selector(get(site.url + match.path).body.decode()).css("body::attr(data-feed)").get()
    answer = get(site.url + address)
    assert answer.headers["Content-Type"] == "application/json"
    lines = [Selector(piece["html"]) for burst in json.loads(answer.body)["bursts"] for piece in burst]
    shown = [[text.strip() for text in line.css(".odds-col::text").getall()] for line in lines[:15]]
    assert shown == [[str(price) for price in quote.prices.values()] for quote in match.quotes()]
    assert [line.css(".bookline::attr(data-name)").get() for line in lines[:15]] == [
        quote.bookmaker.name for quote in match.quotes()
    ]


def test_robots_may_read_everything(site):
    answer = get(f"{site.url}/robots.txt")
    assert (answer.status, answer.body) == (200, b"User-agent: *\nAllow: /\n")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/nulle-part", "/feed?of=%2Fnulle-part", "/feed", "/cote/psg-nantes-1"])
def test_what_the_site_has_not_is_404(site, path):
    assert get(site.url + path).status == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/build/app.js", "text/javascript"),
        ("/build/app.css", "text/css"),
        ("/build/images/logo.svg", "image/svg+xml"),
        ("/build/factice.woff2", "font/woff2"),
    ],
)
def test_it_serves_what_a_browser_fetches_besides(site, path, kind):
    answer = get(site.url + path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.body


def test_the_advertisers_script_has_another_host_and_takes_its_time(site):
    ads = Selector(get(site.url + LIGUE_1).body.decode()).css("script[src$='ads.js']::attr(src)").get()
    assert (urlsplit(ads).hostname, urlsplit(ads).port) == ("localhost", urlsplit(site.url).port)
    started = monotonic()
    assert get(f"{site.url}/ads.js").status == 200
    assert 1.9 < monotonic() - started < 10


def test_connections_are_kept_alive(site):
    parts = urlsplit(site.url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        ports = set()
        for path in (LIGUE_1, TENNIS, "/robots.txt", "/nulle-part"):
            connection.request("GET", path)
            connection.getresponse().read()
            ports.add(connection.sock.getsockname()[1])
        assert len(ports) == 1
    finally:
        connection.close()


def test_requests_are_counted_by_path_until_forgotten():
    with serve(Options(now=NOW)) as site:
        for path in (LIGUE_1, LIGUE_1, f"{LIGUE_1}?page=2"):
            get(site.url + path)
        counted = {LIGUE_1: 2, f"{LIGUE_1}?page=2": 1}
        assert json.loads(get(f"{site.url}/_requests").body) == counted == dict(site.requests)
        assert [seen.target for seen in site.seen] == [LIGUE_1, LIGUE_1, f"{LIGUE_1}?page=2"]
        assert get(f"{site.url}/_requests", "DELETE").status == 200
        assert json.loads(get(f"{site.url}/_requests").body) == {}
        assert get(site.url + LIGUE_1, "DELETE").status == 405


def test_many_at_once_are_all_answered(site):
    paths = [match.path for match in site.world.fixtures(LIGUE_1)] * 5
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda path: get(site.url + path), paths))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 18


def test_prices_can_move_while_it_runs():
    with serve(Options(now=NOW)) as site:
        before, path = site.world, match_path(site)
        page = get(f"{site.url}/feed?of={path}").body
        site.move_to(1)
        assert site.world.fixtures(LIGUE_1) == before.fixtures(LIGUE_1)
        assert get(f"{site.url}/feed?of={path}").body != page
        site.move_to(0)
        assert get(f"{site.url}/feed?of={path}").body == page


def test_a_tick_file_moves_prices_from_one_start_to_the_next(tmp_path):
    feeds = []
    for _ in range(2):
        with serve(Options(now=NOW, tick_file=tmp_path / "tick")) as site:
            feeds.append(get(f"{site.url}/feed?of={LIGUE_1}").body)
    assert feeds[0] != feeds[1]


def test_a_file_can_stand_at_any_address(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<h1>à la place</h1>", encoding="utf-8")
    with serve(Options(now=NOW, static={LIGUE_1: file})) as site:
        answer = get(f"{site.url}{LIGUE_1}?page=1")
        assert answer.body.decode() == "<h1>à la place</h1>"
        assert answer.headers["Content-Type"].startswith("text/html")
        assert b"ATP" in get(site.url + TENNIS).body


def test_a_taken_port_is_an_error():
    with serve() as site:
        with pytest.raises(OSError, match="in use"):
            serve(Options(port=urlsplit(site.url).port))


def test_closing_ends_connections_that_are_kept_alive_and_answers_that_are_waited_for():
    with serve(Options(now=NOW, fault="slow")) as site:
        parts = urlsplit(site.url)
        idle = HTTPConnection(parts.hostname, parts.port, timeout=20)
        idle.request("GET", "/robots.txt")
        idle.getresponse().read()
        waiting = HTTPConnection(parts.hostname, parts.port, timeout=20)
        waiting.request("GET", LIGUE_1)
    for connection in (idle, waiting):
        with closing(connection), pytest.raises((RemoteDisconnected, ConnectionError)):
            if connection is idle:
                connection.request("GET", "/robots.txt")
            connection.getresponse()
    with pytest.raises(ConnectionRefusedError):
        get(site.url)


def test_an_answer_that_is_asked_for_while_the_server_closes_is_not_given():
    with serve(Options(now=NOW, fault="slow")) as site:
        site._closing.set()  # as `close` does first, while a connection may still be taken in
        with pytest.raises(RemoteDisconnected):
            get(site.url + LIGUE_1)


# -- faults over HTTP --------------------------------------------------------------------------------------------------


def faulty(name: str, **more: object):
    return serve(Options(now=NOW, fault=name, **more))


def test_500_answers_500_on_league_and_match_pages():
    with faulty("500") as site:
        assert [get(site.url + path).status for path in (LIGUE_1, match_path(site), "/")] == [500, 500, 200]


def test_429_says_when_to_come_again_and_ends_with_its_count():
    with faulty("429", fault_count=2) as site:
        answers = [get(site.url + LIGUE_1) for _ in range(3)]
        assert [answer.status for answer in answers] == [429, 429, 200]
        assert [answer.headers.get("Retry-After") for answer in answers] == ["1", "1", None]


def test_slow_answers_after_the_delay():
    with faulty("slow", delay=0.4, fault_on=r"/ligue-1$") as site:
        started = monotonic()
        assert len(get(site.url + LIGUE_1).body) > 10_000
        assert 0.4 <= monotonic() - started < 5
        started = monotonic()
        get(site.url + TENNIS)
        assert monotonic() - started < 0.4


def test_truncated_closes_halfway():
    with faulty("truncated") as site:
        with pytest.raises(IncompleteRead) as caught:
            get(site.url + LIGUE_1)
        whole = len(
            Pages(site.world, "D", ads=f"{site.url.replace('127.0.0.1', 'localhost')}/ads.js").html(LIGUE_1).encode()
        )
        assert len(caught.value.partial) == whole // 2
        assert caught.value.expected == whole - whole // 2


def test_reset_resets_the_connection():
    with faulty("reset") as site:
        with pytest.raises(ConnectionResetError):
            get(site.url + LIGUE_1)
        parts = urlsplit(site.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as raw:
            raw.sendall(f"GET {LIGUE_1} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            with pytest.raises(ConnectionResetError):
                raw.recv(1)
        assert get(f"{site.url}/robots.txt").status == 200


def test_some_500_fails_a_third_of_the_match_pages():
    with faulty("some-500") as site:
        statuses = [get(site.url + match.path).status for match in site.world.fixtures(LIGUE_1)]
        assert (statuses.count(500), statuses.count(200)) == (6, 12)
        assert get(site.url + LIGUE_1).status == 200


@pytest.mark.parametrize("name", ["unknown-layout", "empty", "never", "late"])
def test_pages_that_went_wrong_are_served(name):
    with faulty(name) as site:
        ads = f"{site.url.replace('127.0.0.1', 'localhost')}/ads.js"
        for path in (LIGUE_1, match_path(site)):
            built = Pages(site.world, "D", ads=ads)
            body = get(site.url + path).body.decode()
            assert body == built.html(path, fault=name)
            assert body != built.html(path)


def test_robots_txt_can_forbid_everything_or_fail():
    with faulty("robots") as site:
        assert get(f"{site.url}/robots.txt").body == b"User-agent: *\nDisallow: /\n"
        assert get(site.url + LIGUE_1).status == 200
    with faulty("robots-503") as site:
        assert get(f"{site.url}/robots.txt").status == 503


def test_a_fault_can_strike_the_feed_alone():
    with faulty("500", fault_on="^/feed") as site:
        assert get(site.url + LIGUE_1).status == 200
        assert get(f"{site.url}/feed?of={LIGUE_1}").status == 500
