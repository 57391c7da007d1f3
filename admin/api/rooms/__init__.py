"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import reference, runs, tasks

ROOMS: tuple[APIBlueprint, ...] = (reference.room, runs.room, tasks.room)
