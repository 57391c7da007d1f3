"""The verdict on a run: is what the site offers now in the queue, and if not, why not.

Every way a request can end is a :class:`Cause`; counting causes gives a :class:`Verdict`, with a sentence for a person
and an exit code for a script. No cause is silent.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.spidermiddlewares.httperror import HttpError

from gigscrapy.middlewares import ForbiddenByRobots
from gigscrapy.pages import PageChanged


class Cause(Enum):
    """Why a page gave nothing: code, exit code, and what to do."""

    PAGE_CHANGED = (
        "page-changed",
        21,
        "the page is built in a way no parser knows: docs/adding-a-page.md",
    )
    ROBOTS = ("robots", 22, "robots.txt keeps us out; this is obeyed")
    RATE_LIMITED = (
        "rate-limited",
        23,
        "the site asks for fewer requests (429); raise DOWNLOAD_DELAY",
    )
    SITE_ERROR = ("site-error", 24, "the site answered with an error of its own (5xx); come back later")
    REFUSED = ("refused", 25, "the site refused the page (4xx)")
    UNREACHABLE = ("unreachable", 26, "no connection, or it broke; check SITE_URL and the network")
    TIMED_OUT = ("timed-out", 27, "no answer in time; raise DOWNLOAD_TIMEOUT or come back later")
    TRUNCATED = ("truncated", 28, "the answer broke off before its end; nothing of it is believed")
    NO_PRICES = (
        "no-prices",
        29,
        "the page came without its prices; raise PRICES_TIMEOUT or look at it in a browser",
    )
    MOVED = ("moved", 35, "the address leads elsewhere now, and what stands there is not believed: `scrapy discover`")
    NO_BROWSER = ("no-browser", 36, "the browser did not start: check CHROMIUM and CHROMIUM_SANDBOX")
    ENDLESS = ("endless", 37, "the list has more pages than are followed")
    TOO_LARGE = ("too-large", 39, "the page is longer than DOWNLOAD_MAXSIZE; nothing of it is read")
    NOT_READ = ("not-read", 34, "an error of ours; the log has it, please report it")

    @property
    def code(self) -> str:
        return self.value[0]

    @property
    def exit_code(self) -> int:
        return self.value[1]

    @property
    def advice(self) -> str:
        return self.value[2]


class Elsewhere(Exception):
    """The answer came from another page than the one that was asked for: a redirect."""

    def __init__(self, url: str) -> None:
        super().__init__(f"was sent on to {url}")


NOTHING_LISTED = 20
INCOMPLETE = 30
TOO_FEW = 31
NOT_DURABLE = 32
INTERRUPTED = 33
UNUSUAL = 38

COMPLETE = "complete"
"""Code of the verdict on a run from which nothing is missing."""

NOT_DURABLE_REASON = "not_durable"
"""Reason a spider closes with when the disk will not take what it reads."""

BROKER_REFUSED = "broker_refused"
"""Reason a spider closes with when the broker will not have us, whatever we do."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a run: a short ``code`` (``complete``: nothing is missing), its exit code, and a sentence."""

    code: str
    exit_code: int
    sentence: str


def cause_of(error: BaseException) -> Cause:
    """The cause behind the exception that a request ended with."""
    from playwright.async_api import TimeoutError as BrowserTimeout

    match error:
        case PageChanged():
            return Cause.PAGE_CHANGED
        case ForbiddenByRobots():
            return Cause.ROBOTS
        case Elsewhere():
            return Cause.MOVED
        case HttpError():
            status = error.response.status
            return Cause.RATE_LIMITED if status == 429 else Cause.SITE_ERROR if status >= 500 else Cause.REFUSED
        case ResponseDataLossError():
            return Cause.TRUNCATED
        case DownloadCancelledError():
            return Cause.TOO_LARGE
        case DownloadTimeoutError() | BrowserTimeout() | TimeoutError():
            return Cause.TIMED_OUT
        case CannotResolveHostError() | DownloadConnectionRefusedError() | DownloadFailedError() | OSError():
            return Cause.UNREACHABLE
        case IgnoreRequest():
            # Scrapy's own: too large once it is unpacked; else to another site, in circles, to what is no page.
            return Cause.TOO_LARGE if "DOWNLOAD_MAXSIZE" in str(error) else Cause.MOVED
    return _cause_in(str(error))


def _cause_in(message: str) -> Cause:
    """The cause that only Chromium's words tell."""
    if "BrowserType.launch" in message:
        return Cause.NO_BROWSER
    if "ERR_CONTENT_LENGTH_MISMATCH" in message or "ERR_INCOMPLETE_CHUNKED" in message:
        return Cause.TRUNCATED
    return Cause.UNREACHABLE if "net::ERR_" in message else Cause.NOT_READ


def told(error: BaseException) -> str:
    """The error in one line for the log: what happened, without its traceback."""
    if isinstance(error, HttpError):
        return f"HTTP {error.response.status}"
    if isinstance(error, DownloadFailedError):
        return "the connection broke"
    return str(error).strip().partition("\n")[0] or type(error).__name__


def judge(stats: Mapping[str, Any], *, reason: str, least: int) -> Verdict:
    """The verdict on a run.

    :param stats: the counts of :mod:`gigscrapy.spiders.base` and :mod:`gigscrapy.pipelines`.
    :param reason: Scrapy's own, why the spider closed.
    :param least: matches the league is expected to list at least.
    """
    lost = stats.get("quotes/yielded", 0) - stats.get("quotes/published", 0)
    if reason in (BROKER_REFUSED, NOT_DURABLE_REASON) or lost:
        sentence = stats.get("broker/refused") or f"{lost} quotes could not be made durable; see the log"
        return Verdict("not-durable", NOT_DURABLE, sentence)
    if stats.get("spider_exceptions/count"):
        cause = Cause.NOT_READ
        return Verdict(cause.code, cause.exit_code, cause.advice)
    if reason != "finished":
        done, wanted = stats.get("matches/parsed", 0), stats.get("matches/discovered", 0)
        return Verdict("interrupted", INTERRUPTED, f"stopped ({reason}) after {done} of {wanted} matches")
    return _judge_structure(stats) or _judge_list(stats, least) or _judge_matches(stats)


def _judge_structure(stats: Mapping[str, Any]) -> Verdict | None:
    """What was read without a parser that knows the page is no success, however much it is."""
    pages = filter(None, (stats.get(f"by_structure/{kind}/url") for kind in ("list", "match")))
    if not (captures := [f"scrapy capture {url}" for url in pages]):
        return None
    sentence = (
        f"no parser knows the page; {stats.get('quotes/by_structure', 0)} quotes were read by structure and are marked "
        f"suspect: {', '.join(captures)}"
    )
    struck = _told(causes(stats, "list") + causes(stats, "match"))
    return Verdict(Cause.PAGE_CHANGED.code, Cause.PAGE_CHANGED.exit_code, "; ".join(filter(None, (sentence, struck))))


def _judge_list(stats: Mapping[str, Any], least: int) -> Verdict | None:
    """What is wrong with the list itself, if anything."""
    listed, lists = stats.get("matches/listed", 0), causes(stats, "list")
    if lists and not listed:
        return _failed(lists, "the league page was not read")
    if not listed and not least:
        return Verdict("nothing-listed", 0, "the page lists no match: out of season")
    if not listed:
        return Verdict("nothing-listed", NOTHING_LISTED, f"the page lists no match, at least {least} were expected")
    if listed < least and not lists:
        return Verdict("too-few", TOO_FEW, f"the page lists {listed} matches, at least {least} were expected")
    if stats.get("matches/discovered", 0):
        return None
    if asked := stats.get("matches/asked"):
        which = "the match" if asked == 1 else f"none of the {asked} matches"
        said = "is not" if asked == 1 else "is"
        return Verdict("nothing-listed", NOTHING_LISTED, f"{which} asked for {said} among the {listed} listed")
    return Verdict(COMPLETE, 0, f"{listed} matches are listed, none on the days asked for")


def _judge_matches(stats: Mapping[str, Any]) -> Verdict:
    wanted, read, sent = (stats.get(key, 0) for key in ("matches/discovered", "matches/parsed", "quotes/published"))
    lists, matches = causes(stats, "list"), causes(stats, "match")
    if not read and (struck := lists + matches):
        return _failed(struck, f"none of {wanted} matches was read")
    unreadable = stats.get("rows/unreadable", 0)
    empty = sorted(key.rpartition("/")[2] for key in stats if key.startswith("markets/empty/"))
    asked = stats.get("matches/asked", 0)
    if read < wanted or wanted < asked or lists or unreadable or empty:
        missing = (
            f"{asked - wanted} of the {asked} matches asked for, which are not listed" if wanted < asked else "",
            f"{wanted - read} of {wanted} matches" if read < wanted else "",
            f"{lists.total()} list pages" if lists else "",
            f"{unreadable} rows that cannot be told apart" if unreadable else "",
            f"any match of market {', '.join(empty)}" if empty else "",
        )
        return Verdict(
            "incomplete",
            INCOMPLETE,
            "; ".join(
                filter(
                    None, (f"not read: {', '.join(filter(None, missing))}", _told(lists + matches), _passed_over(stats))
                )
            ),
        )
    if not sent:
        return Verdict(Cause.NO_PRICES.code, Cause.NO_PRICES.exit_code, f"{read} matches read, none has a price to use")
    return Verdict(
        COMPLETE,
        0,
        "; ".join(filter(None, (f"{read} of {wanted} matches read, {sent} quotes sent", _passed_over(stats)))),
    )


def _passed_over(stats: Mapping[str, Any]) -> str:
    """What was there and is no part of what is read: nothing is left out without a word."""
    words = {
        "quotes/empty": "rows without a price",
        "quotes/nobody's": "best prices without a bookmaker",
        "matches/unpriced": "matches that nobody prices yet",
        "markets/unread": "markets below the first",
        "check/best_differs": "matches whose best prices the list shows otherwise",
    }
    counts = [f"{stats[key]} {what}" for key, what in words.items() if stats.get(key)]
    return f"besides: {', '.join(counts)}" if counts else ""


def unusual(sentences: Sequence[str]) -> Verdict:
    """The verdict on a run from which nothing is missing, and which is unlike those before it."""
    return Verdict("unusual", UNUSUAL, f"all was read, and something has changed: {'; '.join(sentences)}")


def causes(stats: Mapping[str, Any], page: str) -> Counter[Cause]:
    """How often each cause struck pages of that kind (``list`` or ``match``)."""
    return Counter({cause: count for cause in Cause if (count := stats.get(f"failed/{page}/{cause.code}", 0))})


def _failed(struck: Counter[Cause], what: str) -> Verdict:
    [(cause, _)] = struck.most_common(1)
    return Verdict(cause.code, cause.exit_code, f"{what}: {_told(struck)}")


def _told(struck: Counter[Cause]) -> str:
    return "; ".join(
        f"{count} x {cause.advice}" if count > 1 else cause.advice for cause, count in struck.most_common()
    )
