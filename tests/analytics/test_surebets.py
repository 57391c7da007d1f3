"""Markets that pay back more than the stakes, on real tables."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from analytics.surebets import surebets
from schema.instants import naive
from schema.models import Matches
from tests.schema.letters import KICKOFF, NOON, prices, quote

Put = Callable[..., None]
AT = naive(NOON) + timedelta(minutes=10)


def test_the_best_prices_of_several_bookmakers_together(store: Put) -> None:
    store(quote(prices=prices("2.10", "3.40", "3.20")), quote(bookmaker="Zebet", prices=prices("1.90", "3.70", "3.20")))
    store(quote(60, bookmaker="Betsson", prices=prices("1.95", "3.30", "4.60")))
    [found] = surebets(AT)
    assert {outcome: (best.price, best.bookmakers) for outcome, best in found.best.items()} == {
        "1": (Decimal("2.1"), ("Winamax",)),
        "X": (Decimal("3.7"), ("Zebet",)),
        "2": (Decimal("4.6"), ("Betsson",)),
    }
    assert round(found.trj, 4) == round(100 / (1 / Decimal("2.1") + 1 / Decimal("3.7") + 1 / Decimal("4.6")), 4)
    assert (found.home, found.league, found.market.code, found.seen_at) == ("Le Havre", "Ligue 1", "1X2", naive(NOON))
    assert surebets(naive(KICKOFF)) == [], "it has begun"


def test_a_market_with_two_winners_pays_twice(store: Put) -> None:
    chance = {"market": "DC", "prices": prices("1.30", "1.25", "1.60", outcomes=("1X", "12", "X2"))}
    store(quote(**chance))
    assert surebets(AT) == []
    store(quote(bookmaker="Zebet", **chance | {"prices": prices("1.90", "1.50", "1.70", outcomes=("1X", "12", "X2"))}))
    assert [found.market.code for found in surebets(AT)] == ["DC"]


def test_what_lacks_an_outcome_is_suspect_or_old_is_none(store: Put) -> None:
    store(quote(prices=prices("2.10", None, "3.20")))
    store(quote(bookmaker="Zebet", prices=prices("9.00", "9.00", "9.00"), suspect="far-from-panel"))
    assert surebets(AT) == []
    store(quote(7200, bookmaker="Betsson", prices=prices("1.90", "3.40", "3.70")))
    store(quote(0, bookmaker="Vbet", prices=prices("2.40", "4.40", "4.70")))
    assert surebets(AT) == [], "the price was read two hours before the match was seen last"
    assert Matches.select().count() == 1


def test_what_was_taken_back_is_none(store: Put) -> None:
    """A newer book without a price for the draw says that the older price is gone."""
    store(quote(prices=prices("2.10", "9.00", "3.20")), quote(bookmaker="Zebet", prices=prices("2.20", "3.40", "3.30")))
    assert len(surebets(AT)) == 1
    store(
        quote(60, prices=prices("2.10", None, "3.20")), quote(60, bookmaker="Zebet", prices=prices("2.2", "3.4", "3.3"))
    )
    assert surebets(AT) == []


def test_a_suspect_book_takes_prices_back_too(store: Put) -> None:
    store(quote(prices=prices("2.10", "9.00", "3.20")), quote(bookmaker="Zebet", prices=prices("2.20", "3.40", "3.30")))
    store(quote(60, prices=prices("20", None, "30"), suspect="far-from-panel"))
    assert surebets(AT) == []


def test_however_many_old_prices_would_be_one(store: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices that a bookmaker left behind, months of them, hide none that can be had."""
    monkeypatch.setattr("analytics.surebets.MOST", 2)
    for number in range(4):
        same = {"match_id": f"old{number}", "home": f"H{number}"}
        store(
            quote(-7200, bookmaker="Gone", prices=prices("9", "9", "9"), **same),
            quote(prices=prices("2", "3", "4"), **same),
        )
    store(quote(prices=prices("2.10", "3.40", "3.20")), quote(bookmaker="Zebet", prices=prices("1.90", "3.70", "4.60")))
    assert [found.home for found in surebets(AT)] == ["Le Havre"]
