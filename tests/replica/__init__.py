"""What the tests of the look-alike share."""

from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

from replica.world import World

NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)
"""A Wednesday; the clocks go forward on the Sunday after."""

LIGUE_1 = "/cotes/foot/france/ligue-1"
LIGUE_2 = "/cotes/foot/france/ligue-2"
TENNIS = "/cotes/tennis/monde/atp-bale"
RUGBY = "/cotes/rugby/france/top-14"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def world(**changes: object) -> World:
    return World(**{"now": NOW, **changes})


def get(url: str, method: str = "GET") -> Answer:
    """One request on a connection of its own; raises what the connection raises."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        connection.request(method, url.removeprefix(f"http://{parts.netloc}"))
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
