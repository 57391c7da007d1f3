"""What the pages of alerts show: rules with the names of what they are about, events, and what became of messages."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from flask import g, has_request_context
from peewee import JOIN, Database, fn

from admin.alerting.messages import market_name
from admin.labels import outcome_label
from admin.words import say
from schema import alerts
from schema.models import AlertEvents, AlertRules, Bookmakers, Channels, Deliveries, Leagues, Matches, Teams

MOST_EVENTS = 30
MOST_CHOICES = 300


def rules(database: Database) -> list[Any]:
    """All rules, the newest first, each with the names of what it is about. One query."""
    home, away = Teams.alias(), Teams.alias()
    names = (
        Leagues.name.alias("league_name"),
        Teams.name.alias("team_name"),
        Bookmakers.name.alias("bookmaker_name"),
        home.name.alias("home_name"),
        away.name.alias("away_name"),
    )
    query = (
        AlertRules.select(AlertRules, *names)
        .join_from(AlertRules, Leagues, JOIN.LEFT_OUTER)
        .join_from(AlertRules, Teams, JOIN.LEFT_OUTER, on=(AlertRules.team == Teams.id))
        .join_from(AlertRules, Bookmakers, JOIN.LEFT_OUTER)
        .join_from(AlertRules, Matches, JOIN.LEFT_OUTER)
        .join_from(Matches, home, JOIN.LEFT_OUTER, on=(Matches.home_team == home.id))
        .join_from(Matches, away, JOIN.LEFT_OUTER, on=(Matches.away_team == away.id))
        .order_by(AlertRules.id.desc())
    )
    return list(query.objects().execute(database))


def scope(row: Any, language: str) -> str:
    """What a rule is about, in words."""
    match = f"{row.home_name} – {row.away_name}" if row.match_id else None  # noqa: RUF001
    market = market_name(row.market) if row.market else None
    outcome = outcome_label(row.outcome, language) if row.outcome else None
    parts = (match, row.team_name, row.league_name, row.bookmaker_name, market, outcome, row.spider)
    return " · ".join(str(part) for part in parts if part) or say("tout", language)


class Rang(NamedTuple):
    """``last``: when a rule rang last (naive UTC); ``active`` of its ``events`` are open."""

    last: datetime
    active: int
    events: int


def last_of_rules(database: Database) -> dict[int, Rang]:
    """How often each rule rang, of those that ever did. One query, which tells how many ring now, too."""
    counts = (fn.COUNT(AlertEvents.open_key), fn.COUNT(AlertEvents.id))
    query = AlertEvents.select(AlertEvents.rule, fn.MAX(AlertEvents.opened_at), *counts).group_by(AlertEvents.rule)
    to_time = AlertEvents.opened_at.python_value
    found = {rule: Rang(to_time(at), active, all_) for rule, at, active, all_ in query.tuples().execute(database)}
    if has_request_context():
        g.active_alerts = sum(rang.active for rang in found.values())
    return found


def events(database: Database, *, active: bool, before: int | None = None) -> list[Any]:
    """The newest first: those that are open, or all. :param before: only with smaller numbers. One query."""
    query = AlertEvents.select().order_by(AlertEvents.id.desc()).limit(MOST_EVENTS + 1)
    if active:
        query = query.where(AlertEvents.open_key.is_null(False))
    if before is not None:
        query = query.where(AlertEvents.id < before)
    return list(query.execute(database))


def deliveries(database: Database, event_ids: Sequence[int]) -> dict[int, list[Any]]:
    """What became of the messages about these events, in their order. One query."""
    found: dict[int, list[Any]] = {}
    if event_ids:
        query = Deliveries.select(Deliveries, Channels).join(Channels).where(Deliveries.event.in_(event_ids))
        for row in query.order_by(Deliveries.id).execute(database):
            found.setdefault(row.event_id, []).append(row)
    return found


def last_deliveries(database: Database) -> dict[int, Any]:
    """The newest message of each channel. One query."""
    newest = Deliveries.select(fn.MAX(Deliveries.id)).group_by(Deliveries.channel)
    return {row.channel_id: row for row in Deliveries.select().where(Deliveries.id.in_(newest)).execute(database)}


def note(said: str | None) -> str:
    """Why a message was not sent, as it is noted, in the reader's words; what nobody foresaw as it is."""
    if not said:
        return ""
    if said == alerts.SENT_TWICE:
        return say("peut-être envoyé deux fois : qui l'envoyait s'est arrêté avant de le noter")
    kind, _, rest = said.partition(" ")
    if kind == "answered":
        return say("a répondu {status}", status=rest)
    if kind == "refused:":
        return say("adresse refusée : {why}", why=rest)
    if said.startswith("no answer"):
        return say("pas de réponse {why}", why=rest.partition(" ")[2])
    return said


def choices(table: Any, *conditions: Any) -> list[tuple[int, str]]:
    """Numbers and names, by name. One query."""
    query = table.select(table.id, table.name).order_by(table.name).limit(MOST_CHOICES)
    return list((query.where(*conditions) if conditions else query).tuples().execute())


def active_count(database: Database) -> int:
    """How many events are open: for the shell of every page. Asked once a request."""
    if not has_request_context():
        return alerts.active_count(database)
    if "active_alerts" not in g:
        g.active_alerts = alerts.active_count(database)
    return int(g.active_alerts)


def followed_here(database: Database, person: str) -> Mapping[str, set[int]]:
    """What who is there follows. Asked once a request."""
    if "followed" not in g:
        g.followed = alerts.followed(database, person)
    found: Mapping[str, set[int]] = g.followed
    return found


def by_number(rows: Iterable[Any]) -> dict[int, Any]:
    """Rows by their number."""
    return {row.id: row for row in rows}
