"""The analyst's table: what is copied is what a file of ours says, byte for byte, blanks included."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, expect

from admin import create_app
from admin.pages import analyst
from schema.database import connect, hang_up
from schema.messages import Message
from schema.models import AuditLog, Bookmakers, Layouts, Leagues
from schema.store import Store
from schema.tally import Tally
from tests.admin import page, signed_cookie, signed_in, text_of, token_of
from tests.admin.conftest import current
from tests.admin.visitor import Visitor, served
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, NOON, letters, prices, quote

GOLDEN = Path(__file__).parent / "golden" / "table.tsv"
BOOKS = ("Winamax", "Betclic", "Unibet")


def said() -> Iterator[Message]:
    """Two leagues; Betclic lacks a match, Unibet a draw, and one team is called as no team should be."""
    yield quote(bookmaker="Winamax", prices=prices("7", "4.75", "1.42"))
    yield quote(bookmaker="Betclic", prices=prices("6.9", "4.7", "1.444"))
    yield quote(bookmaker="Unibet", prices=prices("7.2", None, "1.4"))
    evening = KICKOFF + timedelta(hours=2, minutes=15)
    yield quote(
        match_id="2", home="=1+1", away="Étoile", kickoff=evening, bookmaker="Winamax", prices=prices("2", "3.4", "3.5")
    )
    yield quote(
        match_id="2",
        home="=1+1",
        away="Étoile",
        kickoff=evening,
        bookmaker="Unibet",
        prices=prices("2.1", "3.3", "3.5"),
    )
    yield quote(match_id="3", league="Liga", home="Rio", bookmaker="Betclic", prices=prices("1.5", "4", "6.5"))
    yield quote(match_id="4", league="Liga", home="Tard", kickoff=KICKOFF + timedelta(days=3), bookmaker="Betclic")


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyst, "now", lambda: NOON.replace(tzinfo=None))


both = pytest.mark.parametrize("client", ["sqlite", pytest.param("mariadb", marks=pytest.mark.server)], indirect=True)


@pytest.fixture
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FlaskClient]:
    """On SQLite, unless a test wants both."""
    url = None
    if getattr(request, "param", None) == "mariadb":
        url = request.getfixturevalue("mariadb_url")
        database = connect(url, tmp_path)
        lay(database)
        hang_up(database)
    app = create_app(url, tmp_path)
    Store(current()).store(letters(*said()))
    yield signed_in(app)
    hang_up(current())


def ids() -> dict[str, str]:
    """What the address says of a table: three bookmakers in an order of one's own, and two leagues."""
    books = {row.name: row.id for row in Bookmakers.select()}
    leagues = {row.name: row.id for row in Leagues.select()}
    return {
        "market": "1X2",
        "bookmakers": ",".join(str(books[name]) for name in BOOKS),
        "leagues": f"{leagues['Ligue 1']},{leagues['Liga']}",
        "next": "2",
        "columns": "kickoff,league,match,prices,trj,market_trj",
    }


def saved(client: FlaskClient, name: str = "Mes matchs", **changes: str) -> str:
    """The address of the table, saved."""
    answer = client.post(
        "/benchmark/table/save", data={"csrf_token": token_of(client), "name": name, **ids(), **changes}
    )
    assert answer.status_code == 303, answer.text
    return answer.location


@both
def test_a_saved_layout_is_copied_byte_for_byte(client: FlaskClient) -> None:
    number = saved(client).rpartition("=")[2]
    assert client.get(f"/benchmark/table/table.tsv?layout={number}").data == GOLDEN.read_bytes()
    shown = page(client, f"/benchmark/table/?layout={number}").xpath("string(//textarea[@id='tsv'])").get() or ""
    assert shown.lstrip("\n").encode() == GOLDEN.read_bytes()


def test_its_files_say_the_same(client: FlaskClient) -> None:
    number = saved(client).rpartition("=")[2]
    golden = [line.split("\t") for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    answer = client.get(f"/benchmark/table/table.csv?layout={number}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(answer.text[1:]), delimiter=";")) == golden
    assert "Mes matchs.csv" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/benchmark/table/table.xlsx?layout={number}").data))
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert rows[0] == golden[0]
    assert rows[1][4:8] == [7, 4.75, 1.42, 94.55]
    assert rows[2][2] == "'=1+1"
    assert [value is None for value in rows[2]] == [cell == "" for cell in golden[2]]


def test_the_form_puts_bookmakers_in_my_order(client: FlaskClient) -> None:
    books = {row.name: row.id for row in Bookmakers.select()}
    league = Leagues.get(Leagues.name == "Ligue 1").id
    order = "&".join(f"b{books[name]}={place}" for place, name in enumerate(("Unibet", "Betclic", "Winamax"), 1))
    answer = client.get(f"/benchmark/table/?chosen=1&{order}&l{league}=1&next=1&market=1X2&column=prices&column=match")
    assert answer.status_code == 302
    heads = [text_of(head) for head in page(client, answer.location).xpath("//table[@id='sheet']/thead//th")]
    assert heads == ["Match", *(f"{name} {side}" for name in ("Unibet", "Betclic", "Winamax") for side in "1N2")]
    assert len(page(client, answer.location).xpath("//table[@id='sheet']/tbody/tr")) == 1


@both
def test_saving_is_noted_and_the_same_name_is_replaced(client: FlaskClient) -> None:
    first = saved(client)
    assert saved(client, next="7") == first
    (row,) = Layouts.select()
    assert (row.owner, row.name, row.matches) == ("admin", "Mes matchs", 7)
    assert [note.action for note in AuditLog.select().where(AuditLog.object_type == "layout")] == ["add", "change"]
    assert text_of(page(client, first).xpath("//nav[@aria-label='Tables enregistrées']")[0]) == "Mes matchs"


def test_another_may_look_and_not_touch(client: FlaskClient) -> None:
    address = saved(client)
    number = address.rpartition("=")[2]
    other = signed_in(client.application, "viewer")
    found = page(other, address)
    assert found.xpath("//table[@id='sheet']")
    assert not found.xpath("//details[@class='forget']")
    token = found.xpath("//meta[@name='csrf-token']/@content").get()
    assert other.post(f"/benchmark/table/{number}/remove", data={"csrf_token": token}).status_code == 404
    assert saved(other, "Mes matchs") != address, "each has names of their own"
    assert client.post(f"/benchmark/table/{number}/remove", data={"csrf_token": token_of(client)}).status_code == 303
    assert [row.owner for row in Layouts.select()] == ["viewer"]


@pytest.mark.parametrize("changes", [{"name": " "}, {"bookmakers": "", "leagues": "", "name": ""}])
def test_a_layout_without_a_name_is_not_saved(client: FlaskClient, changes: dict[str, str]) -> None:
    data = {"csrf_token": token_of(client), **ids(), **changes}
    assert client.post("/benchmark/table/save", data=data).status_code == 400
    assert not Layouts.select().exists()


def test_empty_tables_say_why(client: FlaskClient) -> None:
    def told(question: str) -> str:
        return text_of(page(client, f"/benchmark/table/?{question}").xpath("//*[@id='empty']")[0])

    assert told("").startswith("Aucun match de football coté dans les deux semaines à venir n'est décompté")
    assert told("bookmakers=&leagues=").startswith("Il faut au moins un bookmaker et une ligue")
    book = Bookmakers.get(Bookmakers.name == "Winamax").id
    league = Leagues.get(Leagues.name == "Liga").id
    Store(current()).store(
        letters(quote(60, match_id="3", league="Liga", home="Rio", kickoff=NOON - timedelta(hours=1)))
    )
    Store(current()).store(
        letters(quote(60, match_id="4", league="Liga", home="Tard", kickoff=NOON - timedelta(hours=1)))
    )
    assert told(f"bookmakers={book}&leagues={league}") == "Aucun match à venir dans ces ligues : Liga."
    for question in ("layout=99", "layout=99999999999999"):
        assert client.get(f"/benchmark/table/?{question}").status_code in (200, 404)


def test_without_a_word_it_shows_who_plays_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    app = create_app(None, tmp_path)
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    item = replace(quote(bookmaker="Winamax", kickoff=soon), scraped_at=soon - timedelta(days=2))
    Store(current()).store(letters(item, received_at=soon))
    Tally(current()).run()
    found = page(signed_in(app), "/benchmark/table/")
    assert [text_of(cell) for cell in found.xpath("//table[@id='sheet']/tbody/tr/*")][2:6] == [
        "Ligue 1",
        "7,00",
        "4,75",
        "1,42",
    ]
    hang_up(current())


@pytest.mark.browser
def test_from_the_ranking_to_the_clipboard(app: Flask, fill: Callable[..., None], chromium: Browser) -> None:
    """Rank, flip, choose a table, save it, copy it with one click; nothing is asked of others, nothing complains."""
    fill(*said(), quote(-7200, match_id="9", home="Vu", kickoff=NOON - timedelta(hours=1), bookmaker="Winamax"))
    Tally(current()).run()
    day = KICKOFF.date()
    with served(app) as site:
        visitor = Visitor(chromium, site, 1440, "light", cookie=signed_cookie(app))
        visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
        found = visitor.open(f"/benchmark/?since={day}&until={day}")
        assert found.locator("#ranking tbody tr").count() == 3
        assert found.locator("#trj-over-time canvas").count() == 1
        found.locator("#flip").click()
        assert found.locator(".bench.operator").count() == 1
        found.locator("#matrix tbody a").first.click()
        assert found.locator("main tbody tr").count() >= 1
        found.get_by_role("link", name="Table de l'analyste").click()
        told = ids()
        for place, number in enumerate(told["bookmakers"].split(","), 1):
            found.fill(f"input[name=b{number}]", str(place))
        for place, number in enumerate(told["leagues"].split(","), 1):
            found.fill(f"input[name=l{number}]", str(place))
        found.fill("#next", "2")
        found.uncheck("input[name=column][value=best]")
        found.locator("#choose button").click()
        found.fill("#name", "Mes matchs")
        found.locator("#keep button").click()
        expect(found).to_have_url(re.compile("layout="))
        found.get_by_role("button", name="Copier").click()
        found.get_by_text("Copié : 5 lignes.").wait_for()
        copied = found.evaluate("navigator.clipboard.readText()")
        assert copied.encode() == GOLDEN.read_bytes()
        # Without the clipboard the text is selected, for the old way or by hand.
        found.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        found.evaluate("document.execCommand = () => false")
        found.get_by_role("button", name="Copier").click()
        found.get_by_text("Le navigateur ne laisse pas copier").wait_for()
        assert found.evaluate("document.activeElement.selectionEnd - document.activeElement.selectionStart") == len(
            copied
        )
        # What is chosen and not shown yet is saved too.
        found.locator(".own-layout summary").click()
        found.uncheck("input[name=column][value=trj]")
        found.locator("#keep button").click()
        expect(found.locator("thead th", has_text="TRJ (%)")).to_have_count(0)
        expect(found.locator("thead th", has_text="TRJ du marché (%)")).to_have_count(1)
        assert visitor.complaints == []
        visitor.page.context.close()
