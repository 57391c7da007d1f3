"""Keys: what programs sign in with. A key is shown once, when it is made; what is kept opens nothing.

``Authorization: Bearer gig_…`` names it. It may do what its scopes say, and no more than its account may.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from admin import audit
from admin.access import Role
from admin.signing import Person, hashed
from admin.words import Phrase
from schema.models import ApiKeys, Users, now

SCOPES: Mapping[str, tuple[Role, Phrase]] = {
    "read": (Role.VIEWER, Phrase("Lire les cotes, les matchs et les relevés")),
    "export": (Role.VIEWER, Phrase("Exporter des listes entières")),
    "jobs": (Role.OPERATOR, Phrase("Demander et arrêter des relevés")),
    "ingest": (Role.OPERATOR, Phrase("Envoyer des cotes")),
}
"""What a key may be for, with the role it takes."""
MOST = 20
"""Keys of one account that are good at the same time."""
USED_EVERY = timedelta(minutes=1)
"""So often it is written down that a key is used."""
_BEGIN = "gig_"


class NoKey(Exception):
    """A key cannot be made so. ``problem``: ``name``, ``scopes`` or ``many``."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def allowed(person: Users) -> list[str]:
    """The scopes that a key of that account may have."""
    return [scope for scope, (role, _) in SCOPES.items() if Role.of(person.role) >= role]


def add(person: Person, name: str, scopes: Collection[str]) -> str:
    """A new key. :returns: the key itself, which nobody can show again. :raises NoKey: when it cannot be."""
    name = name.strip()[:100]
    if not name:
        raise NoKey("name")
    if not scopes or not set(scopes) <= set(allowed(person)):
        raise NoKey("scopes")
    secret = _BEGIN + secrets.token_urlsafe(32)
    row = {
        "name": name,
        "shown": secret[: len(_BEGIN) + 6],
        "scopes": " ".join(scope for scope in SCOPES if scope in scopes),
    }
    with audit.together(ApiKeys._meta.database.obj):  # noqa: SLF001 - Peewee's own word
        if ApiKeys.select().where(ApiKeys.user == person.id, ApiKeys.revoked_at.is_null()).count() >= MOST:
            raise NoKey("many")
        ApiKeys.create(user=person.id, key_hash=hashed(secret), **row)
        audit.note("add", "key", row["shown"], None, row)
    return secret


def revoke(person: Person, key_id: int) -> ApiKeys | None:
    """End a key of that account, at once and for good. :returns: it; ``None`` where it has no such good key."""
    with audit.together(ApiKeys._meta.database.obj):  # noqa: SLF001
        row = ApiKeys.get_or_none(ApiKeys.id == key_id, ApiKeys.user == person.id, ApiKeys.revoked_at.is_null())
        if row is not None:
            ApiKeys.update(revoked_at=now()).where(ApiKeys.id == row.id).execute()
            audit.note("revoke", "key", row.shown, {"name": row.name, "scopes": row.scopes})
    return row


def of(person: Users) -> Sequence[ApiKeys]:
    """The good ones of an account, the newest first."""
    mine = ApiKeys.select().where(ApiKeys.user == person.id, ApiKeys.revoked_at.is_null())
    return list(mine.order_by(ApiKeys.id.desc()).limit(MOST))


def opened_by(secret: str) -> tuple[Person, frozenset[str]] | None:
    """Whose key it is and what it may do now; ``None``: nobody's, or no more. One query, and seldom a second."""
    if not secret.startswith(_BEGIN) or len(secret) > 100:
        return None
    found = (
        Person.select(Person, ApiKeys)
        .join(ApiKeys, on=(ApiKeys.user == Person.id).alias("key"))
        .where(ApiKeys.key_hash == hashed(secret), ApiKeys.revoked_at.is_null(), Person.active)
    ).first()
    if found is None:
        return None
    if found.key.last_used_at is None or found.key.last_used_at < now() - USED_EVERY:
        ApiKeys.update(last_used_at=now()).where(ApiKeys.id == found.key.id).execute()
    return found, frozenset(found.key.scopes.split()) & frozenset(allowed(found))


def still_opens(number: int) -> bool:
    """Whether the key of this number was not taken back, and its owner's account is in use. One query."""
    found = Person.select(Person.id).join(ApiKeys, on=(ApiKeys.user == Person.id))
    return bool(found.where(ApiKeys.id == number, ApiKeys.revoked_at.is_null(), Person.active).exists())
