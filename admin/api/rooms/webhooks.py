"""Webhooks: what a program is called with when something happens. Each is its owner's."""

from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

from apiflask import APIBlueprint
from flask import Response, current_app
from pydantic import BaseModel, Field

from admin import audit
from admin.alerting.vault import BadKey, open_vault
from admin.api import cursors, slugs
from admin.api.answers import Listed, One, instant, listed, one
from admin.api.asking import Fields, Part, Sent
from admin.api.guard import key_owner
from admin.api.offering import offer
from admin.api.problems import Problem
from admin.webhooks import hooks
from schema import webhooks
from schema.alerts import DUE
from schema.models import Leagues, Matches, Sports, Webhooks, now

room = APIBlueprint("webhooks", __name__, tag="Webhooks")

Kind = Literal["odds.changed", "alert.opened", "alert.closed", "run.ended"]
_BLANKS = r" \xA0\u1680\u2000-\u200A\u202F\u205F\u3000"  # spelt out: patterns do not agree on what is a space
_HIDDEN = r"\x00-\x1F\x7F-\x9F\u2028\u2029"
_NAME = rf"^[^{_HIDDEN}]*[^{_BLANKS}{_HIDDEN}][^{_HIDDEN}]*$"
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_NAME)]
Address = Annotated[str, Field(min_length=1, max_length=hooks.LONGEST, description="With TLS, and public.")]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=len(webhooks.KINDS), description="What it is told.")]
LeagueName = Annotated[str, Field(min_length=1, max_length=200)]
MatchNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
_OF_LEAGUE = "Id or slug: prices and alerts of that league only."
_OF_MATCH = "Id: prices and alerts of that match only."


class HookOut(BaseModel):
    id: int
    name: str
    url: str
    kinds: list[Kind]
    league: str | None = Field(description="Slug.")
    match: int | None
    enabled: bool
    disabled_because: str | None = Field(description="`failing`, `backlog` or `gone`, where it was not a person.")
    failing_since: str | None
    secret_shown: str = Field(description="The first letters of its secret.")
    created_at: str


class NewHookOut(HookOut):
    secret: str = Field(description="What its messages are signed with; it is not shown again.")


class DeliveryOut(BaseModel):
    id: int
    delivery_id: str
    kind: str
    state: Literal["due", "sending", "sent", "failed"]
    attempts: int
    status: int | None = Field(description="What the last attempt was answered.")
    note: str | None = Field(description="Why it was not taken.")
    created_at: str
    not_before: str | None = Field(description="When it is tried next.")
    sent_at: str | None


class HookIn(Sent):
    name: Name = Field(examples=["mine"])
    url: Address = Field(examples=["https://example.org/hook"])
    kinds: Kinds = Field(examples=[["run.ended"]])
    league: LeagueName | None = Field(None, description=_OF_LEAGUE)
    match: MatchNumber | None = Field(None, description=_OF_MATCH)


class HookChange(Sent):
    name: Name = "-"
    url: Address = "-"
    kinds: Kinds = Field(default=[])
    league: LeagueName | None = Field(None, description=_OF_LEAGUE)
    match: MatchNumber | None = Field(None, description=_OF_MATCH)
    enabled: bool = True


@offer(room, "/webhooks", asked=Fields, answer=Listed[HookOut], scope="jobs")
def list_webhooks(query_data: Fields) -> Response:
    """One's own."""
    rows = webhooks.of(_database(), key_owner().id)
    return listed(_written(rows), reason=("none", "this account has no webhook"), fields=query_data.fields)


@offer(
    room,
    "/webhooks",
    method="POST",
    body=HookIn,
    answer=One[NewHookOut],
    status=201,
    scope="jobs",
    errors=(400, 404, 409, 413, 415),
)
def add_webhook(json_data: HookIn) -> Response:
    """A new one. Its secret is in this answer, and in none after it."""
    secret = hooks.new_secret()
    values = {**_columns(json_data), "secret": _locked(secret), "shown": hooks.shown(secret)}
    try:
        with audit.together(_database()):
            row = webhooks.add(_database(), key_owner().id, values)
            audit.note("add", "webhook", row.id, None, row)
    except webhooks.TooMany:
        raise Problem(409, "too_many_webhooks", f"This account has {webhooks.MOST} webhooks: remove one.") from None
    [told] = _written([row])
    return one({**told, "secret": secret}, status=201)


@offer(room, "/webhooks/<int:webhook>", asked=Fields, answer=One[HookOut], scope="jobs")
def get_webhook(webhook: int, query_data: Fields) -> Response:
    """One of one's own."""
    return one(_written([_own(webhook)])[0], fields=query_data.fields)


@offer(
    room,
    "/webhooks/<int:webhook>",
    method="PATCH",
    body=HookChange,
    answer=One[HookOut],
    scope="jobs",
    errors=(400, 413, 415),
)
def change_webhook(webhook: int, json_data: HookChange) -> Response:
    """Change what is given; `null` for `league` or `match` takes it away. Switched on again it begins anew."""
    row = _own(webhook)
    with audit.together(_database()):
        webhooks.change(_database(), row.id, _columns(json_data))
        changed = _own(webhook)
        audit.note("change", "webhook", row.id, row, changed)
    return one(_written([changed])[0])


@offer(room, "/webhooks/<int:webhook>", method="DELETE", answer=None, status=204, scope="jobs")
def remove_webhook(webhook: int) -> Response:
    """Remove it, with the record of what it was told."""
    row = _own(webhook)
    with audit.together(_database()):
        webhooks.remove(_database(), row.id)
        audit.note("remove", "webhook", row.id, row, None)
    return Response(status=204)


@offer(room, "/webhooks/<int:webhook>/test", method="POST", answer=None, status=202, scope="jobs", errors=(409,))
def test_webhook(webhook: int) -> Response:
    """Have it told a `test`; the deliveries say what became of it."""
    row = _own(webhook)
    if not row.enabled:
        raise Problem(409, "webhook_off", "It is switched off: switch it on first.")
    with audit.together(_database()):
        webhooks.ask(_database(), a_test(row.id), at=now())
        audit.note("test", "webhook", row.id)
    return Response(status=202)


@offer(room, "/webhooks/<int:webhook>/deliveries", asked=Part, answer=Listed[DeliveryOut], scope="jobs", errors=(400,))
def list_webhook_deliveries(webhook: int, query_data: Part) -> Response:
    """What it was told, the newest first."""
    _own(webhook)
    place = cursors.position(query_data.cursor)
    found = webhooks.deliveries(_database(), webhook, query_data.limit, before=place[0] if place else None)
    shown = found[: query_data.limit]
    after = cursors.after(shown[-1].id) if len(found) > len(shown) else None
    reason = ("none", "it was told nothing yet")
    return listed([_delivery(row) for row in shown], after=after, reason=reason, fields=query_data.fields)


@offer(
    room,
    "/webhooks/<int:webhook>/deliveries/<int:delivery>/resend",
    method="POST",
    answer=None,
    status=202,
    scope="jobs",
    errors=(409,),
)
def resend_webhook_delivery(webhook: int, delivery: int) -> Response:
    """Send it once more, under the id it had."""
    _own(webhook)
    with audit.together(_database()):
        if not webhooks.send_again(_database(), webhook, delivery):
            raise Problem(409, "not_resendable", "There is none that was sent or given up: it waits, or is not there.")
        audit.note("resend", "webhook delivery", delivery)
    return Response(status=202)


def a_test(number: int) -> webhooks.Message:
    return webhooks.Message(number, f"test-{number}-{uuid4().hex[:12]}", webhooks.TEST, "{}")


# -- how ---------------------------------------------------------------------------------------------------------------


def _database() -> Any:
    return Webhooks._meta.database.obj  # noqa: SLF001 - Peewee's own word


def _own(number: int) -> Any:
    """:raises Problem: where the account has no such hook."""
    row: Any = webhooks.find(_database(), number)
    if row is None or row.user_id != key_owner().id:
        raise Problem(404, "not_found", f"webhook: this account has no {number}")
    return row


def _locked(secret: str) -> bytes:
    try:
        return open_vault(Path(current_app.config["SETTINGS"]["GIGSCRAPY_HOME"])).lock(secret)
    except (BadKey, OSError) as error:
        raise Problem(503, "no_vault", f"No secret can be kept here: {error}") from None


def _columns(asked: HookIn | HookChange) -> dict[str, Any]:
    """What is given, as the table has it. :raises Problem: where it cannot be."""
    given = asked.model_dump(include=asked.model_fields_set)
    if "url" in given:
        try:
            hooks.check(given["url"], str(current_app.config["SETTINGS"]["ALERT_PRIVATE_HOSTS"]))
        except hooks.BadHook as error:
            raise Problem(400, "bad_address", WHY_NOT[error.code], errors={"url": [WHY_NOT[error.code]]}) from None
    if "kinds" in given:
        given["kinds"] = " ".join(kind for kind in webhooks.KINDS if kind in given["kinds"])
    if given.get("league"):
        known = lambda: Leagues.select(Leagues, Sports).join(Sports)  # noqa: E731
        [league] = slugs.wanted([given["league"]], known, slugs.of_league, "league")
        given["league"] = league.id
    if given.get("match") and not Matches.select().where(Matches.id == given["match"]).exists():
        raise Problem(404, "unknown_match", f"match: there is no {given['match']}", errors={"match": [given["match"]]})
    return given


WHY_NOT = {
    "unreadable": "url: it cannot be read; write https://example.org/hook, without a password or a fragment",
    "scheme": "url: https only; without TLS to what ALERT_PRIVATE_HOSTS names",
    "private": "url: this is private; ALERT_PRIVATE_HOSTS names what is allowed",
}


def _written(rows: list[Any]) -> list[dict[str, Any]]:
    """Two queries at most, whatever their number."""
    numbers = {row.league_id for row in rows if row.league_id}
    leagues = Leagues.select(Leagues, Sports).join(Sports).where(Leagues.id.in_(numbers)) if numbers else ()
    names = {league.id: slugs.of_league(league) for league in leagues}
    return [
        {
            "id": row.id,
            "name": row.name,
            "url": row.url,
            "kinds": row.kinds.split(),
            "league": names.get(row.league_id),
            "match": row.match_id,
            "enabled": bool(row.enabled),
            "disabled_because": row.disabled_because,
            "failing_since": instant(row.failing_since),
            "secret_shown": row.shown,
            "created_at": instant(row.created_at),
        }
        for row in rows
    ]


def _delivery(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "delivery_id": row.delivery_id,
        "kind": row.kind,
        "state": row.state,
        "attempts": row.attempts,
        "status": row.status,
        "note": row.note,
        "created_at": instant(row.created_at),
        "not_before": instant(row.not_before) if row.state == DUE else None,
        "sent_at": instant(row.sent_at),
    }
