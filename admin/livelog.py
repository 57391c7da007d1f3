"""The log of a run, piece by piece, wherever its node is: the browser never talks to a Scrapyd.

A log that is on this machine is read from its file; else the run's node is asked for some bytes of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrapy.settings import BaseSettings

from gigscrapy.following import log_path
from gigscrapy.nodes import LOG_BYTES, Node, NodeAway, NodeRefused, nodes
from schema.models import Runs
from schema.names import spelt_out
from schema.runs import FINISHED, LOST, RUNNING

TAIL_BYTES = 64 * 1024
"""What is shown of a log at first: its end."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one log, that is handed out at most."""


class NoLog(LookupError):
    """Nobody who can be asked has it; ``is_away``: somebody may have it who does not answer."""

    def __init__(self, *, is_away: bool) -> None:
        super().__init__("no log")
        self.is_away = is_away


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a log. ``next``: the byte that the next piece begins with; ``whole``: it begins with the first of all."""

    text: str
    next: int
    whole: bool


def piece(settings: BaseSettings, run: Runs, start: int) -> Piece:
    """What a run's log has from byte ``start`` on, some of it at least; of a negative one, so many from its end.

    Nothing in it moves a cursor, or is anything but text.

    :raises NoLog: when there is none to be had.
    """
    path = log_path(Path(settings["GIGSCRAPY_HOME"]), run)
    if path is None:
        raise NoLog(is_away=False)
    text, following = _of_file(path, start) if path.is_file() else _of_node(settings, run, start)
    return Piece(spelt_out(text, keep="\n\t"), following, whole=following <= len(text.encode()))


def whole(settings: BaseSettings, run: Runs) -> Iterator[str]:
    """All of it so far, piece by piece. :raises NoLog: as :func:`piece`, at the first."""
    start = 0
    while start < MOST_BYTES and (found := piece(settings, run, start)).text:
        yield found.text
        start = found.next


def _of_file(path: Path, start: int) -> tuple[str, int]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        begin = max(0, size + start) if start < 0 else min(start, size)
        file.seek(begin)
        read = file.read(LOG_BYTES)
    cut = _unfinished(read)
    return read[: len(read) - cut].decode("utf-8", "replace"), begin + len(read) - cut


def _unfinished(read: bytes) -> int:
    """Bytes at its end that begin a character which is not written yet."""
    for back in range(1, min(4, len(read) + 1)):
        byte = read[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _of_node(settings: BaseSettings, run: Runs, start: int) -> tuple[str, int]:
    is_away = False
    for node in _asked(settings, run):
        try:
            if start < 0:
                return node.log_end(run.run_id, run.spider or "", -start)
            return node.log(run.run_id, run.spider or "", start)
        except (NodeAway, NodeRefused):
            is_away = True
    raise NoLog(is_away=is_away)


def _asked(settings: BaseSettings, run: Runs) -> list[Node]:
    """Its own node; where nobody has that name, whoever there is. Of a run that no node was given, nobody."""
    if run.node is None:
        return []
    try:
        known = nodes(settings)
    except NodeRefused:
        return []
    return [node for node in known if node.name == run.node] or list(known)


def may_have(run: Runs) -> bool:
    """Whether it may have a log that can be shown: a node had it, or it ran by itself on this machine."""
    return run.node is not None or run.state in (RUNNING, FINISHED, LOST)
