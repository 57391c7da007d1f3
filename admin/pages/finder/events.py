"""The addresses of what is new: a stream of events, and for those without one what a page asks now and then."""

from flask import Blueprint, Response, current_app, jsonify, request

from admin.access import who
from admin.live import Full, Hub, missed_since, newest_row

COME_BACK = 30
"""Seconds after which somebody without a stream may ask for one again."""


def add(blueprint: Blueprint) -> None:
    """``…/events`` and ``…/latest``, of all matches and of one."""

    def stream(match: int | None) -> Response:
        try:
            listener = _hub().enter(who())
        except Full:
            answer = jsonify(error="too many streams")
            answer.status_code = 503
            answer.headers["Retry-After"] = str(COME_BACK)
            return answer
        try:
            last = request.headers.get("Last-Event-ID") or request.args.get("since", "")
            missed = missed_since(last, match) if last else None
        except BaseException:
            listener.close()
            raise
        gone = request.environ.get("waitress.client_disconnected", lambda: False)
        answer = Response(listener.events(match, missed, gone=gone), mimetype="text/event-stream")
        answer.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        answer.call_on_close(listener.close)
        return answer

    def latest(match: int | None) -> Response:
        newest = newest_row(match)
        answer = jsonify(id=newest)
        answer.set_etag(str(newest), weak=True)
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request)
        return answer

    @blueprint.get("/events")
    def all_events() -> Response:
        return stream(None)

    @blueprint.get("/<int:match>/events")
    def events(match: int) -> Response:
        return stream(match)

    @blueprint.get("/latest")
    def latest_of_all() -> Response:
        return latest(None)

    @blueprint.get("/<int:match>/latest")
    def latest_of_one(match: int) -> Response:
        return latest(match)


def _hub() -> Hub:
    hub: Hub = current_app.config["HUB"]
    return hub
