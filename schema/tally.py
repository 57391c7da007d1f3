"""What is counted of the prices ahead of time, so that a page of ten million needs no more than a glance.

The store leaves word of each match and hour that something was said of (TouchedMatches, TouchedHours), in the same
transaction. Whoever tallies takes some of these, counts each match and hour anew from Odds, whatever came and in
whatever order, and takes the word away with it: killed before, it finds the word again; a price that comes meanwhile
leaves another. One tallies at a time, for it holds the rows of Tallies.

What was there before anybody tallied, or what a person wants counted anew, is gone through once, besides.
"""

import time
from calendar import monthrange
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from peewee import Database, DatabaseError, OperationalError

from schema.database import begin_writing, hang_up, is_embedded
from schema.doubt import undoubted
from schema.instants import to_paris
from schema.markets import MARKETS, Market
from schema.models import (
    LatestOdds,
    MarketNames,
    Matches,
    Odds,
    OddsHours,
    Payouts,
    Tallies,
    TouchedHours,
    TouchedMatches,
    now,
)
from schema.payouts import DAY, MONTH, SUMS, Seen, payouts
from schema.sql import CHUNK, Sql

SECONDS = 0.1
"""Of one step, after which it begins no other match: who writes meanwhile waits no longer."""
LOOKED_AT = 20_000
"""Words that one step looks at: of a match that was touched again and again all are done with."""
SWEPT = 50
"""Matches of the first tally that one step takes up."""
PATIENCE = timedelta(minutes=1)
"""So often the hour that goes on is counted: prices come of it all the time."""
HOUR = timedelta(hours=1)

MATCHES, HOURS = "matches", "hours"

COLUMNS = (
    *("match_id", "market_id", "line", "bookmaker_id", "league_id", "day", "kickoff", "scraped_at", "trj"),
    *("published_trj", "opened_at", "opening_trj", "stale", "books", "outcomes", "best_alone", "best_tied"),
    "best_weight",
)

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables have it

_NO_MATCH, _NO_INSTANT = -987_654_321, datetime(1000, 1, 2, 3, 4, 5)  # noqa: DTZ001 - as the tables have it
"""What stands for them in a statement that is written once."""

Cell = tuple[str, int]
"""Day and league: what PayoutDays are counted by."""


@dataclass(slots=True)
class Done:
    """What a step did; ``left``: whether there was more to do than it did; ``taken``: another tallies just now."""

    matches: int = 0
    hours: int = 0
    left: bool = False
    taken: bool = False

    @property
    def idle(self) -> bool:
        return not self.matches and not self.hours and not self.left


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the tally is behind.

    :ivar waiting: matches and hours that were touched since, at most ``MANY``; :ivar since: naive UTC, of the oldest.
    :ivar whole: whether the first tally is through; before, what was stored earlier is not all counted.
    :ivar busy_at: naive UTC, when something was last counted; ``None`` where nobody ever tallied.
    """

    waiting: int
    since: datetime | None
    whole: bool
    busy_at: datetime | None


MANY = 1000


def touch(database: Database, matches: Iterable[int]) -> None:
    """Have these matches tallied anew: for whoever changes or removes them by hand, in the same transaction."""
    touched_at = now()
    rows = [{"match": match, "touched_at": touched_at} for match in matches]
    for start in range(0, len(rows), CHUNK):
        TouchedMatches.insert_many(rows[start : start + CHUNK]).execute(database)


def touch_hours(database: Database, hours: Iterable[datetime]) -> None:
    """The same of hours (their beginnings, naive UTC), for prices that are others' then, or gone."""
    touched_at = now()
    rows = [{"hour": hour, "touched_at": touched_at} for hour in hours]
    for start in range(0, len(rows), CHUNK):
        TouchedHours.insert_many(rows[start : start + CHUNK]).execute(database)


def touch_hours_of(database: Database, bookmaker: int) -> None:
    """The same of all hours in which a bookmaker was counted. Nobody tallies from here to the end of the transaction:
    what another is counting now, of prices that are still that bookmaker's, is waited for, and touched too.
    """
    Tallies.update(name=Tallies.name).execute(database)
    counted = OddsHours.select(OddsHours.hour).where(OddsHours.bookmaker == bookmaker).distinct()
    touch_hours(database, [hour for (hour,) in counted.tuples().execute(database)])


def again(database: Database, *names: str) -> None:
    """Have everything tallied anew, some with each step; or only ``MATCHES``, or ``HOURS``."""
    Tallies.update(position=None, done_at=None).where(Tallies.name.in_(names or (MATCHES, HOURS))).execute(database)


def freshness(database: Database) -> Freshness:
    """How far the tally of ``database`` is behind: one query, which reads little however much there is."""
    waiting = " UNION ALL ".join(
        f"SELECT COUNT(*), MIN(touched_at) FROM (SELECT touched_at FROM {table} ORDER BY id LIMIT {MANY}) AS t{table}"  # noqa: S608
        for table in ("TouchedMatches", "TouchedHours")
    )
    counted = "SELECT SUM(done_at IS NULL), MAX(busy_at) FROM Tallies"
    matches, hours, (undone, busy_at) = database.execute_sql(f"{waiting} UNION ALL {counted}").fetchall()
    since = min((found[1] for found in (matches, hours) if found[1]), default=None)
    return Freshness(
        waiting=min(MANY, int(matches[0] + hours[0])),
        since=_instant(since),
        whole=not undone,
        busy_at=_instant(busy_at),
    )


def _instant(found: object) -> datetime | None:
    """What SQLite has as text, MySQL as an instant, and a union of both as either."""
    if isinstance(found, bytes):
        found = found.decode()
    return datetime.fromisoformat(found) if isinstance(found, str) else found  # type: ignore[return-value]


class Tally:
    """Tallies one database, a step at a time. Not shared between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = sql = Sql(database)
        self._insert = sql.insert(Payouts, COLUMNS)
        self._mark = database.param
        self._markets: dict[int, Market] = {}
        self._statements: dict[bool, tuple[str, Sequence[Any]]] = {}
        self._counted_at: tuple[datetime, float] | None = None

    def step(self, *, patiently: bool = False) -> Done:
        """Tally some of what waits, in about a tenth of a second.

        :param patiently: leave the hour that goes on to a later step if it was counted a minute ago.
        :raises PeeweeException: as the database says it; nothing is half done then.
        """
        done = Done()
        try:
            behind = freshness(self._database)
            if behind.whole and not behind.waiting:
                return done  # and no other writer was held up
            with self._database.transaction(begin_writing(self._database)):
                swept = self._alone()
                if swept is None:
                    return Done(taken=True)
                self._tally_matches(done, swept[MATCHES])
                self._tally_hour(done, swept[HOURS], patiently=patiently)
        except BaseException:
            self._markets.clear()
            hang_up(self._database)
            raise
        return done

    def run(self, seconds: float = float("inf")) -> Done:
        """Step after step until nothing waits, or so many seconds are over; what was done in all."""
        total, until = Done(left=True), time.monotonic() + seconds
        while total.left and time.monotonic() < until:
            done = self.step()
            total.matches += done.matches
            total.hours += done.hours
            total.left = done.left
        return total

    def _alone(self) -> dict[str, tuple[int | None, bool]] | None:
        """How far the first tally is, by its name: position, and whether it is through. ``None``: another tallies."""
        wait = "" if is_embedded(self._database) else " FOR UPDATE NOWAIT"
        try:
            rows = self._rows(f"SELECT name, position, done_at FROM Tallies ORDER BY name{wait}")  # noqa: S608
        except DatabaseError as error:
            if _is_taken(error):
                return None
            raise
        return {name: (position, done_at is not None) for name, position, done_at in rows}

    # -- matches -------------------------------------------------------------------------------------------------------

    def _tally_matches(self, done: Done, swept: tuple[int | None, bool]) -> None:
        until = time.monotonic() + SECONDS
        words = self._rows(f"SELECT id, match_id FROM TouchedMatches ORDER BY id LIMIT {LOOKED_AT}")  # noqa: S608
        waiting = dict.fromkeys(match for _, match in words)
        cells: set[Cell] = set()
        counted = self._tally_some(list(waiting), cells, until)
        known = set(counted)
        self._delete("TouchedMatches", [number for number, match in words if match in known])
        done.matches += len(counted)
        done.left |= len(counted) < len(waiting) or len(words) == LOOKED_AT
        position, through = swept
        if not through and not done.left:
            self._sweep_matches(done, position or 0, cells, until)
        for day, league in sorted(cells):
            self._count_day(day, league)
        self._count_spans({day for day, _ in cells})
        if counted:
            self._note(MATCHES)

    def _sweep_matches(self, done: Done, position: int, cells: set[Cell], until: float) -> None:
        """Go on with the first tally: matches in the order of their ids; and rows of matches that are no more."""
        found = self._rows(
            f"SELECT id FROM Matches WHERE id > {self._mark} UNION SELECT match_id FROM Payouts"  # noqa: S608
            f" WHERE match_id > {self._mark} ORDER BY 1 LIMIT {SWEPT}",
            position,
            position,
        )
        counted = self._tally_some([match for (match,) in found], cells, until)
        done.matches += len(counted)
        through = not found
        done.left |= not through
        self._note(MATCHES, position=counted[-1] if counted else position, through=through)

    def _tally_some(self, matches: Sequence[int], cells: set[Cell], until: float) -> list[int]:
        """Tally these matches while there is time, the first in any case; which it did."""
        counted: list[int] = []
        for match in matches:
            if counted and time.monotonic() > until:
                break
            cells |= self._tally_match(match)
            counted.append(match)
        return counted

    def _tally_match(self, match: int) -> set[Cell]:
        """Count one match anew; the days and leagues it was in, and is in now."""
        old = f"FROM Payouts WHERE match_id = {self._mark}"
        cells = {(str(day), league) for day, league in self._rows(f"SELECT DISTINCT day, league_id {old}", match)}
        self._database.execute_sql(f"DELETE {old}", (match,))
        rows = self._count_match(match)
        if rows:
            self._sql.write(self._database.connection().cursor(), rows, self._insert)
        return cells | {(row[5], row[4]) for row in rows}

    def _count_match(self, match: int) -> list[tuple[Any, ...]]:
        where = Matches.select(Matches.league, Matches.match_date).where(Matches.id == match).tuples()
        (league, kickoff) = next(iter(where.execute(self._database)), (None, None))
        if league is None:
            return []
        opening, closing = self._ends(match, kickoff)
        told = self._prices({*opening, *closing})
        first, last = ([told[number] for number in numbers if number in told] for numbers in (opening, closing))
        return [
            (
                *(match, one.market, str(one.line), one.bookmaker, league, str(_day(kickoff or one.scraped_at))),
                *(kickoff and str(kickoff), str(one.scraped_at), _text(one.trj), _text(one.published_trj)),
                *(str(one.opened_at), _text(one.opening_trj), int(one.stale), one.books, one.outcomes),
                *(one.best_alone, one.best_tied, one.best_weight),
            )
            for one in payouts(first, last, self._known_markets())
        ]

    def _ends(self, match: int, kickoff: datetime | None) -> tuple[list[int], list[int]]:
        """The ids of the first and of the last price of each series, not after the kick-off.

        Each is found by the unique index: however long the history is, little of it is read.
        """
        statement, values = self._ends_of(dated=kickoff is not None)
        instead = {str(_NO_MATCH): match, str(_NO_INSTANT): kickoff and str(kickoff)}
        rows = self._rows(statement, *(instead.get(str(value), value) for value in values))
        found = [row for row in rows if row[0] is not None]
        return [row[0] for row in found], [row[1] for row in found]

    def _ends_of(self, *, dated: bool) -> tuple[str, Sequence[Any]]:
        """The statement of :meth:`_ends`, and its values, of no match and no kick-off: to write it takes Peewee longer
        than to answer it takes the database.
        """
        if dated not in self._statements:
            ends = (self._end(_NO_INSTANT if dated else None, last=last) for last in (False, True))
            query = LatestOdds.select(*ends).where(LatestOdds.match == _NO_MATCH)
            self._statements[dated] = query.bind(self._database).sql()
        return self._statements[dated]

    def _end(self, kickoff: datetime | None, *, last: bool) -> Any:
        odds = Odds.alias()
        same = (
            (odds.match == LatestOdds.match)
            & (odds.market == LatestOdds.market)
            & (odds.line == LatestOdds.line)
            & (odds.bookmaker == LatestOdds.bookmaker)
            & (odds.outcome == LatestOdds.outcome)
        )
        counts = (odds.partial == False) & undoubted(odds, self._database)  # noqa: E712 - SQL's
        in_time = True if kickoff is None else odds.scraped_at <= kickoff
        order = odds.scraped_at.desc() if last else odds.scraped_at
        return odds.select(odds.id).where(same & counts & in_time).order_by(order).limit(1)

    def _prices(self, numbers: Iterable[int]) -> dict[int, Seen]:
        told: dict[int, Seen] = {}
        numbers = sorted(numbers)
        for start in range(0, len(numbers), CHUNK):
            rows = Odds.select(
                Odds.id,
                *(Odds.market, Odds.line, Odds.bookmaker, Odds.outcome, Odds.odd_value, Odds.scraped_at),
                Odds.published_trj,
            ).where(Odds.id.in_(numbers[start : start + CHUNK]))
            for number, *price in rows.tuples().execute(self._database):
                told[number] = Seen(*price)
        return told

    def _known_markets(self) -> dict[int, Market]:
        """By their ids."""
        if not self._markets:
            rows = MarketNames.select(MarketNames.id, MarketNames.code).tuples().execute(self._database)
            self._markets = {number: MARKETS[code] for number, code in rows if code in MARKETS}
        return self._markets

    def _count_day(self, day: str, league: int) -> None:
        whole = "INTEGER" if is_embedded(self._database) else "SIGNED"
        here = f"day = {self._mark} AND league_id = {self._mark}"

        def total(value: str, counted: str = "1 = 1") -> str:
            return f"CAST(COALESCE(SUM(CASE WHEN {counted} THEN {value} ELSE 0 END), 0) AS {whole})"

        trj, published, opening = (
            f"CAST(ROUND({column} * 100) AS {whole})" for column in ("trj", "published_trj", "opening_trj")
        )
        opened = "opening_trj IS NOT NULL AND trj IS NOT NULL"
        figures = (
            "COUNT(DISTINCT match_id)",
            *("COUNT(trj)", total(trj, "trj IS NOT NULL"), total(f"{trj} * {trj}", "trj IS NOT NULL")),
            *("COUNT(published_trj)", total(published, "published_trj IS NOT NULL")),
            *(total("1", opened), total(opening, opened), total(trj, opened)),
            *map(total, ("outcomes", "best_alone", "best_tied", "best_weight")),
        )
        self._database.execute_sql(f"DELETE FROM PayoutDays WHERE {here}", (day, league))  # noqa: S608
        self._database.execute_sql(
            f"INSERT INTO PayoutDays (day, league_id, market_id, bookmaker_id, {', '.join(SUMS)})"  # noqa: S608
            f" SELECT day, league_id, market_id, bookmaker_id, {', '.join(figures)} FROM Payouts"
            f" WHERE {here} AND stale = 0 GROUP BY day, league_id, market_id, bookmaker_id",
            (day, league),
        )

    def _count_spans(self, days: Iterable[str]) -> None:
        """These days, and the months they are in, of all leagues together."""
        days = sorted(days)
        by_league = "PayoutDays WHERE market_id IN (SELECT id FROM MarketNames) AND day"  # so that its key finds them
        for day in days:
            self._count_span(DAY, day, f"{by_league} = {self._mark}", day)
        by_day = f"PayoutSpans WHERE span = {self._mark} AND day BETWEEN {self._mark} AND {self._mark}"
        for first in dict.fromkeys(f"{day[:8]}01" for day in days):
            self._count_span(MONTH, first, by_day, DAY, first, _last_of_month(first))

    def _count_span(self, span: str, first: str, those: str, *values: str) -> None:
        here = f"span = {self._mark} AND day = {self._mark}"
        self._database.execute_sql(f"DELETE FROM PayoutSpans WHERE {here}", (span, first))  # noqa: S608
        self._database.execute_sql(
            f"INSERT INTO PayoutSpans (span, day, market_id, bookmaker_id, {', '.join(SUMS)})"  # noqa: S608
            f" SELECT {self._mark}, {self._mark}, market_id, bookmaker_id, {', '.join(f'SUM({one})' for one in SUMS)}"
            f" FROM {those} GROUP BY market_id, bookmaker_id",
            (span, first, *values),
        )

    # -- hours ---------------------------------------------------------------------------------------------------------

    def _tally_hour(self, done: Done, swept: tuple[int | None, bool], *, patiently: bool) -> None:
        words = self._rows(f"SELECT id, hour FROM TouchedHours ORDER BY id LIMIT {LOOKED_AT}")  # noqa: S608
        waiting = sorted({str(hour) for _, hour in words})
        postponed = [hour for hour in waiting if patiently and self._is_too_soon(hour)]
        ready = [hour for hour in waiting if hour not in postponed]
        position, through = swept
        if ready:
            # The newest first: it is what people look at.
            self._count_hour(ready[-1])
            self._delete("TouchedHours", [number for number, hour in words if str(hour) == ready[-1]])
            self._note(HOURS)
            done.hours += 1
            done.left |= len(ready) > 1 or len(words) == LOOKED_AT or not through
        elif not through:
            self._sweep_hours(done, position)

    def _is_too_soon(self, hour: str) -> bool:
        counted = self._counted_at
        return (
            counted is not None and hour == str(counted[0]) and time.monotonic() - counted[1] < PATIENCE.total_seconds()
        )

    def _sweep_hours(self, done: Done, position: int | None) -> None:
        """Go on with the first tally: the newest hour that is earlier than the last one counted."""
        before = "" if position is None else f" WHERE scraped_at < {self._mark}"
        some = () if position is None else (str(_EPOCH + timedelta(seconds=position)),)
        ((newest,),) = self._rows(f"SELECT MAX(scraped_at) FROM Odds{before}", *some)  # noqa: S608
        if newest is None:
            self._note(HOURS, position=position, through=True)
            return
        instant = _instant(newest)
        assert instant
        hour = instant.replace(minute=0, second=0, microsecond=0)
        self._count_hour(str(hour))
        self._note(HOURS, position=int((hour - _EPOCH).total_seconds()), through=False)
        done.hours += 1
        done.left = True

    def _count_hour(self, hour: str) -> None:
        began = datetime.fromisoformat(hour)
        self._counted_at = (began, time.monotonic())
        self._database.execute_sql(f"DELETE FROM OddsHours WHERE hour = {self._mark}", (hour,))  # noqa: S608
        self._database.execute_sql(
            "INSERT INTO OddsHours (hour, league_id, market_id, bookmaker_id, prices, matches, suspects, last_at)"  # noqa: S608
            f" SELECT {self._mark}, m.league_id, o.market_id, o.bookmaker_id, COUNT(*), COUNT(DISTINCT o.match_id),"
            " COUNT(o.suspect), MAX(o.scraped_at) FROM Odds o JOIN Matches m ON m.id = o.match_id"
            f" WHERE o.scraped_at >= {self._mark} AND o.scraped_at < {self._mark}"
            " GROUP BY m.league_id, o.market_id, o.bookmaker_id",
            (hour, hour, str(began + HOUR)),
        )

    # -- how -----------------------------------------------------------------------------------------------------------

    def _note(self, name: str, **sweep: Any) -> None:
        if sweep:
            sweep = {"position": sweep["position"], "done_at": now() if sweep["through"] else None}
        Tallies.update(busy_at=now(), **sweep).where(Tallies.name == name).execute(self._database)

    def _delete(self, table: str, numbers: Sequence[int]) -> None:
        for start in range(0, len(numbers), CHUNK):
            some = numbers[start : start + CHUNK]
            marks = ", ".join([self._mark] * len(some))
            self._database.execute_sql(f"DELETE FROM {table} WHERE id IN ({marks})", tuple(some))  # noqa: S608

    def _rows(self, statement: str, *values: Any) -> Sequence[tuple[Any, ...]]:
        return self._database.execute_sql(statement, values).fetchall()


def _is_taken(error: BaseException) -> bool:
    """Whether it says that another holds the rows: the words of MariaDB, and of MySQL."""
    with suppress(AttributeError, IndexError):
        return isinstance(error, OperationalError) and error.args[0] in (1205, 3572)
    return False


def _day(instant: datetime) -> date:
    """Its day in Paris. :param instant: naive UTC."""
    return to_paris(instant.replace(tzinfo=UTC)).date()


def _last_of_month(first: str) -> str:
    """A day that there is: MySQL takes no 31 February, even to compare with."""
    return f"{first[:8]}{monthrange(int(first[:4]), int(first[5:7]))[1]}"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
