"""Queries that were saved for gig-benchmark run as they stand, and find what they found."""

import csv
import importlib
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from peewee import PeeweeException

from schema.database import connect, hang_up
from schema.gignames import VIEWS
from schema.models import Users, use
from schema.store import Store
from tests.gig.database import DJANGO, GigDatabase
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.schema.letters import letters, prices, quote
from tests.services.mariadb import MariaDB

PAGE = Path(__file__).with_name("saved_queries.sql").read_text(encoding="utf-8")
SAVED = [
    (
        title,
        "\n".join(line for line in rest.splitlines() if not line.startswith("--")),
        re.findall("^-- => (.*)$", rest, re.MULTILINE),
    )
    for title, rest in (
        part.split("\n", 1) for part in re.split(r"^-- (?!=>)", PAGE.partition("\n\n")[2], flags=re.MULTILINE)[1:]
    )
]
"""Name, query, and the rows it finds."""


def fill(url: str | None, home: Path) -> None:
    """A little of all, and what gig-benchmark never had: other markets, lists, prices in doubt."""
    database = connect(url, home)
    lay(database)
    bare = {"match_id": None, "country": None}
    tennis = bare | {"sport": "tennis", "league": "ATP Paris", "home": "Gael", "away": "Novak", "market": "12"}
    rugby = bare | {"sport": "rugby", "league": "Top 14", "home": "Toulouse", "away": "Castres", "kickoff": None}
    Store(database).store(
        letters(
            quote(),
            quote(3600, prices=prices("7.2", "4.75", "1.42")),
            quote(bookmaker="Pmu", prices=prices("7", "4.8", "1.42")),
            quote(1, market="DNB", prices=prices("5.1", "1.14", outcomes="12")),
            quote(2, market="1X2H1", prices=prices("6.5", "2.4", "1.9")),
            quote(3, bookmaker="Unibet", partial=True, prices=prices("8", None, None)),
            quote(4, bookmaker="Bwin", suspect="payout-high", prices=prices("70", "47", "14")),
            quote(**tennis, prices=prices("1.74", "2.1", outcomes="12")),
            quote(3601, bookmaker="Pmu", **tennis, prices=prices("1.75", "2.1", outcomes="12")),
            quote(**rugby, bookmaker="Pmu", prices=prices("1.3", None, "3.6")),
        )
    )
    use(database)
    for name, role in (("boss", "admin"), ("analyst", "viewer")):
        Users.create(username=name, username_key=name, password="a hash", role=role, fs_uniquifier=name)
    hang_up(database)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str | None, Path]]:
    home = tmp_path_factory.mktemp("filled")
    if request.param == "sqlite":
        fill(None, home)
        yield None, home
        return
    mariadb: MariaDB = request.getfixturevalue("mariadb")
    name = mariadb.new_database()
    fill(mariadb.url(name), home)
    yield mariadb.url(name), home
    for one in (name, f"{name}_gig"):
        mariadb.execute(f"DROP DATABASE IF EXISTS {one}")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(importlib.import_module("gigscrapy.commands.gig-sql").Command, capsys)


def plain(cell: str) -> str:
    """A number without the noughts that one database prints and another does not; a time without its fraction."""
    if re.fullmatch(r"\d+\.\d+", cell):
        return f"{Decimal(cell).normalize():f}"
    return re.sub(r"(:\d\d)\.0+$", r"\1", cell)


def test_saved_queries(ask: Ask, filled: tuple[str | None, Path]) -> None:
    url, home = filled
    if url:
        ran = ask("SELECT 1", home=home, DATABASE_URL=url)
        assert (ran.returncode, "scrapy gig-sql --make" in ran.stderr) == (2, True)
        for _ in range(2):
            assert ask("--make", home=home, DATABASE_URL=url).returncode == 0
    assert len(SAVED) == 19
    for title, query, expected in SAVED:
        if title.startswith("mysql") and not url:
            continue
        ran = ask(query, home=home, DATABASE_URL=url)
        assert ran.returncode == 0, (title, ran.stderr)
        _, *found = csv.reader(io.StringIO(ran.stdout))
        assert [",".join(map(plain, row)) for row in found] == expected, title


def test_columns_are_gig_benchmarks(ask: Ask, filled: tuple[str | None, Path]) -> None:
    url, home = filled
    if url:
        ask("--make", home=home, DATABASE_URL=url)
    columns = {
        name: ask(f"SELECT * FROM {name} WHERE id < 0", home=home, DATABASE_URL=url).stdout.strip() for name in VIEWS
    }
    assert columns["Odds"] == "id,match_id,market_id,bookmaker_id,outcome,odd_value,trj,scraped_at"
    assert columns["MarketNames"] == "id,sport_id,code,name,created_at"
    assert columns["Matches"].startswith("id,league_id,home_team_id,away_team_id,match_date,status")
    assert "password" not in columns["users"]


def test_it_only_reads(ask: Ask, filled: tuple[str | None, Path]) -> None:
    url, home = filled
    if url:
        ask("--make", home=home, DATABASE_URL=url)
    for query in ("DELETE FROM Sports", "DROP TABLE main.Sports", "SELECT nothing FROM Odds", "SELEC"):
        assert ask(query, home=home, DATABASE_URL=url).returncode == 2
    assert ask("SELECT COUNT(*) FROM Sports", home=home, DATABASE_URL=url).stdout == "COUNT(*)\n21\n"


@pytest.mark.server
def test_whoever_reads_slowly_is_waited_for(ask: Ask, filled: tuple[str | None, Path]) -> None:
    """Rows are written while they are read: left alone, a server cuts off after a minute."""
    url, home = filled
    if url:
        ask("--make", home=home, DATABASE_URL=url)
        assert ask("SELECT @@net_write_timeout AS waits", home=home, DATABASE_URL=url).stdout == "waits\n600\n"


@pytest.mark.server
def test_a_database_of_somebody_is_left_alone(ask: Ask, filled: tuple[str | None, Path], mariadb: MariaDB) -> None:
    url, home = filled
    if not url:
        assert ask("--make", home=home).returncode == 2
        assert ask("--print", home=home).stdout.startswith('CREATE TEMP VIEW "Sports" AS SELECT')
        return
    theirs = mariadb.new_database()
    database = connect(mariadb.url(theirs), home)
    GigDatabase(database, DJANGO).make()
    hang_up(database)
    ran = ask("--make", f"--database={theirs}", home=home, DATABASE_URL=url)
    assert (ran.returncode, "it has tables of its own: Bookmakers, Leagues" in ran.stderr) == (2, True)
    ran = ask("--make", f"--database={url.rpartition('/')[2]}", home=home, DATABASE_URL=url)
    assert (ran.returncode, "gigscrapy's own" in ran.stderr) == (2, True)
    assert ask("--make", "--database=a`b", home=home, DATABASE_URL=url).returncode == 2


@pytest.mark.server
def test_the_views_cost_no_scan(filled: tuple[str | None, Path], ask: Ask, mariadb: MariaDB) -> None:
    """One match is found by the index of Odds, through the view too: nothing is put aside in a table of its own."""
    url, home = filled
    if not url:
        return
    ask("--make", home=home, DATABASE_URL=url)
    name = f"{url.rpartition('/')[2]}_gig"
    plan = mariadb.execute(f"EXPLAIN SELECT * FROM {name}.Odds WHERE match_id = 1 AND outcome = '1'")
    assert "DERIVED" not in {step[1] for step in plan}
    [possible] = [step[4] for step in plan if step[2] == "o"]  # of a table as small as this it chooses none
    assert "odds_match_id_market_id_line_bookmaker_id_outcome_scraped_at" in possible


def test_what_would_be_told_otherwise_without_the_views(filled: tuple[str | None, Path]) -> None:
    """On our tables themselves, which hold more under the same names."""
    url, home = filled
    database = connect(url, home)
    otherwise = set()
    for title, query, expected in SAVED:
        if title.startswith("mysql") and not url:
            continue
        try:
            rows = [
                ["NULL" if cell is None else plain(str(cell)) for cell in row]
                for row in database.execute_sql(query.replace("%", "%%"))
            ]
        except PeeweeException:
            otherwise.add(title)
            continue
        if [",".join(row) for row in rows] != expected:
            otherwise.add(title)
    hang_up(database)
    assert otherwise - {title for title, *_ in SAVED if title.startswith("mysql")} == {
        "how many prices of each outcome",
        "bookmakers by average TRJ, as /api/avg-trj had it",
        "the result market, whatever the sport",
        "tennis by the id of its market",
        "best price of each outcome of a match",
        "prices that no TRJ stands beside",
        "who may do what",
    }
