"""What stands in one cell of a table: a value as people read it, a link where it leads on.

Whatever comes from a page or a message is escaped; only the markup written here is markup.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote_plus, urlsplit

from flask import g, url_for
from markupsafe import Markup, escape
from peewee import Model

from admin import formats
from admin.labels import outcome_label, state_label, status_label, verdict_label, verdict_mark
from admin.sentences import translated
from admin.views.joins import keys_of
from admin.views.names import name_of
from admin.words import say, spoken
from schema.models import Runs
from schema.names import spelt_out

ADDRESSES = ("url", "website", "site")
"""Columns that hold an address on the web."""

BODY_SHOWN = 4_000
"""Characters of a dead letter's body that are shown."""


def write(column: str, value: Any, *, room: bool = False, language: str | None = None) -> str | Markup:
    """``value`` as it is written under ``column`` (its own name, the end of a path).

    :param room: whether it has a line of its own: then it is written in full.
    :param language: of the page; who writes hundreds of cells need not ask for it each time.
    """
    if value is None or value == "":
        return formats.DASH
    if room and (writer := _IN_FULL.get(column)):
        return writer(value)
    return (_OF_COLUMN.get(column) or _of_type(value.__class__))(value, language or spoken())


def link_to(row: Model) -> Markup:
    """The name of ``row``, leading to all that is known of it."""
    return _inward(address_of(row), name_of(row))


def links(leading: Iterable[tuple[str, str]]) -> Markup:
    """Addresses, each with its name, side by side."""
    return Markup(" ").join([_inward(address, name) for address, name in leading])


def _inward(address: str, name: str) -> Markup:
    """Hundreds stand in a list, and ``Markup.format`` takes five times as long."""
    return Markup(f'<a href="{escape(address)}">{escape(name)}</a>')  # noqa: S704 - both are escaped


def _outward(url: str, name: str) -> Markup:
    return Markup(  # noqa: S704 - both are escaped
        f'<a href="{escape(url)}" title="{escape(url)}" rel="noopener noreferrer external" target="_blank">'
        f"{escape(name)}&nbsp;↗</a>"
    )


def _run(run: Runs) -> Markup:
    """Its spider only: in a list, when it ran is beside it."""
    return _inward(address_of(run), run.spider or run.run_id)


def address_of(row: Model) -> str:
    """The page of ``row``; a key of several columns repeats ``id``."""
    key = "&".join([f"id={quote_plus(part)}" for part in key_of(row)])
    return f"{address_once(f'{type(row).__name__.lower()}.details_view')}?{key}"


def address_once(endpoint: str) -> str:
    """The address that hundreds of rows have in common: a page looks for it once."""
    known: dict[str, str] = g.setdefault("addresses", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint)
    return known[endpoint]


def key_of(row: Model) -> list[str]:
    """The parts of the primary key of ``row``."""
    return [str(row.__data__[key]) for key in _key_names(type(row))]


@cache
def _key_names(table: type[Model]) -> tuple[str, ...]:
    return tuple(key.name for key in keys_of(table))


@lru_cache(maxsize=1024)
def page_link(url: str) -> str | Markup:
    """The site a page is on, leading to the page; the page is not told where from. What is no web address is text."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[
        return url
    if parts.scheme not in ("http", "https"):
        return url
    return _outward(url, (parts.hostname or url).removeprefix("www."))


def whole_address(url: str) -> str | Markup:
    """The same, the page's whole address shown: where there is room for it."""
    link = page_link(url)
    return _outward(url, url) if isinstance(link, Markup) else link


def _body(value: bytes | memoryview) -> Markup:
    text = spelt_out(bytes(value).decode("utf-8", "backslashreplace"), keep="\n\t")
    cut = "…" if len(text) > BODY_SHOWN else ""
    return Markup("<pre>{}{}</pre>").format(text[:BODY_SHOWN], cut)


def _in_every_language(writer: Callable[[Any], str | Markup]) -> Callable[[Any, str], str | Markup]:
    return lambda value, _language: writer(value)


_OF_COLUMN: dict[str, Callable[[Any, str], str | Markup]] = {
    "odd_value": formats.price,
    "trj": formats.percent,
    "published_trj": formats.percent,
    "line": lambda value, language: formats.decimal(value, language) if value else formats.DASH,
    "outcome": outcome_label,
    "verdict": lambda value, language: f"{verdict_mark(value)}\N{NO-BREAK SPACE}{verdict_label(value, language)}",
    "state": _in_every_language(state_label),
    "note": _in_every_language(translated),
    "detail": _in_every_language(translated),
    "status": _in_every_language(status_label),
    **dict.fromkeys(ADDRESSES, _in_every_language(page_link)),
    "run": _in_every_language(_run),
    "body": _in_every_language(_body),
    # Names, not amounts: their thousands are not set apart.
    **dict.fromkeys(("id", "site_id", "exit_code"), _in_every_language(str)),
}

_IN_FULL: dict[str, Callable[[Any], str | Markup]] = {
    **dict.fromkeys(ADDRESSES, whole_address),
    "run": link_to,
}

_OF_TYPE: dict[type, Callable[[Any, str], str | Markup]] = {
    Model: _in_every_language(link_to),
    bool: lambda value, language: say("oui", language) if value else say("non", language),
    int: formats.whole,
    datetime: formats.moment,
    Decimal: formats.decimal,
}


@cache
def _of_type(kind: type) -> Callable[[Any, str], str | Markup]:
    return next((writer for known, writer in _OF_TYPE.items() if issubclass(kind, known)), _in_every_language(str))
