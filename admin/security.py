"""What every answer carries and what every request must: nobody signs in yet, so only this machine is answered.

What changes something is a POST with a token from a page of ours (Flask-Admin's ``SecureForm``): a page elsewhere can
have the browser send one here, and cannot read the token. The key that signs the session it is held against is made
anew for each process, unless ADMIN_SECRET_KEY is set: it has no default.
"""

import os
import secrets

from flask import Flask, Response

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


def protect(app: Flask) -> None:
    """Answer only to this machine's own names, and with :data:`HEADERS`."""
    app.secret_key = os.environ.get("ADMIN_SECRET_KEY") or secrets.token_bytes(32)
    app.config |= {
        "TRUSTED_HOSTS": list(TRUSTED_HOSTS),
        "MAX_CONTENT_LENGTH": LONGEST_POST,
        "SESSION_COOKIE_NAME": "gigscrapy",
        "SESSION_COOKIE_SAMESITE": "Strict",
    }

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language"
        return response
