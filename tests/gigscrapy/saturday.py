"""A Saturday of three hundred matches, and a site that is crawled at an honest pace."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gigscrapy.leagues import League, load

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SATURDAY = datetime(2026, 11, 28)
MATCHES = 300

KICKOFFS = {
    # Hours of Paris, and how many leagues have most of their matches then: England at 16:00, much of Europe at 15:00.
    "12:30": 1,
    "13:30": 2,
    "14:00": 4,
    "15:00": 7,
    "15:30": 2,
    "16:00": 8,
    "17:00": 2,
    "18:30": 2,
    "19:00": 2,
    "20:00": 2,
    "20:45": 4,
}
"""36 leagues."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match of that day. ``kickoff``: naive UTC."""

    league: League
    site_id: str
    kickoff: datetime


def fixtures(chance: random.Random) -> list[Fixture]:
    """In each league five of six matches kick off together, the others at another of these times."""
    leagues = chance.sample([league for league in load() if league.sport == "football"], sum(KICKOFFS.values()))
    usual = [time for time, count in KICKOFFS.items() for _ in range(count)]
    found = []
    for number in range(MATCHES):
        at = number % len(leagues)
        time = usual[at] if chance.random() < 5 / 6 else chance.choice(usual)
        hour, minute = map(int, time.split(":"))
        kickoff = SATURDAY + timedelta(hours=hour - 1, minutes=minute)
        found.append(Fixture(leagues[at], str(1_600_000 + number), kickoff))
    return found


@dataclass
class Site:
    """What is asked of it, and when each match is read.

    A crawl begins one to six seconds after it is asked for; between two of its requests are one and a half to three.
    """

    chance: random.Random
    requests: list[datetime] = field(default_factory=list)
    read_at: dict[str, list[datetime]] = field(default_factory=dict)

    def crawl(self, matches: Sequence[str], asked_at: datetime) -> datetime:
        """``robots.txt``, the list twice, a match plainly, then each in the browser. :returns: when it has ended."""
        at = asked_at + self.chance.uniform(1, 6) * SECOND
        for match in (None, None, None, None, *matches):
            self.requests.append(at)
            at += self.chance.uniform(1.5, 3) * SECOND
            if match is not None:
                self.read_at.setdefault(match, []).append(at)
        return at

    def busiest_minute(self) -> int:
        """The most requests in any sixty seconds."""
        times, first, most = sorted(self.requests), 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - MINUTE:
                first += 1
            most = max(most, last - first + 1)
        return most

    def gap(self, match: str, kickoff: datetime) -> timedelta | None:
        """How old the last price was at the kick-off."""
        before = [at for at in self.read_at.get(match, ()) if at <= kickoff]
        return kickoff - max(before) if before else None


def ticks(since: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    while since < until:
        yield since
        since += step
