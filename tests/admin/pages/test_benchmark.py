"""The benchmark's page, on either database: what it says, what it asks of the database, and how it says that it is empty."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from flask.testing import FlaskClient

from admin import create_app
from schema.database import connect, hang_up
from schema.messages import Message
from schema.store import Store
from schema.tally import Tally, again
from tests.admin import counted, page, signed_in, text_of
from tests.admin.conftest import current
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote

NOW = datetime.now(UTC).replace(microsecond=0)
BOOKS = {"Winamax": "2.10", "Unibet": "2.05", "Betclic": "2.00"}


def played(days: int, number: int, **changes: object) -> Iterator[Message]:
    """A match of so many days ago, that all three quoted an hour before: Winamax always has the highest price of 1."""
    kickoff = NOW - timedelta(days=days)
    for name, home in BOOKS.items():
        told = {"home": f"H{number}"} | changes
        said = quote(match_id=str(number), kickoff=kickoff, bookmaker=name, prices=prices(home, "3.40", "3.50"), **told)
        yield replace(said, scraped_at=kickoff - timedelta(hours=1))


def said() -> list[Message]:
    told: list[Message] = []
    for number in range(6):
        told += played(number + 1, number)
    told += played(35, 10)
    told += played(3, 11, league="Liga")
    told += played(2, 12, home="=1+1")
    return told


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    home, url = tmp_path_factory.mktemp("benchmark"), None
    if request.param == "mariadb":
        server = request.getfixturevalue("mariadb")
        url = server.url(server.new_database())
        database = connect(url, home)
        lay(database)
        hang_up(database)
    app = create_app(url, home)
    Store(current()).store(letters(*said(), received_at=NOW))
    Tally(current()).run()
    yield signed_in(app)
    hang_up(current())


def table_of(client: FlaskClient, address: str, section: str) -> list[list[str]]:
    return [
        [text_of(cell) for cell in row.xpath("./th|./td")]
        for row in page(client, address).xpath(f"//*[@id='{section}']//tbody/tr")
    ]


def test_the_ranking_says_who_pays_back_most(client: FlaskClient) -> None:
    rows = table_of(client, "/benchmark/", "ranking")
    assert [(row[0], row[1], row[2], row[5]) for row in rows] == [
        ("Winamax", "1", "94,69 %", "8 peu"),
        ("Unibet", "2", "93,66 %", "8 peu"),
        ("Betclic", "3", "92,61 %", "8 peu"),
    ]
    assert rows[0][4] == "▬ 0,00", "as in the period before"


def test_shares_of_the_best_prices_are_of_all(client: FlaskClient) -> None:
    """Winamax has every 1 alone; the other two prices are shared by three."""
    rows = table_of(client, "/benchmark/", "best")
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("Winamax", "55,56 %", "33,33 %"),
        ("Unibet", "22,22 %", "0,00 %"),
        ("Betclic", "22,22 %", "0,00 %"),
    ]


def test_a_figure_of_the_matrix_leads_to_its_matches(client: FlaskClient) -> None:
    found = page(client, "/benchmark/")
    (cell,) = found.xpath("//*[@id='matrix']//tr[th='Winamax']/td[1]/a")
    assert text_of(cell) == "94,69 %"
    rows = [
        [text_of(cell) for cell in row.xpath("./th|./td")]
        for row in page(client, cell.attrib["href"]).xpath("//main//tbody/tr")
    ]
    assert [(row[0], row[2], row[3]) for row in rows] == [("H11 – Paris SG", "Liga", "Winamax")]


def test_every_figure_says_what_is_compared_with_what(client: FlaskClient) -> None:
    found = page(client, "/benchmark/")
    for section in ("ranking", "over-time", "best", "matrix"):
        told = text_of(found.xpath(f"//*[@id='{section}']/*[@class='compared']")[0])
        assert told.startswith("Comparé :")
        assert "Résultat du match, Football, toutes les ligues" in told


def test_the_link_reproduces_the_page_whatever_the_day(client: FlaskClient) -> None:
    found = page(client, "/benchmark/?period=7&colours=operator")
    link = found.xpath("//a[@id='same']/@href").get() or ""
    told = parse_qs(urlsplit(link).query)
    assert {"since", "until", "sport", "market", "colours"} <= told.keys()
    assert "period" not in told
    again_found = page(client, link)
    assert text_of(again_found.xpath("//*[@id='ranking']")[0]) == text_of(found.xpath("//*[@id='ranking']")[0])


def test_days_that_are_typed_count_though_the_period_still_stands(client: FlaskClient) -> None:
    """The form sends both: the one that was changed is meant."""
    day = (NOW - timedelta(days=36)).date()
    address = f"/benchmark/?period=30&was=30,2026-01-01,2026-01-30&since={day}&until={day + timedelta(days=2)}"
    assert {row[5] for row in table_of(client, address, "ranking")} == {"1 peu"}
    unchanged = address.replace("2026-01-01,2026-01-30", f"{day},{day + timedelta(days=2)}")
    assert {row[5] for row in table_of(client, unchanged, "ranking")} == {"8 peu"}


def test_colours_can_be_flipped(client: FlaskClient) -> None:
    found = page(client, "/benchmark/")
    assert not found.xpath("//*[contains(@class, 'operator')]")
    flipped = page(client, found.xpath("//a[@id='flip']/@href").get() or "")
    assert flipped.xpath("//*[contains(@class, 'bench operator')]")


def test_files_have_the_same_figures(client: FlaskClient) -> None:
    link = page(client, "/benchmark/").xpath("//a[text()='CSV']/@href").get() or ""
    answer = client.get(link)
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text[1:]), delimiter=";"))
    assert rows[1][:2] == ["Winamax", ""]
    assert rows[1][7] == "94,69"
    assert [row[1] for row in rows if row[0] == "Winamax"] == ["", "Liga", "Ligue 1"]
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(link.replace(".csv", ".xlsx")).data)).worksheets[0]
    assert [cell.value for cell in sheet[2]][7:9] == [94.69, 0]


def test_the_same_matches_compared(client: FlaskClient) -> None:
    rows = [
        [text_of(cell) for cell in row.xpath("./th|./td")]
        for row in page(client, "/benchmark/compare/").xpath("//table[@id='pairs']/tbody/tr")
    ]
    assert [(row[0], row[1], row[4]) for row in rows] == [
        ("Winamax", "+2,08", "différence non établie : moins de 10 matchs"),
        ("Unibet", "+1,05", "différence non établie : moins de 10 matchs"),
    ]


@pytest.mark.parametrize(
    "address",
    ["/benchmark/", "/benchmark/?sport=TENN", "/benchmark/compare/", "/benchmark/matches/", "/benchmark/table/"],
)
def test_no_page_asks_more_than_five_times(client: FlaskClient, address: str) -> None:
    with counted(current()) as asked:
        page(client, address)
    assert len(asked) <= 5, asked
    assert not [sql for sql in asked if '"Odds"' in sql or "`Odds`" in sql]


@pytest.mark.parametrize(
    "question",
    [
        "sport=X'--&market=1X2&league=abc&league=99999999999&period=never",
        "since=2025-13-01&until=x",
        "since=2030-01-01&until=2001-01-01",
        "market=BTTS&reference=-1&bookmaker=0x1",
        "colours=%3Cscript%3E",
    ],
)
def test_whatever_is_typed_is_read_with_good_will(client: FlaskClient, question: str) -> None:
    for path in ("", "compare/", "matches/", "ranking.csv"):
        answer = client.get(f"/benchmark/{path}?{question}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text.replace("<script type", "").replace("<script src", "")
    assert client.get("/benchmark/other.csv").status_code == 404


def test_where_nothing_is_the_page_says_why_and_what_there_is(client: FlaskClient) -> None:
    found = page(client, "/benchmark/?sport=TENN")
    told = text_of(found.xpath("//*[@id='empty']")[0])
    assert told.startswith("Aucune cotation pour")
    assert "Il y en a ailleurs : Football, Résultat du match" in told
    link = found.xpath("//*[@id='empty']//a/@href").get() or ""
    assert page(client, link).xpath("//*[@id='ranking']")


class TestAlone:
    """Each with a database of its own."""

    @pytest.fixture
    def alone(self, tmp_path: Path) -> Iterator[FlaskClient]:
        app = create_app(None, tmp_path)
        yield signed_in(app)
        hang_up(current())

    def put(self, *messages: Message) -> None:
        Store(current()).store(letters(*messages, received_at=NOW))

    def test_nothing_at_all(self, alone: FlaskClient) -> None:
        assert "Rien n'est encore décompté : lancez « scrapy tally »" in text_of(page(alone, "/benchmark/"))
        Tally(current()).run()
        assert "Aucune cote n'est encore enregistrée" in text_of(page(alone, "/benchmark/"))

    def test_only_what_is_coming_is_shown_at_once(self, alone: FlaskClient) -> None:
        """As after a newcomer's first crawl."""
        item = quote(kickoff=NOW + timedelta(days=2), bookmaker="Winamax", published_trj=Decimal("94.55"))
        self.put(item)
        Tally(current()).run()
        found = page(alone, "/benchmark/")
        assert found.xpath("//*[@id='switched']")
        assert [text_of(row) for row in found.xpath("//*[@id='ranking']//tbody/tr/th")] == ["Winamax"]

    def test_a_late_tally_says_so(self, alone: FlaskClient) -> None:
        Tally(current()).run()
        self.put(*played(1, 1))
        current().execute_sql("UPDATE TouchedMatches SET touched_at = '2025-01-01 00:00:00'")
        assert "Le décompte est en retard : ce qui a été relevé depuis mer. 01/01/2025" in text_of(
            page(alone, "/benchmark/")
        )
        Tally(current()).run()
        assert "Décompte à jour" in text_of(page(alone, "/benchmark/"))
        again(current())
        assert "Le premier décompte est en cours" in text_of(page(alone, "/benchmark/"))

    def test_names_from_a_page_are_text(self, alone: FlaskClient) -> None:
        script = "<script>alert(1)</script>"
        self.put(*(played(1, 1, league=script)))
        Tally(current()).run()
        for address in ("/benchmark/", "/benchmark/matches/", "/benchmark/compare/"):
            assert script not in alone.get(address).text


def test_a_viewer_reads_it_and_nobody_else_does(tmp_path: Path, as_role: Callable[[str | None], FlaskClient]) -> None:
    assert as_role("viewer").get("/benchmark/").status_code == 200
    assert as_role(None).get("/benchmark/").status_code == 302
