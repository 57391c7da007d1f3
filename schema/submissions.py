"""What programs send under keys of their own, so that it counts once however often they send it: the only writer.

Instants are naive UTC.
"""

from datetime import datetime, timedelta

from peewee import Database, IntegrityError

from schema.database import begin_writing
from schema.models import Submissions

KEPT = timedelta(days=30)
"""So long a key is remembered."""
FORGOTTEN_AT_ONCE = 100


class Contradiction(ValueError):
    """The key was used for something else."""


def enter(  # noqa: PLR0917 - all that makes it this one
    database: Database, user_id: int, kind: str, key: str, body_hash: str, made_id: str, at: datetime
) -> Submissions:
    """The one of that key; a new one where there is none, which what is too old makes room for.

    :raises Contradiction: when something else was sent under it.
    """
    row = {
        "user": user_id,
        "kind": kind,
        "key": key,
        "body_hash": body_hash,
        "made_id": made_id,
        "created_at": at,
    }
    same = (Submissions.user == user_id) & (Submissions.kind == kind) & (Submissions.key == key)
    found = _one(database, same)
    if found is None:
        try:
            with database.transaction(begin_writing(database)):
                _forget(database, at - KEPT)
                Submissions.insert(row).execute(database)
        except IntegrityError:
            pass  # another request was quicker
        found = _one(database, same)
    if found is None or found.body_hash != body_hash:
        raise Contradiction(key)
    return found


def settle(database: Database, submission: Submissions, at: datetime) -> None:
    """What was sent is durable."""
    Submissions.update(settled_at=at).where(Submissions.id == submission.id).execute(database)


def _one(database: Database, condition: object) -> Submissions | None:
    return next(iter(Submissions.select().where(condition).execute(database)), None)


def _forget(database: Database, before: datetime) -> None:
    old = Submissions.select(Submissions.id).where(Submissions.created_at < before).limit(FORGOTTEN_AT_ONCE)
    if numbers := [number for (number,) in old.tuples().execute(database)]:
        Submissions.delete().where(Submissions.id.in_(numbers)).execute(database)
