"""Which prices stand in the analyst's table, and which are a blank."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from analytics.layout import Layout, lines
from schema.instants import naive
from schema.markets import MARKETS
from schema.models import Bookmakers, Leagues, Matches
from tests.schema.letters import KICKOFF, NOON, prices, quote

Store = Callable[..., None]
NOW = naive(NOON)


def layout(*books: str, leagues: tuple[str, ...] = ("Ligue 1",), matches: int = 5) -> Layout:
    ids = {row.name: row.id for row in Bookmakers.select()}
    known = {row.name: row.id for row in Leagues.select()}
    return Layout(MARKETS["1X2"], tuple(ids[book] for book in books), tuple(known[one] for one in leagues), matches)


def test_the_next_matches_of_each_league_in_its_order(store: Store) -> None:
    for number in range(4):
        for league in ("Ligue 1", "Liga"):
            kickoff = KICKOFF + timedelta(days=3 - number)
            store(quote(match_id=f"{league}{number}", league=league, home=f"H{number}", bookmaker="A", kickoff=kickoff))
    store(quote(match_id="past", home="Past", bookmaker="A", kickoff=NOON - timedelta(hours=1)))
    store(quote(match_id="off", home="Off", bookmaker="A"))
    Matches.update(status="postponed").where(Matches.site_id == "off").execute()
    found = lines(layout("A", leagues=("Liga", "Ligue 1"), matches=2), NOW)
    names = {row.id: row.name for row in Leagues.select()}
    assert [(names[line.league], line.home) for line in found] == [
        ("Liga", "H3"),
        ("Liga", "H2"),
        ("Ligue 1", "H3"),
        ("Ligue 1", "H2"),
    ]


def test_a_blank_is_a_blank(store: Store) -> None:
    store(
        quote(bookmaker="A", prices=prices("2", "4", "4")),
        quote(bookmaker="B", prices=prices("2.5", "3.4", "3.5")),
        quote(60, bookmaker="B", prices=prices("2.4", None, "3.5")),  # the draw was withdrawn
        quote(-90_000, bookmaker="Left", prices=prices("9", "9", "9")),
        quote(bookmaker="Doubtful", prices=prices("20", "9", "9"), suspect="far-from-panel"),
        quote(bookmaker="List", prices=prices("8", "8", "8"), partial=True),
        quote(bookmaker="Not chosen", prices=prices("7", "7", "7")),
    )
    chosen = layout("B", "A", "Left", "Doubtful", "List")
    (line,) = lines(chosen, NOW)
    a, b = (Bookmakers.get(Bookmakers.name == name).id for name in "AB")
    assert line.books == {
        b: {"1": Decimal("2.4"), "2": Decimal("3.5")},
        a: {"1": Decimal(2), "X": Decimal(4), "2": Decimal(4)},
    }
    assert (line.trj(a, chosen.market), line.trj(b, chosen.market)) == (100, None)
    assert {outcome: best.price for outcome, best in line.best.items()} == {
        "1": Decimal("2.4"),
        "X": Decimal(4),
        "2": Decimal(4),
    }
    assert line.market_trj is not None and round(line.market_trj, 2) == Decimal("109.09")


def test_without_leagues_or_bookmakers_there_is_nothing(store: Store) -> None:
    store(quote(bookmaker="A"))
    assert lines(layout("A", leagues=()), NOW) == []
    assert lines(layout(), NOW) == []


def test_a_list_takes_no_price_from_a_book(store: Store) -> None:
    """Lists show the best prices only: whoever has one would have a blank where it is best, and no TRJ."""
    store(
        quote(bookmaker="A", prices=prices("2", "4", "4")),
        quote(bookmaker="B", prices=prices("1.9", "3.4", "3.5")),
        quote(600, bookmaker="A", prices=prices("2.1", None, "4"), partial=True),
        quote(900, bookmaker="A", prices=prices("2.2", None, None), partial=True),
        quote(600, bookmaker="List", prices=prices(None, "9", None), partial=True),
    )
    chosen = layout("A", "B", "List")
    (line,) = lines(chosen, NOW)
    a, b = (Bookmakers.get(Bookmakers.name == name).id for name in "AB")
    assert line.books == {
        a: {"1": Decimal(2), "X": Decimal(4), "2": Decimal(4)},
        b: {"1": Decimal("1.9"), "X": Decimal("3.4"), "2": Decimal("3.5")},
    }
    assert line.trj(a, chosen.market) == 100
