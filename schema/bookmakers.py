"""Bookmakers as rows: those everybody knows, and those that a page names for the first time.

Which bookmaker a quote is of depends on the quote, the reference data and what a person has said alone, never on what
came before it:

- one that the reference knows, by its spelling or else by its number, is that one;
- one whose name a person has said is another name of a bookmaker (:mod:`schema.aliases`) is that one;
- another whose name is told is known by that name; the number told with it says nothing, and is not kept;
- another called ``Bookmaker 39`` for want of a name is known by that number.

So ``Nouveau`` and ``Bookmaker 39`` stay two rows until the reference says that they are one
(:mod:`schema.reference.tables` merges them then), whatever quotes tell in between.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from peewee import Database, Value

from schema import reference
from schema.aliases import Aliases
from schema.database import is_embedded
from schema.models import Bookmakers, now
from schema.names import NAME_LENGTH, code, name_key
from schema.reference import Bookmaker, find_bookmaker, unnamed

Said = tuple[str, int | None]
"""What a quote says of its bookmaker: name, and number on the site."""

_UNNAMED = re.compile(r"bookmaker (0|[1-9][0-9]{0,8})")
"""The key of a name that is but a number; one of more digits no column holds."""


@lru_cache(maxsize=1024)
def code_of_name(name: str) -> str:
    """The code of a bookmaker of which only the name is known: the same for all spellings of one name, and no others.

    Where the letters of a code do not say the whole name (``Étoile``, ``Bet+``), digits of its own follow them. No code
    that does has a hyphen.
    """
    key, plain = name_key(name), code(name)
    if len(plain) <= NAME_LENGTH and plain.lower().replace("_", " ") == key:
        return plain
    digits = hashlib.blake2b(key.encode(), digest_size=5).hexdigest().upper()
    return f"{plain[: NAME_LENGTH - len(digits) - 1]}-{digits}"


class Owners:
    """Which row is which of the bookmakers everyone knows: by its code, else by its number.

    Codes are those that its spellings have too: a row may be from a time when it was called otherwise, or unknown.
    """

    def __init__(self, known: Iterable[Bookmaker]) -> None:
        known = tuple(known)
        spelt = {code_of_name(name): one for one in known for name in (one.code, one.name, *one.spellings)}
        self._by_code = spelt | {one.code: one for one in known}
        self._by_site_id = {one.site_id: one for one in known if one.site_id is not None}

    def of_row(self, row: Bookmakers) -> Bookmaker | None:
        return self._by_code.get(row.code) or self.of_number(row.site_id)

    def of_number(self, site_id: int | None) -> Bookmaker | None:
        return None if site_id is None else self._by_site_id.get(site_id)

    def rows(self, known: Bookmaker, among: Iterable[Bookmakers]) -> list[Bookmakers]:
        """The rows of one bookmaker, the one to be kept first."""
        rows = [row for row in among if self.of_row(row) == known]
        return sorted(rows, key=lambda row: (row.code != known.code, not row.reviewed, row.id))


def find_row(rows: Sequence[Bookmakers], aliases: Aliases, name: str, site_id: int | None) -> int | None:
    """The id among ``rows`` of the bookmaker a quote would be of, ``None`` where it would be made. Makes nothing."""
    number = _number_in(name)
    if known := find_bookmaker(name, site_id if number is None else number):
        row = next(iter(Owners(reference.bookmakers()).rows(known, rows)), None)
        return _id_of(row)
    if said := aliases.bookmaker(name):
        return said
    return _id_of(_among(rows, code_of_name(name if number is None else unnamed(number)), number))


def _among(rows: Sequence[Bookmakers], code: str, number: int | None) -> Bookmakers | None:
    numbered = (row for row in rows if number is not None and row.site_id == number)
    return next(numbered, None) or next((row for row in rows if row.code == code), None)


def _id_of(row: Bookmakers | None) -> int | None:
    return None if row is None else int(row.id)


class KnownBookmakers:
    """The bookmakers a writer has met. One that nobody knows is kept, not yet reviewed.

    :param unknown: takes the names of those that are made; whoever has told a person of them clears it.
    :param aliases: the names a person has said are those of others.
    """

    def __init__(self, database: Database, unknown: list[str], aliases: Aliases) -> None:
        self._database = database
        self._unknown = unknown
        self._aliases = aliases
        self._ids: dict[Said, int] = {}

    def id(self, name: str, site_id: int | None) -> int:
        return self._ids[name, site_id]

    def settle(self, said: Iterable[Said]) -> None:
        for name, site_id in sorted(set(said) - self._ids.keys(), key=lambda one: (one[0], one[1] or 0)):
            self._ids[name, site_id] = self._settle(name, site_id)

    def _settle(self, name: str, site_id: int | None) -> int:
        number = _number_in(name)
        if known := find_bookmaker(name, site_id if number is None else number):
            return self._settle_known(known)
        if said := self._aliases.bookmaker(name):
            return said
        return self._settle_named(name) if number is None else self._settle_unnamed(number)

    # -- one that everybody knows --------------------------------------------------------------------------------------

    def _settle_known(self, known: Bookmaker) -> int:
        """Its row is there, unless it is known since the last ``scrapy migrate``."""
        found = self._find_known(known)
        for site_id in (known.site_id, None):  # until the next one, the number may be that of another row
            if found is None:
                self._insert(code=known.code, name=known.name, site_id=site_id, reviewed=True)
                found = self._find_known(known)
        return _id(found, known.name)

    def _find_known(self, known: Bookmaker) -> Bookmakers | None:
        return next(iter(Owners(reference.bookmakers()).rows(known, self._rows())), None)

    # -- one that nobody knows -----------------------------------------------------------------------------------------

    def _settle_named(self, name: str) -> int:
        code = code_of_name(name)
        found = self._find(code)
        if found is None:
            self._make(code, name, None)
            found = self._find(code)
        if found is not None and not found.reviewed and name > found.name:
            self._show(found, name)
        return _id(found, name)

    def _settle_unnamed(self, number: int) -> int:
        name = unnamed(number)
        code = code_of_name(name)
        found = self._find(code, number)
        if found is None:
            self._make(code, name, number)
            found = self._find(code, number)
        return _id(found, name)

    def _find(self, code: str, number: int | None = None) -> Bookmakers | None:
        return _among(self._rows(), code, number)

    def _make(self, code: str, name: str, site_id: int | None) -> None:
        self._unknown.append(name)
        self._insert(code=code, name=name, site_id=site_id, reviewed=False)

    def _show(self, row: Bookmakers, name: str) -> None:
        """Of two spellings the later in byte order is shown, whichever writer is quicker."""
        kind = "BLOB" if is_embedded(self._database) else "BINARY"
        earlier = Bookmakers.name.cast(kind) < Value(name).cast(kind)
        unseen = (Bookmakers.id == row.id) & (Bookmakers.reviewed == False)  # noqa: E712 - SQL
        Bookmakers.update(name=name, updated_at=now()).where(unseen & earlier).execute(self._database)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _rows(self) -> Sequence[Bookmakers]:
        return list(Bookmakers.select().execute(self._database))

    def _insert(self, **row: str | int | None) -> None:
        """Unless another writer is quicker."""
        Bookmakers.insert(**row).on_conflict_ignore().execute(self._database)


def _number_in(name: str) -> int | None:
    """The number in a name that is nothing but one."""
    found = _UNNAMED.fullmatch(name_key(name))
    return int(found[1]) if found else None


def _id(row: Bookmakers | None, name: str) -> int:
    assert row, f"bookmaker {name!r} could neither be found nor made"
    return int(row.id)
