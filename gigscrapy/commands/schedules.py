"""``scrapy schedules``: what is crawled when: list, show, add, change, switch on and off, remove."""

import argparse
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NoReturn

from peewee import Database
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy import logs
from gigscrapy.planning import write_offsets
from gigscrapy.schedules import BadSchedule, Checked, check, in_paris, next_due, problem, when
from gigscrapy.tables import opened
from schema import schedules
from schema.models import Schedules, now
from schema.names import on_one_line

SHOWN = 20
"""Firings and visits that `show` lists."""

ACTIONS = "add NAME WHAT, change NAME, on NAME, off NAME, remove NAME or show NAME"


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[add NAME WHAT | change NAME | on NAME | off NAME | remove NAME | show NAME] [options]"

    def short_desc(self) -> str:
        return "List what is crawled when, and change it"

    def long_desc(self) -> str:
        return (
            "List the schedules, or add, change, switch on or off, remove or show one. WHAT is leagues (`ligue1, nba`),"
            " sport:football, country:France or all. `scrapy scheduler` asks for the crawls when they are due; what is"
            " changed here it heeds within seconds."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--cron", metavar="EXPRESSION", help="five fields, in the time of Paris: '0 */6 * * *'")
        parser.add_argument("--every", metavar="MINUTES", help="every so many minutes")
        parser.add_argument("--kickoff", metavar="TIMES", help="before each match's kick-off: '24h 6h 1h 15m 5m'")
        parser.add_argument(
            "-a",
            dest="arguments",
            action="append",
            metavar="NAME=VALUE",
            help="argument of the spider, such as depth=list; may be repeated; -a '' for none (change)",
        )
        parser.add_argument("--off", action="store_true", help="do not switch it on yet (add)")
        parser.add_argument("--what", help="what is to be crawled (change)")
        parser.add_argument("--name", help="another name (change)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        logs.start(self.settings, "schedules")
        match args:
            case []:
                work = show_all
            case ["show", name]:
                work = lambda database: show(database, found(database, name))  # noqa: E731
            case ["add", name, *words] if words:
                work = lambda database: add(database, name, " ".join(words), opts)  # noqa: E731
            case ["change", name]:
                work = lambda database: change(database, found(database, name), opts)  # noqa: E731
            case ["on" | "off" as to, name]:
                work = lambda database: switch(database, found(database, name), on=to == "on")  # noqa: E731
            case ["remove", name]:
                work = lambda database: remove(database, found(database, name))  # noqa: E731
            case _:
                raise UsageError(f"scrapy schedules, or scrapy schedules {ACTIONS}", print_help=False)
        with opened(self.settings) as database:
            work(database)


# -- what is changed ---------------------------------------------------------------------------------------------------


def add(database: Database, name: str, what: str, opts: argparse.Namespace) -> None:
    checked = read(
        name=name,
        what=what,
        cron=opts.cron,
        every_minutes=minutes(opts.every),
        kickoff=opts.kickoff,
        arguments=" ".join(opts.arguments or ()),
    )
    try:
        schedules.add(database, checked.values, enabled=not opts.off, at=now())
    except schedules.NameTaken:
        refuse(f"there is a schedule {checked.name!r} already: change it, or remove it first")
    tell(database, checked.name)


def change(database: Database, schedule: Schedules, opts: argparse.Namespace) -> None:
    """Only what is named; another way to say when takes the place of the one before."""
    says_when = opts.cron is not None or opts.every is not None or opts.kickoff is not None
    checked = read(
        name=schedule.name if opts.name is None else opts.name,
        what=schedule.what if opts.what is None else opts.what,
        cron=opts.cron if says_when else schedule.cron,
        every_minutes=minutes(opts.every) if says_when else schedule.every_minutes,
        kickoff=opts.kickoff if says_when else schedule.kickoff,
        arguments=schedule.arguments if opts.arguments is None else " ".join(opts.arguments),
    )
    try:
        if not schedules.change(database, schedule.id, checked.values, at=now()):
            gone(schedule.name)
    except schedules.NameTaken:
        refuse(f"there is another schedule {checked.name!r} already")
    tell(database, checked.name)


def switch(database: Database, schedule: Schedules, *, on: bool) -> None:
    if not schedules.switch(database, schedule.id, on=on, at=now()):
        gone(schedule.name)
    tell(database, schedule.name)


def remove(database: Database, schedule: Schedules) -> None:
    schedules.remove(database, schedule.id)
    say(f"{on_one_line(schedule.name)} is removed, with what was known of its firings")


def read(**said: Any) -> Checked:
    """:raises UsageError: with what could stand instead."""
    try:
        return check(**said)
    except BadSchedule as error:
        raise UsageError(str(error), print_help=False) from None


def minutes(text: str | None) -> int | None:
    """:raises UsageError: when it is no number."""
    if text is not None and not re.fullmatch(r"[0-9]{1,6}", text):
        refuse(f"--every takes a number of minutes, not {text!r:.40}")
    return None if text is None else int(text)


def found(database: Database, name: str) -> Schedules:
    """:raises UsageError: when there is none of that name; with the names there are."""
    schedule = schedules.find(database, name)
    if schedule is None:
        names = ", ".join(on_one_line(each.name) for each in schedules.every(database))
        refuse(f"there is no schedule {name!r:.100}; " + (f"there are: {names}" if names else "there is none at all"))
    return schedule


def gone(name: str) -> NoReturn:
    refuse(f"the schedule {name!r} was removed meanwhile")


def refuse(sentence: str) -> NoReturn:
    raise UsageError(sentence, print_help=False)


# -- what is shown -----------------------------------------------------------------------------------------------------


def show_all(database: Database) -> None:
    """One line for each schedule. Times are those of Paris."""
    table = Table(
        "name", "what", "when", "arguments", "on", "last firing", "next due (Paris)", box=None, pad_edge=False
    )
    at = now()
    for schedule in schedules.every(database):
        due = next_due(schedule, at)
        add_row(
            table,
            schedule.name,
            schedule.what,
            when(schedule),
            schedule.arguments or "",
            "on" if schedule.enabled else "off",
            last(database, schedule),
            next_time(schedule, due),
        )
    printed(table)
    say(f"{table.row_count} schedules; `scrapy scheduler` asks for their crawls when they are due")


def next_time(schedule: Schedules, due: datetime | None) -> str:
    """When, of one that is on; one that cannot be followed says why."""
    if schedule.enabled and (why := problem(schedule)):
        return f"never: {why}"
    if due is None and schedule.enabled and schedule.kickoff:
        return "before each kick-off"
    return in_paris(due) if due else ""


def last(database: Database, schedule: Schedules) -> str:
    """What became of the newest firing, or visit."""
    rows: Iterable[Any] = schedules.last_firings(database, schedule.id, 1)
    if schedule.kickoff:
        rows = schedules.last_visits(database, schedule.id, 1)
    return next((f"{in_paris(row.due_at)} {row.state}" for row in rows), "never")


def show(database: Database, schedule: Schedules) -> None:
    """All of one, and what became of the last times it was due."""
    due = next_due(schedule, now())
    for name, value in (
        ("name", schedule.name),
        ("what", schedule.what),
        ("when", when(schedule)),
        ("arguments", schedule.arguments or "none"),
        ("switched", "on" if schedule.enabled else "off"),
        ("next due", next_time(schedule, due) or "-"),
    ):
        say(f"{name}: {on_one_line(str(value))}")
    if schedule.kickoff:
        table = Table("due (Paris)", "before", "match", "kick-off", "state", "task", box=None, pad_edge=False)
        for visit in schedules.last_visits(database, schedule.id, SHOWN):
            match, kickoff = visit.match, visit.match.match_date
            teams = f"{match.home_team.name} - {match.away_team.name}"
            cells = (teams, in_paris(kickoff) if kickoff else "", visit.state, visit.task_id or "")
            add_row(table, in_paris(visit.due_at), write_offsets([visit.minutes]), *cells)
    else:
        table = Table("due (Paris)", "state", "sent (Paris)", "task", "why", box=None, pad_edge=False)
        for firing in schedules.last_firings(database, schedule.id, SHOWN):
            sent = in_paris(firing.sent_at) if firing.sent_at else ""
            add_row(table, in_paris(firing.due_at), firing.state, sent, firing.task_id or "", firing.note or "")
    if table.row_count:
        printed(table)


def tell(database: Database, name: str) -> None:
    """How it stands now."""
    schedule = found(database, name)
    due = next_due(schedule, now())
    state = "on" if schedule.enabled else "off"
    why = schedule.enabled and problem(schedule)
    said = f", never: {why}" if why else f", next due {in_paris(due)} in Paris" if due else ""
    say(f"{on_one_line(schedule.name)}: {on_one_line(schedule.what)}, {when(schedule)}, {state}{said}")


def add_row(table: Table, *cells: str) -> None:
    table.add_row(*(Text(on_one_line(cell)) for cell in cells))


def printed(table: Table) -> None:
    # Into a pipe one schedule stays one line, however long.
    Console(width=None if sys.stdout.isatty() else 800).print(table)


def say(line: str) -> None:
    print(line)  # noqa: T201 - it is what was asked for
