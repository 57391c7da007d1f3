"""Every address of the API: told in the specification, and open to whoever has a key for it, and to nobody else."""

import importlib
import pkgutil
from collections import Counter

import pytest
from flask import Flask
from pydantic import BaseModel
from werkzeug.routing import IntegerConverter

from admin import api as programs
from admin.api import guard, rooms
from admin.api.asking import Asked
from schema.models import Users
from tests.admin.api.conftest import Program, program
from tests.admin.api.test_conventions import problem
from tests.admin.conftest import current

UNREAD = {"docs.index", "docs.page", "docs.problems", "openapi.spec", "static"}
"""What says nothing but of itself."""
CHANGING = ("jobs", "ingest")


def mounted(app: Flask) -> Flask:
    return app.wsgi_app.mounts[programs.WHERE].__self__


def routes(api):
    for rule in api.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule, method


def path_of(rule):
    """Of a thing that there is none of."""
    is_number = {name: isinstance(each, IntegerConverter) for name, each in rule._converters.items()}
    return rule.build({name: 999_999 if is_number[name] else "league" for name in rule.arguments})[1]


def test_every_address_takes_a_key_with_its_scope(app, program_of):
    nobody, keys = program_of(), {scope: program_of(scope) for scope in ("read", "export", "jobs", "ingest")}
    api = mounted(app)
    seen = set()
    for rule, method in routes(api):
        if rule.endpoint in UNREAD:
            continue
        scope = getattr(api.view_functions[rule.endpoint], "scope", "read")
        seen.add(scope)
        problem(nobody.open(method, path_of(rule)), 401, "no_key")
        for held, asks in keys.items():
            if held != scope:
                problem(asks.open(method, path_of(rule)), 403, "scope")
        endless = {"match": "x"} if rule.rule == "/stream" else {}  # a stream that is not begun
        allowed = keys[scope].open(method, path_of(rule), **endless)
        assert allowed.status_code not in {401, 403, 405, 500}, (method, rule.rule)
    assert seen >= {"read", "jobs", "ingest"}
    assert guard.OPEN - {"docs.page"} <= UNREAD


def test_whatever_changes_something_takes_more_than_reading(app):
    """But for a preview, which writes nothing."""
    api = mounted(app)
    light = {
        rule.rule
        for rule, method in routes(api)
        if method != "GET" and getattr(api.view_functions[rule.endpoint], "scope", "read") not in CHANGING
    }
    assert light == {"/alerts/rules/preview"}


def test_every_address_is_in_the_specification(app, program_of):
    spec = program_of().get("/openapi.json").get_json()
    told = {(path, method.upper()) for path, operations in spec["paths"].items() for method in operations}
    there = {
        (rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}"), method)
        for rule, method in routes(mounted(app))
        if rule.endpoint not in UNREAD
    }
    assert told == there
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "422", "429", "503"} <= operation["responses"].keys(), (method, path)
            assert operation["summary"] and operation["tags"], (method, path)
            if "requestBody" in operation:
                assert {"400", "413", "415"} <= operation["responses"].keys(), (method, path)


def test_no_two_things_have_one_name_in_the_specification():
    """Of two models that are called alike it would have one only."""
    names = Counter(
        name
        for room in pkgutil.iter_modules(rooms.__path__, f"{rooms.__name__}.")
        for name, each in vars(importlib.import_module(room.name)).items()
        if isinstance(each, type) and issubclass(each, BaseModel) and not issubclass(each, Asked)
        if each.__module__ == room.name
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_key_whose_owner_lost_the_role_changes_nothing(app):
    asks = program(app, "read", "jobs", "ingest")
    assert asks.post("/tasks", {"what": "nba"}).status_code == 202
    with current().connection_context():
        Users.update(role="viewer").execute()
    for path in ("/tasks", "/schedules", "/alerts/rules", "/ingest/quotes", "/dead-letters/replay"):
        problem(asks.post(path, {}), 403, "scope")
    assert asks.get("/runs").status_code == 200


@pytest.mark.parametrize("path", ["/runs", "/tasks", "/schedules", "/dead-letters", "/alerts/rules", "/follows"])
def test_what_is_not_known_is_refused(app, program_of, path):
    asks: Program = program_of("read", "jobs")
    assert "colour" in problem(asks.get(path, colour="red"), 422, "invalid")["errors"]
    problem(asks.get(path, cursor="forged"), 400, "invalid_cursor")
    problem(asks.get(path, limit="0"), 422, "invalid")
