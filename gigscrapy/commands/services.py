"""``scrapy services``: all services of this machine, until told to stop."""

import argparse
from pathlib import Path

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.services import SERVICES, supervise


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return f"Run {', '.join(SERVICES)} on this machine, until told to stop"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            raise UsageError("scrapy services takes no names: it runs all of them", print_help=False)
        try:
            supervise(Path(self.settings["GIGSCRAPY_HOME"]))
        except OSError as error:
            raise UsageError(f"the services cannot be started: {error}", print_help=False) from None
