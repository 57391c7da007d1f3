"""What is new, told while it happens: changed prices as server-sent events."""

import logging
import time
from collections.abc import Callable

from apiflask import APIBlueprint
from flask import Response, current_app, g, request
from peewee import PeeweeException
from pydantic import Field

from admin import keys
from admin.api import at, slugs
from admin.api.asking import Asked, Numbers, Several
from admin.api.changes import Wanted
from admin.api.offering import offer
from admin.api.problems import Problem
from admin.live import Full, Hub
from schema.database import explain, hang_up
from schema.models import Bookmakers, Leagues, Sports

room = APIBlueprint("stream", __name__, tag="Live")
logger = logging.getLogger(__name__)

ASKED_AGAIN = 15.0
"""Seconds after which it is asked anew whether the key of a stream still opens it."""
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
    """Prices as they are stored: server-sent events, five minutes of them; a client then comes back by itself.

    It ends soon after its key is taken back.
    """
    wanted = _wanted(query_data)
    hub: Hub = current_app.config["HUB"]
    try:
        listener = hub.enter_priced(str(g.key_name), request.headers.get("Last-Event-ID") or query_data.last_event_id)
    except Full:
        detail = "There are as many streams as can be: four of one key, some of all."
        raise Problem(503, "too_many_streams", detail, retry_after=COME_BACK) from None
    hung_up = request.environ.get("waitress.client_disconnected", lambda: False)
    shut = _shut(int(g.key_name))
    answer = Response(listener.events(wanted.among, gone=lambda: hung_up() or shut()), mimetype=SPEAKS)
    answer.headers |= {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    answer.call_on_close(listener.close)
    return answer


def _shut(key: int) -> Callable[[], bool]:
    """Whether this key opens nothing any more: asked of the database now and then, past the request's connection."""
    database, asked_at = at.database(), time.monotonic()

    def is_shut() -> bool:
        nonlocal asked_at
        if time.monotonic() - asked_at < ASKED_AGAIN:
            return False
        asked_at = time.monotonic()
        try:
            with database.connection_context():
                return not keys.still_opens(key)
        except PeeweeException as error:
            logger.warning("whether key %d still opens a stream is not known: %s", key, explain(error))
            hang_up(database)
            return False

    return is_shut


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
