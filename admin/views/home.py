"""The first page: what goes on, how to ask for more, how the last crawls went, what is due, how close prices come."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from flask import current_app, flash, get_flashed_messages, redirect, request
from flask_admin import AdminIndexView
from peewee import SQL, Case, Database
from werkzeug import Response

from admin import audit
from admin.access import who
from admin.questions import Question
from admin.views import asking, base, closing
from admin.views.asking import CannotAsk, Wish
from admin.views.base import TableView, address
from admin.words import Phrase, say
from analytics.board import NEWEST_FIRST
from gigscrapy.broker import TASK_QUEUE, BrokerError, Delivery, send
from gigscrapy.schedules import next_due
from gigscrapy.tasks import write_task
from schema import runs
from schema.models import Runs, Schedules, now

RUNS_SHOWN = 8
OPEN_SHOWN = 30
DUE_SHOWN = 5
CLOSING_LASTS = timedelta(minutes=5)
CLOSING_SECONDS = 1.0
"""So long the page waits for it; it goes on being computed, and is there the next time."""

logger = logging.getLogger(__name__)


class HomeView(AdminIndexView):
    """One query for each table, which counts as far as ``COUNT_LIMIT``; three for the runs and one for what is due.

    How close prices came to the kick-offs takes long to find out, so it is kept for some minutes.
    """

    def __init__(self, views: Sequence[TableView], database: Database) -> None:
        super().__init__(name=Phrase("Accueil"))
        self._tables = views
        self._closing = Question(lambda: closing.lately(database), lasts=CLOSING_LASTS.total_seconds())

    @address("/")
    def index(self) -> str:
        return self._page(Wish(), None)

    @address("/ask/", methods=("POST",))
    def ask_view(self) -> Response | tuple[str, int]:
        """Ask for crawls, as ``scrapy ask`` does."""
        wish = Wish.read(request.form)
        try:
            leagues, arguments = asking.understood(wish)
            self._send(wish, arguments)
        except CannotAsk as error:
            return self._page(wish, error), 422
        flash(asking.said(leagues))
        return redirect(self.get_url(".index"), 303)

    def _send(self, wish: Wish, arguments: dict[str, str]) -> None:
        """:raises CannotAsk: when the queue does not take it."""
        task_id = uuid4().hex
        body = write_task(wish.what, arguments, requested_by=who(), task_id=task_id)
        try:
            send(current_app.config["QUEUES"], TASK_QUEUE, [Delivery(None, body, task_id, datetime.now(UTC))])
        except (OSError, BrokerError) as error:
            logger.error("task %s is not sent: %s", task_id, error)  # noqa: TRY400 - the sentence says all
            told = say("La file ne répond pas : rien n'est demandé. Recommencez plus tard ; le journal en dit plus.")
            raise CannotAsk("what", told) from None
        audit.note("ask", "task", task_id, None, {"what": wish.what, "arguments": arguments})
        logger.info("task %s (%s) is asked for by %s", task_id, wish.what, who())

    def _page(self, wish: Wish, error: CannotAsk | None) -> str:
        going_on = open_runs()
        return self.render(
            "index.html",
            told=get_flashed_messages(),
            wish=wish,
            error=error,
            choices=asking.choices(),
            going_on=going_on,
            queued=queued_runs(),
            runs=list(Runs.select().order_by(*NEWEST_FIRST).limit(RUNS_SHOWN)),
            runs_view=self._view_of(Runs),
            due=due_schedules(),
            schedules_view=self._view_of(Schedules),
            closing=self._closing_board(),
            tables=[(view, base.count_rows(view.model.select(SQL("1")))) for view in self._tables],
            limit=base.COUNT_LIMIT,
        )

    def _closing_board(self) -> Sequence[closing.Row] | None:
        """``None`` while it is being computed."""
        try:
            return self._closing.put().result(CLOSING_SECONDS)
        except TimeoutError:
            return None

    def _view_of(self, model: Any) -> TableView:
        return next(view for view in self._tables if view.model is model)


def open_runs() -> list[Runs]:
    """Those that a crawl or a node is busy with: what runs first, of these the newest."""
    running = Case(Runs.state, ((runs.RUNNING, 0),), 1)
    query = Runs.select().where(Runs.state.in_((runs.RUNNING, runs.SCHEDULED)))
    return list(query.order_by(running, *NEWEST_FIRST).limit(OPEN_SHOWN))


def queued_runs() -> int:
    """How many wait for their turn."""
    waiting: Any = Runs.select(SQL("1")).where(Runs.state == runs.QUEUED)
    return base.count_rows(waiting)


def due_schedules() -> list[tuple[Schedules, datetime | None]]:
    """Those that are on, the next one due first; those that wait for kick-offs have no instant, and are last."""
    at = now()
    found = [(schedule, next_due(schedule, at)) for schedule in Schedules.select().where(Schedules.enabled)]
    return sorted(found, key=lambda each: (each[1] is None, each[1] or at, each[0].id))[:DUE_SHOWN]
