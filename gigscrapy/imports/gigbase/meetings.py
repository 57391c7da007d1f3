"""When a match of gig-benchmark really kicked off, and which of its prices are of another meeting of the same two.

gig-benchmark kept a kick-off as Paris's clock showed it and called that UTC; where the page told none, or none that it
could read, it made it 20:00 of the next day; and it took every later meeting of two teams for the first, whose
kick-off it never changed. What follows from that for certain is done, what is likely is done and said (``notes``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from schema.instants import PARIS, from_paris

PLAY = timedelta(hours=3)
"""So long after its kick-off a match may still be quoted: it began late, or is being played."""
REST = timedelta(days=2)
"""A match that is not quoted for so long around its kick-off was played; one that is may have been put off."""
ABSENCE = timedelta(days=30)
"""Two that are not quoted for so long, and are again, meet again."""

DEFAULT, KEPT_DEFAULT = "default-kickoff", "kept-default-kickoff"
PASSED = "kickoff-before-prices"
AMBIGUOUS, SKIPPED = "hour-that-comes-twice", "hour-that-is-skipped"
BEYOND = "kickoff-beyond-the-calendar"
MET_AGAIN, MOVED_OR_MET_AGAIN = "met-again", "moved-or-met-again"


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting. ``until``: the last instant (naive UTC) of its prices, ``None``: there is no later meeting.

    :ivar kickoff: aware; ``None`` where nobody knows it.
    """

    number: int
    kickoff: datetime | None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The meetings, in their order, and what was found out or guessed."""

    meetings: tuple[Meeting, ...]
    notes: tuple[str, ...] = ()

    def of(self, seen_at: datetime) -> Meeting:
        """The meeting that a price of that instant is of."""
        return next(one for one in self.meetings if one.until is None or seen_at <= one.until)


def judge(
    match_date: datetime | None, made_at: datetime | None, seen: Sequence[datetime], *, believe_default: bool = False
) -> Judged:
    """Tell the meetings of one match.

    :param match_date: as gig-benchmark has it: Paris's clock; :param made_at: naive UTC, when it made the match, where
        it says so; :param seen: naive UTC, ascending, when its prices were seen, one at least.
    :param believe_default: take 20:00 of the next day for a kick-off that was read, not for a missing one.
    """
    kickoff, notes = _kickoff(match_date, made_at or seen[0], believe_default=believe_default)
    end = None if kickoff is None else kickoff.replace(tzinfo=None) + PLAY
    if end and seen[0] > end:
        kickoff, end, notes = None, None, (*notes, PASSED)
    before = [at for at in seen if end is None or at <= end]
    later = [at for at in seen if end is not None and at > end]
    if end is None or not later:
        return _in_clusters(before, 1, kickoff, notes)
    why = MET_AGAIN if later[0] - before[-1] >= REST else MOVED_OR_MET_AGAIN
    rest = _in_clusters(later, 2, None, ())
    return Judged((Meeting(1, kickoff, end), *rest.meetings), (*notes, why, *rest.notes))


def _in_clusters(seen: Sequence[datetime], number: int, kickoff: datetime | None, notes: tuple[str, ...]) -> Judged:
    """A meeting for each time they were quoted without a long pause; of several none has a kick-off.

    One whose kick-off is known is one: a match may well be quoted, taken off and quoted again before it.
    """
    ends = [] if kickoff else [before for before, after in pairwise(seen) if after - before > ABSENCE]
    meetings = [Meeting(number + place, kickoff, end) for place, end in enumerate((*ends, None))]
    return Judged(tuple(meetings), (*notes, *(MET_AGAIN for _ in ends)))


def _kickoff(
    match_date: datetime | None, made_at: datetime, *, believe_default: bool
) -> tuple[datetime | None, tuple[str, ...]]:
    if match_date is None:
        return None, ()
    if is_default(match_date, made_at):
        if not believe_default or match_date.second or match_date.microsecond:
            return None, (DEFAULT,)
        instant, notes = _of_paris(match_date)
        return instant, (KEPT_DEFAULT, *notes)
    return _of_paris(match_date)


def is_default(match_date: datetime, made_at: datetime) -> bool:
    """Whether it is what gig-benchmark wrote where it knew no kick-off: 20:00 on the day after it made the match."""
    days = {made_at.date(), made_at.replace(tzinfo=UTC).astimezone(PARIS).date()}
    return (match_date.hour, match_date.minute) == (20, 0) and match_date.date() - timedelta(days=1) in days


def _of_paris(clock: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    """An aware instant. Of the hour that comes twice in October the first, and it is said."""
    try:
        instant = from_paris(clock)
    except ValueError:
        return None, (BEYOND,)
    if not 2000 <= instant.year <= 2100:  # as messages have it
        return None, (BEYOND,)
    if instant.astimezone(PARIS).replace(tzinfo=None) != clock:
        return instant, (SKIPPED,)
    twice = clock.replace(tzinfo=PARIS, fold=1).utcoffset() != clock.replace(tzinfo=PARIS, fold=0).utcoffset()
    return instant, (AMBIGUOUS,) if twice else ()
