"""Growing old: prices thinned to their changes, and what was kept only so as not to do a thing twice let go.

A series is what one bookmaker offers for one outcome of one market and line of one match. Of its observations that are
older than a given instant, one that says what the one before it says is let go: what the price was at any instant can
still be told. These always stay: the first that says a thing, the last of the series, and the last one that is not
after the kick-off, so that the age of the closing price does not change; all that the last two runs saw of a market,
whose boards are laid side by side; a series of which anything is suspect, for what confirms it says the same again; and
what was known before the one that it repeats, which came late, or while another stood between them that was replaced
since, so that what was known then can still be told.

Rows go in small transactions, each by its key, and whoever stores meanwhile is given a turn between them. It may be
broken off anywhere and begun again, and done twice at once: no row goes that a run from the start would leave. How far
it has come stands in Thinnings before the first row goes: whoever tells what was known before that says so.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from peewee import Database, PeeweeException

from schema.database import Fault, begin_writing, fault_of, hang_up, is_embedded
from schema.instants import text
from schema.models import Thinnings
from schema.runs import ENDED

OUTBOX_DAYS = 15
"""A crawl's outbox waits no longer for its broker; what it brings may be so old."""

SAID = ("odd_value", "trj", "published_trj", "partial", "suspect")
"""Two observations that agree in these say the same."""

ODDS = "odds"
"""What was thinned, in Thinnings."""

WHOLE_RUNS = 2
"""Of each market all that the last so many runs saw stays: a board compares the last one with the one before."""

ROWS = 500
"""Rows of one transaction: some hundredths of a second, flush of the disk included."""
PIECE = 20_000
"""Rows that the database sorts at once. Only a single market of a single match may have more."""
MATCHES = 1_000
"""Matches that are asked for at once."""

TURN_SECONDS = 0.01
"""The least that is left to other writers after each transaction; otherwise as long as it took. SQLite does not queue
them: whoever takes the next turn at once takes all of them."""

PAUSES = (0.1, 1, 5, 10)
"""Seconds before each further attempt at a transaction that another writer, or the server, has thwarted."""


@dataclass(slots=True)
class Thinned:
    """Of the observations older than the given instant: rows ``looked_at``, and how many of them go."""

    looked_at: int = 0
    thinned: int = 0

    @property
    def kept(self) -> int:
        return self.looked_at - self.thinned


@dataclass(frozen=True, slots=True)
class Outdated:
    """Rows of a table that are of no more use after a time.

    :ivar key: its primary key; :ivar dated: the column that says how old a row is; :ivar ended: SQL that holds of a row
        nothing more is expected of.
    """

    table: str
    key: str
    dated: str
    ended: str = "1 = 1"


LEDGER = Outdated("Messages", "message_id", "stored_at")
HISTORY = (
    Outdated(
        "Tasks",
        "id",
        "received_at",
        f"NOT EXISTS (SELECT 1 FROM Runs r WHERE r.task_id = Tasks.task_id AND COALESCE(r.state, '') NOT IN {ENDED})",  # noqa: S608
    ),
    Outdated("Firings", "id", "due_at", "state <> 'due'"),
    Outdated("Visits", "id", "due_at"),
    Outdated("OddsHours", "hour", "hour"),
    Outdated("AlertEvents", "id", "closed_at", "open_key IS NULL"),
    Outdated("Deliveries", "id", "created_at", "state IN ('sent', 'failed')"),
    Outdated("WebhookDeliveries", "id", "created_at", "state IN ('sent', 'failed')"),
)
"""What was asked for, when it was due, what rang, and how much was seen in an hour. The runs, and all payouts, stay."""


# -- prices ------------------------------------------------------------------------------------------------------------


def thin(database: Database, before: datetime, *, dry_run: bool = False) -> Iterator[Thinned]:
    """Thin the observations older than ``before`` (aware) to changes; ``dry_run``: only count them.

    :returns: the figures so far, the same object again and again; whoever stops asking stops the work.
    """
    figures, noted = Thinned(), False
    find = _Finder(database, text(before))
    for piece in find.pieces():
        figures.looked_at += piece.old
        repeated = find.repeated(piece) if piece.old > 1 else []
        figures.thinned += len(repeated)
        if repeated and not dry_run:
            if not noted:
                _note(database, text(before))
                noted = True
            _delete(database, "Odds", "id", repeated)
        yield figures
    yield figures


def thinned_before(database: Database) -> datetime | None:
    """Observations older than that (naive UTC) were thinned; ``None``: none was. One query."""
    found = database.execute_sql(f"SELECT thinned_before FROM Thinnings WHERE name = '{ODDS}'").fetchone()  # noqa: S608 - our own
    read: datetime | None = found and Thinnings.thinned_before.python_value(found[0])
    return read


def _note(database: Database, before: str) -> None:
    """It is never set back."""
    mark = database.param
    ignore = "OR IGNORE" if is_embedded(database) else "IGNORE"

    def note() -> int:
        database.execute_sql(
            f"INSERT {ignore} INTO Thinnings (name, thinned_before) VALUES ('{ODDS}', {mark})",  # noqa: S608 - our own
            (before,),
        )
        database.execute_sql(
            f"UPDATE Thinnings SET thinned_before = {mark} WHERE name = '{ODDS}' AND thinned_before < {mark}",  # noqa: S608
            (before, before),
        )
        return 1

    _in_transaction(database, note)


@dataclass(frozen=True, slots=True)
class _Piece:
    """All rows of some matches that follow each other, or of one ``market`` of one; ``old`` of them may go."""

    first: int
    last: int
    rows: int
    old: int
    market: int | None = None


class _Finder:
    """Finds what repeats what was said before, in pieces along the unique index."""

    def __init__(self, database: Database, before: str) -> None:
        self._database, self._before, self._mark = database, before, database.param

    def pieces(self) -> Iterator[_Piece]:
        """All that is older, each row in one piece; small matches together, large ones market by market."""
        waiting: _Piece | None = None
        for match in self._matches():
            markets = self._markets(match)
            rows, old = sum(one.rows for one in markets), sum(one.old for one in markets)
            if not old:
                continue
            if rows > PIECE:
                yield from (one for one in markets if one.old)
            elif waiting is None:
                waiting = _Piece(match, match, rows, old)
            elif waiting.rows + rows > PIECE:
                yield waiting
                waiting = _Piece(match, match, rows, old)
            else:
                waiting = _Piece(waiting.first, match, waiting.rows + rows, waiting.old + old)
        if waiting:
            yield waiting

    def repeated(self, piece: _Piece) -> list[int]:
        """The ids of those that may go, in ascending order."""
        same = "IS" if is_embedded(self._database) else "<=>"
        said = ", ".join(f"o.{column}, LAG(o.{column}) OVER series AS was_{column}" for column in SAID)
        again = " AND ".join(f"p.{column} {same} p.was_{column}" for column in SAID)
        one_market = "" if piece.market is None else f"AND market_id = {piece.market}"
        series = "PARTITION BY o.match_id, o.market_id, o.line, o.bookmaker_id, o.outcome"
        return self._column(
            f"""
            SELECT p.id
            FROM (
                SELECT o.id, o.match_id, o.market_id, o.line, o.bookmaker_id, o.outcome, o.scraped_at, o.run_id, {said},
                    LAG(o.scraped_at) OVER series AS was_seen_at, LEAD(o.scraped_at) OVER series AS next_at,
                    COALESCE(o.stored_at, o.scraped_at) AS known_at,
                    LAG(COALESCE(o.stored_at, o.scraped_at)) OVER series AS was_known_at,
                    MAX(o.suspect) OVER ({series}) AS any_suspect,
                    DENSE_RANK() OVER (
                        PARTITION BY o.match_id, o.market_id, o.line
                        ORDER BY o.run_id IS NULL, o.run_seen_at DESC, o.run_id
                    ) AS nth_run
                FROM (
                    SELECT Odds.*, MAX(scraped_at) OVER (PARTITION BY match_id, market_id, line, run_id) AS run_seen_at
                    FROM Odds WHERE match_id BETWEEN {piece.first} AND {piece.last} {one_market}
                ) o
                WINDOW series AS ({series} ORDER BY o.scraped_at)
            ) p
            JOIN Matches m ON m.id = p.match_id
            WHERE p.scraped_at < {self._mark} AND p.next_at IS NOT NULL AND {again}
            AND p.was_known_at <= p.known_at
            AND NOT EXISTS (
                SELECT 1 FROM ReplacedOdds r
                WHERE r.match_id = p.match_id AND r.market_id = p.market_id AND r.line = p.line
                AND r.bookmaker_id = p.bookmaker_id AND r.outcome = p.outcome
                AND r.scraped_at > p.was_seen_at AND r.scraped_at <= p.scraped_at AND r.replaced_at > p.known_at
            )
            AND p.any_suspect IS NULL AND (p.run_id IS NULL OR p.nth_run > {WHOLE_RUNS})
            AND (m.match_date IS NULL OR p.scraped_at > m.match_date OR p.next_at <= m.match_date)
            ORDER BY p.id
            """,  # noqa: S608 - columns and numbers of our own
            self._before,
        )

    def _matches(self) -> Iterator[int]:
        some = [-1]
        while some:
            statement = f"SELECT id FROM Matches WHERE id > {self._mark} ORDER BY id LIMIT {MATCHES}"  # noqa: S608
            some = self._column(statement, some[-1])
            yield from some

    def _markets(self, match: int) -> list[_Piece]:
        """Each market of a match as a piece. The unique index has all that is asked for."""
        found = self._database.execute_sql(
            f"SELECT market_id, COUNT(*), SUM(scraped_at < {self._mark}) FROM Odds"  # noqa: S608
            f" WHERE match_id = {self._mark} GROUP BY market_id",
            (self._before, match),
        ).fetchall()
        return [_Piece(match, match, rows, int(old), market) for market, rows, old in found]

    def _column(self, statement: str, *values: Any) -> list[int]:
        return [value for (value,) in self._database.execute_sql(statement, values).fetchall()]


# -- what is remembered ------------------------------------------------------------------------------------------------


def forget(database: Database, outdated: Outdated, before: datetime, *, dry_run: bool = False) -> int:
    """Delete the rows of a table dated before ``before`` (aware) that have ended; ``dry_run``: only count them.

    :returns: how many.
    """
    table, dated, mark = outdated.table, outdated.dated, database.param
    where = f"FROM {table} WHERE {dated} >= {mark} AND {dated} < {mark} AND {outdated.ended}"
    since: Any = text(datetime(1970, 1, 1, tzinfo=UTC))
    if dry_run:
        return int(database.execute_sql(f"SELECT COUNT(*) {where}", (since, text(before))).fetchone()[0])
    statement = f"SELECT {outdated.key}, {dated} {where} ORDER BY {dated} LIMIT {ROWS}"
    gone = 0
    while True:
        # Each time from where the last rows were: a server passes by those it has yet to clear away.
        found = database.execute_sql(statement, (since, text(before))).fetchall()
        gone += _delete(database, table, outdated.key, [key for key, _ in found])
        if len(found) < ROWS:
            return gone
        since = found[-1][1]


# -- how ---------------------------------------------------------------------------------------------------------------


def _delete(database: Database, table: str, key: str, keys: Sequence[Any]) -> int:
    """Delete rows by their keys, some at a time; how many were still there."""
    gone = 0
    for start in range(0, len(keys), ROWS):
        began = time.monotonic()
        gone += _delete_some(database, table, key, keys[start : start + ROWS])
        time.sleep(max(TURN_SECONDS, time.monotonic() - began))
    return gone


def _delete_some(database: Database, table: str, key: str, keys: Sequence[Any]) -> int:
    marks = ", ".join([database.param] * len(keys))
    statement = f"DELETE FROM {table} WHERE {key} IN ({marks})"  # noqa: S608 - names of our own
    return _in_transaction(database, lambda: int(database.execute_sql(statement, tuple(keys)).rowcount))


def _in_transaction(database: Database, work: Callable[[], int]) -> int:
    """One transaction, tried again where that may help."""
    for pause in (*PAUSES, None):
        try:
            with database.transaction(begin_writing(database)):
                return work()
        except PeeweeException as error:
            hang_up(database)
            if pause is None or fault_of(error) is not Fault.PASSING:
                raise
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")
