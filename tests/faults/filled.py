"""The look-alike with its prices in place, as it stands once the page's script is through: a crawl takes no browser."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from replica.pages import Pages
from replica.world import World, bookmakers

HTML = "text/html; charset=UTF-8"

Behaviour = Callable[["Handler", int], bool]
"""What a test has its site do in the place of an answer: called with how often this target was asked for before, it says
whether it has answered.
"""


class FilledSite:
    """A running one. A context manager.

    :ivar url: where; :ivar world: what it shows.
    :ivar asked: when each request came, in monotonic seconds, and for which path and query.
    :param matches: of each league; :param books: how many bookmakers.
    :param behaviour: what becomes of a request, one for robots.txt (which is absent) included.
    """

    def __init__(self, matches: int = 18, behaviour: Behaviour = lambda *_: False, *, books: int = 15) -> None:
        self.behaviour = behaviour
        self.asked: list[tuple[float, str]] = []
        self._times: Counter[str] = Counter()
        self.world = World(now=datetime.now(UTC), matches=matches, bookmakers=bookmakers(books))
        self._lock = threading.Lock()
        self.move()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.site = self
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def move(self) -> None:
        """All prices move on."""
        self.world = replace(self.world, tick=self.world.tick + 1)
        self._html = lru_cache(maxsize=1000)(Pages(self.world).html)

    def times(self, target: str) -> list[float]:
        return [at for at, asked in self.asked if asked == target]

    def note(self, target: str) -> int:
        """Write a request down; how many there were before it for the same target."""
        with self._lock:
            self.asked.append((time.monotonic(), target))
            self._times[target] += 1
            return self._times[target] - 1

    def page(self, target: str, fault: str | None = None) -> bytes:
        """As it is answered; ``fault`` as for the look-alike. :raises LookupError: when there is none."""
        with self._lock:  # the world draws up its fixtures as they are asked for
            return self._html(target, injected=True, fault=fault).encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request to a :class:`FilledSite`."""

    server: "_Server"

    def do_GET(self) -> None:
        site = self.server.site
        if site.behaviour(self, site.note(self.path)):
            return
        try:
            self.answer(200, site.page(self.path), {"Content-Type": HTML})
        except LookupError:
            self.answer(404)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.begin(status, len(body), headers or {})
        self.wfile.write(body)

    def begin(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        """Everything but the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    site: FilledSite

    def handle_error(self, *_: object) -> None:
        """Whoever asked has been killed, or has given up."""
