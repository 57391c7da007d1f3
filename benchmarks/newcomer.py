"""``python -m benchmarks.newcomer``: a newcomer's first five minutes, in a fresh copy, each step timed.

`make run` twice (the prices of the look-alike move), `make admin`, and then a real Chromium in which somebody signs in,
finds PSG, sees who pays best and what moved, sets an alert and takes a table away. Installing is not counted: the copy
uses the virtual environment that is here. What takes a person's own time (reading, typing) is not either.
"""

import os
import pty
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from benchmarks import machine
from gigscrapy.browser import launch_options
from tests import ROOT

TEAM = "PSG"
PATIENCE = 120.0
INSTALLED = ".venv/.runs"
"""What `make` installs before the first command: taken as it is."""


class Step(NamedTuple):
    """``seen``: what somebody saw in the end."""

    what: str
    seconds: float
    seen: str


class Newcomer:
    """One visit, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.steps: list[Step] = []

    def do(self, what: str, step: Callable[[], str]) -> None:
        began = time.perf_counter()
        seen = step()
        self.steps.append(Step(what, time.perf_counter() - began, seen))

    def make(self, target: str) -> str:
        """What moved, as `make` said it; the first time its last line."""
        command = ["make", "-o", INSTALLED, target]
        done = subprocess.run(command, cwd=self._folder, env=_plain(), capture_output=True, text=True, check=True)
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        return next((line for line in reversed(lines) if "prix sur" in line), lines[-1])

    @contextmanager
    def admin(self) -> Iterator[tuple[str, str]]:
        """`make admin` in a terminal of its own: the address it says, and the password that it says once."""
        ours, theirs = pty.openpty()
        command = ["make", "-o", INSTALLED, "admin", "PORT=0"]
        process = subprocess.Popen(command, cwd=self._folder, env=_plain(), stdout=theirs, process_group=0)
        os.close(theirs)
        said, until = "", time.monotonic() + PATIENCE
        try:
            while not (address := re.search(r"admin: (\S+?)/\s", said)):
                assert time.monotonic() < until, said
                said += os.read(ours, 4096).decode()
            password = re.search(r"password (\S+)", said)
            assert password, said
            yield address[1], password[1]
        finally:
            os.killpg(process.pid, 15)
            process.wait()
            os.close(ours)


def _plain() -> dict[str, str]:
    """An environment in which nothing says where servers are."""
    ours = ("DATABASE_URL", "RABBIT_URL", "GIGSCRAPY_HOME", "SITE_URL", "ADMIN_PORT")
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("SCRAPY")}


# -- in the browser ----------------------------------------------------------------------------------------------------


def sign_in(page: Page, address: str, password: str) -> str:
    page.goto(f"{address}/")
    page.get_by_label("Nom de compte").fill("admin")
    page.get_by_label("Mot de passe").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_selector("main h1")
    return page.locator("main h1").inner_text()


def find(page: Page) -> str:
    """By the search that is on every page."""
    page.keyboard.press("/")
    page.keyboard.type(TEAM.lower())
    page.keyboard.press("Enter")
    link = page.locator("table.matches tbody a").filter(has_text=TEAM).first
    name = link.inner_text()
    link.click()
    page.wait_for_selector("td.offer.best")
    return name


def pays_best(page: Page) -> str:
    """The best price of each outcome, as the page says it in words."""
    text = page.locator("main").inner_text()
    found = re.search(r"\(\d+,\d\d .+?\)", text)
    assert found, text[:500]
    return found[0].strip("()")


def what_moved(page: Page, address: str) -> str:
    """The largest move; where the look-alike's prices hardly moved, that the page says so."""
    page.goto(f"{address}/movements/")
    return " ".join(page.locator("main table tbody tr, main .nothing").first.inner_text().split())


def set_alert(page: Page, address: str) -> str:
    page.goto(f"{address}/")
    page.locator("header nav").get_by_role("link", name="Alertes").click()
    page.get_by_role("link", name="Nouvelle règle").click()
    page.locator("#f-threshold").fill("2,5")
    page.get_by_role("button", name="Aperçu").click()
    page.get_by_role("button", name="Garder cette règle").click()
    page.wait_for_selector("ul.rules h2")
    return page.locator("ul.rules h2").first.inner_text()


def export(page: Page, address: str) -> str:
    """gig-benchmark's two tables of the matches to come, as its CSV."""
    page.goto(f"{address}/matches/")
    page.get_by_role("link", name="Tables TRJ par bookmaker").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Exporter en CSV").click()
    path = download.value.path()
    return f"{download.value.suggested_filename}, {len(Path(path).read_text(encoding='utf-8-sig').splitlines())} lines"


def visit(folder: Path) -> list[Step]:
    """All of it, in a copy of what is here."""
    newcomer = Newcomer(folder)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    newcomer.do("make run", lambda: newcomer.make("run"))
    newcomer.do("make run, again", lambda: newcomer.make("run"))
    began = time.perf_counter()
    with newcomer.admin() as (address, password), sync_playwright() as playwright:
        newcomer.steps.append(Step("make admin", time.perf_counter() - began, address))
        browser = playwright.chromium.launch(**launch_options(address, os.environ.get("CHROMIUM")))
        page = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris").new_page()
        page.set_default_timeout(20_000)
        newcomer.do("sign in", lambda: sign_in(page, address, password))
        newcomer.do(f"find {TEAM}", lambda: find(page))
        newcomer.do("see who pays best", lambda: pays_best(page))
        newcomer.do("see what moved", lambda: what_moved(page, address))
        newcomer.do("set an alert", lambda: set_alert(page, address))
        newcomer.do("export the table", lambda: export(page, address))
        browser.close()
    return newcomer.steps


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gigscrapy-newcomer-") as folder:
        steps = visit(Path(folder))
    table = machine.table("A newcomer's first minutes, without what installing, reading and typing take", "step", "s")
    table.add_column("what is seen", no_wrap=False)
    for step in steps:
        table.add_row(step.what, f"{step.seconds:.1f}", step.seen[:90])
    table.add_row("in all", f"{sum(step.seconds for step in steps):.1f}", "")
    machine.console.print(table, markup=False)


if __name__ == "__main__":
    main()
