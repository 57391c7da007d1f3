"""What can be chosen on the pages of the benchmark."""

from flask import Flask
from peewee import Database

from admin.kept import Kept
from analytics import benchmark
from analytics.benchmark import Names


def names_of(app: Flask, database: Database) -> Names:
    """What can be chosen, as of half a minute ago at most: found out once for all who look."""
    kept = app.extensions.get("benchmark")
    if not isinstance(kept, Kept):
        kept = app.extensions["benchmark"] = Kept(database, benchmark.names, seconds=30)
    found = kept.look()
    return found.answer if found else benchmark.names()
