"""Signing in and out, and telling who is there: Flask-Security, over our tables.

A browser's cookie, which is signed, names the account (``fs_uniquifier``) and holds a token of the session; the session
is a row, which can be taken back at any time. Both are looked up in one query.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import Flask, g, request, session
from flask_login import utils as flask_login_utils
from flask_security import PeeweeUserDatastore, Security, UserMixin
from flask_security.core import AnonymousUser
from flask_security.utils import login_user, logout_user
from peewee import Database, Model, PeeweeException

from schema.models import Sessions, Users, now

IDLE = timedelta(hours=12)
"""A session that nobody used for so long is over; what an open page asks by itself is no use of it."""
OLDEST = timedelta(days=30)
"""And every session is, after so long."""
SEEN_EVERY = timedelta(minutes=5)
"""So often it is written down that a session is used."""
TOKEN = "token"  # noqa: S105 - the name of it


class Person(UserMixin, Users):
    """An account, as Flask-Security wants it.

    UserMixin comes first: Peewee's ``get_id`` is the row's number, which no new password and no revocation changes.
    """

    session: Sessions | None = None
    """The one this request belongs to."""

    class Meta:  # noqa: D106 - what a Meta is, Peewee says
        table_name = "users"

    @property
    def roles(self) -> Sequence[Any]:
        """None of Flask-Security's: :mod:`admin.access` says who may do what."""
        return ()


class _Accounts(PeeweeUserDatastore):
    """Peewee's, without the tables of roles that we have no use for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, Person, None, None)


def _is_no_query(record: logging.LogRecord) -> bool:
    """With each query Peewee would log its values: hashes of passwords and of tokens."""
    return record.levelno > logging.DEBUG


def install(app: Flask, database: Database) -> None:
    """Flask-Security, without pages, mails or keys of its own."""
    logging.getLogger("peewee").addFilter(_is_no_query)
    app.config |= {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_SINGLE_HASH": True,  # else a hash could not be read without the key of this installation
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"username": {"mapper": lambda name: name}}],
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SESSION_PROTECTION": None,  # a telephone changes its address all day; what is stolen can be taken back
        "PERMANENT_SESSION_LIFETIME": OLDEST,
    }
    security = Security(app, _Accounts(database), register_blueprint=False)
    # Both would load who is there for each file and each error page. We load it ourselves, where it is asked for.
    security.principal.identity_loaders.clear()
    app.template_context_processors[None].remove(flask_login_utils._user_context_processor)  # noqa: SLF001
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]


def nobody() -> None:
    """From now on nobody is known to be there."""
    g._login_user = AnonymousUser()  # noqa: SLF001 - where Flask-Login keeps who is there


def person_here() -> Person | None:
    """Who this browser signed in as, if the session is still good. One query."""
    if not (uniquifier := session.get("_user_id")) or not (token := session.get(TOKEN)):
        return None
    found = _owner_of(uniquifier, hashed(token))
    if found is None or found.session is None or _is_over(found.session, now()):
        return None
    if not _asks_by_itself():
        _seen(found.session, now())
    g._login_user = found  # noqa: SLF001
    return found


def _owner_of(uniquifier: str, token_hash: str) -> Person | None:
    """The account with that session. Every page asks: Peewee would take longer to write the question than it takes."""
    database: Database = Person._meta.database.obj  # noqa: SLF001 - Peewee's own name for it
    found = database.execute_sql(_question(database.param), (uniquifier, token_hash)).fetchone()
    if found is None:
        return None
    person: Person = _read(Person, found[: len(_PERSON)])
    person.session = _read(Sessions, found[len(_PERSON) :])
    return person


def _read(model: type[Model], values: Sequence[Any]) -> Any:
    """The row that has these values, in the order of its columns."""
    columns = zip(model._meta.sorted_fields, values, strict=True)  # noqa: SLF001
    row: Any = model(**{field.name: field.python_value(value) for field, value in columns})
    row._dirty.clear()  # noqa: SLF001 - it is as it is in the table
    return row


@cache
def _question(_mark: str) -> str:
    """Of a database that marks the place of a value so."""
    query = Person.select(*_PERSON, *_SESSION).join(Sessions, on=Sessions.user == Person.id)
    query = query.where(Person.fs_uniquifier == "", Sessions.token_hash == "", Person.active)
    return str(query.sql()[0])


_PERSON, _SESSION = Person._meta.sorted_fields, Sessions._meta.sorted_fields  # noqa: SLF001


def open_session(user_id: int, *, address: str = "", agent: str = "") -> str:
    """A new session of an account. :returns: its token, which is in no table."""
    token = secrets.token_urlsafe(32)
    Sessions.create(user=user_id, token_hash=hashed(token), address=address[:64], agent=agent[:200])
    return token


def sign_in(person: Person) -> None:
    """From now on this browser is that person's; whatever its cookie held before is forgotten."""
    _forget_session_of_cookie()
    session.clear()
    g.pop("csrf_token", None)
    at = now()
    # Those that are over go when somebody signs in: it is seldom, and writes anyway.
    Sessions.delete().where((Sessions.seen_at < at - IDLE) | (Sessions.created_at < at - OLDEST)).execute()
    login_user(person, remember=False, authn_via=["password"])
    session[TOKEN] = open_session(person.id, address=request.remote_addr or "", agent=str(request.user_agent))
    session.permanent = True
    Person.update(last_login=at).where(Person.id == person.id).execute()


def sign_out() -> None:
    """End this browser's session."""
    _forget_session_of_cookie()
    logout_user()
    session.clear()


def end_sessions(user_id: int) -> None:
    """End all sessions of an account, whatever browser they are in."""
    Users.update(fs_uniquifier=secrets.token_hex(32), updated_at=now()).where(Users.id == user_id).execute()
    Sessions.delete().where(Sessions.user == user_id).execute()


def cookie_of(person: Users, token: str) -> dict[str, Any]:
    """What a browser's cookie holds once it is signed in."""
    return {"_user_id": person.fs_uniquifier, TOKEN: token, "_fresh": True, "fs_paa": time.time()}


def hashed(secret: str) -> str:
    """What is kept of a random secret of ours: long enough that nobody guesses it, so no salt and no patience."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _forget_session_of_cookie() -> None:
    if token := session.get(TOKEN):
        Sessions.delete().where(Sessions.token_hash == hashed(token)).execute()


def _is_over(row: Sessions, at: datetime) -> bool:
    return bool(row.seen_at < at - IDLE or row.created_at < at - OLDEST)


def _asks_by_itself() -> bool:
    """Whether a page asks, and nobody before it: one that is left open would else never be idle. Browsers say so."""
    return request.method in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Dest") == "empty"


def _seen(row: Sessions, at: datetime) -> None:
    if row.seen_at < at - SEEN_EVERY:
        with suppress(PeeweeException):  # the page matters more, and the next request tries again
            Sessions.update(seen_at=at).where(Sessions.id == row.id).execute()
