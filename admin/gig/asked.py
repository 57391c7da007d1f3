"""What gig-benchmark's parameters and bodies ask for, read as strictly as Django read them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from admin.gig.errors import BadParameter
from analytics.gigrows import Instant, Narrowed

ALL = "all"
MOMENT = "%Y-%m-%d %H:%M:%S"
LARGEST = 2**63 - 1
FIRST, LAST = datetime(1970, 1, 1), datetime(9000, 1, 1)  # noqa: DTZ001 - UTC, as the tables have it
"""Nothing kicks off before or after."""
MOST = 500
"""Ids of one parameter."""


def narrowed(arguments: "MultiDict[str, str]") -> Narrowed:
    """The prices that the filters ask for. :raises BadParameter: when one is nothing it may be."""
    since = until = None
    if (start := said(arguments, "start")) and (end := said(arguments, "end")):
        since, until = _moment(start), _moment(end)
    return Narrowed(
        sport=one(arguments, "sport"),
        bookmakers=several(arguments, "bookmaker"),
        leagues=several(arguments, "league"),
        match=one(arguments, "match"),
        since=since,
        until=until,
    )


def said(arguments: "MultiDict[str, str]", name: str) -> str | None:
    """A parameter; ``all`` asks for nothing. Of one that is said twice the last counts, as for Django."""
    values = arguments.getlist(name)
    return values[-1] if values and values[-1] not in ("", ALL) else None


def one(arguments: "MultiDict[str, str]", name: str) -> int | None:
    """An id. :raises BadParameter: when it is none."""
    value = said(arguments, name)
    return None if value is None else _id(value)


def several(arguments: "MultiDict[str, str]", name: str) -> tuple[int, ...]:
    """Ids with commas between. :raises BadParameter: when one is none."""
    value = said(arguments, name)
    found = tuple(dict.fromkeys(_id(part) for part in (value or "").split(",") if part.strip()))
    if len(found) > MOST:
        raise BadParameter(f"Field '{name}' has {len(found)} ids, at most {MOST} are read.")
    return found


def instant(arguments: "MultiDict[str, str]") -> Instant | None:
    """Where a page that was cut goes on: ``before=2025-11-10T20:45:00_1234``. :raises BadParameter: when it is none."""
    if not (value := said(arguments, "before")):
        return None
    at, _, number = value.rpartition("_")
    try:
        return Instant(datetime.fromisoformat(at).replace(tzinfo=None), _id(number))
    except ValueError:
        raise BadParameter(
            f"before: {value[:80]!r} is nowhere that an answer goes on; take it from its Link."
        ) from None


def written(instant: Instant) -> str:
    """The same, the other way round."""
    return f"{instant.at.isoformat()}_{instant.id}"


def body() -> Mapping[str, Any]:
    """What was sent: JSON, or a form. :raises BadRequest: when it is neither."""
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form
    text = request.get_data(as_text=True)
    if not text.strip():
        return {}
    try:
        found = request.get_json(force=True)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no letter, and nothing keeps it
    except (BadRequest, RecursionError, UnicodeEncodeError):
        raise BadRequest("JSON parse error - the body is no JSON") from None
    if not isinstance(found, dict):
        raise BadRequest(f"Invalid data. Expected a dictionary, but got {type(found).__name__}.")
    return found


def _id(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise BadParameter(f"Field 'id' expected a number but got {text[:80]!r}.") from None
    return number if abs(number) <= LARGEST else 0  # no row has it


def _moment(text: str) -> datetime:
    try:
        found = datetime.strptime(text, MOMENT)  # noqa: DTZ007 - UTC, as the tables have it
    except ValueError as error:
        raise BadParameter(str(error)[:200]) from None
    return min(max(found, FIRST), LAST)
