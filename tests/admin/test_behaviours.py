"""What holds of every page, whichever it is: found by walking, so that a new one is held to it without being listed.

One pass for each width: whatever can be asked of a page is asked while it is open, in light and in dark.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask.testing import FlaskClient
from peewee import Database
from playwright.sync_api import Browser, Page

from admin import create_app
from schema.database import hang_up
from schema.models import Matches, Schedules, Visits
from schema.store import Store
from tests.admin import crowd, lively, signed_cookie, signed_in
from tests.admin.conftest import current
from tests.admin.visitor import CONTRAST, Visitor, served
from tests.admin.walk import walked
from tests.admin.webhooks.hooked import hooked
from tests.schema.letters import letters

MOST_QUERIES = 5
"""Of a page, beside the one that asks who is there."""
WIDE = 1000
"""Pixels; in a narrower window most of what axe knows is the same."""
BIG = ("Odds", "LatestOdds", "Messages")

MORE = (
    "/admin/odds/?search=home+07&price_min=1,2&outcome=1",
    "/admin/matches/?sort=match_date&desc=1&page=2&page_size=20",
    "/admin/odds/?search=nobody",
    "/admin/odds/?bookmaker=oops",
    "/admin/deadletters/?search=string",
    "/admin/runs/details/?id=62",
    "/admin/nothing/",
)
"""Narrowed, turned over, empty, misspelt and absent; what is walked over are whole first pages."""

KEPT = {"finder.source_page", "finder.source_text", "data.import_page"}
"""They show a page that is in the archive, or a file that was uploaded, and the crowd has none."""

AXE = """
async rules => {
  const part = rules?.includes("target-size") ? {exclude: [".strip"]} : document;
  const found = await axe.run(part, {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})});
  return found.violations.map(({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(node => node.target).join(" | ")}`);
}
"""

"""A strip of twenty runs has marks smaller than a thumb; each run is in a list besides, where it is larger."""

UNFOCUSED = """
() => {
  const missed = [], kept = window.scrollY;
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex]")) {
    if (!element.checkVisibility() || element.disabled || element.getAttribute("tabindex") === "-1") continue;
    element.focus();
    const {outlineStyle, outlineWidth} = getComputedStyle(element);
    if (document.activeElement === element && (outlineStyle === "none" || parseFloat(outlineWidth) < 2))
      missed.push(element.outerHTML.slice(0, 120));
  }
  window.scrollTo(0, kept);
  return [...new Set(missed)].slice(0, 3);
}
"""
"""What can be reached by keyboard and does not show it."""

UNSTUCK = """
() => [...document.querySelectorAll(".table-responsive")].filter(frame => {
  if (frame.scrollWidth <= frame.clientWidth) return false;
  frame.scrollLeft = frame.scrollWidth;
  const cell = frame.querySelector("tbody tr > *");
  const gone = cell && cell.getBoundingClientRect().right <= frame.getBoundingClientRect().left + 1;
  frame.scrollLeft = 0;
  return gone;
}).map(frame => frame.getAttribute("aria-label"))
"""
"""Tables wider than their frame whose first column leaves it."""

BASICS = """
() => {
  const said = [], first = document.querySelector("body a, body button, body input");
  if (document.documentElement.lang !== "fr") said.push("lang");
  if (document.querySelectorAll("h1").length !== 1) said.push("h1");
  if (!/\\S.* – gigscrapy$/.test(document.title)) said.push(`title “${document.title}”`);
  if (!first?.matches("a.skip") || !document.querySelector(first.getAttribute("href"))) said.push("skip link");
  const width = document.documentElement.scrollWidth;
  if (width > window.innerWidth) said.push(`${width} px wide`);
  return said;
}
"""


class Site(NamedTuple):
    """``pages``: the path of each."""

    address: str
    cookie: str
    pages: list[str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application over the crowd and a lively day, as an administrator sees it."""
    app = create_app(home=tmp_path_factory.mktemp("site"))
    database = current()
    Store(database).store(letters(*crowd.messages()))
    crowd.fill(database)
    _fill(database)
    # Axe looks at every cell, and thirty rows more of one table tell it nothing.
    short = {True: "?page_size=20", False: ""}
    found = walked(signed_in(app)).pages
    pages = [path + short[endpoint.endswith(".index_view")] for endpoint, path in found.items()]
    cookie = signed_cookie(app)
    hang_up(database)
    with served(app) as address:
        yield Site(address, cookie, [*pages, *MORE])


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.parametrize("width", [375, 1440])
def test_every_page_is_whole_quiet_and_open_to_all(chromium: Browser, site: Site, width: int) -> None:
    visitor = Visitor(chromium, site.address, width, "light", cookie=site.cookie)
    visitor.page.context.add_init_script(AXE_SCRIPT)
    faults: list[str] = []
    for path in site.pages:
        visitor.complaints.clear()
        page = visitor.open(path)
        found = [*page.evaluate(BASICS), *_seen(page, width)]
        complaints = [one for one in visitor.complaints if "404" not in one or path != "/admin/nothing/"]
        faults += [f"{path} at {width}: {fault}" for fault in [*found, *complaints]]
    visitor.page.context.close()
    assert faults == []


def _seen(page: Page, width: int) -> Iterator[str]:
    """What is amiss in either scheme: all that axe knows once, then what the other scheme or a telephone changes."""
    yield from _axed(page, "light", None if width > WIDE else ["target-size"])
    yield from _axed(page, "dark", ["color-contrast"] if width > WIDE else [])
    page.keyboard.press("Tab")
    yield from (f"has the focus and does not show it: {element}" for element in page.evaluate(UNFOCUSED))
    yield from (f"the first column of {table} leaves" for table in page.evaluate(UNSTUCK))


def _axed(page: Page, scheme: Any, rules: list[str] | None) -> Iterator[str]:
    # With motion, colours would be on their way from one scheme to the other.
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    yield from (f"{scheme}, contrast of {text} is {ratio}" for text, ratio in page.evaluate(CONTRAST))
    if rules != []:
        yield from (f"{scheme}, {fault}" for fault in page.evaluate(AXE, rules))


@pytest.fixture(scope="module")
def busy(crowded: FlaskClient) -> FlaskClient:
    """Over the crowd and a lively day, on either kind of database."""
    _fill(current())
    return crowded


def _fill(database: Database) -> None:
    """A lively day, whose schedules take the place of the crowd's, and so one visit again."""
    at = lively.fill(database)
    with database.connection_context() if database.is_closed() else nullcontext():
        told = {"schedule": Schedules.get(), "match": Matches.get(), "minutes": 15, "due_at": at}
        Visits.create(**told, state="sent", decided_at=at, task_id="task-01")
        hooked(database)


def test_every_page_asks_few_and_bounded_queries(busy: FlaskClient) -> None:
    walk = walked(busy)
    assert walk.unreached == KEPT, "no link leads there"
    faults: list[str] = []
    for path in [*walk.pages.values(), *MORE]:
        asked = _asked(busy, path)
        if len(asked) > MOST_QUERIES:
            faults.append("\n".join([f"{path} asks {len(asked)} queries:", *asked]))
        faults += [f"{path} counts without bound: {sql}" for sql in asked if _counts_all(sql)]
    assert faults == []


def _asked(client: FlaskClient, path: str) -> list[str]:
    """What the page asks, who is there included: not what is found out meanwhile, once for all who look."""
    asked: list[str] = []
    this = threading.get_ident()

    def hook(event: Any) -> None:
        if threading.get_ident() == this:
            asked.append(event.sql)

    current().query_hooks.append(hook)
    client.get(path)
    current().query_hooks.remove(hook)
    return asked


def _counts_all(sql: str) -> bool:
    """Whether a large table is counted as a whole."""
    plain = re.sub(r"[`\"]", "", sql)
    counted = re.search(r"COUNT\(", plain, re.IGNORECASE) and re.search(rf"FROM ({'|'.join(BIG)})\b", plain)
    return bool(counted) and not re.search(r"\b(LIMIT|WHERE)\b", plain, re.IGNORECASE)


@pytest.mark.parametrize(
    ("sql", "whole"),
    [
        ('SELECT COUNT(*) FROM "Odds" AS "t1"', True),
        ("SELECT COUNT(1) FROM (SELECT 1 FROM `Odds` AS `t1` LIMIT %s) AS `c`", False),
        ("SELECT COUNT(*) FROM Odds WHERE scraped_at > %s", False),
        ("SELECT COUNT(*) FROM Sports", False),
    ],
)
def test_a_count_without_bound_is_known(sql: str, whole: bool) -> None:
    assert _counts_all(sql) is whole
