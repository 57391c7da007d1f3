"""Dying, crashing and dawdling at a chosen call; and what the witness hears of a process that died."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from tests.faults import failpoint, witness
from tests.faults.oracle import rows_of
from tests.faults.processes import crawling, running
from tests.faults.site import BOOKMAKERS, MATCHES, QUOTES, HeldSite

THREE = ["one", "two", "three"]


class Calls:
    """Something to strike."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def plain(self, name: str) -> None:
        self.names.append(name)

    async def late(self, name: str) -> None:
        self.names.append(name)

    @classmethod
    def of_class(cls, name: str) -> str:
        return f"{cls.__name__} {name}"


class Struck(Exception):
    pass


@pytest.fixture(autouse=True)
def whole_again(monkeypatch: pytest.MonkeyPatch):
    """A strike is an exception here; and what is armed is disarmed after the test."""

    def strike(what: str) -> float:
        raise Struck(what)

    monkeypatch.setattr(failpoint, "_strike", strike)
    for name in ("plain", "late", "of_class"):
        monkeypatch.setattr(Calls, name, vars(Calls)[name])


@pytest.mark.parametrize(
    ("when", "which", "done"),
    [("before", "2", ["one"]), ("after", "2", ["one", "two"]), ("before", "has=thr", ["one", "two"])],
)
def test_it_strikes_the_call_that_is_meant(when: str, which: str, done: list[str]):
    for name, call in (("plain", lambda c, n: c.plain(n)), ("late", lambda c, n: asyncio.run(c.late(n)))):
        failpoint.arm(f"{__name__}:Calls.{name}", when, which, "exit")
        calls = Calls()
        with pytest.raises(Struck, match="exit"):
            for word in THREE:
                call(calls, word)
        assert calls.names == done


def test_it_strikes_once():
    failpoint.arm(f"{__name__}:Calls.plain", "after", "1", "exit")
    calls = Calls()
    for name in THREE:
        try:
            calls.plain(name)
        except Struck:
            assert name == "one"
    assert calls.names == THREE


def test_a_method_of_the_class_stays_one():
    failpoint.arm(f"{__name__}:Calls.of_class", "after", "2", "exit")
    assert Calls.of_class("one") == "Calls one"
    with pytest.raises(Struck):
        Calls.of_class("two")


def test_words_that_mean_nothing():
    with pytest.raises(ValueError, match="neither before nor after"):
        failpoint.arm(f"{__name__}:Calls.plain", "during", "1", "exit")
    with pytest.raises(ValueError, match="invalid literal"):
        failpoint.arm(f"{__name__}:Calls.plain", "after", "first", "exit")


@pytest.mark.slow
@pytest.mark.parametrize(("what", "code"), [("exit", failpoint.EXIT_CODE), ("abort", -signal.SIGABRT)])
def test_the_process_is_gone_and_what_it_said_is_known(site: HeldSite, tmp_path: Path, what: str, code: int):
    home, heard = tmp_path / "home", tmp_path / "heard"
    words = ("gigscrapy.broker.spool:SpoolPublisher.publish", "after", "40", what)
    with crawling(site.url, home, witness=heard, failpoint=words) as crawl:
        assert crawl.wait() == code, crawl.log
    told = list(witness.read(heard))
    durable = {name for said, name, _ in told if said == "durable"}
    bodies = {name: body for said, name, body in told if said == "attempted"}
    assert len(durable) == 39
    assert durable < bodies.keys()
    spooled = set(rows_of(home / "spool.sqlite3")["odds"])
    assert {bodies[name] for name in durable} < spooled <= set(bodies.values())


@pytest.mark.slow
def test_a_call_that_is_late(tmp_path: Path):
    began = time.monotonic()
    words = ("gigscrapy.consumer:Consumer.run", "before", "1", "sleep=1.5")
    with running("consume", "--drain", home=tmp_path / "home", failpoint=words) as consumer:
        assert consumer.wait() == 0, consumer.log
    assert time.monotonic() - began > 1.5


@pytest.mark.slow
def test_a_site_that_is_held(site: HeldSite, tmp_path: Path):
    heard = tmp_path / "heard"

    def quotes() -> int:
        return sum(said == "durable" for said, _, _ in witness.read(heard)) - 1  # less the report

    site.hold(3)
    with crawling(site.url, tmp_path / "home", witness=heard, silent=True) as crawl:
        crawl.until(lambda: quotes() == 3 * BOOKMAKERS)
        site.hold(1)
        crawl.until(lambda: quotes() == 4 * BOOKMAKERS)
        assert not crawl.is_over
        site.release()
        assert crawl.wait() == 0, crawl.log
    assert quotes() == QUOTES + 1  # and another report
    assert f"{MATCHES}/{MATCHES}" in crawl.log


def test_a_torn_line_was_not_said(tmp_path: Path):
    path = tmp_path / "heard"
    path.write_bytes(b'\n["attempted", "a", "body"]\n\n["durable", "\n["durable", "a", ""]\n\n["confir')
    assert list(witness.read(path)) == [("attempted", "a", b"body"), ("durable", "a", b"")]
