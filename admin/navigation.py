"""What stands in the navigation of every page, in its order, and which of it the reader is in."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import current_app, request, url_for

from admin.words import Phrase

ROOMS: tuple[tuple[str, Phrase], ...] = (
    ("dashboard.index", Phrase("Tableau de bord")),
    ("finder.index", Phrase("Matchs")),
    ("benchmark.index", Phrase("Benchmark")),
    ("movements.index", Phrase("Mouvements")),
    ("crawls.index", Phrase("Crawls")),
    ("alerts.index", Phrase("Alertes")),
)
"""Endpoint and name of each room's first page; the tables follow."""

SEARCH = "finder.index"
"""Where the search field leads: its words are asked there as ``search``."""


class Room(NamedTuple):
    """``here``: the reader is in it."""

    name: Phrase
    address: str
    here: bool


def rooms() -> Iterator[Room]:
    """Each room that the application has."""
    for endpoint, name in ROOMS:
        if endpoint in current_app.view_functions:
            yield Room(name, url_for(endpoint), request.blueprint == endpoint.partition(".")[0])


def search_address() -> str | None:
    """Where the words of the search field go; ``None`` where there is nowhere to."""
    return url_for(SEARCH) if SEARCH in current_app.view_functions else None
