"""docs/differences-from-gig-benchmark.md: each line names a test, and each test that is named exists."""

import ast
import re

from tests import ROOT

PAGE = ROOT / "docs" / "differences-from-gig-benchmark.md"
SECTIONS = ["Queues", "REST, sign-in, front end", "Export", "Database", "Commands and operations"]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def rows() -> list[tuple[int, list[str]]]:
    """The lines of all tables, without their headers: number, and cells."""
    lines = enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1)
    cells = [
        (number, [cell.strip() for cell in line.strip("|").split("|")]) for number, line in lines if line[:1] == "|"
    ]
    return [row for row in cells if row[1][0] not in ("what gig-benchmark did", "---")]


def has(path: str, name: str) -> bool:
    """Whether the file has a test of that name, ``test_x`` or ``TestX::test_x``."""
    if not (ROOT / path).is_file():
        return False
    found: list[ast.stmt] = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    for part in name.split("::"):
        named = [one for one in found if isinstance(one, ast.ClassDef | ast.FunctionDef) and one.name == part]
        if not named:
            return False
        found = named[0].body
    return True


def test_its_sections_are_all_there() -> None:
    assert re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == SECTIONS


def test_each_line_says_what_was_and_what_is_and_names_a_test() -> None:
    told = rows()
    assert len(told) >= 12
    assert not [number for number, cells in told if len(cells) != 3 or not all(cells) or not NAMED.search(cells[2])]


def test_each_test_that_is_named_exists() -> None:
    named = [(number, path, name) for number, cells in rows() for path, name in NAMED.findall(" ".join(cells))]
    assert not [(number, f"{path}::{name}") for number, path, name in named if not has(path, name)]
    assert not has("tests/docs/test_differences.py", "test_that_is_not_there")
    assert has("tests/schema/test_messages.py", "TestFromGigBenchmark::test_kickoff_is_paris_time")
