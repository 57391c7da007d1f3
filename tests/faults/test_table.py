"""The list of faults is whole, and the page shows it."""

import pytest

from tests.faults.table import Row, rows, shown, table


def test_there_are_53_rows():
    assert [row.number for row in rows()] == list(range(1, 54))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.number:02}")
def test_each_row_has_one_test_or_a_reason_why_not(row: Row):
    if row.why:
        assert (row.tests, row.holds) == ((), "")
    else:
        assert (len(row.tests), bool(row.holds)) == (1, True)


def test_the_page_shows_the_table():
    """``python -m tests.faults.table --write`` brings it up to date."""
    assert shown() == table()
