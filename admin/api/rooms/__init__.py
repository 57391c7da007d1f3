"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import (
    alerts,
    deadletters,
    exports,
    history,
    ingest,
    matches,
    moving,
    odds,
    reference,
    runs,
    schedules,
    stream,
    tasks,
    trj,
    webhooks,
)

ROOMS: tuple[APIBlueprint, ...] = (
    reference.room,
    matches.room,
    odds.room,
    history.room,
    trj.room,
    moving.room,
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
