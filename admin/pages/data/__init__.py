"""Données: what goes on with exports, import of files, and who is who among bookmakers and teams."""

from flask import Blueprint, redirect, url_for
from peewee import Database

from admin.pages.data import exports, imports, whoiswho


def addresses(database: Database) -> Blueprint:
    """All under ``/data/``; the tables themselves are Flask-Admin's."""
    blueprint = Blueprint("data", __name__, url_prefix="/data")
    blueprint.add_url_rule("/", "index", lambda: redirect(url_for("admin.index")))
    exports.add(blueprint)
    imports.add(blueprint, database)
    whoiswho.add(blueprint, database)
    return blueprint
