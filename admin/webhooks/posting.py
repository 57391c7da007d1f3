"""Sends what hooks are told: each message is taken, signed, sent, and noted, in this order."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from peewee import Database

from admin.alerting.sending import Result
from admin.alerting.vault import BadKey, Vault
from admin.api.answers import instant
from admin.webhooks.signature import HEADER, sign
from schema import webhooks

NO_MORE = 410
"""An address that answers so wants nothing more."""
ROUND = timedelta(seconds=10)
"""So long it is sent at a stretch: then what is new is looked for, whoever answers slowly."""
AT_ONCE = 20
"""Messages between two looks at whether to stop."""

logger = logging.getLogger(__name__)


class Posts(Protocol):
    """What messages are sent with."""

    def post(self, url: str, headers: dict[str, str], body: str) -> Result:
        """Send one; nothing is raised."""


class Postman:
    """Sends the deliveries of hooks. Not shared between threads."""

    def __init__(
        self, database: Database, vault: Vault, sender: Posts, is_stopping: Callable[[], bool] = lambda: False
    ) -> None:
        self._database, self._vault, self._sender, self._is_stopping = database, vault, sender, is_stopping

    def step(self, clock: Callable[[], datetime]) -> int:
        """Send what is due, of each hook in its order. :param clock: this instant, naive UTC. :returns: how many were
        tried.

        :raises PeeweeException: when the database is away; what was being sent is sent again then.
        """
        tried, until = 0, clock() + ROUND
        while clock() <= until and (now_tried := sum(self._try(delivery, clock) for delivery in self._due(clock()))):
            tried += now_tried
        return tried

    def _due(self, at: datetime) -> list[Any]:
        return [] if self._is_stopping() else list(webhooks.due(self._database, at, AT_ONCE))

    def _try(self, delivery: Any, clock: Callable[[], datetime]) -> bool:
        if self._is_stopping() or not webhooks.claim(self._database, delivery, clock()):
            return False
        self._send(delivery, clock)
        return True

    def _send(self, delivery: Any, clock: Callable[[], datetime]) -> None:
        hook = delivery.hook
        try:
            secret = self._vault.unlock(hook.secret)
        except BadKey as error:
            webhooks.settle_failed(self._database, delivery, clock(), str(error), for_good=True)
            logger.error("hook %d: %s", hook.id, error)  # noqa: TRY400 - the sentence says it all
            return
        body = written(delivery)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gigscrapy",
            "X-Gigscrapy-Event": delivery.kind,
            "X-Gigscrapy-Delivery": delivery.delivery_id,
            HEADER: sign(secret, body.encode(), int(clock().replace(tzinfo=UTC).timestamp())),
        }
        result = self._sender.post(hook.url, headers, body)
        if result.ok:
            webhooks.settle_sent(self._database, delivery, clock(), status=result.status, took=result.took)
            return
        why = result.why or "not sent"
        given_up = webhooks.settle_failed(
            self._database, delivery, clock(), why, status=result.status, for_good=result.for_good
        )
        if result.status == NO_MORE:
            webhooks.switch_off(self._database, hook.id, webhooks.GONE, at=clock())
        said = "given up" if given_up else "tried again later"
        logger.warning("message %s to hook %d is %s: %s", delivery.delivery_id, hook.id, said, why)


def written(delivery: Any) -> str:
    """The body as it is sent, and signed: the same each time."""
    told = {"id": delivery.delivery_id, "kind": delivery.kind, "created_at": instant(delivery.created_at)}
    return f'{json.dumps(told, separators=(",", ":"))[:-1]},"data":{delivery.body}}}'
