from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from gigscrapy.leagues import load
from replica.world import Match, SiteBookmaker, bookmakers, league_at
from schema.instants import to_paris
from schema.prices import payout, published_style
from tests.replica import LIGUE_1, LIGUE_2, NOW, RUGBY, TENNIS, world


def prices_of(matches: tuple[Match, ...]) -> list[Decimal | None]:
    return [price for match in matches for quote in match.quotes() for price in quote.prices.values()]


def test_a_league_by_default_is_18_matches_15_bookmakers_810_prices():
    matches = world().fixtures(LIGUE_1)
    assert len(matches) == 18
    assert sum(len(match.quotes()) for match in matches) == 270
    assert len(prices_of(matches)) == 810
    assert {side for match in matches for side in (match.home, match.away)} >= {"PSG", "TOULOUSE FC", "LE HAVRE"}


def test_the_same_seed_and_path_give_the_same_world():
    once, again = world().fixtures(LIGUE_2), world().fixtures(LIGUE_2)
    assert once == again
    assert prices_of(once) == prices_of(again)


def test_this_world_stays_as_it_is_from_one_version_to_the_next():
    """What was stored from a look-alike must still be true after an update of Python or of this package."""
    first = world().fixtures(LIGUE_1)[0]
    assert (first.site_id, first.home, first.away) == (868375000, "PSG", "NANTES")
    assert first.kickoff == datetime(2026, 3, 26, 18, tzinfo=UTC)
    assert first.path == "/cote/psg-nantes-868375000"
    assert first.quotes()[0].prices == {"1": Decimal("1.69"), "X": Decimal("3.93"), "2": Decimal("4.11")}


def test_another_seed_gives_another_world():
    assert prices_of(world(seed=2).fixtures(LIGUE_1)) != prices_of(world().fixtures(LIGUE_1))
    assert world(seed=2).fixtures(LIGUE_1)[0].site_id != world().fixtures(LIGUE_1)[0].site_id


def test_another_day_moves_the_kickoffs_and_nothing_else():
    today, later = world().fixtures(LIGUE_1), world(now=NOW + timedelta(days=200)).fixtures(LIGUE_1)
    assert [(match.site_id, match.home) for match in later] == [(match.site_id, match.home) for match in today]
    assert prices_of(later) == prices_of(today)
    assert later[0].kickoff - today[0].kickoff > timedelta(days=199)


def test_matches_are_found_by_their_number():
    first = world()
    for league in (LIGUE_1, TENNIS):
        for match in world().fixtures(league):
            assert first.match(match.site_id) == match
    with pytest.raises(LookupError):
        first.match(1548776)
    with pytest.raises(LookupError):
        first.match(first.fixtures(LIGUE_1)[-1].site_id + 1)


def test_no_two_matches_of_the_catalogue_share_a_number():
    everywhere = world(matches=2)
    numbers = [match.site_id for league in load() for match in everywhere.fixtures(league.path)]
    assert len(numbers) == 2 * len(load())
    assert len(set(numbers)) == len(numbers)


def test_kickoffs_are_spread_over_ten_days_at_paris_hours_across_the_change_of_time():
    kickoffs = [match.kickoff for match in world(matches=30).fixtures(LIGUE_1)]
    assert kickoffs == sorted(kickoffs)
    local = [to_paris(kickoff) for kickoff in kickoffs]
    assert {at.date().day for at in local} == {26, 27, 28, 29, 30, 31, 1, 2, 3, 4}
    assert {at.strftime("%H:%M") for at in local} == {"19:00", "20:45", "21:05", "15:00", "17:15"}
    assert {at.utcoffset() for at in local} == {timedelta(hours=1), timedelta(hours=2)}


def test_a_few_matches_are_spread_as_wide():
    kickoffs = [to_paris(match.kickoff) for match in world().fixtures(LIGUE_1)]
    assert [at.date().day for at in kickoffs] == [26, 26, 27, 27, 28, 28, 29, 29, 30, 31, 31, 1, 1, 2, 2, 3, 3, 4]


def test_started_matches_come_first_and_have_begun():
    matches = world(started=3).fixtures(LIGUE_1)
    assert [match.kickoff < NOW for match in matches] == [True] * 3 + [False] * 15
    assert NOW - matches[2].kickoff < timedelta(minutes=30)
    assert {match.site_id for match in matches} == {match.site_id for match in world().fixtures(LIGUE_1)}


@pytest.mark.parametrize("path", [LIGUE_1, TENNIS, RUGBY])
def test_every_bookmaker_pays_back_between_86_and_96_percent(path):
    for match in world().fixtures(path):
        for quote in match.quotes():
            assert 86 <= quote.trj <= 96
            assert min(quote.prices.values()) > 1
            assert all(price == round(price, 2) for price in quote.prices.values())


@pytest.mark.parametrize(
    ("market", "outcomes"),
    [
        ("1X2", {"1", "X", "2"}),
        ("DNB", {"1", "2"}),
        ("DC", {"1X", "X2", "12"}),
        ("1X2H1", {"1", "X", "2"}),
        ("1X2H2", {"1", "X", "2"}),
        ("OU", {"over", "under"}),
    ],
)
def test_every_market_of_football_has_its_outcomes_and_a_plausible_return(market, outcomes):
    for match in world().fixtures(LIGUE_1):
        for quote in match.quotes(market):
            assert set(quote.prices) == outcomes
            assert 85 <= quote.trj <= 97


def test_a_half_is_drawn_more_often_than_a_match():
    match = world().fixtures(LIGUE_1)[0]
    draws = [match.best(market)["X"][0] for market in ("1X2H1", "1X2H2", "1X2")]
    assert draws == sorted(draws)
    assert len(set(draws)) == 3


def test_two_way_sports_have_no_draw():
    assert {outcome for match in world().fixtures(TENNIS) for quote in match.quotes() for outcome in quote.prices} == {
        "1",
        "2",
    }
    assert world().fixtures(TENNIS)[0].quotes()[0].market == "12"


def test_the_best_price_is_the_highest_and_belongs_to_who_shows_it():
    for match in world().fixtures(LIGUE_1):
        best = match.best()
        for outcome, (price, bookmaker) in best.items():
            shown = {quote.bookmaker: quote.prices[outcome] for quote in match.quotes()}
            assert price == max(shown.values())
            assert bookmaker == next(book for book, asked in shown.items() if asked == price)
        assert match.trj() == published_style(payout(price for price, _ in best.values()))


def moves(path: str) -> list[list[Decimal]]:
    """How much each price of each match changes, relative, from the third to the fourth tick."""
    return [
        [abs(new / old - 1) for old, new in zip(prices_of((before,)), prices_of((after,)), strict=True)]
        for before, after in zip(world(tick=3).fixtures(path), world(tick=4).fixtures(path), strict=True)
    ]


def test_a_tick_moves_a_third_of_the_prices_most_of_them_a_little():
    matches = [match for league in load()[:20] for match in moves(league.path)]
    everything = [move for match in matches for move in match]
    assert 0.25 < sum(move > 0 for move in everything) / len(everything) < 0.40
    with_news = [match for match in matches if sum(move > 0 for move in match) > 0.8 * len(match)]
    assert 0.08 < len(with_news) / len(matches) < 0.18
    whims = [move for match in matches if match not in with_news for move in match if move > 0]
    assert sum(move < Decimal("0.03") for move in whims) / len(whims) > 0.7
    assert sum(move > Decimal("0.05") for move in whims) / len(whims) > 0.05


def test_a_tick_leaves_the_matches_alone():
    before, after = world(), replace(world(), tick=5)
    assert before.fixtures(LIGUE_1) == after.fixtures(LIGUE_1)
    assert prices_of(before.fixtures(LIGUE_1)) != prices_of(after.fixtures(LIGUE_1))


def test_holes_leave_out_one_price_in_twenty_middle_ones_too():
    matches = world(holes=True).fixtures(LIGUE_1)
    missing = [price is None for price in prices_of(matches)]
    assert 0.02 < sum(missing) / len(missing) < 0.08
    assert any(quote.prices["X"] is None and quote.prices["2"] for match in matches for quote in match.quotes())
    broken = next(quote for match in matches for quote in match.quotes() if None in quote.prices.values())
    assert broken.trj is None


def test_the_default_bookmakers_are_the_sites_with_a_name_for_each():
    assert [book.site_id for book in bookmakers()] == [20, 21, 22, 23, 24, 32, 33, 34, 36, 37, 30, 41, 42, 43, 44]
    assert SiteBookmaker(24, "Betclic") in bookmakers()
    assert len({book.name for book in bookmakers()}) == 15
    assert bookmakers(3) == bookmakers()[:3]


def test_an_unknown_bookmaker_stands_in_when_asked_for():
    assert SiteBookmaker(39, "Bookmaker39") in bookmakers(unknown=True)
    assert len(bookmakers(unknown=True)) == 15
    assert [book.site_id for book in bookmakers(19)][15:] == [27, 38, 101, 102]


def test_a_path_that_the_catalogue_lacks_is_made_up_from_its_segments():
    league = league_at("/cotes/hand/france/lidl-star-ligue")
    assert (league.sport, league.outcomes, league.title, league.site_id) == ("handball", 3, "Lidl Star Ligue", None)
    assert league_at("/cotes/rugby%20%C3%A0%207/monde/seven-series").sport == "rugby-sevens"
    unknown = world()
    match = unknown.fixtures("/cotes/hand/france/lidl-star-ligue")[4]
    assert unknown.match(match.site_id) == match


@pytest.mark.parametrize("path", ["/cotes/surebet", "/cotes/quidditch/france/ligue-1", "/cotes/foot/france", "/"])
def test_a_path_of_no_league_is_refused(path):
    with pytest.raises(LookupError):
        world().fixtures(path)


@pytest.mark.parametrize("count", [1, 7, 400, 1000])
@pytest.mark.parametrize("path", [LIGUE_1, TENNIS, "/cotes/foot/allemagne/bundesliga-2"])
def test_a_league_can_have_up_to_a_thousand_matches_all_different(count, path):
    matches = world(matches=count).fixtures(path)
    assert len({(match.home, match.away) for match in matches}) == count
    assert len({match.path for match in matches}) == count
    assert all(match.home != match.away for match in matches)
