"""The audit log: who changed what, when, and what was there before and after.

Note a change in the transaction that makes it, where there is one::

    with audit.together(database):
        schedules.remove(database, row.id)
        audit.note("remove", "schedule", row.name, row, None)
"""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from flask import g, has_request_context, request
from peewee import Database, Model

from admin.access import who
from schema.database import begin_writing
from schema.models import AuditLog

BY_HAND = "command line"
"""Who changed what no request did."""
REQUEST_ID = 32
LONGEST = 16_000
"""Letters of what is kept of a state; a longer one is cut, and says so."""
SECRET = ("password", "token", "secret", "key_hash", "fs_uniquifier", "url")
"""Fields whose names have one of these words are kept as what they are not: ``***``."""

State = Mapping[str, Any] | Model | None


def together(database: Database) -> AbstractContextManager[Any]:
    """One transaction: the change and its note stand or fall together."""
    return database.atomic(begin_writing(database))


def note(
    action: str,
    object_type: str,
    object_id: object,
    before: State = None,
    after: State = None,
    *,
    by: str | None = None,
) -> None:
    """Write that who is there did that.

    :param action: a verb (``add``, ``change``, ``remove``, ``cancel``); :param object_type: ``schedule``, ``run``, …;
        :param object_id: what people know it by; :param before, after: its fields, or its row; ``None``: not there.
    :param by: whose change it is, where it ends after their request was answered.
    """
    AuditLog.insert(
        actor=by or ((who() or "nobody") if has_request_context() else BY_HAND),
        address=(request.remote_addr or "")[:64] if has_request_context() else None,
        action=action,
        object_type=object_type,
        object_id=None if object_id is None else str(object_id)[:200],
        before=written(before),
        after=written(after),
        request_id=_request_id() if has_request_context() else None,
        program=g.get("program") if has_request_context() else None,
    ).execute()


def written(state: State) -> str | None:
    """A state as JSON, its secrets hidden."""
    if state is None:
        return None
    fields = dict(state.__data__) if isinstance(state, Model) else dict(state)
    hidden = {name: "***" if _is_secret(name) and value else value for name, value in fields.items()}
    text = json.dumps(hidden, default=_plain, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else json.dumps({"cut": text[: LONGEST // 2]}, ensure_ascii=False)


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET)


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | Model) else repr(value)


def _request_id() -> str:
    if "request_id" not in g:
        g.request_id = uuid4().hex
    return str(g.request_id)[:REQUEST_ID]  # a program may bring a longer one
