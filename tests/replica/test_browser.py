"""What a real browser makes of the pages, held against the world they show."""

from collections import Counter
from decimal import Decimal
from time import monotonic
from urllib.parse import urlsplit

import pytest
from parsel import Selector
from playwright.sync_api import Page, sync_playwright

from replica import Options, Site, serve
from tests.replica import LIGUE_1, NOW, TENNIS, get

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

ROWS = {"D": ".bookline", "E": "tbody tr", "G": "tbody tr"}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser):
    """A tab that loads nothing it need not."""
    page = browser.new_page()
    page.route("**/*", lambda route: route.abort() if is_ballast(route.request) else route.continue_())
    yield page
    page.close()


def is_ballast(request) -> bool:
    foreign = urlsplit(request.url).hostname != urlsplit(request.frame.url or request.url).hostname
    return request.resource_type in ("image", "font", "stylesheet") or (foreign and request.frame.url != "about:blank")


def open_page(tab: Page, url: str) -> None:
    tab.goto(url, wait_until="domcontentloaded")


def wait_for(tab: Page, selector: str, count: int) -> Selector:
    tab.wait_for_function(
        "([selector, count]) => document.querySelectorAll(selector).length >= count", arg=[selector, count]
    )
    return Selector(tab.content())


def number(text: str) -> Decimal:
    return Decimal(text.strip().replace(",", "."))


@pytest.mark.parametrize("path", [LIGUE_1, TENNIS])
@pytest.mark.parametrize("layout", ["D", "E", "G"])
def test_the_match_page_comes_to_show_every_price_of_the_world(tab, layout, path):
    with serve(Options(now=NOW, layout=layout)) as site:
        for match in site.world.fixtures(path)[:3]:
            open_page(tab, site.url + match.path)
            page = wait_for(tab, ROWS[layout], 30)
            first = page.css(ROWS[layout])[:15]
            if layout == "D":
                shown = [(row.attrib["data-name"], row.css(".odds-col::text").getall()) for row in first]
                true = [(quote.bookmaker.name, list(quote.prices.values())) for quote in match.quotes()]
            else:
                shown = [
                    (row.css("td.ps-4 a::attr(href)").get(), row.css("td.text-center::text").getall()) for row in first
                ]
                true = [
                    (f"/bookmaker/{quote.bookmaker.site_id}", list(quote.prices.values())) for quote in match.quotes()
                ]
            assert [(book, list(map(number, prices))) for book, prices in shown] == true


def test_list_d_comes_to_show_the_best_prices_of_the_world(tab):
    with serve(Options(now=NOW)) as site:
        open_page(tab, site.url + LIGUE_1)
        page = wait_for(tab, "[data-odd-target=odds]", 54)
        for match in site.world.fixtures(LIGUE_1):
            cells = page.css(f'[data-controller=odd][data-rencid="{match.site_id}"]')
            assert {
                cell.attrib["data-choice"]: (
                    number(cell.css("strong::text").get()),
                    int(cell.css("[data-odd-target=book]").re_first(r"circleBookIconMini-b(\d+)")),
                )
                for cell in cells
            } == {
                {"1": "1", "X": "0", "2": "2"}[outcome]: (price, book.site_id)
                for outcome, (price, book) in match.best().items()
            }


def test_the_list_of_g_needs_no_script(tab):
    with serve(Options(now=NOW, layout="G")) as site:
        open_page(tab, site.url + LIGUE_1)
        buttons = Selector(tab.content()).css("button[data-rencid]::text").getall()
        assert list(map(number, buttons)) == [
            price for match in site.world.fixtures(LIGUE_1) for price, _ in match.best().values()
        ]


def test_the_first_row_is_there_before_all_are(tab):
    with serve(Options(now=NOW, inject_delay=400)) as site:
        open_page(tab, site.url + site.world.fixtures(LIGUE_1)[0].path)
        counts = [len(wait_for(tab, ".bookline", least).css(".bookline")) for least in (1, 11, 21)]
        assert counts == [10, 20, 30]


def asked_for(site: Site) -> Counter[str]:
    return Counter(
        {
            path: site.requests[path]
            for path in ("/ads.js", "/build/app.css", "/build/images/logo.svg", "/build/factice.woff2")
        }
    )


def test_a_browser_left_to_itself_fetches_ballast_and_waits_for_the_advertisers(browser):
    with serve(Options(now=NOW)) as site:
        page = browser.new_page()
        started = monotonic()
        page.goto(site.url + LIGUE_1, wait_until="load")
        assert monotonic() - started > 1.9
        page.evaluate("document.fonts.ready")
        page.close()
        assert all(asked_for(site).values())


def test_a_browser_that_spares_itself_the_ballast_asks_for_none_of_it(tab):
    with serve(Options(now=NOW)) as site:
        tab.goto(site.url + LIGUE_1, wait_until="load")
        wait_for(tab, "[data-odd-target=odds]", 54)
        assert not any(asked_for(site).values())
        assert site.requests[LIGUE_1] == site.requests["/build/app.js"] == 1


def test_the_cookie_dialog_goes_when_clicked(tab):
    with serve(Options(now=NOW)) as site:
        open_page(tab, site.url + LIGUE_1)
        tab.click("#cookie_consent_use_all_cookies")
        assert tab.query_selector(".ch-cookie-consent") is None


@pytest.mark.parametrize(("fault", "selector"), [("never", "[data-odd-target=odds]"), ("never", ".bookline")])
def test_prices_that_never_come_do_not(tab, fault, selector):
    with serve(Options(now=NOW, fault=fault)) as site:
        path = LIGUE_1 if selector.startswith("[") else site.world.fixtures(LIGUE_1)[0].path
        tab.goto(site.url + path, wait_until="networkidle")
        assert tab.query_selector(selector) is None
        assert not [target for target in site.requests if target.startswith("/feed")]


def test_prices_that_are_late_come_after_three_seconds(tab):
    with serve(Options(now=NOW, fault="late")) as site:
        open_page(tab, site.url + site.world.fixtures(LIGUE_1)[0].path)
        started = monotonic()
        wait_for(tab, ".bookline", 30)
        assert 2.5 < monotonic() - started < 15


def test_a_page_whose_feed_fails_stays_without_prices(tab):
    with serve(Options(now=NOW, fault="500", fault_on="^/feed")) as site:
        tab.goto(site.url + LIGUE_1, wait_until="networkidle")
        assert tab.query_selector("[data-odd-target=odds]") is None
        assert get(site.url + LIGUE_1).status == 200
