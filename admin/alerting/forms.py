"""A rule as a person fills it in: what may be chosen, what stands there at first, and what does not make sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from admin.words import Phrase
from analytics.alerts.rules import (
    ABOVE,
    BELOW,
    DIRECTIONS,
    DROP,
    EITHER,
    FAILED,
    KINDS,
    LATE,
    MISSING,
    MOVE,
    OF_CRAWLS,
    PRICE,
    RISE,
    SUREBET,
    TRJ,
    Rule,
    Scope,
    problems,
)
from schema.markets import MARKETS

KIND_NAMES: Mapping[str, Phrase] = {
    PRICE: Phrase("Cote"),
    MOVE: Phrase("Mouvement de cote"),
    TRJ: Phrase("TRJ du marché"),
    SUREBET: Phrase("Surebet"),
    MISSING: Phrase("Bookmaker absent"),
    LATE: Phrase("Crawl en retard"),
    FAILED: Phrase("Crawl échoué"),
}
DIRECTION_NAMES: Mapping[str, Phrase] = {
    ABOVE: Phrase("au-dessus de"),
    BELOW: Phrase("en dessous de"),
    DROP: Phrase("baisse"),
    RISE: Phrase("hausse"),
    EITHER: Phrase("hausse ou baisse"),
}
THRESHOLD_NAMES: Mapping[str, Phrase] = {
    PRICE: Phrase("Seuil (cote)"),
    MOVE: Phrase("D'au moins (%)"),
    TRJ: Phrase("Seuil (TRJ en %)"),
    SUREBET: Phrase("Seuil (TRJ en %)"),
    MISSING: Phrase("Autres bookmakers présents, au moins"),
    LATE: Phrase("Sans relevé terminé depuis (min)"),
    FAILED: Phrase("Seuil"),
}

FIRST: Mapping[str, Mapping[str, str]] = {
    PRICE: {"threshold": "2,00", "margin": "0,05", "direction": ABOVE, "at_least": "1"},
    MOVE: {"threshold": "7", "margin": "2", "direction": DROP, "minutes": "60", "at_least": "2"},
    TRJ: {"threshold": "99", "margin": "0,5", "at_least": "2"},
    SUREBET: {"threshold": "100", "margin": "0,2", "max_age": "15", "at_least": "2"},
    MISSING: {"threshold": "3", "margin": "0", "minutes": "1440", "cooldown": "720"},
    LATE: {"threshold": "120", "margin": "0", "calm": "0"},
    FAILED: {"threshold": "1", "margin": "0", "calm": "0"},
}
"""What stands in the form of each kind at first."""
COMMON = {"at_least": "1", "max_age": "60", "calm": "15", "cooldown": "60"}

OF_SCOPE = ("match", "team", "league", "bookmaker")
FIELDS: Mapping[str, tuple[str, ...]] = {
    PRICE: ("direction", "threshold", "at_least", "league", "market", "outcome", "bookmaker"),
    MOVE: ("direction", "threshold", "minutes", "at_least", "league", "market", "outcome", "bookmaker"),
    TRJ: ("threshold", "at_least", "league", "market", "bookmaker"),
    SUREBET: ("threshold", "league", "market"),
    MISSING: ("threshold", "minutes", "league", "bookmaker"),
    LATE: ("threshold", "spider"),
    FAILED: ("spider",),
}
"""What the form of each kind asks, besides what all ask."""

WRONG: Mapping[str, Phrase] = {
    "kind": Phrase("Ce genre de règle n'existe pas."),
    "threshold": Phrase("Ce seuil n'a pas de sens ici."),
    "margin": Phrase("La marge va de 0 au seuil."),
    "direction": Phrase("Ce sens n'existe pas."),
    "minutes": Phrase("De 1 minute à un jour, ou à sept pour une absence."),
    "at_least": Phrase("De 1 à 50 bookmakers."),
    "max_age": Phrase("De 1 minute à un jour."),
    "calm": Phrase("De 0 minute à un jour."),
    "cooldown": Phrase("De 0 minute à sept jours."),
    "quiet": Phrase("Les heures calmes ont un début et une fin, qui diffèrent."),
    "market": Phrase("Ce marché n'existe pas."),
    "outcome": Phrase("Cette issue n'existe pas."),
    "scope": Phrase("Ce numéro n'en est pas un."),
    "bookmaker": Phrase("Un surebet se joue chez plusieurs bookmakers."),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in a form. ``rule``: what it says, ``None`` while something is ``wrong`` (by field)."""

    values: Mapping[str, str]
    rule: Rule | None
    wrong: Mapping[str, Phrase]

    @property
    def kind(self) -> str:
        return self.values["kind"]


def read(given: Mapping[str, str]) -> Filled:
    """Read a form; what is not given stands as it does at first."""
    kind = given.get("kind", PRICE)
    kind = kind if kind in KINDS else PRICE
    asked = {name: str(value).strip()[:60] for name, value in given.items()}
    values = {**COMMON, **FIRST[kind], **asked, "kind": kind}
    wrong: dict[str, Phrase] = {}
    rule = Rule(
        kind=kind,
        threshold=_decimal(values["threshold"]) or Decimal(0),
        margin=_or_wrong(_decimal(values["margin"]), Decimal(-1)),
        direction=values.get("direction") or None if kind in DIRECTIONS else None,
        minutes=_whole(values.get("minutes")) if kind in (MOVE, MISSING) else None,
        at_least=_whole(values["at_least"]) or 0,
        max_age=timedelta(minutes=_whole(values["max_age"]) or 0),
        calm=timedelta(minutes=_or_wrong(_whole(values["calm"]), -1)),
        cooldown=timedelta(minutes=_or_wrong(_whole(values["cooldown"]), -1)),
        quiet_from=_clock(values.get("quiet_from")),
        quiet_until=_clock(values.get("quiet_until")),
        scope=_scope(values, kind, wrong),
    )
    wrong |= {name: WRONG[name] for name in problems(rule)}
    return Filled(values, None if wrong else rule, wrong)


def columns(rule: Rule) -> dict[str, Any]:
    """A rule as columns of AlertRules."""
    return {
        "kind": rule.kind,
        "direction": rule.direction,
        "threshold": rule.threshold,
        "margin": rule.margin,
        "minutes": rule.minutes,
        "at_least": rule.at_least,
        "max_age_minutes": _in_minutes(rule.max_age),
        "calm_minutes": _in_minutes(rule.calm),
        "cooldown_minutes": _in_minutes(rule.cooldown),
        "quiet_from": rule.quiet_from,
        "quiet_until": rule.quiet_until,
        "match": rule.scope.match_id,
        "team": rule.scope.team_id,
        "league": rule.scope.league_id,
        "bookmaker": rule.scope.bookmaker_id,
        "market": rule.scope.market,
        "outcome": rule.scope.outcome,
        "spider": rule.scope.spider,
    }


def written(rule: Rule) -> dict[str, str]:
    """A rule as it stands in the form."""
    found = {name.removesuffix("_minutes"): value for name, value in columns(rule).items()}
    clocks = {name: found.pop(name) for name in ("quiet_from", "quiet_until")}
    said = {name: _said(value) for name, value in found.items() if value is not None}
    return said | {name: f"{value // 60:02}:{value % 60:02}" for name, value in clocks.items() if value is not None}


def _said(value: Any) -> str:
    return f"{value.normalize():f}".replace(".", ",") if isinstance(value, Decimal) else str(value)


def _scope(values: Mapping[str, str], kind: str, wrong: dict[str, Phrase]) -> Scope:
    if kind in OF_CRAWLS:
        return Scope(spider=values.get("spider") or None)
    numbers: dict[str, int | None] = {}
    for name in OF_SCOPE:
        given = values.get(name) or None
        numbers[name] = _whole(given)
        if given and numbers[name] is None:
            wrong["scope"] = WRONG["scope"]
    if kind == MISSING:
        return Scope(league_id=numbers["league"], bookmaker_id=numbers["bookmaker"])
    if kind == SUREBET and numbers["bookmaker"] is not None:
        wrong["bookmaker"] = WRONG["bookmaker"]
    market, outcome = values.get("market") or None, values.get("outcome") or None
    if market is not None and market not in MARKETS:
        wrong["market"] = WRONG["market"]
    known = (
        MARKETS[market].outcomes if market in MARKETS else {each for one in MARKETS.values() for each in one.outcomes}
    )
    if outcome is not None and outcome not in known:
        wrong["outcome"] = WRONG["outcome"]
    return Scope(
        match_id=numbers["match"],
        team_id=numbers["team"],
        league_id=numbers["league"],
        bookmaker_id=numbers["bookmaker"],
        market=market,
        outcome=outcome if kind in (PRICE, MOVE) else None,
    )


def _decimal(text: str | None) -> Decimal | None:
    try:
        found = Decimal((text or "").replace(",", ".").replace(" ", ""))
    except InvalidOperation:
        return None
    return found.quantize(Decimal("0.001")) if found.is_finite() and -(10**6) < found < 10**6 else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None


def _clock(text: str | None) -> int | None:
    """``22:30`` as minutes of the day; ``None``: nothing is said; -1: what is said is no time."""
    if not text:
        return None
    hour, colon, minutes = text.partition(":")
    found = (_whole(hour), _whole(minutes))
    if not colon or found[0] is None or found[1] is None or found[0] > 23 or found[1] > 59:
        return -1
    return 60 * found[0] + found[1]


def _or_wrong(value: Any, wrong: Any) -> Any:
    return wrong if value is None else value


def _in_minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
