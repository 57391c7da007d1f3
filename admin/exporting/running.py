"""The exports that go on in this process, by the token each was asked with: how far each is, and who may end it."""

import re
import threading
import time
from dataclasses import dataclass, field

AT_ONCE = 3
"""Each keeps one of the server's threads busy while it is taken."""
OF_ONE = 2
"""Of one person: whoever takes slowly, or for ever, leaves one to the others."""
REMEMBERED_SECONDS = 600

_TOKEN = re.compile(r"[A-Za-z0-9-]{8,64}")


class Busy(Exception):
    """So many exports go on that no other is begun."""


class Cancelled(Exception):
    """Whoever wanted the export does not want it any more."""


@dataclass(slots=True)
class Export:
    """One export. ``state``: ``running``, ``done``, ``cancelled`` or ``failed``."""

    owner: str
    rows: int = 0
    state: str = "running"
    is_wanted: bool = True
    ended_at: float | None = field(default=None)

    def count(self, rows: int) -> None:
        """:raises Cancelled: when it is not wanted any more."""
        if not self.is_wanted:
            raise Cancelled
        self.rows += rows


class Exports:
    """All of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[str, Export] = {}
        self._nameless = 0

    def begin(self, token: str | None, owner: str) -> Export:
        """:raises Busy: when too many go on."""
        with self._lock:
            self._forget()
            owners = [export.owner for export in self._by_token.values() if export.state == "running"]
            if len(owners) >= AT_ONCE or owners.count(owner) >= OF_ONE:
                raise Busy
            if not token or not _TOKEN.fullmatch(token) or token in self._by_token:
                self._nameless += 1
                token = f"#{self._nameless}"
            export = self._by_token[token] = Export(owner)
            return export

    def end(self, export: Export, state: str) -> None:
        export.state, export.ended_at = state, time.monotonic()

    def find(self, token: str, owner: str) -> Export | None:
        """The export of that token, if it is that person's."""
        found = self._by_token.get(token)
        return found if found and found.owner == owner else None

    def _forget(self) -> None:
        before = time.monotonic() - REMEMBERED_SECONDS
        for token, export in list(self._by_token.items()):
            if export.ended_at is not None and export.ended_at < before:
                del self._by_token[token]


EXPORTS = Exports()
"""Of this process."""
