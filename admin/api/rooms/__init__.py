"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import matches, odds, reference

ROOMS: tuple[APIBlueprint, ...] = (reference.room, matches.room, odds.room)
