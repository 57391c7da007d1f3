"""The measurement of the rules of plausibility: what a file holds, what is counted, and that the rules say the same."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks.plausibility import (
    DATA,
    FAULTS,
    ON_A_LIST,
    Panel,
    caught,
    caught_on_lists,
    judged,
    nearest,
    panels,
)
from schema.plausibility import FAR_FROM_PANEL, PAYS_TOO_LITTLE, PAYS_TOO_MUCH, SWAPPED_SIDES, rules, rules_for
from tests import ROOT, SHARED
from tests.schema.letters import prices

REAL = SHARED / "football-data"


@pytest.fixture(scope="module")
def real() -> list[Panel]:
    """The real files; none where that folder is absent."""
    return panels(REAL)


def panel(*books: tuple[str | None, ...], title: str = "a match") -> Panel:
    return Panel(title, {f"book {place}": prices(*book) for place, book in enumerate(books)})


def wrote(folder: Path, text: str, encoding: str = "utf-8") -> list[Panel]:
    (folder / "X1.csv").write_bytes(text.encode(encoding))
    return panels(folder)


def test_a_row_is_a_panel_at_each_of_its_instants(tmp_path: Path) -> None:
    head = "Div,HomeTeam,AwayTeam,HS,AS,B365H,B365D,B365A,VCH,VCD,VCA,AvgH,AvgD,AvgA,BFEH,BFED,BFEA,VCCH,VCCD,VCCA"
    row = "X1,Lens,Lille,9,7,2.1,3.2,3.5,2.15,3.1,3.4,2,3,4,2,3,4,2.2,3,3.3"
    opening, closing = wrote(tmp_path, f"{head}\n{row}\n")
    assert opening == Panel(
        "X1.csv 1, Lens - Lille, opening", {"B365": prices("2.1", "3.2", "3.5"), "VC": prices("2.15", "3.1", "3.4")}
    )
    assert closing == Panel("X1.csv 1, Lens - Lille, closing", {"VC": prices("2.2", "3", "3.3")})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_file_with_dirt_is_read_all_the_same(tmp_path: Path, encoding: str) -> None:
    head = "Home;Away;PSH;PSD;PSA;;"
    rows = "Évian;Nîmes;1,75;3,86;5,25;;\r\n;;;;;;\r\n\r\nLens;Lille;\N{NO-BREAK SPACE}2,1;;3,5\r\nNice;Metz;;;;;\r\n"
    assert wrote(tmp_path, f"{head}\r\n{rows}", encoding) == [
        Panel("X1.csv 1, Évian - Nîmes, opening", {"PS": prices("1.75", "3.86", "5.25")}),
        Panel("X1.csv 2, Lens - Lille, opening", {"PS": prices("2.1", None, "3.5")}),
    ]


def test_what_a_rule_cannot_judge_is_no_part_of_its_sample() -> None:
    found = [panel(("7", "4.75", "1.42"), ("7.5", None, "1.4")), panel(*4 * [("2", "3.3", "3.4")])]
    assert {rule.code: len(judged(found, rule)) for rule in rules_for("panel", "quote")} == {
        SWAPPED_SIDES: 4,
        FAR_FROM_PANEL: 4,
        PAYS_TOO_MUCH: 5,
        PAYS_TOO_LITTLE: 5,
    }
    [rule] = rules_for("list")
    assert [str(round(one.measured, 1)) for one in judged(found, rule)] == ["95.4", "91.2"]


def test_an_alarm_is_counted_and_named() -> None:
    found = [panel(*3 * [("7", "4.75", "1.42")], ("70", "4.75", "1.42"), title="Lens - Lille")]
    told = judged(found, rules()[FAR_FROM_PANEL])
    assert [one.fired for one in told] == [False, False, False, True]
    worst = nearest(told, rules()[FAR_FROM_PANEL])[0]
    assert (worst.what, worst.measured) == ("Lens - Lille: book 3 70 / 4.75 / 1.42", Decimal(10))
    least = nearest(
        judged([panel(("2", "2", "2"), ("7", "4.75", "1.42"))], rules()[PAYS_TOO_LITTLE]), rules()[PAYS_TOO_LITTLE]
    )[0]
    assert least.fired


def test_a_fault_is_put_into_each_quote_once() -> None:
    found = [panel(*5 * [("7", "4.75", "1.42")]), panel(*3 * [("2", "3", "4")]), panel(*4 * [("3", "3.2", "2.4")])]
    tally = caught(found)
    assert {name: (one.sample, sum(one.by.values())) for name, one in tally.items()} == {
        "a price ten times as high": (9, 9),
        "a price a hundred times as high": (9, 9),
        "a tenth of a price": (0, 0),  # no price is left
        "home and away swapped": (9, 9),
        "home and draw swapped": (9, 0),
        "columns shifted by one": (9, 5),
        "double chance instead": (9, 9),
        "the next match instead": (9, 0),
    }
    assert caught_on_lists(found).sample == 2
    assert ON_A_LIST not in FAULTS


def test_the_rules_tell_how_often_they_ring_falsely_on_real_prices(real: list[Panel]) -> None:
    if not real:
        pytest.skip("the real files are not beside this project")
    for rule in rules_for("panel", "quote", "list"):
        told = judged(real, rule)
        assert (rule.code, sum(one.fired for one in told), len(told)) == (rule.code, rule.alarms, rule.sample)


@pytest.mark.slow
def test_the_rules_catch_what_they_are_for(real: list[Panel]) -> None:
    if not real:
        pytest.skip("the real files are not beside this project")
    tally = caught(real)
    for fault in ("a price ten times as high", "a price a hundred times as high", "a tenth of a price"):
        assert tally[fault].share == 1, fault
    assert tally["double chance instead"].share == 1
    assert 0.8 < tally["home and away swapped"].share < 0.9  # the others are near even
    assert caught_on_lists(real).share > 0.85


def test_without_files_it_says_what_to_give(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.plausibility", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "give the folder" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_files_are_where_the_tests_look_for_them() -> None:
    assert DATA == REAL
