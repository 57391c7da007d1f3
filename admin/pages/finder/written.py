"""Prices in the three ways people write them, and markets by name."""

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from admin import formats
from admin.words import Phrase, spoken
from schema.markets import Market

MARKET_LABELS: Mapping[str, Phrase] = {
    "1X2": Phrase("1N2"),
    "12": Phrase("Vainqueur"),
    "DNB": Phrase("Remboursé si nul"),
    "DC": Phrase("Double chance"),
    "1X2H1": Phrase("1re mi-temps"),
    "1X2H2": Phrase("2e mi-temps"),
}
"""Of every market of :data:`schema.markets.MARKETS`."""

SIMPLEST = 100
"""The largest denominator of a fractional price: two decimals are told exactly."""


def american(price: Decimal) -> str:
    """What a stake of 100 wins (``+105``), or what must be staked to win 100 (a minus sign and ``118``)."""
    wins = price - 1
    if wins >= 1:
        return f"+{_whole(100 * wins)}"
    return f"\N{MINUS SIGN}{_whole(100 / wins)}"


def fractional(price: Decimal) -> str:
    """What a stake wins, as a fraction of it: ``17/20``."""
    wins = Fraction(price - 1).limit_denominator(SIMPLEST)
    return f"{wins.numerator}/{wins.denominator}"


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), ROUND_HALF_UP)


FORMATS: Mapping[str, tuple[str, Callable[[Decimal], str]]] = {
    "decimal": ("1,85", lambda price: formats.price(price, spoken())),
    "american": ("+…", american),
    "fractional": ("17/20", fractional),
}
"""Each way to write a price: what the switch shows, and what writes."""


def market_label(market: Market, line: Decimal) -> str:
    """A market and its line, as a tab says it."""
    said = str(MARKET_LABELS[market.code])
    return f"{said} {formats.decimal(line, spoken())}" if line else said
