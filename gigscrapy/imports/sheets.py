"""A file as rows of text, whatever it is written in: CSV of any usual encoding and separator, or XLSX.

Whoever uploads one may mean no good, or have taken the wrong one: nothing is read beyond :class:`Limits`, and of an
XLSX neither what unpacks to far more than it is nor what declares entities.
"""

import csv
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from gigscrapy.imports import BadFile, census

MEGABYTE = 1024 * 1024
PIECE = 1 << 20
ENCODINGS = ("utf-8-sig", "cp1252")
"""The first that fits. Everything fits the last one, which old Windows writes."""
DELIMITERS = ";,\t"

Rows = Generator[tuple[int, Sequence[str]], None, None]
"""Rows as they come, each with its number from 1."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most.

    :ivar unpacked: bytes of all parts of an XLSX together; :ivar ratio: of a part's bytes to what they unpack from.
    """

    size: int = 32 * MEGABYTE
    rows: int = 300_000
    columns: int = 400
    cell: int = 2_000
    unpacked: int = 256 * MEGABYTE
    ratio: int = 200
    parts: int = 1_000


UPLOAD = Limits()
SHELL = Limits(size=4096 * MEGABYTE, rows=100_000_000, unpacked=1024 * MEGABYTE)
"""Whoever has a shell has the machine."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """``header``: its first row that is not blank; ``rows``: the others as they come, each with its number from 1."""

    header: Sequence[str]
    rows: Iterator[tuple[int, list[str]]]


def sheets(path: Path, limits: Limits = UPLOAD) -> Iterator[Sheet]:
    """The sheets of a file: one, or those of an XLSX. Each is to be read before the next.

    :raises BadFile: at once or while it is read.
    """
    if path.stat().st_size > limits.size:
        raise BadFile("bytes", str(limits.size // MEGABYTE))
    every = _of_workbook(path, limits) if _is_zip(path) else (one for one in (_of_text(path, limits),))
    found = False
    with closing(every):
        for rows in every:
            bounded = _bounded(rows, limits)
            header = next(((number, row) for number, row in bounded if any(row)), None)
            if header:
                found = True
                yield Sheet(header[1], bounded)
    if not found:
        raise BadFile("empty")


def is_blank(row: Sequence[str]) -> bool:
    return not any(row)


def _bounded(rows: Rows, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    with closing(rows):  # at once: what is refused is not kept open until somebody clears it away
        for count, (number, row) in enumerate(rows, 1):
            if count > limits.rows:
                raise BadFile("rows", str(limits.rows))
            if len(row) > limits.columns:
                raise BadFile("columns", str(limits.columns))
            if any(len(cell) > limits.cell for cell in row):
                raise BadFile("cell", str(limits.cell))
            yield number, [cell.replace("\N{NO-BREAK SPACE}", " ").strip(" \r\n") for cell in row]


# -- text --------------------------------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """What a text is written in: UTF-16 says so itself, UTF-8 is what can be read as such, the rest is Windows's."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    with suppress(UnicodeDecodeError), path.open(encoding=ENCODINGS[0], newline="") as text:
        while text.read(PIECE):
            pass
        return ENCODINGS[0]
    return ENCODINGS[1]


def _of_text(path: Path, limits: Limits) -> Rows:
    csv.field_size_limit(max(csv.field_size_limit(), limits.cell + 1))
    with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
        delimiter = _delimiter(file.readline(limits.columns * limits.cell))
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise BadFile("broken", f"{reader.line_num}: {error}") from None


def _delimiter(line: str) -> str:
    """The one that stands most often in the first line that says anything."""
    return max(DELIMITERS, key=line.count)


# -- XLSX --------------------------------------------------------------------------------------------------------------


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _of_workbook(path: Path, limits: Limits) -> Generator[Rows, None, None]:
    import openpyxl

    _check_parts(path, limits)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # noqa: BLE001 - it raises whatever comes of a broken part
        raise BadFile("broken", type(error).__name__) from None
    try:
        for sheet in book.worksheets:
            yield _of_sheet(sheet, limits)
    finally:
        book.close()


def _of_sheet(sheet: Any, limits: Limits) -> Rows:
    sheet.reset_dimensions()  # what it says of its size may be wrong, and rows beyond it would not be read
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=limits.columns + 1), 1):
            cells = [text_of(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            yield number, cells
    except BadFile:
        raise
    except Exception as error:  # noqa: BLE001
        raise BadFile("broken", type(error).__name__) from None


def text_of(cell: object) -> str:
    """A cell as it would stand in a CSV."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _check_parts(path: Path, limits: Limits) -> None:
    """By what the archive says of itself, before anything is unpacked: Python unpacks no part beyond what it says.

    Then by what each part holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.unpacked:
                raise BadFile("bomb", str(limits.unpacked // MEGABYTE))
            if any(part.file_size > MEGABYTE and part.file_size > limits.ratio * part.compress_size for part in parts):
                raise BadFile("bomb", str(limits.unpacked // MEGABYTE))
            if "xl/workbook.xml" not in archive.namelist():
                raise BadFile("unknown", "zip")
            for part in parts:
                census.count(archive, part, limits.columns)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise BadFile("broken", type(error).__name__) from None
