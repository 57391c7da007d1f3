"""``make run``: crawl one league, store what it says, show it. The same commands as in earnest, one after another.

Without ``--site`` the look-alike stands in for the site; its prices move from one run to the next.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from gigscrapy.leagues import load, nearest
from replica import Options, serve
from schema.database import masked

Settings = Mapping[str, object]

# The look-alike is ours: it need not be spared as another's site must be.
OWN_SITE: Settings = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "CONCURRENT_REQUESTS_PER_DOMAIN": 4}
TERSE: Settings = {"LOG_LEVEL": "WARNING", "LOG_FORMAT": "%(levelname)s %(message)s"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m replica.demo", description=__doc__)
    parser.add_argument("--league", default="ligue1", help="a name of `scrapy leagues`")
    parser.add_argument("--site", help="address of the live site; without it the look-alike is crawled")
    options = parser.parse_args()
    if options.league not in {league.name for league in load()}:
        parser.error(
            f"there is no league {options.league!r}; {', '.join(nearest(options.league)) or 'none resembles it'}"
        )

    home = Path(os.environ.get("GIGSCRAPY_HOME", "var"))
    home.mkdir(parents=True, exist_ok=True)
    run_id = uuid4().hex
    with site(options.site, home) as (address, settings):
        crawled = scrapy("crawl", options.league, "-a", f"_job={run_id}", *set_all({"SITE_URL": address, **settings}))
    consumed = scrapy("consume", "--drain", *set_all(TERSE), quiet=True)  # its figures are in the run's account
    shown = python("admin.report", "--run", run_id)
    print(where(home))  # noqa: T201
    return crawled or consumed or shown


def where(home: Path) -> str:
    """Where the data is, and how to look at it."""
    url = os.environ.get("DATABASE_URL")
    data = masked(url) if url else home / "gigscrapy.sqlite3"
    return f"Données : {data}\nPour les parcourir : make admin, puis http://127.0.0.1:5000/"


@contextlib.contextmanager
def site(address: str | None, home: Path) -> Iterator[tuple[str, Settings]]:
    """The site to crawl, and the settings that go with it."""
    if address:
        yield address, TERSE
    else:
        with serve(Options(tick_file=home / "replica-tick")) as replica:
            yield replica.url, {**OWN_SITE, **TERSE}


def set_all(settings: Settings) -> list[str]:
    return [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]


def scrapy(*arguments: str, quiet: bool = False) -> int:
    return python("scrapy", *arguments, quiet=quiet)


def python(module: str, *arguments: str, quiet: bool = False) -> int:
    """Run a command as a person would, in this environment; its exit code."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL if quiet else None).returncode  # noqa: S603


if __name__ == "__main__":
    raise SystemExit(main())
