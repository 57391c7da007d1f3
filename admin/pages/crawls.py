"""Crawls: what goes on and how far it is, what waits and why, what is due, what became of the last ones, and the log.

What is done here is what the commands do: ``scrapy ask``, ``scrapy cancel``, ``scrapy dead replay``.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    get_flashed_messages,
    jsonify,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from peewee import Database, fn
from werkzeug.wrappers import Response as Answer

from admin import formats, livelog, stopping, strips
from admin.access import Role, needs, who
from admin.kept import Kept
from admin.livelog import NoLog
from admin.services import services_of
from admin.views import asking, closing, progress
from admin.views import schedules as told_schedules
from admin.views.asking import CannotAsk, Wish
from admin.views.deadletters import replayed
from admin.words import say, spoken
from analytics.usual import deviation, is_low, usual
from gigscrapy import leagues
from gigscrapy.deadletters import Chosen, tallies
from gigscrapy.schedules import next_due
from schema import runs
from schema.history import Shown, brought, schedules_with_firings, shown_runs, stored_before
from schema.models import Runs, Schedules, Visits, now
from schema.schedules import MISSED, SENT

SHOWN = 20
"""Runs of each kind."""
LARGEST = 2**31
"""No row has a greater number."""
REMEMBERED = 1000
"""Runs of which is remembered what stood before them."""
VISITS_LAST = timedelta(days=1)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One schedule, as the page shows it."""

    schedule: Schedules
    when: str
    next_at: datetime | None
    next_said: str
    strip: strips.Strip
    visits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ended:
    """One run that has ended, against the ones before it. ``usual``: their median; ``share``: how far off it is."""

    run: Runs
    usual: float | None
    share: float | None
    is_low: bool


class Compared:
    """What stood before each run that has ended, which no longer changes: asked once, and remembered for a while."""

    def __init__(self) -> None:
        self._known: dict[int, list[int]] = {}

    def ended(self, found: Sequence[Runs]) -> list[Ended]:
        """Each run against those before it; one query, and none where all of them are known."""
        before = {run.id: self._known[run.id] for run in found if run.id in self._known}
        before |= stored_before(run for run in found if run.id not in before)
        self._known = dict([*self._known.items(), *before.items()][-REMEMBERED:])
        return [_against(run, before.get(run.id, [])) for run in found]


Visited = Mapping[int, Mapping[str, int]]
"""By schedule: how many visits before kick-offs were made, and missed."""


class Slow:
    """What is found out once for all who look: how close prices came to kick-offs, and the visits of the last day."""

    def __init__(self, database: Database) -> None:
        self.gaps = Kept(database, lambda: closing.lately(database), seconds=300)
        self.visits = Kept(database, _visits, seconds=20)


def addresses(database: Database) -> Blueprint:
    """The page, that of each run with its log, and what is done there."""
    blueprint = Blueprint("crawls", __name__, url_prefix="/crawls")
    slow = Slow(database)
    compared = Compared()

    @blueprint.get("/")
    def index() -> str:
        return _page(database, slow, compared, Wish())

    @blueprint.post("/ask")
    def ask() -> Answer | tuple[str, int]:
        """Ask for crawls, as ``scrapy ask`` does."""
        return asked(Wish.read(request.form))

    @blueprint.post("/schedules/<int:number>/ask")
    def ask_now(number: int) -> Answer | tuple[str, int]:
        """What a schedule asks for, now and once. :raises NotFound: when there is no such schedule."""
        found = Schedules.get_or_none(Schedules.id == number) if number < LARGEST else None
        if found is None:
            abort(404)
        return asked(Wish(found.what, found.arguments or ""))

    def asked(wish: Wish) -> Answer | tuple[str, int]:
        try:
            found, arguments = asking.understood(wish)
            asking.send_task(current_app.config["QUEUES"], wish, arguments, by=who())
        except CannotAsk as error:
            return _page(database, slow, compared, wish, error), 422
        flash(asking.said(found))
        return redirect(url_for(".index"), 303)

    @blueprint.post("/replay")
    def replay() -> Answer:
        """Put back the dead letters of one reason, or all."""
        reason = request.form.get("reason")
        flash(replayed(database, Chosen(reason=reason) if reason else Chosen()))
        return redirect(url_for(".index") + "#letters", 303)

    _of_one_run(blueprint, database, compared)
    return blueprint


def _of_one_run(blueprint: Blueprint, database: Database, compared: Compared) -> None:
    """The addresses of one run."""

    @blueprint.get("/<int:number>/")
    def run(number: int) -> str:
        found = _run(number)
        [ended] = compared.ended([found])
        return render_template(
            "crawls/run.html",
            run=found,
            ended=ended,
            going_on=found.state in (*runs.ACTIVE, runs.QUEUED),
            stoppable=found.state in runs.OPEN,
            told=get_flashed_messages(),
            progress=progress,
            has_log=livelog.may_have(found),
        )

    @blueprint.post("/<int:number>/cancel")
    def cancel(number: int) -> Answer:
        """Stop it, and show it."""
        found = _run(number)
        logger.info("run %s is to be stopped, says %s", found.run_id, who())
        flash(stopping.stop(database, current_app.config["SETTINGS"], found))
        return redirect(url_for(".run", number=number), 303)

    @blueprint.get("/<int:number>/log")
    @needs(Role.OPERATOR)
    def log(number: int) -> Response:
        """Some of its log, from byte ``from`` on; without, its end. Where it goes on, and whether it will."""
        found = _run(number)
        start = request.args.get("from", -livelog.TAIL_BYTES, type=int)
        is_over = found.state not in (*runs.ACTIVE, runs.QUEUED)
        try:
            piece = livelog.piece(current_app.config["SETTINGS"], found, start)
        except NoLog as error:
            said = (
                say("Le nœud de ce relevé ne répond pas.")
                if error.is_away
                else say("Ce relevé n'a pas de journal ici.")
            )
            over = is_over or not error.is_away
            return jsonify(text="", next=max(0, start), whole=True, over=over, said=said)
        return jsonify(text=piece.text, next=piece.next, whole=piece.whole, over=is_over and not piece.text, said="")

    @blueprint.get("/<int:number>/log.txt")
    @needs(Role.OPERATOR)
    def whole_log(number: int) -> Response:
        """All of it, as a file. :raises NotFound: where there is none."""
        found = _run(number)
        pieces = livelog.whole(current_app.config["SETTINGS"], found)
        try:
            first = next(pieces, "")
        except NoLog:
            abort(404)

        def text() -> Any:
            yield first
            yield from pieces

        named = {"Content-Disposition": f"attachment; filename={found.spider or 'run'}-{found.id}.log"}
        return Response(stream_with_context(text()), mimetype="text/plain", headers=named)


def _run(number: int) -> Runs:
    """:raises NotFound: when no run has that number."""
    found = Runs.get_or_none(Runs.id == number) if number < LARGEST else None
    if not isinstance(found, Runs):
        abort(404)
    return found


def _page(
    database: Database,
    slow: Slow,
    compared: Compared,
    wish: Wish,
    error: CannotAsk | None = None,
) -> str:
    shown = shown_runs(each=SHOWN)
    services = services_of(current_app, database)
    gap, made = slow.gaps.look(), slow.visits.look()
    return render_template(
        "crawls/index.html",
        told=get_flashed_messages(),
        wish=wish,
        error=error,
        choices=asking.choices(),
        sports=list(dict.fromkeys(league.sport for league in leagues.load())),
        going_on=shown.going_on,
        queued=[(run, why_it_waits(run, shown)) for run in shown.queued],
        most=SHOWN,
        latest=compared.ended(shown.latest),
        rows=_rows(made.answer if made else {}),
        kinds=strips.KINDS,
        letters=tallies(database),
        parts=services.look(),
        waiting=services.waiting(),
        gaps=gap and gap.answer,
        progress=progress,
    )


def why_it_waits(run: Runs, shown: Shown) -> str:
    """Why a queued run has not begun."""
    at = now()
    if run.cancel_asked_at is not None:
        return say("son arrêt est demandé")
    if run.not_before is not None and run.not_before > at:
        told = formats.moment(run.not_before, spoken(), year=False)
        return say("aucun nœud ne l'a pris ({times} fois) ; prochain essai {when}", times=run.attempts, when=told)
    if any(other.spider == run.spider for other in shown.going_on):
        return say("un autre relevé de cette ligue est en cours")
    if shown.going_on:
        return say("d'autres relevés passent avant")
    return say("attend qu'un worker le prenne (scrapy worker)")


def _against(run: Runs, before: Sequence[int]) -> Ended:
    share = deviation(run.stored, before) if run.finished_at else None
    return Ended(run, usual(before), share, run.state == runs.FINISHED and is_low(run.stored, before))


def _rows(visits: Visited) -> list[Row]:
    """Every schedule: two queries."""
    at = now()
    found = schedules_with_firings()
    tasks = brought([firing.task_id for _, firings in found for firing in firings if firing.task_id])
    return [
        Row(
            schedule,
            told_schedules.when(schedule),
            next_due(schedule, at),
            told_schedules.due(schedule),
            strips.strip(firings, tasks),
            visits.get(schedule.id, {}),
        )
        for schedule, firings in found
    ]


def _visits() -> Visited:
    """By schedule: how many visits before kick-offs were made, and missed, in the last day. One query."""
    at = now()
    lately = (Visits.due_at > at - VISITS_LAST) & (Visits.due_at <= at)
    query = Visits.select(Visits.schedule, Visits.state, fn.COUNT(Visits.id)).where(lately)
    found: dict[int, dict[str, int]] = {}
    for schedule, state, count in query.group_by(Visits.schedule, Visits.state).tuples().execute():
        if state in (SENT, MISSED):
            found.setdefault(schedule, {})[state] = count
    return found
