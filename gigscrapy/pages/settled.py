"""When a page in the browser has its prices: functions for Playwright's ``page.wait_for_function``.

A script puts the prices in after the page has loaded, several at a time. Nothing announces the last of them, so a
function here looks at the page until what it shows has rested:

* each *place* for prices has a text: on a list the cells, which are there from the start; on a match page the rows of
  bookmakers, in which a single cell may stay empty for good because that bookmaker has no price for that outcome;
* at least one text is a price: ``-`` may stand in a cell until its price comes, or for good;
* and all of it has been the same for :data:`REST` ms. That alone would be true of a page too busy to show anything for
  so long, so it must also have been *seen* the same :data:`LOOKS` times.

Where places stay empty, or hold no price at all, nobody may offer any. :data:`PATIENCE` ms without a change settle that
too, and save the page's whole time limit. A page without a single place never settles: it is not a list of prices.

One function serves all generations of its kind of page, as the one that will come is not known before it has. On a
page that shows nothing of any of them every price is taken for a place, wherever it stands, provided that the page
names a bookmaker or links a match; as nobody knows how many are to come, only :data:`PATIENCE` settles it.
"""

import json

from schema.reference import bookmakers

REST = 200
PATIENCE = 3000
LOOKS = 3

_NAMES = json.dumps([bookmaker.name for bookmaker in bookmakers()])

_ANYWHERE = f"""
    const walker = known ? null : document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const anywhere = [];
    while (walker?.nextNode()) anywhere.push(walker.currentNode.data.trim());
    const prices = anywhere.filter(text => /^[0-9]{{1,4}}[.,][0-9]{{1,3}}$/.test(text));
    const named = () => document.querySelector("a[href*='/bookmaker'], [class*='book' i], [data-operator], img[alt]")
        || {_NAMES}.some(name => anywhere.includes(name));
"""
"""The prices of a page that shows nothing ``known``; ``named()``: whether it tells of bookmakers."""

_RESTED = f"""
    const seen = window.gigscrapySeen ??= {{}};
    const text = places.join("\\n");
    const now = performance.now();
    if (seen.text !== text) Object.assign(seen, {{ text, since: now, looks: 0 }});
    seen.looks += 1;
    const complete = known && places.every(Boolean) && (!priced || /[0-9][.,][0-9]/.test(text));
    const rested = now - seen.since >= (complete ? {REST} : {PATIENCE});
    return places.some(Boolean) && rested && seen.looks > {LOOKS};
"""

LIST_SETTLED = f"""() => {{
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    // D: a cell is filled once the element of its price is in it, whatever that says; a wheel may turn there before.
    const filled = cell => all("[data-odd-target=odds]", cell).map(price => "=" + price.textContent).join("");
    const cells = [
        ...all("[data-controller=odd]").map(filled),
        ...all("[data-rencid][data-eventname]").map(button => button.textContent.trim()),  // G
    ];
    // E and F: what is known of them is text, not cells, and need not hold a price.
    const links = all("a[href*='/cote/']").map(link => link.textContent.trim());
    const rows = [
        ...all(".match-row").map(row => row.textContent.trim()),
        ...links.filter(text => text.includes("TRJ")),
    ];
    const priced = cells.length > 0;
    const known = priced || rows.some(Boolean);
{_ANYWHERE}
    const places = priced ? cells : known ? rows.filter(Boolean) : links.length ? [...links, ...prices] : [];
{_RESTED}}}"""
"""True when a league page's prices are there and have settled."""

MATCH_SETTLED = f"""() => {{
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    const cells = (row, selector) => all(selector, row).map(cell => cell.textContent.trim()).join(" ").trim();
    const rows = [
        ...all(".bookline[data-name], .d-flex[data-name]").map(row => cells(row, ".odds-col")),  // D
        ...all("tbody tr")  // E
            .filter(row => row.querySelector("td.ps-4 a[href*='/bookmaker/']"))
            .map(row => cells(row, "td.text-center")),
    ];
    const priced = true;
    const known = rows.length > 0;
{_ANYWHERE}
    const places = known ? rows : prices.length > 1 && named() ? prices : [];
{_RESTED}}}"""
"""True when a match page's prices are there and have settled."""
