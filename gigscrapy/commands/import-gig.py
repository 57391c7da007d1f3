"""``scrapy import-gig mysql://…``: takes over a database of gig-benchmark."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.imports.gigbase.account import Account, Sum
from gigscrapy.imports.gigbase.opening import gig_at
from gigscrapy.imports.gigbase.tables import PATIENCE, Gig, source_of
from gigscrapy.imports.gigbase.takeover import AnotherName, AnotherSource, Reckoned, TakeOver, Wanted
from gigscrapy.imports.storing import Stored
from gigscrapy.tables import opened
from schema.names import name_key
from schema.reference import sports

DOES_NOT_ADD_UP = 1
SOME_REFUSED = 3
"""Exit code where all adds up, and some prices were refused: the reconciliation says which."""
BROKEN_OFF = 130
"""As the shell has it for Ctrl-C."""


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[mysql://user:password@host:3306/database] [options]"

    def short_desc(self) -> str:
        return "Take over a database of gig-benchmark, and reckon up what became of each price"

    def long_desc(self) -> str:
        return (
            "Take over a database of gig-benchmark, which is only read: its Django models', its schema.sql's, or the"
            " older flat table of cotes_db. Kick-offs, which it kept as Paris's clock showed them, become UTC; a second"
            " meeting that it took for the first becomes a match of its own, where dates tell. It may be broken off at"
            " any time and begun again, and done twice it changes nothing. In the end it prints what became of each"
            " price. The address may stand in GIG_DATABASE_URL, where nobody else reads its password."
            " Exit code: 0 all is taken, 3 all adds up and some was refused, 1 it does not add up."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--name", default="gig", help="of the import: prices stand under the run import-NAME")
        parser.add_argument(
            "--believe-20h",
            action="store_true",
            help="take 20:00 of the day after a match was first seen for its kick-off",
        )
        parser.add_argument(
            "--sport",
            action="append",
            default=[],
            metavar="LEAGUE=SPORT",
            help="of a league that gig-benchmark took for football: 'Starligue=handball'; more than once",
        )
        parser.add_argument("--again", action="store_true", help="begin anew, where an import was broken off")
        parser.add_argument("--json", action="store_true", help="print the reconciliation as one JSON object")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        address = args[0] if args else self.settings["GIG_DATABASE_URL"]
        if len(args) > 1 or not address:
            raise UsageError(
                "scrapy import-gig takes the address of one database, or that of GIG_DATABASE_URL", print_help=False
            )
        wanted = _wanted(address, opts)
        try:
            with opened(self.settings, read_timeout=PATIENCE) as database, gig_at(address) as gig:
                take_over = TakeOver(gig, database, wanted)
                if take_over.was_resumed:
                    say("an import was broken off: it goes on", sys.stderr)
                with Console(stderr=True).status("reading") as status:
                    reckoned = take_over.run(lambda account, stored: status.update(_progress(account, stored)))
        except AnotherSource as error:
            raise UsageError(
                f"under the name {wanted.name!r} the import of {error} is not done yet: go on with that, or give this"
                " one another --name, or begin anew with --again",
                print_help=False,
            ) from None
        except AnotherName as error:
            raise UsageError(
                f"this database was taken over under the name {error}: go on with --name {error}", print_help=False
            ) from None
        except KeyboardInterrupt:
            say("broken off: what is stored stays; run it again to go on", sys.stderr)
            self.exitcode = BROKEN_OFF
            return
        say(json.dumps(as_json(reckoned, gig)) if opts.json else "\n".join(told(reckoned, gig)))
        self.exitcode = DOES_NOT_ADD_UP if not reckoned.adds_up else SOME_REFUSED if reckoned.account.refused else 0


def _wanted(url: str, opts: argparse.Namespace) -> Wanted:
    """:raises UsageError: when an option says nothing that can be done."""
    if not re.fullmatch(r"[a-z0-9-]{1,20}", opts.name):
        raise UsageError(f"--name is up to 20 small letters, digits and '-', not {opts.name!r}", print_help=False)
    said = {}
    for one in opts.sport:
        league, sign, sport = one.rpartition("=")
        if not sign or sport not in sports():
            raise UsageError(f"--sport is 'LEAGUE=SPORT', a sport one of {', '.join(sports())}", print_help=False)
        said[name_key(league)] = sport
    return Wanted(source_of(url), opts.name, opts.believe_20h, said, opts.again)


def told(reckoned: Reckoned, gig: Gig) -> Iterator[str]:
    """The reconciliation, in lines."""
    account = reckoned.account
    yield f"gig-benchmark's database ({gig.kind})"
    for name, (read, used, here) in reckoned.rows.items():
        of = "with prices that are taken" if name != "Matches" else "meetings with prices that are taken"
        yield f"{name}: read {read}, {used} {of}; here {here}{f', {used - here} merged' if used > here else ''}"
    yield from account.told()
    if reckoned.users:
        yield f"users: {reckoned.users}, none taken: nobody can sign in with a password's hash of another program"
    new, known = reckoned.stored.quotes, reckoned.stored.duplicates
    yield f"stored now: {new} quotes ({reckoned.stored.prices} prices); {known} were there already"
    yield f"gig-benchmark has {reckoned.there}; accounted for are {account.accounted}"
    yield f"under this import's name the tables here have {reckoned.here}; taken are {account.taken}"
    yield (
        "it adds up"
        if reckoned.adds_up
        else "IT DOES NOT ADD UP. Where prices here were thinned since (scrapy prune), or others stand in their place,"
        " there are fewer than were taken; else begin anew with --again, and if that does not help, say so"
    )


def as_json(reckoned: Reckoned, gig: Gig) -> dict[str, object]:
    """The same for programs."""
    account = reckoned.account
    return {
        "schema": gig.kind,
        "adds_up": reckoned.adds_up,
        "tables": {
            name: {"read": read, "with_prices": used, "here": here}
            for name, (read, used, here) in reckoned.rows.items()
        },
        "prices": {
            "there": _sum(reckoned.there),
            "read": _sum(account.read),
            "taken": _sum(account.taken),
            "merged": _sum(account.merged),
            "here": _sum(reckoned.here),
        },
        "refused": {reason: _sum(one) for reason, one in account.refused.items()},
        "quotes": account.quotes,
        "notes": {**account.notes, **{kind: len(names) for kind, names in account.distinct.items()}},
        "users": {"there": reckoned.users, "taken": 0},
        "stored_now": reckoned.stored.quotes,
        "there_already": reckoned.stored.duplicates,
    }


def _sum(one: Sum) -> dict[str, int | str]:
    return {"rows": one.rows, "sum": f"{one.total:.2f}"}


def _progress(account: Account, stored: Stored) -> str:
    return f"{account.matches} matches, {stored.quotes + stored.duplicates} quotes"


def say(text: str, file: TextIO | None = None) -> None:
    print(text, file=file)
