"""Each way in which two systems can differ has its class."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gigscrapy.shadowing.comparing import (
    DASHES,
    DEFAULT,
    ITSELF,
    KICKOFF,
    LEAGUE,
    LEAGUE_LOST,
    MATCH_TWICE,
    MISSING_HERE,
    MISSING_THERE,
    MOVED,
    NOT_SEEDED,
    PARIS,
    PRICE,
    REMATCH,
    SPORT,
    TEAM,
    TRJ,
    TWICE_HERE,
    TWICE_THERE,
    Compared,
    Quote,
    compare,
    corrected,
)

NOON = datetime(2025, 11, 9, 12, tzinfo=UTC)
PRICES = {"1": Decimal("2.10"), "X": Decimal("3.40"), "2": Decimal("3.50")}
OURS = Quote(
    "football",
    "Ligue 1",
    "PSG",
    "OM",
    "Pmu",
    PRICES,
    Decimal("94.69"),
    NOON,
    datetime(2025, 11, 10, 19, 45, tzinfo=UTC),
)


def theirs(**changes: Any) -> Quote:
    """As gig-benchmark's database has it."""
    one = replace(OURS, **{"stored": datetime(2025, 11, 10, 20, 45), "made_at": datetime(2025, 11, 1)} | changes)
    return replace(one, kickoff=corrected(one.stored)) if one.stored else one


def kinds(found: Compared) -> list[str]:
    return sorted(found.counts.elements())


def test_nothing_but_the_offset_of_paris() -> None:
    found = compare([theirs()], [OURS], timedelta(minutes=10))
    assert (kinds(found), found.is_clean, found.pairs, found.alike) == ([PARIS], True, 1, 1)
    [one] = found.differences
    assert (one.what, one.here, one.there) == ("PSG - OM (Ligue 1)", "2025-11-10 19:45Z", "2025-11-10 20:45")


@pytest.mark.parametrize(
    ("there", "here", "told"),
    [
        ({}, {"prices": PRICES | {"1": Decimal("2.1")}}, []),
        ({}, {"prices": PRICES | {"1": Decimal("2.104")}}, []),  # gig-benchmark keeps two decimals
        ({}, {"prices": PRICES | {"1": Decimal("2.20")}}, [PRICE]),
        ({}, {"prices": {"1": PRICES["1"], "2": PRICES["2"]}}, [PRICE]),
        ({}, {"prices": PRICES | {"1": Decimal("2.20")}, "seen_at": NOON + timedelta(minutes=11)}, [MOVED]),
        ({}, {"seen_at": NOON + timedelta(hours=5)}, []),
        ({"trj": Decimal("92.31")}, {}, [TRJ]),
        ({"trj": Decimal(0)}, {"trj": None}, []),
        ({"stored": datetime(2025, 11, 10, 20), "made_at": datetime(2025, 11, 9, 12)}, {}, [DEFAULT]),
        ({"stored": datetime(2025, 11, 10, 20), "made_at": datetime(2025, 11, 9, 12)}, {"kickoff": None}, [DEFAULT]),
        ({"stored": datetime(2025, 11, 10, 18)}, {}, [KICKOFF]),
        ({"stored": datetime(2025, 11, 10, 19, 45)}, {}, []),
        ({"stored": datetime(2025, 8, 23, 21)}, {}, [REMATCH]),
        ({"league": "LIGUE 1"}, {}, []),
        ({"league": "Ligue One"}, {}, [LEAGUE]),
        ({"home": "psg"}, {}, []),
        ({"home": "Paris SG", "away": "OM"}, {"home": "PSG"}, [TEAM]),
        ({"league": "Starligue"}, {"league": "Starligue", "sport": "handball"}, [SPORT]),
    ],
)
def test_one_quote_of_each(there: dict[str, Any], here: dict[str, Any], told: list[str]) -> None:
    found = compare([theirs(**there)], [replace(OURS, **here)], timedelta(minutes=10))
    assert [kind for kind in kinds(found) if kind != PARIS] == told
    assert found.pairs == 1


@pytest.mark.parametrize(
    ("there", "here", "told"),
    [
        ([{}, {"bookmaker": "Unibet"}], [{}], [MISSING_HERE]),
        ([{}], [{}, {"bookmaker": "Unibet"}], [MISSING_THERE]),
        ([{}], [{}, {"bookmaker": "BarrièreBet"}], [NOT_SEEDED]),
        ([{}], [{}, {"bookmaker": "BarrièreBet", "home": "LENS"}], [NOT_SEEDED]),
        ([{}, {"home": "LENS"}], [{}], [MISSING_HERE]),
        ([{}], [{}, {"home": "LENS", "away": "LILLE", "kickoff": None}], [MISSING_THERE]),
        ([{}], [{}, {"league": "Ligue 2", "home": "LENS", "away": "LILLE"}], [LEAGUE_LOST]),
        ([{}], [{}, {"home": "SAINT - ETIENNE"}], [DASHES]),
        ([{}, {"seen_at": NOON + timedelta(seconds=5)}], [{}], [TWICE_THERE]),
        ([{}, {"seen_at": NOON + timedelta(minutes=5)}], [{}], []),
        ([{}], [{}, {"seen_at": NOON + timedelta(seconds=5)}], [TWICE_HERE]),
        ([{}, {"league": "Ligue  1"}], [{}], [MATCH_TWICE]),
        ([{}, {"league": "Ligue  1", "bookmaker": "Bwin"}], [{}, {"bookmaker": "Bwin"}], [MATCH_TWICE]),
        # Two meetings of the same two, of which we have the second: the first is missing, not there twice.
        ([{"stored": datetime(2025, 11, 13, 20, 45)}, {}], [{}], [MISSING_HERE]),
        ([{}, {"stored": datetime(2025, 11, 13, 20, 45)}], [{}], [MISSING_HERE]),
        ([{}, {"away": "psg"}], [{}], [ITSELF]),
        # The meeting of the same day, not the one of next season.
        (
            [{}],
            [{}, {"kickoff": datetime(2026, 5, 10, 19, tzinfo=UTC), "seen_at": NOON + timedelta(hours=1)}],
            [MISSING_THERE],
        ),
    ],
)
def test_one_more(there: list[dict[str, Any]], here: list[dict[str, Any]], told: list[str]) -> None:
    found = compare([theirs(**one) for one in there], [replace(OURS, **one) for one in here], timedelta(minutes=10))
    assert [kind for kind in kinds(found) if kind != PARIS] == told
    assert found.is_clean is not bool({MISSING_HERE, MISSING_THERE, TWICE_HERE} & set(told))
