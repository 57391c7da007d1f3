"""``python -m replica``: serve the look-alike until SIGINT or SIGTERM, and say where on one line."""

import argparse
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path

from replica.faults import FAULTS
from replica.options import Options
from replica.pages import LAYOUTS
from replica.server import serve
from schema.instants import read_iso


def main(arguments: list[str] | None = None) -> int:
    """Run the command. :returns: the exit code: 0 once told to stop, 1 when it cannot start."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    options = read(arguments)
    try:
        site = serve(options)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"replica on {options.host}:{options.port}: {error}\n")
        return 1
    with site:
        sys.stdout.write(f"{site.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def read(arguments: list[str] | None = None) -> Options:
    """The options a command line asks for. Leaves with a message and code 2 where it makes no sense."""
    parser = _parser()
    asked = vars(parser.parse_args(arguments))
    asked["static"] = dict(asked["static"])
    try:
        return Options(**asked)
    except ValueError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    usual = Options()
    faults = "".join(f"\n  {name:15} {what}" for name, what in FAULTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m replica",
        description="A look-alike of coteur.com with made-up matches and prices, on this machine only.",
        epilog=f"faults:{faults}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", help="address to listen on (127.0.0.1)")
    add("--port", type=int, help="0 for a free one (0)")
    add(
        "--layout",
        choices=LAYOUTS,
        help="generation of the site (D); U is one nobody knows; match pages are D's, E's or U's",
    )
    add("--seed", type=int, help="another number, another world (1)")
    add("--now", type=read_iso, metavar="ISO", help="freeze the clock: 2026-03-25T10:00:00Z")
    tick = parser.add_mutually_exclusive_group()
    tick.add_argument("--tick", "--moves", type=int, metavar="N", help="how often prices have moved (0)")
    tick.add_argument("--tick-file", type=Path, metavar="FILE", help="take the tick from FILE and leave the next there")
    add("--bookmakers", type=int, metavar="N", help="how many (15)")
    add("--unknown-bookmaker", action="store_true", help="one of them is 39, which nobody knows by name")
    add("--matches", type=int, metavar="N", help="of each league (18)")
    add("--started", type=int, metavar="N", help="of these, already kicked off (0)")
    add("--holes", action="store_true", help="leave out about one price in twenty")
    add("--page-size", type=int, metavar="N", help="matches on a page (30)")
    add("--inject-delay", type=int, metavar="MS", help="milliseconds before each burst of prices (40)")
    add("--fault", choices=FAULTS, metavar="NAME", help="what goes wrong; see below")
    add("--fault-on", metavar="REGEX", help="searched in path and query (league and match pages)")
    add("--fault-count", type=int, metavar="N", help="requests it strikes; 0 for all (0)")
    add("--delay", type=float, metavar="SECONDS", help="that the fault 'slow' takes (60)")
    add("--static", type=_static, action="append", metavar="PATH=FILE", help="serve FILE at PATH; may be repeated")
    parser.set_defaults(**{field.name: getattr(usual, field.name) for field in fields(usual)} | {"static": []})
    return parser


def _static(text: str) -> tuple[str, Path]:
    path, equals, file = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not PATH=FILE")
    return path, Path(file)


if __name__ == "__main__":
    sys.exit(main())
