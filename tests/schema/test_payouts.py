"""What a bookmaker ended on, beside the others: the pure part."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from schema.markets import MARKETS
from schema.payouts import FRESH, WHOLE, Seen, payouts

AT = datetime(2025, 10, 17, 12)
MARKET = {1: MARKETS["1X2"]}


def seen(bookmaker: int, *prices: str | None, at: datetime = AT, published: str | None = None) -> list[Seen]:
    trj = published and Decimal(published)
    return [
        Seen(1, Decimal(0), bookmaker, outcome, Decimal(price), at, trj)
        for outcome, price in zip("1X2", prices, strict=True)
        if price
    ]


def test_the_trj_is_that_of_the_saved_page() -> None:
    """Le Havre - PSG at Bet365, 94.55 (facts: lehavre-psg-b365)."""
    (one,) = payouts(book := seen(1, "7", "4.75", "1.42", published="94.54"), book, MARKET)
    assert (one.trj, one.published_trj, one.opening_trj) == (Decimal("94.55"), Decimal("94.54"), Decimal("94.55"))


def test_an_outcome_without_a_price_leaves_no_trj() -> None:
    (one,) = payouts(book := seen(1, "7", None, "1.42"), book, MARKET)
    assert one.trj is None


def test_what_pays_beyond_all_reason_has_none() -> None:
    (one,) = payouts(book := seen(1, "99999", "99999", "99999"), book, MARKET)
    assert one.trj is None


def test_the_last_quote_is_one_instant() -> None:
    """The draw was withdrawn: its last price is of an earlier quote, which is over."""
    old, new = seen(1, None, "9", None), seen(1, "7", None, "1.42", at=AT + timedelta(hours=1))
    (one,) = payouts(old, new + old, MARKET)
    assert (one.scraped_at, one.trj, one.opened_at) == (AT + timedelta(hours=1), None, AT)


def test_a_day_apart_is_still_compared() -> None:
    for apart, stale in ((FRESH, False), (FRESH + timedelta(seconds=1), True)):
        book = seen(1, "2", "3", "4") + seen(2, "2", "3", "4", at=AT + apart)
        assert [one.stale for one in payouts(book, book, MARKET)] == [stale, False]


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.lists(st.lists(st.sampled_from(["1.5", "2", "3", None]), min_size=3, max_size=3), min_size=2, max_size=20))
def test_shares_of_the_best_prices_add_up(books: list[list[str | None]]) -> None:
    """Alone one, tied 1/k: as many as there are outcomes with a price, exactly, up to twenty bookmakers."""
    number = count(1)
    prices = [price for book in books if any(book) for price in seen(next(number), *book)]
    found = payouts(prices, prices, MARKET)
    if len(found) > 1:
        assert sum(one.best_weight for one in found) == WHOLE * len({price.outcome for price in prices})
        assert all(one.best_alone + one.best_tied <= one.outcomes for one in found)
