import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scrapy.settings import Settings

from gigscrapy import reporting
from gigscrapy.reporting import Reporting, report_seconds
from schema.messages import RunReport

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)
FIRST = RunReport(
    run_id="run-1", spider="ligue1", state="running", started_at=NOON, reported_at=NOON, counts={"parsed": 0}
)


class Crawl:
    """What is reported of it, and to whom."""

    def __init__(self) -> None:
        self.now = FIRST
        self.sent: list[RunReport] = []
        self.hangs = False

    def report(self) -> RunReport:
        return self.now

    async def send(self, report: RunReport) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.sent.append(report)

    def read(self, parsed: int) -> None:
        self.now = replace(FIRST, counts={"parsed": parsed}, current=f"match {parsed}")

    def reporting(self, seconds: float = 0.1) -> Reporting:
        reports = Reporting(self.report, self.send, seconds)
        reports.start(FIRST)
        return reports

    @property
    def told(self) -> list[int]:
        return [report.counts["parsed"] for report in self.sent]


@pytest.fixture
def crawl(monkeypatch: pytest.MonkeyPatch) -> Crawl:
    monkeypatch.setattr(reporting, "LEAST_SECONDS", 0.02)
    monkeypatch.setattr(reporting, "SIGN_SECONDS", 0.3)
    monkeypatch.setattr(reporting, "PATIENCE_SECONDS", 0.05)
    return Crawl()


def test_news_is_told_in_its_turn_and_nothing_twice(crawl: Crawl) -> None:
    async def run() -> None:
        reports = crawl.reporting()
        crawl.read(1)
        await asyncio.sleep(0.05)
        assert crawl.told == []  # not yet
        crawl.read(2)
        await asyncio.sleep(0.12)
        assert crawl.told == [2]
        await asyncio.sleep(0.1)
        assert crawl.told == [2]  # no news
        await reports.stop()

    asyncio.run(run())


def test_the_first_match_is_told_sooner(crawl: Crawl) -> None:
    async def run() -> None:
        reports = crawl.reporting(seconds=60)
        crawl.read(1)
        reports.hurry()
        await asyncio.sleep(0.06)
        crawl.read(2)
        await asyncio.sleep(0.06)
        assert crawl.told == [1]
        await reports.stop()

    asyncio.run(run())


def test_a_crawl_that_changes_nothing_gives_a_sign_of_life(crawl: Crawl) -> None:
    async def run() -> None:
        reports = crawl.reporting()
        await asyncio.sleep(0.4)
        assert crawl.told == [0]
        await reports.stop()

    asyncio.run(run())


def test_nothing_follows_the_end_which_waits_for_nothing(crawl: Crawl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "PATIENCE_SECONDS", 60)

    async def run() -> None:
        reports = crawl.reporting(seconds=0.02)
        await asyncio.wait_for(reports.stop(), 1)
        crawl.read(1)
        await asyncio.sleep(0.1)
        assert crawl.told == []

    asyncio.run(run())


def test_a_report_that_cannot_be_handed_over_holds_up_no_end(crawl: Crawl) -> None:
    async def run() -> None:
        crawl.hangs = True
        reports = crawl.reporting(seconds=0.02)
        crawl.read(1)
        await asyncio.sleep(0.06)
        await asyncio.wait_for(reports.stop(), 1)
        crawl.hangs = False
        await asyncio.sleep(0.06)
        assert crawl.told == []

    asyncio.run(run())


def test_a_run_that_never_began_ends_too(crawl: Crawl) -> None:
    asyncio.run(Reporting(crawl.report, crawl.send, 5).stop())


def test_a_defect_is_said_and_harms_nobody(crawl: Crawl, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        reports = crawl.reporting(seconds=0.02)
        crawl.now = None  # type: ignore[assignment]
        await asyncio.sleep(0.06)
        await reports.stop()

    asyncio.run(run())
    [record] = caplog.records
    assert (record.levelname, record.exc_info and record.exc_info[0]) == ("ERROR", AttributeError)
    assert record.getMessage().startswith("the run reports no more until its end")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("5", 5), (1, 1), ("30", 30), ("2.5", 2.5), ("0", 5), ("31", 5), ("nan", 5), ("often", 5), (None, 5)],
)
def test_how_often(said: object, seconds: float, caplog: pytest.LogCaptureFixture) -> None:
    assert report_seconds(Settings({"REPORT_SECONDS": said})) == seconds
    told = [record.getMessage() for record in caplog.records]
    believed = str(seconds) == str(said)
    assert told == ([] if believed else ["REPORT_SECONDS is a number from 1 to 30; 5 is taken"])
