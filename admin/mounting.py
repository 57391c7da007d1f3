"""Applications beside the admin, in one process and under one address: each with errors and guards of its own."""

from collections.abc import Mapping

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware


def mount(app: Flask, others: Mapping[str, Flask]) -> None:
    """From now on what begins with one of these paths is answered by that application; the longest path wins."""
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, {path: other.wsgi_app for path, other in others.items()}
    )
