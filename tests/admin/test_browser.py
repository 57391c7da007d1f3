"""The pages in a real Chromium: nothing from elsewhere, nothing the policy forbids, usable on a phone, by keyboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from admin import create_app
from schema.database import hang_up
from schema.models import Runs, use
from schema.store import Store
from tests.admin import crowd, signed_cookie
from tests.admin.conftest import current
from tests.admin.visitor import Visitor, served
from tests.schema.letters import letters

pytestmark = pytest.mark.browser


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
    with served(app) as address:
        yield address + "/admin/", cookie


@pytest.fixture
def desk(chromium: Browser, site: tuple[str, str]) -> Iterator[Visitor]:
    visitor = Visitor(chromium, site[0], 1440, "light", cookie=site[1])
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
    page.locator("main summary").first.focus()
    page.keyboard.press("Enter")
    page.locator("#q-outcome").focus()
    page.keyboard.type("N")
    page.locator("#q-price_min").focus()
    page.keyboard.type("3,5")
    page.keyboard.press("Enter")
    page.wait_for_url("**outcome=X*price_min=3%2C5*")
    [row] = page.locator("tbody tr").all()
    assert row.locator("td").all_inner_texts()[1:3] == ["N", "4,00"]
    assert page.locator("main details").first.get_attribute("open") is not None
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
    visitor = Visitor(chromium, site[0], 375, "light", cookie=site[1])
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
    with served(app) as address:
        visitor = Visitor(chromium, address + "/crawls/", 1440, "light", cookie=signed_cookie(app))
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
        expect(page.locator("#going-on")).to_contain_text("Aucun relevé n'est en cours.")
        assert visitor.complaints == []
        page.context.close()
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
