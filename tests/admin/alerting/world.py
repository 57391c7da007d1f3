"""A small world of prices, seeded: matches whose bookmakers move, fall silent, err and come back; and rules over it."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from peewee import Database

from analytics.alerts.rules import (
    ABOVE,
    BELOW,
    DROP,
    EITHER,
    FAILED,
    LATE,
    MISSING,
    MOVE,
    PRICE,
    RISE,
    SUREBET,
    TRJ,
    Rule,
    Scope,
)
from schema import alerts
from schema.instants import naive
from schema.messages import Message
from schema.models import AlertRules, Runs
from schema.store import Store
from tests.schema.letters import NOON, letters, quote

START = naive(NOON)
BOOKS = ("Betclic", "NetBet", "Unibet", "Winamax")
MATCHES = (("701", "Le Havre", "Paris SG", 250), ("702", "Lyon", "Lille", 360), ("703", "Nantes", "Nice", 3000))
"""Number on the site, home, away, minutes from the start to the kick-off."""


def history(seed: int, minutes: int) -> Iterator[tuple[datetime, list[Message]]]:
    """When (naive UTC) which quotes were seen, from the start on, in their order."""
    chance = random.Random(seed)
    chances = {book: [Decimal(40), Decimal(28), Decimal(32)] for book in BOOKS}
    silent_until: dict[tuple[str, str], int] = {}
    after = 0
    while after < minutes:
        seconds = 60 * after + chance.choice((0, 0, 7, 41))
        for number, home, away, _ in MATCHES:
            told: list[Message] = []
            for book in BOOKS:
                if silent_until.get((book, number), 0) > after:
                    continue
                if chance.random() < 0.06:
                    silent_until[book, number] = after + chance.choice((20, 45, 120, 200))
                    continue
                told.append(_quote(chance, chances[book], seconds, number, home, away, book))
            if told:
                yield START + timedelta(seconds=seconds), told
        after += chance.choice((1, 4, 5, 5, 11))


def _quote(
    chance: random.Random, shares: list[Decimal], seconds: int, number: str, home: str, away: str, book: str
) -> Message:
    if chance.random() < 0.3:
        shares[chance.randrange(3)] *= Decimal(chance.choice(("0.9", "0.95", "1.06", "1.12")))
    total = sum(shares) * Decimal(chance.choice(("1.06", "1.04", "1.02")))
    prices: dict[str, Decimal | None] = {
        outcome: max(Decimal("1.01"), (total / share / Decimal("1.1")).quantize(Decimal("0.01")))
        for outcome, share in zip(("1", "X", "2"), shares, strict=True)
    }
    if chance.random() < 0.05:
        prices[chance.choice(("1", "X", "2"))] = None
    suspect = "far-from-panel" if chance.random() < 0.08 else None
    kickoff = NOON + timedelta(minutes=next(minutes for site_id, _, _, minutes in MATCHES if site_id == number))
    return quote(
        seconds,
        match_id=number,
        home=home,
        away=away,
        kickoff=kickoff,
        bookmaker=book,
        prices=prices,
        suspect=suspect,
        partial=chance.random() < 0.05,
        run_id=f"run-{seconds // 900}",
    )


def put(database: Database, *messages: Message, received_at: datetime | None = None) -> None:
    """Store them. :param received_at: aware; default: on the day of the history."""
    outcome = Store(database).store(letters(*messages, received_at=received_at or NOON + timedelta(days=1)))
    assert not outcome.refused


def end_run(database: Database, number: int, at: datetime, *, good: bool) -> None:
    """A crawl of ligue1 ended."""
    Runs.delete().where(Runs.run_id == f"crawl-{number}").execute(database)
    row = {"run_id": f"crawl-{number}", "spider": "ligue1", "state": "finished", "started_at": at, "finished_at": at}
    told = {"verdict": "complete", "exit_code": 0} if good else {"verdict": "unusual", "exit_code": 38}
    Runs.insert({**row, **told, "sentence": "told"}).execute(database)


RULES: dict[str, Rule] = {
    "price": Rule(
        kind=PRICE, direction=ABOVE, threshold=Decimal("2.6"), margin=Decimal("0.1"), scope=Scope(market="1X2")
    ),
    "price, below, quiet": Rule(
        kind=PRICE,
        direction=BELOW,
        threshold=Decimal("2.45"),
        margin=Decimal("0.05"),
        at_least=2,
        cooldown=timedelta(minutes=30),
        quiet_from=15 * 60,
        quiet_until=15 * 60 + 50,
    ),
    "drop": Rule(
        kind=MOVE,
        direction=DROP,
        threshold=Decimal(7),
        margin=Decimal(2),
        minutes=60,
        at_least=2,
        max_age=timedelta(minutes=40),
        cooldown=timedelta(minutes=20),
    ),
    "rise": Rule(kind=MOVE, direction=RISE, threshold=Decimal(5), minutes=25, max_age=timedelta(minutes=15)),
    "either": Rule(
        kind=MOVE, direction=EITHER, threshold=Decimal(10), minutes=90, calm=timedelta(), cooldown=timedelta()
    ),
    "trj": Rule(kind=TRJ, threshold=Decimal(97), margin=Decimal("0.5"), at_least=2, max_age=timedelta(minutes=20)),
    "surebet": Rule(kind=SUREBET, threshold=Decimal(100), max_age=timedelta(minutes=10), cooldown=timedelta(minutes=9)),
    "missing": Rule(kind=MISSING, threshold=Decimal(2), minutes=30, calm=timedelta(), cooldown=timedelta()),
    "late": Rule(kind=LATE, threshold=Decimal(40), cooldown=timedelta(minutes=5)),
    "failed": Rule(kind=FAILED, threshold=Decimal(1), cooldown=timedelta(minutes=1), calm=timedelta(minutes=3)),
}


def columns(rule: Rule) -> dict[str, Any]:
    """A rule as columns of AlertRules."""
    scope = rule.scope
    return {
        "kind": rule.kind,
        "direction": rule.direction,
        "threshold": rule.threshold,
        "margin": rule.margin,
        "minutes": rule.minutes,
        "at_least": rule.at_least,
        "max_age_minutes": rule.max_age // timedelta(minutes=1),
        "calm_minutes": rule.calm // timedelta(minutes=1),
        "cooldown_minutes": rule.cooldown // timedelta(minutes=1),
        "quiet_from": rule.quiet_from,
        "quiet_until": rule.quiet_until,
        "match": scope.match_id,
        "team": scope.team_id,
        "league": scope.league_id,
        "bookmaker": scope.bookmaker_id,
        "market": scope.market,
        "outcome": scope.outcome,
        "spider": scope.spider,
        "enabled": True,
    }


def add_channel(database: Database, name: str = "hook", secret: bytes = b"", language: str = "fr") -> int:
    """A channel that nothing is sent through."""
    values = {"name": name, "secret": secret, "masked": "json://…", "language": language, "enabled": True}
    return alerts.add_channel(database, values, at=START)


def add_rule(database: Database, rule: Rule, *channels: int) -> AlertRules:
    """The rule in the tables, telling these channels."""
    found = alerts.find_rule(database, alerts.add_rule(database, columns(rule), channels, at=START))
    assert found is not None
    return found
