"""``scrapy import-gig``: a database of gig-benchmark with all that is wrong in one, into ours."""

import importlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from gigscrapy.imports.gigbase.tables import Gig, Row
from schema.checksum import Checksum, checksum
from schema.database import connect, hang_up
from tests.faults.processes import running
from tests.gig.database import DJANGO, FLAT, SCHEMA, GigDatabase, every_defect, many
from tests.gigscrapy.commands.in_process import Ask, asking
from tests.schema.laid import lay
from tests.services.mariadb import MariaDB

Open = Callable[[str], tuple[str, GigDatabase]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(importlib.import_module("gigscrapy.commands.import-gig").Command, capsys)


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server)])
def gig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Makes a database of gig-benchmark with one of its schemas, and tells where."""
    opened: list[Database] = []

    def make(schema: str) -> tuple[str, GigDatabase]:
        embedded = request.param == "sqlite"
        url = f"sqlite:///{tmp_path}/theirs.sqlite3" if embedded else request.getfixturevalue("mariadb_url")
        opened.append(connect(url, tmp_path))
        return url, GigDatabase(opened[0], schema).make()

    yield make
    for database in opened:
        hang_up(database)


def rows(home: Path, sql: str) -> list[tuple[Any, ...]]:
    database = connect(None, home)
    try:
        return list(database.execute_sql(sql))
    finally:
        hang_up(database)


def checksums(url: str | None, home: Path) -> dict[str, Checksum]:
    database = connect(url, home)
    try:
        return checksum(database)
    finally:
        hang_up(database)


MATCHES = """
    SELECT s.code, l.name, h.name, a.name, m.match_date, m.match_key,
      (SELECT COUNT(*) FROM Odds o WHERE o.match_id = m.id)
    FROM Matches m JOIN Leagues l ON l.id = m.league_id JOIN Sports s ON s.id = l.sport_id
    JOIN Teams h ON h.id = m.home_team_id JOIN Teams a ON a.id = m.away_team_id ORDER BY m.match_key
"""


@pytest.mark.parametrize("schema", [DJANGO, SCHEMA])
def test_all_that_is_wrong_is_mended_or_told(gig: Open, ask: Ask, tmp_path: Path, schema: str) -> None:
    url, theirs = gig(schema)
    every_defect(theirs)
    home = tmp_path / "home"
    ran = ask(url, home=home)
    assert ran.returncode == 3, ran.stdout + ran.stderr  # all adds up, and some was refused
    found = {row[5]: row for row in rows(home, MATCHES)}
    assert [key for key in found if key.startswith("gig")] == ["gig-benchmark:gig-3-2"]
    plain = found["football|ligue 1|psg|om|2025-11-10"]
    assert (plain[4], plain[6]) == ("2025-11-10 19:45:00", 12)  # an hour earlier; with what the league's double had
    assert found["football|ligue 1|lens|lille|"][4] is None
    assert (found["football|ligue 1|nice|lyon|2025-08-23"][4], found["football|ligue 1|nice|lyon|2025-08-23"][6]) == (
        "2025-08-23 19:00:00",
        3,
    )
    assert (found["gig-benchmark:gig-3-2"][4], found["gig-benchmark:gig-3-2"][6]) == (None, 6)
    assert found["football|ligue 1|brest|metz|2025-10-26"][4] == "2025-10-26 00:30:00"
    assert found["handball|handball starligue|nantes|montpellier|2025-11-12"][0] == "HAND"
    assert rows(
        home,
        "SELECT k.code, o.outcome, o.trj FROM Odds o JOIN MarketNames k ON k.id = o.market_id JOIN Sports s"
        " ON s.id = k.sport_id WHERE s.code = 'BASK' ORDER BY o.outcome",
    ) == [("12", "1", 92.77), ("12", "2", 92.77)]
    assert rows(home, "SELECT DISTINCT b.name FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id ORDER BY 1") == [
        ("Betclic",),
        ("Pmu",),
        ("Winamax",),
    ]
    assert not [key for key in found if "angers" in key]

    again = json.loads(ask(url, "--json", home=home).stdout)
    assert (again["adds_up"], again["stored_now"]) == (True, 0)
    there, total = theirs.sum()
    assert again["prices"]["there"] == again["prices"]["read"] == {"rows": there, "sum": f"{total:.2f}"}
    assert again["prices"]["here"] == again["prices"]["taken"]
    refused = {"no-bookmaker": 3, "no-match": 3, "no-price": 2, "no-time": 1} | (
        {"teams": 3} if schema == DJANGO else {}
    )
    assert {reason: one["rows"] for reason, one in again["refused"].items()} == refused
    assert {
        "default-kickoff": 1,
        "met-again": 1,
        "hour-that-comes-twice": 1,
        "other-sport": 1,
        "no-prices": 1,
        "status": 1,
    }.items() <= again["notes"].items()
    assert again["users"] == {"there": 1 if schema == DJANGO else 0, "taken": 0}
    assert again["tables"]["Leagues"] == {"read": 4, "with_prices": 4, "here": 3}


def test_what_a_person_says_is_believed(gig: Open, ask: Ask, tmp_path: Path) -> None:
    url, theirs = gig(DJANGO)
    every_defect(theirs)
    league = theirs.league("Starligue")
    theirs.scrape(theirs.match(league, "PARIS", "NIMES", None), datetime(2025, 11, 9, 12), (1.20, 12.0, 7.50))
    home = tmp_path / "home"
    told = ask("--believe-20h", "--sport", "Starligue=handball", home=home, GIG_DATABASE_URL=url).stdout
    assert "believed, as you said: LENS - LILLE" in told
    assert "2 football leagues that are of another sport" in told
    assert "users: 1, none taken" in told
    assert told.endswith("it adds up\n")
    found = {row[5]: row for row in rows(home, MATCHES)}
    assert found["football|ligue 1|lens|lille|2025-11-10"][4] == "2025-11-10 19:00:00"
    assert found["handball|starligue|paris|nimes|"][0] == "HAND"


def test_what_is_there_twice_stands_once(gig: Open, ask: Ask, tmp_path: Path) -> None:
    """A match in a league under two codes, a bookmaker under two, seen within one second: the higher price stands."""
    url, theirs = gig(DJANGO)
    noon, kickoff = datetime(2025, 11, 9, 12), datetime(2025, 11, 10, 20, 45)
    one, other = theirs.league("Ligue 2", "LIGUE_2"), theirs.league("Ligue  2", "LIGUE2")
    first = theirs.match(one, "PSG", "OM", kickoff)
    theirs.scrape(theirs.match(one, "LENS", "LILLE", kickoff), noon, (2.10, 3.40, 3.50))
    second = theirs.match(other, "psg", "OM", kickoff)
    theirs.bookmakers["PMU2"] = theirs.put("Bookmakers", code="PMU2", name="Pmu")
    theirs.scrape(first, noon, (2.10, 3.40, 3.50))
    theirs.scrape(first, noon, (2.20, 3.30, None), "WINAMAX")
    theirs.scrape(first, noon, (2.00, None, 3.60), "PMU2")
    theirs.scrape(second, noon, (2.30, 3.40, None))
    for _ in range(2):
        told = json.loads(ask(url, "--json", home=tmp_path).stdout)
        assert (told["adds_up"], told["prices"]["there"]["rows"], told["prices"]["here"]["rows"]) == (True, 12, 8)
        assert told["prices"]["merged"] == {"rows": 4, "sum": "11.00"}
    found = "SELECT o.outcome, o.odd_value FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id JOIN Matches m"
    found += " ON m.id = o.match_id WHERE b.code = 'PMU' AND m.match_key LIKE '%psg%' ORDER BY o.outcome"
    assert rows(tmp_path, found) == [("1", 2.3), ("2", 3.6), ("X", 3.4)]

    ran = ask(url, "--name=other", home=tmp_path)
    assert (ran.returncode, "under the name gig" in ran.stderr) == (2, True)


def test_columns_that_tell_nothing(gig: Open, ask: Ask, tmp_path: Path) -> None:
    url, theirs = gig(DJANGO)
    match = theirs.match(theirs.league("Ligue 1", "LIGUE_1"), "PSG", "OM", None)
    theirs.scrape(match, datetime(2025, 11, 9, 12), (2.10, 3.40, 3.50))
    for lacking in ("market_id", "bookmaker_id", "outcome", "odd_value"):
        price = {"market_id": 1, "bookmaker_id": 1, "outcome": "1", "odd_value": 2, lacking: None}
        theirs.put("Odds", match_id=match, scraped_at=datetime(2025, 11, 9, 13), **price)
    told = json.loads(ask(url, "--json", home=tmp_path).stdout)
    assert (told["adds_up"], told["prices"]["here"]["rows"]) == (True, 3)
    assert {reason: one["rows"] for reason, one in told["refused"].items()} == {
        "no-market": 1,
        "no-bookmaker": 1,
        "outcome": 1,
        "no-price": 1,
    }


@pytest.mark.server
def test_a_server_that_goes_away(ask: Ask, mariadb: MariaDB, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-way: it is said whose it was, and what is done stays, with an account of more than 64 kB."""
    url, ours = (mariadb.url(mariadb.new_database()) for _ in range(2))
    theirs, database = connect(url, tmp_path), connect(ours, tmp_path)
    lay(database)
    hang_up(database)
    with theirs.atomic():
        many(GigDatabase(theirs).make(), matches=350, visits=1)
        theirs.execute_sql("UPDATE Teams SET name = CONCAT(name, REPEAT('x', 90))")
    hang_up(theirs)
    asked, answers = Gig.prices, iter(range(340))

    def prices(gig: Gig, match: int, upto: int) -> list[Row]:
        if next(answers, None) is None:
            mariadb.execute(f"KILL {gig.database.connection().thread_id()}")
        return asked(gig, match, upto)

    with monkeypatch.context() as patch:
        patch.setattr(Gig, "prices", prices)
        ran = ask(url, home=tmp_path, DATABASE_URL=ours)
    assert (ran.returncode, url.rpartition("/")[2] in ran.stderr) == (2, True), ran.stderr
    assert "run it again to go on" in ran.stderr
    ran = ask(url, "--json", home=tmp_path, DATABASE_URL=ours)
    assert (ran.returncode, "it goes on" in ran.stderr) == (0, True), ran.stderr
    told = json.loads(ran.stdout)
    assert told["tables"]["Teams"] == {"read": 700, "with_prices": 700, "here": 700}
    assert told["stored_now"] < 500


def test_the_flat_table(gig: Open, ask: Ask, tmp_path: Path) -> None:
    url, theirs = gig(FLAT)
    said = {"bookmaker": "Pmu", "league": "Ligue 1", "sport": "football", "trj": 94.69}
    prices = {"cote_1": 2.10, "cote_N": 3.40, "cote_2": 3.50}
    seen = {"created_at": datetime(2025, 11, 9, 12)}
    theirs.put("odds", match_name="PSG - OM", match_date="2025-11-10 20:45:00", **said, **prices, **seen)
    theirs.put("odds", match_name="LENS - LILLE", match_date="lundi 10 novembre 2025 à 19h00", **said, **prices, **seen)
    theirs.put("odds", match_name="SAINT - ETIENNE - PSG", match_date=None, **said, **prices, **seen)
    tennis = said | {"league": "ATP Paris", "sport": "tennis"}
    theirs.put("odds", match_name="A - B", match_date=None, **tennis, **prices | {"cote_N": None}, **seen)
    theirs.put(
        "odds", match_name="psg - OM", match_date="2025-11-10 20:45:00", **said, **prices | {"cote_1": 2}, **seen
    )
    for _ in range(2):
        told = json.loads(ask(url, "--json", home=tmp_path).stdout)
        assert (told["schema"], told["adds_up"]) == ("flat table", True)
        assert (told["prices"]["read"]["rows"], told["prices"]["here"]["rows"]) == (14, 8)
        assert told["prices"]["merged"] == {"rows": 3, "sum": "8.90"}
        assert told["refused"] == {"teams": {"rows": 3, "sum": "9.00"}}
    assert told["stored_now"] == 0
    found = {row[5]: (row[4], row[6]) for row in rows(tmp_path, MATCHES)}
    assert found == {
        "football|ligue 1|lens|lille|2025-11-10": ("2025-11-10 18:00:00", 3),
        "football|ligue 1|psg|om|2025-11-10": ("2025-11-10 19:45:00", 3),
        "tennis|atp paris|a|b|": (None, 2),
    }


def test_broken_off_it_goes_on(gig: Open, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, theirs = gig(DJANGO)
    with theirs.database.atomic():
        every_defect(theirs)
        assert many(theirs, matches=60, visits=5) == 1200
    whole = json.loads(ask(url, "--json", home=tmp_path / "whole").stdout)
    pressed = iter([False, True])

    def progress(*_: object) -> str:
        if next(pressed):
            raise KeyboardInterrupt
        return ""

    command = importlib.import_module("gigscrapy.commands.import-gig")
    with monkeypatch.context() as patch:
        patch.setattr(command, "_progress", progress)
        ran = ask(url, home=tmp_path)
    assert (ran.returncode, "run it again to go on" in ran.stderr) == (130, True)
    ran = ask(url, "--json", home=tmp_path)
    assert "it goes on" in ran.stderr
    told = json.loads(ran.stdout)
    session = ("stored_now", "there_already")
    assert {key: one for key, one in told.items() if key not in session} == {
        key: one for key, one in whole.items() if key not in session
    }
    assert 0 < told["stored_now"] < whole["stored_now"]
    assert checksums(None, tmp_path) == checksums(None, tmp_path / "whole")


@pytest.mark.server
def test_killed_half_way_it_goes_on(ask: Ask, mariadb: MariaDB, tmp_path: Path) -> None:
    """Nothing twice, nothing lost: the tables are those of an import that nobody disturbed."""
    theirs, ours = (mariadb.url(mariadb.new_database()) for _ in range(2))
    database = connect(theirs, tmp_path)
    with database.atomic():
        assert many(GigDatabase(database).make(), matches=120, visits=8) == 3840
    hang_up(database)
    database = connect(ours, tmp_path)
    lay(database)
    hang_up(database)
    [name] = [ours.rpartition("/")[2]]
    with running("import-gig", theirs, home=tmp_path, environment={"DATABASE_URL": ours}) as importing:
        importing.until(lambda: mariadb.execute(f"SELECT COUNT(*) FROM {name}.Messages")[0][0] > 900)
        importing.kill9()
    stored = mariadb.execute(f"SELECT COUNT(*) FROM {name}.Messages")[0][0]
    [(position, done_at)] = mariadb.execute(f"SELECT position, done_at FROM {name}.TakeOvers")
    assert stored < 3840
    assert (0 < position < 120, done_at) == (True, None)

    other = mariadb.url(mariadb.new_database())
    database = connect(other, tmp_path)
    GigDatabase(database).make()
    hang_up(database)
    ran = ask(other, home=tmp_path, DATABASE_URL=ours)
    assert (ran.returncode, "is not done yet" in ran.stderr) == (2, True)

    ran = ask(theirs, "--json", home=tmp_path, DATABASE_URL=ours)
    assert (ran.returncode, "it goes on" in ran.stderr) == (0, True), ran.stderr
    told_now = json.loads(ran.stdout)
    assert told_now["prices"]["here"] == told_now["prices"]["there"]
    assert told_now["stored_now"] == 3840 - stored
    undisturbed = tmp_path / "undisturbed"
    assert ask(theirs, home=undisturbed).returncode == 0
    assert checksums(ours, tmp_path) == checksums(None, undisturbed)


def test_our_own_is_not_taken_over(ask: Ask, tmp_path: Path) -> None:
    database = connect(None, tmp_path)
    lay(database)
    hang_up(database)
    ran = ask(f"sqlite:///{tmp_path}/gigscrapy.sqlite3", home=tmp_path / "other")
    assert (ran.returncode, "it is gigscrapy's own" in ran.stderr) == (2, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1/x", "must begin with one of mysql"),
        ("mysql://root:secret@127.0.0.1:1/gig", "mysql://root:***@127.0.0.1:1/gig: the database says"),
        ("sqlite:///{home}/empty.sqlite3", "it lacks gig-benchmark's sports, marketnames"),
    ],
)
def test_an_address_that_is_none(ask: Ask, tmp_path: Path, url: str, said: str) -> None:
    ran = ask(url.format(home=tmp_path), home=tmp_path)
    assert (ran.returncode, said in ran.stderr, "secret" in ran.stderr) == (2, True, False), ran.stderr


def test_a_bad_option(ask: Ask, tmp_path: Path) -> None:
    for option in ("--name=../x", "--sport=Starligue", "--sport=Starligue=golf"):
        assert ask("mysql://h/d", option, home=tmp_path).returncode == 2
    assert ask(home=tmp_path).returncode == 2
