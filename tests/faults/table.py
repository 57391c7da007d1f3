"""The table of faults in ``docs/operations.md``, out of ``rows.csv``: ``python -m tests.faults.table`` prints it.

``python -m tests.faults.table --write`` puts it into the page, between its two marks.
"""

import ast
import csv
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "operations.md"
BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->"


@dataclass(frozen=True)
class Row:
    """One fault. ``holds``: what is true nevertheless; ``why``: it is not tested; ``tests``: node ids."""

    number: int
    component: str
    fault: str
    holds: str
    why: str
    tests: tuple[str, ...]


def rows() -> list[Row]:
    """All faults, in order."""
    tests = _tests()
    with (HERE / "rows.csv").open(encoding="utf-8", newline="") as file:
        return [
            Row(
                int(line["number"]),
                line["component"],
                line["fault"],
                line["holds"],
                line["why"],
                tuple(tests.get(int(line["number"]), ())),
            )
            for line in csv.DictReader(file)
        ]


def _tests() -> dict[int, list[str]]:
    """The tests by the row that their name tells."""
    found: dict[int, list[str]] = {}
    for path in sorted(HERE.glob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and (named := re.match(r"test_row_(\d\d)_", function.name)):
                node = f"{path.relative_to(ROOT)}::{function.name}"
                found.setdefault(int(named[1]), []).append(node)
    return found


def table() -> str:
    """As Markdown, with its last line's end."""
    lines = ["| | fault | what holds |", "| --- | --- | --- |"]
    lines += [f"| {row.number} | {row.component}: {row.fault} | {_outcome(row)} |" for row in rows()]
    return "\n".join(lines) + "\n"


def _outcome(row: Row) -> str:
    return f"*not tested: {row.why}*" if row.why else row.holds


def shown() -> str:
    """What the page has between its marks. :raises ValueError: when it lacks them."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    block, mark, _ = rest.partition(END)
    if not mark:
        raise ValueError(f"{PAGE} lacks the marks {BEGIN.strip()} and {END}")
    return block


def write() -> None:
    """Bring the page up to date."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page.replace(BEGIN + shown() + END, BEGIN + table() + END), encoding="utf-8")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    else:
        print(table(), end="")
