"""What can go wrong on demand. Each fault is what a client would really meet, on the wire or in the page."""

import re
import threading

FAULTS = {
    "500": "answers 500",
    "429": "answers 429 with Retry-After: 1",
    "slow": "answers after --delay seconds",
    "truncated": "closes after half of the body that Content-Length announces",
    "reset": "resets the connection instead of answering",
    "some-500": "answers 500 for every third match page",
    "unknown-layout": "a plausible page without anything a reader looks for",
    "empty": "a page of the layout, without a match or without a bookmaker",
    "never": "the page arrives, its prices never do",
    "late": "the prices are put in after three seconds",
    "robots": "robots.txt forbids everything",
    "robots-503": "robots.txt answers 503",
}

PRICED_PAGES = r"^/cotes/[^/]+/[^/]+/[^/]+$|^/cotes/[^/]+/[^/]+/[^/]+\?|^/cote/"
"""League pages and match pages."""

MATCH_NUMBER = re.compile(r"^/cote/.*-(\d+)(?:\?|$)")


class Faults:
    """Decides for each request whether the fault strikes it. Safe to ask from several threads.

    :param name: a key of :data:`FAULTS`, ``None`` for no fault; those of ``robots.txt`` strike only there.
    :param where: expression searched in path and query; :param count: strike so often and no more, 0 for always.
    :raises ValueError: when there is no such fault, or ``where`` is no expression.
    """

    def __init__(self, name: str | None, where: str = PRICED_PAGES, count: int = 0) -> None:
        if name is not None and name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
        try:
            self._where = re.compile(where)
        except re.error as error:
            raise ValueError(f"--fault-on {where!r} is no regular expression: {error}") from None
        self._name = name
        self._left = count or None
        self._lock = threading.Lock()

    def strike(self, target: str) -> str | None:
        """The fault this request meets, which then counts as one."""
        if self._name is None or not self._is_meant(target):
            return None
        with self._lock:
            if self._left == 0:
                return None
            if self._left is not None:
                self._left -= 1
        return self._name

    def _is_meant(self, target: str) -> bool:
        if self._name in ("robots", "robots-503"):
            return target == "/robots.txt"
        if self._name == "some-500":
            match = MATCH_NUMBER.search(target)
            return match is not None and int(match[1]) % 3 == 0 and bool(self._where.search(target))
        return bool(self._where.search(target))
