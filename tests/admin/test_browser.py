"""The pages in a real Chromium: nothing from elsewhere, nothing the policy forbids, usable on a phone, by keyboard."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from admin import create_app
from gigscrapy.browser import launch_options
from schema.database import hang_up
from schema.models import Runs, use
from schema.store import Store
from tests.admin import LISTS, crowd, signed_cookie
from tests.admin.conftest import current
from tests.schema.letters import letters

pytestmark = pytest.mark.browser

ADDRESSES = [
    "",
    *(f"{name}/" for name in LISTS),
    *(f"{name}/details/?id=2" for name in LISTS if name not in ("latestodds", "tasks", "firings", "visits")),
    "odds/?search=home+07&price_min=1,2&outcome=1",
    "matches/?sort=match_date&desc=1&page=2&page_size=20",
    "odds/?search=nobody",
    "odds/?bookmaker=oops",
    "deadletters/?search=string",
    "schedules/new/",
    "runs/details/?id=62",
]

CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([walker.currentNode.textContent.trim().slice(0, 40), ratio.toFixed(2)]);
  }
  return poor;
}
"""
"""Texts whose contrast with what is behind them is below 4.5."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the application over the crowd, and the cookie of an administrator."""
    app = create_app(home=tmp_path_factory.mktemp("site"))
    database = current()
    Store(database).store(letters(*crowd.messages()))
    crowd.fill(database)
    with database.connection_context():
        crowd.go_on()
    cookie = signed_cookie(app)
    hang_up(database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/admin/", cookie
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options("http://127.0.0.1", os.environ.get("CHROMIUM")))
        yield browser
        browser.close()


class Visitor:
    """A browser window, and everything it complained of or asked of others."""

    def __init__(self, browser: Browser, site: tuple[str, str], width: int, scheme: Any) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale="fr-FR",
            timezone_id="America/New_York",
        )
        self.site, cookie = site
        context.add_cookies([{"name": "gigscrapy", "value": cookie, "domain": "127.0.0.1", "path": "/"}])
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def open(self, address: str) -> Page:
        self.page.goto(self.site + address)
        return self.page

    def _heard(self, message: ConsoleMessage) -> None:
        self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, url: str) -> None:
        if not url.startswith(self.site.removesuffix("admin/")):
            self.complaints.append(f"beyond this machine: {url}")


@pytest.fixture(
    params=[(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")], ids=lambda how: f"{how[0]}-{how[1]}"
)
def visitor(request: pytest.FixtureRequest, chromium: Browser, site: tuple[str, str]) -> Iterator[Visitor]:
    visitor = Visitor(chromium, site, *request.param)
    yield visitor
    visitor.page.context.close()


def test_every_page_is_whole_and_quiet(visitor: Visitor, tmp_path: Path) -> None:
    width = visitor.page.viewport_size["width"]  # type: ignore[index]
    for number, address in enumerate(ADDRESSES):
        page = visitor.open(address)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{address} is wider than the window"
        assert page.evaluate(CONTRAST) == [], address
        page.screenshot(path=tmp_path / f"{number:02}.png", full_page=True)
    assert visitor.complaints == []
    assert len(list(tmp_path.iterdir())) == len(ADDRESSES)


@pytest.fixture
def desk(chromium: Browser, site: tuple[str, str]) -> Iterator[Visitor]:
    visitor = Visitor(chromium, site, 1440, "light")
    yield visitor
    visitor.page.context.close()


def test_a_search_a_filter_and_a_price_without_a_mouse(desk: Visitor) -> None:
    page = desk.open("odds/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator("a.skip").bounding_box()["x"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("home 07")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=home+07*")
    assert page.locator("tbody tr").count() == 3
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.locator("#q-outcome").focus()
    page.keyboard.type("N")
    page.locator("#q-price_min").focus()
    page.keyboard.type("3,5")
    page.keyboard.press("Enter")
    page.wait_for_url("**outcome=X*price_min=3%2C5*")
    [row] = page.locator("tbody tr").all()
    assert row.locator("td").all_inner_texts()[1:3] == ["N", "4,00"]
    assert page.locator("details").get_attribute("open") is not None
    row.get_by_role("link", name="Home 07 – Away 07").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/matches/details/**")
    assert page.locator("h1").inner_text() == "Home 07 – Away 07"
    page.go_back()
    assert page.locator("tbody tr").count() == 1
    assert desk.complaints == []


def test_what_has_the_focus_shows_it(desk: Visitor) -> None:
    page = desk.open("matches/")
    for _ in range(20):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px", page.evaluate("document.activeElement.outerHTML")


def test_a_wide_table_moves_within_its_frame_and_keeps_its_first_column(
    chromium: Browser, site: tuple[str, str]
) -> None:
    visitor = Visitor(chromium, site, 375, "light")
    page = visitor.open("odds/")
    page.locator(".table-responsive").evaluate("frame => frame.scrollTo(600, 0)")
    assert page.locator("tbody tr").first.locator("td").first.bounding_box()["x"] < 30  # type: ignore[index]
    assert page.evaluate("window.scrollX") == 0
    page.context.close()


def test_a_page_elsewhere_cannot_frame_ours(desk: Visitor) -> None:
    page = desk.page
    page.set_content(f'<iframe src="{desk.site}"></iframe>')
    assert page.frames[1].url.startswith("chrome-error:")
    assert any("frame-ancestors 'none'" in complaint for complaint in desk.complaints)


def test_times_are_those_of_paris_wherever_the_browser_is(desk: Visitor) -> None:
    page = desk.open("matches/?search=home+07")
    assert page.locator("tbody td").nth(1).inner_text() == "ven. 24/10/2025 20:45"


def test_what_goes_on_is_renewed_in_place(chromium: Browser, tmp_path: Path) -> None:
    """What somebody types meanwhile stays, and the page is not loaded anew."""
    of_the_site = current()
    app = create_app(home=tmp_path / "var")
    database = current()
    with database.connection_context():
        run = crowd.go_on()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    visitor = Visitor(chromium, (f"http://127.0.0.1:{server.server_port}/admin/", signed_cookie(app)), 1440, "light")
    page = visitor.page
    page.clock.install()
    visitor.open("")
    page.locator("#f-what").fill("nba")
    assert page.locator("#going-on progress").get_attribute("value") == "300"
    with database.connection_context():
        Runs.update(parsed=600).where(Runs.id == run.id).execute()
    page.clock.run_for(6_000)
    page.wait_for_selector("#going-on progress[value='600']")
    assert page.locator("#f-what").input_value() == "nba"
    with database.connection_context():
        Runs.update(state="finished", verdict="complete").where(Runs.id == run.id).execute()
    page.clock.run_for(6_000)
    page.wait_for_selector("#going-on:not([data-live])")
    assert "Aucun relevé n'est en cours." in page.locator("#going-on").inner_text()
    assert visitor.complaints == []
    page.context.close()
    server.shutdown()
    serving.join()
    server.server_close()
    hang_up(database)
    use(of_the_site)


def test_a_schedule_is_made_without_a_mouse(desk: Visitor) -> None:
    page = desk.open("schedules/new/")
    page.locator("#f-name").focus()
    for text in ("Le soir", "ligue1", "0 18 * * *"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/schedules/")
    assert "Le soir" in page.locator("p.note").inner_text()
    assert desk.complaints == []
