"""Schedules: when which leagues are crawled, to be read and to be written."""

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin import scheduling
from admin.api import at, cursors
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Part, Sent, text
from admin.api.offering import offer
from admin.api.problems import Problem, impossible
from admin.api.rooms.tasks import Arguments, written
from gigscrapy.schedules import (
    COLUMNS,
    LONGEST_WHAT,
    BadSchedule,
    check,
    next_due,
    problem,
)
from gigscrapy.tasks import said_arguments
from gigscrapy.timetable import LONGEST_MINUTES, timetable
from schema import schedules
from schema.messages import Refused
from schema.models import Schedules, now
from schema.schedules import NameTaken

room = APIBlueprint("schedules", __name__, tag="Schedules")

NEXT_TIMES, FIRINGS = 3, 20
LONGEST = 200
"""Of a cron expression, and of times before kick-offs."""


class FiringOut(BaseModel):
    due_at: str
    state: str = Field(description="`due`, `sent`, `missed` or `skipped`.")
    task: str | None
    note: str | None = Field(description="Why it was not sent.")
    sent_at: str | None


class ScheduleOut(BaseModel):
    id: int
    name: str
    what: str
    cron: str | None = Field(description="Five fields, in the time of Paris.")
    every_minutes: int | None
    kickoff: str | None = Field(description="How long before each kick-off: `24h 6h 1h 15m 5m`.")
    arguments: dict[str, str]
    enabled: bool
    next_times: list[str] = Field(description="None while it is off, waits for kick-offs or cannot be followed.")
    problem: str | None = Field(description="Why it cannot be followed, if it cannot.")
    created_at: str
    updated_at: str


class ScheduleWithFirings(ScheduleOut):
    firings: list[FiringOut] = Field(description="The last times it was due, the newest first.")


class ScheduleIn(Sent):
    """When: exactly one of `cron`, `every_minutes` and `kickoff`."""

    name: str = text(100)
    what: str = text(LONGEST_WHAT)
    cron: str | None = text(LONGEST, default=None)
    every_minutes: int | None = Field(default=None, ge=1, le=LONGEST_MINUTES)
    kickoff: str | None = text(LONGEST, default=None)
    arguments: Arguments = Arguments()
    enabled: bool = Field(default=False, description="Whether it is heeded.")


class ScheduleChange(Sent):
    """What is to be otherwise; what is null is taken away."""

    name: str = text(100, default="-")
    what: str = text(LONGEST_WHAT, default="-")
    cron: str | None = text(LONGEST, default=None)
    every_minutes: int | None = Field(default=None, ge=1, le=LONGEST_MINUTES)
    kickoff: str | None = text(LONGEST, default=None)
    arguments: Arguments = Arguments()
    enabled: bool = False


@offer(room, "/schedules", asked=Part, answer=Listed[ScheduleOut], errors=(400,))
def list_schedules(query_data: Part) -> Response:
    """Schedules, by number."""
    query = Schedules.select()
    if place := cursors.position(query_data.cursor):
        query = query.where(Schedules.id > place[0])
    rows = list(query.order_by(Schedules.id).limit(query_data.limit + 1))
    more = cursors.after(rows[query_data.limit - 1].id) if len(rows) > query_data.limit else None
    told = [_told(row) for row in rows[: query_data.limit]]
    return listed(told, after=more, reason=("none", "no schedule was written yet"), fields=query_data.fields)


@offer(room, "/schedules/<int:number>", answer=One[ScheduleWithFirings])
def show_schedule(number: int) -> Response:
    """One schedule, with what became of the last times it was due."""
    return one(_whole(_row(number)))


@offer(
    room,
    "/schedules",
    method="POST",
    scope="jobs",
    body=ScheduleIn,
    answer=One[ScheduleWithFirings],
    status=201,
    errors=(409,),
)
def add_schedule(json_data: ScheduleIn) -> Response:
    """A new schedule."""
    said = json_data.model_dump(include={*COLUMNS}) | {"arguments": written(json_data.arguments)}
    try:
        checked = check(**said)
        scheduling.add(at.database(), checked, enabled=json_data.enabled)
    except BadSchedule as error:
        raise _refused(error) from None
    except NameTaken:
        raise _taken() from None
    row = schedules.find(at.database(), checked.name)
    assert row is not None
    answer = one(_whole(row), status=201)
    answer.headers["Location"] = f"/api/v1/schedules/{row.id}"
    return answer


@offer(
    room,
    "/schedules/<int:number>",
    method="PATCH",
    scope="jobs",
    body=ScheduleChange,
    answer=One[ScheduleWithFirings],
    errors=(409,),
)
def change_schedule(number: int, json_data: ScheduleChange) -> Response:
    """Change a schedule, or switch it on or off. What was due and not sent yet is missed."""
    row, given = _row(number), json_data.model_dump(exclude_unset=True)
    if "arguments" in given:
        given["arguments"] = written(json_data.arguments)
    try:
        is_there = _changed(row, given)
    except BadSchedule as error:
        raise _refused(error) from None
    except NameTaken:
        raise _taken() from None
    if not is_there:
        raise _unknown()
    return one(_whole(_row(number)))


@offer(room, "/schedules/<int:number>", method="DELETE", scope="jobs", answer=None, status=204)
def remove_schedule(number: int) -> Response:
    """Remove a schedule, with what is known of its firings. To keep that, switch it off."""
    scheduling.remove(at.database(), _row(number))
    return Response(status=204)


def _taken() -> Problem:
    return Problem(409, "name_taken", "Another schedule has this name.")


def _unknown() -> Problem:
    return Problem(404, "unknown_schedule", "There is no such schedule.")


def _row(number: int) -> Schedules:
    row = Schedules.get_or_none(Schedules.id == number) if number < at.LARGEST else None
    if not isinstance(row, Schedules):
        raise _unknown()
    return row


def _changed(row: Schedules, given: dict[str, Any]) -> bool:
    if set(given) <= {"enabled"}:
        return not given or scheduling.switch(at.database(), row, on=given["enabled"])
    said = {column: getattr(row, column) for column in COLUMNS} | given
    said.pop("enabled", None)
    values = check(**said).values | {name: given[name] for name in ("enabled",) if name in given}
    return scheduling.change(at.database(), row, values)


def _refused(error: BadSchedule) -> Problem:
    return impossible(error.field, str(error), f"invalid_{error.field}")


def _whole(row: Schedules) -> dict[str, Any]:
    firings = [
        {
            "due_at": instant(firing.due_at),
            "state": firing.state,
            "task": firing.task_id,
            "note": firing.note,
            "sent_at": instant(firing.sent_at),
        }
        for firing in schedules.last_firings(at.database(), row.id, FIRINGS)
    ]
    return _told(row) | {"firings": firings}


def _told(row: Schedules) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("id", "name", "what", "cron", "every_minutes", "kickoff")},
        "arguments": _arguments(row.arguments),
        "enabled": row.enabled,
        "next_times": [instant(each) for each in _next_times(row)],
        "problem": problem(row),
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }


def _arguments(said: str | None) -> dict[str, str]:
    try:
        return said_arguments(said)
    except Refused:  # somebody wrote into the table: `problem` tells
        return {}


def _next_times(row: Schedules) -> list[datetime]:
    first = next_due(row, now())
    if first is None:
        return []
    times, found = timetable(row.cron, row.every_minutes), [first]
    while len(found) < NEXT_TIMES:
        found.append(times.next_after(found[-1]))
    return found
