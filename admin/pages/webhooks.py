"""``/webhooks/``: addresses of programs that are told what happens, and what became of each message."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from peewee import Database
from werkzeug.wrappers import Response

from admin import audit
from admin.access import Role, here, may, needs
from admin.alerting import listing
from admin.alerting.vault import BadKey, open_vault
from admin.api.rooms.webhooks import a_test
from admin.webhooks import hooks
from admin.words import Phrase, say
from gigscrapy.onlyone import ALERTING, is_taken
from schema import webhooks
from schema.models import Leagues, Matches, now
from schema.webhooks import CLOSED, ODDS, OPENED, RUN

KIND_NAMES = {
    ODDS: Phrase("Cotes changées"),
    OPENED: Phrase("Alerte ouverte"),
    CLOSED: Phrase("Alerte close"),
    RUN: Phrase("Relevé terminé"),
    webhooks.SNAPSHOT: Phrase("Tout redemander"),
    webhooks.TEST: Phrase("Essai"),
}
WHY_OFF = {
    webhooks.FAILING: Phrase("rien n'a été pris pendant 24 heures"),
    webhooks.BACKLOG: Phrase("mille messages attendaient"),
    webhooks.GONE: Phrase("l'adresse a répondu 410 : plus rien"),
}
WHY_NOT = {
    "unreadable": Phrase("Cette adresse ne se lit pas : https://exemple.fr/appel, sans mot de passe ni #."),
    "scheme": Phrase("En https seulement ; sans TLS, vers ce que nomme ALERT_PRIVATE_HOSTS."),
    "private": Phrase("Cette adresse est privée ; ALERT_PRIVATE_HOSTS nomme celles qui sont permises."),
    "name": Phrase("Un webhook a un nom et dit au moins une chose."),
    "match": Phrase("Ce match n'existe pas."),
    "league": Phrase("Cette ligue n'existe pas."),
    "many": Phrase("Ce compte a déjà 20 webhooks : retirez-en un."),
    "vault": Phrase("Le secret ne peut être gardé : le journal du serveur dit pourquoi."),
}
SHOWN = 30
"""Messages of one page."""


class Cannot(Exception):
    """A hook cannot be so. ``problem``: a word of :data:`WHY_NOT`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def addresses(database: Database) -> Blueprint:
    """The pages of hooks."""
    blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
    Desk(database).add_to(blueprint)
    return blueprint


class Desk:
    """One's own hooks; an administrator sees everybody's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_to(self, blueprint: Blueprint) -> None:
        operator, fresh = needs(Role.OPERATOR), needs(Role.OPERATOR, fresh=True)
        blueprint.get("/")(operator(self.index))
        blueprint.post("/")(fresh(self.add))
        blueprint.get("/<int:number>/")(operator(self.details))
        blueprint.post("/<int:number>/test")(operator(self.test))
        blueprint.post("/<int:number>/switch")(operator(self.switch))
        blueprint.post("/<int:number>/remove")(operator(self.remove))
        blueprint.post("/<int:number>/resend")(operator(self.resend))

    def index(self) -> str:
        return self._page()

    def add(self) -> str | tuple[str, int]:
        """A new one; the page shows its secret, once."""
        try:
            values = self._values()
            secret = hooks.new_secret()
            values |= {"secret": _locked(secret), "shown": hooks.shown(secret)}
            with audit.together(self._database):
                row = webhooks.add(self._database, _me(), values)
                audit.note("add", "webhook", row.id, None, row)
        except webhooks.TooMany:
            return self._page(wrong="many"), HTTPStatus.UNPROCESSABLE_ENTITY
        except Cannot as error:
            return self._page(wrong=error.problem), HTTPStatus.UNPROCESSABLE_ENTITY
        return self._page(secret=secret)

    def details(self, number: int) -> str:
        """What it was told, the newest first."""
        row = self._row(number)
        before = request.args.get("before", "")
        place = int(before) if before.isdecimal() and len(before) < 15 else None
        found = webhooks.deliveries(self._database, number, SHOWN, before=place)
        shown = found[:SHOWN]
        return render_template(
            "webhooks/details.html",
            hook=row,
            deliveries=shown,
            older=shown[-1].id if len(found) > len(shown) else None,
            newest=place is None,
            **self._shared(),
        )

    def test(self, number: int) -> Response:
        """Has a message sent; the page tells what became of it."""
        row = self._row(number)
        if not row.enabled:
            flash(say("Ce webhook est arrêté : activez-le d'abord."))
            return _to(number)
        with audit.together(self._database):
            webhooks.ask(self._database, a_test(number), at=now())
            audit.note("test", "webhook", number)
        flash(say("L'essai part dans un instant ; rechargez la page pour voir s'il est pris."))
        return _to(number)

    def switch(self, number: int) -> Response:
        """On or off."""
        row, on = self._row(number), request.form.get("on") == "1"
        with audit.together(self._database):
            webhooks.change(self._database, number, {"enabled": on})
            audit.note("change", "webhook", number, {"enabled": row.enabled}, {"enabled": on})
        return _to(number)

    def remove(self, number: int) -> Response:
        """Only where its name is typed."""
        row = self._row(number)
        if request.form.get("typed", "").strip() != row.name:
            flash(say("Rien n'est retiré : écrivez le nom du webhook, « {name} ».", name=row.name))
            return _to(number)
        with audit.together(self._database):
            webhooks.remove(self._database, number)
            audit.note("remove", "webhook", number, row, None)
        flash(say("Le webhook « {name} » est retiré.", name=row.name))
        return redirect(url_for("webhooks.index"), HTTPStatus.SEE_OTHER)

    def resend(self, number: int) -> Response:
        """A message once more, under the number it had."""
        self._row(number)
        asked = request.form.get("delivery", "")
        delivery = int(asked) if asked.isdecimal() and len(asked) < 15 else 0
        with audit.together(self._database):
            if not webhooks.send_again(self._database, number, delivery):
                abort(HTTPStatus.NOT_FOUND)
            audit.note("resend", "webhook delivery", delivery)
        flash(say("Le message repart dans un instant."))
        return _to(number)

    # -- how -----------------------------------------------------------------------------------------------------------

    def _page(self, *, wrong: str | None = None, secret: str | None = None) -> str:
        rows = webhooks.of(self._database, None if may(Role.ADMIN) else _me())
        return render_template(
            "webhooks/index.html",
            hooks=rows,
            last=webhooks.last_of(self._database, [row.id for row in rows]) if rows else {},
            wrong=wrong and WHY_NOT[wrong],
            secret=secret,
            filled=request.form if wrong else {},
            chosen=request.form.getlist("kind") if wrong else [ODDS],
            kinds={kind: KIND_NAMES[kind] for kind in webhooks.KINDS},
            leagues=listing.choices(Leagues),
            **self._shared(),
        )

    def _shared(self) -> dict[str, Any]:
        home = Path(current_app.config["SETTINGS"]["GIGSCRAPY_HOME"])
        return {"kind_names": KIND_NAMES, "why_off": WHY_OFF, "runs": is_taken(self._database, home, ALERTING)}

    def _row(self, number: int) -> Any:
        row: Any = webhooks.find(self._database, number)
        if row is None or (row.user_id != _me() and not may(Role.ADMIN)):
            abort(HTTPStatus.NOT_FOUND)
        return row

    def _values(self) -> dict[str, Any]:
        """What the form says. :raises Cannot: where it cannot be."""
        name = request.form.get("name", "").strip()[:100]
        kinds = [kind for kind in webhooks.KINDS if kind in request.form.getlist("kind")]
        if not name or not kinds:
            raise Cannot("name")
        try:
            allowed = str(current_app.config["SETTINGS"]["ALERT_PRIVATE_HOSTS"])
            url = hooks.check(request.form.get("address", "").strip(), allowed)
        except hooks.BadHook as error:
            raise Cannot(error.code) from None
        league, match = _chosen("league", Leagues), _chosen("match", Matches)
        return {"name": name, "url": url, "kinds": " ".join(kinds), "league": league, "match": match}


def _chosen(name: str, table: Any) -> int | None:
    """The number of a row that is there; ``None`` where none is chosen. :raises Cannot: when it is not there."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not table.select(table.id).where(table.id == number).exists():
        raise Cannot(name)
    return number


def _locked(secret: str) -> bytes:
    try:
        return open_vault(Path(current_app.config["SETTINGS"]["GIGSCRAPY_HOME"])).lock(secret)
    except (BadKey, OSError) as error:
        current_app.logger.error("no secret can be kept: %s", error)  # noqa: TRY400 - the sentence says it all
        raise Cannot("vault") from None


def _to(number: int) -> Response:
    return redirect(url_for("webhooks.details", number=number), HTTPStatus.SEE_OTHER)


def _me() -> int:
    person = here()
    assert person is not None, "the guard lets nobody else in"
    return int(person.id)
