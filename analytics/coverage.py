"""Who prices what is to come: of each league the matches that a bookmaker prices, among those that anybody prices.

A match counts as priced by a bookmaker where its own book was read, and not much earlier than the newest book of that
match: a bookmaker that vanished from the page leaves its last prices behind. Lists show the best prices only, so that
nobody is missing from them; a league of which only lists were read says so, and has no holes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from peewee import Case, ModelSelect, fn

from schema.models import LatestOdds, Leagues, Matches, Odds, Sports

TOGETHER = timedelta(hours=1)
"""Books of one match that are no further apart were read by the same crawl, or by two in turn."""
FRESH = timedelta(days=1)
"""A match that nobody saw for so long is no longer on the site."""


class Cover(Enum):
    """How many of a league's matches a bookmaker prices."""

    FULL = "full"
    PARTIAL = "partial"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Cell:
    """``priced`` matches ``of`` so many; the newest price was seen at ``seen_at`` (naive UTC), if there is any."""

    priced: int
    of: int
    seen_at: datetime | None

    @property
    def cover(self) -> Cover:
        return Cover.ABSENT if not self.priced else Cover.FULL if self.priced == self.of else Cover.PARTIAL


@dataclass(frozen=True, slots=True)
class LeagueCover:
    """One league. ``listed``: only lists of it were read; ``cells``: by the bookmaker's id, of those that price any."""

    league_id: int
    league: str
    sport: str
    matches: int
    listed: bool
    cells: Mapping[int, Cell]

    def cell(self, bookmaker_id: int) -> Cell:
        """What a bookmaker prices of it, be it nothing."""
        return self.cells.get(bookmaker_id, Cell(0, self.matches, None))


class Offer(NamedTuple):
    """A bookmaker has prices of a match: the newest of its own book (``None``: there is none), and of all."""

    league_id: int
    league: str
    sport: str
    match_id: int
    bookmaker_id: int
    book_at: datetime | None
    seen_at: datetime


def offers(at: datetime) -> list[Offer]:
    """What is known of the matches that kick off after ``at`` (naive UTC) and were seen lately; one query."""
    in_book = Case(None, ((LatestOdds.partial == False, LatestOdds.scraped_at),), _in_book_before())  # noqa: E712 - SQL
    newest = (fn.MAX(each).converter(LatestOdds.scraped_at.python_value) for each in (in_book, LatestOdds.scraped_at))
    query = (
        Matches.select(Leagues.id, Leagues.name, Sports.name, Matches.id, LatestOdds.bookmaker, *newest)
        .join_from(Matches, LatestOdds)
        .join_from(Matches, Leagues)
        .join_from(Leagues, Sports)
        .where(Matches.match_date > at, Matches.seen_at > at - FRESH, Matches.status != "postponed")
        .group_by(Leagues.id, Leagues.name, Sports.name, Matches.id, LatestOdds.bookmaker)
    )
    return [Offer(*row) for row in query.tuples().execute()]


def _in_book_before() -> "ModelSelect[Odds]":
    """When a price that a list told last was in a book, if ever: what a list tells makes no hole."""
    same = ("match", "market", "line", "bookmaker", "outcome")
    conditions = [getattr(Odds, name) == getattr(LatestOdds, name) for name in same]
    before = Odds.select(Odds.scraped_at).where(*conditions, Odds.partial == False)  # noqa: E712 - SQL
    return before.order_by(Odds.scraped_at.desc()).limit(1)


def coverage(found: Iterable[Offer]) -> list[LeagueCover]:
    """Each league, by sport and name."""
    leagues: defaultdict[tuple[str, str, int], list[Offer]] = defaultdict(list)
    for offer in found:
        leagues[offer.sport, offer.league, offer.league_id].append(offer)
    return [_of_league(those) for _, those in sorted(leagues.items())]


def _of_league(found: list[Offer]) -> LeagueCover:
    listed = all(offer.book_at is None for offer in found)
    newest: dict[int, datetime] = {}
    told: list[tuple[Offer, datetime]] = []
    for offer in found:
        at = offer.seen_at if listed else offer.book_at
        if at is not None:
            told.append((offer, at))
            newest[offer.match_id] = max(at, newest.get(offer.match_id, at))
    priced: defaultdict[int, int] = defaultdict(int)
    for offer, at in told:
        priced[offer.bookmaker_id] += newest[offer.match_id] - at <= TOGETHER
    seen: dict[int, datetime] = {}
    for offer in found:
        seen[offer.bookmaker_id] = max(offer.seen_at, seen.get(offer.bookmaker_id, offer.seen_at))
    cells = {bookmaker: Cell(priced[bookmaker], len(newest), at) for bookmaker, at in seen.items()}
    return LeagueCover(found[0].league_id, found[0].league, found[0].sport, len(newest), listed, cells)
