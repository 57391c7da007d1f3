"""One's own account: what one is called, the password, where one is signed in, keys for programs."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from flask import Blueprint, abort, flash, g, get_flashed_messages, redirect, render_template, request, session, url_for
from peewee import Database
from werkzeug import Response

from admin import accounts, audit, keys, signing, tries
from admin.access import Role, here, needs
from admin.accounts import CannotBe
from admin.formats import DASH
from admin.signin import checked, safe
from admin.signing import TOKEN, Person, hashed
from admin.words import Phrase, say
from schema.models import Sessions

PROBLEMS: Mapping[str, Phrase] = {
    "name": Phrase("Un nom de compte : des lettres, des chiffres et @ . + - _, au plus 150."),
    "taken": Phrase("Ce nom de compte est déjà pris."),
    "length": Phrase("Un mot de passe a de 12 à 200 caractères."),
    "weak": Phrase("Trop facile à deviner : peu de caractères différents, ou un nom dedans."),
    "last": Phrase("C'est le dernier administrateur : nommez-en d'abord un autre."),
    "differ": Phrase("Les deux nouveaux mots de passe diffèrent."),
    "wrong": Phrase("Ce n'est pas votre mot de passe actuel."),
    "key name": Phrase("Donnez un nom à la clé, pour la reconnaître."),
    "key scopes": Phrase("Choisissez ce que la clé permet."),
    "key many": Phrase("Ce compte a déjà 20 clés : révoquez-en une."),
}
"""What cannot be, in words."""

SESSIONS_SHOWN = 50
_BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


class Window(NamedTuple):
    """A browser that is signed in. ``current``: the one that asks."""

    row: Sessions
    name: str
    current: bool


def addresses(_database: Database) -> Blueprint:
    """``/account/`` and what is done there."""
    blueprint = Blueprint("account", __name__, url_prefix="/account")
    for rule, view, method in (
        ("/", index, "GET"),
        ("/names", rename, "POST"),
        ("/password", change_password, "POST"),
        ("/keys/new", new_key, "POST"),
        ("/keys/revoke", revoke_key, "POST"),
        ("/sessions/end", end_session, "POST"),
        ("/sessions/end-all", end_all, "POST"),
        ("/confirm/", confirm, "GET"),
        ("/confirm/", confirmed, "POST"),
    ):
        blueprint.add_url_rule(rule, view_func=view, methods=(method,))
    return blueprint


@needs(Role.VIEWER)
def index() -> str:
    return _page()


@needs(Role.VIEWER)
def rename() -> Response:
    accounts.set_names(_me(), request.form.get("first_name", ""), request.form.get("last_name", ""))
    return _told(say("Votre nom est enregistré."))


@needs(Role.VIEWER)
def change_password() -> Response | tuple[str, int]:
    try:
        _change_password(_me())
    except CannotBe as error:
        return _page(wrong=("password", error.problem)), HTTPStatus.UNPROCESSABLE_ENTITY
    return _told(say("Votre mot de passe est changé ; les autres navigateurs sont déconnectés."))


@needs(Role.VIEWER, fresh=True)
def new_key() -> tuple[str, int]:
    try:
        secret = keys.add(_me(), request.form.get("name", ""), request.form.getlist("scope"))
    except keys.NoKey as error:
        return _page(wrong=("key", f"key {error.problem}")), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(secret=secret), HTTPStatus.OK


@needs(Role.VIEWER)
def revoke_key() -> Response:
    row = keys.revoke(_me(), number_of(request.form.get("id", "")))
    if row is None:
        abort(HTTPStatus.NOT_FOUND)
    return _told(say("La clé « {name} » est révoquée.", name=row.name))


@needs(Role.VIEWER)
def end_session() -> Response:
    me, number = _me(), number_of(request.form.get("id", ""))
    if not Sessions.delete().where(Sessions.id == number, Sessions.user == me.id).execute():
        abort(HTTPStatus.NOT_FOUND)
    audit.note("end", "session", number)
    return _told(say("Ce navigateur est déconnecté."))


@needs(Role.VIEWER)
def end_all() -> Response:
    accounts.sign_out_everywhere(_me())
    signing.sign_out()
    return redirect(url_for("signing.sign_in"), HTTPStatus.SEE_OTHER)


@needs(Role.VIEWER)
def confirm() -> str:
    return render_template("people/confirm.html", wanted=safe(request.args.get("next", "")), refused=False)


@needs(Role.VIEWER)
def confirmed() -> Response | tuple[str, int]:
    wanted = safe(request.form.get("next", ""))
    if checked(_me().username, request.form.get("password", "")) is None:
        page = render_template("people/confirm.html", wanted=wanted, refused=True)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    session["fs_paa"] = time.time()
    return redirect(wanted, HTTPStatus.SEE_OTHER)


def number_of(text: str) -> int:
    """A row's number as a form sends it; 0, which no row has, where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def windows(person: Person) -> list[Window]:
    """The browsers that are signed in, the last used first."""
    current = hashed(session.get(TOKEN, ""))
    mine = Sessions.select().where(Sessions.user == person.id).order_by(Sessions.seen_at.desc()).limit(SESSIONS_SHOWN)
    return [Window(row, browser_of(row.agent), row.token_hash == current) for row in mine]


def browser_of(agent: str) -> str:
    """``Firefox, Linux``; what the browser says of itself where that is neither."""
    names = {"Edg": "Edge", "OPR": "Opera", "Mac OS": "macOS"}
    found = (next((name for name in known if name in agent), None) for known in (_BROWSERS, _SYSTEMS))
    return ", ".join(names.get(name, name) for name in found if name) or agent[:40] or DASH


def _change_password(me: Person) -> None:
    """:raises CannotBe: when it cannot be changed so; :raises TooManyRequests: after too many wrong ones."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise CannotBe("differ", "the two differ")
    accounts.check_password(new, me.username)
    if checked(me.username, request.form.get("current", "")) is None:
        raise CannotBe("wrong", "the current password is another")
    accounts.set_password(me, new)
    signing.sign_in(me)
    tries.forgive(me.username)


def _page(*, wrong: tuple[str, str] | None = None, secret: str | None = None) -> str:
    me = _me()
    return render_template(
        "people/account.html",
        me=me,
        told=get_flashed_messages(),
        wrong=wrong and (wrong[0], PROBLEMS[wrong[1]]),
        secret=secret,
        keys=keys.of(me),
        scopes={scope: keys.SCOPES[scope][1] for scope in keys.allowed(me)},
        windows=windows(me),
    )


def _told(sentence: str) -> Response:
    flash(sentence)
    return redirect(url_for("account.index"), HTTPStatus.SEE_OTHER)


def _me() -> Person:
    person = here()
    assert person is not None, "the guard lets nobody else in"
    g.person = person
    return person
