"""What is sent: JSON, told to be so, one object of bounded size, and nothing that JSON has not."""

import json
from typing import Any, NoReturn

from flask import Request

from admin.api.problems import Problem

JSON, NDJSON = "application/json", "application/x-ndjson"


class JsonRequest(Request):
    """A request whose body is read strictly: what two readers would take for two things is refused."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The object that was sent.

        :raises Problem: 415 where it is told to be something else, 400 where it is no JSON, 422 where it is no object.
        """
        insist_on(self, JSON)
        found = read(self.get_data())
        if not isinstance(found, dict):
            detail = f"the body is {_called(found)}, not an object"
            raise Problem(422, "invalid", detail, errors={"body": [detail]})
        return found


def insist_on(request: Request, *types: str) -> None:
    """:raises Problem: 415 where what was sent is told to be none of these, or is packed."""
    if request.mimetype not in types or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(415, "media_type", f"Send it as {' or '.join(types)}, and not packed.")


def read(body: bytes) -> Any:
    """The value a text of JSON holds. :raises Problem: 400 where it is none."""
    try:
        return _JSON.decode(body.decode("utf-8"))
    except RecursionError:
        raise Problem(400, "bad_request", "The body is nested too deeply.") from None
    except ValueError as error:
        raise Problem(400, "bad_request", f"The body is not JSON in UTF-8: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key occurs twice")
    return fields


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _number(text: str) -> int | float:
    """JSON has one kind of number: 2.0 is 2."""
    found = float(text)
    return int(found) if found.is_integer() else found


_JSON = json.JSONDecoder(parse_float=_number, parse_constant=_no_number, object_pairs_hook=_unique)


def _called(value: Any) -> str:
    return {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
