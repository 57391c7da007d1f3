"""Live and preview are one: what the engine sends minute by minute is what the preview says of the same history."""

from datetime import timedelta
from typing import Any

from peewee import Database

from admin.alerting.engine import Engine
from admin.alerting.messages import Composer
from analytics.alerts.preview import Preview, preview
from schema.database import is_embedded
from schema.models import AlertEvents, Deliveries
from tests.admin.alerting.world import RULES, START, add_channel, add_rule, end_run, history, put

MINUTES = 5 * 60
BASE = "https://odds.example"


def live(database: Database, seed: int, minutes: int, *, begin_anew: int | None = None) -> None:
    """The whole history, lived through: each minute what was seen by then is stored, then rules are read.

    :param begin_anew: after every so many minutes the process is another one.
    """
    engine = Engine(database, Composer(BASE))
    coming = list(history(seed, minutes))
    for minute in range(minutes + 1):
        at = START + timedelta(minutes=minute)
        while coming and coming[0][0] <= at:
            put(database, *coming.pop(0)[1])
        if minute % 35 == 0 and not 100 < minute < 240:
            end_run(database, minute, at, good=minute % 3 > 0)
        if begin_anew and minute % begin_anew == begin_anew - 1:
            engine = Engine(database, Composer(BASE))
        engine.step(at + timedelta(seconds=30))


def told_live(database: Database, rule_id: int) -> list[tuple[Any, ...]]:
    """Of each event: its thing, when it opened and closed and why, and each message with its instant."""
    found = []
    for event in AlertEvents.select().where(AlertEvents.rule == rule_id).execute(database):
        messages = Deliveries.select(Deliveries.kind, Deliveries.created_at).where(Deliveries.event == event.id)
        told = tuple(messages.order_by(Deliveries.id).tuples().execute(database))
        found.append((event.subject, event.opened_at, event.closed_at, event.closed_because, told))
    return sorted(found)


def told_by(found: Preview) -> list[tuple[Any, ...]]:
    kinds = {"told": "opened"}
    return sorted(
        (
            event.subject,
            event.opened.at,
            event.closed and event.closed.at,
            event.closed and event.closed.because,
            tuple((kinds.get(told.what, told.what), told.at) for told in event.told),
        )
        for event in found.events
    )


def test_the_preview_of_a_rule_is_what_it_sent_live(database: Database) -> None:
    """On one kind of database the process is another one now and then; on the other it goes on."""
    channel = add_channel(database)
    rows = {name: add_rule(database, rule, channel) for name, rule in RULES.items()}
    minutes = MINUTES if is_embedded(database) else MINUTES // 2
    live(database, 2, minutes, begin_anew=97 if is_embedded(database) else None)
    until = START + timedelta(minutes=minutes)
    rang: dict[str, int] = {}
    for name, row in rows.items():
        said = preview(RULES[name], until)
        assert not said.is_cut
        assert told_by(said) == told_live(database, row.id), name
        assert said.rings == sum(bool(told) for *_, told in told_live(database, row.id)), name
        rang[name] = said.rings
    if is_embedded(database):
        assert all(rang.values()), f"of a rule that never rang this says nothing: {rang}"
        because = {event.closed_because for event in AlertEvents.select().execute(database)}
        assert because >= {"back", "gone", "over", None}
    assert sum(map(bool, rang.values())) >= 7, rang
