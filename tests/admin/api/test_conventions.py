"""What all answers share: keys, scopes, errors, cursors, conditional answers, limits, the specification."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from admin import create_app
from admin.api import cursors
from admin.api.answers import as_json
from schema.models import ApiKeys, now
from tests.admin.api.conftest import Program, program
from tests.schema.letters import quote


@pytest.fixture
def some(fill):
    fill(
        *(
            quote(league=league, match_id=str(number))
            for number, league in enumerate(("Ligue 1", "Ligue 2", "Serie A"), 1)
        )
    )


def problem(answer, status, code):
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    told = answer.get_json()
    assert told["status"] == status and told["code"] == code
    assert told["request_id"] == answer.headers["X-Request-Id"]
    return told


def test_without_a_key_nothing_is_told(program_of, some):
    answer = program_of().get("/sports")
    problem(answer, 401, "no_key")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_that_was_taken_back_opens_nothing(reader, some):
    assert reader.data("/sports")
    with ApiKeys._meta.database.obj.connection_context():
        ApiKeys.update(revoked_at=now()).execute()
    problem(reader.get("/sports"), 401, "no_key")


def test_a_key_opens_in_either_header_and_in_no_address(reader, some):
    nobody = Program(reader._client, None)
    assert nobody.get("/sports", headers={"X-API-Key": reader.key}).status_code == 200
    assert nobody.get("/sports", key=reader.key).status_code == 401


def test_a_cookie_opens_nothing(client, some):
    problem(client.get("/api/v1/sports"), 401, "no_key")


def test_a_key_without_the_scope_is_refused(program_of, some):
    problem(program_of("ingest").get("/sports"), 403, "scope")


def test_unknown_addresses_methods_and_parameters(reader, some):
    problem(reader.get("/sport"), 404, "not_found")
    answer = reader.post("/sports", {})
    problem(answer, 405, "method")
    assert "GET" in answer.headers["Allow"]
    assert "leage" in problem(reader.get("/leagues", leage="x"), 422, "invalid")["errors"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/matches", {"status": ""}),
        ("/matches", {"status": "live,,finished"}),
        ("/matches", {"status": ",".join(["scheduled"] * 60)}),
        ("/matches", {"sport": "football,"}),
        ("/matches", {"fields": ",".join(["id"] * 200)}),
        ("/movements", {"min_pct": "5."}),
        ("/movements", {"min_pct": "1.234"}),
        ("/exports/odds", {"match": "01"}),
        ("/exports/odds", {"match": "1.0"}),
        ("/exports/payouts", {"from": "2025-W42-5"}),
    ],
)
def test_what_the_specification_does_not_allow_is_refused(program_of, some, path, asked):
    answer = program_of("read", "export").get(path, **asked)
    assert problem(answer, 422, "invalid")["errors"].keys() == asked.keys()


def test_a_cursor_of_an_earlier_version_is_none(reader, some, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(cursors, "_SALT", "cursor")
        given = reader.get("/leagues", limit=1).get_json()["next_cursor"]
    problem(reader.get("/leagues", limit=1, cursor=given), 400, "invalid_cursor")


def test_a_list_goes_on_where_it_was(reader, some):
    seen, asked = [], {"limit": 2}
    while True:
        answer = reader.get("/leagues", **asked).get_json()
        seen += [league["slug"] for league in answer["data"]]
        if not answer["has_more"]:
            break
        asked["cursor"] = answer["next_cursor"]
    assert seen == ["football_ligue-1", "football_ligue-2", "football_serie-a"]


def test_a_cursor_that_is_forged_or_of_another_question_is_refused(reader, some):
    cursor = reader.get("/leagues", limit=1).get_json()["next_cursor"]
    problem(reader.get("/leagues", cursor=cursor[:-2] + "xx"), 400, "invalid_cursor")
    problem(reader.get("/leagues", cursor=cursor, sport="football"), 400, "invalid_cursor")


def test_an_empty_answer_says_why(reader):
    assert reader.get("/leagues").get_json()["reason"]["detail"]


def test_only_the_fields_that_are_wanted(reader, some):
    assert reader.data("/leagues", fields="slug,name", limit=1) == [{"slug": "football_ligue-1", "name": "Ligue 1"}]
    assert "colour" in problem(reader.get("/leagues", fields="colour"), 422, "invalid")["detail"]


def test_what_has_not_changed_is_not_sent_twice(reader, some, fill):
    first = reader.get("/leagues")
    again = reader.get("/leagues", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    fill(quote(league="Serie B", match_id="9"))
    assert reader.get("/leagues", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_who_asks_too_often_is_told_when_to_come_again(monkeypatch, tmp_path, migrated):
    monkeypatch.setenv("API_RATE_LIMIT", "3")
    asks = program(create_app(home=tmp_path), "read")
    left = [asks.get("/sports").headers["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = asks.get("/sports")
    problem(answer, 429, "rate_limit")
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_a_request_may_bring_its_id(reader):
    assert reader.get("/sports", headers={"X-Request-Id": "mine-1"}).headers["X-Request-Id"] == "mine-1"
    assert reader.get("/sports", headers={"X-Request-Id": "<b>"}).headers["X-Request-Id"] != "<b>"


def test_the_specification_is_for_everybody(program_of):
    spec = program_of().get("/openapi.json").get_json()
    assert spec["openapi"] == "3.1.0" and "/sports" in spec["paths"]
    assert {"401", "422", "429"} <= spec["paths"]["/sports"]["get"]["responses"].keys()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("\ud800", b'"\\ud800"'),  # half a character
        (2**70, b"1180591620717411303424"),
        (datetime(2025, 10, 17, 18, 45, tzinfo=UTC), b'"2025-10-17T18:45:00Z"'),
        (Decimal("1.850"), b'"1.850"'),
        ("Étoile", '"Étoile"'.encode()),
    ],
)
def test_whatever_is_told_is_json(value, told):
    assert as_json({"data": value}) == b'{"data":' + told + b"}"
