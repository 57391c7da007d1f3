"""Who asks, and how often: a key in a header, its scopes, and so many requests a minute.

``Authorization: Bearer gig_…`` or ``X-API-Key: gig_…``, never an address, which ends in logs. No cookie counts here.
"""

import os
import re
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from apiflask import APIFlask
from flask import Response, current_app, g, request
from flask_limiter import Limiter
from werkzeug.exceptions import SecurityError

from admin.access import Role
from admin.api.problems import Problem
from admin.keys import opened_by
from admin.security import BadSetting
from admin.signing import Person, nobody

View = TypeVar("View", bound=Callable[..., Any])

OPEN = frozenset({"docs.index", "docs.page", "docs.problems", "openapi.spec", "static"})
"""Endpoints that anybody may call: they say nothing about anything but themselves, and ask no database."""
PER_MINUTE = 600
"""Requests of one key, unless API_RATE_LIMIT says otherwise."""
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def scoped(scope: str) -> Callable[[View], View]:
    """What scope it takes to call the view; without this: ``read``."""

    def mark(view: View) -> View:
        view.__dict__["scope"] = scope
        return view

    return mark


def install(api: APIFlask) -> None:
    """From now on each request is let in, or not."""
    api.before_request(_let_in)
    limit = os.environ.get("API_RATE_LIMIT") or str(PER_MINUTE)
    if not (limit.isascii() and limit.isdigit() and int(limit)):
        raise BadSetting(f"API_RATE_LIMIT: {limit!r} is not how many requests a minute a key has; write {PER_MINUTE}")
    limiter = Limiter(
        _of_one,
        default_limits=[f"{limit} per minute"],
        headers_enabled=True,
        storage_uri="memory://",
        strategy="moving-window",
    )
    limiter.request_filter(lambda: request.endpoint in OPEN or request.endpoint is None)
    limiter.init_app(api)


def key_owner() -> Person:
    """Whose key this request brought."""
    owner: Person = g.person
    return owner


def _of_one() -> str:
    return str(g.key_name)


def _let_in() -> None:
    """:raises Problem: where no key opens this."""
    nobody()
    asked = request.headers.get("X-Request-Id", "")
    g.request_id = asked if _ID.fullmatch(asked) else secrets.token_hex(8)
    if request.endpoint is None or request.endpoint in OPEN or isinstance(request.routing_exception, SecurityError):
        return
    secret = request.headers.get("X-API-Key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secret:
        raise _NoKey("Send a key: Authorization: Bearer gig_… (make one on the account's page).")
    opened = opened_by(secret)
    if opened is None:
        raise _NoKey("This key opens nothing: it was never made, or was taken back.")
    g.person, scopes = opened
    g.key_name = opened[0].key.id
    g.program = opened[0].key.name
    scope = getattr(current_app.view_functions[request.endpoint], "scope", "read")
    if scope not in scopes:
        raise Problem(403, "scope", f"This key may not do that: it takes the scope {scope}.")


class _NoKey(Problem):
    def __init__(self, detail: str) -> None:
        super().__init__(401, "no_key", detail)

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("WWW-Authenticate", 'Bearer realm="gigscrapy"')]


def may(role: Role) -> bool:
    """Whether the key's owner may do what takes that role."""
    return Role.of(key_owner().role) >= role


def tell_request_id(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    return answer
