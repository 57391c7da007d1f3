from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from schema.progress import Progress, lasting

START = datetime(2026, 3, 7, 18, 0, 0)
NOW = datetime(2026, 3, 7, 18, 2, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    state: str | None = "running"
    discovered: int = 18
    parsed: int = 6
    pages: int = 10
    current: str | None = "Lyon - Paris"
    node: str | None = None
    started_at: datetime | None = START
    reported_at: datetime | None = START + timedelta(minutes=2)
    finished_at: datetime | None = None


def test_a_run_that_goes_on() -> None:
    found = Progress.of(Row(), NOW)
    assert (found.seen, found.expected, found.share) == (6, 18, 6 / 18)
    assert (found.seconds, found.silence, found.pages_per_minute) == (124, 4, 5.0)
    assert found.left == 12 * 20 - 4  # a match took 20 s, and four have passed since it said so
    assert found.current == "Lyon - Paris"
    assert found.sentence == "6 of 18 matches, 5.0 pages a minute, about 3 min 56 s left"


def test_before_the_first_match_nobody_can_tell() -> None:
    listed = Progress.of(Row(parsed=0, pages=2), NOW)
    assert (listed.share, listed.left, listed.sentence) == (0, None, "0 of 18 matches, 1.0 pages a minute")
    begun = Progress.of(Row(parsed=0, discovered=0, pages=0, reported_at=START), NOW)
    assert (begun.expected, begun.share, begun.pages_per_minute, begun.left) == (None, None, None, None)
    assert (begun.silence, begun.sentence) == (124, "no match yet, silent for 2 min 04 s")


def test_silence_takes_the_end_away() -> None:
    late = NOW + timedelta(seconds=86)
    assert Progress.of(Row(), late).left == 12 * 20 - 90
    found = Progress.of(Row(), late + timedelta(seconds=1))
    assert (found.is_silent, found.left) == (True, None)
    assert found.sentence == "6 of 18 matches, 5.0 pages a minute, silent for 1 min 31 s"


def test_a_run_that_has_ended() -> None:
    ended = replace(Row(), state="finished", parsed=17, pages=20, finished_at=START + timedelta(minutes=4))
    found = Progress.of(ended, NOW + timedelta(days=1))
    assert (found.share, found.seconds, found.left, found.silence, found.current) == (1, 240, None, None, None)
    assert found.sentence == "17 of 18 matches, in 4 min 00 s, 5.0 pages a minute"
    lost = Progress.of(replace(Row(), state="lost"), NOW + timedelta(days=1))
    assert (lost.share, lost.seconds, lost.silence) == (6 / 18, 120, None)
    said = "its process is gone without a last word, 6 of 18 matches, in 2 min 00 s, 5.0 pages a minute"
    assert lost.sentence == said


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (None, "it has not reported yet: only its quotes are known"),
        ("queued", "it waits for its turn"),
        ("scheduled", "http://127.0.0.1:6800 has it, and it has not begun"),
        ("cancelled", "it was cancelled before it began"),
        ("failed", "it could not begin"),
    ],
)
def test_a_run_that_has_not_begun(state: str | None, sentence: str) -> None:
    row = Row(state, 0, 0, 0, None, "http://127.0.0.1:6800", None, None)
    found = Progress.of(row, NOW)
    assert found.sentence == sentence
    assert (found.seen, found.expected, found.share, found.seconds, found.left, found.silence) == (0, *5 * (None,))


def test_a_clock_that_is_behind() -> None:
    found = Progress.of(Row(), NOW - timedelta(hours=1))
    assert (found.seconds, found.silence, found.left) == (0, 0, 240)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3720, "1 h 02 min"),
        (90_000, "25 h 00 min"),
    ],
)
def test_how_long(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
