"""How often prices are looked at."""

from datetime import datetime, timedelta

from analytics.freshness import LONGEST, UNKNOWN, is_stale, period_of, period_of_gaps

NOON = datetime(2026, 11, 21, 12)
QUARTER = timedelta(minutes=15)


def test_the_period_is_the_median_of_the_last_gaps() -> None:
    slow = [NOON + timedelta(hours=number) for number in range(20)]
    quick = [slow[-1] + number * QUARTER for number in range(1, 11)]
    assert period_of(slow) == timedelta(hours=1)
    assert period_of(slow + quick) == QUARTER


def test_pages_of_one_crawl_are_no_period() -> None:
    crawls = [NOON + number * QUARTER + timedelta(seconds=second) for number in range(4) for second in (0, 2, 40)]
    assert QUARTER - timedelta(minutes=1) < period_of(crawls) <= QUARTER


def test_one_crawl_has_no_period_and_none_is_longer_than_a_day() -> None:
    assert period_of([NOON]) == period_of([]) == UNKNOWN
    assert period_of_gaps([timedelta(days=9)]) == LONGEST


def test_a_price_is_stale_after_two_periods() -> None:
    assert not is_stale(NOON, NOON + 2 * QUARTER, QUARTER)
    assert is_stale(NOON, NOON + 2 * QUARTER + timedelta(seconds=1), QUARTER)
