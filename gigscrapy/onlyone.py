"""Of several processes one acts: the others wait, and when it is gone the next takes over within seconds.

Where the tables are on a server, the lock is the server's own (``GET_LOCK``) and belongs to the very connection that
the acting process writes through: what it commits it commits while it has the lock, for both go at once. Where they are
a file, it is a file beside it that the kernel unlocks when its owner dies.
"""

import hashlib
import logging
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from peewee import Database

from gigscrapy.broker.ownerlock import OwnerLock, is_held
from schema.database import hang_up, is_embedded

ALERTING = "alerting"
"""The lock of whoever reads the rules of alerts."""
LONGEST_NAME = 64
"""Characters of a lock of MySQL's."""
SILENCE_SECONDS = 30
"""A connection that is silent for so long is closed by the server: a machine that vanishes does not keep the lock."""

logger = logging.getLogger(__name__)


class Held(Protocol):
    """The lock, as long as it is ours."""

    def is_held(self) -> bool:
        """Whether it still is; asked before each act. :raises PeeweeException: when the database is away."""

    def release(self) -> None:
        """Give it up; with one of the server's goes the connection."""


def take(database: Database, home: Path, name: str) -> Held | None:
    """The lock of that name, or ``None`` while another process has it.

    :raises OSError: when the file cannot be made; :raises PeeweeException: when the database is away.
    """
    if is_embedded(database):
        owned = OwnerLock.take(home / f"{name}.lock")
        return None if owned is None else _FileLock(owned)
    lock = _ServerLock(database, _server_name(database, name))
    return lock if lock.take() else None


def is_taken(database: Database, home: Path, name: str) -> bool:
    """Whether some process has the lock of that name. :raises PeeweeException: when the database is away."""
    if is_embedded(database):
        with suppress(OSError):
            return is_held(home / f"{name}.lock")
        return False
    answer = database.execute_sql("SELECT IS_USED_LOCK(%s)", (_server_name(database, name),)).fetchone()
    return answer != (None,)


class Turn:
    """Whose turn it is to act, for a process that asks before each act. It is told once each time it is another's.

    :param called: what the log calls whoever acts.
    """

    def __init__(self, database: Database, home: Path, name: str, *, called: str) -> None:
        self._database = database
        self._home = home
        self._name = name
        self._called = called
        self._held: Held | None = None
        self._is_waiting = False

    def came(self) -> bool:
        """Look whether it is ours still, else take it if nobody has it. Whether it is ours anew.

        :raises OSError, PeeweeException: as :func:`take`.
        """
        if self._held is not None and not self._held.is_held():
            logger.warning("the lock is lost: another %s may act now", self._called)
            self.give_up()
        if self._held is not None:
            return False
        self._held = take(self._database, self._home, self._name)
        self._tell()
        return self.is_ours

    @property
    def is_ours(self) -> bool:
        """As it was when last looked at."""
        return self._held is not None

    def give_up(self) -> None:
        """Whatever happens to the connection, a lock that depends on it is gone with it."""
        if self._held is not None:
            self._held.release()
        self._held = None
        hang_up(self._database)

    def _tell(self) -> None:
        if self.is_ours:
            logger.info("acting: this %s has the lock", self._called)
        elif not self._is_waiting:
            logger.info("waiting: another %s acts, and this one takes over when it is gone", self._called)
        self._is_waiting = not self.is_ours


def _server_name(database: Database, name: str) -> str:
    """A server's locks are common to all its databases, and their names have 64 characters at most."""
    whole = f"gigscrapy.{name}.{database.database}"
    return whole if len(whole) <= LONGEST_NAME else hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()


class _FileLock:
    """Ours until we are gone."""

    def __init__(self, owned: OwnerLock) -> None:
        self._owned = owned

    def is_held(self) -> bool:
        return True

    def release(self) -> None:
        self._owned.release()


class _ServerLock:
    """Ours while this connection lives. One that was opened anew is another: it does not have it."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name

    def take(self) -> bool:
        self._database.execute_sql("SET SESSION wait_timeout = %s", (SILENCE_SECONDS,))
        return self._says("SELECT GET_LOCK(%s, 0)")

    def is_held(self) -> bool:
        return self._says("SELECT IS_USED_LOCK(%s) = CONNECTION_ID()")

    def release(self) -> None:
        hang_up(self._database)

    def _says(self, question: str) -> bool:
        return bool(self._database.execute_sql(question, (self._name,)).fetchone() == (1,))
