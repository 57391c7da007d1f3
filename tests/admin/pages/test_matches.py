"""The list of matches, gig-benchmark's tables, and where a price came from."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from parsel import Selector

from admin.pages.finder.asked import Asked
from admin.pages.finder.tables import quoted
from admin.pages.finder.written import FORMATS, MARKET_LABELS, american, fractional
from admin.spreadsheet import guarded
from gigscrapy.archive import Archive, Page
from schema.instants import to_paris
from schema.markets import MARKETS
from schema.models import Bookmakers, Leagues, Odds, Sports, TeamAliases, Teams
from tests.admin import counted, page, signed_in, text_of
from tests.admin.conftest import current
from tests.schema.letters import NOON, quote

NEXT = ["PSG – OM", "Moutet – Fils", "Lyon – Lille", "Étoile Rouge – Saint-Étienne", "Rennes – Nantes"]


def shown(client: FlaskClient, arguments: str = "") -> list[str]:
    """The matches on the page, in order."""
    return page(client, f"/matches/?{arguments}").xpath("//table//td[@data-key='name']/a/text()").getall()


def first_row(client: FlaskClient, arguments: str = "") -> dict[str, str]:
    row = page(client, f"/matches/?{arguments}").xpath("//tbody/tr")[0]
    return {cell.attrib["data-key"]: text_of(cell) for cell in row.xpath("./td")}


def ids(model: type, name: str) -> int:
    with current().connection_context():
        return int(model.get(model.name == name).id)  # type: ignore[attr-defined]


def test_what_comes_next_comes_first_with_who_pays_best(seasoned: FlaskClient, minute: datetime) -> None:
    assert shown(seasoned) == NEXT
    row = first_row(seasoned)
    assert row["1"] == "2,25 ▲hausse de 0,15 Pmu"
    assert row["X"] == "3,50 Pmu"
    assert row["2"] == "3,70 ▼baisse de 0,10 Unibet"
    assert (row["league"], row["trj"], row["movement"]) == ("Ligue 1", "99,96 %", "7,14 %")
    assert re.fullmatch(r"il y a \d+ minpérimée", row["seen"])
    kickoff = to_paris(minute + timedelta(hours=2))
    assert row["kickoff"].endswith(f"{kickoff:%d/%m/%Y %H:%M}")


def test_of_many_who_share_the_best_price_two_are_named_and_the_others_are_one_press_away(
    client: FlaskClient, fill: Callable[..., None]
) -> None:
    for bookmaker in ("Betclic", "Pmu", "Unibet", "Winamax"):
        fill(quote(kickoff=NOON.replace(year=2099), bookmaker=bookmaker))
    [cell] = page(client, "/matches/").xpath("//tbody/tr/td[@data-key='1']")
    assert cell.xpath("normalize-space(.//div[@class='who']/text())").get() == "Betclic, Pmu"
    assert cell.xpath(".//summary/@title").get() == "Betclic, Pmu, Unibet, Winamax"
    assert text_of(cell.xpath(".//summary")[0]) == "+2et 2 de plus"
    assert cell.xpath("normalize-space(.//details/text()[last()])").get() == "Unibet, Winamax"


def test_each_question_narrows_and_is_in_the_address(seasoned: FlaskClient) -> None:
    assert shown(seasoned, "search=psg") == ["PSG – OM"]
    assert shown(seasoned, "search=SAINT-ÉTIENNE+rouge") == [NEXT[3]]
    assert shown(seasoned, "search=atp") == ["Moutet – Fils"]
    assert shown(seasoned, f"sport={ids(Sports, 'Tennis')}") == ["Moutet – Fils"]
    both = f"league={ids(Leagues, 'ATP')}&league={ids(Leagues, 'Ligue 1')}"
    assert shown(seasoned, both) == NEXT
    assert first_row(seasoned, f"bookmaker={ids(Bookmakers, 'Unibet')}")["1"].startswith("2,05")
    assert shown(seasoned, "market=DC") == NEXT


def test_days_are_those_of_paris(seasoned: FlaskClient, minute: datetime) -> None:
    day = to_paris(minute + timedelta(hours=50)).date()
    assert shown(seasoned, f"from={day}&to={day}") == [NEXT[3]]
    assert shown(seasoned, "when=past") == []
    assert shown(seasoned, "when=all") == NEXT
    assert shown(seasoned, "when=undated") == []
    found = page(seasoned, "/matches/?when=past").xpath("//div[@class='nothing']")
    assert "Aucun match ces jours-là." in text_of(found)
    assert found.xpath(".//a/text()").getall() == ["Tous les jours"]


def test_the_list_is_sorted_by_what_is_asked(seasoned: FlaskClient) -> None:
    assert shown(seasoned, "desc=1") == NEXT[::-1]
    assert shown(seasoned, "sort=match")[:2] == ["Lyon – Lille", "Moutet – Fils"]
    by_trj = shown(seasoned, "sort=trj")
    assert by_trj[0] == "PSG – OM"
    assert by_trj[-1] == "Moutet – Fils"
    assert shown(seasoned, "sort=trj&desc=1")[0] == "Moutet – Fils"
    heads = page(seasoned, "/matches/?sort=trj").xpath("//th[@aria-sort]")
    assert [head.attrib["aria-sort"] for head in heads] == ["descending"]


@pytest.mark.parametrize(
    "arguments",
    [
        "sport=x&league=-1&team=99999999999999999999&bookmaker=%00",
        "when=nonsense&market='&sort=;--",
        "from=2026-13-45&to=999999-01-01",
        "page=0&page=99999999999999999999999",
        "search=%25_%27+OR+1%3D1+--+%3Cscript%3E",
    ],
)
def test_nothing_that_is_typed_into_an_address_is_an_error(seasoned: FlaskClient, arguments: str) -> None:
    for address in ("/matches/", "/matches/gig/", "/matches/gig/odds.csv"):
        answer = seasoned.get(f"{address}?{arguments}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text


def test_what_makes_no_sense_is_said(seasoned: FlaskClient) -> None:
    notes = page(seasoned, "/matches/?when=nonsense&league=x").xpath("//p[@class='note']/text()").getall()
    assert [note.replace("\N{NO-BREAK SPACE}", " ") for note in notes] == [
        "« nonsense » n'a pas de sens ici et est laissé de côté.",
        "« x » n'a pas de sens ici et est laissé de côté.",
    ]


def test_an_address_says_no_more_than_it_must() -> None:
    asked = Asked(search="psg", leagues=(3, 4), sort="trj", page=2)
    assert asked.arguments() == {"search": "psg", "when": "upcoming", "league": (3, 4), "sort": "trj"}
    assert asked.arguments(page=3, leagues=())["page"] == 3


def test_a_page_asks_five_questions_at_most(seasoned: FlaskClient) -> None:
    for address in (
        "/matches/?search=psg",
        "/matches/?sort=movement",
        "/matches/1/",
        "/matches/1/?range=6h&outcome=2",
        "/matches/gig/",
        "/matches/source/1/",
    ):
        with counted(current()) as asked:
            page(seasoned, address)
        assert len([sql for sql in asked if sql.startswith("SELECT")]) <= 5, (address, asked)
        assert not any("COUNT(*)" in sql for sql in asked)


# -- gig-benchmark's tables --------------------------------------------------------------------------------------------


def test_the_two_tables_of_gig_benchmark(seasoned: FlaskClient) -> None:
    averages, quotes = page(seasoned, "/matches/gig/?when=week").xpath("//table")
    assert averages.xpath(".//th[@scope='col']/text()").getall()[:3] == ["Bookmaker", "TRJ moyen", "Évolution"]
    assert "Bwin" not in averages.xpath(".//th[@scope='row']/text()").getall(), "its only quote is in doubt"
    heads = quotes.xpath(".//th[@scope='col']/text()").getall()
    assert heads == ["Match", "Bookmaker", "1", "N", "2", "TRJ", "Évolution"]
    row = next(row for row in quotes.xpath(".//tbody/tr") if "Unibet" in text_of(row))
    assert [text_of(cell) for cell in row.xpath("./td")] == [
        *("Unibet", "2,05", "3,45", "3,70", "95,43 %"),
        "→stable 95,43 %",
    ]
    netbet = next(row for row in quotes.xpath(".//tbody/tr") if "NetBet" in text_of(row))
    assert text_of(netbet.xpath("./td")[-1]).startswith("↑en hausse")


def test_its_export_is_as_it_was_and_right(seasoned: FlaskClient, minute: datetime) -> None:
    answer = seasoned.get("/matches/gig/odds.csv?when=week&search=psg")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert re.search(r"filename=odds_export_\d{4}-\d\d-\d\d_\d{6}\.csv", answer.headers["Content-Disposition"])
    lines = answer.data.decode("utf-8").split("\n")
    assert lines[0] == '\ufeffDate;Match;"Home Team";"Away team";Bookmaker;Home;Draw;Away;"RTP (%)"'
    kickoff = to_paris(minute + timedelta(hours=2))
    assert f'"\t{kickoff:%d/%m/%Y %H:%M}";"PSG - OM";PSG;OM;Unibet;2.05;3.45;3.70;95,43' in lines
    assert lines[-1] == ""
    assert len(lines) == 1 + 8 + 1
    tennis = seasoned.get("/matches/gig/odds.csv?when=week&search=atp").data.decode()
    assert ";1.91;-;2.05;" in tennis


def test_what_others_wrote_is_no_formula() -> None:
    assert [guarded(name) for name in ("=1+1", "+x", "-x", "@x", "Lyon")] == ["'=1+1", "'+x", "'-x", "'@x", "Lyon"]
    assert [quoted(text) for text in ("a b", 'a"b', "a;b", "ab", "a\tb")] == [
        '"a b"',
        '"a""b"',
        '"a;b"',
        "ab",
        '"a\tb"',
    ]


# -- one match ---------------------------------------------------------------------------------------------------------


def grid_of(client: FlaskClient, arguments: str = "") -> dict[str, Selector]:
    """The rows of the grid by bookmaker."""
    number = re.findall(
        r"\d+", page(client, "/matches/?search=psg").xpath("//td[@data-key='name']/a/@href").get() or ""
    )
    rows = page(client, f"/matches/{number[0]}/?{arguments}").xpath("//table[contains(@class, 'grid')]/tbody/tr")
    return {row.xpath("./th/text()").get() or "": row for row in rows}


def test_the_best_is_said_in_words_and_the_movement_too(seasoned: FlaskClient) -> None:
    rows = grid_of(seasoned)
    assert list(rows) == ["Pmu", "Betclic", "Winamax", "ParionsSport", "NetBet", "Unibet", "Bwin", "Vbet"]
    best = rows["Pmu"].xpath("./td[@data-key='1']")
    assert "best" in best.attrib["class"]
    assert text_of(best.xpath("./button")) == "2,25 ★meilleure cote ▲hausse de 0,05"
    told = text_of(best.xpath("./div[@role='tooltip']"))
    parts = ("hausse de 0,05", "Ouverture 2,10, ", "Avant 2,20, jusqu'au ", "Relevée ", "D'où vient cette cote")
    assert re.match(".*".join(map(re.escape, parts)), told)
    assert [name for name, row in rows.items() if row.xpath("./td[contains(@class, 'best')]")] == ["Pmu", "Unibet"]
    assert text_of(rows["Pmu"].xpath("./td[@data-key='trj']")) == "99,21 %"
    assert text_of(rows["Pmu"].xpath("./td[@data-key='opening']")) == "2,10 / 3,50 / 3,75"


def test_what_is_late_or_in_doubt_is_shown_and_not_best(seasoned: FlaskClient) -> None:
    rows = grid_of(seasoned)
    assert rows["Vbet"].xpath("./td[@data-key='seen']/span[not(@hidden)]/text()").get() == "périmée"
    assert rows["Pmu"].xpath("./td[@data-key='seen']/span/@hidden").getall() == [""]
    assert "Laissée de côté" in text_of(rows["Vbet"].xpath("./td[@data-key='1']"))
    assert "à vérifier" in text_of(rows["Bwin"].xpath("./td[@data-key='1']/button"))
    assert "Douteuse" in text_of(rows["Bwin"].xpath("./td[@data-key='1']/div"))
    assert all(row.xpath(".//time/@datetime").get() for row in rows.values())


@pytest.mark.parametrize(("style", "price"), [("american", "+125"), ("fractional", "5/4"), ("oops", "2,25")])
def test_prices_are_written_as_one_likes(seasoned: FlaskClient, style: str, price: str) -> None:
    assert (
        grid_of(seasoned, f"format={style}")["Pmu"].xpath("./td[@data-key='1']//span[@class='price']/text()").get()
        == price
    )


@pytest.mark.parametrize(
    ("price", "american_style", "fraction"),
    [
        ("1.85", "−118", "17/20"),
        ("2", "+100", "1/1"),
        ("3.5", "+250", "5/2"),
        ("1.333", "−300", "1/3"),
        ("21", "+2000", "20/1"),
    ],
)
def test_the_three_ways_to_write_a_price(price: str, american_style: str, fraction: str) -> None:
    assert (american(Decimal(price)), fractional(Decimal(price))) == (american_style, fraction)


def test_every_market_has_a_name_and_every_format_an_example() -> None:
    assert set(MARKET_LABELS) == set(MARKETS)
    assert [example for example, _ in FORMATS.values()] == ["1,85", "+…", "17/20"]


def test_only_chosen_bookmakers_are_shown(seasoned: FlaskClient) -> None:
    assert list(grid_of(seasoned, "bookmaker=Pmu&bookmaker=Unibet&sort=name")) == ["Pmu", "Unibet"]
    assert next(iter(grid_of(seasoned, "sort=2"))) == "Unibet"


def test_a_match_nobody_knows_is_not_found(seasoned: FlaskClient) -> None:
    for number in (0, 999, 10**30):
        page(seasoned, f"/matches/{number}/", 404)
    page(seasoned, "/matches/1/odds.csv?market=DC&line=x")


def test_the_export_of_a_match_has_every_observation(seasoned: FlaskClient) -> None:
    [number] = re.findall(
        r"\d+", page(seasoned, "/matches/?search=psg").xpath("//td[@data-key='name']/a/@href").get() or ""
    )
    text = seasoned.get(f"/matches/{number}/odds.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert len(rows) == 3 * (12 * 6 + 2)
    assert {row["Issue"] for row in rows} == {"1", "N", "2"}
    doubtful = [row for row in rows if row["Douteuse"]]
    assert {row["Bookmaker"] for row in doubtful} == {"Bwin"}
    assert [row["Cote"] for row in rows if row["Bookmaker"] == "Pmu" and row["Issue"] == "1"][-1] == "2,25"


# -- where a price came from -------------------------------------------------------------------------------------------


def test_a_price_leads_to_its_page_or_says_why_there_is_none(seasoned: FlaskClient) -> None:
    with current().connection_context():
        row = Odds.select().order_by(Odds.id).first()
    found = page(seasoned, f"/matches/source/{row.id}/")
    assert "n'a jamais été gardé" in text_of(found.xpath("//p[@class='nothing']"))
    assert (
        found.xpath("//a[@rel='noopener noreferrer external']/@href").get("").startswith("https://www.coteur.com/cote/")
    )
    page(seasoned, f"/matches/source/{row.id}/text", 404)
    page(seasoned, "/matches/source/99999999/", 404)
    page(seasoned, f"/matches/source/{10**30}/", 404)


def test_a_kept_page_is_text_or_rendered_without_scripts(app: Flask, fill: Callable[..., None]) -> None:
    home = Path(app.config["SETTINGS"]["GIGSCRAPY_HOME"])
    text = "<!doctype html><script>document.title = 'run'</script><p>7,00 4,75 1,42</p>"
    about = {"run_id": "run-1", "spider": "ligue1", "arguments": {}, "rendered": False, "status": 200}
    with Archive(home) as archive:
        key = archive.keep(text, Page(url="https://www.coteur.com/", fetched_at=NOON, **about))  # type: ignore[arg-type]
    fill(quote(page=key))
    client = signed_in(app, "viewer")
    found = page(client, "/matches/source/1/")
    assert found.xpath("//main//a/@href").getall()[-2:] == ["/matches/source/1/text", "/matches/source/1/page"]
    plain, rendered = (client.get(f"/matches/source/1/{kind}") for kind in ("text", "page"))
    assert plain.content_type == "text/plain; charset=utf-8"
    assert plain.text == rendered.text == text
    assert rendered.content_type == "text/html; charset=utf-8"
    for answer in (plain, rendered):
        assert "sandbox; default-src 'none'" in answer.headers.getlist("Content-Security-Policy")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    next((home / "pages").rglob("*.z")).unlink()
    assert "n'est plus gardé ici" in text_of(page(client, "/matches/source/1/").xpath("//p[@class='nothing']"))
    page(client, "/matches/source/1/text", 404)


def test_a_team_is_found_by_another_of_its_names(client: FlaskClient, fill: Callable[..., None]) -> None:
    fill(quote())
    with current().connection_context():
        team = Teams.get(Teams.name == "Paris SG")
        TeamAliases.create(league=team.league, name="PSG", name_key="psg", team=team)
    assert shown(client, "search=PSG+havre&when=all") == ["Le Havre – Paris SG"]
    assert shown(client, "search=PSG+lyon&when=all") == []
