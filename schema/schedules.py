"""Schedules, what became of each time they were due, and the visits before kick-offs: the only writer of the three.

A time that is due is decided once and for all, in the transaction that notes how far it was decided; whoever is killed
afterwards, its successor finds what is still to be sent, under the id it was given then. What a schedule says is
checked before: see :mod:`gigscrapy.schedules`.

Instants are naive UTC, as the tables have them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Database, IntegrityError, chunked, fn

from schema.database import begin_writing
from schema.models import Firings, Leagues, Matches, Runs, Schedules, Sports, Tasks, Teams, Visits
from schema.names import name_key
from schema.runs import QUEUED, RUNNING, SCHEDULED

DUE, SENT, MISSED, SKIPPED = "due", "sent", "missed", "skipped"

NOTE_LENGTH = 500
CHUNK = 500
"""Rows in one statement."""

UNDER_WAY = (QUEUED, SCHEDULED, RUNNING)


class NameTaken(ValueError):
    """Another schedule has that name."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that was due, as it is decided; see :class:`~schema.models.Firings`."""

    due_at: datetime
    state: str
    task_id: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit, as it is decided; see :class:`~schema.models.Visits`. ``match_id``: of its row."""

    schedule_id: int
    match_id: int
    minutes: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match that will kick off, by the number the site has for it. ``league``: sport and key of the league's name."""

    match_id: int
    site_id: str
    league_id: int
    league: tuple[str, str]
    kickoff: datetime
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task has come that was taken on: runs of it that go on, and when it ended if there is none."""

    under_way: int
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """A task for visits to so many matches of a league (sport and key of its name)."""

    task_id: str
    schedule_id: int
    league: tuple[str, str]
    matches: int


# -- what people do ----------------------------------------------------------------------------------------------------


def every(database: Database) -> list[Schedules]:
    """All of them, by name."""
    return sorted(Schedules.select().execute(database), key=lambda schedule: name_key(schedule.name))


def find(database: Database, name: str) -> Schedules | None:
    """The one of that name, however it is spelt."""
    return next((each for each in every(database) if name_key(each.name) == name_key(name)), None)


def add(database: Database, values: Mapping[str, Any], *, enabled: bool, at: datetime) -> None:
    """A new one; nothing of it was due before. :raises NameTaken: when another has its name."""
    row = {**values, "enabled": enabled, "decided_until": at, "created_at": at, "updated_at": at}
    try:
        with database.transaction(begin_writing(database)):
            _refuse_double(database, values["name"], None)
            Schedules.insert(row).execute(database)
    except IntegrityError:
        raise NameTaken(values["name"]) from None


def change(database: Database, schedule_id: int, values: Mapping[str, Any], *, at: datetime) -> bool:
    """Give it these values; what is due is decided by them from now on, and what waits to be sent is sent no more.
    Whether it is still there.

    :raises NameTaken: when another has its name.
    """
    try:
        with database.transaction(begin_writing(database)):
            if "name" in values:
                _refuse_double(database, values["name"], schedule_id)
            row = {**values, "decided_until": at, "updated_at": at}
            found = Schedules.update(row).where(Schedules.id == schedule_id).execute(database)
            waiting = (Firings.schedule == schedule_id) & (Firings.state == DUE)
            missed = {"state": MISSED, "note": "the schedule was changed before it was sent"}
            Firings.update(missed).where(waiting).execute(database)
            of_visits = (Visits.schedule == schedule_id) & (Visits.state == DUE)
            Visits.update(state=MISSED).where(of_visits).execute(database)
            return bool(found)
    except IntegrityError:
        raise NameTaken(values["name"]) from None


def switch(database: Database, schedule_id: int, *, on: bool, at: datetime) -> bool:
    """Switch it on or off; what would have been due while it was off is not missed. Whether it is still there."""
    return change(database, schedule_id, {"enabled": on}, at=at)


def remove(database: Database, schedule_id: int) -> bool:
    """Remove it, and with it what is known of its firings and visits. Whether it was there."""
    return bool(Schedules.delete().where(Schedules.id == schedule_id).execute(database))


def last_firings(database: Database, schedule_id: int, limit: int) -> list[Firings]:
    """The newest first."""
    query = Firings.select().where(Firings.schedule == schedule_id).order_by(Firings.due_at.desc()).limit(limit)
    return list(query.execute(database))


def last_visits(database: Database, schedule_id: int, limit: int) -> list[Visits]:
    """The newest first, with their matches and these with their teams."""
    home, away = Teams.alias(), Teams.alias()
    query = Visits.select(Visits, Matches, home, away).join(Matches).where(Visits.schedule == schedule_id)
    query = query.join(home, on=Matches.home_team, attr="home_team").switch(Matches)
    query = query.join(away, on=Matches.away_team, attr="away_team")
    return list(query.order_by(Visits.due_at.desc(), Visits.id.desc()).limit(limit).execute(database))


def _refuse_double(database: Database, name: str, own_id: int | None) -> None:
    other = find(database, name)
    if other is not None and other.id != own_id:
        raise NameTaken(name)


# -- what was due ------------------------------------------------------------------------------------------------------


def decide(database: Database, schedule: Schedules, firings: Sequence[Firing], *, until: datetime) -> bool:
    """Note what became of each time that was due since ``schedule.decided_until``, and that it is decided ``until``.

    One that was decided before stays as it was. One that still waits to be sent is missed: a later one is there.

    :returns: ``False``, and nothing is noted, where a person or another process was there since ``schedule`` was read.
    """
    with database.transaction(begin_writing(database)):
        if not _advance(database, schedule, until):
            return False
        # Not the newest itself, which a clock that was set back makes due a second time.
        earlier = Firings.due_at < max((firing.due_at for firing in firings), default=until)
        waiting = (Firings.schedule == schedule.id) & (Firings.state == DUE) & earlier
        superseded = {"state": MISSED, "note": "a later one was due before this one could be sent"}
        Firings.update(superseded).where(waiting).execute(database)
        rows = [
            {
                "schedule": schedule.id,
                "due_at": firing.due_at,
                "state": firing.state,
                "task_id": firing.task_id,
                "note": (firing.note or "")[:NOTE_LENGTH] or None,
                "decided_at": until,
            }
            for firing in firings
        ]
        for some in chunked(rows, CHUNK):
            Firings.insert_many(some).on_conflict_ignore().execute(database)
    return True


def advance(database: Database, schedule: Schedules, *, until: datetime) -> bool:
    """Note how far it is decided, where nothing was due; as :func:`decide`."""
    with database.transaction(begin_writing(database)):
        return _advance(database, schedule, until)


def _advance(database: Database, schedule: Schedules, until: datetime) -> bool:
    as_read = (
        (Schedules.id == schedule.id)
        & (Schedules.enabled == True)  # noqa: E712 - SQL, not Python
        & (Schedules.updated_at == schedule.updated_at)
        & (Schedules.decided_until == schedule.decided_until)
    )
    return bool(Schedules.update(decided_until=until).where(as_read).execute(database))


def waiting_firings(database: Database) -> list[Firings]:
    """Those to be sent, each with its schedule."""
    query = Firings.select(Firings, Schedules).join(Schedules).where(Firings.state == DUE)
    return list(query.order_by(Firings.due_at, Firings.id).execute(database))


def settle(database: Database, firing_ids: Iterable[int], state: str, *, at: datetime, note: str | None = None) -> None:
    """What became of these, which were to be sent."""
    changes = {"state": state, "note": note and note[:NOTE_LENGTH], "sent_at": at if state == SENT else None}
    still_due = Firings.id.in_(list(firing_ids)) & (Firings.state == DUE)
    Firings.update(changes).where(still_due).execute(database)


def last_sent(database: Database, schedule_id: int) -> Firings | None:
    """The newest firing whose task was sent."""
    sent = (Firings.schedule == schedule_id) & (Firings.state == SENT)
    query = Firings.select().where(sent).order_by(Firings.due_at.desc()).limit(1)
    return next(iter(query.execute(database)), None)


def progress(database: Database, task_ids: Iterable[str]) -> dict[str, Progress]:
    """How far these tasks have come; of one that nobody has taken on yet there is nothing."""
    found: dict[str, Progress] = {}
    for some in chunked(task_ids, CHUNK):
        taken = Tasks.select(Tasks.task_id, Tasks.received_at).where(Tasks.task_id.in_(some))
        found |= {task_id: Progress(0, at) for task_id, at in taken.tuples().execute(database)}
        runs = Runs.select(Runs.task_id, Runs.state, fn.COUNT(Runs.id), fn.MAX(Runs.finished_at))
        runs = runs.where(Runs.task_id.in_(some)).group_by(Runs.task_id, Runs.state)
        for task_id, state, count, finished_at in runs.tuples().execute(database):
            known = found.get(task_id, Progress(0, datetime.min))  # noqa: DTZ901
            ended_at = max(known.ended_at, finished_at or known.ended_at)
            found[task_id] = Progress(known.under_way + (count if state in UNDER_WAY else 0), ended_at)
    return found


# -- visits before kick-offs -------------------------------------------------------------------------------------------


def fixtures(database: Database, since: datetime, until: datetime, *, source: str) -> list[Fixture]:
    """The matches of that source that kick off after ``since``, ``until`` then at the latest."""
    columns = (Matches.id, Matches.site_id, Leagues.id, Sports.code, Leagues.name_key, Matches.match_date)
    query = Matches.select(*columns, Matches.created_at).join(Leagues).join(Sports)
    query = query.where(
        (Matches.match_date > since)
        & (Matches.match_date <= until)
        & (Matches.source == source)
        & Matches.site_id.is_null(False)
        & (Matches.status != "postponed")
    )
    rows = query.order_by(Matches.match_date, Matches.id).tuples().execute(database)
    return [
        Fixture(match_id, site_id, league_id, (sport, key), kickoff, known_since)
        for match_id, site_id, league_id, sport, key, kickoff, known_since in rows
    ]


def decided_visits(database: Database, since: datetime) -> dict[tuple[int, int, int], datetime]:
    """By schedule, match and minutes: when each visit that is decided was due; of matches that kick off after then."""
    query = Visits.select(Visits.schedule, Visits.match, Visits.minutes, Visits.due_at).join(Matches)
    rows = query.where(Matches.match_date > since).tuples().execute(database)
    return {(schedule, match, minutes): due_at for schedule, match, minutes, due_at in rows}


def decide_visits(
    database: Database, visits: Sequence[Visit], state: str, *, at: datetime, task_id: str | None = None
) -> None:
    """Note what becomes of these. A visit whose kick-off was moved since it was decided is decided anew."""
    with database.transaction(begin_writing(database)):
        for visit in visits:
            row = {"due_at": visit.due_at, "state": state, "task_id": task_id, "decided_at": at}
            key = {"schedule": visit.schedule_id, "match": visit.match_id, "minutes": visit.minutes}
            same = (
                (Visits.schedule == visit.schedule_id)
                & (Visits.match == visit.match_id)
                & (Visits.minutes == visit.minutes)
            )
            known = Visits.select(Visits.id).where(same).tuples().execute(database)
            if found := next(iter(known), None):
                Visits.update(row).where(Visits.id == found[0]).execute(database)
            else:
                Visits.insert({**key, **row}).execute(database)


def waiting_visits(database: Database) -> list[Visits]:
    """Those whose task is to be sent, each with its match and its schedule, by task."""
    query = Visits.select(Visits, Matches, Schedules, Leagues, Sports)
    query = query.join_from(Visits, Matches).join_from(Visits, Schedules)
    query = query.join_from(Matches, Leagues).join_from(Leagues, Sports).where(Visits.state == DUE)
    return list(query.order_by(Visits.task_id, Visits.id).execute(database))


def visits_sent(database: Database, task_ids: Iterable[str]) -> None:
    """The tasks of these visits, which were to be sent, are in the queue."""
    of_tasks = Visits.task_id.in_(list(task_ids)) & (Visits.state == DUE)
    Visits.update(state=SENT).where(of_tasks).execute(database)


def miss_visits(database: Database, visit_ids: Iterable[int]) -> None:
    """These, which were to be sent, are too late."""
    still_due = Visits.id.in_(list(visit_ids)) & (Visits.state == DUE)
    Visits.update(state=MISSED).where(still_due).execute(database)


def asked_lately(database: Database, since: datetime) -> list[Asked]:
    """The tasks for visits that were decided after ``since``."""
    columns = (Visits.task_id, Visits.schedule, Sports.code, Leagues.name_key)
    query = Visits.select(*columns, fn.COUNT(fn.DISTINCT(Visits.match)))
    query = query.join_from(Visits, Matches).join_from(Matches, Leagues).join_from(Leagues, Sports)
    lately = Visits.state.in_((DUE, SENT)) & (Visits.decided_at > since)
    rows = query.where(lately).group_by(*columns).tuples().execute(database)
    return [Asked(task_id, schedule, (sport, key), matches) for task_id, schedule, sport, key, matches in rows]
