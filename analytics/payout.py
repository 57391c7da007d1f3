"""The best price of each outcome over the bookmakers, and what a market pays back at those prices.

The *market TRJ* is the TRJ théorique of the best prices, as if one bookmaker offered them all:
``100 · winners / Σ(1/best)``. It is never below the TRJ of the best single bookmaker, and may exceed 100.

Which bookmakers count is a choice, and the two answers differ:

* *any price* (the default): every price counts, also of a bookmaker that prices only some outcomes. It is what a
  bettor can take right now.
* *complete books only*: a bookmaker counts for a market only if it prices every outcome. It guards against a price
  left over from a suspended market, which looks best because nobody else offers it any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from schema.markets import Market
from schema.names import name_key
from schema.prices import payout

Books = Mapping[str, Mapping[str, Decimal | None]]
"""Bookmaker name to its prices by outcome code, all of one market, one line and one instant."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best price of one outcome and every bookmaker that offers it, in alphabetical order."""

    price: Decimal
    bookmakers: tuple[str, ...]


def best_prices(books: Books, market: Market, *, complete_only: bool = False) -> dict[str, Best]:
    """The best price of each outcome, in the market's order; an outcome nobody prices is absent.

    :param complete_only: leave out bookmakers that do not price every outcome.
    """
    counted = {
        name: prices
        for name, prices in books.items()
        if not complete_only or all(prices.get(outcome) for outcome in market.outcomes)
    }
    found = ((outcome, _best(counted, outcome)) for outcome in market.outcomes)
    return {outcome: best for outcome, best in found if best is not None}


def market_trj(best: Mapping[str, Best], market: Market) -> Decimal | None:
    """The market TRJ in percent, unrounded; ``None`` while an outcome has no price."""
    return payout((best[outcome].price if outcome in best else None for outcome in market.outcomes), market.winners)


def _best(books: Books, outcome: str) -> Best | None:
    prices = {name: price for name, book in books.items() if (price := book.get(outcome)) is not None}
    if not prices:
        return None
    highest = max(prices.values())
    return Best(highest, tuple(sorted((name for name in prices if prices[name] == highest), key=name_key)))
