"""What became of the crawls: what the pages ask of runs, tasks and firings, each in one bounded query."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from peewee import JOIN, fn

from schema.models import Firings, Runs, Schedules
from schema.runs import ACTIVE, CANCELLED, FAILED, LOST, QUEUED, RUNNING, SCHEDULED

KEPT = 20
"""Firings that are told of each schedule."""
COMPARED = 10
"""Earlier runs of a league that one is compared with."""
COMPLETE = "complete"
"""The verdict of a run of which nothing is missing."""
LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables have it


@dataclass(frozen=True, slots=True)
class Shown:
    """``going_on``: with a node, or crawling; ``queued``: those that wait for their turn, the first of them;
    ``latest``: that have ended, the newest first.
    """

    going_on: list[Runs]
    queued: list[Runs]
    latest: list[Runs]


def shown_runs(*, each: int) -> Shown:
    """At most so many of each kind: one query, each part of it of an index."""
    parts = [
        Runs.select(Runs.id).where(Runs.state == state).order_by(order).limit(each)
        for state, order in (
            (RUNNING, Runs.requested_at.desc()),
            (SCHEDULED, Runs.requested_at),
            (QUEUED, Runs.requested_at),
            *((state, Runs.requested_at.desc()) for state in (LOST, CANCELLED, FAILED)),
        )
    ]
    parts.append(Runs.select(Runs.id).order_by(Runs.started_at.desc()).limit(3 * each))
    inner = [part.alias(f"part{number}") for number, part in enumerate(parts)]
    wanted = reduce(or_, (part.select_from(part.c.id) for part in inner)).alias("wanted")
    at = fn.COALESCE(Runs.started_at, Runs.requested_at)
    found = list(Runs.select(Runs).join(wanted, on=(Runs.id == wanted.c.id)).order_by(at.desc(), Runs.id.desc()))
    return Shown(
        sorted((run for run in found if run.state in ACTIVE), key=lambda run: run.state != RUNNING)[:each],
        sorted((run for run in found if run.state == QUEUED), key=lambda run: (run.requested_at or LONG_AGO, run.id)),
        [run for run in found if run.state not in (*ACTIVE, QUEUED)][:each],
    )


class Brought(NamedTuple):
    """Runs of one task that stand alike: how many, the id of the first, and what they stored together."""

    state: str | None
    verdict: str | None
    runs: int
    first: int
    stored: int


def schedules_with_firings() -> list[tuple[Schedules, list[Firings]]]:
    """Every schedule by name, those that are on first, each with its last :data:`KEPT` firings, oldest first."""
    last = Firings.alias()
    first_told = (
        last.select(last.due_at)
        .where(last.schedule == Schedules.id)
        .order_by(last.due_at.desc())
        .limit(1)
        .offset(KEPT - 1)
    )
    told = (Firings.schedule == Schedules.id) & (Firings.due_at >= fn.COALESCE(first_told, LONG_AGO))
    query = Schedules.select(Schedules, Firings).join(Firings, JOIN.LEFT_OUTER, on=told, attr="firing")
    query = query.order_by(Schedules.enabled.desc(), Schedules.name, Schedules.id, Firings.due_at)
    found: dict[int, tuple[Schedules, list[Firings]]] = {}
    for row in query:
        _, firings = found.setdefault(row.id, (row, []))
        firing = getattr(row, "firing", None)
        if firing is not None and firing.id is not None:
            firings.append(firing)
    return list(found.values())


def brought(task_ids: Collection[str]) -> dict[str, list[Brought]]:
    """What the runs of these tasks came to."""
    found: defaultdict[str, list[Brought]] = defaultdict(list)
    if not task_ids:
        return found
    figures = (fn.COUNT(Runs.id), fn.MIN(Runs.id), fn.SUM(Runs.stored))
    query = Runs.select(Runs.task_id, Runs.state, Runs.verdict, *figures).where(Runs.task_id.in_(list(task_ids)))
    for task_id, state, verdict, runs, first, stored in (
        query.group_by(Runs.task_id, Runs.state, Runs.verdict).tuples().execute()
    ):
        found[task_id].append(Brought(state, verdict, runs, first, int(stored or 0)))
    return found


def stored_before(runs: Iterable[Runs]) -> dict[int, list[int]]:
    """By the id of each run that has ended: what the complete ones before it stored, of the same league with the same
    arguments. Oldest first, :data:`COMPARED` at most; one query, of an index.
    """
    numbers = [run.id for run in runs if run.spider and run.finished_at]
    if not numbers:
        return {}
    other, first = Runs.alias(), Runs.alias()
    tenth = first.select(first.finished_at).where(_before(first)).order_by(first.finished_at.desc())
    recent = other.finished_at >= fn.COALESCE(tenth.limit(1).offset(COMPARED - 1), LONG_AGO)
    query = Runs.select(Runs.id, other.stored).join(other, on=(_before(other) & recent)).where(Runs.id.in_(numbers))
    found: dict[int, list[int]] = {number: [] for number in numbers}
    for number, stored in query.order_by(Runs.id, other.finished_at).tuples().execute():
        found[number].append(stored)
    return found


def _before(other: Any) -> Any:
    same = (other.arguments == Runs.arguments) | (other.arguments.is_null() & Runs.arguments.is_null())
    complete = (other.spider == Runs.spider) & (other.verdict == COMPLETE)
    return complete & (other.finished_at < Runs.finished_at) & same
