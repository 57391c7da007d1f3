"""Stopping a run, wherever it is, and saying so only when it has stopped."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from peewee import Case, Database

from gigscrapy.alive import is_alive, is_orphan, living, pid_of
from gigscrapy.nodes import Node, NodeAway, NodeRefused, State
from gigscrapy.spiders.base import RUN_ID
from schema.models import Runs, Tasks
from schema.names import spelt_out
from schema.runs import (
    CANCELLED,
    ENDED,
    FAILED,
    FINISHED,
    OPEN,
    QUEUED,
    SCHEDULED,
    ask_cancel,
    cancel_queued,
    cancel_scheduled,
)

LOOK_SECONDS = 0.3
ARRIVAL_SECONDS = 15
"""A run may be on its way to its node for so long; then it is not coming."""
KILLED_SECONDS = 10
"""What a kill takes at most."""
NAMED = 5
"""Of runs that begin alike, so many are named."""


class NoSuchRun(LookupError):
    """Nobody knows a run of that id, or several begin like this; the message says which."""


class Exit(IntEnum):
    """The exit codes of ``scrapy cancel``; 2 is a mistake in what was asked."""

    STOPPED = 0
    """It does not run, and will not: it has stopped, or never began."""
    OVER = 3
    """It had ended before."""
    RUNNING = 4
    """It was told to stop, and has not yet."""
    UNTOLD = 5
    """Whoever would know cannot be asked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """:ivar sentence: what became of it, for a person."""

    exit: Exit
    sentence: str


def find(database: Database, home: Path, text: str) -> str:
    """The id of the run that ``text`` is, or that alone begins with it: in the tables, or alive on this machine.

    :raises NoSuchRun: when there is none, or more than one.
    """
    if not RUN_ID.fullmatch(text):
        raise NoSuchRun(f"{spelt_out(text[:80])} is no run's id; `scrapy runs` lists them")
    query = Runs.select(Runs.run_id).where(Runs.run_id.startswith(text)).order_by(Runs.id.desc()).limit(1000)
    known = [run.run_id for run in query.execute(database) if run.run_id.startswith(text)]
    found = list(dict.fromkeys(known + [run_id for run_id in living(home) if run_id.startswith(text)]))
    if text in found or len(found) == 1:
        return text if text in found else found[0]
    if not found:
        raise NoSuchRun(f"there is no run {text}; `scrapy runs` lists them")
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise NoSuchRun(f"{len(found)} runs begin with {text}: {', '.join(map(spelt_out, found[:NAMED]))}{more}")


def of_task(database: Database, text: str) -> list[str]:
    """The ids of the runs of the task that ``text`` is, or that alone begins with it, as far as they have not ended.

    Those that wait come first: while others are stopped, none of them begins.

    :raises NoSuchRun: when there is no such task, more than one, or nothing of it to stop.
    """
    query = Tasks.select(Tasks.task_id).where(Tasks.task_id.startswith(text)).order_by(Tasks.id.desc()).limit(1000)
    found = [task.task_id for task in query.execute(database) if task.task_id.startswith(text)]
    if not found or not text:
        raise NoSuchRun(f"there is no task {spelt_out(text[:80])}; `scrapy runs show RUN` names that of a run")
    if text not in found and len(found) > 1:
        raise NoSuchRun(f"{len(found)} tasks begin with {text}: {', '.join(map(spelt_out, found[:NAMED]))}")
    task_id = text if text in found else found[0]
    runs = Runs.select(Runs.run_id).where((Runs.task_id == task_id) & Runs.state.in_(OPEN))
    waits_first = Case(Runs.state, ((QUEUED, 0), (SCHEDULED, 1)), 2)
    wanted = [run.run_id for run in runs.order_by(waits_first, Runs.id).execute(database)]
    if not wanted:
        raise NoSuchRun(f"no run of the task {spelt_out(task_id)} goes on or waits")
    return wanted


def cancel(
    database: Database,
    nodes: Sequence[Node],
    home: Path,
    run_id: str,
    *,
    patience: float = 60,
    kill: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> Outcome:
    """Stop a run. One that runs sends what it holds first.

    :param patience: seconds that it has for that; :param kill: end it then, all the same.
    :param say: called with a sentence where there is something to wait for.
    """
    if cancel_queued(database, run_id):
        return Outcome(Exit.STOPPED, f"run {run_id} was waiting for its turn: cancelled")
    ask_cancel(database, run_id)
    run = _row(database, run_id)
    own = [node for node in nodes if run is None or run.node in (None, node.name)]
    # Whoever asked for it may have called its node by another name: between containers it is not ``127.0.0.1``.
    chase = Chase(run_id, home, own or nodes)
    chase.tell()
    if run is not None and run.node and not (own or chase.is_known):
        chase.troubles[run.node] = f"its node {spelt_out(run.node)} is not among SCRAPYD_URLS"
    if chase.is_on:
        say(f"run {run_id} was told to stop; waiting up to {patience:g} s for its end")
    elif _may_arrive(run, chase):
        say(f"run {run_id} may be on its way to its node; waiting {ARRIVAL_SECONDS} s to see")
        chase.await_arrival(ARRIVAL_SECONDS)
    if chase.is_on and not chase.await_end(patience):
        if not kill:
            return Outcome(
                Exit.RUNNING,
                f"run {run_id} was told to stop and has not within {patience:g} s; ask again, or with --kill",
            )
        chase.tell(kill=True)
        if not chase.await_end(KILLED_SECONDS):
            return Outcome(Exit.RUNNING, f"run {run_id} was killed and is still there: look at its machine")
        return Outcome(
            Exit.STOPPED, f"run {run_id} was killed; what it had not sent waits in its outbox for the next crawl"
        )
    return _ending(database, run, chase)


def _may_arrive(run: Runs | None, chase: "Chase") -> bool:
    """Whether whoever handed it to a node may be half-way through that."""
    unseen = not (chase.is_known or chase.troubles)
    return run is not None and run.state == SCHEDULED and unseen


def _ending(database: Database, run: Runs | None, chase: "Chase") -> Outcome:
    """What is to be said where nobody who can be asked has it any more."""
    run_id = chase.run_id
    now = _row(database, run_id)
    if chase.was_running:
        return Outcome(Exit.STOPPED, f"run {run_id} has stopped; {_told(now)}")
    if run is not None and run.state in (FINISHED, CANCELLED, FAILED):
        return Outcome(Exit.OVER, f"run {run_id} had ended before; {_told(now)}")
    if chase.troubles:
        told = "; ".join(chase.troubles.values())
        return Outcome(Exit.UNTOLD, f"whether run {run_id} is stopped nobody can tell: {told}. It is asked to stop")
    if not chase.has_run and cancel_scheduled(database, run_id):
        return Outcome(Exit.STOPPED, f"run {run_id} had not begun: cancelled")
    if chase.was_taken_away:
        return Outcome(Exit.STOPPED, f"run {run_id} had not begun; {_told(now)}")
    if run is None or (run.state not in ENDED and run.node is None and not chase.has_run):
        return Outcome(
            Exit.UNTOLD,
            f"no node and no process here has run {run_id}: if it crawls on another machine, cancel it there",
        )
    return Outcome(Exit.OVER, f"run {run_id} had ended before; {_told(now)}")


def _row(database: Database, run_id: str) -> Runs | None:
    return next(iter(Runs.select().where(Runs.run_id == run_id).execute(database)), None)


def _told(run: Runs | None) -> str:
    if run is None or run.state is None:
        return "the tables do not know it yet"
    if run.state in ENDED:
        return f"it is {run.state}" + (f" ({run.verdict})" if run.verdict else "")
    return f"the tables have it as {run.state} until its last report is stored"


@dataclass(slots=True)
class Chase:
    """Who has a run: a node, or a process of this machine.

    :ivar troubles: why a node cannot be asked, by its name.
    :ivar was_running: somebody had it running, and told it to stop; :ivar was_taken_away: a node had it waiting, and
        has forgotten it; :ivar has_run: a node remembers its end, or had it running.
    """

    run_id: str
    home: Path
    nodes: Sequence[Node]
    troubles: dict[str, str] = field(default_factory=dict)
    was_running: bool = False
    was_taken_away: bool = False
    has_run: bool = False
    is_on: bool = False

    @property
    def is_known(self) -> bool:
        """Whether anybody has it, or had."""
        return self.is_on or self.has_run or self.was_taken_away

    def tell(self, *, kill: bool = False) -> None:
        """Have everybody who has it end it."""
        by_a_node = False
        for node in self.nodes:
            state = self._ask(node, lambda node: node.cancel(self.run_id, kill=kill))
            self.was_taken_away |= state == "pending"
            by_a_node |= state == "running"
        self.was_running |= by_a_node
        if not by_a_node:
            self._signal(kill=kill)
        self.look()

    def look(self) -> None:
        """See whether anybody has it."""
        states = [self._ask(node, lambda node: node.has(self.run_id)) for node in self.nodes]
        runs = "running" in states or is_alive(self.home, self.run_id)
        self.was_running |= runs
        self.has_run |= runs or "finished" in states
        self.is_on = runs or "pending" in states

    def await_end(self, seconds: float) -> bool:
        """Wait until nobody has it. :returns: whether that came."""
        return self._await(lambda: not self.is_on, seconds)

    def await_arrival(self, seconds: float) -> None:
        """Wait for a run that may be on its way to its node, and have it ended there."""
        if self._await(lambda: self.is_on or self.has_run, seconds) and self.is_on:
            self.tell()

    def _await(self, condition: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
            self.look()
        return True

    def _ask(self, node: Node, what: Callable[[Node], State | None]) -> State | None:
        try:
            state = what(node)
        except (NodeAway, NodeRefused) as error:
            self.troubles[node.name] = str(error)
            return None
        self.troubles.pop(node.name, None)
        return state

    def _signal(self, *, kill: bool) -> None:
        """Tell its process on this machine, where there is one: it was started by hand, or its Scrapyd is away."""
        pid = pid_of(self.home, self.run_id)
        if pid is None:
            return
        self.was_running = True
        if kill or not is_orphan(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
