"""How often prices are looked at, and which are left behind.

The *period* of a market is how long its crawls lie apart, as observed: the median of the last gaps between its
observations. A price is *stale* when it is older than twice that: the crawls that should have renewed it did not.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=1)
"""Two observations closer together are parts of one crawl; what is looked at more rarely than daily is not watched."""
UNKNOWN = timedelta(hours=1)
"""Where only one crawl was seen yet."""
LAST = 10
"""Gaps that count: a schedule changes."""
STALE_AFTER = 2
"""Periods."""


def period_of_gaps(gaps: Iterable[timedelta]) -> timedelta:
    """The median of these gaps, within bounds; :data:`UNKNOWN` where there is none."""
    long_enough = [gap.total_seconds() for gap in gaps if gap >= SHORTEST]
    return min(LONGEST, timedelta(seconds=median(long_enough))) if long_enough else UNKNOWN


def period_of(instants: Iterable[datetime]) -> timedelta:
    """The period of crawls that observed at these instants."""
    gaps = [later - earlier for earlier, later in pairwise(sorted(set(instants)))]
    return period_of_gaps([gap for gap in gaps if gap >= SHORTEST][-LAST:])


def is_stale(seen_at: datetime, now: datetime, period: timedelta) -> bool:
    """Whether what was seen at ``seen_at`` should have been seen again by ``now``."""
    return now - seen_at > STALE_AFTER * period
