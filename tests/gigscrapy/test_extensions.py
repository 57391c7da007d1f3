import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.statscollectors import MemoryStatsCollector

from gigscrapy import extensions
from gigscrapy.extensions import Progress, RunLedger
from gigscrapy.leagues import load
from gigscrapy.spiders.leagues import spider_class

HOSTILE = "\x1b[2JLyon\x07\r\n\x9b31m - Paris\x7f"


def progress(*, terminal: bool, term: str = "xterm") -> Progress:
    crawler = Crawler(Spider)
    crawler.stats = MemoryStatsCollector(crawler)
    crawler.stats.set_value("matches/parsed", 3)
    crawler.stats.set_value("matches/discovered", 18)
    crawler.spider = Spider("ligue1")
    shown = Progress(crawler)
    shown.console = Console(
        file=io.StringIO(), force_terminal=terminal, width=80, _environ={"TERM": term}, legacy_windows=False
    )
    return shown


def written(shown: Progress) -> str:
    assert isinstance(shown.console.file, io.StringIO)
    return shown.console.file.getvalue()


def test_a_match_is_one_line_however_long():
    title = "Club Olympique de la Grande Ville du Nord - Association Sportive de la Petite Ville du Sud"
    shown = progress(terminal=False)
    shown.spider_opened()
    shown.match_read(title, 15)
    assert written(shown) == f"3/18 {title}: 15 bookmakers\n"


def test_control_characters_do_not_reach_the_line():
    shown = progress(terminal=False)
    shown.match_read(HOSTILE, 15)
    assert written(shown) == "3/18  [2JLyon    31m - Paris : 15 bookmakers\n"


def test_control_characters_do_not_reach_the_bar(monkeypatch):
    # The log is pytest's here, and stays where pytest has it.
    monkeypatch.setattr(extensions, "follow_stderr", lambda: None)
    shown = progress(terminal=True)
    shown.spider_opened()
    try:
        assert shown.bar
        shown.match_read(HOSTILE, 15)
        assert shown.bar.tasks[0].description == " [2JLyon    31m - Paris "
        assert (shown.bar.tasks[0].completed, shown.bar.tasks[0].total) == (3, 18)
    finally:
        shown.spider_closed()


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_dumb_terminal_gets_lines(term):
    shown = progress(terminal=True, term=term)
    shown.spider_opened()
    assert shown.bar is None
    shown.match_read("Lyon - Paris", 15)
    assert written(shown) == "3/18 Lyon - Paris: 15 bookmakers\n"


class Clock(datetime):
    """A clock that somebody sets."""

    shown: datetime

    @classmethod
    def now(cls, tz=None):
        return cls.shown


def test_no_report_is_dated_before_another_though_the_clock_is_set_back(monkeypatch):
    noon = datetime(2026, 3, 7, 12, tzinfo=UTC)
    monkeypatch.setattr(extensions, "datetime", Clock)
    monkeypatch.setattr(Clock, "shown", noon, raising=False)
    [league] = [league for league in load() if league.name == "ligue1"]
    crawler = Crawler(spider_class(league), {"REPORT_SECONDS": 5, "SITE_URL": "https://www.coteur.com"})
    crawler.stats = MemoryStatsCollector(crawler)
    crawler.spider = crawler._create_spider()
    ledger = RunLedger(crawler)
    dates = []
    for seconds in (0, 10, -3600, 20):
        monkeypatch.setattr(Clock, "shown", noon + timedelta(seconds=seconds))
        dates.append((ledger.report("running").reported_at - noon).total_seconds())
    assert dates == [0.000001, 10, 10.000001, 20]
    ledger.match_read("Lyon - Paris", 15)
    assert ledger.report("running").current == "Lyon - Paris"
