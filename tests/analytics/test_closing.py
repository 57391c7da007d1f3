"""How old the last price was at kick-off, on real tables."""

from collections.abc import Callable
from datetime import datetime, timedelta

from analytics.closing import Gap, LeagueGap, by_league, median_gap, observed_gaps
from schema.instants import naive
from schema.messages import OddsItem
from schema.models import Matches
from tests.schema.letters import KICKOFF, NOON, prices, quote

Put = Callable[..., None]
SINCE, UNTIL = naive(KICKOFF), naive(KICKOFF) + timedelta(seconds=1)


def seen(seconds: float, match_id: str = "1", **changes) -> OddsItem:
    """A quote of that match, so many seconds before its kick-off; negative: after it."""
    before = (KICKOFF - NOON).total_seconds()
    home, away = f"home {match_id}", f"away {match_id}"
    return quote(before - seconds, match_id=match_id, home=home, away=away, **changes)


def test_the_newest_price_before_the_kickoff_counts_of_each_market(store: Put) -> None:
    chance = {"market": "DNB", "prices": prices("4.5", "1.2", outcomes="12")}
    store(seen(7200), seen(90.5), seen(3600, bookmaker="Zebet"), seen(600, **chance))
    assert sorted(observed_gaps(SINCE, UNTIL), key=lambda gap: str(gap.market)) == [
        Gap("Ligue 1", "Football", 1, "1X2", 90.5),
        Gap("Ligue 1", "Football", 1, "DNB", 600.0),
    ]


def test_what_was_seen_after_the_kickoff_does_not_hide_what_was_before(store: Put) -> None:
    store(seen(5400), seen(300), seen(-60), seen(-600), seen(1800, bookmaker="Zebet"))
    assert observed_gaps(SINCE, UNTIL) == [Gap("Ligue 1", "Football", 1, "1X2", 300.0)]


def test_at_the_very_kickoff_the_gap_is_none(store: Put) -> None:
    store(seen(0))
    assert by_league(observed_gaps(SINCE, UNTIL)) == [LeagueGap("Ligue 1", "Football", 1, 0, 0.0, 0.0)]


def test_a_match_without_a_price_before_its_kickoff_is_unpriced(store: Put) -> None:
    store(seen(120, "1"), seen(-1, "2"), seen(480, "3"))
    assert by_league(observed_gaps(SINCE, UNTIL)) == [LeagueGap("Ligue 1", "Football", 3, 1, 300.0, 480.0)]


def test_only_matches_of_the_period_that_were_played(store: Put) -> None:
    store(seen(60, "1"), seen(60, "2", kickoff=KICKOFF + timedelta(seconds=1)), seen(60, "3"))
    Matches.update(status="postponed").where(Matches.site_id == "3").execute()
    assert [gap.match_id for gap in observed_gaps(SINCE, UNTIL)] == [Matches.get(Matches.site_id == "1").id]
    assert by_league(observed_gaps(datetime(2020, 1, 1), SINCE)) == []


def test_leagues_are_told_apart_the_widest_gap_first(store: Put) -> None:
    other = {"league": "Ligue 2"}
    third = {"league": "National"}
    store(seen(60, "1"), seen(120, "2", **other), seen(-5, "3", **third), seen(30, "4", **other))
    assert by_league(observed_gaps(SINCE, UNTIL)) == [
        LeagueGap("Ligue 2", "Football", 2, 0, 75.0, 120.0),
        LeagueGap("Ligue 1", "Football", 1, 0, 60.0, 60.0),
        LeagueGap("National", "Football", 1, 1, None, None),
    ]
    assert median_gap(observed_gaps(SINCE, UNTIL)) == 60.0


def test_nothing_has_no_median() -> None:
    assert median_gap([]) is None
    assert by_league([]) == []
