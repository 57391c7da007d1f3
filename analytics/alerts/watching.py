"""What rules about coverage and crawls read: who was seen in which league, and how crawls ended."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from analytics.alerts.machine import Reading
from analytics.alerts.rules import FAILED, MISSING, Rule, minute, next_minute

NAMED = 5
GOOD = ("complete",)
"""Verdicts of a run that nobody need see to."""


class Sighting(NamedTuple):
    """A bookmaker had a price in a league at an instant (naive UTC)."""

    league_id: int
    league: str
    bookmaker_id: int
    bookmaker: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that ended. ``at``: naive UTC; ``verdict``: its code, or the state that says it never came to one."""

    spider: str
    run_id: str
    at: datetime
    verdict: str
    exit_code: int | None
    sentence: str | None

    @property
    def is_good(self) -> bool:
        return self.exit_code == 0 or self.verdict in GOOD


class Coverage:
    """Who was seen where, and when. Feeding it a sighting again changes nothing."""

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self._seen: defaultdict[int, defaultdict[int, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        self._leagues: dict[int, str] = {}
        self._bookmakers: dict[int, str] = {}
        for league_id, league, bookmaker_id, bookmaker, at in sorted(set(sightings), key=lambda each: each.at):
            self._leagues[league_id], self._bookmakers[bookmaker_id] = league, bookmaker
            self._seen[league_id][bookmaker_id].append(at)

    def readings(self, rule: Rule, at: datetime) -> Iterator[tuple[str, Reading]]:
        """Of each bookmaker that was in a league: how many others are there while it has been silent so long, else 0.

        It is expected where it was seen in the time before, as long again.
        """
        assert rule.kind == MISSING
        for league_id, by_bookmaker in self._seen.items():
            if rule.scope.league_id not in (None, league_id):
                continue
            known = {each: _last(seen, at) for each, seen in by_bookmaker.items()}
            last = {each: seen for each, seen in known.items() if seen is not None and at - seen <= 2 * rule.window}
            there = sorted(self._bookmakers[each] for each, seen in last.items() if at - seen <= rule.window)
            for bookmaker_id, seen in last.items():
                if rule.scope.bookmaker_id in (None, bookmaker_id):
                    is_gone = at - seen > rule.window
                    details = {
                        "league": self._leagues[league_id],
                        "bookmaker": self._bookmakers[bookmaker_id],
                        "others": there[:NAMED],
                        "count": len(there),
                    }
                    age = int((at - seen).total_seconds())
                    value = Decimal(len(there) if is_gone else 0).quantize(Decimal("0.001"))
                    yield f"{league_id}/{bookmaker_id}", Reading(value, age, details=details)

    def minutes(self, rule: Rule) -> set[datetime]:
        """Every minute at which a reading may become another."""
        instants = {at for books in self._seen.values() for seen in books.values() for at in seen}
        found = {next_minute(at) for at in instants}
        waits = (rule.window, 2 * rule.window)
        return found | {
            minute(at + wait) + timedelta(minutes=extra) for at in instants for wait in waits for extra in (0, 1)
        }


class Crawls:
    """How the crawls of each league ended."""

    def __init__(self, ended: Iterable[Ended]) -> None:
        self._ended: defaultdict[str, list[Ended]] = defaultdict(list)
        for each in sorted(ended, key=lambda run: (run.at, run.run_id)):
            self._ended[each.spider].append(each)

    def readings(self, rule: Rule, at: datetime) -> Iterator[tuple[str, Reading]]:
        """Of each league that was crawled within the last week."""
        for spider, runs in self._ended.items():
            index = bisect_right(runs, at, key=lambda run: run.at)
            if rule.scope.spider in (None, spider) and index and at - runs[index - 1].at <= timedelta(days=7):
                yield spider, (_how if rule.kind == FAILED else _how_long)(runs[index - 1], at)

    def minutes(self, rule: Rule, since: datetime, until: datetime) -> set[datetime]:
        """Every minute at which a reading may become another; while a crawl is late, each of them."""
        found = set()
        for spider, runs in self._ended.items():
            if rule.scope.spider not in (None, spider):
                continue
            found |= {next_minute(run.at) for run in runs}
            found |= {minute(run.at + timedelta(days=7)) + timedelta(minutes=1) for run in runs}
            if rule.kind != FAILED:
                ends = [run.at for run in runs] + [until]
                for ended_at, next_at in pairwise(ends):
                    late = max(since, next_minute(ended_at + timedelta(minutes=int(rule.threshold))))
                    found |= set(_each_minute(late, min(next_at, ended_at + timedelta(days=7))))
        return found


def _each_minute(since: datetime, until: datetime) -> Iterator[datetime]:
    at = next_minute(since)
    while at <= until:
        yield at
        at += timedelta(minutes=1)


def _last(seen: list[datetime], at: datetime) -> datetime | None:
    index = bisect_right(seen, at)
    return seen[index - 1] if index else None


def _how_long(run: Ended, at: datetime) -> Reading:
    seconds = int((at - run.at).total_seconds())
    return Reading(Decimal(seconds // 60).quantize(Decimal("0.001")), seconds, details=_about(run))


def _how(run: Ended, at: datetime) -> Reading:
    age = int((at - run.at).total_seconds())
    return Reading(Decimal(0 if run.is_good else 1).quantize(Decimal("0.001")), age, details=_about(run))


def _about(run: Ended) -> Mapping[str, object]:
    return {"spider": run.spider, "run_id": run.run_id, "verdict": run.verdict, "sentence": (run.sentence or "")[:300]}
