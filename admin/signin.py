"""The page somebody signs in on, and the way out."""

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug import Response

from admin import accounts, audit, signing
from admin.access import Role, here, needs, public

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
        person = accounts.find(name)
        if not accounts.is_right(person, password):
            logger.warning("a sign-in as %r from %s is refused", name[:150], request.remote_addr)
            return _page(wanted, name=name, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        assert person is not None
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
