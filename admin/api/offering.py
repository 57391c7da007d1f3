"""How a room offers something: the rule, what is asked, what is answered, and the scope it takes.

@offer(room, "/sports", asked=Part, answer=Listed[SportOut])
def list_sports(query_data: Part) -> Response: …
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, get_args

from apiflask import APIBlueprint
from pydantic import BaseModel

from admin.api.asking import Fields
from admin.api.problems import TYPE, Problem

View = Callable[..., Any]
_PROBLEM = {"content": {TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_HEADER = {"schema": {"type": "string"}}
_NOTED = {"X-Request-Id": _HEADER}
_WORDS = {
    304: "Not changed since the answer whose ETag you sent",
    400: "Not understood, or makes no sense together: an `invalid_cursor`, say",
    401: "No key, or none that opens anything",
    403: "The key has not the scope that it takes",
    404: "There is no such thing",
    409: "It contradicts what is there",
    413: "Too much at once",
    415: "Not JSON, or packed",
    422: "A parameter, or the body, is not what is written here",
    429: "Too many requests: `Retry-After` says when to come again",
    503: "The database, or the broker, is away for now",
}


MORE: dict[str, Mapping[str, Any]] = {}
"""By its id: what an operation has that APIFlask has no word for."""


def offer(
    room: APIBlueprint,
    rule: str,
    *,
    answer: type[BaseModel] | None,
    asked: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    method: str = "GET",
    status: int = 200,
    scope: str = "read",
    errors: tuple[int, ...] = (),
    content_type: str = "application/json",
    files: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Callable[[View], View]:
    """Offer the view there. Its docstring is its documentation; it is handed ``query_data`` and ``json_data``.

    :param answer: the model of the answer's body, which the view writes itself (:mod:`admin.api.answers`).
    :param errors: statuses beyond those that any question may end in.
    :param files: what is answered where that is no JSON: by content type its schema.
    :param more: of the operation in the specification: ``parameters`` and ``responses`` beside those, a ``requestBody``
        that the view reads itself.
    """
    usual = (
        {401, 403, 422, 429, 503}
        | ({304} if method == "GET" and not files else set())
        | ({404} if "<" in rule else set())
    )
    if body is not None or "requestBody" in (more or {}):
        usual |= {400, 413, 415}
    responses: dict[int | str, Any] = {
        code: {"description": _WORDS[code], "headers": _NOTED} | ({} if code == 304 else _PROBLEM)
        for code in sorted(usual | set(errors))
    }

    def bind(view: View) -> View:
        offered = _with_known_fields(view, fields_of(answer)) if asked and issubclass(asked, Fields) else view
        if answer is not None:
            offered = room.output(answer, status_code=status, content_type=content_type)(offered)
        else:
            told = {"content": {kind: {"schema": schema} for kind, schema in files.items()}} if files else {}
            responses[status] = {"description": "Done", "headers": _NOTED} | told
        if asked is not None:
            offered = room.input(asked, location="query")(offered)
        if body is not None:
            offered = room.input(body, location="json")(offered)
        offered = room.doc(responses=responses, operation_id=view.__name__, security="key")(offered)
        offered.__dict__["scope"] = scope
        if more:
            MORE[view.__name__] = more
        route: Callable[[View], View] = room.route(rule, methods=[method])
        return route(offered)

    return bind


def fields_of(answer: Any) -> tuple[str, ...]:
    """What a row of that answer tells: of ``Listed[SportOut]`` the fields of SportOut."""
    data = getattr(answer, "model_fields", {}).get("data")
    row = next(iter(get_args(data.annotation)), data.annotation) if data is not None else None
    return tuple(getattr(row, "model_fields", ()))


def _with_known_fields(view: View, known: tuple[str, ...]) -> View:
    """:raises Problem: from the view, for a field that no row has."""

    @wraps(view)
    def checked(*args: Any, query_data: Fields, **more: Any) -> Any:
        if unknown := [field for field in query_data.fields if field not in known]:
            detail = f"fields: no such field: {', '.join(unknown)}"
            raise Problem(422, "invalid", detail, errors={"fields": ["there are: " + ", ".join(known)]})
        return view(*args, query_data=query_data, **more)

    return checked
