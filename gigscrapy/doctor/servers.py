"""What is right or wrong with the servers: RabbitMQ, the database, the Scrapyds.

A check that cannot ask, because another says already that the server is away, finds nothing (``None``).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

from peewee import Database, PeeweeException
from scrapy.settings import BaseSettings

from gigscrapy.broker import QUEUES, BrokerError
from gigscrapy.doctor.findings import Finding, failure, ok, warning
from gigscrapy.doctor.machine import few
from gigscrapy.nodes import Node, NodeAway, NodeRefused, nodes
from schema.database import EMBEDDED, BadDatabaseUrl, Fault, connect, explain, fault_of, hang_up, is_embedded
from schema.migrations import HISTORY, names
from schema.models import TABLES, AuditLog, now

ANSWER_SECONDS = 5
"""How long a server's answer is waited for."""

CLOCK_SECONDS = 2
"""Two clocks that differ by no more agree."""

WRITTEN_ONCE = (AuditLog,)
"""A user that may neither change nor remove their rows is the better for it."""

OLDEST_MYSQL, OLDEST_MARIADB = (8, 0), (10, 5)


# -- RabbitMQ ----------------------------------------------------------------------------------------------------------


def broker(settings: BaseSettings) -> Finding:
    """Whether it is there, lets us in, and takes messages."""
    url = settings["RABBIT_URL"]
    if not url:
        return ok(f"RABBIT_URL is not set: messages wait in the spool in {settings['GIGSCRAPY_HOME']}")
    from gigscrapy.broker.rabbitmq.link import Address
    from gigscrapy.broker.rabbitmq.looking import greet

    try:
        version, takes = greet(url, ANSWER_SECONDS)
    except BrokerError as error:
        return failure(str(error))
    except ConnectionError as error:
        return failure(f"RabbitMQ does not answer at {Address(url)} ({error}): start it, or correct RABBIT_URL")
    if not takes:
        return failure(
            f"{version} takes no messages: an alarm of memory or disk (`rabbitmq-diagnostics alarms`); quotes wait in"
            " outboxes meanwhile"
        )
    return ok(f"{version} at {Address(url)} takes messages")


def queues(settings: BaseSettings) -> Finding | None:
    """Whether those that are there are of the kind that we would make."""
    if not settings["RABBIT_URL"]:
        return None
    from gigscrapy.broker.rabbitmq.looking import crowds

    kind = settings["RABBIT_QUEUE_TYPE"]
    try:
        found = crowds(settings["RABBIT_URL"], QUEUES, kind)
    except BrokerError as error:
        return failure(str(error))
    except ConnectionError:
        return None
    others = [
        f"{name} ({crowd.difference.partition(' - ')[2] or crowd.difference})"
        for name, crowd in found.items()
        if crowd.difference
    ]
    if others:
        return warning(
            f"not as a {kind} queue of ours: {few(others)}; it is used as it is. A limit of deliveries drops good"
            " messages: give it a policy, or empty and delete it; or set RABBIT_QUEUE_TYPE"
        )
    absent = [name for name in QUEUES if name not in found]
    return ok(f"{', '.join(found) or 'none'}{f'; made when first used: {few(absent)}' if absent else ''}")


# -- the database ------------------------------------------------------------------------------------------------------


@contextmanager
def opened(settings: BaseSettings) -> Iterator[Database | None]:
    """The database, as it is; ``None`` where the embedded one is not there yet.

    :raises BadDatabaseUrl, PeeweeException: when it cannot be used.
    """
    url, home = settings["DATABASE_URL"], Path(settings["GIGSCRAPY_HOME"])
    if not url and not (home / EMBEDDED).is_file():
        yield None
        return
    database = connect(url, home, read_timeout=ANSWER_SECONDS)
    try:
        yield database
    finally:
        hang_up(database)


def asking(
    check: Callable[[BaseSettings, Database | None], Finding | None],
) -> Callable[[BaseSettings], Finding | None]:
    """A check of what is in the database. It finds nothing where that is away: :func:`database` says so."""

    @wraps(check)
    def asked(settings: BaseSettings) -> Finding | None:
        reached = False
        try:
            with opened(settings) as found:
                if found is not None:
                    found.connect()
                reached = True
                return check(settings, found)
        except BadDatabaseUrl:
            return None
        except PeeweeException as error:
            return failure(explain(error)) if reached else None

    return asked


def in_tables(check: Callable[[BaseSettings, Database], Finding | None]) -> Callable[[BaseSettings], Finding | None]:
    """A check of what is in tables that are up to date. It finds nothing in others: :func:`tables` says so."""

    @wraps(check)
    def asked(settings: BaseSettings, found: Database | None) -> Finding | None:
        return None if found is None or set(names()) - applied(found) else check(settings, found)

    return asking(asked)


def database(settings: BaseSettings) -> Finding:
    """Whether it is there, lets us in, and is one that we know."""
    try:
        with opened(settings) as found:
            if found is None:
                return ok("DATABASE_URL is not set: SQLite, which the first command makes")
            if is_embedded(found):
                return _embedded(found)
            (version,) = _one(found, "SELECT VERSION()")
    except BadDatabaseUrl as error:
        return failure(str(error))
    except PeeweeException as error:
        away = "; start it, or correct DATABASE_URL" if fault_of(error) is Fault.PASSING else ""
        return failure(f"{explain(error)}{away}")
    kind, oldest = ("MariaDB", OLDEST_MARIADB) if "mariadb" in version.lower() else ("MySQL", OLDEST_MYSQL)
    if numbers(version) < oldest:
        return failure(f"{kind} {version} is too old: {'.'.join(map(str, oldest))} or newer is needed")
    return ok(f"{kind} {version}")


def _embedded(found: Database) -> Finding:
    """Whether it can be written: nobody keeps it locked."""
    found.execute_sql("PRAGMA busy_timeout = 2000")
    try:
        with found.transaction("IMMEDIATE"):
            pass
    except PeeweeException as error:
        if fault_of(error) is not Fault.PASSING:
            raise
        return warning(f"another process keeps {found.database} locked ({error}): look for one that hangs")
    return ok(f"SQLite in {found.database}")


def numbers(version: str) -> tuple[int, ...]:
    """10.11.19-MariaDB: 10, 11, 19. Some servers put a 5.5.5- before it, for old programs."""
    return tuple(map(int, re.findall(r"\d+", version.removeprefix("5.5.5-"))[:3]))


@asking
def tables(_settings: BaseSettings, found: Database | None) -> Finding | None:
    """Whether they are those of this program, with its characters."""
    if found is None:
        return None
    there = applied(found)
    if newer := sorted(there - set(names())):
        return failure(f"they are of a newer gigscrapy ({few(newer)}): install that one")
    if lacking := [name for name in names() if name not in there]:
        if is_embedded(found):
            return ok("brought up to date by the next command")
        return failure(f"they lack {few(lacking)}: run `scrapy migrate`")
    if is_embedded(found):
        return ok("up to date")
    return _characters(found) or _strictness(found) or ok("up to date, in utf8mb4")


def applied(found: Database) -> set[str]:
    if HISTORY not in found.get_tables():
        return set()
    return {name for (name,) in found.execute_sql(f"SELECT name FROM {HISTORY}").fetchall()}  # noqa: S608 - a constant


def _characters(found: Database) -> Finding | None:
    ours = [table._meta.table_name for table in TABLES]  # noqa: SLF001 - Peewee's own word
    marks = ", ".join(["%s"] * len(ours))
    others = found.execute_sql(
        "SELECT table_name, table_collation FROM information_schema.tables WHERE table_schema = DATABASE()"  # noqa: S608
        f" AND table_collation NOT LIKE 'utf8mb4%%' AND table_name IN ({marks}) ORDER BY table_name",
        ours,
    ).fetchall()
    if others:
        said = few([f"{name} ({collation})" for name, collation in others])
        return failure(f"not in utf8mb4: {said}; ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4, or names are refused")
    (default,) = _one(found, "SELECT @@character_set_database")
    if default != "utf8mb4":
        return warning(
            f"up to date; but the database's own default is {default}: ALTER DATABASE `{found.database}` CHARACTER SET"
            " utf8mb4, for whoever adds tables"
        )
    return None


def _strictness(found: Database) -> Finding | None:
    (mode,) = _one(found, "SELECT @@SESSION.sql_mode")
    if "STRICT_ALL_TABLES" not in mode:
        return failure(
            f"something between sets sql_mode to {mode or 'nothing'}: a price that does not fit is cut silently"
        )
    return None


@in_tables
def privileges(_settings: BaseSettings, found: Database) -> Finding | None:
    """Whether the user may do what crawls and consumers do. Each is done, to no row."""
    if is_embedded(found):
        return None
    for table in TABLES:
        meta = table._meta  # noqa: SLF001 - Peewee's own word
        name, column = meta.table_name, meta.sorted_fields[0].column_name
        for statement in (
            f"INSERT INTO {name} SELECT * FROM {name} WHERE 1 = 0",  # noqa: S608 - names of our own
            f"UPDATE {name} SET {column} = {column} WHERE 1 = 0",  # noqa: S608
            f"DELETE FROM {name} WHERE 1 = 0",  # noqa: S608
        )[: 1 if table in WRITTEN_ONCE else None]:
            try:
                found.execute_sql(statement)
            except PeeweeException as error:
                return failure(f"{explain(error)} (SELECT, INSERT, UPDATE and DELETE are needed on all tables)")
    return ok("the user may read and write all tables")


@asking
def clock(_settings: BaseSettings, found: Database | None) -> Finding:
    """Whether the database's and this machine's agree. Nobody else's is asked."""
    if found is None or is_embedded(found):
        return ok(f"{now():%Y-%m-%d %H:%M:%S} UTC; there is no other to compare it with")
    before = now()
    (theirs,) = _one(found, "SELECT UTC_TIMESTAMP(6)")
    return compared(theirs, before, now())


def compared(theirs: datetime, before: datetime, after: datetime) -> Finding:
    """Their time, asked for between two instants of ours."""
    apart = max((theirs - after).total_seconds(), (before - theirs).total_seconds(), 0.0)
    if apart > CLOCK_SECONDS:
        return failure(
            f"the database's clock says {theirs:%Y-%m-%d %H:%M:%S} UTC, this machine's {after:%Y-%m-%d %H:%M:%S}: set"
            " both by NTP (`timedatectl set-ntp true`)"
        )
    return ok(f"{after:%Y-%m-%d %H:%M:%S} UTC, as the database's")


def _one(found: Database, query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] = found.execute_sql(query).fetchone()
    return row


# -- the Scrapyds ------------------------------------------------------------------------------------------------------


def scrapyds(settings: BaseSettings) -> Finding:
    """Whether each node is there, lets us in, and has our leagues. None has to be while nobody asks for crawls."""
    try:
        all_of_them = nodes(settings)
    except NodeRefused as error:
        return failure(str(error))
    wrong = [_complaint(node) for node in all_of_them]
    refused = [said for said, is_refusal in filter(None, wrong) if is_refusal]
    away = [said for said, _ in filter(None, wrong)]
    if refused:
        return failure(few(refused))
    if away:
        return warning(f"{few(away)}; only crawls that tasks and schedules ask for need one")
    return ok(f"{len(all_of_them)} of {len(all_of_them)} ready to crawl")


def _complaint(node: Node) -> tuple[str, bool] | None:
    """What is wrong with one, and whether it is there all the same."""
    try:
        node.load()
        if not node.spiders():
            return f"{node.name} knows no league: run `scrapyd-deploy`", True
    except NodeRefused as error:
        return str(error), True
    except NodeAway as error:
        return str(error), False
    return None
