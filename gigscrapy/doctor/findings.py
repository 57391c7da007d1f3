"""What a check finds."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How bad it is; the value is its sign."""

    OK = "✓"
    WARNING = "!"
    """It works, and somebody should look."""
    FAILURE = "✗"
    """Something does not work until it is mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it is, or what is wrong and how to mend it."""

    state: State
    sentence: str


def ok(sentence: str) -> Finding:
    return Finding(State.OK, sentence)


def warning(sentence: str) -> Finding:
    return Finding(State.WARNING, sentence)


def failure(sentence: str) -> Finding:
    return Finding(State.FAILURE, sentence)
