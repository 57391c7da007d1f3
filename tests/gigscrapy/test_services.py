"""What the supervisor of `scrapy services` is told. That it keeps all of them running is tested by tests/test_by_itself.py."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from configparser import RawConfigParser
from pathlib import Path

import psutil
import pytest
from supervisor.options import ServerOptions

from gigscrapy.services import SERVICES, environment, write
from tests import OWN_ENVIRONMENT, ROOT, scrapy
from tests.services import die_with_parent, free_ports


def test_supervisor_understands_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "a % b"
    monkeypatch.setattr(sys, "argv", ["supervisord"])
    options = ServerOptions()
    options.realize(["-c", str(write(home))])
    programs = {group.name: group.process_configs[0] for group in options.process_group_configs}
    assert {name: tuple(program.command.split()) for name, program in programs.items()} == dict(SERVICES)
    for program in programs.values():
        assert program.exitcodes == [2, 78]  # these wait for a person; a kill does not
        assert program.killasgroup
        assert program.redirect_stderr
    assert programs["scrapyd"].stopwaitsecs > programs["consumer"].stopwaitsecs
    assert options.pidfile == str(home / "services.pid")


def test_every_service_has_the_same_home_and_this_pythons_programs() -> None:
    found = environment(Path("/somewhere/var"), {"PATH": "/bin", "DATABASE_URL": "x"})
    assert found["PATH"].split(":") == [str(Path(sys.executable).parent), "/bin"]
    assert (found["GIGSCRAPY_HOME"], found["DATABASE_URL"]) == ("/somewhere/var", "x")


def test_the_file_says_no_secret_and_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRAPYD_PASSWORD", "c4nary")
    path = write(tmp_path)
    path.write_text("[program:left]\ncommand = rm\n")
    written = RawConfigParser()
    written.read(write(tmp_path))
    assert [section for section in written.sections() if section.startswith("program:")] == [
        f"program:{name}" for name in SERVICES
    ]
    assert "c4nary" not in path.read_text()
    assert not stat.S_IMODE(path.stat().st_mode) & 0o022


def test_a_word_too_many_starts_nothing(tmp_path: Path) -> None:
    done = scrapy("services", "consumer", home=tmp_path / "var")
    assert done.returncode == 2
    assert "it runs all of them" in done.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.slow
def test_they_start_where_the_output_is_a_socket(tmp_path: Path) -> None:
    """As under systemd, whose journal is one: that cannot be opened by its name."""
    scrapyd, admin = map(str, free_ports(2))
    inherited = {key: value for key, value in os.environ.items() if key not in OWN_ENVIRONMENT}
    own = {"GIGSCRAPY_HOME": str(tmp_path / "var"), "SCRAPYD_PORT": scrapyd, "ADMIN_PORT": admin}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(60)
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "services"],
            cwd=ROOT,
            env=inherited | own,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is taken there
        )
        theirs.close()
        said = b""
        try:
            while not (b"Scrapyd 1.6.0 started" in said and b"acting: this scheduler has the lock" in said):
                said += ours.recv(65536)
                assert b"spawnerr" not in said, said.decode()
            second = scrapy("services", home=tmp_path / "var")
            assert (second.returncode, "run already: stop them" in second.stderr) == (2, True)
        finally:
            supervisor.terminate()
            assert supervisor.wait(60) == 0
        while rest := ours.recv(65536):
            said += rest
    assert b"stopped: scrapyd (exit status 0)" in said


@pytest.mark.slow
def test_no_service_outlives_its_supervisor_nor_the_terminal(tmp_path: Path) -> None:
    """A kill of the supervisor, and a terminal that is closed: stand-ins for the services, which take a second each."""
    program = (
        "import pathlib, sys; from gigscrapy import services; services.SERVICES = {'sleeper': ('sleep', '600')}; "
        "services.write.__defaults__ = (services.SERVICES,); services.supervise(pathlib.Path(sys.argv[1]))"
    )
    for how, code in ((signal.SIGHUP, 0), (signal.SIGKILL, -signal.SIGKILL)):
        supervisor = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - no lock is taken there
        )
        sleeper = _child_of(supervisor.pid, "sleep")
        supervisor.send_signal(how)
        assert supervisor.wait(20) == code
        sleeper.wait(10)


def _child_of(pid: int, name: str) -> psutil.Process:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            if child.name() == name:
                return child
        time.sleep(0.05)
    raise AssertionError(f"no {name}")
