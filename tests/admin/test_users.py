"""``python -m admin.users``: accounts from a terminal; the first can be made nowhere else."""

import io
import logging
import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from admin import users
from admin.accounts import generated
from schema.models import AuditLog, Sessions, Users
from tests.admin import account

GOOD = "correct horse battery"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIGSCRAPY_HOME", str(tmp_path / "var"))
    return tmp_path / "var"


def say(monkeypatch: pytest.MonkeyPatch, *words: str, stdin: str = "") -> str | None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    return users.main(list(words))


def test_a_new_account_reads_its_password_from_stdin(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert say(monkeypatch, "add", "Comité", "--role", "operator", stdin=f"{GOOD}\n") is None
    assert capsys.readouterr().out == "Comité may sign in, as operator.\n"
    person = Users.get()
    assert (person.username, person.username_key, person.role, person.active) == ("Comité", "comité", "operator", True)
    assert person.password.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    note = AuditLog.get()
    assert (note.actor, note.action, note.object_type, note.object_id) == ("command line", "add", "user", "Comité")
    assert note.before is None
    kept = "".join(path.read_bytes().decode("latin1") for path in home.rglob("*") if path.is_file())
    assert GOOD not in kept + caplog.text
    assert person.password not in f"{note.after}{caplog.text}"


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("a b", GOOD, "a name has letters"),
        ("", GOOD, "a name has letters"),
        ("comite", "short", "12 to 200 letters"),
        ("comite", "x" * 201, "12 to 200 letters"),
        ("comite", "aaaaaaaaaaaaaaa", "too easily guessed"),
        ("comite", "Comite123456789", "too easily guessed"),
        ("comite", "gigscrapy2026!", "too easily guessed"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str, said: str
) -> None:
    assert said in (say(monkeypatch, "add", name, stdin=password) or "")
    assert not Users.select().exists()


def test_a_name_is_taken_however_it_is_spelt(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert say(monkeypatch, "add", "Comité", stdin=GOOD) is None
    assert (
        say(monkeypatch, "add", "COMITE\N{COMBINING ACUTE ACCENT}", stdin=GOOD) == "there is an account COMITÉ already"
    )


def test_a_generated_password_is_printed_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(monkeypatch, "add", "comite", "--role", "admin", "--generate") is None
    found = re.search(r"shown this once: (\S{20})$", capsys.readouterr().out)
    assert found
    assert say(monkeypatch, "list") is None
    assert capsys.readouterr().out == "comite  admin    never signed in\n"
    assert generated() != generated()


def test_a_new_password_and_a_sign_out_end_every_session(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "add", "comite", stdin=GOOD)
    for words, stdin in (
        (("password", "comite"), f"{GOOD} 2"),
        (("sign-out", "COMITE"), ""),
        (("deactivate", "comite"), ""),
    ):
        before = Users.get().fs_uniquifier
        Sessions.create(user=Users.get().id, token_hash="x", address="", agent="")
        assert say(monkeypatch, *words, stdin=stdin) is None
        assert Users.get().fs_uniquifier != before
        assert not Sessions.select().exists()
    assert not Users.get().active
    assert say(monkeypatch, "activate", "comite") is None
    assert Users.get().active


def test_the_last_administrator_stays_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "add", "comite", "--role", "admin", stdin=GOOD)
    for words in (("role", "comite", "viewer"), ("deactivate", "comite")):
        assert say(monkeypatch, *words) == "comite is the last administrator: make another first"
    assert (Users.get().role, Users.get().active) == ("admin", True)
    account("admin", "other")
    assert say(monkeypatch, "role", "comite", "viewer") is None


def test_an_unknown_name_is_a_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for word in ("password", "deactivate", "activate", "sign-out"):
        assert say(monkeypatch, word, "nobody") == "there is no account nobody: python -m admin.users list"


# -- the first one -----------------------------------------------------------------------------------------------------


def test_the_first_is_made_only_where_somebody_sees_its_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say(monkeypatch, "first") is None
    assert capsys.readouterr().out == "Nobody can sign in yet: python -m admin.users add NAME --role admin\n", (
        "what is printed goes into a file: no password may be in it"
    )
    assert not Users.select().exists()


def test_a_terminal_is_shown_the_first_password_once(home: Path) -> None:
    assert re.search(r"Sign in as admin with the password \S{20} \(shown this once", on_a_terminal(home))
    assert on_a_terminal(home) == ""


def test_no_password_is_shown_before_a_server_that_cannot_begin(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert on_a_terminal(home, "--port", str(port), refused=f"port {port} cannot be used (") == ""
    assert not Users.select().exists()
    assert "Sign in as admin" in on_a_terminal(home, "--port", str(port))


def on_a_terminal(home: Path, *words: str, refused: str = "") -> str:
    """What ``first`` prints on one; ``refused``: what it says when it makes none."""
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "admin.users", "first", *words],
        env={**os.environ, "GIGSCRAPY_HOME": str(home)},
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, "password" in done.stderr) == (bool(refused), False)
    assert refused in done.stderr
    try:
        return os.read(ours, 1000).decode()
    except OSError:  # nothing was written
        return ""
    finally:
        os.close(ours)
