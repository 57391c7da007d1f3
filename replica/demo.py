"""``make run``: crawl one league, store what it says, show it. The same commands as in earnest, one after another.

Without ``--site`` the look-alike stands in for the site; its prices move from one run to the next.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from gigscrapy.leagues import load, nearest
from replica import Options, serve
from schema.database import masked

Settings = Mapping[str, object]

# The look-alike is ours: it need not be spared as another's site must be.
OWN_SITE: Settings = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}
TERSE: Settings = {"LOG_LEVEL": "WARNING", "LOG_FORMAT": "%(levelname)s %(message)s"}


STOPPED = 130
"""What a shell gives a command that Ctrl-C ended."""

NOTHING_CRAWLED = 2
"""Exit code of a crawl that could not even start."""


def main() -> int:
    try:
        return demonstrate()
    except KeyboardInterrupt:
        print("\nInterrompu.", file=sys.stderr)  # noqa: T201
        return STOPPED


def demonstrate() -> int:
    parser = argparse.ArgumentParser(prog="python -m replica.demo", description=__doc__)
    parser.add_argument("--league", default="ligue1", help="a name of `scrapy leagues`")
    parser.add_argument("--site", help="address of the live site; without it the look-alike is crawled")
    options = parser.parse_args()
    if options.league not in {league.name for league in load()}:
        parser.error(
            f"there is no league {options.league!r}; {', '.join(nearest(options.league)) or 'none resembles it'}"
        )

    home = Path(os.environ.get("GIGSCRAPY_HOME", "var"))
    try:
        home.mkdir(parents=True, exist_ok=True)
        replica = None if options.site else serve(Options(tick_file=home / "replica-tick"))
    except OSError as error:
        parser.error(f"{home} cannot be the folder of the data (GIGSCRAPY_HOME): {error.strerror}")
    except ValueError as error:
        parser.error(str(error))
    run_id = uuid4().hex
    with replica or contextlib.nullcontext():
        settings = {"SITE_URL": replica.url, **OWN_SITE} if replica else {"SITE_URL": options.site}
        crawled = scrapy("crawl", options.league, "-a", f"_job={run_id}", *set_all({**settings, **TERSE}))
    if crawled == NOTHING_CRAWLED:
        return crawled
    consumed = scrapy("consume", "--drain", *set_all(TERSE), quiet=True)  # its figures are in the run's account
    shown = python("admin.report", "--run", run_id)
    print(where(home))  # noqa: T201
    return crawled or consumed or shown


def where(home: Path) -> str:
    """Where the data is, and how to look at it."""
    url = os.environ.get("DATABASE_URL")
    data = masked(url) if url else home / "gigscrapy.sqlite3"
    return f"Données : {data}\nPour les parcourir : make admin, puis http://127.0.0.1:5000/"


def set_all(settings: Settings) -> list[str]:
    return [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]


def scrapy(*arguments: str, quiet: bool = False) -> int:
    return python("scrapy", *arguments, quiet=quiet)


def python(module: str, *arguments: str, quiet: bool = False) -> int:
    """Run a command as a person would, in this environment; its exit code.

    In a process group of its own Ctrl-C does not reach it: it is told to end by SIGTERM, which a crawl obeys by putting
    its things away, and which leaves no traceback of a command that has only begun.
    """
    command = [sys.executable, "-m", module, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL if quiet else None, process_group=0)  # noqa: S603
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    finally:
        if process.poll() is None:  # a second Ctrl-C would not wait
            process.kill()
            process.wait()


if __name__ == "__main__":
    raise SystemExit(main())
