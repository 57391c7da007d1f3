"""The application: what every answer carries, what is refused, what is said when something fails."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from peewee import Database

from admin import create_app
from admin.views import base
from schema.database import connect, hang_up
from schema.migrations import SchemaError
from schema.models import LatestOdds, use
from tests.admin import LISTS, counted, page, signed_in, text_of
from tests.admin.conftest import current
from tests.schema.letters import REPORT, quote

OURS = ("/admin/schedules/new/",)
"""Ways of writing that have the address of one of Flask-Admin's."""
PROGRAMS = ("/healthz", "/readyz", "/metrics")
ADDRESSES = ("/admin/", *(f"/admin/{name}/" for name in LISTS), "/admin/odds/details/?id=1", "/static/style.css")


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, FlaskClient]]:
    """An application for many tests, of which none changes anything, and an administrator's browser."""
    app = create_app(home=tmp_path_factory.mktemp("standing"))
    yield current(), signed_in(app)
    app.config["HUB"].close()


@pytest.fixture
def asking(standing: tuple[Database, FlaskClient]) -> Iterator[FlaskClient]:
    """The browser of one that stands; the tables of this process are those of its database again."""
    database, client = standing
    use(database)
    yield client
    hang_up(database)


# -- next to nothing is written ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("address", [*ADDRESSES, *PROGRAMS])
def test_every_other_method_is_refused(asking: FlaskClient, method: str, address: str) -> None:
    answer = getattr(asking, method)(address, data={"id": "1", "action": "delete"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("address", ["new", "edit", "delete", "action", "ajax/update", "ajax/lookup"])
def test_flask_admin_s_own_ways_of_writing_are_gone(asking: FlaskClient, address: str) -> None:
    for name in LISTS:
        if f"/admin/{name}/{address}/" not in OURS:
            assert asking.get(f"/admin/{name}/{address}/?id=1").status_code == 404
            assert asking.post(f"/admin/{name}/{address}/", data={"id": "1"}).status_code == 404


# -- who is answered ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.2:5000", "[::1", "a b", ""])
@pytest.mark.parametrize("address", ["/admin/", "/static/style.css", "/admin/static/vendor/jquery.min.js", "/nowhere"])
def test_a_foreign_name_is_not_answered(asking: FlaskClient, host: str, address: str) -> None:
    answer = asking.get(address, headers={"Host": host})
    assert answer.status_code == 400
    assert "gigscrapy" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:8080", "localhost"])
def test_this_machine_is_answered_by_its_names(asking: FlaskClient, host: str) -> None:
    assert asking.get("/admin/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("address", [*ADDRESSES, *PROGRAMS, "/nowhere", "/admin/odds/details/", "/"])
def test_every_answer_is_locked_up(asking: FlaskClient, address: str) -> None:
    headers = asking.get(address, buffered=True).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    if address in PROGRAMS or "static" in address:
        assert "Set-Cookie" not in headers


def test_a_page_is_kept_by_nobody(client: FlaskClient) -> None:
    assert client.get("/admin/odds/").headers["Cache-Control"] == "no-store"


def test_no_page_says_a_script_or_a_style_of_its_own(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(quote(), REPORT, b"?")
    for address in ADDRESSES[:-1]:
        shown = page(client, address)
        assert not shown.xpath("//script[not(@src) or text()] | //style | //@style | //@*[starts-with(name(), 'on')]")
        for link in shown.xpath("//link/@href | //img/@src | //script/@src").getall():
            assert link.startswith(("/static/", "/admin/static/")), link
            assert client.get(link, buffered=True).status_code == 200


# -- languages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "language", "title"),
    [
        (None, "fr", "Toutes les cotes"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr", "Toutes les cotes"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en", "All odds"),
        ("de-DE", "fr", "Toutes les cotes"),
        ("xx;q=oops", "fr", "Toutes les cotes"),
    ],
)
def test_the_browser_chooses_the_language(asking: FlaskClient, wanted: str | None, language: str, title: str) -> None:
    answer = asking.get("/admin/odds/", headers={"Accept-Language": wanted} if wanted else {})
    shown = Selector(answer.text)
    assert shown.xpath("/html/@lang").get() == language
    assert text_of(shown.xpath("//h1")[0]) == title
    assert "Accept-Language" in answer.headers["Vary"]


# -- the first page ----------------------------------------------------------------------------------------------------


def test_the_first_page_of_the_tables_says_what_there_is(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(
        quote(), quote(60), replace(REPORT, state="finished", verdict="complete", counts={"discovered": 2, "parsed": 1})
    )
    shown = page(client, "/admin/")
    rows = {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in shown.css("#tables tr")}
    assert rows == {
        "Dernières cotes": "3",
        "Toutes les cotes": "6",
        "Matchs": "1",
        "Relevés": "1",
        "Tâches": "0",
        "Planifications": "1",
        "Échéances": "0",
        "Passages": "0",
        "Bookmakers": "20",
        "Ligues": "1",
        "Équipes": "2",
        "Sports": "21",
        "Marchés": rows["Marchés"],
        "Pages": "1",
        "Messages refusés": "0",
    }


def test_the_first_page_of_the_tables_counts_no_whole_table(
    client: FlaskClient, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "COUNT_LIMIT", 20)
    fill(*(quote(second) for second in range(7)))
    with counted(current()) as asked:
        shown = page(client, "/admin/")
    counts = [sql for sql in asked if "COUNT(" in sql]
    assert [(sql.count("COUNT("), sql.count("LIMIT")) for sql in counts] == [(len(LISTS), len(LISTS))]
    assert "20+" in {text_of(cell) for cell in shown.xpath("//tr/td")}


def test_the_menu_leads_everywhere_and_says_where_one_is(client: FlaskClient) -> None:
    shown = page(client, "/admin/runs/")
    links = shown.xpath("//header//details[@id='tables-menu']//li/a/@href").getall()
    assert links == ["/admin/", *(f"/admin/{name}/" for name in LISTS)]
    assert shown.xpath("//header//a[@aria-current]/@href").getall() == ["/admin/runs/"]
    assert shown.xpath("//body/a[1]/@href").get() == "#content"


# -- failures ----------------------------------------------------------------------------------------------------------


def test_an_address_of_nothing(client: FlaskClient) -> None:
    shown = page(client, "/admin/nowhere/", 404)
    assert text_of(shown.xpath("//h1")[0]) == "Erreur 404"
    assert shown.xpath("//main//a/@href").get() == "/"


def test_a_database_that_fails_is_no_traceback(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    LatestOdds.drop_table()
    shown = page(client, "/admin/latestodds/", 503)
    assert "La base de données n'a pas les tables qu'il faut" in text_of(shown.xpath("//main")[0])
    assert "no such table" not in shown.get()
    assert "no such table: LatestOdds" in caplog.text
    assert page(client, "/admin/odds/")


def test_an_error_of_ours_is_no_traceback(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(base, "count_each", lambda _models: 1 / 0)
    shown = page(signed_in(app), "/admin/", 500)
    assert "La page n'a pas pu être écrite" in text_of(shown.xpath("//main")[0])
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in shown.get()


@pytest.mark.parametrize("address", ["/admin/", "/admin/odds/", "/admin/odds/details/?id=7", "/nowhere"])
def test_no_connection_is_left_open(client: FlaskClient, address: str) -> None:
    current().close()
    client.get(address)
    assert current().is_closed()


def test_a_file_needs_no_database(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current(), "connect", lambda **_: pytest.fail("it was opened"))
    for address in ("/admin/static/bootstrap/bootstrap4/css/bootstrap.min.css", "/static/style.css"):
        assert client.get(address, buffered=True).status_code == 200


@pytest.mark.server
def test_a_server_s_database_is_brought_up_to_date_by_a_person(mariadb_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="scrapy migrate"):
        create_app(mariadb_url, tmp_path)
    assert not connect(mariadb_url, tmp_path).get_tables()
    assert not list(tmp_path.iterdir())


def test_two_applications_stand_side_by_side(tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert signed_in(create_app(home=tmp_path / name)).get("/admin/").status_code == 200
        current().close()
