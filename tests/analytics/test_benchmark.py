"""Figures of the benchmark: by hand, then through the store and the tally on both databases."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest

from analytics import benchmark, concerned, paired
from analytics.benchmark import Fact, Scope, Sums, by_week, ranking, spans
from analytics.paired import interval
from schema import payouts
from schema.database import connect, hang_up
from schema.models import Bookmakers, use
from schema.payouts import WHOLE
from schema.store import Store
from schema.tally import Tally
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, letters, prices, quote

DAY = KICKOFF.date()


def fact(bookmaker: int, *trjs: str, now: bool = True, league: int = 1, alone: int = 0, weight: int = 0) -> Fact:
    whole = [int(Decimal(trj) * 100) for trj in trjs]
    sums = Sums(
        matches=len(whole),
        quotes=len(whole),
        trj_sum=sum(whole),
        trj_squares=sum(trj * trj for trj in whole),
        best_alone=alone,
        best_weight=weight,
    )
    return Fact(now, league, bookmaker, sums)


class TestByHand:
    def test_mean_spread_and_what_was_before(self) -> None:
        found = ranking([fact(1, "93", "95"), fact(1, "90", now=False), fact(2, "92"), fact(3, now=False)])
        assert [(one.bookmaker, one.place) for one in found] == [(1, 1), (2, 2)]
        first = found[0]
        assert (first.sums.mean, first.sums.spread, first.change) == (94, 1, 4)
        assert (found[1].sums.spread, found[1].change) == (0, None)
        assert first.sums.few

    def test_the_mean_is_over_quotes_not_over_leagues(self) -> None:
        (one,) = ranking([fact(1, "90", "90", "90"), fact(1, "94", league=2)])
        assert one.sums.mean == 91

    def test_equal_means_share_a_place(self) -> None:
        found = ranking([fact(2, "93"), fact(1, "93"), fact(3, "92"), fact(4)])
        assert [(one.bookmaker, one.place) for one in found] == [(1, 1), (2, 1), (3, 3), (4, None)]

    def test_shares_add_up_to_one(self) -> None:
        third = WHOLE // 3
        found = ranking([fact(1, alone=1, weight=WHOLE + third), fact(2, weight=third), fact(3, weight=third)])
        assert [float(one.best or 0) for one in found] == pytest.approx([4 / 6, 1 / 6, 1 / 6])
        assert sum(one.best or 0 for one in found) == pytest.approx(1)
        assert [one.alone for one in found] == [Decimal("0.5"), 0, 0]

    def test_where_nothing_was_compared_nobody_has_a_share(self) -> None:
        assert [(one.best, one.alone) for one in ranking([fact(1, "93")])] == [(None, None)]

    def test_the_period_before_is_as_long_and_ends_where_this_begins(self) -> None:
        before = Scope(1, date(2025, 10, 8), date(2025, 10, 17)).before
        assert (before.since, before.until, before.days) == (date(2025, 9, 28), date(2025, 10, 7), 10)

    def test_days_become_weeks(self) -> None:
        sunday = date(2025, 10, 19)
        days = {(sunday + timedelta(days=n), 1): Sums(quotes=1, trj_sum=n) for n in range(3)}
        assert by_week(days) == {
            (date(2025, 10, 13), 1): Sums(quotes=1, trj_sum=0),
            (date(2025, 10, 20), 1): Sums(quotes=2, trj_sum=3),
        }


class TestPaired:
    def quotes(self, easy: int) -> list[paired.Quote]:
        """On each of 30 matches 1 pays back half a point more than 2, which has ``easy`` more that pay back much."""
        random = Random(1)
        told: list[paired.Quote] = []
        for match in range(30):
            level = 88 + random.random() * 6
            told += [(match, "0", 1, level + 0.5 + random.random() / 10), (match, "0", 2, level)]
        return told + [(100 + match, "0", 2, 98.0) for match in range(easy)]

    def test_easy_matches_of_one_alone_change_nothing(self) -> None:
        assert paired.paired(self.quotes(0), 2) == paired.paired(self.quotes(50), 2)
        (one,) = paired.paired(self.quotes(50), 2)
        assert one.gap == pytest.approx(0.55, abs=0.02)
        assert (one.matches, one.established) == (30, True)
        assert one.low is not None and one.high is not None
        assert one.low < one.gap < one.high

    def test_the_other_way_round_it_is_the_opposite(self) -> None:
        (one,), (other,) = paired.paired(self.quotes(0), 2), paired.paired(self.quotes(0), 1)
        assert one.gap == pytest.approx(-(other.gap or 0))

    def test_noise_is_not_established(self) -> None:
        random = Random(2)
        told = [(match, "0", book, 92 + random.gauss(0, 1)) for match in range(40) for book in (1, 2)]
        (one,) = paired.paired(told, 1)
        assert not one.established
        assert one.low is not None

    def test_of_few_matches_there_is_no_interval(self) -> None:
        (one,) = paired.paired(self.quotes(0)[: 2 * (paired.LEAST - 1)], 2)
        assert (one.matches, one.low, one.established) == (paired.LEAST - 1, None, False)

    def test_without_a_match_in_common_that_is_told(self) -> None:
        found = paired.paired([(1, "0", 1, 93.0), (2, "0", 2, 94.0), (1, "0", 3, 90.0)], 1)
        assert [(one.bookmaker, one.matches, one.gap) for one in found] == [(3, 1, -3.0), (2, 0, None)]

    def test_lines_of_one_match_are_one_difference(self) -> None:
        told = [(1, line, book, 90.0 + book * float(line)) for line in ("1", "3") for book in (0, 1)]
        assert [(one.matches, one.gap) for one in paired.paired(told, 0)] == [(1, 2.0)]

    def test_the_interval_covers_the_mean_as_often_as_it_says(self) -> None:
        """Of 200 samples of a known mean; 95 % is 190, and a sound interval of 40 draws is a little narrow."""
        random = Random(3)
        held = 0
        for _ in range(200):
            low, high = interval([random.gauss(1, 1) for _ in range(40)])
            held += low <= 1 <= high
        assert 180 <= held <= 196

    def test_many_are_dealt_into_groups_and_it_stays_sound(self) -> None:
        random = Random(4)
        low, high = interval([random.gauss(1, 1) for _ in range(4000)])
        assert (high - low) == pytest.approx(2 * 1.96 / 4000**0.5, rel=0.25)
        assert interval([1.0] * 4000) == (1.0, 1.0)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Four matches of football and one of tennis, tallied; only to be read."""
    server = request.getfixturevalue("mariadb") if request.param == "mariadb" else None
    database = connect(server and server.url(server.new_database()), tmp_path_factory.mktemp("benchmark"))
    use(database)
    lay(database)
    told = (
        quote(bookmaker="A", prices=prices("2", "4", "4"), published_trj=Decimal("99.90")),
        quote(bookmaker="B", prices=prices("2", "3.4", "3.5"), published_trj=None),
        quote(60, bookmaker="B", prices=prices("2", "3.5", "3.5"), published_trj=None),
        quote(
            -9 * 86_400,
            bookmaker="A",
            prices=prices("1.9", "3.2", "3.3"),
            match_id="2",
            kickoff=KICKOFF - timedelta(days=9),
        ),
        quote(bookmaker="B", prices=prices("1.5", "1.5", None), match_id="3", home="OL"),
        quote(
            bookmaker="A",
            match_id="4",
            sport="tennis",
            league="ATP",
            market="12",
            prices=prices("1.8", "2.1", outcomes="12"),
        ),
    )
    Store(database).store(letters(*told))
    Tally(database).run()
    yield
    hang_up(database)


@pytest.mark.usefixtures("filled")
class TestFromTheTables:
    def scope(self, days: int = 1, **more: tuple[int, ...]) -> Scope:
        market = benchmark.names().market("FOOT", "1X2")
        assert market
        return Scope(market, DAY - timedelta(days=days - 1), DAY, **more)

    def book(self, name: str) -> int:
        return int(Bookmakers.get(Bookmakers.name == name).id)

    def test_the_ranking(self) -> None:
        found = {one.bookmaker: one for one in ranking(benchmark.facts(self.scope(9)))}
        a, b = found[self.book("A")], found[self.book("B")]
        assert (a.sums.mean, a.sums.matches, a.sums.published_mean) == (100, 1, Decimal("99.9"))
        assert a.before.mean == Decimal("87.58")
        assert (b.sums.quotes, b.sums.matches) == (1, 2), "a quote that lacks an outcome has no TRJ"
        assert b.sums.since_opening is not None and b.sums.since_opening > 0
        assert (a.best, b.best) == (Decimal(5) / 6, Decimal(1) / 6)
        assert (a.sums.best_alone, a.sums.best_tied, b.sums.best_tied) == (2, 1, 1)

    def test_a_market_of_another_number_of_outcomes_is_never_in_it(self) -> None:
        assert sum(fact.sums.matches for fact in benchmark.facts(self.scope(30))) == 4
        tennis = benchmark.names().market("TENN", "12")
        assert tennis
        (only,) = benchmark.facts(Scope(tennis, DAY, DAY))
        assert only.sums.quotes == 1

    def test_by_day_and_by_league(self) -> None:
        days = benchmark.over_time(self.scope(30))
        assert days[DAY, self.book("A")].mean == 100
        assert {day for day, _ in days} == {DAY, DAY - timedelta(days=9)}
        league = next(number for number, (name, _) in benchmark.names().leagues.items() if name == "Ligue 1")
        assert benchmark.facts(self.scope(leagues=(league,))) == benchmark.facts(self.scope())
        assert benchmark.facts(self.scope(leagues=(league + 99,))) == []

        assert {(one.first, one.last) for one in benchmark.known()} == {(DAY - timedelta(days=9), DAY), (DAY, DAY)}

    def test_the_matches_concerned_and_the_quotes_that_are_paired(self) -> None:
        found = concerned.ended_on(self.scope(30), self.book("B"))
        assert [(one.home, one.trj is None, one.outcomes) for one in found] == [("OL", True, 0), ("Le Havre", False, 3)]
        assert len(concerned.ended_on(self.scope(30))) == 4

        told = paired.quotes(self.scope(30))
        assert sorted(trj for _, _, _, trj in told) == [87.58, 93.33, 100.0]
        (one,) = paired.paired(told, self.book("A"))
        assert (one.matches, one.established) == (1, False)


@pytest.mark.parametrize("length", [1, 2, 27, 28, 29, 31, 59, 60, 61, 366])
@pytest.mark.parametrize("since", [date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29)])
def test_spans_hold_each_day_once(since: date, length: int) -> None:
    days = [since + timedelta(days=number) for number in range(length)]
    told = []
    for span, first, last in spans(days[0], days[-1]):
        assert span == payouts.DAY or (first.day == 1 and (last + timedelta(days=1)).day == 1)
        told += [first + timedelta(days=number) for number in range((last - first).days + 1)]
    assert told == days
    assert length < 60 or any(span == payouts.MONTH for span, *_ in spans(days[0], days[-1]))
