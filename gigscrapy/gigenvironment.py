"""gig-benchmark's environment variables, where ours are not set: whoever runs it need not write them anew.

No password has a default here: the ones that gig-benchmark's programs fall back on (they differ) are not guessed.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

TASKS = "scraping_tasks"


def rabbit_url(environment: Mapping[str, str]) -> str | None:
    """RABBIT_URL; else that of RABBITMQ_HOST, _PORT, _USER, _PASSWORD, _VHOST, _HEARTBEAT and _BLOCKED_TIMEOUT.

    :raises SystemExit: when they say too little.
    """
    if environment.get("RABBIT_URL") or not environment.get("RABBITMQ_HOST"):
        return environment.get("RABBIT_URL") or None
    user, vhost = environment.get("RABBITMQ_USER") or "gig_user", environment.get("RABBITMQ_VHOST") or "/"
    wanted = {
        "heartbeat": environment.get("RABBITMQ_HEARTBEAT"),
        "blocked_connection_timeout": environment.get("RABBITMQ_BLOCKED_TIMEOUT"),
    }
    said = "&".join(f"{name}={quote(value, safe='')}" for name, value in wanted.items() if value)
    account = _account(environment, user, "RABBITMQ")
    at = f"{environment['RABBITMQ_HOST']}:{environment.get('RABBITMQ_PORT') or 5672}"
    return f"amqp://{account}@{at}/{quote(vhost, safe='')}{said and f'?{said}'}"


def database_url(environment: Mapping[str, str]) -> str | None:
    """DATABASE_URL; else that of MYSQL_HOST, _PORT, _USER, _PASSWORD and _DATABASE, as MySQL's images call them.

    It may be gig-benchmark's own database: then `scrapy migrate` says that ours needs another.

    :raises SystemExit: when they say too little.
    """
    if environment.get("DATABASE_URL") or not environment.get("MYSQL_HOST"):
        return environment.get("DATABASE_URL") or None
    if not (name := environment.get("MYSQL_DATABASE")):
        raise SystemExit("MYSQL_HOST is set and MYSQL_DATABASE is not: set it, or DATABASE_URL")
    account = _account(environment, environment.get("MYSQL_USER") or "root", "MYSQL")
    return (
        f"mysql://{account}@{environment['MYSQL_HOST']}:{environment.get('MYSQL_PORT') or 3306}/{quote(name, safe='')}"
    )


def task_queue(environment: Mapping[str, str]) -> str:
    """RABBITMQ_QUEUE, where that is another than the usual: the queue that tasks come by."""
    name = environment.get("RABBITMQ_QUEUE") or TASKS
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,50}", name, re.ASCII) or name == "odds" or name.endswith(".dead"):
        raise SystemExit(
            f"RABBITMQ_QUEUE is {name!r}: the queue of tasks has up to 50 letters, digits, '_', '-' and '.', and is"
            " neither odds nor a queue of the dead"
        )
    return name


def _account(environment: Mapping[str, str], user: str, prefix: str) -> str:
    if not (password := environment.get(f"{prefix}_PASSWORD")):
        url = {"RABBITMQ": "RABBIT_URL", "MYSQL": "DATABASE_URL"}[prefix]
        raise SystemExit(
            f"{prefix}_HOST is set and {prefix}_PASSWORD is not, and no password is guessed: set it, or {url}"
        )
    return f"{quote(user, safe='')}:{quote(password, safe='')}"
