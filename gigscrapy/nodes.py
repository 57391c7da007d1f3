"""The nodes: Scrapyds that run the crawls, on this machine or others, as whoever asks for crawls sees them.

What is sent to one is the name of a spider of the catalogue, a run's id and arguments of a spider, and nothing else.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import SplitResult, quote, unquote, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from scrapy.settings import BaseSettings
from urllib3.exceptions import NewConnectionError

from gigscrapy.daemon import password
from gigscrapy.daemon.configuration import PROJECT
from gigscrapy.leagues import load
from gigscrapy.spiders.base import RUN_ID
from gigscrapy.tasks import ARGUMENTS
from schema.names import on_one_line

CONNECT_SECONDS, ANSWER_SECONDS = 3, 10
LOG_BYTES = 256 * 1024
"""Of a log, at most so much at once."""

State = Literal["pending", "running", "finished"]


class NodeAway(ConnectionError):
    """It cannot be reached, does not answer in time, or fails: for a while, perhaps.

    :ivar may_have_acted: it may have done what it was asked. A job it may have taken is scheduled there again (which
        takes it only once) before it is given to another.
    """

    def __init__(self, message: str, *, may_have_acted: bool = False) -> None:
        super().__init__(message)
        self.may_have_acted = may_have_acted


class NodeRefused(Exception):
    """It answers, and will not: a person must see to it. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """A run, as its node has it. :ivar pid: its process there, while it runs."""

    run_id: str
    spider: str
    state: State
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One Scrapyd. Every method asks it, and raises :class:`NodeAway` or :class:`NodeRefused`.

    :ivar name: its address, in which there is no password; :ivar password: ``None``: the one made in ``home``.
    """

    name: str
    username: str
    password: str | None = field(repr=False)
    home: Path

    def load(self) -> int:
        """How many jobs it has, running or waiting."""
        status = self._ask("GET", "daemonstatus.json", tells=("pending", "running"))
        return int(status["pending"]) + int(status["running"])

    def jobs(self) -> list[Job]:
        """All it knows of: those that wait, run, and have ended lately."""
        answer = self._ask("GET", "listjobs.json", {"project": PROJECT}, tells=get_args(State))
        return [
            Job(job["id"], job["spider"], state, job.get("pid")) for state in get_args(State) for job in answer[state]
        ]

    def has(self, run_id: str) -> State | None:
        """What it says of a run; ``None`` where it knows none of that id, or not any more."""
        said = {"project": PROJECT, "job": run_id}
        state: State | None = self._ask("GET", "status.json", said, tells=("currstate",))["currstate"]
        return state

    def schedule(self, spider: str, run_id: str, arguments: Mapping[str, str]) -> None:
        """Have it crawl. A run that it has already, in whichever state, is not crawled again, and no error.

        :raises ValueError: when that is no spider, id or argument of ours: nothing is sent.
        """
        if spider not in {league.name for league in load()}:
            raise ValueError(f"there is no league {spider!r:.80}")
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"{run_id!r:.80} is no run's id")
        if unknown := set(arguments) - set(ARGUMENTS):
            raise ValueError(f"no argument of a spider: {', '.join(sorted(unknown)):.80}")
        said = {"project": PROJECT, "spider": spider, "jobid": run_id}
        self._ask("POST", "schedule.json", dict(arguments) | said, fine=(HTTPStatus.CONFLICT,), tells=("jobid",))

    def cancel(self, run_id: str, *, kill: bool = False) -> State | None:
        """Have a run end: one that waits is forgotten, one that runs is told to stop, once however often it is asked.

        :param kill: end it at once; what it has not sent waits in its outbox.
        :returns: what the run was; ``None`` where the node has none of that id.
        """
        said = {"project": PROJECT, "job": run_id, "signal": "KILL" if kill else "TERM"}
        state: State | None = self._ask("POST", "cancel.json", said, tells=("prevstate",))["prevstate"]
        return state

    def spiders(self) -> list[str]:
        """The names of all spiders it can run. The first time takes it some seconds."""
        return list(self._ask("GET", "listspiders.json", {"project": PROJECT}, tells=("spiders",))["spiders"])

    def log(self, run_id: str, spider: str, offset: int = 0) -> tuple[str, int]:
        """What a run's log has from ``offset`` (bytes) on, some of it at least, and where it goes on from.

        Nothing, and the same offset, where there is no more, no such log, or not yet.
        """
        answer = self._log(run_id, spider, offset, offset + LOG_BYTES - 1)
        content = b"" if answer is None else answer.content
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(content)
        cut = len(decoder.getstate()[0])  # of a character whose end is not written yet
        return text, offset + len(content) - cut

    def log_end(self, run_id: str, spider: str, count: int) -> tuple[str, int]:
        """The same of its last ``count`` bytes; where it goes on is 0 where there is no such log, or not yet."""
        first = self._log(run_id, spider, 0, 0)  # for what it says of the size: a Scrapyd fails at a span from the end
        size = re.fullmatch(r"bytes 0-0/(\d+)", "" if first is None else first.headers.get("Content-Range", ""))
        return self.log(run_id, spider, max(0, int(size[1]) - count)) if size else ("", 0)

    def _log(self, run_id: str, spider: str, start: int, last: int) -> requests.Response | None:
        """Some bytes of it; ``None`` where there are none."""
        path = "/".join(quote(part, safe="") for part in ("logs", PROJECT, spider, f"{run_id}.log"))
        answer = self._send("GET", path, {}, {"Range": f"bytes={start}-{last}"})
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            return None
        self._refuse_unless_fine(answer)
        return answer

    # -- asking --------------------------------------------------------------------------------------------------------

    def _ask(
        self,
        method: str,
        path: str,
        said: Mapping[str, str] | None = None,
        fine: Sequence[int] = (),
        tells: Sequence[str] = (),
    ) -> Any:
        """:returns: what it answers. :param fine: statuses that are as good as success; :param tells: what is in it."""
        answer = self._send(method, path, said or {})
        if answer.status_code in fine:
            return {}
        self._refuse_unless_fine(answer)
        try:
            told = answer.json()
            good = told["status"] == "ok"
            _ = [told[key] for key in tells if good]
        except (ValueError, KeyError, TypeError):
            raise NodeRefused(f"what answers at {self.name} is no Scrapyd: correct SCRAPYD_URLS") from None
        if not good:
            raise NodeRefused(f"{self.name} refuses: {advice(str(told.get('message')))}")
        return told

    def _send(
        self, method: str, path: str, said: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        is_post = method == "POST"
        with requests.Session() as session:
            session.trust_env = False  # no proxy between us, and no password out of a .netrc
            try:
                answer = session.request(
                    method,
                    f"{self.name}/{path}",
                    params=None if is_post else said,
                    data=said if is_post else None,
                    headers=headers,
                    auth=HTTPBasicAuth(self.username.encode(), self._password().encode()),
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise NodeAway(
                    f"{self.name} is away: {on_one_line(cause(error))}", may_have_acted=is_post and was_sent(error)
                ) from None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NodeAway(f"{self.name} fails: status {answer.status_code}", may_have_acted=is_post)
        return answer

    def _password(self) -> str:
        """:raises NodeAway: as long as there is none: it is made when the first Scrapyd starts."""
        try:
            secret = self.password or password.known(self.home)
        except OSError as error:
            raise NodeRefused(f"the password of {self.name} cannot be read: {error}") from None
        if secret is None:
            raise NodeAway(
                f"nobody knows the password of {self.name}: start `scrapy scrapyd` with the same GIGSCRAPY_HOME, or set"
                " SCRAPYD_PASSWORD here and there"
            )
        return secret

    def _refuse_unless_fine(self, answer: requests.Response) -> None:
        """:raises NodeRefused: with what a person can do."""
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise NodeRefused(
                f"{self.name} takes another user or password: set SCRAPYD_USERNAME and SCRAPYD_PASSWORD here and there,"
                " or have both share GIGSCRAPY_HOME"
            )
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise NodeRefused(f"{self.name} has no such service: is a `scrapy scrapyd` there? correct SCRAPYD_URLS")
        if not answer.ok:
            raise NodeRefused(f"{self.name} refuses: {on_one_line(answer.text)[:300]}")


def nodes(settings: BaseSettings) -> tuple[Node, ...]:
    """Those of SCRAPYD_URLS, each once.

    :raises NodeRefused: when one of these is no address, or there is none.
    """
    home = Path(settings["GIGSCRAPY_HOME"])
    urls = (settings["SCRAPYD_URLS"] or "").replace(",", " ").split()
    found = [_node(url, settings["SCRAPYD_USERNAME"], settings["SCRAPYD_PASSWORD"], home) for url in urls]
    if not found:
        raise NodeRefused("SCRAPYD_URLS names no node: http://127.0.0.1:6800, or several with spaces between")
    return tuple({node.name: node for node in found}.values())


def _node(url: str, username: str, secret: str | None, home: Path) -> Node:
    try:
        parts = urlsplit(url)
        name = _without_secrets(parts)
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise NodeRefused("SCRAPYD_URLS are addresses such as http://user:password@host:6800, with spaces between")
    return Node(
        name=name,
        username=unquote(parts.username) if parts.username else username,
        password=unquote(parts.password) if parts.password else secret,
        home=home,
    )


def _without_secrets(parts: SplitResult) -> str:
    """:raises ValueError: when its port is none."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"


def was_sent(error: requests.RequestException) -> bool:
    """Whether what was asked may have arrived all the same."""
    if isinstance(error, requests.ConnectTimeout):
        return False
    return not (error.args and isinstance(getattr(error.args[0], "reason", None), NewConnectionError))


def cause(error: requests.RequestException) -> str:
    """In a few words, without the address, which the error's own has in it."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS} s"
    if isinstance(error, requests.Timeout):
        return f"no answer within {ANSWER_SECONDS} s"
    return "the connection broke" if was_sent(error) else "no connection; is `scrapy scrapyd` running there?"


def advice(message: str) -> str:
    """What Scrapyd said, on one line, and what to do where that is known."""
    said = on_one_line(message)
    if f"project '{PROJECT}' not found" in said:
        return "the project is not deployed there: run `scrapyd-deploy`"
    if said.startswith("spider "):
        return f"{said}: what is deployed there is older; run `scrapyd-deploy`"
    return said[-300:]
