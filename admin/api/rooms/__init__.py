"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import reference

ROOMS: tuple[APIBlueprint, ...] = (reference.room,)
