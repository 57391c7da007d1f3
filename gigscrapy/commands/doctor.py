"""``scrapy doctor``: is everything set up as it should be?"""

import argparse
import logging
from collections import Counter

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.doctor import State, examine


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return ""

    def short_desc(self) -> str:
        return "Check the set-up, and say how to mend what is wrong"

    def long_desc(self) -> str:
        return (
            "Check the set-up: installation, home folder, browser, RabbitMQ, database, Scrapyds, and what waits for"
            " whom. Each check says in one line what is wrong (✗), or worth a look (!), and how to mend it. Nothing is"
            " changed, and the site is not asked. Exit code 1 where something fails."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            raise UsageError("scrapy doctor takes no argument", print_help=False)
        logging.disable(logging.WARNING)  # a check says what it finds, in its line
        seen: Counter[State] = Counter()
        try:
            for name, finding in examine(self.settings):
                seen[finding.state] += 1
                print(f"{finding.state.value} {name:<10} {finding.sentence}", flush=True)  # noqa: T201
        finally:
            logging.disable(logging.NOTSET)
        print(closing(seen))  # noqa: T201
        self.exitcode = int(seen[State.FAILURE] > 0)


def closing(seen: Counter[State]) -> str:
    """The sum of it, in a sentence."""
    failures, warnings = seen[State.FAILURE], seen[State.WARNING]
    if failures:
        also = f", and look at the {warnings} that are marked !" if warnings else ""
        return f"Mend the {failures} that are marked ✗, the first one first{also}."
    if warnings:
        return f"It works; look at the {warnings} that are marked !"
    return "All is well."
