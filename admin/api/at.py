"""Where this application is: its database, its queues, its settings."""

from flask import current_app
from peewee import Database
from scrapy.settings import BaseSettings

from gigscrapy.broker import Queues

LANGUAGE = "en"
"""Of every ``detail``."""
LARGEST = 2**31
"""No row of a small table has a number that great."""


def database() -> Database:
    found: Database = current_app.extensions["tables"]
    return found


def queues() -> Queues:
    found: Queues = current_app.config["QUEUES"]
    return found


def settings() -> BaseSettings:
    found: BaseSettings = current_app.config["SETTINGS"]
    return found


def number(text: str) -> int | None:
    """The number of a row that ``text`` may be; ``None``: it is none."""
    plain = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if plain and 0 < int(text) < LARGEST else None
