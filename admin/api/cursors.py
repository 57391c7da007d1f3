"""Where a list goes on: opaque, signed, and only for the question it was given for."""

import hashlib
import json
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from admin.api.problems import Problem

_PLACES = frozenset({"cursor", "limit"})
"""Parameters that may change from one part of a list to the next."""

_SALT = "cursor-2"
"""Another one when positions are written otherwise: what was given before is none that was given here."""


def after(*position: Any) -> str:
    """The cursor of what follows this position: values that JSON has."""
    return str(_signer().dumps([_question(), *position]))


def position(cursor: str) -> list[Any] | None:
    """Where it stands; ``None`` at the beginning.

    :raises Problem: 400 ``invalid_cursor`` when it is none of ours, or of another question.
    """
    if not cursor:
        return None
    try:
        question, *found = _signer().loads(cursor)
    except (BadSignature, ValueError, TypeError):
        raise Problem(400, "invalid_cursor", "cursor: it is none that was given here; begin without one.") from None
    if question != _question():
        raise Problem(400, "invalid_cursor", "cursor: it is of another question; keep all parameters but limit.")
    return list(found)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=_SALT)


def _question() -> str:
    asked = sorted((name, value) for name, value in request.args.items(multi=True) if name not in _PLACES)
    return hashlib.sha256(json.dumps([request.path, asked]).encode()).hexdigest()[:16]
