"""Which bookmaker prices which league, on real tables."""

from collections.abc import Callable
from datetime import datetime, timedelta

from analytics.coverage import Cell, Cover, LeagueCover, coverage, offers
from schema.instants import naive
from schema.messages import OddsItem
from schema.models import Bookmakers
from tests.schema.letters import NOON, quote

Put = Callable[..., None]


def seen(match: int, bookmaker: str, after: float = 0, **changes: object) -> OddsItem:
    who = {"match_id": f"{match}", "home": f"home {match}", "away": f"away {match}", "bookmaker": bookmaker}
    return quote(after, **who, **changes)


def at(seconds: float) -> datetime:
    return naive(NOON) + timedelta(seconds=seconds)


def covers(after: float = 60) -> dict[str, dict[str, tuple[str, int, int]]]:
    """By league and bookmaker: how well, how many matches, of how many."""
    names = dict(Bookmakers.select(Bookmakers.id, Bookmakers.name).tuples())
    return {
        league.league: {names[who]: (cell.cover.value, cell.priced, cell.of) for who, cell in league.cells.items()}
        for league in coverage(offers(at(after)))
    }


def test_full_partial_and_absent(store: Put) -> None:
    store(seen(1, "Winamax"), seen(2, "Winamax"), seen(1, "Zebet"), seen(3, "Betsson", league="Ligue 2"))
    assert covers() == {
        "Ligue 1": {"Winamax": ("full", 2, 2), "Zebet": ("partial", 1, 2)},
        "Ligue 2": {"Betsson": ("full", 1, 1)},
    }
    [first, _] = coverage(offers(at(60)))
    assert first.cell(99) == Cell(0, 2, None)
    assert first.cell(99).cover is Cover.ABSENT


def test_one_that_vanished_from_the_page_leaves_its_prices_behind(store: Put) -> None:
    store(seen(1, "Winamax"), seen(1, "Zebet"), seen(1, "Winamax", 7200), seen(1, "Betsson", 7000))
    assert covers(7260) == {
        "Ligue 1": {"Winamax": ("full", 1, 1), "Zebet": ("absent", 0, 1), "Betsson": ("full", 1, 1)}
    }
    [league] = coverage(offers(at(7260)))
    assert [cell.seen_at for cell in league.cells.values() if not cell.priced] == [at(0)]


def test_a_list_makes_no_holes_and_fills_none(store: Put) -> None:
    store(seen(1, "Winamax"), seen(1, "Zebet", partial=True), seen(3, "Betsson", league="Ligue 2", partial=True))
    found = {league.league: league for league in coverage(offers(at(60)))}
    assert covers()["Ligue 1"]["Zebet"] == ("absent", 0, 1)
    assert (found["Ligue 1"].listed, found["Ligue 2"].listed) == (False, True)
    assert covers()["Ligue 2"]["Betsson"] == ("full", 1, 1)


def test_a_list_that_tells_all_that_a_book_had_makes_no_hole(store: Put) -> None:
    store(seen(1, "Winamax"), seen(1, "Zebet"), seen(1, "Zebet", 60, partial=True))
    assert covers()["Ligue 1"] == {"Winamax": ("full", 1, 1), "Zebet": ("full", 1, 1)}


def test_matches_that_have_begun_or_were_seen_long_ago_do_not_count(store: Put) -> None:
    store(seen(1, "Winamax", kickoff=NOON + timedelta(seconds=30)))
    store(seen(2, "Winamax", kickoff=NOON + timedelta(days=3)))
    assert covers() == {"Ligue 1": {"Winamax": ("full", 1, 1)}}
    assert covers(86_500) == {}


def test_nothing_is_no_matrix() -> None:
    assert coverage([]) == []
    assert LeagueCover(1, "L", "F", 0, listed=True, cells={}).cell(1).cover is Cover.ABSENT
