"""What every answer carries and what every request must: nobody signs in yet, so only this machine is answered."""

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


def protect(app: Flask) -> None:
    """Answer only to this machine's own names, and with :data:`HEADERS`."""
    app.config["TRUSTED_HOSTS"] = list(TRUSTED_HOSTS)

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.extend(HEADERS)
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
            response.headers["Vary"] = "Accept-Language"
        return response
