"""Prices as others write them. Vectors by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest

from analytics.odds_format import american, decimal, fractional

VECTORS = (
    ("1.850", "1.85", "-118", "17/20"),
    ("2.000", "2.00", "+100", "1/1"),
    ("1.990", "1.99", "-101", "99/100"),
    ("2.500", "2.50", "+150", "3/2"),
    ("1.500", "1.50", "-200", "1/2"),
    ("1.333", "1.333", "-300", "333/1000"),
    ("1.001", "1.001", "-100000", "1/1000"),
    ("11.000", "11.00", "+1000", "10/1"),
    ("2.005", "2.005", "+101", "201/200"),  # 100.5: half goes away from zero
    ("3.455", "3.455", "+246", "491/200"),  # 245.5
    ("99999.999", "99999.999", "+9999900", "99998999/1000"),
    ("1.8", "1.80", "-125", "4/5"),
)


@pytest.mark.parametrize(("price", "as_decimal", "as_american", "as_fraction"), VECTORS)
def test_vectors(price, as_decimal, as_american, as_fraction):
    told = Decimal(price)
    assert (decimal(told), american(told), fractional(told)) == (as_decimal, as_american, as_fraction)


def test_a_fraction_and_one_are_the_price_again():
    for thousandths in range(1001, 6000):
        price = Decimal(thousandths) / 1000
        won, staked = map(int, fractional(price).split("/"))
        assert Fraction(won, staked) + 1 == Fraction(price)
