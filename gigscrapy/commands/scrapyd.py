"""``scrapy scrapyd``: Scrapyd, for this project, until told to stop."""

import argparse
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.log import configure_logging

from gigscrapy.daemon.start import USERNAME, CannotStart, Plan, log_what_it_says, run

HOST = "127.0.0.1"
PORT = 6800


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Run the crawls that tasks and schedules ask for (Scrapyd)"

    def long_desc(self) -> str:
        return (
            "Start Scrapyd for this project, with a password, for this machine only; it runs CRAWLS_PER_NODE crawls at"
            " once. Told to stop (Ctrl-C or SIGTERM) it has its crawls send what they hold, and ends when they have;"
            " told a second time it kills them."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--host", default=HOST, help=f"address to listen on (default {HOST}: this machine only)")
        parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}")
        parser.add_argument(
            "--deployable",
            action="store_true",
            help="run what scrapyd-deploy sends, and take it: whoever has the password can then run code here",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("scrapy scrapyd takes options only", print_help=False)
        assert self.settings is not None
        configure_logging(self.settings)
        log_what_it_says()
        try:
            run(self.plan(opts))
        except CannotStart as error:
            raise UsageError(str(error), print_help=False) from None

    def plan(self, opts: argparse.Namespace) -> Plan:
        """:raises CannotStart: when a setting is no number."""
        assert self.settings is not None
        crawls = str(self.settings["CRAWLS_PER_NODE"])
        return Plan(
            home=Path(self.settings["GIGSCRAPY_HOME"]).absolute(),
            host=opts.host,
            port=opts.port,
            crawls=int(crawls) if crawls.isdecimal() else 0,
            username=self.settings["SCRAPYD_USERNAME"] or USERNAME,
            password=self.settings["SCRAPYD_PASSWORD"] or None,
            deployable=opts.deployable,
        )
