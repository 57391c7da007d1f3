"""What a message says: what happened, on which prices, how old they are, where to look; in French or English.

Cote ≥ 2,10 : OL - LOSC, 1
Meilleure cote 2,12 chez NetBet, au-dessus de 2,10.
Prix relevés il y a 3 min. Coup d'envoi sam. 21/11/2026 20:45.
http://127.0.0.1:5000/matches/12/
Alerte n° 7, message 1.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from admin import formats
from admin.labels import outcome_label, verdict_label
from admin.words import say
from analytics.alerts.machine import BACK, OVER
from analytics.alerts.rules import (
    BELOW,
    DROP,
    EITHER,
    FAILED,
    LATE,
    MISSING,
    MOVE,
    PRICE,
    SUREBET,
    TRJ,
    Rule,
    rule_of,
)
from schema import alerts
from schema.alerts import Compose
from schema.instants import read_iso
from schema.models import AlertEvents, AlertRules, Channels
from schema.reference import rows

PLAIN_MARKETS = ("1X2", "12")
"""Of these nobody says the name: it is the match's result."""


class Composer:
    """Writes messages. :param base: where people reach the admin, such as ``https://odds.example``."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    def of(self, row: AlertRules) -> Compose:
        """How the messages of a rule are written."""
        rule = rule_of(row)

        def compose(event: AlertEvents, kind: str, channel: Channels) -> tuple[str, str]:
            return self._title(rule, event, kind, channel.language), self._body(rule, event, kind, channel.language)

        return compose

    def test(self, name: str, language: str, delivery_id: str) -> tuple[str, str]:
        """The message that tests a channel."""
        title = say("Essai de gigscrapy", language)
        body = say("Le canal « {name} » fonctionne : les alertes arriveront ici.", language, name=name)
        return title, f"{body}\n{self._base}/alerts/?tab=channels\n({delivery_id})"

    def _title(self, rule: Rule, event: AlertEvents, kind: str, language: str) -> str:
        what = subject(details_of(event), language)
        said = say("{label} : {sentence}", language, label=headline(rule, language), sentence=what)
        if kind == alerts.CLOSED:
            return say("Terminé : {said}", language, said=said)
        return say("Encore : {said}", language, said=said) if kind == alerts.UPDATED else said

    def _body(self, rule: Rule, event: AlertEvents, kind: str, language: str) -> str:
        details = details_of(event)
        lines = [
            ending(rule, event, language)
            if kind == alerts.CLOSED
            else reason(rule, event.told_value, details, language)
        ]
        if kind == alerts.CLOSED:
            lines.append(say("Au départ : {said}", language, said=reason(rule, event.told_value, details, language)))
        lines.append(
            " ".join(part for part in (_how_old(rule, event, kind, language), _kickoff(details, language)) if part)
        )
        lines.append(f"{self._base}{page_of(event)}")
        number = event.messages
        lines.append(say("Alerte n° {event}, message {number}.", language, event=event.id, number=number))
        return "\n".join(line for line in lines if line)


def details_of(event: Any) -> Mapping[str, Any]:
    """What an event stands on."""
    try:
        found = json.loads(event.details)
    except ValueError:
        found = None  # nothing of ours
    return found if isinstance(found, dict) else {}


def page_of(event: Any) -> str:
    """The page that shows what an event is about."""
    if event.match_id is not None:
        return f"/matches/{event.match_id}/"
    run_id = details_of(event).get("run_id")
    return "/crawls/" if run_id else "/alerts/?tab=history"


# -- in words ----------------------------------------------------------------------------------------------------------


def headline(rule: Rule, language: str) -> str:
    """What a rule waits for, in a few words: ``Cote ≥ 2,10``, ``Baisse ≥ 7 % en 60 min``."""
    sign = "≤" if rule.direction == BELOW else "≥"
    limit = formats.decimal(rule.threshold, language)
    if rule.kind == PRICE:
        return say("Cote {sign} {limit}", language, sign=sign, limit=formats.price(rule.threshold, language))
    if rule.kind == MOVE:
        return _move(rule, language)
    if rule.kind == TRJ and rule.scope.bookmaker_id is None:
        return say("TRJ du marché ≥ {limit} %", language, limit=limit)
    if rule.kind == TRJ:
        return say("TRJ d'un bookmaker ≥ {limit} %", language, limit=limit)
    if rule.kind == SUREBET:
        return say("Surebet ≥ {limit} %", language, limit=limit)
    if rule.kind == MISSING:
        return say("Bookmaker absent depuis {time}", language, time=_minutes(rule.minutes or 0, language))
    if rule.kind == LATE:
        return say("Crawl en retard de {time}", language, time=_minutes(int(rule.threshold), language))
    assert rule.kind == FAILED
    return say("Crawl échoué ou inhabituel", language)


def _move(rule: Rule, language: str) -> str:
    limit, time = formats.decimal(rule.threshold, language), _minutes(rule.minutes or 0, language)
    if rule.direction == DROP:
        said = say("Baisse ≥ {limit} % en {time}", language, limit=limit, time=time)
    elif rule.direction == EITHER:
        said = say("Mouvement ≥ {limit} % en {time}", language, limit=limit, time=time)
    else:
        said = say("Hausse ≥ {limit} % en {time}", language, limit=limit, time=time)
    return said if rule.at_least == 1 else say("{said}, ≥ {count} bookmakers", language, said=said, count=rule.at_least)


def subject(details: Mapping[str, Any], language: str) -> str:
    """What it happened to: ``OL - LOSC, 1``."""
    if spider := details.get("spider"):
        return str(spider)
    if bookmaker := details.get("bookmaker"):
        return f"{bookmaker}, {details.get('league', '')}"
    parts = [str(details.get("match", "?"))]
    market = details.get("market")
    if market and market not in PLAIN_MARKETS:
        parts.append(market_name(market))
    if outcome := details.get("outcome"):
        parts.append(outcome_label(outcome, language))
    return ", ".join(parts)


def market_name(code: str) -> str:
    """As the reference data name it."""
    return _market_names().get(code, code)


@cache
def _market_names() -> dict[str, str]:
    return {row["code"]: row["name"] for row in rows("markets")}


def reason(rule: Rule, value: Decimal, details: Mapping[str, Any], language: str) -> str:
    """Why it rang, in a sentence, with the figures it stands on."""
    if rule.kind == PRICE:
        return say(
            "Meilleure cote {price} chez {names} (seuil {limit}).",
            language,
            price=formats.price(value, language),
            names=_names(details.get("bookmakers", ()), language),
            limit=formats.price(rule.threshold, language),
        )
    if rule.kind == MOVE:
        told = ("\N{NO-BREAK SPACE}; " if language == "fr" else "; ").join(
            f"{name} {formats.price(Decimal(old), language)} → {formats.price(Decimal(new), language)}"
            for name, old, new in details.get("moves", ())
        )
        way = "▼" if details.get("way") == DROP else "▲"
        return say(
            "{way} {value} % : {told}.", language, way=way, value=formats.decimal(_tenth(value), language), told=told
        )
    if rule.kind in (TRJ, SUREBET):
        told = " · ".join(
            f"{outcome_label(outcome, language)} {formats.price(Decimal(price), language)} {name}"
            for outcome, price, name in details.get("legs", ())
        )
        return say("TRJ {value} : {told}.", language, value=formats.percent(value, language), told=told)
    if rule.kind == MISSING:
        return say(
            "{bookmaker} ne cote plus {league}, que {count} autres cotent ({names}).",
            language,
            bookmaker=details.get("bookmaker", "?"),
            league=details.get("league", "?"),
            count=details.get("count", 0),
            names=_names(details.get("others", ()), language),
        )
    if rule.kind == LATE:
        return say("Aucun relevé terminé depuis {time}.", language, time=_minutes(int(value), language))
    verdict = verdict_label(str(details.get("verdict", "?")), language)
    return say("{label} : {sentence}", language, label=verdict, sentence=details.get("sentence", ""))


def ending(rule: Rule, event: Any, language: str) -> str:
    """Why it ended."""
    if event.closed_because == OVER:
        return say("Le match a commencé.", language)
    if event.closed_because == BACK and rule.kind in (PRICE, MOVE, TRJ, SUREBET):
        said = formats.price(event.value, language) if rule.kind == PRICE else formats.decimal(event.value, language)
        return say("C'est fini : la valeur est revenue à {value}.", language, value=said)
    if event.closed_because == BACK:
        return say("C'est fini : tout est rentré dans l'ordre.", language)
    if event.closed_because == alerts.CHANGED:
        return say("La règle a été changée.", language)
    return say("Expiré : il n'y a plus de prix récent.", language)


def _how_old(rule: Rule, event: Any, kind: str, language: str) -> str:
    if event.age is None or kind == alerts.CLOSED or rule.kind in (LATE, MISSING):
        return ""
    age = formats.lasting(event.age, language)
    if rule.kind == FAILED:
        return say("Terminé il y a {age}.", language, age=age)
    return say("Âge du prix : {age}.", language, age=age)


def _kickoff(details: Mapping[str, Any], language: str) -> str:
    if not (kickoff := details.get("kickoff")):
        return ""
    return say("Coup d'envoi {at}.", language, at=formats.moment(read_iso(kickoff), language))


def _names(names: Any, language: str) -> str:
    listed = [str(name) for name in names]
    return ", ".join(listed) or say("personne", language)


def _minutes(minutes: int, language: str) -> str:
    if minutes < 120:
        return f"{minutes} min"
    return formats.lasting(60 * minutes, language) if minutes % 60 else f"{minutes // 60} h"


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"))
