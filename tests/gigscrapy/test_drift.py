import json
import logging
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from gigscrapy.drift import COVERAGE, RUNS, Figures, History, drift
from replica import serve
from tests import crawl


def run(bookmakers: int = 15, **filled: float) -> Figures:
    return Figures("run", bookmakers, {"kickoff": 1.0, **filled})


class TestFigures:
    def test_are_bookmakers_and_the_share_of_quotes_that_have_each_watched_field(self):
        stats = {
            "bookmakers/seen": 14,
            f"{COVERAGE}kickoff": 0.98765,
            f"{COVERAGE}prices": 1.0,
            f"{COVERAGE}prices/X": 0.5,
            f"{COVERAGE}url": 1.0,
            "quotes/yielded": 270,
        }
        filled = {"kickoff": 0.9877, "prices/X": 0.5}
        assert Figures.of("r1", stats, whole_panels=True) == Figures("r1", 14, filled)
        assert Figures.of("r1", stats, whole_panels=False) == Figures("r1", 0, filled)


class TestDrift:
    def test_the_usual_is_none(self):
        assert drift(run(), [run(), run(), run()]) == []

    def test_a_bookmaker_is_missing(self):
        assert drift(run(14), [run(), run(15), run(16)]) == ["14 bookmakers were seen, usually there are 15"]

    def test_it_rings_until_it_is_usual_and_no_longer(self):
        before, rang = [run(15)] * RUNS, []
        for _ in range(RUNS):
            drifted = drift(run(6), before)
            rang.append(bool(drifted))
            before = [*before, replace(run(6), unusual=bool(drifted))][-RUNS:]
        assert rang == [True] * 6 + [False] * 4  # then most of the runs remembered are such

    def test_a_field_that_is_gone_rings_again(self):
        before = [run(kickoff=1.0)] * 3
        assert drift(run(kickoff=0.2), [*before, replace(run(kickoff=0.2), unusual=True)])

    def test_more_of_them_is_none(self):
        assert drift(run(17), [run()] * 10) == []

    def test_as_few_as_once_before_is_none(self):
        assert drift(run(13), [run(15), run(16), run(13), run(15)]) == []

    def test_with_too_few_runs_before_there_is_no_usual(self):
        assert drift(run(1, kickoff=0.0), [run(), run()]) == []

    @pytest.mark.parametrize(("share", "drifted"), [(0.91, False), (0.90, False), (0.89, True), (0.0, True)])
    def test_a_field_is_filled_less_often(self, share, drifted):
        assert bool(drift(run(kickoff=share), [run(kickoff=1.0)] * 3)) == drifted

    def test_a_field_that_is_gone_has_no_share_at_all(self):
        before = [run(published_trj=0.96)] * 3
        assert drift(run(), before) == ["0% of the quotes have published_trj, usually it is 96%"]

    def test_a_field_that_is_filled_now_and_then_is_none(self):
        before = [run(published_trj=share) for share in (0.9, 0.2, 0.9)]
        assert drift(run(published_trj=0.3), before) == []


class TestHistory:
    def test_what_was_added_comes_back_in_order(self, tmp_path: Path):
        history = History(tmp_path, "ligue1-match-1X2")
        assert history.load() == []
        for bookmakers in range(RUNS + 3):
            history.add(run(bookmakers))
        assert [figures.bookmakers for figures in History(tmp_path, "ligue1-match-1X2").load()] == list(range(3, 13))
        assert History(tmp_path, "nba-match-12").load() == []
        assert [path.name for path in (tmp_path / "history").iterdir()] == ["ligue1-match-1X2.json"]

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[{}]", "[3]", '[{"run_id": 1}]', "3", '[{"run_id": "r", "bookmakers": 3, "filled": null}]'],
    )
    def test_one_that_is_damaged_is_said_and_begun_anew(self, tmp_path: Path, caplog, content):
        history = History(tmp_path, "ligue1")
        history.add(run())
        (tmp_path / "history" / "ligue1.json").write_text(content)
        with caplog.at_level(logging.WARNING):
            assert history.load() == []
        assert "what is usual is learnt anew" in caplog.text
        history.add(run())
        assert history.load() == [run()]

    def test_one_that_cannot_be_written_is_only_said(self, tmp_path: Path, caplog):
        (tmp_path / "history").write_text("in the way")
        with caplog.at_level(logging.WARNING):
            History(tmp_path, "ligue1").add(run())
        assert "this run is not remembered" in caplog.text


def remember(home: Path, name: str, *runs: Figures) -> None:
    (home / "history").mkdir(exist_ok=True)
    (home / "history" / f"{name}.json").write_text(json.dumps([asdict(figures) for figures in runs]))


@pytest.mark.browser
class TestCrawl:
    NAME = "127.0.0.1-ligue1-list-1X2"

    @pytest.fixture
    def site(self):
        with serve() as running:
            yield running.url

    def test_a_whole_run_is_remembered(self, site: str, tmp_path: Path):
        assert crawl(site, tmp_path, depth="list").returncode == 0
        [figures] = History(tmp_path, self.NAME).load()
        assert figures.filled["kickoff"] == 1
        assert figures.bookmakers == 0

    def test_one_that_is_unlike_those_before_fails_and_says_why(self, site: str, tmp_path: Path):
        usual = Figures("before", 0, {"kickoff": 1.0, "prices/9": 1.0})
        remember(tmp_path, self.NAME, usual, usual, usual)
        ran = crawl(site, tmp_path, depth="list")
        assert ran.returncode == 38
        assert "something has changed: 0% of the quotes have prices/9, usually it is 100% (unusual)" in ran.stderr
        assert len(History(tmp_path, self.NAME).load()) == 4

    def test_a_part_of_a_league_is_not_compared(self, site: str, tmp_path: Path):
        usual = Figures("before", 99, {})
        remember(tmp_path, self.NAME, usual, usual, usual)
        assert crawl(site, tmp_path, depth="list", days=400).returncode == 0
        assert len(History(tmp_path, self.NAME).load()) == 3
