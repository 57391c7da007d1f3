import pytest

from schema.markets import MARKETS, winner_market
from schema.reference import bookmakers, find_bookmaker, rows, sports, unnamed


def test_sports() -> None:
    assert sports()["football"].code == "FOOT"
    codes = [sport.code for sport in sports().values()]
    assert len(set(codes)) == len(codes) == len(list(rows("sports")))


def test_each_sport_has_the_market_of_its_winner() -> None:
    listed = {(row["sport"], row["code"]) for row in rows("markets")}
    assert {sport for sport, _ in listed} <= sports().keys()
    assert {"1X2", "12"} == {winner_market(sport.outcomes) for sport in sports().values()} <= MARKETS.keys()
    for sport in ("football", "basketball", "tennis", "rugby"):
        assert (sport, winner_market(sports()[sport].outcomes)) in listed


def test_no_two_bookmakers_share_a_spelling_or_a_number() -> None:
    for bookmaker in bookmakers():
        for spelling in (bookmaker.code, bookmaker.name, *bookmaker.spellings):
            assert find_bookmaker(spelling) == bookmaker, spelling
        if bookmaker.site_id is not None:
            assert find_bookmaker(site_id=bookmaker.site_id) == bookmaker


@pytest.mark.parametrize(
    "name, site_id, code",
    [
        ("Pmu", None, "PMU"),
        ("PMU", None, "PMU"),
        ("Pokerstars Sport", None, "POKERSTARS"),
        ("BarriereBet", None, "BARRIEREBET"),
        ("Winamax", 33, "WINAMAX"),
        ("Winamax", 99, "WINAMAX"),  # a name says more than a number
        ("Wina Max", 33, "WINAMAX"),
        (None, 33, "WINAMAX"),
        ("Nobody", None, None),
        ("Nobody", 39, None),
        (None, None, None),
    ],
)
def test_find_bookmaker(name: str | None, site_id: int | None, code: str | None) -> None:
    found = find_bookmaker(name, site_id)
    assert (found and found.code) == code


def test_unnamed() -> None:
    assert unnamed(39) == "Bookmaker 39"
