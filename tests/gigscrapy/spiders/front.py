"""A server before the look-alike that answers some addresses in its own way, for what the look-alike never does."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class Answer:
    """What is answered in the place of the look-alike; ``instead`` changes its page."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    instead: tuple[str, str] | None = None


@contextlib.contextmanager
def front(site: str, answers: Mapping[str, Answer]) -> Iterator[str]:
    """The site at another address: a target (path and query) of ``answers`` is answered so, any other as ``site`` does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            if answer is None or answer.instead:
                with urlopen(Request(site + self.path, headers={"User-Agent": self.headers["User-Agent"]})) as reply:
                    body, kind = reply.read(), reply.headers["Content-Type"]
                if answer:
                    body = body.replace(*(text.encode() for text in answer.instead))
                answer = Answer(200, {"Content-Type": kind}, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
