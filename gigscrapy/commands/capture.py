"""``scrapy capture URL``: keeps a page as it is today, says what of it is still known, and drafts its fixture."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from gigscrapy import browser
from gigscrapy.commands.crawl import is_address
from gigscrapy.examination import Examination, folder_name

if TYPE_CHECKING:  # it brings Playwright along: this command alone needs it
    from gigscrapy.capture import CaptureSpider

CANNOT_WRITE = 32
"""Exit code, as a crawl's where the disk will not take what it reads."""


class Command(ScrapyCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options] <address of a league page or a match page>"

    def short_desc(self) -> str:
        return "Keep a page that changed, and draft its fixture"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder for it (captures/<date>-<name> at home)")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings
        assert self.crawler_process
        if len(args) != 1:
            raise UsageError("scrapy capture takes one address", print_help=False)
        from gigscrapy.capture import CaptureSpider

        url = own_address(args[0], self.settings["SITE_URL"])
        if not browser.installed(self.settings["CHROMIUM"]):
            raise UsageError(
                "there is no browser: install Debian's chromium, or name one in CHROMIUM", print_help=False
            )
        now = datetime.now(UTC)
        folder = opts.out or Path(self.settings["GIGSCRAPY_HOME"]) / "captures" / folder_name(url, now)
        crawler = self.crawler_process.create_crawler(CaptureSpider)
        self.crawler_process.crawl(crawler, url=url)
        self.crawler_process.start()
        self.exitcode = finish(cast("CaptureSpider", crawler.spider), folder, now)


def own_address(text: str, site: str) -> str:
    """The page's whole address. :raises UsageError: where it is none of the site's."""
    try:
        url = urljoin(f"{site.rstrip('/')}/", text)
        is_own = is_address(url) and urlsplit(url)[:2] == urlsplit(site)[:2]
    except ValueError:
        is_own = False
    if not is_own:
        raise UsageError(f"{text} is no page of {site}; SITE_URL names another site", print_help=False)
    return url


def finish(spider: "CaptureSpider", folder: Path, now: datetime) -> int:
    """Keep what was fetched, and tell of it. :returns: the exit code."""
    if spider.raw is None or spider.rendered is None:
        cause, detail = spider.failure or (None, "stopped before its end")
        say(f"{spider.url} was not captured: {detail}")
        return cause.exit_code if cause else 1
    examination = Examination(spider.url, spider.raw, spider.rendered, now)
    report, draft = examination.report(), examination.draft()
    files: dict[str, str | bytes | None] = {
        "raw.html": spider.raw,
        "rendered.html": spider.rendered,
        "page.png": spider.picture,
        "report.txt": f"{report}\n",
        "fixture.html": draft.html if draft else None,
        "expected.json": draft.expected if draft else None,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write(folder / name, content)
    except OSError as error:
        say(f"{folder} cannot be written: {error.strerror}")
        return CANNOT_WRITE
    sys.stdout.write(f"{report}\n\n{ending(folder, files)}\n")
    return 0


def write(path: Path, content: str | bytes | None) -> None:
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8", errors="replace")
    elif content is not None:
        path.write_bytes(content)


def ending(folder: Path, files: dict[str, str | bytes | None]) -> str:
    """Where everything is, and what is missing."""
    there = [name for name, content in files.items() if content is not None]
    text = f"kept in {folder}: {', '.join(there)}"
    if files["fixture.html"] is None:
        return f"{text}\nno fixture could be drafted: no row was found; begin it from rendered.html by hand"
    return f"{text}\nfixture.html and expected.json are drafts: docs/adding-a-page.md goes on from here"


def say(text: str) -> None:
    """To people, on standard error."""
    print(text, file=sys.stderr)  # noqa: T201
