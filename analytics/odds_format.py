"""A decimal price as others write it.

* *american*: what a stake of 100 wins (``+150``), or what must be staked to win 100 (``-200``): ``100·(o - 1)`` from
  2.00 on, else ``-100/(o - 1)``; in whole numbers, half away from zero. Several prices share
  one: it cannot be read back.
* *fractional*: what is won over what is staked, ``o - 1`` as a fraction in its lowest terms (``17/20``). A price is a
  decimal fraction, so this is exact: the fraction, and 1, are the price again.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

WHOLE = Decimal(1)


@lru_cache(maxsize=8192)
def decimal(price: Decimal) -> str:
    """``1.85``: two decimals, a third only where there is one."""
    text = f"{price:.3f}"
    return text.removesuffix("0")


@lru_cache(maxsize=8192)
def american(price: Decimal) -> str:
    """``+150``, ``-200``; evens are ``+100``."""
    won = price - 1
    told = 100 * won if won >= 1 else -100 / won
    return f"{told.quantize(WHOLE, ROUND_HALF_UP):+}"


@lru_cache(maxsize=8192)
def fractional(price: Decimal) -> str:
    """``17/20``; evens are ``1/1``."""
    won = Fraction(price) - 1
    return f"{won.numerator}/{won.denominator}"


FORMATS: Mapping[str, Callable[[Decimal], str]] = {
    "decimal": decimal,
    "american": american,
    "fractional": fractional,
}
