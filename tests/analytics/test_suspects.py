"""What is suspect is no best price until it is seen again."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from analytics.board import Board, LeftOut, board
from analytics.payout import Best
from analytics.suspects import doubted
from schema.messages import OddsItem
from schema.models import Odds, Runs
from schema.plausibility import FAR_FROM_PANEL, READ_BY_STRUCTURE
from tests.schema.letters import prices, quote

Put = Callable[..., None]
HOUR = 3600


def said(hour: int, name: str, *values: str | None, suspect: str | None = None, run: int = 1, **changes) -> OddsItem:
    """The prices of 1, X and 2 at a bookmaker, so many hours after noon."""
    return quote(HOUR * hour, run_id=f"run-{run}", bookmaker=name, prices=prices(*values), suspect=suspect, **changes)


def of(run: int, **arguments: bool) -> Board:
    return board(Runs.get(Runs.run_id == f"run-{run}"), **arguments)


def odd(hour: int = 1, home: str = "70", run: int = 1, rule: str = FAR_FROM_PANEL, **changes) -> OddsItem:
    return said(hour, "Zebet", home, "4.5", "1.4", suspect=rule, run=run, **changes)


def fine(hour: int = 1, run: int = 1) -> OddsItem:
    return said(hour, "Winamax", "7", "4.75", "1.42", run=run)


def best_home(run: int = 1) -> Best:
    [row] = of(run).rows
    return row.offers["1"].best


def test_a_suspect_price_is_no_best_price_and_no_part_of_the_trj(store: Put) -> None:
    store(fine(), odd())
    [row] = of(1).rows
    assert {outcome: offer.best for outcome, offer in row.offers.items()} == {
        "1": Best(Decimal(7), ("Winamax",)),
        "X": Best(Decimal("4.75"), ("Winamax",)),
        "2": Best(Decimal("1.42"), ("Winamax",)),
    }
    assert row.trj is not None
    assert row.trj.quantize(Decimal("0.01")) == Decimal("94.55")
    assert row.bookmakers == 2


def test_what_was_left_out_is_told(store: Put) -> None:
    store(fine(), odd())
    [row] = of(1).rows
    assert row.left_out == (
        LeftOut("Zebet", FAR_FROM_PANEL, {"1": Decimal(70), "X": Decimal("4.5"), "2": Decimal("1.4")}),
    )
    assert list(row.left_out[0].prices) == ["1", "X", "2"]
    assert of(1).left_out == 1


def test_nothing_is_left_out_where_nothing_is_suspect(store: Put) -> None:
    store(fine())
    assert of(1).rows[0].left_out == ()
    assert of(1).left_out == 0


@pytest.mark.parametrize("hour", [0, 2])
@pytest.mark.parametrize(
    ("again", "confirmed"), [("70", True), ("71.4", True), ("68.6", True), ("71.401", False), ("68.599", False)]
)
def test_seen_again_within_two_percent_it_counts(store: Put, hour: int, again: str, confirmed: bool) -> None:
    """Before or after, and to the last digit alike on every database."""
    store(fine(), odd(), odd(hour, again, run=2))
    assert best_home() == (Best(Decimal(70), ("Zebet",)) if confirmed else Best(Decimal(7), ("Winamax",)))


DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("seconds", "confirmed"),
    [(1, False), (599, False), (600, True), (-599, False), (-600, True), (-7 * DAY, True), (-7 * DAY - 1, False)],
)
def test_seen_again_too_soon_or_too_long_away_it_does_not_count(store: Put, seconds: int, confirmed: bool) -> None:
    again = quote(HOUR + seconds, run_id="run-2", bookmaker="Zebet", prices=prices("70", None, None))
    store(fine(), odd(), again)
    assert (best_home() == Best(Decimal(70), ("Zebet",))) is confirmed


@pytest.mark.parametrize(
    ("first", "second", "confirmed"),
    [("run-1", "run-1", False), ("run-1", "run-2", True), ("run-1", None, True)],
)
def test_a_run_does_not_confirm_itself(store: Put, first: str, second: str | None, confirmed: bool) -> None:
    """Who names no run is another producer than who does."""
    again = quote(2 * HOUR, run_id=second, bookmaker="Zebet", prices=prices("70", None, None), partial=False)
    store(fine(), replace(odd(), run_id=first))
    store(again)
    found = Odds.select().where(Odds.suspect.is_null(False), doubted() == 0, Odds.outcome == "1").count()
    assert found == confirmed


def test_messages_of_no_run_confirm_each_other(store: Put) -> None:
    store(replace(odd(), run_id=None), replace(odd(2), run_id=None))
    assert Odds.select().where(doubted() == 1).count() == 0


@pytest.mark.parametrize(
    ("text", "again", "confirmed"),
    [("a" * 32, "a" * 32, False), ("a" * 32, "b" * 32, True), ("a" * 32, None, True), (None, None, True)],
)
def test_the_same_text_fetched_again_is_one_observation(
    store: Put, text: str | None, again: str | None, confirmed: bool
) -> None:
    store(fine(), odd(page=text), odd(2, run=2, page=again, url="https://www.coteur.com/elsewhere"))
    assert (best_home() == Best(Decimal(70), ("Zebet",))) is confirmed


def test_prices_with_digits_that_no_binary_fraction_has(store: Put) -> None:
    store(said(1, "Winamax", "1.5", None, None), odd(home="2.00"), odd(2, "2.04", run=2))
    assert best_home() == Best(Decimal(2), ("Zebet",))


def test_only_the_outcome_that_was_seen_again_counts(store: Put) -> None:
    store(fine(), odd(), said(2, "Zebet", "70", "9", None, run=2))
    [row] = of(1).rows
    assert row.offers["1"].best == Best(Decimal(70), ("Zebet",))
    [left_out] = row.left_out
    assert set(left_out.prices) == {"X", "2"}


def test_another_bookmaker_match_market_line_or_instant_confirms_nothing(store: Put) -> None:
    store(
        fine(),
        odd(),
        said(2, "Pmu", "70", "4.5", "1.4", run=2),
        odd(2, run=2, match_id="2", away="Nice"),
        odd(2, run=2, market="1X2H1"),
        odd(2, run=2, line=Decimal("1.5")),
    )
    store(odd(run=3))  # the same instant, said by another run
    assert best_home() == Best(Decimal(7), ("Winamax",))


@pytest.mark.parametrize(("rule", "confirmed"), [(READ_BY_STRUCTURE, False), (None, True), (FAR_FROM_PANEL, False)])
def test_what_was_read_by_structure_needs_an_observation_without_a_mark(
    store: Put, rule: str | None, confirmed: bool
) -> None:
    again = said(2, "Zebet", "7.5", "4.5", "1.4", suspect=rule, run=2)
    store(fine(), odd(home="7.5", rule=READ_BY_STRUCTURE), again)
    assert (best_home() == Best(Decimal("7.5"), ("Zebet",))) is confirmed


def test_what_was_read_by_structure_confirms_another_rule_s_price(store: Put) -> None:
    store(fine(), odd(), odd(2, rule=READ_BY_STRUCTURE, run=2))
    assert best_home() == Best(Decimal(70), ("Zebet",))


def test_the_previous_best_price_is_no_suspect_one_either(store: Put) -> None:
    store(fine(1), odd(1))
    store(fine(2, run=2))
    now = of(2)
    assert now.rows[0].offers["1"].before == Decimal(7)
    assert (now.moved, now.compared) == (0, 3)


def test_a_market_of_suspects_alone_has_no_best_price(store: Put) -> None:
    store(odd(rule=READ_BY_STRUCTURE), said(1, "Pmu", "7", "4", "1.4", suspect=READ_BY_STRUCTURE))
    [row] = of(1).rows
    assert (row.offers, row.trj, row.bookmakers) == ({}, None, 2)
    assert [left_out.bookmaker for left_out in row.left_out] == ["Pmu", "Zebet"]


def test_a_quote_that_lost_a_price_is_no_complete_book(store: Put) -> None:
    store(fine(), odd(), said(2, "Zebet", "70", None, None, run=2))
    assert of(1).rows[0].offers["1"].best.price == 70
    assert of(1, complete_only=True).rows[0].offers["1"].best.price == 7


def test_suspects_take_no_further_query(store: Put) -> None:
    store(*(quote(HOUR, match_id=str(n), home=f"Home {n}", suspect=FAR_FROM_PANEL) for n in range(20)))
    run = Runs.get()
    asked: list[str] = []
    Odds._meta.database.query_hooks.append(lambda event: asked.append(event.sql))
    assert board(run).left_out == 20
    assert len(asked) == 2, asked
