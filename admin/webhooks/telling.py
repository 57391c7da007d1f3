"""Finds what hooks are to be told: prices that were stored, alerts that opened and closed, runs that ended.

Prices are told a while after they were stored, so that of two writers the one that committed last is not passed over.
How far was looked is in the tables; what was open and has ended meanwhile is known by looking again at what was open.
"""

import json
import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import Database, chunked, fn

from admin.api import changes
from admin.api.answers import instant
from admin.api.changes import Change, Wanted
from schema import runs, webhooks
from schema.models import AlertEvents, AlertRules, Matches, Odds, Runs, Webhooks, now
from schema.webhooks import BACKLOG, CLOSED, MOST_WAITING, ODDS, OPENED, RUN, SNAPSHOT, Message

SETTLES = timedelta(seconds=15)
"""After so long a row that has a lower number than the newest is there, or never will be."""
EVERY = timedelta(seconds=5)
"""So often runs and alerts are looked at."""
AT_ONCE = 5_000
"""Prices of one look; more are told with the next."""
TOO_FAR = 200_000
"""Rows that a hook is behind after which it is told to ask for all of it instead."""
BODY = 60_000
"""Bytes of one body, at most: what the table holds on any database."""
OVERLAP = timedelta(hours=1)
"""A process that begins looks so far behind what the last one noted."""
LOOKED_BACK = 2_000
"""Runs and alerts, the newest, that are looked through when this process begins."""

logger = logging.getLogger(__name__)


class Teller:
    """Writes what is to be told. Not shared between threads; the tables of this process are those of ``database``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: deque[tuple[datetime, int]] = deque()
        self._runs, self._alerts = _Runs(database), _Alerts(database)
        self._looked_at: datetime | None = None

    def step(self, at: datetime) -> int:
        """Look once, if it is time. :returns: how many messages were written. :raises PeeweeException: then it is done
        again.
        """
        if self._looked_at is not None and timedelta() <= at - self._looked_at < EVERY:
            return 0
        hooks = webhooks.listening(self._database)
        self._switch_off_those_behind(hooks, at)
        written = self._tell_prices([hook for hook in hooks if ODDS in hook.kinds.split()], at)
        written += self._runs.tell(hooks, at)
        written += self._alerts.tell(hooks, at)
        self._looked_at = at
        return written

    def _switch_off_those_behind(self, hooks: Sequence[Webhooks], at: datetime) -> None:
        waiting = webhooks.waiting(self._database) if hooks else {}
        for hook in hooks:
            if waiting.get(hook.id, 0) >= MOST_WAITING:
                logger.warning("hook %d (%s) is switched off: %d messages wait", hook.id, hook.name, waiting[hook.id])
                webhooks.switch_off(self._database, hook.id, BACKLOG, at=at)

    def _tell_prices(self, hooks: Sequence[Webhooks], at: datetime) -> int:
        newest = int(Odds.select(fn.MAX(Odds.id)).scalar(self._database) or 0)
        settled = self._settled(newest, at)
        known = webhooks.positions(self._database).get("odds")
        if known is None:  # nothing was promised yet
            webhooks.record(self._database, "odds", newest, (), at=at)
            return 0
        if settled is None or settled <= known.position:
            return 0
        if not hooks:
            webhooks.record(self._database, "odds", settled, (), at=at)
            return 0
        if settled - known.position > TOO_FAR:
            missed = [Message(hook.id, f"snapshot-{hook.id}-{settled}", SNAPSHOT, "{}") for hook in hooks]
            return webhooks.record(self._database, "odds", settled, missed, at=at)
        found = changes.after(known.position, AT_ONCE, until=settled)
        position = found[-1].id if len(found) == AT_ONCE else settled
        messages = [message for hook in hooks for message in _of_prices(hook, found)]
        return webhooks.record(self._database, "odds", position, messages, at=at)

    def _settled(self, newest: int, at: datetime) -> int | None:
        """The row that was the newest a while ago; ``None`` while that is not known."""
        self._newest.append((at, newest))
        settled = None
        while self._newest and self._newest[0][0] <= at - SETTLES:
            settled = self._newest[0][1]
            if len(self._newest) < 2 or self._newest[1][0] > at - SETTLES:
                break
            self._newest.popleft()
        return settled


class _Ends:
    """Rows that begin, and end later: each beginning and each end is told once to every hook that wants it."""

    name: str
    model: Any
    begins: str | None
    ends: str

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: set[int] | None = None

    def tell(self, hooks: Sequence[Webhooks], at: datetime) -> int:
        """:returns: how many messages were written."""
        known = webhooks.positions(self._database).get(self.name)
        newest = int(self.model.select(fn.MAX(self.model.id)).scalar(self._database) or 0)
        position = newest if known is None else known.position
        looked = self._looked_at(newest, position)
        begun = [row for row in looked if row.id > position]
        over = sorted((row for row in looked if self.ended_at(row)), key=lambda row: (self.ended_at(row), row.id))
        if self._open is None and known is not None:
            # What ended while nobody looked; what was told before has the same ids again, and is not told anew.
            since = known.at - OVERLAP
            over = [row for row in over if row.id > position or (self.ended_at(row) or at) >= since]
        elif known is None:  # nothing was promised yet
            over = []
        messages = [*self._messages(hooks, begun, self.begins), *self._messages(hooks, over, self.ends)]
        written = 0
        if known is None or messages or newest != position or at - known.at >= OVERLAP:
            written = webhooks.record(self._database, self.name, newest, messages, at=at)
        self._open = {row.id for row in looked if not self.ended_at(row)}
        return written

    def _looked_at(self, newest: int, position: int) -> list[Any]:
        """What was open at the last look, and what is new; the first time the newest there are."""
        lower = newest - LOOKED_BACK if self._open is None else max(position, newest - LOOKED_BACK)
        number = self.model.id
        found = list(self.rows().where(number > lower, number <= newest).order_by(number).execute(self._database))
        for some in chunked(sorted(number for number in self._open or () if number <= lower), 500):
            found += self.rows().where(number.in_(some)).execute(self._database)
        return found

    def _messages(self, hooks: Sequence[Webhooks], rows: Sequence[Any], kind: str | None) -> Iterator[Message]:
        wanting = [hook for hook in hooks if kind in hook.kinds.split()]
        if kind is None or not rows or not wanting:
            return
        leagues = self.leagues_of(rows)
        for hook in wanting:
            for row in rows:
                ended = self.ended_at(row) if kind == self.ends else None
                if (ended is not None and ended < hook.since) or not self.concerns(hook, row, leagues):
                    continue
                delivery_id = f"{kind}-{hook.id}-{row.id}"
                yield Message(hook.id, delivery_id, kind, _body(self.told(row)))

    def rows(self) -> Any:
        return self.model.select()

    def leagues_of(self, rows: Sequence[Any]) -> Mapping[int, int]:
        return {}

    def concerns(self, hook: Webhooks, row: Any, leagues: Mapping[int, int]) -> bool:
        return True

    def ended_at(self, row: Any) -> datetime | None:
        raise NotImplementedError

    def told(self, row: Any) -> dict[str, Any]:
        raise NotImplementedError


class _Runs(_Ends):
    name, model, begins, ends = "runs", Runs, None, RUN

    def ended_at(self, row: Any) -> datetime | None:
        if row.state not in runs.ENDED:
            return None
        return row.finished_at or row.reported_at or row.requested_at or now()

    def told(self, row: Any) -> dict[str, Any]:
        same = ("id", "run_id", "spider", "state", "verdict", "exit_code", "sentence", "stored", "prices", "refused")
        instants = ("requested_at", "started_at", "finished_at")
        told = {name: getattr(row, name) for name in same} | {name: instant(getattr(row, name)) for name in instants}
        return {"run": told}


class _Alerts(_Ends):
    name, model, begins, ends = "alerts", AlertEvents, OPENED, CLOSED

    def rows(self) -> Any:
        return AlertEvents.select(AlertEvents, AlertRules).join(AlertRules)

    def leagues_of(self, rows: Sequence[Any]) -> Mapping[int, int]:
        matches = {row.match_id for row in rows if row.match_id}
        query = Matches.select(Matches.id, Matches.league).where(Matches.id.in_(matches))
        return dict(query.tuples().execute(self._database)) if matches else {}

    def concerns(self, hook: Webhooks, row: Any, leagues: Mapping[int, int]) -> bool:
        """One that is of no match concerns those who want all of them."""
        of_match = _number(hook, "match") in (None, row.match_id)
        return of_match and _number(hook, "league") in (None, leagues.get(row.match_id))

    def ended_at(self, row: Any) -> datetime | None:
        at: datetime | None = row.closed_at
        return at

    def told(self, row: Any) -> dict[str, Any]:
        told = {
            "id": row.id,
            "rule": row.rule_id,
            "kind": row.rule.kind,
            "subject": row.subject,
            "match": row.match_id,
            "opened_at": instant(row.opened_at),
            "closed_at": instant(row.closed_at),
            "closed_because": row.closed_because,
            "value": _plain(row.value),
            "threshold": _plain(row.rule.threshold),
            "details": json.loads(row.details),
        }
        return {"alert": told}


def _of_prices(hook: Webhooks, found: Sequence[Change]) -> Iterator[Message]:
    """The prices that it wants, in as many messages as they need."""
    league, match = _number(hook, "league"), _number(hook, "match")
    wanted = Wanted(frozenset(filter(None, [league])), frozenset(filter(None, [match]))).among(found)
    part: list[Change] = []
    size = 0
    for price in wanted:
        long = len(price.text.encode()) + 1
        if part and size + long > BODY:
            yield _message(hook, part)
            part, size = [], 0
        part.append(price)
        size += long
    if part:
        yield _message(hook, part)


def _message(hook: Webhooks, part: Sequence[Change]) -> Message:
    prices = ",".join(price.text for price in part)
    return Message(hook.id, f"{ODDS}-{hook.id}-{part[0].id}-{part[-1].id}", ODDS, f'{{"prices":[{prices}]}}')


def _number(hook: Webhooks, name: str) -> int | None:
    """Of a foreign key, without asking for its row."""
    number: int | None = getattr(hook, f"{name}_id")
    return number


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _body(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)
