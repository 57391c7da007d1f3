"""All services of one machine under one supervisor: Scrapyd, consumer, worker, scheduler and admin.

What dies is started again; what says that a person must see to it (exit code 78, or 2 for a wrong word) is not, and the
others go on. Supervisor is told so in a file that is written anew at each start: ``services.conf`` in GIGSCRAPY_HOME.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

from gigscrapy.broker.ownerlock import OwnerLock

SERVICES: Mapping[str, tuple[str, ...]] = {
    "scrapyd": ("scrapy", "scrapyd"),
    "consumer": ("scrapy", "consume"),
    "worker": ("scrapy", "worker"),
    "scheduler": ("scrapy", "scheduler"),
    "admin": ("python", "-m", "admin"),
}
"""The command of each, in the order they are started; docker-compose.yml has the same."""

PATIENCE: Mapping[str, int] = {"scrapyd": 90}
"""Seconds from SIGTERM to SIGKILL: crawls that Scrapyd runs send on what they have. The others need half a minute."""
DEFAULT_PATIENCE = 30

LEFT_ALONE = "2,78"
"""Exit codes after which starting again would not help."""

PROJECT = Path(__file__).parent.parent


def write(home: Path, chosen: Mapping[str, tuple[str, ...]] = SERVICES) -> Path:
    """Write Supervisor's configuration. :param home: absolute; made where it is not there. :returns: the file."""
    home.mkdir(parents=True, exist_ok=True)
    written = RawConfigParser()
    written["supervisord"] = {
        "nodaemon": "true",
        "logfile": "/dev/null",  # it says the same on the terminal
        "logfile_maxbytes": "0",
        "pidfile": _plain(home / "services.pid"),
        "directory": _plain(PROJECT),
        **({"user": "root"} if os.geteuid() == 0 else {}),  # it warns of root, unless root says that it means it
    }
    for name, command in chosen.items():
        written[f"program:{name}"] = {
            "command": " ".join(command),
            "autorestart": "unexpected",
            "exitcodes": LEFT_ALONE,
            "startretries": "20",
            "stopwaitsecs": str(PATIENCE.get(name, DEFAULT_PATIENCE)),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": "/dev/fd/1",
            "stdout_logfile_maxbytes": "0",
        }
    path = home / "services.conf"
    with path.open("w", encoding="utf-8") as file:
        written.write(file)
    return path


def _plain(path: Path) -> str:
    """As Supervisor reads it, which expands what a percent sign begins."""
    return str(path).replace("%", "%%")


def environment(home: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """What each service finds in its environment: this Python's own programs first, and the same home for all."""
    programs = str(Path(sys.executable).parent)
    return {
        **inherited,
        "PATH": os.pathsep.join((programs, inherited.get("PATH", os.defpath))),
        "GIGSCRAPY_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
    }


def supervise(home: Path) -> None:
    """Become the supervisor of all services; returns only where it cannot.

    :raises OSError: when ``home`` cannot be written or has a supervisor already, or Supervisor is not installed.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock.take(home / "services.lock")
    if lock is None:
        raise OSError(f"those of {home} run already: stop them, or set another GIGSCRAPY_HOME")
    configuration = write(home)
    program = Path(sys.executable).with_name("supervisord")
    _write_into_a_pipe()
    lock.outlive_exec()
    os.execve(program, [str(program), "-c", str(configuration)], environment(home, os.environ))  # noqa: S606


def _write_into_a_pipe() -> None:
    """Supervisor opens its own output anew for each service, by name. A pipe can be opened so; a socket (which is what
    systemd gives) and another user's terminal (as under ``sudo -u``) cannot, and in a file they would write over each
    other. What comes out of the pipe is passed on by a process that no Ctrl-C reaches: it ends when nobody writes.
    """
    passing_on = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)  # noqa: S607
    assert passing_on.stdin
    os.dup2(passing_on.stdin.fileno(), sys.stdout.fileno())
