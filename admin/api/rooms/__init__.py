"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import history, matches, moving, odds, reference, trj

ROOMS: tuple[APIBlueprint, ...] = (reference.room, matches.room, odds.room, history.room, trj.room, moving.room)
