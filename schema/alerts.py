"""What people follow, their rules and channels, what came of the rules, and what is to be sent: the only writer of all.

An event and the messages about it are written in one transaction; they are sent afterwards by whoever takes them
(:func:`claim`). So nothing that happened goes untold, and nothing is told that did not happen. Whoever is killed
between sending a message and noting it leaves it ``sending``: it is sent again, under the id it had, and says so.

Instants are naive UTC. What a rule says is checked before: see :mod:`analytics.alerts.rules`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, Database, IntegrityError, fn

from schema.database import begin_writing
from schema.models import AlertEvents, AlertRules, Channels, Deliveries, Follows, RuleChannels

MATCH, TEAM, LEAGUE, BOOKMAKER = "match", "team", "league", "bookmaker"
FOLLOWED = (MATCH, TEAM, LEAGUE, BOOKMAKER)

DUE, SENDING, SENT, FAILED = "due", "sending", "sent", "failed"
"""States of a delivery."""
OPENED, UPDATED, CLOSED, TEST = "opened", "updated", "closed", "test"
"""Kinds of messages."""
CHANGED = "changed"
"""Why an event closes whose rule was changed or switched off: nobody is told."""

MOST_FOLLOWED = 500
"""So much one person may follow."""

CLAIM = timedelta(minutes=2)
"""So long a message may take to be sent; one that is still ``sending`` then was left by whoever is gone."""
WAITS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
"""Before each further attempt; after so many a message is given up."""

NOTE_LENGTH = 500
TITLE_LENGTH = 250
BODY_LENGTH = 2000

SENT_TWICE = "it may have been sent before: whoever sent it was gone before noting it"


class NameTaken(ValueError):
    """Another channel has that name."""


class TooMany(ValueError):
    """So much cannot be followed."""


# -- what people follow ------------------------------------------------------------------------------------------------


def follow(database: Database, person: str, kind: str, object_id: int) -> bool:
    """:returns: whether it was not followed before. :raises TooMany: when that is more than anybody can watch."""
    with database.transaction(begin_writing(database)):
        if Follows.select().where(Follows.person == person).count(database) >= MOST_FOLLOWED:
            raise TooMany(MOST_FOLLOWED)
        row = {"person": person, "kind": kind, "object_id": object_id}
        same = Follows.select().where(Follows.person == person, Follows.kind == kind, Follows.object_id == object_id)
        if same.exists(database):
            return False
        Follows.insert(row).on_conflict_ignore().execute(database)
    return True


def unfollow(database: Database, person: str, kind: str, object_id: int) -> bool:
    """:returns: whether it was followed."""
    this = (Follows.person == person) & (Follows.kind == kind) & (Follows.object_id == object_id)
    return bool(Follows.delete().where(this).execute(database))


def followed(database: Database, person: str) -> dict[str, set[int]]:
    """What a person follows: numbers by kind."""
    found: dict[str, set[int]] = {kind: set() for kind in FOLLOWED}
    query = Follows.select(Follows.kind, Follows.object_id).where(Follows.person == person).limit(MOST_FOLLOWED)
    for kind, object_id in query.tuples().execute(database):
        found.setdefault(kind, set()).add(object_id)
    return found


# -- rules -------------------------------------------------------------------------------------------------------------


def add_rule(database: Database, values: Mapping[str, Any], channel_ids: Iterable[int], *, at: datetime) -> int:
    """A new rule, and whom it tells. :returns: its number."""
    with database.transaction(begin_writing(database)):
        number = int(AlertRules.insert({**values, "created_at": at, "updated_at": at}).execute(database))
        _connect(database, number, channel_ids)
    return number


def change_rule(
    database: Database,
    number: int,
    values: Mapping[str, Any],
    channel_ids: Iterable[int] | None = None,
    *,
    at: datetime,
) -> bool:
    """Give it these values. What is open of it closes without a word: it was opened by other words.

    :returns: whether it is still there.
    """
    with database.transaction(begin_writing(database)):
        found = AlertRules.update({**values, "updated_at": at}).where(AlertRules.id == number).execute(database)
        if channel_ids is not None and found:
            RuleChannels.delete().where(RuleChannels.rule == number).execute(database)
            _connect(database, number, channel_ids)
        of_rule = (AlertEvents.rule == number) & AlertEvents.closed_at.is_null()
        closing = {"closed_at": at, "updated_at": at, "closed_because": CHANGED, "open_key": None}
        AlertEvents.update(closing).where(of_rule).execute(database)
    return bool(found)


def mute_rule(database: Database, number: int, until: datetime | None) -> bool:
    """Tell nobody of it before then; ``None``: tell again. Whether it is still there."""
    found = AlertRules.update(muted_until=until).where(AlertRules.id == number).execute(database)
    return bool(found) or AlertRules.select().where(AlertRules.id == number).exists(database)


def remove_rule(database: Database, number: int) -> bool:
    """Remove it, with all that came of it. Whether it was there."""
    return bool(AlertRules.delete().where(AlertRules.id == number).execute(database))


def rules(database: Database) -> list[AlertRules]:
    """All of them, the oldest first."""
    return list(AlertRules.select().order_by(AlertRules.id).execute(database))


def find_rule(database: Database, number: int) -> AlertRules | None:
    """The rule of that number."""
    return next(iter(AlertRules.select().where(AlertRules.id == number).execute(database)), None)


def channels_of(database: Database, *, enabled_only: bool = False) -> dict[int, list[Channels]]:
    """The channels that each rule tells, by the rule's number."""
    found: dict[int, list[Channels]] = {}
    query = RuleChannels.select(RuleChannels, Channels).join(Channels).order_by(Channels.name)
    if enabled_only:
        query = query.where(Channels.enabled == True)  # noqa: E712 - SQL, not Python
    for row in query.execute(database):
        found.setdefault(row.rule_id, []).append(row.channel)
    return found


def _connect(database: Database, number: int, channel_ids: Iterable[int]) -> None:
    rows = [{"rule": number, "channel": channel_id} for channel_id in sorted(set(channel_ids))]
    if rows:
        RuleChannels.insert_many(rows).execute(database)


# -- channels ----------------------------------------------------------------------------------------------------------


def add_channel(database: Database, values: Mapping[str, Any], *, at: datetime) -> int:
    """A new channel. :returns: its number. :raises NameTaken: when another has its name."""
    try:
        with database.transaction(begin_writing(database)):
            return int(Channels.insert({**values, "created_at": at, "updated_at": at}).execute(database))
    except IntegrityError:
        raise NameTaken(values["name"]) from None


def change_channel(database: Database, number: int, values: Mapping[str, Any], *, at: datetime) -> bool:
    """Give it these values. Whether it is still there. :raises NameTaken: when another has its name."""
    try:
        changed = Channels.update({**values, "updated_at": at}).where(Channels.id == number).execute(database)
    except IntegrityError:
        raise NameTaken(values.get("name", "")) from None
    return bool(changed)


def remove_channel(database: Database, number: int) -> bool:
    """Remove it, and what was sent through it. Whether it was there."""
    return bool(Channels.delete().where(Channels.id == number).execute(database))


def channels(database: Database) -> list[Channels]:
    """All of them, by name."""
    return list(Channels.select().order_by(Channels.name, Channels.id).execute(database))


def find_channel(database: Database, number: int) -> Channels | None:
    """The channel of that number."""
    return next(iter(Channels.select().where(Channels.id == number).execute(database)), None)


# -- what comes of rules -----------------------------------------------------------------------------------------------

Compose = Callable[[AlertEvents, str, Channels], tuple[str, str]]
"""Writes title and body of a message: the event (as it is in the tables now), the kind of the message, the channel."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be noted of one thing: columns of its event, and what people are told of it.

    :ivar event_id: of the one that is open; ``None``: it opens now. :ivar messages: kinds, in their order.
    :ivar not_before: when these may be sent.
    """

    subject: str
    event_id: int | None
    values: Mapping[str, Any]
    messages: tuple[str, ...] = ()
    not_before: datetime | None = None
    closes: bool = field(default=False)


def open_events(database: Database, closed_since: datetime) -> dict[int, list[AlertEvents]]:
    """The events that are open, and those that closed after then, by the rule's number; the oldest first."""
    wanted = AlertEvents.closed_at.is_null() | (AlertEvents.closed_at > closed_since)
    found: dict[int, list[AlertEvents]] = {}
    for event in AlertEvents.select().where(wanted).order_by(AlertEvents.id).execute(database):
        found.setdefault(event.rule_id, []).append(event)
    return found


def record(
    database: Database,
    rule: AlertRules,
    notes: Sequence[Note],
    *,
    told: Sequence[Channels],
    compose: Compose,
    at: datetime,
) -> bool:
    """Note what happened to the things of one rule, and write what is to be sent of it: one transaction.

    :returns: ``False``, and nothing is noted, where a person changed the rule since it was read.
    """
    with database.transaction(begin_writing(database)):
        same = (AlertRules.id == rule.id) & (AlertRules.updated_at == rule.updated_at)
        if not AlertRules.select().where(same).exists(database):
            return False
        for note in notes:
            event = _write_event(database, rule.id, note, at)
            for number, kind in enumerate(note.messages, start=event.messages - len(note.messages) + 1):
                for channel in told:
                    _write_delivery(database, event, number, kind, channel, compose, note.not_before or at, at)
    return True


def _write_event(database: Database, rule_id: int, note: Note, at: datetime) -> AlertEvents:
    values = {**note.values, "updated_at": at}
    if note.event_id is None:
        key = None if note.closes else f"{rule_id}/{note.subject}"
        row = {**values, "rule": rule_id, "subject": note.subject, "open_key": key, "messages": len(note.messages)}
        number = int(AlertEvents.insert(row).execute(database))
    else:
        number = note.event_id
        if note.closes:
            values["open_key"] = None
        values["messages"] = AlertEvents.messages + len(note.messages)
        AlertEvents.update(values).where(AlertEvents.id == number).execute(database)
    event: AlertEvents = AlertEvents.select().where(AlertEvents.id == number).get(database)
    return event


def _write_delivery(  # noqa: PLR0917 - all that a message is made of
    database: Database,
    event: AlertEvents,
    number: int,
    kind: str,
    channel: Channels,
    compose: Compose,
    not_before: datetime,
    at: datetime,
) -> None:
    title, body = compose(event, kind, channel)
    row = {
        "event": event.id,
        "channel": channel.id,
        "kind": kind,
        "delivery_id": f"{event.id}-{number}-{channel.id}",
        "title": title[:TITLE_LENGTH],
        "body": body[:BODY_LENGTH],
        "state": DUE,
        "not_before": not_before,
        "created_at": at,
    }
    Deliveries.insert(row).on_conflict_ignore().execute(database)


def active_count(database: Database) -> int:
    """How many events are open that people were told of, or would have been but for a mute. Cheap: few are open."""
    return int(AlertEvents.select().where(AlertEvents.open_key.is_null(False)).count(database))


# -- what is sent ------------------------------------------------------------------------------------------------------


def ask_test(database: Database, channel_id: int, delivery_id: str, *, title: str, body: str, at: datetime) -> None:
    """A message to see whether a channel works."""
    row = {
        "event": None,
        "channel": channel_id,
        "kind": TEST,
        "delivery_id": delivery_id,
        "title": title,
        "body": body,
        "state": DUE,
        "not_before": at,
        "created_at": at,
    }
    Deliveries.insert(row).execute(database)


def due_deliveries(database: Database, at: datetime, most: int = 50) -> list[Deliveries]:
    """What is to be sent now, each with its channel; of one event and channel only the first: they keep their order.

    What was left ``sending`` is due again, and says that it may have been sent.
    """
    left = (Deliveries.state == SENDING) & (Deliveries.not_before <= at)
    Deliveries.update(state=DUE, note=SENT_TWICE).where(left).execute(database)
    # Those that wait for another are left out here: of a service that is away they may be more than ``most``, and would
    # hold up what is for others.
    earlier = Deliveries.alias()
    waits = earlier.select(SQL("1")).where(
        (earlier.event == Deliveries.event)
        & (earlier.channel == Deliveries.channel)
        & (earlier.id < Deliveries.id)
        & earlier.state.in_((DUE, SENDING))
    )
    query = Deliveries.select(Deliveries, Channels).join(Channels)
    query = query.where(Deliveries.state == DUE, Deliveries.not_before <= at, ~fn.EXISTS(waits))
    return list(query.order_by(Deliveries.id).limit(most).execute(database))


def claim(database: Database, delivery: Deliveries, at: datetime) -> bool:
    """Take it, to send it now. ``False``: somebody else has."""
    this = (Deliveries.id == delivery.id) & (Deliveries.state == DUE)
    taken = {"state": SENDING, "attempts": Deliveries.attempts + 1, "not_before": at + CLAIM}
    return bool(Deliveries.update(taken).where(this).execute(database))


def settle_sent(database: Database, delivery: Deliveries, at: datetime, took: int) -> None:
    """It was taken by whoever it was for. ``took``: milliseconds."""
    this = (Deliveries.id == delivery.id) & (Deliveries.state == SENDING)
    Deliveries.update(state=SENT, sent_at=at, took=took).where(this).execute(database)


def settle_failed(database: Database, delivery: Deliveries, at: datetime, why: str, *, for_good: bool = False) -> bool:
    """It was not; it is tried again after a while, unless it was too often or never will be. Whether it is given up."""
    attempts = delivery.attempts + 1
    gives_up = for_good or attempts > len(WAITS)
    changes: dict[str, Any] = {"state": FAILED if gives_up else DUE, "note": why[:NOTE_LENGTH]}
    if not gives_up:
        changes["not_before"] = at + WAITS[attempts - 1]
    this = (Deliveries.id == delivery.id) & (Deliveries.state == SENDING)
    Deliveries.update(changes).where(this).execute(database)
    return gives_up
