"""``python -m admin.api.postman``: the API as a Postman collection (v2.1), made from the specification.

``clients/gigscrapy.postman_collection.json`` is what it prints; a test holds that it is.
"""

import json
import re
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from schema import models
from schema.database import hang_up

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BASE = "http://127.0.0.1:5000/api/v1"


def collection(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A folder for each room, a request for each operation; who uses it fills in ``{{key}}`` and ``{{base}}``."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            [tag, *_] = operation.get("tags") or ["Others"]
            folders.setdefault(tag, []).append(_item(spec, path, method.upper(), operation))
    return {
        "info": {
            "name": spec["info"]["title"],
            "description": spec["info"].get("description", ""),
            "version": spec["info"]["version"],
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{key}}", "type": "string"}]},
        "variable": [
            {"key": "base", "value": BASE, "type": "string"},
            {"key": "key", "value": "", "type": "string", "description": "gig_…, of the account's page"},
        ],
        "item": [{"name": tag, "item": items} for tag, items in sorted(folders.items())],
    }


def _item(spec: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    by_place: dict[str, list[Any]] = {"path": [], "query": [], "header": []}
    for parameter in operation.get("parameters", ()):
        by_place[parameter["in"]].append(parameter)
    told = path.replace("{", ":").replace("}", "")
    url: dict[str, Any] = {
        "raw": "{{base}}" + told,
        "host": ["{{base}}"],
        "path": told.strip("/").split("/"),
        "query": [_filled(spec, one) | {"disabled": not one.get("required", False)} for one in by_place["query"]],
        "variable": [_filled(spec, one) for one in by_place["path"]],
    }
    headers = [_filled(spec, one) | {"disabled": not one.get("required", False)} for one in by_place["header"]]
    request = {"method": method, "header": headers, "url": url, "description": _description(operation)}
    if body := operation.get("requestBody"):
        schema = next(iter(body["content"].values()))["schema"]
        raw = json.dumps(_example(spec, schema), ensure_ascii=False, indent=2)
        request["header"] = [{"key": "Content-Type", "value": "application/json"}, *headers]
        request["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {"name": operation["operationId"], "request": request, "response": []}


def _description(operation: Mapping[str, Any]) -> str:
    return "\n\n".join(filter(None, (operation.get("summary"), operation.get("description"))))


def _filled(spec: Mapping[str, Any], parameter: Mapping[str, Any]) -> dict[str, Any]:
    value = _example(spec, parameter.get("schema", {}))
    text = json.dumps(value) if isinstance(value, bool) else str(value)
    return {"key": parameter["name"], "value": text, "description": parameter.get("description", "")}


def _example(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """A value that the schema takes, as far as it says: its example, its default, else the least there is."""
    schema = _resolved(spec, schema)
    for word in ("examples", "enum"):
        if word in schema:
            return schema[word][0]
    for word in ("example", "default", "const"):
        if schema.get(word) is not None:
            return schema[word]
    if parts := next((schema[word] for word in ("anyOf", "oneOf", "allOf") if word in schema), None):
        return _example(spec, parts[0])
    return _least(spec, schema)


def _least(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        properties, needed = schema.get("properties", {}), schema.get("required", ())
        return {name: _example(spec, one) for name, one in properties.items() if name in needed}
    if kind == "array":
        return [_example(spec, schema.get("items", {}))] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    return _text(schema) if kind == "string" else None


def _text(schema: Mapping[str, Any]) -> str:
    by_format = {"date-time": "2025-10-17T18:45:00Z", "date": "2025-10-17"}
    return by_format.get(schema.get("format", ""), "1" if re.search("[0-9]", schema.get("pattern", "0")) else "a")


def _resolved(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def written(spec: Mapping[str, Any]) -> str:
    """As the file has it."""
    return json.dumps(collection(spec), ensure_ascii=False, indent=2) + "\n"


def specification() -> Any:
    """The specification as the application tells it; its database is an empty one that is gone afterwards."""
    from admin import create_app

    with tempfile.TemporaryDirectory() as home:
        app = create_app(f"sqlite:///{home}/empty.db", home)
        found = app.test_client().get("/api/v1/openapi.json").get_json()
        hang_up(models.Odds._meta.database.obj)  # noqa: SLF001 - Peewee's own word
    return found


if __name__ == "__main__":
    sys.stdout.write(written(specification()))
