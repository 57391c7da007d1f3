"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import deadletters, exports, reference, runs, schedules, stream, tasks

ROOMS: tuple[APIBlueprint, ...] = (
    reference.room,
    runs.room,
    tasks.room,
    schedules.room,
    deadletters.room,
    exports.room,
    stream.room,
)
