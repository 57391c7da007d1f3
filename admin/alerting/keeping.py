"""Rules and what is followed, kept by whoever is there: each change with its note, from pages and programs alike."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from admin import audit
from admin.access import who
from admin.alerting import forms, messages
from analytics.alerts.preview import Past, Preview, preview
from analytics.alerts.rules import Rule
from schema import alerts
from schema.models import AlertRules, Bookmakers, Leagues, Matches, Teams, now

PREVIEW_SECONDS = 2.5
"""So long a preview may be computed; it says of how much it speaks."""
LONGEST_MUTE = timedelta(days=31)
TABLES: dict[str, Any] = {
    alerts.MATCH: Matches,
    alerts.TEAM: Teams,
    alerts.LEAGUE: Leagues,
    alerts.BOOKMAKER: Bookmakers,
}
"""Where what may be followed has its rows."""


def keep(
    database: Database, rule: Rule, row: AlertRules | None, channel_ids: Iterable[int], *, enabled: bool | None = None
) -> int:
    """A new rule, or another text of one that is there (``row``). :returns: its number.

    :param enabled: ``None``: as it was, and on where it is new. Channels that are not there are left out.
    """
    known = {channel.id for channel in alerts.channels(database)}
    chosen, columns = set(channel_ids) & known, forms.columns(rule)
    if enabled is not None:
        columns["enabled"] = enabled
    after = {**columns, "channels": sorted(chosen)}
    with audit.together(database):
        if row is None:
            created = {"enabled": True, **columns, "created_by": who()}
            number = alerts.add_rule(database, created, chosen, at=now())
            audit.note("add", "alert rule", number, None, after)
        else:
            number = row.id
            alerts.change_rule(database, number, columns, chosen, at=now())
            audit.note("change", "alert rule", number, row, after)
    return number


def switch(database: Database, row: AlertRules, *, on: bool) -> None:
    """On or off."""
    with audit.together(database):
        alerts.change_rule(database, row.id, {"enabled": on}, at=now())
        audit.note("change", "alert rule", row.id, {"enabled": row.enabled}, {"enabled": on})


def mute(database: Database, row: AlertRules, until: datetime | None) -> None:
    """Nobody is told before then (naive UTC); ``None``: they are again."""
    with audit.together(database):
        alerts.mute_rule(database, row.id, until)
        audit.note("mute", "alert rule", row.id, {"muted_until": row.muted_until}, {"muted_until": until})


def remove(database: Database, row: AlertRules) -> None:
    """With all that came of it."""
    with audit.together(database):
        alerts.remove_rule(database, row.id)
        audit.note("remove", "alert rule", row.id, row, None)


def is_there(kind: str, number: int) -> bool:
    """Whether there is such a thing to follow."""
    table = TABLES[kind]
    return bool(table.select(table.id).where(table.id == number).exists())


def follow(database: Database, kind: str, number: int) -> None:
    """What is followed already stays so. :raises schema.alerts.TooMany: when it cannot be followed, too."""
    with audit.together(database):
        if alerts.follow(database, who(), kind, number):
            audit.note("follow", kind, number)


def unfollow(database: Database, kind: str, number: int) -> bool:
    """:returns: whether it was followed."""
    with audit.together(database):
        was_followed = alerts.unfollow(database, who(), kind, number)
        if was_followed:
            audit.note("unfollow", kind, number)
    return was_followed


def previewed(rule: Rule) -> Preview:
    """What it would have told, as far as that is found out in time."""
    began = time.monotonic()
    return preview(rule, now(), is_enough=lambda: time.monotonic() - began > PREVIEW_SECONDS)


def told(rule: Rule, event: Past, language: str) -> dict[str, Any]:
    """One event of a preview, in words."""
    first = event.told[0] if event.told else event.opened
    value = first.reading.value or rule.threshold
    return {
        "at": event.opened.at,
        "told_at": event.told[0].at if event.told else None,
        "until": event.closed.at if event.closed else None,
        "subject": messages.subject(first.reading.details, language),
        "reason": messages.reason(rule, value, first.reading.details, language),
        "messages": len(event.told),
    }
