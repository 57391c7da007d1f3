"""What stands in one cell of a table: a value as people read it, a link where it leads on.

Whatever comes from a page or a message is escaped; only the markup written here is markup.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
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

_outward = Markup('<a href="{}" title="{}" rel="noopener noreferrer external" target="_blank">{}&nbsp;↗</a>')

BODY_SHOWN = 4_000
"""Characters of a dead letter's body that are shown."""


def write(column: str, value: Any, *, room: bool = False) -> str | Markup:
    """``value`` as it is written under ``column`` (its own name, the end of a path).

    :param room: whether it has a line of its own: then it is written in full.
    """
    if value is None or value == "":
        return formats.DASH
    if room and (writer := _IN_FULL.get(column)):
        return writer(value)
    if writer := _OF_COLUMN.get(column):
        return writer(value)
    return next((writer(value) for kind, writer in _OF_TYPE.items() if isinstance(value, kind)), str(value))


def link_to(row: Model) -> Markup:
    """The name of ``row``, leading to all that is known of it."""
    return _inward(address_of(row), name_of(row))


def _inward(address: str, name: str) -> Markup:
    """Hundreds stand in a list, and ``Markup.format`` takes five times as long."""
    return Markup(f'<a href="{escape(address)}">{escape(name)}</a>')  # noqa: S704 - both are escaped


def _run(run: Runs) -> Markup:
    """Its spider only: in a list, when it ran is beside it."""
    return _inward(address_of(run), run.spider or run.run_id)


def address_of(row: Model) -> str:
    """The page of ``row``; a key of several columns repeats ``id``."""
    table = type(row)
    if "addresses" not in g:
        g.addresses = {}
    if table not in g.addresses:  # hundreds of rows of one table: it is looked for once
        g.addresses[table] = url_for(f"{table.__name__.lower()}.details_view")
    return f"{g.addresses[table]}?{'&'.join([f'id={quote_plus(part)}' for part in key_of(row)])}"


def key_of(row: Model) -> list[str]:
    """The parts of the primary key of ``row``."""
    return [str(row.__data__[key.name]) for key in keys_of(type(row))]


def page_link(url: str) -> str | Markup:
    """The site a page is on, leading to the page; the page is not told where from. What is no web address is text."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as http://[
        return url
    if parts.scheme not in ("http", "https"):
        return url
    return _outward.format(url, url, (parts.hostname or url).removeprefix("www."))


def whole_address(url: str) -> str | Markup:
    """The same, the page's whole address shown: where there is room for it."""
    link = page_link(url)
    return _outward.format(url, url, url) if isinstance(link, Markup) else link


def _body(value: bytes | memoryview) -> Markup:
    text = spelt_out(bytes(value).decode("utf-8", "backslashreplace"), keep="\n\t")
    cut = "…" if len(text) > BODY_SHOWN else ""
    return Markup("<pre>{}{}</pre>").format(text[:BODY_SHOWN], cut)


_OF_COLUMN: dict[str, Callable[[Any], str | Markup]] = {
    "odd_value": lambda value: formats.price(value, spoken()),
    "trj": lambda value: formats.percent(value, spoken()),
    "published_trj": lambda value: formats.percent(value, spoken()),
    "line": lambda value: formats.decimal(value, spoken()) if value else formats.DASH,
    "outcome": lambda value: outcome_label(value, spoken()),
    "verdict": lambda value: f"{verdict_mark(value)}\N{NO-BREAK SPACE}{verdict_label(value)}",
    "state": state_label,
    "note": translated,
    "detail": translated,
    "status": status_label,
    **dict.fromkeys(ADDRESSES, page_link),
    "run": _run,
    "body": _body,
    # Names, not amounts: their thousands are not set apart.
    **dict.fromkeys(("id", "site_id", "exit_code"), str),
}

_IN_FULL: dict[str, Callable[[Any], str | Markup]] = {
    **dict.fromkeys(ADDRESSES, whole_address),
    "run": link_to,
}

_OF_TYPE: dict[type, Callable[[Any], str | Markup]] = {
    Model: link_to,
    bool: lambda value: say("oui") if value else say("non"),
    int: lambda value: formats.whole(value, spoken()),
    datetime: lambda value: formats.moment(value, spoken()),
    Decimal: lambda value: formats.decimal(value, spoken()),
}
