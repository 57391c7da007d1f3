"""Rows for a spreadsheet: CSV, what the clipboard takes, and XLSX, as the reader's Excel reads them.

A cell is a text, a number, an instant (naive UTC, written in the time of Paris) or ``None``, a blank. Numbers are
numbers: a French reader gets ``1,85`` and semicolons, an English one ``1.85`` and commas.

A text that a spreadsheet would take for a formula begins with an apostrophe: a team may be called ``=1+1``, and whoever
opens a file of ours must not run what a site has printed. Source: OWASP, CSV Injection.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from babel.numbers import format_decimal
from flask import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from gigscrapy.imports.ours import DANGER
from schema.instants import PARIS

Cell = str | int | Decimal | datetime | date | None
Rows = Iterable[Sequence[Cell]]

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a workbook cannot hold: one such letter in one name, and there would be no file at all."""

DANGEROUS = tuple(DANGER)
QUOTE = '"'
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes a file of UTF-8 for one of the machine's own letters."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def guarded(text: str) -> str:
    """The text as no spreadsheet takes it for a formula: ``=1+1`` is ``'=1+1``."""
    return f"'{text}" if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS) else text


def written(cell: Cell, language: str) -> str:
    """One cell as text."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return format_decimal(cell, "0.00#", locale=language)
    if isinstance(cell, datetime):
        return f"{_paris(cell):%d/%m/%Y %H:%M}" if language == "fr" else f"{_paris(cell):%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}" if language == "fr" else cell.isoformat()
    return str(cell) if isinstance(cell, int) else guarded(cell)


def shown(cell: Cell, language: str) -> str:
    """One cell as a page shows it: no formula runs there."""
    return cell if isinstance(cell, str) else written(cell, language)


def csv_text(rows: Rows, language: str) -> str:
    """A file for Excel: with its mark of UTF-8, and the separator of the language."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerows([written(cell, language) for cell in row] for row in rows)
    return BOM + out.getvalue()


def tsv_text(rows: Rows, language: str) -> str:
    """What is pasted into a spreadsheet: a cell has neither tabs nor lines of its own."""
    return "".join("\t".join(_flat(written(cell, language)) for cell in row) + "\n" for row in rows)


def xlsx_bytes(rows: Rows, title: str) -> bytes:
    """A workbook with one sheet, its first row standing still."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(title))
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_answer(rows: Rows, name: str, language: str) -> Response:
    return _attached(csv_text(rows, language).encode(), "text/csv; charset=utf-8", f"{name}.csv")


def xlsx_answer(rows: Rows, name: str) -> Response:
    return _attached(xlsx_bytes(rows, name), XLSX, f"{name}.xlsx")


def _attached(body: bytes, kind: str, name: str) -> Response:
    answer = Response(body, content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _flat(text: str) -> str:
    """Where a cell is pasted, quotes around it are taken off before it is read: ``"=1+1"`` would be a formula."""
    flat = " ".join(text.split("\t")).replace("\r", " ").replace("\n", " ")
    return f'"{flat.replace(QUOTE, 2 * QUOTE)}"' if flat.startswith(QUOTE) else flat


def _sheet_name(title: str) -> str:
    """As Excel takes it: 31 letters, without those it keeps for itself."""
    return "".join(" " if letter in "[]:*?/\\'" else letter for letter in _in_xml(title))[:31] or "1"


def _in_xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _cell(sheet: object, cell: Cell) -> object:
    if isinstance(cell, datetime):
        made = WriteOnlyCell(sheet, value=_paris(cell).replace(tzinfo=None))
        made.number_format = "dd/mm/yyyy hh:mm"
    elif isinstance(cell, Decimal):
        made = WriteOnlyCell(sheet, value=float(cell))
        made.number_format = "0.00"
    elif isinstance(cell, str):
        made = WriteOnlyCell(sheet, value=_in_xml(guarded(cell)))
        made.data_type = "s"
    else:
        made = WriteOnlyCell(sheet, value=cell)
    return made


def _paris(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(PARIS)
