"""Finding matches, and what is offered on each at a glance."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from analytics.finding import Glance, Meeting, Wanted, glances, meeting, meeting_so_far, meetings
from analytics.payout import Best
from schema.instants import naive
from schema.messages import OddsItem
from schema.models import Bookmakers, Leagues, Matches, Sports, Teams
from tests.schema.letters import KICKOFF, NOON, prices, quote

Put = Callable[..., None]
HOUR = 3600
DAY = timedelta(days=1)
embedded = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""What is computed is the same wherever the rows are from."""


def said(run: int, name: str, *values: str | None, **changes: Any) -> OddsItem:
    return quote(HOUR * run, run_id=f"run-{run}", bookmaker=name, prices=prices(*values), **changes)


def match(number: int, **changes: Any) -> OddsItem:
    """One quote of a match that kicks off ``number`` days after the first."""
    kickoff = changes.pop("kickoff", KICKOFF + number * DAY)
    return quote(match_id=str(number), home=f"Home {number}", away=f"Away {number}", kickoff=kickoff, **changes)


def homes(*arguments: Any, **how: Any) -> list[str]:
    return [found.home for found in meetings(*arguments, **how)]


def glance(**how: Any) -> Glance:
    [found] = glances(meetings(Wanted(), 9), **how).values()
    return found


def test_matches_are_found_by_what_narrows_them(store: Put) -> None:
    store(
        match(1),
        match(2, league="Ligue 2"),
        match(3, sport="tennis", league="ATP", market="12", prices=prices("1.8", "2.1", outcomes="12")),
        match(4, kickoff=None),
    )
    first = naive(KICKOFF)
    assert homes(Wanted(), 9) == ["Home 4", "Home 1", "Home 2", "Home 3"]
    assert homes(Wanted(), 2, newest_first=True) == ["Home 3", "Home 2"]
    assert homes(Wanted(undated=True), 9) == ["Home 4"]
    assert homes(Wanted(since=first + DAY, until=first + 3 * DAY), 9) == ["Home 1", "Home 2"]
    assert homes(Wanted(sports=[Sports.get(Sports.code == "TENN").id]), 9) == ["Home 3"]
    assert homes(Wanted(leagues=[Leagues.get(Leagues.name == "Ligue 2").id]), 9) == ["Home 2"]
    assert homes(Wanted(teams=[Teams.get(Teams.name == "Away 2").id]), 9) == ["Home 2"]
    assert homes(Wanted(), 9, named=Matches.site_id == "1") == ["Home 1"]


def test_each_page_begins_where_the_last_one_ended(store: Put) -> None:
    store(*(match(number, kickoff=None if number > 4 else KICKOFF + number // 2 * DAY) for number in range(7)))
    for newest_first in (False, True):
        everything = meetings(Wanted(), 99, newest_first=newest_first)
        leafed: list[Meeting] = []
        while page := meetings(Wanted(), 2, newest_first=newest_first, after=leafed[-1] if leafed else None):
            leafed += page
        assert leafed == everything
        assert len(leafed) == 7


@embedded
def test_one_match_in_words(store: Put) -> None:
    store(match(1))
    [known] = meetings(Wanted(), 1)
    assert meeting(known.id) == known
    assert meeting_so_far(known.id) == (known, 3)  # of three prices the last
    assert known[1:] == (
        *("FOOT", known.league_id, "Ligue 1", known.home_id, "Home 1", known.away_id, "Away 1"),
        *(naive(KICKOFF + DAY), "scheduled", naive(NOON)),
    )
    assert meeting(known.id + 1) is None
    assert meeting_so_far(known.id + 1) is None


def test_best_prices_who_has_them_and_how_far_they_moved(store: Put) -> None:
    store(
        said(0, "Unibet", "1.95", "3.6", "3.7"),
        said(0, "NetBet", "2.00", "3.4", "3.6"),
        said(1, "Unibet", "2.05", "3.6", "3.55"),
        said(1, "NetBet", "2.10", "3.6", "3.5"),
    )
    found = glance()
    assert found.grid.best == {
        "1": Best(Decimal("2.1"), ("NetBet",)),
        "X": Best(Decimal("3.6"), ("NetBet", "Unibet")),
        "2": Best(Decimal("3.55"), ("Unibet",)),
    }
    assert found.openings == {"1": Decimal(2), "X": Decimal("3.6"), "2": Decimal("3.7")}
    assert [found.moved(outcome) for outcome in ("1", "X", "2")] == [Decimal("0.1"), 0, Decimal("-0.15")]
    assert found.movement == Decimal("0.05")
    assert found.grid.trj is not None
    assert found.grid.trj.quantize(Decimal("0.01")) == Decimal("96.56")
    assert found.grid.period == timedelta(hours=1)


@embedded
def test_only_chosen_bookmakers_count(store: Put) -> None:
    store(said(1, "Unibet", "2.05", "3.6", "3.55"), said(1, "NetBet", "2.10", "3.6", "3.5"))
    chosen = [Bookmakers.get(Bookmakers.name == "Unibet").id]
    assert glance(bookmakers=chosen).grid.best["1"] == Best(Decimal("2.05"), ("Unibet",))


@embedded
def test_the_market_is_the_sport_s_own_unless_another_is_wanted(store: Put) -> None:
    chance = {"1X": Decimal("1.2"), "X2": Decimal("1.9"), "12": Decimal("1.3")}
    store(
        said(1, "Unibet", "2.05", "3.6", "3.55"),
        quote(HOUR, bookmaker="NetBet", market="12", prices=prices("1.4", "2.6", outcomes="12")),
        quote(HOUR, bookmaker="Unibet", market="DC", prices=chance),
    )
    assert glance().grid.market.code == "1X2"
    assert glance(market="DC").grid.best["1X"] == Best(Decimal("1.2"), ("Unibet",))
    assert glances(meetings(Wanted(), 9), market="DNB") == {}


def test_a_price_in_doubt_or_left_behind_is_not_the_best(store: Put) -> None:
    store(
        said(0, "Vbet", "9.5", "3.3", "3.4"),
        *(said(run, "Unibet", "2.05", "3.6", "3.55") for run in range(4)),
        said(3, "NetBet", "20", "3.6", "3.5", suspect="pays-too-much"),
    )
    found = glance()
    assert found.grid.best["1"] == Best(Decimal("2.05"), ("Unibet",))
    assert found.openings["1"] == Decimal("2.05")


@embedded
def test_a_match_without_prices_has_no_glance(store: Put) -> None:
    store(match(1))
    assert glances([]) == {}
