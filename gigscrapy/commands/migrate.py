"""``scrapy migrate``: brings the database up to date."""

import argparse
from pathlib import Path

from peewee import PeeweeException
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from schema.database import BadDatabaseUrl, connect, explain, masked
from schema.migrations import SchemaError, migrate

LONGEST_STATEMENT = 3600
"""Seconds: a column or an index on a table of many millions takes its time."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Bring the database up to date"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        url = self.settings["DATABASE_URL"]
        home = Path(self.settings["GIGSCRAPY_HOME"])
        try:
            applied = migrate(connect(url, home, read_timeout=LONGEST_STATEMENT))
        except (BadDatabaseUrl, SchemaError) as error:
            raise UsageError(str(error), print_help=False) from None
        except PeeweeException as error:
            raise UsageError(explain(error), print_help=False) from None
        name = masked(url) if url else f"the SQLite database in {home}"
        print(f"{name}: {', '.join(applied) or 'up to date already'}")  # noqa: T201
