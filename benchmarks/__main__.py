"""``python -m benchmarks [consumer|growth|publishing|memory|crawl|pages|reading|api …] [--quick]``: a table for each.

Without a subject all of them. ``--quick`` measures too little to tell anything, and shows that it can.
"""

import argparse
import importlib
import time
from pathlib import Path

from benchmarks import machine

SUBJECTS = ("consumer", "growth", "publishing", "memory", "crawl", "pages", "reading", "api")
OPTIONS = {"growth": ("rows",)} | dict.fromkeys(("pages", "reading", "api"), ("rows", "keep"))
"""What else a subject can be told."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The figures of the README.")
    parser.add_argument("subjects", nargs="*", metavar="subject", help=f"{', '.join(SUBJECTS)}; all of them if none")
    parser.add_argument("--quick", action="store_true", help="little of everything: to see that it runs")
    parser.add_argument("--rows", type=int, help="of growth and what follows pages: stored odds (10 million)")
    parser.add_argument("--keep", type=Path, help="from pages on: a folder for their database, kept for the next time")
    asked = parser.parse_args()
    if unknown := set(asked.subjects) - set(SUBJECTS):
        parser.error(f"{', '.join(sorted(unknown))}: no such subject")
    machine.console.print(machine.line())
    for subject in asked.subjects or SUBJECTS:
        began = time.monotonic()
        options = {name: getattr(asked, name) for name in OPTIONS.get(subject, ()) if getattr(asked, name)}
        shown = importlib.import_module(f"benchmarks.{subject}").report(quick=asked.quick, **options)
        machine.console.print()
        for part in shown:
            machine.console.print(part, markup=False)
        machine.console.print(f"  ({subject}: {time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()
