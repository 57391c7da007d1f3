"""Reference data: the sports, markets and bookmakers everyone agrees on, read from the CSV beside this file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from schema.names import name_key


@dataclass(frozen=True, slots=True)
class Sport:
    """One sport: our ``code`` (FOOT), its ``name`` on the wire (football), ``title`` for people, the site's
    ``slug``, and how many ``outcomes`` a match has (3 with the draw).
    """

    code: str
    name: str
    title: str
    slug: str
    outcomes: int


@dataclass(frozen=True, slots=True)
class Bookmaker:
    """One bookmaker: its ``code``, display ``name``, the site's number (``site_id``), other spellings, home page."""

    code: str
    name: str
    site_id: int | None
    spellings: tuple[str, ...]
    website: str


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of ``<name>.csv`` in this folder; works from a zip too."""
    text = resources.files(__package__).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


@cache
def sports() -> dict[str, Sport]:
    """Every sport by its name on the wire."""
    return {
        row["name"]: Sport(row["code"], row["name"], row["title"], row["slug"], int(row["outcomes"]))
        for row in rows("sports")
    }


@cache
def bookmakers() -> tuple[Bookmaker, ...]:
    """Every bookmaker known by name."""
    return tuple(
        Bookmaker(
            row["code"],
            row["name"],
            int(row["site_id"]) if row["site_id"] else None,
            tuple(filter(None, row["spellings"].split("|"))),
            row["website"],
        )
        for row in rows("bookmakers")
    )


@cache
def _by_spelling() -> dict[str, Bookmaker]:
    return {
        name_key(spelling): bookmaker
        for bookmaker in bookmakers()
        for spelling in (bookmaker.code, bookmaker.name, *bookmaker.spellings)
    }


@cache
def _by_site_id() -> dict[int, Bookmaker]:
    return {bookmaker.site_id: bookmaker for bookmaker in bookmakers() if bookmaker.site_id is not None}


def find_bookmaker(name: str | None = None, site_id: int | None = None) -> Bookmaker | None:
    """The bookmaker of that spelling, else of that number on the site, else ``None``: nobody knows it."""
    found = _by_spelling().get(name_key(name)) if name else None
    return found or (_by_site_id().get(site_id) if site_id is not None else None)


def unnamed(site_id: int) -> str:
    """What a bookmaker is called of which only the number on the site is known."""
    return f"Bookmaker {site_id}"
