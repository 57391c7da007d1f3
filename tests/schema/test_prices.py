from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.prices import payout, published_style, read_price, usable


@pytest.mark.parametrize(
    "text, price",
    [
        ("2.35", "2.350"),
        ("2,35", "2.350"),
        (" 3.40 ", "3.400"),
        ("8\xa0", "8.000"),
        ("\u202f8,5\u202f", "8.500"),
        ("1.909", "1.909"),
        ("11", "11.000"),
        ("1001", "1001.000"),
        ("1.0005", "1.001"),
        ("99999", "99999.000"),
        *((text, None) for text in ("", "-", "0", "0.0", "1", "1.00", "0.95", "nan", "NaN", "inf", "SUSP", "#REF!")),
        *(
            (text, None)
            for text in ("2.1.5", "-110", "1e3", "+2.1", "2.", ".5", "2 35", "1/2", "٢", "1.0004", "100000")
        ),
        (None, None),
    ],
)
def test_read_price(text: str | None, price: str | None) -> None:
    assert read_price(text) == (price and Decimal(price))


@given(st.text())
def test_whatever_is_read_is_a_price_or_none(text: str) -> None:
    price = read_price(text)
    assert price is None or (price > 1 and price.as_tuple().exponent == -3)


@pytest.mark.parametrize(
    "price, kept",
    [
        ("1.0004", None),
        ("1.0005", "1.001"),
        ("2.0005", "2.001"),
        ("99999.9994", "99999.999"),
        ("100000", None),
        ("NaN", None),
        ("Infinity", None),
        ("-2", None),
        ("1e-999", None),
    ],
)
def test_usable(price: str, kept: str | None) -> None:
    assert usable(Decimal(price)) == (kept and Decimal(kept))


@pytest.mark.parametrize(
    "prices, trj",
    [
        ("7 4.75 1.42", "94.552919"),
        ("3.5 3.6 2.05", "95.120604"),
        ("3.64 3.58 2.11", "97.277350"),
        ("3.05 3.8 2.1", "93.701636"),
        ("1.74 2.1", "95.156250"),
        ("1.7 2", "91.891892"),
        ("1.91 1.91", "95.500000"),
        ("1.5 4.5 10", "101.123596"),  # the best of a market may pay back more than it takes
        ("1.6 3.06", "105.064378"),
        ("2 4 4", "100.000000"),
        ("1.05 15 41", "95.837044"),
        ("1.01 26 67", "95.832630"),
        ("1.06 35 5.25", "86.025661"),
        ("3 4.2 4.6 6.5 10", "95.907987"),
        ("4 4 4 4 5 9 21 51", "72.551145"),
    ],
)
def test_payout(prices: str, trj: str) -> None:
    computed = payout(map(Decimal, prices.split()))
    assert computed is not None
    assert computed.quantize(Decimal("0.000001")) == Decimal(trj)


def test_payout_where_two_outcomes_win_together() -> None:
    assert payout([Decimal(2), Decimal(2), Decimal(2)], winners=2) is not None
    assert payout([Decimal("1.5")] * 3, winners=2) == Decimal(100)


@pytest.mark.parametrize("prices", [[], [None], [Decimal(2), None, Decimal(4)]])
def test_an_incomplete_market_has_no_payout(prices: list[Decimal | None]) -> None:
    assert payout(prices) is None


@pytest.mark.parametrize(
    "trj, printed", [("94.552919", "94.55"), ("92.305", "92.31"), ("92.3049", "92.30"), (None, None)]
)
def test_published_style(trj: str | None, printed: str | None) -> None:
    assert published_style(trj and Decimal(trj)) == (printed and Decimal(printed))
