"""The team: who may sign in, as what; and the audit log, which says who changed what."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, get_flashed_messages, redirect, render_template, request, url_for
from peewee import Database
from werkzeug import Response

from admin import accounts, tries
from admin.access import Role, needs
from admin.accounts import CannotBe
from admin.labels import COLUMNS
from admin.pages.account import PROBLEMS
from admin.signing import Person
from admin.words import Phrase, say
from schema.instants import PARIS, naive
from schema.models import AuditLog, Users

ACTIONS: Mapping[str, Phrase] = {
    "activate": Phrase("réactivé"),
    "add": Phrase("ajouté"),
    "ask": Phrase("demandé"),
    "cancel": Phrase("arrêté"),
    "change": Phrase("modifié"),
    "deactivate": Phrase("désactivé"),
    "end": Phrase("déconnecté"),
    "follow": Phrase("suivi"),
    "import": Phrase("import lancé"),
    "imported": Phrase("importé"),
    "ingest": Phrase("cotes reçues"),
    "merge": Phrase("fusionné"),
    "mute": Phrase("mis en sourdine"),
    "password": Phrase("nouveau mot de passe"),
    "remove": Phrase("supprimé"),
    "rename": Phrase("renommé"),
    "replay": Phrase("rejoué"),
    "resend": Phrase("renvoyé"),
    "revoke": Phrase("révoqué"),
    "role": Phrase("rôle changé"),
    "sign-in": Phrase("s'est connecté"),
    "sign-out": Phrase("s'est déconnecté"),
    "sign-out-everywhere": Phrase("déconnecté partout"),
    "switch": Phrase("activé ou désactivé"),
    "test": Phrase("essayé"),
    "unfollow": Phrase("n'est plus suivi"),
    "withdraw": Phrase("demande retirée"),
}
OBJECTS: Mapping[str, Phrase] = {
    "alert rule": Phrase("règle d'alerte"),
    "bookmaker": Phrase("bookmaker"),
    "bookmaker alias": Phrase("alias de bookmaker"),
    "channel": Phrase("canal"),
    "dead letters": Phrase("messages refusés"),
    "file": Phrase("fichier"),
    "key": Phrase("clé"),
    "layout": Phrase("mise en page"),
    "league": Phrase("ligue"),
    "match": Phrase("match"),
    "run": Phrase("relevé"),
    "schedule": Phrase("planification"),
    "session": Phrase("session"),
    "task": Phrase("tâche"),
    "team": Phrase("équipe"),
    "team alias": Phrase("alias d'équipe"),
    "user": Phrase("compte"),
    "webhook": Phrase("webhook"),
    "webhook delivery": Phrase("envoi de webhook"),
}
"""What the audit log's words are called; one that is not here is shown as it is."""
FIELDS: Mapping[str, Phrase] = {
    **{name: Phrase(label) for name, label in COLUMNS.items()},
    "at_least": Phrase("Bookmakers, au moins"),
    "calm_minutes": Phrase("Calme (min)"),
    "channels": Phrase("Canaux"),
    "cooldown_minutes": Phrase("Répétition (min)"),
    "direction": Phrase("Sens"),
    "first_name": Phrase("Prénom"),
    "kind": Phrase("Genre de règle"),
    "last_name": Phrase("Nom de famille"),
    "margin": Phrase("Marge de retour"),
    "max_age_minutes": Phrase("Âge maximal d'un prix (min)"),
    "of": Phrase("Autre nom de"),
    "quiet_from": Phrase("Heures calmes, de"),
    "role": Phrase("Rôle"),
    "scopes": Phrase("Permet"),
    "shown": Phrase("Clé"),
    "threshold": Phrase("Seuil"),
    "username": Phrase("Nom de compte"),
}
"""What the fields of what changed are called; one that is not here is shown as it is."""
SHOWN = 500
PAGE = 50
"""Notes of the audit log on a page."""


class Difference(NamedTuple):
    """A field that a change changed, as text; empty where there was none."""

    field: str
    before: str
    after: str


class Narrowed(NamedTuple):
    """What of the audit log is asked for; empty: all. ``day`` is one of Paris; ``older``: notes before that number."""

    actor: str
    object_type: str
    object_id: str
    day: str
    older: str

    @classmethod
    def read(cls) -> "Narrowed":
        return cls(*(request.args.get(name, "").replace("\0", "").strip()[:200] for name in cls._fields))

    def arguments(self, **changes: Any) -> dict[str, str]:
        return {name: str(value) for name, value in (self._asdict() | changes).items() if value}


def addresses(_database: Database) -> Blueprint:
    """``/team/``, ``/team/<id>/`` and ``/team/audit/``."""
    blueprint = Blueprint("team", __name__, url_prefix="/team")
    admins = needs(Role.ADMIN, fresh=True)

    @blueprint.get("/")
    @admins
    def index() -> str:
        return _team()

    @blueprint.post("/new")
    @admins
    def new() -> tuple[str, int]:
        password = accounts.generated()
        form = request.form
        typed = {name: form.get(name, "") for name in ("username", "first_name", "last_name", "role")}
        names = {name: typed[name] for name in ("first_name", "last_name")}
        try:
            person = accounts.add(typed["username"], password, _role_of(typed["role"]), **names)
        except CannotBe as error:
            return _team(typed=typed, wrong=PROBLEMS[error.problem]), HTTPStatus.UNPROCESSABLE_ENTITY
        return _person(person, password=password), HTTPStatus.CREATED

    @blueprint.get("/<int:number>/")
    @admins
    def person(number: int) -> str:
        return _person(_of_number(number))

    @blueprint.post("/<int:number>/role")
    @admins
    def role(number: int) -> Response | tuple[str, int]:
        wanted = _role_of(request.form.get("role", ""))
        return _done(number, lambda person: accounts.set_role(person, wanted), say("Le rôle est changé."))

    @blueprint.post("/<int:number>/active")
    @admins
    def active(number: int) -> Response | tuple[str, int]:
        on = "on" in request.form
        told = say("Le compte est réactivé.") if on else say("Le compte est désactivé et déconnecté partout.")
        return _done(number, lambda person: accounts.set_active(person, active=on), told)

    @blueprint.post("/<int:number>/password")
    @admins
    def password(number: int) -> str:
        person, made = _of_number(number), accounts.generated()
        accounts.set_password(person, made)
        tries.forgive(person.username)
        return _person(person, password=made)

    @blueprint.post("/<int:number>/sign-out")
    @admins
    def sign_out(number: int) -> Response | tuple[str, int]:
        return _done(number, accounts.sign_out_everywhere, say("Le compte est déconnecté partout."))

    @blueprint.get("/audit/")
    @admins
    def audit() -> str:
        asked = Narrowed.read()
        notes, wrong = read_notes(asked)
        more = len(notes) > PAGE
        return render_template(
            "people/audit.html",
            asked=asked,
            notes=[(note, differences(note)) for note in notes[:PAGE]],
            fields=FIELDS,
            wrong=wrong,
            actions=ACTIONS,
            objects=OBJECTS,
            older=_audit_address(asked, older=str(notes[PAGE - 1].id)) if more else None,
            newest=_audit_address(asked) if asked.older else None,
        )

    return blueprint


def _audit_address(asked: Narrowed, *, older: str = "") -> str:
    arguments: dict[str, Any] = asked.arguments(older=older)
    return url_for("team.audit", **arguments)


def read_notes(asked: Narrowed) -> tuple[list[AuditLog], bool]:
    """One more than a page of them, the newest first; and whether the day is none.

    A day is turned into numbers of notes, by the index of their instants: numbers and instants grow together.
    """
    query = AuditLog.select().order_by(AuditLog.id.desc()).limit(PAGE + 1)
    for column, value in ((AuditLog.actor, asked.actor), (AuditLog.object_type, asked.object_type)):
        if value:
            query = query.where(column == value)
    if asked.object_id:
        query = query.where(AuditLog.object_id == asked.object_id)
    if asked.older:
        query = query.where(AuditLog.id < _number(asked.older))
    if not asked.day:
        return list(query), False
    try:
        begins, ends = bounds(asked.day)
    except ValueError:
        return [], True
    first = AuditLog.select(AuditLog.id).where(AuditLog.at >= begins).order_by(AuditLog.at, AuditLog.id).limit(1)
    last = AuditLog.select(AuditLog.id).where(AuditLog.at < ends).order_by(AuditLog.at.desc(), AuditLog.id.desc())
    low, high = first.scalar(), last.limit(1).scalar()
    if low is None or high is None or low > high:
        return [], False
    return list(query.where(AuditLog.id.between(low, high))), False


def bounds(day: str) -> tuple[datetime, datetime]:
    """Where a day of Paris begins and ends, as the tables have it. :raises ValueError: when it is none."""
    begins = date.fromisoformat(day)
    if not 2000 <= begins.year < 2100:
        raise ValueError(day)
    midnights = (datetime(each.year, each.month, each.day, tzinfo=PARIS) for each in (begins, begins + timedelta(1)))
    first, last = midnights
    return naive(first), naive(last)


def differences(note: AuditLog) -> list[Difference]:
    """What is not the same before and after, field by field."""
    before, after = _read(note.before), _read(note.after)
    fields = [*before, *(name for name in after if name not in before)]
    found = (Difference(name, _plain(before.get(name)), _plain(after.get(name))) for name in fields)
    return [each for each in found if each.before != each.after]


def _read(text: str | None) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {"": found}


def _plain(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return say("oui") if value else say("non")
    return json.dumps(value, ensure_ascii=False)


def _team(*, typed: Mapping[str, str] | None = None, wrong: Phrase | None = None) -> str:
    everybody = list(Users.select().order_by(Users.active.desc(), Users.username_key).limit(SHOWN))
    return render_template(
        "people/team.html",
        everybody=everybody,
        typed=typed or {"role": "viewer"},
        wrong=wrong,
        told=get_flashed_messages(),
    )


def _person(person: Person, *, password: str | None = None, wrong: Phrase | None = None) -> str:
    return render_template(
        "people/person.html",
        person=person,
        password=password,
        wrong=wrong,
        told=get_flashed_messages(),
    )


def _done(number: int, change: Callable[[Person], None], told: str) -> Response | tuple[str, int]:
    person = _of_number(number)
    try:
        change(person)
    except CannotBe as error:
        return _person(person, wrong=PROBLEMS[error.problem]), HTTPStatus.CONFLICT
    flash(told)
    return redirect(url_for("team.person", number=number), HTTPStatus.SEE_OTHER)


def _of_number(number: int) -> Person:
    """:raises NotFound: when nobody has it."""
    person = Person.get_or_none(Person.id == number) if number < 2**31 else None
    if person is None:
        abort(HTTPStatus.NOT_FOUND)
    return person


def _role_of(name: str) -> Role:
    """:raises BadRequest: when the form sent none."""
    if name not in Role.names():
        abort(HTTPStatus.BAD_REQUEST)
    return Role.of(name)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
