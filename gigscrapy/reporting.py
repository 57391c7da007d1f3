"""A crawl's reports while it runs: often enough to be followed, and never in the crawl's way."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from time import monotonic

from scrapy.settings import BaseSettings

from schema.messages import RunReport
from schema.progress import SIGN_SECONDS

LEAST_SECONDS = 1
"""Between two reports of a run, whatever happens meanwhile."""
DEFAULT_SECONDS = 5
PATIENCE_SECONDS = 10
"""How long the end of a run waits for a report that is under way: what the disk has not taken by then it will not."""

logger = logging.getLogger(__name__)


def report_seconds(settings: BaseSettings) -> float:
    """REPORT_SECONDS: 1 to 30. What is no such number is said to be none, and stops nobody."""
    try:
        seconds = float(settings["REPORT_SECONDS"])
    except (TypeError, ValueError):
        seconds = math.nan
    if LEAST_SECONDS <= seconds <= SIGN_SECONDS:
        return seconds
    logger.warning(
        "REPORT_SECONDS is a number from %d to %d; %d is taken", LEAST_SECONDS, SIGN_SECONDS, DEFAULT_SECONDS
    )
    return DEFAULT_SECONDS


class Reporting:
    """Sends a run's report every few seconds, if there is news in it; after half a minute without any, a sign of life.

    One task, and one report under way at a time: none overtakes another. Whatever becomes of it, the crawl goes on.

    :param report: gives the report of this moment; :param send: hands it over, and returns when it is durable;
    :param seconds: between two reports with news.
    """

    def __init__(
        self, report: Callable[[], RunReport], send: Callable[[RunReport], Awaitable[None]], seconds: float
    ) -> None:
        self._report, self._send, self._seconds = report, send, seconds
        self._ended = asyncio.Event()
        self._is_urgent = False
        self._task: asyncio.Task[None] | None = None

    def start(self, first: RunReport) -> None:
        """To be called when ``first`` has just been sent."""
        self._told, self._told_at = first, monotonic()
        self._task = asyncio.create_task(self._go_on())
        self._task.add_done_callback(_show_defect)

    def hurry(self) -> None:
        """The next report does not wait for its turn."""
        self._is_urgent = True

    async def stop(self) -> None:
        """No report is under way any more when this returns, and none follows."""
        if self._task is None:
            return
        self._ended.set()
        await asyncio.wait((self._task,), timeout=PATIENCE_SECONDS)
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _go_on(self) -> None:
        while not await self._ends_within(LEAST_SECONDS):
            report = self._report()
            if self._is_due(report):
                self._told, self._told_at, self._is_urgent = report, monotonic(), False
                await self._send(report)

    async def _ends_within(self, seconds: float) -> bool:
        try:
            return await asyncio.wait_for(self._ended.wait(), seconds)
        except TimeoutError:
            return False

    def _is_due(self, report: RunReport) -> bool:
        silence = monotonic() - self._told_at + LEAST_SECONDS / 2  # looked at once a second, give or take a little
        has_news = (report.counts, report.current) != (self._told.counts, self._told.current)
        return silence >= SIGN_SECONDS or (has_news and (self._is_urgent or silence >= self._seconds))


def _show_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error(
            "the run reports no more until its end, which is a defect of ours: please report it", exc_info=error
        )
