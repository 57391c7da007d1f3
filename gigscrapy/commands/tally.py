"""``scrapy tally``: counts what the pages of the admin show of many prices, where no consumer has come to it."""

import argparse
import time

from gigscrapy.commanding import OptionsOnly
from gigscrapy.commands.migrate import LONGEST_STATEMENT
from gigscrapy.commands.prune import BROKEN_OFF, moving_line, warn
from gigscrapy.tables import opened
from schema.tally import Done, Tally, again

TAKEN_SECONDS = 0.5
"""Between two looks at whether another still tallies."""


class Command(OptionsOnly):
    def short_desc(self) -> str:
        return "Count what is shown of many prices"

    def long_desc(self) -> str:
        return (
            "Count anew what was stored since the last tally: what each bookmaker ended on in each match, and what was"
            " seen in each hour. A consumer does it by itself while its queue is empty; this does it now. It may be"
            " broken off anywhere and begun again, while others store."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--all", action="store_true", help="count everything anew, not only what was touched")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        settings = self.settings_for(args)
        total = Done()
        began = time.monotonic()
        try:
            with opened(settings, read_timeout=LONGEST_STATEMENT) as database, moving_line() as show:
                if opts.all:
                    again(database)
                tally = Tally(database)
                while (done := tally.step()).left or done.taken:
                    _add(total, done)
                    show(said(total))
                    if done.taken:
                        time.sleep(TAKEN_SECONDS)
                _add(total, done)
        except KeyboardInterrupt:
            warn("broken off: what was counted is counted; run it again to go on")
            self.exitcode = BROKEN_OFF
            return
        print(f"{said(total)} tallied in {time.monotonic() - began:.1f} s")  # noqa: T201


def said(done: Done) -> str:
    return f"{done.matches} matches and {done.hours} hours"


def _add(total: Done, done: Done) -> None:
    total.matches += done.matches
    total.hours += done.hours
