"""When a schedule is due, on the two nights that the clocks are changed and on all others."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from gigscrapy.timetable import BadTime, Cron, Every, grace, timetable

MARCH = datetime(2026, 3, 28, 20)
"""Five hours before 02:00 becomes 03:00 in Paris."""
OCTOBER = datetime(2026, 10, 24, 20)
"""Five hours before 03:00 becomes 02:00 in Paris."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def due(cron: str, after: datetime, until: datetime | None = None) -> list[str]:
    """In UTC, day and time."""
    return [f"{instant:%d %H:%M}" for instant in Cron.read(cron).due(after, until or after + DAY)]


class TestTheTwoNights:
    @pytest.mark.parametrize(
        ("cron", "march", "october"),
        [
            # An hour by itself: what falls into the gap comes after it, of the double hour it is the first.
            ("30 2 * * *", ["29 01:30"], ["25 00:30"]),
            ("0 3 * * *", ["29 01:00"], ["25 02:00"]),
            ("*/30 2 * * *", ["29 01:00", "29 01:30"], ["25 00:00", "25 00:30"]),
            ("30 2,3 * * *", ["29 01:30"], ["25 00:30", "25 02:30"]),  # one, where two become one
            ("15 1-3 * * *", ["29 00:15", "29 01:15"], ["24 23:15", "25 00:15", "25 02:15"]),
            (
                "0 */6 * * *",
                ["28 23:00", "29 04:00", "29 10:00", "29 16:00"],
                ["24 22:00", "25 05:00", "25 11:00", "25 17:00"],
            ),
            ("30 2 * * sun", ["29 01:30"], ["25 00:30"]),
            ("30 2 last * *", [], []),
        ],
    )
    def test_a_time_of_day_comes_once(self, cron: str, march: list[str], october: list[str]) -> None:
        assert due(cron, MARCH) == march
        assert due(cron, OCTOBER) == october

    @pytest.mark.parametrize("hour", ["*", "*/1"])
    def test_a_star_means_real_time(self, hour: str) -> None:
        for night in (MARCH, OCTOBER):
            for cron, step in (("0", 60), ("*/15", 15), ("30", 60)):
                found = Cron.read(f"{cron} {hour} * * *").due(night, night + DAY)
                assert len(found) == 24 * 60 // step
                assert {later - earlier for earlier, later in pairwise(found)} == {step * MINUTE}

    def test_an_interval_knows_none_of_it(self) -> None:
        for night in (MARCH, OCTOBER):
            for minutes in (1, 7, 90):
                found = Every(minutes).due(night, night + DAY)
                assert {later - earlier for earlier, later in pairwise(found)} == {minutes * MINUTE}

    @pytest.mark.parametrize("cron", ["30 2 * * *", "*/20 * * * *", "*/30 1-3 * * *", "0 */2 * * *", "5 2,3 * 3,10 0"])
    @pytest.mark.parametrize("night", [MARCH, OCTOBER])
    def test_looked_at_in_pieces_it_is_the_same(self, cron: str, night: datetime) -> None:
        whole = Cron.read(cron).due(night, night + DAY)
        for step in (MINUTE, 17 * MINUTE, 59 * MINUTE):
            ends = [night + number * step for number in range(DAY // step + 1)] + [night + DAY]
            pieces = [instant for piece in pairwise(ends) for instant in Cron.read(cron).due(*piece)]
            assert pieces == whole


class TestCron:
    def test_its_end_is_in_and_its_beginning_is_not(self) -> None:
        noon = datetime(2026, 6, 1, 10)  # in UTC
        assert due("0 12 * * *", noon - MINUTE, noon) == ["01 10:00"]
        assert due("0 12 * * *", noon, noon + MINUTE) == []

    @pytest.mark.parametrize(
        ("days", "found"),
        [
            ("0", [7]),
            ("7", [7]),
            ("sun", [7]),
            ("SUN", [7]),
            ("1", [1]),
            ("1-5", [1, 2, 3, 4, 5]),
            ("5-7", [5, 6, 7]),
            ("0-2", [1, 2, 7]),
            ("fri-mon", [1, 5, 6, 7]),
            ("sat,sun", [6, 7]),
            ("*/2", [2, 4, 6, 7]),
            ("mon-fri/2", [1, 3, 5]),
        ],
    )
    def test_days_of_the_week_are_those_of_cron(self, days: str, found: list[int]) -> None:
        monday = datetime(2026, 6, 1)
        instants = Cron.read(f"0 8 * * {days}").due(monday, monday + 7 * DAY)
        assert [instant.isoweekday() for instant in instants] == found

    def test_of_a_day_of_the_month_and_one_of_the_week_either_will_do(self) -> None:
        first = datetime(2026, 2, 1)
        found = Cron.read("0 8 13 * fri").due(first, first + 28 * DAY)
        assert [instant.day for instant in found] == [6, 13, 20, 27]
        assert [instant.day for instant in Cron.read("0 8 1,15 * 3").due(first, first + 20 * DAY)] == [1, 4, 11, 15, 18]

    def test_the_next_may_be_years_off(self) -> None:
        assert Cron.read("30 12 29 2 *").next_after(datetime(2096, 3, 1)) == datetime(2104, 2, 29, 11, 30)
        assert Cron.read("* * * * *").next_after(MARCH) == MARCH + MINUTE

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "0 fields"),
            ("0 6 * *", "4 fields; cron has five: minute, hour, day of the month, month, day of the week"),
            ("60 * * * *", "last value (60) is higher than the maximum value (59)"),
            ("0 24 * * *", "last value (24) is higher"),
            ("0 0 0 * *", "first value (0) is lower"),
            ("*/0 * * * *", "Increment must be higher than 0"),
            ("0 0 * jan-mar/2 *", "'jan-mar/2' is no month"),
            ("0 0 * * 8", "'8' is no day of the week: 0 to 7"),
            ("0 0 * * fre", "'fre' is no day of the week"),
            ("0 0 * * */0", "'*/0' is no day of week"),
            ("0 0 * * *-3", "'*-3' is no day of week"),
            ("0 0 30 2 *", "never comes"),
            ("0 0 31 4,6 *", "never comes"),
            ("@daily", "1 fields"),
            ("0 0 , * *", "',' is no day"),
        ],
    )
    def test_what_says_no_time_is_refused(self, text: str, why: str) -> None:
        with pytest.raises(BadTime) as refused:
            Cron.read(text)
        assert why in str(refused.value)


class TestEvery:
    def test_it_does_not_drift(self) -> None:
        start = datetime(2026, 1, 1, 0, 3, 20)
        assert Every(15).due(start, start + 30 * MINUTE) == [
            datetime(2026, 1, 1, 0, 15),
            datetime(2026, 1, 1, 0, 30),
        ]
        assert Every(15).next_after(datetime(2026, 1, 1, 0, 15)) == datetime(2026, 1, 1, 0, 30)
        from_another_day = Every(7).due(start - DAY, start + 365 * DAY)
        assert Every(7).due(start, start + 365 * DAY) == [at for at in from_another_day if at > start]

    @pytest.mark.parametrize("minutes", [0, -5, 10_081])
    def test_what_nobody_could_want_is_refused(self, minutes: int) -> None:
        with pytest.raises(BadTime):
            timetable(None, minutes)


def test_the_grace_is_half_the_way_to_the_next_and_a_quarter_of_an_hour_at_most() -> None:
    assert grace(Every(10), datetime(2026, 1, 1)) == 5 * MINUTE
    assert grace(Every(60), datetime(2026, 1, 1)) == 15 * MINUTE
    assert grace(timetable("0 8,9 * * *", None), datetime(2026, 1, 1, 7)) == 15 * MINUTE
    assert grace(timetable("0,4 8 * * *", None), datetime(2026, 1, 1, 7)) == 2 * MINUTE
