"""What every league's spider does: from the league page to its matches, and nothing but the way.

Reading is :mod:`gigscrapy.pages`'s, sending the pipelines'. Here is which page comes next, and the account of it: every
match and every quote is counted where it passes, every page that gave nothing is counted with its cause.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import scrapy
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.http import Response, TextResponse
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from gigscrapy import browser
from gigscrapy.leagues import League
from gigscrapy.middlewares import hides_the_answer
from gigscrapy.pages import STRUCTURAL, LeaguePage, ListedMatch, MatchPage, PageChanged
from gigscrapy.pages.league import TYPECOTES, read_league
from gigscrapy.pages.match import read_match
from gigscrapy.pages.settled import LIST_SETTLED, MATCH_SETTLED
from gigscrapy.quoting import Sighting, completed, is_list_of, is_page_of, list_quotes, match_quotes
from gigscrapy.verdict import Cause, Elsewhere, cause_of, told
from schema.markets import MARKETS
from schema.messages import OddsItem
from schema.plausibility import READ_BY_STRUCTURE
from schema.prices import payout, published_style

TRJ_TOLERANCE = Decimal("0.05")
"""Points of TRJ by which the published and the computed one may part: rounding, no more."""

DEPTHS = ("list", "match")

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""A run's id, which is that of its job in Scrapyd: it names files."""

PAGES_AT_MOST = 30
"""Of one list. A league has two or three; a list that goes on for ever is not followed for ever."""

KEPT = "kept"
"""Key of a response's ``meta``: what its text is kept under in the archive of pages."""

match_read = object()
"""Signal, sent with ``title`` (of the match) and ``bookmakers`` (how many were read) when a match is done."""


class BadArgument(ValueError):
    """A spider argument that cannot be; the message says what can."""


def match_numbers(text: str) -> tuple[str, ...]:
    """The site's numbers of matches, from numbers or addresses of match pages with commas between.

    :raises BadArgument: when one of them is neither.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    found = [re.search(r"(?:^|-)([0-9]{1,12})/?(?:#.*)?$", part) if len(part) <= 200 else None for part in parts]
    if wrong := [part for part, number in zip(parts, found, strict=True) if number is None]:
        raise BadArgument(f"match is a number, or the address of a match page, not {wrong[0][:200]!r}")
    return tuple(dict.fromkeys(number[1] for number in found if number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a crawl is asked for.

    :ivar depth: ``match`` visits every match; ``list`` stays on the league page (best prices only).
    :ivar markets: of the league page; beyond the match's winner only best prices are to be had.
    :ivar days: only matches that kick off within so many days; :ivar match_ids: only these, where any is named.
    """

    depth: str
    markets: tuple[str, ...]
    days: int | None
    match_ids: frozenset[str]

    @classmethod
    def read(
        cls,
        league: League,
        *,
        depth: str = "match",
        markets: str = "",
        days: str = "",
        match: str = "",
        _job: str = "",
    ) -> Self:
        """The ``-a`` arguments of ``scrapy crawl``. :raises BadArgument: with what could stand instead."""
        if _job and not RUN_ID.fullmatch(_job):
            raise BadArgument(f"a job's id is up to 64 letters, digits, '.', '_' and '-', not {_job[:80]!r}")
        if depth not in DEPTHS:
            raise BadArgument(f"depth is {' or '.join(DEPTHS)}, not {depth!r}")
        by_spelling = {TYPECOTES[code].lower(): code for code in league.markets}
        chosen = [text.strip().lower() for text in markets.split(",") if text.strip()]
        if unknown := [text for text in chosen if text not in by_spelling]:
            raise BadArgument(
                f"the markets of {league.title} are {', '.join(by_spelling)}; {unknown[0]!r} is none of them"
            )
        if days and not re.fullmatch(r"[0-9]{1,4}", days):
            raise BadArgument(f"days is a number of days, not {days!r}")
        return cls(
            depth=depth,
            markets=tuple(dict.fromkeys(by_spelling[text] for text in chosen)) or (league.market,),
            days=int(days) if days else None,
            match_ids=frozenset(match_numbers(match)),
        )

    @property
    def is_whole(self) -> bool:
        """Whether it is for all that the league offers: such runs can be compared."""
        return self.days is None and not self.match_ids

    def includes(self, match: ListedMatch, now: datetime) -> bool:
        """Whether this match is asked for. One whose kick-off nobody knows is."""
        if self.match_ids and match.match_id not in self.match_ids:
            return False
        return self.days is None or match.kickoff is None or match.kickoff <= now + timedelta(days=self.days)

    def visits_matches(self, league: League) -> bool:
        """Whether match pages are read: they show the match's winner first, and that is what is read there."""
        return self.depth == "match" and league.market in self.markets

    def quotes_from_list(self, match: ListedMatch, market: str, league: League, now: datetime) -> bool:
        """Whether a list's prices of this match are what was asked for, not what its own page is held against."""
        only_check = market == league.market and self.visits_matches(league)
        return not only_check and self.includes(match, now)


Callback = Callable[..., Iterator[Any]]


def accounted(callback: Callback) -> Callback:
    """A callback that fails is a page that gave nothing, counted like any other; Scrapy would log it and go on."""

    @functools.wraps(callback)
    def account(spider: "LeagueSpider", response: Response, **arguments: Any) -> Iterator[Any]:
        try:
            yield from callback(spider, response, **arguments)
        except PageChanged as error:
            yield from spider.without(response.request, error)
        except Exception as error:
            spider.logger.exception("while reading %s", response.url)
            yield from spider.without(response.request, error)

    return account


class LeagueSpider(scrapy.Spider):
    """Crawls one league: ``scrapy crawl ligue1 -a depth=list -a markets=1n2,DNB -a days=2 -a match=1548776``."""

    league: ClassVar[League]
    site: str
    allowed_domains: list[str]

    def __init__(self, **arguments: str) -> None:
        super().__init__(name=self.league.name)
        # Scrapyd gives each job its id; it is the run's too, so that both are found by one name.
        self.run_id = arguments.get("_job") or uuid4().hex
        self.arguments = {name: value for name, value in arguments.items() if name != "_job"}
        self.wanted = Wanted.read(self.league, **arguments)
        self.listed: set[str] = set()
        self.fetched: set[str] = set()
        self.seen: defaultdict[str, set[str]] = defaultdict(set)
        # So far match pages get their prices from a script. The first one of a run tells whether that still holds.
        self.match_pages_need_browser: bool | None = None
        self.probing = False
        self.waiting: list[ListedMatch] = []
        self.done: set[str] = set()
        self.best_listed: dict[str, ListedMatch] = {}
        self.listed_without_price: set[str] = set()
        self.best_read: dict[str, dict[str, Decimal]] = {}
        self.unreadable: Counter[tuple[str, int]] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.site = crawler.settings["SITE_URL"].rstrip("/")
        spider.allowed_domains = [urlsplit(spider.site).hostname or ""]
        crawler.settings.set("PLAYWRIGHT_ABORT_REQUEST", browser.Unneeded(crawler), priority="spider")
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        super().update_settings(settings)
        browser.configure(settings)

    # -- requests ------------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        self.count("matches/asked", len(self.wanted.match_ids))
        for market in self.wanted.markets:
            yield self.list_request(market)

    def list_request(self, market: str, page: int = 1, *, rendered: bool = False, priority: int = 0) -> scrapy.Request:
        """The league page that shows ``market``. Plain at first: all but the prices is there without a browser."""
        query: dict[str, str | int] = {}
        if market != self.league.market:
            query["typecote"] = TYPECOTES[market]
        if page > 1:
            query["page"] = page
        address = f"{self.site}{self.league.path}{'?' if query else ''}{urlencode(query)}"
        settled = LIST_SETTLED if rendered else None
        return self.request(address, self.parse_list, settled, priority, market=market, page=page)

    def match_request(self, match: ListedMatch, *, rendered: bool) -> scrapy.Request:
        settled = MATCH_SETTLED if rendered else None
        return self.request(f"{self.site}{match.path}", self.parse_match, settled, match=match)

    def request(
        self, url: str, callback: Callable[..., Any], settled: str | None, priority: int = 0, **arguments: Any
    ) -> scrapy.Request:
        """A request whose failure is counted; in the browser where ``settled`` says what to wait for."""
        meta: dict[str, Any] = {}
        if settled:
            timeout = self.settings.getfloat("PRICES_TIMEOUT")
            meta = browser.rendered(settled, timeout, self.settings["USER_AGENT"])
        # Not filtered as double: plain and rendered are one address, and are both wanted.
        return scrapy.Request(
            url,
            callback,
            errback=self.request_failed,
            cb_kwargs=arguments,
            meta=meta,
            priority=priority,
            dont_filter=True,
        )

    def ask_again(self, response: Response) -> scrapy.Request | None:
        """The same page once more, because its prices did not come; ``None`` when it was asked often enough."""
        assert response.request
        times = self.settings.getint("PRICES_RETRIES")
        return get_retry_request(response.request, spider=self, reason="no-prices", max_retry_times=times)

    # -- the league page -----------------------------------------------------------------------------------------------

    @accounted
    def parse_list(self, response: Response, market: str, page: int) -> Iterator[Any]:
        rendered = bool(response.meta.get("playwright"))
        now = datetime.now(UTC)
        if not is_list_of(self.league, response.url):
            raise Elsewhere(response.url)
        try:
            league_page = read_league(text_of(response), url=response.url, now=now, market=market)
        except PageChanged:
            if rendered:
                raise
            # Perhaps a script builds it: look at it as a reader would, before saying that nobody knows it.
            yield self.list_request(market, page, rendered=True)
            return
        self.count("pages/list")
        self.note_structure(response, league_page)
        if self.kind_of(response.request) != "check":
            self.count_unreadable(market, page, league_page.unreadable)
        if page == 1 and not league_page.matches:
            self.crawler.stats.set_value(f"markets/empty/{TYPECOTES[market]}", 1)
        fresh = [match for match in league_page.matches if match.match_id not in self.seen[market]]
        self.seen[market].update(match.match_id for match in fresh)
        asked_for = self.discover(fresh, now)

        if self.visits_matches and market == self.league.market:
            yield from self.visit(asked_for)
        yield from self.prices_of(response, league_page, market, page, now)
        if fresh and any(number > page for number in league_page.more):
            yield from self.next_page(response, market, page)

    def prices_of(
        self, response: Response, league_page: LeaguePage, market: str, page: int, now: datetime
    ) -> Iterator[Any]:
        """The prices of a list if they are there, else the same list in the browser, else why there are none."""
        if league_page.priced:
            yield from self.list_prices(response, league_page, market, now)
        elif not league_page.matches:
            return
        elif not league_page.tells_prices:
            self.without_meaning(response, league_page)
        elif not response.meta.get("playwright"):
            yield self.list_request(market, page, rendered=True, priority=1)
        else:
            yield from self.without_prices(response)

    def next_page(self, response: Response, market: str, page: int) -> Iterator[scrapy.Request]:
        if page == PAGES_AT_MOST:
            self.fail(response.request, Cause.ENDLESS, f"after {page} pages there are still more")
        else:
            yield self.list_request(market, page + 1)

    @property
    def asked_for(self) -> str:
        """A name that runs share which ask the same site for the same: ``www.coteur.com-ligue1-match-1X2``."""
        return "-".join((*self.allowed_domains, self.league.name, self.wanted.depth, *sorted(self.wanted.markets)))

    @property
    def visits_matches(self) -> bool:
        """Whether match pages are read: they show the match's winner first, and that is what is read there."""
        return self.wanted.visits_matches(self.league)

    def discover(self, matches: Iterable[ListedMatch], now: datetime) -> list[ListedMatch]:
        """The matches that are asked for; what was not listed before is counted."""
        asked_for = []
        for match in matches:
            wanted = self.wanted.includes(match, now)
            if match.match_id not in self.listed:
                self.listed.add(match.match_id)
                self.count("matches/listed")
                self.count("matches/discovered", int(wanted))
            if wanted:
                asked_for.append(match)
        return asked_for

    def list_prices(self, response: Response, page: LeaguePage, market: str, now: datetime) -> Iterator[Any]:
        """The list's best prices: what is asked for, or what the match pages are held against."""
        winner = market == self.league.market
        for match in page.matches:
            if winner:
                self.best_listed[match.match_id] = match
                if not match.best and not page.unreadable:  # else its row may be the one that was not understood
                    self.listed_without_price.add(match.match_id)
                self.hold_against_list(match.match_id)
            if not self.wanted.quotes_from_list(match, market, self.league, now):
                continue
            if match.home is None or match.away is None:
                self.gave_nothing(response.request, PageChanged(response.url, {"the two teams": match.path}))
                continue
            if winner or self.league.market not in self.wanted.markets:
                self.match_done(match.match_id, f"{match.home} - {match.away}", len(match.best))
            yield from self.best_quotes(response, page, match, market, now)

    def best_quotes(
        self, response: Response, page: LeaguePage, match: ListedMatch, market: str, now: datetime
    ) -> Iterator[OddsItem]:
        """One partial quote for each bookmaker that holds a best price of this match."""
        self.count("quotes/nobody's", sum(best.bookmaker is None for best in match.best.values()))
        yield from self.counted(list_quotes(page, match, market, self.sighting(response, now)))

    # -- match pages ---------------------------------------------------------------------------------------------------

    def visit(self, matches: Iterable[ListedMatch]) -> Iterator[scrapy.Request]:
        """The pages of these matches; until the first has told how they are to be read, the others wait."""
        for match in matches:
            if self.match_pages_need_browser is not None:
                yield self.match_request(match, rendered=self.match_pages_need_browser)
            elif self.probing:
                self.waiting.append(match)
            else:
                self.probing = True
                yield self.match_request(match, rendered=False)

    def probed(self, *, need_browser: bool) -> Iterator[scrapy.Request]:
        """The first match page has told; the others need wait no longer."""
        self.match_pages_need_browser = need_browser
        waiting, self.waiting = self.waiting, []
        return self.visit(waiting)

    @accounted
    def parse_match(self, response: Response, match: ListedMatch) -> Iterator[Any]:
        rendered = bool(response.meta.get("playwright"))
        now = datetime.now(UTC)
        if not is_page_of(match, response.url):
            raise Elsewhere(response.url)
        page, error = self.read(response, now)
        priced = page is not None and page.priced
        if self.match_pages_need_browser is None:
            yield from self.probed(need_browser=not priced)
        if not priced and not rendered:
            yield self.match_request(match, rendered=True)
            return
        self.count("matches/fetched", int(match.match_id not in self.fetched))  # one asked for again is still one
        self.fetched.add(match.match_id)
        if error:
            raise error
        assert page
        self.note_structure(response, page)
        if priced:
            yield from self.quotes(response, page, match, now)
        elif match.match_id in self.listed_without_price:
            self.count("matches/unpriced")  # The list has no price for it either: nobody offers it yet.
            self.match_done(match.match_id, f"{match.home} - {match.away}", 0)
        else:
            yield from self.without_prices(response)

    def read(self, response: Response, now: datetime) -> tuple[MatchPage | None, PageChanged | None]:
        """The match page, or why no parser knows it."""
        try:
            return read_match(text_of(response), url=response.url, now=now, outcomes=self.league.outcomes), None
        except PageChanged as error:
            return None, error

    def quotes(self, response: Response, page: MatchPage, match: ListedMatch, now: datetime) -> Iterator[OddsItem]:
        """One quote for each bookmaker of a match page."""
        match = completed(match, page, response.url)
        self.count("markets/unread", page.other_markets)
        self.count("rows/unreadable", page.unreadable)
        self.best_read[match.match_id] = best_of(page)
        self.hold_against_list(match.match_id)
        self.match_done(match.match_id, f"{match.home} - {match.away}", len(page.rows))
        items = match_quotes(page, match, self.sighting(response, now))
        self.count("quotes/empty", len(page.rows) - len(items))
        yield from self.counted(items)

    def sighting(self, response: Response, now: datetime) -> Sighting:
        return Sighting(
            league=self.league, run_id=self.run_id, url=response.url, scraped_at=now, kept=response.meta.get(KEPT)
        )

    def counted(self, items: Iterable[OddsItem]) -> Iterator[OddsItem]:
        for item in items:
            self.count("quotes/yielded")
            if item.suspect:
                self.doubt(item)
            yield item

    def note_structure(self, response: Response, page: LeaguePage | MatchPage) -> None:
        """Say once for each kind of page that no generation fits it, and keep the address of one to be captured."""
        if page.generation != STRUCTURAL:
            return
        kind = "list" if isinstance(page, LeaguePage) else "match"
        if not self.crawler.stats.get_value(f"by_structure/{kind}/url"):
            self.crawler.stats.set_value(f"by_structure/{kind}/url", response.url)
            self.logger.warning("%s is built in a way no parser knows; it is read by its structure", response.url)

    def doubt(self, item: OddsItem) -> None:
        """Count a quote that cannot be right, and say which."""
        self.count("quotes/suspect")
        if item.suspect == READ_BY_STRUCTURE:
            self.count("quotes/by_structure")  # the page has been named, see note_structure
            return
        prices = _told({outcome: price for outcome, price in item.prices.items() if price})
        match = f"{item.home} - {item.away}"
        self.logger.warning("suspect (%s): %r on %r, %s: %s", item.suspect, item.bookmaker, match, prices, item.url)

    # -- the account ---------------------------------------------------------------------------------------------------

    def count(self, what: str, number: int = 1) -> None:
        self.crawler.stats.inc_value(what, number)

    def count_unreadable(self, market: str, page: int, rows: int) -> None:
        """A list is read twice, plainly and in the browser; its unreadable rows are the same ones."""
        known = self.unreadable[market, page]
        self.unreadable[market, page] = max(known, rows)
        self.count("rows/unreadable", max(0, rows - known))

    def match_done(self, match_id: str, title: str, bookmakers: int) -> None:
        if match_id not in self.done:
            self.done.add(match_id)
            self.count("matches/parsed")
            self.crawler.signals.send_catch_log(match_read, title=title, bookmakers=bookmakers)

    def hold_against_list(self, match_id: str) -> None:
        """Once a match was read on the list and on its own page: do the two tell the same?"""
        listed, read = self.best_listed.get(match_id), self.best_read.get(match_id)
        if listed is None or read is None:
            return
        self.count("check/compared")
        shown = {outcome: best.price for outcome, best in listed.best.items()}
        if shown != read:
            self.count("check/best_differs")
            self.logger.info("%s: the list shows %s, the page's best is %s", listed.path, _told(shown), _told(read))
        computed = published_style(payout(read.get(outcome) for outcome in MARKETS[self.league.market].outcomes))
        if computed and listed.published_trj and abs(computed - listed.published_trj) > TRJ_TOLERANCE:
            self.count("check/trj_differs")
            self.logger.warning(
                "%s: market TRJ computed %s %%, published %s %%", listed.path, computed, listed.published_trj
            )

    def without_prices(self, response: Response) -> Iterator[scrapy.Request]:
        """The page came without its prices: ask once more, then say so."""
        if again := self.ask_again(response):
            yield again
        else:
            assert response.request
            self.fail(response.request, Cause.NO_PRICES, f"no price within {self.settings['PRICES_TIMEOUT']} s")

    def without_meaning(self, response: Response, page: LeaguePage) -> None:
        """The list of this generation does not say which price is whose; that is a failure only if it was asked for."""
        assert response.request
        if self.visits_matches and response.request.cb_kwargs["market"] == self.league.market:
            self.logger.info("list %s tells no best prices, so match pages are held against nothing", page.generation)
        else:
            self.fail(
                response.request, Cause.NO_PRICES, f"list {page.generation} does not tell its prices; use depth=match"
            )

    def request_failed(self, failure: Failure) -> Iterator[scrapy.Request]:
        request: scrapy.Request = failure.request  # type: ignore[attr-defined] # Scrapy puts it there
        if hides_the_answer(failure.value) and "asked_plainly" not in request.flags:
            # Chromium does not say what the answer was: ask without it, which heeds Retry-After too.
            plain = request.replace(meta={}, flags=[*request.flags, "asked_plainly"])
            yield plain
        else:
            yield from self.without(request, failure.value)

    def without(self, request: scrapy.Request | None, error: BaseException | None) -> Iterator[scrapy.Request]:
        """Go on without this page: it is counted, and nothing waits for what it would have told."""
        assert request
        self.gave_nothing(request, error)
        if self.match_pages_need_browser is None and "match" in request.cb_kwargs:
            yield from self.probed(need_browser=True)

    def gave_nothing(self, request: scrapy.Request | None, error: BaseException | None) -> None:
        assert request
        assert error
        self.fail(request, cause_of(error), told(error))

    def fail(self, request: scrapy.Request | None, cause: Cause, detail: str) -> None:
        """Count a page that gave nothing, and say which and why."""
        assert request
        kind = self.kind_of(request)
        self.count(f"failed/{kind}/{cause.code}")
        self.logger.error("%s gave nothing (%s): %s", request.url, cause.code, detail)

    def kind_of(self, request: scrapy.Request | None) -> str:
        """``match``, ``list``, or ``check``: a list that only the match pages would have been held against."""
        assert request
        if "match" in request.cb_kwargs:
            return "match"
        only_check = self.visits_matches and request.cb_kwargs["market"] == self.league.market and self.listed
        return "check" if only_check and request.meta.get("playwright") else "list"


def text_of(response: Response) -> str:
    """The page's text. :raises PageChanged: when it is none."""
    if not isinstance(response, TextResponse):
        content_type = (response.headers.get("Content-Type") or b"no type").decode("latin-1")
        raise PageChanged(response.url, {"text": content_type})
    return response.text


def best_of(page: MatchPage) -> dict[str, Decimal]:
    """The best price of each outcome over a match page's bookmakers; outcomes nobody prices are absent."""
    best: dict[str, Decimal] = {}
    for row in page.rows:
        for outcome, price in row.prices.items():
            if price is not None and price > best.get(outcome, Decimal(0)):
                best[outcome] = price
    return best


def _told(prices: dict[str, Decimal]) -> str:
    return " ".join(f"{outcome} {price.normalize():f}" for outcome, price in sorted(prices.items())) or "nothing"
