"""What takes long to find out, found out once for all who look, and kept for a while.

Whoever looks has the answer of before at once, and its age, while a new one is found; only where there is none yet, or
one that is far too old, somebody waits, and not for long.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Generic, TypeVar

from peewee import Database

from admin.questions import Question
from schema.models import now

Answer = TypeVar("Answer")

PATIENCE = 0.25
"""Seconds that a page waits where there is nothing to show yet."""
STALE = 5
"""So many times as old as it may be, an answer is shown no more."""
SHARE = 20
"""So many times as long as it took to find out, an answer is kept at least: asking takes a twentieth of the time."""


@dataclass(frozen=True, slots=True)
class Found(Generic[Answer]):
    """An answer. ``at``: when it was found, naive UTC."""

    answer: Answer
    at: datetime


class Kept(Generic[Answer]):
    """One question to the database, its answer kept for ``seconds`` or longer (:data:`SHARE`)."""

    def __init__(self, database: Database, ask: Callable[[], Answer], *, seconds: float) -> None:
        self._database = database
        self._ask = ask
        self._seconds = seconds
        self._question = Question(self._find_out)
        self._found: Found[Answer] | None = None
        self._until = 0.0

    def look(self) -> Found[Answer] | None:
        """The answer, or ``None`` while it is being found. :raises Exception: what asking raised, where that is all."""
        if monotonic() < self._until:
            return self._found
        asked = self._question.put()
        if self._found is not None and now() - self._found.at < timedelta(seconds=STALE * self._seconds):
            return self._found
        try:
            return asked.result(PATIENCE)
        except TimeoutError:
            return None

    def forget(self) -> None:
        """Something was changed: who looks next waits for what is true now."""
        self._found, self._until = None, 0.0

    def _find_out(self) -> Found[Answer]:
        begun = monotonic()
        with self._database.connection_context():
            found = Found(self._ask(), now())
        self._found = found
        self._until = monotonic() + max(self._seconds, SHARE * (monotonic() - begun))
        return found
