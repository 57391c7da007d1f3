"""The Postman collection: what the specification says now, of the form that Postman reads, and answered as it says."""

import json
from typing import Any

import jsonschema
import pytest
from flask import Flask

from admin.api import postman
from tests import ROOT
from tests.admin.api.conftest import program, waited_on
from tests.schema.letters import quote

FILE = ROOT / "clients" / "gigscrapy.postman_collection.json"
PAIR = {
    "type": "object",
    "required": ["key", "value"],
    "properties": {
        **{name: {"type": "string"} for name in ("key", "value", "description", "type")},
        "disabled": {"type": "boolean"},
    },
}
PAIRS = {"type": "array", "items": PAIR}
STRINGS = {"type": "array", "items": {"type": "string"}}
FORM = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {"schema": {"const": postman.SCHEMA}, "name": {"type": "string"}},
        },
        "auth": {"type": "object", "required": ["type"], "properties": {"type": {"const": "bearer"}, "bearer": PAIRS}},
        "variable": PAIRS,
        "item": {"type": "array", "items": {"$ref": "#/$defs/folder"}},
    },
    "$defs": {
        "folder": {
            "type": "object",
            "required": ["name", "item"],
            "properties": {"name": {"type": "string"}, "item": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
        },
        "item": {
            "type": "object",
            "required": ["name", "request"],
            "properties": {
                "name": {"type": "string"},
                "response": {"type": "array"},
                "request": {
                    "type": "object",
                    "required": ["method", "url", "header"],
                    "properties": {
                        "method": {"enum": ["GET", "POST", "PATCH", "PUT", "DELETE"]},
                        "description": {"type": "string"},
                        "header": PAIRS,
                        "url": {
                            "type": "object",
                            "required": ["raw", "host", "path"],
                            "properties": {
                                "raw": {"type": "string", "pattern": "^{{base}}/"},
                                "host": STRINGS,
                                "path": STRINGS,
                                "query": PAIRS,
                                "variable": PAIRS,
                            },
                        },
                        "body": {
                            "type": "object",
                            "required": ["mode", "raw"],
                            "properties": {"mode": {"const": "raw"}, "raw": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
}
"""What Postman says of version 2.1, as far as it is used."""


@pytest.fixture(scope="module")
def spec() -> Any:
    return postman.specification()


@pytest.fixture(scope="module")
def collection(spec: Any) -> Any:
    return json.loads(postman.written(spec))


def requests(collection: Any) -> list[Any]:
    return [item for folder in collection["item"] for item in folder["item"]]


def test_it_is_what_the_specification_says_now(spec: Any) -> None:
    """Else: ``python -m admin.api.postman > clients/gigscrapy.postman_collection.json``."""
    assert FILE.read_text(encoding="utf-8") == postman.written(spec)


def test_it_is_of_the_form(collection: Any, spec: Any) -> None:
    jsonschema.validate(collection, FORM)
    names = [item["name"] for item in requests(collection)]
    assert sorted(names) == sorted(
        operation["operationId"] for path in spec["paths"].values() for operation in path.values()
    )
    for item in requests(collection):
        url = item["request"]["url"]
        assert url["raw"] == "{{base}}/" + "/".join(url["path"])
        assert {part[1:] for part in url["path"] if part.startswith(":")} == {one["key"] for one in url["variable"]}
        if body := item["request"].get("body"):
            json.loads(body["raw"])


def test_every_request_is_answered_as_it_is_said(app: Flask, fill: Any, collection: Any, spec: Any) -> None:
    """As Postman sends it, with a key that may do everything, over HTTP."""
    import requests as http

    fill(quote())
    key = program(app, "read", "export", "jobs", "ingest").key
    told = {
        operation["operationId"]: operation["responses"]
        for path in spec["paths"].values()
        for operation in path.values()
    }
    with waited_on(app) as port:
        for item in requests(collection):
            asked = item["request"]
            path = {f":{one['key']}": one["value"] for one in asked["url"]["variable"]}
            url = "/".join(
                [f"http://127.0.0.1:{port}/api/v1", *(path.get(part, part) for part in asked["url"]["path"])]
            )
            answer = http.request(
                asked["method"],
                url,
                params={one["key"]: one["value"] for one in asked["url"]["query"] if not one["disabled"]},
                data=asked.get("body", {}).get("raw", "").encode(),
                headers={one["key"]: one["value"] for one in asked["header"] if not one.get("disabled")}
                | {"Authorization": f"Bearer {key}"},
                timeout=20,
                stream=True,
            )
            assert str(answer.status_code) in told[item["name"]], (item["name"], answer.status_code, answer.text[:300])
            if answer.status_code == 404:
                assert answer.json()["code"] != "not_found" or path, item["name"]
            answer.close()
