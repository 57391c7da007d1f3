"""What a crawl brought against what is usual."""

import pytest

from analytics.usual import deviation, is_low, usual


@pytest.mark.parametrize(
    ("before", "expected"),
    [([], None), ([5, 5], None), ([5, 7, 9], 7), ([1, 1, 1, *range(10, 20)], 14.5), ([0, 0, 0], 0)],
)
def test_usual_is_the_median_of_the_last_ten(before: list[int], expected: float | None) -> None:
    assert usual(before) == expected


@pytest.mark.parametrize(
    ("brought", "low"), [(100, False), (61, False), (60, True), (59, True), (0, True), (900, False)]
)
def test_two_fifths_below_is_unusual(brought: int, low: bool) -> None:
    assert is_low(brought, [100, 90, 110]) is low
    assert not is_low(brought, [100, 90]), "too few to tell"


def test_of_nothing_nothing_deviates() -> None:
    assert deviation(5, [0, 0, 0]) is None
    assert deviation(80, [100, 100, 100]) == pytest.approx(-0.2)
