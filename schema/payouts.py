"""What each bookmaker ended on: its last quote before the kick-off, beside those of the others.

A quote is one bookmaker's prices for one market and line at one instant. It is *stale* where the newest of its market
is more than :data:`FRESH` younger: the bookmaker had left, or was not looked at, and its prices are compared with none.
Of those that are compared the highest price of an outcome is the best one; k bookmakers that share it have 1/k each.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from schema.markets import Market
from schema.prices import TRJ_LIMIT, payout, published_style

FRESH = timedelta(hours=24)
"""Quotes of one market that are no further apart are compared."""

DAY, MONTH = "day", "month"
"""Spans that sums of all leagues are kept of: :class:`schema.models.PayoutSpans`."""

WHOLE = 232_792_560
"""One best price. Up to twenty can share it without a remainder, so that shares add up exactly."""


class Seen(NamedTuple):
    """One price, undoubted and not from a list; ``published_trj``: what the site printed beside its quote."""

    market: int
    line: Decimal
    bookmaker: int
    outcome: str
    price: Decimal
    scraped_at: datetime
    published_trj: Decimal | None


SUMS = (
    *("matches", "quotes", "trj_sum", "trj_squares", "published", "published_sum"),
    *("opened", "opening_sum", "closing_sum", "outcomes", "best_alone", "best_tied", "best_weight"),
)
"""What :class:`schema.models.PayoutDays` and PayoutSpans add up."""

Choose = Callable[[Iterable[datetime]], datetime]
Offer = tuple[int, Decimal, int]
"""Market, line, bookmaker."""


@dataclass(frozen=True, slots=True)
class Payout:
    """One row of :class:`schema.models.Payouts`, without what is the match's own."""

    market: int
    line: Decimal
    bookmaker: int
    scraped_at: datetime
    trj: Decimal | None
    published_trj: Decimal | None
    opened_at: datetime
    opening_trj: Decimal | None
    stale: bool = False
    books: int = 0
    outcomes: int = 0
    best_alone: int = 0
    best_tied: int = 0
    best_weight: int = 0


def payouts(opening: Iterable[Seen], closing: Iterable[Seen], markets: Mapping[int, Market]) -> list[Payout]:
    """The payouts of one match.

    :param opening, closing: the first and the last price of each outcome, of every market, line and bookmaker.
    :param markets: by their ids; the quotes of any other have no TRJ.
    """
    first, last = _quotes(opening, min), _quotes(closing, max)
    boards: defaultdict[tuple[int, Decimal], dict[Offer, list[Seen]]] = defaultdict(dict)
    for offer, prices in last.items():
        boards[offer[:2]][offer] = prices
    found = []
    for quotes in boards.values():
        alone = [_payout(first[offer], quotes[offer], markets.get(offer[0])) for offer in sorted(quotes)]
        found += _compared(alone, quotes)
    return found


def _quotes(prices: Iterable[Seen], choose: Choose) -> dict[Offer, list[Seen]]:
    """Of each offer the quote of one instant; what is of another was of an outcome that this one has no price for."""
    offers: defaultdict[Offer, list[Seen]] = defaultdict(list)
    for price in prices:
        offers[price.market, price.line, price.bookmaker].append(price)
    at = {offer: choose(price.scraped_at for price in seen) for offer, seen in offers.items()}
    return {offer: [price for price in seen if price.scraped_at == at[offer]] for offer, seen in offers.items()}


def _payout(first: Sequence[Seen], last: Sequence[Seen], market: Market | None) -> Payout:
    return Payout(
        market=last[0].market,
        line=last[0].line,
        bookmaker=last[0].bookmaker,
        scraped_at=last[0].scraped_at,
        trj=_trj(last, market),
        published_trj=max((price.published_trj for price in last if price.published_trj is not None), default=None),
        opened_at=first[0].scraped_at,
        opening_trj=_trj(first, market),
    )


def _trj(quote: Sequence[Seen], market: Market | None) -> Decimal | None:
    """Bookmaker TRJ; ``None`` where an outcome has no price, or one in doubt, which is not among these."""
    if market is None:
        return None
    prices = {price.outcome: price.price for price in quote}
    trj = payout(map(prices.get, market.outcomes), market.winners)
    return None if trj is None or trj >= TRJ_LIMIT else published_style(trj)


def _compared(payouts: Sequence[Payout], quotes: Mapping[Offer, Sequence[Seen]]) -> list[Payout]:
    newest = max(each.scraped_at for each in payouts)
    fresh = {each.bookmaker for each in payouts if newest - each.scraped_at <= FRESH}
    prices = [price for offer, seen in quotes.items() if offer[2] in fresh for price in seen]
    best: dict[str, Decimal] = {}
    for price in prices:
        best[price.outcome] = max(price.price, best.get(price.outcome, price.price))
    sharing = Counter(price.outcome for price in prices if price.price == best[price.outcome])
    found = []
    for each in payouts:
        if each.bookmaker not in fresh:
            found.append(replace(each, stale=True))
            continue
        if len(fresh) < 2:
            found.append(replace(each, books=len(fresh)))
            continue
        own = quotes[each.market, each.line, each.bookmaker]
        among = [sharing[price.outcome] for price in own if price.price == best[price.outcome]]
        found.append(
            replace(
                each,
                books=len(fresh),
                outcomes=len(own),
                best_alone=among.count(1),
                best_tied=len(among) - among.count(1),
                best_weight=sum(WHOLE // k for k in among),
            )
        )
    return found
