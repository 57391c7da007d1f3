"""A private MariaDB: its own data directory, its own socket and port; the machine's own server is never touched."""

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql

from tests.services import die_with_parent, free_ports

READY_SECONDS = 60
_UNWAITING = ("--innodb-flush-method=nosync", "--debug-no-sync", "--sync-frm=0")
"""Each commit is still written to the log before it is told: what is written is the system's to keep when the server is
killed. Only a power cut of the machine would take it.
"""


class MariaDB:
    """One server. ``start`` and ``kill9`` or ``stop`` may follow each other: the data stay in ``folder``.

    Its only account is ``root`` without a password, from this machine only.

    :param pool: size of its buffer pool.
    :param waits: for the disk, as one in earnest does; one that does not has nothing less after ``kill9``.
    """

    def __init__(self, pool: str = "128M", *, waits: bool = True) -> None:
        self._pool = pool
        self._manners = (*(() if waits else _UNWAITING), *_as_root())
        self.folder: Path
        self.port: int
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = itertools.count(1)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self, folder: Path | None = None) -> None:
        """Start it, in ``folder`` the first time, and return when it answers (1 s; later starts 0.1 s)."""
        if folder is not None:
            self._settle_in(folder)
        with (self.folder / "out").open("ab") as out:
            self._server = subprocess.Popen(
                [
                    "/usr/sbin/mariadbd",
                    "--no-defaults",
                    f"--datadir={self.folder / 'data'}",
                    f"--tmpdir={self.folder}",
                    f"--socket={self.folder / 's'}",
                    f"--pid-file={self.folder / 'pid'}",
                    f"--port={self.port}",
                    "--bind-address=127.0.0.1",
                    "--skip-name-resolve",
                    f"--innodb-buffer-pool-size={self._pool}",
                    "--innodb-log-file-size=64M",
                    *self._manners,
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is for the tests, not for their servers
                preexec_fn=die_with_parent,  # noqa: PLW1509 - a C call, no lock is taken
            )
        self._await_answer()

    def start_again(self, folder: Path) -> None:
        """Start the one whose data are in ``folder`` since it was stopped, perhaps by another process."""
        self.folder = folder
        (self.port,) = free_ports(1)
        self.start()

    def stop(self) -> None:
        """Shut it down in order; already stopped is well too."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """The power cut: no goodbye to anybody."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """It stops answering, and its connections stay."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        os.waitpid(self._server.pid, os.WUNTRACED)  # until it has

    def resume(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def revive(self) -> None:
        """Whatever a test did to it, it runs again."""
        if self._server is None or self._server.poll() is not None:
            self._server = None
            self.start()
        self.resume()

    # -- use -----------------------------------------------------------------------------------------------------------

    def url(self, database: str, *, user: str = "root", password: str = "", port: int | None = None) -> str:
        account = f"{user}:{password}" if password else user
        return f"mysql://{account}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self) -> str:
        """The name of an empty database nobody has used. Its character set is the server's own default, latin1."""
        name = f"test{next(self._databases)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """One statement as root, on a connection of its own; its rows."""
        account: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "user": "root"}
        # Without encryption: the driver would read the system's certificates first, which takes it 20 ms.
        with pymysql.connect(**account, autocommit=True, ssl_disabled=True) as connection:
            cursor = connection.cursor()
            cursor.execute(sql, arguments)
            return list(cursor.fetchall())

    # -- how -----------------------------------------------------------------------------------------------------------

    def _settle_in(self, folder: Path) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--tmpdir={folder}",  # one that starts deletes what it takes for its own leavings: another's, in /tmp
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
            *self._manners,
        ]
        done = subprocess.run(install, capture_output=True, text=True, timeout=READY_SECONDS, check=False)
        assert done.returncode == 0, f"mariadb-install-db: {done.stdout}{done.stderr}"

    def _await_answer(self) -> None:
        assert self._server is not None
        deadline = time.monotonic() + READY_SECONDS
        error: Exception | None = None
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                self.execute("SELECT 1")
            except pymysql.err.OperationalError as refused:
                error = refused
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"MariaDB does not answer: {error}; {(self.folder / 'out').read_text()[-2000:]}")

    def _end(self, how: signal.Signals) -> None:
        if self._server is None:
            return
        self._server.send_signal(signal.SIGCONT)
        self._server.send_signal(how)
        self._server.wait(timeout=60)
        self._server = None


def _as_root() -> list[str]:
    """Root has to say that it means it."""
    return ["--user=root"] if os.geteuid() == 0 else []
