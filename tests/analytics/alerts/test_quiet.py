"""Quiet hours, on the clock on the wall in Paris, also on the two nights it jumps."""

from datetime import datetime, timedelta

import pytest

from analytics.alerts.quiet import is_quiet, quiet_end

NIGHT = (22 * 60 + 30, 7 * 60)
"""22:30 to 07:00."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def quiet_minutes(since: str, hours: int, span: tuple[int, int]) -> int:
    return sum(is_quiet(at(since) + timedelta(minutes=minute), *span) for minute in range(60 * hours))


@pytest.mark.parametrize(
    ("instant", "quiet"),
    [
        ("2026-07-01 20:29", False),
        ("2026-07-01 20:30", True),
        ("2026-07-02 04:59:59", True),
        ("2026-07-02 05:00", False),
        ("2026-01-10 21:29", False),
        ("2026-01-10 21:30", True),
        ("2026-01-11 06:00", False),
    ],
)
def test_summer_and_winter(instant: str, quiet: bool) -> None:
    assert is_quiet(at(instant), *NIGHT) is quiet


def test_within_a_day_and_never() -> None:
    assert is_quiet(at("2026-01-10 12:30"), 13 * 60, 14 * 60)
    assert not is_quiet(at("2026-01-10 13:00"), 13 * 60, 14 * 60)
    assert not is_quiet(at("2026-01-10 02:00"), None, None)
    assert quiet_end(at("2026-01-10 02:00"), None, None) == at("2026-01-10 02:00")


@pytest.mark.parametrize(
    ("evening", "hours", "end"),
    [
        ("2026-03-28 12:00", 7.5, "2026-03-29 05:00"),  # 02:00 is 03:00
        ("2026-10-24 12:00", 9.5, "2026-10-25 06:00"),  # 03:00 is 02:00
        ("2026-06-10 12:00", 8.5, "2026-06-11 05:00"),
    ],
)
def test_a_night_is_as_long_as_the_clock_makes_it(evening: str, hours: float, end: str) -> None:
    assert quiet_minutes(evening, 24, NIGHT) == 60 * hours
    asleep = at(evening) + timedelta(hours=12)
    assert quiet_end(asleep, *NIGHT) == at(end)


def test_an_hour_that_does_not_exist_and_one_that_comes_twice() -> None:
    """From 02:15 to 02:45: in March nobody is ever quiet, in October twice."""
    span = (2 * 60 + 15, 2 * 60 + 45)
    assert quiet_minutes("2026-03-28 22:00", 8, span) == 0
    assert quiet_minutes("2026-10-24 22:00", 8, span) == 60
    assert quiet_minutes("2026-06-10 22:00", 8, span) == 30


def test_what_begins_in_the_hour_that_does_not_exist_begins_when_the_clock_jumps() -> None:
    span = (2 * 60 + 30, 4 * 60)
    assert quiet_minutes("2026-03-28 22:00", 8, span) == 60
    assert is_quiet(at("2026-03-29 01:00"), *span)
    assert not is_quiet(at("2026-03-29 00:59"), *span)
