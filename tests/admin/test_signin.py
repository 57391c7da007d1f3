"""Signing in and out as people do it."""

import logging
import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin import accounts, create_app
from admin.access import Role
from admin.signin import safe
from schema.models import AuditLog, Sessions, Users
from tests.admin import page, signed_in, text_of, token_of
from tests.admin.conftest import current

GOOD = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    """A hash of it, made once."""
    with create_app(home="/nonexistent", database_url="sqlite:///:memory:").app_context():
        return str(accounts.hash_password(GOOD))


@pytest.fixture
def comite(app: Flask, monkeypatch: pytest.MonkeyPatch, hashed: str) -> Users:
    """An operator whose password is known."""
    monkeypatch.setattr(accounts, "hash_password", lambda _: hashed)
    with app.app_context():
        return accounts.add("Comité", GOOD, Role.OPERATOR)


def sign_in(client: FlaskClient, name: str = "comité", password: str = GOOD, **more: str) -> TestResponse:
    token = page(client, "/sign-in/").xpath("//input[@name='csrf_token']/@value").get()
    said = {"csrf_token": token, "username": name, "password": password, **more}
    return client.post("/sign-in/", data=said)


def test_who_knows_the_password_is_let_in_and_led_on(comite: Users, anonymous: FlaskClient) -> None:
    answer = sign_in(anonymous, next="/admin/odds/?search=psg")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/odds/?search=psg")
    assert anonymous.get("/admin/odds/").status_code == 200
    assert anonymous.get("/sign-in/").headers["Location"] == "/"
    note = AuditLog.select().order_by(AuditLog.id.desc()).get()
    assert (note.actor, note.action, note.object_id, note.address) == ("Comité", "sign-in", "Comité", "127.0.0.1")
    assert Users.get_by_id(comite.id).last_login is not None


@pytest.mark.parametrize(
    ("name", "password"), [("comité", "wrong horse battery"), ("nobody", GOOD), ("", ""), ("comité", "")]
)
def test_the_refusal_does_not_say_which_of_both_is_wrong(
    comite: Users, anonymous: FlaskClient, caplog: pytest.LogCaptureFixture, name: str, password: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = sign_in(anonymous, name, password)
    assert answer.status_code == 422
    assert "ne vont pas ensemble" in answer.text
    assert not Sessions.select().exists()
    assert not password or password not in caplog.text + answer.text


def test_a_deactivated_account_is_refused_alike(comite: Users, anonymous: FlaskClient) -> None:
    Users.update(active=False).execute()
    assert sign_in(anonymous).status_code == 422


def test_the_same_letters_are_the_same_password(comite: Users, app: Flask) -> None:
    with app.app_context():
        assert accounts.is_right(accounts.find("COMITE\N{COMBINING ACUTE ACCENT}"), GOOD)


def test_a_sign_in_begins_a_session_of_its_own(comite: Users, anonymous: FlaskClient) -> None:
    """Whoever knew the cookie before knows nothing now: neither its token nor that of its forms."""
    anonymous.get("/sign-in/")
    with anonymous.session_transaction() as session:
        session["planted"] = "x"
        before = dict(session)
    sign_in(anonymous)
    with anonymous.session_transaction() as session:
        after = dict(session)
    assert "planted" not in after
    assert before["csrf_token"] != after.get("csrf_token")
    assert Sessions.select().count() == 1
    first = after["token"]
    anonymous.post("/sign-out/", data={"csrf_token": token_of(anonymous)})
    sign_in(anonymous)
    with anonymous.session_transaction() as session:
        assert session["token"] != first
    assert Sessions.select().count() == 1


def test_the_way_out_is_no_link(app: Flask, client: FlaskClient) -> None:
    assert client.get("/sign-out/").status_code == 405
    stolen = client.get_cookie("gigscrapy")
    assert stolen
    answer = client.post("/sign-out/", data={"csrf_token": token_of(client)})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in/")
    assert client.get("/admin/").status_code == 302
    thief = app.test_client()
    thief.set_cookie("gigscrapy", stolen.value)
    assert thief.get("/admin/").status_code == 302, "the session itself is over, not only the cookie gone"


@pytest.mark.parametrize(
    "asked",
    [
        *(
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil",
            "http:evil",
            "javascript:alert(1)",
        ),
        *(
            "/\t/evil.example",
            "\n//evil",
            "evil.example",
            "/sign-in/",
            "/sign-out/",
            "/" + "x" * 3000,
            "///evil.example",
        ),
    ],
)
def test_nobody_is_led_elsewhere(asked: str) -> None:
    assert safe(asked) == "/"


@pytest.mark.parametrize("asked", ["/", "/admin/odds/?search=a%20b&next=//x", "/matches/7/#chart"])
def test_addresses_of_ours_are_kept(asked: str) -> None:
    assert safe(asked) == asked


def test_a_sign_in_leads_nowhere_else(comite: Users, anonymous: FlaskClient) -> None:
    assert sign_in(anonymous, next="//evil.example/").headers["Location"] == "/"


def test_where_there_is_no_account_the_page_says_how_to_make_one(anonymous: FlaskClient) -> None:
    assert "python -m admin.users add NOM --role admin" in text_of(page(anonymous, "/sign-in/").xpath("//main")[0])


def test_a_session_outlives_the_process(tmp_path: Path) -> None:
    client = signed_in(create_app(home=tmp_path))
    cookie = client.get_cookie("gigscrapy")
    assert cookie
    current().close()
    again = create_app(home=tmp_path).test_client()
    again.set_cookie("gigscrapy", cookie.value)
    assert again.get("/admin/").status_code == 200


def test_the_key_is_that_of_the_environment_or_kept_where_only_its_owner_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {create_app(home=tmp_path / name).secret_key for name in ("one", "other", "one")}
    assert len(keys) == 2
    assert all(len(key or "") == 32 for key in keys)
    kept = tmp_path / "one" / "admin" / "session-key"
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    monkeypatch.setenv("ADMIN_SECRET_KEY", "told by the environment")
    assert create_app(home=tmp_path / "one").secret_key == "told by the environment"


def test_where_the_key_cannot_be_kept_it_is_this_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "admin").touch()
    keys = [create_app(home=tmp_path).secret_key for _ in range(2)]
    assert keys[0] != keys[1]
    assert "sessions end with this process" in caplog.text


def test_many_passwords_at_once_do_not_take_the_memory(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked at with 64 MiB, asked by whoever likes."""
    inside, most = 0, 0
    count = threading.Lock()

    def hashing(_password: str) -> str:
        nonlocal inside, most
        with count:
            inside += 1
            most = max(most, inside)
        time.sleep(0.02)
        with count:
            inside -= 1
        return ""

    monkeypatch.setattr(accounts, "hash_password", hashing)
    tried = [threading.Thread(target=accounts.is_right, args=(None, "x")) for _ in range(3 * accounts.AT_ONCE)]
    for each in tried:
        each.start()
    for each in tried:
        each.join()
    assert most == accounts.AT_ONCE
