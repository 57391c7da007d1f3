"""What watches a run: its account and verdict, its progress for people, and quiet for the rest."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from gigscrapy import logs
from gigscrapy.drift import Figures, History, drift
from gigscrapy.pipelines import Publish
from gigscrapy.reporting import Reporting, report_seconds
from gigscrapy.spiders.base import LeagueSpider, match_read
from gigscrapy.terminal import follow_stderr
from gigscrapy.verdict import COMPLETE, Verdict, judge, unusual
from schema.messages import RunReport
from schema.names import on_one_line

logger = logging.getLogger(__name__)

COUNTS = {
    "listed": "matches/listed",
    "discovered": "matches/discovered",
    "fetched": "matches/fetched",
    "parsed": "matches/parsed",
    "yielded": "quotes/yielded",
    "published": "quotes/published",
    "unknown_bookmakers": "bookmakers/unknown",
    "trj_differs": "check/trj_differs",
    "bookmakers": "bookmakers/seen",
    "suspects": "quotes/suspect",
    "pages": "downloader/response_count",
    "retries": "retry/count",
    "errors": "pages/failed",
}
"""The run's counts as its report names them, and the statistic each is.

``pages`` are the site's answers, robots.txt's and those that were asked for again among them; ``errors`` are pages that
gave nothing in the end, each counted once and named in the log.
"""


class Quiet:
    """Raises the loggers of QUIET_LOGGERS to ERROR: what they say below is said better by the run ledger."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        for name in crawler.settings.getlist("QUIET_LOGGERS"):
            logging.getLogger(name).setLevel(logging.ERROR)
        return cls()


class RunLedger:
    """Keeps the account of one run: reports it from its start to its end, and gives the verdict."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.started_at = self.reported_at = datetime.now(UTC)
        self.current: str | None = None
        self.reporting = Reporting(lambda: self.report("running"), self.send, report_seconds(crawler.settings))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, LeagueSpider):
            raise NotConfigured
        ledger = cls(crawler)
        crawler.signals.connect(ledger.spider_opened, signals.spider_opened)
        crawler.signals.connect(ledger.match_read, match_read)
        crawler.signals.connect(ledger.spider_closed, signals.spider_closed)
        return ledger

    async def spider_opened(self) -> None:
        logger.info("run %s reads %s%s", self.spider.run_id, self.spider.site, self.spider.league.path)
        first = self.report("running")
        await self.send(first)
        if self.pipeline.publisher:
            self.reporting.start(first)

    def match_read(self, title: str, bookmakers: int) -> None:
        if self.current is None:
            self.reporting.hurry()  # who follows it sees that it has begun
        self.current = title

    async def spider_closed(self, reason: str) -> None:
        await self.reporting.stop()
        verdict = self.judge(reason)
        self.crawler.stats.set_value("verdict", verdict.code)
        self.crawler.stats.set_value("exit_code", verdict.exit_code)
        await self.send(self.report("finished", verdict))
        await self.pipeline.close()
        if waiting := self.crawler.stats.get_value("broker/waiting"):
            logger.warning("%d messages wait in the outbox, the next crawl sends them on", waiting)
        level = logging.ERROR if verdict.exit_code else logging.INFO
        logger.log(level, "%s: %s (%s)", self.spider.name, verdict.sentence, verdict.code)

    def judge(self, reason: str) -> Verdict:
        """The verdict; a run from which nothing is missing is held against the last ones, and remembered."""
        stats = self.crawler.stats
        verdict = judge(stats.get_stats(), reason=reason, least=self.spider.league.least_matches)
        if verdict.code != COMPLETE or not self.spider.wanted.is_whole:
            return verdict
        history = History(Path(self.crawler.settings["GIGSCRAPY_HOME"]), self.spider.asked_for)
        figures = Figures.of(self.spider.run_id, stats.get_stats(), whole_panels=self.spider.visits_matches)
        drifted = drift(figures, history.load())
        history.add(figures, unusual=bool(drifted))
        return unusual(drifted) if drifted else verdict

    async def send(self, report: RunReport) -> None:
        """Without its report a run is still read, judged and logged; the tables then miss the judgement."""
        if self.pipeline.publisher is None:
            return  # the broker would not have us; that is the verdict, and it is logged
        try:
            await self.pipeline.send(report)
        except OSError as error:
            logger.error("the run's report cannot be made durable: %s", error)  # noqa: TRY400 - a full disk, no defect

    def report(self, state: str, verdict: Verdict | None = None) -> RunReport:
        # The newest report holds: none is dated before another, even where the clock was set back meanwhile.
        now = self.reported_at = max(datetime.now(UTC), self.reported_at + timedelta(microseconds=1))
        stats: Mapping[str, Any] = self.crawler.stats.get_stats()
        return RunReport(
            run_id=self.spider.run_id,
            spider=self.spider.name,
            state=state,
            started_at=self.started_at,
            reported_at=now,
            finished_at=now if verdict else None,
            verdict=verdict.code if verdict else None,
            exit_code=verdict.exit_code if verdict else None,
            sentence=verdict.sentence if verdict else None,
            site=self.spider.site,
            arguments=" ".join(f"{name}={value}" for name, value in self.spider.arguments.items()) or None,
            current=None if verdict else self.current,
            counts={name: stats.get(stat, 0) for name, stat in COUNTS.items()},
        )

    @property
    def spider(self) -> LeagueSpider:
        spider = self.crawler.spider
        assert isinstance(spider, LeagueSpider)
        return spider

    @property
    def pipeline(self) -> Publish:
        pipeline = self.crawler.get_item_pipeline(Publish)
        assert pipeline
        return pipeline


class Progress:
    """Shows how far a crawl is: a bar with the current match on a terminal, a line a match elsewhere.

    Where the log is to be JSON, nothing stands between its lines: the match is one of them.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.is_logged = logs.as_json(crawler.settings)
        self.console = Console(stderr=True)
        self.bar: Bar | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        progress = cls(crawler)
        crawler.signals.connect(progress.spider_opened, signals.spider_opened)
        crawler.signals.connect(progress.match_read, match_read)
        crawler.signals.connect(progress.spider_closed, signals.spider_closed)
        return progress

    def spider_opened(self) -> None:
        if self.is_logged or not self.console.is_terminal or self.console.is_dumb_terminal:
            return
        columns = (
            TextColumn("{task.description}", markup=False, table_column=Column(width=40, no_wrap=True)),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.bar = Bar(*columns, console=self.console, transient=True)
        assert self.crawler.spider
        self.task = self.bar.add_task(self.crawler.spider.name, total=None)
        self.bar.start()
        follow_stderr()

    def match_read(self, title: str, bookmakers: int) -> None:
        done, wanted = (self.crawler.stats.get_value(f"matches/{what}", 0) for what in ("parsed", "discovered"))
        # The site wrote the title: no character of it may move the cursor or ring the bell.
        shown = on_one_line(title)
        if self.bar:
            self.bar.update(self.task, completed=done, total=wanted, description=shown)
        elif self.is_logged:
            logger.info("%d/%d %s: %d bookmakers", done, wanted, shown, bookmakers)
        else:
            line = f"{done}/{wanted} {shown}: {bookmakers} bookmakers"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def spider_closed(self) -> None:
        if self.bar:
            self.bar.stop()
            follow_stderr()
