"""What a person says of bookmakers and teams: what they are called, and by which other names quotes may come.

Each in the transaction of the caller. What a person says here is honoured by the next batch that is stored
(:mod:`schema.aliases`); nothing is deleted but an other name. To make two rows one see :mod:`schema.merging`.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from peewee import Database, IntegrityError, Model

from schema import reference
from schema.aliases import begin_change
from schema.bookmakers import Owners, code_of_name
from schema.models import BookmakerAliases, Bookmakers, TeamAliases, Teams, now
from schema.names import BadName, name_key, tidy

WEBSITE_LENGTH = 200
LARGEST_NUMBER = 10**9 - 1


class CannotEdit(Exception):
    """:ivar field: the one at fault; :ivar reason: ``name``, ``own``, ``taken``, ``known``, ``number``, ``address`` or
    ``fixed``; :ivar other: whose it is, where it is somebody's.
    """

    def __init__(self, field: str, reason: str, other: str = "") -> None:
        super().__init__(f"{field}: {reason} {other}".strip())
        self.field, self.reason, self.other = field, reason, other


@dataclass(frozen=True, slots=True)
class Said:
    """What a person types of a bookmaker."""

    name: str
    website: str
    site_id: str
    reviewed: bool


def edit_bookmaker(database: Database, row: Any, said: Said) -> dict[str, Any]:
    """Write what is said of a bookmaker. :returns: what changed. :raises CannotEdit: when it cannot be so."""
    values: dict[str, Any] = {
        "name": _name(said.name),
        "website": _website(said.website),
        "site_id": _number(said.site_id),
        "reviewed": said.reviewed,
    }
    changes = {column: value for column, value in values.items() if getattr(row, column) != value}
    if "site_id" in changes and has_fixed_number(row):
        raise CannotEdit("site_id", "fixed")
    if "name" in changes:
        _check_name(row, values["name"], database)
        changes["reviewed"] = True  # else the next crawl would show its own spelling
    if changes:
        begin_change(database)
        try:
            with database.atomic():
                Bookmakers.update(updated_at=now(), **changes).where(Bookmakers.id == row.id).execute(database)
        except IntegrityError:
            raise CannotEdit("site_id", "taken") from None
    return changes


def has_fixed_number(row: Any) -> bool:
    """Whether its number comes with the program, which writes it anew with each migration."""
    known = Owners(reference.bookmakers()).of_row(row)
    return known is not None and known.site_id is not None


def add_alias(database: Database, row: Any, name: str) -> Any:
    """Another name of a bookmaker, or of a team in its league. :raises CannotEdit: when it is somebody's already."""
    tidied = _name(name)
    key = name_key(tidied)
    if isinstance(row, Bookmakers):
        _check_name(row, tidied, database)
        model: type[Model] = BookmakerAliases
        said: dict[str, Any] = {"bookmaker": row.id}
        same: Any = BookmakerAliases.name_key == key
    else:
        _check_team(database, row, key)
        model = TeamAliases
        said = {"league": row.league_id, "team": row.id}
        same = (TeamAliases.league == row.league_id) & (TeamAliases.name_key == key)
    there = next(iter(model.select().where(same).execute(database)), None)
    if there:
        raise CannotEdit("alias", "taken", there.name)
    begin_change(database)
    number = model.insert(name=tidied, name_key=key, **said).execute(database)
    return model.get_by_id(number)


def remove_alias(database: Database, alias: Any) -> None:
    """From now on quotes under that name are of one of their own."""
    begin_change(database)
    model = type(alias)
    model.delete().where(model.id == alias.id).execute(database)


def _check_name(row: Any, name: str, database: Database) -> None:
    """That it is no other bookmaker's. :raises CannotEdit: when it is, or is its own already."""
    key = name_key(name)
    known, own = reference.find_bookmaker(name), Owners(reference.bookmakers()).of_row(row)
    if known is not None and known != own:
        raise CannotEdit("name", "known", known.name)
    others = Bookmakers.select().where(Bookmakers.id != row.id).execute(database)
    code = code_of_name(name)
    for other in others:
        if other.code == code or name_key(other.name) == key:
            raise CannotEdit("name", "taken", other.name)


def _check_team(database: Database, row: Any, key: str) -> None:
    if key == row.name_key:
        raise CannotEdit("alias", "own")
    same = (Teams.league == row.league_id) & (Teams.name_key == key)
    other = next(iter(Teams.select().where(same).execute(database)), None)
    if other:
        raise CannotEdit("alias", "taken", other.name)


def _name(text: str) -> str:
    try:
        return tidy(text)
    except BadName:
        raise CannotEdit("name", "name") from None


def _website(text: str) -> str | None:
    """An address on the web, or nothing."""
    text = text.strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(text) > WEBSITE_LENGTH or " " in text:
        raise CannotEdit("website", "address")
    if not text.isprintable():
        raise CannotEdit("website", "address")
    return text


def _number(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) > LARGEST_NUMBER:
        raise CannotEdit("site_id", "number")
    return int(text)
