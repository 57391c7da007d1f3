"""Questions to what may hang: nobody waits for ever, and nobody asks twice at once."""

import threading
from time import monotonic

import pytest

from admin.questions import Question, answers


def test_one_that_hangs_holds_up_no_other() -> None:
    gate = threading.Event()
    questions = {"hangs": Question(lambda: gate.wait(30)), "answers": Question(lambda: True)}
    began = monotonic()
    given = answers(questions, 0.2)
    assert given["answers"]() is True
    with pytest.raises(TimeoutError):
        given["hangs"]()
    assert monotonic() - began < 5
    gate.set()


def test_what_has_no_answer_yet_is_not_asked_again() -> None:
    gate, asked = threading.Event(), []

    def ask() -> int:
        asked.append(1)
        gate.wait(30)
        return len(asked)

    question = Question(ask)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            answers({"it": question}, 0.01)["it"]()
    waiting = question.put()
    gate.set()
    assert waiting.result(5) == 1
    assert question.put().result(5) == 2, "once it is answered it is asked anew"


def test_what_goes_wrong_is_told_to_whoever_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        answers({"it": Question(lambda: 1 // 0)}, 5)["it"]()


def test_an_answer_that_lasts_is_asked_for_once() -> None:
    asked: list[int] = []
    question = Question(lambda: asked.append(1) or len(asked), lasts=60)
    assert [question.put().result(5) for _ in range(3)] == [1, 1, 1]
    brief = Question(lambda: asked.append(1) or len(asked), lasts=0)
    assert [brief.put().result(5) for _ in range(2)] == [2, 3]


def test_what_went_wrong_does_not_last() -> None:
    outcomes = iter([ZeroDivisionError, 7])

    def ask() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, int):
            return outcome
        raise outcome

    question = Question(ask, lasts=60)
    with pytest.raises(ZeroDivisionError):
        question.put().result(5)
    assert question.put().result(5) == 7
