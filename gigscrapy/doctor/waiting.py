"""What waits, and for whom: nothing here is broken, and nobody seems to do it."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from peewee import Database, fn
from scrapy.settings import BaseSettings

from gigscrapy.broker import QUEUE, TASK_QUEUE, BrokerError, spool
from gigscrapy.broker.ownerlock import is_held
from gigscrapy.broker.queuefile import QueueFile
from gigscrapy.deadletters import WAITING
from gigscrapy.doctor.findings import Finding, ok, warning
from gigscrapy.doctor.machine import few
from gigscrapy.doctor.servers import in_tables
from gigscrapy.onlyone import ALERTING, is_taken
from gigscrapy.scheduler import LOCK
from schema.models import AlertRules, DeadLetters, Schedules, now
from schema.tally import MANY, freshness

READERS = {QUEUE: "scrapy consume", TASK_QUEUE: "scrapy worker"}
"""Who is to empty which queue."""
LATE = timedelta(minutes=15)
"""What is said of a match is counted in a minute or two, unless nobody counts."""


def outboxes(settings: BaseSettings) -> Finding:
    """What crawls that are gone have left: the next one with RABBIT_URL sends it."""
    left = 0
    for path in (Path(settings["GIGSCRAPY_HOME"]) / "outbox").glob("*.sqlite3"):
        if _is_nobodys(path.with_suffix(".lock")):
            with suppress(OSError), QueueFile(path) as file:  # a damaged one is told of elsewhere
                left += sum(file.counts().values())
    if left:
        how = "start any crawl on this machine" if settings["RABBIT_URL"] else "start any crawl with RABBIT_URL set"
        return warning(f"{left} messages wait in outboxes of crawls that are gone: {how}, which sends them")
    return ok("none of a crawl that is gone")


def readers(settings: BaseSettings) -> Finding | None:
    """Whether somebody empties what is being filled."""
    try:
        idle = _unread(settings)
    except (ConnectionError, BrokerError):
        return None
    if idle:
        said = [
            f"{count} messages wait in {queue} and nobody reads it: start `{READERS[queue]}`"
            for queue, count in idle.items()
        ]
        return warning("; ".join(said))
    return ok("whatever waits has its reader")


def _unread(settings: BaseSettings) -> dict[str, int]:
    """Messages by queue, of those that have some and nobody who reads them."""
    url, home = settings["RABBIT_URL"], Path(settings["GIGSCRAPY_HOME"])
    if url:
        from gigscrapy.broker.rabbitmq.looking import crowds

        found = crowds(url, tuple(READERS), settings["RABBIT_QUEUE_TYPE"])
        return {queue: crowd.messages for queue, crowd in found.items() if crowd.messages and not crowd.consumers}
    if any(not _is_nobodys(path) for path in (home / "spool.receivers").glob("*.lock")):
        return {}  # which queue it reads, no reader of the spool says
    return {queue: count for queue, count in spool.depths(home).items() if count and queue in READERS}


@in_tables
def dead_letters(_settings: BaseSettings, database: Database) -> Finding:
    """What was refused, and waits for somebody to mend what it lacks."""
    number = fn.COUNT(DeadLetters.id)
    reasons = DeadLetters.select(DeadLetters.reason, number).where(WAITING).group_by(DeadLetters.reason)
    found = list(reasons.order_by(number.desc(), DeadLetters.reason).tuples().execute(database))
    if found:
        said = few([f"{reason} {count}" for reason, count in found])
        return warning(f"{sum(count for _, count in found)} refused messages wait ({said}): `scrapy dead` says why")
    return ok("none waits")


@in_tables
def scheduler(settings: BaseSettings, database: Database) -> Finding:
    """Whether somebody follows the schedules that are on."""
    on = Schedules.select().where(Schedules.enabled).count(database)
    follows = is_taken(database, Path(settings["GIGSCRAPY_HOME"]), LOCK)
    if on and not follows:
        return warning(f"{on} schedules are on and nobody follows them: start `scrapy scheduler`")
    return ok(f"{on} schedules are on{', and followed' if on else ''}")


@in_tables
def alerts(settings: BaseSettings, database: Database) -> Finding:
    """Whether somebody reads the rules of alerts that are on."""
    on = AlertRules.select().where(AlertRules.enabled).count(database)
    if on and not is_taken(database, Path(settings["GIGSCRAPY_HOME"]), ALERTING):
        return warning(f"{on} rules of alerts are on and nobody reads them: start `python -m admin.alerting`")
    return ok(f"{on} rules of alerts are on{', and read' if on else ''}")


@in_tables
def tally(_settings: BaseSettings, database: Database) -> Finding:
    """Whether what pages show of many prices is counted."""
    behind = freshness(database)
    if behind.since and (late := now() - behind.since) > LATE:
        many = f"{MANY} or more" if behind.waiting == MANY else behind.waiting
        said = f"{many} matches and hours wait to be counted, for {late // timedelta(minutes=1)} min"
        return warning(f"{said}: start `scrapy consume`, or run `scrapy tally`")
    if not behind.whole:
        return warning("what was stored before there was a tally is not all counted: `scrapy tally` does it now")
    return ok("all is counted")


def _is_nobodys(lock: Path) -> bool:
    try:
        return not is_held(lock)
    except FileNotFoundError:
        return True
