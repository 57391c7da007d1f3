"""Errors, as RFC 9457 has them: ``application/problem+json`` with a code that programs read and words that people do.

    {"type": "/api/v1/docs/problems#invalid_cursor", "title": "Bad Request", "status": 400,
     "code": "invalid_cursor", "detail": "…", "request_id": "5f0c…"}

``errors`` has a reason per parameter or item, where there are several.
"""

import json
import logging
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, g, request
from peewee import PeeweeException
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from schema.database import explain

logger = logging.getLogger(__name__)

TYPE = "application/problem+json"
CODES = {
    400: "bad_request",
    401: "no_key",
    403: "scope",
    404: "not_found",
    405: "method",
    409: "conflict",
    413: "too_large",
    415: "media_type",
    422: "invalid",
    429: "rate_limit",
    503: "database",
}
"""What an error is called where nobody says it more closely."""
MEANINGS: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read."),
    "invalid_cursor": (400, "The cursor is none that was given here, or of another question: begin without one."),
    "bad_address": (400, "A webhook may not have that address; `errors` says why."),
    "impossible": (400, "Each part is as the specification says, and together they make no sense; `errors` says why."),
    "no_key": (401, "No key came, or one that opens nothing: send `Authorization: Bearer gig_…`."),
    "scope": (403, "The key has not the scope that this takes: make another, or ask an administrator for the role."),
    "not_found": (404, "There is no such thing, or no such address."),
    "unknown_sport": (404, "A sport that is asked for is not known; `errors` names it."),
    "unknown_league": (404, "A league that is asked for is not known; `errors` names it."),
    "unknown_team": (404, "A team that is asked for is not known; `errors` names it."),
    "unknown_bookmaker": (404, "A bookmaker that is asked for is not known; `errors` names it."),
    "unknown_match": (404, "A match that is named is not known; `errors` names it."),
    "unknown_run": (404, "There is no such run."),
    "unknown_task": (404, "There is no such task."),
    "unknown_schedule": (404, "There is no such schedule."),
    "unknown_letter": (404, "There is no such dead letter."),
    "unknown_rule": (404, "There is no such rule of alerts."),
    "unknown_channel": (404, "There is no such channel of alerts."),
    "no_log": (404, "The run has no log here: it ran elsewhere, or long ago."),
    "not_followed": (404, "It is not followed."),
    "unknown_market": (404, "A market that is asked for is not known; `errors` names it."),
    "method": (405, "The address is there, and is not asked so; `Allow` says how."),
    "conflict": (409, "It contradicts what is there."),
    "name_taken": (409, "Another has that name already."),
    "not_taken": (409, "No worker has taken the task yet, so that it has no run to stop: ask again then."),
    "idempotency_key": (409, "The `Idempotency-Key` was used for another body: take a new one."),
    "too_many": (409, "As many are followed as can be."),
    "too_many_webhooks": (409, "The account has as many webhooks as it may: remove one."),
    "webhook_off": (409, "The webhook is switched off, so that nothing is sent to it: switch it on first."),
    "not_resendable": (409, "The delivery was neither sent nor given up (it waits), or it is not there."),
    "too_large": (413, "The body is too long: send less at a time."),
    "media_type": (415, "The body is not JSON, or does not say so."),
    "invalid": (422, "A parameter, or a part of the body, is not what the specification says; `errors` says which."),
    "invalid_what": (400, "There is no crawl of what is asked for; `detail` has the nearest names."),
    "invalid_arguments": (400, "The crawl takes no such arguments; `errors` says which there are."),
    "invalid_name": (400, "A schedule cannot have that name."),
    "invalid_cron": (
        400,
        "No cron expression of five fields, or not exactly one of `cron`, `every_minutes` and `kickoff`.",
    ),
    "invalid_every_minutes": (400, "A schedule cannot come round that often, or that seldom."),
    "invalid_kickoff": (400, "These are no times before a kick-off: write `24h 1h 15m`."),
    "too_much": (400, "More is asked for than is computed at once: narrow it."),
    "rate_limit": (429, "Too many requests of this key within a minute; `Retry-After` says when to come again."),
    "too_many_exports": (429, "As many exports go on as may; `Retry-After` says when to come again."),
    "error": (500, "The program is at fault; its log says more under the `request_id`."),
    "database": (503, "The database does not answer for now; `Retry-After` says when to come again."),
    "queue": (503, "The queue does not take anything for now; `Retry-After` says when to come again."),
    "node": (503, "The node that crawled does not answer for now; `Retry-After` says when to come again."),
    "no_vault": (503, "The key that secrets are kept under cannot be read; whoever runs this sees why in `detail`."),
    "too_many_streams": (503, "As many streams are open as can be; `Retry-After` says when to come again."),
}
"""Every code, the status it comes with, and what it means."""
WAIT = 5
"""Seconds after which to ask again while the database is away."""


class Problem(HTTPException):
    """An error of ours. ``code``: one word, for programs; ``errors``: what is wrong with each part, by its name.

    ``retry_after``: seconds after which to ask again, where that helps.
    """

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        errors: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.problem = name
        self.errors = errors or {}
        self.retry_after = retry_after


def impossible(name: str, why: str, code: str = "impossible") -> Problem:
    """400: each part is as it is written, and together, or for what is there, they make no sense."""
    return Problem(400, code, f"{name}: {why}", errors={name: [why]})


class ProblemOut(BaseModel):
    """How an error looks."""

    type: str = Field(description="Where the documentation speaks of it.")
    title: str
    status: int
    code: str = Field(description="One word, for programs.")
    detail: str
    request_id: str = Field(description="To be told to whoever looks for the cause in the log.")
    errors: dict[str, Any] | None = Field(None, description="By the name of each part that is wrong: why.")


def explain_errors(api: APIFlask) -> None:
    """No error shows a traceback or what a driver says: that goes to the log."""

    @api.after_request
    def tell_when_to_come_again(response: Response) -> Response:
        """Last of all: Flask-Limiter writes when its window ends, whatever the answer is."""
        if (seconds := g.get("retry_after")) is not None:
            response.headers["Retry-After"] = str(seconds)
        elif response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.pop("Retry-After", None)
        return response

    @api.error_processor
    def invalid(error: HTTPError) -> Response:
        told = {name: why for part in error.detail.values() if isinstance(part, dict) for name, why in part.items()}
        code = error.status_code
        detail = "; ".join(f"{name}: {', '.join(map(str, why))}" for name, why in told.items()) or error.message or ""
        return written(code, CODES.get(code, "error"), detail, told or None)

    @api.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response | HTTPException:
        if isinstance(error, RequestRedirect):
            return error
        code = error.code or 500
        answer = written(
            code,
            getattr(error, "problem", CODES.get(code, "error")),
            error.description or HTTPStatus(code).phrase,
            getattr(error, "errors", None) or None,
        )
        answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
        g.retry_after = getattr(error, "retry_after", None)
        if error.response is not None:  # Flask-Limiter's says when to come again
            answer.headers.extend(error.response.headers)
        return answer

    @api.errorhandler(PeeweeException)
    def unanswered(error: PeeweeException) -> Response:
        logger.error("%s %s (%s): %s", request.method, request.path, g.get("request_id"), explain(error))
        answer = written(503, CODES[503], "The database does not answer; ask again in a moment.")
        g.retry_after = WAIT
        return answer

    @api.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        logger.error("%s %s (%s)", request.method, request.path, g.get("request_id"), exc_info=error)
        return written(500, "error", "Something is wrong with this program; its log says what, under the request's id.")


def written(status: int, code: str, detail: str, errors: dict[str, Any] | None = None) -> Response:
    """The answer that says so."""
    body = {
        "type": f"/api/v1/docs/problems#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    if errors:
        body["errors"] = errors
    text = json.dumps(body, ensure_ascii=False, default=str)
    sent = text.encode("utf-8", "backslashreplace")  # half a character, which somebody may have sent, is spelt out
    return Response(sent, status, content_type=TYPE)
