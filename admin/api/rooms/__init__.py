"""The rooms of the API, each a blueprint."""

from apiflask import APIBlueprint

from admin.api.rooms import exports, reference, stream, webhooks

ROOMS: tuple[APIBlueprint, ...] = (reference.room, exports.room, stream.room, webhooks.room)
