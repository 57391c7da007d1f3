"""``scrapy gig-sql``: gig-benchmark's tables as views over ours, for queries that somebody saved."""

import argparse
import csv
import re
import sqlite3
import sys
from typing import Any

import pymysql
from peewee import Database, PeeweeException
from pymysql.cursors import SSCursor
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.tables import opened
from schema.database import explain, is_embedded
from schema.gignames import Taken, default_name, make, statements

PATIENCE = 600
"""Seconds that a query may take."""
PAGE = 1000
"""Rows that are written at once."""
UNKNOWN_DATABASE = 1049
"""The number that MySQL gives this error."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[QUERY] [options]"

    def short_desc(self) -> str:
        return "Make gig-benchmark's tables as views over ours, and run queries that were saved for it"

    def long_desc(self) -> str:
        return (
            "Run a query that was written for gig-benchmark, and print what it finds as CSV; it may only read. On a"
            " server the views are a database of their own, made once with --make, which any program may use; in the"
            " embedded database they are made for the query, and --print prints them for programs of your own. They"
            " hold what gig-benchmark's tables hold: the result of each match, with a TRJ where each outcome has a"
            " price; no other market, no price of a list, none in doubt. Kick-offs are UTC, and right."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--make", action="store_true", help="make the database of views, or make it anew")
        parser.add_argument("--print", action="store_true", help="print what makes the views, and make nothing")
        parser.add_argument("--database", metavar="NAME", help="of the views, on a server (default: ours, with _gig)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if len(args) != (0 if opts.make or opts.print else 1):
            raise UsageError("scrapy gig-sql takes one query, or --make, or --print", print_help=False)
        with opened(self.settings, read_timeout=PATIENCE) as database:
            name = opts.database or default_name(database)
            if not is_embedded(database) and not re.fullmatch(r"\w{1,64}", name, re.ASCII):
                raise UsageError(f"{name!r} is no name of a database: letters, digits and _", print_help=False)
            if opts.print:
                print(";\n".join(statements(database, name)) + ";")  # noqa: T201
            elif opts.make:
                self._make(database, name)
            else:
                ask(database, name, args[0])

    @staticmethod
    def _make(database: Database, name: str) -> None:
        if is_embedded(database):
            raise UsageError("the embedded database has its views for the query only: see --print", print_help=False)
        try:
            make(database, name)
        except Taken as error:
            raise UsageError(f"{name}: {error}; name another with --database", print_help=False) from None
        print(f"{name} has gig-benchmark's tables as views; let people read it: GRANT SELECT ON `{name}`.* TO …")  # noqa: T201


def ask(database: Database, name: str, query: str) -> None:
    """What the query finds, as CSV, while it is read. :raises UsageError: when the database will not have it."""
    try:
        if is_embedded(database):
            make(database, name)
            database.execute_sql("PRAGMA query_only = 1")
        else:
            database.execute_sql("SET SESSION TRANSACTION READ ONLY")
            database.execute_sql(f"SET SESSION net_write_timeout = {PATIENCE}")  # so long may whoever reads stand still
            _use(database, name)
        # As it stands: a driver that looks for values of its own would take every % for one.
        cursor = database.connection().cursor(*(() if is_embedded(database) else (SSCursor,)))
        cursor.execute(query)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow([column[0] for column in cursor.description or ()])
        while rows := cursor.fetchmany(PAGE):
            out.writerows(map(_written, rows))
    except (PeeweeException, pymysql.MySQLError, sqlite3.Error) as error:
        raise UsageError(explain(error), print_help=False) from None


def _use(database: Database, name: str) -> None:
    try:
        database.connection().select_db(name)
    except pymysql.MySQLError as error:
        if error.args[0] != UNKNOWN_DATABASE:
            raise
        raise UsageError(f"there is no database {name}: scrapy gig-sql --make", print_help=False) from None


def _written(row: tuple[Any, ...]) -> list[Any]:
    return ["NULL" if value is None else value for value in row]
