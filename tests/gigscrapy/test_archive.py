"""The archive of pages: what was put in comes out, as it was, until it is too old or too much."""

import random
import stat
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gigscrapy import archive
from gigscrapy.archive import Archive, Bounds, KeptRun, Page, key_of
from gigscrapy.pages import ListedMatch
from tests import ROOT

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LIST = Page(
    run_id="run-1",
    spider="ligue1",
    arguments={"depth": "list", "days": "2"},
    url="https://site.test/cotes/foot/france/ligue-1?page=2",
    market="1X2",
    number=2,
    rendered=False,
    status=200,
    fetched_at=NOON,
)
MATCH = Page(
    run_id="run-1",
    spider="ligue1",
    arguments={},
    url="https://site.test/cote/psg-strasbourg-1548776",
    match=ListedMatch(
        match_id="1548776",
        path="/cote/psg-strasbourg-1548776",
        home="PSG",
        away=None,
        kickoff=datetime(2026, 11, 3, 20, 45, tzinfo=UTC),
        best={},
    ),
    rendered=True,
    status=200,
    fetched_at=NOON + timedelta(seconds=1),
)
ALL_STAY = Bounds(days=30, megabytes=2000, runs=0)


def files(home: Path) -> set[Path]:
    return set((home / "pages").glob("??/*"))


def noise(seed: object) -> str:
    """A text of 10,000 bytes that cannot be compressed below half of it."""
    return random.Random(str(seed)).randbytes(5_000).hex()


def keep_apart(home: Path, run: str, number: int, limit: int = 0) -> subprocess.Popen[str]:
    """Somebody else who keeps pages, in a process of their own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.gigscrapy.scripts.keep_pages", str(home), run, str(number), str(limit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("text", ["<p>Saint-Étienne</p>\r\n", "", "half a pair \ud800, and NUL \x00", "é" * 100_000])
def test_a_text_comes_out_as_it_was_put_in(text, tmp_path):
    with Archive(tmp_path) as kept:
        key = kept.keep(text, LIST)
        assert [page.size for page in kept.pages()] == [len(text)]
    assert archive.read(tmp_path, key) == text
    assert archive.locate(tmp_path, key) == tmp_path / "pages" / key[:2] / f"{key[2:]}.z"


def test_a_page_is_remembered_with_all_that_reading_it_again_takes(tmp_path):
    with Archive(tmp_path) as kept:
        kept.keep("list", LIST)
        kept.keep("match", MATCH)
        assert list(kept.pages()) == [
            replace(LIST, key=key_of("list"), size=4),
            replace(MATCH, key=key_of("match"), size=5),
        ]
        assert [page.kind for page in kept.pages()] == ["list", "match"]


def test_only_its_owner_may_look(tmp_path):
    with Archive(tmp_path) as kept:
        path = archive.locate(tmp_path, kept.keep("secret", LIST))
    assert [stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "pages", path.parent)] == [0o700, 0o700]
    assert [stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "pages" / archive.INDEX, path)] == [0o600, 0o600]


def test_the_same_text_takes_its_place_once(tmp_path):
    with Archive(tmp_path) as kept:
        keys = {kept.keep("twice", page) for page in (LIST, replace(LIST, run_id="run-2", fetched_at=NOON))}
        assert [page.run_id for page in kept.pages(key=keys.pop())] == ["run-1", "run-2"]
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("key", ["", "../../../etc/passwd", "0" * 31, "G" * 32, "0" * 32])
def test_what_is_no_key_or_is_not_kept_is_not_there(key, tmp_path):
    Archive(tmp_path).close()
    assert (archive.locate(tmp_path, key), archive.read(tmp_path, key)) == (None, None)


def test_looking_makes_no_archive(tmp_path):
    assert (Archive.existing(tmp_path), archive.read(tmp_path, "0" * 32)) == (None, None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [b"", b"no compressed text at all"])
def test_a_damaged_text_is_none_and_is_mended_when_it_is_seen_again(damage, tmp_path):
    with Archive(tmp_path) as kept:
        key = kept.keep("whole", LIST)
        path = archive.locate(tmp_path, key)
        path.write_bytes(damage)
        assert (archive.read(tmp_path, key), archive.locate(tmp_path, key)) == (None, path)
        kept.keep("whole", LIST)
        assert archive.read(tmp_path, key) == "whole"


def test_a_text_in_the_place_of_another_is_not_believed(tmp_path):
    with Archive(tmp_path) as kept:
        one, other = (archive.locate(tmp_path, kept.keep(text, LIST)) for text in ("one", "other"))
    other.write_bytes(one.read_bytes())
    assert archive.read(tmp_path, key_of("other")) is None


def test_pages_and_runs_are_found_by_what_they_are(tmp_path):
    later = NOON + timedelta(days=1)
    with Archive(tmp_path) as kept:
        kept.keep("a", LIST)
        kept.keep("b", MATCH)
        kept.keep("c", replace(LIST, run_id="run-2", spider="nba", fetched_at=later))
        assert kept.runs() == [
            KeptRun("run-1", "ligue1", 2, NOON, NOON + timedelta(seconds=1)),
            KeptRun("run-2", "nba", 1, later, later),
        ]
        assert [run.run_id for run in kept.runs(since=later)] == ["run-2"]
        assert [run.run_id for run in kept.runs(spiders=["ligue1", "top14"])] == ["run-1"]
        assert kept.runs(since=later, spiders=["ligue1"]) == []
        assert [page.key for page in kept.pages(run_id="run-1", since=MATCH.fetched_at)] == [key_of("b")]
        assert list(kept.pages(run_id="run-1", key=key_of("c"))) == []


def test_more_pages_than_are_looked_at_at_once(tmp_path):
    with Archive(tmp_path) as kept:
        for number in range(2 * archive.ROWS + 1):
            kept.keep("the same", replace(LIST, number=number))
        assert [page.number for page in kept.pages()] == list(range(2 * archive.ROWS + 1))


# -- letting go --------------------------------------------------------------------------------------------------------


def test_what_is_too_old_goes(tmp_path):
    with Archive(tmp_path) as kept:
        for days in (0, 9, 10, 11, 12):
            kept.keep(f"{days} days old", replace(LIST, fetched_at=NOON - timedelta(days=days)))
        pruned = kept.prune(replace(ALL_STAY, days=10), NOON)
        assert [page.key for page in kept.pages()] == [key_of(f"{days} days old") for days in (0, 9, 10)]
    assert (pruned.texts, len(files(tmp_path))) == (2, 3)
    assert pruned.kept_bytes == sum(path.stat().st_size for path in files(tmp_path))
    assert archive.read(tmp_path, key_of("11 days old")) is None


def test_what_is_too_much_goes_oldest_first(tmp_path):
    with Archive(tmp_path) as kept:
        for number in range(3 * archive.ROWS):
            kept.keep(noise(number), replace(LIST, number=number, fetched_at=NOON + timedelta(seconds=number)))
        each = max(path.stat().st_size for path in files(tmp_path))
        pruned = kept.prune(replace(ALL_STAY, megabytes=10.5 * each / 1e6), NOON)
        assert [page.number for page in kept.pages()] == list(range(3 * archive.ROWS - 10, 3 * archive.ROWS))
    assert (pruned.texts, len(files(tmp_path))) == (3 * archive.ROWS - 10, 10)
    assert pruned.kept_bytes == sum(path.stat().st_size for path in files(tmp_path))


def test_a_text_is_as_old_as_when_it_was_last_seen(tmp_path):
    with Archive(tmp_path) as kept:
        for fetched_at in (NOON - timedelta(days=40), NOON - timedelta(days=20), NOON - timedelta(days=39)):
            kept.keep("an empty list", replace(LIST, fetched_at=fetched_at))
        assert kept.prune(ALL_STAY, NOON).texts == 0
        assert [page.fetched_at for page in kept.pages()] == [NOON - timedelta(days=20)]
    assert archive.read(tmp_path, key_of("an empty list")) == "an empty list"


def test_the_newest_runs_keep_their_pages_whatever_the_bounds_say(tmp_path):
    with Archive(tmp_path) as kept:
        kept.keep("in both", replace(LIST, run_id="old", fetched_at=NOON - timedelta(days=99)))
        kept.keep("in the old one", replace(LIST, run_id="old", fetched_at=NOON - timedelta(days=99)))
        kept.keep("in both", replace(LIST, run_id="new", fetched_at=NOON - timedelta(days=98)))
        kept.keep("in the new one", replace(LIST, run_id="new", fetched_at=NOON - timedelta(days=98)))
        pruned = kept.prune(Bounds(days=1, megabytes=0, runs=1), NOON)
        assert {(page.run_id, page.key) for page in kept.pages()} == {
            ("new", key_of("in both")),
            ("new", key_of("in the new one")),
        }
    assert (pruned.texts, len(files(tmp_path))) == (1, 2)


def test_files_that_nobody_entered_are_swept(tmp_path):
    with Archive(tmp_path) as kept:
        path = archive.locate(tmp_path, kept.keep("entered", LIST))
        stray = path.with_name(f"{'0' * 30}.z")
        stray.write_bytes(b"its writer was killed before it could enter it")
        kept.prune(ALL_STAY, NOON)
    assert files(tmp_path) == {path}


# -- many at once, and what breaks -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_several_crawls_at_once_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "BUSY_SECONDS", 60)
    writers = [keep_apart(tmp_path, f"run-{number}", 60) for number in range(3)]
    with Archive(tmp_path) as kept:
        while any(writer.poll() is None for writer in writers):
            kept.prune(ALL_STAY, datetime.now(UTC))
            time.sleep(0.05)
    said = [line for writer in writers for line in writer.communicate()[0].split()]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert (len(said), len(set(said))) == (180, 20 + 3 * 40)
    assert all(archive.read(tmp_path, key) for key in said)
    with Archive(tmp_path) as kept:
        assert sorted(page.key for page in kept.pages()) == sorted(said)


@pytest.mark.slow
def test_killed_at_any_moment_what_was_kept_is_there_and_whole(tmp_path):
    chance = random.Random(8)
    said = []
    for run in range(8):
        writer = keep_apart(tmp_path, f"run-{run}", 0)
        for _ in range(1 + chance.randrange(40)):
            said.append(writer.stdout.readline().strip())
        writer.kill()
        said += writer.communicate()[0].split()
    with Archive(tmp_path) as kept:
        entered = [page.key for page in kept.pages()]
        kept.prune(ALL_STAY, datetime.now(UTC))
    # The last of each run may be entered and not said, when it was killed between the two.
    assert len(said) > 8
    assert set(said) <= set(entered)
    assert all(archive.read(tmp_path, key) is not None for key in entered)
    assert files(tmp_path) == {archive.locate(tmp_path, key) for key in entered}


@pytest.mark.parametrize(("limit", "full"), [(8_000, "the index says"), (300_000, "File too large")])
def test_a_full_disk_is_an_error_until_there_is_room_again(limit, full, tmp_path):
    said = keep_apart(tmp_path, "run", 0, limit).communicate(timeout=60)[0].splitlines()
    assert said[-1].startswith("not kept: ")
    assert full in said[-1]
    assert archive.read(tmp_path, key_of("there is room again")) == "there is room again"
    with Archive(tmp_path) as kept:
        assert all(archive.read(tmp_path, page.key) is not None for page in kept.pages())


def test_a_broken_index_is_an_error_that_names_it(tmp_path):
    index = tmp_path / "pages" / archive.INDEX
    index.parent.mkdir()
    index.write_bytes(b"this is no database" * 100)
    with pytest.raises(OSError, match=r"file is not a database.*index\.sqlite3"):
        Archive(tmp_path)


@pytest.mark.slow
def test_a_thousand_pages_take_no_more_memory_than_a_hundred(tmp_path):
    with Archive(tmp_path) as kept:
        peaks = []
        tracemalloc.start()
        try:
            for number in range(1000):
                kept.keep(f"{number}{noise(number % 7)}" * 30, replace(LIST, number=number))
                if number in (99, 999):
                    peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert len(files(tmp_path)) == 1000
    assert peaks[1] < peaks[0] + 200_000, peaks  # bytes: less than one page
