"""Hooks in every state, with messages in every state."""

from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from schema import webhooks
from schema.models import Leagues, Matches, WebhookDeliveries, Webhooks, now
from tests.admin import account
from tests.admin.crowd import SCRIPT


def hooked(database: Database, at: datetime | None = None) -> None:
    at = at or now()
    more: tuple[dict[str, Any], ...] = (
        {"name": SCRIPT, "league": Leagues.select().first(), "match": Matches.select().first()},
        {"name": "fails", "failing_since": at - timedelta(hours=3)},
        {"name": "off", "enabled": False, "disabled_because": "failing", "failing_since": at - timedelta(days=1)},
        {"name": "silent"},
    )
    for number, changes in enumerate(more, 1):
        url = "https://example.org/" + "a-long-address/" * 20
        values = {"url": url, "kinds": " ".join(webhooks.KINDS), "secret": b"", "shown": "whsec_abc123", **changes}
        webhooks.add(database, account().id, values, at=at)
        for state in ("sent", "failed", "due", "sending") if changes["name"] != "silent" else ():
            told: dict[str, Any] = {"hook": number, "kind": "odds.changed", "body": "{}", "state": state}
            told |= {"delivery_id": f"odds.changed-{number}-{state}", "not_before": at, "attempts": 1}
            if state == "sent":
                told |= {"sent_at": at, "status": 200, "took": 120}
            elif state != "sending":
                told |= {"status": 503, "note": "answered 503"}
            WebhookDeliveries.create(**told)
    assert Webhooks.select().count() == len(more)
