"""``Idempotency-Key``: what is sent twice under one key counts once."""

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from flask import Response, request

from admin.api import at
from admin.api.guard import key_owner
from admin.api.problems import Problem
from schema import submissions
from schema.models import Submissions, now
from schema.submissions import Contradiction

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 128
PATTERN = r"^[\x21-\x7E]{1,128}$"
PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": PATTERN},
    "description": "Of yours: what is sent again under it is done once; another body under it is answered 409.",
}


def key_of_request() -> str | None:
    """The key this request brought. :raises Problem: 422 when it is none."""
    key = request.headers.get(HEADER)
    if key is not None and not is_key(key):
        detail = f"{HEADER}: up to {LONGEST} visible characters of ASCII"
        raise Problem(422, "invalid", detail, errors={HEADER: [detail]})
    return key


def is_key(text: str) -> bool:
    """Whether it can be a key."""
    return bool(re.fullmatch(PATTERN.strip("^$"), text))


def hash_of(sent: Any) -> str:
    """What a body is known by, however its JSON was written."""
    return hashlib.blake2b(json.dumps(sent, sort_keys=True, default=repr).encode(), digest_size=16).hexdigest()


def entered(kind: str, key: str, digest: str, made_id: str, received_at: datetime) -> Submissions:
    """What was sent under that key, now or before.

    :raises Problem: 409 when it was something else.
    """
    try:
        return submissions.enter(at.database(), key_owner().id, kind, key, digest, made_id, received_at)
    except Contradiction:
        raise Problem(409, "idempotency_key", f"{HEADER}: it was used for another body; take a new one.") from None


def settled(submission: Submissions | None) -> None:
    """What was sent is durable."""
    if submission is not None and submission.settled_at is None:
        submissions.settle(at.database(), submission, now())


def marked(answer: Response, submission: Submissions | None) -> Response:
    """The answer, which says so where it is that of before."""
    if submission is not None and submission.settled_at is not None:
        answer.headers[REPLAYED] = "true"
    return answer
