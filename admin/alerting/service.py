"""The process that stays: rules each minute, messages as they are due, hooks. Of several only one acts.

Rules are read by the main thread, which has the lock; messages are sent by another, with a connection of its own, so
that a slow service holds nothing up; what hooks are told is found and sent by a third. While the database is away
nothing is lost: what is open and what is to be sent is in it.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from peewee import Database

from admin.alerting.engine import Engine
from admin.alerting.messages import Composer
from admin.alerting.outbox import Outbox, Sends
from admin.alerting.vault import Vault
from admin.webhooks.posting import Postman, Posts
from admin.webhooks.telling import Teller
from analytics.alerts.rules import minute
from gigscrapy.onlyone import ALERTING, Turn
from gigscrapy.patience import LONGEST_PAUSE, Halt, keep_at
from schema.database import hang_up
from schema.migrations import prepare
from schema.models import now

TICK_SECONDS = 1.0

Clock = Callable[[], datetime]


class Alerting:
    """``run()`` acts whenever this process has the lock, until ``stop()``.

    :param base: where people reach the admin, for the links in messages.
    """

    def __init__(  # noqa: PLR0917 - what it is made of
        self,
        database: Database,
        home: Path,
        vault: Vault,
        sender: Sends,
        base: str,
        clock: Clock = now,
        hooks: Posts | None = None,
    ) -> None:
        self._database = database
        self._turn = Turn(database, home, ALERTING, called="process")
        self._clock = clock
        self._composer = Composer(base)
        self._engine = Engine(database, self._composer)
        self._outbox = Outbox(database, vault, sender, self._is_idle)
        self._teller = Teller(database)
        self._postman = None if hooks is None else Postman(database, vault, hooks, self._is_idle)
        self._acting = threading.Event()
        self._read_at: datetime | None = None
        self._halt: Halt | None = None
        self.is_stopping = False

    def stop(self) -> None:
        """Leave after the present step. To be called from anywhere, a signal handler too."""
        self.is_stopping = True

    def run(self) -> None:
        """:raises Halt: when a person must see to something."""
        beside = [
            threading.Thread(target=self._keep_doing, args=(step,), name=name, daemon=True)
            for name, step in (("outbox", self._send), ("hooks", self._tell_hooks))
        ]
        for thread in beside:
            thread.start()
        try:
            self._patiently(self._tick, self._give_up)
        finally:
            self.is_stopping = True
            self._give_up()
            for thread in beside:
                thread.join(LONGEST_PAUSE)
        if self._halt is not None:
            raise self._halt

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if self._turn.came():
            prepare(self._database)
            self._engine = Engine(self._database, self._composer)
            self._read_at = None
        if not self._turn.is_ours:
            self._acting.clear()
            return
        self._acting.set()
        at = minute(self._clock())
        if self._read_at != at:
            self._engine.step(at)
            self._read_at = at

    def _give_up(self) -> None:
        self._acting.clear()
        self._turn.give_up()

    # -- messages ------------------------------------------------------------------------------------------------------

    def _keep_doing(self, step: Callable[[], None]) -> None:
        try:
            self._patiently(step, lambda: hang_up(self._database))
        except Halt as halt:
            self._halt = halt
            self.stop()
        finally:
            hang_up(self._database)

    def _send(self) -> None:
        if self._acting.is_set():
            self._outbox.step(self._clock)

    def _is_idle(self) -> bool:
        return self.is_stopping or not self._acting.is_set()

    def _tell_hooks(self) -> None:
        if not self._acting.is_set():
            self._teller = Teller(self._database)  # what another process has told meanwhile is in the tables
        elif self._postman is not None:
            self._teller.step(self._clock())
            self._postman.step(self._clock)

    def _patiently(self, step: Callable[[], None], give_up: Callable[[], None]) -> None:
        keep_at(step, give_up, lambda: self.is_stopping, every=TICK_SECONDS)
