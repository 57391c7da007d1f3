"""Matches: the list, one match, gig-benchmark's two tables, and where a price came from."""

from flask import Blueprint
from peewee import Database

from admin.pages.finder import events, gigtables, listing, match, source


def addresses(database: Database) -> Blueprint:
    """``/matches/`` and what is below it."""
    blueprint = Blueprint("finder", __name__, url_prefix="/matches")
    listing.add(blueprint)
    gigtables.add(blueprint)
    match.add(blueprint)
    source.add(blueprint, database)
    events.add(blueprint)
    return blueprint
