"""``scrapy scrapyd``: Scrapyd, for this project, until told to stop."""

import argparse
import re
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.log import configure_logging

from gigscrapy.daemon.start import USERNAME, CannotStart, Plan, log_what_it_says, run


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
        parser.add_argument("--host", help="address to listen on (default SCRAPYD_HOST, or this machine only)")
        parser.add_argument("--port", help="default SCRAPYD_PORT, or 6800")
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
        assert self.settings is not None
        return Plan(
            home=Path(self.settings["GIGSCRAPY_HOME"]).absolute(),
            host=opts.host or self.settings["SCRAPYD_HOST"],
            port=number(opts.port or self.settings["SCRAPYD_PORT"]),
            crawls=number(self.settings["CRAWLS_PER_NODE"]),
            username=self.settings["SCRAPYD_USERNAME"] or USERNAME,
            password=self.settings["SCRAPYD_PASSWORD"] or None,
            deployable=opts.deployable,
        )


def number(text: object) -> int:
    """0, which is none that can be used, where it is no number."""
    return int(str(text)) if re.fullmatch(r"[0-9]{1,6}", str(text)) else 0
