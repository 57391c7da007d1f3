"""The page somebody signs in on, and the way out."""

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.exceptions import TooManyRequests

from admin import accounts, audit, signing, tries
from admin.access import Role, here, needs, public
from admin.signing import Person

HOME = "/"
LONGEST_NEXT = 2000

logger = logging.getLogger(__name__)


def addresses() -> Blueprint:
    """``/sign-in/`` and ``/sign-out/``."""
    blueprint = Blueprint("signing", __name__)

    @blueprint.get("/sign-in/")
    @public
    def sign_in() -> Response | tuple[str, int]:
        wanted = safe(request.args.get("next", ""))
        return redirect(wanted) if here() else _page(wanted)

    @blueprint.post("/sign-in/")
    @public
    def signed_in() -> Response | tuple[str, int]:
        wanted = safe(request.form.get("next", ""))
        name, password = request.form.get("username", ""), request.form.get("password", "")
        person = checked(name, password)
        if person is None:
            return _page(wanted, name=name, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        signing.sign_in(person)
        g.person = person
        audit.note("sign-in", "user", person.username)
        return redirect(wanted, HTTPStatus.SEE_OTHER)

    @blueprint.post("/sign-out/")
    @needs(Role.VIEWER)
    def sign_out() -> Response:
        audit.note("sign-out", "user", (person := here()) and person.username)
        signing.sign_out()
        return redirect(url_for(".sign_in"), HTTPStatus.SEE_OTHER)

    return blueprint


def checked(username: str, password: str) -> Person | None:
    """The account, if that is its password. :raises TooManyRequests: after too many that were not."""
    try:
        begun = tries.begin(username, request.remote_addr or "")
    except tries.TooMany as error:
        logger.warning("sign-ins as %r from %s wait: %s", username[:150], request.remote_addr, error)
        raise TooManyRequests(retry_after=error.seconds) from None
    person = accounts.find(username)
    if not accounts.is_right(person, password):
        logger.warning("a sign-in as %r from %s is refused", username[:150], request.remote_addr)
        return None
    begun.was_right()
    return person


def safe(asked: str) -> str:
    """Where to go after the sign-in: an address of ours, else the first page.

    A browser takes two slashes of either kind for another host's, and leaves tabs and line ends out before it looks.
    """
    parts = urlsplit(asked) if len(asked) <= LONGEST_NEXT and asked.isprintable() and "\\" not in asked else None
    if parts is None or parts.scheme or parts.netloc or not asked.startswith("/") or asked.startswith("//"):
        return HOME
    return HOME if parts.path.startswith(("/sign-in", "/sign-out")) else asked


def _page(wanted: str, *, name: str = "", status: int = HTTPStatus.OK) -> tuple[str, int]:
    refused = status != HTTPStatus.OK
    page = render_template(
        "people/signin.html", wanted=wanted, name=name, refused=refused, anybody=refused or accounts.anybody()
    )
    return page, status
