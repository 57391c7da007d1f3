"""How far a scraper is, as gig-benchmark's programs ask: from what was reported there, and from our own runs.

Kept in the database: whichever process is asked says the same. What gig-benchmark's front end waits for is one word,
``completed``; it comes for a crawl that failed too, with the reason in the message, and for one that is not heard of
any more: else it would wait for ten minutes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from peewee import Database, IntegrityError, fn

from schema.database import begin_writing
from schema.models import GigProgress, Runs
from schema.runs import ACTIVE, FINISHED, QUEUED
from schema.runs import RUNNING as UNDER_WAY

IDLE, RUNNING, COMPLETED = "idle", "running", "completed"

SILENT = timedelta(minutes=10)
"""A scraper reports twice a match; after so long without a word it has crashed."""
KEPT = timedelta(days=30)
"""What nobody asked for or reported since is forgotten."""
LARGEST = 2**31 - 1

_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables have it


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a scraper; the fields are gig-benchmark's."""

    status: str
    current: int = 0
    total: int = 0
    message: str = ""
    current_match: str = ""
    bookmakers_count: int = 0
    matches_scraped: int = 0
    odds_sent: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        return asdict(self)


def report(database: Database, scraper: str, said: Mapping[str, Any], at: datetime) -> None:
    """What a scraper says of itself; what is missing, or no number where one belongs, is 0 or empty."""
    numbers = ("current", "total", "bookmakers_count", "matches_scraped", "odds_sent")
    texts = {"status": 32, "message": 500, "current_match": 200}
    values: dict[str, Any] = {name: _number(said.get(name)) for name in numbers}
    values |= {name: _text(said.get(name), limit) for name, limit in texts.items()}
    _write(database, scraper, {**values, "reported_at": at}, at)


def asked(database: Database, scraper: str, task_id: str, at: datetime) -> None:
    """A task for it was put into the queue."""
    _write(database, scraper, {"task_id": task_id, "asked_at": at}, at)


def task_of(database: Database, scraper: str) -> str | None:
    """The last task that was asked for there."""
    row = _row(database, scraper)
    return None if row is None else row.task_id


def told(database: Database, scraper: str, spiders: Collection[str], at: datetime) -> Told | None:
    """What is to be told of it; ``None`` where nobody ever heard of it. Two queries.

    :param spiders: ours of the leagues that it is.
    """
    row = _row(database, scraper)
    runs = _since(_newest(database, spiders), row)
    reported = row.reported_at if row is not None and row.reported_at else None
    if row is not None and reported and reported >= max([row.asked_at or _LONG_AGO, *map(_sign, runs)]):
        return _reported(row, at)
    if runs:
        return _of_runs(runs)
    if row is not None and row.asked_at:
        return Told(RUNNING, message="En attente d'un worker")
    return None


def _reported(row: GigProgress, at: datetime) -> Told:
    said = Told(**{each.name: getattr(row, each.name) for each in fields(Told)})
    reported_at = row.reported_at or _LONG_AGO
    if said.status == RUNNING and reported_at < at - SILENT:
        failed = f"Scraping failed: not heard of since {reported_at:%Y-%m-%d %H:%M} UTC, at: {said.message}"
        return replace(said, status=COMPLETED, message=failed)
    return said


def _of_runs(runs: Sequence[Runs]) -> Told:
    """Several together: they are one task."""
    seen, sent = sum(run.parsed for run in runs), sum(run.published for run in runs)
    expected = sum(max(run.discovered, run.parsed) for run in runs)
    said = Told(RUNNING, seen, expected, "", "", max(run.bookmakers for run in runs), seen, sent)
    if any(run.state in (QUEUED, *ACTIVE) for run in runs):
        current = next((run.current for run in runs if run.state == UNDER_WAY and run.current), "")
        begun = any(run.state == UNDER_WAY for run in runs)
        message = f"Scraping match {seen}/{expected}" if begun and expected else "En attente d'un worker"
        if begun and not expected:
            message = "Scraping: the list of matches is read"
        return replace(said, message=message, current_match=current)
    failed = [run for run in runs if run.state != FINISHED]
    message = f"Scraping finished: {seen} matchs, {sent} odds"
    if reasons := [run.sentence or str(run.state) for run in runs if run in failed or run.verdict != "complete"]:
        message = f"{f'Scraping failed: {seen} matchs, {sent} odds' if failed else message} ({'; '.join(reasons)})"
    return replace(said, status=COMPLETED, total=seen, message=message[:500])


def _since(runs: Sequence[Runs], row: GigProgress | None) -> list[Runs]:
    """Those that go on, or gave a sign after the last task was asked for: a run that waited already does for it too."""
    if row is None or row.asked_at is None:
        return list(runs)
    return [
        run
        for run in runs
        if run.task_id == row.task_id or run.state in (QUEUED, *ACTIVE) or _sign(run) >= row.asked_at
    ]


def _sign(run: Runs) -> datetime:
    signs = (run.requested_at, run.started_at, run.reported_at, run.finished_at)
    return max((sign for sign in signs if sign is not None), default=_LONG_AGO)


def _newest(database: Database, spiders: Collection[str]) -> list[Runs]:
    """The last run of each."""
    if not spiders:
        return []
    last = Runs.select(fn.MAX(Runs.id)).where(Runs.spider.in_(list(spiders))).group_by(Runs.spider)
    return list(Runs.select().where(Runs.id.in_(last)).execute(database))


def _row(database: Database, scraper: str) -> GigProgress | None:
    return next(iter(GigProgress.select().where(GigProgress.scraper == scraper[:100]).execute(database)), None)


def _write(database: Database, scraper: str, values: Mapping[str, Any], at: datetime) -> None:
    own, row = GigProgress.scraper == scraper[:100], {**values, "updated_at": at}
    if GigProgress.update(row).where(own).execute(database):
        return
    try:
        with database.atomic(begin_writing(database)):
            GigProgress.delete().where(GigProgress.updated_at < at - KEPT).execute(database)
            GigProgress.insert({"scraper": scraper[:100], **row}).execute(database)
    except IntegrityError:  # another was first
        GigProgress.update(row).where(own).execute(database)


def _number(value: object) -> int:
    return min(max(value, 0), LARGEST) if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(value: object, limit: int) -> str:
    return value.encode("utf-8", "replace").decode()[:limit] if isinstance(value, str) else ""
