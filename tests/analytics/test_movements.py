"""What moved, told from prices alone and from real tables."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from peewee import Database

from analytics.movements import Move, Movement, Tick, candidates, movement, steady, verified
from schema.instants import naive
from schema.messages import OddsItem
from schema.models import Matches, Odds
from tests.admin import counted
from tests.schema.letters import KICKOFF, NOON, prices, quote

Put = Callable[..., None]
START = naive(NOON)
HOUR = 3600


def ticks(*pairs: tuple[float, str]) -> list[Tick]:
    """Prices, each so many seconds after noon."""
    return [Tick(START + timedelta(seconds=after), Decimal(price)) for after, price in pairs]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("before", "now", "change", "log_move", "points"),
    [
        ("2.35", "2.1", "-10.638298", -0.112478, "5.065856"),
        ("3.05", "3.25", "6.557377", 0.063513, "-2.017654"),
        ("3.55", "4", "12.676056", 0.119347, "-3.169014"),
        ("2.32", "2.3", "-0.862069", -0.008658, "0.374813"),
        ("3.64", "3.79", "4.120879", 0.040382, "-1.087303"),
        ("3.1", "3.05", "-1.612903", -0.016261, "0.528821"),
        ("3.6", "3.7", "2.777778", 0.027399, "-0.750751"),
    ],
)
def test_the_figures_of_a_move(before: str, now: str, change: str, log_move: float, points: str) -> None:
    moved = movement(ticks((0, before), (HOUR, now)), at(0))
    assert moved is not None
    assert round(moved.change, 6) == Decimal(change)
    assert round(moved.log_move, 6) == log_move
    assert round(moved.implied_points, 6) == Decimal(points)


def test_the_price_of_before_is_the_last_one_known_then() -> None:
    way = ticks((0, "2.00"), (600, "2.10"), (1200, "2.10"), (1800, "2.40"), (2400, "2.20"), (3000, "2.20"))
    assert movement(way, at(1500)) == Movement(
        *(Decimal("2.10"), Decimal("2.20"), at(600), at(2400), at(3000), 2, Decimal("2.10"), Decimal("2.40"))
    )


def test_where_nothing_was_known_then_it_is_the_opening_price() -> None:
    moved = movement(ticks((600, "2.00"), (1200, "1.80")), at(0))
    assert moved is not None
    assert (moved.before, moved.now, moved.since) == (Decimal("2.00"), Decimal("1.80"), at(600))


@pytest.mark.parametrize("way", [[], ticks((0, "2")), ticks((0, "2"), (600, "2.1"), (1200, "2.00"))])
def test_a_price_that_is_what_it_was_has_not_moved(way: list[Tick]) -> None:
    assert movement(way, at(0)) is None


def test_what_is_replaced_within_a_minute_never_counts() -> None:
    assert steady(ticks((0, "2.1"), (600, "9.9"), (659, "2.1"))) == ticks((0, "2.1"))
    assert steady(ticks((0, "2.1"), (600, "2.3"), (660, "2.1"))) == ticks((0, "2.1"), (600, "2.3"), (660, "2.1"))
    assert steady(ticks((0, "9.9"), (30, "2.1"), (900, "2.0"))) == ticks((30, "2.1"), (900, "2.0")), "at the opening"
    assert steady(ticks((0, "2.1"), (35, "2.0"))) == ticks((0, "2.1"), (35, "2.0")), "nothing else is known of it yet"
    assert steady(ticks((0, "2.1"), (600, "2.2"))) == ticks((0, "2.1"), (600, "2.2")), "the newest is what is offered"
    assert steady(ticks((600, "2.2"), (0, "2.1"), (0, "2.0"))) == ticks((0, "2.0"), (600, "2.2")), "in any order"


# -- in the tables -----------------------------------------------------------------------------------------------------

BEGIN = 10 * HOUR
"""What is asked: what moved since then, seconds after noon; the matches kick off much later."""
LATER = {"kickoff": KICKOFF + timedelta(days=2)}


def seen(after: float, price: str, bookmaker: str = "Winamax", **changes: object) -> OddsItem:
    said = {"prices": prices(price, "4.75", "1.42"), "bookmaker": bookmaker, **LATER, **changes}
    return quote(after, **said)  # type: ignore[arg-type]


def moves(since: float = BEGIN, now: float = BEGIN + HOUR) -> list[Move]:
    found = candidates(at(since), at(now))
    return verified(found, at(since), found)


def told(move: Move) -> tuple[str, str, str, str]:
    return move.what.bookmaker, move.what.outcome, str(move.how.before.normalize()), str(move.how.now.normalize())


def test_what_moved_since_then_and_who_followed(store: Put) -> None:
    store(seen(0, "7"), seen(BEGIN - 60, "6"), seen(BEGIN + 60, "6"), seen(BEGIN + 900, "5"))
    store(seen(0, "7", "Zebet"), seen(BEGIN + 900, "6.5", "Zebet"), seen(BEGIN + 120, "8", "Betsson"))
    first, second = moves()
    assert (told(first), told(second)) == (("Winamax", "1", "6", "5"), ("Zebet", "1", "7", "6.5"))
    assert (first.others, second.others) == (1, 1)
    assert (first.how.moved_at, first.how.since) == (at(BEGIN + 900), at(BEGIN - 60))
    assert (first.what.league, first.what.home, first.what.market) == ("Ligue 1", "Le Havre", "1X2")
    assert first.what.kickoff == naive(KICKOFF) + timedelta(days=2)


def test_one_query_finds_them_and_one_tells_of_them(store: Put) -> None:
    store(*(seen(after, price, f"Book {n}") for n in range(8) for after, price in ((0, "7"), (BEGIN + 60, "6"))))
    database: Database = Odds._meta.database.obj
    with counted(database) as asked:
        assert len(moves()) == 8
    assert len(asked) == 2


def test_matches_that_have_begun_are_over_or_will_not_be_are_left_out(store: Put) -> None:
    for number, kickoff in enumerate((NOON + timedelta(seconds=BEGIN + HOUR), KICKOFF + timedelta(days=2))):
        who = {"match_id": str(number), "home": f"home {number}", "away": f"away {number}", "kickoff": kickoff}
        store(seen(0, "7", **who), seen(BEGIN + 60, "6", **who))
    assert [move.what.home for move in moves()] == ["home 1"]
    Matches.update(status="postponed").execute()
    assert moves() == []


def test_a_match_whose_kickoff_nobody_said_counts(store: Put) -> None:
    store(seen(0, "7", kickoff=None), seen(BEGIN + 60, "6", kickoff=None))
    assert len(moves()) == 1


def test_a_price_in_doubt_did_not_move(store: Put) -> None:
    store(seen(0, "7"), seen(BEGIN + 60, "70", suspect="far-from-panel"))
    assert moves() == []
    store(seen(BEGIN + 960, "70.5", suspect="far-from-panel", run_id="run-2"))
    assert [told(move) for move in moves()] == [("Winamax", "1", "7", "70.5")], "seen by two runs it is no longer"


def test_a_flicker_did_not_move_at_either_end(store: Put) -> None:
    store(seen(0, "7"), seen(BEGIN - 30, "9"), seen(BEGIN + 10, "7"), seen(BEGIN + 900, "6.9"))
    [move] = moves()
    assert told(move) == ("Winamax", "1", "7", "6.9")
    assert move.how.high == 7


def test_what_a_list_shows_does_not_move_a_book_that_was_read(store: Put) -> None:
    store(seen(0, "7"), seen(BEGIN + 60, "6", partial=True))
    assert moves() == []
    store(seen(0, "7", "Zebet", partial=True), seen(BEGIN + 60, "6", "Zebet", partial=True))
    assert [told(move) for move in moves()] == [("Zebet", "1", "7", "6")]


def test_what_a_list_shows_at_either_end_hides_no_move(store: Put) -> None:
    """The candidate's ends are those of its way: a list read last, or last then, is not among them."""
    a_list = {"bookmaker": "Zebet", "partial": True}
    store(seen(0, "7"), seen(BEGIN + 60, "6"), seen(BEGIN + 90, "7", partial=True))
    store(seen(0, "7", "Zebet"), seen(BEGIN - 90, "5.5", **a_list), seen(BEGIN - 60, "5", **a_list))
    store(seen(BEGIN + 60, "5", "Zebet"))
    assert sorted(map(told, moves())) == [("Winamax", "1", "7", "6"), ("Zebet", "1", "7", "5")]


def test_a_price_in_doubt_at_either_end_hides_no_move(store: Put) -> None:
    doubtful = {"suspect": "far-from-panel", "run_id": "run-1"}  # as all of them: no other run confirms it
    store(seen(0, "7"), seen(BEGIN + 60, "6"), seen(BEGIN + 900, "7", **doubtful))
    store(seen(0, "7", "Zebet"), seen(BEGIN - 60, "5", "Zebet", **doubtful), seen(BEGIN + 60, "5", "Zebet"))
    assert sorted(map(told, moves())) == [("Winamax", "1", "7", "6"), ("Zebet", "1", "7", "5")]
