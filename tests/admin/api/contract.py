"""Every answer that a test gets is held against the specification: its status is one of those, its body as is said."""

import re
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

JSON = ("application/json", "application/problem+json")


def hold(client: FlaskClient, method: str, path: str, answer: TestResponse) -> None:
    """:raises AssertionError: where the answer is not as the specification has it."""
    operation = _operations(client.application).get((method.lower(), path))
    if operation is None or answer.is_streamed:
        return
    responses, components = operation
    if method == "HEAD" or answer.status_code == 304:
        return
    said = responses.get(str(answer.status_code))
    assert said is not None, f"{method} {path} answers {answer.status_code}, which the specification does not know"
    if answer.mimetype in JSON and (content := said.get("content", {}).get(answer.mimetype)):
        schema = content["schema"] | {"components": components}
        errors = [
            f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(answer.json)
        ]
        assert not errors, f"{method} {path}: {errors[:3]}"


class _Operations:
    """Operations by method and a path as it is asked for."""

    def __init__(self, spec: dict[str, Any]) -> None:
        components = _strict(spec.get("components", {}))
        self._found = [
            (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), (operation["responses"], components))
            for template, methods in spec["paths"].items()
            for method, operation in methods.items()
        ]

    def get(self, asked: tuple[str, str]) -> tuple[dict[str, Any], dict[str, Any]] | None:
        method, path = asked
        return next((said for known, rule, said in self._found if known == method and rule.fullmatch(path)), None)


@lru_cache(maxsize=8)
def _operations(app: Flask) -> _Operations:
    return _Operations(app.test_client().get("/api/v1/openapi.json").get_json())


def _strict(part: Any) -> Any:
    """No answer has a field that its model does not name."""
    if isinstance(part, list):
        return [_strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {name: _strict(one) for name, one in part.items()}
    if "properties" in told and told.get("type") == "object":
        told.setdefault("additionalProperties", False)
    return told
