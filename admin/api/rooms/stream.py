"""What is new, told while it happens: changed prices as server-sent events."""

from apiflask import APIBlueprint
from flask import Response, current_app, g, request
from pydantic import Field

from admin.api import slugs
from admin.api.asking import Asked, Numbers, Several
from admin.api.changes import Wanted
from admin.api.offering import offer
from admin.api.problems import Problem
from admin.live import Full, Hub
from schema.models import Bookmakers, Leagues, Sports

room = APIBlueprint("stream", __name__, tag="Live")

COME_BACK = 30
"""Seconds after which to ask for a stream again while there are too many."""
SPEAKS = "text/event-stream"
EVENT = {
    "type": "object",
    "description": "One event; `data` is JSON.",
    "properties": {
        "event": {"type": "string", "enum": ["connected", "prices", "ping", "snapshot_required"]},
        "id": {"type": "string", "description": "For `Last-Event-ID`."},
        "data": {"type": "string"},
    },
}


class Listened(Asked):
    league: Several = Field(default=[], description="Ids or slugs.")
    match: Numbers = Field(default=[], description="Ids.")
    bookmaker: Several = Field(default=[], description="Ids or slugs.")
    last_event_id: str = Field("", max_length=30, description="As the header `Last-Event-ID`, which wins.")


@offer(room, "/stream", answer=None, asked=Listened, errors=(404,), files={SPEAKS: EVENT})
def stream_prices(query_data: Listened) -> Response:
    """Prices as they are stored: server-sent events, five minutes of them; a client then comes back by itself."""
    wanted = _wanted(query_data)
    hub: Hub = current_app.config["HUB"]
    try:
        listener = hub.enter_priced(str(g.key_name), request.headers.get("Last-Event-ID") or query_data.last_event_id)
    except Full:
        detail = "There are as many streams as can be: four of one key, some of all."
        raise Problem(503, "too_many_streams", detail, retry_after=COME_BACK) from None
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    answer = Response(listener.events(wanted.among, gone=gone), mimetype=SPEAKS)
    answer.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    answer.call_on_close(listener.close)
    return answer


def _wanted(asked: Listened) -> Wanted:
    """:raises Problem: when a name is nobody's."""
    leagues = slugs.wanted(
        asked.league, lambda: Leagues.select(Leagues, Sports).join(Sports), slugs.of_league, "league"
    )
    bookmakers = slugs.wanted(asked.bookmaker, Bookmakers.select, slugs.of_bookmaker, "bookmaker")
    return Wanted(
        frozenset(league.id for league in leagues),
        frozenset(asked.match),
        frozenset(bookmaker.id for bookmaker in bookmakers),
    )
