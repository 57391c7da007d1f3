"""Questions put to something that may hang, such as a server: whoever asks waits for an answer so long, no longer."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Question(Generic[Answer]):
    """One question, asked in a thread of its own.

    While it has no answer it is not asked again: however often somebody wants to know, one thread at most waits with
    what hangs. It is a daemon: it keeps no process from ending.

    :param lasts: seconds for which an answer is good; then it is asked anew.
    """

    def __init__(self, ask: Callable[[], Answer], *, lasts: float = 0) -> None:
        self._ask = ask
        self._lasts = lasts
        self._lock = threading.Lock()
        self._asked: Future[Answer] | None = None
        self._answered_at = 0.0

    def put(self) -> "Future[Answer]":
        """Ask, unless that is under way or was answered just now; the answer, or the one to come."""
        with self._lock:
            if self._asked is None or (self._asked.done() and not self._is_good(self._asked)):
                self._asked = Future()
                threading.Thread(target=self._find_out, args=(self._asked,), daemon=True).start()
            return self._asked

    def _is_good(self, answered: "Future[Answer]") -> bool:
        return answered.exception() is None and monotonic() - self._answered_at < self._lasts

    def _find_out(self, asked: "Future[Answer]") -> None:
        try:
            answer = self._ask()
        except BaseException as error:  # noqa: BLE001 - whoever asked is told, whatever it is
            asked.set_exception(error)
        else:
            self._answered_at = monotonic()
            asked.set_result(answer)


def answers(questions: Mapping[str, Question[Answer]], seconds: float) -> dict[str, Callable[[], Answer]]:
    """Put all of them at once, and wait for ``seconds`` in all.

    :returns: by its name what gives each answer, and raises what asking raised, or ``TimeoutError`` where none came.
    """
    until = monotonic() + seconds
    asked = {name: question.put() for name, question in questions.items()}
    return {name: partial(_await, answer, until) for name, answer in asked.items()}


def _await(asked: "Future[Answer]", until: float) -> Answer:
    return asked.result(max(0.0, until - monotonic()))
