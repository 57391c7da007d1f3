"""What takes long is found out once, and shown with its age meanwhile."""

import threading
from pathlib import Path

import pytest

from admin import kept
from admin.kept import Kept
from schema.database import connect, hang_up


class Asked:
    """A question that is answered when the test says so, with how often it was asked."""

    def __init__(self) -> None:
        self.times = 0
        self.may = threading.Event()
        self.may.set()

    def __call__(self) -> int:
        self.may.wait(10)
        self.times += 1
        if self.times == 3:
            raise ValueError("the third is none")
        return self.times


def test_one_answer_for_all_and_a_new_one_behind_their_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 10)
    database = connect(None, tmp_path)
    ask = Asked()
    answer = Kept(database, ask, seconds=60)
    first = answer.look()
    assert first is not None
    assert first.answer == 1
    assert answer.look() is first, "it is kept"
    answer._until = 0  # it is a minute later
    ask.may.clear()
    assert answer.look() is first, "while a new one is found"
    ask.may.set()
    while answer.look() is first:
        pass
    second = answer.look()
    assert second is not None
    assert second.answer == 2
    answer.forget()
    with pytest.raises(ValueError, match="third"):
        answer.look()
    assert ask.times == 3
    fourth = answer.look()
    assert fourth is not None
    assert fourth.answer == 4
    hang_up(database)


def test_nobody_waits_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PATIENCE", 0.01)
    database = connect(None, tmp_path)
    ask = Asked()
    ask.may.clear()
    answer = Kept(database, ask, seconds=60)
    assert answer.look() is None
    ask.may.set()
    while answer.look() is None:
        pass
    assert ask.times == 1
    hang_up(database)
