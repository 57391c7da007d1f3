"""What the tests of the pages share."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from parsel import Selector
from peewee import Database

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


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The queries that were asked meanwhile."""
    asked: list[str] = []
    hook = lambda event: asked.append(event.sql)  # noqa: E731
    database.query_hooks.append(hook)
    yield asked
    database.query_hooks.remove(hook)
