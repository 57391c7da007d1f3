"""Quotes that programs send: checked one by one, then put into the queue as a crawl's are."""

import hashlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request
from pydantic import BaseModel, Field

from admin import audit
from admin.api import at, bodies, submitting
from admin.api.answers import answer
from admin.api.guard import key_owner
from admin.api.offering import offer
from admin.api.problems import Problem, impossible
from gigscrapy import ingesting
from gigscrapy.broker import QUEUE, BrokerError, Delivery, send
from gigscrapy.ingesting import Ready
from schema.instants import naive
from schema.markets import MARKETS
from schema.messages import Message, Refused, encode, read_json

room = APIBlueprint("ingest", __name__, tag="Ingest")
logger = logging.getLogger(__name__)

MOST = 5000
"""Quotes of one request."""
LARGEST = 8 * 1024 * 1024
"""Bytes of one request."""


class WrongItem(BaseModel):
    index: int = Field(description="Its place in what was sent, from 0.")
    code: str = Field(description="One word: `price`, `sport`, `missing`, …")
    detail: str


class Taken(BaseModel):
    accepted: int = Field(description="Quotes that are in the queue, each once.")
    rejected: int
    duplicates: int = Field(description="Items that said the same as another of them.")
    run: str | None = Field(description="The run they are of; null where none was accepted.")
    errors: list[WrongItem] = Field(description="Why each of the others was rejected.")


_QUOTE: dict[str, Any] = {
    "type": "object",
    "description": "A quote: a bookmaker's prices for one market of one match at one instant. What is wrong with one is"
    " said under its place in `errors`, and the others are taken. gig-benchmark's message (`match`, `match_date`,"
    " `bookmaker`, `cotes`, `league`, `sport`) is taken, too: it was seen when it is received.",
    "example": {
        "sport": "football",
        "league": "Ligue 1",
        "home": "Le Havre",
        "away": "Paris SG",
        "kickoff": "2025-10-17T18:45:00Z",
        "bookmaker": "Winamax",
        "market": "1X2",
        "outcomes": {"1": "7.00", "X": "4.75", "2": "1.42"},
        "scraped_at": "2025-10-17T12:00:00Z",
    },
}
_BODY: dict[str, Any] = {
    "required": True,
    "description": f"Up to {MOST} quotes and {LARGEST} bytes. Markets: {', '.join(MARKETS)}.",
    "content": {
        bodies.JSON: {
            "schema": {
                "type": "object",
                "required": ["quotes"],
                "additionalProperties": False,
                "properties": {
                    "quotes": {"type": "array", "minItems": 1, "items": _QUOTE},
                    "ingestion_key": {
                        "type": "string",
                        "pattern": submitting.PATTERN,
                        "description": f"As the header {submitting.HEADER}.",
                    },
                },
            }
        },
        bodies.NDJSON: {"schema": {"type": "string", "description": "A quote a line."}},
    },
}
_PARTLY: dict[str, Any] = {
    "description": "Not all were accepted: `errors` says why not",
    "content": {bodies.JSON: {"schema": {"$ref": "#/components/schemas/Taken"}}},
}


@offer(
    room,
    "/ingest/quotes",
    method="POST",
    scope="ingest",
    answer=Taken,
    status=201,
    errors=(409,),
    more={"parameters": [submitting.PARAMETER], "requestBody": _BODY, "responses": {"207": _PARTLY}},
)
def ingest_quotes() -> Response:
    """Send quotes.

    They are durable when this is answered, and in the tables once `scrapy consume` has stored them: the run says how
    many are. What is sent again in the same words is stored once; so is gig-benchmark's message under one
    `Idempotency-Key`. 503: whether they are durable is not known; send them again.
    """
    items, digest, key = _sent()
    received_at = datetime.now(UTC).replace(microsecond=0)  # as exact as the queue tells it
    submission = None
    if key is not None:
        made = f"ingest-{_hash(key_owner().id, key, received_at)}"
        submission = submitting.entered("quotes", key, digest, made, naive(received_at))
        received_at = submission.created_at.replace(tzinfo=UTC)
    read = ingesting.read(items, received_at)
    run_id = submission.made_id if submission else _run_of(digest, received_at if read.bare else None)
    ready = ingesting.ready(read.items, run_id)
    if ready.quotes and not (submission and submission.settled_at):
        _publish(ready, run_id, len(items), key, received_at)
        submitting.settled(submission)
    told = {
        "accepted": len(ready.quotes),
        "rejected": len(read.wrong),
        "duplicates": ready.duplicates,
        "run": run_id if ready.quotes else None,
        "errors": [{"index": each.index, "code": each.code, "detail": each.detail} for each in read.wrong],
    }
    said = submitting.marked(answer(told, 207 if read.wrong else 201), submission)
    if ready.quotes:
        said.headers["Location"] = f"/api/v1/runs/{run_id}"
    return said


# -- what was sent -----------------------------------------------------------------------------------------------------


def _sent() -> tuple[Sequence[object], str, str | None]:
    """The items, what they are known by, and the key they were sent under.

    :raises Problem: where it is none of what is taken.
    """
    bodies.insist_on(request, bodies.JSON, bodies.NDJSON)
    request.max_content_length = LARGEST
    body, key = request.get_data(), submitting.key_of_request()
    if request.mimetype == bodies.NDJSON:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if not lines:
            raise Problem(422, "invalid", "There is no line in it.", errors={"body": ["no line"]})
        return [_line(line) for line in _not_too_many(lines)], hashlib.blake2b(body, digest_size=16).hexdigest(), key
    try:
        fields = read_json(body)
    except Refused as refusal:
        raise Problem(400, "bad_request", refusal.detail) from None
    quotes = _checked(fields)
    said = fields.get("ingestion_key")
    if said is not None and key not in (None, said):
        raise impossible("ingestion_key", f"it is not what {submitting.HEADER} says")
    return _not_too_many(quotes), submitting.hash_of(quotes), key or said


def _checked(fields: Any) -> list[dict[str, Any]]:
    """The quotes of a body, each an object yet."""
    if not isinstance(fields, dict):
        raise _invalid("body", "it is no object")
    if unknown := sorted(fields.keys() - {"quotes", "ingestion_key"}):
        raise _invalid(unknown[0][:60], "there is no such field; there are quotes and ingestion_key")
    quotes, key = fields.get("quotes"), fields.get("ingestion_key")
    if not isinstance(quotes, list) or not quotes or not all(isinstance(quote, dict) for quote in quotes):
        raise _invalid("quotes", "a list of objects, one at least")
    if "ingestion_key" in fields and not (isinstance(key, str) and submitting.is_key(key)):
        raise _invalid("ingestion_key", f"up to {submitting.LONGEST} visible characters of ASCII")
    return quotes


def _not_too_many(items: list[Any]) -> list[Any]:
    if len(items) > MOST:
        raise Problem(413, "too_large", f"{len(items)} quotes, at most {MOST} are taken at once.")
    return items


def _line(line: bytes) -> object:
    try:
        return read_json(line)
    except Refused as refusal:
        return refusal


def _invalid(name: str, why: str) -> Problem:
    return Problem(422, "invalid", f"{name}: {why}", errors={name: [why]})


# -- into the queue ----------------------------------------------------------------------------------------------------


def _publish(ready: Ready, run_id: str, count: int, key: str | None, received_at: datetime) -> None:
    """Durably, with what the run says of itself. :raises Problem: 503 when that cannot be."""
    who, accepted = key_owner().username, len(ready.quotes)
    sentence = f"{accepted} of {count} quotes were taken, sent by {who} with the key {g.program}"
    report = ingesting.report(ready, run_id, sentence, key and f"key={key}", received_at)
    messages: list[tuple[str, Message]] = [*ready.quotes.items(), (report.message_id, report)]
    try:
        send(at.queues(), QUEUE, [Delivery(None, encode(each), name, received_at) for name, each in messages])
    except (OSError, BrokerError) as error:
        logger.error("quotes of %s are not durable: %s", run_id, error)  # noqa: TRY400 - the sentence says all
        detail = "The queue does not take them: whether they are durable is not known. Send the same again."
        raise Problem(503, "queue", detail, retry_after=10) from None
    audit.note("ingest", "run", run_id, None, {"quotes": accepted, "rejected": count - accepted, "sent_as": key})
    logger.info("run %s: %s", run_id, sentence)


def _run_of(digest: str, received_at: datetime | None) -> str:
    """The run of what was sent without a key: the same words are of the same run, if they tell when they were seen."""
    return f"ingest-{_hash(key_owner().id, digest, received_at)}"


def _hash(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
