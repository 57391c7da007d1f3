"""What the tests of the pages share."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector
from peewee import Database

from admin import signing
from schema.models import Users

LISTS = (
    "latestodds",
    "odds",
    "matches",
    "runs",
    "tasks",
    "schedules",
    "firings",
    "visits",
    "bookmakers",
    "leagues",
    "teams",
    "sports",
    "marketnames",
    "pages",
    "deadletters",
)


def page(client: FlaskClient, address: str, status: int = 200) -> Selector:
    """The page at that address, which answers with that status."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    return Selector(answer.text)


def listed(client: FlaskClient, address: str) -> list[list[str]]:
    """The text of every cell of the list at that address."""
    return [
        [text_of(cell) for cell in row.xpath("./td")] for row in page(client, address).xpath("//main//table/tbody/tr")
    ]


def text_of(selector: Selector) -> str:
    """What a reader sees of it."""
    return " ".join("".join(selector.xpath(".//text()").getall()).split())


def account(role: str = "admin", name: str | None = None) -> Users:
    """An account of that role that no password opens; made where it is not there."""
    name = name or role
    row = {"username": name, "username_key": name, "role": role, "fs_uniquifier": uuid4().hex}
    database = Users._meta.database.obj
    with database.connection_context() if database.is_closed() else nullcontext():
        return Users.get_or_create(username_key=name, defaults=row)[0]


def signed_in(app: Flask, role: str | None = "admin", name: str | None = None) -> FlaskClient:
    """A browser in which somebody of that role is signed in; without a role nobody is."""
    client = app.test_client()
    if role is not None:
        cookie = signed_cookie(app, role, name)
        for domain in ("localhost", "127.0.0.1"):
            client.set_cookie("gigscrapy", cookie, domain=domain)
    return client


def signed_cookie(app: Flask, role: str = "admin", name: str | None = None) -> str:
    """What the cookie of such a browser holds."""
    person = account(role, name)
    database = Users._meta.database.obj
    with database.connection_context() if database.is_closed() else nullcontext():
        held = signing.cookie_of(person, signing.open_session(person.id, address="127.0.0.1"))
    return app.session_interface.get_signing_serializer(app).dumps({**held, "_permanent": True})  # type: ignore[attr-defined]


def token_of(client: FlaskClient) -> str:
    """What a form of that browser must send as ``csrf_token``, a script as ``X-CSRFToken``."""
    return page(client, "/admin/").xpath("//meta[@name='csrf-token']/@content").get() or ""


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The queries that were asked meanwhile, but for the one that asks who is there."""
    asked: list[str] = []
    hook = lambda event: ("token_hash" in event.sql and "fs_uniquifier" in event.sql) or asked.append(event.sql)  # noqa: E731
    database.query_hooks.append(hook)
    yield asked
    database.query_hooks.remove(hook)
