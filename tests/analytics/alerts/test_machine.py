"""What opens, is told, worsens, stays quiet and closes; each as a line of readings, minute by minute."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from analytics.alerts.machine import Reading, State, next_due, step
from analytics.alerts.rules import ABOVE, BELOW, PRICE, Rule, problems

BEGIN = datetime(2026, 6, 10, 12)
RULE = Rule(
    kind=PRICE,
    direction=ABOVE,
    threshold=Decimal(2),
    margin=Decimal("0.1"),
    calm=timedelta(minutes=3),
    cooldown=timedelta(minutes=5),
)


def lived(rule: Rule, line: str, hushed: str = "") -> str:
    """What each minute's price brings: ``O`` opened, ``T`` told, ``U`` told again, ``C`` closed, ``c`` closed unsaid.

    :param line: prices with spaces between; ``-``: none, ``x``: the match has begun. :param hushed: ``q``: quiet then.
    """
    state, told = State(), []
    for minute, said in enumerate(line.split()):
        value = None if said in "-x" else Decimal(said)
        quiet = hushed[minute : minute + 1] == "q"
        reading = Reading(value, over=said == "x")
        state, happened = step(rule, state, BEGIN + timedelta(minutes=minute), reading, hushed=quiet)
        signs = {"opened": "O", "told": "T", "updated": "U"}
        told.append("".join(signs.get(each.what, "C" if each.loud else "c") for each in happened) or ".")
    return " ".join(told)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1.9 2.0 2.0", ". OT ."),
        ("2.0 1.95 2.0 1.95 2.0", "OT . . . ."),  # within the margin: it wavers, and nobody hears of it
        ("2.0 1.9", "OT C"),  # past it by the margin
        ("2.0 1.95 1.95 1.95 1.95", "OT . . . C"),  # back for three minutes
        ("2.0 - - - -", "OT . . . C"),  # no price any more
        ("2.0 - 2.0 - - -", "OT . . . . ."),  # each time anew
        ("2.0 x x", "OT C ."),
        ("x x", ". ."),
        ("2.0 1.9 2.0 2.0 2.0 2.0 2.0", "OT C . . . . OT"),  # the cool-down: five minutes after it closed
        ("2.0 2.5 2.5 2.5 2.5 2.5 2.5", "OT . . . . U ."),  # worse at once, told again after five minutes
        ("2.0 2.05 2.05 2.05 2.05 2.05 2.05 2.05", "OT . . . . . . ."),  # not worse by five percent
    ],
)
def test_a_line_of_prices(line: str, expected: str) -> None:
    assert lived(RULE, line) == expected


def test_below() -> None:
    below = Rule(kind=PRICE, direction=BELOW, threshold=Decimal(2), margin=Decimal("0.1"), cooldown=timedelta())
    assert lived(below, "2.1 2.0 1.95 1.9 2.05 2.1") == ". OT . U . C"


@pytest.mark.parametrize(
    ("line", "hushed", "expected"),
    [
        ("2.0 2.0 2.0", "qq.", "O . T"),  # announced when people wake
        ("2.0 1.9 1.9", "qq.", "O c ."),  # over by then: nobody is told at all
        ("2.0 1.9", ".q", "OT C"),  # its end is written, to be sent when people wake
        ("2.0 2.0 2.0 2.0 2.0 2.0 2.5 2.5", "......q.", "OT . . . . . . U"),
    ],
)
def test_quiet_hours(line: str, hushed: str, expected: str) -> None:
    assert lived(RULE, line, hushed) == expected


def test_what_waits_is_named_with_its_minute() -> None:
    opened, _ = step(RULE, State(), BEGIN, Reading(Decimal(2)), hushed=False)
    assert next_due(RULE, opened, BEGIN) == {BEGIN + timedelta(minutes=5)}
    calming, _ = step(RULE, opened, BEGIN + timedelta(minutes=1), Reading(Decimal("1.95")), hushed=False)
    assert BEGIN + timedelta(minutes=4) in next_due(RULE, calming, BEGIN + timedelta(minutes=1))
    closed, _ = step(RULE, opened, BEGIN + timedelta(minutes=1), Reading(Decimal("1.5")), hushed=False)
    assert next_due(RULE, closed, BEGIN + timedelta(minutes=1)) == {BEGIN + timedelta(minutes=6)}
    assert next_due(RULE, State(), BEGIN) == set()


def test_a_rule_that_makes_no_sense_says_where() -> None:
    assert list(problems(RULE)) == []
    assert list(problems(Rule(kind="moon", threshold=Decimal(1)))) == ["kind"]
    wrong = Rule(kind=PRICE, threshold=Decimal(1), margin=Decimal(-1), quiet_from=5, max_age=timedelta())
    assert list(problems(wrong)) == ["threshold", "margin", "direction", "max_age", "quiet"]
