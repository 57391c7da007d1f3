"""``python -m admin``, as a person starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from admin.__main__ import main
from tests.services import free_ports


@contextmanager
def started(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server, in a process of its own, and the address it says."""
    server = subprocess.Popen(
        [sys.executable, "-m", "admin", *arguments],
        env={**os.environ, "GIGSCRAPY_HOME": str(tmp_path), "LOG_JSON": "1", "LOG_LEVEL": "INFO"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield server, server.stdout.readline().strip().removeprefix("admin: ")
    finally:
        server.kill()
        server.communicate()


def test_it_serves_this_machine_and_says_where(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0") as (server, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with urlopen(address) as answer:
            assert answer.url == f"{address}sign-in/"
            assert "Content-Security-Policy" in answer.headers
        with pytest.raises(HTTPError, match="400"):
            urlopen(Request(address, headers={"Host": "evil.example"}))
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0
        assert server.stderr is not None
        said = [json.loads(line) for line in server.stderr.read().splitlines()]
        assert {(line["level"], line["command"]) for line in said} == {("INFO", "admin"), ("WARNING", "admin")}
        warnings = [line["message"] for line in said if line["level"] == "WARNING"]
        assert "nobody can sign in yet: python -m admin.users add NAME --role admin" in warnings
    assert (tmp_path / "gigscrapy.sqlite3").exists()


def test_nobody_fills_the_disk_with_what_no_view_takes(tmp_path: Path) -> None:
    """It is refused by its length, before it comes and before it is asked who sends it."""
    with started(tmp_path, "--port", "0") as (_, address):
        port = int(address.rstrip("/").rpartition(":")[2])
        for length, answered in (("100000000", b"413"), ("20", b"4")):
            head = f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
                caller.sendall(head.encode() + b"x" * 20)
                assert caller.recv(100).split()[1].startswith(answered)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_no_other_machine_is_served_unless_it_is_said_by_which_name(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refusal = main(["--host", host])
    assert refusal is not None
    assert "can be reached from other machines: set ADMIN_HOSTS" in refusal
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("ADMIN_HOSTS", name) for name in ("*", "https://odds.example.org", ".example.org", "odds.example.org:443")),
        *(("ADMIN_PROXIES", count) for count in ("-1", "all")),
    ],
)
def test_a_name_that_is_none_is_no_traceback(
    variable: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    assert (main(["--host", "0.0.0.0"]) or "").startswith((f"{variable}: ", "0.0.0.0 can be reached"))
    assert not list(tmp_path.iterdir())


def test_a_port_that_is_taken_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIGSCRAPY_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refusal = main(["--port", str(port)])
    assert refusal is not None
    assert refusal.startswith(f"Port {port} cannot be used")


def test_a_home_that_cannot_be_is_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GIGSCRAPY_HOME", str(tmp_path / "file"))
    assert str(tmp_path / "file") in (main(["--port", "0"]) or "")


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_cannot_be_is_no_traceback(port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([f"--port={port}"]) == f"{port} is no port: 0 to 65535."
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://user:secret@host/name", "it must begin with one of"),
        ("sqlite:////dev/null/secret.sqlite3", "the database says"),
    ],
)
def test_a_database_that_cannot_be_is_no_traceback(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    refusal = main(["--port", "0"]) or ""
    assert said in refusal
    assert "secret" not in refusal


def test_it_waits_for_a_database_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power cut it may well be up before MySQL is; whoever watches it must be told, and told of what."""
    monkeypatch.setenv("DATABASE_URL", f"mysql://gigscrapy:s3cret@127.0.0.1:{free_ports(1)[0]}/gigscrapy")
    with started(tmp_path, "--port", "0") as (_, said):
        address = said.removeprefix("admin: ")
        with urlopen(f"{address}healthz") as answer:
            assert answer.read() == b"ok\n"
        for path in ("readyz", "sign-in/"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"{address}{path}")
            body = refused.value.read().decode()
            assert refused.value.code == 503
            assert "s3cret" not in body
            assert path == "readyz" or "La base de données ne répond pas" in body
        with urlopen(f"{address}metrics") as answer:
            assert b'gigscrapy_up{dependency="database"} 0' in answer.read()
