"""What the tests share."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from gigscrapy.broker import receiver
from schema.messages import Message, OddsItem, decode

Ran = subprocess.CompletedProcess[str]

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"
"""Other people's data, beside the project where it is worked on, never in it."""


def shared_rows(name: str) -> list[dict[str, str]]:
    """The rows of a shared CSV; none where that folder is absent."""
    path = SHARED / name
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


OWN_ENVIRONMENT = {"RABBIT_URL", "RABBIT_QUEUE_TYPE", "DATABASE_URL", "GIGSCRAPY_HOME", "SITE_URL", "LOG_LEVEL"}
OWN_ENVIRONMENT |= {"SCRAPYD_URLS", "SCRAPYD_USERNAME", "SCRAPYD_PASSWORD", "SCRAPYD_HOST", "SCRAPYD_PORT"}
OWN_ENVIRONMENT |= {
    "CRAWLS_PER_NODE",
    "CRAWLS_AT_ONCE",
    "RUN_SILENCE",
    "REPORT_SECONDS",
    "REQUESTS_PER_MINUTE",
    "LOG_JSON",
    "ADMIN_URL",
    "ALERT_PRIVATE_HOSTS",
    "ALERTS_KEY",
}
OWN_ENVIRONMENT |= {f"RABBITMQ_{one}" for one in ("HOST", "PORT", "USER", "PASSWORD", "QUEUE", "VHOST")}
OWN_ENVIRONMENT |= {"GIG_DATABASE_URL"} | {f"MYSQL_{one}" for one in ("HOST", "PORT", "USER", "PASSWORD", "DATABASE")}
"""What the person who runs the tests may have set for themselves; no test reads it."""

OWN_SITE = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "LOG_LEVEL": "WARNING",
    "LOG_FORMAT": "%(levelname)s %(message)s",
}
"""Settings for a site that is ours and need not be spared."""


def scrapy(*arguments: str, home: Path, environment: dict[str, str] | None = None, **settings: object) -> Ran:
    """Run a Scrapy command of the project as its user would, in a process of its own."""
    options = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    inherited = {name: value for name, value in os.environ.items() if name not in OWN_ENVIRONMENT}
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments, *options],
        cwd=ROOT,
        env=inherited | {"GIGSCRAPY_HOME": str(home)} | (environment or {}),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def crawl(
    site: str, home: Path, league: str = "ligue1", *, environment: dict[str, str] | None = None, **options: object
) -> Ran:
    """``scrapy crawl``. Options in capitals are settings, the others arguments of the spider."""
    arguments = [word for name, value in options.items() if name.islower() for word in ("-a", f"{name}={value}")]
    settings = {name: value for name, value in options.items() if name.isupper()}
    return scrapy(
        "crawl", league, *arguments, home=home, environment=environment, SITE_URL=site, **(OWN_SITE | settings)
    )


def spooled(home: Path) -> list[Message]:
    """What a crawl left in the spool."""
    source = receiver(None, home)
    try:
        return [decode(delivery.body, delivery.received_at) for delivery in source.receive(10_000, 1)]
    finally:
        source.close()


def quotes(home: Path) -> list[OddsItem]:
    return [message for message in spooled(home) if isinstance(message, OddsItem)]
