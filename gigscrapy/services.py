"""All services of one machine under one supervisor: Scrapyd, consumer, worker, scheduler, alerting and admin.

What dies is started again; what says that a person must see to it (exit code 78, or 2 for a wrong word) is not, and the
others go on. Supervisor is told so in a file that is written anew at each start: ``services.conf`` in GIGSCRAPY_HOME.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

from supervisor import supervisord
from supervisor.options import ServerOptions

from gigscrapy.broker.ownerlock import OwnerLock
from gigscrapy.daemon.leash import end_with_parent

SERVICES: Mapping[str, tuple[str, ...]] = {
    "scrapyd": ("scrapy", "scrapyd"),
    "consumer": ("scrapy", "consume"),
    "worker": ("scrapy", "worker"),
    "scheduler": ("scrapy", "scheduler"),
    "alerting": ("python", "-m", "admin.alerting"),
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
    """Supervise all services until told to stop: by Ctrl-C, SIGTERM, or the end of the terminal.

    :raises OSError: when ``home`` cannot be written, or has a supervisor already.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    lock = OwnerLock.take(home / "services.lock")
    if lock is None:
        raise OSError(f"those of {home} run already: stop them, or set another GIGSCRAPY_HOME")
    try:
        options = _Options()
        options.realize(["-c", str(write(home))])
        options.first, options.test = True, False
        os.environ.update(environment(home, os.environ))
        _write_into_a_pipe()
        supervisord.go(options)
    finally:
        lock.release()


class _Options(ServerOptions):
    """Supervisor's, but for two things."""

    def get_signal(self) -> int | None:
        """A terminal that is closed ends the services; Supervisor would start all of them anew."""
        received: int | None = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received

    def setpgrp(self) -> None:
        """Called in each service before it becomes one: none outlives a supervisor that is killed."""
        super().setpgrp()
        end_with_parent()


def _write_into_a_pipe() -> None:
    """Supervisor opens its own output anew for each service, by name. A pipe can be opened so; a socket (which is what
    systemd gives) and another user's terminal (as under ``sudo -u``) cannot, and in a file they would write over each
    other. What comes out of the pipe is passed on by a process that no Ctrl-C reaches: it ends when nobody writes.
    """
    passing_on = subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True)  # noqa: S607
    assert passing_on.stdin
    os.dup2(passing_on.stdin.fileno(), sys.stdout.fileno())
