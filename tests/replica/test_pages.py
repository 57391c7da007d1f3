import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from urllib.parse import unquote

import pytest
from parsel import Selector

from replica.pages import Pages
from replica.world import Match, World
from schema.instants import to_paris
from tests import SHARED
from tests.replica import LIGUE_1, LIGUE_2, RUGBY, TENNIS, world

REAL_PAGE = SHARED / "coteur" / "2025-10-15-foot-france-ligue-1.html"

CHOICES = {"1X2": {"1": "1", "0": "X", "2": "2"}, "12": {"1": "1", "2": "2"}}


def pages(layout: str = "D", **changes: object) -> Pages:
    own = {key: changes.pop(key) for key in ("page_size", "gap") if key in changes}
    return Pages(world(**changes), layout, **own)


def read(text: str) -> Selector:
    return Selector(text)


def texts(nodes) -> list[str]:
    return [" ".join(" ".join(node.css("::text").getall()).split()) for node in nodes]


def after_injection(built: Pages, target: str) -> str:
    """The page as the feed's fragments fill it: each is put, by hand, where its selector points."""
    root = Selector(built.html(target)).root
    for fragment in (fragment for burst in built.feed(target)["bursts"] for fragment in burst):
        [into] = root.cssselect(fragment["into"])
        inner = Selector(f"<table><tbody>{fragment['html']}</tbody></table>") if into.tag == "tbody" else None
        body = inner.root.cssselect("tbody")[0] if inner else Selector(f"<div>{fragment['html']}</div>").root[0][0]
        into.text = (into.text or "") + (body.text or "")
        into.extend(list(body))
    return root


# -- what lists show, against the truth --------------------------------------------------------------------------------


def best_in_d(root, match: Match, choices: dict[str, str]) -> dict[str, tuple[Decimal, int]]:
    page = Selector(root=root)
    cells = page.css(f'.event-odds > [data-controller="odd"][data-rencid="{match.site_id}"]')
    return {
        choices[cell.attrib["data-choice"]]: (
            Decimal(cell.css('strong[data-odd-target="odds"]::text').get()),
            int(cell.css('[data-odd-target="book"]').re_first(r"circleBookIconMini-b(\d+)")),
        )
        for cell in cells
    }


def true_best(match: Match, market: str | None = None) -> dict[str, tuple[Decimal, int]]:
    return {outcome: (price, book.site_id) for outcome, (price, book) in match.best(market).items()}


@pytest.mark.parametrize("path", [LIGUE_1, LIGUE_2, TENNIS, RUGBY])
def test_list_d_shows_the_world(path):
    built = pages("D")
    page = read(built.html(path))
    matches = built.world.fixtures(path)
    rows = page.css("div.events")
    assert [row.css('a[href^="/cote/"]::attr(href)').get() for row in rows] == [match.path for match in matches]
    for row, match in zip(rows, matches, strict=True):
        assert texts(row.css(".event-teams .event-team")) == [match.home, match.away]
        assert row.css('a[href^="/cote/"]::attr(title)').get() == f"Cotes {match.home} - {match.away}"
        assert texts(row.css(".event-time")[:1]) == [to_paris(match.kickoff).strftime("%d/%m %H:%M")]
        assert row.css(".event-time")[1].css("i::attr(title)").get() == match.league.sport.capitalize()


@pytest.mark.parametrize("path", [LIGUE_1, TENNIS])
def test_prices_of_list_d_come_by_script_only(path):
    built = pages("D")
    page = read(built.html(path))
    assert page.css("[data-controller=odd]")
    assert not page.css("[data-controller=odd] *, [data-odd-target]")
    assert page.css('span[data-controller="retour"]::text').getall() == []
    root = after_injection(built, path)
    market = "12" if path == TENNIS else "1X2"
    for match in built.world.fixtures(path):
        assert best_in_d(root, match, CHOICES[market]) == true_best(match)
        shown = Selector(root=root).css(f'[data-controller="retour"][data-rencid="{match.site_id}"]::text').get()
        assert shown == f"{match.trj()}%"


def test_a_page_with_everything_put_in_is_what_the_feed_makes_of_it():
    built = pages("D")
    for target in (LIGUE_1, built.world.fixtures(LIGUE_1)[0].path):
        by_feed, at_once = Selector(root=after_injection(built, target)), read(built.html(target, injected=True))
        for selector in ("[data-controller=odd]", "[data-controller=retour]", ".bookline"):
            assert texts(by_feed.css(selector)) == texts(at_once.css(selector))


def test_cells_of_list_d_carry_choice_and_type():
    page = read(pages("D").html(LIGUE_1))
    cells = page.css("div.events")[0].css("[data-controller=odd]")
    assert [cell.attrib["data-choice"] for cell in cells] == ["1", "0", "2"]
    assert {cell.attrib["data-type"] for cell in cells} == {"1n2"}
    page = read(pages("D").html(TENNIS, injected=True))
    cells = page.css("div.events")[0].css("[data-controller=odd]")
    assert [cell.attrib["data-choice"] for cell in cells] == ["1", "2"]
    assert {cell.attrib["data-type"] for cell in cells} == {"12"}
    assert texts(cells.css("[data-odd-target=label]")) == ["1", "2"]


@pytest.mark.parametrize(
    ("typecote", "market", "choices"),
    [
        ("1n2", "1X2", {"1": "1", "0": "X", "2": "2"}),
        ("DNB", "DNB", {"1": "1", "2": "2"}),
        ("DC", "DC", {"1": "1X", "2": "X2", "3": "12"}),
        ("HT", "1X2H1", {"1": "1", "2": "X", "3": "2"}),
        ("HT2", "1X2H2", {"1": "1", "2": "X", "3": "2"}),
    ],
)
def test_the_market_selector_shows_another_market_of_football(typecote, market, choices):
    built = pages("D")
    page = read(built.html(f"{LIGUE_1}?orderby=date&typecote={typecote}", injected=True))
    for match in built.world.fixtures(LIGUE_1)[:5]:
        assert best_in_d(page.root, match, choices) == true_best(match, market)
    assert {cell.attrib["data-type"] for cell in page.css("[data-controller=odd]")} == {typecote}
    links = page.css(".filter .dropdown-item::attr(href)").getall()
    assert f"{LIGUE_1}?orderby=date&typecote=HT2" in links
    assert len(page.css(".filter .dropdown-item[type=button]")) == 5


def test_other_sports_have_no_market_selector():
    page = read(pages("D").html(f"{TENNIS}?typecote=DNB"))
    assert {cell.attrib["data-type"] for cell in page.css("[data-controller=odd]")} == {"12"}
    assert not page.css(".filter .dropdown-item[type=button]")


def test_lists_are_ordered_by_date_or_by_return():
    built = pages("D")
    links = read(built.html(f"{LIGUE_1}?orderby=retour&typecote=1n2")).css("div.events > a::attr(href)").getall()
    by_return = sorted(built.world.fixtures(LIGUE_1), key=Match.trj, reverse=True)
    assert links == [match.path for match in by_return]
    assert links != [match.path for match in built.world.fixtures(LIGUE_1)]


def test_a_return_of_95_percent_or_more_is_painted():
    built = pages("D")
    painted = [
        "bg-primary text-warning" in box.attrib["class"] for box in read(built.html(LIGUE_1)).css(".event-return")
    ]
    assert painted == [match.trj() >= 95 for match in built.world.fixtures(LIGUE_1)]
    assert {True, False} == set(painted)


def test_json_ld_of_list_d_is_broken_json_that_holds_year_and_zone():
    built = pages("D")
    blocks = read(built.html(LIGUE_1)).css('script[type="application/ld+json"]::text').getall()
    matches = built.world.fixtures(LIGUE_1)
    assert len(blocks) == 18
    for block, match in zip(blocks, matches, strict=True):
        with pytest.raises(json.JSONDecodeError):
            json.loads(block)
        event = json.loads(block, strict=False)
        assert datetime.fromisoformat(event["startDate"]) == match.kickoff
        assert event["url"] == match.path.replace("/cote/", "/match/pronostic-") + "#cote"
        assert datetime.fromisoformat(event["endDate"]) - match.kickoff == timedelta(hours=1, minutes=45)
        assert [side["name"] for side in event["competitor"]] == [match.home, match.away]
        assert "\n" in event["name"]
    assert {json.loads(block, strict=False)["startDate"][-6:] for block in blocks} == {"+01:00", "+02:00"}


@pytest.mark.parametrize("layout", ["E", "F", "G"])
def test_later_lists_have_no_json_ld_and_arrive_complete(layout):
    html = pages(layout).html(LIGUE_1)
    assert "ld+json" not in html
    assert "data-feed" not in html
    assert pages(layout).feed(LIGUE_1) == {"bursts": []}


def test_list_e_links_each_match_several_times():
    built = pages("E")
    rows = read(built.html(LIGUE_1)).css(".match-row")
    for row, match in zip(rows, built.world.fixtures(LIGUE_1), strict=True):
        links = row.css("a[href*='/cote/']::attr(href)").getall()
        assert links[0] == match.path
        assert f"{match.path}/statistiques" in links
        assert texts(row.css(".match-teams")) == [f"{match.home.title()} - {match.away.title()}"]


def test_list_f_tells_everything_in_the_text_of_one_link():
    built = pages("F")
    links = read(built.html(LIGUE_1)).css('a[href^="/cote/"]')
    for text, match in zip(texts(links), built.world.fixtures(LIGUE_1), strict=True):
        prices = " ".join(str(price) for price, _ in match.best().values())
        trj = str(match.trj()).replace(".", ",")
        when = to_paris(match.kickoff).strftime("%d/%m %H:%M")
        assert text == f"Ligue 1 TRJ : {trj} % {when} {match.home} vs {match.away} {prices}"


def test_buttons_of_list_g_name_their_match_and_its_second():
    built = pages("G")
    page = read(built.html(LIGUE_1))
    for match in built.world.fixtures(LIGUE_1):
        buttons = page.css(f'button[data-rencid="{match.site_id}"]')
        assert {button.attrib["data-eventname"] for button in buttons} == {f"{match.home} - {match.away}"}
        assert {datetime.fromtimestamp(int(button.attrib["data-eventdate"]), UTC) for button in buttons} == {
            match.kickoff
        }
        assert [Decimal(text) for text in texts(buttons)] == [price for price, _ in match.best().values()]
        assert page.css(f'a[href^="/cote/"][href*="-{match.site_id}"] .text-muted.small::text').get() == "Ligue 1"


# -- traps of the list -------------------------------------------------------------------------------------------------


def test_links_that_look_like_matches_or_leagues_and_are_none():
    page = read(pages("D").html(LIGUE_1))
    assert {"/cotes/surebet", "/cotes/valuebet", "/cotes/decote"} <= set(page.css("a::attr(href)").getall())
    plain = page.css("a.text-decoration-none")
    assert len(plain) == 26
    assert len(page.css("template a.text-decoration-none")) == 2
    assert sum(link.attrib.get("href", "").startswith("/cote/") for link in plain) == 18
    assert page.css("a.competition-link::attr(href)").getall() == [LIGUE_1]
    assert not page.css(".page-title, .bookline, [data-name], .match-row, [data-eventname]")


def test_the_menu_lists_the_leagues_of_the_sport_with_their_numbers():
    page = read(pages("D").html(LIGUE_1))
    assert page.css(f'#menuprono a[href="{LIGUE_1}"]::attr(data-competid)').get() == "3"
    group = page.css('#menuprono > a[data-bs-target="#menu_item1"]')
    assert texts(group) == ["France"]
    assert LIGUE_2 in page.css("ul#menu_item1 a[data-competid]::attr(href)").getall()
    bar = page.css("#left-bar").attrib
    assert (bar["data-sidebar-countryid-value"], bar["data-sidebar-competid-value"]) == ("1", "3")
    assert len(page.css("#menu_sscompet8359 a[data-competid]")) == 2
    assert page.css("#leftsport a::attr(href)").getall()[-1].startswith("/cotes-")
    assert len(page.css("#leftsport a")) == 24
    tennis = read(pages("D").html(TENNIS))
    assert all(
        path.startswith("/cotes/tennis/") for path in tennis.css("#menuprono a[data-competid]::attr(href)").getall()
    )


def test_the_cookie_dialog_lies_over_the_page_and_hides_nothing():
    page = read(pages("D").html(LIGUE_1))
    assert page.css(".ch-cookie-consent #cookie_consent_use_all_cookies")
    assert page.css("#cookie_consent_use_only_functional_cookies")
    assert len(page.css("div.events")) == 18


def test_names_that_need_escaping_arrive_whole():
    built = pages("D", matches=200)
    page = read(built.html(f"{LIGUE_2}?page=1", injected=True))
    shown = set(texts(page.css(".event-team")))
    assert {"VILLENEUVE-D'ASCQ", "BEAUNE & NUITS", "ÉTOILE DE DIEPPE"} <= shown


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the captured page lies beside the project, not in it")
@pytest.mark.parametrize(
    "selector",
    [
        "h1",
        "div.events > a[href^='/cote/'][title^='Cotes ']",
        "div.events .event-time + .event-time i[title=Football]",
        "div.events .event-teams .event-team",
        ".event-return > span[data-controller=retour][data-rencid][data-special='0'][data-typename='1n2']",
        ".event-odds > div[data-controller=odd][data-rencid][data-choice][data-type='1n2'][data-display=bestfr]",
        "[data-controller=odd] span[data-odd-target=label]",
        "[data-controller=odd] span[data-odd-target=direction]",
        "[data-controller=odd] strong[data-odd-target=odds]",
        "[data-controller=odd] div[data-odd-target=book][class*=circleBookIconMini-b]",
        ".event-odds > button[data-controller=watchlist][data-id]",
        "a.competition-link[href='/cotes/foot/france/ligue-1'] > .flag-icon",
        "ul.pagination > li.page-item > span.page-link",
        "script[type='application/ld+json']",
        "a.text-decoration-none",
    ],
)
def test_list_d_answers_every_selector_as_often_as_the_real_page(selector):
    ours, real = read(pages("D").html(LIGUE_1, injected=True)), read(REAL_PAGE.read_text(encoding="utf-8"))
    assert len(real.css(selector)) > 0
    assert len(ours.css(selector)) == len(real.css(selector))


# -- match pages -------------------------------------------------------------------------------------------------------


def printed(prices) -> list[str | None]:
    return [None if price is None else str(price) for price in prices]


def price_of(text: str) -> str | None:
    return None if text in ("-", "0.00", "0,00", "") else text.replace(",", ".")


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("path", [LIGUE_1, TENNIS])
def test_match_d_shows_the_world(path, holes):
    built = pages("D", holes=holes)
    for match in built.world.fixtures(path):
        assert not read(built.html(match.path)).css(".bookline, [data-name], .odds-col")
        page = Selector(root=after_injection(built, match.path))
        lines = page.css("#odds-main > div.bookline.d-flex[data-name]")
        for line, quote in zip(lines, match.quotes(), strict=True):
            assert line.attrib["data-name"] == quote.bookmaker.name
            cells = texts(line.css(".border.odds-col"))
            assert [price_of(cell) for cell in cells] == printed(quote.prices.values())
            [payout] = texts(line.css("div.border.bg-warning.payout"))
            shown = re.fullmatch(r"(\d\d[.,]\d\d) ?%", payout)
            assert (shown and Decimal(shown[1].replace(",", "."))) == quote.trj
        assert len(page.css(".bookline")) == 2 * len(lines)


def test_match_d_tells_names_and_the_date_among_other_small_words():
    built = pages("D")
    match = built.world.fixtures(LIGUE_1)[0]
    page = read(built.html(match.path))
    assert texts(page.css(".page-title")) == ["PSG - NANTES"]
    assert texts(page.css("span.small")) == ["Football", "France Ligue 1", "jeudi 26 mars 2026 à 19:00"]


@pytest.mark.parametrize("layout", ["E", "F", "G"])
@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("path", [LIGUE_1, TENNIS])
def test_match_e_shows_the_world(path, holes, layout):
    built = pages(layout, holes=holes)
    for match in built.world.fixtures(path):
        assert not read(built.html(match.path)).css("tbody tr")
        page = Selector(root=after_injection(built, match.path))
        first, second = page.css("table")
        for row, quote in zip(first.css("tbody tr"), match.quotes(), strict=True):
            assert row.css("td.ps-4 a::attr(href)").get() == f"/bookmaker/{quote.bookmaker.site_id}"
            assert [price_of(cell) for cell in texts(row.css("td.text-center"))] == printed(quote.prices.values())
        assert len(second.css("tbody tr")) == 15
        assert not page.css("[data-name], .payout, .page-title")


def test_prices_of_match_e_are_written_with_a_comma():
    built = pages("E")
    page = read(built.html(built.world.fixtures(LIGUE_1)[0].path, injected=True))
    assert all(re.fullmatch(r"\d+,\d\d", text) for text in texts(page.css("td.text-center")))


# -- a layout nobody knows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIGUE_1, TENNIS])
def test_match_u_shows_the_world_under_names_of_its_own(path):
    built = pages("U")
    for match in built.world.fixtures(path):
        assert not read(built.html(match.path)).css(".odx-book")
        page = Selector(root=after_injection(built, match.path))
        first, second = page.css(".odx-books")
        for row, quote in zip(first.css(".odx-book"), match.quotes(), strict=True):
            assert row.css("img::attr(alt)").get() == quote.bookmaker.name
            assert [price_of(cell) for cell in texts(row.css(".odx-price"))] == printed(quote.prices.values())
        assert len(second.css(".odx-book")) == 15
        assert not page.css("[data-name], .odds-col, .payout, .page-title, span.small, td, a[href*='/bookmaker/']")


def test_list_u_shows_the_world_under_names_of_its_own():
    built = pages("U")
    page = Selector(root=after_injection(built, LIGUE_1))
    for row, match in zip(page.css("article.odx-tile"), built.world.fixtures(LIGUE_1), strict=True):
        assert row.css("a::attr(href)").get() == match.path
        assert texts(row.css("b")) == [match.home, match.away]
        best = match.best("1X2")
        assert [price_of(cell) for cell in texts(row.css("em"))] == printed(
            best[outcome][0] for outcome in ("1", "X", "2")
        )
        books = [int(number) for number in row.css("img::attr(data-operator)").getall()]
        assert books == [best[outcome][1].site_id for outcome in ("1", "X", "2")]
        assert texts(row.css(".odx-return")) == [f"Retour {match.trj('1X2')} %".replace(".", ",")]
    assert not page.css(".main").css(".events, .match-row, [data-controller], [data-rencid], [data-eventname]")


# -- prices that are missing, and how all of them come -----------------------------------------------------------------


def test_holes_take_every_look_a_missing_price_has():
    built = pages("D", holes=True)
    cells = [
        text
        for match in built.world.fixtures(LIGUE_1)
        for text in texts(read(built.html(match.path, injected=True)).css(".odds-col"))
    ]
    assert {text for text in cells if price_of(text) is None} == {"-", "0.00", ""}


def test_the_script_puts_prices_in_by_three_bursts():
    built = pages("D")
    for target, pieces in ((LIGUE_1, 18 * 4), (built.world.fixtures(LIGUE_1)[0].path, 30)):
        bursts = built.feed(target)["bursts"]
        assert [len(burst) for burst in bursts] == [pieces // 3] * 3
    [body] = read(built.html(LIGUE_1)).css("body")
    assert unquote(body.attrib["data-feed"]) == f"/feed?of={LIGUE_1}"
    assert (body.attrib["data-wait"], body.attrib["data-gap"]) == ("40", "40")


# -- several pages -----------------------------------------------------------------------------------------------------


def listed(built: Pages, target: str) -> list[str]:
    return read(built.html(target)).css("div.events > a::attr(href)").getall()


def test_pages_divide_the_matches_between_them():
    built = pages("D", page_size=7)
    three = [listed(built, f"{LIGUE_1}?page={number}") for number in (1, 2, 3)]
    assert [len(links) for links in three] == [7, 7, 4]
    assert [link for links in three for link in links] == [match.path for match in built.world.fixtures(LIGUE_1)]


@pytest.mark.parametrize("number", ["4", "99", "1000000000"])
def test_beyond_the_last_page_the_last_one_comes_again(number):
    built = pages("D", page_size=7)
    assert listed(built, f"{LIGUE_1}?page={number}") == listed(built, f"{LIGUE_1}?page=3")


@pytest.mark.parametrize("number", ["0", "-1", "x", ""])
def test_what_is_no_page_number_is_the_first(number):
    built = pages("D", page_size=7)
    assert listed(built, f"{LIGUE_1}?page={number}") == listed(built, LIGUE_1)


def test_pages_are_linked_with_the_rest_of_the_question():
    built = pages("D", page_size=7)
    pagination = read(built.html(f"{LIGUE_1}?orderby=date&typecote=DC&page=2")).css("ul.pagination")
    links = pagination.css("li.page-item a.page-link::attr(href)").getall()
    question = f"{LIGUE_1}?orderby=date&typecote=DC&page="
    assert links == [f"{question}{number}" for number in (1, 1, 3, 3)]
    assert texts(pagination.css(".active span.page-link")) == ["2 (current)"]


def test_a_single_page_has_no_links_to_others():
    pagination = read(pages("D").html(LIGUE_1)).css("ul.pagination")
    assert texts(pagination.css("li")) == ["<<", "1 (current)", ">>"]
    assert not pagination.css("a")


def test_many_pages_are_linked_a_few_at_a_time():
    pagination = read(pages("D", page_size=1).html(f"{LIGUE_1}?page=9")).css("ul.pagination")
    assert texts(pagination.css("li")) == ["<<", "7", "8", "9 (current)", "10", "11", ">>"]


# -- other pages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["D", "E", "F", "G"])
def test_the_page_of_a_sport_holds_all_its_leagues_under_their_heads(layout):
    built = pages(layout, page_size=20, matches=3)
    seen: list[str] = []
    number = 1
    while True:
        page = read(built.html(f"/cotes-basket?page={number}"))
        links = [link for link in page.css('a[href^="/cote/"]::attr(href)').getall() if re.search(r"-\d+$", link)]
        if set(links) <= set(seen):
            break
        seen += links
        assert set(page.css("a.competition-link::attr(href)").getall()) <= {
            league.path for league in built.world.leagues("basketball")
        }
        number += 1
    everything = [match.path for each in built.world.leagues("basketball") for match in built.world.fixtures(each.path)]
    assert list(dict.fromkeys(seen)) == everything
    assert number == 4


def test_a_sports_page_for_a_day_holds_that_days_matches():
    built = pages("D", page_size=1000)
    tomorrow = listed(built, "/cotes-foot/demain")
    assert tomorrow
    assert all(built.world.match(int(path.rpartition("-")[2])).kickoff.day == 26 for path in tomorrow)
    assert listed(built, "/cotes-foot/aujourdhui") == []


def test_the_comparator_holds_every_sport():
    built = pages("D", page_size=5000, matches=1)
    page = read(built.html("/comparateur-de-cotes"))
    assert set(page.css(".event-time i::attr(title)").getall()) == {"Football", "Basketball", "Tennis", "Rugby"}


@pytest.mark.parametrize("target", ["/", "/cotes/surebet", "/cotes/valuebet", "/cotes-escalade", "/cotes-boostees"])
def test_pages_without_a_match(target):
    page = read(pages("D").html(target))
    assert page.css("h1")
    assert not page.css('a[href^="/cote/"]')
    assert page.css("#menuprono, #leftsport")


@pytest.mark.parametrize(
    "target",
    [
        "/nulle-part",
        "/cotes-quidditch",
        "/cotes-foot/hier",
        "/cotes/foot/france",
        "/cote/x-1",
        "/cote/psg",
        "/cote/x-y",
    ],
)
def test_pages_that_the_site_has_not(target):
    with pytest.raises(LookupError):
        pages("D").html(target)


# -- pages that went wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["D", "E", "F", "G"])
def test_an_empty_page_is_of_its_layout_without_matches_or_bookmakers(layout):
    built = pages(layout)
    html = built.html(LIGUE_1, fault="empty")
    page = read(html)
    assert page.css("h1, #menuprono")
    assert not page.css('a[href*="/cote/"], div.events, .match-row, [data-rencid], script[type="application/ld+json"]')
    assert "data-feed" not in html
    match = read(built.html(built.world.fixtures(LIGUE_1)[0].path, fault="empty", injected=True))
    assert match.css("h1")
    assert not match.css(".bookline, tbody tr")


@pytest.mark.parametrize("layout", ["D", "E", "F", "G"])
def test_an_unknown_layout_names_the_teams_and_nothing_a_reader_looks_for(layout):
    built = pages(layout)
    page = read(built.html(LIGUE_1, fault="unknown-layout"))
    assert texts(page.css("b"))[:2] == ["PSG", "NANTES"]
    for target in (LIGUE_1, built.world.fixtures(LIGUE_1)[0].path):
        page = read(built.html(target, fault="unknown-layout"))
        assert page.css("h1")
        assert not page.css(
            "a, table, .events, .match-row, .bookline, .odds-col, .payout, .page-title, span.small,"
            " [data-rencid], [data-name], [data-eventname], [data-controller], script[type]"
        )


def test_prices_that_never_come_have_no_feed():
    assert "data-feed" not in pages("D").html(LIGUE_1, fault="never")
    assert len(read(pages("D").html(LIGUE_1, fault="never")).css("div.events")) == 18


def test_prices_that_come_late_wait_three_seconds():
    body = read(pages("E").html(pages("E").world.fixtures(LIGUE_1)[0].path, fault="late")).css("body")
    assert (body.attrib["data-wait"], body.attrib["data-gap"]) == ("3000", "40")


def test_a_started_world_lists_its_started_matches():
    built = Pages(World(now=datetime(2026, 3, 25, 19, 30, tzinfo=UTC), started=2), "D")
    times = texts(read(built.html(LIGUE_1)).css("div.events .event-time"))[::2]
    assert times[:2] == ["25/03 19:45", "25/03 20:10"]
    assert all(later != earlier for earlier, later in pairwise(times[:3]))
