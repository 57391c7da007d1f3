"""Kick-offs that were an hour or two late, made up, or of another meeting."""

from datetime import UTC, datetime, timedelta

import pytest

from gigscrapy.imports.gigbase.meetings import (
    AMBIGUOUS,
    BEYOND,
    DEFAULT,
    KEPT_DEFAULT,
    MET_AGAIN,
    MOVED_OR_MET_AGAIN,
    PASSED,
    SKIPPED,
    Judged,
    judge,
)

EVENING = datetime(2025, 11, 10, 20, 45)
LONG_BEFORE = datetime(2025, 11, 1, 12)


def told(judged: Judged) -> list[tuple[int, str | None, str | None]]:
    return [
        (one.number, one.kickoff and f"{one.kickoff:%m-%d %H:%M}", one.until and f"{one.until:%m-%d %H:%M}")
        for one in judged.meetings
    ]


@pytest.mark.parametrize(
    ("stored", "instant", "notes"),
    [
        (datetime(2025, 7, 14, 20, 45), datetime(2025, 7, 14, 18, 45), ()),
        (datetime(2025, 1, 14, 20, 45), datetime(2025, 1, 14, 19, 45), ()),
        (datetime(2025, 10, 26, 1, 59), datetime(2025, 10, 25, 23, 59), ()),
        (datetime(2025, 10, 26, 2, 30), datetime(2025, 10, 26, 0, 30), (AMBIGUOUS,)),
        (datetime(2025, 10, 26, 3, 0), datetime(2025, 10, 26, 2, 0), ()),
        (datetime(2025, 3, 30, 2, 30), datetime(2025, 3, 30, 1, 30), (SKIPPED,)),
        (datetime(1, 1, 1, 0, 0), None, (BEYOND,)),
    ],
)
def test_the_clock_of_paris(stored: datetime, instant: datetime | None, notes: tuple[str, ...]) -> None:
    seen = (instant or datetime(2024, 1, 1)) - timedelta(days=5)
    judged = judge(stored, seen, [seen])
    assert judged.meetings[0].kickoff == (instant and instant.replace(tzinfo=UTC))
    assert judged.notes == notes


def test_tomorrow_at_eight_is_no_kick_off() -> None:
    made = datetime(2025, 11, 9, 23, 30)  # the 10th in Paris
    for day in (10, 11):
        judged = judge(datetime(2025, 11, day, 20), made, [made])
        assert (judged.meetings[0].kickoff, judged.notes) == (None, (DEFAULT,))
    believed = judge(datetime(2025, 11, 10, 20), made, [made], believe_default=True)
    assert (told(believed), believed.notes) == ([(1, "11-10 19:00", None)], (KEPT_DEFAULT,))
    made_up = judge(datetime(2025, 11, 10, 20, 0, 17), made, [made], believe_default=True)
    assert (made_up.meetings[0].kickoff, made_up.notes) == (None, (DEFAULT,))
    for other in (datetime(2025, 11, 12, 20), datetime(2025, 11, 10, 20, 5), datetime(2025, 11, 10, 21)):
        assert judge(other, made, [made]).meetings[0].kickoff is not None


def test_a_match_is_quoted_until_it_is_played() -> None:
    judged = judge(EVENING, LONG_BEFORE, [LONG_BEFORE, datetime(2025, 11, 10, 22, 45)])
    assert (told(judged), judged.notes) == ([(1, "11-10 19:45", None)], ())


def test_the_second_meeting() -> None:
    """Quoted again after the first was played: its kick-off is nowhere told."""
    again = [datetime(2026, 5, day, 12) for day in (1, 2, 3)]
    judged = judge(EVENING, LONG_BEFORE, [LONG_BEFORE, datetime(2025, 11, 10, 19), *again])
    assert (told(judged), judged.notes) == ([(1, "11-10 19:45", "11-10 22:45"), (2, None, None)], (MET_AGAIN,))
    assert [judged.of(at).number for at in (LONG_BEFORE, datetime(2025, 11, 10, 22, 45), *again)] == [1, 1, 2, 2, 2]


def test_the_third() -> None:
    judged = judge(EVENING, LONG_BEFORE, [LONG_BEFORE, datetime(2026, 1, 1), datetime(2026, 3, 1)])
    assert [one.number for one in judged.meetings] == [1, 2, 3]
    assert judged.notes == (MET_AGAIN, MET_AGAIN)


def test_one_that_goes_on_being_quoted_may_have_been_moved() -> None:
    judged = judge(EVENING, LONG_BEFORE, [datetime(2025, 11, 10, 18), datetime(2025, 11, 11, 6)])
    assert (len(judged.meetings), judged.notes) == (2, (MOVED_OR_MET_AGAIN,))


def test_without_a_kick_off_a_long_absence_tells_meetings_apart() -> None:
    seen = [LONG_BEFORE, LONG_BEFORE + timedelta(days=30), LONG_BEFORE + timedelta(days=61)]
    judged = judge(None, LONG_BEFORE, seen)
    assert told(judged) == [(1, None, "12-01 12:00"), (2, None, None)]
    assert judge(datetime(2026, 5, 1), LONG_BEFORE, seen).meetings[0].until is None


def test_one_before_all_prices_is_not_believed() -> None:
    judged = judge(EVENING, LONG_BEFORE, [datetime(2025, 11, 12)])
    assert (told(judged), judged.notes) == ([(1, None, None)], (PASSED,))
