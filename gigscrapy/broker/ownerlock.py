"""Who is alive: a file locked for as long as its owner lives.

The kernel gives the lock up whatever the owner dies of, and no process id has to be looked at, which may be taken again
or belong to another container. Whoever gets the lock of another knows that the other is dead.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self


class OwnerLock:
    """A held lock. Get one from :meth:`take`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """The lock, or ``None`` when somebody alive has it.

        :raises OSError: when ``path`` cannot be opened, or is a link to somewhere else.
        """
        while True:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            if _is_still(path, descriptor):
                return cls(path, descriptor)
            os.close(descriptor)  # its owner left and removed it between our two calls

    def outlive_exec(self) -> None:
        """Whatever program this process becomes keeps it."""
        os.set_inheritable(self._descriptor, True)

    def release(self) -> None:
        """Remove the file and give the lock up, in this order: what is on disk always belongs to somebody."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


def is_held(path: Path) -> bool:
    """Whether its owner lives. Asking removes nothing, and a lock shared with others who ask hinders none.

    :raises OSError: when there is no such file, or it is a link to somewhere else.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_still(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False
