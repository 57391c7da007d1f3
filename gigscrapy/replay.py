"""Kept pages, read again with the parsers of today, and held against what was stored when they were fetched.

Nothing is written: neither into the tables nor into the archive.
"""

import os
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from peewee import Database

from gigscrapy import archive
from gigscrapy.archive import Archive, KeptRun, Page
from gigscrapy.leagues import League, load
from gigscrapy.pages import PageChanged
from gigscrapy.pages.league import read_league
from gigscrapy.pages.match import read_match
from gigscrapy.quoting import Sighting, completed, list_quotes, match_quotes
from gigscrapy.spiders.base import BadArgument, Wanted
from schema.aliases import Aliases
from schema.bookmakers import find_row
from schema.database import EMBEDDED, connect, hang_up
from schema.instants import from_paris, in_utc, naive
from schema.matches import match_key
from schema.messages import OddsItem, Refused
from schema.models import Bookmakers, MarketNames, Matches, Odds, Pages, Runs
from schema.names import name_key, on_one_line
from schema.reference import find_bookmaker


class LeagueGone(LookupError):
    """The catalogue lacks the league that a page was fetched for."""


class ArgumentsUnknown(LookupError):
    """A crawl was asked for something that today's program does not know."""


CANNOT_BE_READ = (PageChanged, LeagueGone, ArgumentsUnknown)
"""Why a kept page is not read again: reasons, no errors of ours."""


# -- reading again -----------------------------------------------------------------------------------------------------


def reread(page: Page, text: str, *, everything: bool = False) -> list[OddsItem]:
    """The quotes that today's parsers find in a kept page, and that its crawl would have sent.

    :param everything: also those of a list that the crawl was not asked for, or only held the match pages against.
    :raises PageChanged: when no parser knows the page; :raises LeagueGone: when its league is gone from the catalogue;
    :raises ArgumentsUnknown: when what its crawl was asked for means nothing today.
    """
    league = _league(page.spider)
    sighting = Sighting(league=league, run_id=page.run_id, url=page.url, scraped_at=page.fetched_at, kept=page.key)
    return _of_match(page, text, sighting) if page.match else _of_list(page, text, sighting, everything=everything)


def _of_match(page: Page, text: str, sighting: Sighting) -> list[OddsItem]:
    assert page.match
    read = read_match(text, url=page.url, now=page.fetched_at, outcomes=sighting.league.outcomes)
    return match_quotes(read, completed(page.match, read, page.url), sighting) if read.priced else []


def _of_list(page: Page, text: str, sighting: Sighting, *, everything: bool) -> list[OddsItem]:
    league, now = sighting.league, page.fetched_at
    market = page.market or league.market
    wanted = _wanted(page, league)
    listed = read_league(text, url=page.url, now=now, market=market)
    return [
        item
        for match in listed.matches
        if match.home and match.away
        if everything or wanted.quotes_from_list(match, market, league, now)
        for item in list_quotes(listed, match, market, sighting)
    ]


def _wanted(page: Page, league: League) -> Wanted:
    try:
        return Wanted.read(league, **page.arguments)
    except BadArgument as error:
        raise ArgumentsUnknown(f"its crawl was asked for what is not known any more: {error}") from None
    except TypeError:
        names = ", ".join(sorted(page.arguments))
        raise ArgumentsUnknown(f"its crawl had arguments that are not known any more, among {names}") from None


def _league(name: str) -> League:
    found = next((league for league in load() if league.name == name), None)
    if found is None:
        raise LeagueGone(f"the catalogue has no league {name!r} any more")
    return found


# -- what was read, what was stored ------------------------------------------------------------------------------------


@contextmanager
def looking_into(url: str | None, home: Path) -> Iterator[Database]:
    """The database at ``url``, or the embedded one in ``home``, for somebody who only reads."""
    database = connect(url, home)
    try:
        yield database
    finally:
        hang_up(database)


def is_there(url: str | None, home: Path) -> bool:
    """Whether there is a database to look into: the embedded one is made by whoever stores first, not by looking."""
    return bool(url) or (home / EMBEDDED).is_file()


@dataclass(frozen=True, slots=True)
class Place:
    """What a price is the price of. ``match``: its key in Matches; ``bookmaker``: the same for all its spellings."""

    match: str
    market: str
    bookmaker: str
    outcome: str


class WhoIsWho:
    """Who bookmakers and teams are, as people have said since: what is read again is theirs, as in the tables.

    :raises PeeweeException: when there are no such tables.
    """

    def __init__(self, database: Database) -> None:
        self._rows = list(Bookmakers.select().execute(database))
        self._aliases = Aliases(database)
        self._aliases.read()
        self._bookmakers: dict[tuple[str, int | None], str] = {}

    def key(self, item: OddsItem) -> str:
        """The key in Matches of the match that a quote is of."""
        try:
            return match_key(self._aliases.rename(item))
        except Refused:  # by the store, too: it stands under no other key
            return match_key(item)

    def bookmaker(self, item: OddsItem) -> str:
        """As :func:`bookmaker_of`, of whoever the store takes the quote's for."""
        said = item.bookmaker, item.bookmaker_id
        if said not in self._bookmakers:
            number = find_row(self._rows, self._aliases, *said)
            row = next(((row.name, row.site_id) for row in self._rows if row.id == number), said)
            self._bookmakers[said] = bookmaker_of(*row)
        return self._bookmakers[said]


@dataclass(slots=True)
class Told:
    """What a page tells: its prices, and the kick-offs of its matches, naive UTC, where it says one."""

    prices: dict[Place, Decimal] = field(default_factory=dict)
    kickoffs: dict[str, datetime] = field(default_factory=dict)

    def hear(self, place: Place, price: Decimal) -> None:
        """Of two prices at one place the higher, as the store has it."""
        self.prices[place] = max(price, self.prices.get(place, price))

    def hear_quotes(self, items: Sequence[OddsItem], who: WhoIsWho) -> None:
        for item in items:
            key, bookmaker = who.key(item), who.bookmaker(item)
            if item.kickoff:
                self.kickoffs[key] = naive(item.kickoff)
            for outcome, price in item.prices.items():
                if price is not None:
                    self.hear(Place(key, item.market, bookmaker, outcome), price)


def bookmaker_of(name: str, site_id: int | None) -> str:
    """The usual name of a bookmaker, however a page or a row calls it; one nobody knows has the key of its own."""
    known = find_bookmaker(name, site_id)
    return known.name if known else name_key(name)


def stored(database: Database, run_id: str) -> dict[str, Told]:
    """What was stored of one run, by the key of the page that told it. Prices of pages that were not kept are absent.

    A kick-off is the match's newest: it counts where this very page was what told it.
    """
    query = (
        Odds.select(
            Pages.content,
            Matches.match_key,
            MarketNames.code,
            Bookmakers.name,
            Bookmakers.site_id,
            Odds.outcome,
            Odds.odd_value,
            Odds.scraped_at,
            Matches.match_date,
            Matches.match_date_seen_at,
        )
        .join(Runs, on=(Odds.run == Runs.id))
        .join(Pages, on=(Odds.page == Pages.id))
        .join(Matches, on=(Odds.match == Matches.id))
        .join(MarketNames, on=(Odds.market == MarketNames.id))
        .join(Bookmakers, on=(Odds.bookmaker == Bookmakers.id))
        .where((Runs.run_id == run_id) & Pages.content.is_null(False))
        .tuples()
    )
    found: dict[str, Told] = {}
    for content, match, market, name, site_id, outcome, price, at, date, dated_at in query.iterator(database):
        told = found.setdefault(content, Told())
        told.hear(Place(match, market, bookmaker_of(name, site_id), outcome), price)
        if date and dated_at == at:
            told.kickoffs[match] = date
    return found


# -- comparing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """Something a page tells now and told then; ``None`` where it is not told."""

    what: str
    then: str | None
    now: str | None

    @property
    def kind(self) -> str:
        """``differs``, ``not stored`` or ``not read``."""
        if self.then is None:
            return "not stored"
        return "not read" if self.now is None else "differs"

    def __str__(self) -> str:
        match self.kind:
            case "not stored":
                said = f"{self.now} read, nothing stored"
            case "not read":
                said = f"{self.then} stored, not read any more"
            case _:
                said = f"{self.then} stored, {self.now} read"
        return f"{on_one_line(self.what)}: {said}"


@dataclass(slots=True)
class Compared:
    """One kept text, read again.

    :ivar page: as it was fetched last; :ivar same: how many prices and kick-offs agree.
    :ivar unread: why nothing can be read in it, empty where something can.
    :ivar as_then: nothing can be read in it, and nothing was stored of it: that is no difference.
    :ivar needs_browser: the same of a plain page, which was but a reason to ask the browser; ``unread`` is empty.
    """

    page: Page
    same: int = 0
    differences: list[Difference] = field(default_factory=list)
    unread: str = ""
    as_then: bool = False
    needs_browser: bool = False


@dataclass(slots=True)
class NothingStored:
    """A run of which pages tell prices, and the tables have none. ``prices``: how many are told."""

    run: KeptRun
    prices: int


def compare(
    kept: Archive, home: Path, database: Database, *, since: datetime | None = None, spiders: Collection[str] = ()
) -> Iterator[Compared | NothingStored]:
    """Each kept text of each run, read again and held against what that run stored. One run is in memory at a time."""
    who = WhoIsWho(database)
    for run in kept.runs(since=since, spiders=spiders):
        then = stored(database, run.run_id)
        texts = sorted(kept.pages(run_id=run.run_id, since=since), key=attrgetter("key"))
        compared = (
            _compare(home, key, list(pages), then.get(key), who) for key, pages in groupby(texts, key=attrgetter("key"))
        )
        if then:
            yield from compared
        else:
            yield from _all_or_nothing(run, compared)


def _all_or_nothing(run: KeptRun, compared: Iterator[Compared]) -> Iterator[Compared | NothingStored]:
    """Where nothing of a run is stored that is one thing to say, not one for each price."""
    prices = 0
    for one in compared:
        prices += sum(difference.kind == "not stored" for difference in one.differences)
        one.differences.clear()
        yield one
    if prices:
        yield NothingStored(run, prices)


def _compare(home: Path, key: str, pages: list[Page], then: Told | None, who: WhoIsWho) -> Compared:
    """One text, fetched by one run once or several times: what it tells is all that it tells for any of them."""
    then = then or Told()
    compared = Compared(pages[-1])
    text = archive.read(home, key)
    if text is None:
        compared.unread = "its text is damaged" if archive.locate(home, key) else "its text is gone from the archive"
        return compared
    now = Told()
    for page in pages:
        try:
            now.hear_quotes(reread(page, text), who)
        except CANNOT_BE_READ as error:
            compared.unread = str(error)
        except Exception as error:  # noqa: BLE001 - whatever a parser stumbles over is what is looked for
            compared.unread = f"an error of ours, {type(error).__name__}: {error}"
    if compared.unread and not then.prices:
        if any(page.rendered for page in pages):
            compared.as_then = True
        else:
            compared.needs_browser, compared.unread = True, ""
    compared.same, compared.differences = _differences(then, now)
    return compared


def _differences(then: Told, now: Told) -> tuple[int, list[Difference]]:
    differences = [
        Difference(f"{place.match} {place.market} {place.bookmaker} {place.outcome}", _price(was), _price(is_))
        for place in sorted(then.prices.keys() | now.prices.keys(), key=_in_order)
        if (was := then.prices.get(place)) != (is_ := now.prices.get(place))
    ]
    both = then.kickoffs.keys() & now.kickoffs.keys()
    differences += [
        Difference(f"{match} kick-off", f"{then.kickoffs[match]} UTC", f"{now.kickoffs[match]} UTC")
        for match in sorted(both)
        if then.kickoffs[match] != now.kickoffs[match]
    ]
    same = sum(now.prices.get(place) == price for place, price in then.prices.items())
    return same + sum(then.kickoffs[match] == now.kickoffs[match] for match in both), differences


def _in_order(place: Place) -> tuple[str, ...]:
    return place.match, place.market, place.bookmaker, place.outcome


def _price(price: Decimal | None) -> str | None:
    return None if price is None else printed(price)


class Tally:
    """Counts what was compared, and says it in one line."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.runs: set[str] = set()

    def add(self, one: Compared | NothingStored) -> None:
        if isinstance(one, NothingStored):
            self.counts["not stored"] += one.prices
            return
        self.runs.add(one.page.run_id)
        self.counts["pages"] += 1
        self.counts["same"] += one.same
        self.counts["unread"] += bool(one.unread) and not one.as_then
        self.counts["as then"] += one.as_then
        self.counts["browser"] += one.needs_browser
        self.counts.update(difference.kind for difference in one.differences)

    @property
    def differs(self) -> bool:
        return any(self.counts[kind] for kind in ("differs", "not stored", "not read", "unread"))

    def __str__(self) -> str:
        count = self.counts
        needs_browser = (
            f" ({count['browser']} plain ones tell nothing without their script)" if count["browser"] else ""
        )
        as_then = f" and {count['as then']} could not then either" if count["as then"] else ""
        return (
            f"{count['pages']} pages of {len(self.runs)} runs read again{needs_browser}: {count['same']} prices and"
            f" kick-offs are as stored, {count['differs']} differ, {count['not stored']} are read and not stored,"
            f" {count['not read']} are stored and not read any more; {count['unread']} pages cannot be read{as_then}"
        )


def day_or_instant(text: str) -> datetime:
    """``2026-11-01`` (from midnight in Paris on), or an instant of ISO 8601; without a zone it is Paris time.

    :raises ValueError: when it is neither.
    """
    instant = datetime.fromisoformat(text)
    return from_paris(instant) if instant.tzinfo is None else in_utc(instant)


@contextmanager
def while_read() -> Iterator[None]:
    """Print for as long as somebody reads it: a reader that goes (``| head``) has seen enough, which is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, sys.stdout.fileno())  # or what is still to be written would fail as Python ends
        os.close(nobody)


def printed(price: Decimal) -> str:
    """A price as sites print it: two decimals, a third only where it says something."""
    return f"{price:.3f}".removesuffix("0")
