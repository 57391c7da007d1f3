"""The application over a database as crawls leave it: whatever is in it came through the store."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import Database
from playwright.sync_api import Browser, sync_playwright

from admin import create_app, kept, services
from admin.exporting.running import EXPORTS
from gigscrapy.browser import launch_options
from schema.database import EMBEDDED, connect, hang_up
from schema.messages import Message
from schema.models import Odds
from schema.store import Store
from tests.admin import crowd, ready, signed_in
from tests.schema.laid import lay
from tests.schema.letters import letters

ready.keep()


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the person who runs the tests counts."""
    for name in (
        *("DATABASE_URL", "RABBIT_URL", "RABBIT_QUEUE_TYPE", "GIGSCRAPY_HOME", "ADMIN_SECRET_KEY"),
        *("ADMIN_HOSTS", "ADMIN_PROXIES", "GIG_ANONYMOUS", "GIG_REGISTRATION"),
        *("NO_COLOR", "FORCE_COLOR", "COLUMNS"),
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, a page has what it waits for."""
    monkeypatch.setattr(kept, "PATIENCE", 20)
    monkeypatch.setattr(services, "PATIENCE", 20)


@pytest.fixture(autouse=True)
def no_export_goes_on() -> Iterator[None]:
    """A server closes each answer; of one that a test leaves unread, this process would think it goes on."""
    EXPORTS._by_token.clear()
    yield
    EXPORTS._by_token.clear()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded database with every table and nothing in it: to be copied, for making it takes half a second."""
    home = tmp_path_factory.mktemp("migrated")
    database = connect(None, home)
    lay(database)
    hang_up(database)
    return home / EMBEDDED


@pytest.fixture
def app(tmp_path: Path, migrated: Path) -> Iterator[Flask]:
    """Over a database of this test's own, with nothing in it."""
    (tmp_path / "var").mkdir()
    shutil.copy(migrated, tmp_path / "var" / EMBEDDED)
    app = create_app(home=tmp_path / "var")
    yield app
    app.config["HUB"].close()
    hang_up(current())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which an administrator is signed in."""
    return signed_in(app)


@pytest.fixture
def anonymous(app: Flask) -> FlaskClient:
    """A browser in which nobody is."""
    return app.test_client()


@pytest.fixture
def as_role(app: Flask) -> Callable[[str | None], FlaskClient]:
    """``as_role("viewer")`` is a browser in which one is signed in; of ``None`` nobody is."""
    return lambda role: signed_in(app, role)


@pytest.fixture
def fill(app: Flask) -> Callable[..., None]:
    """``fill(message, …)`` stores messages, or bodies."""

    def store(*messages: Message | bytes) -> None:
        Store(current()).store(letters(*messages))

    return store


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Over the crowd of :mod:`tests.admin.crowd`, on either kind of database; only to be read."""
    home = tmp_path_factory.mktemp("crowded")
    url = None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    app = create_app(url, home)
    Store(current()).store(letters(*crowd.messages()))
    crowd.fill(current())
    yield signed_in(app)
    hang_up(current())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options("http://127.0.0.1", os.environ.get("CHROMIUM")))
        yield browser
        browser.close()


def current() -> Database:
    """The database the tables are in now."""
    database: Database = Odds._meta.database.obj
    return database
