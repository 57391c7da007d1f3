"""Runs: what each crawl found and what became of it, how far it is while it goes on, and stopping it."""

import logging
from typing import Any

from flask import abort, current_app, flash, get_flashed_messages, redirect, request
from flask_admin import Admin
from werkzeug import Response

from admin import formats, stopping
from admin.access import who
from admin.labels import account_label
from admin.views import choices, progress
from admin.views.base import Lead, TableView, address
from admin.views.filters import AtLeast, ChoiceOfText, Contains, Filter, From, Until
from admin.words import Phrase, spoken
from schema import runs
from schema.ledger import balance
from schema.models import Runs

GOING_ON = (runs.QUEUED, runs.SCHEDULED, runs.RUNNING)

logger = logging.getLogger(__name__)


class RunsView(TableView):
    about = Phrase("Chaque passage d'un robot : ce qu'il a trouvé, et ce qui en est arrivé dans les tables.")
    called = Phrase("Relevé")
    details_template = "run.html"
    column_list = (
        *("itself", "verdict", "state", "progress", "account", "discovered", "fetched", "parsed", "yielded"),
        *("published",),
        *("stored", "refused", "waiting", "bookmakers", "suspects", "prices", "duplicates", "finished_at"),
    )
    column_details_list = (
        "run_id",
        "spider",
        "arguments",
        "site",
        "state",
        "verdict",
        "sentence",
        "exit_code",
        "progress",
        "left",
        "pace",
        "current",
        "requested_by",
        "requested_at",
        "task_id",
        "node",
        "attempts",
        "not_before",
        "cancel_asked_at",
        "started_at",
        "finished_at",
        "reported_at",
        "listed",
        "discovered",
        "fetched",
        "parsed",
        "yielded",
        "published",
        "stored",
        "refused",
        "waiting",
        "account",
        "bookmakers",
        "suspects",
        "prices",
        "duplicates",
        "pages",
        "retries",
        "error_count",
        "trj_differs",
        "unknown_bookmakers",
    )
    column_sortable_list = (("itself", "started_at"), "verdict", "stored", "refused", "finished_at")
    column_searchable_list = ("spider", "run_id")
    column_filters = (
        Contains("spider", Phrase("Robot"), "spider"),
        ChoiceOfText("verdict", Phrase("Verdict"), "verdict", choices.verdicts),
        ChoiceOfText("state", Phrase("État"), "state", choices.states),
        From("from", Phrase("Début à partir du"), "started_at"),
        Until("until", Phrase("Début jusqu'au"), "started_at"),
        AtLeast("refused_min", Phrase("Refusées à partir de"), "refused"),
        Filter("task", Phrase("Tâche"), "task_id"),
    )
    computed = {  # noqa: RUF012 - what Flask-Admin reads is never written
        "progress": progress.bar,
        "left": progress.left,
        "pace": progress.pace,
        "account": lambda run: account_label(balance(run)),
        "waiting": lambda run: formats.whole(balance(run).waiting, spoken()),
    }
    numbers = ("waiting", "left", "pace")
    leads = (
        Lead(Phrase("Cotes"), "odds", {"run": "id"}),
        Lead(Phrase("Tâche"), "tasks", {"search": "task_id"}),
    )

    def create_blueprint(self, admin: Admin) -> Any:
        blueprint = super().create_blueprint(admin)
        blueprint.add_url_rule("/cancel/", "cancel_view", self.cancel_view, methods=("POST",))
        return blueprint

    def beside(self, row: Any) -> dict[str, Any]:
        """Whether there is something to stop, too."""
        told = {"told": get_flashed_messages(), "is_going_on": row.state in GOING_ON}
        return told | {"is_open": row.state in runs.OPEN}

    @address("/cancel/", methods=("POST",))
    def cancel_view(self) -> Response:
        """Stop a run, and show it. :raises NotFound: when there is none of that number."""
        row = self.get_one([request.form.get("id", "")])
        if not isinstance(row, Runs):
            abort(404)
        logger.info("run %s is to be stopped, says %s", row.run_id, who())
        flash(stopping.stop(self.database, current_app.config["SETTINGS"], row))
        return redirect(self.get_url(".details_view", id=row.id), 303)
