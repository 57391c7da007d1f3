"""Rules, read each minute: what they say of what is known is noted, and the messages about it written.

What was seen is read once: rows of Odds that are new are fed to one :class:`~analytics.alerts.market.Board`, whichever
rules ask it. A process that begins anew reads what the rules look back on; what is open, and who was told what, is in
the tables. A minute that nobody was there for is not made up for: nobody wants to be told what is over.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from peewee import Database

from admin.alerting.messages import Composer
from analytics.alerts import sources
from analytics.alerts.machine import CLOSED, OPENED, TOLD, UPDATED, Reading, State, Transition, step
from analytics.alerts.market import Board, Price
from analytics.alerts.quiet import is_quiet, quiet_end
from analytics.alerts.rules import MISSING, OF_CRAWLS, OF_PRICES, Rule, minute, problems, rule_of
from analytics.alerts.watching import Coverage, Crawls, Sighting
from schema import alerts
from schema.alerts import Note
from schema.models import AlertRules

MOST_ROWS = 600_000
"""Rows of Odds that are read to begin with."""
PAGE = 20_000
"""Rows in one statement."""
FORGET_EVERY = timedelta(minutes=10)
DETAILS_LENGTH = 2000

KIND_OF = {TOLD: alerts.OPENED, UPDATED: alerts.UPDATED, CLOSED: alerts.CLOSED}
"""The message that a loud transition is."""

logger = logging.getLogger(__name__)


class Engine:
    """Reads rules and notes what comes of them. The tables of this process are those of ``database``."""

    def __init__(self, database: Database, composer: Composer) -> None:
        self._database = database
        self._composer = composer
        self._seen = Seen()
        self._complaints: dict[int, list[str]] = {}

    def step(self, now: datetime) -> int:
        """Read every rule at the minute that ``now`` (naive UTC) is in. :returns: how many things changed.

        :raises PeeweeException: when the database is away; the next step does all of it.
        """
        at = minute(now)
        rows = [row for row in alerts.rules(self._database) if row.enabled and self._can_be_followed(row)]
        if not rows:
            self._seen = Seen()
            return 0
        rules = {row.id: rule_of(row) for row in rows}
        known = alerts.open_events(self._database, at - max(rule.cooldown for rule in rules.values()))
        still_open = [each for events in known.values() for each in events if each.closed_at is None]
        concerned = {each.match_id for each in still_open if each.match_id is not None}
        self._seen.look(rules.values(), at, concerned)
        channels = alerts.channels_of(self._database, enabled_only=True)
        changed = 0
        for row in rows:
            notes = list(self._notes(row, rules[row.id], at, known.get(row.id, ())))
            told = channels.get(row.id, [])
            if notes and alerts.record(self._database, row, notes, told=told, compose=self._composer.of(row), at=at):
                changed += len(notes)
        return changed

    def _can_be_followed(self, row: AlertRules) -> bool:
        """Say once what cannot."""
        found = list(problems(rule_of(row)))
        if found and self._complaints.get(row.id) != found:
            logger.warning("rule %d is passed over: its %s makes no sense", row.id, ", ".join(found))
        self._complaints[row.id] = found
        return not found

    def _notes(self, row: AlertRules, rule: Rule, at: datetime, events: Sequence[Any]) -> Iterable[Note]:
        there = {event.subject: event for event in events if event.closed_at is None}
        closed = {event.subject: event.closed_at for event in events if event.closed_at is not None}
        muted = row.muted_until is not None and at < row.muted_until
        hushed = muted or is_quiet(at, rule.quiet_from, rule.quiet_until)
        readings = dict(self._seen.readings(rule, at))
        for subject, event in there.items():
            readings.setdefault(subject, self._seen.of_unseen(event, at))
        for subject, reading in readings.items():
            event = there.get(subject)
            before = _state(event) if event is not None else State(closed_at=closed.get(subject))
            after, happened = step(rule, before, at, reading, hushed=hushed)
            if note := _note(rule, subject, event, (before, after), reading, happened):
                yield replace(note, messages=()) if muted else note


class Seen:
    """What was seen, as far as rules look back."""

    def __init__(self) -> None:
        self._board: Board | None = None
        self._since = timedelta()
        self._numbers: list[int] = []
        self._ahead: list[tuple[int, Price]] = []
        self._forgot_at: datetime | None = None
        self._sightings: dict[tuple[int, int], Sighting] = {}
        self._covered = timedelta()
        self._crawls = Crawls(())

    def look(self, rules: Iterable[Rule], at: datetime, match_ids: Iterable[int]) -> None:
        """Take in what is new. ``match_ids``: matches that are asked for besides those with prices."""
        rules = list(rules)
        back = max((rule.lookback for rule in rules if rule.kind in OF_PRICES), default=None)
        covered = max((rule.lookback for rule in rules if rule.kind == MISSING), default=None)
        if back is None and covered is None:
            self._board = None
        elif self._board is None or (back or timedelta()) > self._since or (covered or timedelta()) > self._covered:
            self._begin(at, back or timedelta(), covered or timedelta())
        else:
            self._go_on(at)
        if self._board is not None:
            wanted = {*self._board.match_ids, *match_ids}
            self._board.fixtures = sources.fixtures(wanted)
            self._board.bookmakers = sources.bookmakers()
        if covered is not None:
            self._sightings |= {
                (each.league_id, each.bookmaker_id): each for each in sources.last_sightings(at - covered)
            }
        if any(rule.kind in OF_CRAWLS for rule in rules):
            self._crawls = Crawls(sources.ended(at - timedelta(days=7), at))

    def readings(self, rule: Rule, at: datetime) -> Iterable[tuple[str, Reading]]:
        """What a rule reads at this minute."""
        if rule.kind in OF_CRAWLS:
            return self._crawls.readings(rule, at)
        if rule.kind == MISSING:
            return Coverage(self._sightings.values()).readings(rule, at)
        assert self._board is not None
        return self._board.readings(rule, at)

    def of_unseen(self, event: Any, at: datetime) -> Reading:
        """The reading of a thing that is open, and of which nothing is seen any more."""
        fixture = None if self._board is None else self._board.fixtures.get(event.match_id)
        over = fixture is not None and fixture.kickoff is not None and fixture.kickoff <= at
        return Reading(None, match_id=event.match_id, over=over, details=json.loads(event.details))

    def _begin(self, at: datetime, back: timedelta, covered: timedelta) -> None:
        number = sources.newest_id()
        found = sources.prices_since(at - back, MOST_ROWS)
        if len(found) == MOST_ROWS:
            logger.warning("rules look back %s, and only the newest %d prices of it are read", back, MOST_ROWS)
        self._board, self._since, self._covered = Board(), back, covered
        self._numbers, self._ahead, self._forgot_at = [number, number], [], at
        self._sightings = {}
        self._take(found, at)

    def _go_on(self, at: datetime) -> None:
        """Rows with the numbers of the last two minutes are read again: one may be committed after a greater one."""
        assert self._board is not None
        number = self._numbers[0]
        found = self._ahead
        while page := sources.prices_after(number, PAGE):
            found = found + page
            number = page[-1][0]
            if len(page) < PAGE:
                break
        self._numbers = [self._numbers[1], max(number, self._numbers[1])]
        self._take(sorted(found, key=lambda row: (row[1].at, row[0])), at)
        if self._forgot_at is None or at - self._forgot_at >= FORGET_EVERY:
            self._board.forget(at - self._since)
            self._forgot_at = at

    def _take(self, found: Sequence[tuple[int, Price]], at: datetime) -> None:
        """What was seen after this minute waits for the next one."""
        assert self._board is not None
        self._board.feed(price for _, price in found if price.at <= at)
        self._ahead = [row for row in found if row[1].at > at]


def _state(event: Any) -> State:
    told = event.told_at is not None
    return State(event.opened_at, event.told_at, event.told_value if told else None, event.calm_since)


def _note(  # noqa: PLR0917 - all of one thing
    rule: Rule,
    subject: str,
    event: Any,
    states: tuple[State, State],
    reading: Reading,
    happened: Sequence[Transition],
) -> Note | None:
    """What is to be written, if anything is."""
    before, after = states
    is_new = event is None or (reading.value is not None and reading.value != event.value)
    if after == before and not happened and (not before.is_open or not is_new):
        return None
    messages = tuple(KIND_OF[each.what] for each in happened if each.loud)
    values: dict[str, Any] = {"calm_since": after.calm_since}
    if reading.value is not None:
        values["value"] = reading.value
    for each in happened:
        values |= _values(each)
    if not before.is_open and not happened:
        return None
    last = happened[-1] if happened else None
    held = None if last is None else quiet_end(last.at, rule.quiet_from, rule.quiet_until)
    number = None if event is None else event.id
    return Note(subject, number, values, messages, held, closes=last is not None and last.what == CLOSED)


def _values(transition: Transition) -> Mapping[str, Any]:
    reading, at = transition.reading, transition.at
    if transition.what == CLOSED:
        return {"closed_at": at, "closed_because": transition.because, "calm_since": None}
    assert reading.value is not None
    told = {"value": reading.value, "told_value": reading.value, "age": reading.age, "details": _written(reading)}
    if transition.what == OPENED:
        return {"opened_at": at, "match_id": reading.match_id, **told}
    assert transition.what in (TOLD, UPDATED)
    return told | {"told_at": at} | ({"announced_at": at} if transition.what == TOLD else {})


def _written(reading: Reading) -> str:
    """Details as JSON that fits the column: of lists what does not fit is left out."""
    details = dict(reading.details)
    while len(said := json.dumps(details, ensure_ascii=False, default=str)) > DETAILS_LENGTH:
        longest = max(details, key=lambda name: len(str(details[name])))
        details[longest] = str(details[longest])[:200] if isinstance(details[longest], str) else details[longest][:1]
    return said
