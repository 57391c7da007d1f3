"""What every answer carries and what every request must: a name this machine goes by, and a token with each change.

What changes something is a POST with a token from a page of ours: a page elsewhere can have the browser send one here,
and cannot read the token. Forms carry it (``{{ csrf() }}``), scripts send it as ``X-CSRFToken``.

The key that signs the session has no default: ADMIN_SECRET_KEY, or one that is made once and kept in GIGSCRAPY_HOME, so
that sessions outlive this process.
"""

import logging
import os
import re
import secrets
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, abort, redirect, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from werkzeug import Response, routing
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from gigscrapy import secretfile

LOOPBACK = ("localhost", "127.0.0.1")
"""Names this machine is called by. A page elsewhere may point its own name at 127.0.0.1 (DNS rebinding): refused."""
YEAR = 365 * 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


LONGEST_POST = 64 * 1024
"""Bytes; the numbers of a hundred letters take a thousand."""

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")

logger = logging.getLogger(__name__)


def _at_most(highest: str) -> str:
    """A pattern of the numbers up to that one, written without zeros before them."""
    lower = (
        f"{highest[:place]}[0-{int(digit) - 1}]" + r"\d{%d}" % (len(highest) - place - 1)  # noqa: UP031 - braces
        for place, digit in enumerate(highest)
        if digit != "0"
    )
    return "|".join((r"\d{1,%d}" % (len(highest) - 1), *lower, highest))  # noqa: UP031 - braces


class IntegerConverter(routing.IntegerConverter):
    """Of addresses: numbers that a row can have. What is larger leads nowhere, and no driver is asked to take it.

    By a pattern: where a converter refuses what its pattern takes, other methods of the address are said to be allowed.
    """

    regex = _at_most(str(2**63 - 1))


class BadSetting(ValueError):
    """A variable of the environment cannot be used as it is; the message says how it should look."""


class BadHosts(BadSetting):
    """That is ADMIN_HOSTS or ADMIN_PROXIES."""


def other_hosts() -> tuple[str, ...]:
    """The names of ADMIN_HOSTS, by which other machines may call this one. :raises BadHosts: when one is no name."""
    names = tuple(name.strip().lower() for name in os.environ.get("ADMIN_HOSTS", "").split(",") if name.strip())
    for name in names:
        if not _HOST.fullmatch(name):
            raise BadHosts(f"ADMIN_HOSTS: {name!r} is no name of a host; write odds.example.org,10.0.0.5")
    return names


def proxies() -> int:
    """ADMIN_PROXIES: how many proxies of ours each request passes. :raises BadHosts: when it is no such number."""
    text = os.environ.get("ADMIN_PROXIES") or "0"
    if not (text.isascii() and text.isdigit() and len(text) == 1):
        raise BadHosts(f"ADMIN_PROXIES: {text!r} is not how many proxies there are; write 1")
    return int(text)


def is_local() -> bool:
    """Whether this machine was called by a name of its own: nothing then leaves it."""
    try:
        return urlsplit(f"//{request.host}").hostname in LOOPBACK
    except SecurityError:  # it was called by a name that is not ours
        return False


class _Sessions(SecureCookieSessionInterface):
    """The cookie goes over TLS only, unless it never leaves this machine."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return not is_local()


def protect(app: Flask) -> None:
    """Answer only to names we have, to other machines only over TLS, and with :data:`HEADERS`.

    :raises BadHosts: see :func:`other_hosts`, :func:`proxies`.
    """
    app.url_map.converters["int"] = IntegerConverter
    app.session_interface = _Sessions()
    if count := proxies():
        # The name it was called by is not taken from a proxy: that passes it on as it is, or is told to.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]
    app.config |= {
        "TRUSTED_HOSTS": [*LOOPBACK, *other_hosts()],
        "MAX_CONTENT_LENGTH": LONGEST_POST,
        "SESSION_COOKIE_NAME": "gigscrapy",
        "SESSION_COOKIE_SAMESITE": "Lax",  # with Strict, who follows a link from a message would not be signed in
        "SESSION_REFRESH_EACH_REQUEST": False,
    }

    @app.before_request
    def insist_on_tls() -> Response | None:
        if isinstance(request.routing_exception, SecurityError) or request.is_secure or is_local():
            return None
        if request.method not in ("GET", "HEAD"):
            abort(HTTPStatus.BAD_REQUEST)
        return redirect(request.url.replace("http://", "https://", 1), HTTPStatus.PERMANENT_REDIRECT)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language"
        return response


def ask_for_tokens(app: Flask) -> None:
    """From now on whatever is no question needs a token of ours, as old as the session at most."""
    app.config |= {"WTF_CSRF_TIME_LIMIT": None}
    CSRFProtect(app)
    app.jinja_env.globals["csrf"] = _token_field


def sign_with(app: Flask, home: Path) -> None:
    """The key that signs sessions: that of the environment, else the one that ``home`` keeps."""
    key: str | bytes | None = os.environ.get("ADMIN_SECRET_KEY")
    if not key:
        try:
            key = secretfile.made(home / "admin" / "session-key")
        except OSError as error:
            logger.warning("sessions end with this process, for their key cannot be kept: %s", error)
            key = secrets.token_bytes(32)
    app.secret_key = key


def _token_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
