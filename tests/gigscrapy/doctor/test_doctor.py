import threading
import time
from pathlib import Path

import pytest
from scrapy.settings import Settings

from gigscrapy import doctor
from gigscrapy.commands.doctor import Command
from gigscrapy.doctor.findings import Finding, State, failure, ok, warning
from tests import scrapy
from tests.gigscrapy.commands.in_process import asking


def test_each_secret_is_hidden(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.set("RABBIT_URL", "amqp://gig:r4bbit%21@host/x")
    settings.set("DATABASE_URL", "mysql://gig:d4ta@host/x")
    settings.set("SCRAPYD_URLS", "http://a:n0de@one:1, http://b:0ther@two:2")
    settings.set("SCRAPYD_PASSWORD", "daem0n")
    said = "r4bbit! r4bbit%21 d4ta n0de 0ther daem0n\nsafe"
    monkeypatch.setattr(doctor, "CHECKS", {"one": lambda _: warning(said), "two": lambda _: None})
    assert list(doctor.examine(settings)) == [("one", warning("*** *** *** *** *** *** safe"))]


def test_a_short_secret_is_left_in_other_words(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.set("RABBIT_URL", "amqp://gig:p@host/x")
    monkeypatch.setattr(doctor, "CHECKS", {"one": lambda _: warning("packages at amqp://gig:p@host, password 'p'")})
    assert list(doctor.examine(settings)) == [("one", warning("packages at amqp://gig:***@host, password '***'"))]


def test_one_that_hangs_or_breaks_keeps_none_of_the_others(settings: Settings, monkeypatch) -> None:
    ended = threading.Event()

    def hang(_: Settings) -> Finding:
        ended.wait(10)
        return ok("too late")

    def broken(_: Settings) -> Finding:
        raise KeyError("what")

    monkeypatch.setattr(doctor, "CHECKS", {"hangs": hang, "breaks": broken, "works": lambda _: ok("it does")})
    monkeypatch.setattr(doctor, "SECONDS", 0.1)
    began = time.monotonic()
    assert list(doctor.examine(settings)) == [
        ("hangs", failure("no answer within 0.1 s: it hangs")),
        ("breaks", failure("the check itself broke (KeyError: 'what'): tell us")),
        ("works", ok("it does")),
    ]
    assert time.monotonic() - began < 5
    ended.set()


@pytest.mark.parametrize(
    ("states", "last", "code"),
    [
        ((State.OK,), "All is well.", 0),
        ((State.OK, State.WARNING), "It works; look at the 1 that are marked !", 0),
        ((State.FAILURE,), "Mend the 1 that are marked ✗, the first one first.", 1),
        (
            (State.WARNING, State.FAILURE),
            "Mend the 1 that are marked ✗, the first one first, and look at the 1 that are marked !.",
            1,
        ),
    ],
)
def test_what_it_comes_to(states, last, code, tmp_path: Path, capsys, monkeypatch) -> None:
    found = {str(number): (lambda _, state=state: Finding(state, "it is")) for number, state in enumerate(states)}
    monkeypatch.setattr(doctor, "CHECKS", found)
    done = asking(Command, capsys)(home=tmp_path)
    lines = [f"{state.value} {number:<10} it is" for number, state in enumerate(states)]
    assert done.stdout.splitlines() == [*lines, last]
    assert done.returncode == code


@pytest.mark.slow
@pytest.mark.browser
def test_as_a_command(tmp_path: Path) -> None:
    environment = {"DATABASE_URL": "mysql://gig:s3cret@127.0.0.1:1/odds", "CHROMIUM_SANDBOX": "0"}
    done = scrapy("doctor", home=tmp_path, environment=environment)
    assert done.returncode == 1
    assert "✓ browser    Chromium " in done.stdout
    assert "✗ database   the database says: Can't connect" in done.stdout
    assert "s3cret" not in done.stdout + done.stderr
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing"
