"""Données in a real Chromium: an import from the file to the odds, a merge that is thought better of, an export."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from peewee import Database
from playwright.sync_api import Browser

from admin import create_app
from admin.exporting import reading
from schema.checksum import checksum
from schema.database import hang_up
from schema.models import AuditLog, Odds, Teams
from schema.store import Store
from tests.admin import signed_cookie
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor, served
from tests.schema.letters import letters, quote

pytestmark = pytest.mark.browser

HEADER = "Div,Date,HomeTeam,AwayTeam,B365H,B365D,B365A\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(home=tmp_path / "var")
    paris = "Paris Saint-Germain"
    Store(current()).store(
        letters(*(quote(n, match_id=None, home=name, away="OM") for n, name in enumerate((paris, "PSG", "=1+1"))))
    )
    yield app
    hang_up(current())


@pytest.fixture
def database(app: Flask) -> Database:
    return current()


PHONE, DESK = (375, "dark"), (1440, "light")


@pytest.fixture
def visitor(request: pytest.FixtureRequest, chromium: Browser, app: Flask) -> Iterator[Visitor]:
    with served(app) as site:
        visitor = Visitor(chromium, site, *request.param, cookie=signed_cookie(app))
        yield visitor
        visitor.page.context.close()


def check(visitor: Visitor) -> None:
    """Nothing sideways, nothing pale, nothing complained of."""
    page = visitor.page
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate(CONTRAST) == []
    assert visitor.complaints == []


@pytest.mark.parametrize("visitor", [PHONE], indirect=True)
def test_a_file_is_seen_before_it_is_stored(visitor: Visitor, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "F1.csv"
    path.write_text(HEADER + "F1,16/08/2024,Paris SG,OM,2,3,4\nF1,oops,Paris SG,OM,2,3,4\n")
    page = visitor.open("/admin/")
    page.get_by_role("link", name="Importer des cotes").click()
    page.wait_for_url("**/data/import/")
    check(visitor)
    page.set_input_files("#f-file", path)
    page.keyboard.press("Tab")
    page.locator("#f-file").focus()
    page.get_by_role("button", name="Lire le fichier").press("Enter")
    page.wait_for_selector("#store button")
    assert page.locator("table.narrow tbody tr td").all_inner_texts()[:2] == ["1", "3"]
    assert "oops" in page.locator("details[open]").inner_text()
    assert Odds.select().count() == 9
    check(visitor)
    page.get_by_label("Ce que serait Paris SG").select_option(label="un autre nom de Paris Saint-Germain")
    page.get_by_role("button", name="Enregistrer 3 cotes").click()
    page.wait_for_selector("dl.sums")
    page.wait_for_selector("#upload:not([data-live])", timeout=20_000)
    assert Odds.select().count() == 12
    assert Teams.get_or_none(Teams.name == "Paris SG") is None
    check(visitor)


@pytest.mark.parametrize("visitor", [DESK], indirect=True)
def test_nothing_is_merged_by_accident(visitor: Visitor, database: Database) -> None:
    """Escape, a wrong name and the way back change nothing; the right name does, and is noted."""
    psg, paris = Teams.get(Teams.name == "PSG").id, Teams.get(Teams.name == "Paris Saint-Germain").id
    before = checksum(database)
    page = visitor.open(f"/admin/teams/details/?id={psg}")
    page.get_by_role("link", name="Corriger").click()
    page.wait_for_url("**/data/teams/**")
    check(visitor)
    page.get_by_label("Celui qui reste").select_option(label="Paris Saint-Germain")
    page.get_by_role("button", name="Voir ce qui changerait").click()
    page.wait_for_url("**/merge/?into=*")
    assert page.locator("tbody tr").all_inner_texts()[0].split() == ["Matchs", "1"]
    check(visitor)
    field = page.get_by_label("Pour confirmer")
    field.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")  # the field must be filled in
    field.fill("Paris Saint-Germain")
    page.keyboard.press("Enter")
    page.wait_for_selector("[aria-invalid]")
    page.keyboard.press("Escape")
    assert (checksum(database), AuditLog.select().count()) == (before, 0)
    assert visitor.complaints.pop().endswith("422 (UNPROCESSABLE ENTITY)")
    page.get_by_label("Pour confirmer").fill("PSG")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/data/teams/{paris}/")
    assert page.locator(".aliases li").inner_text().startswith("PSG")
    assert Teams.get_or_none(Teams.id == psg) is None
    assert [(note.action, note.object_id) for note in AuditLog.select()] == [("merge", "PSG")]
    check(visitor)


@pytest.mark.parametrize("visitor", [DESK], indirect=True)
def test_an_export_is_counted_and_can_be_ended(
    visitor: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visitor.open("/admin/odds/")
    with page.expect_download() as taking:
        page.get_by_role("link", name="CSV").click()
    text = Path(taking.value.path()).read_text(encoding="utf-8-sig")
    assert taking.value.suggested_filename.startswith("gigscrapy-toutes-les-cotes-")
    assert "7,00" in text
    assert ";'=1+1;" in text
    page.wait_for_selector("output:has-text('9 lignes emportées.')")
    check(visitor)
    batches = reading.Listed.batches

    def slowly(self: reading.Listed, render: reading.Render) -> Iterator[object]:
        import time

        for _ in range(400):
            yield from batches(self, render)
            time.sleep(0.05)

    monkeypatch.setattr(reading.Listed, "batches", slowly)
    page.get_by_role("link", name="NDJSON").click()
    page.wait_for_selector("output:has-text('lignes…')")
    page.get_by_role("button", name="Arrêter").click()
    page.wait_for_selector("output:has-text('Arrêté après')")
    assert "n'est pas complet" in page.locator("output").inner_text()
