"""Which matches are visited when, worked out by hand and on a whole Saturday."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median

import pytest

from gigscrapy.planning import (
    BadOffsets,
    Crawl,
    Manner,
    Meeting,
    UnderWay,
    Wish,
    cost,
    crawl_time,
    plan,
    read_offsets,
    wishes,
    write_offsets,
)
from tests.gigscrapy.saturday import MATCHES, MINUTE, SATURDAY, SECOND, Fixture, Site, fixtures, ticks

NOON = datetime(2026, 11, 28, 12)
LONG_AGO = datetime(2026, 1, 1)
OFFSETS = (60, 15, 5)


def meeting(number: int, minutes: float, spider: str = "ligue1", **changes) -> Meeting:
    """A match that kicks off so many minutes after noon."""
    return replace(Meeting(number, str(number), spider, NOON + minutes * MINUTE, LONG_AGO), **changes)


def wanted(*meetings: Meeting, at: datetime = NOON, offsets: Sequence[int] = OFFSETS, decided=None) -> list[Wish]:
    return wishes(1, offsets, meetings, decided or {}, since=NOON - timedelta(hours=2), now=at)


def crawls(
    *meetings: Meeting, at: datetime = NOON, budget: int = 30, under_way: Sequence[UnderWay] = ()
) -> list[Crawl]:
    return list(plan(wanted(*meetings, at=at), {1: Manner()}, under_way, budget, at).crawls)


def told(found: Iterable[Crawl]) -> list[tuple[str, tuple[str, ...], list[int]]]:
    return [(crawl.spider, crawl.matches, sorted({wish.minutes for wish in crawl.wishes})) for crawl in found]


class TestOffsets:
    def test_they_are_read_and_written(self) -> None:
        assert read_offsets("24h 6h 1h 15m 5m") == (1440, 360, 60, 15, 5)
        assert read_offsets("T-5m, t-1H, 90min 2d 60m") == (2880, 90, 60, 5)
        assert write_offsets((2880, 90, 60, 5)) == "48h 90m 1h 5m"
        assert read_offsets(write_offsets((2880, 90, 60, 5))) == (2880, 90, 60, 5)

    @pytest.mark.parametrize("text", ["", " , ", "5", "h", "5s", "-5m", "1h30", "0m", "15d", "5m " * 2 + "x"])
    def test_what_is_none_is_refused(self, text: str) -> None:
        with pytest.raises(BadOffsets):
            read_offsets(text)

    def test_not_too_many(self) -> None:
        with pytest.raises(BadOffsets, match="up to 12 times"):
            read_offsets(" ".join(f"{minutes}m" for minutes in range(1, 14)))


def test_what_a_crawl_costs() -> None:
    assert [cost(Manner(), matches) for matches in (1, 10)] == [5, 14]
    assert cost(Manner(markets=2), 10) == 16
    assert cost(Manner(markets=2, reads_matches=False), 10) == 5
    assert crawl_time(10) == 25 * SECOND


class TestWishes:
    def test_each_visit_is_open_until_the_next_is_due(self) -> None:
        found = wanted(meeting(1, 60))
        assert [(wish.minutes, wish.due_at, wish.until) for wish in found] == [
            (60, NOON, NOON + 45 * MINUTE),
            (15, NOON + 45 * MINUTE, NOON + 55 * MINUTE),
            (5, NOON + 55 * MINUTE, NOON + 59 * MINUTE),
        ]

    def test_the_last_is_open_until_a_minute_before(self) -> None:
        [wish] = wanted(meeting(1, 1), offsets=(1,))
        assert (wish.due_at, wish.until) == (NOON, NOON + 30 * SECOND)

    def test_what_is_decided_is_wanted_no_more_unless_the_kickoff_moves(self) -> None:
        made = {(1, 60): NOON, (1, 15): NOON + 45 * MINUTE}
        assert [wish.minutes for wish in wanted(meeting(1, 60), decided=made)] == [5]
        assert [wish.minutes for wish in wanted(meeting(1, 61), decided=made)] == [60, 15, 5]

    def test_what_could_not_have_been_seen_is_not_missed(self) -> None:
        late = meeting(1, 10, known_since=NOON)
        assert [wish.minutes for wish in wanted(late)] == [15, 5]
        after_noon = wishes(1, OFFSETS, [meeting(1, 10)], {}, since=NOON, now=NOON)
        assert [wish.minutes for wish in after_noon] == [15, 5]
        assert [wish.minutes for wish in wanted(meeting(1, 10))] == [60, 15, 5]

    def test_not_what_is_due_much_later(self) -> None:
        assert [wish.minutes for wish in wanted(meeting(1, 90), offsets=(1440, 60, 5))] == [1440, 60]


class TestPlan:
    def test_what_is_due_is_asked_for_and_nothing_else(self) -> None:
        early = meeting(1, 60.5, "nba")
        assert told(crawls(meeting(1, 60), early, meeting(2, 90, "mls"))) == [("ligue1", ("1",), [60])]

    def test_visits_of_one_league_that_lie_close_together_are_one_crawl(self) -> None:
        found = crawls(meeting(1, 60), meeting(2, 75), meeting(3, 76), meeting(4, 61, "nba"))
        assert told(found) == [("ligue1", ("1", "2"), [60])]
        assert found[0].requests == 6

    def test_a_near_visit_is_not_made_early_for_company(self) -> None:
        made = {
            (match, minutes): NOON + (at - minutes) * MINUTE for match, at in ((1, 5), (2, 6)) for minutes in (60, 15)
        }
        found = plan(wanted(meeting(1, 5), meeting(2, 6), decided=made), {1: Manner()}, (), 30, NOON)
        assert told(found.crawls) == [("ligue1", ("1",), [5])]

    def test_one_crawl_is_every_visit_that_is_open(self) -> None:
        assert told(crawls(meeting(1, 5), meeting(2, 15))) == [("ligue1", ("1", "2"), [5, 15])]
        assert told(crawls(meeting(1, 6), at=NOON + MINUTE)) == [("ligue1", ("1",), [5])]

    def test_nearer_visits_go_first_and_of_those_the_earliest_kickoff(self) -> None:
        found = crawls(meeting(1, 60, "nba"), meeting(2, 4, "mls"), meeting(3, 3, "ligue1"), meeting(4, 15, "ligue2"))
        assert [crawl.spider for crawl in found] == ["ligue1", "mls", "ligue2", "nba"]

    def test_no_more_than_the_budget_and_nobody_overtakes(self) -> None:
        crowd = [meeting(number, 5, "ligue1") for number in range(1, 10)]
        found = crawls(*crowd, meeting(11, 15, "nba"), meeting(12, 60, "mls"), budget=20)
        assert [crawl.requests for crawl in found] == [13, 5]
        found = crawls(*crowd, meeting(11, 15, "nba"), budget=20, under_way=[UnderWay("serieaitalie", 11, None)])
        assert found == []

    def test_what_goes_on_counts_and_so_does_what_ended_a_minute_ago(self) -> None:
        last_minute = UnderWay("serieaitalie", 26, NOON - 59 * SECOND)
        assert crawls(meeting(1, 5), under_way=[last_minute]) == []
        assert crawls(meeting(1, 5), under_way=[replace(last_minute, ended_at=None)]) == []
        assert len(crawls(meeting(1, 5), under_way=[replace(last_minute, ended_at=NOON - MINUTE)])) == 1
        assert len(crawls(meeting(1, 5), under_way=[replace(last_minute, requests=25)])) == 1

    def test_never_two_crawls_of_a_league_at_once(self) -> None:
        assert crawls(meeting(1, 5), under_way=[UnderWay("ligue1", 5, None)]) == []
        assert len(crawls(meeting(1, 5), under_way=[UnderWay("ligue1", 5, NOON - SECOND)])) == 1

    def test_what_was_not_made_in_time_is_missed(self) -> None:
        found = plan(wanted(meeting(1, 1), meeting(2, 50)), {1: Manner()}, (), 30, NOON)
        assert [(wish.meeting.match_id, wish.minutes) for wish in found.missed] == [(1, 60), (1, 15), (1, 5)]
        assert told(found.crawls) == [("ligue1", ("2",), [60])]

    @pytest.mark.parametrize(("leagues", "minutes_before"), [(5, 5), (10, 5), (20, 6), (30, 9)])
    def test_a_crowd_is_begun_before_it_is_due(self, leagues: int, minutes_before: int) -> None:
        """A league is five requests here; a budget of thirty makes about four of them a minute."""
        crowd = [meeting(number, 60, f"league{number}") for number in range(leagues)]
        made = {(number, minutes): NOON + (60 - minutes) * MINUTE for number in range(leagues) for minutes in (60, 15)}

        def begins(at: datetime) -> bool:
            return bool(plan(wanted(*crowd, at=at, decided=made), {1: Manner()}, (), 30, at).crawls)

        first = next(before for before in range(20, 0, -1) if begins(NOON + (60 - before) * MINUTE))
        assert first == minutes_before


@dataclass
class Day:
    """A day of the planner's, with a site at the other end."""

    fixtures: Sequence[Fixture]
    budget: int
    site: Site
    decided: dict[tuple[int, int], datetime] = field(default_factory=dict)
    made: list[Wish] = field(default_factory=list)
    missed: list[Wish] = field(default_factory=list)
    asked: list[UnderWay] = field(default_factory=list)

    def pass_by(self, since: datetime, until: datetime) -> None:
        meetings = [
            Meeting(int(each.site_id), each.site_id, each.league.name, each.kickoff, LONG_AGO) for each in self.fixtures
        ]
        for at in ticks(since, until, 10 * SECOND):
            near = [each for each in meetings if timedelta(hours=-1) < each.kickoff - at < timedelta(hours=2.5)]
            self.tick(at, wishes(1, OFFSETS, near, self.decided, since=since, now=at))

    def tick(self, at: datetime, wanted: list[Wish]) -> None:
        known = [each for each in self.asked if each.ended_at > at - 2 * MINUTE]
        under_way = [replace(each, ended_at=each.ended_at if each.ended_at <= at else None) for each in known]
        found = plan(wanted, {1: Manner()}, under_way, self.budget, at)
        self.missed += found.missed
        for crawl in found.crawls:
            self.made += crawl.wishes
            self.asked.append(UnderWay(crawl.spider, crawl.requests, self.site.crawl(crawl.matches, at)))
        for wish in (*found.missed, *(wish for crawl in found.crawls for wish in crawl.wishes)):
            self.decided[wish.meeting.match_id, wish.minutes] = wish.due_at

    def gaps(self) -> list[float]:
        """Seconds, of the matches that have a price."""
        found = [self.site.gap(each.site_id, each.kickoff) for each in self.fixtures]
        return [gap.total_seconds() for gap in found if gap is not None]


@pytest.mark.slow
def test_a_saturday_of_three_hundred_matches() -> None:
    """Within the budget at every moment, half the matches seen within five minutes of their kick-off."""
    chance = random.Random(7)
    day = Day(fixtures(chance), 30, Site(chance))
    day.pass_by(SATURDAY + timedelta(hours=10), SATURDAY + timedelta(hours=20))
    assert len(day.fixtures) == MATCHES
    assert 25 <= day.site.busiest_minute() <= 30
    gaps = day.gaps()
    assert len(gaps) == MATCHES
    assert median(gaps) < 5 * 60
    assert sorted(gaps)[MATCHES * 9 // 10] < 7 * 60
    # Every visit is accounted for: made, or missed and said to be.
    visits = {(each.site_id, minutes) for each in day.fixtures for minutes in OFFSETS}
    decided = [(wish.meeting.site_id, wish.minutes) for wish in (*day.made, *day.missed)]
    assert len(decided) == len(set(decided))
    assert set(decided) == visits
    assert len(day.missed) <= len(visits) // 100


def test_a_crowd_that_cannot_be_afforded() -> None:
    """The budget holds, what was missed is said, and what was seen was seen late rather than early."""
    chance = random.Random(3)
    kickoff = SATURDAY + timedelta(hours=15)
    chosen = [replace(each, kickoff=kickoff) for each in fixtures(chance)[: MATCHES // 2]]
    day = Day(chosen, 10, Site(chance))
    day.pass_by(kickoff - 70 * MINUTE, kickoff + 10 * MINUTE)
    assert day.site.busiest_minute() <= 10
    assert len(day.made) + len(day.missed) == len(OFFSETS) * len(chosen)
    assert len({(wish.meeting.match_id, wish.minutes) for wish in day.missed}) == len(day.missed) > len(chosen) // 2
    assert len(day.gaps()) > len(chosen) // 2
    last = [wish for wish in day.missed if wish.minutes == 5]
    assert 0 < len(last) < len(chosen) // 2
