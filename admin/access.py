"""Who is there, and what they may do: asked once, before any view is.

Whoever asks for a page must be signed in: to read takes a viewer, and whatever is no question takes an operator, unless
the view says otherwise::

    @needs(Role.ADMIN)
    def team(): …

A view that forgot to say is guarded all the same.
"""

import ipaddress
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from peewee import PeeweeException
from werkzeug import Response
from werkzeug.exceptions import SecurityError

from admin.security import is_local, proxies
from admin.signing import Person, nobody, person_here
from admin.words import Phrase

FRESH_SECONDS = 15 * 60
READING = frozenset({"GET", "HEAD", "OPTIONS"})
FORWARDED = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"})
"""Headers that say that a proxy passed a request on."""
FILES = frozenset({"static", "admin.static"})
"""Endpoints of files that say nothing about anybody."""

View = TypeVar("View", bound=Callable[..., Any])


class Role(IntEnum):
    """Each may do what the ones before may."""

    VIEWER = 1
    """Reads, and takes what is read away in files."""
    OPERATOR = 2
    """Asks for crawls, stops them, writes schedules, mends reference data."""
    ADMIN = 3
    """Says who may do what."""

    @classmethod
    def of(cls, name: str) -> "Role":
        """The one that the tables call so. :raises ValueError: when none is."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(f"{name!r} is no role: {', '.join(cls.names())}") from None

    @classmethod
    def names(cls) -> list[str]:
        return [role.code for role in cls]

    @property
    def code(self) -> str:
        """As the tables have it."""
        return self.name.lower()


NAMES: Mapping[str, Phrase] = {
    "viewer": Phrase("Lecture seule"),
    "operator": Phrase("Opérateur"),
    "admin": Phrase("Administrateur"),
}
ABOUT: Mapping[str, Phrase] = {
    "viewer": Phrase("lit et exporte"),
    "operator": Phrase("lance et arrête les relevés, planifie, corrige les données de référence"),
    "admin": Phrase("gère aussi les comptes"),
}


def needs(role: Role, *, fresh: bool = False) -> Callable[[View], View]:
    """What it takes to call the view, whatever the method.

    :param fresh: what is no question also takes a password that was typed within the last :data:`FRESH_SECONDS`: who
        finds a browser open may not make keys or accounts with it.
    """

    def mark(view: View) -> View:
        view.__dict__["needs"] = role
        view.__dict__["fresh"] = fresh
        return view

    return mark


def public(view: View) -> View:
    """Anybody may call the view, signed in or not. It opens the database itself, if it needs it."""
    view.__dict__["needs"] = None
    return view


def public_here(view: View) -> View:
    """Anybody may call the view, on this machine; from others it takes a sign-in, or a key with the scope ``read``."""
    view.__dict__["here"] = True
    return public(view)


def needed(app: Flask, endpoint: str, method: str) -> Role | None:
    """What it takes; ``None``: nothing."""
    if endpoint in FILES:
        return None
    usual = Role.VIEWER if method in READING else Role.OPERATOR
    return getattr(app.view_functions[endpoint], "needs", usual)


def who() -> str:
    """The name of who is signed in: what ``requested_by`` and the audit log say. Empty where nobody is."""
    person = here()
    return person.username if person else ""


def here() -> Person | None:
    """Who is signed in, as far as this request has asked."""
    return g.get("person")


def may(role: Role | str) -> bool:
    """Whether who is there may do what takes that role."""
    person = here()
    return person is not None and Role.of(person.role) >= (Role.of(role) if isinstance(role, str) else role)


def is_fresh() -> bool:
    """Whether who is there has typed the password a short while ago."""
    return 0 <= time.time() - float(session.get("fs_paa", 0)) < FRESH_SECONDS


def guard(app: Flask) -> None:
    """From now on each request is let in, or not. Templates have ``who`` and ``may``."""
    app.before_request(_let_in)
    app.jinja_env.globals |= {"who": who, "may": may, "is_fresh": is_fresh, "role_names": NAMES, "role_abouts": ABOUT}


def _let_in() -> Response | None:
    nobody()  # until it is known: an error page, whatever of, asks no database
    if isinstance(request.routing_exception, SecurityError):
        return None
    endpoint = request.endpoint
    role = needed(current_app, endpoint, request.method) if endpoint else None
    if endpoint is None or (role is None and endpoint not in FILES and request.blueprint == "signing"):
        _recognise_if_possible()
        return None
    if role is None:
        _let_a_program_in(endpoint)
        return None
    g.person = person_here()
    if g.person is None:
        return _sent_to_sign_in()
    if Role.of(g.person.role) < role:
        abort(HTTPStatus.FORBIDDEN)
    wants_fresh = getattr(current_app.view_functions[endpoint], "fresh", False) and request.method not in READING
    return None if is_fresh() or not wants_fresh else _sent_to_confirm()


def _let_a_program_in(endpoint: str) -> None:
    """:raises Unauthorized: for one of another machine that brings no key."""
    from admin.keys import opened_by

    if not getattr(current_app.view_functions[endpoint], "here", False) or asks_here():
        return
    opened = opened_by(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if person_here() is None and (opened is None or "read" not in opened[1]):
        abort(HTTPStatus.UNAUTHORIZED)


def asks_here() -> bool:
    """Whether it is asked from this machine, by a name of its own."""
    if not proxies() and not FORWARDED.isdisjoint(name.lower() for name, _ in request.headers):
        return False  # a proxy that nobody told us of: whoever is behind it is not here
    try:
        return is_local() and ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _sent_to_confirm() -> Response:
    """Type the password, then do it again from the page it was on."""
    from admin.preferences import back

    return redirect(url_for("account.confirm", next=back()), HTTPStatus.SEE_OTHER)


def _recognise_if_possible() -> None:
    """A page that everybody sees is shown to nobody in particular where the database is away."""
    try:
        g.person = person_here()
    except PeeweeException:
        g.person = None


def _sent_to_sign_in() -> Response:
    """A page that was asked for is shown once somebody has signed in; whatever else is refused.

    :raises Unauthorized: for scripts, and for what is no question.
    """
    accepted = request.accept_mimetypes
    by_script = request.headers.get("Sec-Fetch-Dest") == "empty" or (accepted and not accepted.accept_html)
    if request.method not in ("GET", "HEAD") or by_script:
        abort(HTTPStatus.UNAUTHORIZED)
    asked = request.full_path.rstrip("?")
    return redirect(url_for("signing.sign_in", next=None if asked == "/" else asked), HTTPStatus.FOUND)
