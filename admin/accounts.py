"""Accounts: made, given a password, a role, ended. Each change is in the audit log, and nobody is locked out for good.

Each function is one transaction.
"""

import re
import secrets
import threading
import unicodedata
from collections.abc import Callable
from typing import Any

from flask_security.utils import hash_password, verify_password
from peewee import IntegrityError

from admin import audit
from admin.access import Role
from admin.signing import Person, end_sessions
from schema.database import is_embedded
from schema.models import Users, now

SHORTEST, LONGEST = 12, 200
"""Letters of a password. Argon2 takes any length; what is sent is bounded."""
AT_ONCE = 4
"""Passwords that are looked at: each takes 64 MiB, and whoever sends them need not have signed in."""
_HASHING = threading.BoundedSemaphore(AT_ONCE)
_NAME = re.compile(r"[\w.@+-]{1,150}")
"""As gig-benchmark's users are called (Django's rule)."""


class CannotBe(Exception):
    """What was asked for cannot be. ``problem``: which rule it breaks; the message says it in English."""

    def __init__(self, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = problem


def key_of(username: str) -> str:
    """What all spellings of a name share."""
    return unicodedata.normalize("NFKC", username.strip()).casefold()


def find(username: str) -> Person | None:
    """The account of that name, however it is spelt, whether it may sign in or not."""
    key = key_of(username)
    return Person.get_or_none(Person.username_key == key) if 0 < len(key) <= 150 else None


def anybody() -> bool:
    """Whether there is an account at all."""
    return bool(Users.select().exists())


def add(username: str, password: str, role: Role, **names: str) -> Person:
    """A new account. :param names: ``first_name``, ``last_name``. :raises CannotBe: when it cannot be."""
    username = unicodedata.normalize("NFKC", username.strip())
    if not _NAME.fullmatch(username) or len(key_of(username)) > 150:
        raise CannotBe("name", "a name has letters, digits and @ . + - _, at most 150")
    check_password(password, username)
    made = {
        "username": username,
        "username_key": key_of(username),
        "role": role.code,
        "password": hash_password(normal(password)),
        "fs_uniquifier": secrets.token_hex(32),
        **{name: value.strip()[:150] for name, value in names.items()},
    }
    with _writing():
        try:
            person: Person = Person.create(**made)
        except IntegrityError:
            raise CannotBe("taken", f"there is an account {username} already") from None
        audit.note("add", "user", person.username, None, seen(person))
    return person


def set_password(person: Person, password: str) -> None:
    """A new password; every session of the account ends. :raises CannotBe: when it is too weak."""
    check_password(password, person.username)
    hashed = hash_password(normal(password))

    def change() -> None:
        Person.update(password=hashed, updated_at=now()).where(Person.id == person.id).execute()
        end_sessions(person.id)

    _changed(person, "password", change)


def set_role(person: Person, role: Role) -> None:
    """:raises CannotBe: for the last who may say who may do what."""

    def change() -> None:
        if role is not Role.ADMIN:
            _spare_the_last_admin(person)
        Person.update(role=role.code, updated_at=now()).where(_is(person)).execute()

    _changed(person, "role", change)


def set_active(person: Person, *, active: bool) -> None:
    """Let somebody sign in again, or no more; then their sessions end. :raises CannotBe: for the last administrator."""

    def change() -> None:
        if not active:
            _spare_the_last_admin(person)
            end_sessions(person.id)
        Person.update(active=active, updated_at=now()).where(_is(person)).execute()

    _changed(person, "activate" if active else "deactivate", change)


def set_names(person: Person, first_name: str, last_name: str) -> None:
    """What the person is called, at most 150 letters each."""
    names = {"first_name": first_name.strip()[:150], "last_name": last_name.strip()[:150]}
    _changed(person, "rename", lambda: Person.update(**names, updated_at=now()).where(_is(person)).execute())


def sign_out_everywhere(person: Person) -> None:
    """Every browser that is signed in with the account has to sign in again."""
    _changed(person, "sign-out-everywhere", lambda: end_sessions(person.id))


def is_right(person: Person | None, password: str) -> bool:
    """Whether that is the password of an account that may sign in. It takes as long where there is no such account."""
    with _HASHING:
        if person is None or not person.password:
            hash_password(normal(password[:LONGEST]))
            return False
        return len(password) <= LONGEST and verify_password(normal(password), person.password) and person.active


def check_password(password: str, username: str) -> None:
    """:raises CannotBe: when it is too short, too long, or what anybody would try first."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise CannotBe("length", f"a password has {SHORTEST} to {LONGEST} letters")
    plain = key_of(password)
    if len(set(plain)) < 5 or key_of(username) in plain or "gigscrapy" in plain:
        raise CannotBe("weak", "a password of few different letters, or with a name in it, is too easily guessed")


def generated() -> str:
    """A password that nobody guesses: 120 random bits."""
    return secrets.token_urlsafe(15)


def normal(password: str) -> str:
    """The same letters are the same password, whatever the keyboard composes them of."""
    return unicodedata.normalize("NFKC", password)


def seen(person: Users) -> dict[str, Any]:
    """What the audit log may say of an account: no hash, nothing that signs in."""
    return {name: getattr(person, name) for name in ("username", "first_name", "last_name", "role", "active")}


def _changed(person: Person, action: str, change: Callable[[], Any]) -> None:
    with _writing():
        before = seen(person)
        change()
        fresh = Person.get_by_id(person.id)
        audit.note(action, "user", person.username, before, seen(fresh))
    for name in ("first_name", "last_name", "role", "active", "password", "fs_uniquifier"):
        setattr(person, name, getattr(fresh, name))


def _spare_the_last_admin(person: Person) -> None:
    others = Person.select().where(Person.role == Role.ADMIN.code, Person.active, Person.id != person.id)
    if not is_embedded(Users._meta.database.obj):  # noqa: SLF001 - the embedded one has one writer anyway
        others = others.for_update()  # of two who depose each other at once, one is told to try again
    if Role.of(person.role) is Role.ADMIN and person.active and not others.exists():
        raise CannotBe("last", f"{person.username} is the last administrator: make another first")


def _is(person: Person) -> Any:
    return Person.id == person.id


def _writing() -> Any:
    return audit.together(Users._meta.database.obj)  # noqa: SLF001 - Peewee's own word
