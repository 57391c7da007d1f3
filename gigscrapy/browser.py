"""The browser: which one, what it need not load, and how long it waits for prices.

Prices are put into the page by its own script, so the HTML as it arrives has none. Everything else (links, teams,
kick-offs) is there without a browser.
"""

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from gigscrapy.middlewares import PoliteRobots

if TYPE_CHECKING:  # every command knows this module, and Playwright takes 0.15 s: what uses a browser imports it
    from playwright.async_api import Page
    from playwright.async_api import Request as BrowserRequest

logger = logging.getLogger(__name__)

NOT_NEEDED = {"image", "media", "font", "stylesheet"}

DEBIAN_NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def executable(chosen: str | None = None) -> str | None:
    """Path of the installed Chromium: the ``chosen`` one, else the system's; ``None``: Playwright's own, if any."""
    return chosen or next(filter(None, map(shutil.which, DEBIAN_NAMES)), None)


def launch_options(site: str, chosen: str | None = None, *, sandbox: bool = True) -> dict[str, Any]:
    """What Playwright starts Chromium with.

    Hosts other than the site's do not exist for it, whatever a page asks for, by whatever means.

    :param site: address of the site; :param sandbox: Chromium's own; it cannot be had as root, nor in most containers.
    """
    path = executable(chosen)
    rules = ", ".join(["MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts(site))])
    return {
        "args": [*ARGUMENTS, f"--host-resolver-rules={rules}"],
        "chromium_sandbox": sandbox and os.geteuid() != 0,
        **({"executable_path": path} if path else {}),
    }


def hosts(site: str) -> tuple[str, ...]:
    """The site's host, and where that has a name, all under the same last two labels (``oddsv2.coteur.com``)."""
    host = urlsplit(site).hostname or ""
    if host == "localhost" or host.replace(".", "").isdigit() or ":" in host:
        return (host,)
    domain = ".".join(host.split(".")[-2:])
    return (domain, f"*.{domain}")


def installed(chosen: str | None = None) -> bool:
    """Whether there is a browser to start, the system's or Playwright's own."""
    if path := executable(chosen):
        return Path(path).is_file() and os.access(path, os.X_OK)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return any(cache.glob("chromium*"))


def configure(settings: BaseSettings) -> None:
    """Put the browser behind the scheme of ``SITE_URL``, and only behind it: each scheme would start its own."""
    scheme = urlsplit(settings["SITE_URL"]).scheme
    handlers = settings.getdict("DOWNLOAD_HANDLERS")
    handlers[scheme] = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    settings.set("DOWNLOAD_HANDLERS", handlers, priority="spider")
    sandbox = settings.getbool("CHROMIUM_SANDBOX")
    options = launch_options(settings["SITE_URL"], settings["CHROMIUM"], sandbox=sandbox)
    settings.set("PLAYWRIGHT_LAUNCH_OPTIONS", options, priority="spider")
    timeout = settings.getfloat("DOWNLOAD_TIMEOUT") * 1000
    settings.set("PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT", timeout, priority="spider")


class Unneeded:
    """Tells the browser what to leave: pictures and looks, what is not the site's own, what robots.txt forbids."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.site = hosts(crawler.settings["SITE_URL"])
        self.forbidden: set[str] = set()

    def __call__(self, request: "BrowserRequest") -> bool:
        """Whether the page can do, or must do, without this."""
        return request.resource_type in NOT_NEEDED or not self.is_own(request.url) or self.is_forbidden(request.url)

    def is_own(self, url: str) -> bool:
        """Whether it comes from the site."""
        host = urlsplit(url).hostname or ""
        return any(host == known or (known[0] == "*" and host.endswith(known[1:])) for known in self.site)

    def is_forbidden(self, url: str) -> bool:
        """Whether robots.txt keeps us from it; said once for each path, for then the prices may not come."""
        robots = self.crawler.get_downloader_middleware(PoliteRobots)
        if robots is None or not robots.forbids(url):
            return False
        path = urlsplit(url).path
        if path not in self.forbidden:
            self.forbidden.add(path)
            logger.warning("robots.txt forbids %s, which the page asks for; its prices may not come", path)
        return True


def rendered(settled: str, timeout: float, user_agent: str) -> dict[str, Any]:
    """Request meta: load the page in the browser and read it once its prices have settled.

    :param settled: JavaScript function that is true then (:mod:`gigscrapy.pages.settled`).
    :param timeout: seconds it has; after them the page is read as it stands, and its parser says what is missing.
    """
    from scrapy_playwright.page import PageMethod

    return {
        "playwright": True,
        "playwright_context_kwargs": {"user_agent": user_agent, "locale": "fr-FR", "service_workers": "block"},
        "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
        "playwright_page_methods": [PageMethod(wait_for_prices, settled, timeout)],
    }


async def wait_for_prices(page: "Page", settled: str, timeout: float) -> None:  # noqa: ASYNC109 - the page has its own
    """Return when the prices are there, when the site answered with an error, or after ``timeout`` seconds."""
    from playwright.async_api import TimeoutError as BrowserTimeout

    failed_or_settled = f"""() => {{
        const [navigation] = performance.getEntriesByType("navigation");
        return navigation?.responseStatus >= 400 || ({settled})();
    }}"""
    try:
        await page.wait_for_function(failed_or_settled, timeout=timeout * 1000)
    except BrowserTimeout:
        return  # Read as it stands: the parser tells a page that changed from one that has no prices.


if __name__ == "__main__":
    raise SystemExit(0 if installed(os.environ.get("CHROMIUM")) else 1)
