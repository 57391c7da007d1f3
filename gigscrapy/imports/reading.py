"""A file of any kind that is known, as lines."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from gigscrapy.imports import BadFile, Line, Stated, football_data, gig, ours
from gigscrapy.imports.sheets import UPLOAD, Limits, Sheet, encoding_of, sheets
from schema.messages import OddsItem, Refused, decode, encode

FOOTBALL_DATA, GIG, OURS = "football-data", "gig-benchmark", "gigscrapy"
LONGEST_LINE = 64 * 1024


@dataclass(slots=True)
class Reading:
    """A file that is being read.

    :ivar kind: whose it is; :ivar lines: to be read once; :ivar unread: columns of bookmakers that nobody here knows.
    """

    kind: str
    lines: Iterator[Line]
    unread: list[str] = field(default_factory=list)


def read(
    path: Path,
    stated: Stated | None = None,
    limits: Limits = UPLOAD,
    *,
    name: str | None = None,
    received_at: datetime | None = None,
) -> Reading:
    """The lines of the file at ``path``. Each quote in them is one that the store takes.

    :param name: what the file was called where it came from; :param received_at: aware, default: now.
    :raises BadFile: when nobody knows such a file, now; or while it is read, when it goes beyond the limits.
    """
    stated = stated or Stated()
    stated = replace(stated, seen_at=stated.seen_at or gig.seen_at_of(name or path.name))
    received_at = received_at or datetime.now(UTC)
    if _is_json(path):
        found = ours.rows_of_json(_json_lines(path, limits))
        return Reading(OURS, ours.read(found, received_at))
    every = sheets(path, limits)
    first = next(every)
    kind = _kind(first)
    if kind is None:
        raise BadFile("unknown", "; ".join(filter(None, first.header))[:200])
    reading = Reading(kind, iter(()), football_data.unread(first.header) if kind == FOOTBALL_DATA else [])
    same = chain((first,), (sheet for sheet in every if _kind(sheet) == kind))
    reading.lines = chain.from_iterable(_lines(kind, sheet, stated, received_at) for sheet in same)
    return reading


def _kind(sheet: Sheet) -> str | None:
    if football_data.is_one(sheet.header):
        return FOOTBALL_DATA
    if gig.is_one(sheet.header):
        return GIG
    return OURS if ours.is_one(list(sheet.header)) else None


def _lines(kind: str, sheet: Sheet, stated: Stated, received_at: datetime) -> Iterator[Line]:
    if kind == OURS:
        return ours.read(ours.rows(list(sheet.header), sheet.rows), received_at)
    lines = football_data.read(sheet) if kind == FOOTBALL_DATA else gig.read(sheet, stated)
    return (_checked(line, received_at) for line in lines)


def _checked(line: Line, received_at: datetime) -> Line:
    """The line with its quotes as the queue would bring them, and a reason for each that it would not."""
    items: list[OddsItem] = []
    refusals = list(line.refusals)
    for item in line.items:
        try:
            items.append(decode(encode(item), received_at))  # type: ignore[arg-type] # it is no report
        except Refused as refusal:
            refusals.append(refusal)
    return replace(line, items=tuple(items), refusals=tuple(refusals))


# -- lines of JSON -----------------------------------------------------------------------------------------------------


def _is_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _json_lines(path: Path, limits: Limits) -> Iterator[tuple[int, str]]:
    if path.stat().st_size > limits.size:
        raise BadFile("bytes", str(limits.size))
    with path.open(encoding=encoding_of(path), errors="replace") as file:
        number = 0
        while text := file.readline(LONGEST_LINE):
            number += 1
            if number > limits.rows:
                raise BadFile("rows", str(limits.rows))
            yield number, text
