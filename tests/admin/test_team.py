"""The team's pages, and the audit log's."""

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from peewee import Database
from werkzeug.test import TestResponse

import admin
from admin import accounts
from admin.pages import team
from schema.database import connect, hang_up
from schema.models import PEOPLE, AuditLog, Sessions, Users, now, use
from tests.admin import account, counted, page, signed_in, text_of, token_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.laid import lay


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(accounts, "hash_password", lambda password: f"hash of {password}")


def post(client: FlaskClient, address: str, **said: object) -> TestResponse:
    return client.post(address, data=said, headers={"X-CSRFToken": token_of(client)})


def rows(client: FlaskClient, address: str) -> list[list[str]]:
    return [[text_of(cell) for cell in row.xpath("./td")] for row in page(client, address).xpath("//main//tbody/tr")]


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_everybody_is_listed_in_two_queries(client: FlaskClient) -> None:
    for name in ("comite", "bureau"):
        account("viewer", name)
    Users.update(last_login=datetime(2026, 11, 21, 19, 45)).where(Users.username == "bureau").execute()
    Users.update(active=False).where(Users.username == "comite").execute()
    with counted(current()) as asked:
        found = rows(client, "/team/")
    assert len(asked) == 1, asked
    assert [row[0] for row in found] == ["admin", "bureau", "comite"]
    assert found[1][2:] == ["Lecture seule", "actif", "sam. 21/11/2026 20:45"]
    assert found[2][2:] == ["Lecture seule", "désactivé", "jamais"]


def test_a_new_account_has_a_password_that_is_shown_once(app: Flask, client: FlaskClient) -> None:
    answer = post(client, "/team/new", username="Comité", first_name="Z", last_name="", role="operator")
    assert answer.status_code == 201
    password = Selector(answer.text).css("#secret").xpath("string()").get() or ""
    row = Users.get(Users.username == "Comité")
    assert (row.password, row.role, row.first_name) == (f"hash of {password}", "operator", "Z")
    assert password not in page(client, f"/team/{row.id}/").get()
    note = AuditLog.get()
    assert (note.actor, note.action, note.object_id) == ("admin", "add", "Comité")
    assert password not in note.after


@pytest.mark.parametrize(
    ("username", "role", "status"),
    [
        ("a b", "viewer", 422),
        ("", "viewer", 422),
        ("ADMIN", "viewer", 422),
        ("comite", "root", 400),
        (SCRIPT, "admin", 422),
    ],
)
def test_an_account_that_cannot_be_is_told(client: FlaskClient, username: str, role: str, status: int) -> None:
    answer = post(client, "/team/new", username=username, role=role)
    assert answer.status_code == status
    assert SCRIPT not in answer.text
    assert Users.select().count() == 1
    if status == 422:
        assert Selector(answer.text).xpath("//*[@role='alert']")
        assert Selector(answer.text).xpath("//input[@name='username']/@value").get("") == username


def test_what_is_done_to_an_account_is_done_and_noted(app: Flask, client: FlaskClient) -> None:
    row = account("viewer", "comite")
    hers = signed_in(app, "viewer", "comite")
    assert post(client, f"/team/{row.id}/role", role="operator").status_code == 303
    assert hers.get("/admin/schedules/new/").status_code == 200, "at once, without a new sign-in"
    assert post(client, f"/team/{row.id}/sign-out").status_code == 303
    assert hers.get("/account/").status_code == 302
    hers = signed_in(app, "operator", "comite")
    answer = post(client, f"/team/{row.id}/password")
    assert Users.get_by_id(row.id).password == f"hash of {Selector(answer.text).css('#secret').xpath('string()').get()}"
    assert hers.get("/account/").status_code == 302
    assert post(client, f"/team/{row.id}/active", off="1").status_code == 303
    assert not Users.get_by_id(row.id).active
    assert post(client, f"/team/{row.id}/active", on="1").status_code == 303
    assert Users.get_by_id(row.id).active
    actions = [note.action for note in AuditLog.select().order_by(AuditLog.id)]
    assert actions == ["role", "sign-out-everywhere", "password", "deactivate", "activate"]


def test_the_last_administrator_cannot_lock_everybody_out(client: FlaskClient) -> None:
    mine = Users.get(Users.username == "admin")
    account("admin", "gone")
    Users.update(active=False).where(Users.username == "gone").execute()
    for address, said in (("role", {"role": "viewer"}), ("active", {"off": "1"})):
        answer = post(client, f"/team/{mine.id}/{address}", **said)
        assert answer.status_code == 409
        assert "dernier administrateur" in answer.text
    assert (Users.get_by_id(mine.id).role, Users.get_by_id(mine.id).active) == ("admin", True)
    assert not AuditLog.select().exists()


@pytest.mark.parametrize("number", ["777", "99999999999999999999"])
def test_nobody_has_that_number(client: FlaskClient, number: str) -> None:
    assert client.get(f"/team/{number}/").status_code == 404
    assert post(client, f"/team/{number}/role", role="viewer").status_code == 404


def test_a_stale_sign_in_changes_no_account(client: FlaskClient) -> None:
    row = account("viewer", "comite")
    with client.session_transaction() as session:
        session["fs_paa"] = 0
    for address, said in (
        ("/team/new", {"username": "x", "role": "admin"}),
        (f"/team/{row.id}/role", {"role": "admin"}),
        (f"/team/{row.id}/password", {}),
        (f"/team/{row.id}/active", {"off": "1"}),
    ):
        answer = post(client, address, **said)
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/account/confirm/")
    assert Users.select().count() == 2
    assert Users.get_by_id(row.id).role == "viewer"
    assert not page(client, "/team/").xpath("//main//form[@method='post']")


# -- the audit log -----------------------------------------------------------------------------------------------------


@pytest.fixture
def noted(client: FlaskClient) -> FlaskClient:
    """120 changes: one an hour, by three people; the newest is that of 21/11/2026 20:00 in Paris."""
    last = datetime(2026, 11, 21, 19)
    with current().atomic():
        for number in range(120):
            AuditLog.create(
                at=last - timedelta(hours=119 - number),
                actor=("comite", "bureau", SCRIPT)[number % 3],
                action="change",
                object_type="schedule" if number % 2 else "bookmaker",
                object_id=f"n° {number}",
                before=f'{{"name": "before {number}", "same": 1}}',
                after=f'{{"name": "{SCRIPT}", "same": 1, "new": [1, 2]}}',
                address="192.0.2.1",
            )
    return client


def test_changes_are_told_field_by_field(noted: FlaskClient) -> None:
    shown = page(noted, "/team/audit/")
    assert SCRIPT not in shown.get()
    first = rows(noted, "/team/audit/")[0]
    assert first[0] == "sam. 21/11/2026 20:00"
    assert first[2:] == ["modifié", "planification n° 119", f"Nom before 119 → {SCRIPT}new [1, 2]", "192.0.2.1"]
    assert len(shown.xpath("//tbody/tr")) == team.PAGE


def test_each_change_is_on_one_page(noted: FlaskClient) -> None:
    seen: list[str] = []
    address: str | None = "/team/audit/"
    while address:
        shown = page(noted, address)
        seen += [text_of(cell) for cell in shown.xpath("//tbody/tr/td[4]")]
        address = shown.xpath("//nav[@class='pager']/a[text()='Plus anciens']/@href").get()
    assert [each.rpartition(" ")[2] for each in seen] == [str(number) for number in reversed(range(120))]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("actor=comite", 40),
        ("object_type=schedule", 50),
        ("object_type=schedule&object_id=n%C2%B0+7", 1),
        ("object_id=n%C2%B0+7", 1),
        ("day=2026-11-21", 21),
        ("day=2026-11-20", 24),
        ("day=2026-11-20&actor=bureau", 8),
        ("day=2026-11-22", 0),
        ("day=2020-01-01", 0),
        ("day=oops", 0),
        ("day=0001-01-01", 0),
        ("day=2026-02-30", 0),
        ("actor=nobody", 0),
        ("actor=%25", 0),
        ("actor=comite'%20OR%201=1--", 0),
        ("older=1", 0),
        ("older=x", 0),
        ("older=99999999999999999", 50),
        ("older=999999999999999999999999", 0),
        ("object_type=%00", 50),
    ],
)
def test_the_log_is_narrowed(noted: FlaskClient, asked: str, count: int) -> None:
    with counted(current()) as queries:
        assert len(rows(noted, f"/team/audit/?{asked}")) == count
    assert len(queries) <= 3


def test_each_word_of_the_log_has_a_name() -> None:
    """Of every change that is noted anywhere; a word nobody knows is shown as it is."""
    noted: dict[int, set[str]] = {0: set(), 1: set()}
    for path in Path(admin.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.note":
                for place, argument in enumerate(call.args[:2]):
                    if isinstance(argument, ast.Constant):
                        noted[place].add(argument.value)
    assert len(noted[0]) > 5
    assert noted[0] <= set(team.ACTIONS)
    assert noted[1] <= set(team.OBJECTS)


def test_an_empty_log_says_so(client: FlaskClient) -> None:
    assert "Personne n'a encore rien changé" in text_of(page(client, "/team/audit/").xpath("//main")[0])
    assert "Aucun changement ne répond" in text_of(page(client, "/team/audit/?actor=x").xpath("//main")[0])


def test_the_day_is_one_of_paris() -> None:
    begins, ends = team.bounds("2026-10-25")  # 25 hours long
    assert (begins, ends) == (datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 23))


def test_nothing_changes_or_removes_a_note(app: Flask) -> None:
    """No view of ours does, and no list of Flask-Admin's has the tables about people."""
    [tables] = app.extensions["admin"]
    assert not {view.model for view in tables._views[1:]} & set(PEOPLE)


# -- both databases ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def database(request: pytest.FixtureRequest, app: Flask) -> Iterator[Database]:
    """The tables of either kind, in place of the application's."""
    embedded = current()
    if request.param == "sqlite":
        yield embedded
        return
    server = request.getfixturevalue("mariadb")
    other = connect(server.url(server.new_database()), app.config["QUEUES"].home)
    lay(other)
    use(other)
    yield other
    hang_up(other)
    use(embedded)


def test_people_are_kept_alike_on_either_database(database: Database, app: Flask) -> None:
    from admin import keys, signing, tries
    from admin.access import Role
    from admin.accounts import CannotBe

    with app.app_context():
        first = accounts.add("Comité", "correct horse battery", Role.ADMIN)
        with pytest.raises(CannotBe, match="already"):
            accounts.add("COMITÉ", "correct horse battery", Role.ADMIN)
        other = accounts.add("Comite", "correct horse battery", Role.VIEWER)
        assert other.id != first.id, "another letter, another name"
        assert (accounts.find("comité") or other).id == first.id
        signing.open_session(first.id)
        accounts.set_role(other, Role.ADMIN)
        accounts.set_active(first, active=False)
        assert not Sessions.select().exists()
        with pytest.raises(CannotBe, match="last"):
            accounts.set_role(other, Role.VIEWER)
        for _ in range(tries.PER_ACCOUNT):
            tries.begin("comité", "192.0.2.1")
        with pytest.raises(tries.TooMany):
            tries.begin("comité", "192.0.2.1")
        assert keys.opened_by(keys.add(other, "x", ["read"]))
    today = datetime.now(UTC).astimezone(team.PARIS).date().isoformat()
    notes, _ = team.read_notes(team.Narrowed("", "", "", today, ""))
    assert [note.action for note in reversed(notes)] == ["add", "add", "role", "deactivate", "add"]
    assert all(abs(note.at - now()) < timedelta(minutes=5) for note in notes)


def test_two_who_lock_each_other_out_do_not_both_succeed(app: Flask, as_role: Callable[[str], FlaskClient]) -> None:
    """One after the other: the second is the last."""
    first, second = account("admin", "one"), account("admin", "other")
    one, other = signed_in(app, "admin", "one"), signed_in(app, "admin", "other")
    assert post(one, f"/team/{second.id}/active", off="1").status_code == 303
    assert other.get("/team/").status_code == 302
    assert post(one, f"/team/{first.id}/active", off="1").status_code == 409
