import importlib
from pathlib import Path

import pytest

from schema.checksum import checksum
from schema.database import connect, hang_up
from tests import scrapy
from tests.gigscrapy.commands.in_process import Ask, asking

HEADER = "Div,Date,HomeTeam,AwayTeam,B365H,B365D,B365A\n"


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    return asking(importlib.import_module("gigscrapy.commands.import").Command, capsys)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of a database with nothing in it."""
    return tmp_path / "empty"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "F1.csv"
    path.write_text(HEADER + "F1,16/08/2024,PSG,OM,2,3,4\nF1,oops,PSG,OM,2,3,4\n")
    return path


def prices(home: Path) -> int:
    database = connect(None, home)
    number = checksum(database)["Odds"].rows
    hang_up(database)
    return number


def test_what_it_would_do_is_what_it_does(home: Path, ask: Ask, file: Path) -> None:
    foretold = ask(str(file), "--dry-run", home=home)
    assert foretold.stdout.splitlines() == [
        "2 lines: 1 new, 0 with another price, 0 there already, 1 refused",
        "3 prices: 3 new, 0 with another price, 0 there already",
        "line 3: F1 oops PSG OM 2 3: value: date 'oops', time '' cannot be read",
        "new league: Ligue 1",
        "new team: OM",
        "new team: PSG",
        "nothing was written: that is what it would do",
    ]
    assert prices(home) == 0
    done = ask(str(file), home=home)
    assert done.stdout == "2 lines: 1 quotes stored (3 prices), 0 there already, 1 refused\n"
    assert prices(home) == 3
    assert ask(str(file), home=home).stdout == "2 lines: 0 quotes stored (0 prices), 1 there already, 1 refused\n"


def test_gig_benchmark_needs_a_league(home: Path, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "gig.csv"
    path.write_text(
        "Date;Match;Home Team;Away team;Bookmaker;Home;Draw;Away;RTP (%)\n10/11/2025 20:45;A - B;A;B;PMU;2;3;4;90,00\n"
    )
    assert "give --league" in ask(str(path), home=home).stderr
    done = ask(str(path), "--league", "Ligue 1", "--seen-at", "2025-11-10T18:00", home=home)
    assert done.stdout.startswith("1 lines: 1 quotes stored")


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "one file"), (("nowhere.csv",), "No such file"), (("README.md",), "it is no file of football-data.co.uk")],
)
def test_a_mistake_is_a_sentence(home: Path, ask: Ask, words: tuple[str, ...], said: str) -> None:
    answer = ask(*words, home=home)
    assert (answer.returncode, said in answer.stderr) == (2, True), answer.stderr


@pytest.mark.slow
def test_it_is_a_command(home: Path, file: Path) -> None:
    assert scrapy("import", str(file), home=home).stdout.endswith("1 refused\n")
