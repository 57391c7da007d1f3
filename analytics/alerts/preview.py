"""What a rule would have told in the last days: the machine that runs live, driven over history.

It steps only at minutes at which something may change, which gives what each minute would give. It is bounded: it
stops when so many rows were read or its caller says that it took long enough, and says of how much it speaks.

One thing it cannot know is when a price was *stored*: it takes what was seen at an instant for known at that instant.
Nor does it know of mutes: it tells what the rule itself would have told.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import groupby

from analytics.alerts import sources
from analytics.alerts.machine import CLOSED, OPENED, TOLD, UPDATED, Reading, State, Transition, next_due, step
from analytics.alerts.market import Board, Fixture, Price
from analytics.alerts.quiet import is_quiet
from analytics.alerts.rules import MISSING, OF_CRAWLS, OF_PRICES, Rule, next_minute
from analytics.alerts.watching import Coverage, Crawls

DAYS = 7
MOST_ROWS = 100_000
MOST_MATCHES = 400
MATCHES_AT_ONCE = 100
MOST_LEAGUES = 50

IsEnough = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Past:
    """One event that would have been. ``told``: its messages; none where all of it fell into quiet hours."""

    subject: str
    opened: Transition
    told: tuple[Transition, ...] = ()
    closed: Transition | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would have been told from ``since`` to ``until`` (naive UTC); the newest event first.

    :ivar looked_at, of: matches (or leagues) that were looked at, of so many it is about; ``None``: all, not counted.
    :ivar more: it is about more than were even counted.
    """

    events: tuple[Past, ...]
    since: datetime
    until: datetime
    looked_at: int | None = None
    of: int | None = None
    more: bool = False

    @property
    def rings(self) -> int:
        """How often people would have been told that something began."""
        return sum(1 for event in self.events if event.told and event.told[0].what == TOLD)

    @property
    def is_cut(self) -> bool:
        """Whether it speaks of a part only."""
        return self.more or self.looked_at != self.of


def preview(rule: Rule, until: datetime, *, days: int = DAYS, is_enough: IsEnough = lambda: False) -> Preview:
    """What ``rule`` would have told in so many days before ``until`` (naive UTC).

    :param is_enough: asked now and then: whether to stop and tell of what was looked at.
    """
    since = next_minute(until - timedelta(days=days))
    if rule.kind in OF_PRICES:
        return _of_prices(rule, since, until, is_enough)
    if rule.kind in OF_CRAWLS:
        return _of_crawls(rule, since, until)
    return _of_coverage(rule, since, until, is_enough)


# -- prices ------------------------------------------------------------------------------------------------------------


def _of_prices(rule: Rule, since: datetime, until: datetime, is_enough: IsEnough) -> Preview:
    known = sources.fixtures_since(rule.scope, since, MOST_MATCHES)
    chosen = known[:MOST_MATCHES]
    names = sources.bookmakers()
    events: list[Past] = []
    looked_at, rows = 0, MOST_ROWS
    for start in range(0, len(chosen), MATCHES_AT_ONCE):
        some = {each.match_id: each for each in chosen[start : start + MATCHES_AT_ONCE]}
        found = sources.prices(some.keys(), rule.scope, since - rule.lookback, until, rows)
        whole = _whole(found, rows)
        for match_id, seen in whole.items():
            if is_enough():
                break
            events += _of_match(rule, some[match_id], names, seen, since, until)
            looked_at += 1
        else:
            rows -= len(found)
            if rows > 0:
                looked_at += len(some.keys() - whole.keys())  # of these nothing was seen
                continue
        break
    return Preview(_newest_first(events), since, until, looked_at, len(chosen), more=len(known) > len(chosen))


def _whole(found: list[Price], most: int) -> dict[int, list[Price]]:
    """The prices by match; where there are more than ``most`` the last match is not whole, and left out."""
    by_match = {match_id: list(seen) for match_id, seen in groupby(found, key=lambda price: price.match_id)}
    if len(found) > most and by_match:
        by_match.popitem()
    return by_match


def _of_match(  # noqa: PLR0917 - all of one match
    rule: Rule, fixture: Fixture, names: dict[int, str], seen: list[Price], since: datetime, until: datetime
) -> list[Past]:
    board = Board()
    board.bookmakers, board.fixtures[fixture.match_id] = names, fixture
    waiting = iter(seen)
    ahead = next(waiting, None)

    def read(at: datetime) -> Iterator[tuple[str, Reading]]:
        nonlocal ahead
        fed = []
        while ahead is not None and ahead.at <= at:
            fed.append(ahead)
            ahead = next(waiting, None)
        board.feed(fed)
        return board.readings(rule, at)

    return replay(rule, read, board.minutes(rule, fixture.match_id, seen), since, until)


# -- the others --------------------------------------------------------------------------------------------------------


def _of_coverage(rule: Rule, since: datetime, until: datetime, is_enough: IsEnough) -> Preview:
    assert rule.kind == MISSING
    begin = since - rule.lookback
    league = rule.scope.league_id
    leagues = sources.leagues_seen(begin, MOST_LEAGUES) if league is None else [league]
    events: list[Past] = []
    looked_at, rows = 0, MOST_ROWS
    for number in leagues[:MOST_LEAGUES]:
        found = sources.sightings([number], begin, until, rows)
        if len(found) > rows or is_enough():
            break
        rows -= len(found)
        coverage = Coverage(found)
        events += replay(rule, lambda at, seen=coverage: seen.readings(rule, at), coverage.minutes(rule), since, until)  # type: ignore[misc]
        looked_at += 1
    of = min(len(leagues), MOST_LEAGUES)
    return Preview(_newest_first(events), since, until, looked_at, of, more=len(leagues) > MOST_LEAGUES)


def _of_crawls(rule: Rule, since: datetime, until: datetime) -> Preview:
    ended = sources.ended(since - timedelta(days=7), until, rule.scope.spider)
    crawls = Crawls(ended)
    events = replay(rule, lambda at: crawls.readings(rule, at), crawls.minutes(rule, since, until), since, until)
    return Preview(_newest_first(events), since, until, more=len(ended) == sources.MOST_RUNS)


# -- the machine over history ------------------------------------------------------------------------------------------


def replay(
    rule: Rule,
    read: Callable[[datetime], Iterable[tuple[str, Reading]]],
    minutes: set[datetime],
    since: datetime,
    until: datetime,
) -> list[Past]:
    """Step every thing that ``read`` reads, at these minutes and at those the machine wants besides."""
    known = {since} | {at for at in minutes if since <= at <= until}
    wanted = sorted(known)  # a heap
    states: defaultdict[str, State] = defaultdict(State)
    last: dict[str, Reading] = {}
    going_on: dict[str, Past] = {}
    events: list[Past] = []
    while wanted:
        at = heappop(wanted)
        hushed = is_quiet(at, rule.quiet_from, rule.quiet_until)
        readings = dict(read(at))
        for subject in [*readings, *(each for each in going_on if each not in readings)]:
            reading = readings.get(subject) or replace(last[subject], value=None, age=None)
            last[subject] = reading
            state, happened = step(rule, states[subject], at, reading, hushed=hushed)
            states[subject] = state
            for transition in happened:
                _note(subject, transition, going_on, events)
            for due in next_due(rule, state, at) - known:
                if due <= until:
                    known.add(due)
                    heappush(wanted, due)
    return events + list(going_on.values())


def _note(subject: str, transition: Transition, going_on: dict[str, Past], events: list[Past]) -> None:
    if transition.what == OPENED:
        going_on[subject] = Past(subject, transition)
        return
    event = going_on[subject]
    if transition.loud:
        event = replace(event, told=(*event.told, transition))
    if transition.what == CLOSED:
        events.append(replace(event, closed=transition))
        del going_on[subject]
    else:
        assert transition.what in (TOLD, UPDATED)
        going_on[subject] = event


def _newest_first(events: Iterable[Past]) -> tuple[Past, ...]:
    return tuple(sorted(events, key=lambda event: (event.opened.at, event.subject), reverse=True))
