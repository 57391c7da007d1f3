"""``scrapy backup``: a copy of the embedded database, while it is in use."""

import argparse
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from peewee import Database
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.settings import BaseSettings

from gigscrapy.backup import FOLDER, Contents, Unusable, remove_old, take, take_dated
from schema.database import BadDatabaseUrl, connect, is_embedded
from schema.instants import to_paris


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options] [FILE]"

    def short_desc(self) -> str:
        return "Copy the embedded database while it is in use"

    def long_desc(self) -> str:
        return (
            "Copy the embedded database, as it is at this instant, to FILE, or with the date in its name into the"
            f" folder {FOLDER} of GIGSCRAPY_HOME. Crawls and consumers may go on meanwhile. The copy is checked, and"
            " has its name only when it is whole. `scrapy restore` puts it back."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--keep",
            metavar="N",
            type=number,
            help=f"of the copies in {FOLDER} only the N newest stay, this one counted",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if len(args) > 1 or (args and opts.keep):
            raise UsageError(f"scrapy backup takes one file, or --keep for those in {FOLDER}", print_help=False)
        home, live = Path(self.settings["GIGSCRAPY_HOME"]), embedded_file(self.settings, dump)
        try:
            if args:
                path, contents = Path(args[0]), take(live, Path(args[0]))
            else:
                path, contents = take_dated(live, home, datetime.now(UTC))
            print(f"{path}: {told(contents)}")  # noqa: T201
            for old in remove_old(home, opts.keep) if opts.keep else ():
                print(f"removed {old}")  # noqa: T201
        except (Unusable, OSError) as error:
            raise UsageError(str(error), print_help=False) from None


def number(said: str) -> int:
    """:raises argparse.ArgumentTypeError: when it is not 1 or more."""
    if not said.isdecimal() or int(said) < 1:
        raise argparse.ArgumentTypeError(f"{said!r} is no number from 1 on")
    return int(said)


def embedded_file(settings: BaseSettings, instead: Callable[[Database], str]) -> Path:
    """The file of the embedded database. :raises UsageError: when it is on a server; what to do ``instead`` is said."""
    try:
        database = connect(settings["DATABASE_URL"], Path(settings["GIGSCRAPY_HOME"]))
    except (BadDatabaseUrl, OSError) as error:
        raise UsageError(str(error), print_help=False) from None
    if is_embedded(database):
        return Path(database.database)
    raise UsageError(f"the database is on a server, which has its own way: {instead(database)}", print_help=False)


def dump(database: Database) -> str:
    """The server's own command. It asks for the password: in a command everybody could read it."""
    into = "--result-file=gigscrapy.sql"
    return f"mariadb-dump (or mysqldump) --single-transaction {server(database)} {into} {name(database)}"


def server(database: Database) -> str:
    at = database.connect_params
    options = {"host": at.get("host"), "port": at.get("port", 3306), "user": at.get("user")}
    return " ".join([*(f"--{key}={shlex.quote(str(value))}" for key, value in options.items() if value), "--password"])


def name(database: Database) -> str:
    return shlex.quote(database.database)


def told(contents: Contents) -> str:
    """What a copy holds, in words."""
    newest = f", the newest of {paris(contents.newest)}" if contents.newest else ""
    return f"{contents.prices} prices of {contents.matches} matches{newest}"


def paris(instant: str) -> str:
    """An instant of the tables, for people."""
    return f"{to_paris(datetime.fromisoformat(instant).replace(tzinfo=UTC)):%Y-%m-%d %H:%M:%S} (Paris)"
