"""Schedules, written by whoever is there: each change with its note in the audit log, from pages and programs alike."""

import logging
from collections.abc import Mapping
from typing import Any

from peewee import Database

from admin import audit
from admin.access import who
from gigscrapy.schedules import Checked
from schema import schedules
from schema.models import Schedules, now

logger = logging.getLogger(__name__)


def add(database: Database, checked: Checked, *, enabled: bool) -> None:
    """A new one. :raises schema.schedules.NameTaken: when another has its name."""
    with audit.together(database):
        schedules.add(database, checked.values, enabled=enabled, at=now())
        audit.note("add", "schedule", checked.name, None, {**checked.values, "enabled": enabled})
    logger.info("schedule %r is written by %s", checked.name, who())


def change(database: Database, row: Schedules, values: Mapping[str, Any]) -> bool:
    """Give it these values. :returns: whether it is still there. :raises schema.schedules.NameTaken: as above."""
    with audit.together(database):
        before = {field: getattr(row, field) for field in values}
        if not schedules.change(database, row.id, values, at=now()):
            return False
        audit.note("change", "schedule", row.name, before, values)
    logger.info("schedule %r is written by %s", values.get("name", row.name), who())
    return True


def switch(database: Database, row: Schedules, *, on: bool) -> bool:
    """On or off. :returns: whether it is still there."""
    with audit.together(database):
        if not schedules.switch(database, row.id, on=on, at=now()):
            return False
        audit.note("switch", "schedule", row.name, {"enabled": row.enabled}, {"enabled": on})
    logger.info("schedule %d is switched %s by %s", row.id, "on" if on else "off", who())
    return True


def remove(database: Database, row: Schedules) -> None:
    """Remove it, with what is known of its firings and visits."""
    with audit.together(database):
        schedules.remove(database, row.id)
        audit.note("remove", "schedule", row.name, row)
    logger.info("schedule %d is removed by %s", row.id, who())
