"""Quiet hours: between two times of the day in Paris nobody is told anything.

They are read on the clock on the wall. A quiet time that begins or ends in the hour that does not exist (in March)
does so when the clock jumps; in the hour that comes twice (in October) it lasts through both.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from schema.instants import to_paris

MINUTE = timedelta(minutes=1)


def is_quiet(at: datetime, since: int | None, until: int | None) -> bool:
    """Whether nobody is told at this instant (naive UTC). :param since, until: minutes of the day; ``None``: never."""
    if since is None or until is None:
        return False
    local = to_paris(at.replace(tzinfo=UTC))
    now = 60 * local.hour + local.minute
    return since <= now < until if since < until else now >= since or now < until


@lru_cache(maxsize=4096)
def quiet_end(at: datetime, since: int | None, until: int | None) -> datetime:
    """The first whole minute from ``at`` on at which people are told again; ``at`` itself where they are told now."""
    end = at
    while is_quiet(end, since, until):
        end = end.replace(second=0, microsecond=0) + MINUTE
    return end
