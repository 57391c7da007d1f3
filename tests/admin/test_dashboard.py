"""The first page, the matrix and the movements, over a lively day, on both kinds of database; and before any day."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from parsel import Selector

from admin import create_app, kept, services
from admin.formats import often
from admin.sight import is_late
from schema.database import connect, hang_up
from schema.models import Bookmakers, Leagues, Runs, Schedules, now
from tests.admin import counted, lively, page, signed_in, text_of
from tests.admin.conftest import current
from tests.admin.crowd import SCRIPT
from tests.schema.laid import lay
from tests.schema.letters import KICKOFF, quote


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Over a lively day; only to be read."""
    home, url = tmp_path_factory.mktemp("day"), None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kept, "PATIENCE", 20)
        patched.setattr(services, "PATIENCE", 20)
        app = create_app(url, home)
        lively.fill(current())
        yield signed_in(app)
    hang_up(current())


def plain(selector: Selector) -> str:
    return text_of(selector).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def tiles(shown: Selector) -> dict[str, tuple[str, str]]:
    return {
        plain(tile.css("h2")[0]): (plain(tile.css(".figure")[0]), plain(tile.css("p:not(.figure)")[0]))
        for tile in shown.css(".tile")
    }


def needs(shown: Selector) -> dict[str, str]:
    return {plain(need.css("span")[1]): need.css("a::attr(href)").get("") for need in shown.css("#needs li")}


# -- the first page ----------------------------------------------------------------------------------------------------


def test_a_fresh_installation_says_what_comes_next(client: FlaskClient) -> None:
    shown = page(client, "/")
    assert [text_of(step) for step in shown.css("#welcome code")] == ["make services"]
    assert shown.css("#welcome a.btn::attr(href)").get() == "/crawls/#start"
    assert tiles(shown)["Fraîcheur"] == ("aucune cote", "aucune planification active : rien n'est attendu")
    assert tiles(shown)["Bookmakers vus en 24 h"] == ("0 / 0", "aucun cette semaine")
    assert text_of(shown.css("#coverage .nothing")[0]).startswith("Aucun match à venir n'a été vu depuis un jour")
    assert "scrapy ask ligue1" in text_of(shown.css("#hours .nothing")[0])
    assert plain(shown.css("#needs .nothing")[0]) == "Rien encore : commencez par les étapes ci-dessus."


def test_the_figures_of_the_day(day: FlaskClient) -> None:
    found = tiles(page(day, "/"))
    assert re.fullmatch(r"il y a [345] min ✓", found["Fraîcheur"][0])
    assert found["Fraîcheur"][1] == "attendue toutes les 15 min"
    assert re.fullmatch(r"1 348", found["Cotes relevées en 24 h"][0])
    assert found["Cotes relevées en 24 h"][1] == "+75 % sur la veille"
    assert found["Bookmakers vus en 24 h"] == ("8 / 9", "⚠ manquent : Vbet")
    assert found["File"] == ("0", "cotes en attente ; demandes : 0")
    assert found["Alertes actives"][0] == "1"
    assert found["Crawls"] == ("1 en cours", "en attente : 1")


def test_what_needs_a_person_leads_to_where_it_is_mended(day: FlaskClient) -> None:
    found = needs(page(day, "/"))
    assert found["Messages refusés qui attendent : 3."] == "/crawls/#letters"
    assert found["Bookmakers que personne n'a encore vérifiés : 1."] == "/admin/bookmakers/?reviewed=0"
    assert found["Bookmakers plus vus depuis 24 h : Vbet."] == "#coverage"
    assert found["Trous dans la couverture : 9."] == "#coverage"
    assert any("personne ne les suit ; lancez scrapy scheduler" in said for said in found)
    last = Runs.get(Runs.run_id == "lively-19")
    assert found["« Ligue 1 » : la dernière fois a ramené bien moins que d'habitude."] == f"/crawls/{last.id}/"
    assert "/admin/schedules/details/" in found["« Ligue 1 » : échéances manquées en 24 h : 1."]
    current().close()
    for address in found.values():
        assert day.get(address.partition("#")[0] or "/").status_code == 200


def test_a_crawl_that_failed_and_prices_that_are_late_are_told(client: FlaskClient, fill: Callable[..., None]) -> None:
    Schedules.update(every_minutes=15, cron=None, enabled=True, name=SCRIPT).execute()
    ago = now() - timedelta(hours=2)
    fill(quote())
    run = Runs.create(run_id="f", spider="nba", state="failed", verdict="no-node", requested_at=ago, finished_at=ago)
    silent = Runs.create(run_id="s", spider="atp", state="running", started_at=ago, reported_at=ago)
    shown = page(client, "/")
    found = needs(shown)
    assert found["Aucune cote depuis plus de 30 min 00 s."] == "/crawls/#latest"
    assert found["nba : le dernier relevé s'est mal terminé (aucun nœud disponible)."] == f"/crawls/{run.id}/"
    assert found["atp : en cours, mais muet depuis 2 h 00 min."] == f"/crawls/{silent.id}/"
    assert plain(shown.css(".tile.bad p:not(.figure)")[0]) == "En retard : attendue toutes les 15 min"
    assert SCRIPT not in shown.get()


@pytest.mark.parametrize(
    ("minutes", "after", "late"), [(29, 30, False), (31, 30, True), (31, None, False), (None, 30, True)]
)
def test_late_is_older_than_two_periods(minutes: int | None, after: int | None, late: bool) -> None:
    at = now()
    newest = None if minutes is None else at - timedelta(minutes=minutes)
    assert is_late(newest, None if after is None else timedelta(minutes=after), at) is late


def test_how_often() -> None:
    assert [often(timedelta(minutes=minutes), "fr") for minutes in (15, 90, 360, 1440)] == [
        *("15 min", "90 min", "6 h", "1 j"),
    ]
    assert often(timedelta(seconds=75), "fr") == "1 min 15 s"


def test_the_hours_and_the_crawls_are_a_chart_and_a_table(day: FlaskClient) -> None:
    figure = page(day, "/").css("figure#per-hour")[0]
    assert "crawl ligue1" in figure.css("script::text").get("")
    assert '"unit": "count"' in figure.css("script::text").get("")
    counts = [int(plain(cell).replace(" ", "")) for cell in figure.css("tbody td")]
    assert len(counts) == 48
    assert sum(counts[:24]) == 1348
    assert sum(1 for count in counts if count) in (5, 6)


def test_the_widest_moves_of_an_hour_each_outcome_once(day: FlaskClient) -> None:
    rows = [[plain(cell) for cell in row.css("td")] for row in page(day, "/").css("#moves tbody tr")]
    assert len(rows) == 9, "five drops, and only four rises"
    assert rows[0][2:] == ["de 2,40 →à 2,18", "▼baisse −9,2 %", rows[0][4]]
    assert "et 6 de plus dans ce sens" in rows[0][4]
    assert len({(row[0], row[1]) for row in rows}) == 9
    assert rows[5][3].startswith("▲hausse +6,1 %")


def test_what_comes_next_and_how_it_went(day: FlaskClient) -> None:
    rows = page(day, "/").css("#next tbody tr")
    assert [plain(row.css("td")[0]) for row in rows] == ["Ligue 1", "Nuit", "Clôture"]
    assert "".join(text_of(mark) for mark in rows[0].css(".strip a")) == "●●●●●▲●◌●✕●●–●●●●●●▲"
    assert plain(rows[2].css("td")[1]) == "selon les matchs"


def test_a_handful_of_queries(day: FlaskClient) -> None:
    page(day, "/")
    for address in ("/", "/movements/?hours=1", "/crawls/"):
        with counted(current()) as asked:
            page(day, address)
        own = [sql for sql in asked if "User" not in sql]
        assert len(own) <= 5, (address, own)


# -- coverage ----------------------------------------------------------------------------------------------------------


def test_a_hole_is_a_shape_a_text_and_a_way_to_its_cause(day: FlaskClient) -> None:
    shown = page(day, "/")
    names = [plain(head) for head in shown.css(".matrix thead th")][2:]
    rows = {
        plain(row.css("th")[0]): dict(zip(names, (plain(cell) for cell in row.css(".square")), strict=True))
        for row in shown.css(".matrix tbody tr")
    }
    assert rows["NBA Basketball"]["Pmu"] == "□ 0/4 absent"
    assert rows["Ligue 1 Football"]["Pmu"] == "■ 4/4 complet"
    assert rows["Ligue 1 Football"]["NetBet"] == "▨ 3/4 partiel"
    assert next(iter(rows)) == "NBA Basketball", "the league with most faults first"
    nba, pmu = Leagues.get(Leagues.name == "NBA"), Bookmakers.get(Bookmakers.name == "Pmu")
    current().close()
    address = f"/coverage/{nba.id}/{pmu.id}/"
    [link] = shown.xpath("//td/a[@href=$address]", address=address)
    assert "fault" in link.xpath("../@class").get("")
    assert re.search(r"vu ici il y a \d h", link.attrib["title"])
    why = page(day, address)
    assert text_of(why.css("h1")[0]) == "Pmu – NBA"
    assert len(why.css("#matches tbody tr")) == 4
    assert all("il y a 2 h" in plain(row) for row in why.css("#matches tbody tr"))
    assert day.get("/coverage/99999/1/").status_code == 404
    assert day.get(f"/coverage/{'9' * 30}/1/").status_code == 404


# -- movements ---------------------------------------------------------------------------------------------------------


def moved(shown: Selector, part: str) -> list[list[str]]:
    return [[plain(cell) for cell in row.css("td")] for row in shown.css(f"#{part} tbody tr")]


def test_drops_and_rises_narrowed_as_the_address_says(day: FlaskClient) -> None:
    shown = page(day, "/movements/")
    drops, rises = moved(shown, "drops"), moved(shown, "rises")
    assert [len(drops), len(rises)] == [6, 4]
    assert len({(row[0], row[1]) for row in drops}) == 6  # nine bookmakers that moved alike are one line
    assert drops[0][3] == "▼baisse −9,2 %"
    assert all(row[3].startswith("▲hausse +") for row in rises)
    nba = next(option.attrib["value"] for option in shown.css("#league option") if plain(option) == "NBA (Basketball)")
    winamax = next(
        tick.css("input::attr(value)").get() for tick in shown.css(".ticks label") if "Winamax" in plain(tick)
    )
    narrowed = page(day, f"/movements/?hours=6&way=down&league={nba}&bookmaker={winamax}&min=2,5")
    found = moved(narrowed, "drops")
    assert {(row[0].split(" ")[0], row[4].split(" et ")[0]) for row in found} == {("NBA", "Winamax")}
    assert len(found) == 2
    assert not narrowed.css("#rises")
    assert narrowed.css("#min::attr(value)").get() == "2,5"
    assert narrowed.css("#league option[selected]::attr(value)").get() == nba
    none = page(day, "/movements/?min=90")
    assert text_of(none.css("#drops .nothing")[0]).startswith("Aucune baisse, depuis 1 h")
    assert none.css("#drops .nothing a::attr(href)").get() == "/movements/?hours=24"


@pytest.mark.parametrize(
    "asked", ["hours=7", "hours=x&min=abc", "min=-5", "min=nan", "league=x&sport=&bookmaker=x", "way=up'--"]
)
def test_an_address_that_makes_no_sense_shows_what_does(day: FlaskClient, asked: str) -> None:
    shown = page(day, f"/movements/?{asked}")
    assert shown.css("#hours option[selected]::attr(value)").get() == "1"
    assert len(moved(shown, "rises")) == 4


def test_surebets_name_their_bookmakers(client: FlaskClient, fill: Callable[..., None]) -> None:
    from tests.schema.letters import prices

    kickoff = KICKOFF.replace(year=2099)
    assert "Aucun" in text_of(page(client, "/movements/").css("#surebets .nothing")[0])
    fill(quote(kickoff=kickoff, prices=prices("2.10", "3.70", "3.20")))
    fill(quote(kickoff=kickoff, bookmaker="Zebet", prices=prices("1.90", "3.40", "4.60")))
    fresh = signed_in(create_app(home=client.application.config["QUEUES"].home))
    [row] = moved(page(fresh, "/movements/"), "surebets")
    assert row[2] == "103,75 %"
    assert row[3] == "1 2,10 Winamax · N 3,70 Winamax · 2 4,60 Zebet"
