"""What somebody types to have leagues crawled: read, checked, and said back in words."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

from admin import audit, sentences
from admin.words import say
from gigscrapy import leagues
from gigscrapy.broker import TASK_QUEUE, BrokerError, Delivery, Queues, send
from gigscrapy.leagues import League, nearest
from gigscrapy.tasks import EVERYTHING, Unknown, check, said_arguments, select, write_task
from schema.messages import Refused

NAMED = 5
"""Leagues that are named when they are asked for; of more, how many there are."""
LONGEST = 500

logger = logging.getLogger(__name__)


class CannotAsk(ValueError):
    """:ivar field: the one at fault; the message says why, and what could stand there."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class QueueAway(CannotAsk):
    """The queue does not take it, for now."""


@dataclass(frozen=True, slots=True)
class Wish:
    """As it was typed."""

    what: str = ""
    arguments: str = ""

    @classmethod
    def read(cls, form: Any) -> Self:
        """What a form (a Werkzeug ``MultiDict``) says."""
        return cls(*(form.get(field, "").replace("\0", "").strip()[:LONGEST] for field in ("what", "arguments")))


def understood(wish: Wish) -> tuple[tuple[League, ...], dict[str, str]]:
    """The leagues and the arguments that are meant. :raises CannotAsk: when that is nothing a spider can do."""
    try:
        found = select(wish.what)
    except Unknown:
        raise CannotAsk("what", _unknown(wish.what)) from None
    try:
        return found, check(found, said_arguments(wish.arguments))
    except Refused as refusal:
        told = say("Le robot ne prend pas cela ({detail}).", detail=sentences.translated(refusal.detail))
        raise CannotAsk("arguments", told) from None


def send_task(queues: Queues, wish: Wish, arguments: dict[str, str], *, by: str, task_id: str | None = None) -> str:
    """Put the task into the queue. :returns: its id. :param by: who asks. :raises QueueAway: when it is not taken."""
    task_id = task_id or uuid4().hex
    body = write_task(wish.what, arguments, requested_by=by, task_id=task_id)
    try:
        send(queues, TASK_QUEUE, [Delivery(None, body, task_id, datetime.now(UTC))])
    except (OSError, BrokerError) as error:
        logger.error("task %s is not sent: %s", task_id, error)  # noqa: TRY400 - the sentence says all
        told = say("La file ne répond pas : rien n'est demandé. Recommencez plus tard ; le journal en dit plus.")
        raise QueueAway("what", told) from None
    audit.note("ask", "task", task_id, None, {"what": wish.what, "arguments": arguments})
    logger.info("task %s (%s) is asked for by %s", task_id, wish.what, by)
    return task_id


def said(found: Sequence[League]) -> str:
    """Which leagues are asked for."""
    names = ", ".join(league.title for league in found[:NAMED])
    if len(found) > NAMED:
        names = say("{names} et {count} autres", names=names, count=len(found) - NAMED)
    return say("Relevé demandé : {names}. Le worker (scrapy worker) le lance.", names=names)


def choices() -> Iterator[tuple[str, str]]:
    """What the field proposes: each value, and what it means."""
    every = leagues.load()
    yield EVERYTHING, say("toutes les ligues")
    for sport in dict.fromkeys(league.sport for league in every):
        yield f"sport:{sport}", sport
    for league in every:
        yield league.name, f"{league.title} ({league.country})"


def _unknown(what: str) -> str:
    """Which part of it means nothing, and what comes near."""
    for part in filter(None, (part.strip() for part in what.split(","))):
        try:
            select(part)
        except Unknown:
            near = ", ".join(nearest(part))
            if near:
                return say("Rien ne s'appelle « {part} ». Vouliez-vous dire {near} ?", part=part[:80], near=near)
            return say("Rien ne s'appelle « {part} » : ni ligue, ni sport, ni pays.", part=part[:80])
    return say("Dites quoi relever : une ligue, sport:football, country:France ou all.")
