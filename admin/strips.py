"""The last twenty times of a schedule as a row of marks: each a shape, a colour and a sentence, leading to its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flask import url_for

from admin import formats
from admin.labels import state_label, verdict_label
from admin.words import Phrase, say, spoken
from analytics.usual import is_low, usual
from schema import runs, schedules
from schema.history import COMPLETE, Brought
from schema.models import Firings, Runs


class Kind(NamedTuple):
    """What a mark looks like, and means. ``name`` is its class."""

    name: str
    shape: str
    meaning: Phrase


GOOD = Kind("good", "●", Phrase("complet"))
ODD = Kind("odd", "▲", Phrase("incomplet, ou bien moins de cotes que d'habitude (40 % sous la médiane)"))
BAD = Kind("bad", "✕", Phrase("échec"))
STOPPED = Kind("stopped", "■", Phrase("arrêté"))
MISSED = Kind("missed", "◌", Phrase("manqué"))
SKIPPED = Kind("skipped", formats.DASH, Phrase("sauté : le précédent durait encore"))
GOING = Kind("going", "◔", Phrase("en cours"))
WAITING = Kind("waiting", "○", Phrase("demandé, pas encore commencé"))
KINDS = (GOOD, ODD, BAD, STOPPED, MISSED, SKIPPED, GOING, WAITING)
"""In the order of the legend."""

_OF_FIRINGS = {schedules.MISSED: MISSED, schedules.SKIPPED: SKIPPED, schedules.DUE: WAITING}
_UNDER_WAY = (runs.QUEUED, runs.SCHEDULED, runs.RUNNING)


@dataclass(frozen=True, slots=True)
class Mark:
    """One of them. ``address``: where it leads; ``said``: all of it in words."""

    kind: Kind
    address: str
    said: str


@dataclass(frozen=True, slots=True)
class Strip:
    """``usual``: the median of what the complete ones stored; ``None`` where there are too few."""

    marks: Sequence[Mark]
    usual: float | None


def strip(firings: Sequence[Firings], brought: Mapping[str, Sequence[Brought]]) -> Strip:
    """Of one schedule, oldest first. :param brought: what the runs of each task came to."""
    totals: list[int] = []
    marks: list[Mark] = []
    for firing in firings:
        found = brought.get(firing.task_id, ())
        total = sum(each.stored for each in found)
        kind = _OF_FIRINGS.get(firing.state) or kind_of(found, total, totals)
        marks.append(Mark(kind, _address(firing, found), _said(firing, kind, total if found else None)))
        if kind is GOOD:
            totals.append(total)
    return Strip(marks, usual(totals))


def kind_of(found: Sequence[Brought], total: int, before: Sequence[int]) -> Kind:
    """What the runs of one task came to together. :param before: what complete ones stored."""
    if not found:
        return WAITING
    if any(each.state in _UNDER_WAY for each in found):
        return GOING
    if all(each.verdict == COMPLETE for each in found):
        return ODD if is_low(total, before) else GOOD
    if all(each.state == runs.CANCELLED or each.verdict == "interrupted" for each in found):
        return STOPPED
    if any(each.verdict in (COMPLETE, "incomplete", "unusual", "too-few", "nothing-listed") for each in found):
        return ODD
    return BAD


def _address(firing: Firings, found: Sequence[Brought]) -> str:
    if sum(each.runs for each in found) == 1:
        return url_for("crawls.run", number=found[0].first)
    if found:
        return url_for("runs.index_view", task=firing.task_id)
    return url_for("firings.details_view", id=firing.id)


def _said(firing: Firings, kind: Kind, total: int | None) -> str:
    said = f"{formats.moment(firing.due_at, spoken(), year=False)}\N{NO-BREAK SPACE}: {kind.meaning}"
    return said if total is None else f"{said} ({say('cotes : {count}', count=formats.whole(total, spoken()))})"


def why(run: Runs) -> str:
    """How a run ended, in a few words."""
    if run.verdict:
        return verdict_label(run.verdict)
    return state_label(run.state) if run.state else formats.DASH
