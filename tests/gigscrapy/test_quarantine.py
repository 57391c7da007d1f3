import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gigscrapy import quarantine as quarantine_module
from gigscrapy.commands import consume
from gigscrapy.quarantine import DEATHS, EPIDEMIC, NOTES_LAST, TRIALS, Epidemic, Quarantine, living
from schema.messages import body_hash
from tests import ROOT

DIES = """
import os, pathlib, sys
from gigscrapy.quarantine import Quarantine

quarantine = Quarantine.enter(pathlib.Path(sys.argv[1]))
with quarantine.trial(sys.argv[2].encode()):
    os.kill(os.getpid(), 9)
"""


def die(home: Path, on_trial: bytes | None = None, times: int = 1) -> list[Path]:
    """What a consumer leaves that dies, and what it was trying then. The notes that are new."""
    before = set(notes(home))
    for _ in range(times):
        dying = Quarantine.enter(home)
        if on_trial is not None:
            dying._note.path.write_text(body_hash(on_trial))
        os.close(dying._note._descriptor)
    return sorted(set(notes(home)) - before)


def notes(home: Path) -> list[Path]:
    return sorted((home / "consumers").glob("*"))


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    quarantine = Quarantine.enter(tmp_path)
    yield quarantine
    quarantine.leave()


class TestTheDead:
    def test_are_not_counted_among_the_living(self, tmp_path: Path, quarantine: Quarantine) -> None:
        die(tmp_path, times=2)
        assert living(tmp_path) == 1
        another = Quarantine.enter(tmp_path)
        assert living(tmp_path) == 2
        another.leave()
        assert living(tmp_path) == 1

    def test_a_process_that_is_killed_leaves_a_note(self, tmp_path: Path, quarantine: Quarantine) -> None:
        for _ in range(3):
            done = subprocess.run([sys.executable, "-c", DIES, tmp_path, "a body"], cwd=ROOT, check=False)
            assert done.returncode == -9
        assert quarantine.is_called_for()
        assert quarantine.is_killer(b"a body")
        assert not quarantine.is_killer(b"another body")

    def test_so_many_call_for_care(self, tmp_path: Path, quarantine: Quarantine) -> None:
        die(tmp_path, times=DEATHS - 1)
        assert not quarantine.is_called_for()
        die(tmp_path)
        assert quarantine.is_called_for()

    def test_who_leaves_in_order_is_not_one_of_them(self, tmp_path: Path, quarantine: Quarantine) -> None:
        for _ in range(5):
            Quarantine.enter(tmp_path).leave()
        assert not quarantine.is_called_for()
        assert notes(tmp_path) == [quarantine._note.path]

    def test_nor_is_who_lives(self, tmp_path: Path, quarantine: Quarantine) -> None:
        others = [Quarantine.enter(tmp_path) for _ in range(5)]
        with others[0].trial(b"a"), others[1].trial(b"a"), others[2].trial(b"a"):
            assert not quarantine.is_called_for()
            assert not quarantine.is_killer(b"a")
        for other in others:
            other.leave()

    def test_a_day_later_it_says_nothing(self, tmp_path: Path, quarantine: Quarantine) -> None:
        long_ago = time.time() - NOTES_LAST - 1
        for note in die(tmp_path, b"a", times=DEATHS):
            os.utime(note, (long_ago, long_ago))
        assert not quarantine.is_called_for()
        assert notes(tmp_path) == [quarantine._note.path]

    def test_once_it_is_over_only_those_with_a_message_on_trial_count(
        self, tmp_path: Path, quarantine: Quarantine
    ) -> None:
        die(tmp_path, times=DEATHS)
        tried = die(tmp_path, b"a", times=2)
        quarantine.is_over()
        assert not quarantine.is_called_for()
        assert notes(tmp_path) == sorted([quarantine._note.path, *tried])

    def test_nothing_can_be_noted(self, tmp_path: Path) -> None:
        (tmp_path / "consumers").write_text("a file where the folder should be")
        with pytest.raises(OSError):
            Quarantine.enter(tmp_path)

    def test_and_the_consumer_goes_without(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "consumers").write_text("a file where the folder should be")
        assert consume.quarantine(tmp_path) is None
        assert "nothing can be noted" in caplog.text

    def test_a_planted_link_is_not_followed(self, tmp_path: Path, quarantine: Quarantine) -> None:
        for number in range(DEATHS):
            (tmp_path / "consumers" / f"{number}.note").symlink_to("/etc/passwd")
        assert not quarantine.is_called_for()


class TestTrial:
    def test_at_so_many_deaths_it_is_the_killer(self, tmp_path: Path, quarantine: Quarantine) -> None:
        die(tmp_path, times=10)
        die(tmp_path, b"a", times=TRIALS - 1)
        assert not quarantine.is_killer(b"a")
        die(tmp_path, b"a")
        assert quarantine.is_killer(b"a")

    def test_stored_it_is_acquitted(self, tmp_path: Path, quarantine: Quarantine) -> None:
        """Two kills from outside hit it; a third, later, finds a clean slate."""
        die(tmp_path, b"a", times=TRIALS - 1)
        with quarantine.trial(b"a"):
            pass
        die(tmp_path, b"a")
        assert not quarantine.is_killer(b"a")

    def test_what_is_noted_meanwhile(self, quarantine: Quarantine) -> None:
        path = quarantine._note.path
        with quarantine.trial(b"a"):
            assert path.read_text() == body_hash(b"a")
        assert path.read_text() == ""

    def test_an_error_ends_it_and_acquits_nobody(self, tmp_path: Path, quarantine: Quarantine) -> None:
        """The pause that follows is the database's matter."""
        die(tmp_path, b"a", times=TRIALS)
        with pytest.raises(ConnectionError):
            with quarantine.trial(b"a"):
                raise ConnectionError
        assert quarantine._note.path.read_text() == ""
        assert quarantine.is_killer(b"a")

    def test_it_does_not_last(self, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever is killed while the database hangs was not killed by a message."""
        monkeypatch.setattr(quarantine_module, "TRIAL_SECONDS", 0.05)
        deadline = time.monotonic() + 20
        with quarantine.trial(b"a"):
            while quarantine._note.path.read_text():
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def test_a_full_disk_stops_no_message(
        self, quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_text", full)
        with quarantine.trial(b"a"):
            pass
        assert "No space left on device" in caplog.text


class TestPutAside:
    def test_given_again_it_has_another_chance(self, tmp_path: Path, quarantine: Quarantine) -> None:
        die(tmp_path, b"a", times=TRIALS)
        assert quarantine.is_killer(b"a")
        quarantine.put_aside(b"a")
        assert not quarantine.is_killer(b"a")

    def test_one_after_the_other_is_no_messages_fault(self, tmp_path: Path, quarantine: Quarantine) -> None:
        self.put_aside_many(tmp_path, quarantine)
        die(tmp_path, b"one more", times=TRIALS)
        with pytest.raises(Epidemic, match="no message's fault"):
            quarantine.is_killer(b"one more")

    def test_a_person_has_seen_to_it_and_it_begins_anew(self, tmp_path: Path, quarantine: Quarantine) -> None:
        self.put_aside_many(tmp_path, quarantine)
        die(tmp_path, b"one more", times=TRIALS)
        with pytest.raises(Epidemic):
            quarantine.is_killer(b"one more")
        assert not quarantine.is_killer(b"one more")
        assert not quarantine.is_called_for()

    def test_unless_one_is_stored_in_between(self, tmp_path: Path, quarantine: Quarantine) -> None:
        self.put_aside_many(tmp_path, quarantine)
        with quarantine.trial(b"harmless"):
            pass
        die(tmp_path, b"one more", times=TRIALS)
        assert quarantine.is_killer(b"one more")

    @staticmethod
    def put_aside_many(home: Path, quarantine: Quarantine) -> None:
        for number in range(EPIDEMIC):
            die(home, b"%d" % number, times=TRIALS)
            assert quarantine.is_killer(b"%d" % number)
            quarantine.put_aside(b"%d" % number)
