"""The left column: the site's sports, and the leagues of one of them by country, as the football menu of 2025-10-15.

Attested: ``#menuprono``, groups ``#menu_item<country>``, ``data-competid`` on every league, one league that stands
twice because a second group holds it too. Made up: the numbers of countries and leagues nobody has seen, and that
other sports have the same menu.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from zlib import crc32

from gigscrapy.leagues import League
from schema.reference import Sport, sports

OTHER_SPORTS = {
    "escalade": "Escalade",
    "lutte": "Lutte",
    "pentathlon-moderne": "Pentathlon moderne",
    "triathlon": "Triathlon",
}
"""Sports the site lists and nobody has leagues of."""

COUNTRY_NUMBERS = {"Monde": 0, "France": 1}

FLAGS = {"France": "fr", "Allemagne": "de", "Espagne": "es", "Italie": "it", "Angleterre": "england"}

WITHIN = {"/cotes/foot/colombie/liga-postobon-i": "/cotes/foot/colombie/primera-a-clausura"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One league of the menu; ``within`` are those that its own group holds a second time."""

    id: int
    path: str
    title: str
    within: tuple["Entry", ...] = ()


@dataclass(frozen=True, slots=True)
class Country:
    id: int
    name: str
    flag: str
    entries: tuple[Entry, ...]


def league_number(league: League) -> int:
    """The site's number of a league, else one of ours that stays the same."""
    return league.site_id or 1_000_000 + crc32(league.path.encode()) % 9_000_000


def country_number(country: str) -> int:
    return COUNTRY_NUMBERS.get(country, 1_000 + crc32(country.encode()) % 9_000)


def flag(country: str) -> str:
    """Country code of the flag's class; empty where there is none, as on the site."""
    return FLAGS.get(country, "")


def countries(leagues: Sequence[League]) -> list[Country]:
    """The groups of a menu that holds these leagues."""
    by_path = {league.path: league for league in leagues}
    ordered = sorted(leagues, key=lambda league: league.country)
    return [
        Country(country_number(name), name, flag(name), tuple(_entry(league, by_path) for league in group))
        for name, group in groupby(ordered, key=lambda league: league.country)
    ]


def _entry(league: League, by_path: dict[str, League]) -> Entry:
    second = by_path.get(WITHIN.get(league.path, ""))
    within = (_entry(second, by_path),) if second else ()
    return Entry(league_number(league), league.path, league.title, within)


def site_sports() -> dict[str, Sport]:
    """Every sport the site lists, by its slug."""
    others = (Sport(slug.upper(), slug, title, slug, outcomes=2) for slug, title in OTHER_SPORTS.items())
    return {sport.slug: sport for sport in (*sports().values(), *others)}
