"""Visits before kick-offs, between the tables and :mod:`gigscrapy.planning`, which decides about them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from peewee import Database

from gigscrapy.planning import (
    LAST_CALL,
    SOON,
    Crawl,
    Manner,
    Meeting,
    UnderWay,
    Wish,
    cost,
    plan,
    read_offsets,
    wishes,
)
from gigscrapy.schedules import manner
from gigscrapy.tasks import said_arguments, select, write_task
from schema import schedules
from schema.models import Schedules, Visits
from schema.names import name_key
from schema.reference import sports
from schema.schedules import DUE, MISSED, Fixture, Visit

SOURCE = "coteur"
"""Of the matches that our spiders can visit, as their messages name it."""

UNTAKEN = timedelta(hours=1)
"""A crawl that no worker has begun for so long is counted no more."""
DECIDED = timedelta(minutes=10)
"""So often it is noted how far it is decided, where nothing else is noted."""

League = tuple[str, str]
"""Code of the sport and key of the name, as the tables know it."""

logger = logging.getLogger(__name__)


class Kickoffs:
    """The schedules that say how long before each kick-off a match is visited.

    :param budget: requests a minute, of all of them together.
    """

    def __init__(self, database: Database, budget: int) -> None:
        self._database = database
        self._budget = budget

    def plan(self, found: Sequence[Schedules], at: datetime) -> None:
        """Decide which visits of these schedules are made now, and which were missed."""
        if not found:
            return
        wanted = self._wanted(found, at)
        manners = {schedule.id: _read(schedule.what, schedule.arguments)[1] for schedule in found}
        decided = plan(wanted, manners, self._under_way(manners, at), self._budget, at)
        if decided.missed:
            schedules.decide_visits(self._database, list(map(_visit, decided.missed)), MISSED, at=at)
            logger.warning("%d visits before kick-offs are missed: see `scrapy schedules show`", len(decided.missed))
        for crawl in decided.crawls:
            self._ask(crawl, at)
        for schedule in found:
            if decided.missed or abs(at - (schedule.decided_until or at)) > DECIDED:
                schedules.advance(self._database, schedule, until=at)

    def waiting(self, at: datetime) -> dict[str, bytes]:
        """The tasks to be sent, by their id; a visit that is too late for its match is missed."""
        by_task: defaultdict[str, list[Visits]] = defaultdict(list)
        late: list[Visits] = []
        for visit in schedules.waiting_visits(self._database):
            (by_task[visit.task_id] if _is_worth_it(visit, at) else late).append(visit)
        if late:  # the one that sent it may have been killed before it could note that
            known = schedules.progress(self._database, {visit.task_id for visit in late})
            self.sent(known)
            missed = [visit.id for visit in late if visit.task_id not in known]
            schedules.miss_visits(self._database, missed)
            logger.warning("%d visits before kick-offs are missed: they could not be sent in time", len(missed))
        return {task_id: _body(visits) for task_id, visits in by_task.items()}

    def sent(self, task_ids: Iterable[str]) -> None:
        """These are in the queue."""
        schedules.visits_sent(self._database, task_ids)

    def _ask(self, crawl: Crawl, at: datetime) -> None:
        task_id = f"visit-{crawl.schedule_id}-{crawl.wishes[0].meeting.match_id}-{at:%Y%m%dT%H%M%S}"
        schedules.decide_visits(self._database, list(map(_visit, crawl.wishes)), DUE, at=at, task_id=task_id)
        logger.info("%s: %d matches of %s, %d requests", task_id, len(crawl.matches), crawl.spider, crawl.requests)

    def _wanted(self, found: Sequence[Schedules], at: datetime) -> list[Wish]:
        """The visits that are not decided yet."""
        offsets = {schedule.id: read_offsets(schedule.kickoff or "") for schedule in found}
        since = min(schedule.decided_until or at for schedule in found)
        farthest = max(minutes for minutes, *_ in offsets.values())
        until = at + timedelta(minutes=farthest) + SOON
        fixtures = schedules.fixtures(self._database, since, until, source=SOURCE)
        decided: defaultdict[int, dict[tuple[int, int], datetime]] = defaultdict(dict)
        for (number, match, minutes), due_at in schedules.decided_visits(self._database, since).items():
            decided[number][match, minutes] = due_at
        wanted: list[Wish] = []
        for schedule in found:
            meetings = _meetings(fixtures, _read(schedule.what, schedule.arguments)[0])
            own, since = decided[schedule.id], schedule.decided_until or at
            wanted += wishes(schedule.id, offsets[schedule.id], meetings, own, since=since, now=at)
        return wanted

    def _under_way(self, manners: Mapping[int, Manner], at: datetime) -> list[UnderWay]:
        """What goes on, or ended a while ago. A task that joined a run which waited already is over when it did."""
        asked = schedules.asked_lately(self._database, at - UNTAKEN)
        progress = schedules.progress(self._database, [each.task_id for each in asked])
        names = _names()
        found = []
        for each in asked:
            known = progress.get(each.task_id)
            ended_at = None if known is None or known.under_way else known.ended_at
            requests = cost(manners.get(each.schedule_id, Manner()), each.matches)
            found.append(UnderWay(names.get(each.league, ""), requests, ended_at))
        return found


def _visit(wish: Wish) -> Visit:
    return Visit(wish.schedule_id, wish.meeting.match_id, wish.minutes, wish.due_at)


def _meetings(fixtures: Iterable[Fixture], spiders: Mapping[League, str]) -> list[Meeting]:
    """The matches of these leagues."""
    return [
        Meeting(each.match_id, each.site_id, spiders[each.league], each.kickoff, each.known_since)
        for each in fixtures
        if each.league in spiders
    ]


def _body(visits: Sequence[Visits]) -> bytes:
    """The task of these visits, which are all of one league: the same however often it is written."""
    first = visits[0]
    league = first.match.league
    arguments = said_arguments(first.schedule.arguments)
    arguments["match"] = ",".join(sorted({visit.match.site_id for visit in visits}))
    spider = _names()[league.sport.code, league.name_key]
    return write_task(spider, arguments, requested_by=requester(first.schedule), task_id=first.task_id)


def requester(schedule: Schedules) -> str:
    """Who asks, in the words of a task."""
    return f"schedule {schedule.name}"[:100]


def _is_worth_it(visit: Visits, at: datetime) -> bool:
    kickoff = visit.match.match_date
    return kickoff is not None and kickoff - LAST_CALL >= at


@lru_cache(maxsize=256)
def _read(what: str, arguments: str | None) -> tuple[dict[League, str], Manner]:
    """The spiders of a schedule's leagues, and how its crawls go about it."""
    leagues = select(what)
    wanted = {league.name for league in leagues}
    spiders = {league: name for league, name in _names().items() if name in wanted}
    return spiders, manner(leagues, said_arguments(arguments))


@lru_cache(maxsize=1)
def _names() -> dict[League, str]:
    """The name of each league's spider, by what the tables call the league."""
    return {(sports()[league.sport].code, name_key(league.title)): league.name for league in select("all")}
