"""What needs the database is done again and again while that is away, by whoever holds something for it.

Whose fault an error is (:class:`schema.database.Fault`) decides what helps.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from peewee import Database

from schema.database import Fault, explain, fault_of, hang_up
from schema.migrations import SchemaError

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
STRIKES = 3
"""So often an error that nobody knows is taken for a passing one."""

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Halt(Exception):
    """It cannot go on until a person has seen to it; the message says to what. Nothing is lost."""


class MessageFault(Exception):
    """Something of what is held is not to the database's liking."""


class Stopped(Exception):
    """Told to stop while it was waiting for the database."""


def keep_at(
    step: Callable[[], None],
    give_up: Callable[[], None],
    is_stopping: Callable[[], bool],
    *,
    every: float,
    hopeless: tuple[type[Exception], ...] = (SchemaError,),
) -> None:
    """Do ``step``, and again ``every`` so many seconds, until told to stop. What passes is waited for.

    :param give_up: called after an error, before the next step: nothing that depends on the connection is held.
    :param hopeless: errors that no waiting mends.
    :raises Halt: when a person must see to something.
    """
    pause, strikes = FIRST_PAUSE, 0
    while not is_stopping():
        try:
            step()
        except hopeless as error:
            raise Halt(str(error)) from error
        except Exception as error:
            give_up()
            strikes += fault_of(error) is not Fault.PASSING
            if strikes == STRIKES:
                logger.exception("an error that nobody foresaw: please report it")
            if fault_of(error) is Fault.OURS or strikes == STRIKES:
                raise Halt(explain(error)) from error
            logger.warning("not acting for %.1f s: %s", pause, explain(error))
            _wait_unless(is_stopping, pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause, strikes = FIRST_PAUSE, 0
            _wait_unless(is_stopping, every)


def _wait_unless(is_stopping: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_stopping() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))


class Patience:
    """``patiently(work, held)`` does ``work``, again and again while the database is away.

    :param is_stopping: asked while it waits.
    """

    def __init__(self, database: Database, is_stopping: Callable[[], bool]) -> None:
        self._database = database
        self._is_stopping = is_stopping

    def __call__(self, work: Callable[[], T], held: str) -> T:
        """:param held: what waits meanwhile, for the log.

        :raises MessageFault: when a message is at fault; :raises Halt: when the installation or the program is;
        :raises SchemaError: as it is; :raises Stopped: when told to stop meanwhile.
        """
        pause, strikes = FIRST_PAUSE, 0
        while True:
            try:
                return work()
            except SchemaError:
                raise
            except Exception as error:
                hang_up(self._database)
                fault = fault_of(error)
                strikes += fault is Fault.UNKNOWN
                if fault is Fault.MESSAGE:
                    raise MessageFault(explain(error)) from error
                if strikes == STRIKES:
                    logger.exception("an error that nobody foresaw: please report it")
                if fault is Fault.OURS or strikes == STRIKES:
                    raise Halt(explain(error)) from error
                logger.warning("%s held for %.1f s: %s", held, pause, explain(error))
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            if self._is_stopping():
                raise Stopped
