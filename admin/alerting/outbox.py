"""Sends what is written: each message is taken, sent, and noted as sent, in this order.

Whoever is killed after sending and before noting leaves a message that is sent again, with the same number and a word
that it may be known: none is lost, and none comes twice without saying so.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from peewee import Database

from admin.alerting.sending import Result
from admin.alerting.vault import BadKey, Vault
from admin.words import say
from schema import alerts

AT_ONCE = 20
"""Messages between two looks at whether to stop."""

logger = logging.getLogger(__name__)


class Sends(Protocol):
    """What messages are sent with."""

    def send(self, url: str, title: str, body: str) -> Result:
        """Send one; nothing is raised."""


class Outbox:
    """Sends the deliveries of ``database``. Not shared between threads."""

    def __init__(
        self, database: Database, vault: Vault, sender: Sends, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._database = database
        self._vault = vault
        self._sender = sender
        self._is_stopping = is_stopping

    def step(self, clock: Callable[[], datetime]) -> int:
        """Send what is due. :param clock: this instant, naive UTC. :returns: how many were tried.

        :raises PeeweeException: when the database is away; what was being sent is sent again then.
        """
        tried = 0
        for delivery in alerts.due_deliveries(self._database, clock(), AT_ONCE):
            if self._is_stopping():
                break
            if alerts.claim(self._database, delivery, clock()):
                self._send(delivery, clock)
                tried += 1
        return tried

    def _send(self, delivery: Any, clock: Callable[[], datetime]) -> None:
        channel = delivery.channel
        if not channel.enabled:
            alerts.settle_failed(self._database, delivery, clock(), "the channel is switched off", for_good=True)
            return
        try:
            url = self._vault.unlock(channel.secret)
        except BadKey as error:
            alerts.settle_failed(self._database, delivery, clock(), str(error), for_good=True)
            logger.error("channel %r: %s", channel.name, error)  # noqa: TRY400 - the sentence says it all
            return
        result = self._sender.send(url, delivery.title, signed(delivery))
        if result.ok:
            alerts.settle_sent(self._database, delivery, clock(), result.took)
            return
        why = result.why or "not sent"
        given_up = alerts.settle_failed(self._database, delivery, clock(), why, for_good=result.for_good)
        said = "given up" if given_up else "tried again later"
        logger.warning("message %s to channel %r is %s: %s", delivery.delivery_id, channel.name, said, why)


def signed(delivery: Any) -> str:
    """The body with the number it is known by; where it may have been sent before, it says so."""
    language = delivery.channel.language
    again = ""
    if delivery.note == alerts.SENT_TWICE:
        again = "\n" + say("Renvoi : ce message vous est peut-être déjà parvenu.", language)
    return f"{delivery.body}{again}\n[{delivery.delivery_id}]"
