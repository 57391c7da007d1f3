"""Hooks that programs are told by, and what they are told: the only writer of both.

As with alerts, a message is written in the transaction that notes how far was looked, and sent afterwards by whoever
takes it (:func:`claim`): nothing that was looked at goes untold. Whoever is killed between sending and noting leaves it
``sending``: it is sent again, under the id it had. Those of one hook are sent in their order, one at a time.

Instants are naive UTC.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import JOIN, SQL, Database, ModelSelect, fn

from schema.alerts import DUE, FAILED, NOTE_LENGTH, SENDING, SENT
from schema.database import begin_writing
from schema.models import Leagues, Users, WebhookDeliveries, WebhookPositions, Webhooks, now

ODDS, OPENED, CLOSED, RUN = "odds.changed", "alert.opened", "alert.closed", "run.ended"
KINDS = (ODDS, OPENED, CLOSED, RUN)
"""What a hook may be told."""
SNAPSHOT, TEST = "snapshot_required", "test"
"""What any is told: that more happened than could be told, and that it works."""

MOST = 20
"""Hooks of one account."""
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
"""Before each further attempt; after so many a message is given up."""
CLAIM = timedelta(minutes=2)
"""So long a message may take to be sent; one that is still ``sending`` then was left by whoever is gone."""
PATIENCE = timedelta(hours=24)
"""A hook that fails for so long is switched off."""
MOST_WAITING = 1_000
"""Messages that wait for one hook; of more it is switched off."""
FAILING, BACKLOG, GONE = "failing", "backlog", "gone"
"""Why a hook was switched off by itself."""


_MAY = (Users.active, Users.role.in_(("operator", "admin")))
"""Whose hooks are told anything: what an account may no longer read is not sent to it either."""


class TooMany(ValueError):
    """An account has as many hooks as it may."""


@dataclass(frozen=True, slots=True)
class Message:
    """``delivery_id`` is the same whenever the same is told to the same hook; ``body``: JSON."""

    hook: int
    delivery_id: str
    kind: str
    body: str


# -- hooks -------------------------------------------------------------------------------------------------------------


def add(database: Database, user: int, values: Mapping[str, Any], *, at: datetime | None = None) -> Webhooks:
    """A new one. :raises TooMany: when the account has :data:`MOST`."""
    at = at or now()
    with database.atomic(begin_writing(database)):
        if Webhooks.select().where(Webhooks.user == user).count(database) >= MOST:
            raise TooMany(MOST)
        row = {**values, "user": user, "since": at, "created_at": at, "updated_at": at}
        number = int(Webhooks.insert({"enabled": True, **row}).execute(database))
    found = find(database, number)
    assert found is not None
    return found


def change(database: Database, number: int, values: Mapping[str, Any], *, at: datetime | None = None) -> None:
    """Give it these values. Switched on again it begins anew, and is told that it missed something."""
    at = at or now()
    with database.atomic(begin_writing(database)):
        row = find(database, number)
        if row is None:
            return
        begins = bool(values.get("enabled")) and not row.enabled
        anew = {"since": at, "failing_since": None, "disabled_because": None} if begins else {}
        Webhooks.update({**values, **anew, "updated_at": at}).where(Webhooks.id == number).execute(database)
        if begins:
            _give_up(database, number)
            missed = Message(number, f"snapshot-{number}-{at:%Y%m%d%H%M%S%f}", SNAPSHOT, "{}")
            _write(database, [missed], at)


def switch_off(database: Database, number: int, because: str, *, at: datetime | None = None) -> None:
    """By itself: nothing more is written for it, nor sent."""
    changes = {"enabled": False, "disabled_because": because, "updated_at": at or now()}
    Webhooks.update(changes).where(Webhooks.id == number, Webhooks.enabled).execute(database)


def _give_up(database: Database, number: int) -> None:
    """What waited when it was switched off is told no more: that something was missed is."""
    waits = (WebhookDeliveries.hook == number) & WebhookDeliveries.state.in_((DUE, SENDING))
    changes = {"state": FAILED, "note": "it was switched off meanwhile"}
    WebhookDeliveries.update(changes).where(waits).execute(database)


def remove(database: Database, number: int) -> bool:
    """Remove it, with what it was told. Whether it was there."""
    return bool(Webhooks.delete().where(Webhooks.id == number).execute(database))


def find(database: Database, number: int) -> Webhooks | None:
    """With whose it is, and its league."""
    return next(iter(_named().where(Webhooks.id == number).execute(database)), None)


def of(database: Database, user: int | None = None) -> list[Webhooks]:
    """Those of an account, or all, each with whose it is, and its league; the oldest first."""
    query = _named().order_by(Webhooks.id)
    return list((query if user is None else query.where(Webhooks.user == user)).execute(database))


def _named() -> "ModelSelect[Webhooks]":
    query = Webhooks.select(Webhooks, Users.id, Users.username, Leagues.id, Leagues.name)
    return query.join_from(Webhooks, Users).join_from(Webhooks, Leagues, JOIN.LEFT_OUTER)


def listening(database: Database) -> list[Webhooks]:
    """Those that are on, of accounts that still may have some."""
    query = Webhooks.select().join(Users).where(Webhooks.enabled, *_MAY).order_by(Webhooks.id)
    return list(query.execute(database))


# -- how far was looked ------------------------------------------------------------------------------------------------


def positions(database: Database) -> dict[str, WebhookPositions]:
    return {row.name: row for row in WebhookPositions.select().execute(database)}


def record(database: Database, name: str, position: int, messages: Sequence[Message], *, at: datetime) -> int:
    """Write what is to be told, and that it was looked up to there: one transaction. :returns: how many were new."""
    with database.atomic(begin_writing(database)):
        written = _write(database, messages, at)
        row = {"name": name, "position": position, "at": at}
        WebhookPositions.insert(row).on_conflict_replace().execute(database)
    return written


def ask(database: Database, message: Message, *, at: datetime) -> None:
    """A message that somebody asked for: a test."""
    with database.atomic(begin_writing(database)):
        _write(database, [message], at)


def _write(database: Database, messages: Iterable[Message], at: datetime) -> int:
    written = 0
    for message in messages:
        row = {
            "hook": message.hook,
            "delivery_id": message.delivery_id,
            "kind": message.kind,
            "body": message.body,
            "state": DUE,
            "not_before": at,
            "created_at": at,
        }
        written += bool(WebhookDeliveries.insert(row).on_conflict_ignore().execute(database))
    return written


# -- what is sent ------------------------------------------------------------------------------------------------------


def due(database: Database, at: datetime, most: int = 20) -> list[WebhookDeliveries]:
    """What is to be sent now, each with its hook: of each hook that is on the first that waits.

    What was left ``sending`` is due again.
    """
    left = (WebhookDeliveries.state == SENDING) & (WebhookDeliveries.not_before <= at)
    WebhookDeliveries.update(state=DUE).where(left).execute(database)
    earlier = WebhookDeliveries.alias()
    waits = earlier.select(SQL("1")).where(
        (earlier.hook == WebhookDeliveries.hook)
        & earlier.state.in_((DUE, SENDING))
        & (earlier.id < WebhookDeliveries.id)
    )
    query = WebhookDeliveries.select(WebhookDeliveries, Webhooks).join(Webhooks).join(Users)
    query = query.where(WebhookDeliveries.state == DUE, WebhookDeliveries.not_before <= at, Webhooks.enabled, *_MAY)
    return list(query.where(~fn.EXISTS(waits)).order_by(WebhookDeliveries.id).limit(most).execute(database))


def claim(database: Database, delivery: WebhookDeliveries, at: datetime) -> bool:
    """Take it, to send it now. ``False``: somebody else has."""
    this = (WebhookDeliveries.id == delivery.id) & (WebhookDeliveries.state == DUE)
    taken = {"state": SENDING, "attempts": WebhookDeliveries.attempts + 1, "not_before": at + CLAIM}
    return bool(WebhookDeliveries.update(taken).where(this).execute(database))


def settle_sent(database: Database, delivery: Any, at: datetime, *, status: int | None, took: int) -> None:
    """It was taken. ``took``: milliseconds."""
    this = (WebhookDeliveries.id == delivery.id) & (WebhookDeliveries.state == SENDING)
    told = {"state": SENT, "sent_at": at, "status": status, "took": took, "note": None}
    with database.atomic(begin_writing(database)):
        WebhookDeliveries.update(told).where(this).execute(database)
        well = (Webhooks.id == delivery.hook_id) & Webhooks.failing_since.is_null(False)
        Webhooks.update(failing_since=None).where(well).execute(database)


def settle_failed(
    database: Database,
    delivery: Any,
    at: datetime,
    why: str,
    *,
    status: int | None = None,
    for_good: bool = False,
) -> bool:
    """It was not; it is tried again after a while, unless it was too often. :returns: whether it is given up.

    A hook of which every attempt has failed for :data:`PATIENCE` is switched off.
    """
    attempts = delivery.attempts + 1
    gives_up = for_good or attempts > len(WAITS)
    changes: dict[str, Any] = {"state": FAILED if gives_up else DUE, "note": why[:NOTE_LENGTH], "status": status}
    if not gives_up:
        changes["not_before"] = at + WAITS[attempts - 1]
    this = (WebhookDeliveries.id == delivery.id) & (WebhookDeliveries.state == SENDING)
    with database.atomic(begin_writing(database)):
        WebhookDeliveries.update(changes).where(this).execute(database)
        hook: Any = find(database, delivery.hook_id)
        if hook is not None and hook.failing_since is None:
            Webhooks.update(failing_since=at).where(Webhooks.id == hook.id).execute(database)
        elif hook is not None and at - hook.failing_since >= PATIENCE:
            switch_off(database, hook.id, FAILING, at=at)
    return gives_up


def send_again(database: Database, hook: int, number: int, *, at: datetime | None = None) -> bool:
    """Send it once more, under the id it had. :returns: whether it is there, and waits no more."""
    this = (WebhookDeliveries.id == number) & (WebhookDeliveries.hook == hook)
    this &= WebhookDeliveries.state.in_((SENT, FAILED))
    again = {"state": DUE, "attempts": 0, "not_before": at or now(), "note": None}
    return bool(WebhookDeliveries.update(again).where(this).execute(database))


def deliveries(database: Database, hook: int, most: int, *, before: int | None = None) -> list[WebhookDeliveries]:
    """What it was told, the newest first, without the bodies; and one more where there are more."""
    kept = [field for field in WebhookDeliveries._meta.sorted_fields if field.name != "body"]  # noqa: SLF001
    query = WebhookDeliveries.select(*kept).where(WebhookDeliveries.hook == hook)
    if before is not None:
        query = query.where(WebhookDeliveries.id < before)
    return list(query.order_by(WebhookDeliveries.id.desc()).limit(most + 1).execute(database))


def last_of(database: Database, hooks: Sequence[int]) -> dict[int, WebhookDeliveries]:
    """The newest message of each."""
    newest = WebhookDeliveries.select(fn.MAX(WebhookDeliveries.id)).where(WebhookDeliveries.hook.in_(list(hooks)))
    query = WebhookDeliveries.select().where(WebhookDeliveries.id.in_(newest.group_by(WebhookDeliveries.hook)))
    return {row.hook_id: row for row in query.execute(database)}


def waiting(database: Database) -> dict[int, int]:
    """How many messages wait for each hook that is on."""
    count = fn.COUNT(WebhookDeliveries.id)
    query = WebhookDeliveries.select(WebhookDeliveries.hook, count).join(Webhooks).where(Webhooks.enabled)
    query = query.where(WebhookDeliveries.state.in_((DUE, SENDING))).group_by(WebhookDeliveries.hook)
    return dict(query.tuples().execute(database))
