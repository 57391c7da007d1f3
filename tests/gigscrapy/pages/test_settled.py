"""Real Chromium, and pages of a few lines whose script puts prices in as a site does: in bursts, late, or never."""

import pytest
from playwright.sync_api import TimeoutError as BrowserTimeout
from playwright.sync_api import sync_playwright

from gigscrapy.pages.settled import LIST_SETTLED, MATCH_SETTLED, PATIENCE, REST

pytestmark = pytest.mark.browser

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser):
    tab = browser.new_page()
    yield tab
    tab.close()


SCRIPT = """
const at = (delay, work) => setTimeout(work, delay);
const all = selector => [...document.querySelectorAll(selector)];
const fill = (node, price) => node.innerHTML = `<strong data-odd-target="odds">${price}</strong>`;
const busy = delay => { const end = performance.now() + delay; while (performance.now() < end); };
"""


def settle(tab, html, script, settled, timeout=20_000):
    """Load, wait, and say what the page shows then and how long it took, in ms from when its script began."""
    tab.set_content(f"<body>{html}<script>{SCRIPT} window.began = performance.now(); {script}</script></body>")
    tab.wait_for_function(settled, timeout=timeout)
    return tab.evaluate("[document.body.innerText, performance.now() - window.began]")


CELLS = '<p data-controller="odd"></p><p data-controller="odd"><i>…</i></p><p data-controller="odd"></p>'
BUTTONS = (
    '<button data-rencid="1" data-eventname="A - B"></button><button data-rencid="1" data-eventname="A - B"></button>'
)
D_ROWS = """all("main")[0].insertAdjacentHTML("beforeend",
    `<div class="bookline" data-name="A"><p class="odds-col">1.5</p><p class="odds-col"></p><p class="odds-col">2.5</p></div>`);"""
E_ROWS = """all("tbody")[0].insertAdjacentHTML("beforeend",
    `<tr><td class="ps-4"><a href="/bookmaker/1">A</a></td><td class="text-center">1,5</td><td class="text-center">-</td></tr>`);"""
TABLE = "<table><tbody></tbody></table>"


@pytest.mark.parametrize(
    ("html", "script", "settled", "shown", "count"),
    [
        (CELLS, "all('p').forEach((cell, i) => at(150 * (i + 1), () => fill(cell, '1.50')))", LIST_SETTLED, "1.50", 3),
        (CELLS, "all('p').forEach((cell, i) => at(50, () => fill(cell, i ? '-' : '1.50')))", LIST_SETTLED, "-", 2),
        (BUTTONS, "all('button').forEach((cell, i) => at(400 * i, () => cell.textContent = '1.50'))", LIST_SETTLED, "1.50", 2),
        ('<p class="match-row"></p>', "at(300, () => all('p')[0].textContent = 'A - B')", LIST_SETTLED, "A - B", 1),
        ('<a href="/cote/a-1"></a>', "at(300, () => all('a')[0].textContent = 'TRJ A vs B')", LIST_SETTLED, "A vs B", 1),
        ("<main></main>", f"for (let i = 1; i < 5; i++) at(120 * i, () => {{{D_ROWS}}})", MATCH_SETTLED, "1.5", 4),
        (TABLE, f"for (let i = 1; i < 5; i++) at(120 * i, () => {{{E_ROWS}}})", MATCH_SETTLED, "1,5", 4),
    ],
    ids=["D list in bursts", "D list with a hyphen", "G list", "E list", "F list", "D match in bursts", "E match in bursts"],
)  # fmt: skip
def test_it_is_settled_when_the_last_price_is_there_and_soon_after(tab, html, script, settled, shown, count):
    text, took = settle(tab, html, script, settled)
    assert text.count(shown) == count
    assert took < PATIENCE


def test_a_price_that_still_changes_is_waited_for(tab):
    script = "all('p').forEach(cell => fill(cell, '9.99')); at(150, () => all('p').forEach(cell => fill(cell, '1.50')))"
    text, took = settle(tab, CELLS, script, LIST_SETTLED)
    assert (text.count("1.50"), text.count("9.99")) == (3, 0)
    assert took >= 150 + REST


@pytest.mark.parametrize(
    ("html", "settled"),
    [(CELLS, LIST_SETTLED), (BUTTONS.replace("><", ">-<"), LIST_SETTLED)],
    ids=["D cells", "G buttons"],
)
def test_a_page_too_busy_to_show_anything_does_not_rest(tab, html, settled):
    # Busy once the function has looked, and its next look finds the same text long after; the price comes just then.
    script = f"""all('p, button').forEach(cell => fill(cell, '9.99'));
        const begin = () => window.gigscrapySeen ? (busy({3 * REST}), at(5, finish)) : requestAnimationFrame(begin);
        const finish = () => all('p, button').forEach(cell => fill(cell, '1.50'));
        begin()"""
    text, _ = settle(tab, html, script, settled)
    assert "9.99" not in text


def test_hyphens_everywhere_are_waited_on_until_the_prices_come(tab):
    script = f"{D_ROWS} all('.odds-col').forEach(c => {{ c.textContent = '-'; at({3 * REST}, () => c.textContent = '1.5'); }})"
    text, _ = settle(tab, "<main></main>", script, MATCH_SETTLED)
    assert text.count("1.5") == 3


@pytest.mark.parametrize(
    ("html", "script", "settled", "shown"),
    [
        (CELLS, "fill(all('p')[0], '1.50')", LIST_SETTLED, "1.50"),
        (CELLS, "all('p').forEach(cell => fill(cell, '-'))", LIST_SETTLED, "-"),
        ("<main></main>", f"{D_ROWS} all('.odds-col').forEach(cell => cell.textContent = '-')", MATCH_SETTLED, "-"),
    ],
    ids=["a cell nobody fills", "no price on the list", "no price for the match"],
)
def test_what_nobody_offers_is_waited_for_with_patience_and_no_longer(tab, html, script, settled, shown):
    patience = 3 * REST
    text, took = settle(tab, html, script, settled.replace(f": {PATIENCE})", f": {patience})"))
    assert shown in text
    assert patience <= took < PATIENCE


UNKNOWN_LIST = '<article><a href="/cote/a-1">A</a> <i></i> <i></i></article>'
UNKNOWN_ROWS = """all("main")[0].insertAdjacentHTML("beforeend", `<p><b>Winamax</b> <i>1.5</i> <i>2.5</i></p>`);"""


@pytest.mark.parametrize(
    ("html", "script", "settled", "count"),
    [
        (UNKNOWN_LIST, "all('i').forEach((cell, i) => at(300 * (i + 1), () => cell.textContent = '1.5'))", LIST_SETTLED, 2),
        ("<main></main>", f"for (let i = 1; i < 4; i++) at(300 * i, () => {{{UNKNOWN_ROWS}}})", MATCH_SETTLED, 3),
    ],
    ids=["list", "match"],
)  # fmt: skip
def test_a_page_nobody_knows_is_settled_when_no_price_has_come_for_a_while(tab, html, script, settled, count):
    patience = 4 * REST
    text, took = settle(tab, html, script, settled.replace(f": {PATIENCE})", f": {patience})"))
    assert text.count("1.5") == count
    assert took >= 300 + patience


@pytest.mark.parametrize(
    ("html", "settled"),
    [
        ("<h1>Maintenance 1.50</h1>", LIST_SETTLED),
        ("<h1>Maintenance</h1><i>1.50</i> <i>2.50</i>", LIST_SETTLED),
        ("<h1>Maintenance</h1><i>1.50</i> <i>2.50</i>", MATCH_SETTLED),
        ("<h1>Winamax</h1><i>1.50</i>", MATCH_SETTLED),
        ("<h1>Maintenance 1.50</h1>", MATCH_SETTLED),
        (CELLS, LIST_SETTLED),
        ('<p class="bookline" data-name="A"><b class="odds-col"> </b></p>', MATCH_SETTLED),
        ("<table><tbody><tr><td class='text-center'>1.50</td></tr></tbody></table>", MATCH_SETTLED),
    ],
    ids=[
        "no list",
        "prices of no match",
        "prices of nobody",
        "one price",
        "no match",
        "empty cells",
        "empty row",
        "a table without bookmakers",
    ],
)
def test_what_shows_nothing_never_settles(tab, html, settled):
    without_patience = settled.replace(f": {PATIENCE})", f": {REST})")
    with pytest.raises(BrowserTimeout):
        settle(tab, html, "", without_patience, timeout=4 * REST)
