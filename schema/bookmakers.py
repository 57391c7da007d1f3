"""Bookmakers as rows: those everybody knows, and those that a page names for the first time."""

from collections.abc import Iterable
from typing import Any

from peewee import Database

from schema.models import Bookmakers, now
from schema.names import NAME_LENGTH, code
from schema.reference import find_bookmaker, unnamed

Said = tuple[str, int | None]
"""What a quote says of its bookmaker: name, and number on the site."""


class KnownBookmakers:
    """The bookmakers a writer has met.

    One that nobody knows is kept, not yet reviewed, and stays one row whether it comes by name or by number, as long as
    some quote has told both.

    :param unknown: takes the names of those that are made; whoever has told a person of them clears it.
    """

    def __init__(self, database: Database, unknown: list[str]) -> None:
        self._database = database
        self._unknown = unknown
        self._ids: dict[Said, int] = {}

    def id(self, name: str, site_id: int | None) -> int:
        return self._ids[name, site_id]

    def settle(self, said: Iterable[Said]) -> None:
        for name, site_id in sorted(set(said) - self._ids.keys(), key=lambda one: (one[0], one[1] or 0)):
            self._ids[name, site_id] = self._find(name, site_id) or self._make(name, site_id)

    def _find(self, name: str, site_id: int | None) -> int | None:
        """The row of a bookmaker. What the quote knows of it and the row does not is written down."""
        known = find_bookmaker(name, site_id)
        code = known.code if known else _code(name)
        rows = list(Bookmakers.select().execute(self._database))
        same_code = next((row for row in rows if row.code == code), None)
        same_number = next((row for row in rows if site_id is not None and row.site_id == site_id), None)
        # A known name says more than a number; what an unknown one makes up for a code says less.
        row = same_code or same_number if known else same_number or same_code
        if row is None:
            return None
        learnt: dict[str, Any] = {}
        if row.site_id is None and site_id is not None and same_number is None:
            learnt["site_id"] = site_id
        if not row.reviewed and _is_better(name, row):
            learnt |= {"name": name} if same_code else {"name": name, "code": code}
        if learnt:
            Bookmakers.update(updated_at=now(), **learnt).where(Bookmakers.id == row.id).execute(self._database)
        return int(row.id)

    def _make(self, name: str, site_id: int | None) -> int:
        known = find_bookmaker(name, site_id)
        row = {"code": _code(name), "name": name, "site_id": site_id, "reviewed": False}
        if known:  # since the last `scrapy migrate`
            row = {"code": known.code, "name": known.name, "site_id": known.site_id, "reviewed": True}
        else:
            self._unknown.append(name)
        Bookmakers.insert(**row).on_conflict_ignore().execute(self._database)  # another writer may be quicker
        made = self._find(name, site_id)
        assert made, f"bookmaker {name!r} could neither be found nor made"
        return made


def _code(name: str) -> str:
    return code(name)[:NAME_LENGTH].strip()


def _is_better(name: str, row: Bookmakers) -> bool:
    """A name is better than a number; of two names the later in byte order, so that no order of arrival matters."""
    number = None if row.site_id is None else unnamed(row.site_id)
    return name != number and (row.name == number or name > row.name)
