"""What a rule makes of one thing's readings, minute after minute: what opens, is told, worsens and closes.

    closed ──beyond the threshold──► open ──told (unless it is quiet)──► told ──worse──► told again
       ▲                              │                                   │
       └── past it by the margin, back long enough, or over ──────────────┘

Pure: the same readings at the same minutes make the same transitions, live or in the preview. A minute at which the
reading is what it was, and which :func:`next_due` does not name, changes nothing: the preview leaves it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from analytics.alerts.quiet import quiet_end
from analytics.alerts.rules import Rule, next_minute

OPENED, TOLD, UPDATED, CLOSED = "opened", "told", "updated", "closed"
"""Of these ``told``, ``updated``, and the ``closed`` of what was told, are messages."""

BACK, GONE, OVER = "back", "gone", "over"
"""Why an event closes: the value came back; there is none any more; the match kicked off."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule reads of one thing at one minute.

    :ivar value: in the unit of its kind; ``None``: there is none (no fresh price).
    :ivar age: seconds of the oldest price it stands on. :ivar over: nothing more is to come (the match kicked off).
    :ivar details: for the message, of what JSON has.
    """

    value: Decimal | None
    age: int | None = None
    match_id: int | None = None
    over: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Where one thing is. Closed: only ``closed_at`` may be set, the last time it closed.

    :ivar told_at: when people were told last; ``None``: not yet. :ivar told: the value they were told.
    """

    opened_at: datetime | None = None
    told_at: datetime | None = None
    told: Decimal | None = None
    calm_since: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None


@dataclass(frozen=True, slots=True)
class Transition:
    """What happened to one thing. ``because``: of a closed one. ``loud``: people are told of it."""

    what: str
    at: datetime
    reading: Reading
    because: str | None = None
    loud: bool = False


def step(
    rule: Rule, state: State, at: datetime, reading: Reading, *, hushed: bool
) -> tuple[State, tuple[Transition, ...]]:
    """One minute of one thing. :param hushed: quiet hours, or a mute: nobody is told now."""
    if not state.is_open:
        return _closed(rule, state, at, reading, hushed=hushed)
    assert state.opened_at
    if reading.over:
        return _close(state, at, reading, OVER)
    if reading.value is not None and rule.is_beyond(reading.value):
        return _beyond(rule, replace(state, calm_since=None), at, reading, hushed=hushed)
    because = GONE if reading.value is None else BACK
    if reading.value is not None and rule.is_well_back(reading.value):
        return _close(state, at, reading, because)
    calm_since = state.calm_since or at
    if at - calm_since >= rule.calm:
        return _close(state, at, reading, because)
    return replace(state, calm_since=calm_since), ()


def next_due(rule: Rule, state: State, at: datetime) -> set[datetime]:
    """The later minutes at which a step may change something though the reading stays what it is."""
    found = set()
    if not state.is_open and state.closed_at:
        found.add(state.closed_at + rule.cooldown)
    if state.calm_since:
        found.add(state.calm_since + rule.calm)
    if state.is_open and state.told_at:
        found.add(state.told_at + rule.cooldown)
    # Whatever waits may also wait for the end of quiet hours.
    ends = {quiet_end(due, rule.quiet_from, rule.quiet_until) for due in (at, *found)} if state.is_open else set()
    return {minute for due in found | ends if (minute := next_minute(due)) > at}


def _closed(
    rule: Rule, state: State, at: datetime, reading: Reading, *, hushed: bool
) -> tuple[State, tuple[Transition, ...]]:
    if reading.over or reading.value is None or not rule.is_beyond(reading.value):
        return state, ()
    if state.closed_at and at - state.closed_at < rule.cooldown:
        return state, ()
    opened = State(opened_at=at)
    after, told = _beyond(rule, opened, at, reading, hushed=hushed)
    return after, (Transition(OPENED, at, reading), *told)


def _beyond(
    rule: Rule, state: State, at: datetime, reading: Reading, *, hushed: bool
) -> tuple[State, tuple[Transition, ...]]:
    """It is open and holds."""
    assert reading.value is not None
    if not hushed and state.told_at is None:
        return replace(state, told_at=at, told=reading.value), (Transition(TOLD, at, reading, loud=True),)
    if not hushed and state.told_at and state.told is not None:
        is_due = at - state.told_at >= rule.cooldown
        if is_due and rule.is_worse(reading.value, state.told):
            return replace(state, told_at=at, told=reading.value), (Transition(UPDATED, at, reading, loud=True),)
    return state, ()


def _close(state: State, at: datetime, reading: Reading, because: str) -> tuple[State, tuple[Transition, ...]]:
    """People who were told that it began are told that it ended; in quiet hours the message waits for their end."""
    return State(closed_at=at), (Transition(CLOSED, at, reading, because, loud=state.told_at is not None),)
