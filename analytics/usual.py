"""Whether a crawl brought what crawls like it usually bring."""

from collections.abc import Sequence
from statistics import median

BEFORE = 10
"""So many of the ones before it a crawl is compared with."""
FEWEST = 3
"""With fewer before it nobody can tell what is usual."""
LOW = 0.6
"""A crawl that brought less than this share of the median is unusual: 40 % below it."""


def usual(before: Sequence[int]) -> float | None:
    """The median of the last :data:`BEFORE` of ``before``, oldest first; ``None`` where there are too few."""
    return median(before[-BEFORE:]) if len(before) >= FEWEST else None


def deviation(brought: int, before: Sequence[int]) -> float | None:
    """By which share it is more (or, below zero, less) than usual; ``None`` where nobody can tell."""
    expected = usual(before)
    return brought / expected - 1 if expected else None


def is_low(brought: int, before: Sequence[int]) -> bool:
    """Whether it brought so much less than usual that somebody should look."""
    share = deviation(brought, before)
    return share is not None and share <= LOW - 1
