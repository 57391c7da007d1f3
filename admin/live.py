"""What is new, told while it happens: server-sent events.

One thread per application looks for new rows of Odds, once a second while anybody listens, and wakes the streams. A
stream holds a thread of the server, so that there are at most :data:`STREAMS`, and :data:`OF_ONE` of one person;
whoever comes too late is told to come back, and asks now and then (an ``ETag``) meanwhile. No stream lives long: the
browser opens the next one by itself, and whether its reader may still read is asked then.

An event says which matches have new prices, and has the number of the newest row as its id; the page then asks for
itself. A browser that was away says the last id it had: it is told what it missed, or ``snapshot_required`` where that
is too long ago to tell.

Programs are told the prices themselves (:class:`PriceStream`). While one listens, and for ten minutes more, the prices
of each look are remembered, so that one that comes back is told exactly what it missed: a row that was committed after
a greater one, too.
"""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol
from weakref import WeakSet

from peewee import Database, ModelSelect, PeeweeException, fn

from schema.database import explain, hang_up
from schema.models import Odds, now

logger = logging.getLogger(__name__)

STREAMS = 24
"""Open at once."""
OF_ONE = 8
"""Of one person: more than a browser opens, and so that nobody takes all of them."""
LIFE = 60.0
"""Seconds that a stream lives."""
PING = 15.0
"""Seconds after which a silent stream says that it is there."""
PRESENCE = 1.0
"""Seconds after which it is seen that nobody listens any more."""
RETRY = 1000
"""Milliseconds after which a browser opens the next stream."""
PAUSE = 1.0
"""Seconds between two looks."""

OVERLAP = 500
"""Rows that are looked at again: of two writers the one that began first may end last."""
AT_ONCE = 5_000
"""New rows of one look; more are a flood, and are told as ``snapshot_required``."""
TOLD = 200
"""Matches that one event names."""
REMEMBERED = 600
"""Looks with something new that are remembered for slow streams: ten minutes."""

PRICE_STREAMS = 16
"""Open at once, of programs."""
OF_KEY = 4
"""Of one key."""
PRICE_LIFE = 300.0
"""Seconds that one lives: whether its key still opens is asked then."""
REPLAY = 600.0
"""Seconds that prices are remembered."""
PRICES_REMEMBERED = 50_000
"""At most."""
TOGETHER = 500
"""Prices of one event; of more the number is in the last one's id only."""

Batch = tuple[int, int, frozenset[int]]
"""A look's number, the newest row, and the matches with new ones; no match at all: too many."""


class Price(Protocol):
    """What is told of a row of Odds: its number, and JSON."""

    @property
    def id(self) -> int: ...

    @property
    def text(self) -> str: ...


class Prices(NamedTuple):
    """A look's number, the newest row, when it was (seconds of the clock), and what was new; ``None``: too much."""

    turn: int
    newest: int
    at: float
    found: Sequence[Price] | None


ReadPrices = Callable[[Sequence[int]], Sequence[Price]]
Choose = Callable[[Sequence[Any]], Sequence[Price]]


class Full(Exception):
    """There are as many streams as can be."""


class Hub:
    """Tells the streams of one application what is new."""

    def __init__(
        self,
        database: Database,
        *,
        streams: int = STREAMS,
        pause: float = PAUSE,
        read_prices: ReadPrices = lambda _ids: (),
    ) -> None:
        self._database, self._streams, self._pause = database, streams, pause
        self._read_prices = read_prices
        self._changed = threading.Condition()
        self._batches: deque[Batch] = deque(maxlen=REMEMBERED)
        self._turn = 0
        # A stream that nobody holds any more is over, whether it was closed or not.
        self._streaming: WeakSet[Stream] = WeakSet()
        self._priced: WeakSet[PriceStream] = WeakSet()
        self._watching = False
        self._newest = 0
        self._prices: deque[Prices] = deque()
        self._whole_since: int | None = None
        """The row since which all prices are remembered; ``None``: they are not."""
        self._priced_until = 0.0

    def enter(self, owner: str = "") -> "Stream":
        """A stream that hears of everything from now on. One query at most, of the request's own connection.

        :raises Full: when there are too many, or too many of that person.
        """
        with self._changed:
            if self.open >= self._streams or sum(each.owner == owner for each in self._streaming) >= OF_ONE:
                raise Full
            self._begin_watching()
            stream = Stream(self, self._turn, owner)
            self._streaming.add(stream)
            return stream

    def enter_priced(self, owner: str, last: str = "") -> "PriceStream":
        """A stream of prices: of all from now on, or after the row that ``last`` names. Few queries at most.

        :raises Full: when there are too many, or too many of that key.
        """
        with self._changed:
            if len(self._priced) >= PRICE_STREAMS or sum(each.owner == owner for each in self._priced) >= OF_KEY:
                raise Full
            self._begin_watching()
            if self._whole_since is None:
                self._prices.clear()
                self._whole_since = self._newest
            stream = PriceStream(self, self._turn, owner, self._newest)
            stream.missed = self._missed(last) if last else ()
            self._priced.add(stream)
            self._stay()
            return stream

    def _begin_watching(self) -> None:
        if not self._watching:
            # Not by the thread: what comes before its first look would be told to nobody.
            self._newest = newest = newest_row()
            seen = self._rows_after(newest - OVERLAP)
            threading.Thread(target=self._watch, args=(newest, seen), name="live", daemon=True).start()
            self._watching = True

    def _missed(self, last: str) -> Sequence[Price] | None:
        """What came after that row, as far as this was told already; ``None``: that cannot be said."""
        if not (last.isascii() and last.isdecimal() and len(last) < 19) or int(last) > self._newest:
            return None
        since, whole = int(last), self._whole_since
        if whole is not None and since >= whole:
            later = [batch for batch in self._prices if batch.newest > since]
            return None if any(batch.found is None for batch in later) else _joined(later)
        rows = sorted(row for row in self._rows_after(since - OVERLAP) if row <= self._newest)
        if len(rows) >= AT_ONCE or (rows and rows[-1] > since and self._is_long_ago(since)):
            return None
        return self._read_prices(rows) if rows and rows[-1] > since else ()

    def _is_long_ago(self, since: int) -> bool:
        """Whether the first row after that one was seen before what is replayed."""
        first = Odds.select(Odds.scraped_at).where(Odds.id > since).order_by(Odds.id).limit(1)
        at = first.scalar(self._database)
        return at is not None and at < now() - timedelta(seconds=REPLAY)

    def close(self) -> None:
        """Nothing is remembered any more: the thread ends with the last stream."""
        with self._changed:
            self._priced_until = 0.0
            self._whole_since = None
            self._prices.clear()

    @property
    def open(self) -> int:
        """How many streams there are."""
        return len(self._streaming)

    def leave(self, stream: "Stream | PriceStream") -> None:
        """It may have left already."""
        with self._changed:
            if isinstance(stream, Stream):
                self._streaming.discard(stream)
            elif stream in self._priced:
                self._priced.discard(stream)
                self._stay()

    def _stay(self) -> None:
        self._priced_until = time.monotonic() + REPLAY

    def prices(self, turn: int, seconds: float) -> list[Prices]:
        """What was new after a turn; empty after so many seconds without."""
        with self._changed:
            self._changed.wait_for(lambda: self._turn > turn, seconds)
            return [batch for batch in self._prices if batch.turn > turn]

    def news(self, turn: int, match: int | None, seconds: float) -> list[Batch]:
        """What was new after a turn, of one match or of any; empty after so many seconds without."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._after(turn, match)), seconds)
            return self._after(turn, match)

    def _after(self, turn: int, match: int | None) -> list[Batch]:
        later = [batch for batch in self._batches if batch[0] > turn]
        return [batch for batch in later if match is None or not batch[2] or match in batch[2]]

    def _watch(self, newest: int, seen: Collection[int]) -> None:
        """Look until nobody listens."""
        time.sleep(self._pause)
        while self._wanted():
            try:
                with self._database.connection_context():
                    newest, seen = self._look(newest, seen)
            except PeeweeException as error:
                logger.warning("nothing new can be told: %s", explain(error))
                hang_up(self._database)
            time.sleep(self._pause)

    def _wanted(self) -> bool:
        with self._changed:
            if self._priced:
                self._stay()
            elif self._whole_since is not None and time.monotonic() >= self._priced_until:
                self._prices.clear()
                self._whole_since = None
            self._watching = self.open > 0 or self._whole_since is not None
            return self._watching

    def _look(self, newest: int, seen: Collection[int]) -> tuple[int, Collection[int]]:
        rows = self._rows_after(newest - OVERLAP)
        new = {row: match for row, match in rows.items() if row not in seen}
        if new:
            matches = frozenset(new.values())
            flood = len(rows) >= AT_ONCE
            found = self._read_prices(sorted(new)) if self._whole_since is not None and not flood else None
            self._tell(max(rows), frozenset() if flood or len(matches) > TOLD else matches, found)
        newest = max(rows, default=newest)
        return newest, {row for row in rows if row > newest - OVERLAP}

    def _rows_after(self, row: int) -> dict[int, int]:
        return dict(_after(row).tuples().execute(self._database))

    def _tell(self, newest: int, matches: frozenset[int], found: Sequence[Price] | None) -> None:
        with self._changed:
            self._turn += 1
            self._newest = newest
            self._batches.append((self._turn, newest, matches))
            if self._whole_since is not None:
                self._prices.append(Prices(self._turn, newest, time.monotonic(), found))
                self._forget()
            self._changed.notify_all()

    def _forget(self) -> None:
        """What is too old, or too much."""
        before, many = time.monotonic() - REPLAY, sum(len(batch.found or ()) for batch in self._prices)
        while len(self._prices) > 1 and (self._prices[0].at < before or many > PRICES_REMEMBERED):
            gone = self._prices.popleft()
            many -= len(gone.found or ())
            self._whole_since = gone.newest


class Stream:
    """One listener. Whoever has one lets it go: :meth:`close`, once or more."""

    def __init__(self, hub: Hub, turn: int, owner: str = "") -> None:
        self._hub, self._turn, self.owner = hub, turn, owner

    def close(self) -> None:
        self._hub.leave(self)

    def events(
        self,
        match: int | None,
        missed: str | None,
        *,
        life: float = LIFE,
        ping: float = PING,
        gone: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[str]:
        """Everything that is sent.

        :param missed: what was missed before, an event. :param gone: whether the listener is: a reader who goes from
            page to page would leave a stream behind on each, until it next says something.
        """
        try:
            yield f"retry: {RETRY}\n\n"
            yield missed or ": here\n\n"
            spoke = clock()
            until = spoke + life
            while (left := until - clock()) > 0 and not gone():
                news = self._hub.news(self._turn, match, min(ping, left, PRESENCE))
                if not news:
                    if clock() - spoke >= ping:
                        spoke = clock()
                        yield "event: ping\ndata: {}\n\n"
                    continue
                spoke = clock()
                self._turn = news[-1][0]
                together = frozenset[int]().union(*(matches for _, _, matches in news))
                flood = any(not matches for _, _, matches in news)
                yield event(news[-1][1], frozenset() if flood else together)
        finally:
            self.close()


class PriceStream:
    """A program that listens. Whoever has one lets it go: :meth:`close`, once or more.

    :ivar missed: what came before, after what it had; ``None``: that cannot be told any more.
    """

    def __init__(self, hub: Hub, turn: int, owner: str, newest: int) -> None:
        self._hub, self._turn, self.owner, self._newest = hub, turn, owner, newest
        self.missed: Sequence[Price] | None = ()

    def close(self) -> None:
        self._hub.leave(self)

    def events(
        self,
        choose: Choose,
        *,
        life: float = PRICE_LIFE,
        ping: float = PING,
        gone: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[str]:
        """Everything that is sent. :param choose: of prices those that are wanted; see :meth:`Stream.events`."""
        try:
            yield f"retry: {3 * RETRY}\n\n"
            yield from _events_of(self.missed, self._newest, choose)
            # What was there before it came: who breaks off before the first change goes on from here.
            yield f'event: connected\nid: {self._newest}\ndata: {{"newest":{self._newest}}}\n\n'
            spoke = clock()
            until = spoke + life
            while (left := until - clock()) > 0 and not gone():
                news = self._hub.prices(self._turn, min(ping, left, PRESENCE))
                told = False
                for batch in news:
                    self._turn, self._newest = batch.turn, batch.newest
                    for text in _events_of(batch.found, batch.newest, choose):
                        told = True
                        yield text
                if told:
                    spoke = clock()
                elif clock() - spoke >= ping:
                    spoke = clock()
                    yield f'event: ping\nid: {self._newest}\ndata: {{"newest":{self._newest}}}\n\n'
        finally:
            self.close()


def _events_of(found: Sequence[Price] | None, newest: int, choose: Choose) -> Iterator[str]:
    """Prices, so many in an event; only the last has an id, so that who breaks off in between has all of them again."""
    if found is None:
        yield f'event: snapshot_required\nid: {newest}\ndata: {{"newest":{newest}}}\n\n'
        return
    wanted = choose(found)
    for start in range(0, len(wanted), TOGETHER):
        some = wanted[start : start + TOGETHER]
        number = f"id: {newest}\n" if start + TOGETHER >= len(wanted) else ""
        prices = ",".join(price.text for price in some)
        yield f'event: prices\n{number}data: {{"newest":{newest},"prices":[{prices}]}}\n\n'


def _joined(batches: Iterable[Prices]) -> list[Price]:
    return [price for batch in batches for price in batch.found or ()]


def event(newest: int, matches: Collection[int]) -> str:
    """That there is something new: on these matches, or, where none is named, on more than can be told."""
    name, said = ("change", {"matches": sorted(matches)}) if matches else ("snapshot_required", {})
    return f"event: {name}\nid: {newest}\ndata: {json.dumps(said)}\n\n"


def missed_since(last: str, match: int | None) -> str | None:
    """What a browser missed whose last event had this id; ``None``: nothing. At most two queries.

    An id that this database never gave, or that lies :data:`AT_ONCE` rows back, cannot be answered row by row.
    """
    newest = newest_row(match)
    if not (last.isascii() and last.isdecimal() and len(last) < 19):
        return event(newest, ())
    since = int(last)
    if since == newest:
        return None
    if match is not None and since > newest:
        # Another match's row, or another database's: only what is there now is certain.
        return event(newest, ()) if since > newest_row() else None
    if since > newest:
        return event(newest, ())
    if match is not None:
        return event(newest, (match,))
    rows = dict(_after(since).tuples().execute())
    matches = set(rows.values())
    return event(newest, () if len(rows) >= AT_ONCE or len(matches) > TOLD else matches)


def newest_row(match: int | None = None) -> int:
    """The highest id in Odds, of one match or of all; 0 where there is none."""
    query = Odds.select(fn.MAX(Odds.id))
    return (query if match is None else query.where(Odds.match == match)).scalar() or 0


def _after(row: int) -> "ModelSelect[Odds]":
    """Id and match of the rows after one, at most :data:`AT_ONCE` of them, the first ones."""
    return Odds.select(Odds.id, Odds.match).where(Odds.id > row).order_by(Odds.id).limit(AT_ONCE)
