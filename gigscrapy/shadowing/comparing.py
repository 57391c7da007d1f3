"""What two systems say of the same matches, and how each difference comes about."""

import difflib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from gigscrapy.imports.gigbase.meetings import PLAY, is_default
from schema.instants import from_paris, to_paris
from schema.names import name_key
from schema.prices import CENT
from schema.reference import bookmakers

MISSING_HERE, MISSING_THERE, PRICE, MOVED = "missing-here", "missing-there", "price", "price-at-another-time"
KICKOFF, PARIS, DEFAULT, REMATCH = "kickoff", "kickoff-paris-offset", "kickoff-tomorrow-20h", "merged-rematch"
TRJ, TEAM, LEAGUE, SPORT = "trj", "team-named-otherwise", "league-named-otherwise", "sport"
TWICE_THERE, TWICE_HERE, MATCH_TWICE = "duplicate-there", "duplicate-here", "match-twice-there"
ITSELF = "plays-itself-there"
NOT_SEEDED, LEAGUE_LOST, DASHES = "bookmaker-not-seeded-there", "league-lost-there", "three-part-title-lost-there"

KINDS: Mapping[str, tuple[bool, str]] = {
    MISSING_HERE: (False, "gig-benchmark has it, gigscrapy has not"),
    MISSING_THERE: (False, "gigscrapy has it, gig-benchmark has not"),
    PRICE: (False, "another price at the same time"),
    KICKOFF: (False, "another kick-off"),
    TRJ: (False, "the same prices, another TRJ"),
    TEAM: (False, "a team is named otherwise"),
    LEAGUE: (False, "the league is named otherwise"),
    TWICE_HERE: (False, "the same quote twice within a minute, here"),
    SPORT: (True, "gig-benchmark takes every sport it does not know for football"),
    PARIS: (True, "gig-benchmark keeps the time of Paris as UTC"),
    DEFAULT: (True, "gig-benchmark writes tomorrow 20:00 where it knows no kick-off"),
    REMATCH: (True, "gig-benchmark takes the second meeting for the first"),
    TWICE_THERE: (True, "the same quote twice within a minute: gig-benchmark stores a message again"),
    MATCH_TWICE: (True, "gig-benchmark has the match twice, in a league under two codes"),
    NOT_SEEDED: (True, "gig-benchmark drops bookmakers that it was not seeded with"),
    LEAGUE_LOST: (True, "gig-benchmark loses this league: its code and the seeded one collide"),
    DASHES: (True, "gig-benchmark drops titles that do not split in two"),
    ITSELF: (True, "gig-benchmark has a team that plays itself, under two spellings"),
    MOVED: (True, "another price, seen at another time: nobody can tell"),
}
"""Whether it is known of gig-benchmark, or tells nothing, and so keeps nobody from changing over; and what it means."""

SEEDED = {one.code for one in bookmakers()} - {"FRANCEPARI", "BARRIEREBET", "PARTOUCHE", "DAZNBET"}
LOST = {name_key(name) for name in ("Ligue 2", "Serie B", "UEFA Conference League", "Pro D2")}
ALIKE = 0.6
"""How alike two titles must be, 0 to 1, where league and kick-off are the same."""
REPEAT = timedelta(minutes=1)
DAY = timedelta(days=1)
"""Two of the same names whose kick-offs are further apart are two meetings, not one that is there twice."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Quote:
    """What one system saw.

    :ivar kickoff: aware UTC; :ivar stored: gig-benchmark's, as its database has it (naive), ``None`` elsewhere;
        :ivar made_at: naive UTC, when it made the match.
    :ivar seen_at: aware.
    """

    sport: str
    league: str
    home: str
    away: str
    bookmaker: str
    prices: Mapping[str, Decimal]
    trj: Decimal | None
    seen_at: datetime
    kickoff: datetime | None = None
    stored: datetime | None = None
    made_at: datetime | None = None

    @property
    def title(self) -> str:
        return f"{self.home} - {self.away} ({self.league})"


@dataclass(frozen=True, slots=True)
class Difference:
    """One. ``what``: match, and bookmaker; ``here``, ``there``: what each says."""

    kind: str
    what: str
    here: str = ""
    there: str = ""


@dataclass(slots=True)
class Compared:
    """``pairs``: quotes of both that were held against each other; ``alike``: of those, without any difference."""

    differences: list[Difference] = field(default_factory=list)
    theirs: int = 0
    ours: int = 0
    matches: int = 0
    pairs: int = 0
    alike: int = 0

    @property
    def counts(self) -> Counter[str]:
        return Counter(one.kind for one in self.differences)

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs but what is known of gig-benchmark."""
        return all(KINDS[one.kind][0] for one in self.differences)


class _Match:
    """All that one system says of a match, by bookmaker, in the order of time."""

    def __init__(self, first: Quote) -> None:
        self.first = first
        self.books: defaultdict[str, list[Quote]] = defaultdict(list)

    def join(self, other: "_Match") -> None:
        """Take over what is told under another name of the same match."""
        for book, quotes in other.books.items():
            self.books[book] = sorted((*self.books[book], *quotes), key=lambda one: one.seen_at)

    @property
    def names(self) -> tuple[str, str]:
        return name_key(self.first.home), name_key(self.first.away)

    @property
    def last_seen(self) -> datetime:
        return max(quotes[-1].seen_at for quotes in self.books.values())

    @property
    def is_later_meeting(self) -> bool:
        """Whether gig-benchmark's kick-off lies before what it goes on seeing."""
        at = self.first
        return at.stored is not None and at.kickoff is not None and self.last_seen > at.kickoff + PLAY


def compare(theirs: Iterable[Quote], ours: Iterable[Quote], slack: timedelta) -> Compared:
    """Hold two windows against each other.

    :param slack: prices that are further apart in time are not compared.
    """
    there, here = _matches(theirs), _matches(ours)
    found = Compared(
        theirs=sum(len(quotes) for match in there for quotes in match.books.values()),
        ours=sum(len(quotes) for match in here for quotes in match.books.values()),
    )
    repeated = [Difference(TWICE_THERE, what) for match in there for what in _repeats(match)]
    pairs = _pairs(there, here)
    taken: dict[int, tuple[_Match, _Match]] = {}
    for mine, yours in sorted(pairs, key=lambda pair: _apart(*pair)):
        first, _ = taken.setdefault(id(yours), (mine, yours))
        if _apart(first, mine) > DAY:
            found.differences.append(_missing_here(mine))
        elif first is not mine:
            found.differences.append(Difference(MATCH_TWICE, mine.first.title))
            first.join(mine)
    for mine, yours in taken.values():
        found.matches += 1
        found.differences += _of_match(mine, yours)
        _of_books(mine, yours, slack, found)
    paired = {id(mine) for mine, _ in pairs}
    found.differences += [_missing_here(match) for match in there if id(match) not in paired]
    found.differences += [_missing_there(match) for match in here if id(match) not in taken]
    found.differences += repeated
    found.differences += [Difference(TWICE_HERE, what) for match in here for what in _repeats(match)]
    return found


def _matches(quotes: Iterable[Quote]) -> list[_Match]:
    found: dict[tuple[object, ...], _Match] = {}
    for quote in sorted(quotes, key=lambda one: one.seen_at):
        when = quote.stored or (to_paris(quote.kickoff).date() if quote.kickoff else None)
        key = (quote.sport, quote.league, name_key(quote.home), name_key(quote.away), when)
        found.setdefault(key, _Match(quote)).books[name_key(quote.bookmaker)].append(quote)
    return list(found.values())


# -- which match is which ----------------------------------------------------------------------------------------------


def _pairs(there: Sequence[_Match], here: Sequence[_Match]) -> list[tuple[_Match, _Match]]:
    """Theirs with ours: by names, else where league and kick-off are the same by names that are alike."""
    by_names: defaultdict[tuple[str, str], list[_Match]] = defaultdict(list)
    for match in here:
        by_names[match.names].append(match)
    pairs = [(mine, _nearest(mine, by_names[mine.names])) for mine in there if by_names.get(mine.names)]
    left_there, left_here = {id(one): one for one in there}, {id(one): one for one in here}
    for mine, yours in pairs:
        left_there.pop(id(mine), None)
        left_here.pop(id(yours), None)
    for mine in left_there.values():
        alike = max(left_here.values(), key=lambda yours: _likeness(mine, yours), default=None)
        if alike and _likeness(mine, alike) >= ALIKE:
            pairs.append((mine, left_here.pop(id(alike))))
    return pairs


def _nearest(mine: _Match, among: Sequence[_Match]) -> _Match:
    """Of several meetings of the same two the one at the same time; a merged one is told by when it was seen."""

    def distance(yours: _Match) -> float:
        ones = (mine.first.kickoff, yours.first.kickoff)
        if mine.is_later_meeting or None in ones:
            return abs((mine.last_seen - yours.last_seen).total_seconds())
        return abs((ones[0] - ones[1]).total_seconds())  # type: ignore[operator] # neither is None

    return min(among, key=distance)


def _apart(one: _Match, other: _Match) -> timedelta:
    """How far their kick-offs are, as far as these tell: of a merged match gig-benchmark's does not."""
    kickoffs = (one.first.kickoff, other.first.kickoff)
    if None in kickoffs or one.is_later_meeting or other.is_later_meeting:
        return timedelta(0)
    return abs(kickoffs[0] - kickoffs[1])  # type: ignore[operator] # neither is None


def _likeness(mine: _Match, yours: _Match) -> float:
    one, other = mine.first, yours.first
    if one.kickoff is None or one.kickoff != other.kickoff or one.sport != other.sport:
        return 0
    return difflib.SequenceMatcher(None, " - ".join(mine.names), " - ".join(yours.names)).ratio()


# -- what differs ------------------------------------------------------------------------------------------------------


def _of_match(mine: _Match, yours: _Match) -> Iterator[Difference]:
    there, here = mine.first, yours.first
    if mine.names != yours.names:
        yield Difference(TEAM, here.title, f"{here.home} - {here.away}", f"{there.home} - {there.away}")
    if there.sport != here.sport:
        yield Difference(SPORT if there.sport == "football" else LEAGUE, here.title, here.sport, there.sport)
    if name_key(there.league) != name_key(here.league):
        yield Difference(LEAGUE, here.title, here.league, there.league)
    if kind := _kickoff(mine, here.kickoff):
        said = there.stored or there.kickoff
        yield Difference(kind, here.title, _time(here.kickoff), f"{said:%Y-%m-%d %H:%M}" if said else "unknown")


def _kickoff(mine: _Match, ours: datetime | None) -> str | None:
    there = mine.first
    if there.stored is None:
        return None if there.kickoff == ours else KICKOFF
    if ours is not None and ours.replace(tzinfo=None) == there.stored:
        return None
    if ours is not None and there.kickoff == ours:
        return PARIS
    if is_default(there.stored, there.made_at or there.seen_at.replace(tzinfo=None)):
        return DEFAULT
    return REMATCH if mine.is_later_meeting else KICKOFF


def _of_books(mine: _Match, yours: _Match, slack: timedelta, found: Compared) -> None:
    title = yours.first.title
    for book in sorted(mine.books.keys() | yours.books.keys()):
        there, here = mine.books.get(book, []), yours.books.get(book, [])
        name = (here or there)[0].bookmaker
        what = f"{title} {name}"
        if not here:
            found.differences.append(Difference(MISSING_HERE, what, there=_prices(there[-1])))
        elif not there:
            found.differences.append(
                Difference(NOT_SEEDED if _is_not_seeded(name) else MISSING_THERE, what, _prices(here[-1]))
            )
        else:
            found.pairs += 1
            differences = list(_of_quotes(there, here, slack, what))
            found.alike += not differences
            found.differences += differences


def _of_quotes(there: Sequence[Quote], here: Sequence[Quote], slack: timedelta, what: str) -> Iterator[Difference]:
    """Each of theirs against ours of the nearest time; where none is near, the newest of each."""
    near = [(one, other) for one in there if abs((other := _at(here, one.seen_at)).seen_at - one.seen_at) <= slack]
    if not near:
        if not _same_prices(there[-1], here[-1]):
            yield Difference(MOVED, what, _prices(here[-1]), _prices(there[-1]))
        return
    for one, other in near:
        if not _same_prices(one, other):
            yield Difference(PRICE, what, _prices(other), _prices(one))
            return
        if not _same_trj(one.trj, other.trj):
            yield Difference(TRJ, what, str(other.trj), str(one.trj))
            return


def _at(quotes: Sequence[Quote], when: datetime) -> Quote:
    place = bisect_left(quotes, when, key=lambda one: one.seen_at)
    return min(quotes[max(place - 1, 0) : place + 1], key=lambda one: abs(one.seen_at - when))


def _same_prices(one: Quote, other: Quote) -> bool:
    """To two decimals, which is what gig-benchmark keeps."""
    return _cents(one.prices) == _cents(other.prices)


def _cents(prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {outcome: price.quantize(CENT) for outcome, price in prices.items()}


def _same_trj(one: Decimal | None, other: Decimal | None) -> bool:
    """A cent apart is the rounding; a row that lacks a price has none, or 0."""
    return abs((one or Decimal(0)) - (other or Decimal(0))) <= CENT


def _missing_here(match: _Match) -> Difference:
    kind = ITSELF if len(set(match.names)) == 1 else MISSING_HERE
    return Difference(kind, match.first.title, there=_books(match))


def _missing_there(match: _Match) -> Difference:
    first = match.first
    if " - " in first.home or " - " in first.away:
        kind = DASHES
    elif name_key(first.league) in LOST:
        kind = LEAGUE_LOST
    elif all(_is_not_seeded(quotes[0].bookmaker) for quotes in match.books.values()):
        kind = NOT_SEEDED
    else:
        kind = MISSING_THERE
    return Difference(kind, first.title, _books(match))


def _repeats(match: _Match) -> Iterator[str]:
    for quotes in match.books.values():
        for one, other in pairwise(quotes):
            if other.seen_at - one.seen_at < REPEAT and _same_prices(one, other):
                yield f"{other.title} {other.bookmaker} {_time(other.seen_at)}"


def _is_not_seeded(name: str) -> bool:
    """Whether gig-benchmark's consumer drops a bookmaker that the page calls so."""
    return not any(name_key(one.name) == name_key(name) and one.code in SEEDED for one in bookmakers())


# -- in words ----------------------------------------------------------------------------------------------------------


def _books(match: _Match) -> str:
    return ", ".join(sorted(quotes[0].bookmaker for quotes in match.books.values()))


def _prices(quote: Quote) -> str:
    said = " ".join(f"{outcome}={price.quantize(CENT)}" for outcome, price in sorted(quote.prices.items()))
    return f"{said} at {_time(quote.seen_at)}"


def _time(instant: datetime | None) -> str:
    return "unknown" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def corrected(stored: datetime) -> datetime | None:
    """gig-benchmark's kick-off, which is Paris's clock, as an instant."""
    try:
        return from_paris(stored)
    except ValueError:
        return None
