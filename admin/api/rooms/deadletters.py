"""Dead letters: what could not be kept, and why; and putting it back into the queue once the cause is mended."""

import base64
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin.api import at, cursors
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Instant, Part, Sent, Several, text
from admin.api.offering import offer
from admin.api.problems import Problem, impossible
from admin.views.deadletters import put_back
from gigscrapy.broker import BrokerError
from gigscrapy.deadletters import LIGHT, WAITING, Chosen, Replayed, is_waiting
from schema.models import BODY_LENGTH, DeadLetters

room = APIBlueprint("deadletters", __name__, tag="Dead letters")

MOST = 1000
"""Letters that are named in one replay."""
Number = Annotated[int, Field(ge=-at.LARGEST, le=at.LARGEST)]
"""Of a letter: so short that as many as are named in one replay are no body that is too long."""
Queue = Literal["odds", "scraping_tasks"]


class LetterOut(BaseModel):
    id: int
    queue: str = Field(description="Where it came from, and goes back to.")
    reason: str
    detail: str
    waits: bool = Field(description="Whether it waits for somebody; else it was replayed and has not come back.")
    size: int = Field(description="Bytes.")
    run: str | None
    times: int
    first_seen: str
    last_seen: str
    replays: int
    replayed_at: str | None


class WholeLetter(LetterOut):
    body: str
    encoding: str = Field(description="Of `body`: `utf-8`, or `base64` where it is no text.")
    is_cut: bool = Field(description=f"Of a longer one the first {BODY_LENGTH} bytes are kept.")


class ReplayOut(BaseModel):
    letters: int = Field(description="How many were put back into the queue.")
    cut: list[int] = Field(description="Those that are kept in part only, and in no queue: they still wait.")
    unknown: list[int]


class Letterly(Part):
    reason: Several = Field(default=[], description="Codes: `price`, `no-price`, `malformed`, …")
    queue: Queue | None = None
    run: Several = Field(default=[], description="Ids.")
    state: Literal["waiting", "replayed"] | None = None
    since: Instant | None = Field(None, description="Seen since then.")


class ReplayIn(Sent):
    """Which: some by number, or all that wait of a reason, a queue or a run, or, where nothing is said, all."""

    ids: list[Number] | None = Field(default=None, min_length=1, max_length=MOST)
    reason: str | None = text(32, default=None)
    queue: Queue | None = None
    run: str | None = text(64, default=None)


@offer(room, "/dead-letters", asked=Letterly, answer=Listed[LetterOut], errors=(400,))
def list_dead_letters(query_data: Letterly) -> Response:
    """What could not be kept, the newest first."""
    asked = query_data
    query = DeadLetters.select(*LIGHT)
    for column, wanted in ((DeadLetters.reason, asked.reason), (DeadLetters.run_id, asked.run)):
        if wanted:
            query = query.where(column.in_(wanted))
    if asked.queue:
        query = query.where(DeadLetters.queue == asked.queue)
    if asked.state:
        query = query.where(WAITING if asked.state == "waiting" else ~WAITING)
    if asked.since is not None:
        query = query.where(DeadLetters.last_seen >= asked.since)
    if place := cursors.position(asked.cursor):
        query = query.where(DeadLetters.id < place[0])
    rows = list(query.order_by(DeadLetters.id.desc()).limit(asked.limit + 1))
    more = cursors.after(rows[asked.limit - 1].id) if len(rows) > asked.limit else None
    why = ("none", "nothing that is so was refused")
    return listed([_told(row) for row in rows[: asked.limit]], after=more, reason=why, fields=asked.fields)


@offer(room, "/dead-letters/<int:number>", answer=One[WholeLetter])
def show_dead_letter(number: int) -> Response:
    """One of them, with its body as it came."""
    row = DeadLetters.get_or_none(DeadLetters.id == number) if number < at.LARGEST else None
    if row is None:
        raise _unknown()
    body = bytes(row.body)
    try:
        told, encoding = body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        told, encoding = base64.b64encode(body).decode("ascii"), "base64"
    return one(_told(row) | {"body": told, "encoding": encoding, "is_cut": row.size > len(body)})


@offer(
    room,
    "/dead-letters/<int:number>/replay",
    method="POST",
    scope="jobs",
    answer=One[ReplayOut],
)
def replay_dead_letter(number: int) -> Response:
    """Put one back into the queue it came from."""
    done = _replayed(Chosen(ids=frozenset({number}))) if number < at.LARGEST else Replayed(unknown=[number])
    if done.unknown:
        raise _unknown()
    return one(_said(done))


@offer(room, "/dead-letters/replay", method="POST", scope="jobs", body=ReplayIn, answer=One[ReplayOut])
def replay_dead_letters(json_data: ReplayIn) -> Response:
    """Put several back into the queues they came from."""
    asked = json_data
    if asked.ids is not None and (asked.reason or asked.queue or asked.run):
        raise impossible("ids", "name letters, or say which reason, queue and run they have; not both")
    if asked.ids is None:
        return one(_said(_replayed(Chosen(queue=asked.queue, reason=asked.reason, run_id=asked.run))))
    known = frozenset(number for number in asked.ids if 0 < number < at.LARGEST)
    done = _replayed(Chosen(ids=known)) if known else Replayed()
    done.unknown = sorted({*done.unknown, *(set(asked.ids) - known)})
    return one(_said(done))


def _replayed(chosen: Chosen) -> Replayed:
    try:
        return put_back(at.database(), at.queues(), chosen)
    except (OSError, BrokerError):
        detail = "The queue does not answer. Nothing is lost: ask again."
        raise Problem(503, "queue", detail, retry_after=10) from None


def _unknown() -> Problem:
    return Problem(404, "unknown_letter", "There is no such dead letter.")


def _said(done: Replayed) -> dict[str, Any]:
    return {"letters": done.letters, "cut": done.cut, "unknown": done.unknown}


def _told(row: DeadLetters) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("id", "queue", "reason", "detail", "size", "times", "replays")},
        "waits": is_waiting(row),
        "run": row.run_id,
        **{name: instant(getattr(row, name)) for name in ("first_seen", "last_seen", "replayed_at")},
    }
