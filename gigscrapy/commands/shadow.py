"""``scrapy shadow``: where gig-benchmark and gigscrapy differ."""

import argparse
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy.broker import QUEUE, BrokerError
from gigscrapy.imports.gigbase.opening import gig_at
from gigscrapy.imports.gigbase.tables import FLAT, PATIENCE
from gigscrapy.shadowing.comparing import EXAMPLES, KINDS, Compared, Difference, Quote, compare
from gigscrapy.shadowing.reading import captured, of_capture, of_gig, of_ours, within
from gigscrapy.tables import opened
from schema.instants import from_paris

DIFFERS = 1
"""Exit code where something differs that is not known of gig-benchmark, or nothing could be compared."""
LONGEST = timedelta(days=31)
_SPAN = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[THEIRS] [options], or --capture FILE"

    def short_desc(self) -> str:
        return "Compare what gig-benchmark saw with what gigscrapy saw, and class each difference"

    def long_desc(self) -> str:
        return (
            "Compare a window of time. THEIRS is gig-benchmark's database (mysql://…, only read; default:"
            " GIG_DATABASE_URL) or a capture of its queue; ours is the database of DATABASE_URL, or a capture too"
            " (--ours). --capture writes one: copies of what is published, by RabbitMQ's own trace (rabbitmqctl"
            " trace_on), so that nothing is taken from any queue. Exit code: 0 nothing differs but what is known of"
            " gig-benchmark, 1 something does."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--ours", metavar="FILE", type=Path, help="a capture of our queue (default: our database)")
        parser.add_argument(
            "--since", metavar="TIME", default="24h", help="90m, 24h, 7d, or a time of Paris (default 24h)"
        )
        parser.add_argument("--until", metavar="TIME", help="the same (default: now)")
        parser.add_argument(
            "--slack",
            metavar="MINUTES",
            type=int,
            default=10,
            help="prices further apart are not compared (default 10)",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object, with every difference")
        parser.add_argument("--capture", metavar="FILE", type=Path, help="write copies of what is published to odds")
        parser.add_argument("--seconds", metavar="N", type=int, default=60, help="how long (default 60)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if opts.capture and not args:
            self._capture(opts.capture, opts.seconds)
            return
        assert self.settings is not None
        theirs_at = args[0] if args else self.settings["GIG_DATABASE_URL"]
        if len(args) > 1 or opts.capture or not theirs_at:
            raise UsageError(
                "scrapy shadow takes gig-benchmark's database or a capture, or --capture", print_help=False
            )
        at = datetime.now(UTC)
        until = _moment(opts.until, at) if opts.until else at
        since = _moment(opts.since, at)
        if not since < until <= since + LONGEST:
            raise UsageError("the window ends after it begins, and is a month at most", print_help=False)
        refused: list[str] = []
        theirs = self._theirs(theirs_at, since, until, refused)
        ours = self._ours(opts.ours, since, until, refused)
        found = compare(theirs, ours, timedelta(minutes=opts.slack))
        if opts.json:
            print(json.dumps(as_json(found, refused)))  # noqa: T201
        else:
            show(found, refused)
        self.exitcode = 0 if found.pairs and found.is_clean and not refused else DIFFERS

    @staticmethod
    def _theirs(said: str, since: datetime, until: datetime, refused: list[str]) -> list[Quote]:
        if "://" not in said:
            return _of_file(Path(said), since, until, refused)
        with gig_at(said) as gig:
            if gig.kind == FLAT:
                raise UsageError("the older flat table cannot be compared: import it", print_help=False)
            return list(of_gig(gig, since, until))

    def _ours(self, capture: Path | None, since: datetime, until: datetime, refused: list[str]) -> list[Quote]:
        assert self.settings is not None
        if capture:
            return _of_file(capture, since, until, refused)
        with opened(self.settings, read_timeout=PATIENCE) as database:
            return list(of_ours(database, since, until))

    def _capture(self, path: Path, seconds: int) -> None:
        from gigscrapy.broker.rabbitmq.copies import copies

        assert self.settings is not None
        if not (url := self.settings["RABBIT_URL"]):
            raise UsageError("RABBIT_URL is not set: a capture is of RabbitMQ", print_help=False)
        count = 0
        try:
            with path.open("a", encoding="utf-8") as file:
                for received_at, body in copies(url, QUEUE, seconds):
                    file.write(captured(body, received_at) + "\n")
                    count += 1
        except (BrokerError, OSError) as error:
            raise UsageError(str(error), print_help=False) from None
        print(f"{count} messages in {path}" + ("" if count else ": is the trace on? rabbitmqctl trace_on -p VHOST"))  # noqa: T201


def _of_file(path: Path, since: datetime, until: datetime, refused: list[str]) -> list[Quote]:
    """:raises UsageError: when it cannot be read."""
    try:
        return list(within(of_capture(path, refused), since, until))
    except OSError as error:
        raise UsageError(str(error), print_help=False) from None


def _moment(said: str, at: datetime) -> datetime:
    """``24h`` ago, or a time. :raises UsageError: when it is neither."""
    if found := _SPAN.fullmatch(said):
        return at - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        instant = datetime.fromisoformat(said)
        return from_paris(instant) if instant.tzinfo is None else instant.astimezone(UTC)
    except ValueError:
        raise UsageError(f"{said!r} is neither 90m, 24h, 7d nor a time", print_help=False) from None


def show(found: Compared, refused: list[str]) -> None:
    """As a table: what differs, how often, and some of each."""
    console = Console(width=160, highlight=False)
    table = Table("class", "times", "known", "what it means", "such as")
    for kind, (known, means) in KINDS.items():
        if count := found.counts[kind]:
            named = [one for one in found.differences if one.kind == kind][:EXAMPLES]
            table.add_row(kind, str(count), "yes" if known else "NO", means, escape("\n".join(map(_said, named))))
    if table.row_count:
        console.print(table)
    for sentence in refused[:EXAMPLES]:
        console.print(f"not read: {sentence}", markup=False)
    for sentence in _summed(found, refused):
        console.print(sentence, markup=False)


def _summed(found: Compared, refused: list[str]) -> Iterator[str]:
    yield (
        f"{found.theirs} quotes there, {found.ours} here; {found.matches} matches of both, on which {found.pairs} pairs"
        f" of match and bookmaker, {found.alike} of them alike"
    )
    if refused:
        yield f"{len(refused)} lines could not be read"
    if not found.pairs:
        yield "nothing was compared: in this window the two have no bookmaker on any match in common"
    elif found.is_clean:
        yield "nothing differs but what is known of gig-benchmark"
    else:
        yield "there are differences to look at"


def _said(one: Difference) -> str:
    both = "; ".join(filter(None, (one.here and f"here {one.here}", one.there and f"there {one.there}")))
    return f"{one.what}{both and f': {both}'}"


def as_json(found: Compared, refused: list[str]) -> dict[str, object]:
    """The same for programs."""
    return {
        "quotes": {"there": found.theirs, "here": found.ours},
        "matches": found.matches,
        "pairs": found.pairs,
        "alike": found.alike,
        "counts": dict(found.counts),
        "clean": found.is_clean,
        "differences": [
            {"class": one.kind, "known": KINDS[one.kind][0], "what": one.what, "here": one.here, "there": one.there}
            for one in found.differences
        ],
        "not_read": refused,
    }
