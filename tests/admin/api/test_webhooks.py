"""Hooks as programs make them: one's own, checked, their secret shown once."""

from typing import Any

import pytest

from admin.alerting.vault import open_vault
from admin.webhooks.posting import Postman
from schema import webhooks
from schema.models import AuditLog, Webhooks, now
from tests.admin.api.conftest import Program, program
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.admin.webhooks.test_telling import Sends
from tests.schema.letters import quote

HOOK = {"name": "mine", "url": "https://example.org/hook", "kinds": ["run.ended", "odds.changed"]}


@pytest.fixture
def maker(program_of: Any, fill: Any) -> Program:
    fill(quote())
    return program_of("jobs")


def made(maker: Program, **changes: Any) -> dict[str, Any]:
    answer = maker.post("/webhooks", {**HOOK, **changes})
    assert answer.status_code == 201, answer.text
    return answer.get_json()["data"]


def test_one_is_made_read_changed_and_removed(maker: Program, app: Any) -> None:
    assert maker.get("/webhooks").get_json()["reason"]["code"] == "none"
    hook = made(maker, league="football_ligue-1", match=1)
    secret = hook.pop("secret")
    assert secret.startswith(hook["secret_shown"])
    assert hook["kinds"] == ["odds.changed", "run.ended"]
    assert (hook["league"], hook["match"], hook["enabled"]) == ("football_ligue-1", 1, True)
    assert maker.data("/webhooks") == [hook] == [maker.data(f"/webhooks/{hook['id']}")]
    with current().connection_context():
        row = Webhooks.get()
        assert secret.encode() not in bytes(row.secret)
        assert open_vault(app.config["QUEUES"].home).unlock(row.secret) == secret
    changed = maker.open("PATCH", "/webhooks/1", json={"league": None, "enabled": False, "name": "other"})
    assert changed.status_code == 200
    told = changed.get_json()["data"]
    assert (told["league"], told["match"], told["enabled"], told["name"]) == (None, 1, False, "other")
    assert maker.open("DELETE", "/webhooks/1").status_code == 204
    problem(maker.get("/webhooks/1"), 404, "not_found")
    with current().connection_context():
        noted = [(row.action, row.object_type) for row in AuditLog.select().order_by(AuditLog.id)]
        assert [each for each in noted if each[1] == "webhook"] == [
            *(("add", "webhook"), ("change", "webhook"), ("remove", "webhook"))
        ]
        assert not any(secret in (row.after or "") for row in AuditLog.select())


def test_it_is_its_owner_s(maker: Program, app: Any) -> None:
    hook = made(maker)
    other = program(app, "jobs", role="operator")
    assert other.get("/webhooks").get_json()["data"] == []
    for method, path in (
        *(("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries")),
        *(("POST", "/test"), ("POST", "/deliveries/1/resend")),
    ):
        answer = other.open(method, f"/webhooks/{hook['id']}{path}", json={} if method == "PATCH" else None)
        problem(answer, 404, "not_found")
    problem(program(app, "read").get("/webhooks"), 403, "scope")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"url": "http://example.org/"}, 400, "bad_address"),
        ({"url": "https://192.168.1.1/"}, 400, "bad_address"),
        ({"kinds": []}, 422, "invalid"),
        ({"kinds": ["everything"]}, 422, "invalid"),
        ({"name": " "}, 422, "invalid"),
        ({"name": "\x85"}, 422, "invalid"),
        ({"name": "\u2003\u00a0"}, 422, "invalid"),
        ({"colour": "red"}, 422, "invalid"),
        ({"match": 99}, 404, "unknown_match"),
        ({"match": "1"}, 422, "invalid"),
        ({"league": "nobody"}, 404, "unknown_league"),
    ],
)
def test_what_cannot_be(maker: Program, changes: dict[str, Any], status: int, code: str) -> None:
    problem(maker.post("/webhooks", {**HOOK, **changes}), status, code)
    made(maker)
    problem(maker.open("PATCH", "/webhooks/1", json=changes), status, code)


def test_null_is_no_name(maker: Program) -> None:
    made(maker)
    problem(maker.open("PATCH", "/webhooks/1", json={"name": None}), 422, "invalid")


def test_an_account_has_so_many(maker: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST", 1)
    made(maker)
    problem(maker.post("/webhooks", HOOK), 409, "too_many_webhooks")


def test_deliveries_are_seen_and_sent_again(maker: Program, app: Any) -> None:
    made(maker)
    assert maker.post("/webhooks/1/test").status_code == 202
    assert maker.post("/webhooks/1/test").status_code == 202
    problem(maker.post("/webhooks/1/deliveries/1/resend"), 409, "not_resendable")
    sends = Sends(200, 500)
    with current().connection_context():
        Postman(current(), open_vault(app.config["QUEUES"].home), sends).step(now)
    [second, first] = maker.data("/webhooks/1/deliveries")
    assert (first["state"], first["status"], first["attempts"]) == ("sent", 200, 1)
    assert (second["state"], second["status"], second["note"]) == ("due", 500, "answered 500")
    assert second["not_before"]
    part = maker.get("/webhooks/1/deliveries", limit=1, fields="id").get_json()
    assert part["data"] == [{"id": 2}]
    after = maker.get("/webhooks/1/deliveries", limit=1, fields="id", cursor=part["next_cursor"]).get_json()
    assert (after["data"], after["has_more"]) == ([{"id": 1}], False)
    assert maker.post("/webhooks/1/deliveries/1/resend").status_code == 202
    assert maker.open("PATCH", "/webhooks/1", json={"enabled": False}).status_code == 200
    problem(maker.post("/webhooks/1/test"), 409, "webhook_off")
