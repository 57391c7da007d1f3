"""gig-benchmark's two tables: their form is its own, their content right."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from analytics.finding import Wanted, meetings
from analytics.gig import averages, quotes
from schema.messages import OddsItem
from schema.models import Bookmakers
from tests.schema.letters import prices, quote

Put = Callable[..., None]
embedded = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def said(run: int, name: str, *values: str | None, **changes: Any) -> OddsItem:
    return quote(900 * run, run_id=f"run-{run}", bookmaker=name, prices=prices(*values), **changes)


def test_the_newest_prices_stand_beside_their_own_trj(store: Put) -> None:
    store(
        said(0, "Pmu", "2.00", "3.40", "3.50"),
        said(1, "Pmu", "2.10", "3.40", "3.50"),
        said(1, "Unibet", "2.05", "3.40", None),
        said(1, "Betclic", "2.05", "3.40", "3.5"),
    )
    found = quotes(meetings(Wanted(), 9))
    assert [(row.bookmaker, row.prices, row.trj, row.previous, row.evolution) for row in found] == [
        ("Betclic", {"1": Decimal("2.05"), "X": Decimal("3.4"), "2": Decimal("3.5")}, Decimal("93.66"), None, 0),
        (
            *("Pmu", {"1": Decimal("2.1"), "X": Decimal("3.4"), "2": Decimal("3.5")}),
            *(Decimal("94.69"), Decimal("92.61"), 1),
        ),
        ("Unibet", {"1": Decimal("2.05"), "X": Decimal("3.4")}, None, None, 0),
    ]


@embedded
def test_a_list_takes_nobody_out_of_the_averages(store: Put) -> None:
    """Lists show the best prices only: whoever has one would have no TRJ."""
    store(said(0, "Pmu", "2.00", "3.40", "3.50"), said(1, "Pmu", "2.10", None, None, partial=True))
    told = quotes(meetings(Wanted(), 9))
    assert [(row.prices["1"], row.trj, row.previous) for row in told] == [
        (Decimal("2.1"), Decimal("94.69"), Decimal("92.61"))
    ]
    assert [average.bookmaker for average in averages(told)] == ["Pmu"]


@embedded
def test_of_two_quotes_of_one_instant_the_trj_is_that_of_the_prices_that_stand(store: Put) -> None:
    """The store keeps the higher price of each outcome."""
    store(said(0, "Pmu", "2.00", "3.40", "3.50"), said(0, "Pmu", "2.10", "3.30", "3.50"))
    (row,) = quotes(meetings(Wanted(), 9))
    assert row.prices == {"1": Decimal("2.1"), "X": Decimal("3.4"), "2": Decimal("3.5")}
    assert row.trj == Decimal("94.69")


@embedded
def test_averages_are_over_quotes_and_compare_the_same_ones(store: Put) -> None:
    store(
        said(0, "Pmu", "2.00", "3.40", "3.50"),
        said(1, "Pmu", "2.10", "3.40", "3.50"),
        said(1, "Pmu", "1.50", "4.00", "6.00", match_id="2", home="A", away="B"),
        said(1, "Unibet", "2.05", "3.40", "3.5"),
    )
    second, first = averages(quotes(meetings(Wanted(), 9)))
    assert [average.bookmaker for average in (first, second)] == ["Pmu", "Unibet"]
    assert (first.quotes, second.quotes, second.previous, second.evolution) == (2, 1, None, 0)
    assert first.previous is not None
    assert first.trj - first.previous == (Decimal("94.69") - Decimal("92.61")) / 2
    assert first.evolution == 1


@embedded
def test_two_outcomes_have_no_draw_and_bookmakers_can_be_chosen(store: Put) -> None:
    tennis = {"sport": "tennis", "league": "ATP", "market": "12"}
    store(
        quote(bookmaker="Pmu", prices=prices("1.8", "2.1", outcomes="12"), **tennis),
        quote(bookmaker="Unibet", prices=prices("1.85", "2.0", outcomes="12"), **tennis),
    )
    chosen = [Bookmakers.get(Bookmakers.name == "Pmu").id]
    [row] = quotes(meetings(Wanted(), 9), chosen)
    assert (row.bookmaker, row.prices.get("X"), row.prices["2"]) == ("Pmu", None, Decimal("2.1"))


def test_nothing_of_nothing() -> None:
    assert quotes([]) == []
    assert averages([]) == []
