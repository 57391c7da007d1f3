"""Who is who among bookmakers and teams: names, other names, and two rows made one.

Nothing is deleted here but by somebody who types the name of what goes, below the counts of all that depends on it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, get_flashed_messages, redirect, render_template, request, url_for
from peewee import Database
from werkzeug import Response

from admin import audit
from admin.access import Role, needs
from admin.pages.data.sentences import of_edit, of_merge
from admin.words import Phrase, say
from schema import merging
from schema.editing import CannotEdit, Said, add_alias, edit_bookmaker, has_fixed_number, remove_alias
from schema.merging import CannotMerge, Dependents
from schema.models import BookmakerAliases, Bookmakers, Leagues, TeamAliases, Teams
from schema.names import name_key

CHOICES = 5_000
"""Rows that are proposed to be made one with another."""
DEPENDENTS = {
    "Matches": Phrase("Matchs"),
    "Odds": Phrase("Cotes"),
    "LatestOdds": Phrase("Dernières cotes"),
    "Visits": Phrase("Passages"),
    "TeamAliases": Phrase("Autres noms"),
    "BookmakerAliases": Phrase("Autres noms"),
    "Follows": Phrase("Suivis"),
    "AlertRules": Phrase("Règles d'alerte"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """Bookmakers, or teams. ``one``: in the audit log."""

    one: str
    model: Any
    aliases: Any
    of: str
    title: Phrase
    dependents: Callable[[Database, int, int], Dependents]
    merge: Callable[[Database, int, int], Dependents]


KINDS = {
    "bookmakers": Kind(
        "bookmaker",
        Bookmakers,
        BookmakerAliases,
        "bookmaker",
        Phrase("Bookmakers"),
        merging.dependents_of_bookmaker,
        merging.merge_bookmakers,
    ),
    "teams": Kind(
        "team", Teams, TeamAliases, "team", Phrase("Équipes"), merging.dependents_of_team, merging.merge_teams
    ),
}


def add(blueprint: Blueprint, database: Database) -> None:
    pages = _Pages(database)
    for rule, view, methods in (
        ("", "row_page", ("GET",)),
        ("", "row_save", ("POST",)),
        ("aliases/", "alias_add", ("POST",)),
        ("aliases/<int:alias>/remove/", "alias_remove", ("POST",)),
        ("merge/", "merge_page", ("GET",)),
        ("merge/", "merge_do", ("POST",)),
    ):
        blueprint.add_url_rule(f"/<kind>/<int:number>/{rule}", view, _guarded(getattr(pages, view)), methods=methods)


def _guarded(method: Any) -> Any:
    def view(**values: Any) -> Any:
        if values["kind"] not in KINDS:
            abort(HTTPStatus.NOT_FOUND)
        return method(**values)

    return needs(Role.OPERATOR)(view)


class _Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    # -- one row -------------------------------------------------------------------------------------------------------

    def row_page(self, kind: str, number: int) -> str:
        """:raises NotFound: when there is none of that number."""
        row = _row(KINDS[kind], number)
        return self._page(kind, row, {}, None)

    def _page(self, kind: str, row: Any, typed: dict[str, Any], error: CannotEdit | None) -> str:
        what = KINDS[kind]
        aliases = what.aliases.select().where(getattr(what.aliases, what.of) == row.id).order_by(what.aliases.name)
        is_bookmaker = what.model is Bookmakers
        return render_template(
            "data/row.html",
            kind=kind,
            what=what,
            row=row,
            endpoint=f"{what.model.__name__.lower()}.details_view",
            list_endpoint=f"{what.model.__name__.lower()}.index_view",
            is_bookmaker=is_bookmaker,
            fixed_number=is_bookmaker and has_fixed_number(row),
            aliases=list(aliases),
            others=_others(what, row),
            typed=typed,
            error=error,
            sentence=error and of_edit(error),
            told=get_flashed_messages(),
        )

    def row_save(self, kind: str, number: int) -> Response | tuple[str, int]:
        """What is said of a bookmaker; of a team there is nothing but its other names. :raises NotFound: see above."""
        row = _row(KINDS[kind], number)
        if kind != "bookmakers":
            abort(HTTPStatus.NOT_FOUND)
        typed = {name: _typed(name) for name in ("name", "website", "site_id")}
        said = Said(**typed, reviewed="reviewed" in request.form)
        try:
            with audit.together(self._database):
                changes = edit_bookmaker(self._database, row, said)
                if changes:
                    audit.note("change", "bookmaker", row.name, {name: getattr(row, name) for name in changes}, changes)
        except CannotEdit as error:
            return self._page(kind, row, typed | {"reviewed": said.reviewed}, error), HTTPStatus.UNPROCESSABLE_ENTITY
        flash(say("C'est enregistré.") if changes else say("Rien n'a changé."))
        return _back(kind, number)

    def alias_add(self, kind: str, number: int) -> Response | tuple[str, int]:
        row = _row(KINDS[kind], number)
        name = _typed("alias")
        try:
            with audit.together(self._database):
                alias = add_alias(self._database, row, name)
                audit.note("add", f"{KINDS[kind].one} alias", alias.name, None, {"of": row.name, "id": row.id})
        except CannotEdit as error:
            error.field = "alias"
            return self._page(kind, row, {"alias": name}, error), HTTPStatus.UNPROCESSABLE_ENTITY
        flash(say("« {alias} » est désormais un autre nom de « {name} ».", alias=alias.name, name=row.name))
        return _back(kind, number)

    def alias_remove(self, kind: str, number: int, alias: int) -> Response:
        what = KINDS[kind]
        row = _row(what, number)
        found = what.aliases.get_or_none((what.aliases.id == alias) & (getattr(what.aliases, what.of) == number))
        if found is None:
            abort(HTTPStatus.NOT_FOUND)
        with audit.together(self._database):
            remove_alias(self._database, found)
            audit.note("remove", f"{what.one} alias", found.name, {"of": row.name, "id": row.id})
        flash(say("« {alias} » n'est plus un autre nom de « {name} ».", alias=found.name, name=row.name))
        return _back(kind, number)

    # -- two rows made one ---------------------------------------------------------------------------------------------

    def merge_page(self, kind: str, number: int) -> str | Response:
        """What would happen; nothing does. :raises NotFound: when one of both is not there."""
        row, other = self._both(kind, number, request.args.get("into", type=int))
        return self._merge_page(kind, row, other)

    def _merge_page(self, kind: str, row: Any, other: Any, typed: str | None = None) -> str:
        dependents, why = None, None
        try:
            dependents = KINDS[kind].dependents(self._database, row.id, other.id)
        except CannotMerge as error:
            why = of_merge(error)
        return render_template(
            "data/merge.html",
            kind=kind,
            what=KINDS[kind],
            row=row,
            kept=other,
            dependents=dependents,
            counts=[(DEPENDENTS.get(name, name), count) for name, count in dependents.rows.items()]
            if dependents
            else [],
            limit=merging.COUNTED,
            why=why,
            typed=typed,
        )

    def merge_do(self, kind: str, number: int) -> Response | tuple[str, int]:
        """Where the name of what goes is typed, and only there."""
        what = KINDS[kind]
        row, other = self._both(kind, number, request.form.get("into", type=int))
        typed = _typed("name")
        if name_key(typed) != name_key(row.name):
            return self._merge_page(kind, row, other, typed), HTTPStatus.UNPROCESSABLE_ENTITY
        try:
            with audit.together(self._database):
                dependents = what.merge(self._database, row.id, other.id)
                after = {"into": other.name, "into_id": other.id, "joined": dependents.joined, **dependents.rows}
                audit.note("merge", what.one, row.name, row, after)
        except CannotMerge:
            return self._merge_page(kind, row, other), HTTPStatus.CONFLICT
        flash(say("« {name} » est désormais un autre nom de « {other} ».", name=row.name, other=other.name))
        return _back(kind, other.id)

    def _both(self, kind: str, number: int, other: int | None) -> tuple[Any, Any]:
        return _row(KINDS[kind], number), _row(KINDS[kind], other or 0)


def _row(what: Kind, number: int) -> Any:
    query = what.model.select()
    if what.model is Teams:
        query = what.model.select(Teams, Leagues).join(Leagues)
    row = query.where(what.model.id == number).first() if number < 2**31 else None
    if row is None:
        abort(HTTPStatus.NOT_FOUND)
    return row


def _others(what: Kind, row: Any) -> Sequence[tuple[int, str]]:
    """What it could be made one with: of a team those of its league."""
    query = what.model.select(what.model.id, what.model.name).where(what.model.id != row.id)
    if what.model is Teams:
        query = query.where(Teams.league == row.league_id)
    return list(query.order_by(what.model.name).limit(CHOICES).tuples())


def _typed(field: str) -> str:
    text: str = request.form.get(field, "").replace("\0", "").strip()
    return text[:300]


def _back(kind: str, number: int) -> Response:
    return redirect(url_for("data.row_page", kind=kind, number=number), HTTPStatus.SEE_OTHER)
