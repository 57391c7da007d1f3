"""How answers look: ``{"data": …}``, lists with where they go on, and why one is empty."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson
from apiflask import APIFlask
from flask import Response, g, request
from pydantic import BaseModel, Field

from admin.api import guard

Row = TypeVar("Row", bound=BaseModel)
JSON = "application/json"
FRESH = 5
"""Seconds an answer may be kept without asking again."""


class Reason(BaseModel):
    """Why a list is empty."""

    code: str = Field(description="One word, for programs.")
    detail: str


class Listed(BaseModel, Generic[Row]):
    """A part of a list."""

    data: list[Row]
    has_more: bool
    next_cursor: str | None = Field(description="For `cursor`: what follows this part.")
    reason: Reason | None = Field(None, description="Why there is nothing, where there is nothing.")


class One(BaseModel, Generic[Row]):
    """One thing."""

    data: Row


def listed(
    rows: Sequence[Mapping[str, Any]],
    *,
    after: str | None = None,
    reason: tuple[str, str] | None = None,
    fields: Sequence[str] = (),
    **more: Any,
) -> Response:
    """A list. :param after: the cursor of what follows; ``None``: nothing does.

    :param reason: why it is empty, code and words; a list without rows must have one.
    :param fields: what to tell of each row; all of it where there is none. :param more: what else stands beside
        ``data``.
    """
    if not rows and reason is None:
        raise ValueError("an empty answer says why")
    told = {"code": reason[0], "detail": reason[1]} if reason and not rows else None
    body = {"data": sparse(rows, fields), "has_more": after is not None, "next_cursor": after, "reason": told} | more
    return answer(body)


def one(row: Mapping[str, Any], *, fields: Sequence[str] = (), status: int = 200, **more: Any) -> Response:
    """One thing."""
    [told] = sparse([row], fields)
    return answer({"data": told} | more, status)


def sparse(rows: Sequence[Mapping[str, Any]], fields: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Only these fields of each row, all of them where none is named; :mod:`admin.api.offering` knows them."""
    return [{field: row[field] for field in fields} for row in rows] if fields else rows


def answer(body: Any, status: int = 200) -> Response:
    """As JSON."""
    return Response(as_json(body), status, content_type=JSON)


def as_json(body: Any) -> bytes:
    """JSON as it is sent. Half a character, which somebody may have sent here, is spelt out as JSON spells it; orjson,
    many times as fast, has no word for it, nor for a number beyond 64 bits.
    """
    try:
        return orjson.dumps(body, default=_written, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError:
        return as_bytes(json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_written))


def as_bytes(text: str) -> bytes:
    """JSON that is text already, with half a character spelt out."""
    return text.encode("utf-8", "backslashreplace")


def instant(naive: datetime | None) -> str | None:
    """As the API writes one: ``2025-10-17T18:45:00Z``, with a fraction only where there is one. Naive is UTC."""
    return None if naive is None else naive.isoformat() + "Z"


def age(seen: datetime, now: datetime) -> int:
    """Whole seconds since then; what a clock ahead of ours says is 0. Both naive UTC."""
    return max(0, int((now - seen).total_seconds()))


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value) or ""
    return str(value)


def finish(api: APIFlask) -> None:
    """Each answer carries its request's id; one that can be known by its content says so, and is not sent twice."""

    @api.after_request
    def conditional(response: Response) -> Response:
        guard.tell_request_id(response)
        whole = response.status_code == 200 and not response.is_streamed and not response.direct_passthrough
        if request.method in ("GET", "HEAD") and whole and not g.get("uncached"):
            response.add_etag(weak=True)
            response.headers.setdefault("Cache-Control", f"private, max-age={FRESH}")
            response.headers["Vary"] = "Authorization, X-API-Key"
            response.make_conditional(request)
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def keys_of(rows: Iterable[BaseModel]) -> list[dict[str, Any]]:
    """Models as rows."""
    return [row.model_dump() for row in rows]
