"""Two seasons of what twelve bookmakers asked: the rows of a large database, made in the order of time.

Everything is drawn from one seed, so the same number of prices up to the same instant is always the same rows. Leagues
are those of the catalogue, teams those of the look-alike. What is long past was visited six times before its kick-off;
what kicks off within nine days was visited every six hours, and every hour of the last day, as a busy house does.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from gigscrapy.leagues import League, load
from replica import names

BOOKMAKERS = (
    *("UNIBET", "PMU", "PARIONSSPORT", "BWIN", "BETCLIC", "NETBET"),
    *("GENYBET", "WINAMAX", "ZEBET", "VBET", "BETSSON", "OLYBET"),
)
"""Codes, of those who pay back least to those who pay back most."""
PAID_BACK = {code: 0.885 + 0.004 * place for place, code in enumerate(BOOKMAKERS)}

WEEKS = 87
"""Two seasons."""
AHEAD_DAYS = 9
"""So long before its kick-off a match is on offer."""
OLD_VISITS = (7 * 24, 4 * 24, 48, 24, 6, 1)
"""Hours before the kick-off at which an old match was visited."""
HOUR = 3_600
DAY = 24 * HOUR

ROUNDS_PLAYED = {"football": 0.42, "basketball": 0.5, "rugby": 0.5, "tennis": 0.08}
"""Share of the weeks in which a league plays a round."""
SIDES = {"tennis": 32, "rugby": 14}
SIDES_ELSEWHERE = 18

ASKED = 0.9
"""Share of the matches that a bookmaker has."""
REQUOTED = 1 / 3
"""How often a bookmaker has moved from one visit to the next."""
NEWS = 1 / 8
"""How often everybody has."""
MORE_MARKETS = 0.25
"""Share of football matches that have double chance and draw no bet besides."""
SUSPECT = 1 / 2_000
INCOMPLETE = 1 / 40

OUTCOMES = {"1X2": ("1", "X", "2"), "12": ("1", "2"), "DNB": ("1", "2"), "DC": ("12", "1X", "X2")}
"""In the order in which the store writes them."""


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    league: int
    name: str
    strength: float


@dataclass(slots=True)
class Match:
    """``league``: its place in the catalogue. ``kickoff``: epoch seconds. ``books``: who has it, by market."""

    id: int
    league: int
    home: Team
    away: Team
    kickoff: int
    gap: float
    books: Mapping[str, Sequence[str]]
    visits: Sequence[int] = ()

    @property
    def quotes(self) -> int:
        """That one visit finds."""
        return sum(map(len, self.books.values()))

    @property
    def prices(self) -> int:
        """In them."""
        return sum(len(OUTCOMES[market]) * len(books) for market, books in self.books.items())

    @property
    def site_id(self) -> int:
        return 1_000_000 + self.id


@dataclass(frozen=True, slots=True)
class Crawl:
    """One crawl of a league, as its row of Runs counts it."""

    id: int
    league: int
    started_at: int
    matches: int
    quotes: int
    prices: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Quote:
    """One bookmaker's prices for one market; ``trj`` in percent. ``prices`` in the order of :data:`OUTCOMES`."""

    match: int
    market: str
    bookmaker: str
    prices: Sequence[str]
    trj: str
    seen_at: int
    run: int
    page: int
    suspect: bool
    last: bool


@dataclass
class Seasons:
    """About ``rows`` prices up to ``until`` (naive UTC), never more than two seasons have (ten million and a little).

    Fewer are fewer matches, each with as many prices. ``now``: ``until`` in epoch seconds.
    """

    rows: int
    until: datetime
    seed: int = 1
    leagues: Sequence[League] = field(default_factory=load)
    teams: list[Team] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    crawls: list[Crawl] = field(default_factory=list)
    prices: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self.now = int((self.until - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001 - naive UTC, as the tables
        self.teams = list(self._teams())
        everything = [match for match in self._matches() if match.visits]
        whole = sum(match.prices * len(match.visits) for match in everything)
        share = min(1.0, self.rows / whole)
        kept = [match for match in everything if self._random.random() < share]
        self.matches = sorted(kept, key=lambda match: (match.kickoff, match.league, match.home.id))
        for number, match in enumerate(self.matches, start=1):
            match.id = number
        self.prices = sum(match.prices * len(match.visits) for match in self.matches)
        self._visits = sorted((at, match.league, match.id) for match in self.matches for at in match.visits)
        self.crawls = list(self._crawls())

    def page(self, visit: int) -> tuple[Match, int]:
        """The match and the instant (epoch seconds) of a visit, by its number: 1 is the first."""
        at, _, match = self._visits[visit - 1]
        return self.matches[match - 1], at

    @property
    def pages(self) -> int:
        """How many visits there were."""
        return len(self._visits)

    def quotes(self) -> Iterator[Quote]:
        """Every quote, in the order of time; it can be asked for once."""
        random = Random(self.seed + 1)
        asked: dict[int, dict[tuple[str, str], tuple[Sequence[str], str]]] = {}
        for page, (at, league, number) in enumerate(self._visits, start=1):
            match, run = self.matches[number - 1], self._run_of[at // HOUR, league]
            known = asked.setdefault(number, {})
            if known and random.random() < NEWS:
                match.gap += random.gauss(0, 0.12)
                known.clear()
            last = at == match.visits[-1]
            for market, books in match.books.items():
                for book in books:
                    quote = known.get((market, book))
                    if quote is None or random.random() < REQUOTED:
                        quote = known[market, book] = _asked(match.gap, market, PAID_BACK[book], random)
                    suspect = random.random() < SUSPECT
                    yield Quote(number, market, book, quote[0], quote[1], at, run, page, suspect, last)
            if last:
                del asked[number]

    # -- who meets when ------------------------------------------------------------------------------------------------

    def _teams(self) -> Iterator[Team]:
        number = 0
        for place, league in enumerate(self.leagues):
            for name in names.teams(league, SIDES.get(league.sport, SIDES_ELSEWHERE), self.seed):
                number += 1
                yield Team(number, place, name, self._random.gauss(0, 0.6))

    def _matches(self) -> Iterator[Match]:
        random = self._random
        sides: dict[int, list[Team]] = {}
        for team in self.teams:
            sides.setdefault(team.league, []).append(team)
        first = (self.now // DAY - 7 * (WEEKS - 1)) * DAY
        for week in range(WEEKS + 1):
            for place, league in enumerate(self.leagues):
                if random.random() > ROUNDS_PLAYED.get(league.sport, 0.3) and league.name != "ligue1":
                    continue
                drawn = random.sample(sides[place], len(sides[place]))
                day = first // DAY + 7 * week + random.randrange(6)
                for home, away in zip(drawn[::2], drawn[1::2], strict=True):
                    kickoff = (day + random.randrange(2)) * DAY + random.choice((15, 20)) * HOUR
                    gap = 0.25 + home.strength - away.strength
                    match = Match(0, place, home, away, kickoff + 45 * 60, gap, self._books(league))
                    match.visits = self._visited(match)
                    yield match

    def _books(self, league: League) -> dict[str, Sequence[str]]:
        """Who has the match, in each of its markets."""
        random = self._random
        found = [code for code in BOOKMAKERS if random.random() < ASKED] or [BOOKMAKERS[0]]
        books: dict[str, Sequence[str]] = {league.market: found}
        if league.sport == "football" and random.random() < MORE_MARKETS:
            books |= {"DC": found[::2], "DNB": found[1::2] or found}
        return books

    def _visited(self, match: Match) -> list[int]:
        """The instants at which the match was visited, the first one first; those to come are none."""
        offset = 60 * (7 * match.league % 60) + self._random.randrange(60)
        if match.kickoff < self.now - 2 * DAY:
            hours = [(match.kickoff - hours * HOUR) // HOUR for hours in sorted(OLD_VISITS, reverse=True)]
        else:
            first, end = (match.kickoff - AHEAD_DAYS * DAY) // HOUR, min(match.kickoff, self.now) // HOUR
            busy = (self.now - DAY) // HOUR
            hours = [hour for hour in range(first, end) if hour >= busy or hour % 6 == 0]
        at = (hour * HOUR + offset for hour in hours)
        return [instant for instant in at if instant < min(match.kickoff, self.now)]

    def _crawls(self) -> Iterator[Crawl]:
        """One for each league and hour in which one of its matches was visited."""
        random = Random(self.seed + 2)
        begun: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for at, league, match in self._visits:
            begun.setdefault((at // HOUR, league), []).append((at, match))
        for number, ((_, league), visits) in enumerate(begun.items(), start=1):
            found = [self.matches[match - 1] for _, match in visits]
            quotes, prices = (sum(getattr(match, count) for match in found) for count in ("quotes", "prices"))
            complete = random.random() > INCOMPLETE
            yield Crawl(number, league, visits[0][0] - 5, len(visits), quotes, prices, complete)
        self._run_of = {key: number for number, key in enumerate(begun, start=1)}


def _asked(gap: float, market: str, paid_back: float, random: Random) -> tuple[Sequence[str], str]:
    """The prices of one bookmaker, two decimals, and their TRJ."""
    prices = [f"{max(paid_back / chance, 1.01):.2f}" for chance in _chances(gap + random.gauss(0, 0.02), market)]
    winners = 2 if market == "DC" else 1
    return prices, f"{100 * winners / sum(1 / float(price) for price in prices):.2f}"


def _chances(gap: float, market: str) -> Sequence[float]:
    """Of each outcome, in the order of :data:`OUTCOMES`."""
    home = min(max(1 / (1 + math.exp(-gap)), 0.04), 0.96)
    if market in ("12", "DNB"):
        return home, 1 - home
    drawn = 0.28 * math.exp(-gap * gap / 4)
    home, away = home * (1 - drawn), (1 - home) * (1 - drawn)
    if market == "DC":
        return home + away, home + drawn, drawn + away
    return home, drawn, away


def spelled(instant: int) -> str:
    """Epoch seconds as the tables have it."""
    return str(datetime(1970, 1, 1) + timedelta(seconds=instant))  # noqa: DTZ001
