"""The browser: which one, what it need not load, and how long it waits for prices.

Prices are put into the page by its own script, so the HTML as it arrives has none. Everything else (links, teams,
kick-offs) is there without a browser.
"""

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Page
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import TimeoutError as BrowserTimeout
from scrapy.settings import BaseSettings
from scrapy_playwright.page import PageMethod

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


def launch_options(chosen: str | None = None, *, sandbox: bool = True) -> dict[str, Any]:
    """What Playwright starts Chromium with. Its sandbox cannot be had as root, nor in most containers."""
    bare = () if sandbox and os.geteuid() else ("--no-sandbox",)
    path = executable(chosen)
    return {"args": [*ARGUMENTS, *bare], **({"executable_path": path} if path else {})}


def installed(chosen: str | None = None) -> bool:
    """Whether there is a browser to start, the system's or Playwright's own."""
    if path := executable(chosen):
        return Path(path).is_file()
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache/ms-playwright")
    return any(cache.glob("chromium*"))


def configure(settings: BaseSettings) -> None:
    """Put the browser behind the scheme of ``SITE_URL``, and only behind it: each scheme would start its own."""
    scheme = urlsplit(settings["SITE_URL"]).scheme
    handlers = settings.getdict("DOWNLOAD_HANDLERS")
    handlers[scheme] = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    settings.set("DOWNLOAD_HANDLERS", handlers, priority="spider")
    options = launch_options(settings["CHROMIUM"], sandbox=settings.getbool("CHROMIUM_SANDBOX"))
    settings.set("PLAYWRIGHT_LAUNCH_OPTIONS", options, priority="spider")
    timeout = settings.getfloat("DOWNLOAD_TIMEOUT") * 1000
    settings.set("PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT", timeout, priority="spider")


def unneeded(request: BrowserRequest) -> bool:
    """Whether the page can show its prices without this: pictures, looks, and everything that is not the site's own."""
    return request.resource_type in NOT_NEEDED or not _same_site(request.url, request.frame.url or request.url)


def _same_site(url: str, page: str) -> bool:
    """Whether both are one site: the same host, or hosts under the same last two labels (``oddsv2.coteur.com``)."""
    host, page_host = urlsplit(url).hostname or "", urlsplit(page).hostname or ""
    if not page_host or page == "about:blank" or host == page_host:
        return True
    site = ".".join(page_host.split(".")[-2:])
    return not page_host.replace(".", "").isdigit() and (host == site or host.endswith(f".{site}"))


def rendered(settled: str, timeout: float, user_agent: str) -> dict[str, Any]:
    """Request meta: load the page in the browser and read it once its prices have settled.

    :param settled: JavaScript function that is true then (:mod:`gigscrapy.pages.settled`).
    :param timeout: seconds it has; after them the page is read as it stands, and its parser says what is missing.
    """
    return {
        "playwright": True,
        "playwright_context_kwargs": {"user_agent": user_agent, "locale": "fr-FR", "service_workers": "block"},
        "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
        "playwright_page_methods": [PageMethod(wait_for_prices, settled, timeout)],
    }


async def wait_for_prices(page: Page, settled: str, timeout: float) -> None:  # noqa: ASYNC109 - the page has its own
    """Return when the prices are there, when the site answered with an error, or after ``timeout`` seconds."""
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
