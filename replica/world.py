"""The truth the look-alike shows: who meets whom, when, and what every bookmaker asks at a tick.

Nothing here knows HTML or HTTP, so that a test can hold what was stored against what was true. Teams, numbers and
prices are made up (see :mod:`replica.names`, :mod:`replica.prices`); what is attested is their shape only: one
increasing series of match numbers, two decimals, fifteen bookmakers by default and their numbers, kick-offs in Paris
time.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import islice
from random import Random

from gigscrapy.leagues import PATH, League, fold, load
from replica import names, prices
from schema.instants import from_paris, to_paris
from schema.names import slug
from schema.prices import payout, published_style
from schema.reference import Sport, find_bookmaker, sports

SITE_BOOKMAKERS = (20, 21, 22, 23, 24, 32, 33, 34, 36, 37, 30, 41, 42, 43, 44)
"""The list the site shows those who chose none, but for 39, whose name nobody knows: NetBet (30) stands in for it."""
FURTHER_BOOKMAKERS = (27, 38)
UNKNOWN_BOOKMAKER = 39

MOST_MATCHES = 1000
"""Numbers a league has for its matches."""

CLUBS_OF_A_LEAGUE = 18
DAYS = 10
HOLES = 0.05

HOURS = {
    "football": (("19:00", "20:45", "21:05"), ("15:00", "17:15", "20:45")),
    "tennis": (("11:00", "12:30", "14:00", "16:30"), ("11:00", "13:00", "15:00", "19:30")),
    "basketball": (("01:30", "18:30", "20:00", "20:45"), ("01:30", "16:00", "18:30", "21:00")),
}
"""Usual hours in Paris, on weekdays and at the weekend."""
OTHER_HOURS = (("18:00", "20:00", "21:05"), ("14:00", "16:00", "18:30"))


@dataclass(frozen=True, slots=True)
class SiteBookmaker:
    """A bookmaker by its number on the site and the name the site prints."""

    site_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Quote:
    """One bookmaker's prices for one market, by outcome code; ``None`` where it shows no price."""

    bookmaker: SiteBookmaker
    market: str
    prices: dict[str, Decimal | None]

    @property
    def trj(self) -> Decimal | None:
        """Bookmaker TRJ in percent, two decimals; ``None`` where a price is missing."""
        return _trj(self.market, self.prices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One match. ``kickoff`` is aware UTC; ``gap`` is how much stronger the home side is, in log-odds."""

    site_id: int
    league: League
    home: str
    away: str
    kickoff: datetime
    gap: float
    world: "World" = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """Of its page. The site joins the two slugs with a hyphen, so that nobody can tell them apart again."""
        return f"/cote/{slug(self.home)}-{slug(self.away)}-{self.site_id}"

    def quotes(self, market: str | None = None) -> tuple[Quote, ...]:
        """What each bookmaker shows, in the site's order; ``market`` is the match's winner unless told."""
        return tuple(self._quote(bookmaker, market or self.league.market) for bookmaker in self.world.bookmakers)

    def best(self, market: str | None = None) -> dict[str, tuple[Decimal, SiteBookmaker]]:
        """The best price of each outcome and who offers it, the first of equals; an outcome without one is absent."""
        best: dict[str, tuple[Decimal, SiteBookmaker]] = {}
        for quote in self.quotes(market):
            for outcome, price in quote.prices.items():
                if price is not None and (outcome not in best or price > best[outcome][0]):
                    best[outcome] = (price, quote.bookmaker)
        return best

    def trj(self, market: str | None = None) -> Decimal | None:
        """Market TRJ in percent, two decimals; ``None`` where an outcome has no price anywhere."""
        best = self.best(market)
        return _trj(market or self.league.market, {outcome: price for outcome, (price, _) in best.items()})

    def _quote(self, bookmaker: SiteBookmaker, market: str) -> Quote:
        world = self.world
        asked = prices.quote(
            seed=world.seed,
            match=self.site_id,
            gap=self.gap,
            sport=self.league.sport,
            outcomes=self.league.outcomes,
            bookmaker=bookmaker.site_id,
            market=market,
            tick=world.tick,
        )
        shown: dict[str, Decimal | None] = dict(asked)
        if world.holes:
            random = Random(f"{world.seed}/{self.site_id}/{bookmaker.site_id}/{market}/{world.tick}/holes")
            shown = {outcome: None if random.random() < HOLES else price for outcome, price in asked.items()}
        return Quote(bookmaker, market, shown)


def _trj(market: str, shown: Mapping[str, Decimal | None]) -> Decimal | None:
    rules = prices.SITE_MARKETS[market]
    return published_style(payout((shown.get(outcome) for outcome in rules.outcomes), rules.winners))


def bookmakers(count: int = len(SITE_BOOKMAKERS), *, unknown: bool = False) -> tuple[SiteBookmaker, ...]:
    """The first ``count`` bookmakers of the site; beyond those known by name, invented ones numbered from 101.

    :param unknown: show 39, which no reference knows, in the place of NetBet.
    """
    numbers = [UNKNOWN_BOOKMAKER if unknown and number == 30 else number for number in SITE_BOOKMAKERS]
    numbers += FURTHER_BOOKMAKERS
    numbers += range(101, 101 + count)
    return tuple(map(_bookmaker, numbers[:count]))


def _bookmaker(number: int) -> SiteBookmaker:
    known = find_bookmaker(site_id=number)
    return SiteBookmaker(number, known.name if known else f"Bookmaker{number}")


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is true at one tick. The same seed, day and path always give the same matches and numbers.

    :ivar now: aware; its day in Paris is the day before the first kick-off.
    :ivar matches: of each league; :ivar started: of these, kicked off before ``now``.
    :ivar holes: whether about one price in twenty is missing.
    """

    now: datetime
    seed: int = 1
    tick: int = 0
    bookmakers: tuple[SiteBookmaker, ...] = field(default_factory=bookmakers)
    matches: int = CLUBS_OF_A_LEAGUE
    started: int = 0
    holes: bool = False
    _fixtures: dict[str, tuple[Match, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _thousands: dict[int, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for known in load():
            self._claim_numbers(known.path)

    def leagues(self, sport: str) -> tuple[League, ...]:
        """The catalogue's leagues of a sport, by its name on the wire."""
        return tuple(league for league in load() if league.sport == sport)

    def fixtures(self, path: str) -> tuple[Match, ...]:
        """The matches of the league at that path, by kick-off.

        :raises LookupError: when no league can be there (:func:`league_at`).
        """
        with self._lock:
            if path not in self._fixtures:
                matches = sorted(self._draw_up(league_at(path)), key=lambda match: (match.kickoff, match.site_id))
                self._fixtures[path] = tuple(matches)
            return self._fixtures[path]

    def match(self, site_id: int) -> Match:
        """The match of that number.

        :raises LookupError: when there is none, or its league is not in the catalogue and was never asked for.
        """
        path = self._thousands[site_id // MOST_MATCHES]
        found = [match for match in self.fixtures(path) if match.site_id == site_id]
        if not found:
            raise LookupError(f"no match {site_id}")
        return found[0]

    def _draw_up(self, league: League) -> Iterator[Match]:
        first = self._claim_numbers(league.path)
        sides = names.teams(league, self._sides(league), self.seed)
        strength = {side: Random(f"{self.seed}/{league.path}/{side}").gauss(0, 0.6) for side in sides}
        kickoffs = list(self._kickoffs(league.sport))
        for place, (home, away) in enumerate(islice(_meetings(sides), self.matches)):
            yield Match(
                site_id=first + place,
                league=league,
                home=home,
                away=away,
                kickoff=self._started_at(place) if place < self.started else kickoffs[place],
                gap=0.25 + strength[home] - strength[away],
                world=self,
            )

    def _sides(self, league: League) -> int:
        """How many sides it takes: players meet once, clubs at most twice, home and away."""
        if league.sport in names.PLAYERS_SPORTS:
            return 2 * self.matches
        clubs = CLUBS_OF_A_LEAGUE
        while clubs * (clubs - 1) < self.matches:
            clubs += 2
        return clubs

    def _kickoffs(self, sport: str) -> Iterator[datetime]:
        weekday, weekend = HOURS.get(sport, OTHER_HOURS)
        today = to_paris(self.now).date()
        slots = [
            from_paris(datetime.combine(day, time.fromisoformat(hour)))
            for day in (today + timedelta(days=ahead) for ahead in range(1, DAYS + 1))
            for hour in (weekend if day.isoweekday() > 5 else weekday)
        ]
        for place in range(self.matches):
            yield slots[place * len(slots) // self.matches]

    def _started_at(self, place: int) -> datetime:
        at = self.now.astimezone(UTC) - timedelta(minutes=20 + 25 * place)
        return at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0)

    def _claim_numbers(self, path: str) -> int:
        """The first of the thousand match numbers that belong to the league at that path."""
        with self._lock:
            thousand = Random(f"{self.seed}/{path}/numbers").randrange(100_000, 900_000)
            while self._thousands.setdefault(thousand, path) != path:
                thousand += 1
            return thousand * MOST_MATCHES


def _meetings(sides: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Everybody against everybody, round by round (the circle method), then again with the sides changed."""
    rounds = []
    fixed, *ring = sides
    for turn in range(len(ring)):
        circle = [fixed, *ring[turn:], *ring[:turn]]
        pairs = zip(circle[: len(circle) // 2], reversed(circle[len(circle) // 2 :]), strict=True)
        rounds += [(home, away) if turn % 2 == 0 else (away, home) for home, away in pairs]
    yield from rounds
    yield from ((away, home) for home, away in rounds)


@cache
def _by_path() -> dict[str, League]:
    return {league.path: league for league in load()}


@cache
def _by_slug() -> dict[str, Sport]:
    return {sport.slug: sport for sport in sports().values()}


def league_at(path: str) -> League:
    """The league at that path: the catalogue's, else one made up from the three segments.

    :raises LookupError: when the path is not a league's, or of a sport nobody knows.
    """
    if path in _by_path():
        return _by_path()[path]
    segments = PATH.fullmatch(path)
    if not segments or segments[1] not in _by_slug():
        raise LookupError(f"no league at {path}")
    sport = _by_slug()[segments[1]]
    country, title = (segment.replace("-", " ").title() for segment in segments.group(2, 3))
    return League(
        name=fold(title),
        sport=sport.name,
        country=country,
        title=title,
        path=path,
        outcomes=sport.outcomes,
        least_matches=0,
        site_id=None,
        gig_keys=(),
    )
