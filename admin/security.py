"""What every answer carries and what every request must: a name this machine goes by, and a token with each change.

What changes something is a POST with a token from a page of ours: a page elsewhere can have the browser send one here,
and cannot read the token. Forms carry it (``{{ csrf() }}``), scripts send it as ``X-CSRFToken``.

The key that signs the session has no default: ADMIN_SECRET_KEY, or one that is made once and kept in GIGSCRAPY_HOME, so
that sessions outlive this process.
"""

import logging
import os
import secrets
from pathlib import Path

from flask import Flask, Response
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from gigscrapy import secretfile

TRUSTED_HOSTS = ("localhost", "127.0.0.1")
"""Names this machine is called by. A page elsewhere may point its own name at 127.0.0.1 (DNS rebinding): refused."""

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

logger = logging.getLogger(__name__)


def protect(app: Flask) -> None:
    """Answer only to this machine's own names, and with :data:`HEADERS`."""
    app.config |= {
        "TRUSTED_HOSTS": list(TRUSTED_HOSTS),
        "MAX_CONTENT_LENGTH": LONGEST_POST,
        "SESSION_COOKIE_NAME": "gigscrapy",
        "SESSION_COOKIE_SAMESITE": "Lax",  # with Strict, who follows a link from a message would not be signed in
        "SESSION_REFRESH_EACH_REQUEST": False,
    }

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
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
