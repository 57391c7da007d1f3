"""Vectors: odds mathematics, book sums and best of market, computed with fifty digits."""

from decimal import Decimal

import pytest

from analytics.payout import Best, best_prices, market_trj
from schema.markets import MARKETS, Market

THREE, TWO, DOUBLE_CHANCE = MARKETS["1X2"], MARKETS["12"], MARKETS["DC"]


def book(market: Market, *prices: str | None) -> dict[str, Decimal | None]:
    return {
        outcome: None if price is None else Decimal(price)
        for outcome, price in zip(market.outcomes, prices, strict=True)
    }


def trj_of(market: Market, *prices: str) -> Decimal | None:
    return market_trj(best_prices({"only": book(market, *prices)}, market), market)


@pytest.mark.parametrize(
    ("prices", "payout"),
    [
        ("7 4.75 1.42", "94.552919"),
        ("3.5 3.6 2.05", "95.120604"),
        ("3.64 3.58 2.11", "97.277350"),
        ("3.05 3.8 2.1", "93.701636"),
        ("1.74 2.1", "95.156250"),
        ("1.7 2", "91.891892"),
        ("1.91 1.91", "95.500000"),
        ("1.5 4.5 10", "101.123596"),
        ("1.6 3.06", "105.064378"),
        ("2 4 4", "100.000000"),
        ("1.05 15 41", "95.837044"),
        ("1.01 26 67", "95.832630"),
        ("1.06 35 5.25", "86.025661"),
        ("3 4.2 4.6 6.5 10", "95.907987"),
        ("4 4 4 4 5 9 21 51", "72.551145"),
    ],
)
def test_one_book_pays_back_the_inverse_of_its_sum(prices: str, payout: str) -> None:
    outcomes = tuple(map(str, range(len(prices.split()))))
    trj = trj_of(Market("any", outcomes), *prices.split())
    assert trj is not None
    assert trj.quantize(Decimal("0.000001")) == Decimal(payout)


def test_double_chance_divides_its_overlap_out() -> None:
    # A fair market of 1X2 at 2, 4, 4 prices 1X, X2 and 12 at 4/3, 2 and 4/3: it pays back all of it, not half.
    trj = trj_of(DOUBLE_CHANCE, "1.333333333333", "2", "1.333333333333")
    assert trj is not None
    assert trj.quantize(Decimal("0.000001")) == Decimal(100)


@pytest.mark.parametrize(
    ("market", "books", "best", "payout"),
    [
        pytest.param(
            THREE,
            {
                "pmu": book(THREE, "3.2", "3.7", "2.05"),
                "zebet": book(THREE, "3.1", "3.85", "2.1"),
                "joa": book(THREE, "3.05", "3.8", "2.15"),
                "pokerstars": book(THREE, "3", "3.75", "2.15"),
                "winamax": book(THREE, "3.05", "3.8", "2.1"),
            },
            {
                "1": Best(Decimal("3.2"), ("pmu",)),
                "X": Best(Decimal("3.85"), ("zebet",)),
                "2": Best(Decimal("2.15"), ("joa", "pokerstars")),
            },
            "96.398872",
            id="three outcomes, one tie",
        ),
        pytest.param(
            TWO,
            {
                "winamax": book(TWO, "1.74", "2.1"),
                "zebet": book(TWO, "1.7", "2.15"),
                "unibet": book(TWO, "1.74", "2.05"),
                "bwin": book(TWO, "1.7", "2"),
                "joa": book(TWO, "1.74", "2.1"),
                "pmu": book(TWO, "1.68", "2.15"),
                "betclic": book(TWO, "1.740", "2.08"),
            },
            {
                "1": Best(Decimal("1.74"), ("betclic", "joa", "unibet", "winamax")),
                "2": Best(Decimal("2.15"), ("pmu", "zebet")),
            },
            "96.169666",
            id="two outcomes, ties on both",
        ),
        pytest.param(
            THREE,
            {
                "unibet": book(THREE, "1.08", "34", "5.5"),
                "zebet": book(THREE, "1.07", "40", "7.5"),
                "betclic": book(THREE, "1.06", "35", "5.25"),
            },
            {
                "1": Best(Decimal("1.08"), ("unibet",)),
                "X": Best(Decimal(40), ("zebet",)),
                "2": Best(Decimal("7.5"), ("zebet",)),
            },
            "92.228864",
            id="one book best twice",
        ),
    ],
)
def test_best_of_market(market: Market, books: dict, best: dict, payout: str) -> None:
    found = best_prices(books, market)
    assert found == best
    assert list(found) == list(market.outcomes)
    trj = market_trj(found, market)
    assert trj is not None
    assert trj.quantize(Decimal("0.000001")) == Decimal(payout)


@pytest.mark.parametrize(
    ("incomplete", "complete", "any_price", "complete_only"),
    [
        pytest.param(("2", None, "4"), ("1.95", "3.4", "3.9"), "95.774648", "94.042553", id="partial book"),
        pytest.param(("2.1", "9", None), ("2", "3.4", "3.8"), "117.583497", "94.582723", id="suspended price"),
    ],
)
def test_both_rules_for_incomplete_books(
    incomplete: tuple, complete: tuple, any_price: str, complete_only: str
) -> None:
    books = {"a": book(THREE, *incomplete), "b": book(THREE, *complete)}
    trjs = [market_trj(best_prices(books, THREE, complete_only=rule), THREE) for rule in (False, True)]
    assert [trj and trj.quantize(Decimal("0.000001")) for trj in trjs] == [Decimal(any_price), Decimal(complete_only)]


def test_a_market_with_an_outcome_nobody_prices_has_no_trj() -> None:
    best = best_prices({"a": book(THREE, "2", None, "4"), "b": {"1": Decimal("2.1")}}, THREE)
    assert best == {"1": Best(Decimal("2.1"), ("b",)), "2": Best(Decimal(4), ("a",))}
    assert market_trj(best, THREE) is None


def test_no_book_at_all() -> None:
    assert best_prices({}, THREE) == {}
    assert market_trj({}, THREE) is None


def test_the_market_never_pays_less_than_its_best_book() -> None:
    books = {"a": book(THREE, "2.1", "3.3", "3.4"), "b": book(THREE, "2.05", "3.4", "3.5")}
    market = market_trj(best_prices(books, THREE), THREE)
    singles = [market_trj(best_prices({name: prices}, THREE), THREE) for name, prices in books.items()]
    assert market is not None
    assert all(single is not None and market > single for single in singles)


def test_ties_are_named_in_alphabetical_order_whatever_their_case() -> None:
    books = {name: book(TWO, "2", "1.9") for name in ("Zebet", "betclic", "Pmu")}
    assert best_prices(books, TWO)["1"].bookmakers == ("betclic", "Pmu", "Zebet")
