"""One's own account: name, password, keys, sessions; and what takes a password typed a short while ago."""

import re
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from werkzeug.test import TestResponse

from admin import accounts, keys, signing, tries
from admin.pages.account import browser_of
from admin.signing import Person
from schema.models import ApiKeys, Attempts, AuditLog, Sessions, Users, now
from tests.admin import account, counted, page, signed_in, text_of, token_of
from tests.admin.conftest import current

GOOD, BETTER = "correct horse battery", "staple battery horse"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time; that real ones are used is tested where an account is made."""
    monkeypatch.setattr(accounts, "hash_password", lambda password: f"hash of {password}")
    monkeypatch.setattr(accounts, "verify_password", lambda password, kept: kept == f"hash of {password}")


@pytest.fixture
def comite(app: Flask, quick: None) -> Users:
    """An operator whose password is known."""
    row = account("operator", "comite")
    Users.update(password=f"hash of {GOOD}").where(Users.id == row.id).execute()
    return row


@pytest.fixture
def hers(app: Flask, comite: Users) -> FlaskClient:
    return signed_in(app, "operator", "comite")


def post(client: FlaskClient, address: str, **said: object) -> TestResponse:
    return client.post(address, data=said, headers={"X-CSRFToken": token_of(client)})


def stale(client: FlaskClient, seconds: float = 15 * 60 + 1) -> None:
    """The password was typed so long ago."""
    with client.session_transaction() as session:
        session["fs_paa"] = time.time() - seconds


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_takes_few_queries(hers: FlaskClient) -> None:
    with counted(current()) as asked:
        shown = page(hers, "/account/")
    assert len(asked) == 2, asked
    assert "comite" in text_of(shown.xpath("//h1")[0])
    assert "Opérateur : lance et arrête les relevés" in text_of(shown.xpath("//main")[0])


def test_what_one_is_called_is_kept_and_noted(hers: FlaskClient) -> None:
    assert post(hers, "/account/names", first_name=" Comité ", last_name="x" * 500).status_code == 303
    row = Users.get(Users.username == "comite")
    assert (row.first_name, len(row.last_name)) == ("Comité", 150)
    note = AuditLog.get()
    assert (note.actor, note.action, note.object_id) == ("comite", "rename", "comite")


# -- the password ------------------------------------------------------------------------------------------------------


def test_a_new_password_signs_out_the_other_browsers(app: Flask, hers: FlaskClient) -> None:
    other = signed_in(app, "operator", "comite")
    stolen = hers.get_cookie("gigscrapy")
    assert stolen
    said = {"current": GOOD, "new": BETTER, "again": BETTER}
    assert post(hers, "/account/password", **said).status_code == 303
    assert other.get("/account/").status_code == 302
    assert "Votre mot de passe est changé" in page(hers, "/account/").get()
    thief = app.test_client()
    thief.set_cookie("gigscrapy", stolen.value)
    assert thief.get("/account/").status_code == 302, "this browser has a new session, too"
    with app.app_context():
        assert accounts.is_right(accounts.find("comite"), BETTER)
        assert not accounts.is_right(accounts.find("comite"), GOOD)
    note = AuditLog.select().where(AuditLog.action == "password").get()
    assert BETTER not in f"{note.before}{note.after}"


@pytest.mark.parametrize(
    ("current", "new", "again", "said"),
    [
        ("wrong", BETTER, BETTER, "pas votre mot de passe actuel"),
        (GOOD, BETTER, "another", "diffèrent"),
        (GOOD, "short", "short", "de 12 à 200 caractères"),
        (GOOD, "my name is comite!", "my name is comite!", "Trop facile à deviner"),
    ],
)
def test_a_password_that_cannot_be_is_told_beside_the_form(
    hers: FlaskClient, current: str, new: str, again: str, said: str
) -> None:
    answer = post(hers, "/account/password", current=current, new=new, again=again)
    assert answer.status_code == 422
    shown = Selector(answer.text)
    assert said in text_of(shown.xpath("//section[@id='password']//*[@role='alert']")[0])
    assert new not in answer.text, "a password is never sent back"
    assert Users.get(Users.username == "comite").password == f"hash of {GOOD}"


def test_the_current_password_cannot_be_guessed_here_either(hers: FlaskClient) -> None:
    said = {"new": BETTER, "again": BETTER}
    for number in range(tries.PER_ACCOUNT):
        assert post(hers, "/account/password", current=f"{number}", **said).status_code == 422
    assert post(hers, "/account/password", current=GOOD, **said).status_code == 429


# -- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_what_is_kept_opens_nothing(app: Flask, hers: FlaskClient) -> None:
    answer = post(hers, "/account/keys/new", name="Tableur", scope=["read", "jobs"])
    secret = Selector(answer.text).css("#secret").xpath("string()").get() or ""
    assert re.fullmatch(r"gig_[\w-]{43}", secret)
    assert answer.headers["Cache-Control"] == "no-store"
    again = page(hers, "/account/").get()
    assert secret not in again
    assert secret[:10] in again
    row = ApiKeys.get()
    assert secret not in f"{row.__data__}"
    assert (row.name, row.scopes, row.key_hash) == ("Tableur", "read jobs", signing.hashed(secret))
    with app.app_context():
        person, scopes = keys.opened_by(secret) or (None, None)
        assert person == Person.get(Person.username == "comite")
        assert scopes == {"read", "jobs"}
        assert keys.opened_by(row.key_hash) is keys.opened_by(secret[:-1]) is keys.opened_by("") is None
    assert ApiKeys.get().last_used_at is not None
    kept = AuditLog.select().where(AuditLog.object_type == "key").get()
    assert kept.object_id == secret[:10]
    assert secret not in kept.after


def test_a_revoked_key_opens_nothing_and_neither_does_one_of_a_deactivated_account(
    app: Flask, hers: FlaskClient
) -> None:
    with app.test_request_context():
        secret, other = (keys.add(Person.get(Person.username == "comite"), name, ["read"]) for name in "ab")
    first = ApiKeys.get(ApiKeys.name == "a")
    assert post(hers, "/account/keys/revoke", id=first.id).status_code == 303
    assert keys.opened_by(secret) is None
    assert keys.opened_by(other)
    assert "révoquée" in page(hers, "/account/").get()
    Users.update(role="viewer").execute()
    assert (keys.opened_by(other) or (None, None))[1] == {"read"}
    Users.update(active=False).execute()
    assert keys.opened_by(other) is None


def test_a_key_never_allows_more_than_its_account(app: Flask, hers: FlaskClient) -> None:
    with app.test_request_context():
        secret = keys.add(Person.get(Person.username == "comite"), "a", ["read", "jobs"])
    Users.update(role="viewer").execute()
    assert (keys.opened_by(secret) or (None, None))[1] == {"read"}
    assert post(hers, "/account/keys/new", name="b", scope="jobs").status_code == 422
    assert ApiKeys.select().count() == 1


def test_nobody_revokes_another_s_key(app: Flask, hers: FlaskClient, client: FlaskClient) -> None:
    with app.test_request_context():
        keys.add(Person.get(Person.username == "comite"), "a", ["read"])
    for number in (ApiKeys.get().id, 777, "x", "", "1 OR 1=1", "9" * 30):
        assert post(client, "/account/keys/revoke", id=number).status_code == 404
    assert ApiKeys.get().revoked_at is None


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("x", []), ("x", ["root"]), ("  ", ["read"])])
def test_a_key_that_cannot_be_is_told(hers: FlaskClient, name: str, scopes: list[str]) -> None:
    answer = post(hers, "/account/keys/new", name=name, scope=scopes)
    assert answer.status_code == 422
    assert Selector(answer.text).xpath("//section[@id='keys']//*[@role='alert']")
    assert not ApiKeys.select().exists()


def test_an_account_has_so_many_keys(app: Flask, comite: Users) -> None:
    with app.test_request_context():
        person = Person.get_by_id(comite.id)
        for number in range(keys.MOST):
            keys.add(person, f"{number}", ["read"])
        with pytest.raises(keys.NoKey, match="many"):
            keys.add(person, "one more", ["read"])


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_can_be_ended_from_another(app: Flask, hers: FlaskClient) -> None:
    other = signed_in(app, "operator", "comite")
    rows = page(hers, "/account/").xpath("//section[@id='sessions']//tbody/tr")
    assert len(rows) == 2
    [button] = rows.xpath(".//button/@value").getall()  # this one has none
    assert post(hers, "/account/sessions/end", id=button).status_code == 303
    assert (hers.get("/account/").status_code, other.get("/account/").status_code) == (200, 302)


def test_nobody_ends_another_s_session(app: Flask, hers: FlaskClient, client: FlaskClient) -> None:
    for row in list(Sessions.select().where(Sessions.user == Users.get(Users.username == "comite").id)):
        assert post(client, "/account/sessions/end", id=row.id).status_code == 404
    assert hers.get("/account/").status_code == 200


def test_signing_out_everywhere_signs_out_here_too(app: Flask, hers: FlaskClient, client: FlaskClient) -> None:
    other = signed_in(app, "operator", "comite")
    assert post(hers, "/account/sessions/end-all").headers["Location"] == "/sign-in/"
    assert [each.get("/account/").status_code for each in (hers, other, client)] == [302, 302, 200]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("Werkzeug/3.1.9", "Werkzeug/3.1.9"),
        ("", "–"),
    ],
)
def test_a_browser_is_called_by_its_name(agent: str, said: str) -> None:
    assert browser_of(agent) == said


# -- a password typed a short while ago --------------------------------------------------------------------------------


def test_who_finds_a_browser_open_makes_no_key(hers: FlaskClient) -> None:
    stale(hers)
    answer = hers.post(
        "/account/keys/new",
        data={"name": "x", "scope": "read"},
        headers={"X-CSRFToken": token_of(hers), "Referer": "http://localhost/account/"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/confirm/?next=/account/")
    assert not ApiKeys.select().exists()
    shown = page(hers, "/account/")
    assert not shown.xpath("//form[@action='/account/keys/new']")
    assert shown.xpath("//section[@id='keys']//a[contains(@href, '/account/confirm/?next=/account/')]")


def test_the_password_makes_it_fresh_again(hers: FlaskClient) -> None:
    stale(hers)
    assert post(hers, "/account/confirm/", password="wrong", next="/account/").status_code == 422
    answer = post(hers, "/account/confirm/", password=GOOD, next="/account/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account/")
    assert post(hers, "/account/keys/new", name="x", scope="read").status_code == 200
    assert post(hers, "/account/confirm/", password=GOOD, next="//evil.example").headers["Location"] == "/"


def test_a_password_is_fresh_for_a_quarter_of_an_hour(hers: FlaskClient) -> None:
    stale(hers, 14 * 60)
    assert post(hers, "/account/keys/new", name="x", scope="read").status_code == 200
    stale(hers, -3600)  # a clock that was set back
    assert post(hers, "/account/keys/new", name="y", scope="read").status_code == 303


# -- tries -------------------------------------------------------------------------------------------------------------


def sign_in(client: FlaskClient, name: str, password: str, address: str = "127.0.0.1") -> TestResponse:
    token = page(client, "/sign-in/").xpath("//input[@name='csrf_token']/@value").get()
    said = {"csrf_token": token, "username": name, "password": password}
    return client.post("/sign-in/", data=said, environ_base={"REMOTE_ADDR": address})


def test_the_sixth_wrong_try_is_told_how_long_to_wait(comite: Users, anonymous: FlaskClient) -> None:
    for number in range(5):
        assert sign_in(anonymous, "comite", f"wrong {number}").status_code == 422
    for password in ("wrong again", GOOD):
        answer = sign_in(anonymous, "COMITE", password)
        assert answer.status_code == 429
        assert 890 <= int(answer.headers["Retry-After"]) <= 900
        said = text_of(Selector(answer.text).xpath("//main")[0])
        assert re.search(
            r"Trop d'essais de mot de passe : recommencez dans 1[45] min \d\d s", said.replace("\xa0", " ")
        )
    Attempts.update(at=now() - tries.WINDOW).execute()
    assert sign_in(anonymous, "comite", GOOD).status_code == 303
    assert not Attempts.select().exists()


def test_a_wrong_try_elsewhere_counts_too_and_another_account_does_not_wait(
    comite: Users, anonymous: FlaskClient
) -> None:
    for number in range(5):
        sign_in(anonymous, "comite", "wrong", address=f"192.0.2.{number}")
    assert sign_in(anonymous, "comite", GOOD, address="192.0.2.77").status_code == 429
    assert sign_in(anonymous, "other", "wrong").status_code == 422


def test_one_address_may_not_try_one_account_after_the_other(comite: Users, anonymous: FlaskClient) -> None:
    for number in range(tries.PER_ADDRESS):
        address = f"2001:db8:1:2::{number:x}"  # one and the same customer's
        assert sign_in(anonymous, f"name {number}", "wrong", address=address).status_code == 422
    assert sign_in(anonymous, "comite", GOOD, address="2001:db8:1:2::ffff").status_code == 429
    assert sign_in(anonymous, "comite", GOOD, address="2001:db8:1:3::1").status_code == 303


def test_right_ones_are_not_counted(comite: Users, anonymous: FlaskClient) -> None:
    for _ in range(3 * tries.PER_ACCOUNT):
        assert sign_in(anonymous, "comite", GOOD).status_code == 303
        anonymous.delete_cookie("gigscrapy")


def test_waiting_does_not_make_the_wait_longer(comite: Users) -> None:
    for _ in range(tries.PER_ACCOUNT):
        tries.begin("comite", "192.0.2.1")
    Attempts.update(at=now() - tries.WINDOW + timedelta(seconds=10)).execute()
    for _ in range(50):
        with pytest.raises(tries.TooMany) as refused:
            tries.begin("comite", "192.0.2.1")
        assert 0 < refused.value.seconds <= 10
    assert Attempts.select().count() == 2 * tries.PER_ACCOUNT


def test_a_new_password_ends_the_wait(comite: Users) -> None:
    for _ in range(tries.PER_ACCOUNT):
        tries.begin("comite", "192.0.2.1")
    tries.forgive("Comite")
    tries.begin("comite", "192.0.2.2")
