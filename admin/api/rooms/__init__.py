"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import (
    alerts,
    deadletters,
    exports,
    ingest,
    reference,
    runs,
    schedules,
    stream,
    tasks,
    webhooks,
)

ROOMS: tuple[APIBlueprint, ...] = (
    reference.room,
    runs.room,
    tasks.room,
    schedules.room,
    deadletters.room,
    alerts.room,
    ingest.room,
    exports.room,
    stream.room,
    webhooks.room,
)
