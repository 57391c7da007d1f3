"""Has messages sent by a process of its own (:mod:`admin.alerting.sender`), which is started anew when it fails."""

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("sender.py")
TIMEOUT = 30.0
"""Seconds that one message may take."""
STARTING = 60.0
"""Seconds until the process is ready."""
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Of the environment: no password of ours, and no proxy."""


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a message was taken, and in how many milliseconds; else ``why`` not, and whether that is ``for_good``.

    ``status``: what was answered, of what was posted.
    """

    ok: bool
    took: int = 0
    why: str | None = None
    for_good: bool = False
    status: int | None = None


class Sender:
    """``sender.send(url, title, body)``. Not shared between threads.

    :param allowed: private hosts that may be reached: ``ntfy.lan:8080 127.0.0.1:8025``.
    """

    def __init__(self, allowed: str = "", *, timeout: float = TIMEOUT) -> None:
        self._allowed = allowed
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None

    def send(self, url: str, title: str, body: str) -> Result:
        """Send one message; it is taken, or it is said why not. Nothing is raised, and nothing is logged."""
        return self._order({"url": url, "title": title, "body": body, "allowed": self._allowed})

    def post(self, url: str, headers: dict[str, str], body: str) -> Result:
        """Post a body as it is. As :meth:`send`."""
        return self._order({"url": url, "headers": headers, "body": body, "allowed": self._allowed})

    def _order(self, order: dict[str, Any]) -> Result:
        line = json.dumps(order).encode() + b"\n"
        try:
            answer = self._ask(line)
        except (OSError, ValueError) as error:
            self.close()
            return Result(ok=False, why=f"the process that sends failed ({type(error).__name__})")
        if answer is None:
            self.close()
            return Result(ok=False, why=f"no answer within {self._timeout:.0f} s")
        return Result(
            bool(answer["ok"]), int(answer["took"]), answer["why"], bool(answer["for_good"]), answer.get("status")
        )

    def close(self) -> None:
        """End the process; the next message starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, line: bytes) -> dict[str, Any] | None:
        process = self._started()
        if process is None:
            return None
        assert process.stdin
        process.stdin.write(line)
        process.stdin.flush()
        return _answer(process, self._timeout)

    def _started(self) -> "subprocess.Popen[bytes] | None":
        """The process; ``None`` where it does not become ready."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(  # noqa: S603 - a script of our own
                [sys.executable, "-I", str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(os.environ),
            )
            if _answer(self._process, STARTING) is None:
                return None
        return self._process


def _answer(process: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any] | None:
    """A line of its output; ``None`` where none came in time. :raises ValueError: when it is none of ours."""
    assert process.stdout
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        if not ready.select(seconds):
            return None
    answer = json.loads(process.stdout.readline())
    if not isinstance(answer, dict):
        raise ValueError  # noqa: TRY004 - as what cannot be read
    return answer


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What the process that sends finds in its environment."""
    own = {name: inherited[name] for name in INHERITED if name in inherited}
    return own | {"NETRC": os.devnull, "NO_PROXY": "*", "HOME": os.devnull}
