"""Messages that kill: a crash of the interpreter or of the driver, memory that runs out. No exception tells of them.

Each consumer keeps a note in GIGSCRAPY_HOME for as long as it lives: a locked file (the kernel gives the lock up
whatever its owner dies of) in which stands, while it is careful, which message is on trial. Whoever leaves in order
takes its note along; what a starting consumer finds unlocked was left by a dead one.

A consumer that finds three of those, or is given a message that was given out three times in vain, is careful: it takes
one message at a time, and writes down which before it is stored. A message that was on trial at three deaths is put
aside; its neighbours, which were merely taken along with it, are stored.

A consumer that is killed from outside leaves a note too, and may leave an innocent's name in it: so a trial begins when
the database has just answered, and ends after ten seconds or with the first error. To be there at three kills a
message would have to be most unlucky. And where one message after the other seems to kill, and none can be stored in
between, it is none of theirs: see :class:`Epidemic`.
"""

import contextlib
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from gigscrapy.broker.ownerlock import OwnerLock, is_held
from schema.messages import body_hash

DEATHS = 3
"""So many consumers died without goodbye: the next is careful."""
TRIALS = 3
"""At so many deaths a message was on trial: it killed them."""
EPIDEMIC = 5
"""So many messages are put aside and not one is stored in between: it is not the messages."""
TRIAL_SECONDS = 10.0
"""A message that kills has done so by then. Who dies later was killed, by somebody out of patience."""
NOTES_LAST = 24 * 3600
"""Seconds after which a death says nothing about today's."""

_PUT_ASIDE = "put-aside"
"""In the note of a message that killed, once it is put aside."""

logger = logging.getLogger(__name__)


class Epidemic(Exception):
    """Whatever this consumer is given seems to kill it: the program or the machine is at fault. Says what to do."""


class Quarantine:
    """What a consumer's predecessors died of, and what it is trying itself. Get one from :meth:`enter`.

    Not shared between threads. Costs nothing while nobody is on trial.
    """

    def __init__(self, folder: Path, note: OwnerLock) -> None:
        self._folder = folder
        self._note = note

    @classmethod
    def enter(cls, home: Path) -> Self:
        """Begin a consumer's life.

        :param home: GIGSCRAPY_HOME: what is noted there must outlive this process.
        :raises OSError: when nothing can be noted there.
        """
        folder = home / "consumers"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another that starts may look at ours between its making and its locking: then it is taken for a dead one's.
        while (note := OwnerLock.take(folder / f"{uuid.uuid4().hex}.note")) is None:
            pass
        return cls(folder, note)

    def leave(self) -> None:
        """End it in order: nobody shall take this consumer for dead."""
        self._note.release()

    # -- what the dead left --------------------------------------------------------------------------------------------

    def is_called_for(self) -> bool:
        """Whether so many died lately that it is no accident."""
        return len(self._left_by_the_dead()) >= DEATHS

    def is_killer(self, body: bytes) -> bool:
        """Whether this message was on trial at too many deaths.

        :raises Epidemic: when too many others were put aside before it, and nothing was stored since. The notes are
            removed then: once a person has mended it, it begins anew.
        """
        left = Counter(self._left_by_the_dead().values())
        if left[body_hash(body)] < TRIALS:
            return False
        if left[_PUT_ASIDE] >= EPIDEMIC:
            self._forget(*left)
            raise Epidemic(
                f"{EPIDEMIC} messages, each by itself, killed the consumer and were put aside, and so would be the"
                " next: it is no message's fault. Look for what the process dies of (its last words, the kernel's"
                " log), then replay what was refused as kills-the-consumer"
            )
        return True

    def put_aside(self, body: bytes) -> None:
        """It is among the dead letters: given again, after whatever was wrong is mended, it gets another chance."""
        for path, name in self._left_by_the_dead().items():
            if name == body_hash(body):
                self._write(path, _PUT_ASIDE)
                break
        self._forget(body_hash(body))

    def is_over(self) -> None:
        """What is given now was never given out before: who died without a message on trial is forgotten."""
        self._forget("")

    # -- one on trial --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def trial(self, body: bytes) -> Iterator[None]:
        """Whoever dies in this block, and soon, was killed by ``body``. Stored without an error it is acquitted."""
        self._write(self._note.path, body_hash(body))
        patience = threading.Timer(TRIAL_SECONDS, self._write, (self._note.path, ""))
        patience.daemon = True
        patience.start()
        try:
            yield
        finally:
            patience.cancel()
            patience.join()
            self._write(self._note.path, "")
        self._forget(body_hash(body), _PUT_ASIDE)

    # -- notes ---------------------------------------------------------------------------------------------------------

    def _left_by_the_dead(self) -> dict[Path, str]:
        """Notes nobody keeps, and what stands in each; those of long ago are removed."""
        left = {}
        for path in self._folder.glob("*.note"):
            with contextlib.suppress(OSError):  # another consumer has just removed it, or it is a link that we shun
                if is_held(path):
                    continue
                if time.time() - path.stat().st_mtime > NOTES_LAST:
                    _remove(path)
                else:
                    left[path] = path.read_text("ascii", "replace")
        return left

    def _forget(self, *names: str) -> None:
        for path, name in self._left_by_the_dead().items():
            if name in names:
                _remove(path)

    @staticmethod
    def _write(path: Path, name: str) -> None:
        """No flush to the disk: it must survive this process, not the machine, which no message brings down."""
        try:
            path.write_text(name, "ascii")
        except OSError as error:
            logger.warning("which message is on trial cannot be noted: %s", error)


def living(home: Path) -> int:
    """How many consumers are alive on this machine, of those whose GIGSCRAPY_HOME is ``home``."""
    count = 0
    for path in (home / "consumers").glob("*.note"):
        with contextlib.suppress(OSError):  # it has just left
            count += is_held(path)
    return count


def _remove(path: Path) -> None:
    """Unless its owner lives after all, and unless another does so now."""
    if lock := OwnerLock.take(path):
        lock.release()
