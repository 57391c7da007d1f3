"""Alerts: rules with a preview of what they would have told, what rang, and what the key's owner follows."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from admin.access import who
from admin.alerting import forms, keeping, listing, messages
from admin.api import at, cursors, slugs
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Digits, Flag, Instant, Part, Sent, as_instant, text
from admin.api.at import LANGUAGE
from admin.api.offering import offer
from admin.api.problems import Problem, impossible
from analytics.alerts import sources
from analytics.alerts.rules import OF_PRICES, Rule, rule_of
from schema import alerts
from schema.models import AlertEvents, AlertRules, Bookmakers, Follows, Leagues, Sports, now

room = APIBlueprint("alerts", __name__, tag="Alerts")

MOST_CHANNELS = 50
PREVIEWED = 100
"""Events of a preview that are told."""
Kind = Literal["price", "move", "trj", "surebet", "missing", "late", "failed"]
Direction = Literal["above", "below", "drop", "rise", "either"]
Followed = Literal["match", "team", "league", "bookmaker"]
_FIGURE = r"^[0-9]{1,6}([.][0-9]{1,3})?$"
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ALWAYS = ("margin", "max_age", "calm", "cooldown", "quiet_from", "quiet_until")
"""What every kind of rule may say."""


class RuleText(Sent):
    """What a rule says. Which of it a kind takes, its own error tells. Times are minutes."""

    direction: Direction | None = None
    threshold: str | None = Field(default=None, pattern=_FIGURE, description="Odds, percent, minutes or a number.")
    margin: str | None = Field(default=None, pattern=_FIGURE, description="An event closes when back by so much.")
    minutes: int | None = Field(default=None, ge=1, le=10_080)
    at_least: int | None = Field(default=None, ge=1, le=50, description="Bookmakers.")
    max_age: int | None = Field(default=None, ge=1, le=1_440)
    calm: int | None = Field(default=None, ge=0, le=1_440)
    cooldown: int | None = Field(default=None, ge=0, le=10_080)
    quiet_from: str | None = Field(default=None, pattern=_CLOCK, description="In Paris.")
    quiet_until: str | None = Field(default=None, pattern=_CLOCK)
    match: int | None = Field(default=None, ge=1, lt=at.LARGEST)
    team: int | None = Field(default=None, ge=1, lt=at.LARGEST)
    league: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Slug or id.")
    bookmaker: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Slug or id.")
    market: str | None = text(20, default=None)
    outcome: str | None = text(50, default=None)
    spider: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,60}$")


class RuleIn(RuleText):
    kind: Kind
    enabled: bool = True
    channels: list[int] = Field(default=[], max_length=MOST_CHANNELS, description="Numbers of those it tells.")


class RuleChange(RuleText):
    """What is to be otherwise; what is null stands as it does at first."""

    enabled: bool = True
    channels: list[int] = Field(default=[], max_length=MOST_CHANNELS)


class PreviewIn(RuleText):
    kind: Kind


class Muting(Sent):
    until: str | None = Field(max_length=40, json_schema_extra={"format": "date-time"}, description="Null: no longer.")


class FollowIn(Sent):
    kind: Followed
    id: int = Field(ge=1, lt=at.LARGEST)


class ChannelOut(BaseModel):
    id: int
    name: str
    enabled: bool


class RuleOut(BaseModel):
    id: int
    kind: str
    said: str = Field(description="What it waits for, in words.")
    about: str = Field(description="What it is about, in words.")
    direction: str | None
    threshold: str
    margin: str
    minutes: int | None
    at_least: int
    max_age: int
    calm: int
    cooldown: int
    quiet_from: str | None
    quiet_until: str | None
    match: int | None
    team: int | None
    league: int | None
    bookmaker: int | None
    market: str | None
    outcome: str | None
    spider: str | None
    enabled: bool
    muted_until: str | None
    channels: list[ChannelOut]
    rings: int = Field(description="How many of its events are open.")
    rang: int = Field(description="How many events it ever had.")
    rang_at: str | None
    created_by: str | None
    updated_at: str


class AlertDelivery(BaseModel):
    channel: str
    kind: str
    state: str
    sent_at: str | None
    note: str | None


class EventOut(BaseModel):
    id: int
    rule: int
    said: str = Field(description="What the rule waits for, in words.")
    subject: str
    reason: str
    ending: str | None
    value: str
    opened_at: str
    announced_at: str | None = Field(description="Null where nobody was told.")
    closed_at: str | None
    closed_because: str | None
    age: int | None = Field(description="Seconds of the oldest price it stands on, when it opened.")
    match: int | None
    details: dict[str, Any]
    deliveries: list[AlertDelivery]


class WouldHaveRung(BaseModel):
    at: str
    told_at: str | None
    until: str | None
    subject: str
    reason: str
    messages: int


class PreviewOut(BaseModel):
    since: str
    until: str
    said: str
    rings: int = Field(description="How often people would have been told that something began.")
    events: list[WouldHaveRung] = Field(description=f"The newest {PREVIEWED}.")
    looked_at: int | None
    of: int | None = Field(description="Matches, or leagues, that it is about; null: all were looked at.")
    is_cut: bool


class FollowOut(BaseModel):
    kind: str
    id: int
    name: str | None = Field(description="Null for what is there no more.")
    since: str


class Eventful(Part):
    rule: Annotated[int, Field(ge=1, lt=at.LARGEST), Digits] | None = None
    active: Flag | None = Field(None, description="Whether it rings still.")
    since: Instant | None = Field(None, description="Opened since then.")


# -- rules -------------------------------------------------------------------------------------------------------------


@offer(room, "/alerts/rules", asked=Part, answer=Listed[RuleOut], errors=(400,))
def list_rules(query_data: Part) -> Response:
    """Rules, the newest first."""
    place = cursors.position(query_data.cursor)
    rows = [row for row in listing.rules(at.database()) if place is None or row.id < place[0]]
    some = rows[: query_data.limit]
    more = cursors.after(some[-1].id) if len(rows) > len(some) else None
    return listed(_rules(some), after=more, reason=("none", "no rule was written yet"), fields=query_data.fields)


@offer(room, "/alerts/rules/<int:number>", answer=One[RuleOut])
def show_rule(number: int) -> Response:
    """One rule."""
    return one(_rule(number))


@offer(room, "/alerts/rules", method="POST", scope="jobs", body=RuleIn, answer=One[RuleOut], status=201, errors=(404,))
def add_rule(json_data: RuleIn) -> Response:
    """A new rule."""
    rule, channels = _read(json_data.kind, json_data), _channels(json_data.channels)
    number = keeping.keep(at.database(), rule, None, channels, enabled=json_data.enabled)
    answer = one(_rule(number), status=201)
    answer.headers["Location"] = f"/api/v1/alerts/rules/{number}"
    return answer


@offer(room, "/alerts/rules/<int:number>", method="PATCH", scope="jobs", body=RuleChange, answer=One[RuleOut])
def change_rule(number: int, json_data: RuleChange) -> Response:
    """Change a rule, or switch it on or off. What is open of it closes without a word."""
    row, given = _row(number), json_data.model_fields_set
    if given and given <= {"enabled"}:
        keeping.switch(at.database(), row, on=json_data.enabled)
    elif given:
        rule = _read(row.kind, json_data, forms.written(rule_of(row)))
        told = [channel.id for channel in alerts.channels_of(at.database()).get(number, ())]
        channels = _channels(json_data.channels) if "channels" in given else told
        enabled = json_data.enabled if "enabled" in given else None
        keeping.keep(at.database(), rule, row, channels, enabled=enabled)
    return one(_rule(number))


@offer(room, "/alerts/rules/<int:number>", method="DELETE", scope="jobs", answer=None, status=204)
def remove_rule(number: int) -> Response:
    """Remove a rule, with all that came of it. To keep that, switch it off."""
    keeping.remove(at.database(), _row(number))
    return Response(status=204)


@offer(room, "/alerts/rules/<int:number>/mute", method="POST", scope="jobs", body=Muting, answer=One[RuleOut])
def mute_rule(number: int, json_data: Muting) -> Response:
    """Tell nobody of a rule for a while, a month at most; its events are noted all the same."""
    row, until = _row(number), None
    if json_data.until is not None:
        until = _instant(json_data.until)
        if not now() < until <= now() + keeping.LONGEST_MUTE:
            raise impossible("until", "from now on, and for a month at most")
    keeping.mute(at.database(), row, until)
    return one(_rule(number))


@offer(
    room,
    "/alerts/rules/preview",
    method="POST",
    body=PreviewIn,
    answer=One[PreviewOut],
    errors=(404,),
)
def preview_rule(json_data: PreviewIn) -> Response:
    """What such a rule would have told in the last week. Nothing is kept."""
    rule = _read(json_data.kind, json_data)
    found = keeping.previewed(rule)
    events = [keeping.told(rule, event, LANGUAGE) for event in found.events[:PREVIEWED]]
    return one(
        {
            "since": instant(found.since),
            "until": instant(found.until),
            "said": messages.headline(rule, LANGUAGE),
            "rings": found.rings,
            "events": [event | {name: instant(event[name]) for name in ("at", "told_at", "until")} for event in events],
            "looked_at": found.looked_at,
            "of": found.of,
            "is_cut": found.is_cut,
        }
    )


# -- what rang ---------------------------------------------------------------------------------------------------------


@offer(room, "/alerts/events", asked=Eventful, answer=Listed[EventOut], errors=(400,))
def list_events(query_data: Eventful) -> Response:
    """What rang, the newest first, with what became of the messages about it."""
    asked = query_data
    query = AlertEvents.select(AlertEvents, AlertRules).join(AlertRules)
    if asked.rule is not None:
        query = query.where(AlertEvents.rule == asked.rule)
    if asked.active is not None:
        query = query.where(AlertEvents.open_key.is_null(not asked.active))
    if asked.since is not None:
        query = query.where(AlertEvents.opened_at >= asked.since)
    if place := cursors.position(asked.cursor):
        query = query.where(AlertEvents.id < place[0])
    rows = list(query.order_by(AlertEvents.id.desc()).limit(asked.limit + 1))
    some = rows[: asked.limit]
    more = cursors.after(some[-1].id) if len(rows) > len(some) else None
    sent = listing.deliveries(at.database(), [row.id for row in some])
    told = [_event(row, sent.get(row.id, ())) for row in some]
    why = ("none", "no rule rang, or none that is so; is `python -m admin.alerting` running?")
    return listed(told, after=more, reason=why, fields=asked.fields)


# -- what is followed --------------------------------------------------------------------------------------------------


@offer(room, "/follows", asked=Part, answer=Listed[FollowOut], errors=(400,))
def list_follows(query_data: Part) -> Response:
    """What the key's owner follows."""
    query = Follows.select().where(Follows.person == who())
    if place := cursors.position(query_data.cursor):
        query = query.where(Follows.id > place[0])
    rows = list(query.order_by(Follows.id).limit(query_data.limit + 1))
    some = rows[: query_data.limit]
    more = cursors.after(some[-1].id) if len(rows) > len(some) else None
    names = _names(some)
    told = [_followed(row, names) for row in some]
    return listed(told, after=more, reason=("none", "nothing is followed yet"), fields=query_data.fields)


@offer(
    room,
    "/follows",
    method="POST",
    scope="jobs",
    body=FollowIn,
    answer=One[FollowOut],
    status=201,
    errors=(404, 409),
)
def follow(json_data: FollowIn) -> Response:
    """Follow a match, a team, a league or a bookmaker. What is followed already stays so."""
    kind, number = json_data.kind, json_data.id
    if not keeping.is_there(kind, number):
        raise Problem(404, f"unknown_{kind}", f"There is no such {kind}.")
    try:
        keeping.follow(at.database(), kind, number)
    except alerts.TooMany:
        raise Problem(409, "too_many", f"{alerts.MOST_FOLLOWED} things are followed: that is the most.") from None
    same = (Follows.person == who()) & (Follows.kind == kind) & (Follows.object_id == number)
    row = Follows.get_or_none(same)
    if row is None:
        raise Problem(409, "conflict", "It is followed no more: somebody was quicker.")
    return one(_followed(row, _names([row])), status=201)


@offer(room, "/follows/<kind>/<int:number>", method="DELETE", scope="jobs", answer=None, status=204)
def unfollow(kind: str, number: int) -> Response:
    """Follow it no more."""
    if kind not in alerts.FOLLOWED or number >= at.LARGEST or not keeping.unfollow(at.database(), kind, number):
        raise Problem(404, "not_followed", "This is not followed.")
    return Response(status=204)


# -- how ---------------------------------------------------------------------------------------------------------------


def _row(number: int) -> AlertRules:
    row = alerts.find_rule(at.database(), number) if number < at.LARGEST else None
    if row is None:
        raise _unknown_rule()
    return row


def _unknown_rule() -> Problem:
    return Problem(404, "unknown_rule", "There is no such rule.")


def _read(kind: str, said: RuleText, before: Mapping[str, str] | None = None) -> Rule:
    """What a body says, as a form would say it. :raises Problem: 422 where that makes no sense, 404 for unknown names.

    :param before: what stood there.
    """
    given = {name: getattr(said, name) for name in RuleText.model_fields if name in said.model_fields_set}
    set_ = {name: value for name, value in given.items() if value is not None}
    may = _fields(kind)
    if wrong := sorted(set_.keys() - may):
        raise impossible(wrong[0], f"a rule of kind {kind} has none; it takes {', '.join(sorted(may))}")
    if "league" in set_:
        [set_["league"]] = _numbers(slugs.wanted([set_["league"]], _leagues, slugs.of_league, "league"))
    if "bookmaker" in set_:
        found = slugs.wanted([set_["bookmaker"]], Bookmakers.select, slugs.of_bookmaker, "bookmaker")
        [set_["bookmaker"]] = _numbers(found)
    for name in ("match", "team"):
        if name in set_ and not keeping.is_there(name, set_[name]):
            raise Problem(404, f"unknown_{name}", f"There is no such {name}.")
    stood = {name: value for name, value in (before or {}).items() if name not in given}
    filled = forms.read({**stood, **{name: str(value) for name, value in set_.items()}, "kind": kind})
    if filled.rule is None:
        wrongs = {name: [str(why)] for name, why in filled.wrong.items()}
        detail = "; ".join(f"{name}: {why[0]}" for name, why in wrongs.items())
        raise Problem(400, "impossible", detail, errors=wrongs)
    return filled.rule


def _leagues() -> Any:
    return Leagues.select(Leagues, Sports).join(Sports)


def _numbers(rows: list[Any]) -> list[int]:
    return [row.id for row in rows]


def _fields(kind: str) -> set[str]:
    own = {*forms.FIELDS[kind], *ALWAYS}
    return own | ({"match", "team"} if kind in OF_PRICES else set())


def _channels(numbers: list[int]) -> list[int]:
    known = {channel.id for channel in alerts.channels(at.database())} if numbers else set()
    if unknown := sorted(set(numbers) - known):
        raise impossible("channels", f"there is no channel {', '.join(map(str, unknown))}")
    return numbers


def _instant(said: str) -> datetime:
    try:
        return as_instant(said)
    except ValueError:
        raise Problem(422, "invalid", "until: write 2025-10-17T18:45:00Z", errors={"until": ["no instant"]}) from None


def _rule(number: int) -> dict[str, Any]:
    row = next((row for row in listing.rules(at.database()) if row.id == number), None)
    if row is None:
        raise _unknown_rule()
    return _rules([row])[0]


def _rules(rows: list[Any]) -> list[dict[str, Any]]:
    if not rows:
        return []
    told, rang = alerts.channels_of(at.database()), listing.last_of_rules(at.database())
    return [_told(row, told.get(row.id, []), rang.get(row.id)) for row in rows]


def _told(row: Any, channels: list[Any], rang: listing.Rang | None) -> dict[str, Any]:
    rule = rule_of(row)
    columns = {name.removesuffix("_minutes"): value for name, value in forms.columns(rule).items()}
    clocks = {name: _clock(columns[name]) for name in ("quiet_from", "quiet_until")}
    return {
        "id": row.id,
        "said": messages.headline(rule, LANGUAGE),
        "about": listing.scope(row, LANGUAGE),
        **columns,
        **clocks,
        **{name: _plain(columns[name]) for name in ("threshold", "margin")},
        "enabled": row.enabled,
        "muted_until": instant(row.muted_until),
        "channels": [{"id": each.id, "name": each.name, "enabled": each.enabled} for each in channels],
        "rings": rang.active if rang else 0,
        "rang": rang.events if rang else 0,
        "rang_at": instant(rang.last) if rang else None,
        "created_by": row.created_by,
        "updated_at": instant(row.updated_at),
    }


def _event(row: Any, sent: Any) -> dict[str, Any]:
    rule, details = rule_of(row.rule), messages.details_of(row)
    return {
        "id": row.id,
        "rule": row.rule_id,
        "said": messages.headline(rule, LANGUAGE),
        "subject": messages.subject(details, LANGUAGE),
        "reason": messages.reason(rule, row.told_value, details, LANGUAGE),
        "ending": messages.ending(rule, row, LANGUAGE) if row.closed_at else None,
        "value": _plain(row.value),
        **{name: instant(getattr(row, name)) for name in ("opened_at", "announced_at", "closed_at")},
        "closed_because": row.closed_because,
        "age": row.age,
        "match": row.match_id,
        "details": details,
        "deliveries": [
            {
                "channel": each.channel.name,
                "kind": each.kind,
                "state": each.state,
                "sent_at": instant(each.sent_at),
                "note": each.note,
            }
            for each in sent
        ],
    }


def _names(rows: list[Any]) -> dict[tuple[str, int], str]:
    """What these are called: one query for each kind of thing there is."""
    names: dict[tuple[str, int], str] = {}
    for kind in sorted({row.kind for row in rows}):
        numbers = [row.object_id for row in rows if row.kind == kind]
        if kind == alerts.MATCH:
            found = [(each.match_id, each.title) for each in sources.fixtures(numbers).values()]
        else:
            table = keeping.TABLES[kind]
            found = list(table.select(table.id, table.name).where(table.id.in_(numbers)).tuples())
        names |= {(kind, number): name for number, name in found}
    return names


def _followed(row: Any, names: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    named = names.get((row.kind, row.object_id))
    return {"kind": row.kind, "id": row.object_id, "name": named, "since": instant(row.created_at)}


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _plain(value: Any) -> str:
    return f"{Decimal(value).normalize():f}"
