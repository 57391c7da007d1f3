"""What rules read of prices: which count, how far they moved, what a surebet is."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from analytics.alerts.market import Board, Fixture, Price
from analytics.alerts.rules import ABOVE, DROP, MOVE, PRICE, RISE, SUREBET, TRJ, Rule, Scope

BEGIN = datetime(2026, 6, 10, 12)


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def board(*prices: Price) -> Board:
    found = Board()
    found.fixtures[1] = Fixture(1, 3, (7, 8), "Lyon - Lille", "Ligue 1", at(600))
    found.bookmakers = {1: "A", 2: "B", 3: "C"}
    found.feed(prices)
    return found


def price(minute: float, book: str, value: str, outcome: str = "1", **more: Any) -> Price:
    told = {"partial": False, "doubted": False, **more}
    return Price(1, "1X2", Decimal(0), book, outcome, Decimal(value), told["partial"], at(minute), told["doubted"])


def book(minute: float, name: str, *values: str | None) -> list[Price]:
    return [price(minute, name, value, o) for o, value in zip("1X2", values, strict=True) if value]


def value(found: Board, rule: Rule, minute: float, subject: str = "1/1X2/0.00/1") -> Decimal | None:
    return dict(found.readings(rule, at(minute)))[subject].value


def rule(kind: str, **more: Any) -> Rule:
    usual = {"threshold": Decimal(2), "direction": {PRICE: ABOVE, MOVE: DROP}.get(kind), "minutes": 60}
    return Rule(kind=kind, **{**usual, **more})


def test_doubted_old_and_suspended_prices_do_not_count() -> None:
    found = board(price(0, "A", "2.0"), price(1, "B", "9.0", doubted=True), price(-70, "C", "3.0"))
    assert value(found, rule(PRICE), 1) == Decimal("2.000")
    assert value(found, rule(PRICE), 61) is None
    found.feed([price(2, "A", "3.4", "X")])  # a whole quote without the home side
    assert value(found, rule(PRICE), 2) is None
    found = board(price(0, "A", "2.0"), price(2, "A", "3.4", "X", partial=True))  # a list says nothing of it
    assert value(found, rule(PRICE), 2) == Decimal("2.000")


def test_what_is_said_names_who_has_it_and_how_old_it_is() -> None:
    found = board(price(0, "A", "2.1"), price(3, "B", "2.1"), price(3, "C", "2.0"))
    reading = dict(found.readings(rule(PRICE), at(5)))["1/1X2/0.00/1"]
    assert (reading.value, reading.age, reading.match_id) == (Decimal("2.100"), 300, 1)
    assert reading.details == {
        "match": "Lyon - Lille",
        "league": "Ligue 1",
        "kickoff": "2026-06-10T22:00:00.000000Z",
        "market": "1X2",
        "outcome": "1",
        "price": "2.1",
        "bookmakers": ["A", "B"],
        "others": 1,
    }


def test_a_move_is_that_of_so_many_bookmakers() -> None:
    found = board(
        price(0, "A", "2.00"), price(0, "B", "2.00"), price(0, "C", "2.00"),
        price(50, "A", "1.80"), price(50, "B", "1.90"), price(50, "C", "2.10"),
    )  # fmt: skip
    assert value(found, rule(MOVE), 60) == Decimal("10.000")
    assert value(found, rule(MOVE, at_least=2), 60) == Decimal("5.000")
    assert value(found, rule(MOVE, at_least=3), 60) == Decimal("-5.000")
    assert value(found, rule(MOVE, direction=RISE), 60) == Decimal("5.000")
    assert value(found, rule(MOVE, at_least=4), 60) is None
    assert value(found, rule(MOVE), 109.5) == Decimal("10.000")  # an hour ago it was 2.00 still
    assert value(found, rule(MOVE), 110) == Decimal("0.000")


def test_a_move_from_a_price_that_was_doubted_is_none() -> None:
    found = board(price(0, "A", "9.00", doubted=True), price(30, "A", "2.00"))
    assert value(found, rule(MOVE), 30) == Decimal("0.000")


def test_a_surebet_takes_complete_fresh_quotes_of_two_bookmakers() -> None:
    market, sure = "1/1X2/0.00", rule(SUREBET, threshold=Decimal(100))
    found = board(*book(0, "A", "3.2", "3.0", "3.1"), *book(1, "B", "2.9", "3.6", "3.0"))
    assert value(found, sure, 1, market) == Decimal("109.546")  # 1 / (1/3.2 + 1/3.6 + 1/3.1)
    assert value(board(*book(0, "A", "3.2", "3.6", "3.1")), sure, 0, market) is None
    half = board(*book(0, "A", "3.2", "3.0", "3.1"), *book(1, "B", None, "3.6", "3.0"))
    assert value(half, sure, 1, market) is None
    assert value(half, rule(TRJ, threshold=Decimal(100)), 1, market) == Decimal("109.546")


def test_a_rule_is_about_what_it_says() -> None:
    found = board(price(0, "A", "2.0"), price(0, "B", "3.0"))
    for scope, there in (
        (Scope(match_id=1), True), (Scope(match_id=2), False), (Scope(league_id=3), True), (Scope(league_id=4), False),
        (Scope(team_id=8), True), (Scope(team_id=9), False), (Scope(market="12"), False), (Scope(outcome="1"), True),
    ):  # fmt: skip
        assert bool(dict(found.readings(rule(PRICE, scope=scope), at(0)))) is there, scope
    assert value(found, rule(PRICE, scope=Scope(bookmaker_id=1)), 0) == Decimal("2.000")
    assert value(found, rule(PRICE, scope=Scope(bookmaker_id=3)), 0) is None


def test_after_the_kick_off_it_is_over() -> None:
    reading = dict(board(price(0, "A", "2.0")).readings(rule(PRICE), at(600)))["1/1X2/0.00/1"]
    assert reading.over
    assert reading.value is None


def test_feeding_twice_and_forgetting_change_no_reading() -> None:
    prices = [price(0, "A", "2.0"), price(50, "A", "1.8"), price(55, "A", "1.8")]
    found = board(*prices)
    found.feed(prices)
    assert value(found, rule(MOVE), 60) == Decimal("10.000")
    found.forget(at(-60))
    assert value(found, rule(MOVE), 60) == Decimal("10.000")
    found.forget(at(60))
    assert not found.match_ids
