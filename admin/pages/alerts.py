"""``/alerts/``: what is followed, rules with a preview before they are kept, what rings now and rang, and channels."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from peewee import Database
from werkzeug.wrappers import Response

from admin import audit
from admin.access import Role, needs, who
from admin.alerting import forms, keeping, listing, messages
from admin.alerting.channels import BadChannel, check, masked
from admin.alerting.vault import BadKey, open_vault
from admin.labels import outcome_label
from admin.preferences import back
from admin.words import LANGUAGES, Phrase, say, spoken
from analytics.alerts import sources
from analytics.alerts.preview import Preview
from analytics.alerts.rules import DIRECTIONS, KINDS, OF_PRICES, Rule, rule_of
from analytics.alerts.watch import watched
from gigscrapy import leagues as crawled
from gigscrapy.onlyone import ALERTING, is_taken
from schema import alerts
from schema.instants import from_paris, in_utc, naive
from schema.markets import MARKETS
from schema.models import Bookmakers, Leagues, now

TABS = {
    "rules": Phrase("Règles"),
    "active": Phrase("Actives"),
    "history": Phrase("Historique"),
    "channels": Phrase("Canaux"),
    "watch": Phrase("Suivi"),
}
SHOWN = 20
"""Events of a preview that are listed."""
MUTES = {"1": 1, "8": 8, "24": 24}
"""Hours."""

WHY_NOT = {
    "unreadable": Phrase("Cette adresse ne se lit pas."),
    "service": Phrase("Ce service n'est pas pris : mailto, discord, tgram, slack, ntfy, gotify ou json."),
    "option": Phrase("Cette option n'est pas prise :"),
    "incomplete": Phrase("Il manque quelque chose à cette adresse."),
    "private": Phrase("Cette adresse est privée ; ALERT_PRIVATE_HOSTS nomme celles qui sont permises :"),
}


def addresses(database: Database) -> Blueprint:
    """The pages of alerts."""
    blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")
    Reading(database).add_to(blueprint)
    Following(database).add_to(blueprint)
    Rules(database).add_to(blueprint)
    ChannelsDesk(database).add_to(blueprint)

    @blueprint.record_once
    def give(state: Any) -> None:
        state.app.jinja_env.globals |= {
            "active_alerts": lambda: listing.active_count(database),
            "is_followed": lambda kind, number: number in listing.followed_here(database, who()).get(kind, ()),
        }

    return blueprint


def _home() -> Path:
    return Path(current_app.config["SETTINGS"]["GIGSCRAPY_HOME"])


def _outcome(code: str) -> str:
    return outcome_label(code, spoken())


def _to(tab: str) -> Response:
    return redirect(url_for("alerts.index", tab=tab), 303)


class Reading:
    """What is read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_to(self, blueprint: Blueprint) -> None:
        """``GET /alerts/``: one tab of it; ``GET /alerts/count``: how many ring, for the shell of every page."""
        blueprint.get("/")(self.index)
        blueprint.get("/count")(self.count)

    def count(self) -> dict[str, int]:
        """``{"active": 2}``. One query, of what is open."""
        return {"active": listing.active_count(self._database)}

    def index(self) -> str:
        """The tab that is asked for; at first the rules."""
        tab = request.args.get("tab", "rules")
        tab = tab if tab in TABS else "rules"
        shown = getattr(self, f"_{tab}")()
        return render_template(
            f"alerts/{tab}.html",
            tabs=TABS,
            tab=tab,
            active=listing.active_count(self._database),
            runs=is_taken(self._database, _home(), ALERTING),
            headline=lambda row: messages.headline(rule_of(row), spoken()),
            scope=lambda row: listing.scope(row, spoken()),
            outcome_of=_outcome,
            note_of=listing.note,
            now=now(),
            **shown,
        )

    def _rules(self) -> dict[str, Any]:
        return {
            "rules": listing.rules(self._database),
            "channels": alerts.channels_of(self._database),
            "last": listing.last_of_rules(self._database),
            "mutes": MUTES,
        }

    def _active(self) -> dict[str, Any]:
        return self._events(active=True)

    def _history(self) -> dict[str, Any]:
        before = request.args.get("before", "")
        return self._events(active=False, before=int(before) if before.isdecimal() and len(before) < 12 else None)

    def _events(self, *, active: bool, before: int | None = None) -> dict[str, Any]:
        found = listing.events(self._database, active=active, before=before)
        shown = found[: listing.MOST_EVENTS]
        rules = listing.by_number(listing.rules(self._database))
        return {
            "events": [self._told(event, rules[event.rule_id]) for event in shown if event.rule_id in rules],
            "deliveries": listing.deliveries(self._database, [event.id for event in shown]),
            "older": shown[-1].id if len(found) > len(shown) else None,
            "newest": before is None,
        }

    @staticmethod
    def _told(event: Any, row: Any) -> dict[str, Any]:
        rule, details = rule_of(row), messages.details_of(event)
        return {
            "event": event,
            "rule": row,
            "headline": messages.headline(rule, spoken()),
            "subject": messages.subject(details, spoken()),
            "reason": messages.reason(rule, event.told_value, details, spoken()),
            "ending": messages.ending(rule, event, spoken()) if event.closed_at else None,
            "address": messages.page_of(event),
            "of_prices": rule.kind in OF_PRICES,
        }

    def _channels(self) -> dict[str, Any]:
        return {
            "channels": alerts.channels(self._database),
            "last": listing.last_deliveries(self._database),
            "languages": LANGUAGES,
        }

    def _watch(self) -> dict[str, Any]:
        followed = listing.followed_here(self._database, who())
        found = watched(followed, now())
        return {"followed": followed, "watched": found, "is_empty": not any(followed.values())}


class Following:
    """``POST /alerts/follow`` and ``/alerts/unfollow``: one's own list, so that a viewer may."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_to(self, blueprint: Blueprint) -> None:
        """Both."""
        blueprint.post("/follow")(needs(Role.VIEWER)(self.follow))
        blueprint.post("/unfollow")(needs(Role.VIEWER)(self.unfollow))

    def follow(self) -> Response:
        """What does not exist is not followed."""
        kind, number = _followed_thing()
        if not keeping.is_there(kind, number):
            abort(404)
        try:
            keeping.follow(self._database, kind, number)
        except alerts.TooMany:
            flash(say("Vous suivez déjà {count} choses : c'est le plus possible.", count=alerts.MOST_FOLLOWED))
        return redirect(back(), 303)

    def unfollow(self) -> Response:
        """What is not followed stays so."""
        kind, number = _followed_thing()
        keeping.unfollow(self._database, kind, number)
        return redirect(back(), 303)


def _followed_thing() -> tuple[str, int]:
    kind, number = request.form.get("kind", ""), request.form.get("id", "")
    if kind not in alerts.FOLLOWED or not number.isdecimal() or len(number) > 9:
        abort(400)
    return kind, int(number)


class Rules:
    """Rules: filled in, previewed, kept, switched, muted, removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_to(self, blueprint: Blueprint) -> None:
        """Every address of them."""
        blueprint.get("/new", endpoint="new")(needs(Role.OPERATOR)(self.form))
        blueprint.post("/rules")(self.keep)
        blueprint.post("/rules/<int:number>/switch")(self.switch)
        blueprint.post("/rules/<int:number>/mute")(self.mute)
        blueprint.post("/rules/<int:number>/remove")(self.remove)

    def form(self) -> str:
        """``?kind=move&league=3``; with ``preview`` what it would have told; with ``rule`` that one is changed."""
        number = request.args.get("rule", "")
        row = alerts.find_rule(self._database, int(number)) if number.isdecimal() and len(number) < 10 else None
        stored = forms.written(rule_of(row)) if row is not None and "kind" not in request.args else {}
        filled = forms.read({**stored, **request.args.to_dict()})
        found = keeping.previewed(filled.rule) if filled.rule and "preview" in request.args else None
        told = alerts.channels_of(self._database) if row is not None else {}
        chosen = (
            {each.id for each in told.get(row.id, ())} if row is not None and stored else _channel_ids(request.args)
        )
        return self._page(filled, row, chosen, found)

    def keep(self) -> Response | tuple[str, int]:
        """A new rule, or another text of one that is there."""
        filled = forms.read(request.form.to_dict())
        number = request.form.get("rule", "")
        row = self._row(int(number)) if number.isdecimal() and len(number) < 10 else None
        if filled.rule is None:
            return self._page(filled, row, _channel_ids(request.form), None), 422
        keeping.keep(self._database, filled.rule, row, _channel_ids(request.form))
        flash(say("La règle est gardée."))
        return _to("rules")

    def switch(self, number: int) -> Response:
        """On or off."""
        keeping.switch(self._database, self._row(number), on=request.form.get("on") == "1")
        return _to("rules")

    def mute(self, number: int) -> Response:
        """For some hours, until an instant of Paris, or no longer."""
        row = self._row(number)
        keeping.mute(self._database, row, self._muted_until())
        return _to("rules")

    @staticmethod
    def _muted_until() -> datetime | None:
        hours, until = request.form.get("hours", ""), request.form.get("until", "")
        if hours in MUTES:
            return now() + timedelta(hours=MUTES[hours])
        if not until:
            return None
        try:
            local = datetime.fromisoformat(until)
            wanted = naive(from_paris(local) if local.tzinfo is None else in_utc(local))
        except ValueError:
            abort(400)
        if not now() < wanted <= now() + keeping.LONGEST_MUTE:
            abort(400)
        return wanted

    def remove(self, number: int) -> Response:
        """Only where it is said that all of it is meant."""
        row = self._row(number)
        if request.form.get("sure") != "1":
            flash(say("Rien n'est retiré : cochez la case."))
            return _to("rules")
        keeping.remove(self._database, row)
        flash(say("La règle est retirée, avec son historique."))
        return _to("rules")

    def _row(self, number: int) -> Any:
        row = alerts.find_rule(self._database, number)
        if row is None:
            abort(404)
        return row

    def _page(self, filled: forms.Filled, row: Any, chosen: set[int], found: Preview | None) -> str:
        fields = forms.FIELDS[filled.kind]
        about = filled.values.get("match", "")
        match = int(about) if about.isdecimal() and len(about) < 10 and "league" in fields else None
        return render_template(
            "alerts/new.html",
            filled=filled,
            rule=row,
            fields=fields,
            kinds={kind: forms.KIND_NAMES[kind] for kind in KINDS},
            directions={each: forms.DIRECTION_NAMES[each] for each in DIRECTIONS.get(filled.kind, ())},
            threshold_name=forms.THRESHOLD_NAMES[filled.kind],
            match=_match_named(match),
            leagues=listing.choices(Leagues) if "league" in fields and match is None else (),
            bookmakers=listing.choices(Bookmakers) if "bookmaker" in fields else (),
            markets=[(code, messages.market_name(code)) for code in MARKETS],
            outcome_of=_outcome,
            outcomes=("1", "X", "2", "1X", "X2", "12"),
            spiders=[(league.name, league.title) for league in crawled.load()] if "spider" in fields else (),
            channels=alerts.channels(self._database),
            chosen=chosen,
            found=found,
            past=_past(filled.rule, found),
            headline=messages.headline(filled.rule, spoken()) if filled.rule else None,
        )


def _past(rule: Rule | None, found: Preview | None) -> list[dict[str, Any]]:
    if rule is None or found is None:
        return []
    return [keeping.told(rule, event, spoken()) for event in found.events[:SHOWN]]


def _match_named(number: int | None) -> tuple[int, str] | None:
    if number is None:
        return None
    fixture = sources.fixtures([number]).get(number)
    return None if fixture is None else (number, f"{fixture.title} ({fixture.league})")


def _channel_ids(given: Any) -> set[int]:
    return {int(number) for number in given.getlist("channel") if number.isdecimal() and len(number) < 10}


class ChannelsDesk:
    """Channels: an administrator's. Their addresses are never shown again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_to(self, blueprint: Blueprint) -> None:
        """Every address of them."""
        admin, fresh = needs(Role.ADMIN), needs(Role.ADMIN, fresh=True)  # who finds a browser open adds no address
        blueprint.post("/channels")(fresh(self.add))
        blueprint.post("/channels/<int:number>/test")(admin(self.test))
        blueprint.post("/channels/<int:number>/switch")(admin(self.switch_channel))
        blueprint.post("/channels/<int:number>/remove")(fresh(self.remove_channel))

    def add(self) -> Response:
        """A new one."""
        name, url = request.form.get("name", "").strip()[:100], request.form.get("address", "").strip()
        language = request.form.get("language", LANGUAGES[0])
        allowed = str(current_app.config["SETTINGS"]["ALERT_PRIVATE_HOSTS"])
        if not name or language not in LANGUAGES:
            flash(say("Un canal a un nom et une langue."))
            return _to("channels")
        try:
            check(url, allowed)
            secret = open_vault(_home()).lock(url)
        except BadChannel as error:
            flash(" ".join(part for part in (str(WHY_NOT[error.code]), error.detail) if part))
            return _to("channels")
        except (BadKey, OSError, ValueError) as error:
            flash(say("L'adresse ne peut être gardée : {why}", why=str(error)))
            return _to("channels")
        values = {"name": name, "masked": masked(url)[:200], "language": language, "created_by": who()}
        try:
            with audit.together(self._database):
                number = alerts.add_channel(self._database, {**values, "secret": secret, "enabled": True}, at=now())
                audit.note("add", "channel", number, None, values)
        except alerts.NameTaken:
            flash(say("Un canal s'appelle déjà « {name} ».", name=name))
        else:
            flash(say("Le canal « {name} » est gardé. Essayez-le.", name=name))
        return _to("channels")

    def test(self, number: int) -> Response:
        """Has a message sent; the page tells what became of it."""
        channel = self._channel(number)
        delivery_id = f"test-{secrets.token_hex(6)}"
        composer = messages.Composer(str(current_app.config["SETTINGS"]["ADMIN_URL"]))
        title, body = composer.test(channel.name, channel.language, delivery_id)
        with audit.together(self._database):
            alerts.ask_test(self._database, number, delivery_id, title=title, body=body, at=now())
            audit.note("test", "channel", number)
        return _to("channels")

    def switch_channel(self, number: int) -> Response:
        """On or off."""
        channel, on = self._channel(number), request.form.get("on") == "1"
        with audit.together(self._database):
            alerts.change_channel(self._database, number, {"enabled": on}, at=now())
            audit.note("change", "channel", number, {"enabled": channel.enabled}, {"enabled": on})
        return _to("channels")

    def remove_channel(self, number: int) -> Response:
        """Only where its name is typed."""
        channel = self._channel(number)
        if request.form.get("typed", "").strip() != channel.name:
            flash(say("Rien n'est retiré : écrivez le nom du canal, « {name} ».", name=channel.name))
            return _to("channels")
        with audit.together(self._database):
            alerts.remove_channel(self._database, number)
            audit.note("remove", "channel", number, {"name": channel.name, "masked": channel.masked}, None)
        return _to("channels")

    def _channel(self, number: int) -> Any:
        channel = alerts.find_channel(self._database, number)
        if channel is None:
            abort(404)
        return channel
