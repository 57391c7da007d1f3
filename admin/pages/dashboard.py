"""The first page: is what we have fresh and whole, what moved, what comes next, and what needs a person.

Each view asks five small questions. What has to be counted over many prices is counted ahead (:mod:`schema.tally`), or
found out once a minute for everybody (:class:`admin.kept.Kept`).
"""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, abort, current_app, render_template, url_for
from peewee import Database

from admin import holes, sight, strips
from admin.charts import Chart, Line, Mark
from admin.kept import Kept
from admin.needs import Next, Seen, needs
from admin.pages import movements
from admin.pages.movements import board_of
from admin.services import services_of
from admin.sight import Wide
from admin.views import schedules as told_schedules
from admin.words import say
from analytics.pulse import Pulse
from gigscrapy.schedules import next_due
from schema.history import Shown, brought, schedules_with_firings, shown_runs
from schema.models import Firings, Schedules, now

SHOWN = 60
"""Runs of each kind that are looked at, and marked in the chart."""
NEXT = 6


def addresses(database: Database) -> Blueprint:
    """The page, and why a square of the matrix is empty."""
    blueprint = Blueprint("dashboard", __name__)
    wide = Kept(database, lambda: sight.wide(database), seconds=60)

    @blueprint.get("/")
    def index() -> str:
        return _page(database, wide)

    @blueprint.get("/coverage/<int:league>/<int:bookmaker>/")
    def hole(league: int, bookmaker: int) -> str:
        """Which matches of a league a bookmaker does not price, and what the last crawls of it said."""
        found = holes.hole(league, bookmaker)
        if found is None:
            abort(404)
        return render_template("dashboard/hole.html", **found)

    return blueprint


def _page(database: Database, kept: Kept[Wide]) -> str:
    at = now()
    facts, shown, found = sight.facts(at), shown_runs(each=SHOWN), schedules_with_firings()
    board, services = board_of(current_app, database), services_of(current_app, database)
    window, wide = board.window(movements.HOURS[0]), kept.look()
    drops, rises = window.answer.widest if window else ((), ())
    coming = _next(found, at)
    late_after = sight.late_after([schedule for schedule, _ in found], at)
    seen = Seen(
        facts=facts,
        shown=shown,
        schedules=found,
        coming=coming,
        parts=services.look(),
        wide=wide.answer if wide else None,
        late_after=late_after,
        at=at,
    )
    return render_template(
        "dashboard/index.html",
        facts=facts,
        late_after=late_after,
        is_late=sight.is_late(facts.newest, late_after, at),
        waiting=services.waiting(),
        shown=shown,
        wide=seen.wide,
        wide_at=wide and wide.at,
        missing=sight.missing_bookmakers(wide.answer, at) if wide else [],
        matrix=sight.matrix(wide.answer) if wide else [],
        chart=_chart(wide.answer.pulse, shown) if wide else None,
        window=window,
        drops=drops,
        rises=rises,
        surebets=board.surebets(),
        alerts_address=url_for("alerts.index") if "alerts.index" in current_app.view_functions else None,
        next=coming,
        needs=list(needs(seen)),
        is_fresh=facts.newest is None and not (shown.latest or shown.going_on or shown.queued),
        **movements.words(),
    )


def _chart(found: Pulse, shown: Shown) -> Chart:
    """Hours without a price are zeros, once there was any: an hour without is what one looks for."""
    is_empty = not any(found.hours)
    begun = ((run.started_at, run.spider or run.run_id) for run in (*shown.latest, *shown.going_on))
    marks = [Mark(at, f"crawl {name}") for at, name in begun if at is not None and at >= found.begin]
    return Chart(
        at=found.instants,
        lines=[Line(say("Cotes par heure"), [None if is_empty else hour for hour in found.hours])],
        unit="count",
        marks=sorted(marks, key=lambda mark: mark.at),
        stepped=True,
    )


def _next(found: Sequence[tuple[Schedules, list[Firings]]], at: datetime) -> list[Next]:
    on = [(schedule, firings, next_due(schedule, at)) for schedule, firings in found if schedule.enabled]
    on.sort(key=lambda each: (each[2] is None, each[2] or at, each[0].id))
    tasks = brought([firing.task_id for _, firings, _ in on[:NEXT] for firing in firings if firing.task_id])
    return [
        Next(schedule, due_at, told_schedules.due(schedule), strips.strip(firings, tasks), {})
        for schedule, firings, due_at in on[:NEXT]
    ]
