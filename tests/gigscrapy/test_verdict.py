import pytest
from playwright.async_api import Error as BrowserError
from playwright.async_api import TimeoutError as BrowserTimeout
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from gigscrapy.middlewares import ForbiddenByRobots
from gigscrapy.pages import PageChanged
from gigscrapy.verdict import Cause, Elsewhere, cause_of, judge
from tests.gigscrapy.plain_site import plain_crawl


def http(status: int) -> HttpError:
    return HttpError(Response("http://site.test/", status=status))


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (PageChanged("http://site.test/", {"matches": "div.events"}), Cause.PAGE_CHANGED),
        (ForbiddenByRobots("no"), Cause.ROBOTS),
        (http(429), Cause.RATE_LIMITED),
        (http(500), Cause.SITE_ERROR),
        (http(503), Cause.SITE_ERROR),
        (http(404), Cause.REFUSED),
        (http(403), Cause.REFUSED),
        (IgnoreRequest("offsite"), Cause.MOVED),
        (Elsewhere("http://site.test/other"), Cause.MOVED),
        (BrowserError("BrowserType.launch: Failed to launch"), Cause.NO_BROWSER),
        (ResponseDataLossError(), Cause.TRUNCATED),
        (DownloadCancelledError("too large"), Cause.TOO_LARGE),
        (IgnoreRequest("Ignored response because gzip exceeded DOWNLOAD_MAXSIZE (8388608 B)"), Cause.TOO_LARGE),
        (BrowserError("net::ERR_CONTENT_LENGTH_MISMATCH at http://site.test/"), Cause.TRUNCATED),
        (DownloadTimeoutError(), Cause.TIMED_OUT),
        (BrowserTimeout("Page.goto: Timeout 30000ms exceeded."), Cause.TIMED_OUT),
        (CannotResolveHostError(), Cause.UNREACHABLE),
        (DownloadConnectionRefusedError(), Cause.UNREACHABLE),
        (ConnectionResetError(), Cause.UNREACHABLE),
        (BrowserError("net::ERR_CONNECTION_RESET at http://site.test/"), Cause.UNREACHABLE),
        (ZeroDivisionError(), Cause.NOT_READ),
    ],
)
def test_every_error_has_its_cause(error, cause):
    assert cause_of(error) is cause


def test_every_cause_has_its_own_code_and_exit_code():
    assert len({cause.code for cause in Cause}) == len({cause.exit_code for cause in Cause}) == len(Cause)
    assert all(cause.exit_code for cause in Cause)


def stats(**counts: int) -> dict[str, int]:
    return {name.replace("__", "/").replace("_", "-"): number for name, number in counts.items()}


WHOLE = stats(
    matches__listed=18, matches__discovered=18, matches__parsed=18, quotes__yielded=270, quotes__published=270
)


@pytest.mark.parametrize(
    ("counts", "code", "exit_code", "words"),
    [
        (WHOLE, "complete", 0, "18 of 18 matches read, 270 quotes sent"),
        ({}, "nothing-listed", 20, "lists no match, at least 6 were expected"),
        ({"failed/list/site-error": 1}, "site-error", 24, "the league page was not read"),
        ({"failed/list/robots": 1}, "robots", 22, "robots.txt keeps us out"),
        ({**WHOLE, "matches/parsed": 0, "failed/match/no-prices": 18}, "no-prices", 29, "none of 18 matches was read"),
        (
            {**WHOLE, "matches/parsed": 12, "failed/match/site-error": 5, "failed/match/timed-out": 1},
            "incomplete",
            30,
            "not read: 6 of 18 matches; 5 x the site answered with an error of its own (5xx); come back later; no answer in time",
        ),
        ({**WHOLE, "failed/list/timed-out": 1}, "incomplete", 30, "not read: 1 list pages; no answer in time"),
        ({**WHOLE, "failed/check/no-prices": 1}, "complete", 0, "18 of 18"),
        ({**WHOLE, "rows/unreadable": 7}, "incomplete", 30, "not read: 7 rows that cannot be told apart"),
        ({**WHOLE, "markets/empty/DC": 1}, "incomplete", 30, "not read: any match of market DC"),
        ({**WHOLE, "matches/listed": 5, "failed/list/site-error": 1}, "incomplete", 30, "1 list pages"),
        ({**WHOLE, "spider_exceptions/count": 1}, "not-read", 34, "an error of ours"),
        ({**WHOLE, "quotes/published": 0, "quotes/yielded": 0}, "no-prices", 29, "none has a price to use"),
        (
            {**WHOLE, "quotes/empty": 3, "markets/unread": 18},
            "complete",
            0,
            "besides: 3 rows without a price, 18 markets",
        ),
        ({**WHOLE, "matches/listed": 5}, "too-few", 31, "lists 5 matches, at least 6 were expected"),
        ({**WHOLE, "quotes/published": 269}, "not-durable", 32, "1 quotes could not be made durable"),
        ({**WHOLE, "matches/discovered": 0, "matches/parsed": 0}, "complete", 0, "none on the days asked for"),
        (
            {**WHOLE, "matches/discovered": 0, "matches/parsed": 0, "matches/asked": 1},
            "nothing-listed",
            20,
            "the match asked for is not among the 18 listed",
        ),
        (
            {**WHOLE, "matches/discovered": 0, "matches/parsed": 0, "matches/asked": 3},
            "nothing-listed",
            20,
            "none of the 3 matches asked for is among the 18 listed",
        ),
        (
            {**WHOLE, "matches/discovered": 3, "matches/parsed": 3, "matches/asked": 5},
            "incomplete",
            30,
            "not read: 2 of the 5 matches asked for, which are not listed",
        ),
        (
            {**WHOLE, "matches/discovered": 3, "matches/parsed": 2, "matches/asked": 5},
            "incomplete",
            30,
            "not read: 2 of the 5 matches asked for, which are not listed, 1 of 3 matches",
        ),
        ({**WHOLE, "matches/discovered": 3, "matches/parsed": 3, "matches/asked": 3}, "complete", 0, "3 of 3 matches"),
    ],
)
def test_a_run_is_judged_by_its_account(counts, code, exit_code, words):
    verdict = judge(counts, reason="finished", least=6)
    assert (verdict.code, verdict.exit_code) == (code, exit_code)
    assert words in verdict.sentence


BY_STRUCTURE = {"by_structure/list/url": "http://site.test/cotes/a/b/c", "quotes/by_structure": 270}


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (BY_STRUCTURE, "270 quotes were read by structure and are marked suspect: scrapy capture http://site.test/cotes/a/b/c"),
        ({"by_structure/match/url": "http://site.test/cote/a-1"}, "0 quotes were read by structure"),
        ({**BY_STRUCTURE, "by_structure/match/url": "http://site.test/cote/a-1"}, "/c, scrapy capture http://site.test/cote/a-1"),
        ({**BY_STRUCTURE, "failed/match/site-error": 5}, "/c; 5 x the site answered with an error"),
    ],
    ids=["list", "match", "both", "and other causes"],
)  # fmt: skip
def test_what_was_read_by_structure_is_no_success(counts, words):
    verdict = judge({**WHOLE, **counts}, reason="finished", least=6)
    assert (verdict.code, verdict.exit_code) == ("page-changed", 21)
    assert verdict.sentence.startswith("no parser knows the page; ")
    assert words in verdict.sentence


def test_what_is_not_durable_comes_before_how_it_was_read():
    counts = {**WHOLE, **BY_STRUCTURE, "quotes/published": 269}
    assert judge(counts, reason="finished", least=6).code == "not-durable"


def test_out_of_season_is_no_failure_but_says_so():
    verdict = judge({}, reason="finished", least=0)
    assert (verdict.code, verdict.exit_code) == ("nothing-listed", 0)
    assert verdict.sentence == "the page lists no match: out of season"


@pytest.mark.parametrize("reason", ["shutdown", "closespider_timeout", "memusage_exceeded"])
def test_a_run_that_was_stopped_is_not_complete(reason):
    assert judge(WHOLE, reason=reason, least=6).code == "interrupted"


def test_a_broker_that_refuses_says_why():
    verdict = judge({"broker/refused": "wrong password"}, reason="broker_refused", least=6)
    assert (verdict.code, verdict.exit_code, verdict.sentence) == ("not-durable", 32, "wrong password")


@pytest.mark.slow
def test_a_crawl_says_which_matches_asked_for_are_not_listed(tmp_path):
    ran = plain_crawl(tmp_path, match="101,999")
    assert (ran.returncode, "1 of the 2 matches asked for, which are not listed" in ran.stderr) == (30, True), (
        ran.stderr
    )
