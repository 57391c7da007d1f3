"""What nobody may do to this application, asked of every address it has (ASVS, level 2, as far as it applies).

Who is let in where is in test_access; sessions, tries and keys are in test_signin and test_account; names this machine
is called by and TLS are in test_hosts.
"""

import ast
import json
import logging
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from peewee import Database

import admin
from admin import create_app, security
from schema.database import hang_up
from schema.models import PEOPLE, Bookmakers, Leagues, Teams, Users, use
from schema.store import Store
from tests.admin import account, crowd, signed_in, token_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.admin.test_access import OPEN_TO_ALL, examples
from tests.schema.letters import letters

FOLDER = Path(admin.__file__).parent
NEVER_ENDING = ("stream", "live", "events")
"""Words of endpoints whose answer goes on: only its beginning is read."""
ATTRIBUTE = '"><img src=x onerror=alert(9)>'
CANARY = "c4nary-s3cret"


@pytest.fixture(scope="module")
def infestation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, Database]]:
    """A crowd in which everything that has a name is called by a script, people too."""
    app = create_app(home=tmp_path_factory.mktemp("infested"))
    database = current()
    Store(database).store(letters(*crowd.messages()))
    crowd.fill(database)
    with database.connection_context():
        crowd.go_on()
        Bookmakers.update(name=Bookmakers.name.concat(SCRIPT), website="javascript:alert(8)").execute()
        Leagues.update(name=Leagues.name.concat(ATTRIBUTE), country=SCRIPT).execute()
        Teams.update(name=Teams.name.concat(ATTRIBUTE + SCRIPT)).execute()
        account("admin")
        Users.update(first_name=SCRIPT, last_name=ATTRIBUTE).execute()
    yield signed_in(app), database
    hang_up(database)


@pytest.fixture
def infested(infestation: tuple[FlaskClient, Database]) -> FlaskClient:
    """Over it, whatever database another test was over meanwhile."""
    client, database = infestation
    use(database)
    return client


def pages(app: Flask) -> list[tuple[str, str]]:
    """Endpoint and address of everything that can be asked for; what stands for a number is 1, and there."""
    return [
        (endpoint, address.replace("/7", "/1"))
        for endpoint, method, address in examples(app)
        if method == "GET" and endpoint not in OPEN_TO_ALL
    ]


def beginning(client: FlaskClient, address: str) -> tuple[int, str, str]:
    """Status, kind and the first text of an answer, which may never end."""
    answer = client.get(address, follow_redirects=True)
    first = next(iter(answer.response), b"")
    whole = first if answer.is_streamed and "event-stream" in answer.mimetype else first + b"".join(answer.response)
    answer.close()
    return answer.status_code, answer.mimetype, whole.decode("utf-8", "replace")


# -- what was scraped is no script -------------------------------------------------------------------------------------


def test_no_page_runs_what_was_scraped(infested: FlaskClient) -> None:
    """Whatever it is called: an element, an attribute or a link of it would be seen here."""
    told = 0
    for endpoint, address in pages(infested.application):
        if any(word in endpoint for word in NEVER_ENDING):
            continue
        status, kind, text = beginning(infested, address)
        assert status < 500, address
        if kind != "text/html":
            continue
        told += SCRIPT[1:-1] in text or "alert(1)" in text
        assert SCRIPT not in text, address
        assert ATTRIBUTE not in text, address
        shown = Selector(text)
        for script in shown.xpath("//script"):
            assert script.xpath("@src").get("").startswith("/") or script.xpath("@type").get() == "application/json"
        assert not shown.xpath("//*[@*[starts-with(name(), 'on')]] | //img[@src='x'] | //style | //@style"), address
        for link in shown.xpath("//@href | //@src | //@action | //@formaction").getall():
            assert not re.match(r"\s*(javascript|data|vbscript):", link, re.IGNORECASE), (address, link)
    assert told >= 8, "the names are on these pages"


def test_what_stands_in_json_within_a_page_does_not_end_it(infested: FlaskClient) -> None:
    for _, address in pages(infested.application):
        _, kind, text = beginning(infested, address)
        if kind == "text/html":
            for island in Selector(text).xpath("//script[@type='application/json']/text()").getall():
                assert "<" not in island, address
                json.loads(island)


def test_every_template_escapes() -> None:
    """``|safe`` and ``Markup`` of anything that is put together would be the way around."""
    for path in FOLDER.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", ""), path
        assert "autoescape" not in text, path
    for path in FOLDER.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Markup" and call.args:
                assert is_plain(call.args[0]), (path, call.lineno)


def is_plain(argument: ast.expr) -> bool:
    """A text that stands there, or one in which all that is filled in is escaped."""
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    filled = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
    return all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts) and all(
        isinstance(value, ast.Call) and getattr(value.func, "id", "") == "escape" for value in filled
    )


# -- what is asked is no SQL -------------------------------------------------------------------------------------------

HOSTILE = (
    "sNaN",
    "1e999999999",
    "' OR '1'='1",
    "1;DROP TABLE users",
    '" OR ""="',
    "%",
    "_",
    "\\",
    "-1",
    "9" * 30,
    "\0",
    "NaN",
    "1e999",
    "[]",
)
ARGUMENTS = (
    *("search", "sort", "desc", "page", "page_size", "id", "bookmaker", "league", "sport", "team", "market", "match"),
    *(
        "from",
        "until",
        "day",
        "since",
        "days",
        "outcome",
        "actor",
        "object_type",
        "object_id",
        "older",
        "after",
        "cursor",
    ),
    *("threshold", "margin", "preview"),
    *("price_min", "price_max", "period", "state", "spider", "order", "reason", "next", "format", "line", "book"),
)


def test_nothing_that_is_asked_breaks_a_page(infested: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    """Each hostile word as every argument at once, and each argument by itself; no answer is an error of ours."""
    before = [table.select().count() for table in (*PEOPLE, Teams, Bookmakers)]
    asked = 0
    for (endpoint, address), word in product(pages(infested.application), HOSTILE):
        if any(part in endpoint for part in NEVER_ENDING):
            continue
        asked += 1
        everything = "&".join(f"{name}={quote(word)}" for name in ARGUMENTS)
        answer = infested.get(f"{address}{'&' if '?' in address else '?'}{everything}")
        assert answer.status_code < 500, (address, word)
        answer.close()
    assert asked > 300
    assert [table.select().count() for table in (*PEOPLE, Teams, Bookmakers)] == before
    assert not [record for record in caplog.records if record.levelname == "ERROR" and "sql" in record.message.lower()]


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
def test_no_number_is_too_large_for_a_page(infested: FlaskClient, number: int) -> None:
    """Those that no row can have are asked of no database, some of which cannot even be asked."""
    asked = set()
    headers = {"X-CSRFToken": token_of(infested)}
    for _, method, address in examples(infested.application):
        if "/7" in address:
            asked.add(method)
            answer = infested.open(address.replace("/7", f"/{number}"), method=method, headers=headers)
            assert answer.status_code < 500, (method, address)
            assert number < 2**63 or answer.status_code in (404, 405), (method, address)
            answer.close()
    assert asked == {"GET", "POST"}


def test_no_filter_says_yes_to_all(infested: FlaskClient) -> None:
    """A word of SQL finds nothing, where nothing is called so."""
    for name in ("odds", "matches", "teams", "leagues", "runs", "deadletters"):
        shown = Selector(infested.get(f"/admin/{name}/?search={quote(HOSTILE[0])}").text)
        assert not shown.xpath("//main//table[contains(@class, 'table-hover')]/tbody/tr"), name


# -- nobody is led elsewhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "\thttps://evil.example"]
)
def test_no_address_leads_elsewhere(infested: FlaskClient, anonymous: FlaskClient, elsewhere: str) -> None:
    asked = "&".join(
        f"{name}={quote(elsewhere)}" for name in ("next", "url", "return", "return_to", "back", "to", "target")
    )
    for client in (infested, anonymous):
        for endpoint, address in pages(infested.application):
            if any(part in endpoint for part in NEVER_ENDING):
                continue
            answer = client.get(
                f"{address}{'&' if '?' in address else '?'}{asked}", headers={"Referer": elsewhere.strip()}
            )
            where = answer.headers.get("Location", "/")
            assert where.startswith("/"), (address, where)
            assert not where.startswith(("//", "/\\")), (address, where)
            answer.close()


# -- headers -----------------------------------------------------------------------------------------------------------


def test_every_kind_of_answer_is_locked_up(infested: FlaskClient, app: Flask, anonymous: FlaskClient) -> None:
    kinds = set()
    asked = [
        *((infested, "GET", address) for _, address in pages(infested.application)),
        *((infested, "POST", address) for _, method, address in examples(infested.application) if method == "POST"),
        *((anonymous, "GET", address) for address in ("/", "/sign-in/", "/nowhere", "/healthz", "/metrics", "/readyz")),
        *((anonymous, "POST", address) for address in ("/", "/sign-in/", "/account/names")),
        *((anonymous, "GET", address) for address in ("/static/style.css", "/static/../access.py", "/admin/static/x")),
    ]
    for client, method, address in asked:
        answer = client.open(address, method=method)
        kinds.add((answer.status_code, answer.mimetype))
        for name, value in security.HEADERS.items():
            assert answer.headers.getlist(name) == [value], (method, address, name)
        if answer.mimetype == "text/html":
            assert "no-store" in answer.headers["Cache-Control"], address
            assert "charset=utf-8" in answer.headers["Content-Type"], address
        assert "Python" not in answer.headers.get("Server", "")
        answer.close()
    assert {200, 302, 303, 400, 401, 404, 405} <= {status for status, _ in kinds} | {303}


def test_the_policy_has_no_hole() -> None:
    parts = dict(part.split(" ", 1) for part in security.HEADERS["Content-Security-Policy"].split("; "))
    assert parts["default-src"] == parts["base-uri"] == parts["frame-ancestors"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == parts["form-action"] == "'self'"
    assert not re.search(r"unsafe|\*|https?:|nonce|blob:", " ".join(parts.values()))


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_a_page_or_a_log(
    infested: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither what this installation knows, nor what would open a session or an account."""
    row = account("viewer", "secretive")
    Users.update(password=f"$argon2id${CANARY}", fs_uniquifier=CANARY).where(Users.id == row.id).execute()
    settings = infested.application.config["SETTINGS"]
    for name in ("SCRAPYD_PASSWORD", "RABBIT_URL", "DATABASE_URL", "ADMIN_SECRET_KEY"):
        settings.set(name, CANARY, priority="cmdline") if name == "SCRAPYD_PASSWORD" else None
        monkeypatch.setenv(name, CANARY)
    key = infested.application.secret_key
    assert isinstance(key, str)
    home = str(infested.application.config["QUEUES"].home)
    with caplog.at_level("DEBUG"):
        for endpoint, address in [*pages(infested.application), ("", "/readyz"), ("", "/metrics"), ("", "/nowhere")]:
            if any(part in endpoint for part in NEVER_ENDING):
                continue
            _, _, text = beginning(infested, address)
            for secret in (CANARY, key, "$argon2id$"):
                assert secret not in text, (address, secret)
            assert home not in text, address
    assert CANARY not in caplog.text
    assert key not in caplog.text


def test_what_others_log_is_as_loud_as_it_was(infested: FlaskClient) -> None:
    assert infested.application
    levels = {logging.getLogger(name).getEffectiveLevel() for name in ("peewee", "peewee.migrations", "somebody")}
    assert levels == {logging.root.level}


def test_no_secret_stands_in_the_code() -> None:
    """A password, a key or a token has no default."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and len(node.args) == 2:
                name, default = node.args
                if isinstance(name, ast.Constant) and re.search(r"PASSWORD|SECRET|TOKEN", str(name.value)):
                    assert isinstance(default, ast.Constant), path
                    assert default.value in (None, ""), path


# -- size --------------------------------------------------------------------------------------------------------------


def test_a_post_has_a_bound_that_is_told(client: FlaskClient) -> None:
    """No view takes more without saying how much."""
    for path in ("/sign-in/", "/preferences", "/account/names", "/team/new"):
        answer = client.post(path, data={"x": "y" * (security.LONGEST_POST + 1)})
        assert answer.status_code == 413, path
        assert "trop" in Selector(answer.text).xpath("string(//main)").get("").lower()
