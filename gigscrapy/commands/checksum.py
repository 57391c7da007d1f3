"""``scrapy checksum``: a line for each table that messages fill. The same messages give the same, in any order."""

import argparse
import hashlib
import json

from scrapy.settings import BaseSettings

from gigscrapy.commanding import OptionsOnly
from gigscrapy.tables import opened
from schema.checksum import Checksum, checksum

TOTAL = "total"


class Command(OptionsOnly):
    def short_desc(self) -> str:
        return "Print rows and checksum of the tables that messages fill"

    def long_desc(self) -> str:
        return (
            "Print rows and checksum of the tables that messages fill: Leagues, Teams, Bookmakers, Matches, Runs, Odds,"
            " LatestOdds, Messages and DeadLetters. (Sports and MarketNames come with the program; Pages are told with"
            " the prices read from them.) Two databases that stored the same messages print the same, however often and"
            " in whatever order these came. Left out is what may differ: numbers of rows, when a row was made, how"
            " often a letter came. Stop the consumers meanwhile: tables are read one by one."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        tables = checksums(self.settings_for(args))
        print(as_json(tables) if opts.json else as_lines(tables))  # noqa: T201


def checksums(settings: BaseSettings) -> dict[str, Checksum]:
    """Of each table, and of all of them. :raises UsageError: when the database cannot be read."""
    with opened(settings) as database:
        tables = checksum(database)
    return tables | {TOTAL: total(tables)}


def total(tables: dict[str, Checksum]) -> Checksum:
    """All rows, and a digest of the tables' own."""
    told = " ".join(f"{name} {one.rows} {one.digest}" for name, one in sorted(tables.items()))
    digest = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    return Checksum(sum(one.rows for one in tables.values()), digest)


def as_lines(tables: dict[str, Checksum]) -> str:
    """Name, rows and digest, in columns."""
    wide, many = (max(map(len, column)) for column in (tables, [str(one.rows) for one in tables.values()]))
    return "\n".join(f"{name:{wide}}  {one.rows:{many}}  {one.digest}" for name, one in tables.items())


def as_json(tables: dict[str, Checksum]) -> str:
    return json.dumps({name: {"rows": one.rows, "digest": one.digest} for name, one in tables.items()})
