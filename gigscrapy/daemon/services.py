"""What our Scrapyd answers to: its own services, and of these two that are stricter."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapyd import webservice
from twisted.web import http
from twisted.web.server import Request

from gigscrapy.daemon.launcher import Process, send, stop
from gigscrapy.spiders.base import RUN_ID
from gigscrapy.tasks import ARGUMENTS

TAKEN = http.CONFLICT
"""Status of an answer: the job is here already, and is not run again."""

SAID = ("project", "spider", "jobid", *ARGUMENTS)
"""All that a job can be told. ``setting``, which Scrapyd takes too, can have a crawl write any file."""
SIGNALS = ("TERM", "INT", "KILL")


class Refusal(Exception):
    """:ivar status: of the answer; the message says what is wrong with what was asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Strict:
    """Looks at what is asked before Scrapyd does."""

    def render(self, request: Request) -> bytes:
        try:
            self.check(request, {name.decode(errors="replace"): values for name, values in request.args.items()})
        except Refusal as refusal:
            request.setResponseCode(refusal.status)
            request.setHeader("Content-Type", "application/json")
            return json.dumps({"status": "error", "message": str(refusal)}).encode()
        return super().render(request)  # type: ignore[misc]

    def check(self, request: Request, said: Mapping[str, Sequence[bytes]]) -> None:
        """:raises Refusal: from another site's page: a browser that knows the password would send it along."""
        origin = request.getHeader("origin")
        if origin is not None and urlsplit(origin).netloc != request.getHeader("host"):
            raise Refusal(http.FORBIDDEN, "not from another site's page")
        if doubled := [name for name, values in said.items() if len(values) > 1]:
            raise Refusal(http.BAD_REQUEST, f"{doubled[0][:40]!r} is told twice")


class Schedule(Strict, webservice.Schedule):
    """Takes the name of a spider, a run's id, and arguments of a spider. No job twice."""

    def check(self, request: Request, said: Mapping[str, Sequence[bytes]]) -> None:
        super().check(request, said)
        if unknown := [name for name in said if name not in SAID]:
            raise Refusal(http.BAD_REQUEST, f"a job is told {', '.join(SAID)}, not {unknown[0][:40]!r}")
        job = first(said, "jobid")
        if not RUN_ID.fullmatch(job):
            raise Refusal(http.BAD_REQUEST, "jobid is up to 64 letters, digits, '.', '_' and '-'")
        if state := state_of(self.root, job):
            raise Refusal(TAKEN, f"job {job} is here already: {state}")


class Cancel(Strict, webservice.Cancel):
    """Asks a crawl to end once, however often it is asked itself; ``signal=KILL`` ends it at once."""

    def check(self, request: Request, said: Mapping[str, Sequence[bytes]]) -> None:
        super().check(request, said)
        if first(said, "signal", SIGNALS[0]) not in SIGNALS:
            raise Refusal(http.BAD_REQUEST, f"signal is {', '.join(SIGNALS)}")

    def render_POST(self, request: Request) -> dict[str, Any]:  # noqa: N802 - Twisted's name
        signal = first(request.args, b"signal", SIGNALS[0])
        running = running_job(self.root, first(request.args, b"job"))
        if running is None:
            return super().render_POST(request)
        if signal == "KILL":
            send(running, signal)
        else:
            stop(running, signal)
        return {"prevstate": "running"}


class AddVersion(Strict, webservice.AddVersion):
    pass


class DeleteProject(Strict, webservice.DeleteProject):
    pass


class DeleteVersion(Strict, webservice.DeleteVersion):
    pass


def first(said: Mapping[Any, Sequence[bytes]], name: str | bytes, default: str = "") -> str:
    return said[name][0].decode(errors="replace") if name in said else default


def state_of(root: Any, job: str) -> str | None:
    """Whether a job waits, runs or has run here, as far as Scrapyd remembers."""
    if running_job(root, job):
        return "running"
    if any(message["_job"] == job for queue in root.poller.queues.values() for message in queue.list()):
        return "pending"
    return "finished" if any(finished.job == job for finished in root.launcher.finished) else None


def running_job(root: Any, job: str) -> Process | None:
    return next((process for process in root.launcher.processes.values() if process.job == job), None)
