"""The API for programs, version 1: an application of its own, for no session, no form and no page reaches into it.

    api = create_api(database, admin)

It is mounted at :data:`WHERE` (:mod:`admin.mounting`). Each room of ``admin/api/rooms`` is a blueprint; what they share
is beside them: who may ask (:mod:`admin.api.guard`), how a room offers something (:mod:`admin.api.offering`), what
parameters are (:mod:`admin.api.asking`), how answers and errors look (:mod:`admin.api.answers`,
:mod:`admin.api.problems`), how lists go on (:mod:`admin.api.cursors`).
"""

from apiflask import APIFlask
from flask import Flask, request
from flask_babel import Babel
from peewee import Database

from admin.api import answers, docs, guard, problems
from admin.api.asking import Number
from admin.api.at import LANGUAGE
from admin.api.bodies import JsonRequest
from admin.api.rooms import ROOMS
from admin.security import protect

WHERE = "/api/v1"
VERSION = "1.0"


def create_api(database: Database, admin: Flask) -> APIFlask:
    """The application. Its queues, its settings and the key that signs cursors are the admin's."""
    api = APIFlask(__name__, title="gigscrapy", version=VERSION, spec_path="/openapi.json", docs_path=None)
    protect(api)
    api.url_map.converters["int"] = Number
    api.request_class = JsonRequest
    api.extensions["tables"] = database
    Babel(api, default_locale=LANGUAGE, locale_selector=lambda: LANGUAGE)  # what pages say to people is said here, too
    api.secret_key = admin.secret_key
    api.config |= {name: admin.config[name] for name in ("QUEUES", "SETTINGS", "HUB")} | docs.SPECIFICATION
    api.servers = [{"url": WHERE}]
    docs.describe(api)
    problems.explain_errors(api)
    _open_for_each_request(api, database)
    guard.install(api)
    answers.finish(api)
    api.register_blueprint(docs.room)
    for room in ROOMS:
        api.register_blueprint(room)
    return api


def _open_for_each_request(api: APIFlask, database: Database) -> None:
    @api.before_request
    def connect() -> None:
        if request.endpoint and request.endpoint not in guard.OPEN:
            database.connect(reuse_if_open=True)

    @api.teardown_request
    def close(_error: BaseException | None) -> None:
        if not database.is_closed():
            database.close()
