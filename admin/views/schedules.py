"""Schedules: when which leagues are crawled, to be read and to be changed.

What is written is checked by :mod:`gigscrapy.schedules` and written by :mod:`schema.schedules`, as ``scrapy schedules``
does. Whatever changes something is a POST with a token; what is removed is asked for on a page of its own first.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import abort, flash, get_flashed_messages, redirect, request
from flask_admin import Admin
from markupsafe import Markup
from werkzeug import Response

from admin import formats, scheduling
from admin.access import Role, may, needs
from admin.labels import column_label
from admin.views import cells, choices
from admin.views.base import Lead, TableView, address
from admin.views.filters import Contains, YesNo
from admin.views.joins import Joins
from admin.words import Phrase, say, spoken
from gigscrapy.schedules import BadSchedule, Checked, check, next_due, problem
from schema import schedules
from schema.models import Firings, Schedules, Visits, now

SHOWN = 10
"""Firings, or visits, on a schedule's own page; the lists have all of them."""
REMOVED_COUNTED = 1000

FIELDS = ("name", "what", "cron", "every_minutes", "kickoff", "arguments")
HINTS = {
    "name": "Un nom, au plus 100 caractères, que nulle autre planification ne porte.",
    "what": "Des ligues (ligue1, nba), sport:football, country:France, ou all pour tout.",
    "cron": "Cinq champs, à l'heure de Paris : 0 */6 * * * est toutes les six heures.",
    "every_minutes": "De 1 à 10 080 minutes.",
    "kickoff": "Combien de temps avant chaque coup d'envoi : 24h 6h 1h 15m 5m.",
    "arguments": "Du robot : depth=list days=2. Vide : aucun.",
}
"""What may stand in each field."""

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_switch = Markup('<button class="btn btn-outline-secondary btn-sm" form="switch" name="{}" value="{}">{}</button>')


def when(schedule: Schedules) -> str:
    """When it is due, in words."""
    if schedule.every_minutes is not None:
        return say("toutes les {minutes} min", minutes=formats.whole(schedule.every_minutes, spoken()))
    if schedule.kickoff is not None:
        return say("{times} avant le coup d'envoi", times=schedule.kickoff)
    return schedule.cron or formats.DASH


def due(schedule: Schedules) -> str:
    """When it is due next, in Paris time; before kick-offs that is the matches' business.

    One that cannot be followed never is.
    """
    if schedule.enabled and problem(schedule):
        return say("jamais : elle ne peut être suivie")
    if schedule.enabled and schedule.kickoff is not None:
        return say("selon les matchs")
    return formats.moment(next_due(schedule, now()), spoken())


def switch(schedule: Schedules) -> str:
    """The button that switches it the other way, for who may."""
    if not may(Role.OPERATOR):
        return ""
    to, label = ("off", say("Désactiver")) if schedule.enabled else ("on", say("Activer"))
    return _switch.format(to, schedule.id, label)


class SchedulesView(TableView):
    about = Phrase("Quelles ligues sont relevées, et quand. scrapy scheduler demande les relevés à l'heure.")
    called = Phrase("Planification")
    list_template = "schedules.html"
    details_template = "schedule.html"
    column_list = ("itself", "what", "when", "arguments", "enabled", "next_due", "switch")
    column_details_list = (
        *("id", "name", "what", "when", "arguments", "enabled", "next_due", "decided_until", "created_at"),
        "updated_at",
    )
    column_sortable_list = (("itself", "name"), "enabled")
    column_searchable_list = ("name", "what")
    column_default_sort = ("name", False)
    column_filters = (
        YesNo("enabled", Phrase("Active"), "enabled", choices.yes_no),
        Contains("what", Phrase("Quoi"), "what"),
    )
    computed = {"when": when, "next_due": due, "switch": switch}  # noqa: RUF012 - what Flask-Admin reads is never written
    leads = (
        Lead(Phrase("Échéances"), "firings", {"schedule": "id"}),
        Lead(Phrase("Passages"), "visits", {"schedule": "id"}),
    )

    def create_blueprint(self, admin: Admin) -> Any:
        blueprint = super().create_blueprint(admin)
        for rule, view, methods in (
            ("/new/", self.new_view, ("GET", "POST")),
            ("/change/", self.change_view, ("GET", "POST")),
            ("/remove/", self.remove_view, ("GET", "POST")),
            ("/switch/", self.switch_view, ("POST",)),
        ):
            blueprint.add_url_rule(rule, view.__name__, view, methods=methods)
        return blueprint

    def above(self) -> dict[str, Any]:
        return {"told": get_flashed_messages()}

    def beside(self, row: Any) -> dict[str, Any]:
        firings = schedules.last_firings(self.database, row.id, SHOWN)
        visits = _last_visits(row.id) if row.kickoff else []
        return self.above() | {"firings": firings, "visits": visits, "cells": cells, "problem": problem(row)}

    @needs(Role.OPERATOR)
    @address("/new/", methods=("GET", "POST"))
    def new_view(self) -> Response | tuple[str, int]:
        """A form, and a new schedule where it is sent and can stand."""
        if request.method == "GET":
            return self._form({"enabled": "1"})
        return self._kept(None)

    @needs(Role.OPERATOR)
    @address("/change/", methods=("GET", "POST"))
    def change_view(self) -> Response | tuple[str, int]:
        """The same, of one that is there. :raises NotFound: when it is not."""
        row = self._asked_for()
        if request.method == "GET":
            said = {field: getattr(row, field) for field in FIELDS}
            return self._form({field: "" if value is None else str(value) for field, value in said.items()}, row)
        return self._kept(row)

    @needs(Role.OPERATOR)
    @address("/remove/", methods=("GET", "POST"))
    def remove_view(self) -> Response | str:
        """A page that asks, and what it asks about. :raises NotFound: when there is none of that number."""
        row = self._asked_for()
        if request.method == "GET":
            counts = [
                table.select().where(table.schedule == row.id).limit(REMOVED_COUNTED).count()
                for table in (Firings, Visits)
            ]
            return self.render("scheduleremove.html", row=row, counts=counts, limit=REMOVED_COUNTED)
        scheduling.remove(self.database, row)
        flash(say("La planification « {name} » est supprimée.", name=row.name))
        return redirect(self.get_url(".index_view"), 303)

    @address("/switch/", methods=("POST",))
    def switch_view(self) -> Response:
        """On or off, as the button says. :raises NotFound: when there is none of that number."""
        on = "on" in request.form
        row = self._of_number(request.form.get("on" if on else "off", ""))
        if not scheduling.switch(self.database, row, on=on):
            abort(404)
        name = row.name
        flash(say("« {name} » est active.", name=name) if on else say("« {name} » est désactivée.", name=name))
        return redirect(self.get_url(".index_view"), 303)

    # -- how -----------------------------------------------------------------------------------------------------------

    def _kept(self, row: Schedules | None) -> Response | tuple[str, int]:
        """Write what was typed, or show it again with what is wrong with it."""
        typed = {field: request.form.get(field, "").replace("\0", "").strip() for field in (*FIELDS, "enabled")}
        try:
            checked = _checked(typed)
            is_there = self._written(checked, row, enabled=typed["enabled"] == "1")
        except BadSchedule as error:
            return self._form(typed, row, error)
        except schedules.NameTaken:
            return self._form(typed, row, BadSchedule("name", "another schedule has this name"))
        if not is_there:
            abort(404)
        flash(say("La planification « {name} » est enregistrée.", name=checked.name))
        return redirect(self.get_url(".index_view"), 303)

    def _written(self, checked: Checked, row: Schedules | None, *, enabled: bool) -> bool:
        """Whether there was something to write to."""
        if row is None:
            scheduling.add(self.database, checked, enabled=enabled)
            return True
        return scheduling.change(self.database, row, checked.values)

    def _form(
        self, typed: Mapping[str, str], row: Schedules | None = None, error: BadSchedule | None = None
    ) -> tuple[str, int]:
        page = self.render(
            "scheduleform.html",
            row=row,
            typed=typed,
            error=error,
            fields=[(field, column_label(field), HINTS[field]) for field in FIELDS],
        )
        return page, 422 if error else 200

    def _asked_for(self) -> Schedules:
        return self._of_number(request.args.get("id", ""))

    def _of_number(self, text: str) -> Schedules:
        """:raises NotFound: when no schedule has that number."""
        row = self.get_one([text])
        if not isinstance(row, Schedules):
            abort(404)
        return row


def _checked(typed: Mapping[str, str]) -> Checked:
    """:raises BadSchedule: at the first field that cannot stand."""
    minutes = typed["every_minutes"]
    if minutes and not _NUMBER.fullmatch(minutes):
        raise BadSchedule("every_minutes", "it is no whole number of minutes")
    return check(
        name=typed["name"],
        what=typed["what"],
        cron=typed["cron"],
        every_minutes=int(minutes) if minutes else None,
        kickoff=typed["kickoff"],
        arguments=typed["arguments"],
    )


def _last_visits(schedule_id: int) -> list[Any]:
    """The newest first, with the names of who plays."""
    joins = Joins(Visits)
    for path in ("match.home_team.name", "match.away_team.name"):
        joins.column(path)
    rows: Any = Visits.select(Visits, *joins.columns)
    query = joins.apply(rows).where(Visits.schedule == schedule_id)
    return list(query.order_by(Visits.due_at.desc(), Visits.id.desc()).limit(SHOWN))
