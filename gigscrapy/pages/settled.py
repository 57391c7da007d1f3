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

One function serves all generations of its kind of page, as the one that will come is not known before it has.
"""

REST = 200
PATIENCE = 3000
LOOKS = 3

_RESTED = f"""
    const seen = window.gigscrapySeen ??= {{}};
    const text = places.join("\\n");
    const now = performance.now();
    if (seen.text !== text) Object.assign(seen, {{ text, since: now, looks: 0 }});
    seen.looks += 1;
    const complete = places.every(Boolean) && (!priced || /[0-9][.,][0-9]/.test(text));
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
    const rows = all(".match-row, a[href*='/cote/']").map(row => row.textContent.trim());
    const priced = cells.length > 0;
    const places = priced ? cells : rows.filter(Boolean);
{_RESTED}}}"""
"""True when a league page's prices are there and have settled."""

MATCH_SETTLED = f"""() => {{
    const all = (selector, within = document) => [...within.querySelectorAll(selector)];
    const cells = (row, selector) => all(selector, row).map(cell => cell.textContent.trim()).join(" ").trim();
    const places = [
        ...all(".bookline[data-name], .d-flex[data-name]").map(row => cells(row, ".odds-col")),  // D
        ...all("tbody tr")  // E
            .filter(row => row.querySelector("td.ps-4 a[href*='/bookmaker/']"))
            .map(row => cells(row, "td.text-center")),
    ];
    const priced = true;
{_RESTED}}}"""
"""True when a match page's prices are there and have settled."""
