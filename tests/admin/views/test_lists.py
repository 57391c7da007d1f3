"""Every list, every sort, every filter, every search, on both kinds of database."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from parsel import Selector

from admin import VIEWS
from admin.views import base, search
from admin.views.asked import OWN_ARGUMENTS
from admin.views.base import TableView
from schema.models import (
    PEOPLE,
    TABLES,
    AlertEvents,
    AlertRules,
    BookmakerAliases,
    Channels,
    Deliveries,
    Editions,
    Follows,
    GigProgress,
    Layouts,
    Messages,
    OddsHours,
    PayoutDays,
    Payouts,
    PayoutSpans,
    ReplacedOdds,
    RuleChannels,
    TakeOvers,
    Tallies,
    TeamAliases,
    Thinnings,
    TouchedHours,
    TouchedMatches,
    WebhookDeliveries,
    WebhookPositions,
    Webhooks,
)
from tests.admin import LISTS, counted, listed, page, text_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT, SIZE, STRANGE

VIEW = {model.__name__.lower(): view for view, model, _ in VIEWS}

FILLED = ("bookmakers", "sports", "marketnames", "schedules")
"""Tables that have rows from the first day on."""

DROP_DOWNS = {
    "latestodds": 1,
    "odds": 1,
    "matches": 1,
    "leagues": 1,
    "teams": 1,
    "marketnames": 1,
    "deadletters": 1,
    "firings": 1,
    "visits": 1,
}
"""Queries a list asks beside its own two: all that has a name in one, reasons apart; whatever its rows."""


def sorts() -> list[Any]:
    return [
        pytest.param(name, column if isinstance(column, str) else column[0], id=f"{name}-{column}")
        for name, view in VIEW.items()
        for column in view.column_sortable_list
    ]


def view_of(client: FlaskClient, name: str) -> TableView:
    [admin] = client.application.extensions["admin"]
    return next(view for view in admin._views if view.endpoint == name)


OF_OUR_OWN = {
    *PEOPLE,
    *(
        Webhooks,
        WebhookDeliveries,
        AlertRules,
        RuleChannels,
        AlertEvents,
        Channels,
        Deliveries,
        Follows,
        Layouts,
        BookmakerAliases,
        TeamAliases,
    ),
}
"""Tables that have pages of their own."""
BOOKKEEPING = {
    ReplacedOdds,
    GigProgress,
    WebhookPositions,
    Messages,
    Editions,
    TakeOvers,
    Tallies,
    OddsHours,
    Payouts,
    PayoutDays,
    PayoutSpans,
    Thinnings,
    TouchedHours,
    TouchedMatches,
}
"""Tables that programs keep, and nobody leafs through."""


def test_every_table_that_people_read_has_a_list() -> None:
    assert {model for _, model, _ in VIEWS} == set(TABLES) - OF_OUR_OWN - BOOKKEEPING
    assert tuple(VIEW) == LISTS


# -- queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_two_queries_whatever_its_rows(crowded: FlaskClient, name: str) -> None:
    for size in (20, 50):
        with counted(current()) as asked:
            rows = listed(crowded, f"/admin/{name}/?page_size={size}")
        assert len(rows) == size or name in ("bookmakers", "sports", "marketnames")
        assert len(asked) == 2 + DROP_DOWNS.get(name, 0), asked


@pytest.mark.parametrize("name", LISTS)
def test_a_row_s_page_asks_one_query(crowded: FlaskClient, name: str) -> None:
    address = page(crowded, f"/admin/{name}/").xpath("//td[@class='leads']/a/@href").get()
    assert address
    with counted(current()) as asked:
        page(crowded, address)
    assert len(asked) == 1 + (name == "schedules"), asked  # its last firings


def test_a_search_two_tables_away_asks_one_query_more(crowded: FlaskClient) -> None:
    with counted(current()) as asked:
        listed(crowded, "/admin/odds/?search=home+07")
    assert len(asked) == 1 + 2 + DROP_DOWNS["odds"], asked  # the matches of teams of such names, then the list's own


def test_where_nothing_is_counted_nobody_asks_for_rows(crowded: FlaskClient) -> None:
    with counted(current()) as asked:
        assert listed(crowded, "/admin/runs/?search=nobody") == []
    assert len(asked) == 1, asked


def test_a_list_of_dead_letters_leaves_their_bodies_where_they_are(crowded: FlaskClient) -> None:
    with counted(current()) as asked:
        listed(crowded, "/admin/deadletters/")
    assert "detail" in asked[1]
    assert "body" not in asked[1].replace("body_hash", "")


@pytest.mark.parametrize(
    ("address", "key"), [("odds/", "id"), ("matches/?sort=league", "id"), ("latestodds/", "outcome")]
)
def test_every_order_ends_with_the_key(crowded: FlaskClient, address: str, key: str) -> None:
    with counted(current()) as asked:
        listed(crowded, f"/admin/{address}")
    assert re.search(rf"""ORDER BY .*["`]t1["`]\.["`]{key}["`] (ASC|DESC) LIMIT""", asked[1])


# -- order -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "column"), sorts())
def test_every_sort_turns_the_list_round(crowded: FlaskClient, name: str, column: str) -> None:
    index = [column for column, _ in view_of(crowded, name)._list_columns].index(column)
    up, down = (
        [row[index] for row in whole_list(crowded, f"/admin/{name}/?sort={column}{desc}")] for desc in ("", "&desc=1")
    )
    assert len(up) > 1
    assert sorted(up) == sorted(down)
    assert up == down[::-1]


def whole_list(client: FlaskClient, address: str) -> list[list[str]]:
    """All pages of a list, one after another."""
    rows: list[list[str]] = []
    number = 1
    while found := listed(client, f"{address}{'&' if '?' in address else '?'}page={number}"):
        rows += found
        if not page(client, f"{address}&page={number}").xpath("//a[@rel='next']"):
            break
        number += 1
    return rows


def test_prices_come_newest_first(crowded: FlaskClient) -> None:
    rows = listed(crowded, "/admin/odds/")
    assert rows[0][0] == f"Home {SIZE - 1} – Away {SIZE - 1}"
    assert rows[3][0] == f"Home {SIZE - 2} – Away {SIZE - 2}"


def test_matches_come_latest_first_and_turn_round(crowded: FlaskClient) -> None:
    assert listed(crowded, "/admin/matches/")[0][:2] == ["Home 59 – Away 59", "lun. 15/12/2025 19:45"]
    assert listed(crowded, "/admin/matches/?sort=match_date")[-1][0] < "Home 50"


@pytest.mark.parametrize("sort", ["99", "url", "nothing", "match.home_team", "", "__class__"])
def test_a_sort_nobody_offers_is_the_list_s_own(crowded: FlaskClient, sort: str) -> None:
    assert listed(crowded, f"/admin/matches/?sort={sort}") == listed(crowded, "/admin/matches/")


# -- pages -------------------------------------------------------------------------------------------------------------


def test_pages_follow_each_other_and_miss_nothing(crowded: FlaskClient) -> None:
    address = "/admin/matches/?page_size=20"
    rows = [row[0] for number in (1, 2, 3, 4) for row in listed(crowded, f"{address}&page={number}")]
    assert len(rows) == len(set(rows)) == SIZE + 4
    first = page(crowded, address)
    assert first.xpath("//a[@rel='prev']").get() is None
    assert first.xpath("//a[@rel='next']/@href").get() == "/admin/matches/?page_size=20&page=2"
    assert text_of(first.xpath("//nav[@class='pager']/span")[0]) == "Page 1 sur 4"


@pytest.mark.parametrize("number", ["9999999999999999999999", "5", "-1", "0", "x", "1e3", "9" * 5000])
def test_a_page_that_is_not_there_is_the_nearest_that_is(crowded: FlaskClient, number: str) -> None:
    nearest = 4 if number in ("5", "9999999999999999999999") else 1
    there = listed(crowded, f"/admin/matches/?page_size=20&page={number}")
    assert there == listed(crowded, f"/admin/matches/?page_size=20&page={nearest}")


@pytest.mark.parametrize("size", ["100000", "0", "-1", "x", ""])
def test_a_page_is_as_long_as_is_offered(crowded: FlaskClient, size: str) -> None:
    assert len(listed(crowded, f"/admin/odds/?page_size={size}")) == 50


def test_counting_stops_somewhere_and_says_so(crowded: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert text_of(page(crowded, "/admin/odds/").css("p.count")[0]) == f"{SIZE * 3 + 11} lignes"
    monkeypatch.setattr(base, "COUNT_LIMIT", 100)
    with counted(current()) as asked:
        last = page(crowded, "/admin/odds/?page=9999")
    assert asked[0].count("LIMIT") == 2  # of what is counted, and of the count
    assert text_of(last.css("p.count")[0]).startswith("Plus de 100 lignes : les 100 premières se feuillettent")
    assert text_of(last.xpath("//nav[@class='pager']/span")[0]) == "Page 2 sur 2"
    assert text_of(page(crowded, "/admin/matches/").css("p.count")[0]) == f"{SIZE + 4} lignes"


# -- filters -----------------------------------------------------------------------------------------------------------

NONE: set[str] = set()
LAST = {"Home 58 – Away 58", "Home 59 – Away 59"}
STRANGERS = {f"{home} – {away}" for home, away in STRANGE.values()}
RUN_59 = "ligue1, ven. 17/10/2025 14:59"

FILTERS = [
    ("odds", "price_min=2,08&price_max=3&outcome=1", LAST),
    ("odds", "price_min=2.08&price_max=2,085&outcome=1", {"Home 58 – Away 58"}),
    ("latestodds", "outcome=1&price_min=1.5&price_max=1,51", {"Home 00 – Away 00", "Home 01 – Away 01"}),
    ("odds", "trj_min=200", NONE),
    ("odds", "outcome=1&price_min=1,7&price_max=1,72&trj_max=101,2", {"Home 20 – Away 20", "Home 21 – Away 21"}),
    ("odds", "from=2025-10-18", NONE),
    ("odds", "until=2025-10-16", NONE),
    ("odds", "from=2025-10-17&until=2025-10-17&partial=1&outcome=X", STRANGERS),
    ("latestodds", "market=Tennis – Vainqueur du match", {"Le Havre – Paris SG"}),
    ("odds", "suspected=oui", {"Le Havre – Paris SG"}),
    ("odds", "suspected=non&outcome=1&price_min=2,08", LAST | STRANGERS),
    ("latestodds", "suspect=panel", {"Le Havre – Paris SG"}),
    ("latestodds", "league=Football – League 07", {"Home 07 – Away 07"}),
    ("odds", f"run={RUN_59}", {"Home 59 – Away 59"}),
    ("matches", "from=2025-12-14&until=2025-12-14", {"Home 58 – Away 58"}),
    ("matches", "from=2025-10-18&until=2025-10-18", {"Home 01 – Away 01", "Le Havre – Paris SG"}),
    ("matches", "status=scheduled&until=2025-10-16", NONE),
    ("matches", "status=live", NONE),
    ("matches", "league=Tennis – ATP", {"Le Havre – Paris SG"}),
    ("matches", "sport=Tennis", {"Le Havre – Paris SG"}),
    ("teams", "sport=Tennis", {"Le Havre", "Paris SG"}),
    ("teams", "league=Football – League 07", {"Home 07", "Away 07"}),
    ("bookmakers", "reviewed=0", NONE),
    ("leagues", "country=France&sport=Tennis", {"ATP"}),
    ("marketnames", "sport=Rugby", {"Résultat du match", "Plus ou moins", "Handicap", "Plus ou moins 1re mi-temps"}),
    ("runs", "verdict=incomplete&spider=LIGUE&from=2025-10-17&until=2025-10-17&search=59", {RUN_59}),
    ("runs", "verdict=not-read", NONE),
    ("runs", "spider=nobody", NONE),
    ("runs", "refused_min=1", NONE),
    ("runs", "state=running", NONE),
    ("runs", "task=task-59", {RUN_59}),
    ("runs", "task=TASK-59", NONE),
    ("tasks", "from=2025-10-19&until=2025-10-19", {f"ligue{number}" for number in range(34, 58)}),
    ("schedules", "enabled=non&what=GUE58", {"Schedule 58"}),
    ("schedules", "enabled=oui", NONE),
    ("firings", "schedule=Schedule 58&state=manqué", {"Schedule 58, lun. 20/10/2025 00:00"}),
    ("firings", "state=sauté&from=2025-10-20&until=2025-10-20", {"Schedule 59, lun. 20/10/2025 01:00"}),
    ("visits", "schedule=Schedule 58&state=manqué", {"Home 58 – Away 58, T-15m"}),
    ("visits", "from=2025-10-20&until=2025-10-20", {f"Home {number} – Away {number}, T-15m" for number in (58, 59)}),
    ("deadletters", "reason=rong&from=2025-10-17&until=2025-10-17", {"wrong-type"}),
    ("deadletters", "reason=%25", NONE),
    ("deadletters", "queue=odds", {"wrong-type"}),
    ("deadletters", "queue=scraping_tasks", NONE),
    ("deadletters", "state=en attente", {"wrong-type"}),
    ("deadletters", "state=en route ou réglé", NONE),
    ("deadletters", "until=2025-10-16", NONE),
    ("deadletters", "queue=odds", {"wrong-type"}),
    ("deadletters", "queue=scraping_tasks", NONE),
]


@pytest.mark.parametrize(("name", "asked", "expected"), FILTERS)
def test_filters_find_what_they_are_asked_for(crowded: FlaskClient, name: str, asked: str, expected: set[str]) -> None:
    address = f"/admin/{name}/?{by_value(crowded, name, asked)}&page_size=100"
    assert {row[0] for row in listed(crowded, address)} == expected
    form = page(crowded, address)
    assert not form.css("p.note")
    assert form.xpath("//form/details/@open").get() is not None


def by_value(client: FlaskClient, name: str, asked: str) -> str:
    """``asked``, what a drop-down shows replaced by the value it sends."""
    form = page(client, f"/admin/{name}/").xpath("//form")
    told = []
    for part in asked.split("&"):
        key, _, text = part.partition("=")
        values = form.xpath(".//select[@name=$key]/option[normalize-space()=$text]/@value", key=key, text=text)
        told.append(f"{key}={values.get(text)}")
    return "&".join(told)


def test_every_filter_of_every_list_is_tried() -> None:
    tried = {(name, part.partition("=")[0]) for name, asked, _ in FILTERS for part in asked.split("&")}
    prices = {"odds", "latestodds"}
    for name, view in VIEW.items():
        for question in view.column_filters:
            if question.key not in LINKED:
                asked_of = prices if name in prices else {name}
                assert any((one, question.key) in tried for one in asked_of), (name, question.key)
            assert question.key not in (*OWN_ARGUMENTS, "id")


LINKED = ("match", "team", "bookmaker")
"""Filters that links ask: :func:`test_rows_lead_to_what_belongs_to_them`."""


@pytest.mark.parametrize(
    "asked",
    [
        "bookmaker=x",
        "bookmaker=-1",
        "bookmaker=9999999999999999999999",
        "bookmaker=٣",
        "match=1e3",
        "outcome=7",
        "partial=2",
        "price_min=nan",
        "price_min=1e400",
        "price_max=1_000",
        "trj_min=--",
        "from=2025-13-01",
        "from=yesterday",
        "until=0001-01-01",
        "until=9999-12-31",
    ],
)
def test_a_filter_that_makes_no_sense_is_left_aside_and_said(crowded: FlaskClient, asked: str) -> None:
    shown = page(crowded, f"/admin/odds/?{asked}")
    assert "n'a pas de sens ici" in text_of(shown.css("p.note")[0])
    assert text_of(shown.css("p.count")[0]) == text_of(page(crowded, "/admin/odds/").css("p.count")[0])


@pytest.mark.parametrize("asked", ["bookmaker=", "bookmaker=%20", "price_min=&from=", "unknown=1", "flt0_0=1"])
def test_what_is_not_asked_filters_nothing(crowded: FlaskClient, asked: str) -> None:
    assert listed(crowded, f"/admin/odds/?{asked}") == listed(crowded, "/admin/odds/")


def test_the_address_of_a_list_carries_nothing_it_was_not_asked(crowded: FlaskClient) -> None:
    shown = page(crowded, "/admin/odds/?_scheme=javascript&_external=1&_anchor=x&endpoint=y&price_min=1,1&search=Home")
    links = shown.xpath("//main//th/a/@href | //nav[@class='pager']/a/@href").getall()
    assert links
    assert all(link.startswith("/admin/odds/?price_min=1,1&search=Home") for link in links), links


def test_filters_and_order_survive_the_next_page(crowded: FlaskClient) -> None:
    shown = page(crowded, "/admin/matches/?search=home&status=scheduled&sort=match_date&desc=1&page_size=20")
    assert shown.xpath("//a[@rel='next']/@href").get() == (
        "/admin/matches/?status=scheduled&search=home&sort=match_date&desc=1&page_size=20&page=2"
    )
    assert shown.xpath("//input[@name='search']/@value").get() == "home"
    assert shown.xpath("//select[@name='status']/option[@selected]/@value").get() == "scheduled"
    assert shown.xpath("//th[@aria-sort]/@aria-sort").getall() == ["descending"]


def test_nothing_found_offers_a_way_out(crowded: FlaskClient) -> None:
    shown = page(crowded, "/admin/matches/?search=nobody")
    assert text_of(shown.css("p.nothing")[0]) == "Aucune ligne ne répond à ces questions. Tout afficher"
    assert shown.css("p.nothing a::attr(href)").get() == "/admin/matches/"


# -- search ------------------------------------------------------------------------------------------------------------

FOUND = [
    ("matches", "Home 07", {"Home 07 – Away 07"}),
    ("matches", "away home 07", {"Home 07 – Away 07"}),
    ("matches", "07 08", NONE),
    ("odds", "hOmE 07", {"Home 07 – Away 07"}),
    ("latestodds", "away 07", {"Home 07 – Away 07"}),
    ("odds", "%", {"100% Foot – L'Étoilé d'Or"}),
    ("odds", "_", {"Rio_Ave – 😀 FC"}),
    ("odds", "d'or", {"100% Foot – L'Étoilé d'Or"}),
    ("odds", "ÉTOILÉ", {"100% Foot – L'Étoilé d'Or"}),
    ("odds", "étoilÉ", {"100% Foot – L'Étoilé d'Or"}),
    ("matches", "😀", {"Rio_Ave – 😀 FC"}),
    ("matches", SCRIPT, {f'{SCRIPT} – Onclick" onmouseover="alert(2)'}),
    ("matches", "\\", NONE),
    ("matches", "a' OR '1'='1", NONE),
    ("matches", "home\x00 07", {"Home 07 – Away 07"}),
    ("teams", "league 07", {"Home 07", "Away 07"}),
    ("leagues", "france atp", {"ATP"}),
    ("sports", "TENN", {"Tennis", "Tennis de table"}),
    ("marketnames", "double", {"Double chance"}),
    ("bookmakers", "winamax", {"Winamax"}),
    ("runs", "run-07", {"ligue1, ven. 17/10/2025 14:07"}),
    ("pages", "cote/07", {"https://www.coteur.com/cote/07"}),
    ("tasks", "SCHEDULER ligue59", {"ligue59"}),
    ("schedules", "schedule ligue58", {"Schedule 58"}),
    ("tasks", SCRIPT, {"ligue1"}),
    ("firings", "note schedule 58", {"Schedule 58, lun. 20/10/2025 00:00"}),
    ("visits", "home 07", {"Home 07 – Away 07, T-15m"}),
    ("deadletters", "string int", {"wrong-type"}),
]


@pytest.mark.parametrize(("name", "words", "expected"), FOUND)
def test_search_finds_every_word_wherever_it_stands(
    crowded: FlaskClient, name: str, words: str, expected: set[str]
) -> None:
    rows = listed(crowded, f"/admin/{name}/?search={quote(words)}&page_size=100")
    assert {row[0] for row in rows} == expected


def test_every_list_that_searches_is_tried() -> None:
    assert {name for name, *_ in FOUND} == set(LISTS)


def test_a_word_that_names_too_many_says_so(crowded: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LIMIT", 20)
    shown = page(crowded, "/admin/odds/?search=home&page_size=100")
    notes = [text_of(note) for note in shown.css("p.note")]
    assert notes == ["« home » désigne trop de noms : seuls les 20 derniers comptent. Précisez."]
    assert text_of(shown.css("p.count")[0]) == "60 lignes"
    assert not page(crowded, "/admin/odds/?search=home+07").css("p.note")


def test_a_very_long_search_is_cut(crowded: FlaskClient) -> None:
    assert listed(crowded, f"/admin/odds/?search={'home+' * 5000}")


# -- what the rows say -------------------------------------------------------------------------------------------------


def test_a_price_is_written_as_in_france(crowded: FlaskClient) -> None:
    rows = listed(crowded, "/admin/odds/?search=home+07&price_max=2")
    assert rows == [
        [
            "Home 07 – Away 07",
            "1",
            "1,57",
            "Unibet",
            "96,08 %",
            "Résultat du match",
            "ven. 24/10/2025 20:45",
            "ven. 17/10/2025 14:07",
            "–",
            "ligue1",
            "coteur.com ↗",
            "Fiche",
        ]
    ]


def test_the_same_in_english(crowded: FlaskClient) -> None:
    answer = crowded.get("/admin/odds/?search=home+07&outcome=X", headers={"Accept-Language": "en-GB,en;q=0.9"})
    shown = Selector(answer.text)
    assert shown.xpath("/html/@lang").get() == "en"
    assert [text_of(head) for head in shown.xpath("//thead//th")] == [
        *(
            "Match",
            "Outcome",
            "Price",
            "Bookmaker",
            "Bookmaker TRJ",
            "Market",
            "Kick-off",
            "Seen",
            "Suspect",
            "Run",
            "Page",
            "See",
        )
    ]
    assert [text_of(cell) for cell in shown.xpath("//tbody/tr[1]/td")][1:7] == [
        *("X", "4.00", "Unibet", "96.08%", "Résultat du match", "Fri 24/10/2025 20:45")
    ]


def test_a_run_says_its_verdict_in_words_and_its_counts(crowded: FlaskClient) -> None:
    [odd, even] = (listed(crowded, f"/admin/runs/?search=run-{number}")[0] for number in ("59", "58"))
    assert odd[:13] == [
        RUN_59,
        "✗ incomplet",
        "terminé",
        "1 / 1 matchs",
        "✓ juste",
        "1",
        "0",
        "1",
        "1",
        "1",
        "1",
        "0",
        "0",
    ]
    assert even[1] == "✓ complet"


def test_a_dead_letter_says_why(crowded: FlaskClient) -> None:
    assert listed(crowded, "/admin/deadletters/?sort=size")[0][:5] == [
        "wrong-type",
        "odds",
        "match doit être un texte, pas int",
        "12",
        "1",
    ]


# -- where the rows lead -----------------------------------------------------------------------------------------------

LEADS = [
    ("sports", "search=tennis", "Ligues", "leagues", {"ATP"}),
    ("sports", "search=tennis", "Matchs", "matches", {"Le Havre – Paris SG"}),
    ("marketnames", "search=12&sort=sport&desc=1", "Dernières cotes", "latestodds", {"Le Havre – Paris SG"}),
    ("leagues", "search=07", "Matchs", "matches", {"Home 07 – Away 07"}),
    ("leagues", "search=07", "Équipes", "teams", {"Home 07", "Away 07"}),
    ("teams", "search=Away+07", "Matchs", "matches", {"Home 07 – Away 07"}),
    ("teams", "search=Home+07", "Matchs", "matches", {"Home 07 – Away 07"}),
    ("matches", "search=Home+07", "Dernières cotes", "latestodds", {"Home 07 – Away 07"}),
    ("matches", "search=Home+07", "Toutes les cotes", "odds", {"Home 07 – Away 07"}),
    ("bookmakers", "search=pokerstars", "Toutes les cotes", "odds", NONE),
    ("bookmakers", "search=pokerstars", "Dernières cotes", "latestodds", NONE),
    ("runs", "search=run-07", "Cotes", "odds", {"Home 07 – Away 07"}),
    ("runs", "search=run-07", "Tâche", "tasks", {"ligue7"}),
    ("tasks", "search=ligue59", "Relevés", "runs", {"ligue1, ven. 17/10/2025 14:59"}),
    ("schedules", "search=ligue58", "Échéances", "firings", {"Schedule 58, lun. 20/10/2025 00:00"}),
    ("schedules", "search=ligue58", "Passages", "visits", {"Home 58 – Away 58, T-15m"}),
    ("firings", "search=task-57", "Relevés", "runs", {"ligue1, ven. 17/10/2025 14:57"}),
    ("visits", "search=home+07", "Relevés", "runs", {"ligue1, ven. 17/10/2025 14:07"}),
    ("latestodds", "search=home+07&outcome=1", "Historique", "odds", {"Home 07 – Away 07"}),
]


@pytest.mark.parametrize(("name", "asked", "label", "to", "expected"), LEADS)
def test_rows_lead_to_what_belongs_to_them(
    crowded: FlaskClient, name: str, asked: str, label: str, to: str, expected: set[str]
) -> None:
    row = page(crowded, f"/admin/{name}/?{asked}").xpath("//tbody/tr[1]")
    address = row.xpath("./td[@class='leads']/a[normalize-space()=$label]/@href", label=label).get()
    assert address is not None
    assert address.startswith(f"/admin/{to}/?")
    assert {cells[0] for cells in listed(crowded, address)} == expected
    assert not page(crowded, address).css("p.note")


def test_every_lead_is_followed() -> None:
    followed = {(name, label) for name, _, label, *_ in LEADS}
    assert followed == {(name, str(lead.label)) for name, view in VIEW.items() for lead in view.leads}


def test_a_price_leads_to_its_match_bookmaker_run_and_page(crowded: FlaskClient) -> None:
    row = page(crowded, "/admin/odds/?search=home+07&outcome=1").xpath("//tbody/tr")
    links = {text_of(link): link.attrib for link in row.xpath(".//a")}
    for name in ("Home 07 – Away 07", "Unibet", "Résultat du match", "ligue1", "Fiche"):
        assert crowded.get(links[name]["href"]).status_code == 200
    outward = links["coteur.com ↗"]
    assert outward["href"] == "https://www.coteur.com/cote/07"
    assert {"noopener", "noreferrer"} <= set(outward["rel"].split())


# -- what must not happen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_names_are_text_and_never_markup(crowded: FlaskClient, name: str) -> None:
    answer = crowded.get(f"/admin/{name}/?page_size=100&search={quote(SCRIPT)}&country={quote(SCRIPT)}")
    assert "<script>alert" not in answer.text
    assert not Selector(answer.text).xpath("//@onmouseover | //@onclick | //script[not(@src)]")


def test_no_link_runs_a_script(crowded: FlaskClient) -> None:
    for address in ("/admin/odds/?partial=1", "/admin/matches/?search=rio_ave", "/admin/pages/?search=javascript"):
        shown = page(crowded, address)
        assert "javascript:alert(903)" in shown.get() or "javascript" not in shown.get()
        assert not [link for link in shown.xpath("//@href").getall() if not link.startswith(("/", "#", "http"))]


# -- the page of a row -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTS)
def test_the_page_of_each_row_tells_all(crowded: FlaskClient, name: str) -> None:
    for address in page(crowded, f"/admin/{name}/?page_size=20").xpath("//td[@class='leads']/a[1]/@href").getall():
        shown = page(crowded, address)
        facts = {text_of(row.xpath("./th")[0]): text_of(row.xpath("./td")[0]) for row in shown.css("table.details tr")}
        assert list(facts) == [str(label) for _, label in view_of(crowded, name)._details_columns]
        assert any(value != "–" for value in facts.values())


def test_the_page_of_a_price_is_found_by_its_whole_key(crowded: FlaskClient) -> None:
    row = page(crowded, "/admin/latestodds/?search=home+07&outcome=X").xpath("//tbody/tr")
    address = row.xpath("./td[@class='leads']/a[1]/@href").get()
    assert address.count("id=") == 5
    assert text_of(page(crowded, address).xpath("//h1")[0]) == "Home 07 – Away 07 · Résultat du match · N · Unibet 4,00"


def test_the_body_of_a_dead_letter_is_shown_as_text(fill: Any, client: FlaskClient) -> None:
    fill(b'{"match": "<img src=x onerror=alert(1)>"}', b"\xff\xfe <b>" + b"x" * 5000)
    pages = [page(client, f"/admin/deadletters/details/?id={number}") for number in (1, 2)]
    assert sorted(text_of(shown.xpath("//pre")[0])[:36] for shown in pages) == sorted(
        ['{"match": "<img src=x onerror=alert(', "\\xff\\xfe <b>" + "x" * 24]
    )
    assert not any(shown.xpath("//img | //b") for shown in pages)
    assert {len(text_of(shown.xpath("//pre")[0])) for shown in pages} == {41, 4001}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "key",
    [
        "",
        "?id=",
        "?id=0",
        "?id=x",
        "?id=-1",
        "?id=9999999999999999999999",
        "?id=1&id=2",
        "?id=1&id=1&id=nan&id=1&id=1",
        "?id=1&id=1&id=0.00&id=1&id=7",
        "?id=%00",
        "?id=1;DROP+TABLE+Odds",
    ],
)
def test_a_row_that_is_not_there_is_not_found(crowded: FlaskClient, name: str, key: str) -> None:
    shown = page(crowded, f"/admin/{name}/details/{key}", 404)
    assert "rien à cette adresse" in text_of(shown.xpath("//main")[0])


# -- empty tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LISTS if name not in FILLED])
def test_an_empty_table_says_how_to_fill_it(client: FlaskClient, name: str) -> None:
    nothing = page(client, f"/admin/{name}/").css("p.nothing")
    assert text_of(nothing[0]) == "Rien encore. Lancer un relevé"
    assert nothing.xpath("./a/@href").get() == "/crawls/#start"
