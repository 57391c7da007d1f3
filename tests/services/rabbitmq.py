"""A private RabbitMQ: its own node, its own epmd, its own directory.

``/usr/sbin/rabbitmq-server`` is Debian's wrapper, which insists on the system's user and directories; this calls the
script behind it.
"""

import contextlib
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.services import die_with_parent, free_ports

READY_SECONDS = 60
QUIET_SCHEDULERS = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Erlang's schedulers spin while they wait; two cores are shared here."""

_CONFIG = """\
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
log.console = false
log.file.level = warning
loopback_users = none
"""


class RabbitMQ:
    """One node. ``start`` and ``kill9`` or ``stop`` may follow each other: queues and messages stay in ``folder``."""

    def __init__(self) -> None:
        self.folder: Path
        self.port: int
        self._environment: dict[str, str]
        self._epmd: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self._vhosts = itertools.count(1)

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self, folder: Path | None = None) -> None:
        """Start it, in ``folder`` (empty) the first time, and return when it answers (4 to 5 s)."""
        if folder is not None:
            self._settle_in(folder)
        self._epmd = self._epmd or self._spawn("epmd", "-port", self._environment["ERL_EPMD_PORT"])
        self._node = self._spawn(_script("rabbitmq-server"))
        self._await_answer()

    def stop(self) -> None:
        """Shut it down in order, and its epmd with it; already stopped is well too."""
        self._end_node(signal.SIGTERM)
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None

    def kill9(self) -> None:
        """The power cut: no goodbye to anybody."""
        self._end_node(signal.SIGKILL)

    def revive(self) -> None:
        """Whatever was done to it, it runs again."""
        if self._node is None:
            self.start()
        self.resume()

    def pause(self) -> None:
        """It stops answering, and its connections stay."""
        assert self._node is not None
        self._node.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._node is not None
        self._node.send_signal(signal.SIGCONT)

    def settle(self) -> None:
        """Have the queues themselves on disk. RabbitMQ takes a second for that, and forgets a younger one when killed,
        with all that it confirmed.
        """
        self.eval("mnesia:dump_log(), [dets:sync(Table) || Table <- dets:all()]")

    # -- use -----------------------------------------------------------------------------------------------------------

    def url(self, vhost: str = "/", *, user: str = "guest", password: str = "guest", port: int | None = None) -> str:
        name = "%2F" if vhost == "/" else vhost
        return f"amqp://{user}:{password}@127.0.0.1:{port or self.port}/{name}"

    def new_vhost(self) -> str:
        """A virtual host nobody has used: where one test sees no other. Its name."""
        name = f"test{next(self._vhosts)}"
        self.eval(
            f'rabbit_vhost:add(<<"{name}">>, <<"test">>), '
            f'rabbit_auth_backend_internal:set_permissions(<<"guest">>, <<"{name}">>, '
            '<<".*">>, <<".*">>, <<".*">>, <<"test">>)'
        )
        return name

    def delete_vhost(self, name: str) -> None:
        """With all its queues; who is connected is thrown out."""
        self.eval(f'rabbit_vhost:delete(<<"{name}">>, <<"test">>)')

    def ctl(self, *arguments: str) -> str:
        """``rabbitmqctl …``, which takes half a second; what it prints."""
        return self._run(_script("rabbitmqctl"), "--node", self._node_name, *arguments)

    def eval(self, expression: str) -> str:
        """An Erlang expression, in the node, within milliseconds; ``{ok, <what it returns>}``, as Erlang prints it."""
        cookie = (self.folder / "home" / ".erlang.cookie").read_text()
        said = self._run("erl_call", "-sname", self._node_name, "-c", cookie, "-e", stdin=f"{expression}.\n")
        assert said.startswith("{ok,"), f"{expression}: {said}"
        return said

    # -- how -----------------------------------------------------------------------------------------------------------

    def _settle_in(self, folder: Path) -> None:
        self.folder = folder
        self.port, epmd_port, distribution_port = free_ports(3)
        home = folder / "home"
        home.mkdir(parents=True)
        (folder / "plugins").write_text("[].\n")
        (folder / "rabbitmq.conf").write_text(_CONFIG)
        self._environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),  # where Erlang keeps its cookie
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "rabbit.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-noinput -kernel inet_dist_use_interface {{127,0,0,1}} {QUIET_SCHEDULERS}",
            "RABBITMQ_ALLOW_INPUT": "1",  # the script becomes the node: one process, which dies with us
        }

    @property
    def _node_name(self) -> str:
        return self._environment["RABBITMQ_NODENAME"]

    def _run(self, *command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command, env=self._environment, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{command[0]} {command[-1]}: {done.stdout}{done.stderr}"
        return done.stdout

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "out").open("ab") as out:
            return subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C in the terminal is for the tests, not for their servers
                preexec_fn=die_with_parent,  # noqa: PLW1509 - a C call, no lock is taken
            )

    def _await_answer(self) -> None:
        """An AMQP server greets whoever says the protocol's name; the port alone is open before the node is ready."""
        assert self._node is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._node.poll() is not None:
                break
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.sendall(b"AMQP\x00\x00\x09\x01")
                if client.recv(1) == b"\x01":
                    return
            time.sleep(0.05)
        raise AssertionError(f"RabbitMQ does not answer: {self._what_it_said()}")

    def _what_it_said(self) -> str:
        return re.sub(r"\s+", " ", (self.folder / "out").read_text(errors="replace"))[-2000:]

    def _end_node(self, how: signal.Signals) -> None:
        if self._node is None:
            return
        self._node.send_signal(signal.SIGCONT)
        self._node.send_signal(how)
        self._node.wait(timeout=60)
        self._node = None


def _script(name: str) -> str:
    """The newest of the installed versions."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob(f"rabbitmq_server-*/sbin/{name}"))
    if not found:
        sys.exit("RabbitMQ is not installed: apt-get install rabbitmq-server")
    return str(found[-1])
