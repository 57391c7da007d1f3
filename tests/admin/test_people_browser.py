"""Signing in and the team, in a real Chromium: small and large, light and dark, and by keyboard alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from admin import accounts, create_app
from admin.access import Role
from schema.database import hang_up
from schema.models import use
from tests.admin import account, signed_cookie
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor, served

pytestmark = pytest.mark.browser

GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Flask]]:
    """Its address; comite is an administrator, and her password known."""
    app = create_app(home=tmp_path_factory.mktemp("people"))
    database = current()
    with app.app_context(), database.connection_context():
        accounts.add("comite", GOOD, Role.ADMIN, first_name="Comité", last_name="Nom")
        accounts.set_names(accounts.find("comite") or pytest.fail(), "Comité", "Équipe")
        for name, role in (("bureau", "viewer"), ("operatrice.de.nuit", "operator")):
            account(role, name)
    hang_up(database)
    with served(app) as address:
        yield address, app
    use(database)
    hang_up(database)


@pytest.fixture(
    params=[(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")], ids=lambda how: f"{how[0]}-{how[1]}"
)
def visitor(request: pytest.FixtureRequest, chromium: Browser, site: tuple[str, Flask]) -> Iterator[Visitor]:
    address, app = site
    visitor = Visitor(chromium, address, *request.param, cookie=signed_cookie(app, "admin", "comite"))
    yield visitor
    visitor.page.context.close()


def test_every_page_is_whole_and_quiet(visitor: Visitor) -> None:
    width = visitor.page.viewport_size["width"]  # type: ignore[index]
    for address in ("/account/", "/team/", "/team/2/", "/team/audit/", "/account/confirm/"):
        page = visitor.open(address)
        looked_at(page, width)
    visitor.page.context.clear_cookies()
    looked_at(visitor.open("/sign-in/"), width)
    assert visitor.complaints == []


def looked_at(page: Page, width: int) -> None:
    """Nothing is wider than the window, pale, or out of reach."""
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} is wider than the window"
    assert page.evaluate(CONTRAST) == []
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_who_comes_by_a_link_signs_in_by_keyboard_and_is_there(chromium: Browser, site: tuple[str, Flask]) -> None:
    visitor = Visitor(chromium, site[0], 1440, "light")
    page = visitor.open("/admin/bookmakers/?search=unibet")
    assert page.locator("h1").inner_text() == "Se connecter"
    page.locator("#f-username:focus").wait_for()
    page.keyboard.type("comite")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.locator("#refused").wait_for()
    assert page.locator("#f-username").input_value() == "comite"
    page.locator("#f-password:focus").wait_for()
    page.keyboard.type(GOOD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/bookmakers/?search=unibet")
    assert page.locator("tbody tr").count() == 1
    page.locator(".own summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Se déconnecter").press("Enter")
    page.wait_for_url("**/sign-in/")
    complaints = [each for each in visitor.complaints if "422" not in each]
    assert complaints == []
    page.context.close()


def test_a_new_colleague_is_let_in_and_out_again(chromium: Browser, site: tuple[str, Flask]) -> None:
    """The administrator makes an account, hands the password over, changes the role, and ends it."""
    address, app = site
    boss = Visitor(chromium, address, 1440, "light", cookie=signed_cookie(app, "admin", "comite"))
    page = boss.open("/team/")
    page.get_by_label("Nom de compte").fill("nouvelle")
    page.get_by_label("Opérateur").check()
    page.get_by_role("button", name="Faire le compte").click()
    password = page.locator("#secret").inner_text()
    colleague = Visitor(chromium, address, 375, "dark")
    hers = colleague.open("/sign-in/")
    hers.get_by_label("Nom de compte").fill("nouvelle")
    hers.get_by_label("Mot de passe").fill(password)
    hers.get_by_role("button", name="Se connecter").click()
    hers.wait_for_url(lambda url: "/sign-in/" not in url)
    assert hers.goto(f"{address}/team/").status == 403  # type: ignore[union-attr]
    page.locator("#deactivate summary").click()
    page.get_by_role("button", name="Désactiver le compte").click()
    expect(page.locator("p.note")).to_contain_text("désactivé")
    hers.goto(f"{address}/account/")
    assert "/sign-in/" in hers.url
    boss.open("/team/audit/?object_id=nouvelle")
    assert [row.inner_text() for row in page.locator("tbody td:nth-child(3)").all()] == [
        "désactivé",
        "s'est connecté",
        "ajouté",
    ]
    assert boss.complaints == []
    for window in (page, hers):
        window.context.close()


def test_a_key_is_made_shown_once_and_ended_and_the_log_tells_it(chromium: Browser, site: tuple[str, Flask]) -> None:
    address, app = site
    boss = Visitor(chromium, address, 375, "dark", cookie=signed_cookie(app, "admin", "comite"))
    page = boss.open("/account/")
    page.locator("#keys").get_by_label("Nom").fill("tableur")
    page.get_by_label("export").check()
    page.get_by_role("button", name="Faire la clé").click()
    secret = page.locator("#secret").inner_text()
    boss.open("/account/")
    assert page.locator("#secret").count() == 0
    row = page.locator("#keys tbody tr")
    shown = row.locator("code").inner_text().rstrip("…")
    assert secret.startswith(shown)
    assert secret not in page.content()
    assert row.locator("td").nth(2).inner_text() == "read export"
    row.get_by_role("button", name="Révoquer la clé tableur").click()
    expect(page.locator("p.note")).to_have_text("La clé « tableur » est révoquée.")
    expect(page.locator("#keys tbody tr")).to_have_count(0)
    boss.open("/team/audit/")
    page.get_by_label("Sorte d'objet").select_option("key")
    page.get_by_label("Compte").fill("comite")
    page.get_by_role("button", name="Afficher").click()
    page.wait_for_url("**object_type=key**")
    told = [[cell.inner_text() for cell in line.locator("td").all()] for line in page.locator("tbody tr").all()]
    assert [cells[2:4] for cells in told] == [["révoqué", f"clé {shown}"], ["ajouté", f"clé {shown}"]]
    assert told[1][4] == f"Nom tableur\nPermet read export\nClé {shown}"
    assert boss.complaints == []
    page.context.close()
