"""``scrapy restore``: a copy of the embedded database put in its place."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from peewee import Database, PeeweeException
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.backup import Contents, Unusable, put_back
from gigscrapy.commands.backup import embedded_file, name, paris, server, told
from schema.database import explain
from schema.migrations import SchemaError


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "FILE"

    def short_desc(self) -> str:
        return "Put a copy of the embedded database in its place"

    def long_desc(self) -> str:
        return (
            "Make the embedded database what FILE is, a copy made by `scrapy backup`, and bring it up to date. The"
            " present one is kept beside it. Stop the consumers first; who reads may go on."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if len(args) != 1:
            raise UsageError("scrapy restore takes one file, as `scrapy backup` made it", print_help=False)
        home, live = Path(self.settings["GIGSCRAPY_HOME"]), embedded_file(self.settings, load)
        try:
            contents, kept = put_back(Path(args[0]), live, home, datetime.now(UTC))
        except (Unusable, SchemaError, OSError) as error:
            raise UsageError(str(error), print_help=False) from None
        except PeeweeException as error:
            raise UsageError(explain(error), print_help=False) from None
        print(f"{live}: {told(contents)}")  # noqa: T201
        print(ledger(contents, kept))  # noqa: T201


def load(database: Database) -> str:
    return f"mariadb (or mysql) {server(database)} {name(database)} < gigscrapy.sql"


def ledger(contents: Contents, kept: Path | None) -> str:
    """What becomes of messages that still wait, and of those that wait no more."""
    before = f"; the database as it was before is {kept}" if kept else ""
    first, last = contents.known
    if not first or not last:
        return f"its ledger knows no message: whatever waits in the queue is stored{before}"
    return (
        f"its ledger knows what was stored from {paris(first)} to {paris(last)}, which is not stored again if it comes"
        f" again; what waits in the queue is stored; what was stored later and waits no more is lost to it{before}"
    )
