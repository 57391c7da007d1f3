"""CSV as spreadsheets in France open it: UTF-8 with a BOM, ``;`` between fields, no field that is a formula."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from flask import Response, stream_with_context

from admin.spreadsheet import guarded
from schema.instants import to_paris

BOM = "\ufeff"
TO_QUOTE = (";", '"', "\n", "\r", "\t", " ", "\\")
"""A field with one of these is quoted by PHP's ``fputcsv``."""


def line_of(fields: Sequence[str]) -> str:
    """A line; a text that would be a formula is led in by an apostrophe."""
    return ";".join(quoted(guarded(field)) for field in fields) + "\n"


def quoted(field: str) -> str:
    """``field`` as PHP's ``fputcsv`` writes it."""
    return '"' + field.replace('"', '""') + '"' if any(mark in field for mark in TO_QUOTE) else field


def attachment(lines: Iterable[str], name: str) -> Response:
    """A file to be kept, sent while it is written."""
    answer = Response(stream_with_context(_encoded(lines)), content_type="text/csv; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def file_name(stem: str, at: datetime) -> str:
    """``stem_2025-11-10_204500.csv``, in Paris time. :param at: naive UTC."""
    return f"{stem}_{to_paris(at.replace(tzinfo=UTC)):%Y-%m-%d_%H%M%S}.csv"


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (line.encode("utf-8", "replace") for line in lines)
