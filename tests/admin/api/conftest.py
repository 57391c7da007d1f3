"""A program that asks the API, with a key."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import waitress
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from admin import create_app, keys
from admin.signing import Person
from schema.database import connect, hang_up
from schema.migrations import migrate
from schema.models import Odds
from schema.tally import Tally
from tests.admin import account, season
from tests.admin.api import contract
from tests.admin.api.weekend import Weekend, past


class Program:
    """``program.get("/sports", limit=2)`` asks ``/api/v1/sports?limit=2`` with its key, if it has one."""

    def __init__(self, client: FlaskClient, key: str | None) -> None:
        self._client, self.key = client, key

    def open(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        json: Any = None,
        buffered: bool = True,
        **asked: Any,
    ) -> TestResponse:
        authorized = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        answer = self._client.open(
            f"/api/v1{path}",
            method=method,
            query_string=asked,
            json=json,
            headers=authorized | (headers or {}),
            buffered=buffered,
        )
        contract.hold(self._client, method, path, answer)
        return answer

    def get(self, path: str, **asked: Any) -> TestResponse:
        return self.open("GET", path, **asked)

    def post(self, path: str, json: Any = None, **asked: Any) -> TestResponse:
        return self.open("POST", path, json=json, **asked)

    def data(self, path: str, **asked: Any) -> Any:
        """The ``data`` of an answer that must be one."""
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["data"]


@pytest.fixture
def program_of(app: Flask) -> Callable[..., Program]:
    """``program_of("read", "jobs")``: one whose key has these scopes; without any it has no key."""
    return lambda *scopes: program(app, *scopes)


@pytest.fixture
def reader(program_of: Callable[..., Program]) -> Program:
    """One that may read."""
    return program_of("read")


def program(app: Flask, *scopes: str, role: str = "admin") -> Program:
    if not scopes:
        return Program(app.test_client(), None)
    with app.app_context():
        owner = account(role)
        key = keys.add(Person.get_by_id(owner.id), "a program", scopes)
    return Program(app.test_client(), key)


@contextmanager
def waited_on(app: Flask) -> Iterator[int]:
    """The port of the application, served by what serves it in earnest."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8, channel_request_lookahead=1)

    def run() -> None:
        with suppress(OSError):  # it looks at what was closed under it
            server.run()

    serving = threading.Thread(target=run, daemon=True)
    serving.start()
    try:
        yield server.effective_port
    finally:
        server.close()
        serving.join(5)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def weekend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weekend]:
    """A weekend of football and tennis, and forty days before it; only to be read, but for what a file adds itself."""
    home: Path = tmp_path_factory.mktemp("weekend")
    url = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        migrate(database)
        hang_up(database)
    app = create_app(url, home)
    database, at = Odds._meta.database.obj, season.now()
    made = Weekend(app, database, program(app, "read"), at)
    made.store(*past(at), *season.season(at))
    with database.connection_context():
        Tally(database).run()
    yield made
    hang_up(database)
