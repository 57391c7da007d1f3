"""``scrapy dead``: the messages and tasks that could not be kept, as a work list: see them, see one, put them back."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from peewee import Database
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy import logs
from gigscrapy.broker import BrokerError, Queues
from gigscrapy.deadletters import LIGHT, LIVING_QUEUES, Chosen, Replayed, Tally, is_waiting, replay, tallies
from gigscrapy.tables import opened
from schema.models import DeadLetters
from schema.names import spelt_out

LISTED = 50
MOST_LISTED = 10_000

GONE = "on its way or settled"
"""What a letter is that was replayed and has not come back: which of the two, only its return would tell."""

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] | show ID | replay ID… | replay [--queue QUEUE] [--reason REASON] [--run RUN] | replay --all"

    def short_desc(self) -> str:
        return "List the messages and tasks that could not be kept, show one, put them back into the queue"

    def long_desc(self) -> str:
        return (
            "List the messages and tasks that could not be kept, the newest first. `show ID` tells all of one. `replay`"
            " puts one, all of a queue, a reason or a run, or all back into the queue they came from, once what they"
            " lack is mended: a sport that was unknown, a program that was old, a node that was away. Nothing is"
            " changed and nothing deleted; one that is refused again waits again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--queue", choices=LIVING_QUEUES, help="only letters that came from this queue")
        parser.add_argument("--reason", help="only letters refused for this reason, such as malformed")
        parser.add_argument("--run", help="only letters of this run")
        told = f"so many at most, 1 to {MOST_LISTED:,} (list; default {LISTED})"
        parser.add_argument("--limit", type=int, help=told)
        parser.add_argument("--all", action="store_true", help="all of them (replay)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        match args:
            case []:
                refuse_unused(opts, "the list", "all")
                limit = read_limit(opts.limit)
                with self.database() as database:
                    self.exitcode = show_list(
                        database, Chosen(queue=opts.queue, reason=opts.reason, run_id=opts.run), limit
                    )
            case ["show", text]:
                refuse_unused(opts, "show", "queue", "reason", "run", "limit", "all")
                number = read_number(text)
                with self.database() as database:
                    self.exitcode = show_one(database, number)
            case ["replay", *numbers]:
                refuse_unused(opts, "replay", "limit")
                chosen = read_chosen(
                    numbers, Chosen(queue=opts.queue, reason=opts.reason, run_id=opts.run), everything=opts.all
                )
                with self.database() as database:
                    done = replay(database, self.queues(), chosen)
                    self.exitcode = tell(database, chosen, done)
            case _:
                raise UsageError("scrapy dead, scrapy dead show ID, or scrapy dead replay ID…", print_help=False)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The tables; what goes wrong with them or with the queue is a sentence. :raises UsageError: with it."""
        assert self.settings is not None
        logs.start(self.settings, "dead")
        try:
            with opened(self.settings) as database:
                yield database
        except BrokerError as error:
            raise UsageError(str(error), print_help=False) from None
        except OSError as error:
            raise UsageError(f"{error}: do it again when it is back; nothing is lost", print_help=False) from None

    def queues(self) -> Queues:
        assert self.settings is not None
        home, queue_type = Path(self.settings["GIGSCRAPY_HOME"]), self.settings["RABBIT_QUEUE_TYPE"]
        return Queues(self.settings["RABBIT_URL"], home, queue_type)


# -- what is asked -----------------------------------------------------------------------------------------------------


def read_number(text: str) -> int:
    """:raises UsageError: when it is no number of a letter."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UsageError(f"{text!r} is no number; `scrapy dead` lists the letters with theirs", print_help=False)
    return int(text)


def refuse_unused(opts: argparse.Namespace, action: str, *names: str) -> None:
    """:raises UsageError: where an option is given that ``action`` would pass over: its user meant something by it."""
    given = [f"--{name}" for name in names if getattr(opts, name) is not None and getattr(opts, name) is not False]
    if given:
        raise UsageError(f"scrapy dead: {action} takes no {' and no '.join(given)}", print_help=False)


def read_limit(limit: int | None) -> int:
    """:raises UsageError: when nobody could want so many, or so few."""
    if limit is None:
        return LISTED
    if not 1 <= limit <= MOST_LISTED:
        raise UsageError(f"--limit takes 1 to {MOST_LISTED:,}", print_help=False)
    return limit


def read_chosen(numbers: list[str], asked: Chosen, *, everything: bool) -> Chosen:
    """Which letters are meant. :raises UsageError: when that is said in no way, or in two."""
    if (bool(numbers), asked != Chosen(), everything).count(True) != 1:
        told = "scrapy dead replay takes numbers, or --queue QUEUE, --reason REASON, --run RUN or several, or --all"
        raise UsageError(told, print_help=False)
    return Chosen(ids=frozenset(map(read_number, numbers))) if numbers else asked


# -- what is shown -----------------------------------------------------------------------------------------------------


def show_list(database: Database, asked: Chosen, limit: int) -> int:
    """The newest letters in a table, then how many there are of each reason. :returns: the exit code."""
    reason, run_id = asked.reason, asked.run_id
    query = DeadLetters.select(*LIGHT).order_by(DeadLetters.last_seen.desc(), DeadLetters.id.desc()).limit(limit)
    if asked.queue is not None:
        query = query.where(DeadLetters.queue == asked.queue)
    if reason is not None:
        query = query.where(DeadLetters.reason == reason)
    if run_id is not None:
        query = query.where(DeadLetters.run_id == run_id)
    columns = ("id", "last seen", "state", "queue", "reason", "times", "replays", "run", "detail")
    table = Table(*columns, box=None, pad_edge=False)
    for letter in query.execute(database):
        seen, run = instant(letter.last_seen), letter.run_id or ""
        why, often = (letter.queue, letter.reason), (letter.times, letter.replays)
        cells = (letter.id, seen, state(letter), *why, *often, run, letter.detail)
        table.add_row(*(Text(spelt_out(str(cell))) for cell in cells))
    if table.row_count:
        # Into a pipe one letter stays one line, however long.
        Console(width=None if sys.stdout.isatty() else 800).print(table)
    found = tallies(database)
    for line in counted(found):
        say(line)
    strangers = list(unknown(database, asked, found))
    for line in strangers:
        say(line)
    return 1 if strangers else 0


def unknown(database: Database, asked: Chosen, found: list[Tally]) -> Iterator[str]:
    """A sentence for a reason and for a run that no letter has."""
    reasons = [tally.reason for tally in found]
    if asked.reason is not None and asked.reason not in reasons:
        yield (
            f"no dead letter has the reason {spelt_out(asked.reason)}; there "
            + (f"are: {', '.join(map(spelt_out, sorted(reasons)))}" if reasons else "are no dead letters")
        )
    if asked.run_id is not None:
        of_run = DeadLetters.select().where(DeadLetters.run_id == asked.run_id)
        if not of_run.exists(database):
            yield f"no dead letter is of the run {spelt_out(asked.run_id)}"


def counted(found: list[Tally]) -> Iterator[str]:
    """How many wait, and how many were replayed and have not come back, of each reason and in all."""
    for tally in found:
        yield f"{spelt_out(tally.reason)}: {tally.waiting} waiting, {tally.settled} {GONE}"
    waiting, settled = sum(tally.waiting for tally in found), sum(tally.settled for tally in found)
    yield f"{waiting + settled} dead letters: {waiting} waiting, {settled} {GONE} (replayed, and not come back)"


def show_one(database: Database, number: int) -> int:
    """All of one letter. :returns: the exit code."""
    letter = next(iter(DeadLetters.select().where(DeadLetters.id == number).execute(database)), None)
    if letter is None:
        say(f"there is no dead letter {number}")
        return 1
    kept = bytes(letter.body)
    for name, value in (
        ("id", letter.id),
        ("state", state(letter)),
        ("queue", letter.queue),
        ("reason", letter.reason),
        ("detail", letter.detail),
        ("run", letter.run_id or "not told"),
        ("first seen", instant(letter.first_seen)),
        ("last seen", instant(letter.last_seen)),
        ("times", letter.times),
        ("replayed", instant(letter.replayed_at) if letter.replayed_at else "never"),
        ("replays", letter.replays),
        ("body", f"{letter.size} bytes" + (f", the first {len(kept)} of them kept" if len(kept) < letter.size else "")),
    ):
        say(f"{name}: {spelt_out(str(value))}")
    say(shown(kept))
    return 0


def tell(database: Database, chosen: Chosen, done: Replayed) -> int:
    """What a replay did. :returns: the exit code."""
    # What it sent may be of a reason that only the queue knows.
    strangers = [] if done.letters else list(unknown(database, chosen, tallies(database)))
    for line in strangers:
        say(line)
    for number in done.unknown:
        say(f"there is no dead letter {number}")
    for number in done.cut:
        say(f"dead letter {number} is kept only in part, and no queue brought a copy of it: it cannot be replayed")
    back = f"{done.letters} dead letters are back in the queue"
    next_step = (
        "; `scrapy consume` stores them, `scrapy worker` carries out those that are tasks, or they are refused again"
    )
    say(back + next_step if done.letters else f"{back}: nothing to replay")
    return 1 if strangers or done.unknown or done.cut else 0


def state(letter: DeadLetters) -> str:
    return "waiting" if is_waiting(letter) else GONE


def instant(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}Z"


def shown(body: bytes) -> str:
    """A body for a terminal: JSON indented, anything else as it is, and no character of it moves the cursor."""
    text = body.decode("utf-8", "backslashreplace")
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return spelt_out(text)
    return "\n".join(map(spelt_out, indented(text).split("\n")))


def indented(text: str) -> str:
    """JSON with a line for each value, written as it came: 2.10 stays 2.10, a key that is there twice stays, too."""
    written, depth = [], 0
    for piece in _PIECE.findall(text):
        if piece in "]}":
            depth -= 1
            written.append(f"\n{'  ' * depth}{piece}")
        elif piece in "[{":
            depth += 1
            written.append(f"{piece}\n{'  ' * depth}")
        elif piece == ",":
            written.append(f",\n{'  ' * depth}")
        else:
            written.append(": " if piece == ":" else piece)
    return "".join(written)


def say(line: str) -> None:
    print(line)  # noqa: T201 - it is what was asked for
