"""Who is there, and what they may do: asked once, before any view is.

Whoever asks for a page must be signed in: to read takes a viewer, and whatever is no question takes an operator, unless
the view says otherwise::

    @needs(Role.ADMIN)
    def team(): …

A view that forgot to say is guarded all the same.
"""

from collections.abc import Callable
from enum import IntEnum
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, url_for
from peewee import PeeweeException
from werkzeug import Response
from werkzeug.exceptions import SecurityError

from admin.signing import Person, nobody, person_here

READING = frozenset({"GET", "HEAD", "OPTIONS"})
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


def needs(role: Role) -> Callable[[View], View]:
    """What it takes to call the view, whatever the method."""

    def mark(view: View) -> View:
        view.__dict__["needs"] = role
        return view

    return mark


def public(view: View) -> View:
    """Anybody may call the view, signed in or not. It opens the database itself, if it needs it."""
    view.__dict__["needs"] = None
    return view


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


def guard(app: Flask) -> None:
    """From now on each request is let in, or not. Templates have ``who`` and ``may``."""
    app.before_request(_let_in)
    app.jinja_env.globals |= {"who": who, "may": may}


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
        return None
    g.person = person_here()
    if g.person is None:
        return _sent_to_sign_in()
    if Role.of(g.person.role) < role:
        abort(HTTPStatus.FORBIDDEN)
    return None


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
