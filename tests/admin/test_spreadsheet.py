"""What a spreadsheet gets: numbers it can add up, and no formula that a site has written."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest

from admin.spreadsheet import csv_text, guarded, shown, tsv_text, xlsx_bytes

ROWS = [
    ["Match", "Cote"],
    ["=1+1", Decimal("1.850")],
    ['Le "Havre"; PSG', None],
    [datetime(2025, 10, 17, 18, 45), 1200],
]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+33",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1+1",
        "=HYPERLINK(1)",
        "\uff1d1+1",
        "\uff20SUM(1)",
        "\u00a0=1",
        "\u3000+1",
    ],
)
def test_no_text_is_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["PSG", "1. FC Köln", "", "a=b", "'quoted"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_a_french_excel_opens_it() -> None:
    assert csv_text(ROWS, "fr").encode() == (
        b'\xef\xbb\xbfMatch;Cote\r\n\'=1+1;1,85\r\n"Le ""Havre""; PSG";\r\n17/10/2025 20:45;1200\r\n'
    )


def test_an_english_one_too() -> None:
    assert csv_text(ROWS, "en")[1:].splitlines()[1:] == ["'=1+1,1.85", '"Le ""Havre""; PSG",', "2025-10-17 20:45,1200"]


def test_what_is_pasted_has_a_cell_for_each_cell() -> None:
    assert tsv_text([["a\tb\nc", "=1", date(2025, 10, 17), Decimal("-0.5")]], "fr") == "a b c\t'=1\t17/10/2025\t-0,50\n"


def test_what_is_pasted_is_no_formula_without_its_quotes() -> None:
    """A spreadsheet reads what is pasted as it reads TSV: a cell in quotes loses them."""
    text = tsv_text([['"=1+1"', '"', 'a "b" c', "'\"x"]], "fr")
    [row] = csv.reader(io.StringIO(text), delimiter="\t")
    assert row == ['"=1+1"', '"', 'a "b" c', "'\"x"]
    assert not any(cell.startswith("=") for cell in row)


@pytest.mark.parametrize("letter", ["\uffff", "\ufffe", "\x01", "\ud800", "\0"])
def test_a_letter_that_no_workbook_holds_breaks_none(letter: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes([[f"a{letter}b"]], f"a{letter}'b"))).worksheets[0]
    assert (sheet["A1"].value, sheet.title) == ("a\ufffdb", "a\ufffd b")


def test_a_workbook_has_numbers_and_guarded_texts() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(ROWS, "Mes [cotes]"))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["Match", "Cote"],
        ["'=1+1", 1.85],
        ['Le "Havre"; PSG', None],
        [datetime(2025, 10, 17, 20, 45), 1200],
    ]
    assert [cell.data_type for cell in sheet[2]] == ["s", "n"]
    assert (sheet.title, sheet.freeze_panes) == ("Mes  cotes ", "A2")


def test_a_page_shows_a_name_as_it_is() -> None:
    assert shown("=1+1", "fr") == "=1+1"
