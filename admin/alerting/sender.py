"""The process that sends: it says that it is ready, is given one message a line, and answers each with a line.

It is started by path, and knows neither the tables nor their address. What it may connect to, :mod:`guard` says; it
follows no redirect, uses no proxy and reads no ``.netrc``. Whoever started it ends it when an answer takes too long.
"""

import contextlib
import json
import logging
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import apprise
import requests
from guard import Guard, read_allowed, resolve  # type: ignore[import-not-found] # beside this file

MEMORY = 2 * 2**30
"""Bytes; an endless answer must not take the machine with it."""
MOST_SAID = 200

_CALLS = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)
"""What makes Discord wake everybody, or somebody, who reads a room."""


class Answers:
    """What the last request over HTTP was answered; redirects are answers like any other."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.error: str | None = None

    def listen(self) -> None:
        """From now on, to every session."""
        asked = requests.Session.request

        def request(session: requests.Session, *words: Any, **options: Any) -> requests.Response:
            options["allow_redirects"] = False
            try:
                answer = asked(session, *words, **options)
            except requests.RequestException as error:
                self.error = type(error).__name__
                raise
            self.status = answer.status_code
            return answer

        requests.Session.request = request  # type: ignore[assignment, method-assign]


def send(order: dict[str, Any], guard: Guard, answers: Answers) -> dict[str, Any]:
    """Send one message. :returns: whether it was taken, else why not, and in how many milliseconds."""
    guard.allowed, guard.refused = resolve(read_allowed(order["allowed"])), None
    answers.status = answers.error = None
    began = time.monotonic()
    asset = apprise.AppriseAsset(storage_mode="memory", allow_templates=False, secure_logging=True, async_mode=False)
    asset.http_redirects = False
    # One address: handed over as a text, what follows a comma or a space in it would be further ones, of any service.
    one = apprise.Apprise.instantiate(order["url"], asset=asset)
    channel = apprise.Apprise(asset=asset)
    ok = one is not None and channel.add(one) and _notified(channel, order["title"], order["body"])
    took = round(1000 * (time.monotonic() - began))
    return {"ok": ok, "took": took, "why": None if ok else _why(guard, answers), "for_good": bool(guard.refused)}


def post(order: dict[str, Any], guard: Guard, answers: Answers) -> dict[str, Any]:
    """Post a body to an address; what is answered is not read. :returns: as :func:`send`, and the ``status``."""
    guard.allowed, guard.refused = resolve(read_allowed(order["allowed"])), None
    answers.status = answers.error = None
    began = time.monotonic()
    with requests.Session() as session, contextlib.suppress(requests.RequestException, OSError):
        session.trust_env = False
        body = order["body"].encode()
        session.post(order["url"], data=body, headers=order["headers"], timeout=(5, 10), stream=True).close()
    took = round(1000 * (time.monotonic() - began))
    status: Any = answers.status
    ok = status is not None and 200 <= status < 300
    why = None if ok else _why(guard, answers)
    return {"ok": ok, "took": took, "why": why, "for_good": bool(guard.refused), "status": status}


def _notified(channel: apprise.Apprise, title: str, body: str) -> bool:
    """As plain text, whatever the service: names that sites have printed neither link elsewhere nor call anybody."""
    title, body = (_CALLS.sub("@\N{ZERO WIDTH SPACE}", text) for text in (title, body))
    return bool(channel.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))


def _why(guard: Guard, answers: Answers) -> str:
    if guard.refused:
        return f"refused: {guard.refused} (ALERT_PRIVATE_HOSTS names what is allowed)"
    if answers.status is not None:
        return f"answered {answers.status}"
    return f"no answer ({answers.error or 'the mail server did not take it'})"[:MOST_SAID]


def main() -> None:
    """Until the input ends."""
    logging.disable(logging.CRITICAL)  # what libraries log tells addresses
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    out = sys.stdout
    guard, answers = Guard(), Answers()
    answers.listen()
    apprise.Apprise.instantiate("json://localhost")  # loads what it loads
    guard.stand()
    print(json.dumps({"ready": True}), file=out, flush=True)
    with contextlib.redirect_stdout(sys.stderr):
        for line in sys.stdin:
            try:
                order = json.loads(line)
                said = (post if "headers" in order else send)(order, guard, answers)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is not sent
                said = {"ok": False, "took": 0, "why": f"not sent ({type(error).__name__})", "for_good": False}
            print(json.dumps(said), file=out, flush=True)


if __name__ == "__main__":
    main()
