"""A stand-in for a Scrapyd: its JSON services over real HTTP, and nothing behind them that crawls."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from gigscrapy.nodes import Node

SECRET = "s3cret"
STATES = ("pending", "running", "finished")


class StandIn:
    """One node.

    :ivar jobs: by their ids, each a spider, its state and all it was told; a test changes them as it likes.
    :ivar scheduled: the spiders it was given, in their order; :ivar cancelled: ids it was told to stop,
        and how (``signals``).
    :ivar refuses: it answers nothing but this, as Scrapyd does; :ivar breaks: it does as it is told, then its line breaks.
    """

    def __init__(self) -> None:
        self.jobs: dict[str, tuple[str, str, dict[str, str]]] = {}
        self.scheduled: list[str] = []
        self.cancelled: list[str] = []
        self.signals: list[str] = []
        self.refuses: str | None = None
        self.breaks = False
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_away()

    def come_back(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def go_away(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def node(self, home: Path) -> Node:
        return Node(f"http://127.0.0.1:{self._port}", "gigscrapy", SECRET, home)

    def set(self, run_id: str, state: str) -> None:
        spider, _, told = self.jobs[run_id]
        self.jobs[run_id] = (spider, state, told)

    # -- its services --------------------------------------------------------------------------------------------------

    def answer(self, service: str, said: dict[str, str]) -> tuple[int, dict[str, object]]:
        if self.refuses:
            return 200, {"status": "error", "message": self.refuses}
        match service:
            case "daemonstatus.json":
                return 200, {state: self._count(state) for state in STATES}
            case "listjobs.json":
                return 200, {
                    state: [{"id": key, "spider": job[0]} for key, job in self.jobs.items() if job[1] == state]
                    for state in STATES
                }
            case "schedule.json":
                if said["jobid"] in self.jobs:
                    return 409, {"status": "error", "message": "is here already"}
                self.jobs[said["jobid"]] = (said["spider"], "pending", said)
                self.scheduled.append(said["spider"])
                return 200, {"jobid": said["jobid"]}
            case "status.json":
                return 200, {"currstate": self.jobs.get(said["job"], ("", None))[1]}
            case "cancel.json":
                self.cancelled.append(said["job"])
                self.signals.append(said["signal"])
                before = self.jobs.get(said["job"], ("", None))[1]
                if before == "pending":
                    del self.jobs[said["job"]]
                return 200, {"prevstate": before}
        return 404, {}

    def _count(self, state: str) -> int:
        return sum(job[1] == state for job in self.jobs.values())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self
        expected = "Basic " + base64.b64encode(f"gigscrapy:{SECRET}".encode()).decode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                self.respond(parts.path, parts.query)

            def do_POST(self) -> None:
                self.respond(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def respond(self, path: str, query: str) -> None:
                if self.headers["Authorization"] != expected:
                    self.send_error(401)
                    return
                status, told = stand_in.answer(path.rpartition("/")[2], dict(parse_qsl(query)))
                if stand_in.breaks:
                    self.close_connection = True
                    return
                body = json.dumps({"status": "ok"} | told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
