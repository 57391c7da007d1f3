"""The one real page there is: Ligue 1 on 15 October 2025, after its scripts had run (generation D).

It is somebody else's page and no part of the project. These tests run only where the folder ``shared`` lies beside the
project's; elsewhere ``conftest.py`` does not collect this file.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from gigscrapy.pages.league import read_league
from gigscrapy.pages.menu import read_menu, read_sports
from schema.markets import MARKETS
from schema.prices import payout, published_style
from tests.gigscrapy.pages import CAPTURED, utc

HTML = (CAPTURED / "2025-10-15-foot-france-ligue-1.html").read_text(encoding="utf-8")
URL = "https://www.coteur.com/cotes/foot/france/ligue-1"
NOW = datetime(2025, 10, 15, 8, 47, tzinfo=UTC)

PAGE = read_league(HTML, url=URL, now=NOW)
BY_ID = {match.match_id: match for match in PAGE.matches}


def prices(match):
    return tuple(str(match.best[outcome].price) for outcome in MARKETS["1X2"].outcomes)


@pytest.mark.parametrize(
    ("field", "expected"),
    [("generation", "D"), ("priced", True), ("more", ()), ("unreadable", 0), ("tells_prices", True)],
)
def test_the_page(field, expected):
    assert getattr(PAGE, field) == expected


def test_eighteen_matches_and_fifty_four_prices():
    assert len(BY_ID) == 18
    assert sum(len(match.best) for match in PAGE.matches) == 54
    assert all(best.bookmaker and best.bookmaker.site_id for match in PAGE.matches for best in match.best.values())


@pytest.mark.parametrize("match", PAGE.matches, ids=lambda match: match.path)
def test_the_published_trj_is_that_of_the_best_prices(match):
    best = (match.best[outcome].price for outcome in MARKETS["1X2"].outcomes)
    assert match.published_trj == published_style(payout(best))


@pytest.mark.parametrize("match", PAGE.matches, ids=lambda match: match.path)
def test_printed_and_announced_kickoff_are_one(match):
    unannounced = read_league(HTML.replace("ld+json", "json"), url=URL, now=NOW)
    assert match.kickoff in {other.kickoff for other in unannounced.matches if other.match_id == match.match_id}


@pytest.mark.parametrize(
    ("match_id", "path", "home", "away", "kickoff", "best", "trj"),
    [
        ("1548776", "/cote/psg-strasbourg-1548776", "PSG", "STRASBOURG", utc("2025-10-17", "18:45"), ("1.270", "5.900", "10.000"), "94.62"),
        ("1548777", "/cote/toulouse-fc-metz-1548777", "TOULOUSE FC", "METZ", utc("2025-10-19", "15:15"), ("1.530", "4.000", "5.700"), "92.68"),
        ("1548774", "/cote/marseille-le-havre-1548774", "MARSEILLE", "LE HAVRE", utc("2025-10-18", "19:05"), ("1.300", "5.750", "9.500"), "95.38"),
        ("1550344", "/cote/lyon-strasbourg-1550344", "LYON", "STRASBOURG", utc("2025-10-26", "19:45"), ("1.780", "3.730", "4.000"), "92.60"),
    ],
)  # fmt: skip
def test_rows(match_id, path, home, away, kickoff, best, trj):
    match = BY_ID[match_id]
    assert (match.path, match.home, match.away, match.kickoff) == (path, home, away, kickoff)
    assert (prices(match), match.published_trj) == (best, Decimal(trj))


def test_who_holds_the_best_prices():
    held = [best.bookmaker.site_id for match in PAGE.matches for best in match.best.values()]
    assert {number: held.count(number) for number in sorted(set(held))} == {
        20: 2,
        21: 25,
        22: 1,
        24: 20,
        33: 2,
        36: 1,
        43: 3,
    }


def test_the_menu():
    menu = read_menu(HTML, url=URL)
    assert len(menu) == 68
    assert [
        (league.title, league.country, league.site_id) for league in menu if league.path == "/cotes/foot/france/ligue-1"
    ] == [("Ligue 1", "France", 3)]
    assert len({league.country for league in menu}) == 53


def test_the_sports():
    assert len(read_sports(HTML)) == 25
