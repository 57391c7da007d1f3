"""Errors as gig-benchmark's clients read them: JSON, ``detail`` from the framework, ``error`` from the views."""

import logging
from math import ceil

from flask import Flask, Response, jsonify, request
from peewee import PeeweeException
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, SecurityError, TooManyRequests
from werkzeug.routing import RequestRedirect

from schema.database import explain as explained

logger = logging.getLogger(__name__)


class BadParameter(ValueError):
    """A parameter that is nothing it may be; the message is Django's."""


def explain(app: Flask) -> None:
    """From now on the errors of the application are told so."""

    @app.before_request
    def lead_nowhere() -> None:
        """An address that is another one by a slash is none."""
        if isinstance(request.routing_exception, RequestRedirect):
            raise NotFound

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> HTTPException | tuple[Response, int, dict[str, str]]:
        if isinstance(error, SecurityError):  # it was called by a name that is not ours
            return error
        headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
        if challenge := getattr(error, "www_authenticate", None):
            headers["WWW-Authenticate"] = ", ".join(each.to_header() for each in challenge)
        return jsonify(detail=_detail(error), **getattr(error, "more", {})), error.code or 500, headers

    @app.errorhandler(BadParameter)
    def bad(error: BadParameter) -> tuple[Response, int]:
        if request.blueprint == "gig_front":
            return jsonify(success=False, error=str(error)), 400
        return jsonify(error=str(error)), 400

    @app.errorhandler(PeeweeException)
    def unanswered(error: PeeweeException) -> tuple[Response, int]:
        logger.error("%s %s: %s", request.method, request.path, explained(error))
        said = {"error": "The database does not answer: try again in a while."}
        return jsonify({"success": False, **said} if request.blueprint != "gig_odds" else said), 503


def _detail(error: HTTPException) -> str:
    if isinstance(error, NotFound):
        return "Not found."
    if isinstance(error, MethodNotAllowed):
        return f'Method "{request.method}" not allowed.'
    if isinstance(error, TooManyRequests):
        seconds = ceil(error.retry_after) if isinstance(error.retry_after, int | float) else 60
        return f"Request was throttled. Expected available in {seconds} seconds."
    if error.code == 403:
        return "You do not have permission to perform this action."
    return error.description or error.name
