"""From schedules to tasks: what is due is decided, noted, sent, and noted as sent, in this order.

Each step begins where the one before may have been killed. What is due is decided in one transaction with how far it is
decided, and gets the id of its task then; it is sent until it is noted as sent, with the same id, by which the worker
knows a task it has already. So nothing is missed without a note, and nothing is done twice.

* Of several times that are due the newest is done; the others, and one that is too old, are *missed*.
* While the task before goes on, the new one is *skipped*: a schedule never overlaps with itself.
* What cannot be sent waits as long as it is worth it (:func:`gigscrapy.timetable.grace`), then it is missed.

Visits before kick-offs go the same way; :mod:`gigscrapy.planning` says which.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from peewee import Database

from gigscrapy.broker import BrokerError, Delivery
from gigscrapy.kickoffs import UNTAKEN, Kickoffs, requester
from gigscrapy.onlyone import Turn
from gigscrapy.patience import keep_at
from gigscrapy.schedules import in_paris, problem
from gigscrapy.tasks import said_arguments, write_task
from gigscrapy.timetable import grace, timetable
from schema import schedules
from schema.migrations import SchemaError, prepare
from schema.models import Firings, Schedules, now
from schema.schedules import DUE, MISSED, SENT, SKIPPED, Firing

LOCK = "scheduler"

TICK_SECONDS = 1.0
PLAN_SECONDS = 10.0
"""Between two looks at what is to be visited before kick-offs."""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)
"""For a broker that is away."""

MOST_NOTED = 1000
"""Missed times of one schedule that are noted one by one; the note of the first says how many there were before."""

logger = logging.getLogger(__name__)

Send = Callable[[Sequence[Delivery]], None]


class Scheduler:
    """Decides and sends; one acts at a time. It is asked to by :meth:`run`, or by whoever has a clock of their own.

    :param send: puts tasks into the queue, durably; raises OSError when it is away.
    :param budget: requests a minute that visits before kick-offs may make.
    """

    def __init__(self, database: Database, home: Path, send: Send, *, budget: int) -> None:
        self._database = database
        self._send = send
        self._kickoffs = Kickoffs(database, budget)
        self._turn = Turn(database, home, LOCK, called="scheduler")
        self._complaints: dict[int, str] = {}
        self._broker_pause = FIRST_WAIT
        self._broker_after: datetime | None = None
        self._planned_at: datetime | None = None
        self.is_stopping = False

    def stop(self) -> None:
        """Leave after the present step. To be called from anywhere, a signal handler too."""
        self.is_stopping = True

    # -- one step ------------------------------------------------------------------------------------------------------

    def step(self, at: datetime) -> None:
        """Decide and send what is due at this moment (naive UTC).

        :raises PeeweeException: when the database is away; all of it is done by the next step.
        :raises BrokerError: when a person must see to the broker.
        """
        waiting = self._without_the_old(schedules.waiting_firings(self._database), at)
        there = schedules.every(self._database)
        found = [schedule for schedule in there if schedule.enabled and self._can_be_followed(schedule, at)]
        decided = [self._decide(schedule, at) for schedule in found if schedule.kickoff is None]
        if any(decided):
            waiting = schedules.waiting_firings(self._database)
        visits: dict[str, bytes] = {}
        if any(schedule.kickoff is not None for schedule in there) and self._is_time_to_plan(at):
            self._kickoffs.plan([schedule for schedule in found if schedule.kickoff is not None], at)
            visits = self._kickoffs.waiting(at)
            self._planned_at = at
        if waiting or visits:
            self._send_all(waiting, visits, at)

    def _is_time_to_plan(self, at: datetime) -> bool:
        """Visits are looked at a little less often: there are more of them."""
        return self._planned_at is None or not timedelta() <= at - self._planned_at < timedelta(seconds=PLAN_SECONDS)

    def _can_be_followed(self, schedule: Schedules, at: datetime) -> bool:
        """Say once what cannot. One of which nobody noted since when it is there begins now."""
        if why := problem(schedule):
            if self._complaints.get(schedule.id) != why:
                logger.warning("schedule %r is passed over: %s", schedule.name, why)
            self._complaints[schedule.id] = why
            return False
        return schedule.decided_until is not None or not schedules.advance(self._database, schedule, until=at)

    def _decide(self, schedule: Schedules, at: datetime) -> bool:
        """Note what became of each time this schedule was due since it was last decided. Whether there was any."""
        times, since = timetable(schedule.cron, schedule.every_minutes), schedule.decided_until or at
        due = times.due(since, at)
        if not due:
            if at < since:  # the clock was set back: what comes again is known by when it was due
                schedules.advance(self._database, schedule, until=at)
            return False
        newest = self._newest(schedule, due[-1], too_old=at - due[-1] > grace(times, due[-1]))
        firings = [*_missed(due[:-1]), newest]
        if schedules.decide(self._database, schedule, firings, until=at):
            for firing in firings:
                _tell(schedule, firing)
        return True

    def _newest(self, schedule: Schedules, due_at: datetime, *, too_old: bool) -> Firing:
        if too_old:
            return Firing(due_at, MISSED, note="nobody was there in time")
        if going_on := self._going_on(schedule, due_at):
            return Firing(due_at, SKIPPED, note=going_on)
        return Firing(due_at, DUE, f"schedule-{schedule.id}-{due_at:%Y%m%dT%H%M%S}")

    def _going_on(self, schedule: Schedules, at: datetime) -> str | None:
        """What of the task before goes on, if anything does."""
        before = schedules.last_sent(self._database, schedule.id)
        if before is None or before.task_id is None:
            return None
        progress = schedules.progress(self._database, [before.task_id]).get(before.task_id)
        if progress is None and at - before.due_at < UNTAKEN:  # later than that it may have been refused
            return f"the one before ({before.task_id}) still waits in the queue: is `scrapy worker` running?"
        if progress is not None and progress.under_way:
            return f"of the one before ({before.task_id}) {progress.under_way} runs go on"
        return None

    # -- sending -------------------------------------------------------------------------------------------------------

    def _send_all(self, waiting: Sequence[Firings], visits: Mapping[str, bytes], at: datetime) -> None:
        """Put these into the queue, and note that they are there; while it is away they wait."""
        if self._broker_after and at < self._broker_after <= at + LONGEST_WAIT:
            return
        deliveries = [_delivery(_body(firing), firing.task_id, at) for firing in waiting]
        deliveries += [_delivery(body, task_id, at) for task_id, body in visits.items()]
        try:
            self._send(deliveries)
        except OSError as error:
            self._broker_after = at + self._broker_pause
            seconds = self._broker_pause.total_seconds()
            logger.warning("%d tasks wait %.0f s: the broker is away (%s)", len(deliveries), seconds, error)
            self._broker_pause = min(2 * self._broker_pause, LONGEST_WAIT)
            return
        self._broker_pause, self._broker_after = FIRST_WAIT, None
        schedules.settle(self._database, [firing.id for firing in waiting], SENT, at=at)
        self._kickoffs.sent(visits)
        for firing in waiting:
            logger.info("schedule %r: %s asked for", firing.schedule.name, firing.task_id)

    def _without_the_old(self, waiting: Iterable[Firings], at: datetime) -> list[Firings]:
        """Those that are still worth it. An old one may have been sent all the same, and its end not been noted."""
        fresh: list[Firings] = []
        old: list[Firings] = []
        for firing in waiting:
            (fresh if _is_worth_it(firing, at) else old).append(firing)
        known = schedules.progress(self._database, [firing.task_id for firing in old])
        for firing in old:
            if firing.task_id in known:
                schedules.settle(self._database, [firing.id], SENT, at=at)
            else:
                note = "the queue was away too long"
                schedules.settle(self._database, [firing.id], MISSED, at=at, note=note)
                logger.warning("schedule %r: %s missed, %s", firing.schedule.name, in_paris(firing.due_at), note)
        return fresh

    # -- the loop ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Act whenever this process has the lock, until told to stop.

        :raises Halt: when a person must see to something.
        """
        hopeless = (SchemaError, BrokerError)
        try:
            keep_at(self._tick, self._turn.give_up, lambda: self.is_stopping, every=TICK_SECONDS, hopeless=hopeless)
        finally:
            self._turn.give_up()

    def _tick(self) -> None:
        if self._turn.came():
            prepare(self._database)
        if self._turn.is_ours:
            self.step(now())


def _missed(due: Sequence[datetime]) -> list[Firing]:
    """Those that a later one stands for."""
    noted = due[-MOST_NOTED:]
    notes = ["a later one was due by the time somebody was there"] * len(noted)
    if uncounted := len(due) - len(noted):
        notes[0] += f"; so were {uncounted} before this one, which are not noted one by one"
    return [Firing(due_at, MISSED, note=note) for due_at, note in zip(noted, notes, strict=True)]


def _tell(schedule: Schedules, firing: Firing) -> None:
    if firing.state in (MISSED, SKIPPED):
        logger.warning("schedule %r: %s %s, %s", schedule.name, in_paris(firing.due_at), firing.state, firing.note)


def _is_worth_it(firing: Firings, at: datetime) -> bool:
    """Whether it is still to be sent."""
    schedule = firing.schedule
    if problem(schedule):
        return False
    return at - firing.due_at <= grace(timetable(schedule.cron, schedule.every_minutes), firing.due_at)


def _body(firing: Firings) -> bytes:
    """The task of a firing: the same however often it is written."""
    schedule = firing.schedule
    arguments = said_arguments(schedule.arguments)
    return write_task(schedule.what, arguments, requested_by=requester(schedule), task_id=firing.task_id)


def _delivery(body: bytes, task_id: str, at: datetime) -> Delivery:
    return Delivery(tag=None, body=body, message_id=task_id, received_at=at.replace(tzinfo=UTC))
