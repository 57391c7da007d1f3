"""The dashboard, the crawls and the movements in a real Chromium; and one crawl from the button to its end."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from admin import create_app
from schema.database import hang_up
from schema.models import Runs, use
from tests.admin import lively, signed_cookie
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor, served
from tests.faults.filled import FilledSite, Handler
from tests.faults.processes import running
from tests.gigscrapy.daemon.daemons import scrapyd

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a lively day, and the cookie of who may do everything."""
    home = tmp_path_factory.mktemp("lively")
    app = create_app(home=home)
    database = current()
    lively.fill(database)
    log = home / "scrapyd" / "logs" / "gigscrapy" / "premierleague" / "going-on.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(f"20:06:{number:02} INFO: page {number}\n" for number in range(40)), encoding="utf-8")
    cookie = signed_cookie(app)
    hang_up(database)
    with served(app) as address:
        yield address, cookie


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_every_page_is_whole_and_quiet(chromium: Browser, day: tuple[str, str], width: int, scheme: str) -> None:
    site, cookie = day
    visitor = Visitor(chromium, site, width, scheme, cookie=cookie)
    going_on = visitor.open("/crawls/").locator("#going-on h3 a").first.get_attribute("href")
    for address in ("/", "/crawls/", str(going_on), "/movements/?hours=6", "/coverage/1/1/"):
        page = visitor.open(address)
        page.wait_for_timeout(200)
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{address} is wider than the window"
        assert page.evaluate(CONTRAST) == [], address
    assert visitor.complaints == []
    page.context.close()


OUTSIDE = """
(cells) => cells.filter((cell) => {
  const [box, frame] = [cell, cell.closest(".table-responsive")].map((each) => each.getBoundingClientRect());
  return box.left < frame.left || box.right > frame.right;
}).map((cell) => cell.textContent.trim())
"""


@pytest.mark.parametrize("address", ["/matches/", "/movements/", "/"])
def test_on_a_phone_every_price_is_there_without_scrolling_sideways(
    chromium: Browser, day: tuple[str, str], address: str
) -> None:
    site, cookie = day
    page = Visitor(chromium, site, 375, "dark", cookie=cookie).open(address)
    prices = page.locator(".matches tbody .price, .moves tbody .moved")
    assert prices.count() > 10
    assert prices.evaluate_all(OUTSIDE) == []
    page.context.close()


def test_the_first_page_is_renewed_and_takes_nothing_away(chromium: Browser, day: tuple[str, str]) -> None:
    site, cookie = day
    visitor = Visitor(chromium, site, 1440, "light", cookie=cookie)
    page = visitor.page
    page.clock.install()
    visitor.open("/")
    page.locator("#needs a").first.focus()
    page.evaluate("scrollTo(0, 300)")
    page.locator("#per-hour summary").click()
    held = page.evaluate("document.activeElement.textContent")
    page.evaluate("document.querySelector('#tiles').dataset.old = document.querySelector('#needs').dataset.old = '1'")
    page.clock.run_for(12_000)
    page.wait_for_selector("#tiles:not([data-old])")
    assert page.evaluate("document.activeElement.textContent") == held
    assert page.evaluate("scrollY") == 300
    assert page.locator("#per-hour details").get_attribute("open") is not None
    assert page.locator("#per-hour tbody tr").count() == 48
    page.route("**/*", lambda route: route.abort())
    page.clock.run_for(12_000)
    expect(page.locator("#offline")).to_contain_text("Hors ligne : ce qui est affiché date de")
    page.unroute("**/*")
    page.clock.run_for(12_000)
    expect(page.locator("#offline")).to_be_hidden()
    page.context.close()


def test_from_the_first_page_to_a_move_without_a_mouse(chromium: Browser, day: tuple[str, str]) -> None:
    site, cookie = day
    visitor = Visitor(chromium, site, 375, "dark", cookie=cookie)
    page = visitor.open("/")
    page.locator("#per-hour .chart-plot").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#per-hour .chart-says")).to_contain_text(":")
    page.get_by_role("link", name="Tous les mouvements").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/movements/")
    page.locator("#hours").focus()
    page.keyboard.press("ArrowDown")
    page.locator("#min").focus()
    page.keyboard.type("2,5")
    page.keyboard.press("Enter")
    page.wait_for_url("**hours=6*min=2%2C5*")
    first = page.locator("#drops tbody tr").first
    expect(first).to_contain_text("▼")
    page.reload()
    assert page.locator("#min").input_value() == "2,5"
    page.go_back()
    page.go_back()
    page.wait_for_url(f"{site}/")
    assert visitor.complaints == []
    page.context.close()


def test_from_what_needs_a_person_to_a_message_put_back(chromium: Browser, day: tuple[str, str]) -> None:
    site, cookie = day
    visitor = Visitor(chromium, site, 1440, "light", cookie=cookie)
    page = visitor.open("/")
    page.locator("#needs li", has_text="Messages refusés qui attendent : 3.").get_by_role("link").click()
    page.wait_for_url("**/crawls/#letters")
    row = page.locator("#letters tbody tr", has=page.get_by_role("link", name="malformed"))
    waiting = row.locator("td").first.inner_text()
    row.get_by_role("button").click()
    page.wait_for_url("**/crawls/#letters")
    expect(page.locator("p.note[role=status]:not(#offline)")).to_contain_text(
        f"Messages remis dans la file : {waiting} "
    )
    expect(row.locator("td")).to_have_text(["0", waiting, "–"])
    # How much waits is asked for now and then only, and the part is renewed every three seconds.
    expect(page.locator("#going-on")).to_contain_text(re.compile(r"File\s: [1-9]"), timeout=20_000)
    assert visitor.complaints == []
    page.context.close()


class Gate(FilledSite):
    """Lets as many pages of matches through as it is told to."""

    def __init__(self) -> None:
        self.free = threading.Semaphore(0)
        super().__init__(behaviour=self.wait, books=3)

    def wait(self, handler: Handler, times: int) -> bool:
        if handler.path.startswith("/cote/"):
            self.free.acquire(timeout=60)
        return False

    def let(self, count: int) -> None:
        for _ in range(count):
            self.free.release()

    def __exit__(self, *_: object) -> None:
        self.let(1000)
        super().__exit__()


def seen(page: Page) -> int:
    """How many matches the page says were read."""
    return int(page.locator("#state progress").get_attribute("value") or 0)


@pytest.mark.slow
def test_a_crawl_from_the_button_to_its_end(chromium: Browser, tmp_path: Path) -> None:
    home = tmp_path / "var"
    app = create_app(home=home)
    database = current()
    cookie = signed_cookie(app)
    hang_up(database)
    with Gate() as site, scrapyd(home, site.url) as daemon, served(app) as address:
        nodes = {"SCRAPYD_URLS": daemon.node.name}
        app.config["SETTINGS"].set("SCRAPYD_URLS", daemon.node.name)
        with running("worker", home=home, environment=nodes), running("consume", home=home):
            visitor = Visitor(chromium, address, 1440, "light", cookie=cookie)
            page = visitor.open("/crawls/")
            page.locator("#f-what").fill("ligue1")
            page.get_by_role("button", name="Relever", exact=True).click()
            expect(page.get_by_text("Relevé demandé : Ligue 1.")).to_be_visible()
            card = page.locator("#going-on article")
            expect(card).to_contain_text("en cours", timeout=40_000)
            expect(card).to_contain_text("/ 18 matchs", timeout=40_000)
            card.get_by_role("link", name="Journal").click()
            log = page.locator("#log pre")
            expect(log).to_contain_text("INFO", timeout=20_000)
            before = log.locator("span").count()
            site.let(4)
            expect(page.locator("#state progress")).to_have_attribute("value", re.compile(r"[3-9]|1\d"), timeout=40_000)
            assert log.locator("span").count() >= before
            where = page.url
            page.close()
            site.let(4)
            page = visitor.page = page.context.new_page()
            page.goto(where)
            expect(page.locator("#state progress")).to_have_attribute("value", re.compile(r"[6-9]|1\d"), timeout=40_000)
            assert seen(page) < 18, "nobody stopped it, and it has not ended"
            page.get_by_role("button", name="Arrêter ce relevé").click()
            expect(page.locator("main")).to_contain_text("il envoie encore ce qu'il tient", timeout=20_000)
            expect(page.locator("#state")).to_contain_text("en cours, arrêt demandé")
            run = wanted(database)
            assert daemon.node.has(run.run_id) == "running", "it is not said to have stopped before it has"
            site.let(1000)
            expect(page.locator("#state")).to_contain_text("interrompu", timeout=40_000)
            assert daemon.node.has(run.run_id) == "finished"
            expect(page.locator("#log pre")).to_contain_text("Spider closed", timeout=20_000)
            assert [each for each in visitor.complaints if "ERR_ABORTED" not in each and "failed:" not in each] == []
            page.context.close()
    hang_up(database)


def wanted(database: object) -> Runs:
    """The run that was asked for."""
    use(database)  # type: ignore[arg-type]
    with database.connection_context():  # type: ignore[attr-defined]
        return Runs.get()
