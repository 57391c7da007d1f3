"""A look-alike of the site that needs no browser, and that can be held still in the middle of a crawl."""

import math
import threading
from datetime import UTC, datetime
from pathlib import Path

from replica import Options, Site
from replica.pages import Pages
from replica.server import Reply

LIGUE_1 = "/cotes/foot/france/ligue-1"
MATCH_PAGE = "/cote/"

MATCHES, BOOKMAKERS = 18, 15
QUOTES = MATCHES * BOOKMAKERS
MESSAGES = QUOTES + 2
"""Of a whole crawl with ``depth=match``: its quotes and its two reports."""


class HeldSite(Site):
    """Ligue 1: 18 matches of 15 quotes each, with their prices already in the page.

    After :meth:`hold` it answers for that many match pages more, and lets the others wait until :meth:`release`. A crawl
    asks for four at once; so it stands still, and a test has all the time it needs.
    """

    def __init__(self, folder: Path) -> None:
        self._left: float = math.inf
        self._changed = threading.Condition()
        super().__init__(_with_prices(folder))

    def hold(self, after: int) -> None:
        """Answer for ``after`` match pages more."""
        with self._changed:
            self._left = after
            self._changed.notify_all()

    def release(self) -> None:
        with self._changed:
            self._left = math.inf
            self._changed.notify_all()

    def reply(self, target: str, fault: str | None) -> Reply:
        if target.startswith(MATCH_PAGE):
            with self._changed:
                self._changed.wait_for(lambda: self._left > 0)
                self._left -= 1
        return super().reply(target, fault)

    def close(self) -> None:
        self.release()
        super().close()


def _with_prices(folder: Path) -> Options:
    """Every page as it stands once its script is through, as a file."""
    now = datetime.now(UTC)
    pages = Pages(Options(now=now, matches=MATCHES, bookmakers=BOOKMAKERS).world())
    targets = [LIGUE_1, *(match.path for match in pages.world.fixtures(LIGUE_1))]
    static = {target: folder / f"{number}.html" for number, target in enumerate(targets)}
    for target, path in static.items():
        path.write_text(pages.html(target, injected=True), encoding="utf-8")
    return Options(now=now, static=static)
