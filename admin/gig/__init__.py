"""gig-benchmark's web addresses, for clients that were written for it: its REST API, its sign-in, its front end's own.

An application of its own: its errors are JSON as gig-benchmark's were, and no token of a form is asked for.
What it does better than gig-benchmark did is listed in docs/differences-from-gig-benchmark.md.

    gig = create_gig(database, admin)
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from flask.json.provider import DefaultJSONProvider
from flask_babel import Babel
from peewee import Database

from admin import preferences, signing
from admin.gig import errors, front, guard, odds, people, scraping
from admin.security import protect
from admin.words import LANGUAGES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WHERE = (*("/api", "/auth", "/frontend-api", "/odds"), *("/login", "/register", "/logout", "/test", "/health"))
"""What it is mounted at; the addresses of its views are whole."""
ROOMS = (odds.room, scraping.room, people.room, front.room)


def create_gig(database: Database, admin: Flask) -> Flask:
    """The application. Its queues, its settings and its key are the admin's, and so are sessions.

    :raises BadSetting: when GIG_ANONYMOUS or GIG_REGISTRATION is no word it may be.
    """
    app = Flask(__name__, static_folder=None)
    protect(app)
    app.secret_key = admin.secret_key
    app.config |= (
        {name: admin.config[name] for name in ("QUEUES", "SETTINGS")} | guard.settings() | {"DATABASE": database}
    )
    Babel(app, default_locale=LANGUAGES[0], locale_selector=preferences.language)
    errors.explain(app)
    _open_for_each_request(app, database)
    signing.install(app, database)
    app.json = _Json(app)  # after Flask-Security, which has one of its own
    app.before_request(guard.let_in)
    for room in ROOMS:
        app.register_blueprint(room)
    app.after_request(_keep_nothing)
    app.wsgi_app = _Whole(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _keep_nothing(answer: Response) -> Response:
    """What is told to one is nobody else's, and prices are old in a minute."""
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


class _Json(DefaultJSONProvider):
    """As gig-benchmark wrote it: fields in their order, letters as they are."""

    sort_keys = False
    ensure_ascii = False
    compact = True


class _Whole:
    """Whatever it is mounted at, the application sees the whole path: one application answers at several places."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        return self._app({**environ, "SCRIPT_NAME": "", "PATH_INFO": path}, start_response)


def _open_for_each_request(app: Flask, database: Database) -> None:
    @app.before_request
    def connect() -> None:
        if request.endpoint and request.endpoint not in front.STILL:
            database.connect(reuse_if_open=True)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if not database.is_closed():
            database.close()
