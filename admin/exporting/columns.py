"""The columns of an export: what each is called, and what kind of value it has."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    DateTimeField,
    DecimalField,
    Field,
    ForeignKeyField,
    IntegerField,
    Model,
)

from admin.views.joins import meta, related
from gigscrapy.imports import ours
from gigscrapy.imports.ours import DECIMAL, INSTANT, PERCENT, PRICE, TEXT, WHOLE, YES_NO
from schema.models import LatestOdds, Odds

PRICES: tuple[type[Model], ...] = (Odds, LatestOdds)
PATHS = {
    "sport": "match.league.sport.name",
    "league": "match.league.name",
    "country": "match.league.country",
    "home": "match.home_team.name",
    "away": "match.away_team.name",
    "kickoff": "match.match_date",
    "market": "market.code",
    "line": "line",
    "outcome": "outcome",
    "bookmaker": "bookmaker.name",
    "price": "odd_value",
    "trj": "trj",
    "published_trj": "published_trj",
    "scraped_at": "scraped_at",
    "partial": "partial",
    "suspect": "suspect",
    "url": "page.url",
    "run": "run.run_id",
    "parser": "page.parser",
    "page": "page.content",
    "source": "match.source",
    "match_id": "match.site_id",
    "kickoff_seen_at": "match.match_date_seen_at",
    "bookmaker_code": "bookmaker.code",
    "bookmaker_id": "bookmaker.site_id",
}
"""Where what an export of prices tells stands; :mod:`gigscrapy.imports.ours` reads it again."""

_BY_NAME = {"odd_value": PRICE, "trj": PERCENT, "published_trj": PERCENT}
_BY_TYPE: tuple[tuple[tuple[type[Field], ...], str], ...] = (
    ((BooleanField,), YES_NO),
    ((DateTimeField,), INSTANT),
    ((DecimalField,), DECIMAL),
    ((AutoField, BigIntegerField, IntegerField), WHOLE),
)


class Column(NamedTuple):
    """``key``: its name for programs; ``label``: for people; ``kind``: see :mod:`gigscrapy.imports.ours`;
    ``path``: where its value stands, see :mod:`admin.views.joins`.
    """

    key: str
    label: Any
    kind: str = TEXT
    path: str = ""


def of_prices(language: str) -> list[Column]:
    """Those of an export of prices, which can be imported again."""
    return [
        Column(key, french if language == "fr" else english, kind, PATHS[key])
        for key, (kind, french, english) in ours.COLUMNS.items()
    ]


def of_table(model: type[Model], labelled: Sequence[tuple[str, Any]]) -> list[Column]:
    """Those of another table: the same as on a row's own page. Bodies are left out."""
    columns: list[Column] = []
    for path, label in labelled:
        field = meta(related(model, path.rpartition(".")[0])).fields.get(path.rpartition(".")[2])
        if field is not None and not isinstance(field, BlobField):
            columns.append(Column(path.replace(".", "_"), label, kind_of(field), path))
    return columns


def kind_of(field: Field) -> str:
    if isinstance(field, ForeignKeyField):
        return TEXT
    if kind := _BY_NAME.get(field.name):
        return kind
    return next((kind for types, kind in _BY_TYPE if isinstance(field, types)), TEXT)


def value_of(kind: str, raw: Any) -> Any:
    """A value as the database's driver gives it, as what it is: SQLite has no decimals and no instants of its own."""
    if raw is None:
        return None
    if kind in (PRICE, PERCENT, DECIMAL):
        return raw if isinstance(raw, Decimal) else Decimal(str(raw))
    if kind == INSTANT:
        return raw if isinstance(raw, datetime) else datetime.fromisoformat(raw)
    if kind == YES_NO:
        return bool(raw)
    return int(raw) if kind == WHOLE else str(raw)
