"""The pages of matches in a real Chromium: found, read, kept up to date, off line and back, all without a mouse."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from admin import create_app
from admin.live import STREAMS
from schema.database import connect, hang_up
from schema.messages import OddsItem
from schema.models import use
from schema.store import Store
from tests.admin import season, signed_cookie
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor
from tests.schema.letters import letters

pytestmark = pytest.mark.browser

READY = "admin: "
WINDOWS = [(375, "dark"), (1440, "light")]


@dataclass
class Site:
    """``python -m admin`` over a season, which can be cut and started again, and in which prices come."""

    home: Path
    port: int
    minute: datetime
    cookie: str = ""
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "admin", "--port", str(self.port)]
        environment = {**os.environ, "GIGSCRAPY_HOME": str(self.home)}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith(READY)

    def cut(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def say(self, *messages: OddsItem) -> None:
        database = connect(None, self.home)
        use(database)
        Store(database).store(letters(*messages, received_at=season.now() + timedelta(minutes=1)))
        hang_up(database)

    def price(self, after: int, bookmaker: str, home: str) -> OddsItem:
        """Another price for the first team, so many seconds after the last crawl."""
        prices = {"1": Decimal(home), "X": Decimal("3.45"), "2": Decimal("3.70")}
        [one, two] = season.TEAMS[0]
        kickoff = self.minute + timedelta(hours=2)
        said = season.quote(self.minute, season.CRAWLS - 1, 0, one, two, kickoff, bookmaker, prices)
        return replace(said, scraped_at=said.scraped_at + timedelta(seconds=after), run_id=f"later-{after}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    minute = season.now()
    home = tmp_path_factory.mktemp("matches")
    app = create_app(home=home)
    Store(current()).store(letters(*season.season(minute), received_at=minute))
    cookie = signed_cookie(app, "viewer")
    hang_up(current())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = Site(home, port, minute, cookie)
    site.start()
    yield site
    site.cut()


def visitor(browser: Browser, site: Site, width: int = 1440, scheme: str = "light") -> Visitor:
    return Visitor(browser, site.address, width, scheme, cookie=site.cookie)


def of_psg(page: Page) -> None:
    page.get_by_role("link", name="PSG – OM").click()
    page.wait_for_url("**/matches/*/")
    page.wait_for_selector("#live-status[data-state=on]")


@pytest.mark.parametrize(("width", "scheme"), WINDOWS)
def test_every_page_is_whole_and_quiet(chromium: Browser, site: Site, width: int, scheme: str, tmp_path: Path) -> None:
    someone = visitor(chromium, site, width, scheme)
    for number, address in enumerate(
        ("", "?search=psg&market=DC", "?when=past", "1/", "1/?market=DC", "gig/?when=week", "source/1/")
    ):
        page = someone.open(f"/matches/{address}")
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.evaluate(CONTRAST) == [], address
        page.screenshot(path=tmp_path / f"{number}.png", full_page=True)
    assert someone.complaints == []
    someone.page.context.close()


def test_who_leafs_quickly_leaves_no_streams_behind(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    for _ in range(STREAMS + 1):
        page = someone.open("/matches/1/")
        page.wait_for_selector("#live-status[data-state]")
    assert page.locator("#live-status").get_attribute("data-state") == "on"
    page.context.close()


def test_from_the_search_to_the_chart_without_a_mouse(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/")
    page.keyboard.press("/")
    page.keyboard.type("psg")
    page.keyboard.press("Enter")
    page.wait_for_url("**/matches/?search=psg")
    page.get_by_role("link", name="PSG – OM").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/matches/*/")
    page.locator("td.best .tell").first.focus()
    told = page.locator("td.best .told").first
    assert told.is_visible()
    assert "Ouverture 2,10" in told.inner_text()
    assert "Avant 2,20" in told.inner_text()
    page.keyboard.press("Escape")
    assert not told.is_visible()
    page.wait_for_selector(".chart canvas")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "application":
            break
    heard = []
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        heard.append(page.locator(".chart-says").inner_text().replace("\N{NO-BREAK SPACE}", " "))
    assert len(set(heard)) == 3
    assert "meilleure cote 2,25 chez Pmu" in heard[0]
    page.get_by_text("Voir en tableau").focus()
    page.keyboard.press("Enter")
    row = page.locator(".chart-frame tbody tr").nth(2)
    assert row.locator("time").inner_text()[5:] == heard[2].split(" : ")[0]
    assert row.locator("td").all_inner_texts()[3] == heard[2].split("meilleure cote ")[1].split(" ")[0]
    assert row.locator("td").all_inner_texts()[5] == "–"
    assert someone.complaints == []
    page.context.close()


def test_from_the_list_to_gig_benchmark_s_tables_and_its_file(chromium: Browser, site: Site) -> None:
    """What is asked for stays asked for, and the file has what the table has."""
    someone = visitor(chromium, site)
    page = someone.open("/matches/?search=psg")
    page.get_by_role("link", name="Tables TRJ par bookmaker").click()
    page.wait_for_url("**/matches/gig/?*")
    assert page.get_by_label("Équipe ou ligue").input_value() == "psg"
    averages, quotes = (page.locator(f"[aria-labelledby={name}] tbody tr") for name in ("averages", "quotes"))
    told = [row.locator("th, td").all_inner_texts() for row in quotes.all()]
    assert {row[0] for row in told} == {"PSG – OM"}
    assert {row.locator("th").inner_text() for row in averages.all()} | {"Bwin"} == {row[1] for row in told}
    [doubted] = [row for row in told if row[1] == "Bwin"]
    assert "à vérifier" in doubted[5], "so it is in no mean"
    with page.expect_download() as waited:
        page.get_by_role("link", name="Exporter en CSV").click()
    lines = Path(waited.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + len(told)
    for bookmaker, price in {(row[1], row[2]) for row in told}:
        assert any(bookmaker in line and price.replace(",", ".") in line.replace(",", ".") for line in lines), bookmaker
    assert [each for each in someone.complaints if "odds.csv" not in each] == [], "a download leaves its page's request"
    page.context.close()


def test_the_address_is_the_state(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/1/")
    page.get_by_role("link", name="+…").click()
    page.get_by_role("group", name="Issue").get_by_role("link", name="2").click()
    page.get_by_role("link", name="6 h").click()
    page.wait_for_url("**range=6h*")
    shown = page.locator("td.offer .price").all_inner_texts()
    other = visitor(chromium, site).open(page.url.removeprefix(site.address))
    assert "+270" in shown
    assert other.locator("td.offer .price").all_inner_texts() == shown
    assert other.locator("figcaption").inner_text() == "Cotes pour 2, 1N2"
    page.go_back()
    page.wait_for_url(lambda address: "range" not in address)
    assert page.get_by_role("link", name="tout", exact=True).get_attribute("aria-current") == "true"
    assert "outcome=2" in page.url
    other.context.close()
    page.context.close()


def test_the_best_is_seen_without_colours(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/1/")
    styles = "cell => { const s = getComputedStyle(cell); return [s.borderTopWidth, s.borderTopColor, s.fontWeight]; }"
    best = page.locator("td.best .tell").first
    other = page.locator("td.offer:not(.best):not(.doubt) .tell").first
    assert best.evaluate(styles)[2] == "700" != other.evaluate(styles)[2]
    assert best.evaluate(styles)[1] != other.evaluate(styles)[1] == "rgba(0, 0, 0, 0)"
    for outcome in ("1", "X", "2"):
        assert "meilleure cote" in page.locator(f"td.best[data-key='{outcome}'] .tell").first.inner_text()
    page.context.close()


def test_a_new_price_comes_by_itself_and_leaves_the_reader_where_he_was(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/?search=psg")
    of_psg(page)
    page.set_viewport_size({"width": 900, "height": 400})
    cell = page.locator("tr[data-key='book-Winamax'] td[data-key='1']")
    button = cell.locator(".tell")
    button.focus()
    page.evaluate("document.querySelector('.journal').scrollIntoView()")
    page.evaluate("document.querySelector('#live').dataset.mine = 'kept'")
    scrolled = page.evaluate("scrollY")
    assert scrolled > 200
    page.evaluate("document.addEventListener('animationstart', event => window.flashed = event.animationName)")
    site.say(site.price(30, "Winamax", "2.31"))
    expect(cell.locator(".price")).to_have_text("2,31", timeout=6_000)
    assert "meilleure cote" in button.inner_text()
    assert "hausse de 0,15" in button.inner_text()
    assert page.evaluate("document.activeElement.closest('tr').dataset.key") == "book-Winamax"
    assert page.evaluate("scrollY") == scrolled
    assert page.evaluate("window.flashed") == "flash"
    expect(page.locator(".journal li").first).to_contain_text("Winamax 1 2,16 → 2,31")
    assert "2,31" in page.locator(".chart-frame tbody tr").first.text_content()  # type: ignore[operator]
    page.emulate_media(reduced_motion="reduce")
    assert (
        cell.evaluate("cell => { cell.classList.add('flash'); return getComputedStyle(cell).animationName; }") == "none"
    )
    assert someone.complaints == []
    page.context.close()


def test_a_server_that_is_cut_is_said_and_caught_up_with(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/?search=psg")
    of_psg(page)
    status = page.locator("#live-status")
    site.cut()
    cut = time.monotonic()
    expect(status).to_contain_text("Hors ligne, dernier relevé", timeout=10_000)
    assert time.monotonic() - cut < 10
    site.say(site.price(60, "Betclic", "2.44"))
    site.start()
    expect(status).to_contain_text("direct", timeout=15_000)
    expect(page.locator("tr[data-key='book-Betclic'] td[data-key='1'] .price")).to_have_text("2,44", timeout=5_000)
    page.context.close()


def test_without_a_stream_the_page_asks_now_and_then(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.page
    page.clock.install()
    page.route("**/events?*", lambda route: route.fulfill(status=503, headers={"Retry-After": "30"}))
    someone.open("/matches/1/")
    expect(page.locator("#live-status")).to_contain_text("suivi toutes les 15 s")
    site.say(site.price(45, "Unibet", "2.02"))
    page.clock.run_for(16_000)
    expect(page.locator("tr[data-key='book-Unibet'] td[data-key='1'] .price")).to_have_text("2,02", timeout=6_000)
    page.context.close()


def test_a_price_that_nobody_renews_grows_stale_before_the_reader_s_eyes(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.page
    page.clock.install()
    someone.open("/matches/1/")
    badge = page.locator("tr[data-key='book-Unibet'] [data-stale]")
    move = page.locator("tr[data-key='book-NetBet'] td[data-key='1'] .move")
    assert not badge.is_visible()
    assert "recent" in (move.get_attribute("class") or "")
    page.clock.fast_forward("00:40:00")
    page.clock.run_for(6_000)
    expect(badge).to_be_visible()
    expect(move).not_to_have_class("recent")
    age = page.locator("tr[data-key='book-Unibet'] time")
    assert age.inner_text().startswith("il y a 4")
    assert age.get_attribute("datetime")
    page.context.close()


def test_who_is_signed_out_is_told_so(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site)
    page = someone.open("/matches/?search=psg")
    of_psg(page)
    page.context.clear_cookies()
    site.say(site.price(90, "Pmu", "2.26"))
    expect(page.locator("#live-status")).to_contain_text("Session fermée", timeout=6_000)
    page.context.close()


def test_the_first_column_stays_on_a_phone(chromium: Browser, site: Site) -> None:
    someone = visitor(chromium, site, 375, "light")
    for address, cell in (("/matches/", "tbody td"), ("/matches/1/", "tbody th")):
        page = someone.open(address)
        page.locator(".table-responsive").evaluate("frame => frame.scrollTo(400, 0)")
        assert page.locator(cell).first.bounding_box()["x"] < 30  # type: ignore[index]
        assert page.evaluate("window.scrollX") == 0
    someone.page.context.close()
