"""Whole crawls: ``scrapy crawl`` in a process of its own, over HTTP from the look-alike, through Chromium where it must."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gigscrapy.leagues import load
from replica import Options, serve
from schema.messages import OddsItem, RunReport
from schema.prices import payout, published_style
from tests import OWN_SITE, ROOT, SHARED, crawl, quotes, scrapy, spooled
from tests.gigscrapy.spiders.front import Answer, front

pytestmark = pytest.mark.slow

LIGUE_1 = "/cotes/foot/france/ligue-1"
REAL_PAGE = SHARED / "coteur" / "2025-10-15-foot-france-ligue-1.html"


def shown(item: OddsItem) -> tuple[str | None, str, dict[str, Decimal]]:
    """What a quote says, in a form the look-alike's truth can be put into too."""
    return item.match_id, item.bookmaker, {outcome: price for outcome, price in item.prices.items() if price}


def truth(world, path: str = LIGUE_1, market: str = "1X2") -> list[tuple[str, str, dict[str, Decimal]]]:
    return sorted(
        (str(match.site_id), quote.bookmaker.name, {outcome: price for outcome, price in quote.prices.items() if price})
        for match in world.fixtures(path)
        for quote in match.quotes(market)
    )


def report(home) -> RunReport:
    return [message for message in spooled(home) if isinstance(message, RunReport)][-1]


@pytest.mark.browser
@pytest.mark.parametrize("layout", ["D", "E", "G"])
def test_a_whole_league_is_read_as_it_is(layout, tmp_path):
    with serve(Options(layout=layout)) as site:
        ran = crawl(site.url, tmp_path)
        assert (ran.returncode, "18/18" in ran.stderr) == (0, True), ran.stderr
        items = quotes(tmp_path)
        assert len(items) == 270
        assert sum(len(item.prices) for item in items) == 810
        assert sorted(map(shown, items)) == truth(site.world)
        # Where generation E prints a kick-off nobody has seen: it is read as not known, never guessed.
        kickoffs = {
            str(match.site_id): match.kickoff if layout != "E" else None for match in site.world.fixtures(LIGUE_1)
        }
        assert {item.match_id: item.kickoff for item in items} == kickoffs
        assert {(item.sport, item.league, item.country, item.market, item.partial) for item in items} == {
            ("football", "Ligue 1", "France", "1X2", False)
        }


@pytest.mark.browser
@pytest.mark.parametrize(
    ("league", "sport", "market", "outcomes"), [("nba", "basketball", "12", 2), ("top14", "rugby", "1X2", 3)]
)
def test_other_sports_are_read_with_their_outcomes(league, sport, market, outcomes, tmp_path):
    path = next(row.path for row in load() if row.name == league)
    with serve(Options(matches=4)) as site:
        ran = crawl(site.url, tmp_path, league)
        assert ran.returncode == 0, ran.stderr
        items = quotes(tmp_path)
        assert {(item.sport, item.market, len(item.prices)) for item in items} == {(sport, market, outcomes)}
        assert sorted(map(shown, items)) == truth(site.world, path, market)


@pytest.mark.browser
def test_nothing_but_prices_is_loaded(tmp_path):
    with serve(Options(matches=6)) as site:
        assert crawl(site.url, tmp_path).returncode == 0
        asked = {target.partition("?")[0] for target in site.requests}
        assert not [target for target in asked if target.endswith((".css", ".svg", ".png", ".woff2", "ads.js"))]
        # The first match page is asked for twice: plainly, to see whether it needs the browser, and in the browser.
        pages = [times for target, times in site.requests.items() if target.startswith("/cote/")]
        assert sorted(pages) == [1, 1, 1, 1, 1, 2]
        assert site.requests[LIGUE_1] == 2


@pytest.mark.browser
def test_holes_and_unknown_bookmakers_are_kept_and_told(tmp_path):
    with serve(Options(holes=True, unknown_bookmaker=True)) as site:
        ran = crawl(site.url, tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert "nobody knows the bookmaker" in ran.stderr
        items = quotes(tmp_path)
        assert sorted(map(shown, items)) == [row for row in truth(site.world) if row[2]]
        assert any(item.trj is None for item in items)
        assert report(tmp_path).counts["unknown_bookmakers"] == 1


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the captured page is another's, and not in the project")
def test_the_real_page_gives_what_it_shows(tmp_path):
    with serve(Options(static={LIGUE_1: REAL_PAGE})) as site:
        ran = crawl(site.url, tmp_path, depth="list")
        assert ran.returncode == 0, ran.stderr
        items = quotes(tmp_path)
    matches: dict[str | None, dict[str, Decimal | None]] = {}
    for item in items:
        matches.setdefault(item.match_id, {}).update(item.prices)
    assert (len(matches), sum(map(len, matches.values()))) == (18, 54)
    published = {item.match_id: item.published_trj for item in items}
    assert {match: published_style(payout(prices.values())) for match, prices in matches.items()} == published
    [psg] = [item for item in items if item.match_id == "1548776" and item.prices.get("1")]
    assert (psg.home, psg.away, psg.bookmaker, psg.prices) == ("PSG", "STRASBOURG", "Betsson", {"1": Decimal("1.270")})
    assert psg.kickoff == datetime(2025, 10, 17, 18, 45, tzinfo=UTC)


@pytest.mark.browser
def test_list_depth_keeps_the_best_price_of_each_outcome(tmp_path):
    with serve(Options()) as site:
        assert crawl(site.url, tmp_path, depth="list").returncode == 0
        best: dict[tuple[str, str], Decimal] = {}
        for match, _, prices in truth(site.world):
            for outcome, price in prices.items():
                best[match, outcome] = max(price, best.get((match, outcome), Decimal(0)))
        items = quotes(tmp_path)
        assert {(item.match_id, outcome): price for item in items for outcome, price in item.prices.items()} == best
        assert all(item.partial for item in items)
        assert not [target for target in site.requests if target.startswith("/cote/")]


@pytest.mark.browser
def test_every_market_of_the_list(tmp_path):
    with serve(Options(matches=6)) as site:
        assert crawl(site.url, tmp_path, depth="list", markets="1n2,DNB,DC,HT,HT2").returncode == 0
    outcomes: dict[str, set[str]] = {}
    for item in quotes(tmp_path):
        outcomes.setdefault(item.market, set()).update(item.prices)
    assert outcomes == {
        "1X2": {"1", "X", "2"},
        "DNB": {"1", "2"},
        "DC": {"1X", "X2", "12"},
        "1X2H1": {"1", "X", "2"},
        "1X2H2": {"1", "X", "2"},
    }


@pytest.mark.browser
def test_further_pages_are_followed_until_nothing_is_new(tmp_path):
    with serve(Options(page_size=7)) as site:
        assert crawl(site.url, tmp_path, depth="list").returncode == 0
        assert {target for target in site.requests if target.startswith(LIGUE_1)} == {
            LIGUE_1,
            f"{LIGUE_1}?page=2",
            f"{LIGUE_1}?page=3",
        }
    assert len({item.match_id for item in quotes(tmp_path)}) == 18


@pytest.mark.browser
def test_one_match_only(tmp_path):
    with serve(Options()) as site:
        wanted = site.world.fixtures(LIGUE_1)[3]
        assert crawl(site.url, tmp_path, match=f"{site.url}/cote/a-b-{wanted.site_id}").returncode == 0
        assert {item.match_id for item in quotes(tmp_path)} == {str(wanted.site_id)}


FAULTS = {
    "500": (24, "HTTP 500", "(site-error)"),
    "429": (23, "HTTP 429", "(rate-limited)"),
    "slow": (27, "took longer than 1.0 seconds", "(timed-out)"),
    "truncated": (28, "gave nothing (truncated)", "(truncated)"),
    "unknown-layout": (21, "is built in a way no parser knows", "(page-changed)"),
    "empty": (20, "", "the page lists no match, at least 6 were expected (nothing-listed)"),
    "robots": (22, "robots.txt forbids /cotes/foot/france/ligue-1", "(robots)"),
    "robots-503": (22, "robots.txt answered 503", "(robots)"),
    "reset": (26, "the connection broke", "(unreachable)"),
    "never": (29, "no price within 2.0 s", "(no-prices)"),
    "some-500": (30, "HTTP 500", "not read: 2 of 6 matches; 2 x the site answered"),
}


@pytest.mark.browser
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_own_words_and_exit_code(fault, tmp_path):
    exit_code, words, verdict = FAULTS[fault]
    with serve(Options(fault=fault, matches=6, delay=5)) as site:
        ran = crawl(site.url, tmp_path, DOWNLOAD_TIMEOUT=1.0, PRICES_TIMEOUT=2.0)
    assert (ran.returncode, words in ran.stderr, verdict in ran.stderr) == (exit_code, True, True), ran.stderr
    assert "Traceback" not in ran.stderr
    account = report(tmp_path)
    assert account.exit_code == exit_code
    assert account.counts["parsed"] <= account.counts["fetched"] <= account.counts["discovered"]


def test_no_two_faults_end_alike_but_for_the_two_of_robots():
    codes = [code for code, _, _ in FAULTS.values()]
    assert len(set(codes)) == len(codes) - 1
    assert 0 not in codes


@pytest.mark.browser
def test_late_prices_are_waited_for(tmp_path):
    with serve(Options(fault="late", matches=6)) as site:
        assert crawl(site.url, tmp_path, PRICES_TIMEOUT=8.0).returncode == 0
        assert sorted(map(shown, quotes(tmp_path))) == truth(site.world)


@pytest.mark.browser
def test_retry_after_is_waited_for(tmp_path):
    with serve(Options(fault="429", fault_count=2, matches=6)) as site:
        ran = crawl(site.url, tmp_path, LOG_LEVEL="INFO", depth="list")
        assert ran.returncode == 0, ran.stderr
        assert "asks to wait 1 s" in ran.stderr
        first, second, third, *_ = [seen.at for seen in site.seen if seen.target == LIGUE_1]
        assert second - first >= 0.95
        assert third - second >= 0.95


def test_no_site_at_all(tmp_path):
    ran = crawl("http://127.0.0.1:9", tmp_path, depth="list")
    assert (ran.returncode, "(unreachable)" in ran.stderr) == (26, True), ran.stderr


@pytest.mark.browser
def test_a_crawl_that_is_stopped_says_so_and_keeps_what_it_has(tmp_path):
    settings = OWN_SITE | {"GIGSCRAPY_HOME": tmp_path, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
    with serve(Options()) as site:
        options = [f"--set={name}={value}" for name, value in (settings | {"SITE_URL": site.url}).items()]
        command = [sys.executable, "-m", "scrapy", "crawl", "ligue1", *options]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            next(line for line in process.stderr if line.startswith("3/18"))
            process.send_signal(signal.SIGTERM)
            ending = process.stderr.read()
        assert process.returncode == 33, ending
        assert "stopped (shutdown) after" in ending
    read = {item.match_id for item in quotes(tmp_path)}
    assert 3 <= len(read) < 18
    assert report(tmp_path).counts["parsed"] == len(read)


@pytest.mark.browser
def test_a_match_page_that_leads_to_another_match_is_not_believed(tmp_path):
    with serve(Options(matches=6)) as site:
        one, other = site.world.fixtures(LIGUE_1)[1:3]
        with front(site.url, {one.path: Answer(302, {"Location": other.path})}) as address:
            ran = crawl(address, tmp_path)
    assert (ran.returncode, "(moved)" in ran.stderr) == (30, True), ran.stderr
    assert f"was sent on to {address}{other.path}" in ran.stderr
    assert str(one.site_id) not in {item.match_id for item in quotes(tmp_path)}


def test_a_league_page_that_leads_to_another_league_is_not_believed(tmp_path):
    with serve(Options()) as site:
        moved = Answer(301, {"Location": "/cotes/foot/france/ligue-2"})
        with front(site.url, {LIGUE_1: moved}) as address:
            ran = crawl(address, tmp_path, depth="list")
    assert (ran.returncode, "(moved)" in ran.stderr, quotes(tmp_path)) == (35, True, []), ran.stderr


@pytest.mark.browser
def test_a_league_page_that_is_no_text_is_no_empty_league(tmp_path):
    path = next(row.path for row in load() if row.name == "coupedefrance")
    binary = Answer(200, {"Content-Type": "application/octet-stream"}, bytes(range(256)))
    with serve(Options()) as site, front(site.url, {path: binary}) as address:
        ran = crawl(address, tmp_path, "coupedefrance", PRICES_TIMEOUT=2.0)
    assert ran.returncode in (21, 26, 34), ran.stderr
    assert report(tmp_path).exit_code == ran.returncode


@pytest.mark.browser
def test_rows_that_cannot_be_told_apart_make_the_run_incomplete(tmp_path):
    with serve(Options(layout="E", matches=6)) as site:
        match = site.world.fixtures(LIGUE_1)[0]
        cut = Answer(
            instead=(
                "</body>",
                "<script>new MutationObserver((_, seen) => { const cell = document.querySelector('td.text-center'); if (cell) { seen.disconnect(); cell.remove(); } }).observe(document.body, { childList: true, subtree: true });</script></body>",
            )
        )
        with front(site.url, {match.path: cut}) as address:
            ran = crawl(address, tmp_path)
    assert (ran.returncode, "1 rows that cannot be told apart" in ran.stderr) == (30, True), ran.stderr
    assert len(quotes(tmp_path)) == 6 * 15 - 1


@pytest.mark.browser
def test_a_market_that_lists_nothing_is_named(tmp_path):
    with serve(Options(fault="empty", fault_on="typecote=DC", matches=6)) as site:
        ran = crawl(site.url, tmp_path, depth="list", markets="1n2,DC")
    assert (ran.returncode, "not read: any match of market DC" in ran.stderr) == (30, True), ran.stderr


@pytest.mark.browser
def test_the_cause_is_told_before_the_count(tmp_path):
    with serve(Options(fault="500", fault_on="page=2", matches=6, page_size=3)) as site:
        ran = crawl(site.url, tmp_path, depth="list")
    assert (ran.returncode, "1 list pages" in ran.stderr, "(5xx)" in ran.stderr) == (30, True, True), ran.stderr


@pytest.mark.browser
def test_an_error_without_a_page_is_still_told_by_its_status(tmp_path):
    with serve(Options(matches=6)) as site:
        match = site.world.fixtures(LIGUE_1)[4]
        with front(site.url, {match.path: Answer(403)}) as address:
            ran = crawl(address, tmp_path)
    assert (ran.returncode, f"{match.path} gave nothing (refused): HTTP 403" in ran.stderr) == (30, True), ran.stderr


@pytest.mark.browser
def test_other_hosts_do_not_exist_for_the_browser(tmp_path):
    with serve(Options()) as other, serve(Options(matches=6)) as site:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        nosy = f"<iframe src='{elsewhere}/frame'></iframe><script>fetch('{elsewhere}/fetch'); window.open('{elsewhere}/popup'); new WebSocket('{elsewhere.replace('http', 'ws')}/socket')</script></body>"
        answers = {match.path: Answer(instead=("</body>", nosy)) for match in site.world.fixtures(LIGUE_1)}
        with front(site.url, answers) as address:
            assert (ran := crawl(address, tmp_path)).returncode == 0, ran.stderr
        assert list(other.requests) == []


@pytest.mark.browser
def test_what_robots_txt_forbids_the_browser_does_not_ask_for(tmp_path):
    with serve(Options(matches=6)) as site:
        rules = Answer(200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /feed\n")
        with front(site.url, {"/robots.txt": rules}) as address:
            ran = crawl(address, tmp_path, PRICES_TIMEOUT=1.0)
        assert not [target for target in site.requests if target.startswith("/feed")]
    assert (ran.returncode, "robots.txt forbids /feed, which the page asks for" in ran.stderr) == (29, True), ran.stderr


def test_a_home_that_cannot_be_used_is_told_without_a_traceback(tmp_path):
    home = tmp_path / "file"
    home.touch()
    ran = crawl("http://127.0.0.1:9", home, depth="list")
    assert (ran.returncode, "(not-durable)" in ran.stderr, "Traceback" in ran.stderr) == (32, True, False), ran.stderr


def test_scrapys_own_commands_still_work(tmp_path):
    with serve(Options()) as site:
        ran = scrapy("fetch", f"{site.url}{LIGUE_1}", home=tmp_path, **OWN_SITE)
    assert (ran.returncode, "Cotes" in ran.stdout, "Traceback" in ran.stderr) == (0, True, False), ran.stderr
