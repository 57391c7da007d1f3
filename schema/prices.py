"""A price, and what a set of prices pays back.

A price is decimal odds, stake included: a ``Decimal`` strictly greater than 1, or ``None``.
There is no third state: ``0.00``, ``1.00``, ``-`` and an empty cell all mean *no price*.
"""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

PRICE_LIMIT = Decimal(100_000)
"""No bookmaker quotes as much; the column holds it with three decimals to spare."""

TRJ_LIMIT = 9_999
"""Percent: the columns of TRJ hold less. One of a hundred times the stakes is nobody's."""

CENT = Decimal("0.01")
MILLI = Decimal("0.001")

_DECIMAL_ODDS = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?")


def read_price(text: str | None) -> Decimal | None:
    """The price printed in a cell, or ``None`` where there is none.

    Accepts a point or a comma and surrounding spaces (also no-break ones). Anything that is not plain
    decimal odds above 1 (``-``, ``0.00``, ``1``, ``SUSP``, ``-110``, ``1e3``, ``nan``) is no price.
    """
    if text is None:
        return None
    # A few thousand prices come again and again; what is far too long for one is not remembered.
    return _read_price(text) if len(text) <= 32 else _read_price.__wrapped__(text)


@lru_cache(maxsize=8192)
def _read_price(text: str) -> Decimal | None:
    text = text.strip()
    if not _DECIMAL_ODDS.fullmatch(text) or not text.isascii():
        return None
    return usable(Decimal(text.replace(",", ".")))


def usable(price: Decimal | None) -> Decimal | None:
    """``price`` at the precision that is kept (three decimals), or ``None`` where it is not a price."""
    if price is None or not price.is_finite() or price >= PRICE_LIMIT:
        return None
    rounded = price.quantize(MILLI, ROUND_HALF_UP)
    return rounded if rounded > 1 else None


def payout(prices: Iterable[Decimal | None], winners: int = 1) -> Decimal | None:
    """The TRJ théorique of a set of prices, in percent, unrounded: ``100 · winners / Σ(1/price)``.

    :param prices: one price for each outcome of the market, in any order.
    :param winners: how many of the outcomes win together (2 for double chance, else 1).
    :returns: ``None`` if a price is missing or there is none at all: an incomplete market has no TRJ.

    Source: Štrumbelj, *On determining probability forecasts from betting odds* (2014), eq. 1: the inverse of the
    booksum. The legal TRJ (sums paid over stakes) is another quantity.
    """
    inverse_sum = Decimal(0)
    for price in prices:
        if price is None:
            return None
        inverse_sum += 1 / price
    return 100 * winners / inverse_sum if inverse_sum else None


def published_style(trj: Decimal | None) -> Decimal | None:
    """A TRJ as it is printed and stored: percent with two decimals, half up."""
    return None if trj is None else trj.quantize(CENT, ROUND_HALF_UP)
