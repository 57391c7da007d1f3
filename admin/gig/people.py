"""gig-benchmark's sign-in: ``/auth/…/``, a slash at the end; our accounts, our passwords, our limits of tries.

What these answer in JSON signs in programs; a browser signs in to the admin (:mod:`admin.gig.front`).
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import TooManyRequests

from admin import accounts, audit, signin, tries
from admin.access import Role
from admin.accounts import CannotBe
from admin.gig import guard, tokens
from admin.gig.asked import body
from admin.gig.odds import zulu
from admin.signing import Person, person_here
from schema.models import now

REQUIRED = "This field is required."
BLANK = "This field may not be blank."
TEXT = "Not a valid string."
NOT_TOKEN = {"detail": "Token is invalid or expired", "code": "token_not_valid"}

Answer = Response | tuple[Response, int]


room = Blueprint("gig_people", __name__, url_prefix="/auth")


@room.post("/register/")
@guard.anybody
def register() -> Answer:
    said = body()
    if wrong := _wrong(said, "username", "password", "password2"):
        return jsonify(wrong), 400
    if said["password"] != said["password2"]:
        return jsonify(password=["Passwords do not match."]), 400
    if not guard.registration_is_open():
        return jsonify(detail="Registration is closed: ask an administrator for an account."), 403
    try:
        person = _registered(said)
    except CannotBe as error:
        return jsonify(_refused(error, said["username"], said["password"])), 400
    return jsonify(_with_tokens(person)), 201


@room.post("/login/")
@guard.anybody
def login() -> Answer:
    said = body()
    if wrong := _wrong(said, "username", "password"):
        return jsonify(wrong), 400
    person = signin.checked(said["username"], said["password"])
    if person is None:
        return jsonify(error="Identifiants incorrects."), 401
    g.person = person
    Person.update(last_login=now()).where(Person.id == person.id).execute()
    audit.note("sign-in", "user", person.username)
    return jsonify(_with_tokens(person))


@room.post("/token/refresh/")
@room.post("/refresh/")
@guard.anybody
def refresh() -> Answer:
    said = body()
    if wrong := _wrong(said, "refresh"):
        return jsonify(wrong), 400
    person = tokens.person_of(said["refresh"], tokens.REFRESH)
    return (jsonify(NOT_TOKEN), 401) if person is None else jsonify(access=tokens.make(person, tokens.ACCESS))


@room.post("/verify/")
@guard.anybody
def verify() -> Answer:
    said = body()
    if wrong := _wrong(said, "token"):
        return jsonify(wrong), 400
    good = any(tokens.person_of(said["token"], kind) for kind in tokens.GOOD_FOR)
    return jsonify({}) if good else (jsonify(NOT_TOKEN), 401)


@room.get("/profile/")
@guard.anybody
def profile() -> Answer:
    person = guard.bearer()
    if person is None:
        raise guard.refused("Authentication credentials were not provided.")
    return jsonify(fields(person))


@room.get("/status")
@guard.anybody
def status() -> Response:
    person = guard.bearer() or person_here()
    return jsonify(loggedIn=person is not None, user=person and fields(person))


def fields(person: Person) -> dict[str, Any]:
    """An account, as gig-benchmark's clients know one: there are users and admins."""
    return {
        "id": person.id,
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": "admin" if Role.of(person.role) is Role.ADMIN else "user",
        "created_at": zulu(person.created_at),
    }


def _with_tokens(person: Person) -> dict[str, Any]:
    return {"user": fields(person), "tokens": tokens.made(person)}


def _registered(said: Mapping[str, Any]) -> Person:
    """A new account, which reads. :raises CannotBe: when it cannot be; :raises TooManyRequests: after too many."""
    address = request.remote_addr or ""
    try:
        # Each hash of a password takes 64 MiB and some time: who makes accounts is held to as many as who guesses.
        begun = tries.begin(f"registrations from {tries.network_of(address)}", address)
    except tries.TooMany as error:
        raise TooManyRequests(retry_after=error.seconds) from None
    names = {name: _text(said.get(name)) for name in ("first_name", "last_name")}
    try:
        return accounts.add(said["username"], said["password"], Role.VIEWER, **names)
    except CannotBe:
        begun.was_right()  # nothing was made
        raise


def _wrong(said: Mapping[str, Any], *names: str) -> dict[str, list[str]]:
    """What is missing or no text, by field."""
    found = {}
    for name in names:
        value = said.get(name)
        if value is None:
            found[name] = [REQUIRED]
        elif not isinstance(value, str):
            found[name] = [TEXT]
        elif not value.strip():
            found[name] = [BLANK]
    return found


def _refused(error: CannotBe, username: str, password: str) -> dict[str, list[str]]:
    """As Django's validators say it."""
    match error.problem:
        case "taken":
            return {"username": ["A user with that username already exists."]}
        case "name":
            letters = "letters, numbers, and @/./+/-/_ characters"
            return {"username": [f"Enter a valid username. This value may contain only {letters}."]}
        case "length" if len(password) < accounts.SHORTEST:
            told = f"This password is too short. It must contain at least {accounts.SHORTEST} characters."
        case "length":
            told = f"Ensure this field has no more than {accounts.LONGEST} characters."
        case _ if accounts.key_of(username) in accounts.key_of(password):
            told = "The password is too similar to the username."
        case _:
            told = "This password is too common."
    return {"password": [told]}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
