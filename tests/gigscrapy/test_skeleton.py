"""How a page is built stays; whatever it says does not."""

from decimal import Decimal

import pytest
from parsel import Selector

from gigscrapy.skeleton import HEAD, ROWS, Skeleton
from schema.prices import payout, published_style

PAGE = """<html><body class="site"><div class="wrap" id="secret" style="x" data-turbo="true"><h2>Nos meilleures offres</h2>
<table class="table"><thead class="heads"><tr><th>Bookmaker</th><th>1</th><th>N</th><th>2</th></tr></thead><tbody data-zone="odds">
<tr class="row" data-rencid="1548776" onclick="steal()"><td><a href="/cote/lyon-nice-1548776" title="Cotes LYON - NICE">Lyon</a> <b>NICE</b></td>
 <td data-choice="1" data-type="1n2">2,31</td><td>3.45</td><td>2.99</td><td>Retour 93,21 %</td><td><img src="/x.png" alt="Winamax" class="logo-b33"></td>
 <td><time datetime="2026-03-28T21:00:00+01:00">28/03 21:00</time> samedi 28 mars 2026 à 21h00</td>
 <td data-start="1774728000" data-team="LYON" data-owner="4711">Pariez vite, 100 € offerts</td><td><a href="https://other.test/promo">Promo</a><script>track()</script></td></tr>
</tbody></table></div></body></html>"""


@pytest.fixture(scope="module")
def drawn():
    rows = Selector(PAGE).css("tbody tr")
    return Skeleton([("1548776", "LYON", "NICE")]).of([row.root for row in rows])


@pytest.mark.parametrize(
    "kept",
    [
        '<div class="wrap" data-turbo="true">',
        '<table class="table">',
        '<tbody data-zone="odds">',
        '<tr class="row" data-rencid="101">',
        '<td data-choice="1" data-type="1n2">',
        'alt="Winamax"',
        'class="logo-b33"',
        '<thead class="heads">',
        "<th>N</th>",
    ],
)
def test_how_it_is_built_is_kept(drawn, kept):
    assert kept in drawn


@pytest.mark.parametrize(
    "content",
    [
        "secret",
        "style",
        "onclick",
        "Lyon",
        "LYON",
        "lyon",
        "NICE",
        "2,31",
        "3.45",
        "2.99",
        "93,21",
        "x.png",
        "28/03",
        "2026",
        "mars",
        "1774728000",
        "4711",
        "1548776",
        "Pariez",
        "offerts",
        "other.test",
        "track",
        "meilleures",
    ],
)
def test_what_it_says_is_not(drawn, content):
    assert content not in drawn.removeprefix(HEAD)


@pytest.mark.parametrize(
    "own",
    [
        '<a href="/cote/avallon-beaune-101" title="AVALLON - BEAUNE">AVALLON</a>',
        "<b>BEAUNE</b>",
        "1,50",
        "4.20",
        "6.50",
        "25/10 20:45",
        "25 octobre 2025 à 20h45",
        'datetime="2025-10-25T20:45:00+02:00"',
        'data-start="1761417900"',
        'data-team="AVALLON"',
    ],
)
def test_in_its_place_is_content_of_ours(drawn, own):
    assert own in drawn


def test_the_trj_is_that_of_the_invented_prices(drawn):
    trj = published_style(payout(map(Decimal, ("1.50", "4.20", "6.50"))))
    assert f"Retour {trj} %".replace(".", ",") in drawn


def test_a_two_way_row_has_a_trj_too():
    row = Selector("<body><p><b>1.80</b><b>1.90</b><i>92.43%</i></p></body>").css("p")[0].root
    drawn = Skeleton([]).of([row])
    assert ("<b>1.50</b><b>2.50</b><i>93.75%</i>" in drawn, "92.43" in drawn) == (True, False)


def test_it_says_what_it_is_and_has_a_few_rows_only():
    page = Selector(f"<main>{'<p class=row>1.50</p>' * 9}</main>")
    drawn = Skeleton([]).of([row.root for row in page.css("p")])
    assert drawn.startswith(HEAD)
    assert drawn.count('class="row"') == ROWS
