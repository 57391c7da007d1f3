"""How long a league takes: 18 matches, 15 bookmakers, 270 quotes, through a real Chromium, four ways in one run.

- *one after another, with sleeps*: gig-benchmark's way, from its description: one browser window, one page after
  another, everything on the page loaded, fixed sleeps (1 s after the cookie dialog, 3 s on each match).
- *one after another*: the same without the sleeps; it waits for the prices instead.
- *gigscrapy*: ``scrapy crawl ligue1`` as a whole process, start to exit, four requests at a time, with its spool and
  its account.
- *Chromium alone*: the same pages in four tabs, nothing but the prices loaded, nothing parsed or stored: what cannot be
  beaten with this browser.

The site is the look-alike, in a process of its own, on loopback; politeness (a second between requests) is left out
of all.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parsel import Selector
from playwright.async_api import Browser, Request, Route, async_playwright
from rich.table import Table

from benchmarks import machine
from gigscrapy import browser
from gigscrapy.pages.settled import LIST_SETTLED, MATCH_SETTLED

LEAGUE = "/cotes/foot/france/ligue-1"
TABS = 4
QUOTES = 270
COOKIE_SLEEP, MATCH_SLEEP = 1, 3
MATCH_LINKS = "div.events > a[href^='/cote/']::attr(href)"
BOOKMAKERS = "div.bookline::attr(data-name)"


@dataclass(frozen=True, slots=True)
class Timing:
    """How one way did: seconds, and bookmaker rows seen (270 if it saw everything)."""

    way: str
    seconds: float
    quotes: int


def measure() -> list[Timing]:
    """All four, one after another, on one site. The order is from slow to fast."""
    with look_alike() as site:
        return [
            Timing("one after another, with sleeps", *timed(lambda: sequential(site, sleeps=True))),
            Timing("one after another", *timed(lambda: sequential(site, sleeps=False))),
            Timing("gigscrapy", *timed(lambda: crawl(site))),
            Timing("Chromium alone, four tabs", *timed(lambda: tabs(site))),
        ]


def report(*, quick: bool = False) -> list[Table]:  # noqa: ARG001 - every subject is asked alike
    """The table. There is no quicker way: it takes two minutes."""
    timings = measure()
    ours = next(timing for timing in timings if timing.way == "gigscrapy")
    table = machine.table("A league: 18 matches, 15 bookmakers", "way", "seconds", "gigscrapy is", "quotes")
    for timing in timings:
        ratio = "" if timing is ours else f"{timing.seconds / ours.seconds:.2f} x"
        table.add_row(timing.way, f"{timing.seconds:.1f}", ratio, str(timing.quotes))
    return [table]


def timed(way: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    quotes = way()
    return time.perf_counter() - began, quotes


@contextlib.contextmanager
def look_alike() -> Iterator[str]:
    """The site in its own process, so that it takes no time of ours."""
    with subprocess.Popen([sys.executable, "-m", "replica"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def sequential(site: str, *, sleeps: bool) -> int:
    """gig-benchmark's way: a window, a page at a time, everything loaded."""

    async def visit(chromium: Browser) -> int:
        page = await chromium.new_page()
        await page.goto(site + LEAGUE)
        await page.click("#cookie_consent_use_all_cookies")
        if sleeps:
            await page.wait_for_timeout(COOKIE_SLEEP * 1000)
        quotes = 0
        for link in Selector(await page.content()).css(MATCH_LINKS).getall():
            await page.goto(site + link)
            if sleeps:
                await page.wait_for_timeout(MATCH_SLEEP * 1000)
            else:
                await page.wait_for_function(MATCH_SETTLED)
            quotes += bookmakers(await page.content())
        return quotes

    everything = {**browser.launch_options(site, os.environ.get("CHROMIUM")), "args": list(browser.ARGUMENTS)}
    return asyncio.run(with_chromium(visit, **everything))


def tabs(site: str) -> int:
    """The least that Chromium must do: the pages in parallel tabs, only the prices."""

    async def visit(chromium: Browser) -> int:
        context = await chromium.new_context()
        await context.route("**/*", skip_unneeded)
        free = asyncio.Semaphore(TABS)

        async def html(url: str, settled: str) -> str:
            async with free:
                page = await context.new_page()  # quicker than a tab that is used again
                await page.goto(url, wait_until="domcontentloaded")
                await page.wait_for_function(settled)
                content = await page.content()
                await page.close()
                return content

        links = Selector(await html(site + LEAGUE, LIST_SETTLED)).css(MATCH_LINKS).getall()
        pages = await asyncio.gather(*(html(site + link, MATCH_SETTLED) for link in links))
        return sum(map(bookmakers, pages))

    return asyncio.run(with_chromium(visit, **browser.launch_options(site, os.environ.get("CHROMIUM"))))


def bookmakers(html: str) -> int:
    """How many bookmakers a match page has; below the first market they come again."""
    return len(set(Selector(html).css(BOOKMAKERS).getall()))


async def skip_unneeded(route: Route, request: Request) -> None:
    await (route.abort() if request.resource_type in browser.NOT_NEEDED else route.continue_())


async def with_chromium(visit: Callable[[Browser], Awaitable[int]], **options: Any) -> int:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(**options)
        try:
            return await visit(chromium)
        finally:
            await chromium.close()


def crawl(site: str) -> int:
    """``scrapy crawl ligue1``, a process from start to exit; the quotes that are in its spool afterwards."""
    polite_to_nobody = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": TABS}
    with tempfile.TemporaryDirectory() as home:
        settings = {"SITE_URL": site, "GIGSCRAPY_HOME": home, "LOG_LEVEL": "ERROR", **polite_to_nobody}
        options = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
        environment = {key: value for key, value in os.environ.items() if key != "RABBIT_URL"}
        command = [sys.executable, "-m", "scrapy", "crawl", "ligue1", *options]
        quiet = subprocess.DEVNULL
        subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parent.parent, stderr=quiet)
        return spooled_quotes(Path(home))


def spooled_quotes(home: Path) -> int:
    """What a consumer would find, reports of the run left out."""
    from gigscrapy.broker import receiver

    source = receiver(None, home)
    try:
        deliveries = source.receive(10_000, 1)
        return sum(b'"type":"run"' not in delivery.body for delivery in deliveries)
    finally:
        source.close()
