"""A weekend of football and tennis as crawls leave it: bookmakers that move, one that is late, one in doubt."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from schema.messages import OddsItem
from tests.schema.letters import QUOTE

BOOKMAKERS = ("Unibet", "NetBet", "ParionsSport", "Winamax", "Betclic", "Pmu")
TEAMS = (("PSG", "OM"), ("Lyon", "Lille"), ("Étoile Rouge", "Saint-Étienne"), ("Rennes", "Nantes"))
CRAWLS = 12
QUARTER = timedelta(minutes=15)
CENT = Decimal("0.01")


def now() -> datetime:
    """This minute."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def season(at: datetime) -> list[OddsItem]:
    """All that was said up to ``at``: the last crawl was three minutes before."""
    return [*football(at), *tennis(at), *late(at), *doubtful(at)]


def football(at: datetime) -> Iterator[OddsItem]:
    for number, (home, away) in enumerate(TEAMS):
        kickoff = at + timedelta(hours=2 + 24 * number)
        for crawl in range(CRAWLS):
            for position, name in enumerate(BOOKMAKERS):
                yield quote(at, crawl, number, home, away, kickoff, name, moved(number, crawl, position))


def moved(number: int, crawl: int, position: int) -> dict[str, Decimal | None]:
    """Three prices, of which the first rises by five hundredths at a time, and the last falls."""
    step = (crawl + position + number) // 4
    home = Decimal("1.95") + position * CENT * 2 + step * 5 * CENT
    return {"1": home, "X": Decimal("3.45") + position * CENT, "2": Decimal("3.80") - step * 5 * CENT}


def tennis(at: datetime) -> Iterator[OddsItem]:
    told = {"sport": "tennis", "league": "ATP", "market": "12", "country": None}
    for crawl in range(CRAWLS):
        for name in BOOKMAKERS[:2]:
            prices = {"1": Decimal("1.80") + crawl * CENT, "2": Decimal("2.05")}
            one = quote(at, crawl, 8, "Moutet", "Fils", at + timedelta(hours=5), name, {})
            yield replace(one, prices=prices, **told)  # type: ignore[arg-type]


def late(at: datetime) -> Iterator[OddsItem]:
    """Vbet was seen in the first crawl only."""
    home, away = TEAMS[0]
    prices = {"1": Decimal("2.90"), "X": Decimal("3.30"), "2": Decimal("3.40")}
    yield quote(at, 0, 0, home, away, at + timedelta(hours=2), "Vbet", prices)


def doubtful(at: datetime) -> Iterator[OddsItem]:
    home, away = TEAMS[0]
    prices = {"1": Decimal("21.0"), "X": Decimal("3.30"), "2": Decimal("3.40")}
    one = quote(at, CRAWLS - 1, 0, home, away, at + timedelta(hours=2), "Bwin", prices)
    yield replace(one, suspect="far-from-panel")


def quote(
    at: datetime,
    crawl: int,
    number: int,
    home: str,
    away: str,
    kickoff: datetime,
    bookmaker: str,
    prices: dict[str, Decimal | None],
) -> OddsItem:
    """One quote; the last crawl is that of number :data:`CRAWLS` - 1."""
    return replace(
        QUOTE,
        home=home,
        away=away,
        match_id=f"70{number}",
        kickoff=kickoff,
        bookmaker=bookmaker,
        bookmaker_id=None,
        prices=prices,
        published_trj=None,
        scraped_at=at - timedelta(minutes=3) - (CRAWLS - 1 - crawl) * QUARTER,
        run_id=f"season-{crawl}",
        url=f"https://www.coteur.com/cote/{number}",
    )
