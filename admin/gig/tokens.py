"""gig-benchmark's tokens: JWT, signed with a key of this installation, good for an hour, renewed for a week.

Each is bound to the account's sessions: what ends all of these ends its tokens, too.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from flask import current_app

from admin.signing import Person

ACCESS, REFRESH = "access", "refresh"
GOOD_FOR = {ACCESS: timedelta(hours=1), REFRESH: timedelta(days=7)}
ALGORITHM = "HS256"
CLAIMS = ["exp", "iat", "jti", "token_type", "user_id", "session"]


def made(person: Person) -> dict[str, str]:
    """Both, new."""
    return {kind: make(person, kind) for kind in (REFRESH, ACCESS)}


def make(person: Person, kind: str) -> str:
    """A new one of that kind."""
    at = datetime.now(UTC)
    claims = {
        "token_type": kind,
        "exp": at + GOOD_FOR[kind],
        "iat": at,
        "jti": uuid4().hex,
        "user_id": person.id,
        "session": _session_of(person),
    }
    return jwt.encode(claims, _key(), ALGORITHM)


def person_of(token: str, kind: str) -> Person | None:
    """Whose it is, while it is good. One query."""
    try:
        claims: dict[str, Any] = jwt.decode(token, _key(), [ALGORITHM], options={"require": CLAIMS})
    except jwt.InvalidTokenError:
        return None
    if claims["token_type"] != kind or not isinstance(claims["user_id"], int):
        return None
    person = Person.get_or_none(Person.id == claims["user_id"], Person.active)
    if person is None or not hmac.compare_digest(str(claims["session"]), _session_of(person)):
        return None
    return person


def _session_of(person: Person) -> str:
    """What tells the account's sessions from those before they were all ended, and opens none."""
    return hmac.new(_key(), person.fs_uniquifier.encode(), hashlib.sha256).hexdigest()[:32]


def _key() -> bytes:
    """Of tokens alone: what signs them signs no cookie."""
    secret = current_app.secret_key
    assert secret
    return hmac.new(
        secret if isinstance(secret, bytes) else secret.encode(), b"gig-benchmark tokens", "sha256"
    ).digest()
