"""``python -m gigscrapy.daemon.leash``: how a crawl begins under Scrapyd, in the place of ``scrapyd.runner``.

A crawl gets a session of its own, so that what a terminal or a supervisor sends to all of Scrapyd does not stop it a
second time (which would be at once); and the kernel tells it to stop when its Scrapyd dies, whatever of: there are no
orphans that go on unseen. Then it becomes ``scrapyd.runner``, under the same process id.
"""

import ctypes
import os
import signal
import sys

PARENT = "GIGSCRAPY_SCRAPYD_PID"
"""Variable: the Scrapyd whose crawl this is."""
PYTHONPATH = "GIGSCRAPY_PYTHONPATH"
"""Variable: the PYTHONPATH of the crawl; an egg must not find the project that is installed beside it."""
RUNNER = "scrapyd.runner"
NO_NEWS = "ignore:pkg_resources is deprecated"
"""Said by every crawl: requirements.txt pins a setuptools that still has it."""

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent = int(os.environ[PARENT])
    if os.getpid() != os.getsid(0):
        os.setsid()
    end_with_parent()
    if os.getppid() != parent:
        sys.exit("Scrapyd ended before its crawl began")
    _write_to(*(word.partition("=")[2] for word in sys.argv if word.startswith("LOG_FILE=")))
    os.environ["PYTHONPATH"] = os.environ.pop(PYTHONPATH)
    os.execv(sys.executable, [sys.executable, "-W", NO_NEWS, "-m", RUNNER, *sys.argv[1:]])  # noqa: S606 - no shell, and none is wanted


def end_with_parent() -> None:
    """From now on the kernel sends this process SIGTERM when the one that started it dies, whatever of."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def _write_to(*logs: str) -> None:
    """What the crawl prints goes where it logs, not to a Scrapyd that may be gone."""
    for log in logs:
        descriptor = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        for standard in (1, 2):
            os.dup2(descriptor, standard)


if __name__ == "__main__":
    main()
