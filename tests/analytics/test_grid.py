"""The grid of one market of one match, from what crawls said."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.grid import Change, Grid, Observation, grid, history, sheets, steps
from analytics.payout import Best
from schema.instants import naive
from schema.markets import MARKETS
from schema.messages import OddsItem
from schema.models import Matches
from tests.schema.letters import NOON, prices, quote

Put = Callable[..., None]
START = naive(NOON)
embedded = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""What is computed is the same wherever the rows are from."""
QUARTER = 900


def said(run: int, name: str, *values: str | None, after: float = 0, **changes: Any) -> OddsItem:
    """The prices of 1, X and 2 at a bookmaker in run ``run``, a quarter of an hour after the one before."""
    return quote(QUARTER * run + after, run_id=f"run-{run}", bookmaker=name, prices=prices(*values), **changes)


def at(run: int) -> datetime:
    return START + timedelta(seconds=QUARTER * run)


def rows() -> list[Observation]:
    return history(Matches.get().id, "1X2", Decimal(0))


def now() -> Grid:
    return grid(rows(), MARKETS["1X2"])


def cell(found: Grid, name: str, outcome: str = "1") -> Any:
    return next(book for book in found.books if book.bookmaker == name).cells[outcome]


def test_opening_current_and_last_change_of_each_price(store: Put) -> None:
    store(
        said(0, "Unibet", "1.95", "3.6", "3.7"),
        said(1, "Unibet", "2.00", "3.6", "3.7"),
        said(2, "Unibet", "2.05", "3.6", "3.6"),
        said(3, "Unibet", "2.05", "3.6", "3.6"),
    )
    found = now()
    home = cell(found, "Unibet")
    assert (home.price, home.opening, home.previous, home.change) == tuple(map(Decimal, ("2.05", "1.95", "2", "0.05")))
    assert (home.seen_at, home.opened_at, home.changed_at) == (at(3), at(0), at(2))
    draw = cell(found, "Unibet", "X")
    assert (draw.previous, draw.change, draw.changed_at) == (None, None, None)
    assert found.changes[:2] == (
        Change(at(2), "Unibet", "1", Decimal(2), Decimal("2.05")),
        Change(at(2), "Unibet", "2", Decimal("3.7"), Decimal("3.6")),
    )
    assert len(found.changes) == 3
    assert found.period == timedelta(minutes=15)
    assert found.crawls == (at(0), at(1), at(2), at(3))
    assert found.seen_at == at(3)


@embedded
def test_every_bookmaker_of_a_tie_is_best_and_the_market_pays_the_best_of_each(store: Put) -> None:
    store(
        said(1, "NetBet", "2.10", "3.45", "3.50"),
        said(1, "Unibet", "2.05", "3.60", "3.55"),
        said(1, "ParionsSport", "2.10", "3.40", "3.70"),
    )
    found = now()
    assert found.best["1"] == Best(Decimal("2.1"), ("NetBet", "ParionsSport"))
    assert [cell(found, name).best for name in ("NetBet", "Unibet", "ParionsSport")] == [True, False, True]
    assert found.trj is not None
    assert found.trj.quantize(Decimal("0.01")) == Decimal("97.63")
    assert found.books[0].trj is not None
    assert found.books[0].trj.quantize(Decimal("0.01")) == Decimal("95.08")


@embedded
def test_a_book_without_an_outcome_says_that_its_older_price_is_gone(store: Put) -> None:
    store(said(0, "Zebet", "9", "4.9", "1.5"), said(1, "Zebet", "9", None, "1.5"))
    found = now()
    [book] = found.books
    assert list(book.cells) == ["1", "2"]
    assert book.trj is None
    assert found.trj is None


@embedded
def test_what_a_list_told_stands_until_the_next_list(store: Put) -> None:
    listed = {"partial": True, "published_trj": None}
    store(said(0, "Zebet", "9", None, None, **listed), said(0, "Winamax", None, "4.9", None, **listed))
    assert [book.bookmaker for book in now().books] == ["Winamax", "Zebet"]
    store(said(1, "Betsson", "9.5", None, None, **listed), said(1, "Winamax", None, "4.9", None, **listed))
    assert [book.bookmaker for book in now().books] == ["Betsson", "Winamax"]
    store(said(2, "Betsson", "9.4", "4.5", "1.3"))
    assert [book.bookmaker for book in now().books] == ["Betsson", "Winamax"]
    assert cell(now(), "Betsson").previous == Decimal("9.5")


@embedded
def test_a_price_that_crawls_do_not_renew_is_left_behind_and_not_best(store: Put) -> None:
    store(said(0, "Vbet", "2.5", "3.3", "3.4"), *(said(run, "Unibet", "2.05", "3.6", "3.55") for run in range(4)))
    found = now()
    assert cell(found, "Vbet").left_behind
    assert found.best["1"] == Best(Decimal("2.05"), ("Unibet",))
    assert not found.books[1].counts
    assert found.is_stale(at(0), at(3))
    assert not found.is_stale(at(2), at(3))


def test_a_price_in_doubt_is_shown_and_neither_best_nor_a_change(store: Put) -> None:
    store(
        said(0, "Unibet", "2.05", "3.6", "3.55"),
        said(1, "Unibet", "20.5", "3.6", "3.55", suspect="far-from-panel"),
        said(1, "NetBet", "2.10", "3.5", "3.5"),
    )
    found = now()
    doubtful = cell(found, "Unibet")
    assert (doubtful.price, doubtful.doubt, doubtful.best) == (Decimal("20.5"), "far-from-panel", False)
    assert doubtful.previous == Decimal("2.05")
    assert found.best["1"] == Best(Decimal("2.1"), ("NetBet",))
    assert found.changes == ()


@embedded
def test_the_movement_keeps_the_instants_of_changes_and_the_ends(store: Put) -> None:
    for run, home in enumerate(("2", "2", "2.1", "2.1", "2.1", "2.2", "2.2")):
        store(said(run, "Unibet", home, "3.6", "3.7"))
    store(said(3, "NetBet", "2.05", "3.5", "3.6"), said(4, "NetBet", "99", "3.5", "3.6", suspect="pays-too-much"))
    instants, lines = steps(rows(), "1")
    assert instants == [at(0), at(2), at(3), at(5), at(6)]
    assert {name: [value and str(value.normalize()) for value in values] for name, values in lines.items()} == {
        "NetBet": [None, None, "2.05", None, None],
        "Unibet": ["2", "2.1", None, "2.2", None],
    }
    instants, lines = steps(rows(), "1", since=at(3) + timedelta(minutes=1))
    assert instants == [at(3) + timedelta(minutes=1), at(5), at(6)]
    assert lines["Unibet"] == [Decimal("2.1"), Decimal("2.2"), None]
    assert lines["NetBet"] == [Decimal("2.05"), None, None]


def test_the_markets_of_a_match_and_how_many_price_them(store: Put) -> None:
    chance = {"1X": Decimal("1.2"), "X2": Decimal("1.9"), "12": Decimal("1.3")}
    store(
        said(1, "Unibet", "2", "3.6", "3.7"),
        said(1, "NetBet", "2", "3.6", "3.7"),
        quote(900, market="DC", bookmaker="Unibet", prices=chance, run_id="run-1"),
    )
    assert [(sheet.market, sheet.title, sheet.bookmakers) for sheet in sheets(Matches.get().id)] == [
        ("1X2", "Résultat du match", 2),
        ("DC", "Double chance", 1),
    ]
    [book] = grid(history(Matches.get().id, "DC", Decimal(0)), MARKETS["DC"]).books
    assert book.trj is not None
    assert book.trj.quantize(Decimal("0.01")) == Decimal("93.95")


def test_a_market_nobody_priced_is_empty() -> None:
    nothing = grid([], MARKETS["1X2"])
    assert (nothing.books, nothing.trj, nothing.seen_at) == ((), None, None)
    assert steps([], "1") == ([], {})


@pytest.mark.parametrize("limit", [1, 4])
def test_a_long_history_is_read_from_its_end(store: Put, limit: int) -> None:
    store(*(said(run, "Unibet", "2", "3.6", "3.7") for run in range(3)))
    found = history(Matches.get().id, "1X2", Decimal(0), limit=limit)
    assert len(found) == limit
    assert found[0].scraped_at == at(2)
