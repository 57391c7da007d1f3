import io
import random
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gigscrapy.imports import BadFile
from gigscrapy.imports.sheets import Limits, sheets

SHEET = "xl/worksheets/sheet1.xml"
STYLES = "xl/styles.xml"


def with_row(row: bytes) -> Any:
    return lambda body: body.replace(b"</sheetData>", row + b"</sheetData>")


def rows(path: Path, **limits: int) -> list[tuple[int, list[str]]]:
    return [row for sheet in sheets(path, Limits(**limits)) for row in ((0, list(sheet.header)), *sheet.rows)]


def written(tmp_path: Path, body: bytes | str) -> Path:
    path = tmp_path / "file"
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def workbook(tmp_path: Path, *lines: list[object]) -> Path:
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def changed(path: Path, name: str, change: Any) -> Path:
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, body in parts.items():
            archive.writestr(part, body)
    return path


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t"), ("cp1252", ",")]
)
def test_text_of_any_usual_kind(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Date", "Équipe", "x"], ["1", "L'Étoilé’s", ""], ["", "", ""], ["2", "a\N{NO-BREAK SPACE}b ", "c"]]
    path = written(tmp_path, "\r\n".join(delimiter.join(line) for line in lines).encode(encoding))
    assert rows(path) == [
        (0, ["Date", "Équipe", "x"]),
        (2, ["1", "L'Étoilé’s", ""]),
        (3, ["", "", ""]),
        (4, ["2", "a b", "c"]),
    ]


def test_a_workbook(tmp_path: Path) -> None:
    line = [
        datetime(2026, 11, 21),
        datetime(2026, 11, 21, 20, 45),
        date(2026, 1, 2),
        time(20, 45),
        1.85,
        2.0,
        3,
        "=1+1",
    ]
    path = workbook(tmp_path, ["a"], [], line, [None, True])
    assert rows(path) == [
        (0, ["a"]),
        (2, []),
        (3, ["2026-11-21", "2026-11-21 20:45:00", "2026-01-02", "20:45:00", "1.85", "2", "3"]),
        (4, ["", "1"]),
    ]


@pytest.mark.parametrize(
    ("body", "limits", "reason"),
    [
        ("", {}, "empty"),
        ("\n\n;;\n", {}, "empty"),
        ("a\n" * 5, {"rows": 4}, "rows"),
        ("a;b;c\n", {"columns": 2}, "columns"),
        ("a;" + "b" * 11, {"cell": 10}, "cell"),
        ("a" * 11, {"size": 10}, "bytes"),
        ('"' + "x" * 200_000, {}, "broken"),
        (b"PK\x03\x04nothing of the kind", {}, "broken"),
    ],
)
def test_nothing_beyond_the_limits(tmp_path: Path, body: bytes | str, limits: dict[str, int], reason: str) -> None:
    with pytest.raises(BadFile) as refused:
        rows(written(tmp_path, body), **limits)
    assert refused.value.reason == reason


class TestBombs:
    def test_a_part_that_unpacks_to_far_more_than_it_is(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, ["a"])
        changed(path, SHEET, lambda body: body + b" " * 50_000_000)
        assert path.stat().st_size < 100_000
        with pytest.raises(BadFile) as refused:
            rows(path)
        assert refused.value.reason == "bomb"

    def test_parts_that_unpack_to_too_much_together(self, tmp_path: Path) -> None:
        with pytest.raises(BadFile) as refused:
            rows(workbook(tmp_path, ["a"] * 100), unpacked=1_000)
        assert refused.value.reason == "bomb"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_entities_are_not_read(self, tmp_path: Path, encoding: str) -> None:
        secret = tmp_path / "secret"
        secret.write_text("secret")
        declared = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'

        def declare(body: bytes) -> bytes:
            text = body.decode().partition("?>")[2].replace("<v>0</v>", "<v>&e;</v>")
            return (declared + text).encode(encoding)

        with pytest.raises(BadFile) as refused:
            rows(changed(workbook(tmp_path, ["a"]), SHEET, declare))
        assert (refused.value.reason, refused.value.detail) == ("bomb", "DOCTYPE")

    def test_a_document_type_is_found_wherever_it_stands(self, tmp_path: Path) -> None:
        late = b"<!-- " + b"x" * 100_000 + b" --><!DOCTYPE x>"
        path = changed(workbook(tmp_path, ["a"]), SHEET, lambda body: body.replace(b"<worksheet", late + b"<worksheet"))
        with pytest.raises(BadFile) as refused:
            rows(path)
        assert (refused.value.reason, refused.value.detail) == ("bomb", "DOCTYPE")

    @pytest.mark.parametrize(
        ("part", "where", "what", "reason"),
        [
            (SHEET, b"</sheetData>", b'<row r="2">' + b"<c/>" * 20_000 + b"</row></sheetData>", "columns"),
            (SHEET, b"</sheetData>", b"<x/>" * 300_000 + b"</sheetData>", "bomb"),
            (SHEET, b"</sheetData>", b"<row>" + b"<c>" * 100 + b"</c>" * 100 + b"</row></sheetData>", "bomb"),
            (SHEET, b"</sheetData>", b"<row><c><v>" + b"1" * 2_000_000 + b"</v></c></row></sheetData>", "bomb"),
            (SHEET, b"<sheetData>", b'<sheetData a="' + b"1" * 2_000_000 + b'">', "bomb"),
            (STYLES, b"</styleSheet>", b"<xf/>" * 300_000 + b"</styleSheet>", "bomb"),
            (STYLES, b"</styleSheet>", b"<x><row>" + b"<c/>" * 300_000 + b"</row></x></styleSheet>", "bomb"),
            ("xl/workbook.xml", b"</workbook>", b"<x/>" * 300_000 + b"</workbook>", "bomb"),
            ("[Content_Types].xml", b"/xl/workbook.xml", b"/xl/worksheets/sheet1.xml", "unknown"),
        ],
    )
    def test_a_part_of_too_many_elements(
        self, tmp_path: Path, part: str, where: bytes, what: bytes, reason: str
    ) -> None:
        """Few bytes, and some not even far fewer than they unpack to; in memory each element is a hundred."""
        noise = b"<!--" + random.Random(1).randbytes(100_000).hex().encode() + b"-->"

        def grown(body: bytes) -> bytes:
            assert where in body
            return body.replace(where, what) + noise

        with pytest.raises(BadFile) as refused:
            rows(changed(workbook(tmp_path, ["a"]), part, grown))
        assert refused.value.reason == reason

    def test_a_wide_workbook_is_read(self, tmp_path: Path) -> None:
        row = ["text"] * 400
        assert rows(workbook(tmp_path, *[row] * 300))[-1] == (300, row)

    def test_a_row_far_down_and_a_cell_far_right(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, ["a"])
        with pytest.raises(BadFile) as refused:
            rows(changed(path, SHEET, with_row(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>')), rows=1_000)
        assert refused.value.reason == "rows"
        path = workbook(tmp_path, ["a"])
        assert rows(changed(path, SHEET, with_row(b'<row r="2"><c r="XFD2"><v>1</v></c></row>'))) == [
            (0, ["a"]),
            (2, []),
        ]

    def test_another_archive_is_no_workbook(self, tmp_path: Path) -> None:
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("a.txt", "a")
        with pytest.raises(BadFile) as refused:
            rows(written(tmp_path, body.getvalue()))
        assert refused.value.reason == "unknown"
