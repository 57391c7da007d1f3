"""The documentation: the specification (OpenAPI 3.1), a page that shows it and asks no other host, the errors."""

import re
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import make_response, render_template, request

from admin.api.answers import answer
from admin.api.offering import MORE
from admin.api.problems import MEANINGS, ProblemOut
from admin.preferences import scheme

room = APIBlueprint("docs", __name__, enable_openapi=False, template_folder="../templates")

WHERE = "/api/v1"
SWAGGER = "swagger-ui-5.35.0"
"""Its folder, as it was published."""

ABOUT = """French bookmakers' odds, as gigscrapy keeps them.

Instants are ISO 8601 in UTC (`2025-10-17T18:45:00Z`), prices are strings (`"1.85"`), ids are stable and so are slugs.
Lists go on with `cursor`; every answer has an `ETag`; errors are `application/problem+json`. Version 1 is only ever
added to: new fields, new parameters, new addresses. What is to go says so in `Deprecation` and `Sunset` headers, twelve
months before.
"""
SPECIFICATION: dict[str, Any] = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_404_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "SECURITY_SCHEMES": {
        "key": {"type": "http", "scheme": "bearer", "description": "A key of the account's page: `gig_…`."},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key, so."},
    },
    "DESCRIPTION": ABOUT,
}


def describe(api: APIFlask) -> None:
    """What the rooms do not say themselves."""

    @api.spec_processor
    def complete(spec: Any) -> Any:
        schemas = _by_plain_name(spec.get("components", {}).get("schemas", {}))
        schemas["Problem"] = ProblemOut.model_json_schema()
        spec.setdefault("components", {})["schemas"] = schemas
        for path in spec["paths"].values():
            for operation in path.values():
                _add(operation, MORE.get(operation.get("operationId"), {}))
        spec = _with_plain_references(spec)
        schemas = spec["components"]["schemas"]
        for path in spec["paths"].values():
            for operation in path.values():
                operation["security"] = [{"key": []}, {"header": []}]
                _name_fields(operation, schemas)
        return spec


_PLACES: Mapping[Any, dict[str, Any]] = {
    "integer": {"minimum": 0},
    "string": {"pattern": r"^[A-Za-z0-9._:-]+$", "maxLength": 64},
}
"""What may stand in an address."""


def _add(operation: Any, more: Mapping[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path":
            parameter["schema"] = _PLACES.get(parameter["schema"].get("type"), {}) | parameter["schema"]
    parameters.extend(more.get("parameters", ()))
    operation["responses"] |= more.get("responses", {})
    if "requestBody" in more:
        operation["requestBody"] = more["requestBody"]
    elif "requestBody" in operation:
        operation["requestBody"]["required"] = True


def _by_plain_name(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """:raises ValueError: where two models are called alike."""
    found: dict[str, Any] = {}
    for name, schema in schemas.items():
        told = _with_plain_references(schema)
        if found.setdefault(_plain(name), told) != told:
            raise ValueError(f"two models are called {_plain(name)}")
    return found


def _plain(name: str) -> str:
    """``Listed[SportOut]`` is no name there, and of ``Listed[SportOut].Reason`` there is one only: ``Reason``."""
    outer, _, inner = name.rpartition(".")
    if outer and "[" not in inner:
        return inner
    return re.sub(r"(\w+)\[(\w+)\]", r"\2_\1", name.rsplit(".", maxsplit=1)[-1])


def _name_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """The parameter ``fields`` says which there are: those of a row of the answer."""
    for parameter in operation["parameters"]:
        if parameter["name"] == "fields":
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            data = schemas[answer.rpartition("/")[2]]["properties"]["data"]
            row = schemas[data.get("items", data)["$ref"].rpartition("/")[2]]
            row.pop("required", None)  # who asks for some fields has no others
            one = f"({'|'.join(row['properties'])})"
            parameter["schema"] |= {"pattern": f"^{one}(,{one})*$", "maxLength": 500}


def _with_plain_references(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_plain_references(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {name: _with_plain_references(one) for name, one in part.items()}
    if isinstance(reference := told.get("$ref"), str):
        place, _, name = reference.rpartition("/")
        told["$ref"] = f"{place}/{_plain(name)}"
    return told


@room.get("/")
def index() -> Any:
    """Where everything is."""
    addresses = {"specification": f"{WHERE}/openapi.json", "documentation": f"{WHERE}/docs"}
    return answer({"data": {"name": "gigscrapy", "version": "1.0"} | addresses})


@room.get("/docs")
def page() -> Any:
    """The specification to be read, and tried out."""
    answered = make_response(render_template("api/docs.html", scheme=scheme(), swagger=SWAGGER, where=WHERE))
    answered.headers["Cache-Control"] = "no-store"
    return answered


@room.get("/docs/problems")
def problems() -> Any:
    """The codes of errors: a page for people, JSON for programs."""
    told = [{"code": code, "status": status, "meaning": meaning} for code, (status, meaning) in MEANINGS.items()]
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("api/problems.html", scheme=scheme(), problems=told, where=WHERE)
    return answer({"data": told})
