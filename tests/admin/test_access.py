"""Who is let in where: every address there is, asked by nobody and by each role."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from admin import signing
from admin.access import FILES, Role, needed
from admin.signing import Person
from schema.models import AuditLog, Sessions, Users, now
from tests.admin import account, page, signed_in, text_of
from tests.admin.conftest import current

ROLES = tuple(Role.names())
OPEN_TO_ALL = {
    *("static", "admin.static", "health.alive", "health.ready", "metrics.measured"),
    *("signing.sign_in", "signing.signed_in", "preferences.choose"),
}
"""Endpoints that ask nobody who they are. Whoever adds one says why in its module."""
CHANGES_FOR_VIEWERS = {
    *("signing.sign_out", "account.rename", "account.change_password", "account.new_key", "account.revoke_key"),
    *("account.end_session", "account.end_all", "account.confirmed", "data.export_cancel"),
    *("benchmark.save", "benchmark.remove"),
    *("alerts.follow", "alerts.unfollow"),
}
"""Endpoints that change something, and that a viewer may call: what is their own."""


def examples(app: Flask) -> list[tuple[str, str, str]]:
    """Endpoint, method and address of everything there is; what stands for a variable finds nothing."""
    stands_for = {"IntegerConverter": 7, "PathConverter": "x"}
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: stands_for.get(type(rule._converters[name]).__name__, "x") for name in rule.arguments}
        built = rule.build(values)
        assert built is not None, rule
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((rule.endpoint, method, built[1]))
    return found


def test_only_few_addresses_are_open_to_all(app: Flask) -> None:
    rules: list[Rule] = list(app.url_map.iter_rules())
    assert {rule.endpoint for rule in rules if needed(app, rule.endpoint, "GET") is None} == OPEN_TO_ALL
    assert FILES <= OPEN_TO_ALL


def test_nobody_is_let_in_anywhere_else(app: Flask, anonymous: FlaskClient) -> None:
    asked = 0
    for endpoint, method, address in examples(app):
        if endpoint in OPEN_TO_ALL:
            continue
        asked += 1
        answer = anonymous.open(address, method=method)
        if method == "GET":
            assert answer.status_code == 302, (method, address)
            assert answer.headers["Location"].startswith("/sign-in/")
        else:
            assert answer.status_code == 401, (method, address)
        assert anonymous.open(address, method="OPTIONS").status_code == 401
    assert asked > 30


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_in_where_it_may_and_nowhere_else(
    app: Flask, as_role: Callable[[str], FlaskClient], role: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    refused = set()
    for endpoint, method, address in examples(app):
        need = needed(app, endpoint, method)
        if need is None:
            continue
        asker = as_role(role)  # anew: among the addresses are those that end the session
        status = asker.open(address, method=method).status_code
        assert (status == 403) == (Role.of(role) < need), (role, method, address, status)
        assert status not in (401, 500), (role, method, address)
        if status == 403:
            refused.add(endpoint)
    assert "home" not in refused
    assert bool(refused) == (role != "admin")
    assert ("team.index" in refused) == (role != "admin")


def test_what_is_no_question_takes_an_operator_unless_it_is_ones_own(app: Flask) -> None:
    for endpoint, method, _ in examples(app):
        if method != "GET" and endpoint not in OPEN_TO_ALL | CHANGES_FOR_VIEWERS:
            need = needed(app, endpoint, method)
            assert need is not None
            assert need >= Role.OPERATOR, endpoint


def test_whatever_is_no_question_needs_a_token(app: Flask, client: FlaskClient) -> None:
    """Without one, and with one of another browser, nothing is done; who has one is answered something else."""
    client.get("/admin/")
    with signed_in(app) as other:
        other.get("/admin/")
        theirs = page(other, "/admin/").xpath("//meta[@name='csrf-token']/@content").get()
    asked = 0
    for _, method, address in examples(app):
        if method == "GET":
            continue
        asked += 1
        for headers in ({}, {"X-CSRFToken": "x"}, {"X-CSRFToken": theirs or ""}):
            assert client.open(address, method=method, headers=headers).status_code == 400, (method, address)
    assert asked >= 8
    assert Sessions.select().count() == 2
    assert AuditLog.select().count() == 0


def test_a_viewer_sees_no_button_of_an_operator(as_role: Callable[[str], FlaskClient]) -> None:
    for address in ("/admin/", "/admin/schedules/", "/admin/schedules/details/?id=1", "/admin/deadletters/"):
        of_viewer = page(as_role("viewer"), address)
        assert not of_viewer.xpath("//main//form[@method='post']//button"), address
    assert page(as_role("operator"), "/admin/schedules/").xpath("//form[@method='post']")


def test_a_role_that_is_not_enough_is_told(as_role: Callable[[str], FlaskClient]) -> None:
    shown = page(as_role("viewer"), "/admin/schedules/new/", 403)
    assert "Votre compte ne permet pas cela" in text_of(shown.xpath("//main")[0])


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Dest": "empty"}, {"Accept": "application/json"}, {"Accept": "text/event-stream"}],
)
def test_a_script_is_told_and_not_sent_elsewhere(anonymous: FlaskClient, headers: dict[str, str]) -> None:
    answer = anonymous.get("/admin/odds/", headers=headers)
    assert answer.status_code == 401
    assert "pas connecté, ou plus" in answer.text


def test_who_is_not_signed_in_comes_back_to_the_page(anonymous: FlaskClient) -> None:
    answer = anonymous.get("/admin/odds/?search=psg&page=2")
    assert answer.headers["Location"] == "/sign-in/?next=/admin/odds/?search%3Dpsg%26page%3D2"
    assert anonymous.get("/").headers["Location"] == "/sign-in/"


def test_an_unknown_address_is_unknown_to_all(anonymous: FlaskClient, client: FlaskClient) -> None:
    assert anonymous.get("/nowhere").status_code == client.get("/nowhere").status_code == 404


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_what_a_cookie_names_an_account_by_changes_when_all_sessions_end(app: Flask) -> None:
    """With Peewee's ``get_id``, which is the number of the row, it would not: the order of the bases counts."""
    row = account()
    person = Person.get_by_id(row.id)
    assert person.get_id() == person.fs_uniquifier != str(person.id)
    signing.end_sessions(person.id)
    assert Person.get_by_id(row.id).get_id() != person.get_id()


def test_an_ended_session_is_over_at_once(client: FlaskClient) -> None:
    assert client.get("/admin/").status_code == 200
    Sessions.delete().execute()
    assert client.get("/admin/").status_code == 302


def test_all_of_an_account_s_sessions_end_together_and_no_others(app: Flask) -> None:
    mine, also_mine, other = signed_in(app), signed_in(app), signed_in(app, name="other")
    signing.end_sessions(account().id)
    assert [each.get("/admin/").status_code for each in (mine, also_mine, other)] == [302, 302, 200]


def test_a_session_of_another_account_opens_nothing(app: Flask) -> None:
    """Each half of a cookie is good, and they do not belong together."""
    mine, other = account(), account("viewer", "other")
    held = signing.cookie_of(other, signing.open_session(mine.id))
    thief = app.test_client()
    with thief.session_transaction() as session:
        session.update(held)
    assert thief.get("/admin/").status_code == 302


@pytest.mark.parametrize("column", ["seen_at", "created_at"])
def test_a_session_that_is_too_old_is_over(client: FlaskClient, column: str) -> None:
    limit = signing.IDLE if column == "seen_at" else signing.OLDEST
    Sessions.update({column: now() - limit + timedelta(minutes=1)}).execute()
    assert client.get("/admin/").status_code == 200
    Sessions.update({column: now() - limit - timedelta(seconds=1)}).execute()
    assert client.get("/admin/").status_code == 302


def test_a_page_that_is_left_open_keeps_no_session_alive(client: FlaskClient) -> None:
    """It asks what is new by itself, every minute, and whoever left it there is gone."""
    before = now() - signing.IDLE + timedelta(minutes=1)
    Sessions.update(seen_at=before).execute()
    for address in ("/alerts/count", "/matches/latest", "/"):
        assert client.get(address, headers={"Sec-Fetch-Dest": "empty"}).status_code == 200
    assert Sessions.get().seen_at == before
    assert client.get("/", headers={"Sec-Fetch-Dest": "document"}).status_code == 200
    assert Sessions.get().seen_at > before


def test_a_deactivated_account_is_out_at_once(client: FlaskClient) -> None:
    Users.update(active=False).execute()
    assert client.get("/admin/").status_code == 302


def test_a_forged_cookie_opens_nothing(app: Flask, anonymous: FlaskClient) -> None:
    person = account()
    held = signing.cookie_of(person, signing.open_session(person.id))
    forger = Flask("forger")
    forger.secret_key = "x" * 32
    signer = forger.session_interface.get_signing_serializer(forger)  # type: ignore[attr-defined]
    anonymous.set_cookie("gigscrapy", signer.dumps(held))
    assert anonymous.get("/admin/").status_code == 302


def test_who_is_there_takes_one_query_and_writes_seldom(client: FlaskClient) -> None:
    asked: list[str] = []
    current().query_hooks.append(lambda event: asked.append(event.sql))
    client.get("/admin/bookmakers/details/?id=1")
    assert len([sql for sql in asked if "fs_uniquifier" in sql]) == 1
    assert not [sql for sql in asked if sql.startswith("UPDATE")]
    Sessions.update(seen_at=now() - signing.SEEN_EVERY - timedelta(seconds=1)).execute()
    before = time.monotonic()
    client.get("/admin/bookmakers/details/?id=1")
    assert Sessions.get().seen_at > now() - timedelta(seconds=time.monotonic() - before + 5)
