from decimal import Decimal

import pytest

from gigscrapy.pages import BookmakerRef
from gigscrapy.pages.table import Line, columns_of, markets_of, prices_at, usual_width

BOX, OTHER_BOX = object(), object()


def line(*cells, name="Unibet", box=BOX):
    return Line(box, BookmakerRef(name=name) if name else None, cells)


def names(lines):
    return [[row.bookmaker.name for row in market] for market in markets_of(lines)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("A", BOX), ("B", BOX)], [["A", "B"]]),
        ([("A", BOX), ("B", OTHER_BOX)], [["A"], ["B"]]),
        ([("A", BOX), ("B", BOX), ("a", BOX), ("B", BOX)], [["A", "B"], ["a", "B"]]),
        ([("A", BOX), ("B", OTHER_BOX), ("C", BOX)], [["A"], ["B"], ["C"]]),
    ],
)
def test_a_market_ends_with_its_box_or_where_a_bookmaker_comes_again(rows, expected):
    assert names([line(name=name, box=box) for name, box in rows]) == expected


def test_bookmakers_without_name_are_told_by_number_and_nobody_is_not_somebody_again():
    by_number = [Line(BOX, BookmakerRef(site_id=number), ()) for number in (24, 33, 24)]
    assert [len(market) for market in markets_of(by_number)] == [2, 1]
    assert len(markets_of([line(name=None), line(name=None)])) == 1


@pytest.mark.parametrize(
    ("rows", "count", "expected"),
    [
        ([("1.5", "4.0", "6.5")], 3, (0, 1, 2)),
        ([("1.5", "", "6.5")], 3, (0, 1, 2)),
        ([("1.5", "-", "-"), ("1.5", "-", "-")], 3, (0, 1, 2)),
        ([("1.5", "4.0", "6.5", "92,3 %")], 3, (0, 1, 2)),
        ([("92.3%", "1.5", "4.0", "6.5"), ("", "1.5", "4.0", "6.5")], 3, (1, 2, 3)),
        ([("", "1.5", "4.0", "6.5")], 3, (1, 2, 3)),
        ([("", "1.5", "-", "6.5", "93%")], 3, (1, 2, 3)),
        ([("1.5", "4.0", "6.5", "12")], 3, None),
        ([("1.5", "2.5")], 3, None),
        ([("1.5", "2.5", "92%")], 3, None),
        ([("1.5", "2.5")], 2, (0, 1)),
        ([("1.5", "2.5", "92%")], 2, (0, 1)),
        ([("1.5", "-", "2.5")], 2, (0, 2)),
        ([("1.5", "0.00", "2.5"), ("1.5", "", "-")], 2, (0, 2)),
        ([("1.5", "13.0", "2.5"), ("1.5", "-", "2.5")], 2, None),
        ([("1.5", "13.0", "-")], 2, None),
        ([("1.5",)], 2, None),
        ([], 2, None),
    ],
)
def test_columns(rows, count, expected):
    assert columns_of([line(*cells) for cells in rows], count) == expected


def test_the_usual_width_is_most_rows_and_the_columns_are_theirs():
    lines = [line("1.5", "4.0", "6.5"), line("1.5", "6.5"), line("1.4", "4.0", "7.0"), line("Suspendu")]
    assert (usual_width(lines), columns_of(lines, 3)) == (3, (0, 1, 2))


def test_one_longer_row_is_not_the_usual():
    assert usual_width([line("1.5", "6.5"), line("1.5", "4.0", "6.5"), line("1.4", "7.0")]) == 2


def test_of_widths_equally_frequent_the_greater_and_blank_rows_do_not_count():
    assert usual_width([line("1.5", "6.5"), line("1.5", "4.0", "6.5"), line("", ""), line("", "")]) == 3


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (line("1.5", "-", "6.5"), (Decimal("1.500"), None, Decimal("6.500"))),
        (line("-", "-", "-"), (None, None, None)),
        (line("1.5", "6.5"), None),
        (line("1.5", "4.0", "6.5", "7.0"), None),
        (line("1.5", "4.0", "6.5", name=None), None),
        (line("Suspendu"), ()),
        (line("-", "-", "-", name=None), ()),
        (line(), ()),
    ],
)
def test_prices_keep_their_place_or_are_not_told(row, expected):
    assert prices_at(row, (0, 1, 2), 3) == expected


def test_without_columns_a_priced_row_tells_nothing():
    assert prices_at(line("1.5", "4.0", "6.5"), None, 3) is None
    assert prices_at(line("-", "-", "-"), None, 3) == ()
