"""The look-alike over HTTP: pages, the prices' feed, what browsers fetch besides, and faults on demand.

Beside the site's own addresses there are ours: ``/feed?of=<page>`` (the real site's odds endpoints want a token and
are not imitated), ``/ads.js`` (slow, and linked under another host name) and ``/_requests``: GET gives how often each
path was asked for, as JSON; DELETE forgets it. Built pages are kept, so that a benchmark measures its own side.
"""

import json
import mimetypes
import socket
import struct
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from time import monotonic
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from replica.options import Options
from replica.pages import Pages

HTML = "text/html; charset=UTF-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

ADS_DELAY = 2.0
"""Seconds the advertisers' script takes."""

STATIC = {
    "/build/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/build/app.css": ("app.css", "text/css; charset=utf-8"),
    "/build/images/logo.svg": ("logo.svg", "image/svg+xml"),
    "/favicon.ico": ("logo.svg", "image/svg+xml"),
    "/ads.js": ("ads.js", "text/javascript; charset=utf-8"),
}

FONT = b"wOF2 - no font, only something to spare oneself"

COUNTS = "/_requests"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, whole."""

    body: bytes
    content_type: str = HTML
    status: HTTPStatus = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in; ``at`` is in monotonic seconds."""

    at: float
    target: str
    host: str
    user_agent: str


class Site:
    """A running look-alike. A context manager; leaving it ends every connection.

    :ivar url: ``http://127.0.0.1:PORT``; :ivar world: what it shows, to hold results against.
    :ivar requests: how often each target (path and query) was asked for; :ivar seen: the last 10,000, in order.
    :raises OSError: when the port is taken; :raises ValueError: when the tick file holds no tick.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.world = options.world()
        self.requests: Counter[str] = Counter()
        self.seen: deque[Seen] = deque(maxlen=10_000)
        self._faults = options.faults()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server((options.host, options.port), self)
        port = self._server.server_address[1]
        self.url = f"http://{options.host}:{port}"
        self._ads = f"http://{'127.0.0.1' if options.host == 'localhost' else 'localhost'}:{port}/ads.js"
        self._built = self._builder()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving. What still waits for an answer gets none."""
        self._closing.set()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()

    def move_to(self, tick: int) -> None:
        """Show the same matches at another tick from now on."""
        self.world = replace(self.world, tick=tick)
        self._built = self._builder()

    # -- answering ----------------------------------------------------------------------------------------------------

    def note(self, target: str, host: str, user_agent: str) -> str | None:
        """Write down a request. :returns: the fault it meets, if any."""
        with self._lock:
            self.requests[target] += 1
            self.seen.append(Seen(monotonic(), target, host, user_agent))
        return self._faults.strike(target)

    def forget(self) -> None:
        """Count from nought."""
        with self._lock:
            self.requests.clear()
            self.seen.clear()

    def counts(self) -> bytes:
        with self._lock:
            return json.dumps(dict(sorted(self.requests.items()))).encode()

    def wait(self, seconds: float) -> bool:
        """Let time pass; whether the server's end cut it short."""
        return self._closing.wait(seconds)

    def reply(self, target: str, fault: str | None) -> Reply:
        """The answer to a GET of ``target``."""
        if fault in ERRORS:
            return ERRORS[fault]
        path = urlsplit(target).path
        if path == "/robots.txt":
            return Reply(b"User-agent: *\nDisallow: /\n" if fault == "robots" else b"User-agent: *\nAllow: /\n", TEXT)
        if path == "/build/factice.woff2":
            return Reply(FONT, "font/woff2")
        if path == "/ads.js":
            self.wait(ADS_DELAY)
        if path in STATIC:
            name, content_type = STATIC[path]
            return Reply(resources.files("replica").joinpath("static", name).read_bytes(), content_type)
        return self._built(target, fault)

    def _builder(self) -> Callable[[str, str | None], Reply]:
        """Builds pages of the present tick, each once."""
        options = self.options
        pages = Pages(self.world, options.layout, page_size=options.page_size, gap=options.inject_delay, ads=self._ads)

        def build(target: str, fault: str | None) -> Reply:
            path = urlsplit(target).path
            if path in options.static and fault not in ("unknown-layout", "empty"):
                file = options.static[path]
                return Reply(file.read_bytes(), mimetypes.guess_type(file.name)[0] or HTML)
            try:
                if path == "/feed":
                    of = parse_qs(urlsplit(target).query).get("of", [""])[0]
                    return Reply(json.dumps(pages.feed(of)).encode(), JSON)
                return Reply(pages.html(target, fault=fault).encode())
            except LookupError:
                return Reply(b"<h1>Page introuvable</h1>", status=HTTPStatus.NOT_FOUND)

        return lru_cache(maxsize=4096)(build)


def _error(status: HTTPStatus, **headers: str) -> Reply:
    return Reply(f"<h1>{status} {status.phrase}</h1>".encode(), status=status, headers=headers)


ERRORS = {
    "500": _error(HTTPStatus.INTERNAL_SERVER_ERROR),
    "some-500": _error(HTTPStatus.INTERNAL_SERVER_ERROR),
    "429": _error(HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": "1"}),
    "robots-503": _error(HTTPStatus.SERVICE_UNAVAILABLE),
}


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that closing ends those that are kept alive too."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        self.site = site
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # gone by itself meanwhile
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a client that went away is no error of ours
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        if self.path == COUNTS:
            self._send(Reply(site.counts(), JSON))
            return
        fault = site.note(self.path, self.headers.get("Host", ""), self.headers.get("User-Agent", ""))
        if fault == "reset":
            self._reset()
            return
        if fault == "slow" and site.wait(site.options.delay):
            self.close_connection = True
            return
        self._send(site.reply(self.path, fault), truncated=fault == "truncated")

    def do_DELETE(self) -> None:
        if self.path == COUNTS:
            self.server.site.forget()
            self._send(Reply(b"{}", JSON))
        else:
            self._send(_error(HTTPStatus.METHOD_NOT_ALLOWED))

    def _send(self, reply: Reply, *, truncated: bool = False) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if truncated:
            self.close_connection = True
            self.wfile.write(reply.body[: len(reply.body) // 2])
        else:
            self.wfile.write(reply.body)

    def _reset(self) -> None:
        """Close without a goodbye: with nothing to linger for, the system sends RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def version_string(self) -> str:
        return "replica"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing: the counts tell it."""


def serve(options: Options | None = None) -> Site:
    """A look-alike in a thread of its own. Use it as a context manager, and its ``url``, ``world`` and ``requests``.

    :raises OSError: when the port is taken; :raises ValueError: when the tick file holds no tick.
    """
    return Site(options or Options())
