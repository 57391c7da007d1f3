"""The audit log: what the pages change is in it, with what was there before and after, and no secret is."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient

from admin import audit
from schema.models import AuditLog, Runs, Schedules, now
from tests.admin import token_of
from tests.admin.conftest import current

SAID = {"name": "Le soir", "what": "ligue1, nba", "cron": "0 18 * * *", "arguments": ""}


def post(client: FlaskClient, address: str, **said: Any) -> int:
    return client.post(address, data=said, headers={"X-CSRFToken": token_of(client)}).status_code


def notes() -> list[tuple[str, str, str, Any, Any]]:
    """Those of the log: action, type, object, before, after."""
    return [
        (
            each.action,
            each.object_type,
            each.object_id,
            *(part and json.loads(part) for part in (each.before, each.after)),
        )
        for each in AuditLog.select().order_by(AuditLog.id)
    ]


def test_what_becomes_of_a_schedule_is_noted(client: FlaskClient) -> None:
    assert post(client, "/admin/schedules/new/", **SAID, enabled="1") == 303
    row = Schedules.get(Schedules.name == "Le soir")
    assert post(client, f"/admin/schedules/change/?id={row.id}", **SAID | {"what": "nba"}) == 303
    assert post(client, "/admin/schedules/switch/", off=row.id) == 303
    assert post(client, f"/admin/schedules/remove/?id={row.id}") == 303
    [added, changed, switched, removed] = notes()
    assert added[:4] == ("add", "schedule", "Le soir", None)
    assert (added[4]["what"], added[4]["enabled"]) == ("ligue1, nba", True)
    assert changed[:3] == ("change", "schedule", "Le soir")
    assert (changed[3]["what"], changed[4]["what"]) == ("ligue1, nba", "nba")
    assert switched[3:] == ({"enabled": True}, {"enabled": False})
    assert (removed[3]["what"], removed[4]) == ("nba", None)
    assert {note.actor for note in AuditLog.select()} == {"admin"}
    assert len({note.request_id for note in AuditLog.select()}) == 4


def test_a_change_that_fails_leaves_no_note(client: FlaskClient) -> None:
    post(client, "/admin/schedules/new/", **SAID)
    before = notes()
    assert post(client, "/admin/schedules/new/", **SAID) == 422
    assert post(client, "/admin/schedules/switch/", on="777") == 404
    assert notes() == before


def test_a_note_that_fails_undoes_the_change(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody can answer for has not happened."""
    monkeypatch.setattr(audit, "written", lambda _: 1 / 0)
    assert post(client, "/admin/schedules/new/", **SAID) == 500
    assert not Schedules.select().where(Schedules.name == "Le soir").exists()


def test_a_run_that_is_asked_for_and_one_that_is_stopped_are_noted(client: FlaskClient) -> None:
    run = Runs.create(run_id="r", spider="nba", state="queued", requested_at=now())
    assert post(client, "/admin/runs/cancel/", id=run.id) == 303
    assert post(client, "/crawls/ask", what="ligue1", arguments="days=2") == 303
    [cancelled, asked] = notes()
    assert cancelled == ("cancel", "run", "r", {"state": "queued"}, {"outcome": "stopped"})
    assert asked[:2] == ("ask", "task")
    assert asked[4] == {"what": "ligue1", "arguments": {"days": "2"}}


def test_a_state_is_json_of_plain_words_without_secrets() -> None:
    state = {
        "name": "Étoile",
        "odds": Decimal("1.85"),
        "at": datetime(2026, 11, 21, 20, 45),
        "password": "s3cret",
        "api_key_hash": "s3cret",
        "webhook_url": "https://s3cret",
        "token": None,
    }
    hidden = {"password": "***", "api_key_hash": "***", "webhook_url": "***", "token": None}
    plain = {"name": "Étoile", "odds": "1.85", "at": "2026-11-21T20:45:00"}
    assert json.loads(audit.written(state) or "") == plain | hidden
    assert audit.written(None) is None


def test_a_long_state_is_cut_and_says_so(client: FlaskClient) -> None:
    written = audit.written({"text": "é" * 100_000}) or ""
    assert list(json.loads(written)) == ["cut"]
    assert len(written.encode()) < 65_535  # what a TEXT holds
    with current().connection_context():
        audit.note("change", "test", "x" * 500, {"text": "é" * 100_000})
    assert len(AuditLog.get().object_id) == 200
    assert AuditLog.get().actor == "command line"
