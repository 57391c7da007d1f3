"""Who may ask gig-benchmark's addresses, which asked nobody.

``GIG_ANONYMOUS``: ``on``: anybody may read, and this machine's own programs may change things, too; ``off``: nobody
without a name. Not set: this machine's own programs may read, unless ADMIN_HOSTS or ADMIN_PROXIES says that others are
served: a proxy here that passes on nothing of who asks makes everybody this machine, and who serves others says so.

Everybody else brings ``Authorization: Bearer``: a token of :mod:`admin.gig.tokens` or a key (:mod:`admin.keys`), or is
signed in to the admin in that browser. Reading takes a viewer, or a key for ``read``; asking for crawls, stopping them
and switching the schedule an operator, or a key for ``jobs``.
"""

import os
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, SecurityError, Unauthorized

from admin import keys
from admin.access import READING, asks_here
from admin.gig import tokens
from admin.security import BadSetting, other_hosts, proxies
from admin.signing import Person, nobody, person_here

WORDS = ("on", "off", "")
SETTINGS = ("GIG_ANONYMOUS", "GIG_REGISTRATION")
SEE, CHANGE = frozenset({"read", "export"}), frozenset({"jobs", "ingest"})

View = TypeVar("View", bound=Callable[..., Any])


def settings() -> dict[str, str]:
    """GIG_ANONYMOUS and GIG_REGISTRATION, as they are set; where others are served and they are not, ``off``.

    :raises BadSetting: when one cannot be.
    """
    found = {name: os.environ.get(name, "").strip().lower() for name in SETTINGS}
    for name, word in found.items():
        if word not in WORDS:
            raise BadSetting(f"{name}: {word!r} is neither on nor off")
    return {name: word or "off" for name, word in found.items()} if other_hosts() or proxies() else found


def anybody(view: View) -> View:
    """Whoever asks may call the view."""
    view.__dict__["scopes"] = None
    return view


def scoped(*scopes: str) -> Callable[[View], View]:
    """It takes one of these scopes to call the view; without this ``read``, or ``jobs`` for what is no question."""

    def mark(view: View) -> View:
        view.__dict__["scopes"] = scopes
        return view

    return mark


def let_in() -> None:
    """:raises Unauthorized: where nobody is named who may; :raises Forbidden: where who is named may not."""
    nobody()
    if request.endpoint is None or isinstance(request.routing_exception, SecurityError):
        return
    if request.method not in READING and _brought() is None:  # a browser brings a cookie, or nothing, or a proxy's word
        insist_on_own_pages()
    usual = ("read",) if request.method in READING else ("jobs",)
    wanted = getattr(current_app.view_functions[request.endpoint], "scopes", usual)
    if wanted is None:
        return
    found = _recognised()
    allowed = found[1] if found else _of_nobody()
    g.person = found and found[0]
    if not set(wanted) & set(allowed):
        raise Forbidden if found else refused("Authentication credentials were not provided.")


def bearer() -> Person | None:
    """Whose token or key this request brings. :raises Unauthorized: where it is no good."""
    found = _recognised() if _brought() is not None else None
    return found and found[0]


def insist_on_own_pages() -> None:
    """A page elsewhere can have the browser send a form here: browsers say so. :raises Forbidden: where one did."""
    elsewhere = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    origin = request.headers.get("Origin")
    if elsewhere or (origin is not None and urlsplit(origin).netloc != request.host):
        raise Forbidden


def registration_is_open() -> bool:
    """Whether whoever asks may make an account."""
    word = current_app.config["GIG_REGISTRATION"]
    return word == "on" or (word == "" and asks_here())


def refused(detail: str, **more: str) -> Unauthorized:
    """That nobody is named who may."""
    error = Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "api"}))
    error.code = HTTPStatus.UNAUTHORIZED
    error.more = more  # type: ignore[attr-defined]
    return error


def _recognised() -> tuple[Person, Collection[str]] | None:
    """Who asks, and the scopes that allows. :raises Unauthorized: where what is brought is no good."""
    brought = _brought()
    if brought is not None and brought.startswith("gig_"):
        opened = keys.opened_by(brought)
        if opened is None:
            raise refused("This key opens nothing: it was never made, or was taken back.")
        return opened
    person = person_here() if brought is None else tokens.person_of(brought, tokens.ACCESS)
    if person is None and brought is not None:
        raise refused("Given token not valid for any token type", code="token_not_valid")
    return person and (person, keys.allowed(person))


def _brought() -> str | None:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


def _of_nobody() -> Collection[str]:
    """What is open to whoever is not named."""
    word = current_app.config["GIG_ANONYMOUS"]
    if word == "off":
        return ()
    here = asks_here()
    if word == "on":
        return SEE | CHANGE if here else SEE
    return SEE if here else ()
