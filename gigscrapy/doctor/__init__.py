"""Is everything set up as it should be? One check after the other, each by itself, each in bounded time.

No check changes anything, and no secret is in what it says.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, urlsplit

from scrapy.settings import BaseSettings

from gigscrapy.doctor import machine, servers, waiting
from gigscrapy.doctor.findings import Finding, State, failure
from schema.names import on_one_line

Check = Callable[[BaseSettings], Finding | None]

CHECKS: dict[str, Check] = {
    "Python": machine.python,
    "packages": machine.packages,
    "time zones": machine.time_zones,
    "home": machine.home,
    "disk": machine.disk,
    "locks": machine.locks,
    "files": machine.damage,
    "site": machine.site,
    "browser": machine.chromium,
    "RabbitMQ": servers.broker,
    "queues": servers.queues,
    "database": servers.database,
    "tables": servers.tables,
    "privileges": servers.privileges,
    "clock": servers.clock,
    "Scrapyd": servers.scrapyds,
    "outboxes": waiting.outboxes,
    "readers": waiting.readers,
    "refused": waiting.dead_letters,
    "schedules": waiting.scheduler,
    "alerts": waiting.alerts,
    "tally": waiting.tally,
}
"""In this order; what a later one needs, an earlier one has looked at."""

SECONDS = 30
"""The longest that is waited for one check; each bounds its own questions, and is nearly always quicker."""

URLS = ("RABBIT_URL", "DATABASE_URL", "SCRAPYD_URLS", "SITE_URL")
HIDDEN = "***"

__all__ = ["CHECKS", "Finding", "State", "examine"]


def examine(settings: BaseSettings) -> Iterator[tuple[str, Finding]]:
    """What each check finds, as it is found."""
    secret = secrets(settings)
    for name, check in CHECKS.items():
        finding = bounded(check, settings)
        if finding is not None:
            yield name, Finding(finding.state, hidden(on_one_line(finding.sentence), secret))


def bounded(check: Check, settings: BaseSettings) -> Finding | None:
    """What it finds; a failure where it breaks, or has found nothing after :data:`SECONDS`."""
    found: list[Finding | None] = []

    def work() -> None:
        try:
            found.append(check(settings))
        except Exception as error:
            logging.getLogger(__name__).debug("a check broke", exc_info=True)
            found.append(failure(f"the check itself broke ({type(error).__name__}: {error}): tell us"))

    thread = threading.Thread(target=work, daemon=True)  # one that hangs does not keep the process
    thread.start()
    thread.join(SECONDS)
    return found[0] if found else failure(f"no answer within {SECONDS} s: it hangs")


def hidden(sentence: str, words: Iterable[str]) -> str:
    """``sentence`` without ``words``, where they stand by themselves: a short one is part of many others."""
    for word in words:
        sentence = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", HIDDEN, sentence)
    return sentence


def secrets(settings: BaseSettings) -> list[str]:
    """The passwords among the settings, as they are and as an address has them: for whatever a library may quote."""
    found = {settings["SCRAPYD_PASSWORD"]}
    for url in " ".join(settings[name] or "" for name in URLS).replace(",", " ").split():
        password = password_of(url)
        found |= {password, unquote(password)}
    return sorted(filter(None, found), key=len, reverse=True)


def password_of(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
