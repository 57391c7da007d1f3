"""Which matches are to be visited now, so that the last look before each kick-off comes as close to it as can be.

A schedule may want each match of its leagues seen 24 h, 6 h, 1 h, 15 min and 5 min before it kicks off. Each of these
is a *visit*: it is due at its time, and open until the next nearer one is due, the last until a minute before the
kick-off. All visits share one budget of requests in a minute.

* Nearer visits go before farther ones, and of those the earliest kick-off first.
* Visits of one league that are due at about the same time are one crawl, and one crawl of a match is every visit to it
  that is open: a crowd costs less than its parts.
* What cannot be afforded in time is begun before it is due: from its end backwards, as long as all of it takes.
* A visit that is not made while it is open is missed, and said to be.

The budget is kept whatever the pace of the site. A crawl counts with all its requests from when it is asked for until a
minute after it has ended, and the sum of these is never more than the budget: so no minute holds more.

Nothing here looks at a clock, at a table, or at the queue. Instants are naive UTC.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
LAST_CALL = MINUTE
"""Before the kick-off: a crawl that is asked for later reads prices of a match that is being played."""

LEAST_BUDGET = 10
"""Requests a minute: with fewer not even one match could be seen."""

START_SECONDS = 5
"""From the task to the first request of its crawl, about."""
SECONDS_PER_REQUEST = 2
"""Of one crawl, about: a second is left between two requests, and the browser takes its time."""

SOON = timedelta(minutes=30)
"""A visit may be made so long before it is due, if a crawl goes there anyway; of near ones a quarter of their time."""
NEAR = timedelta(minutes=15)
"""Nearer visits than that are never made early for company's sake."""

AHEAD = timedelta(hours=1)
"""So long before it is due a crowd is seen coming."""
WASTE = 1.3
"""Crawls never fill the budget to the last request: laid out ahead each takes so many times its share."""

WORTH_WHILE = 15
"""Requests of a crawl of which the greater part are matches."""
MOST_MATCHES = 30
"""In one crawl: its numbers stand in one argument."""

MOST_OFFSETS = 12
LONGEST = 14 * 24 * 60
"""Minutes before a kick-off that a visit can be wanted: matches are listed about so long before."""

_OFFSET = re.compile(r"(?:t-)?([0-9]{1,5})(d|h|min|m)", re.IGNORECASE)
_UNITS = {"d": 24 * 60, "h": 60, "m": 1, "min": 1}


class BadOffsets(ValueError):
    """It does not say how long before a kick-off; the message says what would."""


def read_offsets(text: str) -> tuple[int, ...]:
    """``24h 6h 1h 15m 5m`` (or ``T-24h, T-6h``) as minutes, the farthest first.

    :raises BadOffsets: when it is something else.
    """
    words = [word for word in re.split(r"[\s,]+", text) if word]
    found = [_OFFSET.fullmatch(word) for word in words]
    if wrong := [word for word, match in zip(words, found, strict=True) if match is None]:
        raise BadOffsets(f"{wrong[0]!r:.40} is no time before a kick-off; write 24h 6h 1h 15m 5m")
    minutes = {int(match[1]) * _UNITS[match[2].lower()] for match in found if match}
    if not minutes:
        raise BadOffsets("no time before the kick-off is named; write 24h 6h 1h 15m 5m")
    if len(minutes) > MOST_OFFSETS or not 1 <= min(minutes) <= max(minutes) <= LONGEST:
        raise BadOffsets(f"up to {MOST_OFFSETS} times can be named, each from 1m to {LONGEST // 24 // 60}d")
    return tuple(sorted(minutes, reverse=True))


def write_offsets(minutes: Iterable[int]) -> str:
    """The same in words: ``24h 90m 5m``."""
    return " ".join(f"{each // 60}h" if each % 60 == 0 else f"{each}m" for each in minutes)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a crawl of a visit goes about it: ``markets`` of the list, and whether it reads the matches' own pages."""

    markets: int = 1
    reads_matches: bool = True


def cost(manner: Manner, matches: int) -> int:
    """The requests of a crawl of so many matches of one league, as :mod:`gigscrapy.spiders.base` makes them.

    ``robots.txt``; for each market the list, plainly and in the browser; where matches are visited one page plainly, to
    see whether it needs the browser, and each in the browser. That is 4 and one for each match. A list of several pages
    and a page that is asked for again cost more; what a page's own script fetches is not counted.
    """
    pages = 1 + matches if manner.reads_matches else 0
    return 1 + 2 * manner.markets + pages


def crawl_time(requests: int) -> timedelta:
    """About how long a crawl of so many requests takes, from its task to its end."""
    return timedelta(seconds=START_SECONDS + SECONDS_PER_REQUEST * requests)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A match that will kick off. ``site_id``: the site's number of it; ``spider``: of its league."""

    match_id: int
    site_id: str
    spider: str
    kickoff: datetime
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """A visit that is wanted. It is due at ``due_at``, and open until ``until``."""

    schedule_id: int
    meeting: Meeting
    minutes: int
    due_at: datetime
    until: datetime

    @property
    def soon(self) -> timedelta:
        """So long before it is due it may be made, if a crawl goes there anyway."""
        before = timedelta(minutes=self.minutes)
        return min(before / 4, SOON) if before >= NEAR else timedelta()


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A crawl that was asked for. ``ended_at``: ``None`` as far as anybody knows it has not ended."""

    spider: str
    requests: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Crawl:
    """A crawl to be asked for now, and all the visits it is. ``matches``: their numbers on the site."""

    schedule_id: int
    spider: str
    matches: tuple[str, ...]
    wishes: tuple[Wish, ...]
    requests: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now: crawls to be asked for, and visits that are missed."""

    crawls: tuple[Crawl, ...]
    missed: tuple[Wish, ...]


def wishes(
    schedule_id: int,
    offsets: Sequence[int],
    meetings: Iterable[Meeting],
    decided: Mapping[tuple[int, int], datetime],
    *,
    since: datetime,
    now: datetime,
) -> list[Wish]:
    """The visits that are neither made nor missed yet, up to those that are due in an hour.

    :param offsets: minutes, the farthest first.
    :param decided: by match and minutes, when a visit that is decided was due. One that was due at another time was
        decided for another kick-off.
    :param since: what was open until then at the latest, is settled. Nor is there a visit to a match nobody knew.
    """
    befores = [timedelta(minutes=minutes) for minutes in offsets]
    ends = [*befores[1:], min(LAST_CALL, befores[-1] / 2)]
    kinds = list(zip(offsets, befores, ends, strict=True))
    found = []
    latest = now + AHEAD
    for meeting in meetings:
        begin = max(since, meeting.known_since)
        for minutes, before, end in kinds:
            due_at, until = meeting.kickoff - before, meeting.kickoff - end
            if due_at <= latest and until > begin and decided.get((meeting.match_id, minutes)) != due_at:
                found.append(Wish(schedule_id, meeting, minutes, due_at, until))
    return found


def plan(
    wanted: Sequence[Wish],
    manners: Mapping[int, Manner],
    under_way: Sequence[UnderWay],
    budget: int,
    now: datetime,
) -> Plan:
    """What is to be asked for at this moment.

    :param manners: by schedule; :param under_way: every crawl for visits that goes on, or ended a minute ago or later.
    :param budget: requests in a minute.
    """
    missed = tuple(wish for wish in wanted if wish.until <= now)
    open_wishes = [wish for wish in wanted if wish.until > now]
    busy = {crawl.spider for crawl in under_way if crawl.ended_at is None}
    counted = [crawl for crawl in under_way if crawl.ended_at is None or crawl.ended_at > now - MINUTE]
    left = budget - sum(crawl.requests for crawl in counted)
    crawls = []
    for batch in _batches(open_wishes, manners, budget, now):
        if batch.spider in busy:
            continue
        if batch.requests > left:
            break  # and nobody else goes first: what is nearest would wait for ever
        crawls.append(batch)
        busy.add(batch.spider)
        left -= batch.requests
    return Plan(tuple(crawls), missed)


# -- the order of the work ---------------------------------------------------------------------------------------------


def _batches(wanted: Sequence[Wish], manners: Mapping[int, Manner], budget: int, now: datetime) -> Iterator[Crawl]:
    """The crawls that are to begin now, the most urgent first, as if each could be afforded; one of each league."""
    by_league: defaultdict[tuple[int, str], list[Wish]] = defaultdict(list)
    for wish in wanted:
        by_league[wish.schedule_id, wish.meeting.spider].append(wish)
    taken = set()
    for group in sorted(_ready(wanted, manners, budget, now), key=_urgency):
        key = group[0].schedule_id, group[0].meeting.spider
        if key not in taken:
            taken.add(key)
            yield _crawl(group, by_league[key], manners[group[0].schedule_id], budget, now)


def _urgency(group: Sequence[Wish]) -> tuple[int, datetime, str, int]:
    first = group[0]
    return first.minutes, first.until, first.meeting.spider, first.schedule_id


def _ready(
    wanted: Sequence[Wish], manners: Mapping[int, Manner], budget: int, now: datetime
) -> Iterator[Sequence[Wish]]:
    """The visits that are to begin now, those of one league and one kick-off together.

    One that is due is; so is one of a crowd that would not be done in time if all of it began when it is due. The time
    of each crawl is laid out from its end backwards, the nearest visits first, into what is left by the ones before.
    """
    groups: defaultdict[tuple[int, datetime, str, int], list[Wish]] = defaultdict(list)
    for wish in wanted:
        groups[wish.minutes, wish.until, wish.meeting.spider, wish.schedule_id].append(wish)
    timeline = _Timeline(budget, now)
    # Of one kind of visit the last kick-off first: so the one before makes room for it, and not the other way round.
    for key in sorted(groups, key=lambda key: (key[0], -(key[1] - now), key[2:])):
        for group in _split(groups[key], manners[key[3]], budget):
            begin = timeline.lay(cost(manners[key[3]], len(group)), group[0].until)
            if min(begin, group[0].due_at) <= now:
                yield group


def _split(group: Sequence[Wish], manner: Manner, budget: int) -> Iterator[Sequence[Wish]]:
    """Parts that are no larger than a crawl may be."""
    size = _most_matches(manner, budget)
    return (group[first : first + size] for first in range(0, len(group), size))


def _most_matches(manner: Manner, budget: int) -> int:
    """In one crawl, which may take half the budget, else nothing goes on beside it; of a small budget all."""
    if not manner.reads_matches:
        return MOST_MATCHES
    requests = max(budget // 2, min(budget, WORTH_WHILE))
    return min(MOST_MATCHES, max(1, requests - cost(manner, 0)))


def _crawl(group: Sequence[Wish], of_league: Sequence[Wish], manner: Manner, budget: int, now: datetime) -> Crawl:
    """A crawl that makes the visits of ``group``, and others of its league that it may as well."""
    room = _most_matches(manner, budget)
    matches = list(dict.fromkeys(wish.meeting for wish in group))
    close = sorted((wish for wish in of_league if wish.due_at - wish.soon <= now), key=lambda wish: wish.until)
    for wish in close:
        if wish.meeting not in matches and len(matches) < room:
            matches.append(wish.meeting)
    made = [wish for wish in close if wish.meeting in matches]
    made += [wish for wish in group if wish not in made]
    numbers = tuple(sorted({meeting.site_id for meeting in matches}))
    first = group[0]
    return Crawl(first.schedule_id, first.meeting.spider, numbers, tuple(made), cost(manner, len(numbers)))


class _Timeline:
    """What of the budget is spoken for, in steps of ten seconds from now on."""

    STEP = timedelta(seconds=10)

    def __init__(self, budget: int, now: datetime) -> None:
        self._room = budget * (self.STEP / MINUTE)
        self._now = now
        self._used: defaultdict[int, float] = defaultdict(float)

    def lay(self, requests: int, until: datetime) -> datetime:
        """Lay out a crawl that is to be asked for by ``until``. :returns: when it has to begin for that."""
        # A crawl counts from when it is asked for until a minute after its end: so much longer than a minute.
        left = requests * ((MINUTE + crawl_time(requests)) / MINUTE) * WASTE
        step = (until - self._now) // self.STEP
        while left > 0 and step > 0:
            step -= 1
            taken = min(left, self._room - self._used[step])
            self._used[step] += taken
            left -= taken
        return self._now + step * self.STEP
