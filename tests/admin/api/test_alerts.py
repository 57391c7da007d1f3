"""Alerts by programs: rules written and previewed, what rang, what is followed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from admin import create_app
from admin.alerting.engine import Engine
from admin.alerting.messages import Composer
from schema.database import connect, hang_up
from schema.instants import naive
from schema.models import AuditLog
from tests.admin import counted
from tests.admin.alerting.world import RULES, START, add_channel, add_rule, history, put
from tests.admin.api.conftest import program
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import NOON

MOVE = {"kind": "move", "threshold": "5", "minutes": 60, "at_least": 1, "market": "1X2"}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def rung(request, tmp_path_factory):
    """Two hours of history that end now, and what three rules told of it: the application."""
    home, url = tmp_path_factory.mktemp("rung"), None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    app = create_app(url, home)
    database = current()
    began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=120)
    channel = add_channel(database, "#cotes")
    for name in ("price", "drop", "late"):
        add_rule(database, RULES[name], channel)
    engine, coming, shift = Engine(database, Composer("http://a")), list(history(2, 120)), began - NOON
    for minute in range(0, 121, 10):
        while coming and coming[0][0] <= START + timedelta(minutes=minute):
            moved = [
                replace(each, scraped_at=each.scraped_at + shift, kickoff=each.kickoff + shift)
                for each in coming.pop(0)[1]
            ]
            put(database, *moved, received_at=datetime.now(UTC))
        engine.step(naive(began) + timedelta(minutes=minute))
    hang_up(database)
    yield app
    hang_up(current())


@pytest.fixture
def watcher(rung):
    return program(rung, "read", "jobs")


def test_what_rang_is_told_with_its_reason_and_its_messages(watcher):
    with counted(current()) as asked:
        answer = watcher.get("/alerts/events", limit=2).get_json()
    assert len(asked) <= 5 and answer["has_more"]
    for event in answer["data"]:
        assert event["said"] and event["reason"] and event["subject"] and event["opened_at"].endswith("Z")
        assert float(event["value"]) and isinstance(event["details"], dict)
    rest = watcher.get("/alerts/events", limit=1000, cursor=answer["next_cursor"]).get_json()["data"]
    assert answer["data"][-1]["id"] > rest[0]["id"]
    every = answer["data"] + rest
    assert any(event["deliveries"] for event in every)
    active = watcher.data("/alerts/events", active="true")
    assert [event["id"] for event in active] == [event["id"] for event in every if event["closed_at"] is None]
    of_rule = watcher.data("/alerts/events", rule=every[0]["rule"], limit=1000)
    assert {event["rule"] for event in of_rule} == {every[0]["rule"]}
    assert watcher.get("/alerts/events", since="2100-01-01T00:00:00Z").get_json()["reason"]["detail"]


def test_a_rule_is_written_changed_muted_and_removed(watcher):
    channel = watcher.data("/alerts/rules", limit=1)[0]["channels"][0]["id"]
    new = {"kind": "price", "direction": "above", "threshold": "2.15", "league": "football_ligue-1", "match": 1}
    answer = watcher.post(
        "/alerts/rules", {**new, "channels": [channel], "quiet_from": "23:00", "quiet_until": "07:30"}
    )
    assert answer.status_code == 201, answer.text
    told, where = answer.get_json()["data"], answer.headers["Location"].removeprefix("/api/v1")
    assert (told["threshold"], told["margin"], told["quiet_until"]) == ("2.15", "0.05", "07:30")
    assert told["said"] == "Price ≥ 2.15" and told["league"] == 1 and told["channels"][0]["id"] == channel
    assert watcher.data(where) == told

    changed = watcher.open(
        "PATCH", where, json={"threshold": "3", "match": None, "quiet_from": None, "quiet_until": None}
    )
    changed = changed.get_json()["data"]
    assert (changed["threshold"], changed["match"], changed["quiet_from"]) == ("3", None, None)
    assert changed["league"] == 1 and changed["channels"] == told["channels"]
    assert not watcher.open("PATCH", where, json={"enabled": False}).get_json()["data"]["enabled"]
    until = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    muted = watcher.post(f"{where}/mute", {"until": until.isoformat()}).get_json()["data"]
    assert muted["muted_until"] == until.isoformat().replace("+00:00", "Z")
    problem(watcher.post(f"{where}/mute", {"until": "2020-01-01T00:00:00Z"}), 400, "impossible")
    assert watcher.post(f"{where}/mute", {"until": None}).get_json()["data"]["muted_until"] is None
    assert watcher.open("DELETE", where).status_code == 204
    problem(watcher.get(where), 404, "unknown_rule")
    with current().connection_context():
        notes = AuditLog.select().where(AuditLog.object_type == "alert rule", AuditLog.object_id == str(told["id"]))
        assert [(note.action, note.program) for note in notes.order_by(AuditLog.id)] == [
            (action, "a program") for action in ("add", "change", "change", "mute", "mute", "remove")
        ]


def test_before_it_is_kept_one_sees_what_it_would_have_told(watcher):
    told = watcher.post("/alerts/rules/preview", MOVE).get_json()["data"]
    assert told["rings"] > 0 and told["events"][0]["reason"] and told["said"] == "Drop ≥ 5% within 60 min"
    assert told["looked_at"] == told["of"] == 3 and not told["is_cut"]
    none = watcher.post("/alerts/rules/preview", MOVE | {"threshold": "90"}).get_json()["data"]
    assert (none["rings"], none["events"]) == (0, [])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (MOVE | {"threshold": "1000"}, 400, "impossible"),
        (MOVE | {"threshold": 5}, 422, "invalid"),
        (MOVE | {"threshold": "5,0"}, 422, "invalid"),
        (MOVE | {"spider": "ligue1"}, 400, "impossible"),
        (MOVE | {"direction": "above"}, 400, "impossible"),
        (MOVE | {"market": "nothing"}, 400, "impossible"),
        (MOVE | {"league": "football_nowhere"}, 404, "unknown_league"),
        (MOVE | {"bookmaker": "99999"}, 404, "unknown_bookmaker"),
        (MOVE | {"match": 99999}, 404, "unknown_match"),
        (MOVE | {"quiet_from": "23:00"}, 400, "impossible"),
        ({"kind": "storm"}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused(watcher, body, status, code):
    for path in ("/alerts/rules", "/alerts/rules/preview"):
        problem(watcher.post(path, body), status, code)


def test_a_channel_that_is_not_there_is_not_told(watcher):
    problem(watcher.post("/alerts/rules", MOVE | {"channels": [99]}), 400, "impossible")


def test_what_is_followed_is_the_key_s_owner_s(watcher):
    assert watcher.get("/follows").get_json()["reason"]["code"] == "none"
    for thing in ({"kind": "league", "id": 1}, {"kind": "match", "id": 1}, {"kind": "league", "id": 1}):
        assert watcher.post("/follows", thing).status_code == 201
    told = watcher.data("/follows")
    assert [(row["kind"], row["name"]) for row in told] == [("league", "Ligue 1"), ("match", "Le Havre – Paris SG")]
    problem(watcher.post("/follows", {"kind": "team", "id": 999}), 404, "unknown_team")
    problem(watcher.post("/follows", {"kind": "sport", "id": 1}), 422, "invalid")
    assert watcher.open("DELETE", "/follows/league/1").status_code == 204
    problem(watcher.open("DELETE", "/follows/league/1"), 404, "not_followed")
    assert watcher.open("DELETE", "/follows/match/1").status_code == 204
