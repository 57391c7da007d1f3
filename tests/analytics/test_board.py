"""The board of a run, from what crawls said."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from analytics.board import Board, board, newest_run
from analytics.payout import Best
from schema.messages import OddsItem
from schema.models import Leagues, Odds, Runs
from tests.schema.letters import KICKOFF, prices, quote

Put = Callable[..., None]
HOUR = 3600


def said(run: int, name: str, *values: str | None, after: float = 0, **changes: Any) -> OddsItem:
    """The prices of 1, X and 2 at a bookmaker in run ``run``, an hour after the one before."""
    return quote(
        HOUR * run + after, run_id=f"run-{run}", bookmaker=name, bookmaker_id=None, prices=prices(*values), **changes
    )


def of(run: int, **arguments: Any) -> Board:
    return board(Runs.get(Runs.run_id == f"run-{run}"), **arguments)


def test_the_best_of_each_outcome_with_all_who_offer_it(store: Put) -> None:
    store(
        said(1, "Winamax", "7", "4.75", "1.42"),
        said(1, "Betsson", "7.5", "4.75", "1.40"),
        said(1, "Zebet", "7.5", "4.5", "1.41"),
    )
    [row] = of(1).rows
    assert {outcome: offer.best for outcome, offer in row.offers.items()} == {
        "1": Best(Decimal("7.5"), ("Betsson", "Zebet")),
        "X": Best(Decimal("4.75"), ("Betsson", "Winamax")),
        "2": Best(Decimal("1.42"), ("Winamax",)),
    }
    assert list(row.offers) == ["1", "X", "2"]
    assert (row.league, row.home, row.away, row.title) == ("Ligue 1", "Le Havre", "Paris SG", "Résultat du match")
    assert row.kickoff == KICKOFF.replace(tzinfo=None)
    assert row.bookmakers == 3
    assert row.trj is not None
    assert row.trj.quantize(Decimal("0.0001")) == Decimal("95.4121")


def test_both_rules_for_a_bookmaker_that_prices_some_outcomes(store: Put) -> None:
    store(said(1, "Zebet", "9", "4.9", None), said(1, "Winamax", "7", "4.75", "1.42"))
    any_price, complete_only = of(1).rows[0], of(1, complete_only=True).rows[0]
    assert any_price.offers["1"].best == Best(Decimal(9), ("Zebet",))
    assert complete_only.offers["1"].best == Best(Decimal(7), ("Winamax",))
    assert any_price.trj is not None
    assert complete_only.trj is not None
    assert any_price.trj > complete_only.trj


def test_an_outcome_nobody_prices_is_absent_and_the_market_has_no_trj(store: Put) -> None:
    store(said(1, "Zebet", "9", None, "1.5"))
    [row] = of(1).rows
    assert list(row.offers) == ["1", "2"]
    assert row.trj is None


def test_what_moved_since_the_previous_observation(store: Put) -> None:
    store(said(1, "Winamax", "7", "4.75", "1.42"), said(1, "Zebet", "6.5", "4.75", "1.42"))
    store(said(2, "Winamax", "6.8", "4.75", "1.45"), said(2, "Zebet", "6.9", "4.75", "1.42"))
    now = of(2)
    [row] = now.rows
    assert {outcome: (offer.before, offer.moved) for outcome, offer in row.offers.items()} == {
        "1": (Decimal(7), True),
        "X": (Decimal("4.75"), False),
        "2": (Decimal("1.42"), True),
    }
    assert (now.moved, now.compared) == (2, 3)
    assert now.since == quote(HOUR).scraped_at.replace(tzinfo=None)


def test_the_first_run_has_nothing_to_compare_with(store: Put) -> None:
    store(said(1, "Winamax", "7", "4.75", "1.42"))
    store(said(2, "Winamax", "6.8", "4.75", "1.45"))
    first = of(1)
    assert (first.since, first.compared, first.moved) == (None, 0, 0)


def test_only_the_run_just_before_counts(store: Put) -> None:
    store(said(1, "Zebet", "20", "4.75", "1.42"))  # has since stopped pricing the match
    store(said(2, "Winamax", "7", "4.75", "1.42"))
    store(said(3, "Winamax", "7", "4.75", "1.42"))
    assert of(3).moved == 0
    assert of(3).compared == 3


def test_each_match_is_compared_with_the_last_time_it_was_seen(store: Put) -> None:
    other = {"match_id": "2", "home": "Nice", "away": "Lyon"}
    store(said(1, "Winamax", "7", "4.75", "1.42"), said(1, "Winamax", "2", "3", "4", **other))
    store(said(2, "Winamax", "6", "4.75", "1.42"))
    store(said(3, "Winamax", "6", "4.75", "1.42"), said(3, "Winamax", "2.1", "3", "4", **other))
    now = of(3)
    assert {row.home: row.offers["1"].before for row in now.rows} == {"Le Havre": Decimal(6), "Nice": Decimal(2)}
    assert (now.moved, now.compared) == (1, 6)


def test_another_market_or_line_is_another_observation(store: Put) -> None:
    store(said(1, "Winamax", "7", "4.75", "1.42"))
    store(
        said(2, "Winamax", "7.1", "4.75", "1.42"),
        quote(2 * HOUR, run_id="run-2", market="DNB", prices=prices("5", "1.1", outcomes="12")),
    )
    now = of(2)
    assert [(row.market.code, row.offers["1"].before) for row in now.rows] == [("1X2", Decimal(7)), ("DNB", None)]


@pytest.mark.parametrize("later_first", [False, True])
def test_a_page_read_twice_counts_as_it_was_last(store: Put, later_first: bool) -> None:
    once = [said(1, "Winamax", "7", "4.75", "1.42"), said(1, "Zebet", "9", "4.75", "1.42")]
    again = [said(1, "Winamax", "6", "4.75", None, after=60), said(1, "Zebet", "5", "4.75", "1.42", after=60.5)]
    for messages in (again, once) if later_first else (once, again):
        store(*messages)
    now = of(1)
    [row] = now.rows
    assert row.offers["1"].best == Best(Decimal(6), ("Winamax",))
    assert row.offers["2"].best == Best(Decimal("1.42"), ("Zebet",))
    assert (row.bookmakers, now.compared) == (2, 0)


def two_books_and_then(store: Put, run: int, later: OddsItem) -> None:
    books = said(run, "Winamax", "7", "4.75", "1.42"), said(run, "Pmu", "8", "5", "1.4")
    store(*books, later)


def test_a_bookmaker_read_a_moment_later_is_one_more(store: Put) -> None:
    two_books_and_then(store, 1, said(1, "Zebet", "7", "4", "1.5", after=0.5))
    [row] = of(1).rows
    assert {outcome: offer.best.bookmakers for outcome, offer in row.offers.items()} == {
        "1": ("Pmu",),
        "X": ("Pmu",),
        "2": ("Zebet",),
    }
    assert row.bookmakers == 3


@pytest.mark.parametrize(("name", "best"), [("Winamax", ("Pmu", 8)), ("Zebet", ("Zebet", 9))])
def test_a_list_only_adds_bookmakers_without_a_book(store: Put, name: str, best: tuple[str, int]) -> None:
    two_books_and_then(store, 1, said(1, name, "9", None, None, after=5, partial=True))
    [row] = of(1).rows
    assert row.offers["1"].best == Best(Decimal(best[1]), (best[0],))
    assert list(row.offers) == ["1", "X", "2"]
    assert row.trj is not None
    [row] = of(1, complete_only=True).rows
    assert row.offers["1"].best == Best(Decimal(8), ("Pmu",))


def test_of_two_lists_the_later_counts(store: Put) -> None:
    store(said(1, "Winamax", "7", "4", "1.4", partial=True))
    store(said(1, "Zebet", "6.5", "4", "1.4", after=60, partial=True))
    [row] = of(1).rows
    assert row.offers["1"].best == Best(Decimal("6.5"), ("Zebet",))


@pytest.mark.parametrize("partial", [False, True])
def test_the_previous_observation_is_all_that_its_run_saw(store: Put, partial: bool) -> None:
    prices = ("2", None, None) if partial else ("2", "2", "1.1")
    two_books_and_then(store, 1, said(1, "Zebet", *prices, after=5, partial=partial))
    two_books_and_then(store, 2, said(2, "Zebet", *prices, after=5, partial=partial))
    now = of(2)
    assert (now.moved, now.compared) == (0, 3)
    assert now.since == quote(HOUR + 5).scraped_at.replace(tzinfo=None)


def test_prices_of_no_run_are_nobody_s_observation(store: Put) -> None:
    store(said(1, "Winamax", "7", "4.75", "1.42"), said(2, "Winamax", "7", "4.75", "1.42"))
    store(quote(HOUR + 60, run_id=None, prices=prices("30", "4.75", "1.42")))
    assert (of(1).compared, of(2).compared, of(2).moved) == (0, 3, 0)


def test_what_only_a_list_showed_counts_no_bookmakers(store: Put) -> None:
    store(said(1, "Winamax", "7", None, None, partial=True), said(1, "Zebet", None, "4.75", "1.42", partial=True))
    [row] = of(1).rows
    assert row.bookmakers is None
    assert row.trj is not None


def test_rows_come_by_market_then_kick_off(store: Put) -> None:
    store(
        said(1, "Winamax", "7", "4", "1.4", match_id="2", home="Nice", away="Lyon", kickoff=None),
        quote(HOUR, run_id="run-1", market="DC", prices={"1X": Decimal("1.2")}, partial=True),
        said(1, "Winamax", "7", "4", "1.4", match_id="3", home="Brest", away="Metz", kickoff=KICKOFF.replace(day=18)),
        said(1, "Winamax", "7", "4", "1.4"),
    )
    assert [(row.market.code, row.home) for row in of(1).rows] == [
        *[("1X2", "Le Havre"), ("1X2", "Brest"), ("1X2", "Nice"), ("DC", "Le Havre")]
    ]


def test_a_run_without_a_price_has_an_empty_board(store: Put) -> None:
    store(said(1, "Winamax", "7", "4.75", "1.42"))
    empty = Runs.create(run_id="run-0")
    assert board(empty) == Board((), None)


@pytest.mark.parametrize("matches", [1, 30])
def test_a_board_takes_two_queries(store: Put, matches: int) -> None:
    for run in (1, 2):
        store(
            *(
                said(run, "Winamax", "7", "4", "1.4", match_id=str(n), home=f"Home {n}", away="Away")
                for n in range(matches)
            )
        )
    asked: list[str] = []
    run_2 = Runs.get(Runs.run_id == "run-2")
    hooks = Odds._meta.database.query_hooks
    hooks.append(lambda event: asked.append(event.sql))
    assert len(board(run_2).rows) == matches
    assert len(asked) == 2, asked


def test_the_newest_run_of_a_league(store: Put) -> None:
    tennis = {"sport": "tennis", "league": "ATP", "match_id": "2", "market": "12"}
    store(said(1, "Winamax", "7", "4.75", "1.42"), said(2, "Winamax", "7", "4.75", "1.42"))
    store(quote(3 * HOUR, run_id="run-3", prices=prices("1.8", "2", outcomes="12"), **tennis))
    store(quote(4 * HOUR, run_id=None))
    newest = {league.name: newest_run(league) for league in Leagues.select()}
    assert {name: run and run.run_id for name, run in newest.items()} == {"Ligue 1": "run-2", "ATP": "run-3"}


def test_the_newest_run_where_others_saw_a_match_since(store: Put) -> None:
    lens: dict[str, Any] = {"match_id": "2", "home": "Lens"}
    nice: dict[str, Any] = {"match_id": "3", "home": "Nice"}
    store(said(1, "Winamax", "7", "4.75", "1.42"), said(2, "Winamax", "7", "4.75", "1.42", **nice))
    store(quote(3 * HOUR, run_id=None), quote(4 * HOUR, run_id=None, **lens))
    newest = newest_run(Leagues.get())
    assert newest is not None
    assert newest.run_id == "run-2"


def test_old_matches_are_not_asked_for_the_newest_run(store: Put) -> None:
    store(*(said(n, "Winamax", "7", "4", "1.4", match_id=str(n), home=f"Home {n}") for n in range(1, 9)))
    store(quote(9 * HOUR, run_id=None, match_id="9", home="Lens"))
    asked: list[str] = []
    league = Leagues.get()
    hooks = Odds._meta.database.query_hooks
    hooks.append(lambda event: asked.append(event.sql))
    newest = newest_run(league)
    assert newest is not None
    assert newest.run_id == "run-8"
    assert len(asked) == 4, asked  # the matches, the prices of two, the run


def test_a_league_no_run_has_seen(store: Put) -> None:
    store(quote(0, run_id=None))
    assert newest_run(Leagues.get()) is None
    assert newest_run(Leagues(id=99)) is None
