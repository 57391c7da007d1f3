"""A batch of messages into the tables: the only writer there is.

At least once on the wire, exactly once in the tables: the same messages, delivered any number of times in any order and
by any number of writers, leave the same tables.

* A message is known by what it says, not by its envelope: the ledger (Messages) has each once. gig-benchmark's bare
  ones say no time: see :func:`_open_one`.
* A price is an observation: the same again changes nothing. Two prices of one outcome at one instant are a
  contradiction of the source; the higher is kept, whichever came first.
* In LatestOdds and Matches the newest observation holds, whichever came last.
* What cannot be kept goes to DeadLetters with its reason.

All of a batch is one transaction (but leagues, teams and the like: see :mod:`schema.catalogue`). Rows are written in
the order of their keys, tables always in the same order, so that two writers never wait for each other.
"""

import hashlib
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import Any, Protocol

from peewee import Database

from schema.aliases import Aliases
from schema.catalogue import Catalogue
from schema.database import begin_writing, hang_up, is_embedded
from schema.instants import hour_of, naive, text
from schema.markets import MARKETS
from schema.matches import KnownMatches
from schema.messages import QUEUE, Message, OddsItem, Refused, RunReport, decode, letter_hash
from schema.models import (
    BODY_LENGTH,
    REPORTED_COUNTS,
    STORED_COUNTS,
    DeadLetters,
    LatestOdds,
    Messages,
    Odds,
    ReplacedOdds,
    Runs,
    TouchedHours,
    TouchedMatches,
)
from schema.plausibility import broken
from schema.prices import CENT, TRJ_LIMIT, published_style
from schema.runs import OPEN
from schema.sql import Sql

MEMORY_SECONDS = 60
"""How long the ids of leagues, teams, … are remembered: so soon what a person changes in the tables is seen."""

REDELIVERY = timedelta(hours=1)
"""So long after a bare message was stored, the same body delivered again is taken for it."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NO_LINE = Decimal("0.00")
"""``line`` of a market without one."""

KEY = ("match_id", "market_id", "line", "bookmaker_id", "outcome")
VALUES = ("odd_value", "trj", "published_trj", "partial", "run_id", "page_id", "suspect")
COLUMNS = (*KEY, "scraped_at", *VALUES, "stored_at")

_RUN_ID = re.compile(rb'"run_id": ?"([A-Za-z0-9._-]{1,64})"')
"""As our own :func:`schema.messages.encode` writes it."""

WHICH = (*KEY, "scraped_at")
"""What makes an observation this one."""

_in_order = itemgetter(*range(len(WHICH)))


class Incoming(Protocol):
    """One body received, such as a broker's delivery."""

    @property
    def body(self) -> bytes: ...

    @property
    def received_at(self) -> datetime:
        """Aware: when the queue took it in."""

    @property
    def attempts(self) -> int:
        """Earlier deliveries of it that were not acknowledged."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch.

    :ivar stored: quotes that were new; :ivar prices: in them; :ivar reports: of runs, that were new.
    :ivar duplicates: messages that were stored before, or twice in the batch.
    :ivar refused: what was put in DeadLetters, and why.
    :ivar unknown_bookmakers: names met for the first time that nobody has reviewed.
    """

    stored: int = 0
    prices: int = 0
    reports: int = 0
    duplicates: int = 0
    refused: list[tuple[Incoming, Refused]] = field(default_factory=list)
    unknown_bookmakers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Letter:
    """A message that could be read, and what it is known by.

    :ivar delivered_before: one of the last hour whose id begins with this may be this very message.
    """

    id: str
    message: Message
    incoming: Incoming
    delivered_before: str | None = None


class Store:
    """Writes messages to one database. Not shared between threads.

    Any error of the database comes through as it is (:func:`schema.database.fault_of` tells whose it is); nothing of
    the batch is in the tables then, and the next call begins with a fresh connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = sql = Sql(database)
        self._insert_ledger = sql.insert(Messages, ("message_id", "run_id", "batch", "stored_at"))
        self._insert_odds = replace(sql.insert(Odds, COLUMNS, sql.no_id() or None), clash=self._replace_odds)
        self._merge_odds = sql.insert(Odds, COLUMNS, _merge_of_prices(sql) | sql.no_id())
        self._insert_replaced = sql.insert(ReplacedOdds, (*COLUMNS, "replaced_at"))
        self._insert_latest = sql.insert(LatestOdds, COLUMNS, _merge_of_prices(sql, "scraped_at"), after=Odds)
        self._touch_matches = sql.insert(TouchedMatches, ("match_id", "touched_at"))
        self._touch_hours = sql.insert(TouchedHours, ("hour", "touched_at"))
        self._insert_dead = sql.insert(DeadLetters, _DEAD_COLUMNS, _merge_of_dead(sql))
        self._add_counts = sql.add(Runs, STORED_COUNTS, "id")
        mark = database.param
        alone = "" if is_embedded(database) else " FOR UPDATE"  # else two writers would both find it settled
        self._find_settled = f"SELECT last_seen < replayed_at FROM DeadLetters WHERE body_hash = {mark}{alone}"  # noqa: S608
        self._find_body = (
            f"SELECT 1 FROM Messages WHERE message_id BETWEEN {mark} AND {mark} AND stored_at >= {mark} LIMIT 1"  # noqa: S608
        )
        self._unknown: list[str] = []
        self._forget()

    def store(self, batch: Sequence[Incoming]) -> Outcome:
        """Store a batch: some hundreds of messages, in one transaction, committed when this returns."""
        letters, refused = self._open(batch)
        return self._transaction(letters, refused)

    def refuse(self, incoming: Incoming, reason: str, detail: str, *, unread: bool = False) -> Outcome:
        """Put one body in DeadLetters: one that could be read, and that the database would not have.

        :param unread: do not read it, for that may be what kills; only look for the run that sent it.
        """
        refusal = Refused(reason, detail)
        if unread:
            refusal.run_id = _glimpsed_run(incoming.body)
        else:
            try:
                refusal.run_id = decode(incoming.body, incoming.received_at).run_id
            except Refused as unreadable:
                refusal.run_id = unreadable.run_id or _glimpsed_run(incoming.body)
        return self._transaction([], [(incoming, refusal)])

    def bury(self, incoming: Incoming, refusal: Refused, queue: str) -> None:
        """Put in DeadLetters what came by another queue, in a transaction of its own where there is none yet.

        No run counts it among what it was refused.
        """
        with self._database.transaction(begin_writing(self._database)):
            self._bury(self._database.connection().cursor(), incoming, refusal, queue)

    # -- reading -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _open(batch: Sequence[Incoming]) -> tuple[list[_Letter], list[tuple[Incoming, Refused]]]:
        letters: list[_Letter] = []
        refused: list[tuple[Incoming, Refused]] = []
        for incoming in batch:
            try:
                message = decode(incoming.body, incoming.received_at)
            except Refused as refusal:
                # Else the run's account would take it for a quote that is on its way, for ever.
                refusal.run_id = refusal.run_id or _glimpsed_run(incoming.body)
                refused.append((incoming, refusal))
            else:
                letters.append(_open_one(message, incoming))
        return letters, refused

    # -- writing -------------------------------------------------------------------------------------------------------

    def _transaction(self, letters: Sequence[_Letter], refused: list[tuple[Incoming, Refused]]) -> Outcome:
        if time.monotonic() > self._remembers_until:
            self._forget()
        while (outcome := self._attempt(letters, refused)) is None:
            self._forget()
        outcome.unknown_bookmakers = [*self._unknown]
        self._unknown.clear()
        return outcome

    def _attempt(self, letters: Sequence[_Letter], refused: list[tuple[Incoming, Refused]]) -> Outcome | None:
        """``None``, and nothing is written, where a person has changed who is who since that was looked up."""
        try:
            if not self._aliases.read():
                return None
        except BaseException:
            hang_up(self._database)
            raise
        letters, refused = self._rename(letters, refused)
        quotes = [letter.message for letter in letters if isinstance(letter.message, OddsItem)]
        run_ids = {
            message.run_id for message in (*(letter.message for letter in letters), *map(itemgetter(1), refused))
        }
        try:
            cursor = self._database.connection().cursor()
            self._catalogue.settle(cursor, quotes, run_ids - {None})
            with self._database.transaction(begin_writing(self._database)):
                return self._write(cursor, letters, refused) if self._aliases.hold(cursor) else None
        except BaseException:
            self._forget()
            hang_up(self._database)
            raise

    def _rename(
        self, letters: Sequence[_Letter], refused: list[tuple[Incoming, Refused]]
    ) -> tuple[Sequence[_Letter], list[tuple[Incoming, Refused]]]:
        """Each team by its own name; a team that plays itself then is refused. Nothing to do where nobody said any."""
        if not self._aliases.of_teams:
            return letters, refused
        renamed: list[_Letter] = []
        refused = [*refused]
        for letter in letters:
            try:
                message = letter.message
                own = self._aliases.rename(message) if isinstance(message, OddsItem) else message
            except Refused as refusal:
                refused.append((letter.incoming, refusal))
            else:
                renamed.append(letter if own is message else replace(letter, message=own))
        return renamed, refused

    def _forget(self) -> None:
        """What was looked up in a transaction that failed may not be there, and a person may change what is."""
        self._aliases = Aliases(self._database)
        self._catalogue = Catalogue(self._database, self._sql, self._unknown, self._aliases)
        self._matches = KnownMatches(self._database, self._sql)
        self._remembers_until = time.monotonic() + MEMORY_SECONDS

    def _write(self, cursor: Any, letters: Sequence[_Letter], refused: list[tuple[Incoming, Refused]]) -> Outcome:
        new, again = self._enter(cursor, letters)
        quotes = [letter.message for letter in new if isinstance(letter.message, OddsItem)]
        reports = [letter.message for letter in new if isinstance(letter.message, RunReport)]
        prices = self._write_prices(cursor, quotes)
        by_body = sorted(refused, key=lambda one: one[0].body)
        first_refused = [refusal for incoming, refusal in by_body if self._bury(cursor, incoming, refusal)]
        self._count(cursor, stored=quotes, duplicates=again, refused=first_refused)
        for report in sorted(reports, key=lambda report: report.run_id):
            self._report(report)
        return Outcome(stored=len(quotes), prices=prices, reports=len(reports), duplicates=len(again), refused=refused)

    def _enter(self, cursor: Any, letters: Sequence[_Letter]) -> tuple[list[_Letter], list[Message]]:
        """Enter what is new in the ledger.

        :returns: the letters that are new, and the messages of those that came again.
        """
        first = {letter.id: letter for letter in letters}
        new = first.keys() - self._stored_before(cursor, letters)
        if new:
            batch, stored_at = secrets.randbits(63), text(datetime.now(UTC))
            rows = [(key, self._catalogue.run(first[key].message.run_id), batch, stored_at) for key in sorted(new)]
            if self._sql.write(cursor, rows, self._insert_ledger) != len(rows):
                # Some came again; or another writer is storing them, was waited for, and was quicker. Which are ours?
                ours = self._sql.select(cursor, Messages, ("message_id",), message_id=new, batch=[batch])
                new = {row[0] for row in ours}
        again = [letter.message for letter in letters if letter.id not in new or first[letter.id] is not letter]
        return [first[key] for key in sorted(new)], again

    def _stored_before(self, cursor: Any, letters: Sequence[_Letter]) -> set[str]:
        """The ids of bare messages that are delivered again, and whose body was stored within the hour."""
        again = [(letter.id, letter.delivered_before) for letter in letters if letter.delivered_before]
        if not again:
            return set()
        since = text(datetime.now(UTC) - REDELIVERY)
        return {key for key, body in again if self._is_stored(cursor, body, since)}

    def _is_stored(self, cursor: Any, body: str, since: str) -> bool:
        cursor.execute(self._find_body, (body + 16 * "0", body + 16 * "f", since))
        return cursor.fetchone() is not None

    def _write_prices(self, cursor: Any, quotes: Sequence[OddsItem]) -> int:
        if not quotes:
            return 0
        self._matches.settle(cursor, ((item, self._catalogue.sides(item)) for item in quotes))
        stored_at = text(datetime.now(UTC))
        rows = sorted((row for item in quotes for row in self._price_rows(item, stored_at)), key=_in_order)
        self._sql.write(cursor, rows, self._insert_odds, self._insert_latest)
        self._touch(cursor, quotes)
        return len(rows)

    def _replace_odds(self, cursor: Any, rows: Sequence[Sequence[Any]]) -> None:
        """Prices of which some have another of their instant: what ranks higher is kept, and what was known set aside.

        Those that are there are locked by now, for they were to be inserted. What this very batch has brought was
        never known.
        """
        stored_at, keys = rows[0][-1], dict.fromkeys(row[: len(WHICH)] for row in rows)
        there = self._sql.each(cursor, Odds, COLUMNS, WHICH, keys)
        known = [row for row in there if str(row[-1]) != stored_at]
        self._sql.write(cursor, rows, self._merge_odds)
        since = self._sql.each(cursor, Odds, ("stored_at",), WHICH, [row[: len(WHICH)] for row in known])
        replaced = [(*row, stored_at) for row, (at,) in zip(known, since, strict=True) if str(at) == stored_at]
        if replaced:
            self._sql.write(cursor, replaced, self._insert_replaced)

    def _touch(self, cursor: Any, quotes: Sequence[OddsItem]) -> None:
        """Leave word of what is to be tallied anew: rows that are only added, so that no writer waits for another."""
        touched_at = text(datetime.now(UTC))
        matches = sorted({self._matches.id(item) for item in quotes})
        hours = sorted({text(hour_of(item.scraped_at)) for item in quotes})
        self._sql.write(cursor, [(match, touched_at) for match in matches], self._touch_matches)
        self._sql.write(cursor, [(hour, touched_at) for hour in hours], self._touch_hours)

    def _price_rows(self, item: OddsItem, stored_at: str) -> Iterable[tuple[Any, ...]]:
        catalogue = self._catalogue
        trj, published = _kept(item.trj), _kept(item.published_trj)
        match, market, bookmaker = self._matches.id(item), catalogue.market(item), catalogue.bookmaker(item)
        line = NO_LINE if item.line is None else item.line.quantize(CENT)
        scraped_at = text(item.scraped_at)
        said = (
            trj,
            published,
            int(item.partial),
            catalogue.run(item.run_id),
            catalogue.page(item),
            _mark(item),
        )
        for outcome, price in item.prices.items():
            if price is not None:
                yield (match, market, line, bookmaker, outcome, scraped_at, str(price), *said, stored_at)

    def _bury(self, cursor: Any, incoming: Incoming, refusal: Refused, queue: str = QUEUE) -> bool:
        """Into DeadLetters; whether it did not wait there already: it is new, or was replayed and has come back."""
        body, seen = incoming.body, text(incoming.received_at)
        digest = letter_hash(body, queue)
        why = (refusal.reason, refusal.detail, refusal.run_id)
        cursor.execute(self._find_settled, (digest,))
        settled = cursor.fetchone()
        # A replay keeps the date of the first receipt: one that comes back from it is seen now.
        last_seen = text(datetime.now(UTC)) if settled and settled[0] else seen
        row = (digest, body[:BODY_LENGTH], len(body), *why, seen, last_seen, 1, 0, queue)
        self._sql.write(cursor, [row], self._insert_dead)
        if settled is not None:
            return bool(settled[0])
        return self._sql.select(cursor, DeadLetters, ("times",), body_hash=[digest]) == [(1,)]

    def _count(
        self, cursor: Any, *, stored: Sequence[OddsItem], duplicates: Sequence[Message], refused: Sequence[Refused]
    ) -> None:
        """Into the runs' own counts, in this transaction: they are as exact as the tables."""
        counts: dict[str, Counter[str | None]] = {
            "stored": Counter(item.run_id for item in stored),
            "prices": Counter(),
            "refused": Counter(refusal.run_id for refusal in refused),
            "duplicates": Counter(message.run_id for message in duplicates),
        }
        for item in stored:
            counts["prices"][item.run_id] += sum(price is not None for price in item.prices.values())
        runs = {run_id for counter in counts.values() for run_id in counter if run_id is not None}
        for number, run_id in sorted((self._catalogue.run(run_id), run_id) for run_id in runs):
            cursor.execute(self._add_counts, (*(counts[column][run_id] for column in STORED_COUNTS), number))

    def _report(self, report: RunReport) -> None:
        """What a run says of itself: the newest report holds, and one that says it is finished is the last."""
        reported_at = naive(report.reported_at)
        later = Runs.reported_at.is_null() | (Runs.reported_at <= reported_at)
        running = Runs.state.is_null() | Runs.state.in_(OPEN)
        supersedes = running | later if report.state == "finished" else running & later
        fields = {"errors": "error_count"}  # where the field is not named as its column
        Runs.update(
            spider=report.spider,
            state=report.state,
            verdict=report.verdict,
            exit_code=report.exit_code,
            sentence=report.sentence,
            site=report.site,
            arguments=report.arguments,
            current=report.current,
            active_key=None if report.state == "finished" else Runs.active_key,
            started_at=naive(report.started_at),
            finished_at=report.finished_at and naive(report.finished_at),
            reported_at=reported_at,
            **{fields.get(name, name): report.counts.get(name, 0) for name in REPORTED_COUNTS},
        ).where((Runs.id == self._catalogue.run(report.run_id)) & supersedes).execute(self._database)


def _glimpsed_run(body: bytes) -> str | None:
    """The run that sent a body nobody can read, or may: the first name that stands in it as ours do."""
    found = _RUN_ID.search(body)
    return found and found[1].decode()


def _open_one(message: Message, incoming: Incoming) -> _Letter:
    """A message with what it is known by: what it says; but a bare gig-benchmark message says no time.

    Delivered for the first time, such a one is a new observation, known by its body and when it was received: a price
    may well go from 2.10 to 2.50 and back. Delivered again, as the queue tells, it is a duplicate where its body was
    stored within the hour. Two of the same body that are both delivered again cannot be told apart: the second counts
    as the first.
    """
    if not isinstance(message, OddsItem) or not message.bare:
        return _Letter(message.message_id, message, incoming)
    body = hashlib.blake2b(incoming.body, digest_size=8).hexdigest()
    received = (incoming.received_at - EPOCH) // timedelta(microseconds=1)
    return _Letter(f"{body}{received:016x}", message, incoming, body if incoming.attempts else None)


def _mark(item: OddsItem) -> str | None:
    """The rule of plausibility the quote breaks. A bare one was judged by nobody, and comes without those beside it."""
    return broken(item.prices, MARKETS[item.market]) if item.bare else item.suspect


def _kept(trj: Decimal | None) -> str | None:
    """A TRJ as its column holds it. One of a hundred times the stakes is nobody's: the prices are kept without it."""
    return None if trj is None or trj >= TRJ_LIMIT else str(published_style(trj))


# -- what an upsert does with the row that is there --------------------------------------------------------------------


RANKED = ("odd_value", "partial", "trj", "published_trj", "suspect")
"""What decides between two quotes of one instant, first things first: the higher price, then the fuller quote,
then the one that is not suspect."""


def _merge_of_prices(sql: Sql, *first: str) -> dict[str, str]:
    """The row that ranks higher, whole. What ranks is assigned last, and the lowest of that first."""
    better = f"({_rank(first, sql.new)}) > ({_rank(first, lambda column: f'`{column}`')})"
    order = ("stored_at", "run_id", "page_id", *reversed((*first, *RANKED)))
    return {column: sql.when(better, column) for column in order}


def _rank(first: Sequence[str], of: Callable[[str], str]) -> str:
    full, trj, published = f"1 - {of('partial')}", f"COALESCE({of('trj')}, 0)", f"COALESCE({of('published_trj')}, 0)"
    unsuspected = f"{of('suspect')} IS NULL, COALESCE({of('suspect')}, '')"
    return ", ".join((*map(of, first), of("odd_value"), full, trj, published, unsuspected))


_DEAD_COLUMNS = (
    *("body_hash", "body", "size", "reason", "detail", "run_id"),
    *("first_seen", "last_seen", "times", "replays", "queue"),
)


def _merge_of_dead(sql: Sql) -> dict[str, str]:
    """One that was replayed and comes back waits again, for the reason of today: never seen before it was replayed."""
    replayed, seen = "`replayed_at` IS NOT NULL", sql.greatest("last_seen")
    return {
        **{column: sql.when(replayed, column) for column in ("reason", "detail", "run_id")},
        "first_seen": sql.least("first_seen"),
        "last_seen": f"CASE WHEN `replayed_at` > {seen} THEN `replayed_at` ELSE {seen} END",
        "times": f"`times` + {sql.new('times')}",
    }
